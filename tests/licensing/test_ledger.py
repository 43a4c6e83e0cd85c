"""Time alone: what the hourly job makes of agreements whose day has turned, and that it leaves the others alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from marketplace.licensing import ledger
from marketplace.licensing.models import Agreement, Obligation
from marketplace.record import Event
from tests import factories

TERMS: dict[str, Any] = {
    "currency": "CNY", "effective": "2026-10-20", "entry_fee": "100", "deferred": [{"id": "d", "amount": "50", "months": 1}],
}


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, session: Any) -> Any:
    """Run the job at a moment; the agreements that it brought up to date."""

    def run(moment: datetime) -> list[int]:
        done: list[int] = []
        refresh = ledger.refresh
        with monkeypatch.context() as patched:
            patched.setattr(ledger, "now", lambda: moment)
            patched.setattr(ledger, "refresh", lambda agreement, then: done.append(agreement.id) or refresh(agreement, then))
            list(ledger.refresh_standings())
        return done

    return run


def states(session: Any, agreement: Agreement) -> dict[str, tuple[str, date | None]]:
    rows = session.scalars(select(Obligation).where(Obligation.agreement_id == agreement.id))
    return {row.key: (row.state, row.trigger) for row in rows}


def told(session: Any) -> list[str]:
    return sorted(session.scalars(select(Event.name).where(Event.thing == "obligation")))


def test_a_day_that_turns_triggers_fees_and_makes_payments_overdue_once(session: Any, at: Any) -> None:
    agreement = factories.agreement(terms=TERMS)
    assert states(session, agreement) == {"entry": ("open", date(2026, 10, 20)), "deferred:d": ("pending", None)}
    assert told(session) == ["obligation.arose"]
    later = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert at(later) == [agreement.id]
    assert states(session, agreement) == {"entry": ("overdue", date(2026, 10, 20)), "deferred:d": ("open", date(2026, 11, 20))}
    assert told(session) == ["obligation.arose", "obligation.arose", "obligation.overdue"]
    assert agreement.standing.overdue == 10_000 and agreement.standing.outstanding == 15_000
    assert at(later) == [] and len(told(session)) == 3


def test_each_agreement_has_the_day_of_its_zone(session: Any, at: Any) -> None:
    home = factories.agreement(terms=TERMS)
    east = factories.agreement(terms=TERMS, zone="Pacific/Kiritimati")
    factories.agreement(state="proposed")
    assert at(datetime(2026, 11, 2, 10, 30, tzinfo=UTC)) == [east.id], "half past midnight there, evening at home"
    assert at(datetime(2026, 11, 2, 16, 30, tzinfo=UTC)) == [home.id]


def test_nothing_to_do_without_agreements(session: Any, at: Any) -> None:
    assert at(factories.NOW) == []
