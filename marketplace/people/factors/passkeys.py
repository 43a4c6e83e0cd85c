"""Passkeys: what a device is asked to sign, and whether what it answers is right (WebAuthn level 2, by the package webauthn).

The device itself asks for finger, face or PIN (user verification is required), so that a passkey alone stands for two factors. The name of the site that
keys are bound to is the host of the site's address: they work nowhere else, also not on a page that looks the same.
"""

from __future__ import annotations

import json
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from marketplace.access import Actor, require
from marketplace.db import now, session
from marketplace.errors import N_, Refused
from marketplace.people.factors.models import Passkey
from marketplace.people.factors.operations import added_passkey, cancel_recovery, passkeys_of
from marketplace.people.models import Person

MOST = 20
NAME = "TechBridge"

_sites: list[str] = []


def configure(site: str) -> None:
    """Set the address that keys are bound to."""
    _sites[:] = [site]


def _host() -> str:
    return urlsplit(_sites[0]).hostname or ""


def _origin() -> str:
    parts = urlsplit(_sites[0])
    return f"{parts.scheme}://{parts.netloc}"


def _descriptors(person: Person) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.credential)) for one in passkeys_of(person)]


def ask_new(actor: Actor, person: Person) -> tuple[str, str]:
    """What a device is asked so that it makes a key, as JSON for the browser, and the challenge in it."""
    require(actor, "person.edit", person)
    options = generate_registration_options(
        rp_id=_host(), rp_name=NAME, user_id=person.public_id.encode(), user_name=person.address, user_display_name=person.name,
        exclude_credentials=_descriptors(person), authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED),
    )
    return options_to_json(options), bytes_to_base64url(options.challenge)


def add(actor: Actor, person: Person, answered: str, challenge: str, name: str, at: datetime | None = None) -> list[str]:
    """Keep the public half of a new key; the recovery codes, where there were none. Refused where the device's answer is not right."""
    require(actor, "person.edit", person)
    if len(passkeys_of(person)) >= MOST:
        raise Refused(N_("You have %(count)s passkeys already. Take one off first."), count=MOST)
    try:
        made = verify_registration_response(
            credential=answered, expected_challenge=base64url_to_bytes(challenge), expected_rp_id=_host(), expected_origin=_origin(),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise Refused(N_("The device's answer could not be checked. Please try again.")) from error
    session.add(Passkey(
        person_id=person.id, credential=bytes_to_base64url(made.credential_id), public_key=made.credential_public_key, uses=made.sign_count,
        name=" ".join(name.split()), made=at or now(),
    ))
    session.flush()  # it counts as a factor from now on
    return added_passkey(actor, person, at)


def ask(person: Person | None = None) -> tuple[str, str]:
    """What a device is asked so that it signs: any key that it has for this site, or one of this person's. JSON, and the challenge in it."""
    options = generate_authentication_options(
        rp_id=_host(), user_verification=UserVerificationRequirement.REQUIRED, allow_credentials=_descriptors(person) if person else None,
    )
    return options_to_json(options), bytes_to_base64url(options.challenge)


def signed_by(actor: Actor, answered: str, challenge: str, at: datetime | None = None) -> Person:
    """Whose key has signed the challenge. Refused alike whether the key is unknown, the signature wrong, or the key's counter went back (a copy)."""
    require(actor, "person.sign_in")
    wrong = Refused(N_("This passkey is not known here, or was taken off. Sign in with your password."))
    try:
        kept = json.loads(answered)
        found = session.scalar(select(Passkey).where(Passkey.credential == str(kept["id"])).with_for_update())
        if found is None or not found.person.is_active:
            raise wrong
        checked = verify_authentication_response(
            credential=kept, expected_challenge=base64url_to_bytes(challenge), expected_rp_id=_host(), expected_origin=_origin(),
            credential_public_key=found.public_key, credential_current_sign_count=found.uses, require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise wrong from error
    found.uses, found.used = checked.new_sign_count, at or now()
    cancel_recovery(actor, found.person, at)
    return found.person
