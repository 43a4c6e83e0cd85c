"""XML, read safely and as a stream: the elements that a reader wants, one at a time, whatever the size of the file.

Names are local names, for prefixes differ from file to file. Many documents may stand in one file, each with its own
declaration, as the USPTO delivers them; a broken one costs only itself. Entities, attribute lists and external
references are refused; a DOCTYPE that names a DTD passes and is never fetched, and characters called by their HTML name
are read without it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html.entities import html5
from pathlib import Path
from typing import Any, Generic, TypeVar
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException, EntitiesForbidden
from defusedxml.ElementTree import XMLParser

from marketplace.errors import N_, Refused
from marketplace.importing.readers.tables import HAS_NULL, Broken

LARGEST = 20 * 1024 * 1024
LONGEST_MARK = 2 * 1024 * 1024
DEEPEST = 200
MOST_NAMES = 10_000
WEIGHT = 100
"""What an element or an attribute counts beside its text, in characters: about what it takes in memory."""

CHUNK = 64 * 1024
PEEKED = 64
"""How many pieces of at most `CHUNK` are looked at to tell what kind of XML it is."""

DAMAGED = N_("This XML is damaged or cut off here. Ask for it again where it came from.")
FORBIDDEN = N_("This XML defines entities of its own or refers to other files. Send it without them.")
TOO_DEEP = N_("The elements of this document stand too deep in one another.")
TOO_LARGE = N_("This document is larger than 20 MB. Send it without its description and drawings.")

_DECLARATION = re.compile(r"<\?xml[ \t\r\n]{1,8}version")
_HELD_BACK = 24
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{2,40})[\"']")
_UNICODE = frozenset({"utf-8", "utf8", "utf-16", "utf16", "utf-16le", "utf-16be"})
_KNOWN = re.compile(r"(gb|big5|iso-?8859|windows-|cp125|us-?ascii|shift|euc-)", re.IGNORECASE)
_CHARACTERS = {name[:-1]: character for name, character in html5.items() if name.endswith(";")}


class _TooDeep(Exception):
    """Elements stand deeper in one another than in any document of ours."""


class _Damaged(Exception):
    """No document of ours looks like this: a mark without an end, or names without number."""


class _Parser(XMLParser):  # type: ignore[misc]
    """A parser that refuses attribute lists too, whose default values would come again with every element."""

    def __init__(self, target: Any) -> None:
        super().__init__(target=target)
        self.entity = _CHARACTERS
        self.parser.AttlistDeclHandler = self._refuse_attributes

    def _refuse_attributes(self, element: str, *_: Any) -> None:
        raise EntitiesForbidden(element, None, None, None, None, None)

    def behind(self, fed: int) -> int:
        """How many bytes of what was fed wait for the end of the mark that they belong to."""
        return fed - max(int(self.parser.CurrentByteIndex), 0)


class _Target:
    """What both targets share: the depth, and local names, of which the parser keeps all so that there is an end to them."""

    def __init__(self) -> None:
        self.depth = 0
        self._names: dict[str, str] = {}

    def local(self, name: str) -> str:
        """A name without its namespace."""
        if name not in self._names:
            if len(self._names) >= MOST_NAMES:
                raise _Damaged
            self._names[name] = name.rpartition("}")[2]
        return self._names[name]

    def deeper(self) -> None:
        """One element further in."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise _TooDeep


class _Builder(_Target):
    """Builds the outermost wanted elements and nothing else; one that is too large is not built any further."""

    def __init__(self, wanted: frozenset[str], left_out: frozenset[str]) -> None:
        super().__init__()
        self.wanted, self.left_out = wanted, left_out
        self.found: list[Element | Broken] = []
        self._open: list[Element] = []
        self._texts: list[str] = []
        self._begun = self._skipped = self._weight = 0
        self._last: Element | None = None

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        self.deeper()
        name = self.local(tag)
        if self._skipped:
            return
        if not self._begun:
            if name in self.wanted:
                self._begun, self._weight = self.depth, 0
                self._push(name, attributes)
        elif name in self.left_out or self._weight > LARGEST:
            self._skipped = self.depth
        else:
            self._push(name, attributes)

    def _push(self, name: str, attributes: Mapping[str, str]) -> None:
        self._flush()
        self._weight += WEIGHT * (1 + len(attributes)) + sum(map(len, attributes.values()))
        element = Element(name, {self.local(key): value for key, value in attributes.items()})
        if self._open:
            self._open[-1].append(element)
        self._open.append(element)
        self._last = None

    def data(self, text: str) -> None:
        """Text between marks."""
        if self._begun and not self._skipped:
            self._weight += len(text)
            if self._weight <= LARGEST:
                self._texts.append(text)

    def _flush(self) -> None:
        """Put the text where ElementTree has it: in the element just opened, or behind the one just closed."""
        if self._texts and self._open:
            text = "".join(self._texts)
            if self._last is None:
                self._open[-1].text = text
            else:
                self._last.tail = text
        self._texts.clear()

    def end(self, tag: str) -> None:
        """An element ends."""
        self.depth -= 1
        if self._skipped:
            self._skipped = self._skipped if self.depth >= self._skipped else 0
        elif self._begun:
            self._flush()
            self._last = self._open.pop()
            if self.depth < self._begun:
                self._finish(self._last)

    def _finish(self, element: Element) -> None:
        self._begun, self._last = 0, None
        if self._weight > LARGEST:
            self.found.append(Broken(TOO_LARGE, shown=_beginning(element)))
        elif any("\ufffd" in part for part in element.itertext()):
            self.found.append(Broken(HAS_NULL, shown=_beginning(element)))
        else:
            self.found.append(element)


def _beginning(element: Element) -> str:
    """What of an element shows which one it is: the first text that it holds."""
    texts: list[str] = []
    for part in element.itertext():
        if part.strip():
            texts.append(part.strip()[:200])
        if len(texts) == 12:
            break
    return " ".join(texts).replace("\ufffd", "?")[:300]


class _Lineage(_Target):
    """Notes the names of the elements open where the first of the telling ones begins."""

    def __init__(self, telling: frozenset[str]) -> None:
        super().__init__()
        self.telling = telling
        self.open: list[str] = []
        self.found: tuple[str, ...] = ()

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        self.deeper()
        self.open.append(self.local(tag))
        if not self.found and self.open[-1] in self.telling:
            self.found = tuple(self.open)

    def end(self, tag: str) -> None:
        """An element ends."""
        self.depth -= 1
        self.open.pop()


AnyTarget = TypeVar("AnyTarget", _Builder, _Lineage)


class _Document(Generic[AnyTarget]):
    """One document of the file while it is fed to the parser, until it ends or is found broken."""

    def __init__(self, target: AnyTarget) -> None:
        self.target = target
        self.fault: str | None = None
        self._parser: _Parser | None = _Parser(target)
        self._begin = ""
        self._fed = 0
        self._told = False

    def feed(self, text: str) -> None:
        """Parse what comes next; after a fault nothing any more."""
        if len(self._begin) < 2000:
            self._begin += text[:2000]
        with self._watched():
            if self._parser:
                self._fed += len(text.encode())
                self._parser.feed(text)
                if self._parser.behind(self._fed) > LONGEST_MARK:
                    raise _Damaged

    def close(self) -> None:
        """The document ends here."""
        with self._watched():
            if self._parser:
                self._parser.close()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except _TooDeep:
            self.fault = TOO_DEEP
        except DefusedXmlException:
            self.fault = FORBIDDEN
        except (ParseError, ValueError, _Damaged):
            self.fault = DAMAGED
        if self.fault:
            self._parser = None

    def broken(self) -> Iterator[Broken]:
        """What is wrong with the document, told once."""
        if self.fault and not self._told:
            self._told = True
            text = re.sub(r"<[^<>]*>?", " ", self._begin)
            yield Broken(self.fault, shown=" ".join(text.replace("\ufffd", "?").split())[:300])


def elements(path: Path, wanted: frozenset[str], left_out: frozenset[str] = frozenset()) -> Iterator[Element | Broken]:
    """The elements of these names, outermost only and without what is left out; what cannot be read comes as `Broken`."""
    for document in _documents(path, lambda: _Builder(wanted, left_out)):
        yield from document.target.found
        document.target.found.clear()
        yield from document.broken()


def lineage(path: Path, telling: frozenset[str]) -> tuple[str, ...]:
    """The names of the elements open where the first telling one begins, itself included; () where none does.

    Looks at the beginning of the file only. Raises `Refused` when broken XML stands there and nothing telling.
    """
    fault = None
    for count, document in enumerate(_documents(path, lambda: _Lineage(telling))):
        if document.target.found:
            return document.target.found
        fault = fault or document.fault
        if count == PEEKED:
            break
    if fault:
        raise Refused(fault, field="file")
    return ()


def _documents(path: Path, target: Callable[[], AnyTarget]) -> Iterator[_Document[AnyTarget]]:
    """The documents of the file, each yielded after every piece that it was fed and when it has ended."""
    document = None
    for begins, text in _pieces(path):
        if document is None or begins:
            if document is not None:
                document.close()
                yield document
            document = _Document(target())
        document.feed(text)
        yield document
    if document is not None:
        document.close()
        yield document


def _pieces(path: Path) -> Iterator[tuple[bool, str]]:
    """The text of the file in pieces, each with whether a document begins with it; blanks before a document are left out."""
    held, begins = "", True
    for text, is_last in _texts(path):
        text = held + text
        mark = text.rfind("<", max(len(text) - _HELD_BACK, 0))
        end = len(text) if is_last or mark < 0 else mark
        text, held = text[:end], text[end:]
        starts = [match.start() for match in _DECLARATION.finditer(text)]
        for start, stop in zip([0, *starts], [*starts, len(text)], strict=True):
            begins = begins or start in starts
            piece = text[start:stop]
            if piece and not (begins and not piece.strip()):
                yield begins, piece
                begins = False


def _texts(path: Path) -> Iterator[tuple[str, bool]]:
    """The decoded text of the file chunk by chunk, and whether it is the last."""
    with path.open("rb") as file:
        decoder = codecs.getincrementaldecoder(encoding_of(file.read(CHUNK)))(errors="replace")
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield decoder.decode(chunk).replace("\ufeff", ""), False
        yield decoder.decode(b"", final=True), True


def encoding_of(head: bytes) -> str:
    """How the XML is encoded: as its byte order mark says, else its declaration, else UTF-8. Raises `Refused` where we cannot."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.startswith((b"<\x00", b"\x00<")):
        return "utf-16-le" if head.startswith(b"<") else "utf-16-be"
    declared = _DECLARED.match(head.removeprefix(codecs.BOM_UTF8))
    name = declared[1].decode().casefold() if declared else "utf-8"
    if head.startswith(codecs.BOM_UTF8) or name in _UNICODE:
        return "utf-8"  # a declaration of UTF-16 that can be read byte by byte is not true
    try:
        known = codecs.lookup("gb18030" if name.startswith("gb") else name).name if _KNOWN.match(name) else None
    except LookupError:
        known = None
    if known is None:
        raise Refused(N_("This XML says it is written in %(encoding)s, which we cannot read. Save it as UTF-8."), field="file", encoding=name)
    return known
