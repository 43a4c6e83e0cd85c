"""Readers: a file of any kind that users have becomes a table, told by its content and never by its name.

`tables` is what they all yield; `delimited` reads text, `workbook` Excel. Whatever is broken as a whole is refused here
with a reason; what is broken in a row is yielded with the row. All read row by row, with bounded memory.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from marketplace.errors import N_, Refused
from marketplace.importing.formats import recognised
from marketplace.importing.readers.delimited import open_delimited
from marketplace.importing.readers.tables import Row, Table
from marketplace.importing.readers.workbook import open_workbook

__all__ = ["Row", "Table", "open_table"]

HEAD = 64 * 1024


def open_table(path: Path) -> Table:
    """Open a file by its content. Raises `Refused` with what is wrong with it as a whole."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise Refused(N_("The file is empty."), field="file")
    if head.startswith(b"PK\x03\x04"):
        return recognised(open_workbook(path))
    _refuse_binary(head)
    return recognised(open_delimited(path, head))


def _refuse_binary(head: bytes) -> None:
    """Refuse what is no text, naming the common mistakes."""
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise Refused(
            N_("This is an Excel file of the old kind (.xls) or one with a password. Save it as .xlsx or .csv."),
            field="file",
        )
    if head.startswith(b"%PDF"):
        raise Refused(N_("This is a PDF. Send the table itself, as .xlsx or .csv."), field="file")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"{", b"[{", b'["')):
        raise Refused(N_("This file is no table with rows and columns. Send it as .xlsx or .csv."), field="file")
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    odd = sum(byte < 32 and byte not in b"\t\n\r\f\x1a" for byte in head)
    if not wide and (odd > len(head) // 200 or head[:2] == b"\x1f\x8b"):
        raise Refused(N_("This is not a table of text. Send it as .xlsx or .csv."), field="file")
