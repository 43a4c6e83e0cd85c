"""The verbs of calls: published whole or not at all, amended in public, the deadline later only, closed by the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from marketplace.access import SYSTEM, VISITOR
from marketplace.alerts.models import Mail
from marketplace.calls import operations
from marketplace.calls.conditions import may_propose, require_may_propose
from marketplace.calls.models import WHOLE, Call, CallQuestion, Reviewer
from marketplace.db import now, session
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.jobs import Job, run_all
from marketplace.record import Event, Revision
from tests import factories
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")

TARGET = {"quantity": {"en": "tool life"}, "today": "40", "wanted": "120", "unit": "min", "direction": "at_least"}
WHOLE_CALL = {
    "language": "en", "title": {"en": "Life of micro tools"}, "brief": {"en": "Tools wear too fast."}, "targets": [TARGET],
    "acceptance": {"en": "Three batches measured."}, "amount": 50_000_000, "stages": [{"title": {"en": "Acceptance"}, "share": WHOLE}],
    "ip_position": "owner", "teams": 2, "criteria": [
        {"title": {"en": "Approach"}, "about": {}, "weight": 700_000, "most": 10}, {"title": {"en": "Team"}, "about": {}, "weight": 300_000, "most": 5}],
}


def drafted(owner=None, house=None, **values):
    owner = owner or factories.person()
    house = house or factories.organisation(owner)
    call = operations.draft_call(owner, house, **{**WHOLE_CALL, **values})
    session.flush()
    return call, owner


def published(**values):
    call, owner = drafted(**values)
    operations.publish_call(owner, call)
    session.flush()
    return call, owner


def refusals(problem):
    """Field → the message ids beside it."""
    found = {}
    for field, message in ((problem.field, problem.message), *problem.values.get("also", ())):
        found.setdefault(field, []).append(message)
    return found


def test_an_empty_call_is_refused_with_all_that_is_missing_at_once():
    owner = factories.person()
    house = factories.organisation(owner, state="unverified")
    call = operations.draft_call(owner, house, language="en")
    call.deadline = now() - timedelta(minutes=1)
    with pytest.raises(Refused) as refused:
        operations.publish_call(owner, call)
    found = refusals(refused.value)
    assert set(found) == {"title_en", "brief_en", "acceptance_en", "targets", "amount", "stages", "ip_terms_en", "criteria", "deadline_day", "organisation"}
    assert refused.value.values["stages_sum"] == "0" and call.state == "draft"
    assert session.scalar(select(Revision.id).where(Revision.thing == "open_call")) is None


@pytest.mark.parametrize(("values", "field", "words"), [
    ({"stages": [{"title": {"en": "Start"}, "share": 300_000}, {"title": {"en": "End"}, "share": 699_999}]}, "stages", {"stages_sum": "99.9999"}),
    ({"stages": [{"title": {}, "share": WHOLE}]}, "stages", {}),
    ({"criteria": [{"title": {"en": "Approach"}, "about": {}, "weight": 700_000, "most": 10}]}, "criteria", {"weights_sum": "70"}),
    ({"criteria": []}, "criteria", {}),
    ({"acceptance": {}}, "acceptance_en", {}),
    ({"targets": []}, "targets", {}),
    ({"amount": None}, "amount", {}),
    ({"teams": 0}, "teams", {}),
    ({"ip_position": "shared", "ip_terms": {}}, "ip_terms_en", {}),
    ({"deadline": datetime(2020, 1, 1, tzinfo=UTC)}, "deadline_day", {}),
])
def test_each_lack_alone_refuses(values, field, words):
    call, owner = drafted()
    for name, value in values.items():
        if name == "teams":
            call.teams = value
        else:
            operations.edit_call(owner, call, **{name: value})
    with pytest.raises(Refused) as refused, session.no_autoflush:
        operations.publish_call(owner, call)
    assert set(refusals(refused.value)) == {field}
    assert words.items() <= refused.value.values.items()
    session.rollback()


def test_questions_end_before_the_deadline():
    call, owner = drafted()
    with pytest.raises(Refused) as refused:
        operations.edit_call(owner, call, questions_until=call.deadline)
    assert refused.value.field == "questions_day"


def test_who_may_publish():
    institute_owner = factories.person()
    institute = factories.organisation(institute_owner, kind="institute")
    call, _owner = drafted(institute_owner, institute)
    with pytest.raises(Refused, match="published by enterprises"):
        operations.publish_call(institute_owner, call)
    need = factories.need(institute, modes=["open_call"])
    own = operations.draft_call(institute_owner, institute, need, **WHOLE_CALL)
    assert operations.publish_call(institute_owner, own).state == "published"
    unconfirmed = factories.person(confirmed=None)
    call, _owner = drafted(unconfirmed)
    with pytest.raises(Refused):
        operations.publish_call(unconfirmed, call)
    with pytest.raises(NotFound):
        operations.publish_call(factories.person(), call)
    with pytest.raises(NotAllowed):
        operations.draft_call(factories.person(), institute)


def test_a_draft_takes_along_its_need_and_of_a_blind_one_the_teaser_alone():
    owner = factories.person()
    house = factories.organisation(owner, size="large")
    need = factories.need(house, budget_max=30_000_000, targets=[TARGET], modes=["open_call"])
    call = operations.draft_call(owner, house, need)
    assert (call.title, call.brief, call.targets, call.amount) == (need.title, need.problem, [TARGET], 30_000_000)
    assert call.eligible == {"kinds": ["enterprise", "institute"], "sizes": ["micro", "small", "medium"], "regions": []}
    session.flush()
    assert operations.draft_call(owner, house, need) is call, "pressed twice it is one draft"
    blind = factories.need(house, visibility="blind", teaser={"zh": "一家工厂的难题"}, budget_max=7_000_000, targets=[TARGET])
    shown = operations.draft_call(owner, house, blind)
    assert (shown.title, shown.brief, shown.targets, shown.amount, shown.industry) == ({}, {"zh": "一家工厂的难题"}, [], None, None)
    with pytest.raises(NotFound):
        operations.draft_call(owner, house, factories.need(factories.organisation()))


def test_what_is_published_is_locked():
    call, owner = published()
    with pytest.raises(Refused, match="amendment"):
        operations.edit_call(owner, call, title={"en": "Another"})
    for name, value in (("criteria", []), ("teams", 5), ("deadline", call.deadline), ("visibility", "members"), ("anonymous", True)):
        with pytest.raises(ValueError, match="cannot change"):
            operations.amend_call(owner, call, "why", **{name: value})
    assert [(row.position, row.weight) for row in call.criteria] == [(1, 700_000), (2, 300_000)]


def test_an_amendment_is_published_with_its_reason_and_before_the_deadline_alone():
    call, owner = published()
    asker = factories.person()
    session.add(questions_asked(call, asker))
    session.flush()
    with pytest.raises(Refused, match="Nothing has changed"):
        operations.amend_call(owner, call, "why", brief=dict(call.brief))
    with pytest.raises(Refused) as refused:
        operations.amend_call(owner, call, " ", amount=1)
    assert refused.value.field == "note"
    with pytest.raises(Refused) as refused:
        operations.amend_call(owner, call, "why", stages=[])
    assert refused.value.field == "stages" and call.stages
    operations.amend_call(owner, call, "A figure was wrong.", amount=60_000_000)
    session.flush()
    first, second = operations.revisions_of(call)
    assert second.changed == ["amount", "note"] and second.content["note"] == "A figure was wrong." and call.revision == 2
    assert first.content["amount"] == 50_000_000
    with pytest.raises(NotAllowed):
        operations.amend_call(factories.person(), call, "why", amount=1)
    with pytest.raises(Refused, match="passed"):
        operations.amend_call(owner, call, "why", amount=2, at=call.deadline)
    work()
    assert [mail.person_id for mail in session.scalars(select(Mail).where(Mail.template == "call_news"))] == [asker.id]


def questions_asked(call, asker, **values):
    from_ = {"call_id": call.id, "person_id": asker.id, "text": "How large is the batch?", "at": factories.NOW}
    return CallQuestion(**{**from_, **values})


def test_a_deadline_moves_later_only_and_never_after_it_has_passed():
    call, owner = published()
    before, later = call.deadline, call.deadline + timedelta(days=7)
    for moment in (before, before - timedelta(seconds=1)):
        with pytest.raises(Refused, match="later"):
            operations.extend_deadline(owner, call, moment, "more time")
    with pytest.raises(Refused, match="passed"):
        operations.extend_deadline(owner, call, later, "more time", at=before)
    with pytest.raises(NotAllowed):
        operations.extend_deadline(factories.person(), call, later, "more time")
    operations.extend_deadline(owner, call, later, "Several firms asked for it.", at=before - timedelta(seconds=1))
    session.flush()
    assert call.deadline == later and operations.revisions_of(call)[-1].changed == ["deadline", "note"]
    clocks = [job.due for job in session.scalars(select(Job).where(Job.kind == "calls.close").order_by(Job.due))]
    assert len(clocks) == 2 and timedelta(0) <= clocks[1] - later < timedelta(seconds=2)


def test_the_clock_closes_it_at_the_deadline_and_an_old_clock_does_nothing():
    call, _owner = published()
    jobs = session.scalars(select(Job).where(Job.kind == "calls.close")).all()
    assert [job.values for job in jobs] == [{"thing_id": call.id}] and abs(jobs[0].due - call.deadline) < timedelta(seconds=2)
    jobs[0].due = now()
    work()
    assert call.state == "published", "the deadline lies ahead: moved, or the clock ran early"
    operations._set_clock(call)
    session.flush()
    session.execute(Call.__table__.update().where(Call.id == call.id).values(deadline=now()))
    session.execute(Job.__table__.update().where(Job.kind == "calls.close").values(due=now()))
    work()
    session.refresh(call)
    assert call.state == "closed"
    event = session.scalar(select(Event).where(Event.name == "open_call.close"))
    assert event.actor_kind == "system" and event.thing_id == call.id
    with pytest.raises(NotAllowed):
        operations.move(call, "close", factories.operator())


def test_the_sweep_closes_what_a_clock_has_missed():
    late = factories.open_call(deadline=now() - timedelta(hours=1))
    early = factories.open_call()
    for _part in operations.close_due():
        session.flush()
    assert (late.state, early.state) == ("closed", "published")


def test_a_published_call_is_taken_back_with_a_reason_that_is_told():
    call, owner = published()
    asker = factories.person()
    session.add(questions_asked(call, asker))
    with pytest.raises(Refused):
        operations.withdraw_call(owner, call)
    operations.withdraw_call(owner, call, "The line is closed.")
    work()
    [mail] = session.scalars(select(Mail).where(Mail.template == "call_news"))
    assert mail.person_id == asker.id and "The line is closed." in mail.body
    draft, owner = drafted()
    assert operations.withdraw_call(owner, draft).state == "withdrawn"


@pytest.mark.parametrize(("kind", "size", "region", "reason"), [
    ("enterprise", "small", "330000", None), ("institute", "large", "330000", None), ("institute", None, "330000", None),
    ("enterprise", "large", "330000", "size"), ("enterprise", None, "330000", "size_unknown"), ("agency", "small", "330000", "kind"),
    ("institute", None, "110000", "region"),
])
def test_who_may_answer_is_data_of_the_call(kind, size, region, reason):
    call = factories.open_call(eligible={"kinds": ["enterprise", "institute"], "sizes": ["micro", "small", "medium"], "regions": ["330000"]})
    solver = factories.person()
    house = factories.organisation(solver, kind=kind, size=size, region=region)
    found = may_propose(solver, call)
    assert (found.organisations, found.reasons) == (((house,), ()) if reason is None else ((), (reason,)))
    if reason is None:
        require_may_propose(solver, call, house)
    else:
        with pytest.raises(Refused):
            require_may_propose(solver, call, house)


def test_every_other_reason_has_its_code():
    call = factories.open_call()
    solver, house_owner, stranger, fresh = factories.person(), factories.person(), factories.person(), factories.person(confirmed=None)
    house = factories.organisation(solver)
    factories.organisation(house_owner, state="unverified")
    assert may_propose(solver, call).organisations == (house,)
    assert may_propose(solver, call, call.deadline), "a first byte by the deadline counts"
    assert may_propose(solver, call, call.deadline + timedelta(microseconds=1)).reasons == ("late",)
    assert may_propose(VISITOR, call).reasons == ("sign_in",)
    assert may_propose(stranger, call).reasons == ("no_organisation",)
    assert may_propose(fresh, call).reasons == ("unconfirmed",)
    assert may_propose(house_owner, call).reasons == ("unverified",)
    assert may_propose(call.organisation.memberships[0].person, call).reasons == ("own_call",)
    session.add(Reviewer(call=call, person=solver, state="active", created=now()))
    session.flush()
    assert may_propose(solver, call).reasons == ("reviewer",)
    assert may_propose(stranger, factories.open_call(visibility="members")).reasons == ("not_readable",)
    closed = factories.open_call(state="closed")
    assert may_propose(house_owner, closed).reasons == ("unverified",), "what came in time is taken though the call has closed meanwhile"
    assert may_propose(house_owner, closed, closed.deadline + timedelta(microseconds=1)).reasons == ("late",)
    for state in ("draft", "withdrawn", "awarded"):
        assert may_propose(solver, factories.open_call(state=state)).reasons == ("not_open",)
    with pytest.raises(Refused, match="not meant|itself|verified|Enter"):
        require_may_propose(house_owner, call, house)


def test_the_database_refuses_what_no_call_can_be():
    for values in ({"amount": 0}, {"teams": 0}, {"money": "gift"}, {"visibility": "blind"}, {"questions_until": now() + timedelta(days=99)},
                   {"state": "draft", "board": factories.board()}):
        with pytest.raises(IntegrityError), session.begin_nested():
            factories.open_call(**values)


def test_matches_of_a_need_hear_of_its_call_and_a_blind_need_tells_nobody():
    owner = factories.person()
    house = factories.organisation(owner)
    for visibility, told in (("blind", 0), ("public", 1)):
        holder = factories.person()
        need = factories.need(house, visibility=visibility, teaser={"en": "A works"})
        factories.match(need, factories.technology(factories.organisation(holder, kind="institute")))
        operations.publish_call(owner, operations.draft_call(owner, house, need, **WHOLE_CALL))
        work()
        assert session.query(Mail).filter(Mail.template == "call_news", Mail.person_id == holder.id).count() == told, visibility


def test_a_job_may_run_twice():
    call = factories.open_call(deadline=now() - timedelta(seconds=1))
    for _time in range(2):
        operations.close_call(call.id)
    session.commit()
    run_all()
    assert session.query(Event).filter(Event.name == "open_call.close").count() == 1
    assert SYSTEM.id is None
