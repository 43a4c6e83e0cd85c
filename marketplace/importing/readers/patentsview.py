"""PatentsView's tables of granted US patents: g_patent, and what is joined to it by patent_id.

Columns are named as in PatentsView's data dictionary for its granted patent tables, from memory. The tables beside
g_patent are put into a temporary database on disk, so that memory stays bounded, and g_patent is read row by row.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from marketplace.errors import N_, Refused
from marketplace.importing.readers.tables import Document, Row, Table, document_table, laid_out

MAIN = "g_patent"
BATCH = 50
MOST_ENTRIES = 1000
"""How many owners, inventors or classes of one patent are read."""

MISSING = N_("This is a table of PatentsView that belongs to the file %(missing)s. Send both together in one zip archive.")

_PARTS: Mapping[str, frozenset[str]] = {
    MAIN: frozenset({"patent_id", "patent_title"}),
    "g_patent_abstract": frozenset({"patent_id", "patent_abstract"}),
    "g_assignee_disambiguated": frozenset({"patent_id", "disambig_assignee_organization"}),
    "g_inventor_disambiguated": frozenset({"patent_id", "disambig_inventor_name_last"}),
    "g_cpc_current": frozenset({"patent_id", "cpc_group"}),
}
_KINDS = {"utility": "invention", "reissue": "invention", "design": "design"}


@dataclass(frozen=True)
class Part:
    """One table of PatentsView: which, its headers, and a function that starts reading its rows."""

    name: str
    headers: tuple[str, ...]
    start: Callable[[], Iterator[Row]]


def part_of(headers: Sequence[str]) -> str:
    """Which table of PatentsView has these headers; "" for none."""
    return next((name for name, wanted in _PARTS.items() if wanted <= set(headers)), "")


def alone(table: Table) -> Table:
    """A table by itself: PatentsView's patents where it is g_patent, refused where g_patent is missing, else as it is."""
    part = part_of(table.headers)
    return join([Part(part, table.headers, table.rows)]) if part else table


def join(parts: Sequence[Part]) -> Table:
    """The patents of g_patent with what the other tables say of them. Raises `Refused` when g_patent is missing."""
    patents = [part for part in parts if part.name == MAIN]
    sides = [part for part in parts if part.name != MAIN]
    if not patents:
        raise Refused(MISSING, field="file", missing=MAIN)

    def rows() -> Iterator[Row]:
        with tempfile.TemporaryDirectory(prefix="join-") as folder, closing(_database(Path(folder))) as database:
            for side in sides:
                yield from _kept(database, side)
            database.execute("CREATE INDEX of_patent ON facts (patent)")
            for part in patents:
                yield from _patents(database, part)

    return document_table("patentsview", rows)


def _database(folder: Path) -> sqlite3.Connection:
    database = sqlite3.connect(folder / "facts.sqlite", isolation_level=None)
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("PRAGMA synchronous = OFF")
    database.execute("CREATE TABLE facts (patent TEXT, field TEXT, place INTEGER, value TEXT)")
    return database


def _kept(database: sqlite3.Connection, side: Part) -> Iterator[Row]:
    """Put what a table says into the database; yields its rows that cannot be read."""
    database.execute("BEGIN")
    for row in side.start():
        if row.fault:
            yield row
        else:
            cells = dict(zip(side.headers, row.cells, strict=True))
            field, value, place = _fact(side.name, cells)
            if value:
                database.execute("INSERT INTO facts VALUES (?, ?, ?, ?)", (cells["patent_id"].strip(), field, place, value))
    database.execute("COMMIT")


def _fact(part: str, cells: Mapping[str, str]) -> tuple[str, str, int]:
    """What a row says of its patent: field, value, and its place among others."""

    def joined(*names: str) -> str:
        return " ".join(cell for name in names if (cell := cells.get(name, "").strip()))

    if part == "g_patent_abstract":
        return "abstract_en", joined("patent_abstract"), 0
    if part == "g_assignee_disambiguated":
        person = joined("disambig_assignee_individual_name_first", "disambig_assignee_individual_name_last")
        return "owners", joined("disambig_assignee_organization") or person, _place(cells, "assignee_sequence")
    if part == "g_inventor_disambiguated":
        return "inventors", joined("disambig_inventor_name_first", "disambig_inventor_name_last"), _place(cells, "inventor_sequence")
    return "ipc", joined("cpc_group"), _place(cells, "cpc_sequence")


def _place(cells: Mapping[str, str], name: str) -> int:
    typed = cells.get(name, "").strip()
    return int(typed) if re.fullmatch(r"[0-9]{1,9}", typed) else 0


def _patents(database: sqlite3.Connection, part: Part) -> Iterator[Row]:
    """The rows of g_patent laid out, with what the database knows of them."""
    rows = part.start()
    while batch := [(row, dict(zip(part.headers, row.cells, strict=False))) for row in islice(rows, BATCH)]:
        known = _facts(database, [cells.get("patent_id", "").strip() for row, cells in batch if not row.fault])
        for row, cells in batch:
            if row.fault:
                yield row
            else:
                document = {**_document(cells), **known.get(cells["patent_id"].strip(), {})}
                yield Row(row.number, laid_out(document), place=row.place)


def _facts(database: sqlite3.Connection, patents: Sequence[str]) -> dict[str, dict[str, str | list[str]]]:
    """What is known of each of the patents: an abstract, and lists of the rest, each entry once."""
    found: dict[str, dict[str, str | list[str]]] = {}
    places = ", ".join("?" * len(patents))
    query = f"SELECT patent, field, value FROM facts WHERE patent IN ({places}) ORDER BY patent, field, place, rowid"
    for patent, field, value in database.execute(query, list(patents)):
        of_patent = found.setdefault(patent, {})
        if field == "abstract_en":
            of_patent.setdefault(field, value)
        else:
            entries = of_patent.setdefault(field, [])
            if isinstance(entries, list) and len(entries) < MOST_ENTRIES and value not in entries:
                entries.append(value)
    return found


def _document(cells: Mapping[str, str]) -> Document:
    number = cells.get("patent_id", "").strip()
    return {
        "title_en": cells.get("patent_title", ""),
        "abstract_en": cells.get("patent_abstract", ""),
        "publication_number": f"US{number}{cells.get('wipo_kind', '').strip()}" if number else "",
        "patent_kind": _KINDS.get(cells.get("patent_type", "").strip().casefold(), ""),
        "granted_on": cells.get("patent_date", ""),
    }
