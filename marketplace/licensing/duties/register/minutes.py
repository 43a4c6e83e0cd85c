"""The files beside decisions as they go into the evidence: each content once, with a list that names every one of them, also those that cannot be handed out.

A file that is held back, that was deleted, that is missing on the disk, or whose bytes are no longer those of its hash, stands in the list with the reason
and is not in the archive. So do files beyond what one archive holds: then fewer days are exported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from marketplace.catalogue.attachments import plain_name, store
from marketplace.catalogue.models import Attachment
from marketplace.catalogue.scanning.models import SHUT
from marketplace.catalogue.scanning.operations import states_of

LARGEST = 900 * 1024 * 1024
"""Bytes of files in one archive; the tables and papers need the rest of what the store takes."""


@dataclass(frozen=True)
class Minute:
    """One content: what it was called, its size and hash, beside which decisions (public ids) it lies, and what became of it.

    `path` is its name in the archive; empty unless `state` is "included".
    """

    name: str
    size: int
    sha256: str
    decisions: tuple[str, ...]
    state: str
    path: str = ""


def collected(beside: Iterable[tuple[str, Sequence[tuple[str, int, str]]]]) -> list[Minute]:
    """The files of decisions (public id, its files as `named`) in the order of the decisions, each content once."""
    names: dict[str, tuple[str, int]] = {}
    decisions: dict[str, list[str]] = {}
    for public_id, files in beside:
        for name, size, sha256 in files:
            names.setdefault(sha256, (name, size))
            decisions.setdefault(sha256, []).append(public_id)
    held, room, found = states_of(names), LARGEST, []
    for number, (sha256, (name, size)) in enumerate(names.items(), 1):
        state = _state(sha256, held.get(sha256), size <= room)
        room -= size if state == "included" else 0
        path = f"minutes/{number:04d}-{' '.join(plain_name(name).split())}" if state == "included" else ""
        found.append(Minute(name, size, sha256, tuple(decisions[sha256]), state, path))
    return found


def named(files: Iterable[Attachment]) -> list[tuple[str, int, str]]:
    """Name, size and hash of each file: what is kept of it while the register is read."""
    return [(one.name, one.size, one.sha256) for one in files]


def source(minute: Minute) -> Path:
    """Where the bytes lie."""
    return store().path(minute.sha256)


def _state(sha256: str, held: str | None, fits: bool) -> str:
    if held in SHUT:
        return "held_back"
    path = store().path(sha256)
    if not path.exists():
        return "missing"
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            return "damaged"
    return "included" if fits else "left_out"
