"""What an organisation is owed and owes: sums by currency, arrears by age, and the check that all copies agree to the last unit.

Sums come from the obligations by SQL; what only the schedule knows (interest less what was paid of it, credit) from the standings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import InstrumentedAttribute

from marketplace.access import Actor, require
from marketplace.db import session
from marketplace.licensing import ledger
from marketplace.licensing.billing.models import Invoice, InvoiceSeries, Payment
from marketplace.licensing.billing.operations import live_invoices
from marketplace.licensing.models import Agreement, Obligation, Standing
from marketplace.ordering import Order, order
from marketplace.people.models import Organisation
from marketplace.terms.payment import to_minor

AGES = ("not_due", "1_30", "31_60", "61_90", "over_90")
UNPAID = ("open", "overdue")
BATCH = 200


@dataclass(frozen=True)
class Total:
    """Sums of one side and currency, minor units: `fees` is what was triggered, of it `paid` and `outstanding`, of that `overdue`."""

    currency: str
    fees: int = 0
    paid: int = 0
    outstanding: int = 0
    overdue: int = 0
    interest: int = 0
    credit: int = 0


@dataclass(frozen=True)
class Arrears:
    """What is unpaid under one agreement (or all of them: None) in one currency, by age; minor units."""

    agreement: Agreement | None
    currency: str
    ages: dict[str, int]

    @property
    def sum(self) -> int:
        """Everything unpaid, due or not."""
        return sum(self.ages.values())


def _side(model: Any, side: str) -> InstrumentedAttribute[int]:
    return model.licensor_id if side == "licensor" else model.licensee_id


def totals(actor: Actor, organisation: Organisation) -> dict[str, list[Total]]:
    """What is owed to the organisation ("licensor") and by it ("licensee"), by currency."""
    require(actor, "organisation.money", organisation)
    return {side: _totals(organisation.id, side) for side in ("licensor", "licensee")}


def _totals(organisation_id: int, side: str) -> list[Total]:
    sums = {row.currency: row for row in session.execute(_of_obligations(side).where(_side(Obligation, side) == organisation_id))}
    kept = {row.currency: row for row in session.execute(_of_standings(side).where(_side(Agreement, side) == organisation_id))}
    found = []
    for currency in sorted(sums.keys() | kept.keys()):
        owed, standing = sums.get(currency), kept.get(currency)
        parts = {name: int(getattr(owed, name)) if owed else 0 for name in ("fees", "paid", "outstanding", "overdue")}
        found.append(Total(currency, **parts, interest=int(standing.interest) if standing else 0, credit=int(standing.credit) if standing else 0))
    return found


def _of_obligations(side: str) -> Select[Any]:
    owner, unpaid = _side(Obligation, side), Obligation.unpaid
    late = case((Obligation.state == "overdue", unpaid), else_=0)
    return select(
        owner.label("owner"), Obligation.currency, func.sum(Obligation.amount).label("fees"), func.sum(Obligation.paid).label("paid"),
        func.sum(unpaid).label("outstanding"), func.sum(late).label("overdue"), func.sum(Obligation.interest).label("accrued"),
    ).where(Obligation.state.in_((*UNPAID, "paid"))).group_by(owner, Obligation.currency)


def _of_standings(side: str) -> Select[Any]:
    owner = _side(Agreement, side)
    columns = [func.sum(getattr(Standing, name)).label(name) for name in ("fees", "paid", "outstanding", "overdue", "interest", "credit")]
    return select(owner.label("owner"), Standing.currency, *columns).join(Standing.agreement).group_by(owner, Standing.currency)


def _age(today: date) -> ColumnElement[Any]:
    bounds = [(name, today - timedelta(days=days)) for name, days in (("not_due", 0), ("1_30", 30), ("31_60", 60), ("61_90", 90))]
    return case(*((Obligation.due >= bound, name) for name, bound in bounds), else_="over_90")


def arrears_query(organisation_id: int, side: str, today: date, by_agreement: bool = False) -> Select[Any]:
    """The statement behind `arrears`: what is unpaid by currency and age, or by agreement too."""
    age = _age(today).label("age")
    keys = [Obligation.currency, age, *([Obligation.agreement_id] if by_agreement else [])]
    own = (_side(Obligation, side) == organisation_id) & Obligation.state.in_(UNPAID) & (Obligation.unpaid > 0)
    return select(*keys, func.sum(Obligation.unpaid).label("unpaid")).where(own).group_by(*keys)


def arrears(actor: Actor, organisation: Organisation, side: str, today: date) -> list[Arrears]:
    """What is unpaid by age, one row a currency."""
    require(actor, "organisation.money", organisation)
    found: dict[str, dict[str, int]] = {}
    for row in session.execute(arrears_query(organisation.id, side, today)):
        found.setdefault(row.currency, dict.fromkeys(AGES, 0))[row.age] = int(row.unpaid)
    return [Arrears(None, currency, ages) for currency, ages in sorted(found.items())]


ORDERS = {"late": True, "unpaid": True}
"""What arrears can be ordered by, and whether that falls; the first unasked."""


def arrears_by_agreement(
    actor: Actor, organisation: Organisation, side: str, today: date, page: int, size: int, by: Order | None = None
) -> list[Arrears]:
    """The same by agreement, most overdue first unless ordered otherwise; one page, and one more row if there is a next page."""
    require(actor, "organisation.money", organisation)
    by, own = by or order("", ORDERS), _unpaid(organisation, side)
    column = {"late": func.sum(case((Obligation.due < today, Obligation.unpaid), else_=0)), "unpaid": func.sum(Obligation.unpaid)}[by.name]
    ranked = select(Obligation.agreement_id).where(own).group_by(Obligation.agreement_id).order_by(*by.by(column), Obligation.agreement_id)
    ids = list(session.scalars(ranked.offset((page - 1) * size).limit(size + 1)))
    rows = session.execute(arrears_query(organisation.id, side, today, by_agreement=True).where(Obligation.agreement_id.in_(ids)))
    ages: dict[int, Arrears] = {}
    agreements = {one.id: one for one in session.scalars(select(Agreement).where(Agreement.id.in_(ids)))}
    for row in rows:
        one = ages.setdefault(row.agreement_id, Arrears(agreements[row.agreement_id], row.currency, dict.fromkeys(AGES, 0)))
        one.ages[row.age] = int(row.unpaid)
    return [ages[key] for key in ids]


def count_in_arrears(actor: Actor, organisation: Organisation, side: str) -> int:
    """How many agreements have something unpaid."""
    require(actor, "organisation.money", organisation)
    return session.scalar(select(func.count(Obligation.agreement_id.distinct())).where(_unpaid(organisation, side))) or 0


def _unpaid(organisation: Organisation, side: str) -> ColumnElement[bool]:
    return (_side(Obligation, side) == organisation.id) & Obligation.state.in_(UNPAID) & (Obligation.unpaid > 0)


def faults(step: Callable[[int], None] = lambda count: None) -> Iterator[str]:
    """Everything that does not agree: sums of organisations, schedules recomputed, numbers of invoices, payments and their events.

    `step` is told how many agreements were looked at. Nothing is written; the session is emptied now and then.
    """
    yield from _sum_faults()
    yield from _number_faults()
    last = 0
    while True:
        batch = list(session.scalars(select(Agreement).where(Agreement.state == "countersigned", Agreement.id > last).order_by(Agreement.id).limit(BATCH)))
        if not batch:
            return
        for agreement in batch:
            last = agreement.id
            yield from agreement_faults(agreement)
        step(len(batch))
        session.expunge_all()


def agreements_to_check() -> int:
    """How many agreements `faults` looks at."""
    return session.scalar(select(func.count()).select_from(Agreement).where(Agreement.state == "countersigned")) or 0


def agreement_faults(agreement: Agreement) -> Iterator[str]:
    """What does not agree within one agreement."""
    yield from ledger.faults(agreement)
    yield from _payment_faults(agreement)
    yield from _invoice_faults(agreement)


def _sum_faults() -> Iterator[str]:
    """For each organisation, side and currency: the sums of standings against the sums of obligations."""
    for side in ("licensor", "licensee"):
        names = ("fees", "paid", "outstanding", "overdue")
        owed = {(row.owner, row.currency): [int(getattr(row, name)) for name in names] for row in session.execute(_of_obligations(side))}
        kept = {(row.owner, row.currency): [int(getattr(row, name)) for name in names] for row in session.execute(_of_standings(side))}
        for key in sorted(owed.keys() | kept.keys()):
            if owed.get(key, [0] * len(names)) != kept.get(key, [0] * len(names)):
                yield f"organisation {key[0]} as {side}, {key[1]}: obligations sum to {owed.get(key)}, standings to {kept.get(key)}"


def _number_faults() -> Iterator[str]:
    """Each issuer's numbers of a year run from 1 to the last without a gap."""
    count, top = func.count(Invoice.id), func.coalesce(func.max(Invoice.number), 0)
    own = (Invoice.issuer_id == InvoiceSeries.issuer_id) & (Invoice.year == InvoiceSeries.year)
    series = select(InvoiceSeries.issuer_id, InvoiceSeries.year, InvoiceSeries.last, count.label("count"), top.label("top")).outerjoin(Invoice, own)
    for row in session.execute(series.group_by(InvoiceSeries.issuer_id, InvoiceSeries.year, InvoiceSeries.last)):
        if not row.last == row.count == row.top:
            yield f"issuer {row.issuer_id}, {row.year}: {row.count} invoices, highest number {row.top}, last number given {row.last}"


def _payment_faults(agreement: Agreement) -> Iterator[str]:
    """Each confirmed payment counts once, with its whole amount, and nothing else counts that names a payment."""
    counted: dict[str, int] = {}
    for event in ledger.standing_events(agreement):
        kind, _, public_id = event.key.partition(":")
        if kind in ("payment", "interest"):
            counted[public_id] = counted.get(public_id, 0) + (to_minor(ledger.amount_of(event), ledger.terms_of(agreement).currency) or 0)
    for payment in session.scalars(select(Payment).where(Payment.agreement_id == agreement.id)):
        found, wanted = counted.pop(payment.public_id, 0), payment.amount if payment.state == "confirmed" else 0
        if found != wanted:
            yield f"agreement {agreement.public_id}: payment {payment.public_id} is {payment.state} with {wanted}, its events count {found}"
    yield from (f"agreement {agreement.public_id}: an event names the payment {one}, which is not there" for one in counted)


def _invoice_faults(agreement: Agreement) -> Iterator[str]:
    """One live invoice an obligation at most, and mirrors that are the exact opposite of what they cancel."""
    for subject, invoices in live_invoices(agreement).items():
        if subject != "interest" and len(invoices) > 1:
            yield f"agreement {agreement.public_id}: {subject} is billed {len(invoices)} times"
    for mirror in session.scalars(select(Invoice).where(Invoice.agreement_id == agreement.id, Invoice.kind == "mirror")):
        cancelled = mirror.cancels
        if cancelled is None or (mirror.amount, mirror.currency, mirror.issuer_id) != (-cancelled.amount, cancelled.currency, cancelled.issuer_id):
            yield f"agreement {agreement.public_id}: {mirror.reference} is not the opposite of what it cancels"
