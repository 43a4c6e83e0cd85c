"""The demo of calls whose deadline is past: one awarded to two teams with their gates at work, and one in review with something on a reviewer's desk.

Proposals are sealed and opened, declared, scored and decided, agreements signed, stages handed in and judged by the operations that people use, each at a
moment of its own in the past.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

from marketplace.access import SYSTEM
from marketplace.calls import operations as calls
from marketplace.calls import reviewers
from marketplace.calls.models import Call, Reviewer
from marketplace.calls.proposals import operations as proposals
from marketplace.calls.proposals.opening import open_proposals
from marketplace.calls.proposals.operations import HandedIn
from marketplace.calls.proposals.receiving import Arrival
from marketplace.calls.reviewing import awarding, declaring, scoring
from marketplace.calls.reviewing import operations as reviewing
from marketplace.calls.reviewing.awarding import Choice
from marketplace.calls.reviewing.models import Review
from marketplace.calls.sealing import operations as sealing
from marketplace.calls.teams import operations as teams
from marketplace.calls.teams.models import Team
from marketplace.calls.teams.operations import Plan
from marketplace.db import new_public_id, now, session
from marketplace.demo.brokering import BASIS, sign
from marketplace.licensing import ledger
from marketplace.licensing.duties import operations as duties
from marketplace.people.models import Person
from marketplace.people.operations import by_address
from marketplace.terms.payment import to_minor

FILE = Path(__file__).parent / "reviewed.toml"
DAY = timedelta(days=1)
TEXTS = ("title", "summary", "plan", "team", "schedule", "language", "criteria")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Cast:
    """Who acts, by the account before the @; and the moment from which days are counted back."""

    people: Mapping[str, Person]
    today: datetime

    def ago(self, days: int) -> datetime:
        """So many days ago."""
        return self.today - days * DAY


def load(put_out: Callable[..., Call]) -> Iterator[str]:
    """Bring them in; `put_out` publishes a call as its row says. Nothing where the demo's people are not there. The caller commits."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["call"]
    names = {row["owner"].partition("@")[0] for row in rows} | {one["by"] for row in rows for one in row["proposal"]} | {
        name for row in rows for name in row["reviewers"]}
    people = {name: person for name in names if (person := by_address(f"{name}@demo.example")) is not None}
    if len(people) < len(names):
        return
    cast = Cast(people, now())
    for row in rows:
        owner = people[row["owner"].partition("@")[0]]
        call = put_out(owner, row, at=cast.ago(row["published"]))
        review = _reviewed(cast, owner, call, row)
        if "decided" in row:
            _awarded(cast, owner, review, row)
        yield call.titled("zh")[0]


def _reviewed(cast: Cast, owner: Person, call: Call, row: Row) -> Review:
    """Reviewers are named and accept, proposals come in, the clock closes and opens, and who has declared gives his scores."""
    named = cast.ago(row["published"] - 2)
    asked = {name: reviewers.name_reviewer(owner, call, f"{name}@demo.example", named) for name in row["reviewers"]}
    for name, one in asked.items():
        reviewers.answer_naming(cast.people[name], one, True, named + DAY)
    sealing.make_key(SYSTEM, call, named)
    for number, one in enumerate(row["proposal"], 1):
        _handed_in(cast.people[one["by"]], call, one, call.deadline - number * timedelta(hours=5))
    calls.close_call(call.id, call.deadline)
    for _step in open_proposals(call.id, proposals.opens_at(call)):
        session.flush()  # where the worker commits
    begun = cast.ago(row["reviewed"])
    review = reviewing.open_review(owner, call, row["least"], cast.today + row["until"] * DAY if "until" in row else None, begun)
    for name in row.get("declared", row["reviewers"]):
        said = {one.public_id: ("none", "") for one in reviewing.proposals_of(call)}
        declaring.declare(cast.people[name], asked[name], {} if call.anonymous else said, {}, True, begun + DAY)
        _scored(cast.people[name], asked[name], row, name, begun + 2 * DAY)
    return review


def _handed_in(who: Person, call: Call, row: Row, moment: datetime) -> None:
    """One proposal with its file, sealed as it is when it comes by the page."""
    version, house = new_public_id(), who.organisations[0]
    price = {"amount": to_minor(Decimal(row["price"]), call.currency), "currency": call.currency}
    said = {**{name: row[name] for name in TEXTS}, "price": price}
    with Arrival(proposals.folder(), proposals.sealable(proposals.desk_of(who, call, moment)), version) as arrival:
        if "file" in row:
            arrival.into(row["file"]["name"]).write(row["file"]["text"].encode())
        files = arrival.files()
        parts = [arrival.text(proposals.composed(call, house, said, files)), *files]
        arrival.keep()
        proposals.hand_in(who, call, house, HandedIn(version, parts, moment, moment + timedelta(seconds=2)), at=moment + timedelta(seconds=3))


def _scored(person: Person, reviewer: Reviewer, row: Row, name: str, moment: datetime) -> None:
    """What this reviewer gives to each proposal that he may read and has got to."""
    given = {_house_of(one): one for one in row["proposal"]}
    for assignment in declaring.readable(reviewer):
        values = given[assignment.proposal.organisation_id]["scores"].get(name)
        if values:
            known = zip(reviewer.call.criteria, values, row["marks"], strict=True)
            marks = {key.id: (value, next(text for least, text in reasons if value >= least)) for key, value, reasons in known}
            scoring.score(person, assignment, marks, at=moment)


def _house_of(row: Row) -> int | None:
    person = by_address(f"{row['by']}@demo.example")
    return person.organisations[0].id if person else None


def _awarded(cast: Cast, owner: Person, review: Review, row: Row) -> None:
    """The owners close the review, decide and publish; both teams take the award."""
    call, moment = review.call, cast.ago(row["decided"])
    reviewing.close_review(owner, review, moment - DAY)
    rows = {_house_of(one): one for one in row["proposal"]}
    choices = {one.id: _choice(rows[one.organisation_id], call) for one in reviewing.standing(reviewing.proposals_of(call))}
    decision = awarding.decide(owner, review, choices, row["reasons"]["zh"], at=moment)
    awarding.publish(owner, review, decision.number, moment)
    for team in teams.teams_of(call):
        said = rows[team.organisation_id]
        _at_work(cast, owner, cast.people[said["by"]], team, said, cast.ago(row["team_days"]))


def _choice(row: Row, call: Call) -> Choice:
    if "amount" not in row:
        return Choice(False, advice=row["advice"])
    return Choice(True, row["reason"]["zh"], row["advice"], to_minor(Decimal(row["amount"]), call.currency))


def _at_work(cast: Cast, owner: Person, solver: Person, team: Team, row: Row, moment: datetime) -> None:
    """The team takes the award, both sides sign, and its first stage is handed in; judged where the row says so."""
    plans = [Plan(one["plan"], (cast.today + one["days"] * DAY).date()) for one in row["milestones"]]
    agreement = teams.take(solver, team, plans, moment)
    if solver.organisations[0].kind == "institute":
        minutes = (BytesIO(f"{BASIS}\n".encode()), "minutes.txt")
        duties.record_pricing(solver, agreement, "demo", "listing", BASIS, ledger.day_of(agreement, moment), BASIS, minutes, moment)
    for person in (solver, owner):
        sign(person, agreement, moment + DAY)
    gate = team.gates[0]
    teams.submit(solver, gate, row["evidence"], cast.ago(row["handed_in"]))
    if "judged" in row:
        teams.judge(owner, gate, True, row["measured"], row["finding"], cast.ago(row["judged"]))
    ledger.refresh(agreement, now())
