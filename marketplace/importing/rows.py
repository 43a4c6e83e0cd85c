"""One row of a table: from the cells under their headers to the values of a technology, or what is wrong in which column.

Texts are put into the language they are written in, told by their script, where the column does not say. What a cell means
by itself stands in `cells`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from marketplace.catalogue import numbers
from marketplace.catalogue.classification import FIELDS as FIELD_CODES
from marketplace.catalogue.classification import field_of_words
from marketplace.errors import N_, Refused
from marketplace.importing import cells as reading
from marketplace.importing.formats import FORMATS, Format

ONE_LINE = 300  # characters: a text that may not be longer has no lines of its own
OFFER = ("mode", "exclusivity", "territory", "term_months", "sublicensing", "terms", "field_of_use")


def read_row(cells: Mapping[str, str], columns: Mapping[str, str], format: str = "table") -> dict[str, Any]:
    """The values of one technology, only those that are given, as `catalogue.operations.fill` takes them; `public_id` beside them.

    `cells` are texts by header, `columns` says which field each header means. Where our own template names a technology,
    an empty cell is a value too: None. Raises `Refused` with the header as its field.
    """
    return TechnologyRow(cells, columns, FORMATS[format]).whole()


class ReadRow:
    """The values of a row as its cells are read one after another. What a kind of listing holds is said by subclasses."""

    texts: Mapping[str, int]
    single: Mapping[str, Callable[[str], Any]]
    listed: Mapping[str, Callable[..., list[str]]] = {}
    never_empty: tuple[str, ...] = ("public_id",)

    def __init__(self, cells: Mapping[str, str], columns: Mapping[str, str], how: Format) -> None:
        self.how, self.columns = how, columns
        self.clears = how.literal and any(cells.get(header, "").strip() for header, name in columns.items() if name == "public_id")
        self.values: dict[str, Any] = {}
        for header, field in columns.items():
            self.header = header
            try:
                self.read(field, cells.get(header, ""))
            except Refused as problem:
                problem.field = header
                raise

    def read(self, field: str, cell: str) -> None:
        """Take one cell in. Raises `Refused`."""
        given = bool(cell.strip())
        name, _, language = field.rpartition("_") if field.endswith(("_zh", "_en")) else (field, "", "")
        if not given and not self.clears:
            return
        if name in self.texts:
            self._text(name, language, cell)
        elif not given:
            self.clear(name, language)
        else:
            reading.refuse_formula(cell)
            self.value(name, language, cell)

    def clear(self, field: str, language: str) -> None:
        """An empty cell of our own template, in a row that names its listing."""
        if field not in self.never_empty:
            self.values.setdefault(field, None)

    def value(self, field: str, language: str, cell: str) -> None:
        """A cell that is no text. Raises `Refused`."""
        if field in self.listed:
            known = self.values.get(field) or []
            self.values[field] = known + [entry for entry in self.listed[field](cell, self.how) if entry not in known]
        elif (value := self.single[field](cell)) is not None:
            self.values[field] = value

    def _text(self, name: str, language: str, cell: str) -> None:
        text = reading.literal(cell).strip("\n") if self.how.literal else reading.cleaned(cell)
        if self.texts[name] <= ONE_LINE and not self.how.literal:
            text = " ".join(text.split())
        if len(text) > self.texts[name]:
            raise Refused(N_("This text has %(found)s characters; at most %(most)s fit."), found=len(text), most=self.texts[name])
        if text.strip() or (self.clears and language):
            self.values.setdefault(name, {}).setdefault(language or reading.language_of(text), text)

    def has(self, name: str) -> bool:
        """Whether a text is given in any language."""
        return any((self.values.get(name) or {}).values())

    def header_of(self, name: str) -> str | None:
        """The header under which a field stands, whatever its language."""
        return next((header for header, field in self.columns.items() if field.removesuffix("_zh").removesuffix("_en") == name), None)


class TechnologyRow(ReadRow):
    """A row that speaks of a technology."""

    texts = {"title": 300, "abstract": 20_000, "advantages": 20_000, "applications": 20_000, "field_of_use": 300, "teaser": 300}
    single, listed = reading.SINGLE, reading.LISTED
    never_empty = ("public_id", "kind", "visibility", "nda_required", "trl_scheme", "category", "applicants")

    def __init__(self, cells: Mapping[str, str], columns: Mapping[str, str], how: Format) -> None:
        self.statuses: list[str] = []
        super().__init__(cells, columns, how)
        if not self.has("title") and not self.clears:
            raise Refused(N_("This row has no title."), field=self.header_of("title"))

    def clear(self, field: str, language: str) -> None:
        """Keywords are cleared in one language."""
        if field == "keywords":
            self.values.setdefault("keywords", {}).setdefault(language, [])
        else:
            super().clear(field, language)

    def value(self, field: str, language: str, cell: str) -> None:
        """A cell that is no text. Raises `Refused`."""
        if field in ("keywords", "category"):
            self._words(field, language, cell)
        elif field == "legal_status":
            self.statuses.append(cell)
        elif field in ("application_number", "publication_number"):
            self._number(field, reading.SINGLE[field](cell))
        else:
            super().value(field, language, cell)

    def _number(self, field: str, number: numbers.Number | None) -> None:
        if number is not None:
            self.values[field] = number.value
        if number is not None and number.patent_kind:
            self.values.setdefault("patent_kind", number.patent_kind)

    def _words(self, field: str, language: str, cell: str) -> None:
        """Keywords by their language; of a category also the technology field that it means."""
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
        if offer.get("mode") or (offer and not self.clears):
            values["offer"] = {**offer, "sublicensing": bool(offer.get("sublicensing"))} if self.clears else offer
        elif "mode" in offer:
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
