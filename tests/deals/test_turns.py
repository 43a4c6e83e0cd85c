"""Whose turn it is in a deal, stage by stage; and that the deal's page says it first."""

from __future__ import annotations

import pytest

from marketplace.deals.turns import turn
from tests import factories

pytestmark = pytest.mark.usefixtures("app")


@pytest.mark.parametrize(("stage", "sides"), [
    ("lead", ("broker",)), ("qualified", ("broker",)), ("introduced", ("broker",)), ("nda", ("firm", "holder")), ("evaluation", ("firm",)),
    ("negotiating", ("firm", "holder")), ("notice", ("holder",)), ("signed", ("broker",)), ("performing", ()), ("won", ()),
])
def test_each_stage_waits_for_somebody(stage, sides):
    assert turn(factories.deal(leading=factories.broker(), stage=stage)) == sides


def test_a_proposal_waits_for_the_side_that_has_not_made_it():
    deal = factories.deal(leading=factories.broker(), stage="negotiating")
    deal.agreement = factories.agreement(deal.holder, deal.firm, state="proposed")
    assert turn(deal) == ("holder",)  # the factory's version is the licensee's


def test_an_agreement_in_force_waits_for_the_firm_while_something_is_due():
    deal = factories.deal(leading=factories.broker(), stage="performing")
    deal.agreement = factories.agreement(deal.holder, deal.firm)
    standing = deal.agreement.standing
    standing.status, standing.next_due = "on_trial", None
    assert turn(deal) == ("firm",)
    standing.status = "ended"
    assert turn(deal) == ()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_says_whose_turn_it_is(client, lang):
    broker = factories.broker()
    deal = factories.deal(leading=broker, stage="qualified")
    client.login(broker)
    page = client.get(f"/{lang}/deals/{deal.public_id}").get_data(as_text=True)
    assert {"zh": "轮到您", "en": "yours"}[lang] in page
