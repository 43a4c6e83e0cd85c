"""Files that came with an answer by mail: put into the deal as documents of whoever wrote it, for those alone who read the answer.

The same rules hold as for what is put there on the page: type, size, scanner, quarantine. What is refused is kept nowhere, and the writer hears why by mail.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, may
from marketplace.catalogue.attachments import plain_name
from marketplace.catalogue.scanning.models import Upload
from marketplace.db import noting, session
from marketplace.deals.documents.models import Document
from marketplace.deals.documents.operations import add_document
from marketplace.deals.talk.incoming import Enclosed
from marketplace.deals.talk.models import Enclosure, Message
from marketplace.errors import N_, Problem, Refused
from marketplace.record import record

MOST = 10
"""Files of one mail: each is looked at while the database waits."""


def take_over(actor: Actor, message: Message, files: Sequence[Enclosed], at: datetime) -> None:
    """Put the files of a mail into the deal; one that is refused stops no other, and its writer is told in one mail of all such."""
    silent = False
    for number, file in enumerate(files, 1):
        document, problem = _tried(actor, message, number, file, silent, at)
        session.add(Enclosure(
            message=message, number=number, name=file.name, document=document, reason=problem and problem.message, values=problem.values if problem else {},
        ))
        silent = silent or document is not None and _is_unanswered(document)
    message.left_out = len(refused(message))
    if message.left_out:
        record(message, "files_refused", SYSTEM, at)


def _tried(actor: Actor, message: Message, number: int, file: Enclosed, silent: bool, at: datetime) -> tuple[Document | None, Problem | None]:
    """The document that a file becomes, or why it does not."""
    try:
        if number > MOST:
            raise Refused(N_("A mail may bring %(most)s files at the most."), most=MOST)
        if silent:
            raise Refused(N_("The virus scanner does not answer at the moment. Send it again later."))
        return _put(actor, message, file, at), None
    except Problem as problem:
        return None, problem


def _put(actor: Actor, message: Message, file: Enclosed, at: datetime) -> Document:
    """One file as a document for the audience of its message; what is for all is for the guests too, for they read the message.

    Of a refused one nothing is left but what the operator is told of it.
    """
    everybody = message.audience == "all"
    with noting() as told:
        try:
            with session.begin_nested():
                return add_document(
                    actor, message.deal, plain_name(file.name)[:120], io.BytesIO(file.content), file.name, None if everybody else message.audience,
                    everybody, at,
                )
        finally:
            session.add_all(told)


def _is_unanswered(document: Document) -> bool:
    """Whether the scanner said nothing about a document: then it would keep the database waiting for the next one too."""
    newest = select(Upload.why).where(Upload.sha256 == document.versions[0].sha256).order_by(Upload.id.desc()).limit(1)
    return session.scalar(newest) == "unreachable"


def shown(actor: Actor, message: Message) -> list[Document]:
    """The documents that came with a message and are still there for the reader."""
    found = (enclosure.document for enclosure in message.enclosures if enclosure.document is not None)
    return [document for document in found if document.removed is None and may(actor, "deal_document.read", document)]


def refused(message: Message) -> list[Enclosure]:
    """The files that came with a message and were not taken over."""
    return [enclosure for enclosure in message.enclosures if enclosure.reason is not None]
