"""The verbs of outside sign-ins: find whose identity it is, join it to an account, open an account, part the two."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import select

from marketplace.access import Actor, require
from marketplace.db import now, session
from marketplace.errors import N_, Refused
from marketplace.languages import texts_for
from marketplace.people import passwords
from marketplace.people.models import Person
from marketplace.people.operations import address_key, by_address, usable_address, usable_name
from marketplace.people.outside.models import Identity
from marketplace.record import record


def whose(issuer: str, subject: str) -> Person | None:
    """The person whom this identity is joined to, if the account is open."""
    person = session.scalar(select(Person).join(Identity, Identity.person_id == Person.id).where(Identity.issuer == issuer, Identity.subject == subject))
    return person if person is not None and person.is_active else None


def identities_of(actor: Actor, person: Person) -> list[Identity]:
    """What the person's account is joined to."""
    require(actor, "person.edit", person)
    return list(session.scalars(select(Identity).where(Identity.person_id == person.id).order_by(Identity.id)))


def has_account(address: str) -> bool:
    """Whether somebody has signed up with the address: then he signs in once in the old way before the two are joined."""
    return by_address(address) is not None


def open_account(
    actor: Actor, issuer: str, subject: str, address: str, is_verified: bool, name: str, tongue: str, at: datetime | None = None
) -> Person:
    """A new account for somebody whom a provider knows, whose address it has verified and nobody has here. Its password is one that nobody knows."""
    require(actor, "person.sign_in")
    _refuse_unverified(is_verified)
    if has_account(address):
        raise Refused(N_("There is an account with this address already. Sign in with its password once, then join the two."))
    moment, usable = at or now(), usable_address(address)
    person = Person(
        name=usable_name(name or usable.partition("@")[0])[:80], address=usable, address_key=address_key(usable), confirmed=moment,
        password_hash=passwords.hashed(secrets.token_urlsafe(32)), language=texts_for(tongue), tongue=tongue, created=moment,
    )
    session.add(person)
    record(person, "registered", actor, moment, outside=True)
    session.add(Identity(person_id=person.id, issuer=issuer, subject=subject, made=moment))
    return person


def _refuse_unverified(is_verified: bool) -> None:
    if not is_verified:
        raise Refused(N_("The other sign-in has not verified your mail address. Ask whoever runs it, or sign up here."))


def join(actor: Actor, person: Person, issuer: str, subject: str, address: str, is_verified: bool, at: datetime | None = None) -> Identity:
    """Join an identity to the account of whoever is signed in. Refused unless the provider has verified the very address of the account."""
    require(actor, "person.edit", person)
    _refuse_unverified(is_verified)
    if address_key(address) != person.address_key or person.confirmed is None:
        raise Refused(N_("The other sign-in has another mail address than your account. Change one of them first."))
    if whose(issuer, subject) is not None:
        raise Refused(N_("This sign-in is joined to an account already."))
    made = Identity(person_id=person.id, issuer=issuer, subject=subject, made=at or now())
    session.add(made)
    record(person, "identity_joined", actor, at, issuer=issuer)
    return made


def part(actor: Actor, person: Person, public_id: str, at: datetime | None = None) -> None:
    """Part an identity from the account; a second time changes nothing."""
    require(actor, "person.edit", person)
    found = session.scalar(select(Identity).where(Identity.public_id == public_id, Identity.person_id == person.id))
    if found is not None:
        session.delete(found)
        record(person, "identity_parted", actor, at, issuer=found.issuer)
