"""Tables of text: csv, tsv and their kin, row by row, in whatever encoding and with whatever separator they come.

A text file is tried as UTF-8 (with or without byte order mark), UTF-16 with its mark, then GB 18030.
"""

from __future__ import annotations

import codecs
import csv
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from marketplace.errors import N_, Refused
from marketplace.importing.readers.tables import LONGEST_CELL, SAMPLE, TOO_LONG, Row, Table, checked, find_headers

MOST_LINES = 300
DELIMITERS = (",", "\t", ";", "|")

BROKEN_QUOTES = N_("The quotes in this row do not close; the file may be cut off here.")

csv.field_size_limit(LONGEST_CELL)


def open_delimited(path: Path, head: bytes) -> Table:
    """The table in a file of text, whose first bytes are `head`. Raises `Refused`."""
    encoding = _encoding(path, head)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        lines = list(islice(file, 200))
    _refuse_null(lines)
    delimiter = _delimiter(lines)
    first = [row for row, _ in _parsed(iter(lines), delimiter)][:SAMPLE]
    skip, headers = find_headers(first)

    def start() -> Iterator[Row]:
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            yield from checked(_parsed(file, delimiter), skip, len(headers))

    return Table(headers, start)


def _refuse_null(lines: Sequence[str]) -> None:
    if any("\x00" in line for line in lines[:3]):
        raise Refused(N_("This is not a table of text. Send it as .xlsx or .csv."), field="file")


def _delimiter(lines: Sequence[str]) -> str:
    """What sets the cells apart: what gives most rows the same number of cells, and more than one."""

    def fitness(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for row, fault in _parsed(iter(lines), delimiter) if row and not fault]
        common = max(set(widths), key=widths.count) if widths else 1
        return (widths.count(common) / len(widths), common) if common > 1 else (0.0, 0)

    best = max(DELIMITERS, key=fitness)
    return best if fitness(best)[0] else ","


class _Lines:
    """The lines of a text, at most `MOST_LINES` for one row, with those of a broken row given back but for the first."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines
        self.taken: list[str] = []
        self.waiting: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MOST_LINES:
            raise StopIteration
        line = self.waiting.popleft() if self.waiting else next(self.lines)
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        """After a fault: only the first line of the row is lost."""
        self.waiting.extendleft(reversed(self.taken[1:]))


def _parsed(lines: Iterator[str], delimiter: str) -> Iterator[tuple[list[str], str | None]]:
    """The rows of a delimited text with the fault of each; after a fault it goes on with the next line."""
    source = _Lines(lines)
    while True:
        source.taken.clear()
        try:
            row, fault = next(csv.reader(source, delimiter=delimiter, strict=True)), None
        except StopIteration:
            return
        except csv.Error as error:
            fault = TOO_LONG if "field limit" in str(error) else BROKEN_QUOTES
            row = [source.taken[0].rstrip("\r\n")[:1000]]
            source.give_back()
        yield row, fault




def _encoding(path: Path, head: bytes) -> str:
    """How the text is encoded: what the whole file can be read as. Raises `Refused` when it is neither."""
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if wide else ["utf-8-sig", "gb18030"]:
        if _decodes(path, encoding):
            return encoding
    raise Refused(N_("The text of this file is neither UTF-8 nor GB 18030. Save it again as UTF-8."), field="file")


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(1 << 20):
                decoder.decode(chunk)
            decoder.decode(
                b"", final=encoding != "gb18030"
            )  # a character cut in two at the end is the last row's fault
        except UnicodeDecodeError as error:
            return encoding == "utf-8-sig" and error.reason == "unexpected end of data"
    return True
