"""Zip archives: many files as one table, and every trick an archive can play."""

from __future__ import annotations

import io
import stat
import struct
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from marketplace.errors import Refused
from marketplace.importing.readers import archive, markup
from tests.importing.readers.fuzzing import cells, faults, fuzzed, mutated, whole
from tests.importing.readers.test_uspto import APPLICATION, GRANT

A = "标题,申请号\n一种装置,201710601862.3\n另一种装置,\n"
B = "申请号,title,abstract\n97101765.4,Pump,It pumps.\n"


def packed(files: dict[str, bytes | str], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The files in a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as target:
        for name, data in files.items():
            target.writestr(name, data)
    return buffer.getvalue()


def workbook() -> bytes:
    """A small workbook."""
    book, buffer = Workbook(), io.BytesIO()
    book.active.append(["标题", "申请号"])
    book.active.append(["第三种装置", "x"])
    book.save(buffer)
    return buffer.getvalue()


def test_files_with_the_same_headers_are_chained(opened) -> None:
    table = opened(packed({"a.csv": A, "folder/b.csv": A, "c.xlsx": workbook()}))
    assert (table.format, table.headers) == ("table", ("标题", "申请号"))
    assert [(row.number, row.place, row.cells[0]) for row in table.rows()] == [
        (1, "a.csv, 2", "一种装置"), (2, "a.csv, 3", "另一种装置"), (3, "b.csv, 2", "一种装置"), (4, "b.csv, 3", "另一种装置"), (5, "c.xlsx, 2", "第三种装置"),
    ]


def test_files_with_other_headers_stand_under_all_of_them(opened) -> None:
    table = opened(packed({"a.csv": A, "b.csv": B}))
    assert table.headers == ("标题", "申请号", "title", "abstract")
    assert [row.cells for row in table.rows()] == [
        ("一种装置", "201710601862.3", "", ""), ("另一种装置", "", "", ""), ("", "97101765.4", "Pump", "It pumps."),
    ]


def test_documents_keep_their_format(opened) -> None:
    table = opened(packed({"a.xml": GRANT + APPLICATION, "b.xml": GRANT}))
    assert table.format == "uspto"
    assert cells(table, "publication_number") == ["US11999001B2", "US20220123456A1", "US11999001B2"]
    assert [row.place for row in table.rows()] == ["a.xml, 1", "a.xml, 2", "b.xml, 1"]


def test_documents_and_tables_together_are_a_table(opened) -> None:
    table = opened(packed({"a.xml": GRANT, "b.csv": B}))
    assert table.format == "table"
    assert table.headers[-2:] == ("title", "abstract") and set(table.columns) == set(table.headers[:-3])
    assert [len(row.cells) for row in table.rows()] == [len(table.headers)] * 2


def test_a_file_that_is_no_table_is_accounted_for(opened) -> None:
    letter = "Dear reader,\nthis archive holds patents, and more.\nYours, truly\n"
    table = opened(packed({"x.pdf": b"%PDF-1.7\n", "a.csv": A, "readme.txt": letter, "note.txt": "One line", "empty.csv": ""}))
    assert {row.number: (row.fault.split(".")[0], row.cells, row.place) for row in table.rows() if row.fault} == {
        1: ("This is a PDF", ("x.pdf",), "x.pdf"),
        4: ("This file of the archive is no table", ("readme.txt",), "readme.txt"),
        5: ("This file of the archive is no table", ("note.txt",), "note.txt"),
        6: ("The file is empty", ("empty.csv",), "empty.csv"),
    }


def test_what_a_computer_puts_beside_is_left_out(opened) -> None:
    table = opened(packed({"f/": "", "__MACOSX/._a.csv": b"\x00\x05", ".DS_Store": b"\x00", "f/.hidden": "x", "f/a.csv": A}))
    assert [row.place for row in table.rows()] == ["a.csv, 2", "a.csv, 3"]


@pytest.mark.parametrize("name", ["../../../etc/passwd", "/etc/cron.d/x", "..\\..\\x.csv", "C:\\x.csv", "a\x1b[31m.csv", "n" * 5000])
def test_a_name_is_shown_and_never_used(opened, tmp_path: Path, name: str) -> None:
    before = set(tmp_path.rglob("*"))
    table = opened(packed({name: A}))
    (place,) = {row.place.rpartition(",")[0] for row in table.rows()}
    assert "/" not in place and "\\" not in place and place.isprintable() and len(place) <= 100
    assert set(tmp_path.rglob("*")) - before == {tmp_path / "upload"}


def with_flag(data: bytes) -> bytes:
    """The archive with the flag for a password at its first file."""
    place = data.index(b"PK\x01\x02")
    return data[: place + 8] + b"\x01" + data[place + 9 :]


def with_link() -> bytes:
    """An archive with a symbolic link in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        link = zipfile.ZipInfo("a.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        target.writestr(link, "/etc/passwd")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (with_flag(packed({"a.csv": A})), archive.ENCRYPTED),
        (with_link(), archive.LINKED),
        (packed({"a.csv": A, "b.zip": packed({"c.csv": A})}), archive.NESTED),
        (packed({"a.csv": A, "b": packed({})}), archive.NESTED),
        (packed({"a.csv": A}, zipfile.ZIP_LZMA), archive.PACKED_ODDLY),
        (packed({}), archive.NOTHING),
        (packed({"readme.txt": "hello", "a.docx/word.xml": "<w/>"}), archive.NOTHING),
        (packed({"a.csv": A})[:-30], archive.DAMAGED),
        (b"PK\x03\x04 not a zip", archive.DAMAGED),
        (packed({str(n): "" for n in range(10_001)}), archive.TOO_MANY),
    ],
)
def test_archives_that_are_refused_as_a_whole(opened, data: bytes, message: str) -> None:
    with pytest.raises(Refused) as refused:
        opened(data)
    assert refused.value.message == message and refused.value.field == "file"


def test_a_list_too_long_for_memory_is_refused_before_it_is_read(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    data = packed({"a.csv": A})
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("read the list"))
    end = data.index(b"PK\x05\x06")
    with pytest.raises(Refused, match="more than 10000 files"):
        opened(data[: end + 12] + struct.pack("<I", 500_000_000) + data[end + 16 :])
    large = b"PK\x06\x06" + bytes(36) + struct.pack("<Q", 500_000_000) + bytes(8) + b"PK\x06\x07" + bytes(16)
    with pytest.raises(Refused, match="more than 10000 files"):
        opened(data[:end] + large + data[end:])


def test_the_sum_of_the_sizes_has_an_end(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    data = packed({"a.csv": A, "b.csv": "title,n\n" + "x,1\n" * 100_000})
    assert len(whole(opened(data))) == 100_002
    monkeypatch.setattr(archive, "MOST_UNPACKED", 300_000)
    with pytest.raises(Refused, match="too large"):
        opened(data)


def test_sizes_are_measured_and_not_believed(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    data = packed({"a.csv": A, "b.csv": "title,n\n" + "x,1\n" * 100_000})
    second = data.rindex(b"PK\x01\x02")
    lie = data[: second + 24] + struct.pack("<I", 10) + data[second + 28 :]
    assert faults(opened(lie)) == {3: archive.DAMAGED_MEMBER}
    monkeypatch.setattr(archive, "FREE", 0)
    monkeypatch.setattr(archive, "MOST_RATIO", 5)
    with pytest.raises(Refused, match="too large"):
        opened(data)


def test_a_bomb_stops_early(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[int] = []
    take = archive._Budget.take
    monkeypatch.setattr(archive._Budget, "take", lambda self, count: copied.append(count) or take(self, count))
    with pytest.raises(Refused) as refused:
        opened(packed({"a.csv": "title,n\n" + "x,1\n" * 50_000_000}))
    assert refused.value.message == archive.TOO_LARGE
    assert sum(copied) < 80_000_000


def test_a_damaged_file_costs_only_itself(opened) -> None:
    data = packed({"a.csv": A, "b.csv": B, "c.csv": A}, zipfile.ZIP_STORED)
    table = opened(data.replace(b"It pumps", b"It PUMPS", 1))
    assert faults(table) == {3: archive.DAMAGED_MEMBER}
    assert len(whole(table)) == 5


def test_a_document_broken_inside_keeps_its_reason(opened) -> None:
    table = opened(packed({"a.xml": GRANT + GRANT[:900], "b.xml": GRANT}))
    assert faults(table) == {2: markup.DAMAGED}
    assert [row.place for row in table.rows()] == ["a.xml, 1", "a.xml, 2", "b.xml, 1"]


def test_nothing_stays_behind(opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    table = opened(packed({"a.csv": A, "b.csv": B}))
    begun = table.rows()
    next(begun)
    assert len(list(folder.iterdir())) == 1
    del begun
    assert list(table.rows()) and list(folder.iterdir()) == []


MIXED = packed({"a.csv": A, "b.xml": GRANT, "c.xlsx": workbook(), "readme.txt": "hello"}, zipfile.ZIP_STORED)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([packed({"a.csv": A, "b.csv": B}), MIXED]).flatmap(mutated))
def test_a_damaged_archive_is_refused_or_read(data: bytes) -> None:
    fuzzed(data)


def test_a_file_without_a_name_is_left_out(opened) -> None:
    data = packed({"a.csv": A, "x": B})
    directory = data.rindex(b"PK\x01\x02")
    nameless = data[: directory + 28] + b"\x00\x00" + data[directory + 30 : directory + 46] + data[directory + 47 :]
    end = nameless.rindex(b"PK\x05\x06")
    size = int.from_bytes(nameless[end + 12 : end + 16], "little") - 1
    nameless = nameless[: end + 12] + size.to_bytes(4, "little") + nameless[end + 16 :]
    table = opened(nameless)
    assert table.headers == ("标题", "申请号")
