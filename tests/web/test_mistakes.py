"""What is wrong with a refused form is listed above it, each mistake with a link into its field, and said first in the page's title."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from werkzeug.datastructures import MultiDict
from wtforms import FieldList, Form, FormField, HiddenField, RadioField, SelectMultipleField, StringField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput

from marketplace.mistakes import mistakes
from tests import factories as make
from tests.inspection import InspectingClient


class Row(Form):
    """A row of the form below."""

    what = StringField("What", [InputRequired("missing")])


class Everything(Form):
    """One field of each kind that is rendered in its own way."""

    hidden = HiddenField("Hidden", [InputRequired("missing")])
    way = RadioField("Way", [InputRequired("missing")], choices=[("a", "A"), ("b", "B")])
    some = SelectMultipleField("Some", [InputRequired("missing")], choices=[("a", "A")], option_widget=CheckboxInput())
    list = SelectMultipleField("List", [InputRequired("missing")], choices=[("a", "A")])
    words = FieldList(StringField("Word", [InputRequired("missing")]), min_entries=2)
    rows = FieldList(FormField(Row), min_entries=2)
    one = FormField(Row)


def test_a_mistake_names_its_field_its_row_and_the_control_that_mends_it() -> None:
    form = Everything(MultiDict({"words-0": "x", "rows-0-what": "x"}))
    assert not form.validate()
    found = [(str(one.label), one.row, one.place) for one in mistakes(form)]
    assert found == [
        ("Hidden", 0, ""), ("Way", 0, "way-0"), ("Some", 0, "some-0"), ("List", 0, "list"), ("Word", 2, "words-1"), ("What", 2, "rows-1-what"),
        ("What", 0, "one-what"),
    ]
    form.rows.errors = [*form.rows.errors, "two rows at least"]
    assert [one.place for one in mistakes(form) if one.message == "two rows at least"] == ["rows-0-what"]


@pytest.mark.parametrize(("path", "data", "places"), [
    ("/zh/sign-up", {"name": "", "address": ""}, {"name", "address", "password"}),
    ("/en/needs/new", {"title_zh": "长" * 121, "targets-1-quantity": "Burr", "targets-1-wanted": "x", "budget_min": "much"},
     {"title_zh", "targets-1-wanted", "budget_min"}),
    ("/en/needs/new", {"title_zh": "毛刺", "targets-0-quantity": "Burr", "targets-0-wanted": "9e-1000000", "targets-0-today": "1E1000000"},
     {"targets-0-wanted", "targets-0-today"}),
    ("/zh/needs/new", {"title_zh": "毛刺", "targets-0-quantity": "毛刺", "targets-0-wanted": "x"}, {"targets-0-wanted"}),
    ("/zh/technologies/new", {"title_zh": "毛刺", "terms-entry_fee": "dear", "mode": "licence"}, {"visibility", "terms-entry_fee"}),
])
def test_a_refused_form_leads_to_its_mistakes(
    client: InspectingClient, session: Any, path: str, data: dict[str, str], places: set[str]
) -> None:
    if "sign-up" not in path:
        owner = make.person()
        make.organisation(owner, kind="institute")
        client.login(owner)
    answer = client.post(path, data=data)  # the client looks whether each place is on the page
    page = BeautifulSoup(answer.get_data(as_text=True), "lxml")
    summary = page.select_one(".error-summary[role=alert][tabindex='-1']")
    assert answer.status_code == 422 and page.title.get_text().startswith("Error: " if path.startswith("/en") else "有误：")
    assert path.startswith("/en") or "Not a" not in summary.get_text(), "in the language of the page"
    assert places <= {link["href"][1:] for link in summary.find_all("a")}
    for place in places:
        assert page.find(id=place).get("aria-invalid") == "true" and page.find(id=place).name in ("input", "select", "textarea")
    assert "Error" not in BeautifulSoup(client.get(path).get_data(as_text=True), "lxml").title.get_text()
