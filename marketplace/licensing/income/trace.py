"""From a payment back to the sales statement: what it paid, and from which statement that arose."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marketplace.db import session
from marketplace.licensing import ledger
from marketplace.licensing.models import Agreement, AgreementEvent


def trace(agreement: Agreement, event: AgreementEvent, at: datetime) -> list[dict[str, Any]]:
    """What a payment paid, by the schedule of this moment: [{obligation, amount, day, period, statement}].

    `amount` is a decimal string, `period` the first day of a royalty's period, `statement` the id of the event that stated it. What is
    still credit is in no row. Interest is no fee: its trace is empty.
    """
    events = ledger.standing_events(agreement)
    place = next((index for index, one in enumerate(events) if one.id == event.id), None)
    if event.type != "payment" or place is None:
        return []
    schedule = ledger.schedule_of(agreement, ledger.day_of(agreement, at))
    stated = {period.first.isoformat(): period.stated for period in schedule.periods}
    found = []
    for one in schedule.allotments:
        if one.payment == place:
            kind, _, own = one.obligation.partition(":")
            statement = stated.get(own) if kind == "royalty" else None
            found.append({
                "obligation": one.obligation, "amount": f"{one.amount:f}", "day": one.day.isoformat(), "period": own if kind == "royalty" else None,
                "statement": events[statement].id if statement is not None else None,
            })
    return found


def statement_of(row: dict[str, Any]) -> AgreementEvent | None:
    """The event of the sales statement that a row of a trace names."""
    return session.get(AgreementEvent, row["statement"]) if row["statement"] is not None else None
