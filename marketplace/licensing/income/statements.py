"""Income statements: what an inventor was awarded in a year, what an institute divided, and whether all of it agrees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select

from marketplace.access import Actor, require
from marketplace.db import session
from marketplace.licensing.income import costs
from marketplace.licensing.income.formula import divide
from marketplace.licensing.income.models import SOURCES, IncomeCost, Inventor, Split, SplitLine
from marketplace.licensing.models import Agreement, AgreementEvent
from marketplace.people.models import Organisation
from marketplace.terms.payment import from_minor

AWARDED = ("approved", "paid")


@dataclass(frozen=True)
class IncomeStatement:
    """What one inventor was awarded in a year: the lines in the order of approval; sums in minor units by currency."""

    inventor: Inventor
    year: int
    lines: list[SplitLine]

    @property
    def awarded(self) -> dict[str, int]:
        """The sum of all lines by currency."""
        return _by_currency(self.lines)

    @property
    def paid(self) -> dict[str, int]:
        """The sum of the lines paid out, by currency."""
        return _by_currency([line for line in self.lines if line.payout])


def _by_currency(lines: list[SplitLine]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in lines:
        found[line.split.currency] = found.get(line.split.currency, 0) + line.amount
    return dict(sorted(found.items()))


def statement(actor: Actor, inventor: Inventor, year: int) -> IncomeStatement:
    """The income statement of an inventor for the year in which the splits were approved: a year that is over never changes."""
    require(actor, "inventor.read", inventor)
    own = select(SplitLine).join(Split).where(SplitLine.inventor_id == inventor.id, Split.state.in_(AWARDED), *_in_year(year))
    return IncomeStatement(inventor, year, list(session.scalars(own.order_by(Split.counted, Split.id, SplitLine.place))))


def _in_year(year: int) -> tuple[object, ...]:
    return Split.counted >= date(year, 1, 1), Split.counted <= date(year, 12, 31)


def weight_of(line: SplitLine) -> str:
    """What the inventor counted for among all of the technology: 2 / 3."""
    weights = line.split.inventorship.weights if line.split.inventorship else []
    return f"{line.weight} / {sum(one.weight for one in weights)}"


def row(line: SplitLine, lang: str, sources: Mapping[str, Any]) -> list[Any]:
    """A line as a row of a table; nothing of the agreement is in it, for an inventor is no side of it."""
    split = line.split
    paid = line.payout.day if line.payout else ""
    amount = f"{from_minor(line.amount, split.currency):f}"
    return [split.counted, split.day, sources[split.source], split.technology.titled(lang)[0], line.rate, weight_of(line), amount, split.currency, paid]


def years_of(inventor: Inventor) -> list[int]:
    """The years in which an inventor was awarded anything, latest first."""
    days = select(Split.counted).join(SplitLine).where(SplitLine.inventor_id == inventor.id, Split.state.in_(AWARDED)).distinct()
    return sorted({day.year for day in session.scalars(days)}, reverse=True)


@dataclass
class Year:
    """What an institute divided in a year, in one currency; minor units."""

    year: int
    currency: str
    gross: int = 0
    net: int = 0
    shares: dict[str, int] = field(default_factory=dict)


def years(actor: Actor, organisation: Organisation) -> list[Year]:
    """What the institute divided, by year of approval and currency, latest first."""
    require(actor, "organisation.read_income", organisation)
    found: dict[tuple[int, str], Year] = {}
    awarded = (Split.organisation_id == organisation.id, Split.state.in_(AWARDED))
    sums = select(Split.counted, Split.currency, func.sum(Split.gross), func.sum(Split.net)).where(*awarded)
    for day, currency, gross, net in session.execute(sums.group_by(Split.counted, Split.currency)):
        year = found.setdefault((day.year, currency), Year(day.year, currency))
        year.gross, year.net = year.gross + int(gross), year.net + int(net)
    shares = select(Split.counted, Split.currency, SplitLine.code, func.sum(SplitLine.amount)).join(SplitLine).where(*awarded, SplitLine.kind == "share")
    for day, currency, role, amount in session.execute(shares.group_by(Split.counted, Split.currency, SplitLine.code)):
        received = found[day.year, currency].shares
        received[role] = received.get(role, 0) + int(amount)
    return sorted(found.values(), key=lambda one: (-one.year, one.currency))


def inventors_in(actor: Actor, organisation: Organisation, year: int) -> list[tuple[Inventor, str, int]]:
    """Who was awarded how much by the institute in a year: (inventor, currency, minor units), by name."""
    require(actor, "organisation.read_income", organisation)
    sums = (
        select(SplitLine.inventor_id, Split.currency, func.sum(SplitLine.amount)).join(Split)
        .where(Split.organisation_id == organisation.id, SplitLine.inventor_id.is_not(None), Split.state.in_(AWARDED), *_in_year(year))
        .group_by(SplitLine.inventor_id, Split.currency)
    )
    rows = [(session.get_one(Inventor, key), currency, int(amount)) for key, currency, amount in session.execute(sums)]
    return sorted(rows, key=lambda row: (row[0].name or "", row[0].id, row[1]))


def open_splits(actor: Actor, organisation: Organisation, limit: int = 200) -> list[Split]:
    """The splits on which somebody has to act: waiting, to be approved, refused, or not yet paid out; oldest payment first."""
    require(actor, "organisation.read_income", organisation)
    own = select(Split).where(Split.organisation_id == organisation.id, Split.state.in_(("waiting", "computed", "refused", "approved")))
    return list(session.scalars(own.order_by(Split.day, Split.id).limit(limit)))


def faults() -> Iterator[str]:
    """Where splits do not add up, bear a cost more than once, differ from their mirror, or miss a payment; for the check of the database."""
    for split in session.scalars(select(Split).order_by(Split.id)):
        if split.net is not None:
            yield from (f"split {split.public_id}: {words}" for words in _wrong(split))
    yield from _costs_recovered_twice()
    yield from _payments_without_split()


def _wrong(split: Split) -> Iterator[str]:
    deducted = sum(line.amount for line in split.lines if line.kind == "deduction")
    shared = sum(line.amount for line in split.lines if line.kind == "share")
    if split.gross - deducted != split.net:
        yield f"gross {split.gross} less {deducted} is not the net {split.net}"
    if shared != split.net:
        yield f"the shares sum to {shared}, the net is {split.net}"
    if split.mirrors and [-line.amount for line in split.lines] != [line.amount for line in split.mirrors.lines]:
        yield f"does not mirror {split.mirrors.public_id}"
    mine = [line for line in split.lines if line.inventor_id is not None]
    if mine and divide(abs(sum(line.amount for line in mine)), {line.inventor_id: line.weight or 0 for line in mine}) != {
            line.inventor_id: abs(line.amount) for line in mine}:
        yield "the inventors' lines do not follow their weights"


def _costs_recovered_twice() -> Iterator[str]:
    ids = list(session.scalars(select(SplitLine.cost_id).where(SplitLine.cost_id.is_not(None)).distinct()))
    borne = costs.recovered(ids)
    for cost in session.scalars(select(IncomeCost).where(IncomeCost.id.in_(ids))):
        if not 0 <= borne.get(cost.id, 0) <= cost.amount:
            yield f"cost {cost.public_id}: {borne[cost.id]} of {cost.amount} has been deducted"


def _payments_without_split() -> Iterator[str]:
    """Payments that stand and whose job has not left a split: none, unless a job failed."""
    voided = select(AgreementEvent.voids_id).where(AgreementEvent.voids_id.is_not(None))
    divided = select(Split.event_id).where(Split.event_id.is_not(None))
    missing = (
        select(AgreementEvent).join(Agreement).join(Organisation, Organisation.id == Agreement.licensor_id)
        .where(Organisation.kind == "institute", AgreementEvent.type.in_(SOURCES), AgreementEvent.voids_id.is_(None),
               AgreementEvent.id.not_in(voided), AgreementEvent.id.not_in(divided))
    )
    for event in session.scalars(missing):
        yield f"agreement {event.agreement.public_id}: the {event.type} of {event.day} has no split"
