"""Damaging files at random: whatever becomes of them, they are refused or read, and nothing else."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import strategies as st

from marketplace.errors import Refused
from marketplace.importing.readers import Row, Table, open_table
from marketplace.importing.rows import read_row

JUNK = [
    b"<", b">", b"&", b"&x;", b"]]>", b"<!--", b"\x00", b"\xff", b'"', b"{", b"}", b"[", b"]", b",", b":", b"$", b"\n", b"\t",
    b"<?xml version", b"PK\x03\x04", b"\\ud800", b"9" * 5000,
]


def fuzzed(data: bytes) -> None:
    """Open the file and read it to its end; nothing but `Refused` may come of it, and every row must fit its table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes(data)
        try:
            table = open_table(path)
            numbers = [0]
            for row in table.rows():
                assert row.number > numbers[-1]
                assert row.fault or len(row.cells) == len(table.headers)
                assert not row.fault or row.fault % (row.why or {})
                numbers.append(row.number)
                if not row.fault:
                    _refused_or_read(table, row)
        except Refused as problem:
            assert problem.field == "file" and str(problem)


def _refused_or_read(table: Table, row: Row) -> None:
    """A row's cells give values or a refusal in one of its columns."""
    try:
        read_row(dict(zip(table.headers, row.cells, strict=True)), table.columns, table.format)
    except Refused as problem:
        assert problem.field in (*table.headers, None) and str(problem)


def mutated(valid: bytes) -> st.SearchStrategy[bytes]:
    """The file with bytes changed, cut out, doubled and put in, up to six times."""
    places = st.integers(0, len(valid))
    spans = st.tuples(places, st.integers(0, 60))
    junk = st.one_of(
        st.binary(max_size=8),
        st.sampled_from(JUNK),
    )
    change = st.tuples(st.sampled_from(["flip", "cut", "double", "insert", "end"]), spans, junk)
    return st.lists(change, min_size=1, max_size=6).map(lambda changes: _changed(valid, changes))


def _changed(data: bytes, changes: list[tuple[str, tuple[int, int], bytes]]) -> bytes:
    for how, (start, length), junk in changes:
        part = data[start : start + length]
        put = {"flip": bytes(byte ^ 32 for byte in part), "cut": b"", "double": part + part, "insert": junk + part, "end": part}[how]
        data = data[:start] + put + (b"" if how == "end" else data[start + length :])
    return data


def read(table: Table) -> list[dict[str, object]]:
    """The values of every row without a fault, as the import reads them from its cells."""
    return [read_row(dict(zip(table.headers, row.cells, strict=True)), table.columns, table.format) for row in table.rows() if not row.fault]


def cells(table: Table, field: str) -> list[str]:
    """The cells of a field as they are written, row by row; those with a fault left out."""
    place = next(place for place, header in enumerate(table.headers) if table.columns[header] == field)
    return [row.cells[place] for row in table.rows() if not row.fault]


def faults(table: Table) -> dict[int, str]:
    """The rows that cannot be read, by number."""
    return {row.number: row.fault for row in table.rows() if row.fault}


def whole(table: Table) -> list[Row]:
    """Every row."""
    return list(table.rows())
