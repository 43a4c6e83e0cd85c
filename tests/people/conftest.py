"""What the tests of people share: reading the mail that their steps caused, and the limits switched on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.alerts.models import Mail
from marketplace.db import session as db_session
from marketplace.jobs import run_all
from marketplace.web import limiter

LINK = re.compile(r"http://127\.0\.0\.1:5000(/\S+)")


@pytest.fixture
def letters(app: Flask) -> Callable[[], list[Mail]]:
    """Call it to do the waiting jobs and have the mails written since the last call, oldest first."""
    read: set[int] = set()

    def fetch() -> list[Mail]:
        run_all()
        found = [mail for mail in db_session.scalars(select(Mail).order_by(Mail.id)) if mail.id not in read]
        read.update(mail.id for mail in found)
        db_session.expunge_all()
        return found

    return fetch


def link_in(mail: Mail) -> str:
    """The path of the one link a mail asks to follow."""
    return LINK.findall(mail.body)[0]


@pytest.fixture
def limits() -> Iterator[None]:
    """Limits on, counted from nothing."""
    limiter.enabled = True
    limiter.reset()
    yield
    limiter.reset()
    limiter.enabled = False
