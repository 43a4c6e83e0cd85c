"""Texts for files: without the characters that XML and spreadsheets do not carry."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_LETTER = re.compile(r"[A-Za-z0-9]")
_STOPS = " .,;:，。；：、"
_LAST_WORD = re.compile(r"[A-Za-z0-9.,-]{1,30}$")


def printable(text: str) -> str:
    """The text without control characters and halves of characters; tab and line ends stay."""
    return _UNPRINTABLE.sub("", text)


def one_line(text: str, most: int) -> str:
    """The text on one line, at most so many characters, cut between words with an ellipsis."""
    short = " ".join(printable(text).split())
    if len(short) <= most:
        return short
    kept = short[: most - 1]
    words = _LAST_WORD.sub("", kept) if _LETTER.match(short[most - 1]) else kept
    return (words.rstrip(_STOPS) or kept) + "…"
