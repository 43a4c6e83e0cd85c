"""An institute with two owners, its licensee, an agreement with a royalty, a policy and the inventors' weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from marketplace.db import session as db
from marketplace.licensing import ledger
from marketplace.licensing.income import inventors, policies
from marketplace.licensing.income.models import Inventor, Split
from marketplace.licensing.models import Agreement, AgreementEvent
from marketplace.people.models import Organisation, Person
from tests import factories
from tests.factories import NOW
from tests.inspection import work

SHARES = {"inventors": "0.7", "school": "0.2", "transfer_office": "0.1"}


@dataclass
class Institute:
    """Who and what an income test needs."""

    owner: Person
    second: Person
    organisation: Organisation
    licensee: Organisation
    agreement: Agreement
    made: dict[str, Any] = field(default_factory=dict)

    def policy(self, shares: dict[str, str] | None = None, deductions: list[dict[str, Any]] = [], day: str = "2026-01-01", **values: Any):
        """An approved policy."""
        rates = {role: Decimal(rate) for role, rate in (shares or SHARES).items()}
        key = f"policy{len(policies.versions(self.organisation))}"
        found = policies.propose_policy(self.owner, self.organisation, key, date.fromisoformat(day), rates, deductions, at=NOW, **values)
        return policies.approve_policy(self.second, found, NOW)

    def weights(self, rows: list[inventors.Named] | None = None):
        """Approved weights: two to one unless told otherwise."""
        rows = rows or [inventors.Named("甲某", 2, address="jia@example.com"), inventors.Named("乙某", 1, "外校")]
        technology = self.agreement.technology
        found = inventors.propose_inventorship(self.owner, technology, f"weights{len(inventors.versions(technology))}", rows, at=NOW)
        return inventors.approve_inventorship(self.second, found, NOW)

    def pay(self, amount: str = "10000.01", day: str = "2026-09-01", kind: str = "payment") -> AgreementEvent:
        """A payment as the institute records it."""
        number = len(self.agreement.events)
        return ledger.enter(self.owner, self.agreement, kind, date.fromisoformat(day), f"pay{number}", NOW, amount=amount)

    def split(self, event: AgreementEvent) -> Split:
        """The newest split of a payment that is no mirror, after the jobs have run."""
        work()
        found = select(Split).where(Split.event_id == event.id, Split.mirrors_id.is_(None)).order_by(Split.id.desc())
        return db.scalars(found).first()

    def inventor(self, name: str) -> Inventor:
        """The inventor of this name."""
        return db.execute(select(Inventor).where(Inventor.name == name)).scalar_one()


@pytest.fixture
def institute(app) -> Institute:
    owner, second = factories.person(), factories.person()
    organisation = factories.organisation(owner, second, kind="institute", region="110000")
    licensee = factories.organisation(factories.person())
    return Institute(owner, second, organisation, licensee, factories.agreement(organisation, licensee))
