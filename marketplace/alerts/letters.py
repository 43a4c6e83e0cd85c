"""A mail as it leaves: its text in lines that every reader can show, and the same as a page that is read by day and by night. Pure but for the templates.

Both are made of the one text that is kept, when the mail leaves: nothing is written twice, and what is read aloud, quoted or searched is the same.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH = 76
"""Columns of a line of plain text (RFC 5322 asks for at most 78); a Chinese character takes two. An address is never broken."""
SIGNATURE = "-- "
_URL = re.compile(r"https?://[^\s<>\"“”（）。，；]+")
_HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_ELSEWHERE = re.compile(r"[\u3041-\u30ff\u31f0-\u31ff]")
"""Letters that stand beside Chinese characters in another language."""
_LETTER = re.compile(r"[A-Za-z]")
_NEVER_FIRST = "，。；：！？、）”’》%℃,.;:!?)"
"""No line begins with these."""


def columns(text: str) -> int:
    """How wide a text stands in a terminal: a Chinese character takes two columns."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _pieces(line: str) -> list[str]:
    """What a line may be broken into: a word with the space behind it, an address, or one Chinese character with the marks that belong to it."""
    found: list[str] = []
    for piece in re.findall(r"https?://\S+ ?|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+ ?|\s|.", line):
        if found and piece[0] in _NEVER_FIRST:
            found[-1] += piece
        else:
            found.append(piece)
    return found


def flowed(text: str) -> str:
    """The text as format=flowed with DelSp (RFC 3676): lines of at most `WIDTH` columns that a reader may join again, Chinese without a space between."""
    return "\n".join(line for long in text.split("\n") for line in _flowed(long))


def _flowed(line: str) -> list[str]:
    line = line if line == SIGNATURE else line.rstrip()  # a space at the end would join it to the next
    done, row = [], ""
    for piece in _pieces(line) if columns(line) > WIDTH else [line]:
        if row and columns(row) + columns(piece.rstrip()) > WIDTH - 2:
            done.append(row)
            row = ""
        row += piece
    lines = [*(one + " " for one in done), row]
    return [f" {one}" if one.startswith((" ", ">", "From ")) else one for one in lines]


@dataclass(frozen=True)
class Block:
    """A part of a letter: a heading, a paragraph, a list, a quotation, an address to go to, or who writes. `lang` is told by its script."""

    kind: str
    lines: tuple[Markup, ...]
    lang: str = ""


def blocks(body: str, language: str, site: str) -> list[Block]:
    """The parts of a letter in their order. `lang` of a part is empty where it is that of the letter.

    Only addresses of the site itself become a button: what somebody has typed into a message must not look like ours.
    """
    text, _, footer = body.rstrip().rpartition(f"\n{SIGNATURE}\n")
    if not text:
        text, footer = footer, ""
    found = [block for chunk in re.split(r"\n[ \t]*\n", text) if chunk.strip() for block in _of(chunk.strip("\n"), language, site)]
    return [*found, Block("footer", tuple(_linked(line) for line in footer.split("\n") if line.strip()))] if footer else found


def _of(chunk: str, language: str, site: str) -> Iterator[Block]:
    lines = textwrap.dedent(chunk).split("\n")
    lang = _other(chunk, language)
    if match := re.fullmatch(r"== (.+) ==", lines[0]):
        yield Block("heading", (escape(match[1]),), _other(match[1], language))
        lines = lines[1:]
    before: list[str] = []
    for number, line in enumerate(lines):
        if line.startswith("* "):
            if before:
                yield Block("text", tuple(_linked(one) for one in before), lang)
            yield Block("list", tuple(_linked(one) for one in lines[number:]), lang)
            return
        if line.startswith(f"{site}/") and _URL.fullmatch(line):
            if before:
                yield Block("text", tuple(_linked(one) for one in before), lang)
            yield Block("go", (escape(line),))
            before = []
        else:
            before.append(line)
    if before:
        kind = "quote" if all(line.startswith(">") for line in before) else "text"
        yield Block(kind, tuple(_linked(line.lstrip("> ") if kind == "quote" else line) for line in before), lang)


def _other(text: str, language: str) -> str:
    """The language of a part that is plainly not that of the letter; empty where it is, or may be."""
    bare = _URL.sub("", text)
    if language not in ("zh", "en") and _ELSEWHERE.search(bare):
        return ""
    if language != "zh":
        return "zh" if len(_HAN.findall(bare)) > len(_LETTER.findall(bare)) else ""
    return "en" if not _HAN.search(bare) and len(bare.split()) > 3 and _LETTER.search(bare) else ""


def _linked(line: str) -> Markup:
    """A line with its addresses as links, all else as it is written."""
    made, at = Markup(), 0
    for found in _URL.finditer(line):
        address = found[0].rstrip(".,;:!?")
        made += escape(line[at:found.start()]) + Markup('<a href="{0}">{0}</a>').format(address)
        at = found.start() + len(address)
    return made + escape(line[at:])
