"""Notices: what keeps a signature back, objections and their answers, what voids a notice, who reads and does what."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
from sqlalchemy.exc import IntegrityError

from marketplace.access import VISITOR, may
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.licensing import operations as agreements
from marketplace.licensing.duties import operations
from marketplace.licensing.duties.models import Notice
from marketplace.licensing.signing import operations as signing
from marketplace.record import Event
from tests import factories
from tests.factories import NOW
from tests.licensing.agreement.parties import TRIAL, give, parties, priced, work_on
from tests.licensing.duties.parties import negotiated, published

pytestmark = pytest.mark.usefixtures("app")
DAY = timedelta(days=1)
OVER = datetime(2026, 11, 17, 16, 0, tzinfo=UTC)  # the first moment of 18 November in Shanghai


def ask(person, agreement, at):
    return signing.ask_code(person, agreement, agreement.version, signing.text_to_sign(agreement).sha256, at=at)


def test_it_cannot_be_signed_before_the_notice_ends_and_can_the_moment_after():
    who = parties()
    agreement = negotiated(who, mode=None)
    with pytest.raises(Refused, match="how the price was found"):
        ask(who.firm_signatory, agreement, NOW)
    operations.record_pricing(who.holder_member, agreement, "p", "agreement", "院务会", NOW.date(), at=NOW)
    with pytest.raises(Refused, match="has to publish it first"):
        ask(who.firm_signatory, agreement, NOW)
    notice = published(who, agreement)
    assert (notice.published_on, notice.days, notice.runs_until) == (date(2026, 11, 2), 15, date(2026, 11, 17))
    with pytest.raises(Refused) as refused:
        ask(who.firm_signatory, agreement, OVER - timedelta(seconds=1))
    assert str(refused.value) == "The price is published until the end of 2026-11-17. It can be signed from 2026-11-18 on."
    give(who.firm_signatory, agreement, OVER)
    give(who.holder_signatory, agreement, OVER)
    assert agreement.state == "countersigned"


def test_a_code_that_was_asked_for_in_time_does_not_sign_over_an_objection():
    who = parties()
    agreement = negotiated(who)
    notice = published(who, agreement)
    asked = ask(who.firm_signatory, agreement, OVER)
    operations.enter_objection(who.holder_member, notice, "o", "价格偏低", "某教授", date(2026, 11, 17), at=OVER)
    code = signing.one_time.code_of(asked.public_id, asked.counter)
    with pytest.raises(Refused, match="stops the clock; days left once it is: 1"):
        signing.sign(who.firm_signatory, asked, code, asked.text_sha256, OVER + timedelta(minutes=1))


def test_an_objection_in_the_last_minute_stops_the_clock_and_the_day_left_runs_after_the_answer():
    who = parties()
    agreement = negotiated(who)
    notice = published(who, agreement)
    stranger = factories.person()
    late = OVER - timedelta(seconds=30)
    made = operations.object_to(stranger, notice, "k", "完成人是受让方股东", (BytesIO(b"x"), "a.txt"), late)
    assert operations.object_to(stranger, notice, "k", "again", None, late) is made, "pressed twice"
    assert notice.runs_until is None and operations.reading(notice, date(2026, 11, 25)).left == 1
    with pytest.raises(Refused, match="not answered yet"):
        ask(who.firm_signatory, agreement, OVER + 5 * DAY)
    with pytest.raises(NotAllowed):
        operations.answer_objection(who.holder_member, made, False, "不属实", OVER + 5 * DAY)
    with pytest.raises(Refused):
        operations.answer_objection(who.holder_signatory, made, False, "  ", OVER + 5 * DAY)
    operations.answer_objection(who.holder_signatory, made, False, "经核查不属实", OVER + 5 * DAY)
    assert made.state == "rejected" and notice.runs_until == date(2026, 11, 24)
    with pytest.raises(Refused, match="2026-11-24"):
        ask(who.firm_signatory, agreement, OVER + 6 * DAY)
    ask(who.firm_signatory, agreement, OVER + 7 * DAY)
    with pytest.raises(Refused, match="over"):
        operations.object_to(stranger, notice, "k2", "x", None, OVER + 7 * DAY)


def test_an_objection_that_is_right_ends_the_notice_and_another_price_is_published():
    who = parties()
    agreement = negotiated(who)
    notice = published(who, agreement)
    first, second = (operations.object_to(factories.person(), notice, "k", "太低", None, NOW + DAY) for _ in range(2))
    operations.answer_objection(who.holder, first, True, "价格确实偏低", NOW + 2 * DAY)
    assert (notice.state, first.state, second.state, notice.runs_until) == ("upheld", "upheld", "moot", None)
    with pytest.raises(Refused, match="has to publish it first"):
        ask(who.firm_signatory, agreement, NOW + 30 * DAY)
    agreements.revise_agreement(who.holder_member, agreement, 1, {**TRIAL, "conversion": {"price": "300000"}}, agreements.draft_of(agreement).clauses, at=NOW)
    assert published(who, agreement, NOW + 3 * DAY).state == "published"


def test_a_changed_price_voids_the_notice_and_a_later_day_of_effect_does_not(session):
    who = parties()
    agreement = negotiated(who)
    notice = published(who, agreement)
    clauses = agreements.draft_of(agreement).clauses
    agreements.revise_agreement(who.holder_member, agreement, 1, {**TRIAL, "effective": "2026-11-20"}, clauses, at=NOW)
    work_on("duties.follow_agreement")
    assert notice.state == "published"
    agreements.revise_agreement(who.holder_member, agreement, 2, {**TRIAL, "buyout": {"price": "1"}}, clauses, at=NOW)
    with pytest.raises(Refused, match="changed since it was published"):
        ask(who.firm_signatory, agreement, OVER)
    work_on("duties.follow_agreement")
    assert notice.state == "void"
    again = published(who, agreement)
    with pytest.raises(Refused, match="published already"):
        published(who, agreement, key="other")
    agreements.withdraw_agreement(who.firm_member, agreement, NOW)
    work_on("duties.follow_agreement")
    assert again.state == "withdrawn"
    assert session.query(Event).filter_by(name="agreement_notice.publish").count() == 2


def test_the_database_keeps_one_live_notice_of_an_agreement(session):
    who = parties()
    agreement = negotiated(who)
    notice = published(who, agreement)
    copied = {column.name: getattr(notice, column.name) for column in Notice.__table__.columns if column.name not in ("id", "public_id", "key", "version_id")}
    session.add(Notice(**copied, key="second"))
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_job_ends_what_has_run_and_a_paper_objection_that_was_in_time_opens_it_again(session, monkeypatch):
    who = parties()
    agreement = negotiated(who)
    notice = published(who, agreement)
    for moment, state in ((OVER - timedelta(seconds=1), "published"), (OVER, "ended")):
        monkeypatch.setattr(operations, "now", lambda moment=moment: moment)
        list(operations.end_notices())
        session.flush()
        assert notice.state == state
    assert list(operations.faults()) == []
    for received in (date(2026, 11, 1), date(2026, 11, 18)):
        with pytest.raises(Refused, match="outside"):
            operations.enter_objection(who.holder_member, notice, f"o{received}", "信", "某人", received, at=OVER)
    operations.enter_objection(who.holder_member, notice, "o", "信", "某人", date(2026, 11, 17), at=OVER)
    assert notice.state == "published" and notice.runs_until is None
    operations.answer_objection(who.holder_signatory, notice.objections[0], False, "不成立", OVER)
    session.flush()
    assert notice.runs_until == date(2026, 11, 19)


def test_days_turn_by_the_zone_of_the_agreement_over_its_change_of_clocks():
    who = parties()
    agreement = negotiated(who)
    agreement.zone = "America/New_York"
    published_at = datetime(2026, 10, 25, 3, 30, tzinfo=UTC)  # still 24 October there; clocks go back on 1 November
    notice = published(who, agreement, published_at)
    assert (notice.published_on, notice.runs_until) == (date(2026, 10, 24), date(2026, 11, 8))
    end = datetime(2026, 11, 9, 5, 0, tzinfo=UTC)  # midnight by winter time
    with pytest.raises(Refused):
        ask(who.firm_signatory, agreement, end - timedelta(seconds=1))
    ask(who.firm_signatory, agreement, end)


def test_a_listing_needs_its_result_and_no_notice_and_others_owe_nothing():
    who = parties()
    agreement = negotiated(who, mode=None)
    with pytest.raises(Refused, match="minutes"):
        operations.record_pricing(who.holder_member, agreement, "p", "auction", "拍卖行", NOW.date(), at=NOW)
    priced(who, agreement, mode="auction")
    ask(who.firm_signatory, agreement, NOW)
    firm = factories.organisation(factories.person())
    other = parties(licensor=firm)
    plain = negotiated(other, mode=None)
    assert operations.hindrance(plain, NOW.date()) is None
    with pytest.raises(Refused, match="Only institutes"):
        operations.record_pricing(other.holder, plain, "p", "agreement", "x", NOW.date(), at=NOW)


def test_where_no_rule_is_known_it_is_a_warning(session):
    abroad = factories.organisation(factories.person(), kind="institute", region="DE")
    who = parties(licensor=abroad)
    agreement = negotiated(who, mode=None)
    assert operations.hindrance(agreement, NOW.date()).severity == "warn"
    ask(who.firm_signatory, agreement, NOW)


def test_a_hint_of_a_relation_needs_a_word_and_stays_on_the_notice():
    who = parties()
    factories.membership(who.holder, who.licensee)
    agreement = negotiated(who)
    with pytest.raises(Refused, match="why the buyer is not related"):
        published(who, agreement)
    notice = published(who, agreement, related_note="兼职顾问，不持股")
    assert notice.hints == [["same_person", who.holder.name]] and notice.related is False


def everybody(who):
    return {"visitor": VISITOR, "stranger": factories.person(), "operator": factories.operator(), "broker": factories.broker(),
            "institute": who.holder_member, "head": who.holder_signatory, "owner": who.holder, "firm": who.firm_member}


@pytest.mark.parametrize(("visibility", "readers"), [
    ("public", {"visitor", "stranger", "operator", "broker", "institute", "head", "owner", "firm", "verified"}),
    ("members", {"operator", "broker", "institute", "head", "owner", "firm", "verified"}),
    ("blind", {"institute", "head", "owner", "firm"}),
])
def test_who_reads_a_notice_and_the_list_is_the_twin(session, visibility, readers):
    who = parties()
    who.technology.visibility = visibility
    factories.access_grant(who.technology, who.licensee)
    notice = published(who, negotiated(who))
    people = everybody(who)
    people["verified"] = factories.person()
    factories.organisation(people["verified"])
    session.flush()
    for name, person in people.items():
        assert may(person, "agreement_notice.read", notice) == (name in readers), name
        assert (notice in operations.listed(person, 1, 20)) == (name in readers), name
    who.technology.visibility = "blind"
    session.flush()
    assert not may(people["stranger"], "agreement_notice.read", notice) and operations.listed(people["stranger"], 1, 20) == [], "made blind since"


def test_nobody_but_the_institute_prices_publishes_and_answers(session):
    who = parties()
    agreement = negotiated(who)
    notice = published(who, agreement)
    objector = factories.person()
    made = operations.object_to(objector, notice, "k", "x", None, NOW)
    with pytest.raises(NotAllowed):
        operations.object_to(VISITOR, notice, "k", "x", None, NOW)
    for name, person in everybody(who).items():
        inside = name in ("institute", "head", "owner")
        for action, thing in (("agreement.price", agreement), ("agreement_notice.create", agreement), ("agreement_notice.enter_objection", notice)):
            assert may(person, action, thing) == inside, (name, action)
        assert may(person, "notice_objection.reject", made) == (name in ("head", "owner")), name
        if not inside:
            with pytest.raises(NotFound):
                operations.objection_of(person, notice, made.public_id)
            with pytest.raises(NotAllowed):
                operations.withdraw_notice(person, notice)
    assert operations.objection_of(objector, notice, made.public_id) is made
    own = operations.object_to(who.holder_signatory, notice, "own", "我反对", None, NOW)
    with pytest.raises(Refused, match="second person"):
        operations.answer_objection(who.holder_signatory, own, False, "自己答复", NOW)
