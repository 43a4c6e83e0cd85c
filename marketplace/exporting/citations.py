"""Citations of a technology for reference managers (BibTeX, RIS), and its number as the patent offices' services write it."""

from __future__ import annotations

import re
from typing import NamedTuple

import rispy
from pybtex.database import BibliographyData
from pybtex.database import Entry as Reference

from marketplace.catalogue.models import Technology
from marketplace.exporting.text import one_line
from marketplace.web import TAGS

TYPES = {"patent": ("patent", "PAT"), "patent_application": ("patent", "PAT"), "software": ("misc", "COMP"), "open_source": ("misc", "COMP"),
         "data_set": ("misc", "DATA")}
OTHER = ("misc", "GEN")
LONGEST = 2000

_PUBLICATION = re.compile(r"([A-Z]{2})((?:RE|D|PP|H)?\d+)([A-Z]\d?)?", re.ASCII)
_US_APPLICATION = re.compile(r"(20\d\d)0(\d{6})", re.ASCII)
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "$": r"\textdollar{}", "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}", '"': r"\textquotedbl{}",
}


class Numbers(NamedTuple):
    """A publication number as DOCDB writes it (None where the kind code is not known) and as epodoc does."""

    docdb: str | None
    epodoc: str


def numbers(publication: str | None) -> Numbers | None:
    """CN107345678B is "CN 107345678 B" in DOCDB and "CN107345678" in epodoc; None for what is no publication number.

    A US application of 2001 and later has a serial of seven digits, of which both keep six: US20050123456A1 is US 2005123456 A1.
    """
    match = _PUBLICATION.fullmatch(publication or "")
    if not match:
        return None
    office, digits, kind = match.groups()
    if office == "US" and (long := _US_APPLICATION.fullmatch(digits)):
        digits = long[1] + long[2]
    return Numbers(f"{office} {digits} {kind}" if kind else None, office + digits)


def _key(technology: Technology) -> str:
    number = technology.publication_number or ""
    return number if re.fullmatch(r"[A-Z0-9]+", number, re.ASCII) else f"techbridge-{technology.public_id}"


def _latex(text: str) -> str:
    """What LaTeX would take for a command, a group or a formula, as the character it is; the writer escapes the rest (& % # _)."""
    return "".join(_LATEX.get(character, character) for character in one_line(text, LONGEST))


def _person(name: str) -> str:
    """A name as BibTeX takes it: an "and" in it, or many commas, would else make several people of it."""
    plain = _latex(name)
    return f"{{{plain}}}" if re.search(r"\band\b", plain, re.I) or plain.count(",") > 1 else plain


def _names(technology: Technology, language: str) -> tuple[list[str], list[str]]:
    """Who made it and who holds it; the organisation where nobody is named."""
    holders = list(technology.owners) or [technology.organisation.called(language)]
    return list(technology.inventors), holders


def _dates(technology: Technology) -> str:
    day = technology.granted_on or technology.filed_on or (technology.published and technology.published.date())
    return f"{day:%Y-%m-%d}" if day else ""


def bibtex(technology: Technology, language: str, address: str) -> str:
    """One entry, @patent for patents and applications, else @misc."""
    title, title_language = technology.titled(language)
    inventors, holders = _names(technology, language)
    bodies = [f"{{{_latex(name)}}}" for name in holders]
    day = _dates(technology)
    fields = {
        "title": f"{{{_latex(title)}}}", "author": " and ".join(map(_person, inventors) if inventors else bodies), "holder": " and ".join(bodies),
        "number": _latex(technology.publication_number or technology.application_number or ""), "year": day[:4], "date": day,
        "language": TAGS[title_language], "url": address,
    }
    entry = Reference(TYPES.get(technology.kind, OTHER)[0], fields=[(name, value) for name, value in fields.items() if value])
    return BibliographyData(entries={_key(technology): entry}).to_string("bibtex")


def ris(technology: Technology, language: str, address: str) -> str:
    """One record, TY PAT for patents and applications."""
    title, title_language = technology.titled(language)
    inventors, holders = _names(technology, language)
    day = _dates(technology)
    record = {
        "type_of_reference": TYPES.get(technology.kind, OTHER)[1], "id": _key(technology), "title": title, "authors": inventors or holders,
        "publisher": "; ".join(holders), "number": technology.publication_number or "", "call_number": technology.application_number or "",
        "year": day[:4], "date": day.replace("-", "/"), "language": TAGS[title_language],
        "keywords": [*technology.keywords.get(title_language, ()), *technology.ipc],
        "abstract": (technology.abstract or {}).get(title_language, ""), "urls": [address],
    }
    kept = {name: _plain(value) for name, value in record.items() if value}
    return rispy.dumps([kept])


def _plain(value: str | list[str]) -> str | list[str]:
    """One line each: a line end in a value would begin a field of its own."""
    return [one_line(part, LONGEST) for part in value] if isinstance(value, list) else one_line(value, LONGEST)
