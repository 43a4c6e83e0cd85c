"""The verbs of experts: what a listing must hold, the person's consent, asking for contact."""

from __future__ import annotations

from datetime import date, datetime

from marketplace.access import SYSTEM, Actor, require
from marketplace.catalogue.experts.models import KINDS, MOST_DAYS, Expert, ExpertRequest
from marketplace.catalogue.resources import operations as resources
from marketplace.catalogue.resources.operations import Kind
from marketplace.db import now
from marketplace.errors import N_, Refused
from marketplace.people.models import Organisation
from marketplace.people.regions import is_region
from marketplace.record import move, record

PLAIN = ("kind", "name", "person_id", "consent_held", "speaks", "regions", "days", "available_from", "available_until")


def _check(expert: Expert) -> None:
    if expert.kind not in KINDS:
        raise Refused(N_("Choose one of the kinds."), field="kind")
    if not any((expert.name or {}).values()):
        raise Refused(N_("Give the expert's name in at least one language."), field="name_zh")
    if expert.days is not None and not 1 <= expert.days <= MOST_DAYS:
        raise Refused(N_("Give a number of days a month from 1 to 31."), field="days")
    if expert.available_from and expert.available_until and expert.available_until < expert.available_from:
        raise Refused(N_("The last day lies before the first."), field="available_until")
    for code in expert.regions:
        if not is_region(code):
            raise Refused(N_("There is no region “%(code)s”."), field="regions", code=code)
    if expert.person_id is not None and expert.person_id not in {seat.person_id for seat in expert.organisation.memberships}:
        raise Refused(N_("Choose somebody who is a member of your organisation here."), field="person")


def _ready(expert: Expert, today: date) -> None:
    if expert.available_until and expert.available_until < today:
        raise Refused(N_("The last day on which the expert is available lies in the past."), field="available_until")
    if expert.person_id is not None and expert.consented is None:
        raise Refused(N_("The expert has an account here and has not agreed to this text yet. It can be published when that is done."))
    if expert.person_id is None and not expert.consent_held:
        raise Refused(N_("Confirm that you hold the expert's consent to be listed."), field="consent_held")


def _edited(actor: Actor, expert: Expert, at: datetime) -> None:
    """What the person has agreed to is the text as it stood: another's change takes the consent back, and the listing off the site."""
    if expert.person_id is None:
        expert.consented = None
        return
    if expert.person_id == actor.id:
        expert.consented = at
        return
    if expert.state == "published":
        move(expert, "withdraw", SYSTEM, at)
    expert.consented = None
    record(expert, "consent_asked", actor, at)


KIND = Kind(Expert, (), PLAIN, _check, _ready, _edited)


def consent(actor: Actor, expert: Expert, at: datetime | None = None) -> Expert:
    """The person agrees to be listed with the text as it stands."""
    moment = at or now()
    require(actor, "expert.consent", expert)
    expert.consented = moment
    record(expert, "consented", actor, moment)
    return expert


def ask_consent(actor: Actor, expert: Expert, at: datetime | None = None) -> Expert:
    """Write to the person whose consent is missing."""
    require(actor, "expert.edit", expert)
    if expert.person_id is None or expert.consented is not None:
        raise Refused(N_("There is nobody to ask, or the answer is there already."))
    record(expert, "consent_asked", actor, at)
    return expert


def ask(actor: Actor, expert: Expert, organisation: Organisation, text: str, key: str, at: datetime | None = None) -> ExpertRequest:
    """Ask the institute for contact with its expert."""
    moment = at or now()
    require(actor, "expert.ask", expert)
    return resources.begin(actor, resources.asking(actor, ExpertRequest, expert, organisation, text, key, moment), moment)
