"""What the engine reads: one clean form of a text, its language, its words, its character pairs and its sentences.

Index and query pass through the same functions, so that a word typed in full-width letters, in traditional characters
or inside HTML is the word that stands in the index. Everything here is pure and cheap (tens of microseconds a
sentence).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import opencc
import rjieba
import Stemmer

LONGEST_TEXT = 6_000  # characters that are read of one text; a patent abstract has 200 to 2,000

_HAN = "㐀-䶿一-鿿豈-﫿"
_TAG = re.compile(r"<!--.{0,2000}?-->|</?[a-zA-Z][^<>]{0,400}>", re.DOTALL)
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn")  # Unicode categories: control, format, surrogate, private, unassigned
_SPACE = re.compile(r"[^\S\n]+")
_TOKEN = re.compile(rf"\d{{1,2}}d\b|\d+(?:\.\d+)?|[a-z][a-z0-9]*|[{_HAN}]+")
_HAN_ONLY = re.compile(rf"[{_HAN}]")
_LATIN_ONLY = re.compile(r"[A-Za-zÀ-ɏ]")
_SENTENCE_END = re.compile(r"[。！？；!?;\n]+[”’」』\"')）]*|\.(?=\s|$)")
_SENTENCE_EDGE = re.compile(rf"{_SENTENCE_END.pattern}|(?<=[{_HAN}])\.(?=[{_HAN}])")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9'-]*")
_CAPITALS = 0.7  # share of a heading's words that begin with a capital
_SHORTEST_SENTENCE = 8  # characters; a shorter piece belongs to its neighbour
_PATENT = re.compile(r"^(?:ZL)?([A-Z]{2})?(\d{6,13})([A-Z]\d?)?$")

_traditional_to_simplified = opencc.OpenCC("t2s")
_stemmer = Stemmer.Stemmer("english")

ENGLISH_STOP_WORDS = frozenset(
    ["a", "about", "above", "after", "again", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been", "before", "being", "below", "between", "both", "but", "by", "can", "cannot", "could", "did", "do", "does", "doing", "down", "during", "each", "etc", "few", "for", "from", "further", "had", "has", "have", "having", "he", "her", "here", "hers", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its", "itself", "just", "like", "may", "me", "might", "more", "most", "must", "my", "no", "nor", "not", "now", "of", "off", "on", "once", "only", "or", "other", "our", "ours", "out", "over", "own", "per", "same", "shall", "she", "should", "so", "some", "such", "than", "that", "the", "their", "theirs", "them", "then", "there", "these", "they", "this", "those", "through", "to", "too", "under", "until", "up", "upon", "us", "very", "was", "we", "were", "what", "when", "where", "which", "while", "who", "whom", "why", "will", "with", "within", "without", "would", "you", "your", "yours"]
)
CHINESE_STOP_WORDS = frozenset(
    ["的", "了", "在", "是", "和", "与", "及", "或", "等", "也", "都", "就", "而", "但", "被", "把", "从", "到", "对", "为", "以", "于", "之", "其", "这", "那", "这个", "那个", "一个", "一种", "一些", "有", "没有", "没", "不", "很", "更", "最", "还", "又", "再", "只", "才", "要", "会", "能", "可", "可以", "能够", "并", "且", "并且", "而且", "因为", "所以", "如果", "但是", "然后", "我", "我们", "你", "你们", "您", "他", "他们", "它", "它们", "自己", "上", "下", "里", "中", "内", "外", "前", "后", "时", "个", "种", "次", "得", "着", "过", "地", "所", "让", "使", "将", "由", "向", "跟", "比", "当", "每", "各", "该", "此", "某", "几", "些", "呢", "吗", "吧", "啊", "用", "做", "来", "去"]
)


class Span(NamedTuple):
    """A piece of a text: where it begins, where it ends (exclusive) and what stands there in the engine's form."""

    start: int
    end: int
    text: str


class _Characters(dict[int, str]):
    """A table for `str.translate` that works out a character when it first meets it: a hundred times quicker than a loop."""

    def __init__(self, form: Callable[[str], str]) -> None:
        super().__init__()
        self._form = form

    def __missing__(self, code: int) -> str:
        self[code] = found = self._form(chr(code))
        return found


def _folded(character: str) -> str:
    """One character in the engine's form: half-width, simplified, lower case; a control character becomes a space."""
    visible = _visible(character)
    plain = unicodedata.normalize("NFKC", visible)
    if len(plain) != 1:
        return visible
    lowered = _traditional_to_simplified.convert(plain).lower()
    return lowered if len(lowered) == 1 else plain


def _visible(character: str) -> str:
    return " " if character != "\n" and unicodedata.category(character) in _INVISIBLE else character


def _simplified_apart(character: str) -> str:
    """A character that simplifying changes, nothing for any other: few texts have one, and converting is slow."""
    return character if _traditional_to_simplified.convert(character) != character else ""


_FOLDED, _VISIBLE, _TRADITIONAL = _Characters(_folded), _Characters(_visible), _Characters(_simplified_apart)


def fold(text: str) -> str:
    """The text in the engine's form, character by character, so that every offset stays where it was."""
    if text.isascii() and text.isprintable():
        return text.lower()
    return text.translate(_FOLDED)


def normalise(text: str) -> str:
    """The text as the encoders and the tokenizers get it: no HTML, NFKC, simplified, no control characters, capped.

    Longer texts are cut at `LONGEST_TEXT` characters (before and after the HTML is removed), so no query runs long.
    """
    plain = html.unescape(text[: 4 * LONGEST_TEXT])
    if "<" in plain:
        plain = _TAG.sub(" ", plain)
    plain = unicodedata.normalize("NFKC", plain)[:LONGEST_TEXT]
    if not plain.isprintable():
        plain = plain.translate(_VISIBLE)
    if plain.translate(_TRADITIONAL):
        plain = _traditional_to_simplified.convert(plain)
    return _SPACE.sub(" ", plain).strip()


def language(text: str) -> str:
    """The language, "zh" or "en", by script: one Han character weighs as much as three Latin letters."""
    han, latin = len(_HAN_ONLY.findall(text)), len(_LATIN_ONLY.findall(text))
    return "zh" if 3 * han > latin else "en"


def word_spans(text: str, only: Set[str] | None = None) -> list[Span]:
    """The words of a text with their offsets: Chinese segmented, English stemmed, numbers whole, no stop words; or `only` some words."""
    folded = fold(text)
    spans = []
    for match in _TOKEN.finditer(folded):
        piece = match.group()
        if piece.isascii():
            word = stem(piece)
            if word in only if only is not None else piece not in ENGLISH_STOP_WORDS:
                spans.append(Span(match.start(), match.end(), word))
            continue
        at, words = match.start(), rjieba.cut(piece)
        if only is not None and only.isdisjoint(words):
            continue
        for word in words:
            if word in only if only is not None else word not in CHINESE_STOP_WORDS:
                spans.append(Span(at, at + len(word), word))
            at += len(word)
    return spans


@dataclass(frozen=True)
class Terms:
    """What a text is searched by: its words, its pairs, and its Latin words as typed."""

    words: list[str]
    pairs: list[str]
    latin: list[str]


def terms(text: str) -> Terms:
    """All terms of a text, read once."""
    tokens = _TOKEN.findall(fold(text))
    return Terms(_words(tokens), _pairs(tokens), _latin(tokens))


def words(text: str) -> list[str]:
    """The words of a text in order, as they stand in the index (see `word_spans`)."""
    return _words(_TOKEN.findall(fold(text)))


def bigrams(text: str) -> list[str]:
    """Pairs of neighbours: characters in Chinese, words in English.

    Character pairs find what the segmenter cut differently; word pairs are English terms of art ("heat exchanger").
    """
    return _pairs(_TOKEN.findall(fold(text)))


def _words(tokens: Sequence[str]) -> list[str]:
    found: list[str] = []
    for token in tokens:
        if not token.isascii():
            found.extend(word for word in rjieba.cut(token) if word not in CHINESE_STOP_WORDS)
        elif token not in ENGLISH_STOP_WORDS:
            found.append(stem(token))
    return found


def _latin(tokens: Sequence[str]) -> list[str]:
    """Unstemmed and with stop words: what a reader would recognise as typed."""
    return [token for token in tokens if token.isascii() and token.isalpha()]


def _pairs(tokens: Sequence[str]) -> list[str]:
    pairs, previous = [], None
    for token in tokens:
        if not token.isascii():
            pairs.extend(map("".join, zip(token, token[1:], strict=False)) if len(token) > 1 else (token,))
            previous = None
        elif token in ENGLISH_STOP_WORDS:
            previous = None
        else:
            stemmed = stem(token)
            if previous is not None:
                pairs.append(f"{previous}_{stemmed}")
            previous = stemmed
    return pairs


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """An English word without its ending; words of three letters and words with digits stay as they are."""
    return _stemmer.stemWord(word) if len(word) > 3 and word.isalpha() else word


@lru_cache(maxsize=128)
def sentence_spans(text: str, most: int = 64) -> tuple[Span, ...]:
    """The sentences of a text with their offsets, at most `most`; a very short piece joins the one before it.

    Kept in memory for a while: a page looks up the vectors of a text's sentences and then marks them.
    """
    spans: list[Span] = []
    start = 0
    for end in [*(match.end() for match in _SENTENCE_EDGE.finditer(text)), len(text)]:
        piece = text[start:end]
        if not piece.strip():
            continue
        if spans and (len(piece.strip()) < _SHORTEST_SENTENCE or len(spans) >= most):
            spans[-1] = Span(spans[-1].start, end, text[spans[-1].start : end])
        else:
            spans.append(Span(start, end, piece))
        start = end
    return tuple(_trimmed(span) for span in spans)


def sentences(text: str, most: int = 64) -> list[str]:
    """The sentences of a text, without the offsets."""
    return [span.text for span in sentence_spans(text, most)]


def _trimmed(span: Span) -> Span:
    left = len(span.text) - len(span.text.lstrip())
    stripped = span.text.strip()
    return Span(span.start + left, span.start + left + len(stripped), stripped)


def heading(text: str) -> str:
    """The heading of an English text: its first sentence, if more follows and it is written like a title; else nothing.

    Written like a title: two to 25 words besides stop words, seven in ten of them with a capital. An ordinary first sentence
    says no more than the others (doubling it costs 0.05 of nDCG on needs).
    """
    first, *rest = _SENTENCE_END.split(text[:400], maxsplit=1)
    pieces = [piece for piece in _LATIN_WORD.findall(first) if piece.lower() not in ENGLISH_STOP_WORDS]
    titled = sum(piece[0].isupper() for piece in pieces) >= _CAPITALS * len(pieces)
    return first if rest and rest[0].strip() and 2 <= len(pieces) <= 25 and titled else ""


def number_forms(text: str) -> tuple[str, ...]:
    """The forms under which a patent number is kept and sought, or nothing when the text is not one.

    "ZL 2017 1 0601862.3", "CN201710601862" and "201710601862.3" share a form; so do "US-9254383-B2" and "US9254383".
    Domain rule: 8 or 12 digits and a check digit (or X) are a Chinese application number, a letter at the end a kind
    code.
    """
    raw = unicodedata.normalize("NFKC", text[:60]).upper().strip()
    bare = re.sub(r"[\s.\-/·]", "", raw)
    if bare.endswith("X") and re.search(r"\d{8}X$|\d{12}X$", bare):
        bare = bare[:-1] + "0"  # the check digit is dropped below; X stands for ten there
    match = _PATENT.match(bare)
    if match is None:
        return ()
    country, digits, _ = match.groups()
    chinese = country in (None, "CN")
    forms = [digits] if chinese else [f"{country}{digits}"]
    if chinese and len(digits) in (9, 13):
        forms.append(digits[:-1])
    return tuple(forms)
