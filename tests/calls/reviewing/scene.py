"""What the tests of reviews share: a call whose proposals are opened, its owners, solvers and reviewers; and a review that has come a certain way."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from marketplace.calls.models import Call, Criterion, Reviewer
from marketplace.calls.proposals.models import Proposal
from marketplace.calls.reviewing import awarding, declaring, operations, scoring
from marketplace.calls.reviewing.awarding import Choice
from marketplace.calls.reviewing.models import Award, Review
from marketplace.db import session
from marketplace.people.models import Organisation, Person
from tests import factories
from tests.factories import NOW

STAGES = [{"title": {"zh": "样机", "en": "Prototype"}, "share": 300_000}, {"title": {"zh": "现场试用", "en": "Trial on site"}, "share": 700_000}]
TARGETS = [{"quantity": {"zh": "毛刺高度", "en": "Burr height"}, "today": "0.2", "wanted": "0.02", "unit": "mm", "direction": "at_most"}]
CONTENT = {
    "title": "超声去毛刺方案", "summary": "用超声空化去除微小毛刺", "language": "zh", "plan": "三个月出样机", "team": "五人", "schedule": "六个月",
    "price": {"amount": 50_000_000, "currency": "CNY"}, "criteria": {"1": "新", "2": "能做"}, "files": [],
}


@dataclass
class Scene:
    """A closed call with two criteria (weights 60 and 40, scale 10), three solvers and two reviewers."""

    call: Call
    owner: Person
    member: Person
    house: Organisation
    solvers: list[Person]
    proposals: list[Proposal]
    reviewers: list[Reviewer] = field(default_factory=list)
    review: Review | None = None

    @property
    def people(self) -> list[Person]:
        """The reviewers as people."""
        return [one.person for one in self.reviewers]


def open_call(house: Organisation, **values: Any) -> Call:
    """A call whose deadline has passed."""
    call = Call(**{
        "organisation": house, "state": "closed", "title": {"zh": "微型零件去毛刺", "en": "Deburring of tiny parts"},
        "brief": {"zh": "把毛刺降到0.02毫米", "en": "Bring the burr down to 0.02 mm"}, "targets": TARGETS,
        "acceptance": {"zh": "在我厂测量一百件", "en": "We measure a hundred parts in our works"}, "amount": 100_000_000, "currency": "CNY", "stages": STAGES,
        "eligible": {}, "eligibility": {}, "ip_position": "solver", "ip_terms": {}, "deadline": NOW - timedelta(days=1), "teams": 2, "published": NOW,
        "created": NOW, "updated": NOW, **values,
    })
    call.criteria = [
        Criterion(position=1, title={"zh": "新颖", "en": "Novelty"}, about={}, weight=600_000, most=10),
        Criterion(position=2, title={"zh": "可行", "en": "Feasibility"}, about={}, weight=400_000, most=10),
    ]
    session.add(call)
    session.flush()
    return call


def proposal(call: Call, house: Organisation, **values: Any) -> Proposal:
    """A proposal that was opened."""
    made = Proposal(**{
        "call": call, "organisation": house, "state": "opened", "number": 1, "content": json.dumps(CONTENT, ensure_ascii=False), "created": NOW,
        "opened": NOW, **values,
    })
    session.add(made)
    session.flush()
    return made


def reviewer(call: Call, person: Person | None = None, state: str = "invited") -> Reviewer:
    """Somebody who was named."""
    made = Reviewer(call=call, person=person or factories.person(), state=state, created=NOW)
    session.add(made)
    session.flush()
    return made


def scene(count: int = 3, reviewers: int = 2, kind: str = "institute", **values: Any) -> Scene:
    """The whole, before the review has begun."""
    owner, member = factories.person(), factories.person()
    house = factories.organisation(owner)
    factories.membership(member, house, "member")
    call = open_call(house, **values)
    solvers = [factories.person() for _ in range(count)]
    proposals = [proposal(call, factories.organisation(one, kind=kind)) for one in solvers]
    made = Scene(call, owner, member, house, solvers, proposals)
    made.reviewers = [reviewer(call) for _ in range(reviewers)]
    return made


def opened(least: int = 2, **values: Any) -> Scene:
    """The review has begun."""
    found = scene(**values)
    found.review = operations.open_review(found.owner, found.call, least, at=NOW)
    return found


def declare(found: Scene, place: int = 0, conflicts: dict[int, tuple[str, str]] | None = None, ties: dict[str, list[str]] | None = None) -> None:
    """One reviewer declares; `conflicts` by the place of the proposal."""
    said = {one.public_id: (conflicts or {}).get(at, ("none", "")) for at, one in enumerate(found.proposals)}
    one = found.reviewers[place]
    declaring.declare(one.person, one, {} if found.call.anonymous else said, ties or {}, True, NOW)


def give(found: Scene, place: int, which: int, *values: int) -> None:
    """One reviewer scores one proposal."""
    one = found.reviewers[place]
    assignment = next(row for row in declaring.own_assignments(one) if row.proposal_id == found.proposals[which].id)
    scoring.score(one.person, assignment, {key.id: (value, f"理由{value}") for key, value in zip(found.call.criteria, values, strict=True)}, at=NOW)


def scored(*values: tuple[int, int, int], **more: Any) -> Scene:
    """Every reviewer has given (novelty, feasibility) to each proposal: `values` is a tuple of pairs for each reviewer, by proposal."""
    found = opened(**more)
    table = values or DEFAULT
    for place in range(len(found.reviewers)):
        declare(found, place)
        for which, pair in enumerate(table[place]):
            give(found, place, which, *pair)
    return found


DEFAULT: Any = (((9, 8), (7, 7), (3, 4)), ((8, 8), (7, 7), (2, 9)))


def decided(chosen: tuple[int, ...] = (0,), differs: str = "", amounts: int = 40_000_000, **more: Any) -> Scene:
    """The review is closed and the owners have decided."""
    found = scored(**more)
    operations.close_review(found.owner, found.review, NOW)
    awarding.decide(found.owner, found.review, choices(found, chosen, amounts), "评审组认为方案一最成熟", differs, at=NOW)
    return found


def choices(found: Scene, chosen: tuple[int, ...], amount: int = 40_000_000) -> dict[int, Choice]:
    """A choice for each proposal by its place."""
    return {
        one.id: Choice(True, "路线最清楚", "注意排期", amount) if place in chosen else Choice(False, advice="先做小试")
        for place, one in enumerate(found.proposals)
    }


def awarded(**more: Any) -> tuple[Scene, Award]:
    """The award is published."""
    found = decided(**more)
    return found, awarding.publish(found.owner, found.review, awarding.decision_of(found.call).number, NOW)
