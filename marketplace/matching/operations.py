"""The verbs of matching: keep the index true to the catalogue, rank, find and explain; what jobs keep of it is in `pairing`.

The index holds published listings only. Jobs bring it up to date after each commit; the pages
rank live against it. One process at a time writes the index (`writer`); any number read it.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import defer, selectinload

from marketplace.access import SYSTEM, Actor, may, open_visibilities, require, visible_to
from marketplace.catalogue.experts.models import Expert
from marketplace.catalogue.facilities.models import Facility
from marketplace.catalogue.models import KINDS, Technology
from marketplace.catalogue.scenarios.models import Scenario
from marketplace.config import EncoderSpec, Settings, read
from marketplace.db import session, to_read
from marketplace.errors import NotFound
from marketplace.jobs import enqueue, handler, supersede, waiting
from marketplace.matching import apart, orders
from marketplace.matching.advice import advice_for as advice_for  # one face for the rooms to the right
from marketplace.matching.answering import answer_match as answer_match
from marketplace.matching.batch import KEPT, LEAST
from marketplace.matching.documents import (
    UNLISTED,
    UNTOLD,
    full_document,
    need_wishes,
    open_document,
    shown_document,
    technology_facts,
    technology_query,
)
from marketplace.matching.explain import Evidence, evidence
from marketplace.matching.index import Document, Hit, Index, Page
from marketplace.matching.models import Match
from marketplace.matching.ranking import Filter
from marketplace.matching.resources.documents import document as resource_document
from marketplace.matching.rules import Facts, Remark, Wishes, against
from marketplace.matching.semantic import Encoder, Encoders, made
from marketplace.needs.models import Need
from marketplace.people.grants.log import opened
from marketplace.people.models import Organisation

INDEXED: list[tuple[type[Any], Callable[[Any], Document]]] = [
    (Technology, open_document), (Need, open_document), (Facility, resource_document), (Expert, resource_document), (Scenario, resource_document),
]
"""What stands in the readers' index, in the order in which a rebuild reads it: its measures come from what comes first. Rooms to the right add theirs."""

NEGATIVE_LEAST = 0.02
NEAR_FAILURE = 0.5  # how likely a technology must answer the text of a failed route to be told of it
BATCH = 200
INDEXED_AT_ONCE = 500  # technologies of an import written to the index in one commit: each waits for the disk a dozen times
DEEPENED_AT_ONCE = 4  # texts the slow encoder reads between two commits
DEEPENING_TURNS = 8  # of which one job takes so many, some ten seconds
INDEXERS = [f"matching.index_{name}" for name in ("technology", "need", "run", "members", "facility", "expert", "scenario")]  # rooms to the right add theirs
MATCHERS = ("matching.match_technology", "matching.match_need")
REBUILT_AT_MOST = 20_000  # technologies up to which a large import has the index built anew by itself
USABLE = tuple(kind for kind in KINDS if kind != "negative_result")

_settings: list[Settings] = []


def configure(settings: Settings) -> None:
    """Say which settings this process works with; `create_app` and the command line do this once."""
    _settings[:] = [settings]
    index.cache_clear()


@cache
def index() -> Index:
    """This process's view of the index."""
    settings = _settings[0] if _settings else read()
    settings.index_folder.mkdir(parents=True, exist_ok=True)
    return Index(settings.index_folder, encoders(settings))


@cache
def encoders(settings: Settings) -> Encoders:
    """The encoders that the settings name, one set for a process, with their encodings kept beside the index."""
    fast, slow = (spec and _encoder(spec, settings) for spec in settings.encoders)
    return Encoders(fast, slow).keeping(settings.index_folder / "encodings.sqlite")


def _encoder(spec: EncoderSpec, settings: Settings) -> Encoder:
    folder = settings.index_folder
    if spec.kind == "endpoint":
        return made(spec.kind, spec.model, folder, spec.url, settings.encoder_key, settings.encoder_tokens)
    return made(spec.kind, spec.model, folder) if spec.model else made(spec.kind)


def warm_up() -> None:
    """Read models and dictionaries into this process by asking one question in each language."""
    for text in ("毛刺太多，加工太慢", "too much burr, milling too slow"):
        index().rank(text, "technology", limit=1)


@contextmanager
def writer() -> Iterator[Index]:
    """Hold the one writer's lease: a lock on a file, so that it ends with the process that held it."""
    found = index()
    found.folder.mkdir(parents=True, exist_ok=True)  # somebody may have taken it away
    with open(found.folder / "writer.lock", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield found


def _open(model: type[Any], document: Callable[[Any], Document], *only: ColumnElement[bool]) -> Iterator[Document]:
    """Every published listing, or some of them only, as a document, in batches by key."""
    last = 0
    options = [selectinload(Technology.offer)] if model is Technology else []
    while True:
        query = select(model).where(model.id > last, model.state.in_(model.OPEN_STATES), *only).order_by(model.id).limit(500)
        rows = list(session.scalars(query.options(*options)))
        if not rows:
            return
        last = rows[-1].id
        yield from map(document, rows)
        session.expunge_all()


def reindex(progress: Callable[[int], None] | None = None) -> str:
    """Build the whole index aside and swap it in, then that of the blind listings; the version it got. It only reads the database."""
    with writer() as found:
        version = found.rebuild((each for model, made in INDEXED for each in _open(model, made)), progress)
        apart.rebuild(found, (each for model in (Technology, Need) for each in _open(model, full_document, model.visibility == "blind")))
    return version


def reindexed(started: datetime) -> None:
    """End the index jobs that waited when a rebuild started: it has done their work.

    Where most listings also wait to be matched, as on a new site, one pass over all does that in a fraction of the time.
    """
    supersede(INDEXERS, started)
    if 2 * waiting(MATCHERS, started) > index().count():
        supersede(MATCHERS, started)
        enqueue("matching.match_all", key="all")


@handler("matching.deepen", every=timedelta(minutes=1))
def deepen() -> Iterator[None]:
    """Let the slow encoder read what it has not read yet, a few texts at a time: rebuilds and imports do not wait for it."""
    for _turn in range(DEEPENING_TURNS):
        if not (index().deepen(DEEPENED_AT_ONCE) or apart.beside(index()).deepen(DEEPENED_AT_ONCE)):
            return
        yield
    enqueue("matching.deepen", key="scheduled")  # behind what is waiting by now: a posted need goes first


def _refresh(kind: str, things: Iterable[Technology | Need]) -> None:
    """Readers' index first: what has become blind is gone from there before it stands anywhere else."""
    fresh, blind, gone, seen = [], [], [], []
    for thing in things:
        is_open = thing.state in type(thing).OPEN_STATES
        (fresh if is_open else gone).append(open_document(thing) if is_open else (kind, thing.id))
        is_blind = is_open and thing.visibility == "blind"
        (blind if is_blind else seen).append(full_document(thing) if is_blind else (kind, thing.id))
    with writer() as found:
        is_whole = found.view() is not None and not found.is_lost
        if is_whole:
            found.update(fresh, gone)
            apart.update(found, blind, seen)
    if not is_whole:
        reindex()  # an index of these alone would look whole, and find nothing else


@handler("matching.index_technology")
def index_technology(thing_id: int) -> Iterator[None]:
    """Bring one technology in the index up to date."""
    with to_read():
        _refresh("technology", [session.get_one(Technology, thing_id)])
    yield


@handler("matching.index_need")
def index_need(thing_id: int) -> Iterator[None]:
    """Bring one need in the index up to date."""
    with to_read():
        _refresh("need", [session.get_one(Need, thing_id)])
    yield


def _of_run(run_id: int, after: int, most: int) -> list[Technology]:
    """The next technologies that an import run touched."""
    query = select(Technology).where(Technology.import_run_id == run_id, Technology.id > after)
    return list(session.scalars(query.options(selectinload(Technology.offer)).order_by(Technology.id).limit(most)))


@handler("matching.index_run")
def index_run(thing_id: int) -> Iterator[None]:
    """Bring what an import run published into the index.

    Where the run makes up more than half of a catalogue, what is usual in it has changed, and the index is built anew.
    """
    last = touched = 0
    while True:
        with to_read():
            rows = _of_run(thing_id, last, INDEXED_AT_ONCE)
            if rows:
                last, touched = rows[-1].id, touched + len(rows)
                _refresh("technology", rows)
        yield
        if not rows:
            break
    with to_read():
        if index().count("technology") < min(2 * touched, REBUILT_AT_MOST):
            reindex()
    yield


def rank_technologies(
    text: str, actor: Actor, where: Mapping[str, Sequence[str]] = {}, limit: int = 10, wishes: Wishes | None = None
) -> list[Hit]:
    """Technologies for a text, best first; only what the actor may read, of a blind one its teaser, never a negative result."""
    return _ranked(actor, text, "technology", {"technology_kind": (*USABLE, UNTOLD), **where}, limit, wishes)


def _ranked(
    actor: Actor, text: str, kind: str, where: Mapping[str, Sequence[str]], limit: int, asker: Wishes | Facts | None
) -> list[Hit]:
    """What the readers' index has for the actor; for the system, which matches, beside it the blind listings in full."""
    found = index().rank(text, kind, where={**where, **_readable(actor)}, limit=limit, asker=asker)
    if actor is not SYSTEM:
        return found
    return apart.in_order(found, apart.rank(index(), text, Filter(kind, where, {}), limit, asker), limit=limit)


def negative_results(text: str, actor: Actor, limit: int = 2) -> list[Technology]:
    """Routes that were tried and failed near this text: warnings beside the matches."""
    filters = {"technology_kind": ("negative_result",), **_in_full(actor)}
    hits = [hit for hit in index().rank(text, "technology", where=filters, limit=limit) if hit.probability >= NEGATIVE_LEAST]
    return [row for row in load(actor, Technology, [hit.key for hit in hits]) if may(actor, "listing.read_in_full", row)]


def rank_needs(technology: Technology, actor: Actor, limit: int = 5) -> list[Hit]:
    """Open needs that a technology might answer, best first; only what the actor may read."""
    if technology.kind == "negative_result":
        return []
    return _ranked(actor, technology_query(technology), "need", {}, limit, technology_facts(technology))


def failures_near(actor: Actor, failures: Sequence[Technology], hits: Sequence[Hit]) -> dict[int, Technology]:
    """For the technologies of the hits that come near a failed route the actor may read: which route that is, by key."""
    near: dict[int, tuple[float, Technology]] = {}
    keys = [str(hit.key) for hit in hits]
    for failure in load(actor, Technology, [one.id for one in failures]) if keys else ():
        for hit in index().rank(technology_query(failure), "technology", where={"key": keys}, limit=len(keys)):
            if hit.probability >= max(NEAR_FAILURE, near.get(hit.key, (0.0,))[0]):
                near[hit.key] = (hit.probability, failure)
    return {key: failure for key, (_, failure) in near.items()}


def similar_technologies(technology: Technology, actor: Actor, limit: int = 5) -> list[Hit]:
    """Other technologies near this one, best first; only what the actor may read, never a negative result, never its own family."""
    filters, without = {"technology_kind": USABLE, **_in_full(actor)}, {"key": (str(technology.id),)}
    hits = index().rank(technology_query(technology), "technology", where=filters, without=without, limit=limit + 1)
    return [hit for hit in hits if hit.family != (technology.family_id or technology.id)][:limit]


def similar_needs(text: str, actor: Actor, limit: int = 3, but: Need | None = None, facts: Facts | None = None) -> list[Hit]:
    """Open needs near a text, best first, `but` not that one; only what the actor may read. Two firms with one problem may join forces."""
    without = {"key": (str(but.id),)} if but is not None and but.id is not None else {}
    return index().rank(text, "need", where=_readable(actor), without=without, limit=limit, asker=facts)


def search(
    actor: Actor, kind: str, typed: str, where: Mapping[str, Sequence[str]], offset: int, limit: int, order: str = "", facets: Sequence[str] = ()
) -> Page:
    """Listings by words and filters in an order (see `orders`), with counts by value of the facets named; only what the actor may read is found or counted."""
    stand = {"newest": orders.by_entry(order), "tiers": orders.tiers(order, typed)}
    return index().search(typed, kind, {**where, **_readable(actor)}, offset, limit, facets=facets, **stand)


def values(actor: Actor, kind: str, facet: str, where: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How many listings of a kind have which value of a facet, of those that the actor may find."""
    return index().values(kind, facet, {**where, **_readable(actor)})


def nearest(actor: Actor, kind: str, model: type, typed: str, where: Mapping[str, Sequence[str]], limit: int = 10) -> list[Any]:
    """What comes nearest to words that nothing has, by meaning and through the dictionary: a word typed in one language finds texts in the other."""
    hits = index().rank(typed, kind, where={**where, **_in_full(actor)}, limit=limit)
    return load(actor, model, [hit.key for hit in hits if hit.probability >= LEAST])


def found(actor: Actor, kind: str, typed: str, where: Mapping[str, Sequence[str]], limit: int, order: str = "") -> Page:
    """What a search finds without counting values, in an order (see `orders`). For files and feeds, which leave teasers out."""
    stand = {"newest": orders.by_entry(order), "tiers": orders.tiers(order, typed)}
    return index().search(typed, kind, {**where, **_in_full(actor)}, limit=limit, facets=(), **stand)


def _in_full(actor: Actor) -> dict[str, Sequence[str]]:
    return {"visibility": ("public", "members") if actor is SYSTEM else open_visibilities(actor)}


def _readable(actor: Actor) -> dict[str, Sequence[str]]:
    """What stands in the readers' index for the actor: listings in full, and teasers for whoever reads; the system matches in full."""
    return _in_full(actor) if actor is SYSTEM else {"visibility": (*open_visibilities(actor), "blind")}


def load(actor: Actor, model: type, keys: Sequence[int], listed: bool = False) -> list:
    """The rows of these keys that the actor may read now, in the order of the keys: the index may lag, the database does not.

    For a list their long texts stay in the database, where they are half of what a page of it would read.
    """
    if not keys:
        return []
    query = select(model).where(model.id.in_(keys), model.state.in_(model.OPEN_STATES), visible_to(actor, model))
    without = [defer(getattr(model, name)) for name in UNLISTED.get(model, ()) if listed]
    rows = {row.id: row for row in session.scalars(query.options(*without))}
    return [rows[key] for key in keys if key in rows]


def blind_of(actor: Actor, model: type, organisation: Organisation, limit: int) -> list:
    """The open blind listings of an organisation, newest first, for its own people; for others there are none."""
    own = select(model).where(model.organisation_id == organisation.id, model.visibility == "blind", model.state.in_(model.OPEN_STATES))
    return list(session.scalars(own.order_by(model.id.desc()).limit(limit))) if organisation.id in actor.seats else []


@dataclass(frozen=True)
class Answer:
    """One ranked listing with its score, what speaks for it and what against; not `in_full`, it is known by its teaser alone."""

    listing: Technology | Need
    hit: Hit
    evidence: Evidence | None
    remarks: tuple[Remark, ...] = ()
    in_full: bool = True


def answers(
    actor: Actor, text: str, hits: Sequence[Hit], language: str, explained: int = 10, asked: Wishes | Facts | None = None
) -> list[Answer]:
    """The listings of the hits, the first of them with their evidence, and with what speaks against them where `asked` has facts.

    Whoever may not read a listing in full gets evidence from its teaser and no remarks, which would quote the rest.
    """
    if not hits:
        return []
    model = Technology if hits[0].kind == "technology" else Need
    rows = {row.id: row for row in load(actor, model, [hit.key for hit in hits])}
    likenesses = index().likenesses(hits[0].kind, list(rows)[:explained], text)
    found = []
    for hit in hits:
        if hit.key in rows:
            listing, told = rows[hit.key], len(found) < explained
            in_full = may(actor, "listing.read_in_full", listing)
            opened(actor, listing, "list")
            why = evidence(text, shown_document(listing, in_full), likenesses.get(hit.key), language) if told else None
            found.append(Answer(listing, hit, why, _remarks(asked, listing) if told and in_full else (), in_full))
    return found


def _remarks(asked: Wishes | Facts | None, listing: Technology | Need) -> tuple[Remark, ...]:
    """What the facts of the two sides say against each other, whichever of them asks."""
    if isinstance(asked, Wishes) and isinstance(listing, Technology):
        return against(asked, technology_facts(listing))
    return against(need_wishes(listing), asked) if isinstance(asked, Facts) and isinstance(listing, Need) else ()


def matches_of(need: Need, limit: int = KEPT) -> list[Match]:
    """The need's current matches, best first."""
    query = select(Match).where(Match.need_id == need.id, Match.current.is_(True))
    return list(session.scalars(query.order_by(Match.score.desc(), Match.technology_id).limit(limit)))


def match_by_public_id(actor: Actor, public_id: str) -> Match:
    """The match under this id, if the actor stands on one of its sides and may read both texts. Raises `NotFound`."""
    match = session.scalar(select(Match).where(Match.public_id == public_id))
    if match is None or not may(actor, "match.read", match):
        raise NotFound()
    for listing in (match.need, match.technology):
        require(actor, "listing.read", listing)
    return match
