"""The text of a file somebody sends: plain text in the encodings of this part of the world, or a Word file (docx).

A docx is a zip of XML from a stranger: what it says of its size and what it really unpacks to are both limited before
anything is parsed, and it carries neither macros nor entities. Pictures, headers, footers and deleted words are left out.
"""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import docx

from marketplace.errors import N_, Refused
from marketplace.needs.operations import PASTED_LIMIT

MEGABYTE = 1024 * 1024
LARGEST = 20 * MEGABYTE
LARGEST_UNPACKED = 50 * MEGABYTE
LARGEST_XML = 8 * MEGABYTE  # 20,000 characters take a twentieth of it, and a parsed document takes many times its bytes
MOST_ENTRIES = 2000
MOST_TAGS = 500_000
CHUNK = 256 * 1024
LABEL = 16  # characters of a table's first cell that is the name of the second

DAMAGED = N_("This Word file is damaged or is none. Open it, save it anew as .docx, and send that.")
NOT_TEXT = N_("This file is no text. Send plain text (.txt) or a Word file (.docx).")

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_LEFT_OUT = {f"{_W}{name}" for name in ("del", "moveFrom", "instrText", "pict", "object", "rPr", "pPr", "sectPr")} | {_FALLBACK}
_BREAKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_HEADING = re.compile(r"(?:heading|标题)\s*\d|title|标题", re.IGNORECASE)
_HAN = re.compile("[\u4e00-\u9fff]")
_GAPS = re.compile(r"\n{3,}")
_PAGE = re.compile(rb"\s*<(?:!doctype|html|\?xml)", re.IGNORECASE)
_REFUSED_HEADS = (
    (b"\xd0\xcf\x11\xe0", N_("This is a Word file of the old kind (.doc) or one with a password. Open it and save it as .docx without a password.")),
    (b"%PDF", N_("This is a PDF. Send the Word file it was made from (.docx), or copy its text into a .txt file.")),
    (b"{\\rtf", N_("This is an RTF file. Open it and save it as .docx.")),
)


@dataclass(frozen=True)
class Writing:
    """The text of a file, a line for each paragraph, and the first heading of a Word file ("" where there is none)."""

    text: str
    heading: str = ""


def read_writing(data: bytes) -> Writing:
    """The text in the bytes of a file, told by content and not by name. Raises `Refused` with what to do instead."""
    if len(data) > LARGEST:
        raise Refused(N_("The file is larger than %(limit)s MB."), field="file", limit=LARGEST // MEGABYTE)
    if not data.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise Refused(N_("The file is empty."), field="file")
    for head, message in _REFUSED_HEADS:
        if data.startswith(head):
            raise Refused(message, field="file")
    found = _document(data) if data.startswith((b"PK\x03\x04", b"PK\x05\x06")) else Writing(_plain(data))
    text = tidy(found.text)
    if not text:
        raise Refused(N_("There is no text in this file. If it shows a picture of a text, type the text out."), field="file")
    if len(text) > PASTED_LIMIT:
        raise Refused(N_("This text is too long: %(limit)s characters at most."), field="file", limit=PASTED_LIMIT)
    return Writing(text, tidy(found.heading))


def tidy(text: str) -> str:
    """The text with plain line ends, without control characters, signs that cannot be seen, and gaps of several lines."""
    text = re.sub(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", text)
    text = "".join(character for character in text if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs"))
    return _GAPS.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip()


# ---- plain text

def _plain(data: bytes) -> str:
    """Text as UTF-8, as UTF-16 where the mark says so, else as GB 18030. Raises `Refused` where it is none."""
    if _PAGE.match(data.removeprefix(codecs.BOM_UTF8)):
        raise Refused(N_("This is a web page or an XML file. Copy its text into a .txt file and send that."), field="file")
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _is_text(text):
            return text
    raise Refused(NOT_TEXT, field="file")


def _is_text(text: str) -> bool:
    """Whether hardly any of its characters are control characters or in no alphabet."""
    odd = sum(unicodedata.category(character) in ("Cc", "Cn", "Co", "Cs") and character not in "\t\n\r\f\v" for character in text)
    return "\0" not in text and odd <= 3 + len(text) // 100


# ---- Word files

def _document(data: bytes) -> Writing:
    """The text of a docx, refused before it is parsed where it is not safe to."""
    _check(data)
    try:
        document = docx.Document(io.BytesIO(data))
        blocks = list(_blocks(document.element.body, _heading_styles(document)))
    except Refused:
        raise
    except Exception as error:  # the parser raises whatever a stranger's bytes lead to
        raise Refused(DAMAGED, field="file") from error
    heading = next((text for text, is_heading in blocks if is_heading and text.strip()), "")
    return Writing("\n".join(f"\n{text}\n" if is_heading else text for text, is_heading in blocks), heading.strip())


def _check(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_names({entry.filename for entry in entries})
            if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
                raise _too_large()
            unpacked = sum(_check_entry(archive, entry) for entry in entries)
    except Refused:
        raise
    except Exception as error:  # zipfile, zlib and struct each raise their own
        raise Refused(DAMAGED, field="file") from error
    if unpacked > LARGEST_UNPACKED:
        raise _too_large()


def _too_large() -> Refused:
    return Refused(N_("This file unpacks to more than a need takes. Copy its text into a .txt file and send that."), field="file")


def _check_names(names: set[str]) -> None:
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Refused(N_("This Word file carries macros. Save it as .docx without them."), field="file")
    if "[Content_Types].xml" not in names or not any(name.startswith("word/") for name in names):
        raise Refused(N_("This is no Word file. Send plain text (.txt) or a Word file (.docx)."), field="file")


def _check_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """The bytes an entry really unpacks to, read in pieces so that no more is ever held."""
    is_xml = entry.filename.lower().endswith((".xml", ".rels"))
    if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused(DAMAGED, field="file")
    size, held = 0, bytearray()
    with archive.open(entry) as file:
        while chunk := file.read(CHUNK):
            size += len(chunk)
            if size > (LARGEST_XML if is_xml else LARGEST_UNPACKED):
                raise _too_large()
            if is_xml:
                held += chunk
    if held.count(b"<") > MOST_TAGS:
        raise _too_large()
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", held.replace(b"\0", b""), re.IGNORECASE):
        raise Refused(DAMAGED, field="file")
    return size


def _heading_styles(document: Any) -> set[str]:
    return {style.style_id for style in document.styles if style.style_id and _HEADING.match(style.name or "")}


def _blocks(parent: Any, headings: set[str]) -> Iterator[tuple[str, bool]]:
    """Paragraphs and tables in their order, also inside content controls, each with whether it is a heading."""
    for element in parent:
        if element.tag == f"{_W}tbl":
            yield "\n".join(_row(row) for row in _own(element, "tbl", "tr")), False
        elif element.tag == f"{_W}p":
            yield _paragraph(element, headings)
        elif element.tag not in _LEFT_OUT:
            yield from _blocks(element, headings)


def _paragraph(element: Any, headings: set[str]) -> tuple[str, bool]:
    """The text of a paragraph; an item of a list begins with a dot, a heading is known by its style."""
    text = _words(element).strip()
    style = element.find(f"{_W}pPr/{_W}pStyle")
    outline = element.find(f"{_W}pPr/{_W}outlineLvl")
    outlined = outline is not None and outline.get(f"{_W}val") != "9"  # 9 is a paragraph of the text
    if (style is not None and style.get(f"{_W}val") in headings) or outlined:
        return text, bool(text)
    in_list = element.find(f"{_W}pPr/{_W}numPr") is not None or (style is not None and (style.get(f"{_W}val") or "").startswith("List"))
    return f"• {text}" if in_list and text and not text.startswith("•") else text, False


def _words(element: Any) -> str:
    """The words of an element as a reader sees them: with inserted text, text boxes after a line break, without deleted text."""
    pieces: list[str] = []
    _collect(element, pieces)
    return "".join(pieces)


def _collect(element: Any, pieces: list[str]) -> None:
    for child in element:
        if child.tag in _LEFT_OUT:
            continue
        if child.tag == f"{_W}t":
            pieces.append(child.text or "")
        elif child.tag in _BREAKS:
            pieces.append(_BREAKS[child.tag])
        else:
            if child.tag == f"{_W}p":
                pieces.append("\n")
            _collect(child, pieces)


def _own(parent: Any, kind: str, wanted: str) -> Iterator[Any]:
    """The rows of a table, or the cells of a row, without those of a table inside it."""
    return (one for one in parent.iter(f"{_W}{wanted}") if next(one.iterancestors(f"{_W}{kind}")) is parent)


def _row(row: Any) -> str:
    """A row of a table: "name：value" where that is what it says, else its cells between tabs."""
    cells = [" ".join(_words(cell).split()) for cell in _own(row, "tr", "tc")]
    filled = [cell for cell in cells if cell]
    if len(cells) == 2 and len(filled) == 2 and len(filled[0]) <= LABEL and not re.search(r"\d", filled[0]):
        return f"{filled[0].rstrip('：: ')}{'：' if _HAN.search(filled[0]) else ': '}{filled[1]}"
    return "\t".join(cells).strip("\t") if len(filled) != 1 else filled[0]
