"""Mail about pools: needs that are alike, a text that changed, the threshold, who left, votes, and the end of a pool.

It goes to those who pledge and sign for the organisations concerned. Of another's pledge no mail says an amount.
"""

from __future__ import annotations

from collections.abc import Iterable

from marketplace.alerts.operations import to_person
from marketplace.calls.pools.converting import unconfirmed
from marketplace.calls.pools.models import Motion, Pledge, Pool, PoolProposal
from marketplace.calls.pools.pledging import counting, given
from marketplace.db import session
from marketplace.jobs import handler
from marketplace.matching.documents import shown_title
from marketplace.needs.models import Need
from marketplace.people import organisations
from marketplace.people.models import Organisation, Person

OVER = {"missed": "missed", "withdrawn": "given_up"}


def _once(people: Iterable[Person | None]) -> list[Person]:
    return list({person.id: person for person in people if person is not None and person.is_active}.values())


def _of(pledges: Iterable[Pledge]) -> list[Person]:
    """Whoever gave the pledges, and whoever signs for the organisations."""
    return _once(person for one in pledges for person in (one.person, *organisations.signers(one.organisation)))


def _lead(pool: Pool) -> list[Person]:
    author = pool.author if pool.author and pool.organisation_id in pool.author.seats else None
    return _once([author, *organisations.signers(pool.organisation)])


def _tell(pool: Pool, people: Iterable[Person], what: str, path: str = "", vote: str = "", outcome: str = "") -> None:
    for person in _once(people):
        to_person("pool", person, f"/pools/{pool.public_id}{path}", what=what, vote=vote, outcome=outcome, title=pool.titled(person.language)[0])


@handler("alerts.pool_proposed")
def pool_proposed(thing_id: int) -> None:
    """Tell each firm that open needs of others are alike with its own; the mail says nothing of theirs."""
    proposal = session.get_one(PoolProposal, thing_id)
    for member in proposal.members:
        for person in _concerned(member.organisation, member.need):
            to_person(
                "pool_proposed", person, f"/pools/alike/{proposal.public_id}", count=len(proposal.members) - 1,
                title=shown_title(person, member.need, person.language)[0],
            )


def _concerned(organisation: Organisation, need: Need) -> list[Person]:
    author = need.author if need.author and organisation.id in need.author.seats else None
    return _once([author, *organisations.owners(organisation)])


@handler("alerts.pool_revised")
def pool_revised(thing_id: int) -> None:
    """Ask those anew who pledged to an older text."""
    pool = session.get_one(Pool, thing_id)
    _tell(pool, _of(one for one in given(pool) if one.revision != pool.revision), "revised", "/pledge")


@handler("alerts.pool_reached")
def pool_reached(thing_id: int) -> None:
    """Tell all pledgers and the lead that the threshold is reached, unless it has been left again."""
    pool = session.get_one(Pool, thing_id)
    if pool.state == "reached":
        _tell(pool, [*_of(given(pool)), *_lead(pool)], "reached")


@handler("alerts.pool_reopened")
def pool_reopened(thing_id: int) -> None:
    """Tell all pledgers and the lead that the pool is open again, unless it is reached by now or over."""
    pool = session.get_one(Pool, thing_id)
    if pool.state == "open":
        _tell(pool, [*_of(given(pool)), *_lead(pool)], "reopened")


@handler("alerts.pool_over")
def pool_over(thing_id: int) -> None:
    """Tell everybody whom the end of the pool has freed from his promise, and the lead."""
    pool = session.get_one(Pool, thing_id)
    released = [one for one in pool.pledges if one.state == "released" and one.ended == pool.ended]
    if pool.state in OVER and (released or pool.opened):
        _tell(pool, [*_of(released), *_lead(pool)], OVER[pool.state])


@handler("alerts.pool_converted")
def pool_converted(thing_id: int) -> None:
    """Tell each owner that there is a draft of the call; tell those who were left behind that they are free."""
    pool = session.get_one(Pool, thing_id)
    _tell(pool, _of(counting(pool)), "converted", "/call")
    _tell(pool, _of(one for one in pool.pledges if one.state == "released" and one.ended == pool.ended), "left_behind")


@handler("alerts.confirmation_asked")
def confirmation_asked(thing_id: int) -> None:
    """Ask the owners that have not confirmed the draft as it stands."""
    pool = session.get_one(Pool, thing_id)
    if pool.call is not None and pool.call.state == "draft":
        _tell(pool, [person for house in unconfirmed(pool.call) for person in organisations.signers(house)], "confirm", "/call")


@handler("alerts.pledge_left")
def pledge_left(thing_id: int) -> None:
    """Tell the others that somebody has left after the threshold, and that the reason is on the page."""
    pool = session.get_one(Pool, thing_id)
    _tell(pool, [*_of(given(pool)), *_lead(pool)], "left")


def _motion_mail(motion: Motion, what: str) -> None:
    people = [person for ballot in motion.ballots for person in organisations.signers(ballot.organisation)]
    _tell(motion.pool, people, what, f"/votes/{motion.public_id}", motion.kind, motion.choice or motion.outcome or "")


@handler("alerts.motion_put")
def motion_put(thing_id: int) -> None:
    """Ask the pledgers to vote."""
    motion = session.get_one(Motion, thing_id)
    if motion.state == "open":
        _motion_mail(motion, "vote")


@handler("alerts.motion_closed")
def motion_closed(thing_id: int) -> None:
    """Tell the pledgers, and whoever the vote was about, that it has closed."""
    motion = session.get_one(Motion, thing_id)
    _motion_mail(motion, "vote_closed")
    if motion.pledge is not None:
        _tell(motion.pool, _of([motion.pledge]), "answered", vote=motion.kind)
