"""Deals: opening one, its stages, and who reads it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.db import session
from marketplace.deals import operations
from marketplace.deals.models import StageSpan
from marketplace.deals.timeline import entries
from marketplace.errors import NotAllowed, NotFound, Refused
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("app")


def test_a_broker_opens_a_deal_from_a_match_and_moves_it():
    broker, match = factories.broker(), factories.match()
    deal = operations.open_deal(broker, match, NOW)
    assert deal.state == "lead" and deal.frozen["need"]["revision"] == 1 and deal.frozen["scoring"]["contributions"]
    operations.step(broker, deal, "qualify", NOW + timedelta(days=3))
    session.flush()
    spans = session.query(StageSpan).filter_by(deal_id=deal.id).order_by(StageSpan.id).all()
    assert [(span.stage, span.left) for span in spans] == [("lead", NOW + timedelta(days=3)), ("qualified", None)]
    assert [entry.kind for entry in entries(broker, deal, 1, 10)] == ["stage", "opened"]
    with pytest.raises(Refused):
        operations.open_deal(factories.broker(), match, NOW)


def test_only_who_takes_part_reads_a_deal():
    deal = factories.deal()
    for party in deal.parties:
        assert operations.by_public_id(party.person, deal.public_id) is deal
    for stranger in (factories.broker(), factories.operator(), factories.person()):
        with pytest.raises(NotFound):
            operations.by_public_id(stranger, deal.public_id)
        with pytest.raises(NotAllowed):
            operations.step(stranger, deal, "lose", NOW)
