"""The pages of facilities, experts, scenarios and their requests, looked at in both languages and by each side."""

from __future__ import annotations

import io
import json
import re

import pytest
from bs4 import BeautifulSoup
from icalendar import Calendar
from openpyxl import load_workbook

from marketplace.catalogue.experts.models import Expert
from marketplace.catalogue.facilities.models import Booking, Facility
from marketplace.catalogue.resources.rooms import ROOMS
from marketplace.catalogue.scenarios.models import Scenario
from marketplace.db import now, session
from marketplace.web import limiter
from tests import factories as make

MAKE = {"facilities": make.facility, "experts": make.expert, "scenarios": make.scenario}
TYPED = {
    "facilities": {
        "kind": "pilot_line", "title_zh": "镀膜线", "description_zh": "做涂层", "region": "330000", "trl_from": "4", "trl_to": "7", "basis": "hour",
        "price": "380.50", "currency": "CNY", "zone": "Asia/Shanghai", "hours-0": "8:30-12:00, 13:30-17:00", "accreditations": "CNAS L1234\nCMA 230",
        "closed": "2027-02-06", "fields-0": "surface_coating", "industries-0": "C3360",
    },
    "experts": {
        "kind": "special_commissioner", "title_en": "Adviser", "description_en": "Helps", "name_en": "Somebody", "speaks": ["zh", "de"], "regions-0": "330000",
        "days": "4", "consent_held": "y",
    },
    "scenarios": {"title_zh": "矿井", "description_zh": "可试涂层", "judge_zh": "矿方", "region": "610000", "trials": "2", "trl_from": "6"},
}


def host_of(resource):
    return resource.organisation.memberships[0].person


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_written_published_changed_and_read(client, room, lang):
    owner = make.person()
    make.organisation(owner, kind="institute")
    client.login(owner)
    assert client.get(f"/{lang}/{room}/new").status_code == 200
    bad = client.post(f"/{lang}/{room}/new", data={**TYPED[room], "title_zh": "", "title_en": "", "post": "1", "visibility": "public"})
    assert bad.status_code == 422
    made = client.post(f"/{lang}/{room}/new", data={**TYPED[room], "post": "1", "visibility": "public"})
    assert made.status_code == 303, made.get_data(as_text=True)
    address = made.headers["Location"]
    one = session.query(ROOMS[room].kind.model).one()
    assert address == f"/{lang}/{room}/{one.public_id}" and one.state == "published"
    for path in (address, f"{address}/edit", f"{address}/history"):
        assert client.get(path).status_code == 200
    form = BeautifulSoup(client.get(f"{address}/edit").get_data(as_text=True), "lxml").find("form", attrs={"data-guard": True})
    same = [(field["name"], field.get("value", "")) for field in form.find_all("input") if field.get("type") not in ("checkbox",) or field.has_attr("checked")]
    same += [(field["name"], field.get_text().lstrip("\n")) for field in form.find_all("textarea")]
    same += [(field["name"], option["value"]) for field in form.find_all("select") for option in field.find_all("option", selected=True)]
    before = one.revision
    data: dict = {}
    for name, value in same:
        data.setdefault(name, []).append(value)
    assert client.post(f"{address}/edit", data=data).status_code == 303
    session.expire_all()
    assert session.query(ROOMS[room].kind.model).one().revision == before, "the form says again what is kept"
    client.logout()
    assert client.get(address).status_code == 200 and client.get(f"{address}/history").status_code == 403
    assert client.get(f"{address}/edit").status_code == 303


def test_what_was_typed_is_kept_exactly(client):
    owner = make.person()
    make.organisation(owner, kind="institute")
    client.login(owner)
    client.post("/zh/facilities/new", data={**TYPED["facilities"], "visibility": "public"})
    one = session.query(Facility).one()
    assert (one.price, one.currency, one.basis, one.state) == (38050, "CNY", "hour", "draft")
    assert one.hours == {"0": [["08:30", "12:00"], ["13:30", "17:00"]]} and one.closed == ["2027-02-06"]
    assert one.accreditations == [{"scheme": "CNAS", "number": "L1234"}, {"scheme": "CMA", "number": "230"}]
    for name, typed in (("hours-0", "from nine"), ("closed", "soon"), ("accreditations", "CNAS"), ("price", "-3"), ("region", "")):
        answer = client.post("/zh/facilities/new", data={**TYPED["facilities"], "visibility": "public", name: typed})
        assert answer.status_code == 422 and "field-error" in answer.get_data(as_text=True), name


def test_two_who_edit_at_once(client):
    facility = make.facility()
    client.login(host_of(facility))
    data = {**TYPED["facilities"], "visibility": "public", "version": "99"}
    assert client.post(f"/zh/facilities/{facility.public_id}/edit", data=data).status_code == 409


def next_monday():
    from_today = now().date()
    return next(day for number in range(1, 9) if (day := from_today.fromordinal(from_today.toordinal() + number)).weekday() == 0)


def test_a_booking_from_the_page_to_the_calendar(client):
    facility, asker = make.facility(), make.person()
    make.organisation(asker)
    client.login(asker)
    page = f"/en/facilities/{facility.public_id}"
    data = {"key": "k", "text": "Coat a batch", "day": next_monday().isoformat(), "begin": "09:00", "end": "11:00"}
    assert client.get(f"{page}/ask").status_code == 200
    assert client.post(f"{page}/ask", data={**data, "begin": "05:00"}).status_code == 422
    sent = client.post(f"{page}/ask", data=data)
    assert sent.status_code == 303
    address = sent.headers["Location"]
    assert client.get(address).status_code == 200 and client.get("/zh/resource-requests").status_code == 200
    assert client.post(address, data={"verb": "accept"}).status_code == 403, "the asker does not accept his own"
    for stranger in (make.person(), make.operator(), make.broker()):
        client.login(stranger)
        assert client.get(address).status_code == 404 and client.get(f"{page}/bookings.ics").status_code == 403
    client.login(host_of(facility))
    assert client.post(address, data={"verb": "decline", "reason": ""}).status_code == 422
    assert client.post(address, data={"verb": "accept"}).status_code == 303
    shown = client.get(page).get_data(as_text=True)
    assert "09:00–11:00" in shown and client.get(f"{page}/bookings.ics").status_code == 200
    feed = re.search(r'value="https?://[^/]+(/en/facilities/calendar/[^"]+)"', shown)[1]
    client.logout()
    anonymous = client.get(feed)
    assert anonymous.mimetype == "text/calendar" and len(Calendar.from_ical(anonymous.data).walk("VEVENT")) == 1
    open_page = client.get(page).get_data(as_text=True)
    assert "09:00–11:00" in open_page and "Coat a batch" not in open_page and "calendar/" not in open_page
    client.login(host_of(facility))
    client.post(f"{page}/feed")
    client.logout()
    assert client.get(feed).status_code == 404
    assert session.query(Booking).one().state == "accepted"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_first_trial_is_offered_and_declined_with_its_code(client, lang):
    scenario, holder = make.scenario(), make.person(language=lang)
    technology = make.technology(make.organisation(holder, kind="institute"), trl=7)
    client.login(holder)
    page = f"/{lang}/scenarios/{scenario.public_id}"
    assert client.get(f"{page}/ask").status_code == 200
    address = client.post(f"{page}/ask", data={"key": "k", "technology": technology.public_id, "text": "想试"}).headers["Location"]
    client.login(host_of(scenario))
    assert technology.title[lang] in client.get(address).get_data(as_text=True)
    assert client.post(address, data={"verb": "decline", "code": ""}).status_code == 422
    assert client.post(address, data={"verb": "decline", "code": "too_early"}).status_code == 303
    assert {"zh": "还不够成熟", "en": "not mature enough yet"}[lang] in client.get(address).get_data(as_text=True)


def test_the_expert_agrees_on_the_page(client):
    officer, person = make.person(), make.person()
    house = make.organisation(officer, kind="institute")
    make.membership(person, house)
    expert = make.expert(house, state="draft", person=person, consent_held=False)
    client.login(officer)
    shown = client.get(f"/zh/experts/{expert.public_id}").get_data(as_text=True)
    assert "再次写信给专家" in shown and "我同意这样发布" not in shown
    assert client.post(f"/zh/experts/{expert.public_id}/consent").status_code == 403
    client.post(f"/zh/experts/{expert.public_id}/publish")
    client.login(person)
    assert "我同意这样发布" in client.get(f"/zh/experts/{expert.public_id}").get_data(as_text=True)
    client.post(f"/zh/experts/{expert.public_id}/consent")
    client.post(f"/zh/experts/{expert.public_id}/publish")
    assert session.query(Expert).one().state == "published"


def test_without_an_organisation_one_is_led_to_enter_it(client):
    client.login(make.person())
    for path in ("/zh/facilities/new", f"/zh/facilities/{make.facility().public_id}/ask"):
        assert client.get(path).headers["Location"].endswith("/organisations/new")


@pytest.mark.parametrize("room", ROOMS)
def test_machines_read_what_the_page_says_and_nothing_private(client, room):
    one = MAKE[room]()
    html = client.get(f"/en/{room}/{one.public_id}").get_data(as_text=True)
    data = json.loads(BeautifulSoup(html, "lxml").find("script", type="application/ld+json").string)
    assert data["@type"] == {"facilities": "Service", "experts": "Person", "scenarios": "Place"}[room] and data["url"].endswith(f"/en/{room}/{one.public_id}")
    if room == "facilities":
        price = data["offers"]["priceSpecification"]
        assert (price["price"], price["priceCurrency"], price["unitCode"]) == ("1200.00", "CNY", "DAY")
    if room == "experts":
        assert data["name"] == one.name["en"] and set(data) == {
            "@context", "@id", "@type", "url", "name", "description", "jobTitle", "affiliation", "knowsAbout", "knowsLanguage"}
    members = MAKE[room](visibility="members")
    client.login(host_of(members))
    assert "ld+json" not in client.get(f"/en/{room}/{members.public_id}").get_data(as_text=True)


def test_a_refused_publication_says_why(client):
    scenario = make.scenario(state="draft", judge={})
    client.login(host_of(scenario))
    client.post(f"/zh/scenarios/{scenario.public_id}/publish")
    assert "由谁评价" in client.get(f"/zh/scenarios/{scenario.public_id}").get_data(as_text=True)
    assert session.query(Scenario).one().state == "draft"


def test_names_of_the_columns_of_a_list(client):
    answer = client.get("/zh/scenarios.xlsx")
    sheet = load_workbook(io.BytesIO(answer.data)).worksheets[0]
    answer.close()
    said = {str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value}
    assert {"标题", "所在地", "评价方", "首试名额"} <= said


@pytest.mark.parametrize("room", ROOMS)
def test_pages_are_counted_like_all_others(client, monkeypatch, room):
    monkeypatch.setattr(limiter, "enabled", True)  # as a server has it: every view is known by its name
    one = MAKE[room]()
    client.login(host_of(one))
    assert [client.get(f"/zh/{room}/{path}").status_code for path in (one.public_id, "new", "nothing")] == [200, 200, 404]
