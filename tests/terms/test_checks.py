"""Each check finds what it is for, keeps silent beside it, and only the five rules of open licence refuse."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from marketplace.catalogue import models
from marketplace.catalogue.forms import TechnologyForm
from marketplace.terms import checks
from marketplace.terms.checklist import check, in_force
from marketplace.terms.checks import CONDITIONS, FIELDS, TEXTS, OfferFacts, standing_facts
from marketplace.terms.payment import parse
from marketplace.terms.presets import PRESETS

TODAY = date(2026, 11, 21)
CHECKS = in_force()
CLAUSES = tuple(one.given["clause"] for one in CHECKS if one.when == "clause")
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
    refusing = {one.code for one in CHECKS if one.severity == "refuse"}
    assert refusing == {
        "open_licence_not_ordinary", "open_licence_exclusive_in_force", "open_licence_annual_fee_unpaid",
        "open_licence_pledged", "open_licence_not_granted",
    }
    assert {one.code for one in CHECKS if one.unverified} == {
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
    for code, preset in PRESETS.items():
        assert codes(OPEN if code == "open_licence" else GRANTED, preset.template("CNY", TODAY)) == set(), code


def test_a_term_ends_with_the_patent() -> None:
    assert codes({**GRANTED, "term_months": 60, "expires_on": date(2031, 11, 21)}) == set()
    assert codes({**GRANTED, "term_months": 60, "expires_on": date(2031, 11, 20)}) == {"term_beyond_expiry"}
    assert codes({**GRANTED, "term_months": 60}) == codes({**GRANTED, "expires_on": TODAY}) == set()
    late = {**GRANTED, "expires_on": date(2030, 1, 1)}
    assert codes(late, {"end": "2030-01-02"}, effective="2027-01-01") == {"term_beyond_expiry"}


def test_promotional_words_are_named_in_an_open_declaration_only() -> None:
    facts = {**OPEN, "texts": {"abstract_zh": "本专利国内领先", "abstract_en": "World-Class results, not misleading", "title_zh": "领先"}}
    finding, = check(OfferFacts(starts_on=TODAY, **facts), None)
    assert finding.code == "promotional_wording"
    assert finding.message["zh"].endswith("领先、World-Class。") and "领先, World-Class." in finding.message["en"]
    assert codes({**facts, "mode": "licence"}) == set()
    assert finding.places == ("abstract_zh", "abstract_en")
    assert codes({**OPEN, "texts": {"abstract_zh": "许可期限五年，许可费按年支付。", "advantages_en": "Fee paid yearly."}}) == set()


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("一种钳类器械成形专利", True), ("ZL202110123456.7 成形方法", True), ("Patented forming method", True),
        ("Patent for forming", True), ("一种钳类器械成形方法（专利申请）", False), ("A patent application on forming", False),
        ("Patent-pending forming method", False), ("非专利技术", False), ("ZLD 涂层", False), ("成形方法", False),
    ],
)
def test_what_is_only_applied_for_is_not_called_a_patent(title: str, found: bool) -> None:
    for place in ("title_zh", "title_en", "advantages_zh"):
        applied = {"technology_kind": "patent_application", "texts": {place: title}}
        findings = check(OfferFacts(starts_on=TODAY, **applied), None)
        assert [(finding.code, finding.places) for finding in findings] == ([("patent_word_on_application", (place,))] if found else [])
        assert codes({**GRANTED, "texts": {place: title}}) == set()


def test_every_void_clause_is_found_by_its_code() -> None:
    assert set(CLAUSES) == {
        "free_grant_back", "no_competing_technology", "market_limits", "tie_in", "sourcing_limits", "no_challenge",
    }
    for clause in CLAUSES:
        finding, = check(OfferFacts(starts_on=TODAY, clauses=(clause, "audit_right")), None)
        assert finding.severity == "warn" and "article 10" in finding.source["en"]
    assert len(codes({"clauses": CLAUSES})) == len(CLAUSES)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("被许可方的改进成果无偿归许可方", "void_grant_back"), ("Improvements are granted back free of charge.", "void_grant_back"),
        ("被许可方不得采用竞争技术", "void_ban_on_competing_technology"), ("限制销售价格", "void_market_limits"),
        ("必须同时购买本校的设备", "void_tie_in"), ("原料只能向许可方采购", "void_sourcing_limits"), ("The licensee must also buy the resin.", "void_tie_in"),
        ("被许可方不得质疑专利权的有效性", "void_no_challenge"),
    ],
)
def test_a_void_clause_is_found_by_the_words_it_is_written_in(text: str, code: str) -> None:
    finding, = check(OfferFacts(starts_on=TODAY, texts={"applications_zh": text}), None)
    assert (finding.code, finding.severity, finding.places) == (code, "warn", ("applications_zh",))


def test_refusals_come_first_and_limits_are_written_as_each_language_does() -> None:
    facts = OfferFacts(starts_on=TODAY, **{**OPEN, "annual_fee_paid": False, "patent_kind": "design", "evaluation_report": False})
    findings = check(facts, parse({"currency": "CNY", "entry_fee": "30000000", **share("net_sales", "0.3")}, template=True))
    assert [finding.severity for finding in findings] == ["refuse", "warn", "warn", "warn"]
    said = " ".join(finding.message["zh"] + finding.message["en"] for finding in findings)
    assert "2,000 万元" in said and "¥20,000,000" in said and "20%" in said and "20 %" in said and "{" not in said


def test_every_check_has_a_condition_a_source_and_both_languages() -> None:
    assert {one.when for one in CHECKS} == set(CONDITIONS)
    assert len({one.code for one in CHECKS}) == len(CHECKS)
    for one in CHECKS:
        assert one.severity in ("refuse", "warn", "inform") and one.fields
        assert all(text[lang] for text in (one.message, one.source) for lang in ("zh", "en"))


@pytest.mark.parametrize(
    ("facts", "terms", "places"),
    [
        ({**OPEN, "exclusivity": "sole"}, None, ("exclusivity",)),
        ({**OPEN, "exclusive_in_force": True}, None, ("exclusive_in_force",)),
        ({**OPEN, "annual_fee_paid": False}, None, ("annual_fee",)),
        ({**OPEN, "pledged": True}, None, ("pledge",)),
        ({**OPEN, "legal_status": "applied"}, None, ("legal_status",)),
        ({**OPEN, "technology_kind": "patent_application"}, None, ("kind",)),
        ({**OPEN, "patent_kind": "design", "evaluation_report": False}, None, ("evaluation_report",)),
        (OPEN, {"entry_fee": "1", "milestones": [{"id": "a", "amount": "2"}, {"id": "b", "amount": "20000000"}]}, ("milestones[1].amount",)),
        (OPEN, share("net_sales", "0.1", "0.3", "0.4"), ("royalty.tiers[1].rate", "royalty.tiers[2].rate")),
        (GRANTED, {"deferred": [{"id": "a", "amount": "1", "months": 12}, {"id": "b", "amount": "1", "months": 3}]}, ("deferred[1].months",)),
        (GRANTED, {"royalty": {**SHARE, "minimum_per_year": "1"}}, ("royalty.minimum_per_year",)),
        ({**GRANTED, "term_months": 12, "expires_on": TODAY}, None, ("term_months",)),
    ],
)
def test_a_finding_names_the_place_where_it_stands(facts: dict[str, Any], terms: dict[str, Any] | None, places: tuple[str, ...]) -> None:
    read = parse({"currency": "CNY", **terms}, template=True) if terms else None
    finding, = check(OfferFacts(**{"starts_on": TODAY, **facts}), read)
    assert finding.places == places


def test_the_end_of_an_agreement_is_where_a_term_beyond_expiry_stands() -> None:
    terms = parse({"currency": "CNY", "effective": "2027-01-01", "end": "2030-01-02", "entry_fee": "1"}, template=False)
    finding, = check(OfferFacts(starts_on=TODAY, expires_on=date(2030, 1, 1)), terms)
    assert finding.places == ("end",)


def test_what_is_said_of_the_standing_becomes_facts_and_unsaid_is_not_known() -> None:
    assert standing_facts({}) == {
        "annual_fee_paid": None, "evaluation_report": None, "pledged": False, "pledgee_consents": False, "exclusive_in_force": False,
    }
    said = {"annual_fee": "unpaid", "evaluation_report": "no", "pledge": "no_consent", "exclusive_in_force": "y"}
    assert codes({**OPEN, **standing_facts(said)}) == {
        "open_licence_annual_fee_unpaid", "open_licence_pledged", "open_licence_exclusive_in_force",
    }
    assert codes({**OPEN, **standing_facts({"annual_fee": "paid", "pledge": "consent", "evaluation_report": "yes"})}) == set()


def test_the_codes_are_those_of_the_catalogue_and_the_fields_those_of_its_form() -> None:
    assert (checks.MODES, checks.EXCLUSIVITIES, checks.PATENT_KINDS) == (models.MODES, models.EXCLUSIVITIES, models.PATENT_KINDS)
    asked = {name for name in vars(TechnologyForm) if not name.startswith("_")}
    around = FIELDS[:FIELDS.index("currency")]
    assert all(name in asked or (name in TEXTS and f"{name}_zh" in asked) for name in around)
