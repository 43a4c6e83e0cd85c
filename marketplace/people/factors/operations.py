"""The verbs of second factors: set up an app, check its codes, make recovery codes; whether somebody must have one.

A wrong code is an answer (False), not an error, so that what was counted of it stays.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from datetime import datetime, timedelta

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from pyotp import TOTP, random_base32
from sqlalchemy import delete, func, select

from marketplace.access import Actor, require
from marketplace.db import ALPHABET, now, session
from marketplace.errors import N_, Refused
from marketplace.people.factors.models import OPEN, Authenticator, Passkey, Recovery, RecoveryCode
from marketplace.people.models import Person
from marketplace.people.sessions.operations import end_others
from marketplace.record import move, record

CODES, CODE_LENGTH = 10, 10
STEP = 30  # seconds; a code is taken one step early or late
GRACE = timedelta(days=14)

_keys: list[bytes] = []
_wanted: list[str] = []


def configure(secret: str, wanted: str) -> None:
    """Set the secret that seals what apps share with us, and of whom the site asks a second factor: nobody, operators, staff (technology managers
    too), or everybody."""
    _keys[:] = [hmac.new(secret.encode(), f"factors.{use}".encode(), hashlib.sha256).digest() for use in ("seal", "code")]
    _wanted[:] = [wanted]


def is_wanted_of(person: Person) -> bool:
    """Whether the site asks a second factor of this person."""
    asked = _wanted[0]
    return asked == "everybody" or asked != "nobody" and (person.is_operator or asked == "staff" and person.is_broker)


def authenticator_of(person: Person) -> Authenticator | None:
    """The person's app, if its first code was right."""
    return session.scalar(select(Authenticator).where(Authenticator.person_id == person.id, Authenticator.confirmed.is_not(None)))


def passkeys_of(person: Person) -> list[Passkey]:
    """The person's passkeys, newest first."""
    return list(session.scalars(select(Passkey).where(Passkey.person_id == person.id).order_by(Passkey.id.desc())))


def has_factor(person: Person) -> bool:
    """Whether the password alone does not sign this person in."""
    own = select(Authenticator.id).where(Authenticator.person_id == person.id, Authenticator.confirmed.is_not(None))
    return session.scalar(own) is not None or session.scalar(select(Passkey.id).where(Passkey.person_id == person.id).limit(1)) is not None


def codes_left(person: Person) -> int:
    """How many recovery codes are not used yet."""
    return session.scalar(select(func.count()).where(RecoveryCode.person_id == person.id, RecoveryCode.used.is_(None))) or 0


def begin_authenticator(actor: Actor, person: Person, at: datetime | None = None) -> Authenticator:
    """A secret for an app, not in force until the app's first code. Begun again, it is another one. Refused while an app is in force."""
    require(actor, "person.edit", person)
    found = session.scalar(select(Authenticator).where(Authenticator.person_id == person.id))
    if found is not None and found.confirmed is not None:
        raise Refused(N_("You have an app already. Take it off first."))
    sealed = bytes(SecretBox(_keys[0]).encrypt(random_base32().encode()))
    if found is None:
        found = Authenticator(person_id=person.id, secret=sealed, last_step=0, made=at or now())
        session.add(found)
    found.secret, found.made = sealed, at or now()
    return found


def begun(actor: Actor, person: Person) -> Authenticator | None:
    """The app that is being set up."""
    require(actor, "person.edit", person)
    return session.scalar(select(Authenticator).where(Authenticator.person_id == person.id, Authenticator.confirmed.is_(None)))


def _totp(found: Authenticator) -> TOTP:
    try:
        return TOTP(SecretBox(_keys[0]).decrypt(found.secret).decode(), interval=STEP)
    except CryptoError as error:
        raise Refused(
            N_("Your app cannot be checked any more, because the site's secret was changed. Ask an operator to have you set it up anew.")
        ) from error


def secret_of(found: Authenticator) -> str:
    """The secret, to be typed into an app by hand."""
    return _totp(found).secret


def address_of(found: Authenticator, person: Person, issuer: str) -> str:
    """The secret as an `otpauth:` address, to be photographed."""
    return _totp(found).provisioning_uri(name=person.address, issuer_name=issuer)


def _plain(typed: str) -> str:
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", typed)).lower()


def _takes(found: Authenticator, typed: str, moment: datetime) -> bool:
    """Whether this is a code of the app that was not taken before; from now on it was."""
    totp, step = _totp(found), int(moment.timestamp()) // STEP
    right = [each for each in (step - 1, step, step + 1) if each > found.last_step and hmac.compare_digest(totp.generate_otp(each).encode(), typed.encode())]
    if right:
        found.last_step = right[-1]
    return bool(right)


def confirm_authenticator(actor: Actor, person: Person, typed: str, at: datetime | None = None) -> list[str] | None:
    """Put the app in force with its first code: the recovery codes, to be shown once. None where the code is wrong."""
    require(actor, "person.edit", person)
    moment, found = at or now(), begun(actor, person)
    if found is None:
        raise Refused(N_("Begin anew: this app was not set up."))
    if not _takes(found, _plain(typed), moment):
        return None
    found.confirmed = moment
    return _changed(actor, person, "authenticator_added", moment)


def _changed(actor: Actor, person: Person, verb: str, moment: datetime) -> list[str]:
    """After a factor has come: others' sessions end, the person is told by mail, and has codes for the day on which the device is lost."""
    person.factor_due = None
    end_others(actor, person, moment)
    record(person, verb, actor, moment)
    return _new_codes(person, moment) if codes_left(person) == 0 else []


def remove_authenticator(actor: Actor, person: Person, at: datetime | None = None) -> None:
    """Take the app off. Refused for whoever must have a second factor and has no other."""
    require(actor, "person.edit", person)
    found = authenticator_of(person)
    if found is not None:
        _refuse_last(person, bool(passkeys_of(person)))
        session.delete(found)
        removed(actor, person, "authenticator_removed", at or now())


def _refuse_last(person: Person, has_other: bool) -> None:
    if is_wanted_of(person) and not has_other:
        raise Refused(N_("Your role needs a second factor. Set up another one first."))


def remove_passkey(actor: Actor, person: Person, public_id: str, at: datetime | None = None) -> None:
    """Take a passkey off. Refused for whoever must have a second factor and has no other."""
    require(actor, "person.edit", person)
    found = session.scalar(select(Passkey).where(Passkey.public_id == public_id, Passkey.person_id == person.id))
    if found is not None:
        _refuse_last(person, authenticator_of(person) is not None or len(passkeys_of(person)) > 1)
        session.delete(found)
        removed(actor, person, "passkey_removed", at or now())


def removed(actor: Actor, person: Person, verb: str, moment: datetime) -> None:
    """After a factor has gone: sessions elsewhere end, the person is told; with the last factor the recovery codes go."""
    require(actor, "person.edit", person)
    session.flush()  # what is left is counted
    if not has_factor(person):
        session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    end_others(actor, person, moment)
    record(person, verb, actor, moment)


def added_passkey(actor: Actor, person: Person, at: datetime | None = None) -> list[str]:
    """What follows when a passkey has come; recovery codes where there were none."""
    require(actor, "person.edit", person)
    return _changed(actor, person, "passkey_added", at or now())


def _code_hash(person: Person, code: str) -> str:
    return hmac.new(_keys[1], f"{person.public_id}:{code}".encode(), hashlib.sha256).hexdigest()


def _new_codes(person: Person, moment: datetime) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    made = ["".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(CODES)]
    session.add_all(RecoveryCode(person_id=person.id, code_hash=_code_hash(person, code), made=moment) for code in made)
    session.flush()  # they count from now on
    return [f"{code[:5]}-{code[5:]}" for code in made]


def new_codes(actor: Actor, person: Person, at: datetime | None = None) -> list[str]:
    """Ten new recovery codes (50 bits each), shown once; older ones are worth nothing."""
    require(actor, "person.edit", person)
    if not has_factor(person):
        raise Refused(N_("Set up an app or a passkey first."))
    moment = at or now()
    record(person, "codes_made", actor, moment)
    return _new_codes(person, moment)


def shows_factor(actor: Actor, person: Person, typed: str, at: datetime | None = None) -> bool:
    """Whether this is a code of the person's app, or one of the recovery codes, which is used up by that. Who can show one has lost nothing:
    a request for recovery that is open ends."""
    require(actor, "person.sign_in")
    moment, plain = at or now(), _plain(typed)
    if len(plain) == CODE_LENGTH:
        found = session.scalar(select(RecoveryCode).where(
            RecoveryCode.person_id == person.id, RecoveryCode.code_hash == _code_hash(person, plain), RecoveryCode.used.is_(None),
        ).with_for_update())
        if found is None:
            return False
        found.used = moment
        record(person, "code_used", actor, moment, left=codes_left(person) - 1)
    else:
        app = authenticator_of(person)
        if app is None or not _takes(app, plain, moment):
            return False
    cancel_recovery(actor, person, moment)
    return True


def open_recovery(person: Person) -> Recovery | None:
    """The person's request to come in without factors, while it is open."""
    return session.scalar(select(Recovery).where(Recovery.person_id == person.id, Recovery.state.in_(OPEN)))


def cancel_recovery(actor: Actor, person: Person, at: datetime | None = None) -> None:
    """End the person's open request for recovery, if there is one: whoever shows a factor has lost nothing, and a new password is the answer to a stranger."""
    require(actor, "person.sign_in")
    found = open_recovery(person)
    if found is not None:
        move(found, "cancel", person, at)


def is_shut_out(person: Person, at: datetime | None = None) -> bool:
    """Whether nothing opens to this person but the page to set up a factor: the site asks one of him and his time is over, or he came in by a recovery."""
    if person.factor_due is None or person.factor_due > (at or now()) or has_factor(person):
        return False
    return is_wanted_of(person) or session.scalar(select(Recovery.id).where(Recovery.person_id == person.id, Recovery.state == "used").limit(1)) is not None


def must_have_one_by(person: Person, at: datetime | None = None) -> datetime | None:
    """By when somebody who has no second factor must have one, counted from the first time that he is asked; None where nothing is asked of him."""
    if not is_wanted_of(person) or has_factor(person):
        return None
    if person.factor_due is None:
        person.factor_due = (at or now()) + GRACE
    return person.factor_due
