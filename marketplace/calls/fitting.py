"""Which technologies could answer a call: for their own people alone, on the page of the call and on their desk.

On a call's page the reader's own technologies are ranked live. A desk cannot ask the engine about thousands of technologies, so that it reads
what is kept: for each open call the best of all technologies, renewed when a call or a technology changes. Nobody else reads that: the owners of a call
do not learn who could answer it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from marketplace.access import SYSTEM, Actor, may
from marketplace.calls import listing
from marketplace.calls.conditions import may_propose
from marketplace.calls.documents import KIND, query, wishes
from marketplace.calls.models import Call, CallFit
from marketplace.catalogue.models import Technology
from marketplace.db import now, session, to_read
from marketplace.jobs import enqueue, handler
from marketplace.matching import apart
from marketplace.matching import operations as matching
from marketplace.matching.batch import Asked
from marketplace.matching.documents import technology_facts, technology_query
from marketplace.matching.index import Hit
from marketplace.matching.ranking import Filter
from marketplace.people.models import Organisation

SHOWN = 5
LEAST = 0.05  # how probable a fit must be to be shown: on the demo, results of the trade came at 0.06 and more, what has only common words at 0.02
KEPT = 100  # technologies kept for a call: more than for a need, because each house sees its own alone
CALLS_NEAR = 10  # open calls that a single technology is weighed for: those it is nearest to
BATCH = 200  # calls read at a time
LOOKED_AT = 100  # the best kept fits of a house, of which those are shown that it may answer


def own_technologies(actor: Actor, call: Call, houses: Sequence[Organisation], language: str, limit: int = SHOWN) -> list[matching.Answer]:
    """The technologies of these houses that could answer the call, best first, explained; blind ones to those alone who may read them in full."""
    if not houses:
        return []
    text, asked = query(call), wishes(call)
    hits = _among(text, asked, {"organisation": tuple(house.public_id for house in houses)}, limit)
    rows = matching.answers(actor, query(call, language), hits, language, limit, asked)
    return [row for row in rows if row.in_full]


def _among(text: str, asked: object, where: dict[str, Sequence[str]], limit: int) -> list[Hit]:
    """The best technologies for a call within a filter, those that are blind among them by their full text, which the readers' index does not have."""
    usable = {"technology_kind": matching.USABLE, **where}
    open_ones = matching.index().rank(text, "technology", where={**usable, "visibility": ("public", "members")}, limit=limit, asker=asked)
    found = apart.in_order(open_ones, apart.rank(matching.index(), text, Filter("technology", usable, {}), limit, asked), limit=limit)
    return [hit for hit in found if hit.probability >= LEAST]


@dataclass(frozen=True)
class Fit:
    """A call that somebody's organisation may answer, the technology that fits it best, and how probable that is."""

    call: Call
    technology: Technology
    probability: float


def fitting_calls(actor: Actor, at: datetime | None = None, limit: int = SHOWN) -> list[Fit]:
    """Open calls that technologies of the actor's organisations could answer and that they may answer, the best fit first, each call once."""
    if not actor.seats:
        return []
    moment, found = at or now(), {}
    kept = select(CallFit).join(Technology, Technology.id == CallFit.technology_id).join(Call, Call.id == CallFit.call_id).where(
        Technology.organisation_id.in_(list(actor.seats)), Technology.state.in_(Technology.OPEN_STATES), Call.state == "published",
        Call.deadline > moment, listing.readable_by(actor),
    )
    for fit in session.scalars(kept.order_by(CallFit.score.desc(), CallFit.id).limit(LOOKED_AT)):
        if len(found) < limit and fit.call_id not in found and _is_theirs(actor, fit, moment):
            found[fit.call_id] = Fit(fit.call, fit.technology, fit.probability)
    return list(found.values())


def _is_theirs(actor: Actor, fit: CallFit, at: datetime) -> bool:
    return may(actor, "listing.read_in_full", fit.technology) and fit.technology.organisation in may_propose(actor, fit.call, at).organisations


@handler("calls.fit_call")
def fit_call(thing_id: int) -> Iterator[None]:
    """Keep the technologies that fit a call best; none for one that takes no proposals any more."""
    with to_read():
        call = session.get_one(Call, thing_id)
        hits = matching.rank_technologies(query(call), SYSTEM, limit=KEPT, wishes=wishes(call)) if call.state == "published" else []
        found = {(thing_id, hit.key): hit for hit in hits if hit.probability >= LEAST}
    yield
    _keep(select(CallFit).where(CallFit.call_id == thing_id), found)


@handler("calls.fit_technology")
def fit_technology(thing_id: int) -> Iterator[None]:
    """Weigh a technology for the open calls that it is nearest to, as it is weighed when they come in after it."""
    with to_read():
        technology = session.get_one(Technology, thing_id)
        found = {(call.id, thing_id): hit for call in _near(technology) if (hit := _weighed(call, thing_id)) is not None}
    yield
    _keep(select(CallFit).where(CallFit.technology_id == thing_id), found)
    for call_id, _technology in found:
        _trim(call_id)


@handler("calls.fit_all")
def fit_all(thing_id: int | None = None) -> Iterator[None]:
    """Have all open calls weighed anew, each by a job of its own: when other weights are in use, and once on a site that stood before fits were kept. Which
    learning run has ended does not matter."""
    for call_id in session.scalars(select(Call.id).where(Call.state == "published").order_by(Call.id)).all():
        enqueue("calls.fit_call", key=f"open_call:{call_id}", thing_id=call_id)
    yield


@handler("calls.fit_run")
def fit_run(thing_id: int) -> Iterator[None]:
    """Weigh what an import brought for all open calls in one pass, beside what is kept for them. Killed, it begins anew and adds nothing twice."""
    with to_read():
        among = set(session.scalars(select(Technology.id).where(Technology.import_run_id == thing_id)))
        asked = _open_calls()
    yield
    usable = Filter("technology", {"technology_kind": matching.USABLE}, {})
    for found in apart.match(matching.index(), asked, usable, KEPT, LEAST, among, lambda done: None):
        yield
        for key, hits in found.items():
            _keep(select(CallFit).where(CallFit.call_id == key), {(key, hit.key): hit for hit in hits})
            yield


def _trim(call_id: int) -> None:
    """Keep no more than the best of a call, which many a technology has joined one by one."""
    beyond = select(CallFit.id).where(CallFit.call_id == call_id).order_by(CallFit.score.desc(), CallFit.id).offset(KEPT)
    session.flush()
    session.execute(delete(CallFit).where(CallFit.id.in_(list(session.scalars(beyond)))))


def _open_calls() -> list[Asked]:
    """Open calls as they are asked, with the technologies that are kept for them."""
    before: dict[int, list[int]] = {}
    for call_id, technology_id in session.execute(select(CallFit.call_id, CallFit.technology_id)):
        before.setdefault(call_id, []).append(technology_id)
    calls = session.scalars(select(Call).where(Call.state == "published").order_by(Call.id).execution_options(yield_per=BATCH))
    return [Asked(call.id, query(call), wishes(call), tuple(before.get(call.id, ()))) for call in calls]


def _near(technology: Technology) -> Iterable[Call]:
    """The open calls nearest to a technology; none to a route that failed, or to one that is gone."""
    if technology.state not in Technology.OPEN_STATES or technology.kind not in matching.USABLE:
        return ()
    where = {"call_state": ("published",)}
    near = matching.index().rank(technology_query(technology), KIND, where=where, limit=CALLS_NEAR, asker=technology_facts(technology))
    keys = [hit.key for hit in near if hit.probability >= matching.LEAST]
    return session.scalars(select(Call).where(Call.id.in_(keys), Call.state == "published"))


def _weighed(call: Call, technology_id: int) -> Hit | None:
    """How one technology answers a call; None where it hardly does."""
    return next(iter(_among(query(call), wishes(call), {"key": (str(technology_id),)}, 1)), None)


def _keep(before: object, found: dict[tuple[int, int], Hit]) -> None:
    """Have what a query finds be these fits and no others."""
    known = {(fit.call_id, fit.technology_id): fit for fit in session.scalars(before)}
    gone = [fit.id for pair, fit in known.items() if pair not in found]
    if gone:
        session.execute(delete(CallFit).where(CallFit.id.in_(gone)))
    for pair, hit in found.items():
        fit = known.get(pair) or CallFit(call_id=pair[0], technology_id=pair[1])
        fit.score, fit.probability = hit.score, hit.probability
        session.add(fit)
