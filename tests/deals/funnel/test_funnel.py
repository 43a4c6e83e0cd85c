"""The funnel: a small example counted by hand, laws that hold of every one, and what the public cannot work out."""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.db import session
from marketplace.deals.funnel import operations
from marketplace.deals.funnel.models import FunnelReport
from marketplace.deals.funnel.tally import DIMENSIONS, Case, by_broker, public, tally
from marketplace.deals.models import Deal, StageSpan
from marketplace.errors import NotAllowed
from marketplace.matching.operations import answer_match
from tests import factories

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def day(month, number):
    return datetime(2026, month, number, 9, 0, tzinfo=UTC)


def house(kind, region):
    return factories.organisation(factories.person(), kind=kind, region=region)


def walked(match, broker, *spans, **values):
    """A deal with these spans, each (stage, entered); the last one is where it stands."""
    stage, since = spans[-1]
    deal = factories.deal(match, broker, stage, since=since, created=spans[0][1], **values)
    session.query(StageSpan).filter_by(deal_id=deal.id).delete()
    for (name, entered), (_, left) in zip(spans, [*spans[1:], (None, None)], strict=True):
        session.add(StageSpan(deal_id=deal.id, stage=name, entered=entered, left=left))
    session.flush()
    return deal


@pytest.fixture
def example(session):
    """Five matches of one firm and one holder, four of which became deals of one broker: see the figures in the tests."""
    firm, holder, broker = house("enterprise", "330000"), house("institute", "110000"), factories.broker()
    pairs = []
    for number, month in enumerate((9, 9, 10, 10, 10)):
        need = factories.need(firm, industry="C3484" if number < 3 else None)
        pairs.append(factories.match(need, factories.technology(holder, field="machine_tools" if number % 2 else "optics"), created=day(month, 10)))
    agreement = factories.agreement(holder, firm, {"currency": "CNY", "effective": "2026-10-01", "trial": {"months": 6}, "conversion": {"price": "1000"}},
                                    technology=pairs[0].technology)
    factories.event(agreement, "trial_started", "2026-10-02")
    mistaken = factories.event(agreement, "payment", "2026-10-20", amount="1")
    walked(pairs[0], broker, ("lead", day(9, 20)), ("qualified", day(9, 22)), ("introduced", day(9, 26)), ("signed", day(10, 1)), ("performing", day(10, 2)),
           agreement=agreement)
    walked(pairs[1], broker, ("lead", day(9, 20)), ("introduced", day(10, 1)), ("evaluation", day(10, 4)), ("lost", day(10, 11)))
    walked(pairs[2], broker, ("lead", day(10, 28)))
    walked(pairs[4], broker, ("lead", day(10, 30)), ("introduced", day(11, 2).replace(hour=3)))
    answer_match(broker, pairs[3], "broker", "declined", "wrong_field", at=day(10, 15))
    session.flush()
    return firm, holder, broker, mistaken


def test_the_example_by_hand(example):
    told = operations.figures(NOW)
    assert told["total"] == [5, 2, 1, 1, 1]
    assert told["by"] == {
        "month": {"2026-09": [2, 2, 1, 1, 1], "2026-10": [3, 0, 0, 0, 0]},
        "field": {"optics": [3, 1, 1, 1, 1], "machine_tools": [2, 1, 0, 0, 0]},
        "industry": {"C": [3, 2, 1, 1, 1], "-": [2, 0, 0, 0, 0]},
        "firm_region": {"330000": [5, 2, 1, 1, 1]}, "holder_region": {"110000": [5, 2, 1, 1, 1]},
    }
    assert (told["lost_stages"], told["lost_codes"]) == ({"evaluation": 1}, {"price": 1})
    assert told["declined"] == {"firm": {}, "holder": {}, "broker": {"wrong_field": 1}} and told["without_match"] == 0
    days = {stage: (row["ended"], row["days"], row["running"], row["so_far"]) for stage, row in told["days"].items()}
    assert days == {  # until 1 November in China, which is 16:00 of 31 October: the lead of 28 October stands for 3.3 days, that of the 30th for 1.3
        "lead": (2, 6.5, 2, 2.3), "qualified": (1, 4.0, 0, None), "introduced": (2, 4.0, 0, None), "evaluation": (1, 7.0, 0, None),
        "signed": (1, 1.0, 0, None), "performing": (0, None, 1, 29.3),
    }


def test_those_whose_deals_it_is_see_them_as_they_are_now(example):
    firm, holder, broker, _ = example
    own = operations.of_broker(broker, NOW)
    assert own.tally.total == [4, 3, 1, 1, 1] and len(own.deals) == 4 and own.lost_codes == {"price": 1}
    for side in (firm, holder):
        found = operations.of_house(side.memberships[0].person, side, NOW)
        assert found.tally.total == [5, 3, 1, 1, 1] and len(found.deals) == 4
    assert operations.of_brokers(factories.operator()) == [(broker, (4, 3, 1, 1, 1))]
    assert operations.of_broker(factories.broker(), NOW).tally.total == [0, 0, 0, 0, 0]


def test_an_agency_sees_how_far_the_deals_led_for_it_came_and_reads_none_of_them(example):
    firm, _, broker, _ = example
    agency = house("agency", "310000")
    for deal in session.query(Deal).filter_by(broker_id=broker.id).order_by(Deal.id).limit(2):
        deal.agency_id = agency.id
    session.flush()
    found = operations.of_house(agency.memberships[0].person, agency, NOW)
    assert found.tally.total == [2, 2, 1, 1, 1] and found.lost_codes == {"price": 1} and found.deals == []
    with pytest.raises(NotAllowed):
        operations.of_house(firm.memberships[0].person, agency, NOW)


def test_nobody_else_sees_them(example):
    firm, _, broker, _ = example
    member = factories.membership(factories.person(), firm).person
    for actor in (member, factories.person(), factories.operator(), broker):
        with pytest.raises(NotAllowed):
            operations.of_house(actor, firm, NOW)
    for actor in (factories.person(), factories.operator()):
        with pytest.raises(NotAllowed):
            operations.of_broker(actor, NOW)
    with pytest.raises(NotAllowed):
        operations.of_brokers(broker)


def test_a_payment_taken_back_was_none(example):
    _, _, broker, mistaken = example
    factories.event(mistaken.agreement, "payment", "2026-10-20", amount="1")
    session.flush()
    again = session.query(type(mistaken)).filter(type(mistaken).id > mistaken.id).one()
    session.add(type(mistaken)(agreement=mistaken.agreement, type="payment", day=again.day, values={}, voids_id=again.id, key="void", at=NOW))
    session.flush()
    assert operations.of_broker(broker, NOW).tally.total[-1] == 1
    session.add(type(mistaken)(agreement=mistaken.agreement, type="payment", day=mistaken.day, values={}, voids_id=mistaken.id, key="void2", at=NOW))
    session.flush()
    assert operations.of_broker(broker, NOW).tally.total == [4, 3, 1, 1, 0]


def test_a_match_counts_as_far_as_the_best_of_its_deals_came(session):
    match, broker = factories.match(factories.need(house("enterprise", "330000")), factories.technology(house("institute", "110000"))), factories.broker()
    match.created = day(9, 1)
    walked(match, broker, ("lead", day(9, 2)), ("introduced", day(9, 3)), ("lost", day(9, 4)))
    walked(match, broker, ("lead", day(9, 5)))
    assert operations.figures(NOW)["total"] == [1, 1, 0, 0, 0] and operations.of_broker(broker, NOW).tally.total[0] == 2


def test_months_are_those_of_china(session):
    factories.match(created=datetime(2026, 8, 31, 15, 59, tzinfo=UTC))
    factories.match(created=datetime(2026, 8, 31, 16, 0, tzinfo=UTC))
    factories.match(created=datetime(2025, 12, 31, 16, 0, tzinfo=UTC))
    assert {month: row[0] for month, row in operations.figures(NOW)["by"]["month"].items()} == {"2026-01": 1, "2026-08": 1, "2026-09": 1}
    assert operations.as_of(datetime(2026, 10, 31, 16, 0, tzinfo=UTC)) == date(2026, 11, 1)


def test_the_job_keeps_one_report_a_month_and_does_not_mind_running_twice(example):
    for _ in range(2):
        for _pause in operations.count(NOW.isoformat()):
            pass
        session.flush()
    report, = session.query(FunnelReport).all()
    assert report.as_of == date(2026, 11, 1) and report.figures["total"] == [5, 2, 1, 1, 1] and operations.newest() is report


CASES = st.lists(st.builds(
    Case, st.fixed_dictionaries({name: st.sampled_from(["a", "b", "c", ""]) for name in DIMENSIONS}), st.booleans(), st.booleans(), st.booleans(),
    st.booleans(), st.sampled_from([None, 1, 2]),
), max_size=60)


@given(CASES)
def test_every_dimension_sums_to_the_total_and_each_stage_holds_the_next(cases):
    counted = tally(cases)
    led = {number: list(row) for number, row in by_broker(cases).items()}
    led[None] = tally(case for case in cases if case.broker is None).total
    for rows in (*(counted.by.values() if cases else ()), led):
        assert [sum(column) for column in zip(*rows.values(), strict=True)] == counted.total
    for row in (counted.total, *(row for rows in counted.by.values() for row in rows.values())):
        match, talk, contract, trial, paid = row
        assert match >= talk >= contract >= max(trial, paid)


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30)).map(lambda row: sorted(row)[::-1])))
def test_what_is_shown_is_nothing_or_at_least_five_and_sums_to_the_total(rows):
    shown = public(rows, 5)
    numbers = [*shown.total, *itertools.chain(*shown.rows.values()), *shown.together]
    assert all(number is None or number == 0 or number >= 5 for number in numbers)
    assert not set(shown.rows) & set(shown.joined) and (set(shown.rows) | set(shown.joined) == set(rows) or not shown.rows and not shown.joined)
    for place, total in enumerate(shown.total):
        if total is not None and (shown.rows or shown.together):
            assert sum(row[place] for row in (*shown.rows.values(), shown.together or [0] * 3)) == total == sum(row[place] for row in rows.values())


@pytest.mark.parametrize(("width", "top", "least", "columns"), [(2, 13, 5, 2), (3, 7, 3, 2), (2, 8, 3, 3), (4, 11, 5, 1), (4, 5, 3, 2)])
def test_nothing_that_is_not_shown_can_be_worked_out(width, top, least, columns):
    """Over every table there is: whoever knows all that is shown, and the rule itself, finds no hidden number with certainty, but for nothing.

    Tables at the rim of what is tried (a count of top - 1) are left out of the verdict: the larger ones that look the same are not tried. So are those
    of which nothing but the total is told: how many rows there are is not told either.
    """
    alike = defaultdict(list)
    row = [counts for counts in itertools.product(range(top), repeat=columns) if list(counts) == sorted(counts, reverse=True)]
    for rows in itertools.product(row, repeat=width):
        shown = public({str(number): counts for number, counts in enumerate(rows)}, least)
        alike[shown.total, tuple(sorted(shown.rows.items())), shown.joined, shown.together].append(rows)
    for (_, told, joined, _), tables in alike.items():
        if not told and not joined or any(top - 1 in counts for table in tables for counts in table):
            continue
        for number, place in itertools.product(range(width), range(columns)):
            if dict(told).get(str(number), (None,) * columns)[place] is None:
                possible = {table[number][place] for table in tables}
                assert len(possible) > 1 or possible == {0}, (told, tables)
