"""Zip archives of tables and documents: their files read one after another as if they were one.

No file is ever unpacked under its own name: each is copied to a temporary file while it is read, and deleted after.
Sizes are measured while copying; what an archive says of itself is only a first hint. A file that is no table is
accounted for by a row that says so. Row numbers run on through the archive; `Row.place` says the file and the number in it.
"""

from __future__ import annotations

import re
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import IO

from marketplace.errors import N_, Refused
from marketplace.importing.readers import patentsview
from marketplace.importing.readers.patentsview import Part
from marketplace.importing.readers.tables import MOST_COLUMNS, SAMPLE, TOO_MANY_COLUMNS, Row, Table
from marketplace.importing.readers.workbook import MOST_UNPACKED

MOST_MEMBERS = 10_000
MOST_PER_MEMBER = 1024
"""How many bytes of the list of files one of them takes at most."""
FREE = 16 * 1024 * 1024
MOST_RATIO = 200
"""How many times its own size an archive may hold, beyond the first `FREE` bytes; text rarely packs better than 20 times."""
CHUNK = 1024 * 1024
MARKS = (b"PK\x03\x04", b"PK\x05\x06")
"""What a zip archive begins with; the second when it is empty."""

DAMAGED = N_("This zip archive or Excel file is damaged or cut off. Save it again and send it once more.")
DAMAGED_MEMBER = N_("This file of the archive is damaged. Pack it again.")
TOO_MANY = N_("This zip archive holds more than %(most)s files. Send them in several archives.")
TOO_LARGE = N_("This zip archive is too large when unpacked. Send its files one by one.")
ENCRYPTED = N_("This zip archive has a password. Pack it again without one.")
LINKED = N_("This zip archive holds a link to another file. Pack the file itself.")
NESTED = N_("This zip archive holds another archive. Unpack that one and send its files.")
PACKED_ODDLY = N_("This zip archive is packed in a way that we cannot read. Pack it again in the ordinary way.")
NO_TABLE = N_("This file of the archive is no table.")
NOT_NEEDED = N_("Nothing in this table of PatentsView is needed here; it was left out.")
NOTHING = N_("No file in this zip archive is a table or a patent document that we can read. Send the table itself, as .xlsx or .csv.")

Opener = Callable[[Path], Table]
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, struct.error)
_SENTENCE = (".", "。", "!", "！", "?", "？")


def entries(path: Path) -> list[zipfile.ZipInfo]:
    """What a zip archive lists. Raises `Refused` when it is damaged, lists too much or more than may be unpacked."""
    try:
        _refuse_long_list(path)
        with zipfile.ZipFile(path) as archive:
            found = archive.infolist()
    except _BROKEN:
        raise Refused(DAMAGED, field="file") from None
    if len(found) > MOST_MEMBERS:
        raise Refused(TOO_MANY, field="file", most=MOST_MEMBERS)
    return found


def _refuse_long_list(path: Path) -> None:
    """Refuse an archive whose list of files would fill the memory, as its end record says, before it is read."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - (1 << 16) - 200, 0))
        tail = file.read()
    for end in (match.start() for match in re.finditer(rb"PK\x05\x06", tail)):
        sizes = [struct.unpack("<I", tail[end + 12 : end + 16])[0]] if len(tail) >= end + 16 else []
        large = tail[max(end - 76, 0) : end - 20] if end >= 76 and tail[end - 20 : end - 16] == b"PK\x06\x07" else b""
        sizes = [struct.unpack("<Q", large[40:48])[0]] if large else sizes
        if any(size > MOST_MEMBERS * MOST_PER_MEMBER for size in sizes):
            raise Refused(TOO_MANY, field="file", most=MOST_MEMBERS)


def is_workbook(found: Sequence[zipfile.ZipInfo]) -> bool:
    """Whether what an archive lists is what an Excel workbook consists of."""
    return any(entry.filename == "xl/workbook.xml" for entry in found)


@dataclass(frozen=True)
class _Unit:
    """A file of the archive, or several joined: its rows with their places, and what its headers mean."""

    headers: tuple[str, ...]
    start: Callable[[], Iterator[Row]]
    format: str = "table"
    columns: Mapping[str, str] = field(default_factory=dict)
    part: str = ""
    name: str = ""
    readable: bool = True


def open_archive(path: Path, found: Sequence[zipfile.ZipInfo], open_member: Opener) -> Table:
    """The tables of all files in the archive as one. Raises `Refused`."""
    members = [entry for entry in found if not _is_beside(entry)]
    _refuse_unsafe(members)
    budget = _Budget(path.stat().st_size)
    units = _joined([_unit(path, entry, open_member, budget) for entry in members])
    readable = [unit for unit in units if unit.readable]
    if not readable:
        raise Refused(NOTHING, field="file")
    headers = tuple(dict.fromkeys(header for unit in readable for header in unit.headers))
    if len(headers) > MOST_COLUMNS:
        raise Refused(TOO_MANY_COLUMNS, field="file", found=len(headers), most=MOST_COLUMNS)
    formats = {unit.format for unit in readable}
    columns = {header: meaning for unit in readable for header, meaning in unit.columns.items()}
    return Table(headers, lambda: _numbered(units, headers), formats.pop() if len(formats) == 1 else "table", columns)


def _numbered(units: Sequence[_Unit], headers: tuple[str, ...]) -> Iterator[Row]:
    """The rows of all units, numbered anew, each cell under its own header."""
    number = 0
    for unit in units:
        places = [unit.headers.index(header) if header in unit.headers else -1 for header in headers]
        same = unit.headers == headers
        for row in unit.start():
            number += 1
            cells = row.cells if same or row.fault else tuple(row.cells[place] if place >= 0 else "" for place in places)
            yield replace(row, number=number, cells=cells)


def _is_beside(entry: zipfile.ZipInfo) -> bool:
    """Whether the entry is no file of the sender's: a folder, or what a computer puts beside the files."""
    parts = re.split(r"[/\\]", entry.filename)
    return not parts[-1] or entry.is_dir() or "__MACOSX" in parts or parts[-1].startswith(".")


def _refuse_unsafe(members: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse what is told by the list of files already."""
    problems = {
        ENCRYPTED: any(entry.flag_bits & 1 for entry in members),
        LINKED: any(stat.S_ISLNK(entry.external_attr >> 16) for entry in members),
        PACKED_ODDLY: any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in members),
        TOO_LARGE: sum(entry.file_size for entry in members) > MOST_UNPACKED,
    }
    for message, is_so in problems.items():
        if is_so:
            raise Refused(message, field="file")


@dataclass
class _Budget:
    """How much was unpacked of an archive of this size."""

    size: int
    used: int = 0

    def take(self, count: int) -> None:
        """So much more. Raises `Refused` when it is too much."""
        self.used += count
        if self.used > MOST_UNPACKED or self.used > FREE + MOST_RATIO * self.size:
            raise Refused(TOO_LARGE, field="file")


class _Damaged(Exception):
    """A file of the archive cannot be unpacked."""


@contextmanager
def _copied(path: Path, entry: zipfile.ZipInfo, budget: _Budget) -> Iterator[Path]:
    """A temporary copy of a file of the archive, deleted afterwards."""
    with tempfile.NamedTemporaryFile(prefix="member-") as copy:
        for chunk in _unpacked(path, entry):
            budget.take(len(chunk))
            copy.write(chunk)
        copy.flush()
        yield Path(copy.name)


def _unpacked(path: Path, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(entry) as source:
            yield from _chunks(source)
    except _BROKEN:
        raise _Damaged from None


def _chunks(source: IO[bytes]) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        yield chunk


def _unit(path: Path, entry: zipfile.ZipInfo, open_member: Opener, budget: _Budget) -> _Unit:
    """A file of the archive, opened once to see what it is. Raises `Refused` for the whole archive."""
    name = _shown(entry.filename)
    try:
        with _copied(path, entry, budget) as copy:
            _refuse_nested(copy)
            return _opened(copy, name, lambda: _rows(path, entry, open_member, name), open_member)
    except _Damaged:
        return _unreadable(name, Refused(DAMAGED_MEMBER))


def _opened(copy: Path, name: str, start: Callable[[], Iterator[Row]], open_member: Opener) -> _Unit:
    try:
        table = open_member(copy)
        if table.format == "table" and _is_prose(table):
            raise Refused(NO_TABLE)
    except Refused as problem:
        return _unreadable(name, problem)
    return _Unit(table.headers, start, table.format, table.columns, patentsview.part_of(table.headers), name)


def _is_prose(table: Table) -> bool:
    """Whether a text reads like a letter rather than a table: one column, headers that are sentences, or rows all uneven."""
    if len(table.headers) < 2 or any(header.endswith(_SENTENCE) or len(header) > 100 for header in table.headers):
        return True
    rows = list(islice(table.rows(), SAMPLE))
    return sum(row.fault is not None for row in rows) * 2 > len(rows)


def _refuse_nested(copy: Path) -> None:
    """Refuse an archive in the archive; a workbook is none, and a broken one is told later."""
    with copy.open("rb") as file:
        if file.read(4) not in MARKS:
            return
    try:
        found = entries(copy)
    except Refused:
        return
    if not is_workbook(found):
        raise Refused(NESTED, field="file")


def _unreadable(name: str, problem: Refused) -> _Unit:
    row = Row(0, (name,), problem.message, dict(problem.values), name)
    return _Unit((), lambda: iter([row]), readable=False)


def _rows(path: Path, entry: zipfile.ZipInfo, open_member: Opener, name: str) -> Iterator[Row]:
    """The rows of a file of the archive; where it breaks off, a last row says why."""
    try:
        with _copied(path, entry, _Budget(path.stat().st_size)) as copy:
            for row in open_member(copy).rows():
                yield replace(row, place=f"{name}, {row.number}")
    except _Damaged:
        yield Row(0, (name,), DAMAGED_MEMBER, {}, name)
    except Refused as problem:
        yield Row(0, (name,), problem.message, dict(problem.values), name)


def _joined(units: list[_Unit]) -> list[_Unit]:
    """The units, those of PatentsView joined to one that stands where the first of them stood."""
    parts = [unit for unit in units if unit.part]
    if not parts:
        return units
    units = [_left_out(unit) if "patent_id" in unit.headers and not unit.part else unit for unit in units]
    table = patentsview.join([Part(unit.part, unit.headers, unit.start) for unit in parts])
    whole = _Unit(table.headers, table.rows, table.format, table.columns)
    return [whole if unit is parts[0] else unit for unit in units if unit is parts[0] or not unit.part]


def _left_out(unit: _Unit) -> _Unit:
    """A table of PatentsView that says nothing for which there is a field: one row tells so."""
    return _unreadable(unit.name, Refused(NOT_NEEDED))


def _shown(name: str) -> str:
    """The last part of a file's name, as it can be shown."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(character if character.isprintable() else "?" for character in last)[:100]
