"""The three rooms in one table: for each the kind, the forms, and how a request is made and accepted, for the pages that all share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from marketplace.access import Actor
from marketplace.catalogue import operations as catalogue
from marketplace.catalogue.experts import operations as experts
from marketplace.catalogue.experts.forms import ExpertForm
from marketplace.catalogue.experts.models import Expert, ExpertRequest
from marketplace.catalogue.facilities import operations as facilities
from marketplace.catalogue.facilities.forms import BookingForm, FacilityForm
from marketplace.catalogue.facilities.models import Booking, Facility
from marketplace.catalogue.resources import operations
from marketplace.catalogue.resources.forms import AskForm, ResourceForm
from marketplace.catalogue.resources.operations import Kind
from marketplace.catalogue.scenarios import operations as scenarios
from marketplace.catalogue.scenarios.forms import ScenarioForm, TrialForm
from marketplace.catalogue.scenarios.models import Scenario, TrialApplication
from marketplace.errors import NotFound
from marketplace.people.models import Organisation


@dataclass(frozen=True)
class Room:
    """One kind of resource as its pages need it. `offered` is what the asker chooses from besides his organisations."""

    name: str
    kind: Kind
    form: type[ResourceForm]
    request: type[Any]
    ask_form: type[AskForm]
    ask: Callable[[Actor, Any, Organisation, Any], Any]
    accept: Callable[[Actor, Any], Any]
    offered: Callable[[Actor], list[Any]] = lambda actor: []

    @property
    def noun(self) -> str:
        """What one of them is called: its table."""
        return self.kind.model.__tablename__

    @property
    def request_noun(self) -> str:
        """What a request of it is called."""
        return self.request.__tablename__


def _book(actor: Actor, facility: Facility, organisation: Organisation, form: Any) -> Booking:
    return facilities.ask(actor, facility, organisation, form.wanted(), form.text.data, form.key.data)


def _contact(actor: Actor, expert: Expert, organisation: Organisation, form: Any) -> ExpertRequest:
    return experts.ask(actor, expert, organisation, form.text.data, form.key.data)


def _apply(actor: Actor, scenario: Scenario, _organisation: Organisation, form: Any) -> TrialApplication:
    technology = catalogue.in_full(actor, form.technology.data)
    return scenarios.ask(actor, scenario, technology, form.text.data, form.key.data)


def _accept(actor: Actor, request: Any) -> Any:
    return operations.answer(actor, request, "accept")


ROOMS = {
    room.name: room for room in (
        Room("facilities", facilities.KIND, FacilityForm, Booking, BookingForm, _book, facilities.accept),
        Room("experts", experts.KIND, ExpertForm, ExpertRequest, AskForm, _contact, _accept),
        Room("scenarios", scenarios.KIND, ScenarioForm, TrialApplication, TrialForm, _apply, scenarios.accept, scenarios.technologies_of),
    )
}
BY_NOUN = {room.noun: room for room in ROOMS.values()}
BY_REQUEST = {room.request_noun: room for room in ROOMS.values()}
MODELS = tuple(room.kind.model for room in ROOMS.values())


def room_of(resource: Any) -> Room:
    """The room of a resource."""
    return BY_NOUN[resource.__tablename__]


def of_request(noun: str) -> Room:
    """The room whose requests have this name. Raises `NotFound`."""
    if noun not in BY_REQUEST:
        raise NotFound()
    return BY_REQUEST[noun]
