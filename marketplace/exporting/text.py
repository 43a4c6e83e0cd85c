"""Texts for files: without the characters that XML and spreadsheets do not carry."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    """The text without control characters and halves of characters; tab and line ends stay."""
    return _UNPRINTABLE.sub("", text)


def one_line(text: str, most: int) -> str:
    """The text on one line, at most so many characters, cut at the end with an ellipsis."""
    short = " ".join(printable(text).split())
    return short if len(short) <= most else short[: most - 1].rstrip() + "…"
