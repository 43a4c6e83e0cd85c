"""The text of a file: what is read of plain text and Word files, and each file that is refused with what to do instead."""

from __future__ import annotations

import codecs
import io
import zipfile

import docx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.errors import Refused
from marketplace.importing.need_file import writings
from marketplace.importing.need_file.proposals import proposals, title_of
from marketplace.importing.need_file.writings import Writing, read_writing
from tests.importing.need_file.documents import form, fuzzed, rezipped, saved, with_body, word

TEXT = "毛刺去不干净，预算30万元。\n第二行"
FORM = form()


@pytest.mark.parametrize("data", [
    TEXT.encode(), codecs.BOM_UTF8 + TEXT.encode(), TEXT.encode("utf-16"), codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), TEXT.encode("gb18030"),
    TEXT.replace("\n", "\r\n").encode(), f"\x07{TEXT}\x1b\u200b\u202e".encode(), f"\n\n {TEXT}  \n".encode(),
])
def test_plain_text_in_the_encodings_people_have(data: bytes) -> None:
    assert read_writing(data) == Writing(TEXT)


def test_gaps_are_closed() -> None:
    assert read_writing("a \n\n\n\n\nb\u2028c\x0cd".encode()).text == "a\n\nb\nc\nd"


def test_a_word_file_in_its_order() -> None:
    writing = read_writing(FORM)
    assert writing.heading == "薄壁件毛刺过大"
    assert writing.text == (
        "薄壁件毛刺过大\n\n\n问题描述\n\n毛刺去不干净。\n\n技术指标\n\n• 毛刺高度≤0.02 mm\n• 良率不低于98%\n预算：30-50万元\nDeadline: 30 June 2027\n"
        "指标\t现状\t目标\n节拍\t40 min\t≤25 min\n完").replace("\n\n\n", "\n\n")
    assert title_of(writing.text, writing.heading) == "薄壁件毛刺过大"
    assert [one.kind for one in proposals(writing.text)] == ["target", "target", "target", "budget", "deadline"]


def test_inserted_words_are_read_and_deleted_ones_are_not() -> None:
    data = with_body(
        "<w:p><w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:del><w:r><w:t>old</w:t><w:delText>old</w:delText></w:r></w:del>"
        "<w:r><w:tab/><w:t>a</w:t><w:br/><w:t>b</w:t></w:r></w:p><w:sdt><w:sdtContent><w:p><w:r><w:t>in a control</w:t></w:r></w:p></w:sdtContent></w:sdt>")
    assert read_writing(data).text == "new\ta\nb\nin a control"


def test_merged_cells_and_inner_tables_are_read_once() -> None:
    document = docx.Document()
    table = document.add_table(2, 3)
    table.cell(0, 0).merge(table.cell(0, 2)).text = "全宽"
    for place, text in enumerate(("a", "b", "")):
        table.cell(1, place).text = text
    table.cell(1, 2).add_table(1, 1).cell(0, 0).text = "inner"
    assert read_writing(saved(document)).text == "全宽\na\tb\tinner"


def test_pictures_are_left_out() -> None:
    document = docx.Document()
    pixel = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415478da6360f8cf0000020101006905ef350000000049454e44ae426082")
    document.add_picture(io.BytesIO(pixel))
    with pytest.raises(Refused, match="no text"):
        read_writing(saved(document))
    document.add_paragraph("words")
    assert read_writing(saved(document)).text == "words"


def bomb() -> bytes:
    return rezipped(FORM, more={f"word/media/{number}.png": bytes(26 * 1024 * 1024) for number in range(2)})


def large_part() -> bytes:
    return rezipped(FORM, more={"word/glossary.xml": b"<a>" + b" " * (8 * 1024 * 1024) + b"</a>"})


def many_parts() -> bytes:
    return rezipped(FORM, more={f"word/{number}": b"" for number in range(2001)})


def entities(encoding: str) -> bytes:
    head = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY a "aaaa">]>'
    return rezipped(FORM, lambda name, content: (head + content.decode().split("?>", 1)[1]).encode(encoding) if name == "word/document.xml" else content)


def marked_encrypted() -> bytes:
    data = bytearray(FORM)
    place = data.index(b"PK\x01\x02")
    data[place + 8] |= 1
    return bytes(data)


def packed_otherwise() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(FORM)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return buffer.getvalue()


def lying_about_size() -> bytes:
    """Its directory says that the document has ten bytes."""
    data = bytearray(FORM)
    place = data.index(b"word/document.xml", data.index(b"PK\x01\x02")) - 46
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize(("data", "says"), [
    (b"", "empty"), (b" \r\n\t", "empty"), (codecs.BOM_UTF8, "empty"), (b"\x0c\x0b\x07", "no text"), (word(), "no text"), (word(" ", ""), "no text"),
    (bytes(range(256)) * 9, "no text"), (b"\x89PNG\r\n\x1a\n" + bytes(99), "no text"), (codecs.BOM_UTF16_LE + b"\x00\xd8a", "no text"),
    (b"\x80\xff", "no text"),
    (b"%PDF-1.7", "PDF"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old kind"), (b"{\\rtf1 x}", "RTF"), (b"<!DOCTYPE html><p>x", "web page"),
    (b"\xef\xbb\xbf<?xml version='1.0'?>", "web page"), (b"PK\x03\x04xx", "damaged"), (FORM[:2000], "damaged"),
    (rezipped(FORM, more={"word/vbaProject.bin": b"x"}), "macros"), (rezipped(FORM, lambda name, content: b"<broken" if "document" in name else content),
    "damaged"),
    (entities("utf-8"), "damaged"), (entities("utf-16"), "damaged"), (marked_encrypted(), "damaged"), (packed_otherwise(), "damaged"),
    (lying_about_size(), "damaged"), (bomb(), "unpacks"), (large_part(), "unpacks"), (many_parts(), "unpacks"),
    ("字".encode() * 200_000, "20000 characters"), (word("字" * 200_000), "20000 characters"), (with_body("<w:p/>" * 500_000), "unpacks"),
], ids=lambda value: f"{len(value)}-bytes" if isinstance(value, bytes) else value)
def test_bad_files_are_refused_with_what_to_do(data: bytes, says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        read_writing(data)
    assert refused.value.field == "file"


def test_another_kind_of_zip_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<a/>")
        archive.writestr("xl/workbook.xml", "<a/>")
    with pytest.raises(Refused, match="no Word file"):
        read_writing(buffer.getvalue())


def test_a_file_beyond_the_limit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writings, "LARGEST", 10)
    with pytest.raises(Refused, match="larger than"):
        read_writing(b"x" * 11)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """The bytes of a Word file with some of them changed, cut out or doubled."""
    data = bytearray(FORM)
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(data) - 1))
        change = draw(st.sampled_from(["set", "cut", "double", "fill"]))
        length = draw(st.integers(1, 64))
        if change == "set":
            data[place] = draw(st.integers(0, 255))
        elif change == "cut":
            del data[place : place + length]
        else:
            data[place:place] = data[place : place + length] if change == "double" else draw(st.binary(min_size=1, max_size=length))
        if not data:
            break
    return bytes(data)


@st.composite
def mutated_part(draw: st.DrawFn) -> bytes:
    """A Word file that is a whole zip, one of whose parts has bytes changed."""
    wanted = draw(st.sampled_from(["word/document.xml", "word/styles.xml", "[Content_Types].xml", "_rels/.rels", "word/_rels/document.xml.rels"]))
    place, length, put = draw(st.integers(0, 3000)), draw(st.integers(0, 40)), draw(st.binary(max_size=20))

    def change(name: str, content: bytes) -> bytes:
        at = place % max(1, len(content))
        return content[:at] + put + content[at + length :] if name == wanted else content

    return rezipped(FORM, change)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(mutated(), mutated_part(), st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
def test_whatever_the_bytes_they_are_read_or_refused(data: bytes) -> None:
    fuzzed(data)
