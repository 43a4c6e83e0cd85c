"""JSON, read as a stream: each object or list under a key, one at a time, whatever the size of the file.

Several JSON texts may stand one after another in a file. Text is UTF-8, or UTF-16 with its byte order mark.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import ijson

from marketplace.errors import N_, Refused
from marketplace.importing.readers.markup import TOO_DEEP, TOO_LARGE
from marketplace.importing.readers.tables import HAS_NULL, Broken

LARGEST = 20 * 1024 * 1024
DEEPEST = 100
CHUNK = 64 * 1024
PEEKED = 200_000
"""How many marks of the file are looked at to tell what kind of JSON it is."""
WEIGHT = 100

DAMAGED = N_("This JSON is damaged or cut off here. Ask for it again where it came from.")

_STEPS = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}
_NO_NUMBER = re.compile(rb"[0-9]{2000}")
"""More digits than Python makes a number of; ijson goes wrong over them instead of saying so."""


class _Stop(Exception):
    """The file cannot be read any further; the argument says why."""


class _Source:
    """The file as UTF-8, a chunk at a time; a single text longer than a document may be is not waited for."""

    def __init__(self, file: BinaryIO) -> None:
        head = file.read(4)
        file.seek(0)
        wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        self._decoder = codecs.getincrementaldecoder("utf-16" if wide else "utf-8-sig")(errors="replace")
        self._file = file
        self.waiting = 0

    def read(self, size: int = CHUNK) -> bytes:
        """The next bytes; none at the end of the file and when nothing is asked for."""
        while size:
            chunk = self._file.read(CHUNK)
            data = self._decoder.decode(chunk, final=not chunk).encode()
            self.waiting += len(data)
            if self.waiting > LARGEST:
                raise _Stop(TOO_LARGE)
            if _NO_NUMBER.search(data):
                raise _Stop(DAMAGED)
            if data or not chunk:
                return data
        return b""


def events(path: Path) -> Iterator[tuple[str, Any]]:
    """The marks of the file as ijson tells them, and last ("fault", why) where it breaks off."""
    with path.open("rb") as file:
        source = _Source(file)
        depth = 0
        try:
            for event, value in ijson.basic_parse(source, buf_size=CHUNK, multiple_values=True):
                source.waiting = 0
                if event in _STEPS:
                    depth += _STEPS[event]
                    if depth > DEEPEST:
                        raise _Stop(TOO_DEEP)
                yield event, value
        except _Stop as stop:
            yield "fault", stop.args[0]
        except (ijson.JSONError, ValueError, ArithmeticError):
            yield "fault", DAMAGED


class _Record:
    """One value while it is read, built as long as it is not too large."""

    def __init__(self) -> None:
        self._builder = ijson.ObjectBuilder()
        self._depth = self._weight = 0
        self._garbled = False
        self.shown: list[str] = []

    def take(self, event: str, value: Any) -> bool:
        """One mark more; whether the value ends with it."""
        self._weight += WEIGHT
        if event in _STEPS:
            self._depth += _STEPS[event]
        elif event == "string" or event == "map_key":
            self._note(event, value)
        if self._weight <= LARGEST:
            self._builder.event(event, value)
        return self._depth == 0

    def _note(self, event: str, text: str) -> None:
        self._weight += len(text)
        if "\ufffd" in text:
            self._garbled = True
        if event == "string" and len(self.shown) < 12:
            self.shown.append(" ".join(text[:200].replace("\ufffd", "?").split()))

    def finished(self) -> Any:
        """The value, or why it is none."""
        shown = " ".join(self.shown)[:300]
        if self._weight > LARGEST:
            return Broken(TOO_LARGE, shown=shown)
        return Broken(HAS_NULL, shown=shown) if self._garbled else self._builder.value


def plain(key: str) -> str:
    """A key without the prefix that stands for a namespace."""
    return key.rpartition(":")[2]


def values(path: Path, key: str) -> Iterator[Any]:
    """Each value under the key, wherever it stands; of a list each entry; what cannot be read comes as `Broken`."""
    record, awaited, listing, depth = None, False, 0, 0
    for event, value in events(path):
        if event == "fault":
            yield Broken(value, shown=" ".join(record.shown)[:300] if record else "")
        elif record is not None:
            record, done = (None, record.finished()) if record.take(event, value) else (record, None)
            if done is not None:
                yield done
        elif event == "start_array" and awaited:
            depth, listing, awaited = depth + 1, depth + 1, False
        elif _STEPS.get(event) == -1:
            depth, listing = depth - 1, 0 if listing == depth else listing
        elif awaited or listing == depth > 0:
            record, awaited = _Record(), False
            if record.take(event, value):
                yield record.finished()
                record = None
        else:
            depth += _STEPS.get(event, 0)
            awaited = event == "map_key" and plain(value) == key


def key_found(path: Path, telling: frozenset[str]) -> str:
    """The first telling key near the beginning of the file; "" where none is. Raises `Refused` when it breaks off before one."""
    for count, (event, value) in enumerate(events(path)):
        if event == "map_key" and plain(value) in telling:
            return plain(value)
        if event == "fault":
            raise Refused(value, field="file")
        if count == PEEKED:
            break
    return ""
