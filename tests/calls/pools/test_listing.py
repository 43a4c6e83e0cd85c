"""The list of pools: its SQL against plain Python over every filter, pages that go on by keys, the plan of the first page on both databases, and that
no file of the list says more of pledges than the page."""

from __future__ import annotations

import io
import random
import re
import zipfile
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from werkzeug.datastructures import MultiDict

from marketplace.access import VISITOR
from marketplace.calls.deadlines import HOME, local
from marketplace.calls.pools import converting, listing, operations
from marketplace.calls.pools.listing import Filter
from marketplace.calls.pools.models import Pool
from marketplace.db import now, session
from tests import factories
from tests.calls.pools.test_pools import DAY, TEN_THOUSAND, firm, owner
from tests.exporting.test_lists import printed, table

__all__ = ["printed"]

pytestmark = pytest.mark.usefixtures("app")

STATES = ("draft", "open", "open", "reached", "missed", "withdrawn")
FILTERS = [
    Filter(), Filter(state="all"), Filter(state="reached"), Filter(state="missed"), Filter(state="converted"), Filter(state="all", industry="C35"),
    Filter(state="all", industry="C358"), Filter(state="all", region="330000"), Filter(state="all", least=Decimal(500_000)),
    Filter(state="all", least=Decimal(100), currency="JPY"), Filter(state="all", before=date(2026, 12, 24)), Filter(order="newest"),
    Filter(state="all", industry="C35", region="330000", least=Decimal(1)),
]


@pytest.fixture
def pools():
    chance, moment = random.Random(7), now()
    houses, made = [factories.organisation(factories.person()) for _number in range(3)], []
    for number in range(60):
        state = STATES[number % len(STATES)]
        hours = chance.randrange(1, 9) * 200 + 1
        title = {"zh": f"刀具寿命{number}", "en": f"Tool life 100% {number}"} if number % 2 else {"zh": f"焊接气孔{number}"}
        made.append(factories.pool(
            chance.choice(houses), state=state, title=title, brief={"en": "Tools wear too fast"}, visibility=chance.choice(("public", "public", "members")),
            industry=chance.choice(("C358", "C35", "C331", "A01", None)), region=chance.choice(("330000", "310000", None)),
            threshold=chance.randrange(1, 100) * 1_000_000, currency=chance.choice(("CNY", "CNY", "JPY")), at=moment,
            deadline=moment + timedelta(hours=-hours if state == "missed" or number % 5 == 0 else hours),
            opened=None if state == "draft" else factories.NOW + timedelta(hours=chance.randrange(5)),
        ))
    session.flush()
    return made


def as_read(wanted, who, moment):
    """The same filter in plain Python."""
    said = {
        "open": lambda pool: pool.state == "open" and pool.deadline > moment,
        "missed": lambda pool: pool.state == "missed" or (pool.state == "open" and pool.deadline <= moment), "all": lambda _pool: True,
    }

    def fits(pool):
        return (
            pool.state in Pool.OPEN_STATES
            and (pool.visibility == "public" or pool.organisation_id in who.seats or who.is_verified or who.is_operator or who.is_broker)
            and said.get(wanted.state, lambda pool: pool.state == wanted.state)(pool)
            and (pool.industry or "").startswith(wanted.industry) and (not wanted.region or pool.region == wanted.region)
            and (wanted.least is None or (pool.currency == wanted.currency and pool.threshold / (1 if pool.currency == "JPY" else 100) >= wanted.least))
            and (wanted.before is None or local(pool.deadline, HOME).date() <= wanted.before)
        )

    return fits


def test_the_list_is_what_a_plain_reading_says(pools):
    moment = now()
    member, verified, stranger = pools[0].organisation.memberships[0].person, factories.person(), factories.person()
    factories.organisation(verified)
    found_any = 0
    for who in (VISITOR, stranger, verified, member, factories.operator(), factories.broker()):
        for wanted in FILTERS:
            page = listing.page(who, wanted, size=100, at=moment)
            expected = {pool.id for pool in pools if as_read(wanted, who, moment)(pool)}
            assert {pool.id for pool in page.rows} == expected and page.total == len(expected), (wanted, who)
            found_any += len(expected)
    assert found_any > 300, "the filters find something"


@pytest.mark.parametrize("wanted", [Filter(), Filter(state="all"), Filter(state="all", order="newest")])
def test_pages_go_on_by_keys_without_gap_or_repeat(pools, wanted):
    moment, after, seen, who = now(), "", [], factories.operator()
    while True:
        page = listing.page(who, wanted, after, 2, moment)
        seen += [pool.id for pool in page.rows]
        after = page.after
        if not after:
            break
    whole = listing.page(who, wanted, size=100, at=moment)
    assert seen == [pool.id for pool in whole.rows] and len(seen) == len(set(seen)) == whole.total > 2
    keys = [(pool.opened if wanted.order == "newest" else pool.deadline, pool.id) for pool in whole.rows]
    assert keys == sorted(keys, reverse=wanted != Filter())


def test_nonsense_in_an_address_counts_as_nothing(pools):
    draft = next(pool for pool in pools if pool.state == "draft")
    for after in ("x", "", draft.public_id):
        assert [pool.id for pool in listing.page(VISITOR, Filter(), after).rows] == [pool.id for pool in listing.page(VISITOR, Filter()).rows]
    asked = listing.asked(MultiDict({"state": "draft", "least": "NaN", "before": "yesterday", "currency": "XXX", "sort": "-", "q": " a ", "board": "b"}))
    assert asked == Filter(text="a")
    wanted = Filter(text="a", state="all", industry="C", region="330000", least=Decimal(5), currency="EUR", before=date(2027, 1, 1), order="newest")
    assert listing.asked(wanted.arguments) == wanted, "an address brings its own filter back"


@pytest.mark.parametrize("wanted", [Filter(), Filter(state="reached"), Filter(industry="C35", region="330000", least=Decimal(9))])
def test_the_first_page_and_the_next_are_walks_along_one_index(pools, wanted):
    session.commit()
    postgresql = session.get_bind().dialect.name == "postgresql"
    for name in ("seqscan", "bitmapscan", "sort") if postgresql else ():
        session.execute(text(f"set local enable_{name} = off"))  # a table of sixty rows is read whole and sorted otherwise
    for place in (None, (now() + DAY, 7)):
        query = listing.ordered(wanted, listing.conditions(VISITOR, wanted, now()), place).limit(21)
        compiled = query.compile(dialect=session.get_bind().dialect, compile_kwargs={"literal_binds": True})
        explained = text(("EXPLAIN " if postgresql else "EXPLAIN QUERY PLAN ") + str(compiled).replace(":", r"\:"))
        plan = " ".join(str(row[-1]) for row in session.execute(explained))
        if postgresql:
            assert re.search(r"Index Only Scan( Backward)? using ix_pool_listed", plan) and "Sort" not in plan, plan
        else:
            assert "COVERING INDEX ix_pool_listed (state=?" in plan and "B-TREE" not in plan, plan
            assert ("deadline" in plan) == (place is not None or wanted.state == "open"), plan


def test_industry_and_region_come_from_the_needs_and_go_on_to_the_call():
    lead = firm()
    needs = [factories.need(lead, industry="C3481", region="330000"), factories.need(firm(), industry="C35", region="330000"),
             factories.need(firm(), visibility="blind", teaser={"zh": "某种零件"}, industry="A01", region="310000")]
    assert operations.shared_by(needs) == {"industry": "C", "region": "330000"}
    assert operations.shared_by(needs[:1])["industry"] == "C348" and operations.shared_by(needs[2:]) == {"industry": None, "region": None}
    values = {"title": {"zh": "去毛刺"}, "brief": {"zh": "太慢"}, "rights": ["own_use"], "threshold": 10, "least": 1, "currency": "CNY",
              "basis": "proportional", "deadline": now() + DAY, "zone": "Asia/Shanghai"}
    assert operations.create_pool(owner(lead), lead, needs, **values).region == "330000"
    pool = factories.pool(lead, 60 * TEN_THOUSAND, 50 * TEN_THOUSAND, state="reached", industry="C35", region="310000")
    session.refresh(pool, ["pledges"])
    call = converting.convert(owner(lead), pool, at=factories.NOW)
    assert (call.industry, call.region) == ("C35", "310000")


def everything_told(client, lang, printed):
    """What the files of the list say, as they are sent, but for the moment at which a spreadsheet was made."""
    with client.get(f"/{lang}/pools.xlsx") as answer, zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        sheets = {name: book.read(name) for name in book.namelist() if name != "docProps/core.xml"}
    assert client.get(f"/{lang}/pools.pdf").status_code == 200
    return sheets, printed.pop(), client.get(f"/{lang}/pools.atom").data, client.get("/sitemap-pools-1.xml").data


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_file_says_more_of_pledges_than_the_page(client, printed, lang):
    pool = factories.pool(None, at=now(), industry="C35", region="330000", deadline=now() + 10 * DAY)
    empty = everything_told(client, lang, printed)
    assert pool.title[lang] in empty[1] and pool.public_id.encode() in empty[2] and pool.public_id.encode() in empty[3]
    factories.pledge(pool, pool.organisation, 40 * TEN_THOUSAND)
    second = factories.pledge(pool, None, 13 * TEN_THOUSAND)
    session.commit()
    assert everything_told(client, lang, printed) == empty, "under three pledges nothing is told"
    factories.pledge(pool, None, 10 * TEN_THOUSAND)
    session.commit()
    three = everything_told(client, lang, printed)
    assert all(one != none for one, none in zip(three[:3], empty[:3], strict=True)) and three[3] == empty[3]
    second.amount += 6 * TEN_THOUSAND
    session.commit()
    assert everything_told(client, lang, printed) == three, "two sums in one step look alike"
    said = re.sub(r"[,，\s]", "", three[1] + three[2].decode())
    assert said.count("600000") >= 2 and not any(figure in said for figure in ("630000", "690000", "400000", "190000"))


def test_the_files_follow_the_filters_and_leave_out_what_only_members_read(client):
    factories.pool(None, title={"en": "Open to all"}, industry="C35", deadline=now() + DAY)
    factories.pool(None, title={"en": "For members only"}, industry="C35", visibility="members", deadline=now() + DAY)
    factories.pool(None, title={"en": "Another trade"}, industry="A01", deadline=now() + DAY)
    assert [row["Title"] for row in table(client.get("/en/pools.xlsx?industry=C"))] == ["Open to all"]
    for name in ("pools.atom", "pools"):
        told = client.get(f"/en/{name}?industry=C").get_data(as_text=True)
        assert [title in told for title in ("Open to all", "For members only", "Another trade")] == [True, False, False], name
    client.login(owner(firm()))
    assert "For members only" in client.get("/en/pools").get_data(as_text=True)
    assert b"For members only" not in client.get("/en/pools.atom").data
