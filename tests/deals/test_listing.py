"""The list and the board: whose deals, filtered by what their reader may read, in the order of what is due."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.db import session
from marketplace.deals import listing
from marketplace.deals.fees.models import FeeDue
from marketplace.deals.listing import Filter
from marketplace.deals.models import Party
from marketplace.deals.talk.models import Task
from marketplace.deals.talk.tasks import day_of
from marketplace.licensing.duties.models import Notice, Pricing
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("app")


def owner(house):
    return house.memberships[0].person


def listed(actor, **wanted):
    return listing.listed(actor, Filter(**wanted), 1, 50, NOW)


def deals(actor, **wanted):
    return [card.deal for card in listed(actor, **wanted)]


def test_everybody_lists_his_own_deals_by_stage_and_side():
    first, second = factories.deal(stage="evaluation"), factories.deal(stage="lost")
    assert deals(first.broker) == [first] and deals(owner(first.firm)) == [first] and deals(factories.broker()) == []
    other = factories.deal(leading=first.broker)
    assert deals(first.broker, stage="evaluation") == [first] and set(deals(first.broker, stage="open")) == {first, other}
    assert deals(owner(first.firm), side="firm") == [first] and deals(owner(first.firm), side="holder") == []
    assert listing.counts(first.broker, Filter()) == {"evaluation": 1, "lead": 1} and listing.counts(second.broker, Filter()) == {"lost": 1}
    party = next(one for one in first.parties if one.side == "broker")
    party.state = "removed"
    session.flush()
    assert first not in deals(first.broker)


def test_an_owner_sees_the_deals_of_the_house_without_taking_part():
    boss = factories.person()
    firm = factories.organisation(factories.person())
    deal = factories.deal(factories.match(factories.need(firm)))
    factories.membership(boss, firm, "owner")
    assert deals(boss) == [deal]
    plain = factories.person()
    factories.membership(plain, firm)
    assert deals(plain) == []


def test_words_find_only_what_the_reader_may_read():
    holder = factories.organisation(factories.person(), kind="institute", name={"zh": "机密研究院"})
    technology = factories.technology(holder, visibility="blind", teaser={"zh": "某种装置"}, title={"zh": "磁粒研磨"})
    deal = factories.deal(factories.match(factories.need(factories.organisation(factories.person()), title={"zh": "去毛刺100%_太慢"}), technology))
    firm = owner(deal.firm)
    for text, found in (("毛刺100%_", [deal]), ("毛刺9", []), ("磁粒", []), ("机密", []), ("%", [deal])):
        assert deals(firm, text=text) == found, text
        assert listing.counts(firm, Filter(text=text)) == ({"lead": 1} if found else {})
    assert deals(owner(holder), text="磁粒") == [deal] and deals(owner(holder), text="机密") == [deal]
    deal.introduced = NOW
    factories.access_grant(technology, deal.firm)
    session.flush()
    assert deals(firm, text="磁粒") == [deal] and deals(firm, text="机密") == [deal]


TODAY = day_of(NOW)


def board(actor, **wanted):
    return listing.board(actor, Filter(**wanted), listing.counts(actor, Filter(**wanted)), NOW)


def told(cards):
    return [(card.deal, (card.due - TODAY).days if card.due else None, card.late) for card in cards]


def party(deal, side):
    return next(one for one in deal.parties if one.side == side)


def promised(deal, side, days, audience="all", state="open"):
    who = party(deal, side)
    session.add(Task(deal=deal, audience=audience, text="样件", due=TODAY + timedelta(days=days), party=who, set_by=who, state=state,
                     key=f"{side}{days}{state}", created=NOW))
    session.flush()


def signed(deal, **standing):
    """The deal with an agreement whose standing says this, days from today."""
    agreement = factories.agreement(licensor=deal.holder, licensee=deal.firm, technology=deal.technology)
    deal.agreement = agreement
    for name, value in {"status": "active", "trial_end": None, "window_end": None, "statement_due": None, "next_due": None, **standing}.items():
        setattr(agreement.standing, name, TODAY + timedelta(days=value) if isinstance(value, int) else value)
    session.flush()


def owed(deal, days, payer="firm", paid=0):
    session.add(FeeDue(deal=deal, key=f"{payer}{days}", payer=payer, amount=100, currency="CNY", arose=TODAY, due=TODAY + timedelta(days=days),
                       because={}, paid=paid))
    session.flush()


def noticed(deal, days, state="published"):
    agreement = factories.agreement(deal.holder, deal.firm, technology=deal.technology, state="proposed")
    deal.agreement = agreement
    pricing = Pricing(agreement=agreement, mode="agreement", decided_by="校务会", decided_on=TODAY, key="1", person=deal.broker, at=NOW)
    session.add(pricing)
    session.flush()
    session.add(Notice(
        agreement_id=agreement.id, pricing_id=pricing.id, number=1, price_sha256="0" * 64, name={}, abstract={}, price={}, shown_to="blind", related=False,
        published_on=TODAY, days=15, runs_until=TODAY + timedelta(days=days), state=state, key="1", person_id=deal.broker.id, created=NOW))
    session.flush()


def test_the_board_shows_what_is_due_first_and_then_what_has_stood_longest():
    broker = factories.broker()
    late, soon, far, quiet = (factories.deal(leading=broker, stage="negotiating", since=NOW - timedelta(days=days)) for days in (1, 2, 3, 4))
    owed(late, -1)
    owed(late, 8)
    promised(soon, "broker", 20)
    promised(soon, "broker", 3)
    promised(far, "broker", 31)
    assert told(board(broker)["negotiating"]) == [(late, -1, True), (soon, 3, False), (quiet, None, False), (far, 31, False)]
    assert [card.deal for card in listed(broker, order="due")] == [late, soon]
    assert {card.deal: card.due for card in listed(broker)} == {
        late: TODAY - timedelta(days=1), soon: TODAY + timedelta(days=3), far: TODAY + timedelta(days=31), quiet: None}


@pytest.mark.parametrize(("make", "seen"), [
    (lambda deal: promised(deal, "broker", 2), {"broker"}), (lambda deal: promised(deal, "firm", 2, "firm_broker"), {"firm"}),
    (lambda deal: promised(deal, "broker", 2, state="done"), set()),
    (lambda deal: owed(deal, 2), {"firm", "broker"}), (lambda deal: owed(deal, 2, "holder"), {"holder", "broker"}),
    (lambda deal: owed(deal, 2, paid=100), set()),
    (lambda deal: noticed(deal, 2), {"firm", "holder", "broker"}), (lambda deal: noticed(deal, 2, "ended"), set()),
    (lambda deal: signed(deal, trial_end=2, status="on_trial"), {"firm", "holder", "broker"}), (lambda deal: signed(deal, trial_end=2), set()),
    (lambda deal: signed(deal, window_end=2, status="awaiting_decision"), {"firm", "holder", "broker"}),
    (lambda deal: signed(deal, statement_due=2), {"firm", "holder", "broker"}), (lambda deal: signed(deal, next_due=2), {"firm", "holder"}),
])
def test_what_is_due_is_told_to_whom_it_concerns(make, seen):
    deal = factories.deal(stage="performing")
    guest = factories.person()
    session.add(Party(deal=deal, side="guest", person=guest, address_key=guest.address_key, state="active", created=NOW))
    session.flush()
    make(deal)
    readers = {"firm": owner(deal.firm), "holder": owner(deal.holder), "broker": deal.broker, "guest": guest}
    for side, reader in readers.items():
        days = [days for _deal, days, _late in told(board(reader)["performing"])]
        assert days == [2 if side in seen else None], side
        assert [card.deal for card in listed(reader, order="due")] == ([deal] if side in seen else []), side


def test_an_owner_who_takes_no_part_is_told_what_concerns_the_house_and_nobody_of_a_lost_deal():
    deal, lost = factories.deal(stage="evaluation"), factories.deal(stage="lost")
    boss = factories.person()
    factories.membership(boss, deal.firm, "owner")
    promised(deal, "firm", 5)
    assert told(board(boss)["evaluation"]) == [(deal, 5, False)]
    owed(lost, -3)
    assert [card.due for card in listed(lost.broker)] == [None] and listed(lost.broker, order="due") == []


def test_filters_hold_for_what_is_due(client):
    deal = factories.deal(factories.match(factories.need(factories.organisation(factories.person()), title={"zh": "蜂鸟刃口"})), stage="evaluation")
    other = factories.deal(leading=deal.broker, stage="performing")
    for one in (deal, other):
        owed(one, -2)
    assert [card.deal for card in listed(deal.broker, order="due", stage="evaluation")] == [deal]
    assert [card.deal for card in listed(deal.broker, order="due", text="蜂鸟")] == [deal]
    assert board(deal.broker, text="蜂鸟")["performing"] == [] and board(deal.broker, side="firm")["performing"] == []
    client.login(deal.broker)
    for lang in ("zh", "en"):
        page = client.get(f"/{lang}/deals?order=due&stage=performing").get_data(as_text=True)
        assert other.public_id in page and deal.public_id not in page and 'class="late"' in page
        assert client.get(f"/{lang}/deals?order=due&stage=won").status_code == 200


def test_a_column_of_the_board_ends_and_says_how_many_there_are(client):
    broker, match = factories.broker(), factories.match()
    made = [factories.deal(factories.match(match.need, factories.technology()), leading=broker) for _ in range(listing.COLUMN + 2)]
    assert len(board(broker)["lead"]) == listing.COLUMN
    client.login(broker)
    for lang in ("zh", "en"):
        page = client.get(f"/{lang}/deals/board").get_data(as_text=True)
        assert "stage=lead" in page and str(len(made)) in page
