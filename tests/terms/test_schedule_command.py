"""The command of the schedule: JSON for programs whatever comes in, a table for people in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from marketplace.cli_bench import bench_schedule_command
from marketplace.cli_terms import schedule_command
from marketplace.terms import bench

TERMS = {"currency": "CNY", "effective": "2026-01-01", "entry_fee": "1000", "milestones": [{"id": "样机", "amount": "5"}],
         "royalty": {"base": "net_sales", "period": "quarter", "tiers": [{"upto": None, "rate": "0.1"}]}}


def run(folder: Path, terms: Any, events: Any, *words: str) -> Result:
    for name, value in (("terms", terms), ("events", events)):
        (folder / f"{name}.json").write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return CliRunner().invoke(schedule_command, [str(folder / "terms.json"), str(folder / "events.json"), *words])


def test_json_is_the_answer(tmp_path: Path) -> None:
    done = run(tmp_path, TERMS, [{"type": "payment", "date": "2026-01-20", "amount": "400"}], "--as-of", "2026-02-01", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 0 and found["state"] == "active" and found["totals"]["outstanding"] == "600.00"
    assert found["obligations"][0]["because"] == "Entry fee (terms: entry fee): the agreement took effect on 1 January 2026."


def test_reasons_in_chinese(tmp_path: Path) -> None:
    done = run(tmp_path, TERMS, [], "--as-of", "2026-02-01", "--json", "--language", "zh")
    assert json.loads(done.stdout)["obligations"][0]["because"] == "入门费（条款：入门费）：协议于2026年1月1日生效。"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_table(tmp_path: Path, language: str) -> None:
    done = run(tmp_path, TERMS, [], "--as-of", "2026-04-01", "--language", language)
    assert done.exit_code == 0
    for text in ("milestone:样机", "1000.00", {"zh": "逾期", "en": "overdue"}[language], "2026-04-30"):
        assert text in done.stdout


@pytest.mark.parametrize(
    ("terms", "events", "day", "path"),
    [
        ({**TERMS, "entry_fee": 1000}, [], "2026-02-01", "terms.entry_fee"),
        (TERMS, [{"type": "converted", "date": "2026-02-01"}], "2026-02-01", "events[0].type"),
        (TERMS, [], "2026-02-30", "as_of"), (b"{", [], "2026-02-01", "terms"), (b"\xff\xfe\x00", [], "2026-02-01", "terms"),
        (b'{"currency": "CNY", "currency": "USD", "effective": "2026-01-01"}', [], "2026-02-01", "terms"), (TERMS, b"[NaN]", "2026-02-01", "events"),
        (TERMS, b"[" * 100_000, "2026-02-01", "events"), (TERMS, b"9" * 5000, "2026-02-01", "events"), (b"", [], "2026-02-01", "terms"),
    ],
)
def test_what_is_refused_is_json_too(tmp_path: Path, terms: Any, events: Any, day: str, path: str) -> None:
    done = run(tmp_path, terms, events, "--as-of", day, "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["error"]["path"] == path


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = CliRunner().invoke(schedule_command, [str(tmp_path / "no.json"), str(tmp_path), "--as-of", "2026-02-01", "--json"])
    assert done.exit_code == 1 and json.loads(done.stdout)["error"]["path"] == "terms"


def test_without_json_a_refusal_names_the_path(tmp_path: Path) -> None:
    done = run(tmp_path, {**TERMS, "entry": "1"}, [], "--as-of", "2026-02-01")
    assert done.exit_code == 1 and done.stderr.startswith("terms.entry: ")


def test_the_benchmark_measures_agreements_that_are_good() -> None:
    done = CliRunner().invoke(bench_schedule_command, ["--agreements", "20", "--json"])
    report = json.loads(done.stdout)
    assert report["agreements"] == 20 and report["seconds"] > 0 and all(value > 0 for value in report["one_of_400_milliseconds"].values())
    assert all(len(values["events"]) == 400 for name, values in bench.mixes() if name not in ("corrected_daily", "paid_daily"))
