"""What the columns of a table mean: proposed from their names, in Chinese and English, and from what they hold.

A name met before (`mapping.toml`) is certain; one that is nearly so counts as much as RapidFuzz finds it alike; what
a column holds confirms or contradicts its name and stands in where names say nothing. A field that holds one value
gets one column, the best; a list may be put together from several. The proposal is only that: a person mends it, and
it is remembered for the same headers.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz

from marketplace.catalogue import numbers
from marketplace.errors import Refused
from marketplace.importing.cells import parse_day
from marketplace.importing.fields import LISTINGS, plain
from marketplace.importing.readers import Row, Table

CERTAIN = 100.0
LIKELY = 84.0
BY_CONTENT = 60.0
CONTRADICTED = 50.0
MOSTLY = 0.6

_NAMES: dict[str, dict[str, list[str]]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


_FIELD_OF_NAME = {
    listing: {plain(name): field for field, known in fields.items() for name in known} for listing, fields in _NAMES.items()
}


@dataclass(frozen=True)
class Proposal:
    """One column: its header, the field it is taken for (None: not imported), how sure from 0 to 100, and three
    values of it."""

    header: str
    field: str | None
    sureness: float
    samples: tuple[str, ...]


def headers_hash(headers: Sequence[str]) -> str:
    """What the same headers in the same order are known by."""
    return hashlib.sha256("\x1f".join(plain(header) for header in headers).encode()).hexdigest()


def propose(table: Table, listing: str = "technology") -> list[Proposal]:
    """What each column seems to mean, in the order of the columns."""
    rows = table.sample()
    values = [_values(rows, place) for place in range(len(table.headers))]
    if table.format != "table":
        return [Proposal(header, table.columns.get(header), CERTAIN, tuple(values[place][:3])) for place, header in enumerate(table.headers)]
    scored = [
        (score, place, field)
        for place, header in enumerate(table.headers)
        for field in LISTINGS[listing].headers
        if (score := _score(listing, header, field, values[place])) >= BY_CONTENT
    ]
    chosen = {place: (table.columns[header], CERTAIN) for place, header in enumerate(table.headers) if header in table.columns}
    taken = {field for field, _ in chosen.values()}
    for score, place, field in sorted(scored, key=lambda row: (-row[0], row[1])):
        if place not in chosen and (field in LISTINGS[listing].several or field not in taken):
            chosen[place] = (field, score)
            taken.add(field)
    return [
        Proposal(header, *chosen.get(place, (None, 0.0)), samples=tuple(values[place][:3]))
        for place, header in enumerate(table.headers)
    ]


def columns_of(proposals: Sequence[Proposal]) -> dict[str, str]:
    """The mapping a proposal stands for: header → field, columns that are not imported left out."""
    return {proposal.header: proposal.field for proposal in proposals if proposal.field}


def _values(rows: Sequence[Row], place: int) -> list[str]:
    """What the column holds in the sample, placeholders for nothing left out."""
    cells = (row.cells[place].strip() for row in rows if place < len(row.cells))
    return [cell[:300] for cell in cells if numbers.given(cell)]


def _score(listing: str, header: str, field: str, values: Sequence[str]) -> float:
    named = _named(listing, plain(header), field)
    looks = (LOOKS if named else TELLING[listing]).get(field)
    if looks is None or not values:
        return named
    share = sum(map(looks, values)) / len(values)
    if named:
        return named if share >= 1 - MOSTLY else named - CONTRADICTED
    return BY_CONTENT + share if share >= MOSTLY else 0.0


def _named(listing: str, header: str, field: str) -> float:
    """How far the header names the field."""
    known = _FIELD_OF_NAME[listing]
    if header in known:
        return CERTAIN if known[header] == field else 0.0
    best = max(
        max(fuzz.ratio(header, plain(name)), fuzz.token_sort_ratio(header, plain(name)))
        for name in _NAMES[listing].get(field, ["?"])
    )
    within = any(set(plain(name).split()) <= set(header.split()) for name in _NAMES[listing].get(field, ()))
    return best if best >= LIKELY else LIKELY - 4 if within else 0.0


def _is_day(text: str) -> bool:
    """Whether it is a day, if only by its looks: one that can be read in two ways is refused later, row by row."""
    try:
        parse_day(text)
    except Refused:
        return bool(re.fullmatch(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}", text))
    return True


def _from_office(read: Callable[[str], numbers.Number | None], mark: str) -> Callable[[str], bool]:
    """Whether a text is a number some office gives, and bears a mark that other numbers do not."""

    def looks(text: str) -> bool:
        try:
            found = read(text)
        except Refused:
            return False
        return found is not None and bool(found.office) and bool(re.search(mark, text))

    return looks


def _is_symbol(text: str) -> bool:
    try:
        numbers.ipc(re.split(r"[;|,；]", text)[0])
    except Refused:
        return False
    return True


LOOKS: Mapping[str, Callable[[str], bool]] = {
    "filed_on": _is_day,
    "granted_on": _is_day,
    "expires_on": _is_day,
    "application_number": lambda text: any(c.isdigit() for c in text),
    "publication_number": lambda text: any(c.isdigit() for c in text),
    "ipc": _is_symbol,
    "trl": lambda text: bool(re.search(r"[1-9]", text)),
    "title": lambda text: len(text) <= 300 and any(c.isalpha() for c in text),
}
"""What the values of a field look like at least: a name that says otherwise is not believed."""

TELLING: Mapping[str, Mapping[str, Callable[[str], bool]]] = {"need": {}, "technology": {
    "ipc": _is_symbol,
    "application_number": _from_office(numbers.application, r"[./]"),
    "publication_number": _from_office(numbers.publication, r"^[A-Za-z]{2}"),
    "abstract": lambda text: len(text) >= 120,
}}
"""What fields are recognised by where a name says nothing."""
