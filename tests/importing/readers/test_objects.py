"""JSON as a stream: whatever it holds, in bounded memory, and broken off with a reason."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from marketplace.errors import Refused
from marketplace.importing.readers import objects
from marketplace.importing.readers.markup import TOO_DEEP, TOO_LARGE
from marketplace.importing.readers.tables import HAS_NULL, Broken


@pytest.fixture
def found(tmp_path: Path):
    """The values under the key "k" of some bytes, or the reason why they cannot be read."""

    def find(data: bytes | str) -> list[Any]:
        path = tmp_path / "upload"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return [one.reason if isinstance(one, Broken) else one for one in objects.values(path, "k")]

    return find


@pytest.mark.parametrize(
    ("data", "values"),
    [
        ('{"k": {"a": 1}}', [{"a": 1}]),
        ('{"k": [{"a": 1}, [2, [3]], "x", null]}', [{"a": 1}, [2, [3]], "x", None]),
        ('{"x": [{"k": 1}, {"k": [2]}], "k": 3, "y": {"n:k": 4}}', [1, 2, 3, 4]),
        ('{"k": [[1], [2]]} {"k": []} {"k": [3]}', [[1], [2], 3]),
        ('{"k": {"k": [1]}}', [{"k": [1]}]),
        ('{"a": "k", "b": ["k", 1]}', []),
        ("[1, 2]", []),
    ],
)
def test_values_wherever_they_stand(found, data: str, values: list[Any]) -> None:
    assert found(data) == values


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(found, encoding: str) -> None:
    assert found('{"k": "一"}'.encode(encoding)) == ["一"]


@pytest.mark.parametrize("tail", ["", "}", "]}}", ', "\\x"]}', ", 1e", ", nul]}", ', {"a" 1}]}'])
def test_broken_off_with_what_was_whole_before(found, tail: str) -> None:
    assert found('{"k": [1' + tail) == [1, objects.DAMAGED]


def test_bytes_that_are_no_text(found) -> None:
    assert found(b'{"k": ["a", "\xff", {"\xff": 1}, "b"]}') == ["a", HAS_NULL, HAS_NULL, "b"]


def test_too_deep(found) -> None:
    assert found('{"k": ' + "[" * 1_000_000) == [TOO_DEEP]
    assert found('{"x": ' + '{"a":' * 1_000_000) == [TOO_DEEP]


def test_numbers_beyond_measure(found) -> None:
    assert [str(value) for value in found('{"k": [1e999999999, 1]}')] == ["1E+999999999", "1"]
    assert found('{"k": [' + "9" * 10_000 + "]}") == [objects.DAMAGED]


@pytest.mark.parametrize("filling", ['"' + "x" * 500_000 + '"', '{"a": {"b": []}}' + ', {"a": {}}' * 5_000], ids=["long text", "many things"])
def test_a_document_that_is_too_large_is_not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filling: str) -> None:
    monkeypatch.setattr(objects, "LARGEST", 2_000_000)
    path = tmp_path / "upload"
    path.write_text('{"k": [{"t": "first", "l": [' + ", ".join([filling] * 8) + "]}, 2]}")
    tracemalloc.start()
    big, small = objects.values(path, "k")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(big, Broken) and big.reason == TOO_LARGE and big.shown.startswith("first")
    assert small == 2
    assert peak < 8_000_000


def test_a_text_that_never_ends_is_not_waited_for(found) -> None:
    assert found('{"k": ["' + "x" * 60_000_000) == [TOO_LARGE]


@pytest.mark.parametrize(
    ("data", "says"),
    [('[{"title": 1}]', "no table"), ("{}", "no table"), ('{"a": 1', "damaged"), ("{", "damaged"), ('["a", "b"]', "no table")],
)
def test_other_json_is_refused_as_a_whole(opened, data: str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        opened(data)
    assert says in str(refused.value) and refused.value.field == "file"


def test_a_table_whose_first_header_has_a_bracket_is_no_json(opened) -> None:
    assert opened("[标]标题,n\na,1\n").headers == ("[标]标题", "n")
