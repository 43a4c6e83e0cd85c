"""A site that stands while a whole module of tests asks it: its outbox is closed as in production, and what is printed is read before it is printed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import Connection

from marketplace import printing
from marketplace.alerts import operations as alerts
from marketplace.db import session
from marketplace.matching import operations as matching
from marketplace.web import limiter


@contextmanager
def standing(app: Flask, folder: Path) -> Iterator[Connection]:
    """The session's connection; all that is done on it is taken back at the end. The index lies in `folder`."""
    matching.index.cache_clear()
    found, limiter.enabled = matching.index(), False
    with app.extensions["engine"].connect() as connection, pytest.MonkeyPatch.context() as patch:
        outer = connection.begin()
        session.remove()
        session.configure(bind=connection, join_transaction_mode="create_savepoint")
        for name, value in (("folder", folder), ("_view", None), ("_generation", None), ("_seen", None)):
            patch.setattr(found, name, value)
        patch.setattr(alerts, "_post", [replace(alerts._post[0], settings=replace(alerts._post[0].settings, production=True))])
        patch.setattr(printing, "press", lambda: SimpleNamespace(pdf=lambda html, _static: html.encode()))
        try:
            yield connection
        finally:
            session.remove()
            outer.rollback()
            session.configure(bind=app.extensions["engine"])
            matching.index.cache_clear()
