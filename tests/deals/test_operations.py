"""Deals: opening and asking, leads, stages with their conditions, losing, and who reads what."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.access import SYSTEM
from marketplace.db import now, session
from marketplace.deals import following, operations
from marketplace.deals.fees.operations import Wanted, set_fee
from marketplace.deals.introduction.operations import answer
from marketplace.deals.models import Deal, StageSpan
from marketplace.deals.sight import frozen_texts, sight
from marketplace.deals.timeline import entries
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.licensing.operations import propose_agreement, withdraw_agreement
from marketplace.matching.desk.brokers import own_answer
from marketplace.matching.models import MatchAnswer
from marketplace.record import Event
from tests import factories
from tests.factories import NOW
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")
NO_FEE = Wanted("none")


def owner(house):
    return house.memberships[0].person


def pair(**values):
    firm, holder = factories.organisation(factories.person()), factories.organisation(factories.person(), kind="institute")
    return factories.match(factories.need(firm), factories.technology(holder, **values))


def agree(deal, *sides):
    for side in sides or ("firm", "holder"):
        house = deal.firm if side == "firm" else deal.holder
        answer(owner(house), deal, side, True, 1, at=NOW)


def test_a_broker_opens_a_deal_from_a_match_and_moves_it():
    broker, match = factories.broker(), factories.match()
    deal = operations.open_deal(broker, match, NOW)
    assert deal.state == "lead" and deal.frozen["need"]["revision"] == 1 and deal.frozen["scoring"]["contributions"]
    session.flush()
    assert own_answer(broker, match) == "introduced" and session.query(MatchAnswer).filter_by(match_id=match.id, answer="introduced").count() == 1
    operations.step(broker, deal, "qualify", NOW + timedelta(days=3))
    session.flush()
    spans = session.query(StageSpan).filter_by(deal_id=deal.id).order_by(StageSpan.id).all()
    assert [(span.stage, span.left) for span in spans] == [("lead", NOW + timedelta(days=3)), ("qualified", None)]
    assert [entry.kind for entry in entries(broker, deal, 1, 10)] == ["stage", "opened"]
    with pytest.raises(Refused, match="There is an open deal"):
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


def test_the_introduction_needs_a_fee_and_both_sides():
    deal = factories.deal()
    with pytest.raises(Refused, match="Say first what your fee is"):
        operations.step(deal.broker, deal, "introduce", NOW)
    set_fee(deal.broker, deal, NO_FEE, NOW)
    agree(deal, "firm")
    with pytest.raises(Refused, match="Both sides"):
        operations.step(deal.broker, deal, "introduce", NOW)
    agree(deal, "holder")
    operations.step(deal.broker, deal, "introduce", NOW)
    assert deal.introduced == NOW and deal.need.state == "in_deal"


def test_an_evaluation_under_nda_waits_for_access_to_what_is_blind():
    holder = factories.organisation(factories.person(), kind="institute")
    technology = factories.technology(holder, visibility="blind", teaser={"zh": "一种装置"}, nda_required=True)
    match = factories.match(factories.need(factories.organisation(factories.person())), technology)
    deal = factories.deal(match, stage="introduced", nda_required=True)
    assert [one.verb for one in operations.next_steps(deal.broker, deal)] == ["protect"]
    with pytest.raises(Refused, match="needs an NDA first"):
        operations.step(deal.broker, deal, "evaluate", NOW)
    operations.step(deal.broker, deal, "protect", NOW)
    with pytest.raises(Refused, match="not been granted"):
        operations.step(deal.broker, deal, "evaluate", NOW)
    grant = factories.access_grant(technology, deal.firm, until=NOW - timedelta(days=1))
    with pytest.raises(Refused, match="not been granted"):
        operations.step(deal.broker, deal, "evaluate", NOW)
    grant.until = NOW + timedelta(days=1)
    session.flush()
    assert operations.step(deal.broker, deal, "evaluate", NOW).state == "evaluation"


def test_a_deal_without_nda_goes_straight_to_the_evaluation_and_back_from_negotiating():
    deal = factories.deal(stage="introduced")
    with pytest.raises(Refused, match="needs no NDA"):
        operations.step(deal.broker, deal, "protect", NOW)
    for verb, stage in (("evaluate", "evaluation"), ("negotiate", "negotiating"), ("reconsider", "evaluation")):
        assert operations.step(deal.broker, deal, verb, NOW + timedelta(days=1)).state == stage
    with pytest.raises(NotAllowed):
        operations.step(deal.broker, deal, "sign", NOW)


def test_a_lost_deal_releases_the_need_when_it_was_the_last_in_hand():
    firm = factories.organisation(factories.person())
    need, broker = factories.need(firm), factories.broker()
    first, second = (operations.open_deal(broker, factories.match(need, factories.technology()), NOW) for _ in range(2))
    for deal in (first, second):
        operations.step(broker, deal, "qualify", NOW)
    operations.lose(broker, first, "price", at=NOW)
    assert need.state == "in_deal" and own_answer(broker, first.match) == "declined"
    operations.lose(broker, second, "other", "不合适", NOW)
    assert need.state == "matched" and second.lost_text == "不合适"
    again = operations.open_deal(broker, first.match, NOW)
    assert again.state == "lead"


def test_a_deal_cannot_be_given_up_while_its_agreement_is_in_force():
    agreement = factories.agreement()
    deal = factories.deal(factories.match(factories.need(agreement.licensee), agreement.technology), stage="performing", agreement=agreement)
    with pytest.raises(Refused, match="in force"):
        operations.lose(deal.broker, deal, "price", at=NOW)
    with pytest.raises(Refused, match="money has come"):
        operations.step(deal.broker, deal, "win", NOW)


def test_a_firm_asks_and_one_broker_takes_it():
    match = pair()
    firm, asker = match.need.organisation, owner(match.need.organisation)
    deal = operations.ask(asker, "firm", match.technology, match.need, firm, "请介绍", NOW)
    assert deal.broker_id is None and match.firm == "introduced" and deal.match_id == match.id
    first, second = factories.broker(), factories.broker()
    assert [(lead.deal, lead.message) for lead in operations.waiting_leads(first)] == [(deal, "请介绍")]
    asked = {asking: (len(operations.waiting_leads(first, asking=asking)), operations.count_leads(first, asking)) for asking in ("firm", "holder")}
    assert sorted(asked.values()) == [(0, 0), (1, 1)], "by who asks"
    with pytest.raises(NotAllowed):
        operations.waiting_leads(asker)
    operations.take(first, deal.public_id, NOW)
    assert deal.broker_id == first.id and operations.waiting_leads(first) == []
    with pytest.raises(Refused, match="by somebody else"):
        operations.take(second, deal.public_id, NOW)
    with pytest.raises(NotFound):
        operations.take(second, deal.public_id, NOW + timedelta(hours=2))
    with pytest.raises(NotFound):
        operations.take(second, factories.deal().public_id, NOW)


def test_who_may_ask_for_an_introduction():
    match = pair()
    firm, holder = match.need.organisation, match.technology.organisation
    with pytest.raises(NotAllowed):
        operations.ask(factories.person(), "firm", match.technology, None, firm, at=NOW)
    with pytest.raises(Refused, match="same organisation"):
        operations.ask(owner(holder), "firm", match.technology, None, holder, at=NOW)
    unverified = factories.organisation(factories.person(), state="unverified")
    with pytest.raises(Refused, match="verified"):
        operations.ask(owner(unverified), "firm", match.technology, None, unverified, at=NOW)
    assert operations.ask(owner(holder), "holder", match.technology, match.need, firm, at=NOW).parties[0].side == "holder"
    broker = factories.broker()
    seated = factories.organisation(broker)
    lead = operations.ask(broker, "firm", match.technology, None, seated, at=NOW)
    with pytest.raises(Refused, match="for a side"):
        operations.take(broker, lead.public_id, NOW)


def test_a_blind_listing_stays_blind_in_its_deal():
    holder = factories.organisation(factories.person(), kind="institute")
    technology = factories.technology(holder, visibility="blind", teaser={"zh": "某种去毛刺装置"}, title={"zh": "密封题目"})
    match = factories.match(factories.need(factories.organisation(factories.person())), technology)
    deal = factories.deal(match)
    firm = owner(deal.firm)
    for reader in (firm, deal.broker):
        seen = sight(reader, deal)
        assert "holder" not in seen.houses and "holder" not in seen.people and "holder" not in seen.contacts
        text = frozen_texts(reader, deal, "zh")[1]
        assert text.title == "某种去毛刺装置" and "毛刺不超过" not in text.body and not text.in_full
    deal.introduced, deal.state = NOW, "introduced"
    session.flush()
    assert {"holder", "firm"} <= sight(firm, deal).contacts and not frozen_texts(firm, deal, "zh")[1].in_full
    factories.access_grant(technology, deal.firm)
    assert frozen_texts(firm, deal, "zh")[1].title == "密封题目"


def test_a_public_text_stays_readable_as_it_was_frozen():
    deal = factories.deal()
    deal.technology.title, deal.technology.revision, deal.technology.state = {"zh": "新题目"}, 2, "withdrawn"
    session.flush()
    text = frozen_texts(owner(deal.firm), deal, "zh")[1]
    assert text.in_full and text.title.startswith("一种测试装置") and text.changed == 2 and not text.linked
    deal.technology.visibility = "blind"
    session.flush()
    assert not frozen_texts(owner(deal.firm), deal, "zh")[1].in_full


def test_a_deal_follows_the_agreement_drafted_from_it():
    deal = factories.deal(pair(), stage="evaluation")
    assert not following.may_draft(deal.broker, deal)
    agreement = following.draft_agreement(owner(deal.firm), deal)
    with pytest.raises(Refused, match="already"):
        following.draft_agreement(owner(deal.holder), deal)
    propose_agreement(owner(deal.firm), agreement)
    work()
    assert session.get_one(Deal, deal.id).state == "negotiating"
    withdraw_agreement(owner(deal.holder), agreement)
    work()
    found = session.get_one(Deal, deal.id)
    assert found.agreement_id is None and found.state == "negotiating"
    assert following.draft_agreement(owner(found.holder), found).id != agreement.id


def test_the_agreement_is_not_drafted_by_whom_the_technology_is_blind_to():
    technology = factories.technology(factories.organisation(factories.person(), kind="institute"), visibility="blind", teaser={"zh": "一种装置"})
    deal = factories.deal(factories.match(factories.need(factories.organisation(factories.person())), technology), stage="evaluation")
    with pytest.raises(Refused, match="in full"):
        following.draft_agreement(owner(deal.firm), deal)


def test_an_agreement_made_elsewhere_finds_its_deal_and_moves_it():
    agreement = factories.agreement()
    deal = factories.deal(factories.match(factories.need(agreement.licensee), agreement.technology), stage="evaluation")
    following.follow(agreement, NOW)
    assert deal.agreement_id == agreement.id and deal.state == "signed"
    factories.event(agreement, "first_revenue", "2026-03-01")
    for _ in range(2):
        following.follow(agreement, NOW + timedelta(days=1))
    assert deal.state == "performing"


def test_a_deal_waits_with_the_notice_of_its_price():
    agreement = factories.agreement(state="proposed")
    deal = factories.deal(factories.match(factories.need(agreement.licensee), agreement.technology), stage="negotiating", agreement=agreement)
    for verb, stage in (("publish", "notice"), ("end", "notice"), ("uphold", "negotiating"), ("publish", "notice"), ("void", "negotiating")):
        told = {"thing": "agreement_notice", "thing_id": 7, "actor_kind": "system", "facts": {"agreement": agreement.id}}
        session.add(Event(at=now(), name=f"agreement_notice.{verb}", **told))
        session.flush()
        following.follow_notice(7)
        assert deal.state == stage, verb
    assert operations.next_steps(SYSTEM, deal)
