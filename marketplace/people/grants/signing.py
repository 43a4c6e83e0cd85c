"""NDAs: asked for by the owner from our template or as a PDF of its own, signed by both sides with mailed one-time codes.

As with agreements, a wrong code is counted and gives the signature back unsigned: a request that is refused leaves no trace. What is
signed is never changed: one request has one NDA. The second signature gives the access where the owner has said so beforehand.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import func, select

from marketplace.access import SYSTEM, Actor, require
from marketplace.db import now, session
from marketplace.errors import N_, NotAllowed, NotFound, Refused
from marketplace.people import one_time
from marketplace.people.grants import nda as template
from marketplace.people.grants.models import Nda, NdaSignature
from marketplace.people.grants.operations import is_signed, listing_of, nda_of, usable_end
from marketplace.people.models import AccessGrant, Organisation
from marketplace.people.operations import acting_person
from marketplace.people.organisations import signs_for
from marketplace.record import Event, move, record

PURPOSE = "nda"  # of the one-time codes
VALID = timedelta(minutes=10)
PAUSE = timedelta(seconds=30)
TRIES = 5
CODES_AN_HOUR = 6
SIDES = ("owner_side", "asking_side")
YEARS = (1, 10)


@dataclass(frozen=True)
class Files:
    """How a PDF is kept and found again: `keep(actor, grant, stream, name)` → (name, size, sha256); `path(sha256)` raises where it is held back."""

    keep: Callable[[Actor, Any, BinaryIO, str], tuple[str, int, str]]
    path: Callable[[str], Path]


_files: list[Files] = []


def bind(files: Files) -> None:
    """Say how PDFs are kept: the store of files stands to the right of people and is bound when it is mounted."""
    _files[:] = [files]


def ask_nda(
    actor: Actor, grant: AccessGrant, years: int = 3, named: bool = False, grant_until: datetime | None = None,
    file: tuple[BinaryIO, str] | None = None, at: datetime | None = None,
) -> Nda:
    """Put an NDA before the access: our template for so many years, or the owner's PDF (stream, name). `named` says the owner's name in it."""
    move(grant, "ask_nda", actor, at)
    moment = at or now()
    values = _uploaded(actor, grant, *file) if file else _templated(grant, years, named)
    made = Nda(
        grant=grant, person_id=acting_person(actor).id, created=moment, grant_until=usable_end(grant_until, moment) if grant_until else None, **values,
    )
    session.add(made)
    session.flush()  # one request has one NDA: the database refuses a second
    record(made, "ask", actor, moment)
    return made


def _uploaded(actor: Actor, grant: AccessGrant, source: BinaryIO, name: str) -> dict[str, Any]:
    if not name.lower().endswith(".pdf"):
        raise Refused(N_("The agreement must be a PDF."), field="file")
    kept, size, sha256 = _files[0].keep(actor, grant, source, name)
    return {"file_name": kept, "size": size, "sha256": sha256}


def _templated(grant: AccessGrant, years: int, named: bool) -> dict[str, Any]:
    if not YEARS[0] <= years <= YEARS[1]:
        raise Refused(N_("Choose %(least)s to %(most)s years."), field="years", least=YEARS[0], most=YEARS[1])
    nonce = None if named else secrets.token_urlsafe(16)
    facts: dict[str, Any] = {
        "number": grant.public_id, "listing": listing_of(grant).public_id, "purpose": grant.purpose, "years": years,
        "asking": _called(grant.asking), "owner": _called(grant.owner) if named else None,
        "digest": None if nonce is None else digest_of(grant.owner, nonce),
    }
    zh, en = template.written(facts)
    return {"zh": zh, "en": en, "sha256": template.hash_of(zh, en), "nonce": nonce}


def _called(organisation: Organisation) -> dict[str, str]:
    """Name and code of a party as they stand in the text."""
    code = organisation.credit_code or organisation.ror
    return {language: organisation.called(language) + (f" ({code})" if code else "") for language in ("zh", "en")}


def digest_of(organisation: Organisation, nonce: str) -> str:
    """What stands for an unnamed organisation in the text."""
    return template.concealed(organisation.called("zh"), organisation.credit_code or organisation.ror or "", nonce)


def by_public_id(actor: Actor, grant: AccessGrant) -> Nda:
    """The NDA before the grant, for its two sides. Raises `NotFound`."""
    found = nda_of(grant)
    if found is None:
        raise NotFound()
    require(actor, "nda.read", found)
    return found


def pdf_of(actor: Actor, nda: Nda) -> Path:
    """Where the owner's PDF lies. Raises `NotFound`, and `NotAllowed` while it is held back."""
    require(actor, "nda.read", nda)
    if nda.file_name is None:
        raise NotFound()
    return _files[0].path(nda.sha256)


def given(nda: Nda) -> dict[str, NdaSignature]:
    """Side → the signature that was given."""
    own = select(NdaSignature).where(NdaSignature.nda_id == nda.id, NdaSignature.signed.is_not(None))
    return {signature.side: signature for signature in session.scalars(own)}


def side_to_sign(actor: Actor, nda: Nda) -> str:
    """The side for which the actor can sign now. Raises `NotAllowed` or `Refused` when there is none."""
    require(actor, "nda.sign", nda)
    sides = [side for side in SIDES if signs_for(actor, nda.sides[side])]
    if not sides:
        raise NotAllowed(N_("A signatory of your organisation signs; an owner does where none is named."))
    done = given(nda)
    left = [side for side in sides if side not in done]
    if not left:
        raise Refused(N_("Your side has signed already."))
    if any(signature.person_id == actor.id for signature in done.values()):
        raise Refused(N_("One person cannot sign for both sides."))
    if nda.grant.state != "nda":
        raise Refused(N_("This request has been answered; there is nothing left to sign."))
    if nda.file_name is not None:
        _files[0].path(nda.sha256)  # what nobody can open nobody signs
    return left[0]


def _same(nda: Nda, sha256: str) -> None:
    if nda.sha256 != sha256:
        raise Refused(N_("The text differs from the one you have read. Read the page anew before you sign."))


def ask_code(actor: Actor, nda: Nda, sha256: str, at: datetime | None = None) -> NdaSignature:
    """Send a one-time code to the actor, for signing this very text. A further code makes the one before worthless."""
    require(actor, "nda.sign", nda)
    moment, side = at or now(), side_to_sign(actor, nda)
    _same(nda, sha256)
    own = select(NdaSignature).where(NdaSignature.nda_id == nda.id, NdaSignature.side == side, NdaSignature.person_id == actor.id)
    signature = session.scalar(own)
    if signature is None:
        signature = NdaSignature(nda=nda, side=side, person_id=actor.id, counter=0, tries=0, text_sha256=sha256, asked=moment)
        session.add(signature)
        session.flush()  # the code follows from its public id
    else:
        _spare(signature, moment)
    signature.counter, signature.tries, signature.asked, signature.text_sha256 = signature.counter + 1, 0, moment, sha256
    record(signature, "code_asked", actor, moment)
    return signature


def _spare(signature: NdaSignature, moment: datetime) -> None:
    """Refuse codes that follow each other too fast: guessing must stay hopeless, and mailboxes quiet."""
    if moment - signature.asked < PAUSE:
        raise Refused(N_("A code was sent a moment ago. Look into your mail, or ask again in half a minute."))
    asked = select(func.count()).where(
        Event.thing == "nda_signature", Event.thing_id == signature.id, Event.name == "nda_signature.code_asked", Event.at > moment - timedelta(hours=1)
    )
    if (session.scalar(asked) or 0) >= CODES_AN_HOUR:
        raise Refused(N_("Too many codes were asked for. Try again in an hour."))


def signature_of(actor: Actor, nda: Nda, public_id: str) -> NdaSignature:
    """The actor's own signature under this id, given or only asked for. Raises `NotFound`."""
    found = session.scalar(select(NdaSignature).where(NdaSignature.public_id == public_id, NdaSignature.nda_id == nda.id))
    if found is None or found.person_id != actor.id:
        raise NotFound()
    return found


def sign(actor: Actor, signature: NdaSignature, code: str, sha256: str, at: datetime | None = None) -> NdaSignature:
    """Sign with the code. A wrong one is counted and the signature comes back unsigned; signing again changes nothing."""
    require(actor, "nda.sign", signature.nda)
    moment = at or now()
    nda = _locked(signature.nda)
    session.refresh(signature)
    if signature.person_id != actor.id:
        raise NotFound()
    if signature.signed is not None:
        return signature
    side_to_sign(actor, nda)
    _same(nda, sha256)
    if moment - signature.asked > VALID or signature.tries >= TRIES:
        raise Refused(N_("This code is no longer valid. Ask for a new one."))
    if not one_time.is_right(code, signature.public_id, signature.counter, PURPOSE):
        signature.tries += 1
        record(signature, "code_wrong", actor, moment)
        return signature
    signature.signed = moment
    session.flush()  # the database refuses a second signature of the same side here
    record(signature, "signed", actor, moment)
    if is_signed(nda):
        _conclude(actor, nda, moment)
    return signature


def _locked(nda: Nda) -> Nda:
    """The NDA under a lock: two signatures at once queue, so that the second knows of the first."""
    return session.scalars(select(Nda).where(Nda.id == nda.id).with_for_update().execution_options(populate_existing=True)).one()


def _conclude(actor: Actor, nda: Nda, moment: datetime) -> None:
    """Both have signed: the access is given at once where the owner has said so and the day has not passed."""
    record(nda, "conclude", actor, moment)
    if nda.grant_until and nda.grant_until > moment:
        nda.grant.until = nda.grant_until
        move(nda.grant, "grant", SYSTEM, moment)
