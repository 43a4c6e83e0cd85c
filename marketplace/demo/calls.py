"""The demo of open calls: three calls by two firms, one begun from a need and one with its deadline in Berlin, and a board that lists two of them.

They go through the operations that people use; deadlines lie ahead of the day on which the demo is loaded. `reviewed` adds calls whose deadline is past.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from marketplace.calls import operations as calls
from marketplace.calls import questions, reviewers
from marketplace.calls.boards import operations as boards
from marketplace.calls.deadlines import HOME, local, moment_of
from marketplace.calls.models import Board, Call
from marketplace.db import now, session
from marketplace.demo import reviewed
from marketplace.needs.models import Need
from marketplace.people.models import Person
from marketplace.people.operations import by_address
from marketplace.terms.payment import to_minor

FILE = Path(__file__).parent / "calls.toml"
PLAIN = ("language", "title", "brief", "targets", "acceptance", "money", "currency", "stages", "eligible", "eligibility", "ip_position", "ip_terms", "teams",
         "anonymous", "criteria", "zone", "industry")
REVIEWER = "broker3@demo.example"


def is_loaded() -> bool:
    """Whether there is any call."""
    return (session.scalar(select(func.count()).select_from(Call)) or 0) > 0


def load(titles: dict[str, dict[str, str]]) -> Iterator[str]:
    """Bring everything in; yields the name of each finished part. Nothing where the demo's people are not there. The caller commits at the end."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    addresses = {data["board"]["keeper"], REVIEWER, *(row["owner"] for row in data["call"])}
    people = {address: person for address in addresses if (person := by_address(address)) is not None}
    if len(people) < len(addresses):
        return
    board = _board(people[data["board"]["keeper"]], data["board"])
    yield "board"
    for row in data["call"]:
        call = put_out(people[row["owner"]], row, _need(titles[row["need"]]) if "need" in row else None)
        _listed(people, call, board, row["listed"])
        reviewers.name_reviewer(people[row["owner"]], call, REVIEWER)
        _asked(people[row["owner"]], call, row.get("question"))
        yield call.titled("zh")[0]
    yield from reviewed.load(put_out)


def _board(keeper: Person, row: dict[str, Any]) -> Board:
    board = boards.create_board(keeper, keeper.organisations[0], title=row["title"], about=row["about"], region=row["region"])
    return boards.step(keeper, board, "publish")


def put_out(owner: Person, row: dict[str, Any], need: Need | None = None, at: datetime | None = None) -> Call:
    """A published call as its row says; what its need says already is not in the row. Days are counted from the moment of publishing."""
    moment = at or now()
    call = calls.draft_call(owner, owner.organisations[0], need, moment)
    values = {name: row[name] for name in PLAIN if name in row}
    values["targets"] = [{"today": None, **target} for target in row["targets"]] if "targets" in row else call.targets
    today = local(moment, HOME).date()
    values["deadline"] = moment_of(row["zone"], today + timedelta(days=row["days"]), row["clock"])
    if "questions_days" in row:
        values["questions_until"] = moment_of(row["zone"], today + timedelta(days=row["questions_days"]), time(17))
    calls.edit_call(owner, call, moment, amount=to_minor(Decimal(row["amount"]), row["currency"]), **values)
    return calls.publish_call(owner, call, moment)


def _need(title: dict[str, str]) -> Need | None:
    return next((need for need in session.scalars(select(Need).where(Need.state.in_(Need.OPEN_STATES))) if need.title == title), None)


def _listed(people: dict[str, Person], call: Call, board: Board, listed: bool) -> None:
    """The owner asks for the board; its keeper has taken some of the calls, and not yet looked at the others."""
    owner = people[call.author.address_key] if call.author else None
    if owner is None:
        return
    boards.ask_board(owner, call, board)
    keeper = board.organisation.memberships[0].person
    if listed:
        boards.decide(keeper, board, call, True)


def _asked(owner: Person, call: Call, row: dict[str, str] | None) -> None:
    """A question with its answer."""
    asker = by_address(row["by"]) if row else None
    if row is None or asker is None:
        return
    question = questions.ask_question(asker, call, row["zh"], "zh")
    session.flush()  # the answer hangs on the kept question
    questions.answer_question(owner, question, row["answer"])
