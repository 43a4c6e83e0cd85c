"""Grants and applications of the USPTO, as its weekly files hold them: many documents one after another.

The structure is that of the Red Book bulk data, us-patent-grant and us-patent-application version 4.x, which follow
WIPO ST.36. It rests on memory of their DTDs. How long a right lasts: 35 USC 154(a)(2) and (b), 20 years from filing
with the days added for delays; for a design the years that the grant states.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from xml.etree.ElementTree import Element

from marketplace.importing.readers.markup import elements
from marketplace.importing.readers.st36 import day_of, different, name_of, paragraphs, symbol, text_of
from marketplace.importing.readers.tables import Broken, Document, Table, of_documents

DOCUMENTS = frozenset({"us-patent-grant", "us-patent-application"})
_LEFT_OUT = frozenset(
    {
        "description", "claims", "us-claim-statement", "drawings", "us-references-cited", "references-cited", "us-sequence-list-doc",
        "us-field-of-classification-search", "field-of-search",
    }
)
_KINDS = {"utility": "invention", "reissue": "invention", "sir": "invention", "design": "design"}


def open_uspto(path: Path) -> Table:
    """The grants and applications in the file."""

    def start() -> Iterator[Document | Broken]:
        for element in elements(path, DOCUMENTS, _LEFT_OUT):
            yield element if isinstance(element, Broken) else _document(element)

    return of_documents("uspto", start)


def _document(element: Element) -> Document:
    facts = next((part for part in element if part.tag.startswith("us-bibliographic-data")), element)
    published = facts.find("publication-reference/document-id")
    filed = facts.find("application-reference/document-id")
    is_grant = element.tag == "us-patent-grant"
    return {
        "title_en": text_of(facts, "invention-title"),
        "abstract_en": "\n".join(paragraphs(part) for part in element.findall("abstract")),
        "publication_number": _publication(published),
        "application_number": _serial(text_of(filed, "doc-number"), text_of(facts, "us-application-series-code")),
        "patent_kind": _KINDS.get(_kind(facts), ""),
        "filed_on": text_of(filed, "date"),
        "granted_on": text_of(published, "date") if is_grant else "",
        "expires_on": _expiry(facts) if is_grant else "",
        "owners": different(map(name_of, facts.findall("assignees/assignee"))),
        "applicants": different(map(name_of, [*facts.iter("us-applicant"), *facts.findall("parties/applicants/applicant")])),
        "inventors": _inventors(facts),
        "ipc": different(symbol(part) for name in ("classification-ipcr", "classification-cpc") for part in facts.iter(name)),
    }


def _publication(document: Element | None) -> str:
    """Office, number and kind; the number without the zeros that fill it up."""
    number = re.sub(r"^([A-Z]*)0+(?=\d)", r"\1", text_of(document, "doc-number"))
    return f"{text_of(document, 'country') or 'US'}{number}{text_of(document, 'kind')}" if number else ""


def _serial(number: str, series: str) -> str:
    """The serial number with its series code, "US15/123456"."""
    digits = re.sub(r"\D", "", number)
    if len(digits) == 8:
        return f"US{digits[:2]}/{digits[2:]}"
    return f"US{series:0>2}/{digits:0>6}" if series.isdigit() and 0 < len(digits) <= 6 else number


def _kind(facts: Element) -> str:
    reference = facts.find("application-reference")
    return "" if reference is None else reference.get("appl-type", "").casefold()


def _inventors(facts: Element) -> list[str]:
    """The inventors; before 2013 they stood among the applicants."""
    found = [*facts.findall("us-parties/inventors/inventor"), *facts.findall("parties/inventors/inventor"), *facts.findall("inventors/inventor")]
    as_applicants = [part for part in facts.iter("applicant") if part.get("app-type") == "applicant-inventor"]
    return different(map(name_of, found or as_applicants))


def _expiry(facts: Element) -> str:
    """When the right ends, where the document alone tells: no earlier application, treaty filing or disclaimer shortens it."""
    granted = day_of(text_of(facts, "publication-reference/document-id/date"))
    filed = day_of(text_of(facts, "application-reference/document-id/date"))
    years = text_of(facts, "us-term-of-grant/length-of-grant")
    extension = text_of(facts, "us-term-of-grant/us-term-extension")
    if granted and years in ("14", "15"):
        return _later(granted, int(years)).isoformat()
    if filed and re.fullmatch(r"\d{1,4}", extension) and not _counts_from_elsewhere(facts):
        return (_later(filed, 20) + timedelta(int(extension))).isoformat()
    return ""


def _counts_from_elsewhere(facts: Element) -> bool:
    """Whether the term starts with an earlier filing or was cut by a disclaimer; a provisional application does not count."""
    related = facts.find("us-related-documents")
    earlier = [] if related is None else [part for part in related if part.tag not in ("related-publication", "us-provisional-application")]
    return bool(earlier) or any(facts.find(path) is not None for path in ("pct-or-regional-filing-data", "us-term-of-grant/disclaimer"))


def _later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)
