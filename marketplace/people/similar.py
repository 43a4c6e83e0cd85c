"""Which organisations are registered already under a name like this one: the register of names, kept by each process.

Building the register reads every organisation, so a process keeps it and brings it up to date before each question: a
stamp of count, sum of versions and newest organisation tells in one statement whether anything changed, and then only
what changed is read again. The stamp is exact whichever worker wrote, because versions only grow.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from marketplace.db import session
from marketplace.people.models import Organisation
from marketplace.people.names import THRESHOLD, Found, Names

BATCH = 500


@dataclass(frozen=True)
class Similar:
    """A registered organisation, how alike its name is (0 to 100), and what the likeness rests on."""

    organisation: Organisation
    score: float
    evidence: str


class Register:
    """The names of all organisations in memory; safe for threads."""

    def __init__(self) -> None:
        self._names = Names()
        self._known: dict[int, tuple[str, int]] = {}
        self._stamp: Any = None
        self._lock = threading.Lock()

    def find(self, text: str, limit: int) -> list[Found]:
        """What `Names.find` finds among the organisations as they stand now."""
        with self._lock:
            self._refresh()
            return self._names.find(text, limit)

    def refresh(self) -> None:
        """Read what changed; the first time this reads every organisation, some seconds where there are many thousands."""
        with self._lock:
            self._refresh()

    def _refresh(self) -> None:
        newest = select(Organisation.public_id).order_by(Organisation.id.desc()).limit(1).scalar_subquery()
        stamp = session.execute(select(func.count(), func.sum(Organisation.version_id), newest).select_from(Organisation)).one()
        if stamp == self._stamp:
            return
        rows = session.execute(select(Organisation.id, Organisation.public_id, Organisation.version_id))
        current = {row.id: (row.public_id, row.version_id) for row in rows}
        changed = [key for key, mark in current.items() if self._known.get(key) != mark]
        fresh = _names_of(changed)
        for key in (self._known.keys() - current.keys()) | set(changed):
            self._names.remove(key)
        for key, names in fresh:
            self._names.add(key, names)
        self._known, self._stamp = current, stamp


def _names_of(keys: list[int]) -> list[tuple[int, list[str]]]:
    found = []
    for start in range(0, len(keys), BATCH):
        some = Organisation.id.in_(keys[start : start + BATCH])
        for row in session.execute(select(Organisation.id, Organisation.name, Organisation.names).where(some)):
            found.append((row.id, [name for name in (*row.name.values(), *row.names) if name]))
    return found


_register = Register()


def make_ready() -> None:
    """Bring this process's register up to date before it is asked: pages do so when they are opened, before anything is written."""
    _register.refresh()


def similar(texts: list[str], besides: Organisation | None = None, limit: int = 5) -> list[Similar]:
    """Organisations that one of the names may mean, most alike first; `besides` is left out, being asked about itself."""
    best: dict[Hashable, Found] = {}
    for text in texts:
        for found in _register.find(text, limit + 1):
            if found.score >= THRESHOLD and (found.id not in best or best[found.id].score < found.score):
                best[found.id] = found
    if besides is not None:
        best.pop(besides.id, None)
    ordered = sorted(best.values(), key=lambda found: (-found.score, found.id))[:limit]
    rows = session.scalars(select(Organisation).where(Organisation.id.in_([found.id for found in ordered])))
    things = {row.id: row for row in rows}
    return [Similar(things[found.id], found.score, found.evidence) for found in ordered if found.id in things]
