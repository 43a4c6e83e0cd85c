"""The terms form: what is typed becomes terms, what is wrong stands beside its field, rows and presets need no script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask, render_template_string, request
from flask.testing import FlaskClient
from flask_babel import Babel, force_locale
from flask_wtf import CSRFProtect
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from marketplace.terms import views
from marketplace.terms.checks import Finding
from marketplace.terms.figures import currencies_named, small_percent, typed_amount, typed_day, typed_percent, typed_whole
from marketplace.terms.forms import COLUMNS, MOST_ROWS, PLACES, Rows, TermsForm
from marketplace.terms.payment import FORMS, forms_of, parse
from marketplace.terms.presets import PRESETS
from marketplace.terms.views import blueprint
from tests.inspection import faults
from tests.terms.test_payment import FULL, any_terms

TEMPLATES = Path(__file__).parents[2] / "templates"
TEMPLATE = {key: value for key, value in FULL.items() if key not in ("effective", "end")}
PAGE = """{% from "components/terms.html" import editor, findings, glance, words_live %}
<!doctype html><html lang="en"><head><title>Terms</title></head><body><h1>Terms</h1>{{ glance(terms, "zh") }}
<form method="post">{{ findings(found) }}{{ editor(form, "en") }}{{ words_live(said) }}<button>Save</button></form></body></html>"""
TODAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def bare() -> Flask:
    """An application of nothing but the terms."""
    app = Flask(__name__, template_folder=str(TEMPLATES))
    app.config.update(SECRET_KEY="only-for-tests", TESTING=True, WTF_CSRF_ENABLED=False)
    Babel(app, locale_selector=lambda: request.args.get("lang", "en"))
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(severity_words=views.SEVERITY_WORDS, severity_icons=views.SEVERITY_ICONS)
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
        ("1.5亿", "150000000"), ("５０万", "500000"), ("¥200,000.50", "200000.50"), ("￥２００，０００．５０", "200000.50"), ("200 000", "200000"),
        ("200\u00a0000", "200000"), ("200'000", "200000"), ("RMB 20万", "200000"), ("20万美元", "200000"), ("1" * 29 + "万", "1" * 29 + "0000"),
        ("20 00", "20 00"), ("2 5", "2 5"), ("1 200,000", "1 200,000"), ("1.2.3", "1.2.3"), ("5千", "5千"), ("0.03%", "0.03%"), ("", ""),
    ],
)
def test_amounts_are_read_as_people_type_them(text: str, amount: str) -> None:
    assert typed_amount(text) == amount


@pytest.mark.parametrize(
    ("text", "rate"), [("3", "0.03"), ("4.35%", "0.0435"), ("100", "1.00"), ("３％", "0.03"), ("3 ％", "0.03"), (".5", "0.005"), ("3 per cent", "0.03"),
                     ("-1", "-1"), ("x", "x"), ("%", "%"), ("3‰", "3‰"), ("1.2.3", "1.2.3"), ("1" * 30, "1" * 28 + ".11")]
)
def test_rates_are_typed_in_per_cent(text: str, rate: str) -> None:
    assert typed_percent(text) == rate


@pytest.mark.parametrize(("text", "number"), [("6", 6), ("６", 6), ("6 个月", 6), ("30天", 30), ("1 month", 1),
                                             ("6.5", "6.5"), ("-1", "-1"), ("six", "six"), ("1" * 50, "1" * 50)])
def test_days_are_whole_numbers(text: str, number: int | str) -> None:
    assert typed_whole(text) == number


@pytest.mark.parametrize(
    ("text", "day"),
    [("2027-06-30", "2027-06-30"), ("2027/6/3", "2027-06-03"), ("2027年6月30日", "2027-06-30"), ("２０２７.6.30", "2027-06-30"),
     ("30.6.2027", "30.6.2027"), ("soon", "soon")],
)
def test_days_are_read_as_people_write_them(text: str, day: str) -> None:
    assert typed_day(text) == day


@pytest.mark.parametrize(
    ("text", "named"),
    [("20万", None), ("¥5", {"CNY", "JPY"}), ("$5", {"USD"}), ("5元", {"CNY"}), ("20万日元", {"JPY"}), ("€5", {"EUR"}), ("$5元", set()), ("x", None)],
)
def test_the_currency_typed_with_an_amount_is_known(text: str, named: set[str] | None) -> None:
    assert currencies_named(text) == named


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


def test_an_untouched_form_agrees_nothing_and_free_is_chosen(typing: None) -> None:
    for untouched in (TermsForm(formdata=None), typed(currency="CNY"), TermsForm(as_typed(TermsForm(formdata=None)))):
        assert untouched.validate() and untouched.empty and untouched.terms is None and untouched.agreed is None
        assert views.in_words(untouched.terms)["en"] == "No payment terms are agreed yet."
    free = typed(currency="CNY", free="y")
    assert free.validate() and forms_of(free.terms) == ("free",) and free.agreed["entry_fee"] == "0.00"
    again = TermsForm(as_typed(TermsForm.of(free.agreed)))
    assert again.validate() and again.terms == free.terms and again.free.data


def test_terms_that_come_to_nothing_are_asked_about(typing: None) -> None:
    assert list(errors(typed(currency="CNY", trial_months="6"))) == ["terms-free"]
    assert list(errors(typed(currency="CNY", payment_days="45"))) == ["terms-free"]
    assert list(errors(typed(currency="CNY", entry_fee="0"))) == ["terms-free"]
    assert typed(currency="CNY", trial_months="6", free="y").validate()
    assert list(errors(typed(currency="CNY", entry_fee="5", free="y"))) == ["terms-free"]


def test_figures_of_a_royalty_that_is_not_chosen_are_told_at_the_choice_and_beside_each(typing: None) -> None:
    form = typed(currency="CNY", royalty_base="", tiers__0__rate="3", royalty_minimum_per_year="5", royalty_period="month", entry_fee="1")
    assert "no royalty" in errors(form)["terms-royalty_base"]
    told = dict(form.hints())
    assert set(told) == {"terms-tiers-0-rate", "terms-royalty_minimum_per_year", "terms-royalty_period"}
    assert all("only with a royalty" in words for words in told.values())


def test_what_hangs_on_a_trial_that_is_not_there_is_told(typing: None) -> None:
    form = typed(currency="CNY", entry_fee="1", conversion_silence="convert", conversion_window_days="10", trial_sales_counted="y")
    assert form.validate()
    assert {"terms-conversion_silence", "terms-conversion_window_days", "terms-trial_sales_counted"} <= set(dict(form.hints()))
    assert not list(typed(currency="CNY", trial_months="6", conversion_price="5", conversion_silence="convert", royalty_base="").hints())


def test_a_share_typed_for_a_per_cent_is_asked_about_and_taken_as_it_stands(typing: None) -> None:
    form = typed(currency="CNY", royalty_base="profit", royalty_period="year", tiers__0__rate="0.03", late_interest_rate="0.05%")
    assert form.validate() and form.terms.royalty.tiers[0].rate == Decimal("0.0003")
    told = dict(form.hints())
    assert list(told) == ["terms-tiers-0-rate"] and "write 3." in told["terms-tiers-0-rate"]
    assert [small_percent(text) for text in ("0.03", "1", "0", "0.5 %", "x")] == ["0.03", None, None, None, None]


def test_an_amount_in_another_currency_is_refused_beside_its_field(typing: None) -> None:
    form = typed(currency="CNY", entry_fee="$5,000", milestones__0__id="a", milestones__0__amount="20万日元", cap_total="¥5")
    assert set(errors(form)) == {"terms-entry_fee", "terms-milestones-0-amount"}
    assert typed(currency="USD", entry_fee="$5,000").validate()


def test_a_currency_without_minor_unit_takes_whole_amounts_only(typing: None) -> None:
    assert list(errors(typed(currency="JPY", entry_fee="5000.5"))) == ["terms-entry_fee"]
    form = typed(currency="JPY", entry_fee="1.5万円".removesuffix("円"))
    assert form.validate() and form.terms.entry_fee == 15000


def as_typed(form: TermsForm) -> MultiDict[str, str]:
    """What a browser would send back of a form as shown."""
    page = BeautifulSoup(render_template_string(PAGE, form=form, terms=None, said=None), "lxml")
    for hidden in page.find_all("template"):
        hidden.decompose()
    sent: MultiDict[str, str] = MultiDict()
    for field in page.find_all("input"):
        if not field.get("name"):
            continue
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
        ({"entry_fee": "-3"}, "terms-entry_fee"),
        ({"entry_fee": "1.2.3"}, "terms-entry_fee"),
        ({"entry_fee": "1e5"}, "terms-entry_fee"),
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
        ({"instalments__0__amount": "1", "instalments__0__due": "2027-02-30"}, "terms-instalments-0-due"),
        ({"royalty_base": "turnover", "tiers__0__rate": "3"}, "terms-royalty_base"),
        ({"royalty_base": "net_sales", "royalty_period": "week", "tiers__0__rate": "3"}, "terms-royalty_period"),
        ({"royalty_base": "net_sales", "royalty_tier_scope": "week", "tiers__0__rate": "3"}, "terms-royalty_tier_scope"),
        ({"trial_months": "6", "conversion_price": "1", "conversion_silence": "maybe"}, "terms-conversion_silence"),
    ],
)
def test_an_error_stands_beside_the_field_that_is_wrong(typing: None, fields: dict[str, str], name: str) -> None:
    form = typed(**{"currency": "CNY", "royalty_period": "year", **fields})
    found = errors(form)
    assert set(found) == {name} and found[name]
    assert form.terms is None


SINGLE = [f"terms-{name}" for name, _ in PLACES.values() if name not in ("effective", "end")]
LISTED = [f"terms-{kind}-0-{column}" for kind, columns in COLUMNS.items() for column in columns] + ["terms-deferred-0-moment"]
RIGHT = {
    "terms-currency": "CNY", "terms-trial_months": "6", "terms-conversion_price": "5", "terms-royalty_base": "net_sales", "terms-royalty_period": "year",
    "terms-tiers-0-rate": "3", "terms-deferred-0-amount": "1", "terms-deferred-0-months": "12", "terms-instalments-0-amount": "1",
    "terms-instalments-0-due": "2030-01-01", "terms-milestones-0-id": "a", "terms-milestones-0-amount": "1", "terms-conditional-0-id": "a",
    "terms-conditional-0-amount": "1",
}
UNJUDGED = {"terms-trial_sales_counted", *(f"terms-{kind}-0-id" for kind in ("deferred", "instalments", "milestones", "conditional"))}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([name for name in (*SINGLE, *LISTED) if name not in UNJUDGED]), st.text(max_size=29))
@example("terms-tiers-0-upto", "5")
@example("terms-royalty_per_unit", "5")
@example("terms-entry_fee", "¥")
@example("terms-cap_total", "٣")
@example("terms-payment_days", "²")
def test_whatever_is_typed_is_taken_or_refused_beside_its_own_field(bare: Flask, name: str, text: str) -> None:
    with bare.test_request_context("/", method="POST"):
        form = TermsForm(MultiDict({**RIGHT, name: text}))
        if form.validate():
            assert form.terms is not None
        else:
            assert set(dict(form.problems())) == {NEIGHBOUR.get((name, not text.strip()), name)}
        list(form.hints())
        form.read()


NEIGHBOUR = {("terms-royalty_base", True): "terms-royalty_base", ("terms-trial_months", True): "terms-conversion_price"}
"""Where it stands that a field was left empty, if another hangs on it."""


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from([*SINGLE, *LISTED, "terms-milestones-1-amount", "terms-tiers-1-upto"]), st.text(max_size=12), max_size=12))
def test_no_page_of_typed_nonsense_breaks_the_words(bare: Flask, fields: dict[str, str]) -> None:
    answer = bare.test_client().post("/terms/words", data=fields)
    assert answer.status_code == 200
    assert answer.json["zh"] or answer.json["errors"]


@pytest.mark.parametrize(
    "names",
    [
        ["terms-milestones-7-amount"], ["terms-milestones--1-amount"], ["terms-milestones-²-amount"], ["terms-milestones-" + "9" * 5000 + "-amount"],
        ["terms-milestones-99999-amount"], ["terms-milestones-x-amount", "terms-milestones-"], ["terms-milestones"], ["terms-milestones-1"],
        ["terms-milestones-٣-amount"], ["terms-tiers-0-rate-0-rate"],
    ],
)
def test_odd_names_of_rows_are_harmless(bare: Flask, names: list[str]) -> None:
    with bare.test_request_context("/", method="POST"):
        form = TermsForm(MultiDict({"terms-currency": "CNY", "terms-entry_fee": "1", **dict.fromkeys(names, "5")}))
        assert form.validate(), dict(form.problems())
        assert len(form.milestones) <= 1
    assert bare.test_client().post("/terms/words", data={"terms-currency": "CNY", **dict.fromkeys(names, "5")}).status_code == 200


def test_a_row_far_down_is_the_first_when_there_are_none_before_it(typing: None) -> None:
    form = typed(currency="CNY", milestones__7__amount="x", milestones__9__amount="5")
    assert list(errors(form)) == ["terms-milestones-0-amount"]


@pytest.mark.parametrize("kind", COLUMNS)
def test_rows_beyond_the_most_are_told_and_not_lost_in_silence(typing: None, kind: str) -> None:
    column = "rate" if kind == "tiers" else "amount"
    form = TermsForm(MultiDict({"terms-currency": "CNY", **{f"terms-{kind}-{n}-{column}": "1" for n in range(5000)}}))
    assert isinstance(form[kind], Rows) and len(form[kind]) == MOST_ROWS
    assert "4960 more" in errors(form)[f"terms-{kind}-{MOST_ROWS - 1}-{column}"]


AGREED = {**FULL, "effective": "2027-01-15", "end": "2031-01-14", "instalments": [{"id": "i", "amount": "6", "due": "2028-01-15"}]}


def test_the_terms_of_an_agreement_survive_the_same_form(typing: None) -> None:
    form = TermsForm.of(AGREED)
    assert form.agreement
    again = TermsForm(as_typed(form), agreement=True)
    assert again.validate(), dict(again.problems())
    assert again.terms == parse(AGREED, template=False) and again.agreed["effective"] == "2027-01-15"


def test_an_agreement_begins_with_the_terms_of_the_offer_and_wants_its_day(typing: None) -> None:
    form = TermsForm.of(TEMPLATE, agreement=True)
    assert form.effective.data is None
    sent = as_typed(form)
    assert list(errors(TermsForm(sent, agreement=True))) == ["terms-effective"]
    again = TermsForm(MultiDict({**sent, "terms-effective": "2025年6月3日", "terms-end": "2030/1/2"}), agreement=True)
    assert again.validate(), dict(again.problems())
    assert (again.terms.effective, again.terms.end) == (date(2025, 6, 3), date(2030, 1, 2))


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"effective": "", "end": ""}, "terms-effective"), ({"effective": "soon"}, "terms-effective"), ({"end": "2026-01-01"}, "terms-end"),
        ({"instalments__0__amount": "1", "instalments__0__due": "2026-01-01"}, "terms-instalments-0-due"), ({"entry_fee": ""}, "terms-free"),
    ],
)
def test_what_an_agreement_says_wrong_stands_beside_its_field(typing: None, fields: dict[str, str], name: str) -> None:
    given = {"currency": "CNY", "entry_fee": "5", "effective": "2027-01-01", **fields}
    form = TermsForm(MultiDict({_name(key): value for key, value in given.items()}), agreement=True)
    assert list(errors(form)) == [name]


def test_an_offer_has_no_days_of_an_agreement(typing: None) -> None:
    form = typed(currency="CNY", entry_fee="1", effective="2027-01-01", end="x")
    assert form.validate() and form.terms.effective is None and "effective" not in form


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


def preset(app: Flask, code: str, data: Any) -> TermsForm:
    """The form after the button of a preset was pressed over these fields."""
    with app.test_request_context("/", method="POST", data=MultiDict([*MultiDict(data).items(multi=True), ("terms-preset", code)])):
        form = TermsForm()
        assert form.pressed()
        return form


FORMS_OF_PRESETS = {
    "milestones_and_royalty": ("milestone", "royalty", "pay_after_use"), "deferral": ("deferred", "pay_after_use"),
    "trial_then_pay": ("trial_then_pay", "pay_after_use"), "trial_and_royalty": ("royalty", "trial_then_pay", "pay_after_use"),
    "royalty": ("royalty", "pay_after_use"), "milestone": ("milestone", "pay_after_use"), "conditional": ("conditional", "pay_after_use"),
    "open_licence": ("royalty", "pay_after_use"), "instalments": ("instalments", "pay_after_use"), "upfront": ("upfront",), "free": ("free",),
}


def test_there_is_a_preset_for_every_form_of_payment_named_in_both_languages() -> None:
    assert set(PRESETS) == set(FORMS_OF_PRESETS) and next(iter(PRESETS)) == "milestones_and_royalty"
    assert {form for forms in FORMS_OF_PRESETS.values() for form in forms} == set(FORMS)
    for one in PRESETS.values():
        assert all(text[lang] and "\n" not in text[lang] for text in (one.name, one.purpose) for lang in ("zh", "en"))
        assert forms_of(parse(one.template("CNY", TODAY), template=True)) == FORMS_OF_PRESETS[one.code]


@pytest.mark.parametrize("code", FORMS_OF_PRESETS)
def test_a_preset_fills_the_form_and_keeps_the_currency(bare: Flask, code: str) -> None:
    form = preset(bare, code, {"terms-currency": "EUR", "terms-entry_fee": "7", "terms-buyout_price": "9"})
    with bare.test_request_context("/", method="POST"):
        assert form.validate(), dict(form.problems())
        assert forms_of(form.terms) == FORMS_OF_PRESETS[code] and form.terms.currency == "EUR" and not form.terms.buyout


def test_a_preset_does_not_lose_what_was_typed_without_a_word(bare: Flask) -> None:
    typed_before = {"terms-currency": "EUR", "terms-entry_fee": "７", "terms-milestones-0-id": "a&b=1", "terms-milestones-0-amount": "二", "x": "y"}
    form = preset(bare, "upfront", typed_before)
    with bare.test_request_context("/", method="POST"):
        page = BeautifulSoup(render_template_string(PAGE, form=form, terms=None, said=None), "lxml")
        assert page.find("button", attrs={"name": "terms-undo"}) and page.find("input", attrs={"name": "terms-before"})["value"]
        sent = as_typed(form)
    looked = preset(bare, "royalty", sent)  # another ready-made form, not changed between: the first words are still there
    with bare.test_request_context("/", method="POST", data=MultiDict([*as_typed_in(bare, looked).items(multi=True), ("terms-undo", "1")])):
        back = TermsForm()
        assert back.pressed() and (back.entry_fee.data, back.currency.data, back.before.data or "") == ("７", "EUR", "")
        assert [(row.form["id"].data, row.form.amount.data) for row in back.milestones] == [("a&b=1", "二")]


def as_typed_in(app: Flask, form: TermsForm) -> MultiDict[str, str]:
    with app.test_request_context("/", method="POST"):
        return as_typed(form)


def test_a_preset_over_an_empty_form_offers_nothing_to_take_back(bare: Flask) -> None:
    assert preset(bare, "upfront", {"terms-currency": "CNY", "terms-payment_days": "30"}).before.data == ""


def test_whatever_is_sent_as_taken_back_is_harmless(bare: Flask) -> None:
    for kept in ("", "%%%", "terms-milestones-²-amount=1", "&".join(f"terms-tiers-{n}-rate=1" for n in range(200)), "\x00=\x00"):
        with bare.test_request_context("/", method="POST", data={"terms-undo": "1", "terms-before": kept}):
            assert TermsForm().pressed()


def test_the_editor_is_a_sound_page_in_which_every_field_stands_once(typing: None) -> None:
    form = TermsForm.of(TEMPLATE)
    page = render_template_string(PAGE, form=form, terms=TEMPLATE, said={"zh": "甲", "en": "B"})
    assert faults(page) == []
    soup = BeautifulSoup(page, "lxml")
    blanks = [template.decode_contents() for template in soup.select(".terms-editor template")]
    assert len(blanks) == 5 and all("__index__" in blank for blank in blanks)
    for template in soup.find_all("template"):
        template.decompose()
    shown = [field["name"] for field in soup.find_all(["input", "select"])]
    shown = [name for name in shown if name not in ("terms-before",)]
    leaves = [field for row in [form, *(entry.form for kind in ("deferred", "instalments", "milestones", "conditional", "tiers")
                                        for entry in form[kind])] for field in row]
    assert sorted(shown) == sorted(field.name for field in leaves if field.type not in ("Rows", "FieldList") and field.name != "terms-before")
    assert soup.find(class_="terms").b.text and soup.find(attrs={"data-words": "zh"}).text == "甲"
    described = {name for field in soup.find_all(attrs={"aria-describedby": True}) for name in field["aria-describedby"].split()}
    assert described <= {tag["id"] for tag in soup.find_all(attrs={"id": True})}


def test_errors_of_folded_lines_are_unfolded(typing: None) -> None:
    form = typed(currency="CNY", royalty_base="profit", royalty_period="year", tiers__0__rate="3", royalty_statement_days="x")
    assert not form.validate()
    page = BeautifulSoup(render_template_string(PAGE, form=form, terms=None, said=None), "lxml")
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
    assert answer.status_code == 200 and answer.json["en"] == "No payment terms are agreed yet."


def test_refusals_of_parse_are_translatable(bare: Flask) -> None:
    with bare.test_request_context("/?lang=zh", method="POST"), force_locale("zh"):
        found = errors(typed(currency="CNY", entry_fee="1.005"))
        assert "%(" not in found["terms-entry_fee"] and "2" in found["terms-entry_fee"]


def test_findings_and_slips_stand_beside_their_fields_and_in_the_summary(browser: FlaskClient) -> None:
    data = {"terms-currency": "CNY", "terms-entry_fee": "3000万", "mode": "open_licence", "exclusivity": "sole", "terms-late_interest_rate": "0.05",
            "abstract_zh": "国内领先", "annual_fee": "unpaid", "pledge": "no_consent", "exclusive_in_force": "y", "kind": "patent_application"}
    said = browser.post("/terms/words", data=data).json
    assert {name: [note["severity"] for note in notes] for name, notes in said["notes"].items()} == {
        "terms-entry_fee": ["warn"], "exclusivity": ["refuse"], "annual_fee": ["refuse"], "pledge": ["refuse"], "exclusive_in_force": ["refuse"],
        "kind": ["refuse"], "abstract_zh": ["warn"], "terms-late_interest_rate": ["inform"],
    }
    assert said["notes"]["terms-entry_fee"][0]["unverified"] and said["notes"]["terms-entry_fee"][0]["source"]
    assert [finding["fields"] for finding in said["findings"] if finding["severity"] == "warn"] == [["terms-entry_fee"], ["abstract_zh"]]
    assert [finding["severity"] for finding in said["findings"]][:5] == ["refuse"] * 5


def test_the_page_shows_severity_by_icon_word_and_source_at_the_row_and_in_a_summary_that_leads_there(typing: None) -> None:
    form = typed(currency="CNY", milestones__0__id="a", milestones__0__amount="1", milestones__1__id="b", milestones__1__amount="2")
    finding = Finding("x", "warn", {"zh": "甲", "en": "Too much."}, {"zh": "乙", "en": "The guide"}, True, ("milestones[1].amount", "nowhere"))
    found = views.note([finding], form, TermsForm(prefix="other-"), "en")
    page = BeautifulSoup(render_template_string(PAGE, form=form, terms=None, said=None, found=found), "lxml")
    note = page.find(id="terms-milestones-1-amount-notes")
    assert note.find(class_="note-icon").text == "!" and note.b.text == "Warning:" and "Too much." in note.text
    assert "The guide" in note.small.text and "not verified" in note.small.text
    assert not page.find(id="terms-milestones-0-amount-notes").text.strip()
    summary = page.find(attrs={"data-findings": True})
    assert not summary.has_attr("hidden") and summary.li.a["href"] == "#terms-milestones-1-amount" and "Warning" in summary.li.text
    assert page.find(id="terms-milestones-1-amount")


def test_an_agreement_is_said_with_its_days_while_it_is_typed(browser: FlaskClient) -> None:
    data = {"terms-currency": "CNY", "terms-entry_fee": "5", "terms-effective": "2027-01-01", "terms-end": "2028-01-01"}
    assert "In effect from 1 January 2027 to 1 January 2028." in browser.post("/terms/words", data=data).json["en"]
