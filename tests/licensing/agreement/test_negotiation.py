"""Negotiation: drafts, proposals, versions with what differs, who may see and do what; nothing typed is lost when two propose at once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy.orm.exc import StaleDataError

from marketplace.access import VISITOR
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.licensing import clauses, operations, text
from marketplace.licensing.differences import differences
from marketplace.licensing.models import Agreement, Version
from marketplace.licensing.operations import Draft, Filter
from marketplace.terms.payment import parse, to_dict
from marketplace.terms.reading import TermsError
from tests import factories
from tests.factories import NOW
from tests.licensing.agreement.parties import TRIAL, parties, proposed, signed

pytestmark = pytest.mark.usefixtures("app")


def revised(who, agreement, person, base, **terms):
    return operations.revise_agreement(person, agreement, base, {**TRIAL, **terms}, operations.draft_of(agreement).clauses, at=NOW)


def test_a_draft_is_known_to_its_own_side_alone(session):
    who = parties()
    draft = operations.create_agreement(who.firm_member, who.technology, who.licensor, who.licensee, TRIAL, clauses.defaults(), NOW)
    session.flush()
    assert operations.by_public_id(who.firm, draft.public_id) is draft
    for person in (who.holder, who.holder_member, factories.operator(), factories.broker(), factories.person(), VISITOR):
        with pytest.raises(NotFound):
            operations.by_public_id(person, draft.public_id)
        assert operations.listed(person, Filter(), 1, 20) == []
    operations.propose_agreement(who.firm_member, draft, NOW)
    session.flush()
    assert operations.by_public_id(who.holder_member, draft.public_id) is draft
    for person in (factories.operator(), factories.broker(), factories.person(), VISITOR):
        with pytest.raises(NotFound):
            operations.by_public_id(person, draft.public_id)


def test_only_the_two_sides_may_do_anything(session):
    who = parties()
    agreement = proposed(who)
    for person in (factories.operator(), factories.broker(), factories.organisation(factories.person()).memberships[0].person, VISITOR):
        with pytest.raises((NotAllowed, NotFound)):
            revised(who, agreement, person, 1, entry_fee="1")
        with pytest.raises((NotAllowed, NotFound)):
            operations.withdraw_agreement(person, agreement, NOW)
        with pytest.raises((NotAllowed, NotFound)):
            operations.create_agreement(person, who.technology, who.licensor, who.licensee, TRIAL, {}, NOW)


@pytest.mark.parametrize("change", ["unverified", "own", "holder", "failure"])
def test_agreements_are_between_two_verified_organisations_about_what_is_licensed(session, change):
    who = parties()
    licensor, technology, person = who.licensor, who.technology, who.firm_member
    licensee = who.licensee
    if change == "unverified":
        licensee = factories.organisation(person, state="unverified")
    elif change == "own":
        licensee, person = who.licensor, who.holder
    elif change == "holder":
        licensor = factories.organisation(factories.person())
    else:
        technology = factories.technology(who.licensor, kind="negative_result")
    with pytest.raises(Refused):
        operations.create_agreement(person, technology, licensor, licensee, TRIAL, {}, NOW)


def test_the_same_form_sent_twice_makes_one_draft(session):
    who = parties()
    made = [
        operations.create_agreement(who.firm_member, who.technology, who.licensor, who.licensee, TRIAL, {}, NOW, key="once") for _ in range(2)
    ]
    session.flush()
    assert made[0] is made[1] and session.query(Agreement).count() == session.query(Version).count() == 1


def test_each_change_is_a_version_that_says_whose_it_is(session):
    who = parties()
    agreement = proposed(who)
    revised(who, agreement, who.holder_member, 1, entry_fee="5000")
    session.flush()
    known = operations.versions_of(agreement)
    assert [(one.number, one.side, one.person_id) for one in known] == [(2, "licensor", who.holder_member.id), (1, "licensee", who.firm_member.id)]
    rows = differences(*((one.terms, one.clauses) for one in reversed(known)), "en")
    assert [(row.label, row.before, row.after) for row in rows] == [("Entry fee", "¥0", "¥5,000")]
    with pytest.raises(Refused):
        revised(who, agreement, who.firm_member, 2, entry_fee="5000")


def test_drafts_before_the_proposal_stay_with_their_writers(session):
    who = parties()
    draft = operations.create_agreement(who.firm_member, who.technology, who.licensor, who.licensee, TRIAL, {}, NOW)
    session.flush()
    revised(who, draft, who.firm, 1, entry_fee="7")
    operations.propose_agreement(who.firm, draft, NOW + timedelta(hours=1))
    session.flush()
    assert [one.number for one in operations.versions_of(draft)] == [2]


def test_two_who_propose_at_once_do_not_overwrite_each_other(session):
    who = parties()
    agreement = proposed(who)
    revised(who, agreement, who.holder_member, 1, entry_fee="1")
    session.flush()
    with pytest.raises(StaleDataError):
        revised(who, agreement, who.firm_member, 1, entry_fee="2")
    assert agreement.version == 2


def test_what_is_signed_or_withdrawn_is_changed_no_more(session):
    who = parties()
    for agreement in (signed(who), operations.withdraw_agreement(who.firm, proposed(who), NOW)):
        session.flush()
        with pytest.raises(Refused):
            revised(who, agreement, who.firm_member, agreement.version, entry_fee="1")
        with pytest.raises(Refused):
            operations.withdraw_agreement(who.firm, agreement, NOW)


@pytest.mark.parametrize(("terms", "field"), [
    ({"entry_fee": "10000000000000.01"}, "terms.entry_fee"), ({"milestones": [{"id": "a", "amount": "99999999999999"}]}, "terms.milestones[0].amount"),
    ({"effective": "2026-09-01"}, "terms.effective"), ({"end": "2020-01-01"}, "terms.end"), ({"trial": {"months": 9999}, "effective": "9900-01-01"}, None),
])
def test_what_cannot_be_kept_or_computed_is_refused_on_proposing(terms, field):
    who = parties()
    with pytest.raises(Refused) as refused:
        proposed(who, {**TRIAL, **terms})
    assert field is None or refused.value.field == field


def test_the_greatest_amount_is_accepted_and_its_schedule_kept(session):
    who = parties()
    agreement = signed(who, {"currency": "CNY", "effective": "2026-11-02", "entry_fee": "10000000000000"})
    assert agreement.standing.fees == operations.MOST


def test_a_law_that_refuses_the_offer_refuses_the_agreement(session):
    who = parties()
    who.technology.offer = None
    open_one = factories.technology(who.licensor, offer={"mode": "open_licence", "exclusivity": "ordinary"})
    with pytest.raises(Refused, match="notes"):
        operations.create_agreement(
            who.firm_member, open_one, who.licensor, who.licensee, TRIAL, {"exclusivity": "exclusive"}, NOW,
        )


def test_a_draft_begins_with_the_offer():
    institute = factories.organisation(factories.person(), kind="institute")
    terms = {name: value for name, value in TRIAL.items() if name != "effective"}
    technology = factories.technology(institute, expires_on=date(2027, 6, 30), offer={
        "mode": "licence", "exclusivity": "exclusive", "terms": terms, "term_months": 12, "sublicensing": True, "territory": "CN"})
    draft = operations.draft_from_offer(technology, date(2026, 1, 31))
    assert draft.terms["effective"] == "2026-01-31" and draft.terms["end"] == "2027-01-30" and draft.terms["conversion"] == {"price": "200000"}
    assert draft.clauses["exclusivity"] == "exclusive" and draft.clauses["sublicensing"] is True and draft.clauses["cure_days"] == 30
    assert operations.draft_from_offer(technology, date(2026, 12, 1)).terms["end"] == "2027-06-30", "the patent ends first"


FACTS = {
    "public_id": "abcdefghjkmn", "zone": "Asia/Shanghai", "licensor": {"name": {"zh": "某大学"}}, "licensee": {"name": {"zh": "某厂", "en": "Some Works"}},
    "technology": {"title": {"zh": "一种装置"}, "kind": "patent", "owners": []},
}


def words(**terms):
    said = {**clauses.defaults(), "field_of_use": {"zh": "医疗器械\n\n1. 假的标题"}}
    return text.contract(FACTS, 1, parse({**TRIAL, **terms}, template=False), clauses.canonical(said))


def test_the_text_is_the_same_for_the_same_input_and_another_for_any_other():
    assert words().sha256 == words().sha256
    assert len({words().sha256, words(entry_fee="1").sha256, words(end="2036-01-01").sha256}) == 3
    assert "20 万元" in words().zh and "¥200,000" in words().en


def test_what_people_type_cannot_look_like_an_article():
    headings = [heading for heading, _lines in text.parts(words().zh) if heading]
    assert "1. 假的标题" not in headings and headings[0] == "1. 当事人" and "  1. 假的标题" in words().zh.splitlines()


def test_a_month_after_the_31st_and_a_term_of_a_hundred_years(session):
    who = parties()
    agreement = signed(who, {**TRIAL, "effective": "2026-10-31", "end": "2126-10-30"})
    assert agreement.standing.trial_end == date(2026, 11, 30)
    royalty = {"base": "net_sales", "period": "month", "tiers": [{"upto": None, "rate": "0.03"}]}
    plain = {"currency": "CNY", "effective": "2026-10-31", "end": "2126-10-30", "royalty": royalty}
    assert signed(parties(), plain).standing.status == "active"


def test_every_clause_says_something_in_both_languages_and_its_difference_is_named():
    full = {**clauses.defaults(), "field_of_use": {"zh": "机床", "en": "machine tools"}, "trial_use": {"zh": "小批"}, "sublicensing": True,
            "trial_sales": True, "exclusivity_hold": True, "progress_report_months": 3, "end_of_trial": ["stop", "return", "certify"],
            "estimate": {"allowed": True, "after_days": 10}, "tax_note": {"zh": "含税"}, "broker_fee": {"rate": "0.05", "payer": "both"},
            "further": {"zh": "无"}, "acceptance": [{"id": "burr", "metric": {"zh": "毛刺"}, "target": "0.02 mm", "deadline": "2027-01-01"}]}
    kept = clauses.canonical(full)
    assert clauses.canonical(kept) == kept
    terms = {**TRIAL, "royalty": {"base": "net_sales", "period": "quarter", "tiers": [{"upto": None, "rate": "0.03"}]}}
    said = text.contract(FACTS, 1, parse(terms, template=False), kept)
    for lang, whole in (("zh", said.zh), ("en", said.en)):
        assert "{" not in whole
        for clause in clauses.CLAUSES:
            assert list(clauses._said(clause, clauses.value_at(kept, clause.path), lang)) or clause.open
    rows = differences((TRIAL, {}), (to_dict(parse(terms, template=False)), kept), "en")
    assert len(rows) >= len(clauses.CLAUSES)


@pytest.mark.parametrize("wrong", [
    {"exclusivity": "best"}, {"cure_days": -1}, {"cure_days": "30"}, {"sublicensing": "yes"}, {"nonsense": 1}, {"audit": {"bears_cost_from": "2"}},
    {"field_of_use": {"fr": "x"}}, {"end_of_trial": ["burn"]}, {"acceptance": [{"id": ""}]}, {"acceptance": [{"id": "a"}, {"id": "a"}]},
])
def test_clauses_that_cannot_be_read_are_refused_with_their_path(wrong):
    with pytest.raises(TermsError) as refused:
        operations.checked(Draft(TRIAL, wrong), NOW.date())
    assert refused.value.path.startswith("clauses.")


def test_the_list_shows_what_is_due_next_first_and_filters(session):
    who = parties()
    owed = {"currency": "CNY", "effective": "2026-11-02", "entry_fee": "10"}
    late = signed(who, {**owed, "payment_days": 60})
    soon = signed(who, {**owed, "payment_days": 5})
    open_one = proposed(who)
    assert operations.listed(who.firm, Filter(), 1, 20) == [soon, late, open_one]
    assert operations.listed(who.firm, Filter(status="active"), 1, 1) == [soon, late], "one more row says that there is a next page"
    assert operations.listed(who.firm, Filter(status="proposed"), 1, 20) == [open_one]
    assert operations.listed(who.firm, Filter(side="licensor"), 1, 20) == []
    assert len(operations.listed(who.holder, Filter(side="licensor"), 1, 20)) == 3
