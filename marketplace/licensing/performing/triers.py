"""The triers of a technology, read for the queue."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.db import session
from marketplace.licensing.models import Agreement, Standing, Version
from marketplace.licensing.performing.queue import Place, Trier, place


def all_triers(technology_id: int) -> list[Trier]:
    """Every signed agreement about a technology, as the queue knows it."""
    rows = session.execute(
        select(Agreement.id, Agreement.signed, Version.clauses, Standing.status, Standing.window_end)
        .join(Version, (Version.agreement_id == Agreement.id) & (Version.number == Agreement.version)).join(Standing)
        .where(Agreement.technology_id == technology_id, Agreement.state == "countersigned")
    )
    return [
        Trier(
            row.id, row.signed, row.clauses.get("exclusivity", "ordinary"), row.clauses.get("queue", "first_signed"), row.status, row.window_end,
            row.clauses.get("exclusivity_hold", False),
        )
        for row in rows
    ]


def triers_of(agreement: Agreement) -> list[Trier]:
    """The others who have signed an agreement about the same technology."""
    return [one for one in all_triers(agreement.technology_id) if one.id != agreement.id]


def place_of(agreement: Agreement) -> Place | None:
    """Where the agreement stands in the queue of its technology; None when it is not signed."""
    known = all_triers(agreement.technology_id)
    own = next((one for one in known if one.id == agreement.id), None)
    return place(own, [one for one in known if one is not own]) if own else None
