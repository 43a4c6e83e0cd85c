"""Which registered organisation a name means, however it is written: short, misspelt, inside an address, in another script.

``Names`` keeps the registered names in an inverted index of their words and compares the few that share rare ones with the
text (name_likeness.py). A score from 0 to 100 says how likely both are the same organisation; from ``THRESHOLD`` on, the product
speaks of it. How good it is, and how the threshold was chosen: docs/names.md. Pure; not safe for threads by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from heapq import nlargest
from math import log

from rapidfuzz import fuzz, process

from marketplace.people.name_forms import CHANGING, CITIES, HEADS, STOP, UNITS, Piece, chinese_core, chinese_words, pieces
from marketplace.people.name_likeness import Stretch, chinese_likeness, probability, stretch

THRESHOLD = 50.0
CANDIDATES = 40  # names compared in full for one question
_SAID_IN_FULL = 0.95  # at least this where a piece of the text is the whole registered name, however common its words are
POSTINGS = 10_000  # index entries looked at for one question; the commonest words are left out beyond it
_IMAGINED = 1_000  # names taken as registered beside the real ones, so that words are rare in a small register too
_MISSPELT = 3  # unknown words of a text for which a registered one like it is looked for
_GENERIC = HEADS | UNITS | {"center", "research", "national", "company", "group", "science"}

Place = Mapping[str, str]


@dataclass(frozen=True)
class Found:
    """An organisation, the registered name it was found by, how sure (0 to 100), and the words of the text that carried it."""

    id: Hashable
    name: str
    score: float
    evidence: str


@dataclass(frozen=True)
class _Entry:
    """One piece of a registered name by which its organisation may be known, and what else that name says."""

    id: Hashable
    name: str
    piece: Piece
    places: frozenset[str]
    others: frozenset[str]
    initials: str


class Names:
    """The registered names, each of them findable by its variants. Entries: (id, [name, alias, ...]) or with a place as third."""

    def __init__(self, entries: Iterable[tuple[Hashable, Iterable[str]] | tuple[Hashable, Iterable[str], Place | None]] = ()) -> None:
        self._entries: dict[int, _Entry] = {}
        self._of: dict[Hashable, list[int]] = {}
        self._postings: dict[str, set[int]] = defaultdict(set)
        self._sharing: dict[tuple[str, ...], dict[Hashable, frozenset[str]]] = defaultdict(dict)
        self._beside: dict[tuple[str, ...], dict[str, set[Hashable]]] = defaultdict(lambda: defaultdict(set))
        self._weights: dict[str, float] = {}
        self._spellings: dict[str, set[str]] = defaultdict(set)
        self._next = 0
        for entry in entries:
            self.add(*entry)

    def __len__(self) -> int:
        """How many organisations are registered."""
        return len(self._of)

    def add(self, id: Hashable, names: Iterable[str], place: Place | None = None) -> None:
        """Register an organisation under its names; names of an id that is there already are added to it.

        ``place`` holds words such as region and country that help to tell namesakes apart.
        """
        numbers = self._of.setdefault(id, [])
        self._weights.clear()
        for name in dict.fromkeys(names):
            for entry in _entries(id, name, place):
                self._entries[self._next] = entry
                numbers.append(self._next)
                base = _base(entry.piece)
                self._sharing[base][id] = self._sharing[base].get(id, frozenset()) | entry.places
                for word in entry.places:
                    self._beside[base][word].add(id)
                for token in _tokens(entry):
                    self._postings[token].add(self._next)
                    self._remember(token)
                self._next += 1

    def remove(self, id: Hashable) -> None:
        """Forget an organisation; one that is not there is no error."""
        self._weights.clear()
        for number in self._of.pop(id, ()):
            entry = self._entries.pop(number)
            for word in self._sharing[_base(entry.piece)].pop(id, ()):
                self._beside[_base(entry.piece)][word].discard(id)
            for token in _tokens(entry):
                self._postings[token].discard(number)
                if not self._postings[token]:
                    del self._postings[token]
                    for mark in _marks(token):
                        self._spellings[mark].discard(token)

    def find(self, text: str, limit: int = 5) -> list[Found]:
        """The organisations the text may mean, the likeliest first, each once; none for a text without letters."""
        return self._best(text, limit)

    def compared(self, text: str) -> list[tuple[_Entry, tuple[float, ...]]]:
        """The candidates for a text with their features (Latin pieces only): what the weights are fitted on."""
        question = _Question(text)
        found = ((self._entries[number], self._latin(question, self._entries[number])) for number in self._candidates(question))
        return [(entry, best.features) for entry, best in found if best]

    def _best(self, text: str, limit: int) -> list[Found]:
        question = _Question(text)
        best: dict[Hashable, Found] = {}
        for number in self._candidates(question):
            found = self._compare(question, self._entries[number])
            if found and (found.id not in best or _order(found) < _order(best[found.id])):
                best[found.id] = found
        return sorted(best.values(), key=_order)[:limit]

    def _compare(self, question: _Question, entry: _Entry) -> Found | None:
        if entry.piece.chinese:
            registered = entry.piece.words[0]
            score, words = max(((chinese_likeness(name, registered), name) for name in question.chinese), default=(0.0, ""))
            return Found(entry.id, entry.name, score, words) if score else None
        best = self._latin(question, entry)
        if best is None:
            return None
        alike = probability(best.features)
        if not entry.others and question.says(entry.piece.words):
            alike = max(alike, _SAID_IN_FULL)
        alike *= 0.98 if entry.piece.derived else 1.0
        return Found(entry.id, entry.name, round(100 * alike, 1), " ".join(best.words))

    def _latin(self, question: _Question, entry: _Entry) -> Stretch | None:
        """The question's best stretch for a Latin entry, its features completed by what both say beside it."""
        if entry.piece.chinese:
            return None
        words = entry.piece.words
        found = (stretch(piece, words, self.weight, question.nearby)
                 for piece in question.latin if not (piece.derived and entry.piece.derived))
        best = max((one for one in found if one), key=lambda one: one.value, default=None)
        if best is None:
            return None
        weigh = partial(sum, start=0.0)
        place = weigh(map(self.weight, entry.places & question.words)) / weigh(map(self.weight, entry.places)) if entry.places else 0.0
        base = _base(entry.piece)
        outdone = len(self._sharing[base]) > 1 and entry.places and not place and any(
            self._beside[base][word] - {entry.id} for word in question.words & self._beside[base].keys())
        unsaid = min(weigh(map(self.weight, entry.others - question.words)), 6.0) / 6
        beside = (
            place, float(bool(outdone)), float(not entry.places),
            float(question.initials(entry)), unsaid,
            float(("hospital" in entry.others or "hospital" in words) != ("hospital" in question.words)),
        )
        return Stretch(best.words, best.value, best.features + beside)

    def weight(self, word: str) -> float:
        """How much a word tells, 0 to 1: the rarer among the registered names the more; "university" and its like next to nothing."""
        known = self._weights.get(word)
        if known is None:
            total = len(self._entries) + _IMAGINED
            value = log(1 + total / (1 + len(self._postings.get(word, ())))) / log(1 + total)
            known = self._weights[word] = min(value, 0.15 if word in _GENERIC else 1.0)
        return known

    # ---- candidates

    def _candidates(self, question: _Question) -> list[int]:
        """The entries that share the most telling words with the text, best first."""
        gathered: dict[int, float] = defaultdict(float)
        looked = 0
        for token, value in self._lookup(question):
            entries = self._postings[token]
            looked += len(entries)
            if looked > POSTINGS:
                break
            for number in entries:
                gathered[number] += value
        most = nlargest(10 * CANDIDATES, gathered.items(), key=lambda item: (item[1], -item[0]))
        scored = ((value / (0.3 + self._total(number)) + 0.05 * value, -number) for number, value in most)
        return [-number for _, number in sorted(scored, reverse=True)[:CANDIDATES]]

    def _total(self, number: int) -> float:
        piece = self._entries[number].piece
        return len(piece.words[0]) / 2 if piece.chinese else sum(map(self.weight, piece.words))

    def _lookup(self, question: _Question) -> list[tuple[str, float]]:
        """The registered tokens that the text holds or nearly holds, rarest first, with what each tells."""
        tokens = {token: (4.0 if token[0] == "=" else 1.0) * self.weight(token) for token in question.tokens if token in self._postings}
        unknown = [word for word in question.words if word not in self._postings and len(word) > 4 and word not in STOP]
        for word in sorted(unknown, key=len, reverse=True)[:_MISSPELT]:
            near = set().union(*(self._spellings.get(mark, ()) for mark in _marks(word)))
            for other, _, _ in process.extract(word, near, scorer=fuzz.ratio, score_cutoff=80, limit=3):
                tokens.setdefault(other, 0.8 * self.weight(other))
        return sorted(tokens.items(), key=lambda item: (len(self._postings[item[0]]), item[0]))

    def _remember(self, token: str) -> None:
        for mark in _marks(token):
            self._spellings[mark].add(token)


class _Question:
    """A text taken apart once for all comparisons."""

    def __init__(self, text: str) -> None:
        found = pieces(text)
        self.chinese = [piece.words[0] for piece in found if piece.chinese]
        self.latin = _joined([piece for piece in found if not piece.chinese])
        self.words = frozenset(word for piece in self.latin for word in piece.words)
        self.nearby = frozenset(word for piece in found[1:] if len(piece.words) <= 2 for word in piece.words)
        self.tokens = set(self.words) | {f"@{word}" for word in self.words if 3 <= len(word) <= 7}
        self.tokens |= {one + other for piece in self.latin for one, other in zip(piece.words, piece.words[1:], strict=False)}
        self.tokens |= {"=" + "".join(piece.words) for piece in self.latin}
        for name in self.chinese:
            self.tokens |= _chinese_tokens(name, asked=True)

    def says(self, words: tuple[str, ...]) -> bool:
        """Whether a piece of the text is just these words; a single word counts only in a text that says little else."""
        return (len(words) > 1 or len(self.latin) < 3) and any(piece.words == words and not piece.derived for piece in self.latin)

    def initials(self, entry: _Entry) -> bool:
        """Whether the text holds the entry's initials as a word (UCLA)."""
        length = len(entry.piece.words)
        return any(len(word) >= max(3, length) and entry.initials.startswith(word) for word in self.words if len(word) <= 7)


def _order(found: Found) -> tuple[float, int, str, str]:
    return -found.score, len(found.name), found.name, str(found.id)


def _joined(latin: list[Piece]) -> list[Piece]:
    """The pieces, and a university's with the place behind it as one: "University of Wisconsin, Madison"."""
    both = [Piece(tuple(dict.fromkeys(one.words + other.words)), one.unit) for one, other in zip(latin, latin[1:], strict=False)
            if "university" in one.words and not other.unit and len(other.words) <= 3]
    return latin + both


def _base(piece: Piece) -> tuple[str, ...]:
    return tuple(sorted(piece.words))


def _entries(id: Hashable, name: str, place: Place | None) -> list[_Entry]:
    """What a registered name is known by: the pieces that name the organisation, not its departments, places or address."""
    found = pieces(name)
    latin = [piece for piece in found if not piece.chinese]
    chosen = _own(latin) + [piece for piece in found if piece.chinese]
    said = {word for value in (place or {}).values() for piece in pieces(value) if not piece.chinese for word in piece.words}
    places = frozenset(word for piece in latin if piece not in chosen and not piece.unit for word in piece.words) | said
    words = frozenset(word for piece in latin for word in piece.words)
    entries = []
    for piece in chosen:
        initials = "".join(word[0] for word in piece.words) + "".join(word[0] for other in latin[1:3] for word in other.words)
        others = frozenset() if piece.acronym else words - set(piece.words)
        entries.append(_Entry(id, name, piece, places, others, "" if piece.chinese else initials))
    return entries


def _own(latin: list[Piece]) -> list[Piece]:
    """The Latin pieces that name the organisation itself: universities before other bodies, else what stands first."""
    bodies = [piece for piece in latin if not piece.unit and HEADS & set(piece.words) and len(piece.words) > 1]
    universities = [piece for piece in bodies if "university" in piece.words]
    chosen = universities[:2] or bodies[:2] or [piece for piece in latin if not piece.unit][:1] or latin[:1]
    short = [short for piece in chosen if (short := _without_unit(piece) or _without_city(piece)) and short not in chosen]
    acronyms = [piece for piece in latin if piece.acronym and len(piece.words[0]) > 2 and piece not in chosen] if len(latin) == 2 else []
    return chosen + short + acronyms


def _without_city(piece: Piece) -> Piece | None:
    """A company's name without the Chinese city or province in front."""
    company = len(piece.words) > 2 and piece.words[0] in CITIES and not HEADS & set(piece.words)
    return Piece(piece.words[1:], derived=piece.derived) if company else None


def _without_unit(piece: Piece) -> Piece | None:
    """"School of Civil Engineering Southeast University Nanjing" without its school: "university" and the words before it."""
    words = piece.words
    at = words.index("university") if "university" in words else 0
    if at < 3 or (words[0] not in HEADS | UNITS and at < 5):
        return None
    first = at - 1
    while first > at - 3 and words[first] in CHANGING:
        first -= 1
    return Piece(words[first: at + 1])


def _tokens(entry: _Entry) -> set[str]:
    """What an entry is indexed under: its words, initials (@), letters run together (=); of Chinese names pairs of characters."""
    words = entry.piece.words
    if entry.piece.chinese:
        return _chinese_tokens(words[0], asked=False)
    return set(words) | {"=" + "".join(words)} | ({"@" + entry.initials[:length] for length in range(3, 8)} if len(words) > 1 else set())


def _chinese_tokens(name: str, asked: bool) -> set[str]:
    """Pairs of neighbours, and pairs (^) of the first character with one that begins a later word, as short forms are built."""
    core, _ = chinese_core(name)
    pairs = {core[at: at + 2] for at in range(len(core) - 1)} or {core}
    later = core[1:8] if asked else [word[0] for word in chinese_words(core)[1:]] + [word[-1] for word in chinese_words(core)[1:]]
    return pairs | {f"^{core[0]}{letter}" for letter in later} | {"=" + name, "=" + core}


def _marks(token: str) -> tuple[str, ...]:
    """Where a misspelt word is looked up: a single slip leaves its first or its last three letters as they are."""
    return (f"{token[:3]}-", f"-{token[-3:]}") if token.isascii() and token.isalpha() and len(token) > 4 else ()
