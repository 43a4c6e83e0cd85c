"""What a reviewer reads of a proposal: its text and files, without the solver where the call hides him.

Files then go by number instead of name and come out without what programs wrote into them of who made them. A file that cannot be
taken apart is not handed out; the owners can show its pages in another way.
"""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.access import Actor, require
from marketplace.calls.reviewing.bare import SUFFIXES, Unreadable, bare
from marketplace.calls.reviewing.models import Assignment
from marketplace.catalogue.attachments import attachments_of, path_of
from marketplace.catalogue.models import Attachment
from marketplace.errors import N_, NotFound, Refused


@dataclass(frozen=True)
class Shown:
    """A file as the reviewer sees it: his number for it, the name it is handed out under, its bytes' size on our side."""

    number: int
    name: str
    size: int
    file: Attachment


def files_of(assignment: Assignment) -> list[Shown]:
    """The proposal's files; of an anonymous call by number alone."""
    hidden = assignment.reviewer.call.anonymous
    return [
        Shown(number, f"{assignment.letter}-{number}{SUFFIXES.get(one.media_type, '')}" if hidden else one.name, one.size, one)
        for number, one in enumerate(attachments_of(assignment.proposal), 1)
    ]


def content_of(actor: Actor, assignment: Assignment, number: int) -> tuple[Shown, bytes]:
    """One file to read. Raises `NotFound`, `NotAllowed` while it is held back, `Refused` where it cannot be shown without names."""
    require(actor, "assignment.score", assignment)
    found = next((one for one in files_of(assignment) if one.number == number), None)
    if found is None:
        raise NotFound()
    data = path_of(found.file.sha256).read_bytes()
    if not assignment.reviewer.call.anonymous:
        return found, data
    try:
        return found, bare(data, found.file.media_type)
    except Unreadable as unreadable:
        raise Refused(N_("This file cannot be shown without telling who made it. Ask the owner of the call for its pages.")) from unreadable
