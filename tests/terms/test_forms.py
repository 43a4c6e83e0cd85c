"""The terms form: what is typed becomes terms, what is wrong stands beside its field, rows and presets need no script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask, render_template_string, request
from flask.testing import FlaskClient
from flask_babel import Babel, force_locale
from flask_wtf import CSRFProtect
from hypothesis import given, settings
from werkzeug.datastructures import MultiDict

from marketplace.terms.forms import PRESET_NAMES, TermsForm, typed_amount, typed_percent, typed_whole
from marketplace.terms.payment import forms_of, parse
from marketplace.terms.presets import PRESETS
from marketplace.terms.views import blueprint
from tests.inspection import faults
from tests.terms.test_payment import FULL, any_terms

TEMPLATES = Path(__file__).parents[2] / "templates"
TEMPLATE = {key: value for key, value in FULL.items() if key not in ("effective", "end")}
PAGE = """{% from "components/terms.html" import editor, glance, words_live %}
<!doctype html><html lang="en"><head><title>Terms</title></head><body><h1>Terms</h1>{{ glance(terms, "zh") }}
<form method="post">{{ editor(form) }}{{ words_live(said) }}<button>Save</button></form></body></html>"""


@pytest.fixture(scope="module")
def bare() -> Flask:
    """An application of nothing but the terms."""
    app = Flask(__name__, template_folder=str(TEMPLATES))
    app.config.update(SECRET_KEY="only-for-tests", TESTING=True, WTF_CSRF_ENABLED=False)
    Babel(app, locale_selector=lambda: request.args.get("lang", "en"))
    app.register_blueprint(blueprint)
    return app


@pytest.fixture
def typing(bare: Flask) -> Iterator[None]:
    """Inside a request."""
    with bare.test_request_context("/", method="POST"):
        yield


def typed(**fields: str) -> TermsForm:
    """The form as it comes back with these fields (`milestones_0_id` is terms-milestones-0-id)."""
    return TermsForm(MultiDict({_name(key): value for key, value in fields.items()}))


def _name(key: str) -> str:
    kind, *rest = key.split("__")
    return "-".join(["terms", kind, *rest])


def errors(form: TermsForm) -> dict[str, str]:
    assert not form.validate()
    return dict(form.problems())


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("200000", "200000"), ("200,000", "200000"), ("1,234,567.80", "1234567.80"), ("20万", "200000"), ("20 万元", "200000"),
        ("1.25 亿", "125000000"), ("¥5,000", "5000"), ("５０００", "5000"), ("200，000", "200000"), ("0.5", "0.5"), (".5", "0.5"),
        ("0.00001万", "0.1"), ("20,00", "20,00"), ("1,5", "1,5"), ("-3", "-3"), ("abc", "abc"), ("万", "万"), (".", "."), ("1e5", "1e5"),
    ],
)
def test_amounts_are_read_as_people_type_them(text: str, amount: str) -> None:
    assert typed_amount(text) == amount


@pytest.mark.parametrize(
    ("text", "rate"), [("3", "0.03"), ("4.35%", "0.0435"), ("100", "1.00"), ("３％", "0.03"), ("-1", "-1"), ("x", "x")]
)
def test_rates_are_typed_in_per_cent(text: str, rate: str) -> None:
    assert typed_percent(text) == rate


@pytest.mark.parametrize(("text", "number"), [("6", 6), ("６", 6), ("6.5", "6.5"), ("-1", "-1"), ("six", "six"), ("1" * 50, "1" * 50)])
def test_days_are_whole_numbers(text: str, number: int | str) -> None:
    assert typed_whole(text) == number


def test_what_is_typed_becomes_terms(typing: None) -> None:
    form = typed(
        currency="CNY", trial_months="6", conversion_price="20万", conversion_window_days="30", conversion_silence="lapse",
        milestones__0__id="小试", milestones__0__amount="80,000", milestones__1__id="", milestones__1__amount="",
        milestones__7__id="", milestones__7__amount="20万",
        deferred__0__amount="5", deferred__0__months="12", deferred__0__moment="later",
        royalty_base="net_sales", royalty_period="half", tiers__0__rate="5", tiers__0__upto="100万", tiers__1__rate="3",
        cap_total="50万", late_interest_rate="4.35", payment_days="30",
    )
    assert form.to_terms() == {
        "currency": "CNY", "payment_days": 30, "cap_total": "500000", "trial": {"months": 6, "sales_counted": False},
        "conversion": {"price": "200000", "window_days": 30, "silence": "lapse"},
        "milestones": [{"id": "小试", "amount": "80000"}, {"id": "1", "amount": "200000"}],
        "deferred": [{"id": "1", "amount": "5", "months": 12, "first_revenue": True, "which": "later"}],
        "royalty": {"base": "net_sales", "period": "half", "tier_scope": "lifetime", "statement_days": 30, "payment_days": 30,
                    "tiers": [{"rate": "0.05", "upto": "1000000"}, {"rate": "0.03", "upto": None}]},
        "late_interest": {"annual_rate": "0.0435"},
    }
    assert form.validate() and form.terms == parse(form.to_terms(), template=True)


def test_an_untouched_form_says_that_nothing_is_owed(typing: None) -> None:
    form = TermsForm(formdata=None)
    assert form.validate() and forms_of(form.terms) == ("free",)


def as_typed(form: TermsForm) -> MultiDict[str, str]:
    """What a browser would send back of a form as shown."""
    page = BeautifulSoup(render_template_string(PAGE, form=form, terms=None, said=None), "html5lib")
    for hidden in page.find_all("template"):
        hidden.decompose()
    sent: MultiDict[str, str] = MultiDict()
    for field in page.find_all("input"):
        if field.get("type") != "checkbox" or field.has_attr("checked"):
            sent.add(field["name"], field.get("value", ""))
    for choice in page.find_all("select"):
        sent.add(choice["name"], (choice.find("option", selected=True) or choice.find("option"))["value"])
    return sent


def named(terms: dict[str, Any]) -> dict[str, Any]:
    """A template of terms whose fees have names that a person would type, and no `which` where nobody asks."""
    template = {key: value for key, value in terms.items() if key not in ("effective", "end")}
    for kind in ("deferred", "instalments", "milestones", "conditional"):
        for number, fee in enumerate(template.get(kind, [])):
            fee["id"] = f"{kind} {number}"
            if not fee.get("first_revenue"):
                fee.pop("which", None)
    return template


def test_terms_survive_the_form(typing: None) -> None:
    again = TermsForm(as_typed(TermsForm.of(TEMPLATE)))
    assert again.validate(), dict(again.problems())
    assert again.terms == parse(TEMPLATE, template=True)


@settings(max_examples=40, deadline=None)
@given(any_terms())
def test_any_terms_survive_the_form(bare: Flask, terms: dict[str, Any]) -> None:
    template = named(terms)
    with bare.test_request_context("/", method="POST"):
        again = TermsForm(as_typed(TermsForm.of(template)))
        assert again.validate(), dict(again.problems())
        assert again.terms == parse(template, template=True)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"entry_fee": "ten"}, "terms-entry_fee"),
        ({"entry_fee": "1.005"}, "terms-entry_fee"),
        ({"currency": "GBP"}, "terms-currency"),
        ({"trial_months": "half"}, "terms-trial_months"),
        ({"conversion_price": "5"}, "terms-conversion_price"),
        ({"trial_months": "6", "conversion_window_days": "-1"}, "terms-conversion_window_days"),
        ({"milestones__0__id": "a"}, "terms-milestones-0-amount"),
        (
            {"milestones__0__id": "a", "milestones__0__amount": "1", "milestones__1__id": "a", "milestones__1__amount": "2"},
            "terms-milestones-1-id",
        ),
        ({"milestones__0__id": "", "milestones__1__id": "b", "milestones__1__amount": "x"}, "terms-milestones-1-amount"),
        ({"deferred__0__amount": "1"}, "terms-deferred-0-months"),
        ({"deferred__0__amount": "1", "deferred__0__months": "2", "deferred__0__moment": "never"}, "terms-deferred-0-moment"),
        ({"instalments__0__amount": "1"}, "terms-instalments-0-due"),
        ({"conditional__0__amount": "1", "conditional__0__deemed_days": "soon"}, "terms-conditional-0-deemed_days"),
        ({"tiers__0__rate": "3"}, "terms-royalty_base"),
        ({"royalty_base": "net_sales"}, "terms-tiers-0-rate"),
        ({"royalty_base": "net_sales", "tiers__0__rate": "101"}, "terms-tiers-0-rate"),
        ({"royalty_base": "net_sales", "tiers__0__rate": "3", "tiers__1__rate": "2"}, "terms-tiers-0-upto"),
        ({"royalty_base": "net_sales", "tiers__0__rate": "3", "tiers__0__upto": "5"}, "terms-tiers-0-upto"),
        ({"royalty_base": "net_sales", "tiers__0__rate": "3", "royalty_per_unit": "1"}, "terms-royalty_per_unit"),
        ({"royalty_base": "units"}, "terms-royalty_per_unit"),
        ({"royalty_base": "units", "royalty_per_unit": "1", "tiers__0__rate": "3"}, "terms-tiers-0-rate"),
        ({"royalty_minimum_per_year": "5"}, "terms-royalty_base"),
        ({"buyout_price": "x"}, "terms-buyout_price"),
        ({"late_interest_rate": "101"}, "terms-late_interest_rate"),
        ({"cap_total": "1" * 31}, "terms-cap_total"),
        ({"payment_days": "10000"}, "terms-payment_days"),
    ],
)
def test_an_error_stands_beside_the_field_that_is_wrong(typing: None, fields: dict[str, str], name: str) -> None:
    form = typed(**{"currency": "CNY", "royalty_period": "year", **fields})
    found = errors(form)
    assert set(found) == {name} and found[name]
    assert form.terms is None


def test_rows_are_added_and_taken_away_by_buttons(bare: Flask) -> None:
    fields = {
        "terms-milestones-0-id": "a", "terms-milestones-0-amount": "1", "terms-milestones-1-id": "b", "terms-milestones-1-amount": "2",
    }
    with bare.test_request_context("/", method="POST", data={**fields, "terms-add": "milestones"}):
        form = TermsForm()
        assert form.pressed() and [row.name for row in form.milestones] == [
            "terms-milestones-0", "terms-milestones-1", "terms-milestones-2",
        ]
    with bare.test_request_context("/", method="POST", data={**fields, "terms-remove": "terms-milestones-0"}):
        form = TermsForm()
        assert form.pressed() and form.to_terms()["milestones"] == [{"id": "b", "amount": "2"}]
    for nothing in ({}, {"terms-add": "", "save": "1"}):
        with bare.test_request_context("/", method="POST", data={**fields, **nothing}):
            assert not TermsForm().pressed()
    with bare.test_request_context("/", method="POST", data={"terms-add": "secrets", "terms-remove": "terms-currency"}):
        assert TermsForm().pressed()


def test_presets_fill_the_form_and_keep_the_currency(bare: Flask) -> None:
    assert set(PRESETS) == set(PRESET_NAMES)
    expected = {
        "milestones_and_royalty": ("milestone", "royalty", "pay_after_use"), "deferral": ("deferred", "pay_after_use"),
        "trial_then_pay": ("trial_then_pay", "pay_after_use"), "upfront": ("upfront",), "open_licence": ("royalty", "pay_after_use"),
    }
    for code, forms in expected.items():
        data = {"terms-preset": code, "terms-currency": "EUR", "terms-entry_fee": "7", "terms-buyout_price": "9"}
        with bare.test_request_context("/", method="POST", data=data):
            form = TermsForm()
            assert form.pressed() and form.validate(), code
            assert form.terms == parse({**PRESETS[code], "currency": "EUR"}, template=True)
            assert forms_of(form.terms) == forms


def test_the_editor_is_a_sound_page_in_which_every_field_stands_once(typing: None) -> None:
    form = TermsForm.of(TEMPLATE)
    page = render_template_string(PAGE, form=form, terms=TEMPLATE, said={"zh": "甲", "en": "B"})
    assert faults(page) == []
    soup = BeautifulSoup(page, "html5lib")
    blanks = [template.decode_contents() for template in soup.find_all("template")]
    assert len(blanks) == 5 and all("__index__" in blank for blank in blanks)
    for template in soup.find_all("template"):
        template.decompose()
    shown = [field["name"] for field in soup.find_all(["input", "select"])]
    leaves = [field for row in [form, *(entry.form for kind in ("deferred", "instalments", "milestones", "conditional", "tiers")
                                        for entry in form[kind])] for field in row]
    assert sorted(shown) == sorted(field.name for field in leaves if field.type != "FieldList")
    assert soup.find(class_="terms").b.text and soup.find(attrs={"data-words": "zh"}).text == "甲"
    described = {name for field in soup.find_all(attrs={"aria-describedby": True}) for name in [field["aria-describedby"]]}
    assert described <= {tag["id"] for tag in soup.find_all(attrs={"id": True})}


def test_errors_of_folded_lines_are_unfolded(typing: None) -> None:
    form = typed(currency="CNY", royalty_base="profit", royalty_period="year", tiers__0__rate="3", royalty_statement_days="x")
    assert not form.validate()
    page = BeautifulSoup(render_template_string(PAGE, form=form, terms=None, said=None), "html5lib")
    place = page.find(attrs={"data-error-for": "terms-royalty_statement_days"})
    assert place.text and place.find_parent("details").has_attr("open")
    assert not page.find(attrs={"data-error-for": "terms-buyout_price"}).find_parent("details").has_attr("open")


def test_typed_names_are_escaped(typing: None) -> None:
    terms = {"currency": "CNY", "milestones": [{"id": "<b>x", "amount": "1"}]}
    page = render_template_string(PAGE, form=TermsForm.of(terms), terms=terms, said=None)
    assert "<b>x" not in page and "&lt;b&gt;x" in page


@pytest.fixture
def browser(bare: Flask) -> FlaskClient:
    return bare.test_client()


def test_words_are_given_in_both_languages_while_they_are_typed(browser: FlaskClient) -> None:
    data = {"terms-currency": "CNY", "terms-trial_months": "6", "terms-royalty_base": "net_sales", "terms-royalty_period": "quarter",
            "terms-tiers-0-rate": "3", "terms-cap_total": "50万"}
    said = browser.post("/terms/words", data=data).json
    assert said["zh"].startswith("免费试用 6 个月；转正后按净销售额 3% 提成，总额不超过 50 万元。")
    assert said["en"].startswith("Free trial of 6 months; after conversion 3 % of net sales, at most ¥500,000 in all.")
    assert said["glance"]["en"]["label"] == "Pay after use" and said["glance"]["zh"]["label"] == "先用后付"
    assert said["errors"] == {} and said["findings"] == []


def test_what_is_wrong_is_told_by_field_name_and_nothing_is_said(browser: FlaskClient) -> None:
    answer = browser.post("/terms/words", data={"terms-currency": "CNY", "terms-entry_fee": "ten"})
    assert answer.status_code == 200 and list(answer.json["errors"]) == ["terms-entry_fee"]
    assert answer.json["zh"] == answer.json["en"] == "" and answer.json["glance"] is None


def test_findings_come_in_the_language_of_the_page(browser: FlaskClient) -> None:
    data = {"terms-currency": "CNY", "terms-entry_fee": "3000万", "mode": "open_licence", "exclusivity": "sole", "term_months": "x"}
    for lang, word in (("zh", "普通许可"), ("en", "ordinary")):
        findings = browser.post(f"/terms/words?lang={lang}", data=data).json["findings"]
        assert [finding["code"] for finding in findings] == ["open_licence_not_ordinary", "open_licence_fixed_fee"]
        assert word in findings[0]["message"] and findings[1]["unverified"]


def test_words_change_nothing_so_get_is_not_answered_and_the_token_may_come_by_header() -> None:
    app = Flask(__name__, template_folder=str(TEMPLATES))
    app.config.update(SECRET_KEY="only-for-tests", TESTING=True)
    Babel(app)
    CSRFProtect(app)
    app.register_blueprint(blueprint)
    app.add_url_rule("/token", view_func=lambda: render_template_string("{{ csrf_token() }}"))
    browser = app.test_client()
    assert browser.get("/terms/words").status_code == 405
    assert browser.post("/terms/words", data={"terms-currency": "CNY"}).status_code == 400
    token = browser.get("/token").text
    answer = browser.post("/terms/words", data={"terms-currency": "CNY"}, headers={"X-CSRFToken": token})
    assert answer.status_code == 200 and answer.json["en"] == "Free of charge."


def test_refusals_of_parse_are_translatable(bare: Flask) -> None:
    with bare.test_request_context("/?lang=zh", method="POST"), force_locale("zh"):
        found = errors(typed(currency="CNY", entry_fee="1.005"))
        assert "%(" not in found["terms-entry_fee"] and "2" in found["terms-entry_fee"]
