"""Patent documents in WIPO ST.96 XML: a title in its language, numbers, parties and classes beside one another.

The structure follows WIPO Standard ST.96 (namespaces com and pat of "http://www.wipo.int/standards/XMLSchema/ST96");
it rests on memory of the standard, so elements are found by their local names wherever they stand in the document,
and small differences between versions pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from marketplace.importing.readers.markup import elements
from marketplace.importing.readers.st36 import different, first_of, paragraphs, readable_application, text_of
from marketplace.importing.readers.tables import Broken, Document, Table, of_documents

FACTS = frozenset({"BibliographicData", "InventionTitle"})
_LEFT_OUT = frozenset({"Description", "Claims", "Drawings", "ReferenceCitationBag", "SequenceListing", "DocumentIncluded"})
_NAMES = (".//OrganizationStandardName", ".//OrganizationName", ".//PersonFullName", ".//EntityName")


def open_wipo(path: Path, record: str) -> Table:
    """The documents of the file, each an element of the name `record`."""

    def start() -> Iterator[Document | Broken]:
        for element in elements(path, frozenset({record}), _LEFT_OUT):
            yield element if isinstance(element, Broken) else _document(element)

    return of_documents("wipo", start)


def record_of(lineage: tuple[str, ...]) -> str:
    """What a document is called in a file where its bibliographic data, or a title, stand in this line of elements."""
    return lineage[-2] if len(lineage) > 1 else lineage[-1]


def _document(element: Element) -> Document:
    published, filed = _within(element, "GrantIdentification", "PublicationIdentification"), _within(element, "ApplicationIdentification")
    office = text_of(published, ".//IPOfficeCode")
    kind = text_of(published, ".//PatentDocumentKindCode")
    number = first_of(published, (".//PublicationNumber", ".//PatentNumber"))
    return {
        **_by_language("title", element, "InventionTitle"),
        **_by_language("abstract", element, "Abstract"),
        "publication_number": number if number.startswith(office) and number[:1].isalpha() else f"{office}{number}{kind}" if number else "",
        "application_number": _application(filed),
        "filed_on": first_of(filed, (".//FilingDate", ".//ApplicationDate")),
        "granted_on": first_of(element, (".//GrantDate", ".//PatentGrantDate")) or (text_of(published, ".//PublicationDate") if kind[:1] == "B" else ""),
        "applicants": _parties(element, "Applicant"),
        "owners": _parties(element, "Assignee"),
        "inventors": _parties(element, "Inventor"),
        "ipc": different(_symbol(part) for name in ("IPCRClassification", "IPCClassification", "CPCClassification") for part in element.iter(name)),
    }


def _within(element: Element, *names: str) -> Element:
    """The first element whose name ends in one of these, else the whole; that of an earlier filing, whose priority is claimed, is none."""
    return next((part for part in element.iter() if part.tag.endswith(names) and "Priority" not in part.tag and len(part)), element)


def _by_language(field: str, element: Element, name: str) -> Document:
    """Texts by language; one in another language only where there is neither Chinese nor English."""
    known: dict[str, str] = {}
    for part in element.iter(name):
        code = part.get("languageCode", "").casefold()[:2]
        known.setdefault(f"{field}_{code}" if code in ("zh", "en") else field, paragraphs(part))
    if known.get(f"{field}_zh") or known.get(f"{field}_en"):
        known.pop(field, None)
    return known


def _application(filed: Element) -> str:
    office = text_of(filed, ".//IPOfficeCode")
    number = text_of(filed, ".//ApplicationNumberText")
    with_office = number if number[:2].isalpha() else f"{office}{number}"
    return readable_application(with_office) or number


def _parties(element: Element, role: str) -> list[str]:
    return different(_name(part) for part in element.iter(role))


def _name(party: Element) -> str:
    parts = (text_of(party, f".//{name}") for name in ("FirstName", "MiddleName", "LastName"))
    return first_of(party, _NAMES) or " ".join(part for part in parts if part)


def _symbol(part: Element) -> str:
    """The symbol from its parts, whose names CPC prefixes where IPC does not."""

    def of(name: str) -> str:
        return first_of(part, (f".//{name}", f".//CPC{name}", f".//IPC{name}"))

    section, main = of("Section"), of("MainGroup")
    return f"{section}{of('Class'):0>2}{of('Subclass')} {main}/{of('Subgroup')}" if section and main else text_of(part)
