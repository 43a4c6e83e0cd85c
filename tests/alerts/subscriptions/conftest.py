"""What the tests of subscriptions share: an index that holds what the test publishes, and digests that are due now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from marketplace.access import SYSTEM
from marketplace.alerts.models import Mail
from marketplace.alerts.subscriptions.models import Subscription
from marketplace.db import now
from marketplace.db import session as db_session
from marketplace.jobs import Job, enqueue
from marketplace.record import record
from tests import inspection

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def arrive(app: Any) -> Callable[..., None]:
    """Have listings of the factories come in, as if they had been published just now, and noticed."""

    def work(*listings: Any, verb: str = "publish") -> None:
        for listing in listings:
            record(db_session.merge(listing), verb, SYSTEM)
        inspection.work()
        db_session.execute(update(Job).where(Job.kind == "alerts.notice").values(due=now()))
        inspection.work()

    return work


@pytest.fixture
def tell(app: Any) -> Callable[[], list[Mail]]:
    """Let everybody's hour come, and give back the digests that were written then."""

    def work() -> list[Mail]:
        last = db_session.scalar(select(Mail.id).order_by(Mail.id.desc()).limit(1)) or 0
        db_session.execute(update(Subscription).where(Subscription.due.is_not(None)).values(due=now()))
        enqueue("alerts.digests")
        inspection.work()
        return list(db_session.scalars(select(Mail).where(Mail.id > last, Mail.template == "digest").order_by(Mail.id)))

    return work
