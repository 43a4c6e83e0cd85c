"""NASA's results: lists whose places mean something."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings

from marketplace.importing.readers import nasa
from tests.importing.readers.fuzzing import cells, faults, fuzzed, mutated, read

RESULTS = [
    ["5f01", "LAR-TOPS-901", 'Quiet <span class="highlight">Rotor</span>', "A rotor <b>hums</b> less &amp; lifts more.", "LAR-19001-1",
     "Aerospace", "", "", "", "LaRC", "", "", 3.2],
    ["5f02", "MSC-TOPS-902", "Leak finder", "Finds leaks by sound.", "MSC-26001-1", "", "", "", "", "JSC", "", "", 1],
]
DATA = json.dumps({"results": RESULTS, "count": 2, "total": 2, "perpage": 10, "page": 0})


def test_results_arrive(opened) -> None:
    table = opened(DATA)
    assert table.format == "nasa"
    rotor, leak = read(table)
    assert (rotor["source_key"], rotor["title"], rotor["kind"]) == ("LAR-TOPS-901", {"en": "Quiet Rotor"}, "know_how")
    assert rotor["abstract"] == {"en": "A rotor hums less & lifts more."}
    assert cells(table, "title") == ["Quiet Rotor", "Leak finder"]
    assert cells(table, "category") == ["Aerospace", ""]
    assert leak["source_key"] == "MSC-TOPS-902"


def test_entries_of_another_kind_are_broken(opened) -> None:
    table = opened(json.dumps({"results": [RESULTS[0], {"title": "x"}, ["a", "b"], ["1", "2", None, 4], 7, RESULTS[1]]}))
    assert faults(table) == dict.fromkeys((2, 3, 4, 5), nasa.NO_RESULT)
    assert len(read(table)) == 2


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutated(DATA.encode()))
def test_a_damaged_file_is_refused_or_read(data: bytes) -> None:
    fuzzed(data)
