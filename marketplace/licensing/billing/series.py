"""The numbers of invoices: an issuer's, of a calendar year, from 1 on without gaps.

The counter is raised by the transaction that writes the invoice: it is held until that commits, and goes back when it does
not. So two who issue at once wait for each other, and a crash in between leaves neither a gap nor a number twice; the unique
constraint on the invoice says so once more.
"""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from marketplace.db import session
from marketplace.licensing.billing.attribution import reference_of
from marketplace.licensing.billing.models import InvoiceSeries
from marketplace.people.models import Organisation

PREFIX = 4  # characters of the issuer's id that begin its references


def take_number(issuer: Organisation, year: int) -> tuple[int, str]:
    """The issuer's next number of the year, and the reference that it makes."""
    insert = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}[session.get_bind().dialect.name]
    session.execute(insert(InvoiceSeries).values(issuer_id=issuer.id, year=year, last=0).on_conflict_do_nothing())
    own = (InvoiceSeries.issuer_id == issuer.id) & (InvoiceSeries.year == year)
    number = session.execute(update(InvoiceSeries).where(own).values(last=InvoiceSeries.last + 1).returning(InvoiceSeries.last)).scalar_one()
    return number, reference_of(issuer.public_id[:PREFIX].upper(), year, number)
