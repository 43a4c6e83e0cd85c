"""Which technologies of an organisation a new one may be: those with a title like its own, without comparing it with all.

Two titles that are nearly the same begin or end the same, once what all titles say is left out. Those that do are
compared as families are (`matching.families`): titles, parties, texts. What an office or the source itself tells apart
stays apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy import select

from marketplace.catalogue.models import Technology
from marketplace.db import session
from marketplace.matching import families, grouping

READ_AT_ONCE = 2000
END = 10  # characters at either end of a title that must agree
SHORTEST = 6  # characters of a title that says something
ALIKE = 80.0  # of 100: titles that are looked at closer
MOST = 20

_USUAL = (
    "一种|一类|一个|的|及其|和|与|及|方法|装置|系统|设备|制备|应用|用途|工艺|制造|生产|"
    "technique|methods?|systems?|apparatus|devices?|process|for|of|and|the|an|a|using"
)
_STARTS = re.compile(rf"^(?:{_USUAL})+")
_ENDS = re.compile(rf"(?:{_USUAL})+$")


def plain_title(title: str) -> str:
    """A title without case, width, punctuation and what all titles say at their ends."""
    text = "".join(re.findall(r"\w", unicodedata.normalize("NFKC", title).casefold()))
    return _ENDS.sub("", _STARTS.sub("", text))


class Titles:
    """Titles in memory, some 300 bytes each, and what bears them: technologies, or their keys."""

    def __init__(self) -> None:
        self._titles: dict[Any, list[str]] = {}
        self._at: dict[str, list[Any]] = defaultdict(list)

    @classmethod
    def of(cls, organisation_id: int) -> Titles:
        """Those of an organisation's technologies, by their keys."""
        found = cls()
        own = select(Technology.id, Technology.title).where(Technology.organisation_id == organisation_id).order_by(Technology.id)
        for key, title in session.execute(own.execution_options(yield_per=READ_AT_ONCE)):
            found.add(key, title)
        return found

    def add(self, bearer: Any, title: Mapping[str, str]) -> None:
        """One more."""
        if bearer not in self._titles:
            self._titles[bearer] = [plain_title(text) for text in title.values()]
            for end in _ends(self._titles[bearer]):
                self._at[end].append(bearer)

    def near(self, title: Mapping[str, str]) -> list[Any]:
        """What bears a title like one of these, the most alike first."""
        titles = [plain_title(text) for text in title.values()]
        found = dict.fromkeys(bearer for end in _ends(titles) for bearer in self._at.get(end, ()))
        alike = {bearer: max(fuzz.ratio(one, other) for one in titles for other in self._titles[bearer]) for bearer in found}
        return sorted((bearer for bearer in alike if alike[bearer] >= ALIKE), key=lambda bearer: -alike[bearer])[:MOST]


def _ends(titles: Iterable[str]) -> set[str]:
    return {end for title in titles if len(title) >= SHORTEST for end in ("^" + title[:END], title[-END:] + "$")}


def told_apart(one: Technology, other: Technology) -> bool:
    """Whether numbers, the keys of one source or their owners say that two technologies are two."""
    if one.owners and other.owners and {families.read_name(name) for name in one.owners}.isdisjoint(families.read_name(name) for name in other.owners):
        return True
    if one.application_number and other.application_number:
        return one.application_number != other.application_number
    if one.source == other.source and one.source_key and other.source_key:
        return one.source_key != other.source_key
    return bool(one.publication_number and other.publication_number and one.publication_number != other.publication_number)


def duplicate_of(technology: Technology, catalogue: Titles, fresh: Titles) -> tuple[Technology, int] | None:
    """The technology that a new one repeats, and how alike the titles are in per cent: one of the catalogue, whose titles are
    known by keys, or one made a moment ago. What was taken off the site is repeated by nothing."""
    keys = catalogue.near(technology.title)
    stored = session.scalars(select(Technology).where(Technology.id.in_(keys), Technology.state != "withdrawn")) if keys else ()
    others = [*fresh.near(technology.title), *sorted(stored, key=lambda one: keys.index(one.id))]
    likely = [other for other in others if not told_apart(technology, other)]
    if not likely:
        return None
    [facts] = grouping.facts_of([technology], meanings=False)
    for other in likely:
        link = families.compare(facts, *grouping.facts_of([other], meanings=False))
        if link is not None and link.reason == "title":
            return other, round(100 * link.figure)
    return None
