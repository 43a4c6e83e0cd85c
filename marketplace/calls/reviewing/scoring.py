"""Scoring: a reviewer's figures with their reasons, criterion by criterion, as revisions until the review is closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm.exc import StaleDataError

from marketplace.access import Actor, require
from marketplace.calls.models import Reviewer
from marketplace.calls.reviewing.declaring import own_assignments, readable
from marketplace.calls.reviewing.models import Assignment, Review, Score
from marketplace.calls.reviewing.operations import declared, review_of, scored
from marketplace.db import now, session
from marketplace.errors import N_, Refused
from marketplace.record import record

LONGEST = 5_000


@dataclass(frozen=True)
class Progress:
    """How far a reviewer is: whether he has declared, how many proposals he may read, and of how many he has scored every criterion."""

    declared: bool
    readable: int
    done: int

    @property
    def left(self) -> int:
        """How many wait for scores."""
        return self.readable - self.done


def progress_of(reviewer: Reviewer) -> Progress:
    """How far the reviewer is."""
    rows = readable(reviewer) if (has := bool(own_assignments(reviewer))) else []
    given = scored(rows)
    needed = len(reviewer.call.criteria)
    return Progress(has, len(rows), sum(len(given.get(one.id, {})) == needed for one in rows))


def revisions_of(assignment: Assignment) -> int:
    """How many scores were ever given here: the version that a form was opened with."""
    return session.scalar(select(func.count()).select_from(Score).where(Score.assignment_id == assignment.id)) or 0


def score(actor: Actor, assignment: Assignment, given: Mapping[int, tuple[int, str]], base: int | None = None, at: datetime | None = None) -> list[Score]:
    """Give scores: criterion id → (value, reason). What did not change makes no revision; a criterion left out stays as it was.

    `base` is what `revisions_of` said when the form was opened: `StaleDataError` (409) when a score came since. Refused when the review is
    closed, when the reviewer has a conflict or the solver has withdrawn, and beside each value out of its scale or without reason.
    """
    require(actor, "assignment.score", assignment)
    moment = at or now()
    review = _scorable(assignment)
    if base is not None and base != revisions_of(assignment):
        raise StaleDataError("scores were given in the meantime")
    _refuse_wrong(assignment, given)
    before = scored([assignment]).get(assignment.id, {})
    made = [
        Score(assignment=assignment, criterion_id=key, number=before[key].number + 1 if key in before else 1, value=value, reason=reason.strip(), at=moment)
        for key, (value, reason) in given.items() if key not in before or (before[key].value, before[key].reason) != (value, reason.strip())
    ]
    session.add_all(made)
    session.flush()  # the database refuses the same number twice, when two windows send at one moment
    if made:
        record(review, "scored", actor, moment, assignment=assignment.id, criteria=len(made))
    return made


def _scorable(assignment: Assignment) -> Review:
    review = review_of(assignment.reviewer.call)
    if review is None or review.state != "open":
        raise Refused(N_("The review is closed."))
    if declared([assignment])[assignment.id].kind != "none" or assignment.reviewer.state != "active":
        raise Refused(N_("There is a conflict with this proposal: you do not score it."))
    if assignment.proposal.state != "opened":
        raise Refused(N_("The solver has withdrawn this proposal: it is scored no longer."))
    return review


def _refuse_wrong(assignment: Assignment, given: Mapping[int, tuple[int, str]]) -> None:
    """Raise `Refused` with every wrong field at once."""
    criteria = {one.id: one for one in assignment.reviewer.call.criteria}
    wrong: list[tuple[str, str]] = []
    for key, (value, reason) in given.items():
        if key not in criteria or not 0 <= value <= criteria[key].most:
            wrong.append((f"value_{key}", N_("This score lies outside the scale of its criterion.")))
        if not reason.strip():
            wrong.append((f"reason_{key}", N_("Give the reason: the solver learns from it.")))
        elif len(reason) > LONGEST:
            wrong.append((f"reason_{key}", N_("This is too long.")))
    if wrong:
        field, message = wrong[0]
        raise Refused(message, field=field, also=wrong[1:])
