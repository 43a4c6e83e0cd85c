"""One row of a table: from the cells under their headers to the values of a technology, or what is wrong in which column.

Texts are put into the language they are written in, told by their script, where the column does not say. What a cell means
by itself stands in `cells`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marketplace.catalogue import numbers
from marketplace.catalogue.classification import FIELDS as FIELD_CODES
from marketplace.catalogue.classification import field_of_words
from marketplace.errors import N_, Refused
from marketplace.importing import cells as reading
from marketplace.importing.formats import FORMATS, Format

TEXTS = {"title": 300, "abstract": 20_000, "advantages": 20_000, "applications": 20_000, "field_of_use": 300}
"""Texts in two languages with their longest number of characters."""
NEVER_EMPTY = ("public_id", "kind", "visibility", "trl_scheme", "category", "applicants")
"""What an empty cell cannot clear."""
OFFER = ("mode", "exclusivity", "territory", "term_months", "sublicensing", "terms", "field_of_use")


def read_row(cells: Mapping[str, str], columns: Mapping[str, str], format: str = "table") -> dict[str, Any]:
    """The values of one row, only those that are given, as `operations.fill` takes them; `public_id` beside them.

    `cells` are texts by header, `columns` says which field each header means. Where our own template names a technology,
    an empty cell is a value too: None. Raises `Refused` with the header as its field.
    """
    how = FORMATS[format]
    row = _Row(how, clears=how.literal and any(cells.get(header, "").strip() for header, name in columns.items() if name == "public_id"))
    for header, field in columns.items():
        try:
            row.read(field, cells.get(header, ""))
        except Refused as problem:
            problem.field = header
            raise
    if not any((row.values.get("title") or {}).values()) and not row.clears:
        raise Refused(N_("This row has no title."), field=next((header for header, field in columns.items() if field.startswith("title")), None))
    return row.whole()


class _Row:
    """The values of a row as its cells are read one after another."""

    def __init__(self, how: Format, clears: bool) -> None:
        self.how, self.clears = how, clears
        self.values: dict[str, Any] = {}
        self.statuses: list[str] = []

    def read(self, field: str, cell: str) -> None:
        """Take one cell in. Raises `Refused`."""
        given = bool(cell.strip())
        name, _, language = field.rpartition("_") if field.endswith(("_zh", "_en")) else (field, "", "")
        if not given and not self.clears:
            return
        if name in TEXTS:
            self._text(name, language, cell)
        elif name == "keywords":
            self._words(name, language, cell)
        elif not given:
            self._cleared(field)
        else:
            reading.refuse_formula(cell)
            self._value(name, language, cell)

    def _cleared(self, field: str) -> None:
        if field not in NEVER_EMPTY:
            self.values.setdefault(field, None)

    def _value(self, field: str, language: str, cell: str) -> None:
        if field == "category":
            self._words(field, language, cell)
        elif field == "legal_status":
            self.statuses.append(cell)
        elif field in reading.LISTED:
            known = self.values.get(field) or []
            self.values[field] = known + [entry for entry in reading.LISTED[field](cell, self.how) if entry not in known]
        else:
            self._single(field, reading.SINGLE[field](cell))

    def _single(self, field: str, value: Any) -> None:
        if isinstance(value, numbers.Number):
            if value.patent_kind:
                self.values.setdefault("patent_kind", value.patent_kind)
            value = value.value
        if value is not None:
            self.values[field] = value

    def _text(self, name: str, language: str, cell: str) -> None:
        text = reading.literal(cell).strip("\n") if self.how.literal else reading.cleaned(cell)
        if name in ("title", "field_of_use") and not self.how.literal:
            text = " ".join(text.split())
        if len(text) > TEXTS[name]:
            raise Refused(N_("This text has %(found)s characters; at most %(most)s fit."), found=len(text), most=TEXTS[name])
        if text.strip() or (self.clears and language):
            self.values.setdefault(name, {}).setdefault(language or reading.language_of(text), text)

    def _words(self, field: str, language: str, cell: str) -> None:
        """Keywords by their language; of a category also the technology field that it means."""
        reading.refuse_formula(cell)
        if language and self.clears:
            self.values.setdefault("keywords", {}).setdefault(language, [])
        for words in reading.entries(cell, self.how):
            code = field_of_words(words) if field == "category" else None
            if code:
                self.values.setdefault("field", code)
            if words not in FIELD_CODES:
                known = self.values.setdefault("keywords", {}).setdefault(language or reading.language_of(words), [])
                known += [words] if words not in known else []

    def whole(self) -> dict[str, Any]:
        """All values of the row, those that follow from others included."""
        values = self.values
        if self.statuses:
            values["legal_status"] = reading.legal_status(self.statuses)
        applicants = values.pop("applicants", None)
        if applicants and not values.get("owners"):
            values["owners"] = applicants
        if not self.clears:
            values.setdefault("kind", _kind_of(values))
        offer = {name: values.pop(name) for name in OFFER if name in values}
        if any(value not in (None, {}, False) for value in offer.values()):
            values["offer"] = {name: value for name, value in offer.items() if value is not None}
        elif self.clears and "mode" in offer:
            values["offer"] = None
        return values


def _kind_of(values: Mapping[str, Any]) -> str:
    """What a technology is where the file does not say: a patent when it has a patent's number, else an application, else know-how."""
    publication = values.get("publication_number")
    if publication and numbers.is_granted(publication):
        return "patent"
    if publication or values.get("application_number"):
        return "patent" if values.get("granted_on") else "patent_application"
    return "know_how"
