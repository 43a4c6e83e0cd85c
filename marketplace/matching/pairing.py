"""Score needs against technologies in jobs, and keep the best of them as matches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from marketplace.access import SYSTEM
from marketplace.catalogue.models import Technology
from marketplace.db import now, session, to_read
from marketplace.jobs import handler
from marketplace.matching import apart, batch, declines
from marketplace.matching.batch import KEPT, LEAST
from marketplace.matching.documents import need_query, need_wishes
from marketplace.matching.index import Hit
from marketplace.matching.models import Match, Scoring
from marketplace.matching.operations import BATCH, USABLE, index, load, rank_needs, rank_technologies
from marketplace.matching.ranking import Filter
from marketplace.needs.models import Need
from marketplace.record import move, record

NEEDS_NEAR = 10  # open needs that a single technology is matched with: those it is nearest to
NEEDS_AT_ONCE = 10  # needs whose matches, up to thirty each, are kept between two commits


@handler("matching.match_need")
def match_need(thing_id: int) -> Iterator[None]:
    """Score a need against all technologies and keep the best; what fell out of the best is no longer current.

    The ranking only reads; the lock of a writer is taken for keeping the result alone.
    """
    with to_read():
        need = session.get_one(Need, thing_id)
        if need.state not in Need.OPEN_STATES:
            hits = []
        else:
            hits = [hit for hit in rank_technologies(need_query(need), SYSTEM, limit=KEPT, wishes=need_wishes(need)) if hit.probability >= LEAST]
    yield
    _keep_matches(session.get_one(Need, thing_id), hits, now())


@handler("matching.match_technology")
def match_technology(thing_id: int) -> Iterator[None]:
    """Score the open needs near a technology against it and what they had before."""
    with to_read():
        near = {hit.key for hit in rank_needs(session.get_one(Technology, thing_id), SYSTEM, limit=NEEDS_NEAR) if hit.probability >= LEAST}
        near.update(session.scalars(select(Match.need_id).where(Match.technology_id == thing_id, Match.current)))
    yield from _match({thing_id}, near)


@handler("matching.match_run")
def match_run(thing_id: int) -> Iterator[None]:
    """Score the open needs against what an import run published and what they had before, in one pass."""
    with to_read():
        among = set(session.scalars(select(Technology.id).where(Technology.import_run_id == thing_id)))
    yield from _match(among)


@handler("matching.match_all")
def match_all(progress: Callable[[int], None] | None = None) -> Iterator[None]:
    """Score all open needs against all technologies in one pass: after a rebuild, or when weights were learned."""
    return _match(None, progress=progress)


def _match(among: set[int] | None, needs: set[int] | None = None, progress: Callable[[int], None] | None = None) -> Iterator[None]:
    """Keep the best of what the pass over the technologies `among` gives and of what each of the `needs` had before, some at a time.

    The pass reads the index alone, so that no transaction is open while it calculates. Killed, it begins anew and adds nothing
    twice.
    """
    with to_read():
        asked = _open_needs(needs)
    yield
    usable = Filter("technology", {"technology_kind": USABLE}, {})  # no teaser is usable: matching reads the rest, apart
    for found in apart.match(index(), asked, usable, KEPT, LEAST, among, progress or (lambda done: None)):
        yield
        keys = list(found)
        for start in range(0, len(keys), NEEDS_AT_ONCE):
            for key in keys[start : start + NEEDS_AT_ONCE]:
                _keep_matches(session.get_one(Need, key), found[key], now())
            yield


def _open_needs(keys: set[int] | None) -> list[batch.Asked]:
    """Open needs as they are asked, of some keys or all, with the technologies of their current matches."""
    before: dict[int, list[int]] = {}
    for need_id, technology_id in session.execute(select(Match.need_id, Match.technology_id).where(Match.current)):
        before.setdefault(need_id, []).append(technology_id)
    query = select(Need).where(Need.state.in_(Need.OPEN_STATES)).order_by(Need.id)
    needs = session.scalars((query if keys is None else query.where(Need.id.in_(keys))).execution_options(yield_per=BATCH))
    return [batch.Asked(need.id, need_query(need), need_wishes(need), tuple(before.get(need.id, ()))) for need in needs]


def _keep_matches(need: Need, hits: Sequence[Hit], moment: datetime) -> None:
    """Keep these as the need's current matches; scored again with the same revisions and index, nothing is added.

    What the firm has declined as of the wrong field for another need is not among them unless it fits this one much better.
    """
    hits = declines.offered(need, hits)
    found = {row.id: row for row in load(SYSTEM, Technology, [hit.key for hit in hits])}
    before = {match.technology_id: match for match in session.scalars(select(Match).where(Match.need_id == need.id))}
    if need.state not in Need.OPEN_STATES:
        return
    version = index().version
    scored = select(Scoring.match_id, Scoring.technology_revision).where(
        Scoring.match_id.in_([match.id for match in before.values()]), Scoring.need_revision == need.revision, Scoring.index_version == version
    )
    known = {tuple(row) for row in session.execute(scored)} if before else set()
    for hit in hits:
        if hit.key in found:
            match = before.get(hit.key) or _first_found(need, found[hit.key], hit, moment)
            _figures(match, score=hit.score, probability=hit.probability)
            if (match.id, found[hit.key].revision) not in known:
                session.add(_scoring(match, need.revision, found[hit.key].revision, version, hit, moment))
    for technology_id, match in before.items():
        _figures(match, current=technology_id in found)
    if found and need.state == "published":
        move(need, "match", SYSTEM, moment)
    if fresh := len(found.keys() - before.keys()):
        record(need, "matches_found", SYSTEM, moment, count=fresh)


def _figures(match: Match, **values: Any) -> None:
    """Write what the engine says of a match. Its version stays: nobody who answers it meanwhile is told that somebody else was faster."""
    if any(getattr(match, name) != value for name, value in values.items()):
        session.execute(update(Match).where(Match.id == match.id).values(**values))


def _first_found(need: Need, technology: Technology, hit: Hit, moment: datetime) -> Match:
    """A pairing that was not there before."""
    match = Match(need_id=need.id, technology_id=technology.id, score=hit.score, probability=hit.probability, created=moment)
    session.add(match)
    record(match, "found", SYSTEM, moment)
    return match


def _scoring(match: Match, need_revision: int, technology_revision: int, version: str, hit: Hit, moment: datetime) -> Scoring:
    return Scoring(
        match_id=match.id, need_revision=need_revision, technology_revision=technology_revision, index_version=version,
        score=hit.score, base=hit.base, contributions=[list(part) for part in hit.contributions], at=moment,
    )
