"""The paths: which step is done, as the data say it. Every question is one `exists` over an index; a path whose end is reached asks only that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from marketplace.catalogue.experts.models import Expert
from marketplace.catalogue.facilities.models import Facility
from marketplace.catalogue.models import Offer, Technology
from marketplace.catalogue.scenarios.models import Scenario
from marketplace.config import Settings
from marketplace.db import session
from marketplace.deals.models import Deal
from marketplace.deals.worklist.models import Specialty
from marketplace.matching.models import Match, MatchAnswer
from marketplace.needs.models import Need
from marketplace.people.models import Organisation, Person


@dataclass(frozen=True)
class Step:
    """One step of a path: its code, whether it is done, and the public id of what its button leads to, if it is about one thing."""

    code: str
    done: bool
    about: str | None = None


@dataclass(frozen=True)
class Path:
    """The steps of one person in their order. `now` is the one to do."""

    kind: str
    steps: tuple[Step, ...]

    @property
    def now(self) -> Step | None:
        """The first step that is not done."""
        return next((step for step in self.steps if not step.done), None)

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(step.done for step in self.steps)


def path_of(person: Person, settings: Settings) -> Path | None:
    """What the person does next; None when he has hidden it or has come to its end."""
    if person.first_steps_hidden is not None:
        return None
    kind = _kind(person)
    if kind in ENDS and ENDS[kind](person):
        return None
    steps = tuple(PATHS[kind](person, settings))
    return Path(kind, steps) if any(not step.done for step in steps) else None


def _kind(person: Person) -> str:
    """Operators and technology managers by what they are; others by their first organisation, and as a firm before there is one."""
    if person.is_operator:
        return "operator"
    if person.is_broker:
        return "broker"
    kinds = [organisation.kind for organisation in person.organisations]
    return {"institute": "institute", "service_provider": "provider", "agency": "provider"}.get(kinds[0], "firm") if kinds else "firm"


def _any(query: Any) -> bool:
    return session.scalar(query.limit(1)) is not None


def _houses(person: Person) -> list[int]:
    return list(person.seats)


def _arrival(person: Person) -> list[Step]:
    """What everybody does first: prove the address, enter the organisation."""
    return [Step("confirm", person.confirmed is not None), Step("organisation", bool(person.memberships))]


def _verification(person: Person) -> Step:
    """Handed in counts as done: the rest of it is the operator's."""
    own = [organisation for organisation in person.organisations if person.seats[organisation.id] == "owner"]
    waiting = next((one for one in own if one.state in ("unverified", "refused")), None)
    return Step("verification", bool(person.memberships) and waiting is None, waiting.public_id if waiting else None)


def _asked_as_firm(person: Person) -> bool:
    own = _houses(person)
    asked = select(Match.id).join(Need, Need.id == Match.need_id).where(Need.organisation_id.in_(own), Match.firm == "introduced")
    return _any(select(Deal.id).where(Deal.firm_id.in_(own))) or _any(asked)


def _answered_as_holder(person: Person) -> bool:
    own = _houses(person)
    answered = select(Match.id).join(Technology, Technology.id == Match.technology_id).where(Technology.organisation_id.in_(own), Match.holder != "new")
    return _any(select(Deal.id).where(Deal.holder_id.in_(own))) or _any(answered)


def _opened(person: Person) -> bool:
    return _any(select(Deal.id).where(Deal.broker_id == person.id))


def _firm(person: Person, _settings: Settings) -> Sequence[Step]:
    own = or_(Need.author_id == person.id, Need.organisation_id.in_(_houses(person)))
    draft = session.scalar(select(Need.public_id).where(own, Need.state == "draft").order_by(Need.id.desc()).limit(1))
    looked = select(Match.id).join(Need, Need.id == Match.need_id).where(Need.organisation_id.in_(_houses(person)), Match.firm != "new")
    return [
        *_arrival(person), Step("need", _any(select(Need.id).where(own))),
        Step("publish", _any(select(Need.id).where(own, Need.state.in_((*Need.OPEN_STATES, "solved")))), draft),
        Step("look", _any(looked)), Step("introduction", False),
    ]


def _institute(person: Person, _settings: Settings) -> Sequence[Step]:
    own: ColumnElement[bool] = Technology.organisation_id.in_(_houses(person))
    bare = select(Technology.public_id).outerjoin(Offer, Offer.technology_id == Technology.id).where(own, Offer.id.is_(None), Technology.state != "withdrawn")
    return [
        *_arrival(person), _verification(person), Step("technology", _any(select(Technology.id).where(own))),
        Step("terms", _any(select(Offer.id).join(Technology, Technology.id == Offer.technology_id).where(own)),
             session.scalar(bare.order_by(Technology.id).limit(1))),
        Step("show", _any(select(Technology.id).where(own, Technology.state == "published")),
             session.scalar(select(Technology.public_id).where(own, Technology.state == "draft").order_by(Technology.id).limit(1))),
        Step("reply", False),
    ]


def _broker(person: Person, _settings: Settings) -> Sequence[Step]:
    return [
        Step("confirm", person.confirmed is not None), Step("specialty", _any(select(Specialty.id).where(Specialty.person_id == person.id))),
        Step("pair", _any(select(MatchAnswer.id).where(MatchAnswer.person_id == person.id, MatchAnswer.side == "broker"))), Step("deal", False),
    ]


def _operator(_person: Person, settings: Settings) -> Sequence[Step]:
    return [
        Step("mail", settings.smtp is not None), Step("scanner", settings.scanner is not None),
        Step("verify", _any(select(Organisation.id).where(Organisation.state == "verified"))),
        Step("invite", _any(select(Person.id).where(Person.is_broker.is_(True)))),
    ]


def _provider(person: Person, _settings: Settings) -> Sequence[Step]:
    return [*_arrival(person), _verification(person), Step("resource", False)]


def _offers_resource(person: Person) -> bool:
    return any(_any(select(model.id).where(model.organisation_id.in_(_houses(person)))) for model in (Facility, Expert, Scenario))


PATHS: dict[str, Callable[[Person, Settings], Sequence[Step]]] = {
    "firm": _firm, "institute": _institute, "broker": _broker, "operator": _operator, "provider": _provider,
}
ENDS: dict[str, Callable[[Person], bool]] = {
    "firm": _asked_as_firm, "institute": _answered_as_holder, "broker": _opened, "provider": _offers_resource,
}
"""When a path is over: its last step, which is therefore never done while the path is shown."""
