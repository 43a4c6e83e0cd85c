"""Mail about distilling: questions to read, the firm's answer, a badge given, a badge that ends."""

from __future__ import annotations

from marketplace.alerts.operations import to_person
from marketplace.db import session
from marketplace.jobs import handler
from marketplace.matching.documents import shown_title
from marketplace.needs.distilling.models import Distillation
from marketplace.needs.models import Need
from marketplace.people import organisations
from marketplace.people.models import Person


def _firm(need: Need) -> list[Person]:
    """Who answers for the need: its author while it acts for the firm, and the firm's owners."""
    owners = organisations.owners(need.organisation) if need.organisation else []
    author = [need.author] if need.author and (need.organisation_id is None or need.organisation_id in need.author.seats) else []
    return [person for person in {person.id: person for person in (*author, *owners)}.values() if person.is_active]


def _tell(step: str, need: Need, path: str, readers: list[Person], words: str = "", day: bool = False) -> None:
    for person in readers:
        title = shown_title(person, need, person.language)[0]
        to_person("need_news", person, path, step=step, title=title, words=words, day=(day and need.verified_until) or "")


@handler("alerts.questions_sent")
def questions_sent(thing_id: int) -> None:
    """Tell the firm that a broker has written technical questions, to be signed off or sent back."""
    found = session.get_one(Distillation, thing_id)
    if found.state == "sent":
        _tell("sent", found.need, f"/distillations/{found.public_id}", _firm(found.need))


@handler("alerts.questions_answered")
def questions_answered(thing_id: int) -> None:
    """Tell the broker that the firm has signed the questions off, or sent them back and why."""
    found = session.get_one(Distillation, thing_id)
    if found.state in ("signed_off", "returned") and found.broker.is_active:
        _tell(found.state, found.need, f"/distillations/{found.public_id}", [found.broker], found.words or "")


@handler("alerts.need_verified")
def need_verified(thing_id: int) -> None:
    """Tell the firm that its need was checked as a real one, and until when the badge stands."""
    need = session.get_one(Need, thing_id)
    if need.grade == "verified":
        _tell("verified", need, f"/needs/{need.public_id}", _firm(need), day=True)


@handler("alerts.badge_ends")
def badge_ends(thing_id: int) -> None:
    """Tell the firm and the checker that a badge ends soon and can be renewed."""
    need = session.get_one(Need, thing_id)
    if need.grade != "verified":
        return
    checker = [need.verified_by] if need.verified_by and need.verified_by.is_active else []
    _tell("ends", need, f"/needs/{need.public_id}", _firm(need), day=True)
    _tell("renew", need, f"/needs/{need.public_id}/verification", checker, day=True)
