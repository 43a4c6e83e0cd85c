"""The list and the board: whose deals, filtered by what their reader may read, in the order of what is due."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from marketplace.db import session
from marketplace.deals import listing
from marketplace.deals.listing import Filter
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("app")


def owner(house):
    return house.memberships[0].person


def listed(actor, **wanted):
    return listing.listed(actor, Filter(**wanted), 1, 50)


def test_everybody_lists_his_own_deals_by_stage_and_side():
    first, second = factories.deal(stage="evaluation"), factories.deal(stage="lost")
    assert listed(first.broker) == [first] and listed(owner(first.firm)) == [first] and listed(factories.broker()) == []
    other = factories.deal(leading=first.broker)
    assert listed(first.broker, stage="evaluation") == [first] and set(listed(first.broker, stage="open")) == {first, other}
    assert listed(owner(first.firm), side="firm") == [first] and listed(owner(first.firm), side="holder") == []
    assert listing.counts(first.broker, Filter()) == {"evaluation": 1, "lead": 1} and listing.counts(second.broker, Filter()) == {"lost": 1}
    party = next(one for one in first.parties if one.side == "broker")
    party.state = "removed"
    session.flush()
    assert first not in listed(first.broker)


def test_an_owner_sees_the_deals_of_the_house_without_taking_part():
    boss = factories.person()
    firm = factories.organisation(factories.person())
    deal = factories.deal(factories.match(factories.need(firm)))
    factories.membership(boss, firm, "owner")
    assert listed(boss) == [deal]
    plain = factories.person()
    factories.membership(plain, firm)
    assert listed(plain) == []


def test_words_find_only_what_the_reader_may_read():
    holder = factories.organisation(factories.person(), kind="institute", name={"zh": "机密研究院"})
    technology = factories.technology(holder, visibility="blind", teaser={"zh": "某种装置"}, title={"zh": "磁粒研磨"})
    deal = factories.deal(factories.match(factories.need(factories.organisation(factories.person()), title={"zh": "去毛刺100%_太慢"}), technology))
    firm = owner(deal.firm)
    for text, found in (("毛刺100%_", [deal]), ("毛刺9", []), ("磁粒", []), ("机密", []), ("%", [deal])):
        assert listed(firm, text=text) == found, text
        assert listing.counts(firm, Filter(text=text)) == ({"lead": 1} if found else {})
    assert listed(owner(holder), text="磁粒") == [deal] and listed(owner(holder), text="机密") == [deal]
    deal.introduced = NOW
    factories.access_grant(technology, deal.firm)
    session.flush()
    assert listed(firm, text="磁粒") == [deal] and listed(firm, text="机密") == [deal]


def test_the_board_shows_what_is_due_first():
    broker = factories.broker()
    late, soon, quiet = (factories.deal(leading=broker, stage="negotiating", since=NOW - timedelta(days=days)) for days in (1, 2, 3))
    agreement = factories.agreement(licensor=late.holder, licensee=late.firm, technology=late.technology)
    agreement.standing.next_due = date(2026, 12, 1)
    late.agreement = agreement
    session.flush()

    def source(ids):
        return {soon.id: date(2026, 11, 20)} if soon.id in ids else {}

    listing.DUE.append(source)
    try:
        cards = listing.board(broker, Filter())["negotiating"]
    finally:
        listing.DUE.remove(source)
    assert [(card.deal, card.due) for card in cards] == [(soon, date(2026, 11, 20)), (late, date(2026, 12, 1)), (quiet, None)]


def test_a_column_of_the_board_ends_and_says_how_many_there_are(client):
    broker, match = factories.broker(), factories.match()
    deals = [factories.deal(factories.match(match.need, factories.technology()), leading=broker) for _ in range(listing.COLUMN + 2)]
    assert len(listing.board(broker, Filter())["lead"]) == listing.COLUMN
    client.login(broker)
    for lang in ("zh", "en"):
        page = client.get(f"/{lang}/deals/board").get_data(as_text=True)
        assert "stage=lead" in page and str(len(deals)) in page
