"""The verbs of distilling: keep a draft, send it, take it back, sign it off, send it back; verify a need, and renew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.db import in_language, now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.jobs import handler
from marketplace.needs.distilling.composing import composed, targets_of
from marketplace.needs.distilling.models import FINDINGS, TESTS, Distillation, Verification
from marketplace.needs.models import Need
from marketplace.needs.operations import VERIFIED, content
from marketplace.people.models import Person
from marketplace.record import move, record, revise

MOST_QUESTIONS, MOST_TARGETS, MOST_ATTEMPTS = 12, 6, 12
SHORTEST_EVIDENCE = 10
REMINDED = timedelta(days=14)  # before the end of a badge
BATCH = 200
OPEN = ("draft", "sent")


def rounds(need: Need) -> list[Distillation]:
    """All rounds of the need, newest first."""
    return list(session.scalars(select(Distillation).where(Distillation.need_id == need.id).order_by(Distillation.number.desc())))


def latest(need: Need) -> Distillation | None:
    """The newest round, whatever its state."""
    return session.scalar(select(Distillation).where(Distillation.need_id == need.id).order_by(Distillation.number.desc()).limit(1))


def in_state(need: Need, *states: str) -> Distillation | None:
    """The newest round in one of these states."""
    session.flush()  # a step taken a moment ago counts
    found = select(Distillation).where(Distillation.need_id == need.id, Distillation.state.in_(states))
    return session.scalar(found.order_by(Distillation.number.desc()).limit(1))


def waiting_for(need: Need) -> Distillation | None:
    """The round that waits for the firm's answer."""
    return in_state(need, "sent")


def by_public_id(actor: Actor, public_id: str) -> Distillation:
    """The round under this id, for those who may read it: the firm, and brokers who read the need in full. A draft is for brokers alone.

    Raises `NotFound`: that there is one is nobody else's business.
    """
    found = session.scalar(select(Distillation).where(Distillation.public_id == public_id))
    if found is None or not may(actor, "need.distil" if found.state == "draft" else "need.interview", found.need):
        raise NotFound()
    return found


def begun_sheet(need: Need) -> dict[str, Any]:
    """The sheet of a first interview: what the need says already, to be asked about."""
    said = {name: in_language(getattr(need, name), need.language)[0] for name in ("place", "constraints", "volume", "tried")}
    attempts = [{"what": said.pop("tried"), "by": "", "when": "", "why": ""}]
    return {
        **said, "attempts": attempts if attempts[0]["what"] else [], "targets": "", "budget_min": need.budget_min, "budget_max": need.budget_max,
        "currency": need.currency, "payer": need.payer, "cash": need.cash, "deadline": need.deadline.isoformat() if need.deadline else None,
        "asked": "", "interviewed": None, "tests": {name: {"finding": "unclear", "evidence": ""} for name in TESTS},
    }


def save(actor: Actor, need: Need, sheet: dict[str, Any], questions: list[dict[str, Any]], at: datetime | None = None) -> Distillation:
    """Keep the draft of the round that is open, or begin the next one; whoever saves it is its broker. Refused while the firm reads it."""
    require(actor, "need.distil", need)
    moment = at or now()
    found = in_state(need, *OPEN)
    if found is not None and found.state == "sent":
        raise Refused(N_("The questions are with the firm. Take them back first, or wait for the answer."))
    if found is None:
        last = session.scalar(select(func.max(Distillation.number)).where(Distillation.need_id == need.id)) or 0
        found = Distillation(need=need, need_id=need.id, number=last + 1, state="draft", created=moment)
        session.add(found)
    found.broker_id, found.sheet, found.questions, found.updated = actor.id, sheet, questions, moment
    record(found, "saved", actor, moment)
    return found


def check(need: Need, questions: list[dict[str, Any]]) -> None:
    """Raise `Refused` unless there is a question and the firm can read each of them: it signs them off, and they are matched beside its words."""
    if not questions:
        raise Refused(N_("Write at least one technical question."), field="questions")
    if any(not question["text"].get(need.language) for question in questions):
        raise Refused(N_("Write each question in the firm's language too: the firm signs it off."), field="questions")


def send(actor: Actor, distillation: Distillation, at: datetime | None = None) -> Distillation:
    """Give the questions to the firm to read. What was signed off before goes on being matched until the firm has answered."""
    need = distillation.need
    require(actor, "need.distil", need)
    check(need, distillation.questions)
    moment = at or now()
    move(distillation, "send", actor, moment)
    distillation.sent, distillation.need_revision = moment, need.revision
    return distillation


def recall(actor: Actor, distillation: Distillation, at: datetime | None = None) -> Distillation:
    """The broker takes the questions back from the firm, to change them."""
    move(distillation, "recall", actor, at)
    return distillation


def sign_off(actor: Actor, distillation: Distillation, at: datetime | None = None) -> Distillation:
    """The firm signs the questions off: grade distilled, and both texts are matched. A badge for older questions ends with them."""
    need, moment = distillation.need, at or now()
    require(actor, "need.sign_off", need)
    while (older := in_state(need, "signed_off", "returned")) is not None:
        move(older, "supersede", SYSTEM, moment)
    session.flush()  # one signed-off round at a time: the database refuses two
    move(distillation, "sign_off", actor, moment)
    distillation.answered, distillation.answered_by_id = moment, actor.id
    need.questions, need.question_targets = composed(distillation.questions), targets_of(distillation.questions)
    need.distilled_by_id, need.signed_off, need.grade = distillation.broker_id, moment, "distilled"
    need.verified, need.verified_until = None, None
    revise(need, actor, content(need), moment)
    record(need, "distilled", actor, moment)
    return distillation


def send_back(actor: Actor, distillation: Distillation, words: str, at: datetime | None = None) -> Distillation:
    """The firm sends the questions back and says what is wrong with them; the broker begins the next round from them."""
    require(actor, "need.sign_off", distillation.need)
    if not words.strip():
        raise Refused(N_("Say in a few words what should be different."), field="words")
    moment = at or now()
    distillation.words, distillation.answered, distillation.answered_by_id = words.strip(), moment, actor.id
    move(distillation, "send_back", actor, moment)
    return distillation


def unanswered(sheet: Mapping[str, Any]) -> list[str]:
    """Which points of the interview sheet are still open, by name, in the order of the sheet."""
    plain = ("place", "attempts", "constraints", "volume", "budget_max", "deadline", "asked", "interviewed")
    found = [name for name in plain if not sheet.get(name)]
    found += [name for name, none in (("payer", "undecided"), ("cash", "none")) if sheet.get(name, none) == none]
    return found + [name for name in TESTS if not passed(sheet.get("tests", {}).get(name, {}))]


def passed(test: Mapping[str, Any]) -> bool:
    """Whether a test was found "yes", with evidence."""
    return test.get("finding") == "yes" and len((test.get("evidence") or "").strip()) >= SHORTEST_EVIDENCE


def verify(actor: Actor, need: Need, tests: Mapping[str, Mapping[str, str]], at: datetime | None = None) -> Verification:
    """A broker outside the firm has checked both tests, with evidence: the badge stands for 180 days. Done again, it is renewed.

    Refused unless the firm has signed the questions off and each test was found "yes" with evidence in words.
    """
    require(actor, "need.verify", need)
    if need.organisation_id in actor.seats:
        raise Refused(N_("Somebody outside the firm must check the need."))
    if need.grade == "declared":
        raise Refused(N_("The firm must sign the technical questions off before the need can be verified."))
    lacks = [(f"{name}_evidence", _lacking(tests.get(name, {}))) for name in TESTS if not passed(tests.get(name, {}))]
    if lacks:
        raise Refused(lacks[0][1], field=lacks[0][0], also=lacks[1:])
    moment, until = at or now(), ((at or now()) + VERIFIED).date()
    signed = in_state(need, "signed_off")
    made = Verification(
        need=need, need_id=need.id, distillation_id=signed.id if signed else None, person_id=actor.id, organisation_id=_checking_for(actor),
        at=moment, until=until, evidence={name: tests[name]["evidence"].strip() for name in TESTS},
    )
    session.add(made)
    need.grade, need.verified, need.verified_by_id, need.verified_until = "verified", moment, actor.id, until
    revise(need, actor, content(need), moment)
    record(need, "verified", actor, moment)
    return made


def _lacking(test: Mapping[str, str]) -> str:
    if test.get("finding") in FINDINGS[1:]:
        return N_("The badge is for needs where this test was found “yes”. Note the finding in the interview sheet instead.")
    return N_("Write down what you saw: at least a sentence of evidence.")


def _checking_for(actor: Actor) -> int | None:
    """The verified organisation the checker speaks for, if there is one: an agency before any other."""
    person = session.get(Person, actor.id) if actor.id is not None else None
    verified = [one for one in person.organisations if one.state == "verified"] if person else []
    return next((one.id for one in sorted(verified, key=lambda one: one.kind != "agency")), None)


def verifications(need: Need) -> list[Verification]:
    """Who checked the need when, newest first."""
    return list(session.scalars(select(Verification).where(Verification.need_id == need.id).order_by(Verification.id.desc())))


@handler("needs.remind_badges", every=timedelta(hours=6))
def remind_badges(thing_id: int | None = None) -> Iterator[None]:
    """Say of each badge, once, that it ends within 14 days: the firm and the checker are told."""
    day = now().date()
    ending = select(Verification).join(Need).where(
        Verification.until <= day + REMINDED, Verification.until >= day, Verification.reminded.is_(None), Need.grade == "verified",
        Verification.until == Need.verified_until, Need.state.in_(Need.OPEN_STATES),
    )
    while due := list(session.scalars(ending.limit(BATCH))):
        for verification in due:
            verification.reminded = now()
            record(verification.need, "badge_ends", SYSTEM, until=verification.until.isoformat())
        yield
