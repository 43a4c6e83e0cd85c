"""Files for the tests of a need from a file: Word documents made on the spot, and the fuzz that a longer run can drive too."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import docx

from marketplace.errors import Refused
from marketplace.importing.need_file.proposals import proposals, title_of
from marketplace.importing.need_file.writings import read_writing


def saved(document: Any) -> bytes:
    """The bytes of a Word document."""
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def word(*paragraphs: str) -> bytes:
    """A Word file of plain paragraphs."""
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    return saved(document)


def form() -> bytes:
    """A Word file as it is used for needs: heading, paragraphs, list, both kinds of tables, header and footer."""
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "页眉"
    document.sections[0].footer.paragraphs[0].text = "页脚"
    document.add_heading("薄壁件毛刺过大", 1)
    document.add_heading("问题描述", 2)
    document.add_paragraph("毛刺去不干净。")
    document.add_heading("技术指标", 2)
    document.add_paragraph("毛刺高度≤0.02 mm", style="List Bullet")
    document.add_paragraph("良率不低于98%", style="List Number")
    _table(document, [["预算", "30-50万元"], ["Deadline", "30 June 2027"]])
    _table(document, [["指标", "现状", "目标"], ["节拍", "40 min", "≤25 min"]])
    document.add_paragraph("完")
    return saved(document)


def _table(document: Any, rows: list[list[str]]) -> None:
    table = document.add_table(0, len(rows[0]))
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text


def rezipped(data: bytes, change: Callable[[str, bytes], bytes] = lambda _name, content: content, more: dict[str, bytes] | None = None) -> bytes:
    """A Word file with its parts changed, and further parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, content in (more or {}).items():
            new.writestr(name, content)
    return buffer.getvalue()


def with_body(xml: str) -> bytes:
    """A Word file whose body is this XML."""
    def change(name: str, content: bytes) -> bytes:
        if name != "word/document.xml":
            return content
        begins, ends = content.index(b"<w:body>") + 8, content.index(b"<w:sectPr")
        return content[:begins] + xml.encode() + content[ends:]

    return rezipped(word("x"), change)


def fuzzed(data: bytes) -> None:
    """Read bytes as a need's file: it has a text, whose proposals quote it, or it is refused; nothing else may happen."""
    try:
        writing = read_writing(data)
    except Refused as refused:
        assert refused.field == "file" and str(refused)
        return
    assert 0 < len(writing.text) <= 20_000 and "\0" not in writing.text
    title_of(writing.text, writing.heading)
    for one in proposals(writing.text):
        assert one.quote in writing.text
