"""The table of a review: every proposal with what each reviewer gave, what counts of it, and the ranking that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.calls.models import Call
from marketplace.calls.proposals.models import Proposal
from marketplace.calls.reviewing.models import Assignment, Declaration, Review, Score
from marketplace.calls.reviewing.operations import assignments_of, declared, proposals_of, scored, standing
from marketplace.calls.reviewing.ranking import Mark, Measure, Ranked, ranked

SET_ASIDE = ("conflict", "removed", "withdrawn", "partial", "")
"""Why scores do not count; the empty one means that they do."""


@dataclass(frozen=True)
class Sheet:
    """One reviewer's scores for one proposal, and why they do not count, if so."""

    assignment: Assignment
    declaration: Declaration
    scores: Mapping[int, Score]
    aside: str

    @property
    def counts(self) -> bool:
        """Whether the scores are part of the mean."""
        return not self.aside and bool(self.scores)


@dataclass(frozen=True)
class Row:
    """One proposal: where it ranks, and every reviewer's sheet."""

    proposal: Proposal
    ranked: Ranked | None
    sheets: Sequence[Sheet]


@dataclass(frozen=True)
class Table:
    """The whole: the rows in order of rank, those without one after them, the withdrawn last."""

    rows: Sequence[Row]
    order: Sequence[Ranked]

    def row_of(self, proposal_id: int) -> Row | None:
        """The row of a proposal."""
        return next((row for row in self.rows if row.proposal.id == proposal_id), None)


def table_of(review: Review) -> Table:
    """Compute the table from declarations and scores as they stand: five queries, whatever the size."""
    call = review.call
    proposals = proposals_of(call)
    assignments = assignments_of(call)
    said, given = declared(assignments), scored(assignments)
    sheets: dict[int, list[Sheet]] = {}
    for one in assignments:
        own = given.get(one.id, {})
        sheets.setdefault(one.proposal_id, []).append(Sheet(one, said[one.id], own, _aside(one, said[one.id], own, call)))
    marks = [
        Mark(sheet.assignment.reviewer_id, proposal, key, score.value)
        for proposal, several in sheets.items() for sheet in several if sheet.aside in ("", "partial") for key, score in sheet.scores.items()
    ]
    order = ranked([Measure(one.id, one.weight, one.most) for one in call.criteria], [one.id for one in standing(proposals)], marks, review.least)
    places = {one.proposal: one for one in order}
    known = {one.id: one for one in proposals}
    ids = [one.proposal for one in order] + [one.id for one in proposals if one.id not in places]
    return Table([Row(known[key], places.get(key), sheets.get(key, [])) for key in ids], order)


def _aside(assignment: Assignment, declaration: Declaration, given: Mapping[int, Score], call: Call) -> str:
    if declaration.kind != "none":
        return "conflict"
    if assignment.reviewer.state != "active":
        return "removed"
    if assignment.proposal.state == "withdrawn":
        return "withdrawn"
    return "partial" if 0 < len(given) < len(call.criteria) else ""


def written(table: Table) -> list[dict[str, Any]]:
    """The ranking as a decision keeps it: proposal, rank and rounded mean; the same for two equal tables."""
    return [{"proposal": one.proposal, "rank": one.rank, "mean": str(one.mean) if one.mean is not None else None} for one in table.order]
