"""Files beside a listing: checked by content, kept once under their hash outside the web root, handed out as downloads.

`Store` is the folder: a file is written aside, synced and renamed, so that one is there whole or not at all; what is
there already is not written twice. Uploaded import files lie in the same store. The functions take the listing,
whichever noun it is: its noun and id find the attachments, and who may edit or read it may do the same to them.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import puremagic
from sqlalchemy import func, select

from marketplace.access import ACTIONS, Actor, require
from marketplace.catalogue.models import Attachment
from marketplace.catalogue.scanning import operations as scanning
from marketplace.config import Settings, read
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.record import noun, record
from marketplace.scanner import Verdict, judge

MEGABYTE = 1024 * 1024
LARGEST = 20 * MEGABYTE
MOST = 10
CHUNK = 256 * 1024

OFFICE = {
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "word/document.xml"),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xl/workbook.xml"),
}
MAGIC = {".pdf": "application/pdf", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
TEXT = {".txt": "text/plain", ".csv": "text/csv"}
SUFFIXES = (*MAGIC, *OFFICE, *TEXT)

_settings: list[Settings] = []


@dataclass(frozen=True)
class Stored:
    """A file in the store: its hash in hex, and its size in bytes."""

    sha256: str
    size: int


class Store:
    """A folder of files named by the SHA-256 of their content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the file of this hash lies or would lie."""
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise NotFound()
        return self.folder / sha256[:2] / sha256

    def keep(self, source: BinaryIO, largest: int, check: Callable[[Path], object]) -> Stored:
        """Write the stream into the store, whole or not at all. Refused when empty, larger than `largest` bytes, or
        by `check`."""
        aside = self.folder / "aside"
        aside.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=aside)
        try:
            with os.fdopen(descriptor, "wb") as target:
                stored = _copy(source, target, largest)
            check(Path(name))
            path = self.path(stored.sha256)
            if not path.exists():
                path.parent.mkdir(exist_ok=True)
                os.replace(name, path)
                _sync_folder(path.parent)
        finally:
            Path(name).unlink(missing_ok=True)
        return stored


def _copy(source: BinaryIO, target: BinaryIO, largest: int) -> Stored:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > largest:
            raise Refused(N_("The file is larger than %(limit)s MB."), field="file", limit=largest // MEGABYTE)
        digest.update(chunk)
        target.write(chunk)
    if not size:
        raise Refused(N_("The file is empty."), field="file")
    target.flush()
    os.fsync(target.fileno())
    return Stored(digest.hexdigest(), size)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)  # the new name survives a power cut too
    finally:
        os.close(descriptor)


def configure(settings: Settings) -> None:
    """Say which settings this process works with; the blueprint does this when it is mounted."""
    _settings[:] = [settings]


def store() -> Store:
    """This process's store of files."""
    return Store((_settings[0] if _settings else read()).files_folder)


def upload_limit() -> int:
    """The largest upload this site takes, in bytes."""
    return (_settings[0] if _settings else read()).upload_limit


def scanner_address() -> str | None:
    """Where the virus scanner listens, if one is set."""
    return (_settings[0] if _settings else read()).scanner


@dataclass(frozen=True)
class Taken:
    """A file that was recognised, looked at and kept: its plain name, media type, bytes in the store, and the state of the verdict on it."""

    name: str
    media_type: str
    sha256: str
    size: int
    state: str


Look = Callable[[Path, str], None]
"""What else is to be seen of a file before it is kept, by its path and media type; it may refuse it."""


def _unlooked(_path: Path, _media: str) -> None:
    """Nothing else."""


def take_in(
    actor: Actor, thing: Any, source: BinaryIO, name: str, largest: int, at: datetime | None = None, look: Look = _unlooked
) -> Taken:
    """Keep a file that others will open, beside the thing: its type is told by its content, and the scanner looks at it.

    Refused when it is empty, larger than `largest` bytes, of another type, infected, or by `look`: then nothing is kept. What
    cannot be cleared is kept in quarantine.
    """
    name = plain_name(name)
    seen: list[tuple[str, Verdict]] = []

    def check(path: Path) -> None:
        media = recognise(path, name)
        verdict = judge(path, scanner_address())
        if verdict.state == "infected":
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            raise scanning.infected(actor, thing, name, path.stat().st_size, sha256, verdict.said or "")
        look(path, media)
        seen.append((media, verdict))

    stored = store().keep(source, largest, check)
    media, verdict = seen[0]
    upload = scanning.enter(actor, thing, name, stored.size, stored.sha256, verdict, at)
    return Taken(name, media, stored.sha256, stored.size, upload.state)


def keep_pdf(actor: Actor, thing: Any, source: BinaryIO, name: str) -> tuple[str, int, str]:
    """Keep a PDF beside the thing: its name, size and hash. Refused when it is none."""
    taken = take_in(actor, thing, source, name, LARGEST)
    if taken.media_type != MAGIC[".pdf"]:
        raise Refused(N_("The agreement must be a PDF."), field="file")
    return taken.name, taken.size, taken.sha256


def path_of(sha256: str) -> Path:
    """Where the file lies, for handing it out. Raises `NotAllowed` while it is held back, `NotFound` when it is missing."""
    scanning.require_open(sha256)
    path = store().path(sha256)
    if not path.exists():
        raise NotFound(N_("This file is missing on our side. Please tell whoever runs the site."))
    return path


def plain_name(name: str) -> str:
    """The file's own name without folders, control characters or leading dots, at most 120 characters, its suffix kept."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(character for character in name if unicodedata.category(character)[0] != "C").strip(" .")
    stem, dot, suffix = name.rpartition(".")
    return f"{stem[:110]}{dot}{suffix[:9]}" if dot else name[:120]


def recognise(path: Path, name: str) -> str:
    """The media type of the file, told by its content and agreeing with its name. Raises `Refused` otherwise."""
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise Refused(
            N_("Only PDF, Word (docx), Excel (xlsx), PNG, JPEG, text and CSV files can be attached."), field="file"
        )
    if suffix in OFFICE:
        media, part = OFFICE[suffix]
        fits = _is_office(path, part)
    elif suffix in TEXT:
        media, fits = TEXT[suffix], _is_text(path)
    else:
        media, fits = MAGIC[suffix], _is_magic(path, MAGIC[suffix])
    if not fits:
        raise Refused(
            N_("The content of “%(name)s” is not what its name says, or it is damaged."), field="file", name=name
        )
    return media


def _is_magic(path: Path, media: str) -> bool:
    with path.open("rb") as file:
        head = file.read(CHUNK)
    try:
        found = {match.mime_type for match in puremagic.magic_string(head)}
    except puremagic.PureError:
        return False
    return media in found and head.startswith((b"%PDF-", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"))


def _is_office(path: Path, part: str) -> bool:
    """Whether it is a whole zip with the parts of such a document."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False
    return part in names and "[Content_Types].xml" in names


def _is_text(path: Path) -> bool:
    """Whether it reads as UTF-8 or GB 18030 without control characters."""
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return not any(ord(character) < 32 and character not in "\t\r\n\f" for character in text)
    return False


def attachments_of(thing: Any) -> list[Attachment]:
    """The files beside the listing, oldest first."""
    own = select(Attachment).where(
        Attachment.thing == noun(thing), Attachment.thing_id == thing.id, Attachment.removed.is_(None)
    )
    return list(session.scalars(own.order_by(Attachment.id)))


def attach(
    actor: Actor, thing: Any, source: BinaryIO, name: str, at: datetime | None = None, look: Look = _unlooked
) -> Attachment:
    """Put a file beside the listing. Refused when it is too large, of another type, one too many, or by `look`."""
    require(actor, f"{noun(thing)}.edit", thing)
    own = select(func.count()).where(
        Attachment.thing == noun(thing), Attachment.thing_id == thing.id, Attachment.removed.is_(None)
    )
    if (session.scalar(own) or 0) >= MOST:
        raise Refused(N_("There are %(most)s files here already. Remove one first."), field="file", most=MOST)
    taken = take_in(actor, thing, source, name, LARGEST, at, look)
    attachment = Attachment(
        thing=noun(thing),
        thing_id=thing.id,
        person_id=actor.id,
        name=taken.name,
        size=taken.size,
        sha256=taken.sha256,
        media_type=taken.media_type,
        created=at or now(),
    )
    session.add(attachment)
    session.flush()  # the next one is counted against it
    record(thing, "attached", actor, at, attachment=attachment.public_id)
    return attachment


def attachment_of(actor: Actor, thing: Any, public_id: str) -> Attachment:
    """The file under this id beside the listing, for whoever may read the listing. Raises `NotFound`.

    What is no listing and has a row of its own for reading (`statement.read`) is asked about by that; a teaser opens no file.
    """
    own = f"{noun(thing)}.read"
    require(actor, own if own in ACTIONS else "listing.read_in_full", thing)
    found = next((one for one in attachments_of(thing) if one.public_id == public_id), None)
    if found is None:
        raise NotFound()
    return found


def detach(actor: Actor, thing: Any, public_id: str, at: datetime | None = None) -> None:
    """Take a file off the listing; nobody can fetch it any more."""
    require(actor, f"{noun(thing)}.edit", thing)
    found = attachment_of(actor, thing, public_id)
    found.removed = at or now()
    record(thing, "detached", actor, at, attachment=public_id)
