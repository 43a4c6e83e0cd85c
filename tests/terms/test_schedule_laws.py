"""The laws at the end of the definition, which hold for any valid input, on agreements drawn by chance; and that chance reaches every rule."""

from __future__ import annotations

import copy
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from marketplace.terms.events import read
from marketplace.terms.payment import parse
from marketplace.terms.schedule import Schedule, schedule
from tests.terms.agreements import Drawn, agreements, drawn_agreement, traits

QUICK = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
LONG = settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck), database=None)
later = st.integers(0, 800)


def computed(terms: dict[str, Any], events: list[dict[str, Any]], day: str | date) -> Schedule:
    read_terms = parse(terms, template=False)
    return schedule(read_terms, read(events, read_terms), date.fromisoformat(str(day)))


def without_places(found: Schedule) -> tuple[Any, ...]:
    """All but the places in the list of events, which a shuffle changes."""
    return found.state, found.obligations, found.statements_due, found.totals, found.credit, found.trial


def order_does_not_matter(drawn: Drawn, chance: Random) -> None:
    terms, events, day = drawn
    spoken = {(event["date"], event["period"]) for event in events if event["type"] == "statement"}
    assume(len(spoken) == sum(event["type"] == "statement" for event in events))
    shuffled = list(events)
    chance.shuffle(shuffled)
    assert without_places(computed(terms, shuffled, day)) == without_places(computed(terms, events, day))


def triggers_stay(drawn: Drawn, days: int) -> None:
    terms, events, day = drawn
    after = {one.id: one for one in computed(terms, events, date.fromisoformat(day) + timedelta(days)).obligations}
    for one in computed(terms, events, day).obligations:
        assert one.id in after
        if one.trigger:
            assert (after[one.id].trigger, after[one.id].due) == (one.trigger, one.due)


def known_by_then(drawn: Drawn) -> None:
    """Events after the day are checked and change nothing else."""
    terms, events, day = drawn
    assert without_places(computed(terms, [event for event in events if event["date"] <= day], day)) == without_places(computed(terms, events, day))


def cap_holds(drawn: Drawn) -> None:
    terms, events, day = drawn
    found = computed(terms, events, day)
    uncapped = computed({key: value for key, value in terms.items() if key not in ("cap_total", "late_interest")},
                        [event for event in events if event["type"] != "interest_paid"], day)
    most = Decimal(terms.get("cap_total", "Infinity"))
    assert found.totals.fees == min(uncapped.totals.fees, most)


def sums_agree(drawn: Drawn) -> None:
    terms, events, day = drawn
    found = computed(terms, events, day)
    owed = [one for one in found.obligations if one.trigger]
    assert found.totals.paid + found.totals.outstanding == found.totals.fees == sum(one.amount or 0 for one in owed)
    assert found.totals.paid == sum(one.paid for one in found.obligations) == sum(part.amount for part in found.allotments)
    assert found.totals.overdue == sum(one.unpaid for one in owed if one.state == "overdue") <= found.totals.outstanding
    came = sum(Decimal(event["amount"]) for event in events if event["type"] == "payment" and event["date"] <= day)
    assert came == found.totals.paid + found.credit
    for one in owed:
        assert 0 <= one.paid <= (one.amount or 0) and one.state in ("open", "overdue", "paid")
        parts = [part for part in found.allotments if part.obligation == one.id]
        assert sum(part.amount for part in parts) == one.paid
        assert all(str(part.day) >= max(str(one.trigger), events[part.payment]["date"]) and str(part.day) <= day for part in parts)


def smaller_rates_never_cost_more(drawn: Drawn, tier: int) -> None:
    terms, events, day = drawn
    terms = {key: value for key, value in terms.items() if key != "late_interest"}
    events = [event for event in events if event["type"] != "interest_paid"]
    tiers = terms.get("royalty", {}).get("tiers")
    assume(tiers)
    smaller = copy.deepcopy(terms)
    smaller["royalty"]["tiers"][tier % len(tiers)]["rate"] = "0.01"
    assume(Decimal(tiers[tier % len(tiers)]["rate"]) > Decimal("0.01"))
    assert computed(smaller, events, day).totals.fees <= computed(terms, events, day).totals.fees


def trials_are_free(drawn: Drawn) -> None:
    terms, events, day = drawn
    found = computed(terms, events, day)
    assume(found.trial)
    converted = found.trial.decided if found.trial and found.trial.outcome == "converted" else None
    for one in found.obligations:
        if one.trigger and one.kind not in ("entry", "non_use_certificate"):
            assert converted and one.trigger >= converted


@QUICK
@given(agreements(), st.randoms(use_true_random=False))
def test_the_order_of_the_list_does_not_matter(drawn: Drawn, chance: Random) -> None:
    order_does_not_matter(drawn, chance)


@QUICK
@given(agreements(), later)
def test_a_later_day_never_changes_a_trigger(drawn: Drawn, days: int) -> None:
    triggers_stay(drawn, days)


@QUICK
@given(agreements())
def test_what_comes_after_the_day_changes_nothing(drawn: Drawn) -> None:
    known_by_then(drawn)


@QUICK
@given(agreements())
def test_fees_never_exceed_the_cap_and_fill_it(drawn: Drawn) -> None:
    cap_holds(drawn)


@QUICK
@given(agreements())
def test_paid_and_outstanding_are_all_that_was_triggered(drawn: Drawn) -> None:
    sums_agree(drawn)


@QUICK
@given(agreements(), st.integers(0, 9))
def test_a_smaller_rate_never_raises_the_fees(drawn: Drawn, tier: int) -> None:
    smaller_rates_never_cost_more(drawn, tier)


@QUICK
@given(agreements())
def test_a_trial_that_did_not_convert_owes_the_entry_fee_alone(drawn: Drawn) -> None:
    trials_are_free(drawn)


@pytest.mark.slow
@LONG
@given(agreements(), st.randoms(use_true_random=False), later, st.integers(0, 9))
def test_all_laws_at_length(drawn: Drawn, chance: Random, days: int, tier: int) -> None:
    triggers_stay(drawn, days)
    known_by_then(drawn)
    cap_holds(drawn)
    sums_agree(drawn)
    for law, more in ((order_does_not_matter, (chance,)), (smaller_rates_never_cost_more, (tier,)), (trials_are_free, ())):
        applies(law, drawn, *more)


def applies(law: Any, drawn: Drawn, *more: Any) -> None:
    """A law that speaks only of some agreements is silent on the others."""
    try:
        law(drawn, *more)
    except BaseException as error:
        if type(error).__name__ != "UnsatisfiedAssumption":
            raise


REACHED = """state active|state awaiting_decision|state bought_out|state declined|state ended|state lapsed|state on_trial|state terminated
trial closed|trial converted|trial declined|trial lapsed|because silence|because deemed|because first_revenue|because bought_out|minimum owed|minimum paid
note cap|note held|note restated|note prorated|credit|credit allotted later|named goes elsewhere|named goes there|interest|interest paid
expected|statement overdue|royalty void|minimum void|entry void|non_use_certificate paid|non_use_certificate overdue|non_use_certificate open"""


def test_chance_reaches_every_rule() -> None:
    counts: Counter[str] = Counter()
    for seed in range(600):
        terms, events, day = drawn_agreement(Random(seed))
        counts.update(traits(computed(terms, events, day), events, day))
    rare = {name: counts[name] for line in REACHED.splitlines() for name in line.split("|") if counts[name] < 8}
    assert not rare
