"""Teasers: what everybody reads of a blind listing, and what one may not give away.

A teaser is written by hand, and a hand slips: a title is pasted, a patent number, the name of the school, a sentence of the abstract. Each
of these finds the listing with any search engine. So a teaser that holds one is refused, and told what it holds. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from marketplace.errors import N_, Refused

LONGEST = 300  # characters of a teaser in one language
RUN = {"zh": 15, "en": 40}  # characters in a row that a teaser may not share with the rest: an English word has five or six
SHORTEST_TITLE, SHORTEST_NUMBER = 4, 6  # characters that say which one is meant

NO_TEASER = N_("Write a teaser in at least one language: it is all that readers without access see of a blind listing.")

_KIND = re.compile(r"(?<=\d)[A-Z]\d?$")  # of a publication: application, grant, corrected
_NUMBER = re.compile(r"[A-Za-z]{0,3}[\d][\d .,/-]{4,}\d")


@dataclass(frozen=True)
class Secrets:
    """What a blind listing keeps to itself: titles and texts by language, names of people and organisations, numbers."""

    titles: Mapping[str, str]
    texts: Iterable[Mapping[str, str]]
    names: Iterable[str] = ()
    numbers: Iterable[str | None] = ()


def refuse_without(listing: Any) -> None:
    """Raise `Refused` where a blind listing would be open and say nothing."""
    if listing.visibility == "blind" and not any((listing.teaser or {}).values()):
        raise Refused(NO_TEASER, field="teaser_zh")


def check(teaser: Mapping[str, str], secrets: Secrets) -> None:
    """Raise `Refused` beside the language of a teaser that is too long or gives a secret away, with a sentence that says what."""
    for language, text in teaser.items():
        field = f"teaser_{language}"
        if len(text) > LONGEST:
            raise Refused(N_("A teaser has at most %(most)s characters; this one has %(found)s."), field=field, most=LONGEST, found=len(text))
        if title := _title(text, secrets):
            raise Refused(N_("The teaser repeats the title “%(title)s”: whoever reads it knows which one it is."), field=field, title=title)
        if name := next((name for name in secrets.names if _named(name, text)), None):
            raise Refused(N_("The teaser names “%(name)s”: a blind listing does not say whose it is."), field=field, name=name)
        if number := next((number for number in secrets.numbers if number and _numbered(number, text)), None):
            raise Refused(N_("The teaser holds the number %(number)s, by which anybody finds the listing."), field=field, number=number)
        if run := _run(text, secrets.texts):
            raise Refused(N_("The teaser repeats “%(run)s” from the full text; say it in other words."), field=field, run=run)


def _plain(text: str) -> str:
    """Letters and digits alone, without case and width."""
    return "".join(re.findall(r"\w", unicodedata.normalize("NFKC", text).casefold()))


def _spaced(text: str) -> str:
    """The same with one space where anything else stands, and one at either end, so that a Latin name is found as a word."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold())
    return f" {' '.join(words)} "


def _title(text: str, secrets: Secrets) -> str | None:
    held = _plain(text)
    return next((title for title in secrets.titles.values() if len(_plain(title)) >= SHORTEST_TITLE and _plain(title) in held), None)


def _named(name: str, text: str) -> bool:
    plain = _plain(name)
    if len(plain) < 2:
        return False
    return _spaced(name) in _spaced(text) if plain.isascii() else plain in _plain(text)


def _numbered(number: str, text: str) -> bool:
    """Whether the digits of a number stand in the text, with or without what offices write around them, check digit or kind code."""
    core = _KIND.sub("", unicodedata.normalize("NFKC", number).partition(".")[0].upper())
    digits = "".join(re.findall(r"\d", core))
    if len(digits) < SHORTEST_NUMBER:
        return False
    held = ("".join(re.findall(r"\d", found)) for found in _NUMBER.findall(unicodedata.normalize("NFKC", text)))
    return any(digits in one for one in held)


def _run(text: str, texts: Iterable[Mapping[str, str]]) -> str | None:
    """The first run of the full text that stands in the teaser as it is, case, width and punctuation aside."""
    held = {language: _spaced(text) if language == "en" else _plain(text) for language in RUN}
    for full in texts:
        for language, written in full.items():
            length, own = RUN[language], _spaced(written) if language == "en" else _plain(written)
            teaser = held[language]
            for start in range(len(teaser) - length + 1):
                if teaser[start : start + length] in own:
                    return teaser[start : start + length].strip()
    return None
