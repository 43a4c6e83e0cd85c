"""The queue of several triers: every combination of licence and rule, the order of signing, what happens to the others."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.alerts.models import Mail
from marketplace.errors import Refused
from marketplace.licensing import ledger
from marketplace.licensing.performing import operations
from marketplace.licensing.performing.models import Reminder
from marketplace.licensing.performing.queue import EXCLUSIVE, IN_FORCE, Trier, place
from marketplace.licensing.performing.triers import place_of
from tests.factories import NOW
from tests.inspection import work
from tests.licensing.agreement.parties import TRIAL, parties, signed

DAY = date(2026, 12, 31)


def trier(number: int, exclusivity: str, status: str = "on_trial", rule: str = "first_signed") -> Trier:
    return Trier(number, datetime(2026, 1, number, tzinfo=UTC), exclusivity, rule, status, DAY)


@pytest.mark.parametrize(("first", "second", "rule", "verdict"), [
    (("ordinary", "on_trial"), "ordinary", "first_signed", "free"),
    (("exclusive", "on_trial"), "exclusive", "first_signed", "waits"),
    (("exclusive", "awaiting_decision"), "exclusive", "first_signed", "waits"),
    (("sole", "on_trial"), "exclusive", "first_signed", "waits"),
    (("exclusive", "on_trial"), "ordinary", "first_signed", "waits"),
    (("ordinary", "on_trial"), "exclusive", "first_signed", "waits"),
    (("exclusive", "on_trial"), "exclusive", "first_converted", "free"),
    (("exclusive", "active"), "exclusive", "first_signed", "taken"),
    (("sole", "active"), "sole", "first_converted", "taken"),
    (("exclusive", "bought_out"), "exclusive", "first_signed", "taken"),
    (("ordinary", "active"), "exclusive", "first_signed", "shared"),
    (("exclusive", "active"), "ordinary", "first_signed", "free"),
    (("ordinary", "active"), "ordinary", "first_signed", "free"),
    (("exclusive", "declined"), "exclusive", "first_signed", "free"),
    (("exclusive", "lapsed"), "exclusive", "first_signed", "free"),
    (("exclusive", "terminated"), "exclusive", "first_signed", "free"),
])
def test_what_the_one_before_means_for_the_one_after(first, second, rule, verdict):
    found = place(trier(2, second, rule=rule), [trier(1, *first)])
    assert found.verdict == verdict
    assert found.until == (DAY if verdict == "waits" else None)


def test_whoever_signed_first_waits_for_nobody():
    assert place(trier(1, "exclusive"), [trier(2, "exclusive"), trier(3, "ordinary")]).verdict == "free"


def test_each_sees_its_place_among_those_who_are_undecided():
    others = [trier(1, "exclusive", "declined"), trier(2, "exclusive"), trier(4, "ordinary")]
    found = place(trier(3, "exclusive"), others)
    assert (found.number, found.of) == (2, 3)


KINDS = st.sampled_from(["ordinary", "sole", "exclusive"])
STATUSES = st.sampled_from(["on_trial", "awaiting_decision", "active", "declined", "lapsed", "bought_out", "terminated", "ended"])


@given(st.lists(st.tuples(KINDS, STATUSES, st.sampled_from(["first_signed", "first_converted"])), min_size=2, max_size=7))
@settings(max_examples=200, deadline=None)
def test_never_can_two_exclusive_licences_be_converted(rows):
    known = [trier(number, kind, status, rule) for number, (kind, status, rule) in enumerate(rows, 1)]
    for own in known:
        verdict = place(own, [one for one in known if one is not own]).verdict
        taken = [one for one in known if one is not own and one.status in IN_FORCE]
        if verdict == "free" and own.exclusivity in EXCLUSIVE:
            assert not taken, "nobody else may hold any licence"
    free = [one for one in known if one.undecided and one.rule == "first_signed" and place(one, [x for x in known if x is not one]).verdict == "free"]
    assert sum(one.exclusivity in EXCLUSIVE for one in free) <= 1 or not all(one.rule == "first_signed" for one in known)


@pytest.mark.usefixtures("app")
class TestConverting:
    """The same through the operations, over real agreements."""

    def two(self, first="exclusive", second="exclusive", **said):
        one = parties()
        two = parties(licensor=one.licensor, technology=one.technology)
        two.holder_signatory = one.holder_signatory
        earlier = signed(one, at=NOW, exclusivity=first)
        later = signed(two, {**TRIAL, "trial": {"months": 2}}, at=NOW + timedelta(hours=1), exclusivity=second, **said)
        return one, earlier, two, later

    def convert(self, who, agreement, at=NOW + timedelta(hours=2), key="c"):
        return operations.enter_event(who.firm_signatory, agreement, "converted", ledger.day_of(agreement, at), key, at)

    def test_the_second_waits_and_then_lapses(self, session):
        one, earlier, two, later = self.two()
        with pytest.raises(Refused, match="before you"):
            self.convert(two, later)
        self.convert(one, earlier)
        session.flush()
        assert earlier.standing.status == "active"
        with pytest.raises(Refused, match="exclusive"):
            self.convert(two, later)
        work()
        assert [(row.agreement_id, row.kind) for row in session.query(Reminder)] == [(later.id, "overtaken")]
        assert session.query(Mail).filter(Mail.subject.like("%另一家企业已转正%")).count() == 2, "its signatory and whoever wrote its version"
        ledger.refresh(later, NOW + timedelta(days=60))
        assert later.standing.status == "on_trial", "its trial goes on"
        ledger.refresh(later, NOW + timedelta(days=100))
        assert later.standing.status == "lapsed"

    def test_the_second_may_once_the_first_declined(self, session):
        one, earlier, two, later = self.two()
        operations.enter_event(one.firm_signatory, earlier, "declined", NOW.date(), "d", NOW + timedelta(hours=2))
        session.flush()
        work()
        assert [(row.agreement_id, row.kind) for row in session.query(Reminder)] == [(later.id, "moved_up")]
        self.convert(two, later)
        assert later.standing.status == "active"

    def test_ordinary_licences_convert_in_any_order(self, session):
        one, earlier, two, later = self.two("ordinary", "ordinary")
        self.convert(two, later)
        self.convert(one, earlier)
        assert {earlier.standing.status, later.standing.status} == {"active"}

    def test_an_ordinary_trial_before_an_exclusive_one_keeps_its_right_to_its_windows_end(self, session):
        one, earlier, two, later = self.two("ordinary", "exclusive", queue="first_converted")
        self.convert(two, later)
        session.flush()
        self.convert(one, earlier)
        assert earlier.standing.status == "active"

    def test_the_offer_may_say_that_whoever_converts_first_is_served(self, session):
        one, earlier, two, later = self.two(queue="first_converted")
        self.convert(two, later)
        session.flush()
        with pytest.raises(Refused, match="exclusive"):
            self.convert(one, earlier)

    def test_converting_twice_with_one_key_is_one_event(self, session):
        one, earlier, _two, _later = self.two()
        first = self.convert(one, earlier)
        session.flush()
        assert self.convert(one, earlier) is first

    def test_a_second_exclusive_trial_cannot_convert_by_silence(self, session):
        one = parties()
        signed(one, exclusivity="exclusive")
        two = parties(licensor=one.licensor, technology=one.technology)
        with pytest.raises(Refused, match="silence"):
            signed(two, {**TRIAL, "conversion": {"price": "1", "silence": "convert"}}, at=NOW + timedelta(hours=1), exclusivity="exclusive")

    def test_each_is_shown_its_place(self, session):
        _one, earlier, _two, later = self.two()
        assert (place_of(earlier).number, place_of(later).number, place_of(later).of) == (1, 2, 2)
