"""The backup: database, files and what the index was, in one archive, made while the site works.

A tar: `database/TABLE/NUMBER.jsonl`, one row a line; `files/…` as they lie in the data folder; `encodings.sqlite`, the texts' vectors, which cost most to
make again; last `manifest.json` with SHA-256 and size of every part, count and hash of every table, the revision and versions. The moment of the database
is taken first and files are copied after it: files are never changed once they stand, so all that the rows name are there. The archive gets its name
when it is whole and on the disk; what is broken off is deleted. Never in it: the sealing key, the secret of the sessions, settings, and the index
itself, which is made anew from the rows.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection

from marketplace.config import Settings
from marketplace.db import engine_for, now
from marketplace.keeping.envelope import Writing
from marketplace.keeping.rows import Counting, NotKept, read, revision_of, snapshot, tables

FORMAT = "techbridge-backup-1"
MANIFEST = "manifest.json"
ENCODINGS = "encodings.sqlite"
PART = 4 * 1024 * 1024
SKIPPED = (".probe",)
Say = Callable[[str], None]


class Archive:
    """The tar as it is written: each part hashed and entered in the manifest."""

    def __init__(self, into: Any) -> None:
        self._tar, self.parts = tarfile.open(fileobj=into, mode="w|", format=tarfile.PAX_FORMAT), {}  # noqa: SIM115 - closed by `finish`

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, kind: Any, *_error: Any) -> None:
        """Broken off, the tar is left as it is: nothing more is written to it."""
        if kind is not None:
            self._tar.fileobj.closed = True  # type: ignore[union-attr, misc]

    def add(self, name: str, source: IO[bytes], size: int) -> None:
        """Copy a part in."""
        entry, hashing = tarfile.TarInfo(name), _Hashing(source)
        entry.size, entry.mode = size, 0o600
        self._tar.addfile(entry, hashing)  # type: ignore[arg-type]
        self.parts[name] = {"size": size, "sha256": hashing.digest}

    def add_bytes(self, name: str, data: bytes) -> None:
        """Enter a part that is at hand."""
        with tempfile.SpooledTemporaryFile(PART * 4) as file:
            file.write(data)
            file.seek(0)
            self.add(name, file, len(data))  # type: ignore[arg-type]

    def finish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest, which names all parts, and end."""
        self.add_bytes(MANIFEST, json.dumps({**manifest, "parts": dict(self.parts)}, ensure_ascii=False, indent=1).encode())
        self._tar.close()


class _Hashing:
    """A stream that is hashed while it is read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self._hash = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._hash.update(data)
        return data

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def backup(settings: Settings, path: Path, version: str, index: str | None, passphrase: bytes | None = None, say: Say = lambda _words: None) -> dict[str, Any]:
    """Write the archive to a path that is free; the manifest. Raises `NotKept` or `OSError`: then nothing stands under that name.

    `version` is the program's, `index` that of the matching index.
    """
    if path.exists():
        raise NotKept(f"{path} is there already: a backup is never written over")
    began, part = now(), path.with_name(path.name + ".part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            stream = Writing(file, passphrase)
            with Archive(stream) as archive:
                manifest = {"format": FORMAT, "version": version, "index": index, "began": began.isoformat(), **_fill(settings, archive, say)}
                manifest["ended"] = now().isoformat()
                archive.finish(manifest)
            stream.finish()
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)  # refuses what somebody has put there meanwhile
        _to_disk(path.parent)
    finally:
        part.unlink(missing_ok=True)
    return {**manifest, "parts": archive.parts}


def _to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fill(settings: Settings, archive: Archive, say: Say) -> dict[str, Any]:
    engine = engine_for(settings.database)
    try:
        with snapshot(engine) as connection:
            told = {"revision": revision_of(connection), "database": engine.dialect.name, "tables": _tables(connection, archive, say)}
    finally:
        engine.dispose()
    gone = [name for name, whole in _files(settings.files_folder) if not _file(archive, f"files/{name}", whole, say)]
    if (settings.index_folder / ENCODINGS).is_file():
        say(ENCODINGS)
        _encodings(settings.index_folder / ENCODINGS, archive)
    return {**told, "gone": gone}


def _tables(connection: Connection, archive: Archive, say: Say) -> dict[str, Any]:
    """All rows, in parts of some megabytes; count and hash of each table."""
    sums = {}
    for table in tables():
        counting, lines, size, number = Counting(), [], 0, 0
        say(table.name)
        for row in read(connection, table):
            lines.append(json.dumps(counting.take(row), ensure_ascii=False, separators=(",", ":")))
            size += len(lines[-1])
            if size > PART:
                number += 1
                archive.add_bytes(f"database/{table.name}/{number:06}.jsonl", "\n".join(lines).encode())
                lines, size = [], 0
        if lines:
            archive.add_bytes(f"database/{table.name}/{number + 1:06}.jsonl", "\n".join(lines).encode())
        sums[table.name] = asdict(counting.sum)
    return sums


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files that lie in a folder, by their names within it."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name not in SKIPPED:
                whole = Path(parent, name)
                yield whole.relative_to(folder).as_posix(), whole


def _file(archive: Archive, name: str, path: Path, say: Say) -> bool:
    """Copy a file in; False for one that was deleted since the moment of the database, as erased and destroyed files are."""
    try:
        with path.open("rb") as file:
            say(name)
            archive.add(name, file, os.fstat(file.fileno()).st_size)
            return True
    except FileNotFoundError:
        return False


def _encodings(path: Path, archive: Archive) -> None:
    """The vectors of the texts, copied by SQLite itself while the worker writes to them."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix="backup-") as copy:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source, closing(sqlite3.connect(copy.name)) as target:
            source.backup(target, pages=1000)
        copy.seek(0)
        archive.add(ENCODINGS, copy.file, os.fstat(copy.fileno()).st_size)
