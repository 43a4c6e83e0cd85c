"""Two workers who write one person's digest at the same moment, on a database of their own: one mail."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from marketplace.alerts.models import Mail
from marketplace.alerts.subscriptions import digests
from marketplace.alerts.subscriptions import operations as subscriptions
from marketplace.alerts.subscriptions.models import Noticed
from marketplace.db import now, session
from tests import factories
from tests.at_once import ends_at_once

pytestmark = pytest.mark.usefixtures("own_database")


def test_a_digest_is_written_once():
    person, listing = factories.person(language="en"), factories.technology(title={"en": "Granulation machine"})
    row = subscriptions.follow_search(person, "technology", "granulation", {}, "Granules", factories.NOW)
    row.due = now()
    session.flush()
    session.add(Noticed(subscription_id=row.id, thing="technology", thing_id=listing.id, at=now()))
    session.commit()
    key = person.id
    assert ends_at_once(*[lambda: digests.digest(key)] * 2) == ["done", "done"]
    assert session.scalar(select(func.count()).select_from(Mail).where(Mail.template == "digest")) == 1
    assert session.scalars(select(Noticed.mail_id)).one() is not None
