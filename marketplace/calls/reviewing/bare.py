"""A solver's file without what its program wrote into it of who made it: for reviewers of a call that hides the solvers.

Author, company, last editor, titles, comments' authors, camera and place are taken out of the types that proposals may hold. What the solver himself
wrote on the pages stays: he is warned before he hands in. What cannot be read is not handed out: `Unreadable`. Pure.
"""

from __future__ import annotations

import io
import re
import zipfile

from PIL import Image, ImageOps
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, IndirectObject, NameObject

PLAIN = ("text/plain", "text/csv")
OFFICE = (
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
SUFFIXES = {
    "application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", OFFICE[0]: ".docx", OFFICE[1]: ".xlsx", "text/plain": ".txt", "text/csv": ".csv",
}
NAMED = re.compile(
    rb'((?:w:|w15:|w16cex:)?(?:author|initials|displayName|userId|lastModifiedBy|userName|providerId))="[^"]*"|(<(?:x:)?author>)[^<]*(</(?:x:)?author>)'
)
"""Where parts of an office file say who wrote a comment or a change."""

EPOCH = (1980, 1, 1, 0, 0, 0)
LARGEST_UNPACKED = 400 * 1024 * 1024


class Unreadable(Exception):
    """The file cannot be taken apart, so it cannot be shown without names."""


def bare(data: bytes, media_type: str) -> bytes:
    """The file's bytes without metadata. Raises `Unreadable`."""
    try:
        if media_type in PLAIN:
            return data
        if media_type == "application/pdf":
            return _pdf(data)
        if media_type in OFFICE:
            return _office(data)
        if media_type in ("image/png", "image/jpeg"):
            return _image(data, media_type)
    except Exception as error:
        raise Unreadable(media_type) from error
    raise Unreadable(media_type)


def _pdf(data: bytes) -> bytes:
    """The pages alone: a new document takes no information, no XMP, no attachments along; annotations lose their authors."""
    reader, writer = PdfReader(io.BytesIO(data), strict=False), PdfWriter()
    for page in reader.pages:
        kept = writer.add_page(page)
        for name in ("/Metadata", "/PieceInfo", "/LastModified"):
            kept.pop(NameObject(name), None)
    writer.metadata = None
    for held in writer._objects:
        one = held.get_object() if isinstance(held, IndirectObject) else held
        if isinstance(one, DictionaryObject):
            one.pop(NameObject("/Metadata"), None)
            if one.get("/Type") == "/Annot" or "/Subtype" in one and "/Rect" in one:
                one.pop(NameObject("/T"), None)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _office(data: bytes) -> bytes:
    """The same package with empty properties, no names of authors in comments and changes, and no times of its parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        if sum(one.file_size for one in source.infolist()) > LARGEST_UNPACKED:
            raise Unreadable("too large")
        for one in source.infolist():
            part = source.read(one)
            if one.filename.startswith("docProps/"):
                part = _empty(one.filename, part)
            elif one.filename.endswith(".xml"):
                part = NAMED.sub(lambda found: found[1] + b'=""' if found[1] else found[2] + found[3], part)
            target.writestr(zipfile.ZipInfo(one.filename, EPOCH), part, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _empty(name: str, part: bytes) -> bytes:
    """A part of the properties with its root element alone; a preview picture becomes nothing."""
    if not name.endswith(".xml"):
        return b""
    root = re.search(rb"<((?:\w+:)?\w+)((?:\s[^<>]*?)?)/?>", re.sub(rb"<\?.*?\?>", b"", part))
    if root is None:
        raise Unreadable(name)
    return b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<' + root[1] + root[2] + b"/>"


def _image(data: bytes, media_type: str) -> bytes:
    """The pixels alone, turned as the camera said."""
    with Image.open(io.BytesIO(data)) as source:
        picture = ImageOps.exif_transpose(source)
        assert picture is not None
        picture.load()
        picture.info.clear()
        out = io.BytesIO()
        if media_type == "image/png":
            picture.save(out, "PNG")
        else:
            picture.convert("L" if picture.mode == "L" else "RGB").save(out, "JPEG", quality=95, comment=b"", exif=b"")
    return out.getvalue()
