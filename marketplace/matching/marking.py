"""A text cut into runs for a page: which passages correspond to which of the other text, and which words stand in both.

A passage carries the number of its pair, the same in both texts; a shared word may stand inside a passage or outside. Whatever is marked, the runs
put together are the text, character for character.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from marketplace.matching.explain import Evidence, Mark


class Run(NamedTuple):
    """A piece of a text: with the number of the pair it belongs to, if it does, and its parts, each with whether it is a shared word."""

    number: int | None
    parts: tuple[tuple[str, bool], ...]


def marked(text: str, passages: Sequence[tuple[int, Mark]], words: Sequence[Mark]) -> list[Run]:
    """The text as runs. Passages do not overlap each other (`explain` uses each sentence once); words may lie across anything."""
    found, at = [], 0
    for number, passage in sorted(passages, key=lambda pair: pair[1].start):
        start, end = max(at, min(passage.start, len(text))), min(passage.end, len(text))
        if start >= end:
            continue
        if start > at:
            found.append(Run(None, _parts(text, at, start, words)))
        found.append(Run(number, _parts(text, start, end, words)))
        at = end
    if at < len(text):
        found.append(Run(None, _parts(text, at, len(text), words)))
    return found


def _parts(text: str, start: int, end: int, words: Sequence[Mark]) -> tuple[tuple[str, bool], ...]:
    """One piece of the text, cut where shared words begin and end."""
    shared = [False] * (end - start)
    for word in words:
        for place in range(max(word.start, start), min(word.end, end)):
            shared[place - start] = True
    found, at = [], start
    for place in range(start + 1, end + 1):
        if place == end or shared[place - start] != shared[at - start]:
            found.append((text[at:place], shared[at - start]))
            at = place
    return tuple(found)


def both_sides(question: str, evidence: Evidence) -> tuple[list[Run], list[Run]]:
    """The question and the document's text as runs, their pairs numbered from 1 in the order of their likeness."""
    asked = [(number, pair.asked) for number, pair in enumerate(evidence.sentences, 1)]
    found = [(number, pair.found) for number, pair in enumerate(evidence.sentences, 1)]
    asked_words = [mark for word in evidence.words for mark in word.asked]
    found_words = [mark for word in evidence.words for mark in word.found]
    return marked(question, asked, asked_words), marked(evidence.text, found, found_words)
