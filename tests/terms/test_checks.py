"""Each check finds what it is for, keeps silent beside it, and only the five rules of open licence refuse."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from marketplace.terms.checks import CHECKS, CLAUSES, CONDITIONS, OfferFacts, check
from marketplace.terms.payment import parse
from marketplace.terms.presets import PRESETS

TODAY = date(2026, 11, 21)
GRANTED = {"technology_kind": "patent", "legal_status": "in_force", "annual_fee_paid": True, "evaluation_report": True}
OPEN = {**GRANTED, "mode": "open_licence", "exclusivity": "ordinary"}
SHARE = {"period": "year", "base": "net_sales", "tiers": [{"upto": "100", "rate": "0.20"}, {"upto": None, "rate": "0.1"}]}


def codes(facts: dict[str, Any], terms: dict[str, Any] | None = None, effective: str | None = None) -> set[str]:
    written = None if terms is None else {"currency": "CNY", **terms, **({"effective": effective} if effective else {})}
    read = None if written is None else parse(written, template=not effective)
    return {finding.code for finding in check(OfferFacts(**{"starts_on": TODAY, **facts}), read)}


def share(base: str, *rates: str) -> dict[str, Any]:
    tiers = [{"upto": str(number), "rate": rate} for number, rate in enumerate(rates[:-1], 1)]
    return {"royalty": {"base": base, "period": "year", "tiers": [*tiers, {"upto": None, "rate": rates[-1]}]}}


def test_a_sound_open_licence_and_a_plain_licence_have_nothing_said_of_them() -> None:
    assert codes(OPEN, share("net_sales", "0.20")) == set()
    assert codes(GRANTED) == set()
    assert codes({"mode": "open_source"}) == set()


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"exclusivity": "sole"}, "open_licence_not_ordinary"),
        ({"exclusivity": "exclusive"}, "open_licence_not_ordinary"),
        ({"exclusive_in_force": True}, "open_licence_exclusive_in_force"),
        ({"annual_fee_paid": False}, "open_licence_annual_fee_unpaid"),
        ({"pledged": True}, "open_licence_pledged"),
        ({"legal_status": "applied"}, "open_licence_not_granted"),
        ({"technology_kind": "patent_application", "legal_status": None}, "open_licence_not_granted"),
        ({"technology_kind": "know_how"}, "open_licence_not_granted"),
    ],
)
def test_the_five_rules_of_open_licence_refuse_and_touch_no_other_licence(facts: dict[str, Any], code: str) -> None:
    findings = check(OfferFacts(starts_on=TODAY, **{**OPEN, **facts}), None)
    assert [(finding.code, finding.severity) for finding in findings] == [(code, "refuse")]
    assert code not in codes({**OPEN, **facts, "mode": "licence"})


def test_exactly_the_five_refuse_and_nothing_unverified_does() -> None:
    refusing = {item["code"] for item in CHECKS if item["severity"] == "refuse"}
    assert refusing == {
        "open_licence_not_ordinary", "open_licence_exclusive_in_force", "open_licence_annual_fee_unpaid",
        "open_licence_pledged", "open_licence_not_granted",
    }
    assert {item["code"] for item in CHECKS if item.get("unverified")} == {
        "open_licence_fixed_fee", "open_licence_sales_royalty", "open_licence_profit_royalty",
    }


def test_a_pledge_to_which_the_pledgee_consents_is_no_hindrance() -> None:
    assert codes({**OPEN, "pledged": True, "pledgee_consents": True}) == set()


@pytest.mark.parametrize("kind", ["utility_model", "design"])
def test_unexamined_rights_want_an_evaluation_report(kind: str) -> None:
    facts = {**OPEN, "patent_kind": kind, "evaluation_report": False}
    assert codes(facts) == {"open_licence_no_evaluation_report"}
    assert codes({**facts, "mode": "licence"}) == {"no_evaluation_report"}
    assert codes({**facts, "evaluation_report": True}) == codes({**facts, "evaluation_report": None}) == set()
    assert codes({**facts, "patent_kind": "invention"}) == set()


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        ({"entry_fee": "20000000"}, False),
        ({"entry_fee": "20000000.01"}, True),
        ({"entry_fee": "15000000", "milestones": [{"id": "m", "amount": "5000001"}]}, True),
        ({"entry_fee": "25000000", "cap_total": "20000000"}, False),
        ({"entry_fee": "25000000", "currency": "JPY"}, False),
        ({"trial": {"months": 3}, "conversion": {"price": "20000001"}}, True),
    ],
)
def test_fixed_fees_of_an_open_licence_have_a_limit(terms: dict[str, Any], found: bool) -> None:
    assert ("open_licence_fixed_fee" in codes(OPEN, terms)) is found
    assert "open_licence_fixed_fee" not in codes(GRANTED, terms)


@pytest.mark.parametrize(
    ("base", "limit", "above", "code"),
    [
        ("net_sales", "0.20", "0.2001", "open_licence_sales_royalty"),
        ("profit", "0.40", "0.41", "open_licence_profit_royalty"),
    ],
)
def test_royalties_of_an_open_licence_have_a_limit(base: str, limit: str, above: str, code: str) -> None:
    assert codes(OPEN, share(base, limit)) == set()
    assert codes(OPEN, share(base, "0.01", above)) == {code}
    assert codes(GRANTED, share(base, above)) == set()


LATE_TRIAL = {"trial": {"months": 10}, "conversion": {"price": "5", "silence": "convert"}}


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        ({"deferred": [{"id": "a", "amount": "1", "months": 12}]}, False),
        ({"deferred": [{"id": "a", "amount": "1", "months": 11}], "payment_days": 30}, True),
        ({"deferred": [{"id": "a", "amount": "1", "months": 11}], "payment_days": 31}, False),
        ({"deferred": [{"id": "a", "amount": "0", "months": 1}], "milestones": [{"id": "m", "amount": "1"}]}, False),
        ({"deferred": [{"id": "a", "amount": "1", "months": 6, "first_revenue": True}]}, True),
        ({"deferred": [{"id": "a", "amount": "1", "months": 6, "first_revenue": True, "which": "later"}]}, False),
        ({"instalments": [{"id": "a", "amount": "1", "due": "2027-11-20"}]}, True),
        ({"instalments": [{"id": "a", "amount": "1", "due": "2027-11-21"}]}, False),
        ({"milestones": [{"id": "a", "amount": "1"}], "conditional": [{"id": "a", "amount": "1", "deemed_days": 1}]}, False),
        (share("net_sales", "0.03"), False),
        ({"royalty": {**SHARE, "minimum_per_year": "1"}}, True),
        ({"royalty": {**SHARE, "minimum_per_year": "1", "payment_days": 9999}}, False),
        ({"trial": {"months": 3}, "conversion": {"price": "5"}, "deferred": [{"id": "a", "amount": "1", "months": 1}]}, False),
        ({**LATE_TRIAL, "trial": {"months": 3}}, True),
        ({**LATE_TRIAL, "payment_days": 60}, False),
    ],
)
def test_what_is_called_pay_after_use_is_not_owed_within_a_year_unearned(terms: dict[str, Any], found: bool) -> None:
    assert ("early_payment" in codes(GRANTED, terms)) is found


def test_an_entry_fee_is_no_early_payment_unless_the_offer_is_called_pay_after_use() -> None:
    assert codes(GRANTED, {"entry_fee": "1"}) == set()
    assert codes({**GRANTED, "called_pay_after_use": True}, {"entry_fee": "1"}) == {"early_payment"}


def test_the_year_is_counted_from_the_day_of_effect_and_never_past_the_calendar() -> None:
    instalment = {"instalments": [{"id": "a", "amount": "1", "due": "2028-01-01"}]}
    assert codes(GRANTED, instalment) == set()
    assert codes(GRANTED, instalment, effective="2027-06-01") == {"early_payment"}
    assert codes({**GRANTED, "term_months": 9999, "expires_on": date(9999, 12, 31)}, {}, effective="9999-06-01") == set()


def test_no_preset_needs_a_warning() -> None:
    for code, terms in PRESETS.items():
        facts = OPEN if code == "open_licence" else GRANTED
        assert codes(facts, {key: value for key, value in terms.items() if key != "currency"}) == set(), code


def test_a_term_ends_with_the_patent() -> None:
    assert codes({**GRANTED, "term_months": 60, "expires_on": date(2031, 11, 21)}) == set()
    assert codes({**GRANTED, "term_months": 60, "expires_on": date(2031, 11, 20)}) == {"term_beyond_expiry"}
    assert codes({**GRANTED, "term_months": 60}) == codes({**GRANTED, "expires_on": TODAY}) == set()
    late = {**GRANTED, "expires_on": date(2030, 1, 1)}
    assert codes(late, {"end": "2030-01-02"}, effective="2027-01-01") == {"term_beyond_expiry"}


def test_promotional_words_are_named_in_an_open_declaration_only() -> None:
    facts = {**OPEN, "declaration_text": "本专利国内领先，World-Class results, not misleading"}
    finding, = check(OfferFacts(starts_on=TODAY, **facts), None)
    assert finding.code == "promotional_wording"
    assert finding.message["zh"].endswith("领先、World-Class。") and "领先, World-Class." in finding.message["en"]
    assert codes({**facts, "mode": "licence"}) == set()
    assert codes({**OPEN, "declaration_text": "许可期限五年，许可费按年支付。Fee paid yearly."}) == set()


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("一种钳类器械成形专利", True), ("ZL202110123456.7 成形方法", True), ("Patented forming method", True),
        ("Patent for forming", True), ("一种钳类器械成形方法（专利申请）", False), ("A patent application on forming", False),
        ("Patent-pending forming method", False), ("非专利技术", False), ("ZLD 涂层", False), ("成形方法", False),
    ],
)
def test_what_is_only_applied_for_is_not_called_a_patent(title: str, found: bool) -> None:
    applied = {"technology_kind": "patent_application", "title": title}
    assert codes(applied) == ({"patent_word_on_application"} if found else set())
    assert codes({**GRANTED, "title": title}) == set()


def test_every_void_clause_is_found_by_its_code() -> None:
    assert set(CLAUSES) == {
        "free_grant_back", "no_competing_technology", "market_limits", "tie_in", "sourcing_limits", "no_challenge",
    }
    for clause in CLAUSES:
        finding, = check(OfferFacts(starts_on=TODAY, clauses=(clause, "audit_right")), None)
        assert finding.severity == "warn" and "article 10" in finding.source["en"]
    assert len(codes({"clauses": CLAUSES})) == len(CLAUSES)


def test_refusals_come_first_and_limits_are_written_as_each_language_does() -> None:
    facts = OfferFacts(starts_on=TODAY, **{**OPEN, "annual_fee_paid": False, "patent_kind": "design", "evaluation_report": False})
    findings = check(facts, parse({"currency": "CNY", "entry_fee": "30000000", **share("net_sales", "0.3")}, template=True))
    assert [finding.severity for finding in findings] == ["refuse", "warn", "warn", "warn"]
    said = " ".join(finding.message["zh"] + finding.message["en"] for finding in findings)
    assert "2,000 万元" in said and "¥20,000,000" in said and "20%" in said and "20 %" in said and "{" not in said


def test_every_check_has_a_condition_a_source_and_both_languages() -> None:
    assert {item["code"] for item in CHECKS} == set(CONDITIONS) and len(CHECKS) == len(CONDITIONS)
    for item in CHECKS:
        assert item["severity"] in ("refuse", "warn", "inform")
        assert all(item[text][lang] for text in ("message", "source") for lang in ("zh", "en"))
