"""Where a text is cut when an encoder cannot read all of it: at the end of a sentence, else of a word.

A piece of a word is another word to an encoder, and the torn end of a sentence says less than nothing.
"""

from __future__ import annotations

import re
from itertools import accumulate

from marketplace.matching import text as cut

_LEAST_KEPT = 0.85  # of what fits: an earlier end of a sentence is passed over for the end of a word
_NEAR = 40  # characters before the end in which a word may begin; a longer one is torn
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_TORN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.,'’/-]*$")
_OTHER_A_TOKEN = 3  # characters of other scripts in a token; a Han character is a token


def shortened(text: str, most: int) -> str:
    """The beginning of a text, at most `most` characters, up to the end of a sentence or word."""
    if len(text) <= most:
        return text
    ends = (span.end for span in cut.sentence_spans(text, most=len(text)) if span.end <= most)
    sentence = max(ends, default=0)
    return text[: sentence if sentence >= _LEAST_KEPT * most else _word_end(text, most)].rstrip()


def _word_end(text: str, most: int) -> int:
    """The last place not after `most` where no word is torn."""
    start = max(0, most - _NEAR)
    torn = _TORN.search(text[start:most])
    if torn and text[most].isascii() and text[most].isalnum() and start + torn.start() > start:
        return start + torn.start()
    for word in cut.word_spans(text[start : most + _NEAR]):
        if word.start > 0 and start + word.start < most < start + word.end:
            return start + word.start
    return most


def fitting(text: str, tokens: int) -> str:
    """The beginning of a text that a model with a window of so many tokens can read, up to the end of a sentence or word.

    Which tokens a model behind a server makes is not known here. A Han character is taken for one and three other
    characters for one, so that the window is not overrun: with the vocabulary of multilingual-e5 both make 0.7 in the
    judged abstracts.
    """
    spent = list(accumulate(_OTHER_A_TOKEN if _HAN.match(character) else 1 for character in text))
    if not spent or spent[-1] <= tokens * _OTHER_A_TOKEN:
        return text
    return shortened(text, next(place for place, total in enumerate(spent) if total > tokens * _OTHER_A_TOKEN))
