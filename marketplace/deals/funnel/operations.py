"""The funnel of the site, counted by a job; and the exact one of those whose deals it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from marketplace.access import Actor, may, require
from marketplace.catalogue.models import Technology
from marketplace.db import now, session, to_read
from marketplace.deals.funnel.counting import begins, deals, declined, durations, funnel, lost
from marketplace.deals.funnel.models import FunnelReport
from marketplace.deals.funnel.tally import STAGES, Counts, Shown, Tally, by_broker, public, tally
from marketplace.deals.models import Deal
from marketplace.deals.supply import counting as supply
from marketplace.deals.worklist.sources import day_at
from marketplace.jobs import handler
from marketplace.matching.models import SIDES
from marketplace.needs.models import Need
from marketplace.people.models import Organisation, Person

LEAST = 5
LISTED = 200  # deals listed on a private page


def as_of(moment: datetime) -> date:
    """The day up to which deals are counted in public: the first of the month, so that two days of one month cannot be compared."""
    return day_at(moment).replace(day=1)


def figures(moment: datetime) -> dict[str, Any]:
    """All counts of the site as JSON: matches until the moment, deals by what had happened before the month began."""
    day = as_of(moment)
    whole, without = funnel(day, moment, of_deals=(Deal.created < begins(day),))
    stages, codes = lost(begins(day))
    return {
        **whole.packed(), "without_match": without, "days": durations(begins(day)), "lost_stages": dict(stages), "lost_codes": dict(codes),
        "declined": {side: dict(counts) for side, counts in declined(begins(day)).items()}, "supply": supply.counted(),
    }


@handler("funnel.count", every=timedelta(days=1))
def count(at: str | None = None) -> Iterator[None]:
    """Count the funnel of the site anew. The reading holds no lock; the report of the month is written over."""
    moment = datetime.fromisoformat(at) if at else now()
    with to_read():
        counted = figures(moment)
    yield
    report = session.scalar(select(FunnelReport).where(FunnelReport.as_of == as_of(moment)))
    if report is None:
        report = FunnelReport(as_of=as_of(moment))
        session.add(report)
    report.computed, report.figures = moment, counted


def newest() -> FunnelReport | None:
    """The newest report of the site."""
    return session.scalar(select(FunnelReport).order_by(FunnelReport.as_of.desc()).limit(1))


@dataclass(frozen=True)
class Public:
    """What everybody may read of a report: the stages by dimension, days by stage, and where deals and matches die."""

    as_of: date
    computed: datetime
    found: Mapping[str, Mapping[str, int]]
    total: int
    by: Mapping[str, Shown]
    days: Mapping[str, Mapping[str, Any]]
    lost_stages: Shown
    lost_codes: Shown
    declined: Mapping[str, Shown]
    without_match: int | None

    def matches(self, dimension: str, values: Iterable[str]) -> int:
        """How many matches were found of these values of a dimension."""
        return sum(self.found[dimension][value] for value in values)


def published(report: FunnelReport, least: int = LEAST) -> Public:
    """What of a report may be shown to everybody: nothing that rests on fewer deals than `least`, and nothing from which that could be worked out."""
    told = report.figures
    without = told["without_match"]
    return Public(
        report.as_of, report.computed, {name: {value: counts[0] for value, counts in rows.items()} for name, rows in told["by"].items()}, told["total"][0],
        {name: public({value: counts[1:] for value, counts in rows.items()}, least) for name, rows in told["by"].items()},
        {stage: _days(row, least) for stage, row in told["days"].items()},
        _column(told["lost_stages"], least), _column(told["lost_codes"], least), {side: _column(told["declined"][side], least) for side in SIDES},
        None if 0 < without < least else without,
    )


def _column(counts: Mapping[str, int], least: int) -> Shown:
    return public({name: (number,) for name, number in counts.items()}, least)


def _days(row: Mapping[str, Any], least: int) -> dict[str, Any]:
    enough = {"ended": "days", "running": "so_far"}
    return {name: row[name] if row[number] >= least else None for number, value in enough.items() for name in (number, value)}


@dataclass(frozen=True)
class Exact:
    """The exact funnel of those whose deals it is; for a technology manager it begins with the deals he leads."""

    tally: Tally
    days: Mapping[str, Mapping[str, Any]]
    lost_stages: Mapping[str, int]
    lost_codes: Mapping[str, int]
    deals: list[Deal]


def of_broker(actor: Actor, at: datetime | None = None) -> Exact:
    """The funnel of the deals the actor leads, from the opening of each."""
    require(actor, "funnel.lead")
    moment = at or now()
    own = Deal.broker_id == actor.id
    return _exact(tally(case for _, case in deals(None, own)), moment, actor, own)


def of_house(actor: Actor, house: Organisation, at: datetime | None = None) -> Exact:
    """The funnel of the matches and deals of an organisation's side, for its owners; of an agency the deals its technology managers lead for it."""
    require(actor, "organisation.funnel", house)
    moment = at or now()
    if house.kind == "agency":
        led = Deal.agency_id == house.id
        return _exact(tally(case for _, case in deals(None, led)), moment, actor, led)
    own = or_(Deal.firm_id == house.id, Deal.holder_id == house.id)
    sides = or_(Need.organisation_id == house.id, Technology.organisation_id == house.id)
    return _exact(funnel(None, moment, (sides,), (own,))[0], moment, actor, own)


def _exact(counted: Tally, moment: datetime, actor: Actor, own: Any) -> Exact:
    stages, codes = lost(moment, own)
    shown = session.scalars(select(Deal).where(own).order_by(Deal.created.desc(), Deal.id.desc()).limit(LISTED))
    return Exact(counted, durations(moment, own), stages, codes, [deal for deal in shown if may(actor, "deal.read", deal)])


def of_brokers(actor: Actor) -> list[tuple[Person, Counts]]:
    """For the operator: how far the deals of each technology manager came, as counts; most deals first."""
    require(actor, "funnel.compare")
    counts = by_broker(case for _, case in deals(None, Deal.broker_id.is_not(None)))
    people = {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(list(counts))))} if counts else {}
    return sorted(((people[key], row) for key, row in counts.items()), key=lambda pair: (*(-number for number in pair[1]), pair[0].id))


def rates(counts: Counts) -> dict[str, float | None]:
    """The share of each stage that came on from the one before; a payment is compared with the contract, for not every agreement has a trial."""
    before = {"talk": "match", "contract": "talk", "trial": "contract", "paid": "contract"}
    number = dict(zip(STAGES, counts, strict=True))
    return {stage: number[stage] / number[origin] if number[stage] is not None and number[origin] else None for stage, origin in before.items()}
