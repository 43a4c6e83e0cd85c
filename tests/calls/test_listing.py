"""The list of calls: its SQL against a plain count over every filter, pages that go on by keys, the plan of the first page. Words: test_words."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import sqlite
from werkzeug.datastructures import MultiDict

from marketplace.access import VISITOR
from marketplace.calls import listing
from marketplace.calls.deadlines import HOME, local
from marketplace.calls.listing import Filter
from marketplace.db import now, session
from tests import factories

pytestmark = pytest.mark.usefixtures("app")

STATES = ("draft", "published", "closed", "awarded", "unawarded", "ended", "withdrawn")
FILTERS = [
    Filter(), Filter(state="all"), Filter(state="closed"), Filter(state="decided"), Filter(state="ended"), Filter(state="all", industry="C35"),
    Filter(state="all", industry="C358"), Filter(state="all", region="330000"), Filter(state="all", least=Decimal(500_000)),
    Filter(state="all", least=Decimal(100), currency="JPY"), Filter(state="all", before=date(2026, 12, 24)), Filter(order="newest"),
    Filter(state="all", industry="C35", region="330000", least=Decimal(1)),
]


def as_read(wanted, who, moment):
    """The same filter in plain Python."""
    said = {
        "open": lambda call: call.state == "published" and call.deadline > moment,
        "closed": lambda call: call.state in ("published", "closed") and call.deadline <= moment,
        "decided": lambda call: call.state in ("awarded", "unawarded"), "ended": lambda call: call.state == "ended", "all": lambda _call: True,
    }

    def fits(call):
        insider = call.organisation_id in who.seats
        return (
            call.state in call.OPEN_STATES and (call.visibility == "public" or insider or who.is_verified or who.is_operator or who.is_broker)
            and said[wanted.state](call) and (call.industry or "").startswith(wanted.industry) and (not wanted.region or call.region == wanted.region)
            and (wanted.least is None or (call.currency == wanted.currency and call.amount / (1 if call.currency == "JPY" else 100) >= wanted.least))
            and (wanted.before is None or local(call.deadline, HOME).date() <= wanted.before)
            and (not wanted.board or (call.board is not None and call.board.public_id == wanted.board))
        )

    return fits


@pytest.fixture
def calls():
    chance = random.Random(7)
    houses = [factories.organisation(factories.person()) for _number in range(3)]
    boards = [factories.board(), factories.board(state="closed")]
    made = []
    for number in range(60):
        state = STATES[number % len(STATES)]
        title = {"zh": f"刀具寿命{number}", "en": f"Tool life 100% {number}"} if number % 2 else {"zh": f"焊接气孔{number}"}
        made.append(factories.open_call(
            chance.choice(houses), state=state, title=title, visibility=chance.choice(("public", "public", "members")),
            industry=chance.choice(("C358", "C35", "C331", "A01", None)), region=chance.choice(("330000", "310000", None)),
            amount=chance.randrange(1, 100) * 1_000_000, currency=chance.choice(("CNY", "CNY", "JPY")),
            deadline=now().replace(microsecond=0) + timedelta(hours=chance.randrange(-3, 9) * 200 + 1),
            board=None if state == "draft" else chance.choice((None, *boards)),
            published=factories.NOW + timedelta(hours=chance.randrange(5)),
        ))
    session.flush()
    return made


def test_the_list_is_what_a_plain_count_says(calls):
    moment = now()
    member, verified, stranger = calls[0].organisation.memberships[0].person, factories.person(), factories.person()
    factories.organisation(verified)
    boards = {call.board.public_id for call in calls if call.board}
    found_any = 0
    for who in (VISITOR, stranger, verified, member, factories.operator(), factories.broker()):
        for wanted in (*FILTERS, *(Filter(state="all", board=board) for board in boards)):
            page = listing.page(who, wanted, size=100, at=moment)
            expected = {call.id for call in calls if as_read(wanted, who, moment)(call)}
            assert {call.id for call in page.rows} == expected and page.total == len(expected), (wanted, who)
            found_any += len(expected)
    assert found_any > 300, "the filters find something"


@pytest.mark.parametrize("wanted", [Filter(), Filter(state="all"), Filter(state="all", order="newest")])
def test_pages_go_on_by_keys_without_gap_or_repeat(calls, wanted):
    moment, after, seen, size = now(), "", [], 2
    while True:
        page = listing.page(factories.operator(), wanted, after, size, moment)
        seen += [call.id for call in page.rows]
        after = page.after
        if not after:
            break
    whole = listing.page(factories.operator(), wanted, size=100, at=moment)
    assert seen == [call.id for call in whole.rows] and len(seen) == len(set(seen)) == whole.total > size
    keys = [(call.published if wanted.order == "newest" else call.deadline, call.id) for call in whole.rows]
    assert keys == sorted(keys, reverse=wanted != Filter())


def test_what_one_call_passes_is_what_the_list_says(calls):
    """The twin in Python, by which a call that came in is held against saved searches."""
    moment, boards = now(), {call.board.public_id for call in calls if call.board}
    for wanted in (replace(each, state="open") for each in (*FILTERS, *(Filter(board=board) for board in boards))):
        listed = {call.id for call in listing.page(factories.operator(), wanted, size=100, at=moment).rows}
        assert {call.id for call in calls if listing.fits(call, wanted, moment)} == listed, wanted


@pytest.mark.parametrize("after", ["", "x", "20261122T120000000000-", "-5", "20261399T000000000000-1", "20261122T120000000000-9" + "9" * 40])
def test_a_nonsensical_place_is_the_beginning_or_an_end(calls, after):
    assert listing.page(VISITOR, Filter(state="all"), after).total > 0


def test_nonsense_in_an_address_counts_as_nothing():
    asked = listing.asked(MultiDict({"state": "x", "least": "NaN", "before": "yesterday", "currency": "XXX", "sort": "-", "q": " a "}))
    assert asked == Filter(text="a")
    for amount in ("Infinity", "-5", "1e99", "0", "٣x"):
        assert listing.asked({"least": amount}).least is None
    assert listing.asked({"least": "500,000", "before": "2026-12-24"}).arguments == {"least": "500000", "before": "2026-12-24"}
    wanted = Filter(text="a", state="all", board="b", industry="C", region="330000", least=Decimal(5), currency="EUR", before=date(2027, 1, 1), order="newest")
    assert listing.asked(wanted.arguments) == wanted, "an address brings its own filter back"


def test_the_first_page_is_a_walk_along_an_index(calls):
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("SQLite tells its plan in these words")
    wanted = Filter()
    query = listing.ordered(wanted, listing.conditions(VISITOR, wanted, now())).limit(21)
    compiled = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    plan = " ".join(row.detail for row in session.execute(text(f"EXPLAIN QUERY PLAN {compiled}")))
    assert "COVERING INDEX ix_open_call_listed (state=? AND deadline>?)" in plan and "B-TREE" not in plan, plan
