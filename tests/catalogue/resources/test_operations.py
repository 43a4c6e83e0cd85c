"""Facilities, experts and scenarios: who writes them, what is refused, the expert's consent, and what the days do."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from marketplace.access import SYSTEM, VISITOR, may, visible_to
from marketplace.alerts.models import Mail
from marketplace.catalogue.experts import operations as experts
from marketplace.catalogue.resources import expiring, operations
from marketplace.catalogue.resources.rooms import ROOMS
from marketplace.db import session
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.record import history
from tests import factories as make
from tests.factories import NOW
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")

VALUES = {
    "facilities": {
        "title": {"zh": "镀膜线"}, "description": {"zh": "做涂层"}, "kind": "pilot_line", "region": "330000", "trl_from": 4, "trl_to": 7, "accreditations": [],
        "price": 100, "currency": "CNY", "basis": "hour", "zone": "Asia/Shanghai", "hours": make.OPEN_HOURS, "closed": [],
    },
    "experts": {
        "title": {"zh": "涂层顾问"}, "description": {"zh": "治脱落"}, "kind": "consultant", "name": {"zh": "甲"}, "speaks": ["zh"], "regions": [],
        "consent_held": True, "person_id": None, "days": 3, "available_from": None, "available_until": None,
    },
    "scenarios": {
        "title": {"zh": "矿井"}, "description": {"zh": "可试涂层"}, "judge": {"zh": "矿方"}, "region": "610000", "trials": 1, "trl_from": 6,
        "opens_on": None, "closes_on": None,
    },
}
MAKE = {"facilities": make.facility, "experts": make.expert, "scenarios": make.scenario}


def written(room, person=None, house=None, **values):
    person = person or make.person()
    house = house or make.organisation(person, kind="institute")
    return person, operations.create(person, ROOMS[room].kind, house, NOW, **{**VALUES[room], **values})


@pytest.mark.parametrize("room", ROOMS)
def test_from_draft_to_withdrawn_and_back(room):
    person, one = written(room)
    kind, stranger = ROOMS[room].kind, make.person()
    for step in (lambda: operations.publish(stranger, kind, one, NOW), lambda: operations.edit(stranger, kind, one, NOW, title={"zh": "新"}),
                 lambda: operations.by_public_id(stranger, kind.model, one.public_id)):
        with pytest.raises((NotFound, NotAllowed)):
            step()
    operations.publish(person, kind, one, NOW)
    assert one.state == "published" and one.published == NOW
    assert operations.by_public_id(VISITOR, kind.model, one.public_id) is one
    operations.edit(person, kind, one, NOW, title={"zh": "新标题", "en": "New"})
    operations.withdraw(person, one, NOW)
    with pytest.raises(Refused):
        operations.withdraw(person, one, NOW)
    operations.publish(person, kind, one, NOW)
    assert [[name for name, *_ in change.fields] for change in history(one)] == [["title"], []] and one.revision == 2


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("visibility", ["public", "members"])
def test_who_reads_is_the_same_in_sql(room, visibility):
    owner, stranger, verified, unverified = make.person(), make.person(), make.person(), make.person()
    make.organisation(verified)
    make.organisation(unverified, state="unverified")
    house = make.organisation(owner, kind="institute")
    actors = (VISITOR, SYSTEM, owner, stranger, verified, unverified, make.broker(), make.operator())
    for state in ("draft", "published", "withdrawn", "expired"):
        one = MAKE[room](house, state=state, visibility=visibility)
        for who in actors:
            model = type(one)
            found = session.query(model).filter(model.id == one.id, visible_to(who, model)).count() == 1
            assert found == may(who, "listing.read", one), (state, who)
        assert may(stranger, "listing.read", one) == (state == "published" and visibility == "public")


@pytest.mark.parametrize(("room", "values", "field"), [
    ("facilities", {"title": {}}, "title_zh"), ("facilities", {"trl_from": 8}, "trl_to"), ("facilities", {"price": None}, "price"),
    ("facilities", {"basis": "request"}, "price"), ("facilities", {"zone": "Mars/Base"}, "zone"), ("facilities", {"visibility": "blind"}, "visibility"),
    ("facilities", {"fields": ["nonsense"]}, "fields"), ("facilities", {"industries": ["Z99"]}, "industries"), ("facilities", {"region": "000000"}, "region"),
    ("facilities", {"accreditations": [{"scheme": "CNAS", "number": ""}]}, "accreditations"), ("facilities", {"kind": "other"}, "kind"),
    ("experts", {"name": {}}, "name_zh"), ("experts", {"days": 32}, "days"), ("experts", {"regions": ["000000"]}, "regions"),
    ("experts", {"available_from": date(2027, 2, 1), "available_until": date(2027, 1, 1)}, "available_until"),
    ("scenarios", {"trials": 0}, "trials"), ("scenarios", {"opens_on": date(2027, 2, 1), "closes_on": date(2027, 1, 1)}, "closes_on"),
])
def test_what_is_refused_of_a_draft(room, values, field):
    with pytest.raises(Refused) as refused:
        written(room, **values)
    assert refused.value.field == field


@pytest.mark.parametrize(("room", "values", "field"), [
    ("facilities", {"hours": {}}, "hours"), ("facilities", {"description": {}}, "description_zh"), ("experts", {"consent_held": False}, "consent_held"),
    ("experts", {"available_until": date(2026, 1, 1)}, "available_until"), ("scenarios", {"judge": {}}, "judge_zh"),
    ("scenarios", {"closes_on": date(2026, 1, 1)}, "closes_on"), ("scenarios", {"listed_until": date(2026, 1, 1)}, "listed_until"),
])
def test_what_is_kept_as_a_draft_and_not_published(room, values, field):
    person, one = written(room, **values)
    with pytest.raises(Refused) as refused:
        operations.publish(person, ROOMS[room].kind, one, NOW)
    assert refused.value.field == field and one.state == "draft"


def test_an_expert_with_an_account_agrees_himself_and_again_when_another_changes_the_text():
    officer, expert = make.person(), make.person(language="en")
    house = make.organisation(officer, kind="institute")
    make.membership(expert, house)
    session.expire(house, ["memberships"])
    _, one = written("experts", officer, house, person_id=expert.id, consent_held=False)
    kind = ROOMS["experts"].kind
    work()
    asked = session.query(Mail).filter_by(template="expert_consent", person_id=expert.id).one()
    assert f"/en/experts/{one.public_id}" in asked.body
    with pytest.raises(Refused, match="has not agreed"):
        operations.publish(officer, kind, one, NOW)
    with pytest.raises(NotAllowed):
        experts.consent(officer, one, NOW)
    experts.consent(expert, one, NOW)
    operations.publish(officer, kind, one, NOW)
    operations.edit(officer, kind, one, NOW, title={"zh": "更大的头衔"})
    assert (one.state, one.consented) == ("withdrawn", None)
    with pytest.raises(Refused, match="has not agreed"):
        operations.publish(officer, kind, one, NOW)
    operations.edit(expert, kind, one, NOW, title={"zh": "我自己的说法"})
    operations.publish(officer, kind, one, NOW)
    operations.withdraw(expert, one, NOW)  # what concerns his own person he ends himself
    assert one.state == "withdrawn" and one.consented == NOW


def test_an_expert_is_a_member_of_the_house_that_lends_him():
    with pytest.raises(Refused) as refused:
        written("experts", person_id=make.person().id)
    assert refused.value.field == "person"


def test_the_database_refuses_a_person_listed_without_consent():
    expert = make.expert(consent_held=False, state="draft")
    session.flush()
    with pytest.raises(IntegrityError):
        session.query(type(expert)).filter_by(id=expert.id).update({"state": "published"})


def test_the_days_end_listings_and_bookings():
    past, today = NOW.date() - timedelta(days=1), NOW.date()
    gone = [make.facility(listed_until=past), make.expert(listed_until=past), make.scenario(closes_on=past)]
    stay = [make.facility(listed_until=today), make.scenario(closes_on=today), make.expert()]
    over = make.booking(starts=NOW - timedelta(hours=9), state="accepted")
    running = make.booking(starts=NOW - timedelta(hours=7), state="accepted")
    waiting = make.booking(starts=NOW - timedelta(hours=9))
    for job in (expiring.expire_resources, expiring.finish_bookings):
        for _ in job(NOW):
            pass
    assert {one.state for one in gone} == {"expired"} and {one.state for one in stay} == {"published"}
    assert [one.state for one in (over, running, waiting)] == ["done", "accepted", "requested"]
