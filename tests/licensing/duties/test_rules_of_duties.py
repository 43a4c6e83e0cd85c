"""Rules of duties: what is shipped, what an operator adds, every fault named; an unverified figure never refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from marketplace.config import SettingsError
from marketplace.licensing.duties import operations, rules
from tests import factories
from tests.factories import NOW
from tests.licensing.agreement.parties import parties
from tests.licensing.duties.parties import negotiated, published

OWN = """
[[rule]]
code = "own"
when = "notice_days"
region = "330000"
days = {days}
severity = "refuse"
in_force = 2026-01-01
source = {{zh = "某办法", en = "a measure"}}
message = {{zh = "不少于 {{days}} 日", en = "at least {{days}} days"}}
"""


def test_the_nations_rules_hold_in_its_provinces_alone_and_from_their_day():
    day = date(2026, 1, 1)
    assert rules.in_force("notice_days", "330000", day).days == 15 and rules.in_force("recordal", "610000", day).months == 3
    assert [rules.in_force("notice", region, day) for region in ("DE", "710000", "810000", None)] == [None] * 4
    assert rules.in_force("notice_days", "330000", date(2016, 2, 25)) is None
    assert all(not one.unverified or one.severity != "refuse" for one in rules.read_rules(None))


def test_a_rule_of_a_region_stands_before_the_nations_and_is_kept(app, settings, tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OWN.format(days=20), "utf-8")
    try:
        rules.configure(replace(settings, duty_rules=path))
        assert rules.in_force("notice_days", "330000", NOW.date()).said("zh") == "不少于 20 日"
        assert rules.in_force("notice_days", "110000", NOW.date()).days == 15
        who = parties()
        agreement = negotiated(who)
        with pytest.raises(operations.Refused, match="at least 20 days|at least %"):
            published(who, agreement, days=15)
        assert published(who, agreement).days == 20
    finally:
        rules.configure(settings)


def test_an_unverified_rule_leaves_shorter_notices_to_the_institute(app):
    who = parties()
    assert published(who, negotiated(who), days=5).days == 5
    other = parties(licensor=factories.organisation(factories.person(), kind="institute", region="DE"))
    assert published(other, negotiated(other)).days == 15


@pytest.mark.parametrize(("change", "said"), [
    ('days = 15', "days: is missing"), ('when = "notice_days"', "when: must be one of"), ('in_force = 2026-01-01', "in_force: is missing"),
    ('region = "330000"', "region: must be a region"), ('severity = "refuse"', "unverified figure may warn"),
])
def test_every_fault_of_a_file_is_named(tmp_path, change, said):
    wrong = {"days = 15": "", 'when = "notice_days"': 'when = "nothing"', "in_force = 2026-01-01": "", 'region = "330000"': 'region = "999999"',
             'severity = "refuse"': 'severity = "refuse"\nunverified = true'}[change]
    path = tmp_path / "own.toml"
    path.write_text(OWN.format(days=15).replace(change, wrong), "utf-8")
    with pytest.raises(SettingsError, match=said):
        rules.read_rules(path)
