"""Conflicts of interest: what a reviewer declares, what the site knows, and what follows when one comes out later.

Nothing of a proposal is shown before the reviewer has declared for all of them. Where the call tells who proposed, he sees the names of the
organisations and says for each whether there is a conflict. Where it hides them, he names the organisations that he has to do with, and the
comparison is made here: a proposal in conflict is never shown to him, and neither is how many there are, so that he learns nothing from it.
What the site knows (his memberships now and before, deals in which he took part, agreements of his organisations) counts in either case.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select

from marketplace.access import Actor, require
from marketplace.calls.models import Call, Reviewer
from marketplace.calls.proposals.models import Proposal
from marketplace.calls.reviewing.models import CONFLICTS, KINDS, Assignment, Declaration, Review, Tie
from marketplace.calls.reviewing.operations import award_of, declared, locked, proposals_of, review_of, sits_inside, standing
from marketplace.db import now, session
from marketplace.deals.models import Deal, Party
from marketplace.errors import N_, NotFound, Refused
from marketplace.licensing.models import Agreement
from marketplace.people import organisations
from marketplace.people.models import Person
from marketplace.people.similar import similar
from marketplace.record import Event, move, record

LOTS = random.SystemRandom()
MOST_TIES = 200

Found = dict[int, tuple[str, str]]
"""Organisation id → (kind of conflict, how it was found): the origin of a declaration."""


def reviewer_by_id(actor: Actor, public_id: str) -> Reviewer:
    """The actor's own part as a reviewer under this id. Raises `NotFound` to everybody else."""
    found = session.scalar(select(Reviewer).where(Reviewer.public_id == public_id))
    if found is None or actor.id is None or found.person_id != actor.id or found.state not in ("invited", "active"):
        raise NotFound()
    return found


def reviews_of(actor: Actor) -> list[tuple[Reviewer, Review | None]]:
    """Every call that the actor reviews or is asked to review, newest first."""
    own = select(Reviewer, Review).outerjoin(Review, Review.call_id == Reviewer.call_id)
    rows = session.execute(own.where(Reviewer.person_id == actor.id, Reviewer.state.in_(("invited", "active"))).order_by(Reviewer.id.desc()))
    return [(row[0], row[1]) for row in rows.unique()]


def own_assignments(reviewer: Reviewer) -> list[Assignment]:
    """What the reviewer has before him, in the order drawn for him."""
    return list(session.scalars(select(Assignment).where(Assignment.reviewer_id == reviewer.id).order_by(Assignment.position)))


def readable(reviewer: Reviewer) -> list[Assignment]:
    """The proposals that the reviewer may read: declared free of conflict, and not withdrawn."""
    own = own_assignments(reviewer)
    said = declared(own)
    return [one for one in own if said[one.id].kind == "none" and one.proposal.state == "opened"]


def to_declare(reviewer: Reviewer, review: Review) -> list[Proposal]:
    """The proposals of which the reviewer has to say whether there is a conflict; only their solvers' names are shown, and of an anonymous call nothing."""
    return [] if review.call.anonymous else standing(proposals_of(review.call))


def known_ties(person: Person, candidates: Iterable[int], besides: int) -> Found:
    """What the site knows between a person and organisations; the one that put the call out (`besides`) is left out on the person's own side."""
    wanted, found = set(candidates), dict[int, tuple[str, str]]()
    houses = [key for key in person.seats if key != besides]
    for organisation in _counterparts(houses, wanted):
        found[organisation] = ("money", "site")
    for organisation in _partners(person, wanted):
        found[organisation] = ("collaboration", "site")
    for organisation in _former(person, wanted):
        found[organisation] = ("employed", "site")
    return found | dict.fromkeys(wanted & person.seats.keys(), ("employed", "site"))


def _counterparts(houses: Sequence[int], wanted: set[int]) -> Iterator[int]:
    """Organisations with a signed agreement with one of the person's."""
    pairs = select(Agreement.licensor_id, Agreement.licensee_id).where(
        Agreement.state == "countersigned",
        or_(and_(Agreement.licensor_id.in_(houses), Agreement.licensee_id.in_(wanted)),
            and_(Agreement.licensee_id.in_(houses), Agreement.licensor_id.in_(wanted))))
    for pair in session.execute(pairs):
        yield from wanted & set(pair)


def _partners(person: Person, wanted: set[int]) -> Iterator[int]:
    """Organisations of deals in which the person took part."""
    dealt = select(Deal.firm_id, Deal.holder_id).join(Party, Party.deal_id == Deal.id).where(
        Party.person_id == person.id, Party.state.in_(("active", "removed")), or_(Deal.firm_id.in_(wanted), Deal.holder_id.in_(wanted)))
    for pair in session.execute(dealt):
        yield from wanted & set(pair)


def _former(person: Person, wanted: set[int]) -> Iterator[int]:
    """Organisations that the person has left."""
    left = select(Event.thing_id, Event.facts).where(
        Event.thing == "organisation", Event.thing_id.in_(wanted), Event.name == "organisation.member_removed")
    yield from (row.thing_id for row in session.execute(left) if row.facts.get("person") == person.id)


def named_ties(ties: Iterable[Tie], proposals: Sequence[Proposal]) -> Found:
    """Which solvers the reviewer's own ties mean: by code or name, else every organisation that is called nearly so; rather one too many."""
    wanted = {one.organisation_id for one in proposals}
    found: Found = {}
    for tie in ties:
        meant = {tie.organisation_id} if tie.organisation_id else {one.organisation.id for one in similar([tie.name])}
        found |= {organisation: (tie.kind, "reviewer") for organisation in meant & wanted if organisation is not None}
    return found


def _keep_ties(reviewer: Reviewer, named: Mapping[str, Sequence[str]], moment: datetime) -> list[Tie]:
    """The ties as rows, each name once for its kind."""
    names = [(kind, " ".join(name.split())[:200]) for kind, several in named.items() for name in several if name.strip()]
    if any(kind not in CONFLICTS for kind, _name in names):
        raise Refused(N_("Choose what kind of conflict it is."))
    if len(names) > MOST_TIES:
        raise Refused(N_("Name at most %(most)s organisations."), most=MOST_TIES)
    made = []
    for kind, name in dict.fromkeys(names):
        coded = organisations.by_codes(name, name)
        made.append(Tie(reviewer_id=reviewer.id, organisation_id=coded.id if coded else None, name=name, kind=kind, at=moment))
    session.add_all(made)
    return made


def declare(
    actor: Actor, reviewer: Reviewer, conflicts: Mapping[str, tuple[str, str]], ties: Mapping[str, Sequence[str]], complete: bool, at: datetime | None = None
) -> list[Assignment]:
    """Declare for all proposals at once, and be given those without a conflict in an order drawn by lot.

    `conflicts` is public id → (kind or "none", words) of every proposal whose solver is told; `ties` kind → names of organisations. `complete` is the
    reviewer's word that he has named everything. Refused before the review has begun, twice, and when a proposal is left out.
    """
    require(actor, "reviewer.declare", reviewer)
    moment, review = at or now(), _open_review(reviewer.call)
    if own_assignments(reviewer):
        raise Refused(N_("You have declared already."))
    if sits_inside(reviewer):
        raise Refused(N_("The call hides the solvers from reviewers, and you are a member of an owner of the call who can read who they are."))
    proposals = standing(proposals_of(reviewer.call))
    _refuse_incomplete(reviewer.call, proposals, conflicts, complete)
    if reviewer.state == "invited":
        move(reviewer, "accept", actor, moment)
    found = named_ties(_keep_ties(reviewer, ties, moment), proposals)
    found |= known_ties(reviewer.person, {one.organisation_id for one in proposals}, reviewer.call.organisation_id)
    made = _assigned(reviewer, proposals, moment)
    for one in made:
        kind, text = conflicts.get(one.proposal.public_id, ("none", "")) if not reviewer.call.anonymous else ("none", "")
        origin = "reviewer"
        if kind == "none" and one.proposal.organisation_id in found:
            kind, origin = found[one.proposal.organisation_id]
        session.add(Declaration(
            assignment=one, number=1, kind=kind, text=text.strip() or None, origin=origin, person_id=actor.id if origin == "reviewer" else None, at=moment))
    session.flush()  # the database refuses a second declaration sent at the same moment
    record(review, "declared", actor, moment, reviewer=reviewer.id)
    return made


def _assigned(reviewer: Reviewer, proposals: Sequence[Proposal], moment: datetime) -> list[Assignment]:
    """The proposals before the reviewer, in an order that says nothing of name or arrival; the keys too are given in that order."""
    drawn = LOTS.sample(list(proposals), len(proposals))
    made = [Assignment(reviewer=reviewer, proposal=one, position=place, created=moment) for place, one in enumerate(drawn, 1)]
    session.add_all(made)
    return made


def _open_review(call: Call) -> Review:
    review = review_of(call)
    if review is None:
        raise Refused(N_("The review has not begun yet."))
    if review.state != "open":
        raise Refused(N_("The review is closed."))
    return review


def _refuse_incomplete(call: Call, proposals: Sequence[Proposal], conflicts: Mapping[str, tuple[str, str]], complete: bool) -> None:
    if not complete:
        raise Refused(N_("Confirm that you have named everything; without that nothing is shown."), field="complete")
    if call.anonymous:
        return
    wrong = [one for one in proposals if conflicts.get(one.public_id, ("", ""))[0] not in KINDS]
    if wrong:
        raise Refused(N_("Say for every proposal whether there is a conflict."), field=f"kind_{wrong[0].public_id}")


def declare_later(
    actor: Actor, assignment: Assignment, kind: str, text: str, note: str = "", at: datetime | None = None
) -> Declaration:
    """Enter a conflict that came out after the declaration: by the reviewer himself, or by an owner of the call.

    From then on the reviewer does not read the proposal, and his scores for it are kept but count no longer. After the award an owner has to say in a
    `note` what is published beside it; a reviewer's own word is told to the owners.
    """
    call = assignment.reviewer.call
    own = assignment.person_id == actor.id
    require(actor, "assignment.score" if own else "open_call.review", assignment if own else call)
    moment = at or now()
    locked(call)
    review = review_of(call)
    before = declared([assignment])[assignment.id]
    if kind not in CONFLICTS or not text.strip():
        raise Refused(N_("Say what kind of conflict it is, and in a sentence what it rests on."), field="text" if kind in CONFLICTS else "kind")
    if before.kind != "none" or review is None:
        raise Refused(N_("A conflict is entered here already."))
    if not own and award_of(call) is not None and not note.strip():
        raise Refused(N_("The award is published and locked. Write the note that is published beside it."), field="note")
    made = Declaration(
        assignment=assignment, number=before.number + 1, kind=kind, text=text.strip(), origin="reviewer" if own else "owner", person_id=actor.id, at=moment)
    session.add(made)
    session.flush()  # the database refuses a second declaration sent at the same moment
    record(review, "set_aside", actor, moment, assignment=assignment.id, reviewer=assignment.reviewer_id, proposal=assignment.proposal_id, kind=kind)
    return made


def assignment_of(actor: Actor, reviewer: Reviewer, public_id: str) -> Assignment:
    """A proposal before the reviewer that he may read now. Raises `NotFound` for one in conflict or withdrawn, as if it were not there."""
    require(actor, "reviewer.declare", reviewer)
    found = next((one for one in readable(reviewer) if one.public_id == public_id), None)
    if found is None:
        raise NotFound()
    return found


def assignment_of_call(actor: Actor, call: Call, public_id: str) -> Assignment:
    """Any reviewer's assignment in the call, for its owners. Raises `NotFound`."""
    require(actor, "open_call.review", call)
    own = select(Assignment).join(Reviewer, Reviewer.id == Assignment.reviewer_id).where(Reviewer.call_id == call.id, Assignment.public_id == public_id)
    found = session.scalar(own)
    if found is None:
        raise NotFound()
    return found


def withdrawn_since(reviewer: Reviewer) -> list[Assignment]:
    """The proposals that the reviewer could read and whose solvers have withdrawn since; he is told and has no more to do with them."""
    own = own_assignments(reviewer)
    said = declared(own)
    return [one for one in own if said[one.id].kind == "none" and one.proposal.state == "withdrawn"]
