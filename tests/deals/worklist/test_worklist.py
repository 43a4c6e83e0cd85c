"""The worklist: what stands on it for whom, in which order, and what is not said there."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask_babel import force_locale

from marketplace.access import may
from marketplace.deals import worklist
from marketplace.deals.operations import open_deal
from marketplace.deals.worklist import operations, pairs
from marketplace.deals.worklist.models import Snooze
from marketplace.deals.worklist.words import said
from marketplace.errors import NotAllowed, Refused
from marketplace.licensing import ledger
from marketplace.matching.operations import answer_match
from tests import factories

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TRIAL = {"currency": "CNY", "effective": "2026-01-01", "trial": {"months": 6}, "conversion": {"price": "200000"}}


@pytest.fixture
def broker(session):
    return factories.broker()


def kinds(actor, at=NOW):
    return {kind: [row.thing for row in rows] for kind, rows in operations.worklist(actor, at).items()}


def under_agreement(broker, terms=None, **values):
    pair = factories.match()
    agreement = factories.agreement(pair.technology.organisation, pair.need.organisation, terms, technology=pair.technology, **values)
    return factories.deal(pair, broker, "performing", agreement=agreement), agreement


def test_new_pairs_come_likeliest_first_and_leave_out_what_somebody_answered(broker):
    second, first = factories.match(probability=0.4), factories.match(probability=0.8)
    factories.match(probability=0.9, firm="declined")
    factories.match(probability=0.9, holder="declined")
    mine, taken_back = factories.match(probability=0.9), factories.match(probability=0.3)
    answer_match(broker, mine, "broker", "shortlisted", at=NOW)
    answer_match(broker, taken_back, "broker", "shortlisted", at=NOW)
    operations.session.flush()
    answer_match(broker, taken_back, "broker", "new", at=NOW)
    operations.session.flush()
    factories.match(probability=0.9, current=False)
    factories.match(factories.need(state="withdrawn"), probability=0.9)
    factories.match(None, factories.technology(state="withdrawn"), probability=0.9)
    factories.deal(factories.match(probability=0.9), stage="qualified")
    again = factories.match(probability=0.5)
    factories.deal(again, stage="lost")
    assert kinds(broker) == {"pair": [first.public_id, again.public_id, second.public_id, taken_back.public_id]}


def test_a_narrow_field_is_found_behind_the_likeliest_of_all_others(broker, monkeypatch):
    monkeypatch.setattr(pairs, "PIECES", (1, 1))
    for chance in (0.9, 0.8, 0.7):
        factories.match(factories.need(industry="C3310"), probability=chance)
    own = [factories.match(factories.need(industry="C3110"), probability=chance).public_id for chance in (0.6, 0.85, 0.2)]
    operations.set_specialty(broker, ["C31"], [], [])
    operations.session.flush()
    assert kinds(broker) == {"pair": [own[1], own[0], own[2]]}


@pytest.mark.parametrize("answer", ["declined", "shortlisted"])
def test_what_one_technology_manager_answers_stays_on_the_worklists_of_the_others(broker, answer):
    pair, asked, other = factories.match(probability=0.8), factories.match(factories.need(factories.organisation(factories.person()))), factories.broker()
    answer_match(asked.need.organisation.memberships[0].person, asked, "firm", "introduced", at=NOW)
    operations.session.flush()
    for match in (pair, asked):
        answer_match(broker, match, "broker", answer, "capacity" if answer == "declined" else None, at=NOW)
    operations.session.flush()
    assert kinds(broker) == {}
    assert kinds(other) == {"asked": [asked.public_id], "pair": [pair.public_id]}


def test_a_pair_says_what_carried_it_and_who_has_shortlisted_it(broker, app):
    liked = factories.match(probability=0.62, firm="shortlisted")
    row, = operations.worklist(broker, NOW)["pair"]
    assert (row.match, row.values["reasons"]) == (liked.public_id, ("words", "body"))
    with app.test_request_context(), force_locale("en"):
        assert "Match 62%, mostly by same words, body; the firm has shortlisted it" in said(row.why, row.values)


@pytest.mark.parametrize("side", ["firm", "holder"])
def test_an_introduction_asked_for_with_a_match_stands_before_all_new_pairs_until_a_deal_is_made_of_it(broker, app, side):
    unlikely, likely = factories.match(factories.need(factories.organisation(factories.person())), probability=0.01), factories.match(probability=0.9)
    unlikely.technology.organisation_id = factories.organisation(factories.person(), kind="institute").id
    operations.session.flush()
    operations.session.refresh(unlikely.technology)
    house = unlikely.need.organisation if side == "firm" else unlikely.technology.organisation
    asking = house.memberships[0].person
    answer_match(asking, unlikely, side, "introduced", at=NOW)
    operations.session.flush()
    assert kinds(broker) == {"asked": [unlikely.public_id], "pair": [likely.public_id]}
    row, = operations.worklist(broker, NOW)["asked"]
    assert (row.step.endpoint, row.day, row.values["side"]) == ("deals.open", NOW.date(), side)
    operations.put_off(broker, "asked", unlikely.public_id, 1, NOW)
    operations.session.flush()
    assert "asked" not in kinds(broker) and "asked" in kinds(factories.broker())
    answer_match(asking, unlikely, side, "new", at=NOW)
    operations.session.flush()
    assert "asked" not in kinds(factories.broker())
    answer_match(asking, unlikely, side, "introduced", at=NOW)
    operations.session.flush()
    open_deal(broker, unlikely, NOW)
    operations.session.flush()
    assert "asked" not in kinds(factories.broker())


@pytest.mark.parametrize(("specialty", "found"), [
    ({}, {"steel", "food"}), ({"industries": ["C31"]}, {"steel"}), ({"fields": ["food_chemistry"]}, {"food"}),
    ({"industries": ["C31"], "fields": ["food_chemistry"]}, {"steel", "food"}), ({"regions": ["510000"]}, {"food"}),
    ({"regions": ["110000"]}, {"steel"}), ({"industries": ["C31"], "regions": ["510000"]}, set()), ({"industries": ["C3"]}, None),
])
def test_a_specialty_takes_either_sides_field_and_either_sides_region(broker, specialty, found):
    pairs = {
        "steel": factories.match(factories.need(industry="C3110"), factories.technology(factories.organisation(kind="institute", region="110000"))),
        "food": factories.match(factories.need(industry="C1310", region="510000"), factories.technology(field="food_chemistry")),
    }
    wanted = [specialty.get(name, ()) for name in ("industries", "fields", "regions")]
    if found is None:
        with pytest.raises(Refused):
            operations.set_specialty(broker, *wanted)
        return
    operations.set_specialty(broker, *wanted)
    operations.session.flush()
    names = {pair.public_id: name for name, pair in pairs.items()}
    assert {names[thing] for thing in kinds(broker).get("pair", ())} == found


def test_a_blind_pair_is_told_by_its_band_and_stands_behind_the_open_ones_of_it(broker, app):
    blind = factories.technology(visibility="blind", teaser={"zh": "一种涂层", "en": "A coating"})
    hidden, low, high = (factories.match(None, blind, probability=0.31415), factories.match(probability=0.2), factories.match(probability=0.3))
    rows = operations.worklist(broker, NOW)["pair"]
    assert [row.thing for row in rows] == [high.public_id, low.public_id, hidden.public_id]
    assert rows[-1].values == {"band": "medium"}
    with app.test_request_context(), force_locale("en"):
        assert said(rows[-1].why, rows[-1].values).startswith("A fair match with a blind listing")


def test_what_is_put_off_comes_back_on_its_day(broker):
    pair = factories.match()
    operations.put_off(broker, "pair", pair.public_id, 1, NOW)
    operations.session.flush()
    assert kinds(broker) == {} and kinds(factories.broker()) == {"pair": [pair.public_id]} and operations.put_off_count(broker, NOW) == 1
    assert kinds(broker, NOW + timedelta(days=1)) == {"pair": [pair.public_id]}
    operations.put_off(broker, "pair", pair.public_id, 30, NOW)
    operations.session.flush()
    assert kinds(broker, NOW + timedelta(days=29)) == {} and operations.session.query(Snooze).count() == 1
    operations.take_up(broker)
    assert kinds(broker) == {"pair": [pair.public_id]}


@pytest.mark.parametrize(("kind", "days"), [("pair", 0), ("pair", 1000), ("nonsense", 1)])
def test_nonsense_is_not_put_off(broker, kind, days):
    with pytest.raises(Refused):
        operations.put_off(broker, kind, "x", days, NOW)


def test_trials_and_decisions_of_own_deals_come_with_their_days_and_without_amounts(broker):
    deal, agreement = under_agreement(broker, TRIAL)
    factories.event(agreement, "trial_started", "2026-05-10")
    other, _ = under_agreement(factories.broker(), TRIAL)
    factories.event(other.agreement, "trial_started", "2026-05-10")
    found = operations.worklist(broker, NOW)
    row, = found["trial"]
    assert (row.thing, row.day, set(row.values)) == (deal.public_id, date(2026, 11, 10), {"day"}) and set(found) == {"trial"}
    later = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)
    ledger.refresh(agreement, later)
    operations.session.flush()
    assert set(kinds(broker, later)) == {"decision"}


def test_statements_overdue_are_shown_of_own_deals_alone(broker):
    deal, agreement = under_agreement(broker)
    factories.event(agreement, "first_revenue", "2026-02-01")
    operations.session.flush()
    row, = operations.worklist(broker, NOW)["statement"]
    assert row.thing == deal.public_id and row.day < NOW.date() and set(row.values) == {"day"}
    assert kinds(factories.broker()) == {}


def test_who_no_longer_takes_part_sees_nothing_of_the_agreement(broker):
    deal, agreement = under_agreement(broker, TRIAL)
    factories.event(agreement, "trial_started", "2026-05-10")
    assert may(broker, "deal.watch_agreement", deal) and not may(broker, "agreement.read", agreement)
    for person in [*(party.person for party in deal.parties if party.side != "broker"), factories.operator(), factories.broker()]:
        assert not may(person, "deal.watch_agreement", deal)
    deal.broker, deal.parties[0].person = factories.broker(), factories.person()
    operations.session.flush()
    assert kinds(broker) == {}


def test_badges_that_expire_of_needs_one_verified_or_leads(broker):
    values = {"grade": "verified", "verified_until": date(2026, 11, 16)}
    own = factories.need(verified_by=broker, **values)
    factories.need(**values)
    factories.need(verified_by=broker, grade="verified", verified_until=date(2026, 11, 17))
    led = factories.need(**values | {"verified_until": date(2026, 11, 3)})
    factories.deal(factories.match(led, factories.technology()), broker, since=NOW)
    assert kinds(broker)["badge"] == [led.public_id, own.public_id]


def test_deals_that_stand_still(broker):
    since = NOW - timedelta(days=20)
    older, newer = factories.deal(None, broker, "qualified", since=since - timedelta(days=9)), factories.deal(None, broker, "evaluation", since=since)
    for stage in ("performing", "notice", "won", "lost"):
        factories.deal(None, broker, stage, since=since)
    factories.deal(None, broker, "nda", since=NOW - timedelta(days=13))
    rows = operations.worklist(broker, NOW)["still"]
    assert [(row.thing, row.values) for row in rows] == [
        (older.public_id, {"days": 29, "stage": "qualified"}), (newer.public_id, {"days": 20, "stage": "evaluation"})]


def test_introductions_asked_for_wait_for_whoever_works_in_the_field(broker):
    lead = factories.deal(factories.match(factories.need(factories.organisation(factories.person()), industry="C3110")))
    lead.broker = None
    operations.session.flush()
    row, = operations.worklist(broker, NOW)["asked"]
    assert row.thing == lead.public_id and row.parties == () and row.step.post
    operations.set_specialty(broker, ["C13"], [], [])
    operations.session.flush()
    assert "asked" not in kinds(broker)


def test_rows_of_other_rooms_stand_in_the_order_of_the_page(broker, monkeypatch):
    deal = factories.deal(None, broker, "qualified", since=NOW - timedelta(days=20))
    task = operations.Row("task", "t1", "x", operations.still(broker, NOW.date())[0].step)
    reply = operations.Row("reply", "r1", "x", task.step)
    monkeypatch.setattr(operations, "SOURCES", [*operations.SOURCES, lambda actor, today: [task, reply]])
    assert kinds(broker) == {"reply": ["r1"], "task": ["t1"], "still": [deal.public_id]} and list(kinds(broker)) == ["reply", "task", "still"]
    operations.put_off(broker, "reply", "r1", 7, NOW)
    operations.session.flush()
    assert list(kinds(broker)) == ["task", "still"]


def test_only_brokers_have_one(session):
    for actor in (factories.person(), factories.operator()):
        with pytest.raises(NotAllowed):
            operations.worklist(actor, NOW)


def test_every_next_step_leads_to_a_page_of_the_site(app):
    """A page that moved would break the whole worklist of whoever has such a row."""
    places = Path(worklist.__file__).parent
    named = {name for file in places.glob("*.py") for name in re.findall(r'Step\((?:N_\("[^"]*"\)|label), "([^"]+)"', file.read_text(encoding="utf-8"))}
    assert len(named) >= 6 and named <= app.view_functions.keys(), named - app.view_functions.keys()
