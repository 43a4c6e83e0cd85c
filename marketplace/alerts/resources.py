"""Mail about facilities, experts and scenarios: a request that came, its answer, and the consent an expert is asked for.

The host's owners and members hear of what is asked of it; whoever asked hears of the answer. Of a request that has moved on since the event, what
it is now is told, and a state that nobody waits for is not.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from marketplace.alerts.operations import to_person
from marketplace.catalogue.experts.models import Expert, ExpertRequest
from marketplace.catalogue.facilities.models import Booking
from marketplace.catalogue.scenarios.models import TrialApplication
from marketplace.db import session
from marketplace.jobs import handler
from marketplace.people.models import Person
from marketplace.people.zones import in_zone
from marketplace.record import Event

OPEN = ("asked", "requested")


def _host(request: Any) -> list[Person]:
    return [seat.person for seat in request.resource.organisation.memberships if seat.person.is_active]


def _tell(request: Any, people: list[Person], when: str = "") -> None:
    for person in people:
        to_person(
            "resource_request", person, f"/resource-requests/{request.__tablename__}/{request.public_id}", what=request.__tablename__, state=request.state,
            title=request.resource.titled(person.language)[0], asker=request.organisation.called(person.language),
            host=request.resource.organisation.called(person.language), when=when, reason=request.reason or "", text=request.text,
        )


def _news(request: Any, when: str = "") -> None:
    """To the host while it is to answer; to whoever asked once it has; of a cancellation to the side that did not cancel."""
    if request.state in OPEN or (request.state == "cancelled" and not _cancelled_by_host(request)):
        _tell(request, _host(request), when)
    elif request.state in ("accepted", "declined", "cancelled") and request.person.is_active:
        _tell(request, [request.person], when)


def _cancelled_by_host(request: Any) -> bool:
    """Whose step it was stands in the log of events; somebody of both sides counts as the host, who had promised."""
    last = select(Event.actor_id).where(Event.name == f"{request.__tablename__}.cancel", Event.thing == request.__tablename__, Event.thing_id == request.id)
    who = session.scalar(last.order_by(Event.id.desc()).limit(1))
    return who in {seat.person_id for seat in request.resource.organisation.memberships}


@handler("alerts.booking_news")
def booking_news(thing_id: int) -> None:
    """Tell the other side what happened to a booking."""
    booking = session.get_one(Booking, thing_id)
    _news(booking, in_zone(booking.starts, booking.ends, booking.resource.zone))


@handler("alerts.expert_request_news")
def expert_request_news(thing_id: int) -> None:
    """Tell the other side what happened to a request for an expert."""
    _news(session.get_one(ExpertRequest, thing_id))


@handler("alerts.trial_application_news")
def trial_application_news(thing_id: int) -> None:
    """Tell the other side what happened to an application for a first trial."""
    _news(session.get_one(TrialApplication, thing_id))


@handler("alerts.consent_asked")
def consent_asked(thing_id: int) -> None:
    """Ask the expert to agree to his listing, where he has not."""
    expert = session.get_one(Expert, thing_id)
    person = expert.person
    if person is not None and person.is_active and expert.consented is None:
        title, host = expert.titled(person.language)[0], expert.organisation.called(person.language)
        to_person("expert_consent", person, f"/experts/{expert.public_id}", title=title, host=host)
