"""Files for reviewers of a call that hides the solvers: what a program wrote of its maker is gone, what is on the pages stays."""

from __future__ import annotations

import io
import zipfile

import pytest
from docx import Document
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import Text

from marketplace.calls.reviewing.bare import OFFICE, SUFFIXES, Unreadable, bare

NAME = "Dongling Secret Works"


def everything(data: bytes) -> bytes:
    """The bytes, those of the parts of a package too."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return data + b"".join(package.read(name) for name in package.namelist())


def saved(thing) -> bytes:
    out = io.BytesIO()
    thing.save(out)
    return out.getvalue()


def pdf() -> bytes:
    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 200)
    writer.add_metadata({"/Author": NAME, "/Title": NAME})
    writer.xmp_metadata = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description/></rdf:RDF>{NAME}</x:xmpmeta>'.encode()
    writer.add_annotation(0, Text(rect=(0, 0, 20, 20), text="seen", title_bar=NAME))
    writer.add_attachment("who.txt", NAME.encode())
    writer.write(out)
    return out.getvalue()


def docx() -> bytes:
    document = Document()
    document.add_paragraph("The burr goes by ultrasound.")
    document.core_properties.author = document.core_properties.last_modified_by = document.core_properties.title = NAME
    document.add_comment(document.paragraphs[0].runs, "why", author=NAME, initials="DSW")
    return saved(document)


def xlsx() -> bytes:
    book = Workbook()
    book.active["A1"] = "0.02"
    book.active["A1"].comment = Comment("measured", NAME)
    book.properties.creator = book.properties.company = NAME
    return saved(book)


def png() -> bytes:
    out, said = io.BytesIO(), PngInfo()
    said.add_text("Author", NAME)
    Image.new("RGB", (9, 7), "red").save(out, "PNG", pnginfo=said)
    return out.getvalue()


def jpeg() -> bytes:
    out, picture = io.BytesIO(), Image.new("RGB", (9, 7), "red")
    exif = picture.getexif()
    exif[0x013B] = NAME
    exif[0x0112] = 6
    picture.save(out, "JPEG", exif=exif, comment=NAME.encode())
    return out.getvalue()


@pytest.mark.parametrize(("make", "media"), [
    (pdf, "application/pdf"), (docx, OFFICE[0]), (xlsx, OFFICE[1]), (png, "image/png"), (jpeg, "image/jpeg"),
])
def test_the_makers_name_is_gone(make, media):
    before = make()
    assert NAME.encode() in everything(before) or media == "application/pdf"
    after = bare(before, media)
    assert NAME.encode() not in everything(after) and media in SUFFIXES
    if media == "application/pdf":
        read, old = PdfReader(io.BytesIO(after)), PdfReader(io.BytesIO(before))
        assert old.metadata.author == NAME and (read.metadata is None or read.metadata.author is None)
        assert len(read.pages) == 1 and not read.attachments and read.xmp_metadata is None


def test_what_stands_on_the_pages_stays():
    assert Document(io.BytesIO(bare(docx(), OFFICE[0]))).paragraphs[0].text == "The burr goes by ultrasound."
    assert load_workbook(io.BytesIO(bare(xlsx(), OFFICE[1]))).active["A1"].value == "0.02"
    with Image.open(io.BytesIO(bare(jpeg(), "image/jpeg"))) as turned:
        assert turned.size == (7, 9)
    assert bare("一,二".encode(), "text/csv") == "一,二".encode()


@pytest.mark.parametrize("media", ["application/pdf", OFFICE[0], "image/png", "image/jpeg", "application/octet-stream"])
def test_what_cannot_be_read_is_not_handed_out(media):
    with pytest.raises(Unreadable):
        bare(b"not what it says", media)
