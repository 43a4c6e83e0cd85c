"""Distilling: the sheet kept as a draft, sent, signed off or sent back; what is matched meanwhile; the check of a real need and its renewal."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from marketplace.access import SYSTEM, VISITOR
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.matching.documents import need_query, need_wishes
from marketplace.needs import operations as needs
from marketplace.needs.distilling import operations
from marketplace.needs.distilling.composing import composed, targets_of
from marketplace.needs.distilling.models import Distillation, Verification
from marketplace.record import Event
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("app")

BURR = {"quantity": {"zh": "毛刺高度"}, "today": "0.1", "wanted": "0.02", "unit": "mm", "direction": "at_most"}
QUESTIONS = [{"text": {"zh": "如何在铣削时控制毛刺？", "en": "How is burr controlled in milling?"}, "targets": [BURR]}]
YES = {name: {"finding": "yes", "evidence": "看过三个月的试验记录和预算批件"} for name in ("alone", "pays")}


def cast(**values):
    """A firm's owner, a broker, and the firm's published need."""
    owner = factories.person()
    return owner, factories.broker(), factories.need(factories.organisation(owner), **values)


def sent(broker, need, questions=QUESTIONS, sheet=None):
    return operations.send(broker, operations.save(broker, need, sheet or {"tests": YES}, questions, NOW), NOW)


def signed(owner, broker, need, questions=QUESTIONS):
    return operations.sign_off(owner, sent(broker, need, questions), NOW)


def test_questions_are_composed_with_their_targets_in_each_language():
    rows = [*QUESTIONS, {"text": {"zh": "刃口怎么不崩？"}, "targets": [{**BURR, "quantity": {"en": "edge"}, "today": None}]}]
    assert composed(rows) == {
        "zh": "1. 如何在铣削时控制毛刺？（毛刺高度 ≤ 0.02 mm，现为 0.1 mm）\n2. 刃口怎么不崩？",
        "en": "1. How is burr controlled in milling?",
    }
    assert composed(rows[:1])["zh"] == "如何在铣削时控制毛刺？（毛刺高度 ≤ 0.02 mm，现为 0.1 mm）"
    assert targets_of([*rows, QUESTIONS[0]]) == [BURR, {**BURR, "quantity": {"en": "edge"}, "today": None}]


def test_a_sent_round_is_matched_only_once_the_firm_has_signed_it_off():
    owner, broker, need = cast()
    found = sent(broker, need)
    assert (need.grade, need.questions, found.need_revision) == ("declared", {}, need.revision)
    assert "毛刺高度" not in need_query(need)
    operations.sign_off(owner, found, NOW)
    assert (need.grade, need.distilled_by_id, found.state, found.answered_by_id) == ("distilled", broker.id, "signed_off", owner.id)
    assert "如何在铣削时控制毛刺" in need_query(need) and need.problem["zh"] in need_query(need)


def test_targets_of_the_questions_count_beside_the_firms_own_and_never_twice():
    own = {**BURR, "wanted": "0.05", "quantity": {"zh": "毛刺高度"}}
    owner, broker, need = cast(targets=[own, BURR])
    other = {**BURR, "quantity": {"zh": "节拍"}, "unit": "s", "wanted": "90"}
    signed(owner, broker, need, [{"text": {"zh": "怎么快？"}, "targets": [BURR, other]}])
    assert [figure.what for figure, _names in need_wishes(need).targets] == ["毛刺高度", "毛刺高度", "节拍"]
    assert need.targets == [own, BURR]
    needs.edit_need(owner, need, NOW, problem={"zh": "其实是裂纹"})
    assert len(need_wishes(need).targets) == 2


def test_a_round_before_stays_matched_until_the_next_is_signed_off():
    owner, broker, need = cast()
    first = signed(owner, broker, need)
    second = sent(broker, need, [{"text": {"zh": "新问题"}, "targets": []}])
    assert (second.number, need.questions["zh"][:4], need.grade) == (2, "如何在铣", "distilled")
    operations.sign_off(owner, second, NOW)
    assert (first.state, second.state, need.questions) == ("superseded", "signed_off", {"zh": "新问题"})


def test_the_firm_sends_back_with_words_and_the_broker_goes_on_from_there(session):
    owner, broker, need = cast()
    first = sent(broker, need)
    with pytest.raises(Refused) as refused:
        operations.send_back(owner, first, "  ")
    assert refused.value.field == "words"
    operations.send_back(owner, first, "限值应是 0.01 mm", NOW)
    assert (first.state, first.words, need.grade) == ("returned", "限值应是 0.01 mm", "declared")
    second = sent(broker, need)
    operations.sign_off(owner, second, NOW)
    assert [(one.number, one.state) for one in operations.rounds(need)] == [(2, "signed_off"), (1, "superseded")]


def test_a_draft_is_kept_taken_back_and_gone_on_with_by_whichever_broker():
    owner, broker, need = cast()
    draft = operations.save(broker, need, {"asked": "车间主任"}, [], NOW)
    other = factories.broker()
    same = operations.save(other, need, {"asked": "总工"}, QUESTIONS, NOW)
    assert same.id == draft.id and same.broker_id == other.id and same.sheet == {"asked": "总工"}
    operations.send(other, same, NOW)
    with pytest.raises(Refused):
        operations.save(broker, need, {}, QUESTIONS, NOW)
    with pytest.raises(NotAllowed):
        operations.recall(broker, same, NOW)
    operations.recall(other, same, NOW)
    assert same.state == "draft"


@pytest.mark.parametrize("questions", [[], [{"text": {"en": "How?"}, "targets": []}]])
def test_what_cannot_be_sent(questions):
    _owner, broker, need = cast()
    draft = operations.save(broker, need, {}, questions, NOW)
    with pytest.raises(Refused) as refused:
        operations.send(broker, draft, NOW)
    assert refused.value.field == "questions" and draft.state == "draft"


def test_a_changed_problem_takes_the_sign_off_back():
    owner, broker, need = cast()
    found = signed(owner, broker, need)
    needs.edit_need(owner, need, NOW, problem={"zh": "其实是裂纹"})
    assert (need.grade, need.signed_off, found.state) == ("declared", None, "superseded")
    assert "如何在铣削" not in need_query(need)


def test_who_may_read_a_round_and_who_a_draft():
    owner, broker, need = cast()
    draft = operations.save(broker, need, {}, QUESTIONS, NOW)
    for who in (owner, factories.person(), factories.operator(), VISITOR):
        with pytest.raises(NotFound):
            operations.by_public_id(who, draft.public_id)
    operations.send(broker, draft, NOW)
    assert operations.by_public_id(owner, draft.public_id) is draft
    for who in (factories.person(), factories.operator(), VISITOR):
        with pytest.raises(NotFound):
            operations.by_public_id(who, draft.public_id)


def test_a_blind_need_is_distilled_and_checked_by_brokers_with_access_alone():
    owner, broker, need = cast(visibility="blind", teaser={"zh": "医疗器械精加工难题"})
    for verb in (lambda: operations.save(broker, need, {}, QUESTIONS, NOW), lambda: operations.verify(broker, need, YES, NOW)):
        with pytest.raises(NotAllowed):
            verb()
    agency = factories.organisation(broker, kind="agency")
    factories.access_grant(need, agency)
    found = signed(owner, broker, need)
    stranger = factories.broker()
    with pytest.raises(NotFound):
        operations.by_public_id(stranger, found.public_id)
    made = operations.verify(broker, need, YES, NOW)
    assert made.organisation is None or made.organisation_id == agency.id


def test_the_badge_needs_both_tests_with_evidence_and_somebody_outside(session):
    owner, broker, need = cast()
    with pytest.raises(Refused, match="sign the technical questions off"):
        operations.verify(broker, need, YES, NOW)
    signed(owner, broker, need)
    for tests, fields in (
        ({**YES, "pays": {"finding": "unclear", "evidence": "预算批件看过一半"}}, {"pays_evidence"}),
        ({**YES, "alone": {"finding": "yes", "evidence": "短"}}, {"alone_evidence"}),
        ({}, {"alone_evidence", "pays_evidence"}),
    ):
        with pytest.raises(Refused) as refused:
            operations.verify(broker, need, tests, NOW)
        assert {refused.value.field, *(field for field, _text in refused.value.values["also"])} == fields
    factories.membership(broker, need.organisation)
    with pytest.raises(Refused, match="outside the firm"):
        operations.verify(broker, need, YES, NOW)
    assert session.query(Verification).count() == 0 and need.grade == "distilled"


def test_each_check_is_a_row_and_the_badge_runs_out(session):
    owner, broker, need = cast()
    signed(owner, broker, need)
    agency = factories.organisation(factories.person(), kind="agency")
    other = factories.broker()
    factories.membership(other, factories.organisation(kind="institute"))
    factories.membership(other, agency)
    operations.verify(broker, need, YES, NOW)
    operations.verify(other, need, YES, NOW + timedelta(days=170))
    session.flush()
    assert [(one.person_id, one.organisation_id, one.until) for one in operations.verifications(need)] == [
        (other.id, agency.id, (NOW + timedelta(days=350)).date()), (broker.id, None, (NOW + timedelta(days=180)).date())]
    assert (need.verified_by_id, need.verified_until) == (other.id, (NOW + timedelta(days=350)).date())
    need.verified_until = date(2026, 1, 1)
    session.flush()
    for _pause in needs.expire_needs():
        session.flush()
    assert need.grade == "distilled" and session.query(Verification).count() == 2


def test_the_end_of_a_badge_is_told_once_fourteen_days_before(session, monkeypatch):
    owner, broker, need = cast()
    signed(owner, broker, need)
    operations.verify(broker, need, YES, NOW)
    told = []
    for day in (165, 166, 170, 181):
        monkeypatch.setattr(operations, "now", lambda day=day: NOW + timedelta(days=day))
        session.flush()
        for _pause in operations.remind_badges():
            session.flush()
        told.append(session.query(Event).filter_by(name="need.badge_ends", thing_id=need.id).count())
    assert told == [0, 1, 1, 1]


def test_the_sheet_begins_with_what_the_need_says_and_names_what_is_open():
    _owner, _broker, need = cast(tried={"zh": "换过刀片，没用"}, place={"zh": "三号线"}, budget_max=50_000_00, payer="firm", cash="planned")
    sheet = operations.begun_sheet(need)
    assert sheet["attempts"][0]["what"] == "换过刀片，没用" and (sheet["place"], sheet["budget_max"]) == ("三号线", 50_000_00)
    assert operations.unanswered(sheet) == ["constraints", "volume", "asked", "interviewed", "alone", "pays"]
    assert operations.unanswered({}) == ["place", "attempts", "constraints", "volume", "budget_max", "deadline", "asked", "interviewed", "payer", "cash",
                                         "alone", "pays"]


def test_the_system_carries_a_round_through(session):
    _owner, broker, need = cast()
    operations.sign_off(SYSTEM, sent(broker, need), NOW)
    assert session.query(Distillation).one().answered_by_id is None
