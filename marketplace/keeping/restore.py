"""The restore: an archive into an empty database and an empty data folder, or nowhere.

The archive is read through first: every part's SHA-256 is compared with the manifest before anything is written. Then the rows go in in one transaction,
are read again and compared, and files are put aside, hashed again from the disk, and moved to their place; the database is committed last.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import SQLAlchemyError

from marketplace.config import Settings
from marketplace.db import engine_for
from marketplace.keeping.backup import ENCODINGS, FORMAT, MANIFEST
from marketplace.keeping.envelope import Spoilt, opened
from marketplace.keeping.rows import Counting, NotKept, Row, Sum, compared, count_on, is_empty, revision_of, summed, tables, write
from marketplace.migrate import head, upgrade_address

Say = Callable[[str], None]
ASIDE = ".restoring"
LARGEST_MANIFEST = 512 * 1024 * 1024


@contextmanager
def _parts(path: Path, passphrase: bytes | None) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    """The parts of the archive, in their order. Raises `Spoilt`."""
    with path.open("rb") as file:
        try:
            with tarfile.open(fileobj=opened(file, passphrase), mode="r|") as tar:
                yield ((one.name, tar.extractfile(one)) for one in tar if one.isfile())  # type: ignore[misc]
        except (tarfile.TarError, EOFError, OSError) as error:
            if isinstance(error, OSError) and error.errno:
                raise
            raise Spoilt("the archive was changed or is cut short") from error


def verify(path: Path, passphrase: bytes | None = None, say: Say = lambda _words: None) -> dict[str, Any]:
    """Read the archive through and compare every hash; its manifest. Raises `Spoilt` with the parts that are wrong."""
    found, manifest = {}, None
    with _parts(path, passphrase) as parts:
        for name, part in parts:
            say(name)
            if name == MANIFEST:
                manifest = json.loads(part.read(LARGEST_MANIFEST))
            else:
                found[name] = hashlib.file_digest(part, "sha256").hexdigest()
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Spoilt("the archive has no manifest: it is cut short")
    wanted = {name: one["sha256"] for name, one in manifest["parts"].items()}
    if wrong := sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)):
        raise Spoilt(f"{len(wrong)} parts are not what the manifest says: {', '.join(wrong[:5])}")
    return manifest


def restore(settings: Settings, path: Path, passphrase: bytes | None = None, say: Say = lambda _words: None) -> dict[str, Any]:
    """Bring everything back; the manifest. Raises `Spoilt` or `NotKept`: then database and folder are as empty as they were."""
    manifest = verify(path, passphrase, say)
    if manifest["revision"] != head():
        stands = f"the backup stands at revision {manifest['revision']}, this program at {head()}"
        raise NotKept(f"{stands}: restore with version {manifest['version']}, then upgrade")
    _require_empty_folder(settings)
    aside = settings.data / ASIDE
    shutil.rmtree(aside, ignore_errors=True)
    try:
        _bring(settings, path, passphrase, manifest, aside, say)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return manifest


def _require_empty_folder(settings: Settings) -> None:
    for folder in (settings.files_folder, settings.index_folder):
        if any(one.is_file() for one in folder.rglob("*")):
            raise NotKept(f"{folder} is not empty: nothing is ever written over; name a new data folder")
    settings.data.mkdir(parents=True, exist_ok=True)


def _bring(settings: Settings, path: Path, passphrase: bytes | None, manifest: dict[str, Any], aside: Path, say: Say) -> None:
    """Rows in one transaction, files aside; then both to their place."""
    engine = engine_for(settings.database)
    try:
        with engine.connect() as connection:
            stands, empty = revision_of(connection), is_empty(connection)
        if not empty or stands not in (None, head()):
            raise NotKept("the database is not empty: nothing is ever written over; name a new one")
        if stands is None:
            upgrade_address(settings.database)
        with engine.begin() as connection, _parts(path, passphrase) as parts:
            _fill(connection, parts, aside, manifest, say)
            count_on(connection)
            _place(settings, aside, manifest, say)
    except SQLAlchemyError as error:
        raise NotKept(f"the database refused: {type(error).__name__}") from error
    finally:
        engine.dispose()


def _fill(connection: Connection, parts: Iterator[tuple[str, IO[bytes]]], aside: Path, manifest: dict[str, Any], say: Say) -> None:
    """Write rows and files as the archive has them, and compare the rows."""
    sums = {name: Sum(**one) for name, one in manifest["tables"].items()}
    known = {table.name: table for table in tables()}
    if sums.keys() != known.keys():
        raise NotKept("the backup has other tables than this program")
    waiting: list[tuple[str, IO[bytes]]] = []
    empty = Counting().sum
    written = dict.fromkeys(known, empty)
    for name, part in parts:
        waiting.append((name, part))
        while waiting:
            name, part = waiting.pop()
            say(name)
            if name.startswith("database/"):
                table = known[name.split("/")[1]]
                written[table.name] = write(connection, table, _rows(name, part, parts, table, waiting))
            elif name != MANIFEST:
                _put(aside, name, part)
    here = {name: summed(connection, table) for name, table in known.items()}
    if found := [*compared(sums, written), *compared(sums, here)]:
        raise NotKept("; ".join(found[:5]))


def _rows(name: str, part: IO[bytes], parts: Iterator[tuple[str, IO[bytes]]], table: Table, waiting: list[tuple[str, IO[bytes]]]) -> Iterator[Row]:
    """The rows of a table from all its parts, which follow each other; the part behind them waits."""
    while name.split("/")[:2] == ["database", table.name]:
        for line in part:
            yield json.loads(line)
        following = next(parts, None)
        if following is None:
            return
        name, part = following
    waiting.append((name, part))


def _put(aside: Path, name: str, part: IO[bytes]) -> None:
    """Write a file aside. Raises `Spoilt` for a name that leads elsewhere."""
    steps = PurePosixPath(name)
    if steps.is_absolute() or ".." in steps.parts:
        raise Spoilt(f"the archive names a file outside its folder: {name}")
    target = aside / steps
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        shutil.copyfileobj(part, file, 1 << 20)
        file.flush()
        os.fsync(file.fileno())


def _place(settings: Settings, aside: Path, manifest: dict[str, Any], say: Say) -> None:
    """Hash the files once more as they lie on the disk, and move them to their place."""
    for name, wanted in manifest["parts"].items():
        if name.startswith("files/") or name == ENCODINGS:
            say(name)
            with (aside / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != wanted["sha256"]:
                    raise Spoilt(f"{name} did not arrive as it was sent")
    if (aside / "files").is_dir():
        shutil.rmtree(settings.files_folder, ignore_errors=True)  # it holds empty folders at most
        (aside / "files").rename(settings.files_folder)
    if (aside / ENCODINGS).is_file():
        settings.index_folder.mkdir(parents=True, exist_ok=True)
        (aside / ENCODINGS).rename(settings.index_folder / ENCODINGS)
