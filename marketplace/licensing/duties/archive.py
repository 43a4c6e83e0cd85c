"""Zips and spreadsheets that come out the same, byte for byte, from the same input: nothing in them tells when they were made.

A zip ends with its manifest: the SHA-256 of every file in it, in the form that `sha256sum --check` reads.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from marketplace.importing.fields import harmless

MANIFEST = "SHA256SUMS"
PIECE = 256 * 1024  # bytes read at a time
LONGEST = 32_000  # characters of a cell; Excel takes 32,767
_CORE = "docProps/core.xml"
_MOMENTS = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_TOP = Alignment(wrap_text=True, vertical="top")
_HEAD, _SHADE = Font(bold=True, color="FF0F6152"), PatternFill("solid", fgColor="FFE4F0EC")


def safe(value: Any) -> Any:
    """A value as it may stand in a cell: what somebody typed is text that no spreadsheet runs."""
    return harmless(_UNPRINTABLE.sub("", value)[:LONGEST]) if isinstance(value, str) else value


def entry(name: str, moment: datetime) -> zipfile.ZipInfo:
    """A file's head in a zip, with a moment of our own choosing; a zip knows no year before 1980."""
    info = zipfile.ZipInfo(name, (max(moment.year, 1980), moment.month, moment.day, moment.hour, moment.minute, moment.second // 2 * 2))
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    return info


def zipped(target: IO[bytes], files: Iterable[tuple[str, bytes]], moment: datetime) -> None:
    """Write the files and their manifest into a zip, one after the other."""
    for _name in zipping(target, files, moment):
        pass


def zipping(target: IO[bytes], files: Iterable[tuple[str, bytes | Path]], moment: datetime) -> Iterator[str]:
    """The same step by step, for a job: the name of each file once it is in. A path stands for its bytes, which are never in memory as a whole."""
    sums = []
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files:
            with archive.open(entry(name, moment), "w") as inside, _opened(content) as bytes_:
                digest = hashlib.sha256()
                while piece := bytes_.read(PIECE):
                    inside.write(piece)
                    digest.update(piece)
            sums.append(f"{digest.hexdigest()}  {name}\n")
            yield name
        archive.writestr(entry(MANIFEST, moment), "".join(sums))


def _opened(content: bytes | Path) -> IO[bytes]:
    return content.open("rb") if isinstance(content, Path) else io.BytesIO(content)


def workbook(sheets: Iterable[tuple[str, Sequence[int], Iterable[Sequence[Any]]]], moment: datetime) -> bytes:
    """An xlsx file of sheets (name, widths, rows, the first being the header), the same bytes for the same rows."""
    book = Workbook(write_only=True)
    for name, widths, rows in sheets:
        sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", name)[:31])
        for place, width in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(place)].width = width
        sheet.freeze_panes = "A2"
        for number, row in enumerate(rows):
            sheet.append([_cell(sheet, value, number == 0) for value in row])
    made = io.BytesIO()
    book.save(made)
    return _without_moment(made, moment)


def _cell(sheet: Any, value: Any, is_head: bool) -> Any:
    if not is_head:
        return safe(value)
    cell = WriteOnlyCell(sheet, safe(value))
    cell.alignment, cell.font, cell.fill = _TOP, _HEAD, _SHADE
    return cell


def _without_moment(made: IO[bytes], moment: datetime) -> bytes:
    """The workbook with our moment in place of that of its making."""
    written = moment.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    again = io.BytesIO()
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(again, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(entry(name, moment), _MOMENTS.sub(rb"\g<1>" + written + rb"\g<3>", content) if name == _CORE else content)
    return again.getvalue()
