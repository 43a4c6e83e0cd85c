"""Mail about changes of an account's ways in: whoever did not make them himself must hear of it."""

from __future__ import annotations

from marketplace.alerts.operations import to_person
from marketplace.db import session
from marketplace.errors import N_
from marketplace.jobs import handler
from marketplace.people.models import Person


def _tell(thing_id: int, changed: str) -> None:
    person = session.get_one(Person, thing_id)
    if person.is_active:
        to_person("account_changed", person, "/settings/sessions", changed=changed)


@handler("alerts.password_changed")
def password_changed(thing_id: int) -> None:
    """The password is another one."""
    _tell(thing_id, N_("the password of your account at TechBridge was changed."))


@handler("alerts.authenticator_added")
def authenticator_added(thing_id: int) -> None:
    """An app was set up."""
    _tell(thing_id, N_("an app with six digits was set up for your account at TechBridge. From now on it is asked for when you sign in."))


@handler("alerts.authenticator_removed")
def authenticator_removed(thing_id: int) -> None:
    """The app was taken off."""
    _tell(thing_id, N_("the app with six digits was taken off your account at TechBridge."))


@handler("alerts.passkey_added")
def passkey_added(thing_id: int) -> None:
    """A passkey came."""
    _tell(thing_id, N_("a passkey was added to your account at TechBridge."))


@handler("alerts.passkey_removed")
def passkey_removed(thing_id: int) -> None:
    """A passkey was taken off."""
    _tell(thing_id, N_("a passkey was taken off your account at TechBridge."))


@handler("alerts.codes_made")
def codes_made(thing_id: int) -> None:
    """New recovery codes."""
    _tell(thing_id, N_("new recovery codes were made for your account at TechBridge. The old ones are worth nothing."))


@handler("alerts.code_used")
def code_used(thing_id: int) -> None:
    """A recovery code was used to sign in."""
    _tell(thing_id, N_("a recovery code was used to sign in to your account at TechBridge."))


@handler("alerts.ended_by_operator")
def ended_by_operator(thing_id: int) -> None:
    """An operator has ended all sessions."""
    _tell(thing_id, N_("an operator has ended all sessions of your account at TechBridge. Please sign in anew."))


@handler("alerts.tries")
def tries(thing_id: int) -> None:
    """Somebody has tried ten wrong passwords or codes within a day."""
    _tell(thing_id, N_("within a day somebody has tried ten wrong passwords or codes to sign in to your account at TechBridge."))
