"""The disk under proposals: sealed while they arrive, put in their place whole, destroyed, and what was left over swept away.

A file that arrives is written to `aside` sealed, never in the clear; it is moved into its place before the transaction that names it begins, so that a
crash leaves at most a sealed file which no row names and `sweep` removes.
"""

from __future__ import annotations

import errno
import logging
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from marketplace.calls.sealing.sealing import Sealer, unsealed
from marketplace.catalogue.attachments import LARGEST, MEGABYTE, MOST, SUFFIXES, plain_name
from marketplace.errors import N_, Refused

log = logging.getLogger(__name__)

FULL = N_("This server has no room for what you sent. Nothing of it was kept, and what you had handed in before stands. Please tell whoever runs the site.")
OLD = 4 * 60 * 60  # seconds: longer than the longest upload may take


@contextmanager
def _room() -> Iterator[None]:
    """Whatever keeps the disk from taking more (it is full, a quota, a limit of the process) is told as such, not as an upload that broke off."""
    try:
        yield
    except OSError as error:
        log.error("a proposal cannot be written: %s", errno.errorcode.get(error.errno or 0, "OSError"))
        raise Refused(FULL) from error


def context(version: str, position: int) -> bytes:
    """What binds a sealed file to its place: the version's public id, and its position there."""
    return f"techbridge-proposal-1:{version}:{position}".encode()


@dataclass(frozen=True)
class Sealed:
    """One part as it lies on the disk, and what is known of it: `name`, `size` and `sha256` of the plain text, `sealed_…` of the file."""

    position: int
    file: str
    name: str
    size: int
    sha256: str
    sealed_size: int
    sealed_sha256: str


class Arrival:
    """The parts of one proposal while they arrive; use it in a `with`, which deletes what was not kept."""

    def __init__(self, folder: Path, public: bytes, version: str) -> None:
        self.folder, self.public, self.version = folder, public, version
        self._parts: list[_Part] = []
        self._kept = False

    def __enter__(self) -> Arrival:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: Any) -> None:
        for part in self._parts:
            with suppress(OSError):  # what a full disk did not take is not wanted any more
                part.file.close()
            part.path.unlink(missing_ok=True)
        if kind is not None:
            self.drop()

    def into(self, name: str) -> IO[bytes]:
        """Where a file of this name is to be written. Refused for a kind that cannot be attached, and for one too many."""
        name = plain_name(name)
        if name and Path(name).suffix.lower() not in SUFFIXES:
            raise Refused(N_("Only PDF, Word (docx), Excel (xlsx), PNG, JPEG, text and CSV files can be attached."), field="files")
        if name and len(self._named()) >= MOST:
            raise Refused(N_("At most %(most)s files can be handed in."), field="files", most=MOST)
        return self._begun(name, len(self._named()) + 1)  # type: ignore[return-value]

    def _begun(self, name: str, position: int) -> _Part:
        aside = self.folder / "aside"
        with _room():
            aside.mkdir(parents=True, exist_ok=True)
        part = _Part(aside / secrets.token_hex(16), position, name, self.public, context(self.version, position))
        self._parts.append(part)
        return part

    def _named(self) -> list[_Part]:
        """The parts of files; an empty field of the form has no name."""
        return [part for part in self._parts if part.name and part.position]

    def files(self) -> list[Sealed]:
        """The files that came, whole and on the disk; an empty field of the form is none. Refused for an empty file."""
        named = self._named()
        if any(not part.sealer.size for part in named):
            raise Refused(N_("The file is empty."), field="files")
        return [part.ended() for part in named]

    def text(self, plain: bytes) -> Sealed:
        """Seal the text of the proposal, which has position 0."""
        part = self._begun("text", 0)
        part.write(plain)
        return part.ended()

    def drop(self) -> None:
        """Delete what has been moved into its place: no row will name it."""
        for part in self._parts if self._kept else ():
            path_of(self.folder, part.path.name).unlink(missing_ok=True)

    def keep(self) -> None:
        """Move what has ended into its place, before rows name it: to wait for the disk while the database is locked would make everybody wait."""
        self._kept = True
        for part in self._parts:
            if part.done:
                place = path_of(self.folder, part.path.name)
                with _room():
                    place.parent.mkdir(exist_ok=True)
                    os.replace(part.path, place)
                    _sync(place.parent)
            else:
                part.path.unlink(missing_ok=True)


class _Part:
    """A file that is sealed while it is written to; shaped as the parser of requests wants it."""

    def __init__(self, path: Path, position: int, name: str, public: bytes, bound: bytes) -> None:
        self.path, self.position, self.name, self.done = path, position, name, False
        self.file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self.sealer = Sealer(self.file, public, bound)

    def write(self, data: bytes) -> int:
        """Seal some more. Refused when it gets too large."""
        if self.sealer.size + len(data) > LARGEST:
            raise Refused(N_("The file is larger than %(limit)s MB."), field="files", limit=LARGEST // MEGABYTE)
        with _room():
            return self.sealer.write(data)

    def seek(self, _place: int) -> int:
        """The parser of requests goes back to the start when a file has come; there is nothing to be read."""
        return 0

    def close(self) -> None:
        """The parser of requests is done with it."""

    def ended(self) -> Sealed:
        """The last chunk with its mark, written through to the disk."""
        if not self.done:
            with _room():
                self.sealer.close()
                self.file.flush()
                os.fsync(self.file.fileno())
            self.done = True
        sealed = self.path.stat().st_size if self.path.exists() else self.file.tell()
        return Sealed(self.position, self.path.name, self.name, self.sealer.size, self.sealer.sha256, sealed, self.sealer.sealed_sha256)


def path_of(folder: Path, file: str) -> Path:
    """Where a sealed file lies."""
    return folder / file[:2] / file


def opened(folder: Path, file: str, secret: bytes, version: str, position: int) -> Iterator[bytes]:
    """The plain text of a sealed file, chunk by chunk. Raises `Broken`, or `OSError` when it is missing."""
    with path_of(folder, file).open("rb") as source:
        yield from unsealed(source, secret, context(version, position))


def destroy(folder: Path, files: Iterable[str]) -> None:
    """Delete sealed files; those that are gone are gone."""
    for file in files:
        path_of(folder, file).unlink(missing_ok=True)


def lying(folder: Path) -> Iterator[Path]:
    """The sealed files that are older than the longest upload, in batches of a folder: what a crash may have left is among them."""
    before = time.time() - OLD
    for place in sorted(folder.glob("*/*")):
        try:
            if place.stat().st_mtime < before:
                yield place
        except FileNotFoundError:
            continue


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)  # the new name survives a power cut too
    finally:
        os.close(descriptor)
