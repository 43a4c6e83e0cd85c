"""Families: technologies that are one invention, filed or described more than once.

Three kinds of evidence, strongest first. The same *number*: an office gave it once. The same *title* and parties: titles
compared by RapidFuzz on the words that say something, so that 一种…方法 or "System and method for" count for little; a
continuation or division is filed under the same title with a number of its own and belongs to the family, while a title
that many inventions could bear needs the text beside it. The same *meaning* in the other language: the cosine of two
abstracts, and the figures in them, which a translation leaves as they are.

A family is a connected set of such pairs. Likeness chains, however: a neighbour of a neighbour may be something else,
and a house style of titles can link hundreds. A set of more than `MOST` inventions that only likeness holds together is
no family, so the weaker links in it are dropped. Pure: `compare` depends on the two technologies alone, so that a
family can be computed again from its members whenever one of them changes. Measurements: docs/matching.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray
from pypinyin import lazy_pinyin
from rapidfuzz import fuzz
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from marketplace.matching import text as cut

REASONS = ("number", "title", "meaning")  # what makes two technologies one, strongest first
MOST = 12  # inventions that likeness alone may hold together; fewer than the candidates looked at, so that the rest is noticed

TITLES_ALIKE = 92.0  # of 100: the same title, slips of the pen and usual words aside
TITLES_NEAR = 80.0  # a title that was rewritten, if the text is the same
BODIES_APART = 25.0  # of 100: below it two abstracts in one language speak of different things
BODIES_ALIKE = 88.0  # the same text, corrected here and there
TITLES_RELATED = 55.0  # a title that was changed, if the text is the same to a word
BODIES_SAME = 97.0
WHOLE_BODY = 25  # words of an abstract from which on it belongs to one invention only
TELLING = 3.0  # words that a title must have beside the usual ones where no text stands beside it
MEANINGS_ALIKE = 0.64  # cosine of two abstracts in two languages, fast encoder, averages taken out
MEANINGS_NEAR = 0.55  # the same where the figures in them agree as well
SEEN_ENOUGH = 2  # figures in an abstract from which on they are evidence
FIGURES_SHARED = 0.5  # of the abstract that has fewer
BODY_READ = 250  # words of an abstract that are compared: nearly all of them have fewer
_NAMES_ALIKE = 95.0
_PERSONS_ALIKE = 90.0

_USUAL = frozenset(cut.words(
    "method system apparatus device process use using used thereof same make making made manufacture manufacturing produce producing "
    "production prepare preparing preparation improve improved novel new based including comprising related associated product "
    "article application assembly technique design "
    "方法 装置 系统 设备 制备 制造 生产 制作 工艺 应用 用途 用于 及其 基于 新型 改进 结构 技术 机构 组件 方案 产品 使用 实现 研究 具有 相关"
))
_HAN = re.compile(r"[㐀-䶿一-鿿]")
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_LEGAL = re.compile(r"\W*\b(?:co|ltd|limited|inc|incorporated|corp|corporation|company|llc|gmbh)\b\.?", re.ASCII)


@dataclass(frozen=True)
class Title:
    """A title as it is compared: its telling words in order, all its words sorted, those that name a variant, and how telling it is."""

    telling: str
    whole: str
    marks: frozenset[str]
    weight: float


@dataclass(frozen=True)
class Text:
    """One language of a technology: its title, the words and figures of its abstract, the vector of both or None."""

    title: Title
    body: tuple[str, ...]
    figures: frozenset[str]
    meaning: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Person:
    """An inventor: the name as it is compared, and how it may be spelled in Latin letters, whichever name stands first."""

    name: str
    spelled: frozenset[str]

    @property
    def is_chinese(self) -> bool:
        """Whether the name is written in Chinese."""
        return bool(_HAN.search(self.name))


@dataclass(frozen=True)
class Facts:
    """What is compared of a technology.

    `numbers` are those an office gave, each with the office in front and without kind code; `filed` is the application's,
    "" where unknown. `names` are its organisation's and its owners', `owned` says whether the owner is among them for sure.
    """

    key: int
    texts: Mapping[str, Text]
    organisation: int
    numbers: frozenset[str] = frozenset()
    filed: str = ""
    names: tuple[str, ...] = ()
    owned: bool = False
    inventors: tuple[Person, ...] = ()
    is_negative: bool = False


@dataclass(frozen=True)
class Link:
    """Two technologies that are one, the lower key first: why (of `REASONS`), and how alike, 0 to 1."""

    one: int
    other: int
    reason: str
    figure: float


def read_title(title: str) -> Title:
    """A title cut into what is compared."""
    words = cut.words(title)
    telling = [word for word in words if word not in _USUAL]
    marks = frozenset(word for word in words if len(word) == 1 and word.isascii() or any(map(str.isdigit, word)))
    weight = sum(len(word) / 2 if _HAN.match(word) else 1.0 for word in telling)
    return Title(" ".join(telling), " ".join(sorted(words)), marks, weight)


def read_text(title: str, body: str, meaning: NDArray[np.float32] | None = None) -> Text:
    """One language of a technology cut into what is compared; `meaning` has length one."""
    figures = frozenset(figure.replace(",", "") for figure in _FIGURE.findall(unicodedata.normalize("NFKC", body)))
    return Text(read_title(title), tuple(cut.words(body)[:BODY_READ]), figures, meaning)


def read_name(name: str) -> str:
    """An organisation's name without case, width, spaces, punctuation and legal form."""
    return "".join(re.findall(r"\w", _LEGAL.sub("", cut.fold(name))))


def read_person(name: str) -> Person:
    """An inventor's name; 王小明, "Wang Xiaoming" and "Xiao-Ming WANG" have a spelling in common."""
    folded = cut.fold(name)
    if _HAN.search(folded):
        plain = "".join(_HAN.findall(folded))
        syllables = lazy_pinyin(plain)
    else:
        syllables = re.findall(r"[^\W\d_]+", folded)
        plain = " ".join(syllables)
    turned = ("".join(syllables[at:] + syllables[:at]) for at in range(len(syllables)))
    return Person(plain, frozenset(turned))


def compare(one: Facts, other: Facts) -> Link | None:
    """Whether two technologies are one invention, and by what. A failed route is never one with a technology that works."""
    if one.is_negative != other.is_negative:
        return None
    first, second = sorted((one.key, other.key))
    if one.numbers & other.numbers:
        return Link(first, second, "number", 1.0)
    agree = _parties_agree(one, other)
    if agree is False:
        return None
    shared = [(one.texts[language], other.texts[language]) for language in one.texts if language in other.texts]
    alike = max((_same_text(*pair, sure=agree is True) for pair in shared), default=0.0)
    if alike:
        return Link(first, second, "title", round(alike / 100, 3))
    if _filed_apart(one, other) or any(_bodies_alike(*pair, unknown=100.0) < BODIES_APART for pair in shared):
        return None
    meant = max((_same_meaning(*pair) for pair in _across(one, other)), default=0.0)
    return Link(first, second, "meaning", round(meant, 3)) if meant else None


def links(things: Iterable[Facts]) -> list[Link]:
    """All pairs among the things that are one invention."""
    return [found for pair in combinations(sorted(things, key=lambda each: each.key), 2) if (found := compare(*pair))]


def families(found: Iterable[Link]) -> dict[int, int]:
    """For each technology that is not alone, its family: the key of the family's oldest member, itself included."""
    known = list(found)
    keys = {key for link in known for key in (link.one, link.other)}
    return {key: min(family) for family in _families(keys, known, REASONS) if len(family) > 1 for key in family}


def _families(keys: Iterable[int], known: Sequence[Link], reasons: Sequence[str]) -> list[set[int]]:
    """Connected sets by these reasons; where likeness holds too many inventions together, the weakest reason is left out."""
    usable = [link for link in known if link.reason in reasons]
    numbered = [link for link in usable if link.reason == "number"]
    parts: list[set[int]] = []
    for part in _connected(keys, usable):
        if len(reasons) == 1 or len(_connected(part, numbered)) <= MOST:
            parts.append(part)
        else:
            parts += _families(part, usable, reasons[:-1])
    return parts


def _connected(keys: Iterable[int], known: Iterable[Link]) -> list[set[int]]:
    place = {key: at for at, key in enumerate(sorted(keys))}
    pairs = [(place[link.one], place[link.other]) for link in known if link.one in place and link.other in place]
    rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
    graph = coo_matrix((np.ones(len(pairs)), (rows, columns)), shape=(len(place), len(place)))
    count, labels = connected_components(graph, directed=False)
    parts: list[set[int]] = [set() for _ in range(count)]
    for key, label in zip(place, labels, strict=True):
        parts[label].add(key)
    return parts


def _parties_agree(one: Facts, other: Facts) -> bool | None:
    """Whether the same people or organisations stand behind both; None where one of them does not say enough.

    Inventors outweigh organisations: two teams of one university are two parties. An agency that names neither owner nor
    inventor lists what is another's, nobody knows whose.
    """
    if one.inventors and other.inventors:
        return any(_same_person(*pair) for pair in product(one.inventors, other.inventors))
    if one.organisation == other.organisation:
        return True
    if any(fuzz.ratio(*pair) >= _NAMES_ALIKE for pair in product(one.names, other.names)):
        return True
    return False if (one.owned or one.inventors) and (other.owned or other.inventors) else None


def _same_person(one: Person, other: Person) -> bool:
    if one.is_chinese != other.is_chinese:
        return bool(one.spelled & other.spelled)
    if one.is_chinese or " " not in one.name or " " not in other.name:
        return one.name == other.name
    return bool(one.spelled & other.spelled) or fuzz.token_set_ratio(one.name, other.name) >= _PERSONS_ALIKE


def titles_alike(one: Title, other: Title) -> float:
    """How alike two titles in one language are, 0 to 100; the usual words count for a fifth.

    A number or a single letter that only one has makes another thing of it: 316 steel is not 304 steel.
    """
    if one.marks != other.marks or not one.whole or not other.whole:
        return 0.0
    whole = fuzz.ratio(one.whole, other.whole)
    if not one.telling or not other.telling:
        return whole if one.telling == other.telling else 0.0
    telling = max(fuzz.ratio(one.telling, other.telling), fuzz.token_sort_ratio(one.telling, other.telling))
    return (4 * telling + whole) / 5


def _bodies_alike(one: Text, other: Text, unknown: float) -> float:
    """How alike two abstracts in one language are, 0 to 100, compared word by word; `unknown` where there are not two."""
    return fuzz.ratio(one.body, other.body) if one.body and other.body else unknown


def _same_text(one: Text, other: Text, sure: bool) -> float:
    """How alike the titles of one invention in one language are, 0 where it is not one; `sure`: the parties agree."""
    titles = titles_alike(one.title, other.title)
    if titles < TITLES_RELATED:
        return 0.0
    bodies = _bodies_alike(one, other, unknown=-1.0)
    if bodies >= BODIES_SAME and min(len(one.body), len(other.body)) >= WHOLE_BODY:
        return titles
    if bodies >= BODIES_ALIKE and titles >= TITLES_NEAR:
        return titles
    if not sure or titles < TITLES_ALIKE:
        return 0.0
    telling = min(one.title.weight, other.title.weight) >= TELLING
    return titles if bodies >= BODIES_APART or (bodies < 0 and telling) else 0.0


def _filed_apart(one: Facts, other: Facts) -> bool:
    """Whether one office gave the two different application numbers: no office translates an application of its own."""
    return bool(one.filed and other.filed) and one.filed != other.filed and one.filed.split()[0] == other.filed.split()[0]


def _across(one: Facts, other: Facts) -> list[tuple[Text, Text]]:
    """The pairs of texts in different languages, abstracts and vectors known."""
    pairs = [(a, b) for (here, a), (there, b) in product(one.texts.items(), other.texts.items()) if here != there]
    return [(a, b) for a, b in pairs if a.body and b.body and a.meaning is not None and b.meaning is not None]


def _same_meaning(one: Text, other: Text) -> float:
    """The cosine of two texts in different languages where they say the same, else 0.

    Figures that are missing in the other text speak against it, figures that agree make up for some distance.
    """
    if one.title.marks and other.title.marks and not one.title.marks & other.title.marks:
        return 0.0
    cosine = float(np.dot(one.meaning, other.meaning))
    counts = len(one.figures), len(other.figures)
    agreeing = len(one.figures & other.figures) >= FIGURES_SHARED * max(1, min(counts))
    if max(counts) >= SEEN_ENOUGH and not agreeing:
        return 0.0
    return cosine if cosine >= (MEANINGS_NEAR if min(counts) >= SEEN_ENOUGH else MEANINGS_ALIKE) else 0.0
