"""Patent documents of the EPO: exchange-document of Open Patent Services and of the DOCDB exchange, in XML and JSON.

The structure is that of the EPO exchange documents schema (namespaces exch and ops, "http://www.epo.org/exchange"),
which follows WIPO ST.36; the JSON of Open Patent Services says the same with text in "$", attributes as "@name", and
an object where there is one element and a list where there are many. It rests on memory of both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from marketplace.importing.readers.markup import elements
from marketplace.importing.readers.objects import plain, values
from marketplace.importing.readers.st36 import different, paragraphs, readable_application, symbol, text_of
from marketplace.importing.readers.tables import Broken, Document, Table, of_documents

DOCUMENT = "exchange-document"
_FORMATS = ("docdb", "epodoc", "original", "")
_NAME_FORMATS = ("original", "docdba", "epodoc", "docdb", "")
_CHINESE_GRANTS = frozenset("BCUYS")
_COUNTRY = re.compile(r"\s*\[[A-Z]{2}\]$")


def open_epo_xml(path: Path) -> Table:
    """The exchange documents of an XML file."""

    def start() -> Iterator[Document | Broken]:
        for element in elements(path, frozenset({DOCUMENT})):
            yield element if isinstance(element, Broken) else _document(element)

    return of_documents("epo", start)


def open_epo_json(path: Path) -> Table:
    """The exchange documents of a JSON file."""

    def start() -> Iterator[Document | Broken]:
        for value in values(path, DOCUMENT):
            yield value if isinstance(value, Broken) else _document(_element(DOCUMENT, value))

    return of_documents("epo", start)


def _element(name: str, value: Any) -> Element:
    """A value of the JSON as the element that it stands for."""
    element = Element(name)
    if not isinstance(value, Mapping):
        element.text = "" if value is None else str(value)
        return element
    for key, below in value.items():
        name = plain(key).removeprefix("@")
        if key.startswith("@"):
            element.set(name, str(below))
        elif key == "$":
            element.text = str(below)
        else:
            element.extend(_element(name, one) for one in (below if isinstance(below, list) else [below]))
    return element


def _document(element: Element) -> Document:
    facts = element.find("bibliographic-data")
    facts = SubElement(element, "bibliographic-data") if facts is None else facts
    published, filed = _ids(facts, "publication-reference"), _ids(facts, "application-reference")
    country, kind = element.get("country", ""), element.get("kind", "")
    for number in published:
        country, kind = text_of(number, "country") or country, text_of(number, "kind") or kind
        break
    own = _publication(published) or "".join(element.get(name, "") for name in ("country", "doc-number", "kind"))
    return {
        **_by_language("title", [(part.get("lang", ""), text_of(part)) for part in facts.findall("invention-title")]),
        **_by_language("abstract", [(part.get("lang", ""), paragraphs(part)) for part in element.findall("abstract")]),
        "publication_number": own,
        "application_number": _application(filed, country),
        "filed_on": _date(filed),
        "granted_on": _date(published) if kind[:1] == "B" or (country == "CN" and kind[:1] in _CHINESE_GRANTS) else "",
        "applicants": _names(facts, "applicant"),
        "inventors": _names(facts, "inventor"),
        "ipc": _symbols(facts),
        "family": [number for number in _family(element) if number != own],
    }


def _ids(element: Element, reference: str) -> list[Element]:
    """The document-ids of a reference, the one in DOCDB's form first; the form stands at either of the two."""
    found = [
        (number.get("document-id-type") or parent.get("data-format") or "", number)
        for parent in element.findall(reference)
        for number in parent.findall("document-id")
    ]
    return [number for form in _FORMATS for given, number in found if given == form]


def _publication(numbers: list[Element]) -> str:
    """Office, number and kind."""
    whole = next((number for number in numbers if text_of(number, "country") and text_of(number, "doc-number")), None)
    return "".join(text_of(whole, part) for part in ("country", "doc-number", "kind"))


def _date(numbers: list[Element]) -> str:
    return next((day for number in numbers if (day := text_of(number, "date"))), "")


def _application(filed: list[Element], office: str) -> str:
    """The first of the numbers that can be read as the office writes it."""
    for number in filed:
        country, digits, kind = (text_of(number, part) for part in ("country", "doc-number", "kind"))
        if text := readable_application(_as_filed(country or office, digits, kind)):
            return text
    return ""


def _as_filed(country: str, number: str, kind: str) -> str:
    """An application number as its office writes it, from the form the EPO gives it; "" where that cannot be told.

    DOCDB writes a Chinese number without its check digit, a US one as year, series code and serial number, and a PCT
    application under its receiving office with the kind W.
    """
    digits = number.removeprefix(country)
    if country == "CN":
        return f"CN{digits}" if re.fullmatch(r"(\d{12}|\d{8})(\.?[\dX])?", digits) and kind != "W" else _treaty(country, digits, kind)
    if country == "US" and kind != "W":
        match = re.fullmatch(r"(?:(?:19|20)\d{2})?(\d{2})/?(\d{6})", digits.replace(",", ""))
        return f"US{match[1]}/{match[2]}" if match else ""
    return _treaty(country, digits, kind) or (f"{country}{digits}" if digits and kind != "W" else "")


def _treaty(country: str, digits: str, kind: str) -> str:
    match = re.fullmatch(r"(\d{4})(\d{6})", digits) if kind == "W" else None
    return f"PCT/{country}{match[1]}/{match[2]}" if match else ""


def _by_language(field: str, texts: list[tuple[str, str]]) -> Document:
    """Texts by language; one in another language only where there is neither Chinese nor English."""
    known: dict[str, str] = {}
    for language, text in texts:
        code = language.casefold()[:2]
        known.setdefault(f"{field}_{code}" if code in ("zh", "en") else field, text)
    if known.get(f"{field}_zh") or known.get(f"{field}_en"):
        known.pop(field, None)
    return known


def _names(facts: Element, role: str) -> list[str]:
    """The names of the parties in a role, in the form that reads best, without the country behind them."""
    found = list(facts.iterfind(f"parties/{role}s/{role}"))
    for form in _NAME_FORMATS:
        names = different(_party(party, role) for party in found if (party.get("data-format") or "") == form)
        if names:
            return names
    return different(_party(party, role) for party in found)


def _party(party: Element, role: str) -> str:
    name = text_of(party, f"{role}-name") or text_of(party, ".//name")
    return _COUNTRY.sub("", name.replace("\u2002", " ")).strip(" ,;")


def _symbols(facts: Element) -> list[str]:
    ipc = facts.iterfind("classifications-ipcr/classification-ipcr")
    cpc = (
        part
        for part in facts.iterfind("patent-classifications/patent-classification")
        if _scheme(part).upper().startswith("CPC")
    )
    return different(symbol(part) for part in [*ipc, *cpc])


def _scheme(classification: Element) -> str:
    scheme = classification.find("classification-scheme")
    return "" if scheme is None else scheme.get("scheme", "")


def _family(element: Element) -> list[str]:
    """The publication numbers of the family members that the document names."""
    return different(_publication(_ids(member, "publication-reference")) for member in element.iter("family-member"))
