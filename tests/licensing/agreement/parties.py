"""What the tests of agreements share: two sides with their people, proposals, and signing as people do it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from marketplace.catalogue.models import Technology
from marketplace.db import session
from marketplace.jobs import run_all
from marketplace.licensing import clauses, operations
from marketplace.licensing.duties import operations as duties
from marketplace.licensing.models import Agreement, Signature
from marketplace.licensing.signing import codes
from marketplace.licensing.signing import operations as signing
from marketplace.people.models import Organisation, Person
from tests import factories
from tests.factories import NOW
from tests.inspection import playing

TRIAL: dict[str, Any] = {
    "currency": "CNY", "effective": "2026-11-02", "trial": {"months": 1}, "conversion": {"price": "200000"},
    "milestones": [{"id": "pilot", "amount": "50000"}], "buyout": {"price": "900000"},
}


@dataclass
class Parties:
    """An institute and a firm, each with an owner, a member and a signatory, and a technology of the institute."""

    licensor: Organisation
    licensee: Organisation
    technology: Technology
    holder: Person
    firm: Person
    holder_member: Person
    firm_member: Person
    holder_signatory: Person
    firm_signatory: Person


def parties(signatories: bool = True, licensor: Organisation | None = None, technology: Technology | None = None) -> Parties:
    """Two verified sides; without `signatories` the owners sign."""
    holder, firm = (licensor.memberships[0].person if licensor else factories.person()), factories.person()
    licensor = licensor or factories.organisation(holder, kind="institute")
    licensee = factories.organisation(firm)
    seats = []
    for where in (licensor, licensee):
        for role in ("member", "signatory") if signatories else ("member", "member"):
            seats.append(factories.membership(factories.person(), where, role).person)
    technology = technology or factories.technology(licensor)
    return Parties(licensor, licensee, technology, holder, firm, seats[0], seats[2], seats[1], seats[3])


def work_on(*kinds: str) -> None:
    """Commit, and do the waiting jobs of these kinds alone: printing takes a second each time."""
    session.commit()
    with playing():
        run_all(only=kinds)
    session.expire_all()


def priced(who: Parties, agreement: Agreement, at: datetime = NOW, mode: str = "listing") -> Agreement:
    """How the price was found, as the institute has to record it before anybody signs; a listing needs no notice."""
    minutes = (BytesIO("挂牌结果".encode()), "minutes.txt")
    duties.record_pricing(who.holder_member, agreement, f"priced{agreement.id}{mode}", mode, "校长办公会", at.date(), "第3号决议", minutes, at)
    session.flush()
    return agreement


def proposed(who: Parties, terms: dict[str, Any] | None = None, at: datetime = NOW, **said: Any) -> Agreement:
    """A proposal of the firm's member, its price found by a market listing."""
    agreement = operations.create_agreement(
        who.firm_member, who.technology, who.licensor, who.licensee, terms or TRIAL, {**clauses.defaults(), **said}, at,
    )
    session.flush()
    operations.propose_agreement(who.firm_member, agreement, at)
    session.flush()
    return priced(who, agreement, at)


def give(person: Person, agreement: Agreement, at: datetime = NOW, of: str = "agreement", number: int | None = None) -> Signature:
    """Sign as a person does: read, ask for the code, enter it."""
    words = signing.text_to_sign(agreement, of, number)
    number = number or (agreement.version if of == "agreement" else signing.certificate_number(agreement))
    asked = signing.ask_code(person, agreement, number, words.sha256, of, at)
    session.flush()
    signed = signing.sign(person, asked, codes.code_of(asked.public_id, asked.counter), words.sha256, at + timedelta(minutes=1))
    session.flush()
    return signed


def signed(who: Parties, terms: dict[str, Any] | None = None, at: datetime = NOW, **said: Any) -> Agreement:
    """An agreement signed by both."""
    agreement = proposed(who, terms, at, **said)
    give(who.firm_signatory, agreement, at)
    give(who.holder_signatory, agreement, at)
    return agreement
