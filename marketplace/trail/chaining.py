"""The chain over the log: links are added by a job, walked by `marketplace check`, and anchored outside the site once a day.

Rows of one table are linked in the order of their ids. On PostgreSQL a row may be committed after one with a higher id: it is linked as soon as it is
seen, as long as no row behind it has been linked for `SLOWEST`. A row that appears later than that was put in by hand: it is never linked, and the
check names it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, func, insert, select, update

from marketplace.access import SYSTEM
from marketplace.calls.sealing import keys, receipts
from marketplace.calls.sealing import operations as sealing
from marketplace.db import now, session
from marketplace.deals.documents.models import DocumentOpening
from marketplace.jobs import handler
from marketplace.people.grants.models import AccessEntry
from marketplace.record import Event, record
from marketplace.trail import chain
from marketplace.trail.models import Alteration, Anchor, Link

SOURCES: dict[str, Table] = {model.__tablename__: model.__table__ for model in (Event, Alteration, AccessEntry, DocumentOpening)}  # type: ignore[misc]
"""The tables of the log, in the order in which a batch takes their rows."""

VEILED = {"event": ("facts",), "access_entry": ("about",)}
"""Columns whose texts stand in the chain by a salted digest, so that they can be erased."""

OUTSIDE = {"alteration": ("salt",)}
"""Columns that are not in the chain."""

BATCH = 500
SLOWEST = timedelta(hours=1)
LATE = timedelta(hours=2)
"""How old an unchained row may be before the check calls it wrong: the worker then stands still."""


@dataclass(frozen=True)
class Head:
    """The end of the chain: position 0 and `chain.BEGINNING` where there is none."""

    position: int
    hash: str
    at: datetime | None


def head() -> Head:
    """The newest link."""
    last = session.scalar(select(Link).order_by(Link.position.desc()).limit(1))
    return Head(last.position, last.hash, last.at) if last else Head(0, chain.BEGINNING, None)


def _written(source: str, row: Mapping[str, Any], salt: bytes | None) -> dict[str, Any]:
    """A row as it stands in the chain."""
    left_out, veils = OUTSIDE.get(source, ()), VEILED.get(source, ())
    return {name: chain.veiled(value, salt) if name in veils else value for name, value in row.items() if name not in left_out}


def _unlinked(source: str, moment: datetime) -> ColumnElement[bool]:
    """Rows that may still be linked: behind what was linked long ago, and in no link."""
    table = SOURCES[source]
    settled = select(func.coalesce(func.max(Link.source_id), 0)).where(Link.source == source, Link.at < moment - SLOWEST).scalar_subquery()
    linked = select(Link.position).where(Link.source == source, Link.source_id == table.c.id).exists()
    return (table.c.id > settled) & ~linked


def link(moment: datetime | None = None) -> int:
    """Add a batch of links; how many. The key of the table lets one of two workers win."""
    moment, end, made = moment or now(), head(), []
    position, before = end.position, end.hash
    for source, table in SOURCES.items():
        rows = session.execute(select(table).where(_unlinked(source, moment)).order_by(table.c.id).limit(BATCH)).mappings().all()
        for row in rows:
            position, salt = position + 1, secrets.token_bytes(16) if source in VEILED else None
            before = chain.next_hash(position, before, source, _written(source, row, salt))
            made.append({"position": position, "at": moment, "source": source, "source_id": row["id"], "salt": salt, "hash": before})
    if made:
        session.execute(insert(Link), made)
    return len(made)


@handler("trail.link", every=timedelta(minutes=5))
def link_all() -> Iterator[None]:
    """Chain all that the log holds and the chain does not, a batch at a time; it can break off anywhere."""
    while link():
        yield


@dataclass(frozen=True)
class Tail:
    """What of the log is not in the chain yet: how many rows, and since when the oldest waits."""

    rows: int
    since: datetime | None


def tail(moment: datetime | None = None) -> Tail:
    """The rows that the next batches will link."""
    counted = [
        session.execute(select(func.count(), func.min(table.c.at)).where(_unlinked(source, moment or now()))).one() for source, table in SOURCES.items()
    ]
    since = [first for number, first in counted if number]
    return Tail(sum(number for number, _ in counted), min(since) if since else None)


def faults(told: Callable[[int], None] = lambda _number: None) -> Iterator[str]:
    """What is wrong with the chain, in words. The walk ends at the first link that does not follow: what is behind it says nothing."""
    before, position = chain.BEGINNING, 0
    while links := session.execute(_links(position)).all():
        rows = {source: _rows(source, [one.source_id for one in links if one.source == source]) for source in SOURCES}
        for one in links:
            if one.position != position + 1:
                yield f"link {position + 1} is gone"
                return
            position = one.position
            if fault := _fault(one, before, rows):
                yield fault
                return
            before = one.hash
        told(len(links))
        session.rollback()
    yield from _unanchored()
    yield from _put_in()


def _links(after: int) -> Any:
    return select(Link.position, Link.source, Link.source_id, Link.salt, Link.hash).where(Link.position > after).order_by(Link.position).limit(BATCH)


def _rows(source: str, ids: list[int]) -> dict[int, Mapping[str, Any]]:
    table = SOURCES[source]
    return {row["id"]: row for row in session.execute(select(table).where(table.c.id.in_(ids))).mappings()}


def _fault(one: Row[Any], before: str, rows: Mapping[str, Mapping[int, Mapping[str, Any]]]) -> str | None:
    """What is wrong with one link, if anything is."""
    row = rows.get(one.source, {}).get(one.source_id)
    if row is None:
        return f"{one.source} {one.source_id} is gone, which link {one.position} names"
    if chain.next_hash(one.position, before, one.source, _written(one.source, row, one.salt)) != one.hash:
        return f"{one.source} {one.source_id} is not what link {one.position} was made over: the row was changed, or links were moved"
    return None


def _unanchored() -> Iterator[str]:
    """Anchors that the chain does not pass through, or that this site has not signed."""
    known = {key.public for key in sealing.receipt_keys()}
    own = select(Anchor, Link.hash).join(Link, Link.position == Anchor.position, isouter=True).order_by(Anchor.position)
    for anchor, hash_ in session.execute(own):
        if hash_ != anchor.hash:
            yield f"the chain does not pass through the anchor of {anchor.at:%Y-%m-%d} at link {anchor.position}"
        elif anchor.paper.get("key") not in known:
            yield f"the anchor at link {anchor.position} is signed by a key that this site never had"
        elif (fault := against(receipts.canonical(anchor.paper).decode())) is not None:
            yield fault


def against(paper: str) -> str | None:
    """What is wrong between the chain and an anchor that was kept outside: its text as it was mailed. None when the chain passes through it."""
    try:
        content = receipts.verified(paper)
    except receipts.Forged:
        return "the anchor is not one, or it was changed"
    if receipts.key_of(paper) not in {key.public for key in sealing.receipt_keys()}:
        return "the anchor is signed by a key that this site does not know"
    own = session.scalar(select(Link.hash).where(Link.position == content["position"]))
    if own is None:
        return f"the chain ends before link {content['position']}, which was anchored on {content['at'][:10]}"
    return None if own == content["hash"] else f"link {content['position']} is not the one that was anchored on {content['at'][:10]}"


def _put_in() -> Iterator[str]:
    """Rows that stand between rows linked long ago, and in no link; at most one of each table is named."""
    moment = now()
    for source, table in SOURCES.items():
        settled = select(func.max(Link.source_id)).where(Link.source == source, Link.at < moment - SLOWEST).scalar_subquery()
        linked = select(Link.position).where(Link.source == source, Link.source_id == table.c.id).exists()
        found = session.scalar(select(table.c.id).where(table.c.id <= settled, ~linked).order_by(table.c.id).limit(1))
        if found is not None:
            yield f"{source} {found} was put in afterwards: rows behind it were linked, and it was not there"


@handler("trail.anchor", every=timedelta(days=1))
def anchor(at: datetime | None = None) -> None:
    """Sign the head of the chain; the mail to the operators that follows takes it out of the site. Nothing where nothing was added, or no key is here."""
    end, moment = head(), at or now()
    if not end.position or session.scalar(select(Anchor.id).where(Anchor.position == end.position)):
        return
    try:
        key = sealing.site_key()
    except sealing.Shut:
        return  # `marketplace check` says so with the keys
    sealing.known(key, moment)
    paper = signed(end, key, moment)
    made = Anchor(at=moment, position=end.position, hash=end.hash, paper=paper)
    session.add(made)
    record(made, "set", SYSTEM, moment, position=end.position, hash=end.hash)


def signed(end: Head, key: keys.SiteKey, moment: datetime) -> dict[str, Any]:
    """The head of the chain as a signed paper, verified as a receipt is."""
    return receipts.signed({"kind": "anchor", "position": end.position, "hash": end.hash, "at": moment.isoformat()}, key.signing)


def erase(source: str, ids: list[int]) -> int:
    """Take the texts out of rows of the log, for whoever has the right to be forgotten; how many rows. The chain stays whole.

    The texts become what the chain has of them, and the salts go, so that nobody can try values against them. A row must be chained before it is erased.
    """
    table = SOURCES[source]
    if source == "alteration":
        session.execute(update(Alteration).where(Alteration.id.in_(ids)).values(salt=None))
        return len(ids)
    done = 0
    for own in session.scalars(select(Link).where(Link.source == source, Link.source_id.in_(ids), Link.salt.is_not(None))):
        row = session.execute(select(table).where(table.c.id == own.source_id)).mappings().one()
        veiled = {name: chain.veiled(row[name], own.salt) for name in VEILED[source]}
        session.execute(update(table).where(table.c.id == own.source_id).values(**veiled))
        own.salt, done = None, done + 1
    return done
