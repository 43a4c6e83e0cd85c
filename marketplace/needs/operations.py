"""The verbs of needs: write, post, withdraw, solve; and keep what a visitor pasted. Distilling and verifying have a room of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from marketplace.access import SYSTEM, Actor, require
from marketplace.catalogue import teasers
from marketplace.db import LANGUAGES, now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.jobs import handler
from marketplace.needs.distilling.models import Distillation
from marketplace.needs.models import Need, PastedProblem
from marketplace.people.models import Organisation
from marketplace.record import move, record, revise

TEXTS = ("title", "problem", "place", "tried", "constraints", "volume", "teaser")
FACTS = (
    "visibility", "nda_required", "language", "targets", "budget_min", "budget_max", "currency", "payer", "cash", "modes", "industry", "region",
)
ONLY_IF_BLIND = ("teaser", "nda_required")
PASTED_KEPT = timedelta(days=14)
PASTED_LIMIT = 20_000
TITLE_LENGTH = 40
LISTED = timedelta(days=365)
VERIFIED = timedelta(days=180)
BATCH = 200


def content(need: Need) -> dict[str, Any]:
    """The whole content of a need as a revision keeps it."""
    said = {name: getattr(need, name) for name in (*TEXTS, *FACTS, "questions", "question_targets", "grade")}
    kept = {name: value for name, value in said.items() if value or name not in ONLY_IF_BLIND}
    kept["deadline"] = need.deadline.isoformat() if need.deadline else None
    kept["organisation"] = need.organisation_id
    return kept


def check(values: dict[str, Any]) -> None:
    """Raise `Refused` unless these hold what holds of every need, draft or not."""
    low, high = values.get("budget_min"), values.get("budget_max")
    if low is not None and high is not None and high < low:
        raise Refused(N_("The upper end of the budget lies below the lower end."), field="budget_max")
    problem = values.get("problem")
    if problem is not None and not any(problem.get(code) for code in LANGUAGES):
        raise Refused(N_("Describe the problem in at least one language."), field="problem_zh")


def refuse_revealing(values: dict[str, Any], organisation: Organisation | None) -> None:
    """Raise `Refused` where the teaser of a need that is or becomes blind gives it away."""
    if values["visibility"] == "blind":
        names = [*organisation.name.values(), *organisation.names] if organisation else []
        texts = [values.get(name) or {} for name in (*TEXTS, "questions") if name not in ("title", "teaser")]
        teasers.check(values["teaser"] or {}, teasers.Secrets(values["title"], texts, names))


def fill(need: Need, values: dict[str, Any]) -> None:
    """Set the named fields. Raises `Refused`."""
    unknown = values.keys() - {*TEXTS, *FACTS, "deadline", "organisation"}
    if unknown:
        raise ValueError(f"not fields of a need: {sorted(unknown)}")
    check(values)
    for name, value in values.items():
        setattr(need, name, value)
    if "organisation" in values:
        need.organisation_id = values["organisation"].id if values["organisation"] else None
    refuse_revealing({name: getattr(need, name) for name in (*TEXTS, "visibility", "questions")}, need.organisation)
    if need.state in Need.OPEN_STATES:
        teasers.refuse_without(need)


def create_need(actor: Actor, organisation: Organisation | None, at: datetime | None = None, **values: Any) -> Need:
    """A draft need of the organisation, or of the author alone until it has one."""
    require(actor, "need.create")
    moment = at or now()
    if organisation is not None and organisation.id not in actor.seats and actor is not SYSTEM:
        raise NotFound()
    need = draft(actor, organisation, moment)
    fill(need, values)
    session.add(need)
    record(need, "create", actor, moment)
    revise(need, actor, content(need), moment)
    return need


def draft(actor: Actor, organisation: Organisation | None, at: datetime) -> Need:
    """An empty need, to be filled and added to the session."""
    return Need(
        organisation=organisation, organisation_id=organisation.id if organisation else None, author_id=actor.id, state="draft",
        visibility="public", nda_required=False, language="zh", currency="CNY", payer="undecided", cash="none", grade="declared", revision=0,
        created=at, updated=at, targets=[], modes=[], **{name: {} for name in TEXTS}, questions={}, question_targets=[],
    )


def edit_need(actor: Actor, need: Need, at: datetime | None = None, **values: Any) -> Need:
    """Change a need; what changed becomes a revision. A changed problem takes back a sign-off given to the old text."""
    require(actor, "need.edit", need)
    organisation = values.get("organisation")
    if organisation is not None and organisation.id not in actor.seats and actor is not SYSTEM:
        raise NotFound()
    moment = at or now()
    before = dict(need.problem)
    fill(need, values)
    if need.grade != "declared" and need.problem != before:
        need.grade, need.signed_off, need.verified, need.verified_until = "declared", None, None, None
        signed = session.scalar(select(Distillation).where(Distillation.need_id == need.id, Distillation.state == "signed_off"))
        if signed is not None:
            move(signed, "supersede", SYSTEM, moment)
    if revise(need, actor, content(need), moment) is not None:
        need.updated = moment
        if need.state in Need.OPEN_STATES:
            record(need, "revised", actor, moment, revision=need.revision)
    return need


def missing(need: Need, today: date) -> list[tuple[str, str]]:
    """What a need lacks before it can be posted: (field, message id) pairs, in the order of the form."""
    found = []
    if not any(need.title.values()):
        found.append(("title_zh", N_("Give the need a title.")))
    if not any(need.problem.values()):
        found.append(("problem_zh", N_("Describe the problem in at least one language.")))
    if not any(need.tried.values()):
        found.append(("tried_zh", N_("Say what was tried and why it failed: it shows that the firm cannot solve it alone.")))
    if need.organisation_id is None:
        found.append(("organisation", N_("Choose the organisation that posts this need.")))
    if not need.industry:
        found.append(("industry", N_("Choose the industry.")))
    if not need.modes:
        found.append(("modes", N_("Choose at least one way of working together.")))
    if need.budget_max is None and need.cash != "none":
        found.append(("budget_max", N_("Say how much is planned or committed.")))
    if need.visibility == "blind" and not any(need.teaser.values()):
        found.append(("teaser_zh", teasers.NO_TEASER))
    if need.deadline is not None and need.deadline < today:
        found.append(("deadline", N_("The deadline lies in the past.")))
    return found


def post_need(actor: Actor, need: Need, at: datetime | None = None) -> Need:
    """Publish the need at the grade it has. Refused with all that it lacks, the first thing first."""
    moment = at or now()
    lacks = missing(need, moment.date())
    if lacks:
        field, message = lacks[0]
        raise Refused(message, field=field, also=lacks[1:])
    move(need, "publish", actor, moment)
    need.published = moment
    need.listed_until = need.deadline or (moment + LISTED).date()
    return need


def submit_need(actor: Actor, need: Need, at: datetime | None = None) -> Need:
    """Hand the draft to whoever posts for the firm, or to a broker who helps to write it."""
    move(need, "submit", actor, at)
    return need


def withdraw_need(actor: Actor, need: Need, at: datetime | None = None) -> Need:
    """Take the need off the site; it can be posted again."""
    move(need, "withdraw", actor, at)
    return need


def solve_need(actor: Actor, need: Need, at: datetime | None = None) -> Need:
    """The firm says that the problem is solved."""
    move(need, "solve", actor, at)
    return need


def keep_pasted(text: str, at: datetime | None = None) -> PastedProblem:
    """Keep what a visitor pasted, for 14 days, under a random id. Refused when empty or beyond 20,000 characters."""
    text = text.replace("\x00", "").strip()
    if not text:
        raise Refused(N_("Write a few words about the problem first."), field="problem")
    if len(text) > PASTED_LIMIT:
        raise Refused(N_("This text is too long: %(limit)s characters at most."), field="problem", limit=PASTED_LIMIT)
    moment = at or now()
    pasted = PastedProblem(text=text, created=moment, expires=moment + PASTED_KEPT)
    session.add(pasted)
    session.flush()  # its random id goes into the address that answers
    return pasted


def pasted(public_id: str, at: datetime | None = None) -> PastedProblem:
    """The pasted problem under this id, while it is kept. Raises `NotFound`."""
    found = session.scalar(select(PastedProblem).where(PastedProblem.public_id == public_id))
    if found is None or found.expires < (at or now()):
        raise NotFound(N_("This text was kept for 14 days and is gone. Paste it again on the front page."))
    return found


def adopt_pasted(actor: Actor, public_id: str, language: str, at: datetime | None = None) -> Need:
    """Turn a pasted problem into the person's draft need; asked again, the same need is given back."""
    require(actor, "need.create")
    found = pasted(public_id, at)
    if found.need_id is not None:
        known = session.get_one(Need, found.need_id)
        if known.author_id == actor.id:
            return known
        raise NotFound()
    organisation = next(iter(getattr(actor, "organisations", [])), None)
    first_line = found.text.splitlines()[0]
    title = first_line[:TITLE_LENGTH] + ("…" if len(first_line) > TITLE_LENGTH else "")
    need = create_need(
        actor, organisation, at, title={language: title}, problem={language: found.text}, language=language,
        region=organisation.region if organisation else None,
    )
    found.need_id = need.id
    return need


def drafts_of(actor: Actor) -> list[Need]:
    """The drafts the actor may go on with, newest first."""
    own = (Need.organisation_id.in_(list(actor.seats))) | ((Need.author_id == actor.id) & Need.organisation_id.is_(None))
    query = select(Need).where(Need.state.in_(("draft", "submitted")), own).order_by(Need.updated.desc()).limit(50)
    return list(session.scalars(query))


def is_first(actor: Actor) -> bool:
    """Whether neither the actor nor his organisations have published a need yet."""
    own = Need.organisation_id.in_(list(actor.seats)) | (Need.author_id == actor.id)
    return session.scalar(select(Need.id).where(own, Need.published.is_not(None)).limit(1)) is None


def by_public_id(actor: Actor, public_id: str) -> Need:
    """The need under this id, if the actor may know of it: of a blind one perhaps its teaser alone. Raises `NotFound`."""
    need = session.scalar(select(Need).where(Need.public_id == public_id))
    if need is None:
        raise NotFound()
    require(actor, "listing.read", need)
    return need


@handler("needs.expire", every=timedelta(days=1))
def expire_needs(thing_id: int | None = None) -> Iterator[None]:
    """Take needs whose listing has run out off the site, badges whose 180 days are over off the need, and old pasted texts away."""
    today = now().date()
    due = select(Need).where(Need.state.in_(("submitted", "published", "matched")), Need.listed_until < today).limit(BATCH)
    while expired := list(session.scalars(due)):
        for need in expired:
            move(need, "expire", SYSTEM)
        yield
    stale = select(Need).where(Need.grade == "verified", Need.verified_until < today).limit(BATCH)
    while lapsed := list(session.scalars(stale)):
        for need in lapsed:
            need.grade = "distilled"
            revise(need, SYSTEM, content(need))
            record(need, "badge_expired", SYSTEM)
        yield
    session.execute(delete(PastedProblem).where(PastedProblem.expires < now()))
