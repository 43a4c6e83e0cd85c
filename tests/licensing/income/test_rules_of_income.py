"""Rules are data: the version in force on a day, those of a region beside the nation's, and an operator's file with every fault named."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from marketplace.config import SettingsError, read
from marketplace.licensing.income import rules

DAY = date(2026, 9, 1)
RULE = """
[[rule]]
code = "inventors_share"
when = "share"
of = "inventors"
floor = "0.60"
region = "610000"
severity = "refuse"
in_force = 2026-01-01
source = {zh = "办法", en = "Measures"}
message = {zh = "不低于 {floor}，这里是 {given}", en = "at least {floor}, here {given}"}
"""


def file_of(tmp_path, text):
    path = tmp_path / "rules.toml"
    path.write_text(text, "utf-8")
    return path


def held(found, region, day=DAY):
    return {(rule.code, rule.region) for rule in rules.holding(found, region, day)}


def test_the_nations_rules_hold_everywhere_and_a_regions_beside_them():
    found = rules.read_rules(None)
    nation = {("inventors_share", None), ("self_implementation", None), ("deductions", None)}
    assert held(found, "110000") == nation
    assert held(found, "330000") == nation | {("inventors_share", "330000"), ("transfer_staff_share", "330000")}
    assert held(found, "330000", date(2015, 9, 30)) == set()
    assert all(rule.severity != "refuse" and rule.otherwise != "refuse" for rule in found if rule.unverified)


def test_an_operators_rule_is_added_and_a_later_version_takes_over(tmp_path):
    later = RULE.replace("0.60", "0.75").replace("2026-01-01", "2026-10-01")
    found = rules.read_rules(file_of(tmp_path, RULE + later))
    for day, floor in ((date(2026, 9, 30), "0.60"), (date(2026, 10, 1), "0.75")):
        own = next(rule for rule in rules.holding(found, "610000", day) if rule.region)
        assert own.floor == Decimal(floor) and own.origin.startswith("rules.toml")
    assert held(found, "610000", date(2025, 12, 31)) == held(found, "110000")


def test_a_rule_of_the_same_code_region_and_day_is_replaced(tmp_path):
    same = RULE.replace('region = "610000"\n', "").replace("2026-01-01", "2015-10-01")
    found = rules.read_rules(file_of(tmp_path, same))
    assert [rule.floor for rule in found if (rule.code, rule.region) == ("inventors_share", None)] == [Decimal("0.60")]


def test_severity_depends_on_who_founded_the_institute():
    held_rules = rules.holding(rules.read_rules(None), "110000", DAY)
    shares = {"inventors": Decimal("0.4"), "school": Decimal("0.6")}
    assert [one.severity for one in rules.findings(held_rules, True, shares, [])] == ["refuse"]
    assert [one.severity for one in rules.findings(held_rules, False, shares, [])] == ["warn"]
    found = rules.findings(held_rules, True, {"inventors": Decimal("0.5")}, ["tax", "other"], Decimal("0.05"))
    assert [(one.rule.code, one.given) for one in found] == [("deductions", "other")]
    assert "Anything" in found[0].said("en", {"other": "Anything"})


@pytest.mark.parametrize(("change", "said"), [
    (("floor = \"0.60\"\n", ""), "floor: is missing"), (('"0.60"', '"1.5"'), "floor: must be a share"), (('"0.60"', "0.6"), "floor: must be a share"),
    (("2026-01-01", '"2026-01-01"'), "in_force: must be a date"), (("610000", "999"), "region: must be a region"),
    ((', en = "Measures"', ""), "source: must be"), (('when = "share"', 'when = "never"'), "when: must be one of"),
    (('of = "inventors"', 'of = "nobody"'), "of: must be one of"), (("severity = \"refuse\"", "severity = \"refuse\"\nunverified = true"), "never refuse"),
    (("code =", "colour ="), "there is no such key"), (("code = \"inventors_share\"", "code = \"inventors_share\"\nyears = [3, 5]"), "means nothing"),
    (("[[rule]]", "[[check]]"), "nothing else"), (("[[rule]]", "[[rule"), "not TOML"),
])
def test_every_fault_of_a_file_is_named(tmp_path, change, said):
    with pytest.raises(SettingsError, match="MARKETPLACE_INCOME_RULES") as refused:
        rules.read_rules(file_of(tmp_path, RULE.replace(*change)))
    assert said in str(refused.value)


def test_the_setting_names_a_file_that_is_there(tmp_path):
    with pytest.raises(SettingsError, match="MARKETPLACE_INCOME_RULES"):
        read({"MARKETPLACE_DATA": str(tmp_path), "MARKETPLACE_INCOME_RULES": str(tmp_path / "none.toml"), "MARKETPLACE_ENCODERS": "none"})
    path = file_of(tmp_path, RULE)
    found = read({"MARKETPLACE_DATA": str(tmp_path), "MARKETPLACE_INCOME_RULES": str(path), "MARKETPLACE_ENCODERS": "none", "SECRET_KEY": "x" * 40})
    assert found.income_rules == path.resolve()
