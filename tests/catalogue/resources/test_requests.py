"""Bookings, requests for experts and applications for first trials: asked by one side, answered by the other, and told to both."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from icalendar import Calendar
from sqlalchemy.exc import IntegrityError

from marketplace.alerts.models import Mail
from marketplace.catalogue.experts import operations as experts
from marketplace.catalogue.facilities import operations as facilities
from marketplace.catalogue.facilities.calendars import calendar_of
from marketplace.catalogue.facilities.models import Booking
from marketplace.catalogue.facilities.operations import Wanted
from marketplace.catalogue.resources import listing, operations
from marketplace.catalogue.scenarios import operations as scenarios
from marketplace.db import session
from marketplace.errors import NotAllowed, NotFound, Refused
from tests import factories as make
from tests.factories import NOW
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")

MONDAY = date(2026, 11, 9)
MORNING = Wanted(MONDAY, time(9), MONDAY, time(11))


def sides():
    """A facility with its host, and somebody who asks for his workshop."""
    host, asker = make.person(), make.person(language="en")
    return make.facility(make.organisation(host, kind="service_provider")), host, asker, make.organisation(asker)


def host_of(resource):
    return resource.organisation.memberships[0].person


def asked(facility, asker, house, wanted=MORNING, key="k"):
    return facilities.ask(asker, facility, house, wanted, "试镀", key, NOW)


def test_a_booking_is_asked_for_on_the_clock_of_the_place():
    facility, _host, asker, house = sides()
    booking = asked(facility, asker, house)
    assert (booking.state, booking.starts, booking.ends) == ("requested", datetime(2026, 11, 9, 1, tzinfo=UTC), datetime(2026, 11, 9, 3, tzinfo=UTC))
    assert asked(facility, asker, house) is booking, "the same form sent twice"
    berlin = make.facility(zone="Europe/Berlin")
    assert asked(berlin, asker, house).starts == datetime(2026, 11, 9, 8, tzinfo=UTC)


@pytest.mark.parametrize(("wanted", "field"), [
    (Wanted(MONDAY, time(7), MONDAY, time(9)), "begin"), (Wanted(MONDAY, time(9), MONDAY, time(19)), "end"),
    (Wanted(date(2026, 11, 14), time(9), date(2026, 11, 14), time(10)), "begin"), (Wanted(MONDAY, time(11), MONDAY, time(9)), "last_day"),
    (Wanted(date(2026, 11, 2), time(9), date(2026, 11, 2), time(10)), "day"), (Wanted(date(2028, 1, 3), time(9), date(2028, 1, 3), time(10)), "day"),
])
def test_spans_that_cannot_be(wanted, field):
    facility, _host, asker, house = sides()
    with pytest.raises(Refused) as refused:
        asked(facility, asker, house, wanted)
    assert refused.value.field == field and session.query(Booking).count() == 0


def test_who_may_ask():
    facility, host, asker, house = sides()
    with pytest.raises(Refused, match="belongs to the organisation"):
        asked(facility, host, facility.organisation)
    with pytest.raises(NotFound):
        asked(facility, asker, make.organisation())
    facility.state = "withdrawn"
    with pytest.raises((NotFound, Refused)):
        asked(facility, asker, house)


def test_the_first_to_be_accepted_has_the_day():
    facility, host, asker, house = sides()
    first, second = asked(facility, asker, house), asked(facility, asker, house, Wanted(MONDAY, time(10), MONDAY, time(12)), "k2")
    beside = asked(facility, asker, house, Wanted(MONDAY, time(11), MONDAY, time(12)), "k3")
    with pytest.raises(NotAllowed):
        facilities.accept(asker, first, NOW)
    facilities.accept(host, first, NOW)
    assert (first.state, first.answered_by_id) == ("accepted", host.id)
    with pytest.raises(Refused, match="taken then"):
        facilities.accept(host, second, NOW)
    facilities.accept(host, beside, NOW)  # it begins when the other ends
    with pytest.raises(Refused, match="taken then"):
        asked(facility, asker, house, MORNING, "k4")
    operations.answer(asker, first, "cancel", at=NOW)
    assert asked(facility, asker, house, MORNING, "k5").state == "requested"


def test_declining_and_breaking_a_promise_take_a_reason():
    facility, host, asker, house = sides()
    booking = asked(facility, asker, house)
    with pytest.raises(Refused) as refused:
        operations.answer(host, booking, "decline", "  ", at=NOW)
    assert refused.value.field == "reason" and booking.state == "requested"
    facilities.accept(host, booking, NOW)
    with pytest.raises(Refused):
        operations.answer(host, booking, "cancel", at=NOW)
    operations.answer(host, booking, "cancel", "炉子坏了", at=NOW)
    assert (booking.state, booking.reason) == ("cancelled", "炉子坏了")
    with pytest.raises(Refused, match="another step"):
        operations.answer(host, booking, "finish", at=NOW)


def test_the_database_refuses_two_bookings_of_one_time_whoever_writes_them():
    facility, other = make.facility(), make.facility()
    make.booking(facility, state="accepted")
    make.booking(other, state="accepted")
    make.booking(facility, state="requested")
    make.booking(facility, state="accepted", starts=datetime(2026, 11, 9, 9, tzinfo=UTC))
    waiting = make.booking(facility, state="requested", starts=datetime(2026, 11, 9, 8, 59, tzinfo=UTC))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.query(Booking).filter_by(id=waiting.id).update({"state": "accepted"})
    with pytest.raises(IntegrityError):
        make.booking(facility, state="accepted", starts=datetime(2026, 11, 9, 8, 59, tzinfo=UTC))


def test_both_sides_are_written_to_once_each_step():
    facility, host, asker, house = sides()
    booking = asked(facility, asker, house)
    work()
    [told] = session.query(Mail).filter_by(template="resource_request").all()
    assert told.person_id == host.id and f"/resource-requests/booking/{booking.public_id}" in told.body and "2026-11-09 09:00–11:00" in told.body
    facilities.accept(host, booking, NOW)
    work()
    answer = session.query(Mail).filter_by(template="resource_request", person_id=asker.id).one()
    assert answer.subject.startswith("Your booking is accepted") and asker.address == answer.address
    operations.answer(asker, booking, "cancel", at=NOW)
    work()
    assert session.query(Mail).filter_by(template="resource_request", person_id=host.id).count() == 2
    assert session.query(Mail).filter_by(template="resource_request", person_id=asker.id).count() == 1


def test_the_calendar_has_what_was_accepted_on_the_clock_of_the_place():
    facility, host, asker, house = sides()
    booking, waiting = asked(facility, asker, house), asked(facility, asker, house, Wanted(MONDAY, time(14), MONDAY, time(16)), "k2")
    facilities.accept(host, booking, NOW)
    session.flush()
    read = Calendar.from_ical(calendar_of(facility, facilities.bookings_of(facility, NOW), "zh", "site.example"))
    [entry] = read.walk("VEVENT")
    assert str(entry["UID"]) == f"booking-{booking.public_id}@site.example" and "waiting" not in str(waiting.state)
    assert entry["DTSTART"].dt.isoformat() == "2026-11-09T09:00:00+08:00" and entry["DTSTART"].params["TZID"] == "Asia/Shanghai"
    assert house.name["zh"] in str(entry["SUMMARY"]) and asker.address not in calendar_of(facility, [booking], "zh", "x").decode()
    assert len(read.walk("VTIMEZONE")) == 1
    day = next(day for day in facilities.calendar_of(facility, NOW) if day.day == MONDAY)
    assert day.taken == ("09:00–11:00",)


def test_a_calendars_address_is_told_to_its_own_people_and_can_be_shut():
    facility, host, asker, _house = sides()
    with pytest.raises(NotAllowed):
        facilities.feed_token(asker, facility)
    token = facilities.feed_token(host, facility)
    assert facilities.of_feed(token) is facility
    facilities.renew_feed(host, facility, NOW)
    session.flush()
    for dead in (token, "nothing", token[:-2]):
        with pytest.raises(NotFound):
            facilities.of_feed(dead)


def test_an_expert_is_asked_for_through_the_institute():
    expert, asker = make.expert(), make.person()
    request = experts.ask(asker, expert, make.organisation(asker), "镀层总掉", "k", NOW)
    host = host_of(expert)
    for person, may_read in ((host, True), (asker, True), (make.person(), False), (make.broker(), False)):
        if may_read:
            assert operations.request_by_public_id(person, type(request), request.public_id) is request
        else:
            with pytest.raises(NotFound):
                operations.request_by_public_id(person, type(request), request.public_id)
    wanted, by = listing.asked({"room": "experts"}, ())
    assert listing.listed(host, wanted, by, 1, 20) == [request] == listing.listed(asker, wanted, by, 1, 20)
    operations.answer(host, request, "decline", code="capacity", at=NOW)
    assert (request.state, request.code) == ("declined", "capacity")


def applying(**values):
    scenario, holder = make.scenario(**values), make.person()
    house = make.organisation(holder, kind="institute")
    return scenario, holder, make.technology(house, trl=7)


def test_a_first_trial_is_given_as_often_as_announced():
    scenario, holder, technology = applying(trials=1)
    one = scenarios.ask(holder, scenario, technology, "想试", "k", NOW)
    assert scenarios.ask(holder, scenario, technology, "想试", "k", NOW) is one
    with pytest.raises(Refused, match="offered to this scenario already"):
        scenarios.ask(holder, scenario, technology, "想试", "k2", NOW)
    other_holder = make.person()
    other = scenarios.ask(other_holder, scenario, make.technology(make.organisation(other_holder, kind="institute"), trl=8), "也想", "k", NOW)
    scenarios.accept(host_of(scenario), one, NOW)
    with pytest.raises(Refused, match="given away"):
        scenarios.accept(host_of(scenario), other, NOW)
    with pytest.raises(Refused) as refused:
        operations.answer(host_of(scenario), other, "decline", "没有名额", at=NOW)
    assert refused.value.field == "code"
    operations.answer(host_of(scenario), other, "decline", code="capacity", at=NOW)
    operations.answer(holder, one, "withdraw", at=NOW)
    session.flush()
    assert scenarios.accepted_of(scenario) == 0


@pytest.mark.parametrize(("changed", "match"), [
    ({"trl": 5}, "from TRL 6 on"), ({"visibility": "blind", "teaser": {"zh": "简介"}}, "open to its readers"), ({"state": "withdrawn"}, "open to its readers"),
])
def test_technologies_that_are_not_let_in(changed, match):
    scenario, holder, technology = applying()
    for name, value in changed.items():
        setattr(technology, name, value)
    with pytest.raises(Refused, match=match):
        scenarios.ask(holder, scenario, technology, "想试", "k", NOW)


def test_only_ones_own_technology_is_offered_and_only_while_it_is_open():
    scenario, holder, technology = applying(opens_on=NOW.date() + timedelta(days=1))
    with pytest.raises(NotFound):
        scenarios.ask(make.person(), scenario, technology, "想试", "k", NOW)
    with pytest.raises(Refused, match="not open for applications"):
        scenarios.ask(holder, scenario, technology, "想试", "k", NOW)
    assert scenarios.ask(holder, scenario, technology, "想试", "k", NOW + timedelta(days=1)).state == "asked"


def listed(who, **asked):
    wanted, by = listing.asked(asked, ())
    found = listing.listed(who, wanted, by, 1, 20)
    assert len(found) == listing.count(who, wanted)
    return found


def test_bookings_are_listed_by_side_state_facility_and_day():
    facility, asker = make.facility(), make.person()
    house, host = make.organisation(asker), host_of(facility)
    other = make.facility(facility.organisation)
    own = make.facility(house)
    later, sooner = (make.booking(facility, house, starts=NOW + timedelta(days=days)) for days in (9, 8))
    elsewhere, hosted = make.booking(other, house), make.booking(own, facility.organisation)
    assert listed(asker) == [hosted, elsewhere, sooner, later] == listed(host)
    assert listed(asker, side="host") == [hosted] and listed(host, side="asker") == [hosted]
    assert listed(asker, resource=facility.public_id, sort="starts") == [sooner, later]
    operations.answer(host, sooner, "decline", "full", at=NOW)
    assert listed(host, state="declined") == [sooner] and listed(make.person()) == []
    assert listing.counts(asker) == {"facilities": 4, "experts": 0, "scenarios": 0}
    assert {one.public_id for one in listing.resources_of(host, listing.ROOMS["facilities"])} == {facility.public_id, other.public_id, own.public_id}
    wanted, by = listing.asked({"room": "x", "state": "x", "side": "x", "sort": "x"}, ["experts"])
    assert (wanted.room.name, wanted.arguments, by.arguments) == ("experts", {}, {})
