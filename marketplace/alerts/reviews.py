"""Mail about reviews: to reviewers what waits for them and what was withdrawn, to owners a conflict that came out, to each solver its own result.

A mail to a reviewer names no solver and no title of a proposal; a mail to a solver names no reviewer. All mails of one job are written in one
transaction, so that a job done again writes none twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from marketplace.alerts.operations import to_person
from marketplace.calls.models import Call
from marketplace.calls.proposals.models import Proposal, ProposalVersion
from marketplace.calls.reviewing.awarding import Result, readers_of, results_of
from marketplace.calls.reviewing.models import Award, Review
from marketplace.calls.reviewing.operations import ACTIVE, reviewers_of, timeline_of
from marketplace.db import in_language, session
from marketplace.jobs import handler
from marketplace.people import organisations
from marketplace.people.models import Organisation, Person

NOTHING: dict[str, Any] = {"letter": "", "lines": [], "rank": "", "ranked_of": 0, "advice": "", "chosen": False, "withdrawn": False}


def _tell(people: Iterable[Person], call: Call, what: str, path: str, **values: Any) -> None:
    """Write to each person once; `what` chooses the sentence in templates/mail/review.txt."""
    for person in {one.id: one for one in people if one.is_active}.values():
        said = {name: value(person.language) if callable(value) else value for name, value in {**NOTHING, **values}.items()}
        to_person("review", person, path, what=what, title=call.titled(person.language)[0], **said)


def heads_of(house: Organisation) -> list[Person]:
    """Those who decide for a house: its owners and signatories."""
    signing = [seat.person for seat in house.memberships if seat.role == "signatory"]
    return [*organisations.owners(house), *signing]


def solvers_of(proposal: Proposal) -> list[Person]:
    """Who hears for a solver: whoever handed in, as long as he is of the house, and its heads."""
    handed = select(Person).join(ProposalVersion, ProposalVersion.person_id == Person.id).where(ProposalVersion.proposal_id == proposal.id)
    return [*(one for one in session.scalars(handed) if proposal.organisation_id in one.seats), *heads_of(proposal.organisation)]


@handler("alerts.review_opened")
def review_opened(thing_id: int) -> None:
    """Ask the reviewers to declare, and then to score."""
    review = session.get_one(Review, thing_id)
    for one in reviewers_of(review.call) if review.state == "open" else ():
        if one.state in ACTIVE:
            _tell([one.person], review.call, "opened", f"/reviews/{one.public_id}")


@handler("alerts.review_withdrawal")
def review_withdrawal(thing_id: int) -> None:
    """Tell the reviewers who could read it which of theirs was withdrawn, by its letter."""
    review = session.get_one(Review, thing_id)
    last = next((event for event in timeline_of(review) if event.name == "review.proposal_withdrawn"), None)
    if last is None:
        return
    for one in readers_of(session.get_one(Proposal, last.facts["proposal"])):
        _tell([one.reviewer.person], review.call, "withdrawn", f"/reviews/{one.reviewer.public_id}", letter=one.letter)


@handler("alerts.conflict_entered")
def conflict_entered(thing_id: int) -> None:
    """Tell those who award that a reviewer's scores count no longer."""
    review = session.get_one(Review, thing_id)
    _tell(heads_of(review.call.organisation), review.call, "conflict", f"/open-calls/{review.call.public_id}/review")


@handler("alerts.award_published")
def award_published(thing_id: int) -> None:
    """Tell each solver its own scores, rank and advice; of a later award, who got the free place that it did, and the others that there is one."""
    award = session.get_one(Award, thing_id)
    if award.number > 1:
        _tell_later(award)
        return
    for proposal, result in results_of(award):
        _tell(solvers_of(proposal), award.call, "result", f"/proposals/{proposal.public_id}/result", **_said(award.call, result))


def _tell_later(award: Award) -> None:
    won = {one.proposal_id for one in award.decision.verdicts if one.chosen}
    for proposal, result in results_of(award):
        if proposal.id in won:
            _tell(solvers_of(proposal), award.call, "chosen_later", f"/proposals/{proposal.public_id}/result")
        elif result.row.ranked is not None:
            _tell(solvers_of(proposal), award.call, "later", f"/awards/{award.public_id}")


def _said(call: Call, result: Result) -> dict[str, Any]:
    ranked = result.row.ranked
    return {
        "lines": lambda language: _lines(call, result, language), "rank": (ranked.rank or "") if ranked else "", "ranked_of": result.ranked_of,
        "advice": (result.verdict.advice or "") if result.verdict else "", "chosen": bool(result.verdict and result.verdict.chosen),
        "withdrawn": ranked is None,
    }


def _lines(call: Call, result: Result, language: str) -> list[tuple[str, str, int, str]]:
    """Criterion, what each reviewer gave, the greatest score, the mean."""
    found = []
    for one in call.criteria:
        values = sorted(sheet[one.id].value for sheet in result.sheets if one.id in sheet)
        mean = result.row.ranked.criteria.get(one.id) if result.row.ranked else None
        found.append((in_language(one.title, language)[0], ", ".join(str(value) for value in values) or "–", one.most, str(mean.mean) if mean else "–"))
    return found


@handler("alerts.award_corrected")
def award_corrected(thing_id: int) -> None:
    """Tell every solver and reviewer that a note stands beside the award."""
    award = session.get_one(Award, thing_id)
    solvers = [person for proposal, _result in results_of(award) for person in solvers_of(proposal)]
    reviewers = [one.person for one in reviewers_of(award.call) if one.state == "active"]
    _tell([*solvers, *reviewers], award.call, "corrected", f"/awards/{award.public_id}")
