"""Mail about uploads: to whoever brought a file that is held back, and to the operators, who answer for it."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.alerts.operations import to_person
from marketplace.catalogue.scanning.models import Upload
from marketplace.db import session
from marketplace.jobs import handler
from marketplace.people.models import Person


def _to_operators(upload: Upload, what: str) -> None:
    """What kind of file, and its hash; neither its name nor whose it is."""
    for person in session.scalars(select(Person).where(Person.is_operator, Person.closed.is_(None)).order_by(Person.id)):
        to_person("upload", person, f"/operations/files/{upload.public_id}", what=what, file=upload.sha256, answer=upload.said or "")


def _to_uploader(upload: Upload, what: str) -> None:
    if upload.person is not None and upload.person.is_active:
        to_person("upload", upload.person, "/desk", what=what, file=upload.name, answer=upload.answer or upload.said or "")


@handler("alerts.upload_held")
def upload_held(thing_id: int) -> None:
    """Tell both that a file waits for an operator."""
    upload = session.get_one(Upload, thing_id)
    if upload.state == "quarantined":
        _to_uploader(upload, "held")
        _to_operators(upload, "to_answer")


@handler("alerts.upload_refused")
def upload_refused(thing_id: int) -> None:
    """Tell the operators that somebody brought an infected file; the person read it on the page."""
    _to_operators(session.get_one(Upload, thing_id), "infected")


@handler("alerts.upload_answered")
def upload_answered(thing_id: int) -> None:
    """Tell whoever brought the file what became of it."""
    upload = session.get_one(Upload, thing_id)
    _to_uploader(upload, "deleted" if upload.state == "deleted" else "released")
