"""Reading the funnel off the facts: matches found, introductions, countersignatures, trials, payments; how long stages last, where deals and matches die.

Matches are counted by the database; deals, which are few beside them, are read one by one. Months and days are those of China.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Select, Subquery, case, func, literal, select
from sqlalchemy.orm import aliased

from marketplace.catalogue.models import Technology
from marketplace.db import HOME, session
from marketplace.deals.funnel.tally import Case, Tally, tally
from marketplace.deals.models import OPEN_STAGES, STAGES, Deal, StageSpan
from marketplace.licensing.models import Agreement, AgreementEvent
from marketplace.matching.models import SIDES, Match, MatchAnswer
from marketplace.needs.models import Need
from marketplace.people.models import Organisation

TALKED = STAGES[STAGES.index("introduced"):STAGES.index("lost")]
AT_ONCE = 5_000
DAY = 86_400

Where = tuple[ColumnElement[bool], ...]


def begins(day: date) -> datetime:
    """The moment at which a day begins."""
    return datetime.combine(day, datetime.min.time(), HOME)


def month_of(moment: datetime) -> str:
    """The month of a moment, as 2026-11."""
    return f"{moment.astimezone(HOME):%Y-%m}"


def months(first: datetime, last: datetime) -> list[date]:
    """The first days of the months from one moment to another."""
    day, found = first.astimezone(HOME).date().replace(day=1), []
    while begins(day) <= last:
        found.append(day)
        day = (day + timedelta(days=31)).replace(day=1)
    return found


def found(until: datetime, *which: ColumnElement[bool]) -> Tally:
    """How many matches were found until a moment, in all and by each dimension; `which` may name `Need` and `Technology`."""
    counted = Tally()
    first = session.scalar(select(func.min(Match.created)))
    if first is None:
        return counted
    starts = months(first, until)
    month = case(*((Match.created < begins(after), literal(f"{day:%Y-%m}")) for day, after in zip(starts, starts[1:], strict=False)),
                 else_=literal(f"{starts[-1]:%Y-%m}")) if len(starts) > 1 else literal(f"{starts[-1]:%Y-%m}")
    firm, holder = aliased(Organisation), aliased(Organisation)
    values = {"month": month, "field": Technology.field, "industry": func.substr(Need.industry, 1, 1), "firm_region": firm.region,
              "holder_region": holder.region}
    for name, value in values.items():
        query = _matches(select(value.label("value"), func.count()).select_from(Match), firm, holder).where(Match.created <= until, *which)
        for code, number in session.execute(query.group_by("value")):
            counted.put(name, code, (number, 0, 0, 0, 0))
            if name == "month":
                counted.total[0] += number
    return counted


def _matches(query: Select, firm: Any, holder: Any) -> Select:
    """A query over matches, joined with both listings and both houses."""
    return (
        query.join(Need, Need.id == Match.need_id).join(Technology, Technology.id == Match.technology_id)
        .outerjoin(firm, firm.id == Need.organisation_id).join(holder, holder.id == Technology.organisation_id)
    )


def _first_talk() -> Subquery:
    """When the sides of each deal were introduced."""
    spans = select(StageSpan.deal_id, func.min(StageSpan.entered).label("at")).where(StageSpan.stage.in_(TALKED))
    return spans.group_by(StageSpan.deal_id).subquery()


def _first_event(kind: str) -> Subquery:
    """The first day on which something happened under each agreement that was not taken back."""
    taken_back = aliased(AgreementEvent)
    voided = select(taken_back.id).where(taken_back.voids_id == AgreementEvent.id)
    counts = (AgreementEvent.type == kind, AgreementEvent.voids_id.is_(None), ~voided.exists())
    days = select(AgreementEvent.agreement_id, func.min(AgreementEvent.day).label("day")).where(*counts)
    return days.group_by(AgreementEvent.agreement_id).subquery()


def deals(before: date | None, *which: ColumnElement[bool]) -> Iterator[tuple[int | None, Case]]:
    """Each deal as a case with the id of its match, by what had happened before a day; its month is that of the match, else its own."""
    talk, trial, paid = _first_talk(), _first_event("trial_started"), _first_event("payment")
    firm, holder = aliased(Organisation), aliased(Organisation)
    query = (
        select(Deal.match_id, Deal.broker_id, func.coalesce(Match.created, Deal.created), Technology.field, Need.industry, firm.region, holder.region,
               talk.c.at, Agreement.signed, trial.c.day, paid.c.day)
        .join(Technology, Technology.id == Deal.technology_id).join(firm, firm.id == Deal.firm_id).join(holder, holder.id == Deal.holder_id)
        .outerjoin(Need, Need.id == Deal.need_id).outerjoin(Match, Match.id == Deal.match_id).outerjoin(Agreement, Agreement.id == Deal.agreement_id)
        .outerjoin(talk, talk.c.deal_id == Deal.id).outerjoin(trial, trial.c.agreement_id == Deal.agreement_id)
        .outerjoin(paid, paid.c.agreement_id == Deal.agreement_id).where(*which)
    )
    end = begins(before) if before else None
    rows = session.execute(query, execution_options={"yield_per": AT_ONCE})
    for match, broker, begun, field, industry, at_firm, at_holder, talked, signed, tried, first in rows:
        values = {"month": month_of(begun), "field": field or "", "industry": (industry or "")[:1], "firm_region": at_firm, "holder_region": at_holder}
        reached = [each is not None and (end is None or each < end) for each in (talked, signed)]
        later = [each is not None and (before is None or each < before) for each in (tried, first)]
        yield match, Case(values, *reached, *later, broker=broker)


def of_matches(reached: Iterator[tuple[int | None, Case]]) -> tuple[list[Case], int]:
    """The cases of matches that became deals, each as far as any deal of it came, and how many deals began without a match."""
    best: dict[int, Case] = {}
    without = 0
    for match, one in reached:
        if match is None:
            without += 1
        elif match not in best or one.counts > best[match].counts:
            best[match] = one
    return list(best.values()), without


def funnel(before: date | None, until: datetime, matches: Where = (), of_deals: Where = ()) -> tuple[Tally, int]:
    """The funnel of the matches and deals chosen, and how many of the deals began without a match."""
    cases, without = of_matches(deals(before, *of_deals))
    whole = found(until, *matches)
    further = tally(cases)
    for name, rows in further.by.items():
        for value, counts in rows.items():
            whole.put(name, value, (0, *counts[1:]))
    whole.total = [whole.total[0], *further.total[1:]]
    return whole, without


def durations(until: datetime, *which: ColumnElement[bool]) -> dict[str, dict[str, Any]]:
    """For each stage how many deals left it until a moment and their median days in it; how many are in it still, and the median of theirs so far."""
    query = select(StageSpan.stage, StageSpan.entered, StageSpan.left).join(Deal).where(StageSpan.stage.in_(OPEN_STAGES), StageSpan.entered < until, *which)
    ended, running = defaultdict(lambda: array("d")), defaultdict(lambda: array("d"))
    for stage, entered, left in session.execute(query, execution_options={"yield_per": AT_ONCE}):
        over = left is not None and left < until
        (ended if over else running)[stage].append(((left if over else until) - entered).total_seconds() / DAY)
    return {stage: {"ended": len(ended[stage]), "days": _median(ended[stage]), "running": len(running[stage]), "so_far": _median(running[stage])}
            for stage in OPEN_STAGES if stage in ended or stage in running}


def _median(days: array[float]) -> float | None:
    return round(float(np.median(np.frombuffer(days))), 1) if days else None


def lost(before: datetime, *which: ColumnElement[bool]) -> tuple[Counter[str], Counter[str]]:
    """Deals lost before a moment: by the stage they were in, and by code."""
    gone = (Deal.state == "lost", Deal.since < before, *which)
    codes = Counter(dict(tuple(row) for row in session.execute(select(Deal.lost_code, func.count()).where(*gone).group_by(Deal.lost_code))))
    last = select(StageSpan.stage, func.count()).join(Deal, (Deal.id == StageSpan.deal_id) & (StageSpan.left == Deal.since))
    stages = Counter(dict(tuple(row) for row in session.execute(last.where(StageSpan.stage != "lost", *gone).group_by(StageSpan.stage))))
    return stages, codes


def declined(before: datetime, *which: ColumnElement[bool]) -> dict[str, Counter[str]]:
    """For each side the matches it declines, by the code of its last answer."""
    rows: dict[str, Counter[str]] = {side: Counter() for side in SIDES}
    newest = select(func.max(MatchAnswer.id)).where(MatchAnswer.at < before).group_by(MatchAnswer.match_id, MatchAnswer.side)
    query = select(MatchAnswer.side, MatchAnswer.code, func.count()).where(MatchAnswer.id.in_(newest), MatchAnswer.answer == "declined")
    if which:
        query = query.join(Match, Match.id == MatchAnswer.match_id).join(Need, Need.id == Match.need_id)
        query = query.join(Technology, Technology.id == Match.technology_id).where(*which)
    for side, code, number in session.execute(query.group_by(MatchAnswer.side, MatchAnswer.code)):
        rows[side][code] = number
    return rows
