"""The formats by name: tables known by their headers, our own template, and how lists stand in the cells of each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from marketplace.importing.fields import LISTINGS, plain
from marketplace.importing.readers.tables import Table

ENOUGH = 3
"""So many headers of our own make a table our template."""


@dataclass(frozen=True)
class Format:
    """How a format is known and read: headers it always has, what its headers mean (plain header → field), what sets the
    entries of a list apart (None: any of the usual signs), whether its texts are kept to the letter, and what it holds."""

    marks: frozenset[str] = frozenset()
    columns: Mapping[str, str] = field(default_factory=dict)
    separator: re.Pattern[str] | None = None
    literal: bool = False
    listing: str = "technology"


TEMPLATES = {"template": "technology", "template_needs": "need"}

_LINES = re.compile(r"\s*\n\s*")


def _read() -> dict[str, Format]:
    tables = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {
        name: Format(
            frozenset(map(plain, row["marks"])), {plain(header): name for header, name in row["columns"].items()},
            re.compile(rf"\s*(?:{re.escape(row['separator'])}|\n)\s*"),
        )
        for name, row in tables.items()
    }


FORMATS: dict[str, Format] = {
    **_read(),
    **{name: Format(columns=LISTINGS[kind].field_of(), literal=True, listing=kind) for name, kind in TEMPLATES.items()},
    **{name: Format(separator=_LINES) for name in ("epo", "uspto", "wipo", "nasa", "patentsview")},
    "table": Format(),
}


def recognised(table: Table) -> Table:
    """The table with its format and what its headers mean, where they are those of a format we know."""
    headers = {header: plain(header) for header in table.headers}
    name = _named(set(headers.values()))
    if table.format != "table" or name is None:
        return table
    known = FORMATS[name].columns
    return replace(table, format=name, columns={header: known[words] for header, words in headers.items() if words in known})


def _named(headers: set[str]) -> str | None:
    ours = max(TEMPLATES, key=lambda name: len(headers & FORMATS[name].columns.keys()))
    if len(headers & FORMATS[ours].columns.keys()) >= ENOUGH:
        return ours
    fitting = [name for name, one in FORMATS.items() if one.marks and one.marks <= headers]
    return max(fitting, key=lambda name: len(FORMATS[name].marks), default=None)
