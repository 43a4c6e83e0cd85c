"""The verbs of every resource: write, publish, withdraw, expire; and of every request: answer, read, list.

What differs between the kinds is said by a `Kind` in the room of each: its fields, and what it refuses before it is saved or published.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from marketplace.access import Actor, may, require
from marketplace.catalogue.classification import FIELDS, industry_code
from marketplace.catalogue.models import DECLINE_CODES
from marketplace.catalogue.resources.models import VISIBILITIES, Request, Resource
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.people.models import Organisation
from marketplace.people.regions import is_region
from marketplace.record import move, noun, record, revise

SHARED_TEXTS = ("title", "description")
SHARED = ("visibility", "fields", "industries", "listed_until")
LONGEST = 4000  # characters of a request or an answer
NO_REASON = N_("Say why, so that whoever asked knows what would help.")


@dataclass(frozen=True)
class Kind:
    """One kind of resource: its table, its own texts in both languages and other fields; what is refused of it.

    `check` raises `Refused` for a field that is wrong, draft or not; `ready` for what it lacks on the day it is to be published; `edited` is
    told of each change that somebody made.
    """

    model: type[Any]
    texts: tuple[str, ...]
    plain: tuple[str, ...]
    check: Callable[[Any], None]
    ready: Callable[[Any, date], None]
    edited: Callable[[Actor, Any, datetime], None] = lambda actor, thing, at: None

    @property
    def all_texts(self) -> tuple[str, ...]:
        """All its texts."""
        return (*SHARED_TEXTS, *self.texts)

    @property
    def writable(self) -> tuple[str, ...]:
        """All that can be written."""
        return (*self.all_texts, *SHARED, *self.plain)


def content(kind: Kind, resource: Resource) -> dict[str, Any]:
    """The whole content of a resource as a revision keeps it; dates as ISO text."""
    values = {name: getattr(resource, name) for name in kind.writable}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def create(actor: Actor, what: Kind, organisation: Organisation, at: datetime | None = None, **values: Any) -> Any:
    """A draft of the organisation. Raises `Refused` by a field that is wrong."""
    require(actor, f"{what.model.__tablename__}.create", organisation)
    moment = at or now()
    resource = what.model(
        organisation=organisation, organisation_id=organisation.id, author_id=actor.id, state="draft", revision=0, created=moment, updated=moment,
    )
    with session.no_autoflush:
        _fill(what, resource, {"visibility": "public", **{name: {} for name in what.all_texts}, "fields": [], "industries": [], **values})
    session.add(resource)
    record(resource, "create", actor, moment)
    revise(resource, actor, content(what, resource), moment)
    what.edited(actor, resource, moment)
    return resource


def edit(actor: Actor, what: Kind, resource: Any, at: datetime | None = None, **values: Any) -> Any:
    """Change a resource; what changed becomes a revision."""
    require(actor, f"{noun(resource)}.edit", resource)
    moment = at or now()
    _fill(what, resource, values)
    if revise(resource, actor, content(what, resource), moment) is not None:
        resource.updated = moment
        what.edited(actor, resource, moment)
        if resource.state in what.model.OPEN_STATES:
            _refuse_unready(what, resource, moment.date())
            record(resource, "revised", actor, moment, revision=resource.revision)
    return resource


def _fill(kind: Kind, resource: Any, values: dict[str, Any]) -> None:
    unknown = values.keys() - set(kind.writable)
    if unknown:
        raise ValueError(f"not fields of a {kind.model.__tablename__}: {sorted(unknown)}")
    for name, value in values.items():
        setattr(resource, name, value)
    if not any(resource.title.values()):
        raise Refused(N_("Give it a title in at least one language."), field="title_zh")
    if resource.visibility not in VISIBILITIES:
        raise Refused(N_("A facility, an expert or a scenario is public, or open to verified organisations; it cannot be blind."), field="visibility")
    resource.industries = list(dict.fromkeys(_industry(code) for code in resource.industries or []))
    resource.fields = list(dict.fromkeys(resource.fields or []))
    for code in resource.fields:
        if code not in FIELDS:
            raise Refused(N_("There is no technology field “%(code)s”."), field="fields", code=code)
    if (region := getattr(resource, "region", None)) is not None and not is_region(region):
        raise Refused(N_("There is no region “%(code)s”."), field="region", code=region)
    kind.check(resource)


def _industry(code: str) -> str:
    found = industry_code(code)
    if found is None:
        raise Refused(N_("There is no industry “%(code)s” in GB/T 4754-2017."), field="industries", code=code)
    return found


def _refuse_unready(kind: Kind, resource: Any, today: date) -> None:
    if not any(resource.description.values()):
        raise Refused(N_("Describe it in at least one language: people search by these words."), field="description_zh")
    if resource.listed_until and resource.listed_until < today:
        raise Refused(N_("The day until which it is listed lies in the past."), field="listed_until")
    kind.ready(resource, today)


def publish(actor: Actor, kind: Kind, resource: Any, at: datetime | None = None) -> Any:
    """Open a resource to its readers. Refused with what it lacks."""
    moment = at or now()
    require(actor, f"{noun(resource)}.publish", resource)
    _refuse_unready(kind, resource, moment.date())
    move(resource, "publish", actor, moment)
    resource.published = moment
    return resource


def withdraw(actor: Actor, resource: Any, at: datetime | None = None) -> Any:
    """Take a resource off the site; it can be published again."""
    move(resource, "withdraw", actor, at)
    return resource


def by_public_id(actor: Actor, model: type[Any], public_id: str) -> Any:
    """The resource under this id, if the actor may read it. Raises `NotFound`."""
    resource = session.scalar(select(model).where(model.public_id == public_id))
    if resource is None:
        raise NotFound()
    require(actor, "listing.read", resource)
    return resource


def own_of(actor: Actor, models: Sequence[type[Any]], limit: int = 50) -> list[Any]:
    """What the actor's organisations have of each kind, drafts and all, newest first."""
    seats = list(actor.seats)
    return [row for model in models for row in session.scalars(
        select(model).where(model.organisation_id.in_(seats)).order_by(model.id.desc()).limit(limit))] if seats else []


# ---- requests

def asking(actor: Actor, model: type[Any], resource: Any, organisation: Organisation, text: str, key: str, at: datetime, state: str = "asked") -> Any:
    """The request that this form made before, or a new one to be filled; for an organisation of the actor's that is not the host itself.

    Raises `NotFound` where the organisation is none of his, `Refused` where the resource is not open or is the organisation's own.
    """
    require(actor, f"{noun(resource)}.ask", resource)
    if organisation.id not in actor.seats:
        raise NotFound()
    there = session.scalar(select(model).where(model.resource == resource, model.person_id == actor.id, model.key == key))
    if there is not None:
        return there
    if resource.state not in type(resource).OPEN_STATES:
        raise Refused(N_("This is not open at present."))
    if resource.organisation_id == organisation.id:
        raise Refused(N_("This belongs to the organisation you ask for."), field="organisation")
    words = text.strip()
    if not words:
        raise Refused(N_("Say in a few words what it is for."), field="text")
    if len(words) > LONGEST:
        raise Refused(N_("This text is too long: %(limit)s characters at most."), field="text", limit=LONGEST)
    return model(
        resource=resource, organisation=organisation, organisation_id=organisation.id, person_id=actor.id, state=state, text=words, key=key, created=at,
    )


def begin(actor: Actor, request: Any, at: datetime) -> Any:
    """Keep a new request and tell of it; one that was there before stays as it is."""
    require(actor, f"{noun(request.resource)}.ask", request.resource)
    if request.id is None:
        session.add(request)
        record(request, "ask", actor, at)
    return request


def request_by_public_id(actor: Actor, model: type[Any], public_id: str) -> Any:
    """The request under this id, for its two sides. Raises `NotFound`."""
    request = session.scalar(select(model).where(model.public_id == public_id))
    if request is None or not may(actor, f"{noun(request)}.read", request):
        raise NotFound()
    return request


def answer(actor: Actor, request: Request, verb: str, reason: str = "", code: str | None = None, at: datetime | None = None) -> Request:
    """Take a step of a request. Declining takes a reason, and so does a cancellation by the host, who had promised the day."""
    moment = at or now()
    require(actor, f"{noun(request)}.{verb}", request)
    words = reason.strip()[:LONGEST]
    hosting = request.sides["host"] in actor.seats
    if verb == "decline" and noun(request) == "trial_application" and code not in DECLINE_CODES:
        raise Refused(N_("Choose a reason."), field="code")
    needs_words = (verb == "decline" and (code or "other") == "other") or (verb == "cancel" and hosting)
    if needs_words and not words:
        raise Refused(NO_REASON, field="reason")
    if request.state in type(request).TRANSITIONS[verb].origin:  # written with the step, for the database wants a reason beside a decline
        request.reason, request.code = words or request.reason, code if verb == "decline" else request.code
        if hosting:
            request.answered, request.answered_by_id = moment, actor.id
    move(request, verb, actor, moment)
    return request
