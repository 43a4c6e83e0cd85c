"""What patent documents in the manner of WIPO ST.36 share, at the EPO as at the USPTO: numbers, classes, names and texts.

The elements are those of WIPO Standard ST.36 (document-id, classification-ipcr, addressbook …), with local names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from xml.etree.ElementTree import Element

from marketplace.catalogue import numbers
from marketplace.errors import Refused

_FIXED_COLUMNS = re.compile(r"([A-HY]\d{2}[A-Z])\s*(\d{1,4})\s*/\s*(\d{2,6})", re.ASCII)


def text_of(element: Element | None, path: str = ".") -> str:
    """All the text at a path below the element, marks left out and gaps closed; "" where there is none."""
    found = None if element is None else element.find(path)
    return "" if found is None else " ".join("".join(found.itertext()).split())


def paragraphs(element: Element) -> str:
    """The text of an abstract, a paragraph a line."""
    parts = [text_of(part) for part in element.iter() if part.tag.casefold() == "p"] or [text_of(element)]
    return "\n".join(part for part in parts if part)


def different(texts: Iterable[str]) -> list[str]:
    """The texts that are not empty, each once, in their order."""
    return list(dict.fromkeys(text for text in texts if text))


def symbol(element: Element) -> str:
    """The symbol of a classification, taken from its parts or from a text in fixed columns, "A01B   1/  00"."""
    section, main, sub = text_of(element, "section"), text_of(element, "main-group"), text_of(element, "subgroup")
    if section and main:
        return f"{section}{text_of(element, 'class'):0>2}{text_of(element, 'subclass')} {main}/{sub}"
    typed = text_of(element, "text") or text_of(element)
    match = _FIXED_COLUMNS.match(typed)
    return f"{match[1]} {match[2]}/{match[3]}" if match else typed


def name_of(element: Element) -> str:
    """The name in an address book: of an organisation, or of a person, first name first."""
    last, first = text_of(element, ".//last-name"), text_of(element, ".//first-name")
    middle = text_of(element, ".//middle-name")
    return text_of(element, ".//orgname") or " ".join(part for part in (first, middle, last) if part) or text_of(element, ".//name")


def first_of(element: Element, paths: Sequence[str]) -> str:
    """The first text found at one of the paths."""
    return next((text for path in paths if (text := text_of(element, path))), "")


def readable_application(text: str) -> str:
    """The application number if it can be read as one, else "": an office's own form of it is no mistake of the sender's."""
    try:
        return text if numbers.application(text) else ""
    except Refused:
        return ""


def day_of(text: str) -> date | None:
    """A day written YYYYMMDD, None where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
