"""Readers: a file of any kind that users have becomes a table, told by its content and never by its name.

`tables` is what they all yield. Tables proper: `delimited` reads text, `workbook` Excel. Patent documents, laid out under
the headers of our own template: `epo`, `uspto` and `wipo` read XML through `markup`, `epo` and `nasa` JSON through
`objects`; `st36` is what documents of that standard share; `patentsview` joins tables of text. `archive` reads what is
packed together in a zip, each file as if it came alone. Whatever is broken as a whole is refused here with a reason;
what is broken in a row or a document is yielded with it. All read row by row, with bounded memory.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from marketplace.errors import N_, Refused
from marketplace.importing.formats import recognised
from marketplace.importing.readers import archive, epo, nasa, patentsview, uspto, wipo
from marketplace.importing.readers.delimited import open_delimited
from marketplace.importing.readers.markup import lineage
from marketplace.importing.readers.objects import key_found
from marketplace.importing.readers.tables import Row, Table
from marketplace.importing.readers.workbook import open_workbook

__all__ = ["Row", "Table", "open_table"]

HEAD = 64 * 1024
BLANK = b"\xef\xbb\xbf \t\r\n"
_XML = re.compile(rb"<|\xff\xfe<\x00|\xfe\xff\x00<|\x00<\x00[?!]|<\x00[?!]\x00")
_JSON = re.compile(rb"(\xff\xfe|\xfe\xff)?\x00?(\{|\[[\s\x00]*[\[{\"])")


def open_table(path: Path) -> Table:
    """Open a file by its content. Raises `Refused` with what is wrong with it as a whole."""
    head = _head(path)
    if head.startswith(archive.MARKS):
        found = archive.entries(path)
        return recognised(open_workbook(path)) if archive.is_workbook(found) else archive.open_archive(path, found, _open_one)
    return patentsview.alone(_open_one(path))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _open_one(path: Path) -> Table:
    """Open a file that is no archive, a table of PatentsView as the table that it is."""
    head = _head(path)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise Refused(N_("The file is empty."), field="file")
    if head.startswith(b"PK\x03\x04"):
        return recognised(open_workbook(path))
    if head.startswith(archive.MARKS):
        archive.entries(path)
        return recognised(open_workbook(path))
    if _XML.match(head.lstrip(BLANK)):
        return _open_xml(path)
    if _JSON.match(head.lstrip(BLANK)):
        return _open_json(path)
    _refuse_binary(head)
    return recognised(open_delimited(path, head))


def _open_xml(path: Path) -> Table:
    """The patent documents of an XML file, whose kind the first telling element says."""
    names = lineage(path, uspto.DOCUMENTS | wipo.FACTS | {epo.DOCUMENT})
    telling = names[-1] if names else ""
    if telling == epo.DOCUMENT:
        return epo.open_epo_xml(path)
    if telling in uspto.DOCUMENTS:
        return uspto.open_uspto(path)
    if telling in wipo.FACTS:
        return wipo.open_wipo(path, wipo.record_of(names))
    raise Refused(N_("This XML is no table, and no patents in the XML of the EPO, the USPTO or WIPO ST.96. Send it as .xlsx or .csv."), field="file")


def _open_json(path: Path) -> Table:
    """The patents or technologies of a JSON file, whose kind the first telling key says."""
    key = key_found(path, frozenset({epo.DOCUMENT, nasa.KEY}))
    if key == epo.DOCUMENT:
        return epo.open_epo_json(path)
    if key == nasa.KEY:
        return nasa.open_nasa(path)
    raise Refused(N_("This JSON is no table, and none of the EPO or of NASA that we can read. Send it as .xlsx or .csv."), field="file")


def _refuse_binary(head: bytes) -> None:
    """Refuse what is no text, naming the common mistakes."""
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise Refused(
            N_("This is an Excel file of the old kind (.xls) or one with a password. Save it as .xlsx or .csv."),
            field="file",
        )
    if head.startswith(b"%PDF"):
        raise Refused(N_("This is a PDF. Send the table itself, as .xlsx or .csv."), field="file")
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    odd = sum(byte < 32 and byte not in b"\t\n\r\f\x1a" for byte in head)
    if not wide and (odd > len(head) // 200 or head[:2] == b"\x1f\x8b"):
        raise Refused(N_("This is not a table of text. Send it as .xlsx or .csv."), field="file")
