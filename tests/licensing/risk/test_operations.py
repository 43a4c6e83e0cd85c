"""Guarantees: asked for, offered, accepted by its hash, in force; who may what; what is refused, beside which field."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from marketplace.access import SYSTEM, VISITOR
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.licensing.risk import claiming, operations, watching
from marketplace.licensing.risk.models import Guarantee
from marketplace.record import Event
from tests import factories
from tests.factories import NOW
from tests.licensing.risk.cases import COVER, filed, in_force, offered, parties, requested

pytestmark = pytest.mark.usefixtures("app")


def accept(person, guarantee, sha256=None):
    return operations.accept_guarantee(person, guarantee, sha256 or operations.version_of(guarantee).sha256, NOW)


def test_asked_for_offered_accepted_by_both_and_in_force(session):
    of = parties()
    guarantee = requested(of, until="2027-12-31")
    assert (guarantee.state, guarantee.version, guarantee.maximum) == ("requested", 1, 10_000_000)
    operations.offer_guarantee(of.guarantor, guarantee, {**COVER, "share": "0.7", "maximum": "80000"}, "七成", NOW)
    assert (guarantee.state, guarantee.version, guarantee.maximum) == ("offered", 2, 8_000_000)
    accept(of.institute, guarantee)
    assert guarantee.state == "offered" and guarantee.since is None
    accept(of.firm, guarantee)
    assert (guarantee.state, guarantee.since) == ("in_force", date(2026, 11, 2))
    assert guarantee.sha256 == operations.version_of(guarantee).sha256 and [version.side for version in guarantee.versions] == ["licensor", "guarantor"]
    session.flush()
    names = [event.name for event in session.query(Event).filter_by(thing="guarantee", thing_id=guarantee.id).order_by(Event.id)]
    assert names == ["guarantee.request", "guarantee.offer", "guarantee.accepted", "guarantee.accepted", "guarantee.enforce"]


def test_the_same_request_twice_is_one(session):
    of = parties()
    ask = [operations.request_guarantee(of.institute, of.agreement, of.company, "guarantor", "licensor", COVER, "same", at=NOW) for _ in range(2)]
    assert ask[0] is ask[1] and session.query(Guarantee).count() == 1


def test_what_is_accepted_is_what_was_read():
    of = parties()
    guarantee = offered(of)
    read = operations.version_of(guarantee).sha256
    accept(of.institute, guarantee)
    operations.offer_guarantee(of.guarantor, guarantee, {**COVER, "share": "0.5"}, at=NOW)
    with pytest.raises(Refused):
        accept(of.firm, guarantee, read)
    accept(of.firm, guarantee)
    assert guarantee.state == "offered", "the institute accepted the former offer, not this one"
    accept(of.institute, guarantee)
    assert guarantee.state == "in_force"


def test_a_side_asks_for_another_cover_and_the_guarantor_must_offer_again():
    of = parties()
    guarantee = offered(of)
    operations.change_cover(of.firm, guarantee, {**COVER, "rank": 2}, at=NOW)
    assert guarantee.state == "requested"
    with pytest.raises(Refused):
        accept(of.institute, guarantee)


def test_accepting_twice_changes_nothing(session):
    of = parties()
    guarantee = in_force(of)
    before = session.query(Event).count()
    accept(of.institute, guarantee)
    session.flush()
    assert session.query(Event).count() == before and len(operations.acceptances_of(guarantee)) == 2


def test_every_step_is_denied_by_default():
    of = parties()
    member = factories.person()
    factories.membership(member, of.agreement.licensee)
    outsiders = (VISITOR, factories.person(), factories.operator(), factories.broker())
    guarantee = offered(of)
    for who in outsiders:
        with pytest.raises(NotFound):
            operations.by_public_id(who, guarantee.public_id)
        assert operations.guarantees_of(who, of.agreement) == [] and operations.guarantees_by(who) == []
        with pytest.raises(NotAllowed):
            operations.request_guarantee(who, of.agreement, of.company, "fund", "licensor", COVER, "x", at=NOW)
    steps = {
        "change": lambda who: operations.change_cover(who, guarantee, COVER, at=NOW),
        "offer": lambda who: operations.offer_guarantee(who, guarantee, COVER, at=NOW),
        "accept": lambda who: accept(who, guarantee),
        "decline": lambda who: operations.decline_guarantee(who, guarantee, NOW),
        "withdraw": lambda who: operations.withdraw_guarantee(who, guarantee, NOW),
        "release": lambda who: operations.release_guarantee(who, guarantee, NOW),
    }
    forbidden = {
        "change": (*outsiders, of.guarantor), "offer": (*outsiders, of.institute, of.firm, member), "accept": (*outsiders, of.guarantor, member),
        "decline": (*outsiders, of.institute, of.firm), "withdraw": (*outsiders, of.guarantor), "release": (*outsiders, of.guarantor, of.firm, member),
    }
    for name, step in steps.items():
        for who in forbidden[name]:
            with pytest.raises(NotAllowed):
                step(who)
    assert guarantee.state == "offered"


def test_a_member_of_the_guarantor_reads_but_does_not_bind_it():
    of = parties()
    clerk, signatory = factories.person(), factories.person()
    factories.membership(clerk, of.company)
    factories.membership(signatory, of.company, "signatory")
    guarantee = requested(of)
    assert operations.by_public_id(clerk, guarantee.public_id) is guarantee
    with pytest.raises(NotAllowed):
        operations.offer_guarantee(clerk, guarantee, COVER, at=NOW)
    operations.offer_guarantee(signatory, guarantee, COVER, at=NOW)


@pytest.mark.parametrize(("wrong", "field"), [
    ({"share": "1.2"}, "share"), ({"share": "0"}, "share"), ({"maximum": "0"}, "maximum"), ({"maximum": "1.234"}, "maximum"), ({"kinds": []}, "kinds"),
    ({"kinds": ["non_use_certificate"]}, "kinds[0]"), ({"rank": 0}, "rank"), ({"rank": 10}, "rank"), ({"within_days": 0}, "within_days"),
    ({"until": "2026-11-01"}, "until"), ({"deductible": "100000"}, "deductible"), ({"recourse": {"share": "0", "days": 1}}, "recourse.share"),
    ({"premium": {"payer": "guarantor", "terms": {"currency": "CNY"}}}, "premium.payer"),
    ({"premium": {"payer": "licensee", "terms": {"currency": "USD"}}}, "premium.terms.currency"),
    ({"premium": {"payer": "licensee", "terms": {"currency": "CNY", "royalty": {}}}}, "premium.terms.royalty"), ({"colour": "red"}, "colour"),
])
def test_a_wrong_cover_is_refused_beside_its_field(session, wrong, field):
    of = parties()
    with pytest.raises(Refused) as refused:
        requested(of, **wrong)
    assert refused.value.field == field and session.query(Guarantee).count() == 0


def test_who_can_be_guarantor():
    of = parties()
    for company in (of.agreement.licensor, of.agreement.licensee, factories.organisation(state="unverified")):
        with pytest.raises(Refused) as refused:
            requested(of, company=company)
        assert refused.value.field == "guarantor"
    possible = operations.possible_guarantors(of.agreement)
    assert of.company in possible and of.agreement.licensor not in possible and possible[0].kind == "service_provider"


def test_a_draft_is_not_shown_to_a_guarantor():
    of = parties()
    draft = factories.agreement(of.agreement.licensor, of.agreement.licensee, state="draft", proposed=None)
    with pytest.raises(Refused):
        operations.request_guarantee(of.firm, draft, of.company, "fund", "licensor", COVER, "x", at=NOW)


def test_no_cover_before_the_agreement_is_signed():
    of = parties()
    proposed = factories.agreement(of.agreement.licensor, of.agreement.licensee, state="proposed")
    guarantee = operations.request_guarantee(of.firm, proposed, of.company, "fund", "licensor", COVER, "x", at=NOW)
    operations.offer_guarantee(of.guarantor, guarantee, COVER, at=NOW)
    accept(of.firm, guarantee)
    with pytest.raises(Refused):
        accept(of.institute, guarantee)
    assert guarantee.state == "offered"


def test_an_offer_is_taken_back_declined_or_withdrawn():
    of = parties()
    assert operations.decline_guarantee(of.guarantor, offered(of), NOW).state == "declined"
    gone = operations.withdraw_guarantee(of.firm, requested(of), NOW)
    assert gone.state == "withdrawn"
    with pytest.raises(Refused):
        operations.offer_guarantee(of.guarantor, gone, COVER, at=NOW)


def test_a_guarantee_is_given_up_only_when_no_claim_waits():
    of = parties()
    guarantee = in_force(of)
    claim = filed(of, guarantee)
    with pytest.raises(Refused):
        operations.release_guarantee(of.institute, guarantee, NOW)
    claiming.withdraw_claim(of.institute, claim, NOW)
    assert operations.release_guarantee(of.institute, guarantee, NOW).state == "ended"


def test_the_guarantor_sees_the_kinds_it_covers_alone():
    of = parties(overdue=False)
    assert {row.kind for row in operations.covered_by(in_force(of, kinds=["milestone"]))} == {"milestone"}


def test_a_cover_ends_when_its_last_day_for_a_claim_has_passed():
    of = parties(overdue=False)
    guarantee = in_force(of, until="2026-12-31", after_days=30, within_days=60)
    last = date(2026, 12, 31) + timedelta(days=90)
    assert not watching.is_over(guarantee, last) and watching.is_over(guarantee, last + timedelta(days=1))


def test_a_cover_without_last_day_ends_with_the_agreement_when_nothing_can_be_claimed():
    of = parties()
    guarantee = in_force(of, within_days=365)
    assert not watching.is_over(guarantee, date(2030, 1, 1)), "the agreement is in force"
    factories.event(of.agreement, "terminated", "2026-10-01")
    due = date(2026, 3, 31)
    assert not watching.is_over(guarantee, due + timedelta(days=395)) and watching.is_over(guarantee, due + timedelta(days=396))
    claim = filed(of, guarantee)
    assert not watching.is_over(guarantee, date(2030, 1, 1)), claim.state


def test_the_daily_job_ends_it(session, monkeypatch):
    of = parties(overdue=False)
    guarantee = in_force(of, until="2026-12-31")
    monkeypatch.setattr(watching, "now", lambda: NOW + timedelta(days=900))
    session.flush()
    for _round in range(2):
        for _pause in watching.watch_guarantees():
            session.flush()
        assert guarantee.state == "ended"
    assert session.query(Event).filter_by(name="guarantee.end", actor_kind="system").count() == 1
    assert SYSTEM.id is None
