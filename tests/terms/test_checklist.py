"""An operator's checks: added and changed as data, for a region or for all, and refused with file, entry and field."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from marketplace.config import SettingsError, read
from marketplace.terms import checklist, checks
from marketplace.terms.checklist import JUDGES, read_checks
from marketplace.terms.checks import CONDITIONS, Check, OfferFacts
from marketplace.terms.payment import parse

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "checks.example.toml"
TODAY = date(2026, 11, 21)
TERMS = parse({"currency": "CNY", "royalty": {"base": "net_sales", "period": "year", "tiers": [{"upto": None, "rate": "0.16"}]}}, template=True)

WHOLE = """
[[check]]
code = "mine"
when = "royalty_above"
base = "net_sales"
rate = "0.15"
severity = "inform"
fields = ["royalty.tiers"]
source = {zh = "来源", en = "Source"}
message = {zh = "高于 {limit}。", en = "Above {limit}."}
"""


def written(folder: Path, text: str, name: str = "own.toml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read_checks(written(folder, text))
    return caught.value.faults


def found(own: tuple[Check, ...], terms: Any = TERMS, **facts: Any) -> dict[str, str]:
    said = checks.check(OfferFacts(**{"starts_on": TODAY, **facts}), terms, own)
    return {finding.code: finding.severity for finding in said}


def test_the_example_of_the_docs_is_read_and_quoted_as_it_is() -> None:
    own = read_checks(EXAMPLE)
    assert EXAMPLE.read_text("utf-8").strip() in (DOCS / "checks.md").read_text("utf-8")
    assert found(own, region="610000") == {"shaanxi_royalty": "inform"}
    assert found(own, region="330000") == found(own) == {}
    later = OfferFacts(starts_on=TODAY, region="610000", mode="open_licence", texts={"abstract_zh": "秦创原首选成果，国内领先"})
    said = {finding.code: finding for finding in checks.check(later, None, own)}
    assert "秦创原首选" in said["promotional_wording"].message["zh"] and "领先" in said["promotional_wording"].message["zh"]


def test_the_docs_name_every_condition_and_key() -> None:
    text = (DOCS / "checks.md").read_text("utf-8")
    assert [name for name in (*CONDITIONS, *JUDGES) if f"`{name}`" not in text] == []


def test_a_new_check_holds_in_its_region_only(tmp_path: Path) -> None:
    own = read_checks(written(tmp_path, WHOLE + 'region = "610000"\n'))
    assert found(own, region="610000") == {"mine": "inform"}
    assert found(own, region="330000") == found(own, region=None) == {}
    finding, = checks.check(OfferFacts(starts_on=TODAY, region="610000"), TERMS, own)
    assert finding.message == {"zh": "高于 15%。", "en": "Above 15 %."} and finding.places == ("royalty.tiers[0].rate",)


def test_a_known_code_takes_over_what_it_leaves_out_in_its_region_or_everywhere(tmp_path: Path) -> None:
    regional = '[[check]]\ncode = "early_payment"\nregion = "610000"\nseverity = "inform"\nmonths = 6\n'
    terms = parse({"currency": "CNY", "deferred": [{"id": "a", "amount": "1", "months": 4}]}, template=True)
    later = parse({"currency": "CNY", "deferred": [{"id": "a", "amount": "1", "months": 8}]}, template=True)
    own = read_checks(written(tmp_path, regional))
    assert found(own, terms, region="610000") == {"early_payment": "inform"}
    assert found(own, later, region="610000") == {} and found(own, later, region="330000") == {"early_payment": "warn"}
    shipped = next(one for one in own if one.code == "early_payment" and one.region is None)
    mine = next(one for one in own if one.region)
    assert (mine.source, mine.when, mine.given) == (shipped.source, shipped.when, {"months": 6})
    everywhere = read_checks(written(tmp_path, '[[check]]\ncode = "early_payment"\nseverity = "inform"\n'))
    assert found(everywhere, later, region="330000") == {"early_payment": "inform"}


def test_of_several_days_the_last_in_force_counts(tmp_path: Path) -> None:
    text = "".join(
        f'[[check]]\ncode = "open_licence_sales_royalty"\nrate = "{rate}"\nin_force = {day}\n'
        for rate, day in (("0.10", "2027-01-01"), ("0.30", "2026-01-01"))
    )
    own = read_checks(written(tmp_path, text))

    def limit(day: date) -> Decimal:
        one, = (one for one in checks.holding(own, None, day) if one.code == "open_licence_sales_royalty")
        return one.given["rate"]

    assert [limit(date(2025, 1, 1)), limit(date(2026, 6, 1)), limit(date(2027, 1, 1))] == [Decimal("0.20"), Decimal("0.30"), Decimal("0.10")]


def test_a_folder_is_read_by_names_and_other_files_are_left_alone(tmp_path: Path) -> None:
    written(tmp_path, '[[check]]\ncode = "mine"\nseverity = "warn"\n', "b.toml")
    written(tmp_path, WHOLE, "a.toml")
    written(tmp_path, "not toml at all [", "README.txt")
    own = read_checks(tmp_path)
    assert found(own) == {"mine": "warn"} and [one.origin for one in own if one.code == "mine"] == ["a.toml, entry 1", "b.toml, entry 1"]


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        (('when = "royalty_above"', 'when = "royalty_over"'), "when", "no condition 'royalty_over'"),
        (('when = "royalty_above"\n', ""), "when", "is missing"),
        (('zh = "高于 {limit}。", ', ""), "message", "is missing in zh"),
        (('zh = "来源"', 'zh = " "'), "source", "is missing in zh"),
        (('en = "Source"', 'en = "Source", fr = "Source"'), "source", "fr"),
        (('severity = "inform"', 'severity = "refuse"\nunverified = true'), "severity", "never refuse"),
        (('severity = "inform"', 'severity = "forbid"'), "severity", "refuse, warn, inform"),
        (('rate = "0.15"', "rate = 0.15"), "rate", "as text"),
        (('rate = "0.15"', 'rate = "15"'), "rate", "share"),
        (('rate = "0.15"\n', ""), "rate", "needs it"),
        (('base = "net_sales"', 'base = "turnover"'), "base", "net_sales, profit, units"),
        (('fields = ["royalty.tiers"]', 'fields = ["royalty.rate"]'), "fields", "some of"),
        (('fields = ["royalty.tiers"]', "fields = []"), "fields", "some of"),
        (('code = "mine"', 'code = "Mine!"'), "code", "small letters"),
        (('code = "mine"', "code = 5"), "code", "small letters"),
        (('severity = "inform"', 'severity = "inform"\nregion = "610100"'), "region", "GB/T 2260"),
        (('severity = "inform"', 'severity = "inform"\nregion = ["610000"]'), "region", "GB/T 2260"),
        (('severity = "inform"', 'severity = "inform"\nin_force = "2027-01-01"'), "in_force", "without quotes"),
        (('severity = "inform"', 'severity = "inform"\nmodes = ["lease"]'), "modes", "some of"),
        (('severity = "inform"', 'severity = "inform"\nmonths = 3'), "months", "means nothing"),
        (('severity = "inform"', 'severity = "inform"\ncolour = "red"'), "colour", "no such key"),
        (("Above {limit}", "Above {amount}"), "message", "{limit}"),
        (("Above {limit}", "Above {limit"), "message", "{limit}"),
        (("Above {limit}", "Above {limit.__class__}"), "message", "{limit}"),
    ],
)
def test_a_wrong_entry_is_refused_with_file_entry_and_field(tmp_path: Path, change: tuple[str, str], field: str, words: str) -> None:
    fault, = faults(tmp_path, WHOLE.replace(*change, 1))
    assert re.match(rf"MARKETPLACE_CHECKS: own\.toml, entry 1( \(\S+\))?, {field}: ", fault) and words in fault


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    text = WHOLE.replace('rate = "0.15"', 'rate = "x"') + '[[check]]\ncode = "early_payment"\nwhen = "wording"\n' + WHOLE + WHOLE
    told = faults(tmp_path, text)
    assert [re.search(r"entry (\d+) .*?, (\w+):", fault).groups() for fault in told] == [  # type: ignore[union-attr]
        ("1", "rate"), ("2", "when"), ("4", "code"),
    ]
    assert "given twice" in told[-1]


def test_an_unverified_figure_of_ours_cannot_be_made_to_refuse(tmp_path: Path) -> None:
    stricter = '[[check]]\ncode = "open_licence_fixed_fee"\nseverity = "refuse"\n'
    fault, = faults(tmp_path, stricter)
    assert "severity" in fault and "unverified = false" in fault
    own = read_checks(written(tmp_path, stricter + "unverified = false\n"))
    assert found(own, parse({"currency": "CNY", "entry_fee": "20000001"}, template=True), mode="open_licence") == {"open_licence_fixed_fee": "refuse"}


@pytest.mark.parametrize(
    ("text", "words"), [("[[check]", "not TOML"), ("[check]\na = 1\n", "[[check]]"), ("checks = 1\n", "[[check]]"), ("check = [1]\n", "[[check]]")]
)
def test_a_file_that_is_no_list_of_checks_is_refused(tmp_path: Path, text: str, words: str) -> None:
    fault, = faults(tmp_path, text)
    assert fault.startswith("MARKETPLACE_CHECKS: own.toml: ") and words in fault


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="UTF-8"):
        read_checks(tmp_path)
    (tmp_path / "own.toml").unlink()
    with pytest.raises(SettingsError, match=r"no \.toml file"):
        read_checks(tmp_path)


def test_the_setting_is_read_at_the_start(tmp_path: Path) -> None:
    base = {"MARKETPLACE_DATA": str(tmp_path), "SECRET_KEY": "x" * 40}
    with pytest.raises(SettingsError, match="MARKETPLACE_CHECKS"):
        read({**base, "MARKETPLACE_CHECKS": str(tmp_path / "nowhere")})
    try:
        checklist.configure(read({**base, "MARKETPLACE_CHECKS": str(written(tmp_path, WHOLE))}))
        assert [finding.code for finding in checklist.check(OfferFacts(starts_on=TODAY), TERMS)] == ["mine"]
    finally:
        checklist.configure(read(base))
    assert checklist.check(OfferFacts(starts_on=TODAY), TERMS) == []
