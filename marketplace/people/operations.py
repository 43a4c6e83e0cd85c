"""The verbs of people and their accounts: register, confirm, sign in, reset, change, appoint.

What concerns organisations and the seats in them stands in `organisations`. Whether an address is known is told to its mailbox alone: whoever signs
up with one that is taken gets an account *beside*, which works at once like any new one and can never be confirmed (docs/decisions/0023).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import datetime
from typing import NamedTuple

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select

from marketplace.access import Actor, require
from marketplace.db import LANGUAGES, new_public_id, now, session
from marketplace.errors import N_, NotAllowed, NotFound, Refused
from marketplace.languages import texts_for
from marketplace.people import passwords, tokens
from marketplace.people.factors.operations import cancel_recovery
from marketplace.people.models import Person
from marketplace.record import record

LINK = re.compile(r"https?:|://|www\.", re.IGNORECASE)
NOT_TOGETHER = N_("Address and password do not belong together. Check both, or ask for a new password.")
BETWEEN_HAN = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")


def by_public_id(public_id: str) -> Person:
    """The person with this public id."""
    person = session.scalar(select(Person).where(Person.public_id == public_id))
    if person is None:
        raise NotFound()
    return person


def address_key(address: str) -> str:
    """The form in which addresses are compared."""
    return unicodedata.normalize("NFKC", address).strip().lower()


def by_address(address: str) -> Person | None:
    """The person with this mail address, whichever way it is typed."""
    return session.scalar(select(Person).where(Person.address_key == address_key(address)))


def usable_address(text: str, field: str = "address") -> str:
    """The mail address as it will be written to. Refused when no mail could reach it."""
    try:
        plain = unicodedata.normalize("NFKC", text).strip()
        checked = validate_email(plain, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise Refused(N_("This is not a mail address. It should look like name@example.com."), field=field) from error
    return checked.ascii_email or checked.normalized


def usable_name(text: str, field: str = "name") -> str:
    """A name on one line as its bearer writes it, a Chinese one without the space that some forms ask for between family and given name.

    Names go into mails to other people, so one that carries a link is refused.
    """
    plain = BETWEEN_HAN.sub("", " ".join(text.split()))
    if LINK.search(plain):
        raise Refused(N_("A name cannot contain a web address."), field=field)
    return plain


def _beside(address: str) -> str:
    """How the keys of accounts beside the address's own begin; no address has this form."""
    return f"{hashlib.sha256(address_key(address).encode()).hexdigest()[:32]} "


def is_beside(person: Person) -> bool:
    """Whether the account was opened with an address that had one already: it is not the address's own."""
    return person.address_key.startswith(_beside(person.address))


def register(
    actor: Actor, name: str, address: str, password: str, tongue: str = "zh", at: datetime | None = None
) -> Person:
    """A new person, who reads pages and mail in a language of the site; the mail that asks to confirm the address follows."""
    require(actor, "person.register")
    name, address = usable_name(name), usable_address(address)
    passwords.check(password, address)
    moment, key = at or now(), address_key(address)
    person = Person(
        name=name, address=address, address_key=key if by_address(key) is None else _beside(key) + new_public_id(), password_hash=passwords.hashed(password),
        language=texts_for(tongue), tongue=tongue, created=moment,
    )
    session.add(person)
    record(person, "registered", actor, moment)
    return person


class Opened(NamedTuple):
    """The account that an address and a password open, and the hash that the password was compared with."""

    public_id: str
    password_hash: str


def opened_by(actor: Actor, address: str, password: str) -> Opened:
    """Which account this address and password open. An unknown address takes as long and is answered the same: Refused.

    Comparing takes a tenth of a second of a processor and only reads, so that no lock is needed meanwhile. Of accounts that are not confirmed the newest
    alone opens, whether it is the address's own or beside it: nobody can tell which.
    """
    require(actor, "person.sign_in")
    asked = [(one, passwords.matches(password, one.password_hash if one else None)) for one in _openable(address)]
    person = next((one for one, right in asked if right), None)
    if person is None or not person.is_active:
        raise Refused(NOT_TOGETHER)
    return Opened(person.public_id, person.password_hash)


def let_in(actor: Actor, opened: Opened, password: str) -> Person:
    """The person whose password this was found to be, the row held until the session stands: a password that is changed meanwhile opens nothing, Refused.

    The hash is made anew where it is of older parameters.
    """
    require(actor, "person.sign_in")
    held = select(Person).where(Person.public_id == opened.public_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    person = session.scalars(held).one()
    if not person.is_active or person.password_hash != opened.password_hash:
        raise Refused(NOT_TOGETHER)
    if passwords.is_outdated(person.password_hash):
        person.password_hash = passwords.hashed(password)
    return person


def _openable(address: str) -> tuple[Person | None, Person | None]:
    """The accounts that an address may open: its own one once that is confirmed, and the newest that is not."""
    own = by_address(address)
    last = session.scalar(select(Person).where(Person.address_key.startswith(_beside(address), autoescape=True)).order_by(Person.id.desc()).limit(1))
    if own is not None and own.confirmed is None:
        return None, last or own
    return own, last


def ask_confirmation(actor: Actor, person: Person, at: datetime | None = None) -> Person:
    """Send the link that confirms the address once more."""
    require(actor, "person.edit", person)
    if person.confirmed is not None:
        raise Refused(N_("Your address is confirmed already."))
    record(person, "confirmation_asked", actor, at)
    return person


def confirmation_token(person: Person, address: str) -> str:
    """The token of a link that proves that mail to the address reaches the person."""
    return tokens.make("address", person.public_id, address_key(address))


def confirm_address(actor: Actor, token: str, at: datetime | None = None) -> Person:
    """Take the proof that mail reaches somebody: confirm the address, or move the account to the new one it was sent to."""
    require(actor, "person.confirm")
    moment = at or now()
    claim = tokens.read("address", token, moment)
    person = by_public_id(claim.public_id)
    if claim.is_bound_to(person.address_key):
        person.confirmed = person.confirmed or moment
    elif person.new_address and claim.is_bound_to(address_key(person.new_address)):
        if by_address(person.new_address) is not None:  # opened by its owner since the link was sent to it
            raise tokens.gone()
        person.address, person.address_key = person.new_address, address_key(person.new_address)
        person.new_address, person.confirmed = None, moment
    else:
        raise tokens.gone()
    record(person, "confirmed", actor, moment)
    return person


def ask_address(actor: Actor, person: Person, password: str, address: str, at: datetime | None = None) -> Person:
    """Ask to move the account to another address: it moves when the link sent there is followed; the old one is told.

    Where that one has an account the mail says so, and holds no link: whoever asks learns nothing of it.
    """
    require(actor, "person.edit", person)
    _own_password(person, password, "password")
    person.new_address = usable_address(address)
    record(person, "address_asked", actor, at)
    return person


def _own_password(person: Person, password: str, field: str) -> None:
    if not passwords.matches(password, person.password_hash):
        raise Refused(N_("This is not your present password."), field=field)


def ask_reset(actor: Actor, address: str, at: datetime | None = None) -> None:
    """Send a link for a new password, if the address is known; whoever asks learns nothing of that."""
    require(actor, "person.reset")
    person = by_address(address)
    if person is not None and person.is_active:
        record(person, "reset_asked", actor, at)


def reset_token(person: Person) -> str:
    """The token of a link that sets a new password; the new password ends it."""
    return tokens.make("reset", person.public_id, person.password_hash)


def person_to_reset(token: str, at: datetime | None = None) -> Person:
    """Whose password the link may set. Refused when the link is too old or has been used."""
    claim = tokens.read("reset", token, at or now())
    person = session.scalar(select(Person).where(Person.public_id == claim.public_id))
    if person is None or not person.is_active or not claim.is_bound_to(person.password_hash):
        raise tokens.gone()
    return person


def reset_password(actor: Actor, token: str, password: str, at: datetime | None = None) -> Person:
    """Set a new password by a mailed link, which also proves the address. All older sessions end."""
    require(actor, "person.reset")
    moment = at or now()
    person = person_to_reset(token, moment)
    passwords.check(password, person.address)
    person.password_hash = passwords.hashed(password)
    person.confirmed = person.confirmed or moment
    cancel_recovery(actor, person, moment)
    record(person, "password_changed", actor, moment)
    return person


def change_password(actor: Actor, person: Person, present: str, password: str, at: datetime | None = None) -> Person:
    """Set a new password, the present one given. All other sessions end."""
    require(actor, "person.edit", person)
    _own_password(person, present, "present")
    passwords.check(password, person.address)
    person.password_hash = passwords.hashed(password)
    cancel_recovery(actor, person, at)
    record(person, "password_changed", actor, at)
    return person


def edit_person(actor: Actor, person: Person, name: str, tongue: str, texts: str | None = None, at: datetime | None = None) -> Person:
    """Change the name others see, the language of pages and mail, and for whoever reads a third one there, that of texts: the one at hand if not given."""
    require(actor, "person.edit", person)
    person.name, person.tongue = usable_name(name), tongue
    person.language = tongue if tongue in LANGUAGES else texts or person.language
    record(person, "edit", actor, at)
    return person


def choose_language(actor: Actor, person: Person, tongue: str, at: datetime | None = None) -> Person:
    """Keep the language of pages and mail with the account."""
    return edit_person(actor, person, person.name, tongue, at=at)


def hide_first_steps(actor: Actor, person: Person, at: datetime | None = None) -> Person:
    """Show the person's first steps no more; a second time changes nothing."""
    require(actor, "person.edit", person)
    if person.first_steps_hidden is None:
        person.first_steps_hidden = at or now()
        record(person, "hide_first_steps", actor, person.first_steps_hidden)
    return person


def _confirmed(address: str) -> Person:
    """Whoever has signed up with this address and has confirmed it. Refused where nobody has."""
    person = by_address(address)
    if person is None or not person.is_active:
        raise Refused(N_("Nobody has signed up with this address. Ask the person to sign up first."), field="address")
    if person.confirmed is None:
        raise Refused(N_("This person has not confirmed the address yet."), field="address")
    return person


def appoint_operator(actor: Actor, address: str, at: datetime | None = None) -> Person:
    """Make the person with this address an operator. This is done at the command line, by whoever has the machine."""
    require(actor, "person.appoint_operator")
    person = _confirmed(address)
    if not person.is_operator:
        person.is_operator = True
        record(person, "made_operator", actor, at)
    return person


def dismiss_operator(actor: Actor, address: str, at: datetime | None = None) -> Person:
    """Take the role of operator back; that of the last one stays."""
    require(actor, "person.appoint_operator")
    person = by_address(address)
    if person is None or not person.is_operator:
        raise Refused(N_("This person is no operator."), field="address")
    if len(operators()) == 1:
        raise Refused(N_("This is the only operator: name another one first."), field="address")
    person.is_operator = False
    record(person, "dismissed_operator", actor, at)
    return person


def operators() -> list[Person]:
    """Those who run the site, by name."""
    return list(session.scalars(select(Person).where(Person.is_operator, Person.closed.is_(None)).order_by(Person.name)))


def appoint_broker(actor: Actor, address: str, at: datetime | None = None) -> Person:
    """Make the person with this address a technology manager."""
    require(actor, "person.appoint")
    person = _confirmed(address)
    if not person.is_broker:
        person.is_broker = True
        record(person, "appointed", actor, at)
    return person


def dismiss_broker(actor: Actor, person: Person, at: datetime | None = None) -> Person:
    """Take the role of technology manager back."""
    require(actor, "person.appoint")
    if person.is_broker:
        person.is_broker = False
        record(person, "dismissed", actor, at)
    return person


def brokers() -> list[Person]:
    """The technology managers, by name."""
    return list(session.scalars(select(Person).where(Person.is_broker, Person.closed.is_(None)).order_by(Person.name)))


def acting_person(actor: Actor) -> Person:
    """The person behind the actor, for what only a person can do."""
    if actor.id is None:
        raise NotAllowed(N_("Sign in to do this."))
    return session.get_one(Person, actor.id)


def require_confirmed(actor: Actor) -> None:
    """Refuse what needs a proven address: joining, inviting and asking for verification reach other people in its name."""
    if actor.id is not None and acting_person(actor).confirmed is None:
        raise Refused(N_("Confirm your mail address first: follow the link we sent you. My desk can send it again."))


def names_of(ids: set[int | None]) -> dict[int, str]:
    """The names of these people, for pages that say who did what."""
    return dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(ids - {None}))).all())
