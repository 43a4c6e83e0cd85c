"""A guarantee with everybody concerned: an agreement with an overdue milestone fee of CNY 50,000, its sides, a guarantor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any

from marketplace.db import session
from marketplace.licensing.models import Agreement, Obligation
from marketplace.licensing.risk import claiming, operations
from marketplace.licensing.risk.models import Claim, Guarantee
from marketplace.people.models import Organisation, Person
from tests import factories
from tests.factories import NOW

COVER: dict[str, Any] = {
    "share": "0.8", "maximum": "100000", "kinds": ["milestone", "royalty"], "rank": 1, "after_days": 30, "within_days": 365,
    "recourse": {"share": "1", "days": 30},
}
SINCE = date(2026, 1, 1)
_number = count(1)


@dataclass
class Parties:
    """The people who act for the institute, the firm and the guarantor, all owners there, and the agreement."""

    agreement: Agreement
    institute: Person
    firm: Person
    guarantor: Person
    company: Organisation


def parties(terms: dict[str, Any] | None = None, overdue: bool = True, language: str = "zh") -> Parties:
    """An agreement in force; with `overdue` its milestone was accepted in March and nobody has paid it."""
    institute, firm, guarantor = (factories.person(language=language) for _ in range(3))
    agreement = factories.agreement(factories.organisation(institute, kind="institute"), factories.organisation(firm), terms)
    if overdue:
        factories.event(agreement, "milestone_accepted", "2026-03-01", id="pilot")
    return Parties(agreement, institute, firm, guarantor, factories.organisation(guarantor, kind="service_provider"))


def requested(of: Parties, protects: str = "licensor", kind: str = "guarantor", company: Organisation | None = None, **cover: Any) -> Guarantee:
    """A guarantee that the institute asks for."""
    return operations.request_guarantee(
        of.institute, of.agreement, company or of.company, kind, protects, {**COVER, **cover}, f"test{next(_number)}", at=NOW
    )


def offered(of: Parties, by: Person | None = None, **values: Any) -> Guarantee:
    """The same, offered as it was asked for."""
    guarantee = requested(of, **values)
    return operations.offer_guarantee(by or of.guarantor, guarantee, operations.version_of(guarantee).terms, at=NOW)


def in_force(of: Parties, since: date = SINCE, by: Person | None = None, **values: Any) -> Guarantee:
    """The same, accepted by both sides, in force since a day before the fee fell due."""
    guarantee = offered(of, by, **values)
    for person in (of.institute, of.firm):
        operations.accept_guarantee(person, guarantee, operations.version_of(guarantee).sha256, NOW)
    guarantee.since = since
    session.flush()
    return guarantee


def filed(of: Parties, guarantee: Guarantee, *keys: str) -> Claim:
    """A claim of the obligations named, of the milestone fee where none is."""
    who = of.institute if guarantee.protects == "licensor" else of.firm
    return claiming.file_claim(who, guarantee, list(keys) or ["milestone:pilot"], "催告两次未付", f"test{next(_number)}", NOW)


def paid(of: Parties, guarantee: Guarantee, *keys: str, by: Person | None = None) -> Claim:
    """The same, accepted, and paid on the day of NOW."""
    claim = filed(of, guarantee, *keys)
    claiming.accept_claim(by or of.guarantor, claim, NOW)
    return claiming.pay_claim(by or of.guarantor, claim, NOW.date(), "回单 1", NOW)


def settled(of: Parties, guarantee: Guarantee, *keys: str, by: Person | None = None) -> Claim:
    """The same, its receipt confirmed by the protected side."""
    claim = claiming.settle_claim(of.institute if guarantee.protects == "licensor" else of.firm, paid(of, guarantee, *keys, by=by), NOW)
    session.flush()
    return claim


def owed(of: Parties, key: str = "milestone:pilot") -> Obligation:
    """The obligation as it stands."""
    session.flush()
    return next(row for row in session.query(Obligation).filter_by(agreement_id=of.agreement.id) if row.key == key)
