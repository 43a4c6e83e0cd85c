"""The verb of a need from a file: make the draft from the text and from what was ticked, and from nothing else."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from marketplace.access import Actor, require
from marketplace.catalogue import attachments
from marketplace.errors import N_, Refused
from marketplace.importing.need_file.proposals import proposals, taken
from marketplace.importing.need_file.writings import MEGABYTE, tidy
from marketplace.needs import operations as needs
from marketplace.needs.models import Need
from marketplace.people.models import Organisation

CARRIED = 2 * MEGABYTE


@dataclass(frozen=True)
class KeptFile:
    """The file itself, which travels in the form where the person wants it kept beside the need."""

    name: str
    data: bytes


def carry(name: str, data: bytes) -> KeptFile:
    """The file as it may travel in a form. Raises `Refused` where it is too large for that."""
    if len(data) > CARRIED:
        raise Refused(
            N_("A file larger than %(limit)s MB cannot be carried along. Go on without it and add it to the need afterwards."),
            field="keep", limit=CARRIED // MEGABYTE,
        )
    return KeptFile(attachments.plain_name(name), data)


def draft_need(
    actor: Actor, organisation: Organisation | None, language: str, title: str, text: str, ticked: Collection[str],
    file: KeptFile | None = None, at: datetime | None = None,
) -> Need:
    """A draft need with title and text, and of the proposals in the text those whose keys are ticked.

    Raises `Refused` where one that is ticked is no longer read in the text, or where two would fill the same field.
    """
    require(actor, "need.create")
    text = tidy(text)
    found = {one.key: one for one in proposals(text)}
    if not found.keys() >= set(ticked):
        raise Refused(N_("The text was changed, and something you ticked is no longer in it. Look at what we read and tick it again."), field="ticked")
    chosen = [one for key, one in found.items() if key in ticked]
    need = needs.create_need(
        actor, organisation, at, language=language, title={language: title}, problem={language: text}, **taken(chosen, language))
    if file is not None:
        _keep(actor, need, file, at)
    return need


def _keep(actor: Actor, need: Need, file: KeptFile, at: datetime | None) -> None:
    try:
        attachments.attach(actor, need, io.BytesIO(file.data), file.name, at)
    except Refused as problem:
        raise Refused(problem.message, field="keep", **problem.values) from problem
