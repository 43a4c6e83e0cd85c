"""The verbs of a deal's documents: add, add a version, share with guests, take away, open."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.exc import StaleDataError

from marketplace.access import Actor, may, require
from marketplace.catalogue import attachments
from marketplace.db import note, now, session
from marketplace.deals.documents.models import Document, DocumentOpening, DocumentVersion
from marketplace.deals.models import Deal, Entry
from marketplace.deals.talk.audience import AUDIENCES
from marketplace.deals.timeline import sides_of, tell
from marketplace.errors import N_, NotAllowed, NotFound, Refused
from marketplace.people.operations import acting_person
from marketplace.record import noun, record

KINDS = ("document_added", "document_version", "document_removed")
MOST = 500  # documents of one deal


def documents_of(actor: Actor, deal: Deal) -> list[Document]:
    """The documents of the deal that the actor may read, newest change first."""
    require(actor, "deal.read", deal)
    own = select(Document).where(Document.deal_id == deal.id, Document.removed.is_(None)).order_by(Document.id.desc())
    own = own.options(selectinload(Document.versions).joinedload(DocumentVersion.person))
    return [document for document in session.scalars(own) if may(actor, "deal_document.read", document)]


def document_of(actor: Actor, deal: Deal, public_id: str) -> Document:
    """One document of the deal. Raises `NotFound`, also for whoever it is none of the business of."""
    found = session.scalar(select(Document).where(Document.public_id == public_id, Document.deal_id == deal.id, Document.removed.is_(None)))
    if found is None or not may(actor, "deal_document.read", found):
        raise NotFound()
    return found


def version_of(actor: Actor, document: Document, number: int) -> DocumentVersion:
    """One version of a document. Raises `NotFound`."""
    require(actor, "deal_document.read", document)
    found = session.scalar(select(DocumentVersion).where(DocumentVersion.document_id == document.id, DocumentVersion.number == number))
    if found is None:
        raise NotFound()
    return found


def own_sides(actor: Actor, deal: Deal) -> list[str]:
    """The sides for which the actor can keep a document apart; guests have none."""
    taking = deal.people
    return [side for side in sides_of(actor, deal) if side != "guest" and actor.id in taking.get(side, ())]


def circles(actor: Actor, deal: Deal) -> list[str]:
    """Those for whom alone the actor can put a document there: a side and the broker together, or one's own side; as audiences."""
    own = own_sides(actor, deal)
    pairs = [code for code, sides in AUDIENCES.items() if len(sides) == 2 and set(sides) & set(own) and deal.broker_id is not None]
    return [*pairs, *own]


def add_document(
    actor: Actor, deal: Deal, name: str, source: BinaryIO, file_name: str, side: str | None = None, guests: bool = False, at: datetime | None = None
) -> Document:
    """Put a document into the deal, with its first version; for one of the actor's circles alone, or shared. What a guest brings is shared with guests."""
    require(actor, "deal.take_part", deal)
    if side is not None and side not in circles(actor, deal):
        raise NotAllowed()
    count = select(func.count()).where(Document.deal_id == deal.id, Document.removed.is_(None))
    if (session.scalar(count) or 0) >= MOST:
        raise Refused(N_("There are %(most)s files here already. Remove one first."), field="file", most=MOST)
    moment = at or now()
    guests = side is None and (guests or sides_of(actor, deal) == ["guest"])
    document = Document(
        deal=deal, name=" ".join(name.split()) or attachments.plain_name(file_name)[:120], side=side, guests=guests, person_id=acting_person(actor).id,
        created=moment,
    )
    session.add(document)
    session.flush()  # its first version points at it
    _keep(actor, document, source, file_name, moment)
    _tell(actor, document, "document_added", moment)
    return document


def add_version(actor: Actor, document: Document, after: int, source: BinaryIO, file_name: str, at: datetime | None = None) -> DocumentVersion:
    """Add the version that follows `after`; the older ones stay. Raises `StaleDataError` when somebody else has added it."""
    require(actor, "deal_document.edit", document)
    if document.number != after:
        raise StaleDataError("another version was added meanwhile")
    version = _keep(actor, document, source, file_name, at or now())
    _tell(actor, document, "document_version", at, number=version.number)
    return version


def _tell(actor: Actor, document: Document, kind: str, at: datetime | None, **facts: Any) -> None:
    """A line of the timeline for all who may read the document: one for all, else one for each side."""
    for side in AUDIENCES[document.side] if document.side else (None,):
        tell(actor, document.deal, kind, at, about=document, side=side, **facts)


def _keep(actor: Actor, document: Document, source: BinaryIO, file_name: str, moment: datetime) -> DocumentVersion:
    document.number += 1
    session.flush()  # two who add the next version at once clash here, before a file is written
    taken = attachments.take_in(actor, document.deal, source, file_name, attachments.upload_limit(), moment)
    version = DocumentVersion(
        document=document, number=document.number, name=taken.name, media_type=taken.media_type, size=taken.size, sha256=taken.sha256,
        person_id=acting_person(actor).id, at=moment,
    )
    session.add(version)
    record(document, "version", actor, moment, number=document.number)
    return version


def share_with_guests(actor: Actor, document: Document, guests: bool, at: datetime | None = None) -> Document:
    """Open a shared document to the guests, or close it to them."""
    require(actor, "deal_document.share", document)
    if document.side is not None:
        raise Refused(N_("This document is for one side alone."))
    if document.guests != guests:
        document.guests = guests
        record(document, "share", actor, at, guests=guests)
    return document


def remove_document(actor: Actor, document: Document, at: datetime | None = None) -> Document:
    """Take a document out of the deal: nobody can open it any more. The line in the timeline stays."""
    require(actor, "deal_document.read", document)
    require(actor, "deal_document.remove", document)
    document.removed = at or now()
    record(document, "remove", actor, at)
    _tell(actor, document, "document_removed", at)
    return document


def open_version(actor: Actor, version: DocumentVersion, at: datetime | None = None) -> Path:
    """Where the bytes of a version lie; that the actor opened it is logged. Raises `NotAllowed` while it is held back."""
    require(actor, "deal_document.read", version.document)
    path = attachments.path_of(version.sha256)
    note(DocumentOpening(version_of_id=version.id, person_id=acting_person(actor).id, at=at or now()))
    return path


def openings_of(actor: Actor, document: Document, page: int, size: int) -> list[DocumentOpening]:
    """A page of who opened which version when, newest first, and one more row if there is a next page."""
    require(actor, "deal_document.read", document)
    own = select(DocumentOpening).join(DocumentVersion).where(DocumentVersion.document_id == document.id).order_by(DocumentOpening.id.desc())
    return list(session.scalars(own.offset((page - 1) * size).limit(size + 1)))


def of_entry(actor: Actor, entry: Entry) -> Document | None:
    """The document that a line of the timeline is about, if the reader may know of it; it may have been taken away since."""
    found = session.get(Document, entry.thing_id) if entry.thing == noun(Document) else None
    return found if found is not None and may(actor, "deal_document.read", found) else None
