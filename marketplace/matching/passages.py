"""What is indexed: documents, and their passages as rows.

A *document* is a technology or a need; a *passage* is a document in one language, the row that everything else counts,
encodes and scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from marketplace.matching import text as cut
from marketplace.matching.constants import LANGUAGES
from marketplace.matching.semantic import Whole, digest

TITLE_TIMES = 2


@dataclass(frozen=True)
class Document:
    """A technology or a need as the index sees it. `passages`: language ("zh", "en") → (title, body), one or both.

    `family`: the key that documents of one invention share, of which ranking shows one; `facts`: what rules weigh
    besides, as plain data (see `rules`).
    """

    key: int
    kind: str
    passages: Mapping[str, tuple[str, str]]
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    revision: int = 0
    family: int | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Passage:
    """One row to be written: a document in one language.

    The `first` of a document stands for it in keyword search and counts, with the text of its `others`.
    """

    row: int
    key: int
    kind: str
    language: str
    title: str
    body: str
    facets: Mapping[str, tuple[str, ...]]
    revision: int
    first: bool = True
    others: str = ""
    family: int | None = None
    facts: Mapping[str, object] = field(default_factory=dict)

    @cached_property
    def terms(self) -> cut.Terms:
        """What it is searched by; a word of the title counts as often as if it stood twice in the body."""
        return cut.terms("\n".join([self.title] * TITLE_TIMES + [self.body]))


def passages_of(document: Document) -> list[Passage]:
    """A document's passages as rows, in the order zh, en, clean; the first carries the words of all."""
    if not set(document.passages) <= set(LANGUAGES):
        raise ValueError(f"passages are in zh or en, not {sorted(document.passages)}")
    clean = {
        language: (cut.normalise(title).replace("\n", " "), cut.normalise(body))
        for language in LANGUAGES
        for title, body in [document.passages.get(language, ("", ""))]
        if language in document.passages
    } or {"zh": ("", "")}
    others = "\n".join(f"{title}\n{body}" for title, body in list(clean.values())[1:])
    return [
        Passage(
            row=0, key=document.key, kind=document.kind, language=language, title=title, body=body,
            facets=document.facets, revision=document.revision, first=not place, others="" if place else others,
            family=document.family, facts=document.facts,
        )
        for place, (language, (title, body)) in enumerate(clean.items())
    ]


def sentences_of(title: str, body: str) -> list[str]:
    """The sentences of a passage whose vectors are kept; the title for a passage without a body."""
    return cut.sentences(body) or [title]


def reading(title: str, body: str) -> Whole:
    """What the fast encoder reads in one pass: the passage, its title if it has a body besides, and its sentences."""
    return Whole(deep_text(title, body), (*([title] if title and body else []), *sentences_of(title, body)))


def deep_text(title: str, body: str) -> str:
    """What the encoders read of a passage: title and body, already normalised."""
    return f"{title}\n{body}".strip()


def deep_digest(title: str, body: str) -> bytes:
    """By what the slow encoder's store knows a passage."""
    return digest(deep_text(title, body))
