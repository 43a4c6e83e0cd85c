"""Mail about recoveries: to the person at every step, with a link that stops it while it is open; to the operators when somebody asks."""

from __future__ import annotations

from marketplace.alerts.operations import to_person
from marketplace.db import session
from marketplace.jobs import handler
from marketplace.people.factors.models import OPEN, Recovery
from marketplace.people.operations import operators
from marketplace.people.recovery.operations import LAPSE, token_of


def _tell(asked: Recovery, what: str, path: str) -> None:
    if asked.person.is_active:
        to_person("recovery", asked.person, path, what=what, due=asked.due, until=asked.due + LAPSE)


@handler("alerts.recovery_asked")
def recovery_asked(thing_id: int) -> None:
    """Tell the person at once that somebody has asked, and the other operators that they have to answer."""
    asked = session.get_one(Recovery, thing_id)
    if asked.state in OPEN:
        _tell(asked, "asked", f"/recovery/{token_of(asked)}")
        for person in operators():
            if person.id != asked.person_id:
                to_person("recovery", person, f"/operations/recoveries/{asked.public_id}", what="to_answer", due=asked.due, until=asked.due)


@handler("alerts.recovery_allowed")
def recovery_allowed(thing_id: int) -> None:
    """An operator has allowed it: from when on the password is enough, and how to stop it."""
    asked = session.get_one(Recovery, thing_id)
    if asked.state in OPEN:
        _tell(asked, "allowed", f"/recovery/{token_of(asked)}")


@handler("alerts.recovery_refused")
def recovery_refused(thing_id: int) -> None:
    """An operator could not make sure who asked."""
    _tell(session.get_one(Recovery, thing_id), "refused", "/sign-in")


@handler("alerts.recovery_used")
def recovery_used(thing_id: int) -> None:
    """Somebody came in by it."""
    _tell(session.get_one(Recovery, thing_id), "used", "/reset")
