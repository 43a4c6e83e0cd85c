"""A licensee that reports sales to a licensor: who they are, and a statement sent in one line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from marketplace.db import session
from marketplace.licensing.models import Agreement
from marketplace.licensing.statements import operations
from marketplace.licensing.statements.models import Statement
from marketplace.people.models import Person
from tests import factories

FIRST = date(2026, 1, 1)
SECOND = date(2026, 4, 1)
CLAUSES: dict[str, Any] = {"audit": {"notice_days": 10, "per_year": 2, "bears_cost_from": "0.05"}, "estimate": {"allowed": True, "after_days": 10}}


@dataclass
class Two:
    """An agreement with an owner of each side."""

    agreement: Agreement
    licensor: Person
    licensee: Person


def two_sides(clauses: dict[str, Any] | None = None, terms: dict[str, Any] | None = None, **values: Any) -> Two:
    """An agreement in force since 2026-01-01 with quarterly statements, three per cent of net sales."""
    licensor, licensee = factories.person(), factories.person()
    made = factories.agreement(
        factories.organisation(licensor, kind="institute"), factories.organisation(licensee), clauses=CLAUSES if clauses is None else clauses,
        terms=terms, **values,
    )
    return Two(made, licensor, licensee)


def noon(year: int, month: int, day: int) -> datetime:
    """Noon in Shanghai."""
    return datetime(year, month, day, 4, tzinfo=UTC)


def stated(two: Two, period: date = FIRST, gross: str = "200000", at: datetime = noon(2026, 7, 10), **figures: Any) -> Statement:
    """A statement of a period, drafted and sent at a moment."""
    values = {"gross": gross, **figures} if figures.keys() <= {"deductions"} else figures
    draft = operations.draft_statement(two.licensee, two.agreement, period, values, f"{period}:{at}:{values}", at=at)
    session.flush()
    return operations.send_statement(two.licensee, draft, operations.foreseen(draft, at).digest, at)
