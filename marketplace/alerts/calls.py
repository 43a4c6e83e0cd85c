"""Mail about open calls: one that fits a technology, amendments, a later deadline, questions and answers, reviewers, boards.

Those who asked or proposed are told what happens to a call, and its owners what is asked. No mail says who asked. A call begun from a blind need is told to
nobody by way of that need's matches: else they would learn whose need it is.
"""

from __future__ import annotations

from collections.abc import Iterable

from babel.dates import format_date
from sqlalchemy import select

from marketplace.access import may
from marketplace.alerts.operations import LOCALES, to_person, tongue_of
from marketplace.calls.conditions import hindrance
from marketplace.calls.deadlines import local, offset
from marketplace.calls.hearers import hearers
from marketplace.calls.models import Board, Call, CallQuestion, Reviewer
from marketplace.db import session
from marketplace.jobs import handler
from marketplace.matching.models import Match
from marketplace.people import organisations
from marketplace.people.models import Membership, Person
from marketplace.record import Event, latest, noun

FITTING = 20
"""Holders of the best matches of a need that are told when it is put out as a call."""


def _moment(call: Call, language: str) -> str:
    shown = local(call.deadline, call.zone)
    return f"{format_date(shown.date(), 'long', locale=LOCALES[language])} {shown:%H:%M} ({call.zone}, {offset(call.deadline, call.zone)})"


def _tell(call: Call, people: Iterable[Person], what: str, path: str = "", title: str | None = None, **values: str) -> None:
    """Write to each person once; `what` chooses the sentence in templates/mail/call_news.txt."""
    told: set[int] = set()
    for person in people:
        if person.id not in told and person.is_active:
            told.add(person.id)
            facts = {"note": "", "house": call.organisation.called(person.language), **values}
            to_person(
                "call_news", person, path or f"/open-calls/{call.public_id}", what=what, title=title or call.titled(person.language)[0],
                deadline=_moment(call, tongue_of(person)), **facts,
            )


def _owners(call: Call) -> list[Person]:
    """Who answers for a call: its author while he acts for the organisation, and the owners of each organisation that put it out."""
    author = [call.author] if call.author is not None and call.organisation_id in call.author.seats else []
    others = [owner.organisation for owner in call.owners if owner.organisation_id != call.organisation_id]
    return [*author, *(person for house in (call.organisation, *others) for person in organisations.owners(house))]


@handler("alerts.call_published")
def call_published(thing_id: int) -> None:
    """Tell the owners of the institutes and firms whose technologies match the need best, where they may answer; never by a blind need."""
    call = session.get_one(Call, thing_id)
    if call.state != "published" or call.need is None or call.need.visibility == "blind":
        return
    best = select(Match).where(Match.need_id == call.need_id, Match.current, Match.holder != "declined").order_by(Match.score.desc(), Match.id).limit(FITTING)
    houses = {match.technology.organisation_id: match.technology.organisation for match in session.scalars(best)}
    people = [person for house in houses.values() if hindrance(call, house) is None for person in organisations.owners(house)]
    _tell(call, [person for person in people if may(person, "listing.read", call)], "published")


def _last_note(call: Call) -> str:
    last = latest(call)
    return (last.content.get("note") or "") if last else ""


@handler("alerts.call_amended")
def call_amended(thing_id: int) -> None:
    """Tell all who asked or proposed that the call was amended, and why."""
    call = session.get_one(Call, thing_id)
    _tell(call, hearers(call), "amended", f"/open-calls/{call.public_id}#amendments", note=_last_note(call))


@handler("alerts.call_deadline_moved")
def call_deadline_moved(thing_id: int) -> None:
    """Tell all who asked or proposed, and the reviewers, that there is more time."""
    call = session.get_one(Call, thing_id)
    _tell(call, [*hearers(call), *_reviewers(call)], "extended", note=_last_note(call))


@handler("alerts.call_withdrawn")
def call_withdrawn(thing_id: int) -> None:
    """Tell all who asked or proposed, and the reviewers, that there is no call any more, and why."""
    call = session.get_one(Call, thing_id)
    step = select(Event).where(Event.thing == noun(call), Event.thing_id == call.id, Event.name == "open_call.withdraw").order_by(Event.id.desc()).limit(1)
    event = session.scalar(step)
    if call.published is not None:
        _tell(call, [*hearers(call), *_reviewers(call)], "withdrawn", "/open-calls", note=event.facts.get("note", "") if event else "")


@handler("alerts.call_closed")
def call_closed(thing_id: int) -> None:
    """Tell the owners that the deadline has come."""
    call = session.get_one(Call, thing_id)
    _tell(call, _owners(call), "closed")


def _reviewers(call: Call) -> list[Person]:
    named = select(Person).join(Reviewer, Reviewer.person_id == Person.id).where(Reviewer.call_id == call.id, Reviewer.state.in_(("invited", "active")))
    return list(session.scalars(named.order_by(Person.id)))


@handler("alerts.call_question_asked")
def call_question_asked(thing_id: int) -> None:
    """Tell the owners of the call what is asked, not by whom."""
    question = session.get_one(CallQuestion, thing_id)
    if question.answer is None:
        call = question.call
        _tell(call, _owners(call), "asked", f"/open-calls/{call.public_id}/questions/{question.public_id}", note=question.text)


@handler("alerts.call_question_answered")
def call_question_answered(thing_id: int) -> None:
    """Tell all who asked or proposed that there is a new answer; the answer is the same for all of them."""
    question = session.get_one(CallQuestion, thing_id)
    call = question.call
    _tell(call, hearers(call), "answered", f"/open-calls/{call.public_id}#question-{question.public_id}")


@handler("alerts.reviewer_invited")
def reviewer_invited(thing_id: int) -> None:
    """Ask somebody to review."""
    reviewer = session.get_one(Reviewer, thing_id)
    if reviewer.state == "invited":
        _tell(reviewer.call, [reviewer.person], "review", f"/open-calls/reviewing/{reviewer.public_id}")


@handler("alerts.reviewer_answered")
def reviewer_answered(thing_id: int) -> None:
    """Tell the call's owners what a reviewer has answered."""
    reviewer = session.get_one(Reviewer, thing_id)
    if reviewer.state in ("active", "declined"):
        path = f"/open-calls/{reviewer.call.public_id}/reviewers"
        _tell(reviewer.call, _owners(reviewer.call), "reviews" if reviewer.state == "active" else "reviews_not", path, note=reviewer.person.name)


@handler("alerts.board_asked")
def board_asked(thing_id: int) -> None:
    """Tell the members of the board's organisation that a call asks for it."""
    call = session.get_one(Call, thing_id)
    if call.asked_board is not None:
        keepers = select(Person).join(Membership, Membership.person_id == Person.id).where(Membership.organisation_id == call.asked_board.organisation_id)
        _tell(call, session.scalars(keepers.order_by(Person.id)), "board_asked", f"/boards/{call.asked_board.public_id}")


@handler("alerts.board_answered")
def board_answered(thing_id: int) -> None:
    """Tell the call's owners what the board's organisation has decided, unless they decided it themselves."""
    call = session.get_one(Call, thing_id)
    step = select(Event).where(Event.thing == noun(call), Event.thing_id == call.id, Event.name == "open_call.board_answered").order_by(Event.id.desc())
    event = session.scalar(step.limit(1))
    board = session.get(Board, event.facts["board"]) if event else None
    if event is None or board is None or board.organisation_id == call.organisation_id:
        return
    for person in {one.id: one for one in _owners(call)}.values():
        _tell(call, [person], "board_taken" if event.facts["accepted"] else "board_refused", note=board.titled(person.language)[0])
