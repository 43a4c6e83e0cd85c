"""Which languages the site speaks: one for each catalogue that lies in the folder of translations, and English, whose words are the message ids.

Two things are told apart. The **interface** speaks every language that has a whole catalogue: put `ja/LC_MESSAGES/messages.mo` into the folder and the site
stands under `/ja/` as well, with the language's own name, its dates, numbers and plurals from CLDR. **Texts** of listings, terms and agreements are Chinese
and English (`db.LANGUAGES`), for that is what both sides sign: who reads in a third language gets them in English, or in the one
his account names, each marked as what it is. A catalogue that lacks a message is left alone: a page half in English says of none of its words in which
language it is. `marketplace check` says what it lacks.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import read_mo

from marketplace.db import LANGUAGES

log = logging.getLogger(__name__)

FALLBACK = "en"  # the language of texts for whoever reads neither
WRITTEN = {"zh": "zh-Hans", "zh_Hans_CN": "zh-Hans", "zh_Hant_TW": "zh-Hant", "en": "en"}
"""Locales whose tag is shorter than its parts: simplified Chinese is read in more places than one."""


@dataclass(frozen=True)
class Tongue:
    """A language of the interface: its code in addresses, its locale, its tag in pages (BCP 47), and its name in itself."""

    code: str
    locale: str
    tag: str
    name: str

    @property
    def texts(self) -> str:
        """The language in which its readers are shown texts."""
        return texts_for(self.code)


def texts_for(code: str) -> str:
    """The language of texts for a language of the interface."""
    return code if code in LANGUAGES else FALLBACK


def _tongue(name: str) -> Tongue:
    locale = Locale.parse(name)
    return Tongue(locale.language, name, WRITTEN.get(name, name.replace("_", "-")), Locale(locale.language).get_display_name() or locale.language)


ALWAYS = {code: _tongue(name) for code, name in (("zh", "zh_Hans_CN"), ("en", "en"))}
"""The two that the site always speaks."""
LOCALES = {tongue.code: tongue.locale for tongue in ALWAYS.values()}
TAGS = {tongue.code: tongue.tag for tongue in ALWAYS.values()}
"""Code → locale, and code → tag, of every language that was found."""


def _further(folder: Path) -> Iterable[tuple[Tongue, Path]]:
    """The catalogues of a folder besides the two of every site. One that names no language is left alone."""
    for path in sorted(folder.glob("*/LC_MESSAGES/messages.mo")):
        try:
            tongue = _tongue(path.parent.parent.name)
        except (ValueError, UnknownLocaleError):
            continue
        if tongue.code not in ALWAYS:
            yield tongue, path


def _translated(path: Path) -> set[str]:
    """The messages that a catalogue has, each form of those with several; none where it cannot be read."""
    try:
        with path.open("rb") as file:
            read = list(read_mo(file))
    except (OSError, ValueError):
        return set()
    kept = ((message.id, message.string) for message in read if message.id)
    return {words if isinstance(words, str) else words[0] for words, said in kept if (said if isinstance(said, str) else all(said))}


def lacking(folder: Path) -> dict[str, list[str]]:
    """Locale → the messages that its catalogue lacks, of those which the Chinese one has; for each further catalogue that is not whole."""
    further = list(_further(folder))
    whole = _translated(folder / ALWAYS["zh"].locale / "LC_MESSAGES" / "messages.mo") if further else set()
    return {tongue.locale: missing for tongue, path in further if (missing := sorted(whole - _translated(path)))}


def found(folder: Path) -> dict[str, Tongue]:
    """Code → language: the two of every site, then those of further catalogues by code that lack nothing."""
    more: dict[str, Tongue] = {}
    incomplete = lacking(folder)
    for tongue, _path in _further(folder):
        if tongue.locale in incomplete:
            log.warning("the catalogue of %s lacks %s messages and is not spoken", tongue.locale, len(incomplete[tongue.locale]))
        else:
            more.setdefault(tongue.code, tongue)
    known = {**ALWAYS, **{code: more[code] for code in sorted(more)}}
    LOCALES.update((tongue.code, tongue.locale) for tongue in known.values())
    TAGS.update((tongue.code, tongue.tag) for tongue in known.values())
    return known


def best(wanted: Iterable[str], spoken: Mapping[str, Tongue]) -> str | None:
    """The first language that a browser asks for and the site speaks; `wanted` are its tags, most wanted first."""
    return next((code for tag in wanted if (code := tag.replace("_", "-").split("-")[0].lower()) in spoken), None)
