"""Mail about access to blind listings: asked, an NDA to sign, its codes, the answer, and an operator's look.

A mail to the asking side names neither the listing's title nor its owner; the code of a signature is filled in when a mail leaves.
"""

from __future__ import annotations

import re

from sqlalchemy import select

from marketplace.alerts.operations import fill_when_sent, to_person
from marketplace.db import session
from marketplace.jobs import handler
from marketplace.matching.documents import shown_title
from marketplace.people import one_time, organisations
from marketplace.people.grants import signing
from marketplace.people.grants.models import Nda, NdaSignature
from marketplace.people.grants.operations import listing_of
from marketplace.people.models import AccessGrant, Moderation, Person

CODE = re.compile(r"\[nda code ([0-9a-z]{12,13})\]")


def _filled(body: str) -> str:
    """The text of a mail with the code in its place; of a code that was used up nothing is left to tell."""

    def code(match: re.Match[str]) -> str:
        signature = session.scalar(select(NdaSignature).where(NdaSignature.public_id == match[1]))
        return one_time.code_of(signature.public_id, signature.counter, signing.PURPOSE) if signature and signature.signed is None else "–"

    return CODE.sub(code, body)


fill_when_sent(_filled)


def _tell(people: list[Person], grant: AccessGrant, what: str, path: str = "", **values: str) -> None:
    """Write to the people, each once; the listing is named as far as its reader may know it."""
    for person in {person.id: person for person in people if person.is_active}.values():
        title = shown_title(person, listing_of(grant), person.language)[0] if grant.owner_id in person.seats else ""
        asking = grant.asking.called(person.language)
        to_person("access", person, f"/access/{grant.public_id}{path}", what=what, asking=asking, title=title, **{"reason": "", "code": "", **values})


@handler("alerts.access_asked")
def access_asked(thing_id: int) -> None:
    """Tell the owners of the listing's organisation that somebody asks."""
    grant = session.get_one(AccessGrant, thing_id)
    if grant.state == "asked":
        _tell(organisations.owners(grant.owner), grant, "asked")


@handler("alerts.nda_asked")
def nda_asked(thing_id: int) -> None:
    """Tell who signs for the asking side, and whoever asked, that an NDA is to be signed first; and who signs for the owner."""
    nda = session.get_one(Nda, thing_id)
    if nda.grant.state == "nda":
        _tell([*organisations.signers(nda.grant.asking), nda.grant.person], nda.grant, "nda", "/sign")
        _tell(organisations.signers(nda.grant.owner), nda.grant, "nda_own", "/sign")


@handler("alerts.nda_code")
def nda_code(thing_id: int) -> None:
    """Send the code to whoever asked for it."""
    signature = session.get_one(NdaSignature, thing_id)
    if signature.signed is None:
        _tell([signature.person], signature.nda.grant, "code", f"/signatures/{signature.public_id}", code=f"[nda code {signature.public_id}]")


@handler("alerts.nda_signed")
def nda_signed(thing_id: int) -> None:
    """Both sides have signed: tell the owners, who may now give the access."""
    nda = session.get_one(Nda, thing_id)
    if nda.grant.state == "nda":
        _tell(organisations.owners(nda.grant.owner), nda.grant, "nda_signed")


@handler("alerts.access_answered")
def access_answered(thing_id: int) -> None:
    """Tell whoever asked what the owner says now."""
    grant = session.get_one(AccessGrant, thing_id)
    if grant.state in ("granted", "refused", "revoked"):
        _tell([grant.person], grant, grant.state, reason=grant.answer or "")


@handler("alerts.looked_into")
def looked_into(thing_id: int) -> None:
    """Tell the owners that the site's operator opens a blind listing of theirs, who, and why."""
    look = session.get_one(Moderation, thing_id)
    for person in organisations.owners(look.owner):
        title = shown_title(person, listing_of(look), person.language)[0]
        path = f"/access/log/{look.owner.public_id}"
        to_person("access", person, path, what="look", asking=look.person.name, title=title, reason=look.reason, code="")
