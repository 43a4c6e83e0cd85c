"""Everything of an organisation as one zip: their data is theirs.

The archive is written while it is sent, a few listings in memory at a time, so that a portfolio of any size needs neither
disk nor memory. Technologies and needs come in our own template, to be brought in again anywhere, and beside it whole, with
every revision, one JSON value a line; open calls, facilities, experts and scenarios are whole alone; their files lie in folders by number;
matches carry what this organisation answered.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

from sqlalchemy import select
from zipstream import ZipStream

from marketplace.access import Actor, require
from marketplace.calls import operations as calls
from marketplace.calls.models import Call
from marketplace.catalogue import operations as catalogue
from marketplace.catalogue.attachments import store
from marketplace.catalogue.models import Attachment, Technology
from marketplace.catalogue.resources import operations as resources
from marketplace.catalogue.resources.rooms import ROOMS
from marketplace.catalogue.scanning.models import SHUT
from marketplace.catalogue.scanning.operations import states_of
from marketplace.db import session
from marketplace.importing import review, template
from marketplace.importing.models import ImportRun
from marketplace.importing.operations import stored
from marketplace.matching.models import Match, MatchAnswer
from marketplace.needs import operations as needs
from marketplace.needs.models import Need
from marketplace.people.models import Membership, Organisation, Person
from marketplace.record import Revision, noun, record

BATCH = 200
CHUNK = 1 << 18
SHEETS = {"technology": "technologies", "need": "needs"}
CONTENT: dict[str, Callable[[Any], dict[str, Any]]] = {
    "technology": catalogue.content, "need": needs.content, "open_call": calls.content,
    **{room.noun: (lambda one, kind=room.kind: resources.content(kind, one)) for room in ROOMS.values()},
}
FACTS = ("name", "names", "kind", "credit_code", "ror", "region", "size", "website", "about", "state", "verified", "created")


def portfolio(actor: Actor, organisation: Organisation, language: str) -> Iterator[bytes]:
    """The bytes of the archive. Only for the organisation's owners; that they took it stands in the log of events."""
    require(actor, "organisation.export", organisation)
    record(organisation, "export", actor)
    return iter(_packed(organisation, language))


def _packed(organisation: Organisation, language: str) -> ZipStream:
    archive = ZipStream(compress_type=zipfile.ZIP_DEFLATED)
    key = organisation.id
    archive.add(_line(_organisation(organisation)), "organisation.json")
    for kind, name in SHEETS.items():
        archive.add(_sheet(key, kind, language), f"{name}.xlsx")
        archive.add(_lines(_whole(row) for row in stored(key, kind)), f"{name}.jsonl")
    archive.add(_lines(_whole(call) for call in session.scalars(select(Call).where(Call.organisation_id == key).order_by(Call.id))), "open-calls.jsonl")
    for name, room in ROOMS.items():
        archive.add(_lines(_whole(row) for row in _own(room.kind.model, key)), f"{name}.jsonl")
    archive.add(_lines(_matches(key)), "matches.jsonl")
    archive.add(_lines(_runs(key)), "imports.jsonl")
    files = list(_files(key))
    states = states_of(sha256 for _name, sha256 in files)
    for name, sha256 in files:
        path = store().path(sha256)
        if path.exists() and states.get(sha256) not in SHUT:
            archive.add_path(str(path), name)
    return archive


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=str).encode() + b"\n"


def _lines(values: Iterable[Any]) -> Iterator[bytes]:
    return map(_line, values)


def _sheet(key: int, kind: str, language: str) -> Iterator[bytes]:
    """The template with all listings, written when its turn comes."""
    with closing(template.written(kind, stored(key, kind), language)) as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _organisation(organisation: Organisation) -> dict[str, Any]:
    members = session.execute(
        select(Person.name, Membership.role).join(Person, Person.id == Membership.person_id).where(Membership.organisation_id == organisation.id)
    )
    return {
        "number": organisation.public_id, **{name: getattr(organisation, name) for name in FACTS},
        "members": [{"name": name, "role": role} for name, role in members],
    }


def _own(model: type[Any], key: int) -> Iterator[Any]:
    """An organisation's facilities, experts or scenarios, whatever their state."""
    last = 0
    own = select(model).where(model.organisation_id == key).order_by(model.id).limit(BATCH)
    while rows := list(session.scalars(own.where(model.id > last))):
        last = rows[-1].id
        yield from rows


def _whole(listing: Any) -> dict[str, Any]:
    """A listing with all its revisions, each with who wrote it."""
    kind = noun(listing)
    rows = select(Revision, Person.name).outerjoin(Person, Person.id == Revision.person_id)
    own = rows.where(Revision.thing == kind, Revision.thing_id == listing.id).order_by(Revision.number)
    return {
        "number": listing.public_id, "state": listing.state, "created": listing.created, "published": listing.published,
        "content": CONTENT[kind](listing),
        "revisions": [
            {"number": row.number, "at": row.at, "by": name, "changed": row.changed, "content": row.content} for row, name in session.execute(own)
        ],
    }


def _matches(key: int) -> Iterator[dict[str, Any]]:
    """Matches that somebody of this organisation answered, with those answers; of the other side only its number on the site."""
    for side, own in (("firm", Match.need_id.in_(select(Need.id).where(Need.organisation_id == key))),
                      ("holder", Match.technology_id.in_(select(Technology.id).where(Technology.organisation_id == key)))):
        last = 0
        answered = select(Match).where(own, getattr(Match, side) != "new")
        while rows := list(session.scalars(answered.where(Match.id > last).order_by(Match.id).limit(BATCH))):
            last = rows[-1].id
            for match in rows:
                yield _match(match, side)


def _match(match: Match, side: str) -> dict[str, Any]:
    given = select(MatchAnswer).where(MatchAnswer.match_id == match.id, MatchAnswer.side == side).order_by(MatchAnswer.id)
    return {
        "number": match.public_id, "need": match.need.public_id, "technology": match.technology.public_id, "probability": match.probability,
        "side": side, "answers": [{"answer": one.answer, "code": one.code, "text": one.text, "at": one.at} for one in session.scalars(given)],
    }


def _runs(key: int) -> Iterator[dict[str, Any]]:
    for run in session.scalars(select(ImportRun).where(ImportRun.organisation_id == key).order_by(ImportRun.id)):
        yield {"file": run.file_name, "created": run.created, **review.report(run)}


def _files(key: int) -> Iterator[tuple[str, str]]:
    """The files beside the listings and those that were brought in: the name in the archive, and the hash."""
    for kind, model in (("technology", Technology), ("need", Need)):
        beside = select(model.public_id, Attachment).join(Attachment, Attachment.thing_id == model.id)
        own = beside.where(Attachment.thing == kind, model.organisation_id == key, Attachment.removed.is_(None)).order_by(Attachment.id)
        for number, attachment in session.execute(own):
            yield f"files/{number}/{attachment.public_id} {attachment.name}", attachment.sha256
    for run in session.scalars(select(ImportRun).where(ImportRun.organisation_id == key).order_by(ImportRun.id)):
        yield f"imports/{run.public_id} {run.file_name}", run.sha256
