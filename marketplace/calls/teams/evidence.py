"""Files of a gate: what the team hands in, and the report of the user who measured it. Both sides of the team read them, and nobody else.

They are taken in as all uploads are: their type is told by their content, the scanner looks at them, and what it cannot clear is held back. They are
kept with their SHA-256, and none is changed or taken away: what was handed in is what was judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from marketplace.access import Actor
from marketplace.calls.teams.models import Gate, GateFile
from marketplace.catalogue import attachments
from marketplace.db import session
from marketplace.errors import N_, NotFound, Refused
from marketplace.people.operations import acting_person
from marketplace.record import record

MOST = 20
"""Files that one side may put to one gate, over all times that it is handed in or judged."""

Brought = Sequence[tuple[BinaryIO, str]]
"""What somebody uploads: streams with the names of their files."""


def keep(actor: Actor, gate: Gate, side: str, brought: Brought, at: datetime) -> list[GateFile]:
    """Keep the files beside the gate for the side that hands in or judges; part of that step, which has asked whether the actor may.

    Refused, and nothing of the step is done, when there are too many, or one is too large, infected or of another type.
    """
    known = sum(one.side == side for one in gate.files)
    if known + len(brought) > MOST:
        raise Refused(N_("A stage takes %(most)s files of each side."), field="files", most=MOST)
    return [_kept(actor, gate, side, source, name, at) for source, name in brought]


def _kept(actor: Actor, gate: Gate, side: str, source: BinaryIO, name: str, at: datetime) -> GateFile:
    try:
        taken = attachments.take_in(actor, gate, source, name, attachments.LARGEST, at)
    except Refused as problem:
        problem.field = "files"
        raise
    found = GateFile(
        gate=gate, side=side, person_id=acting_person(actor).id, name=taken.name, media_type=taken.media_type, size=taken.size, sha256=taken.sha256, at=at)
    session.add(found)
    record(gate, "file_added", actor, at, side=side, sha256=taken.sha256)
    return found


def file_of(gate: Gate, public_id: str) -> GateFile:
    """The file under this id; whoever loaded the gate may read it. Raises `NotFound`."""
    found = next((one for one in gate.files if one.public_id == public_id), None)
    if found is None:
        raise NotFound()
    return found
