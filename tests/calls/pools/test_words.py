"""Words in the list of pools go through the engine: in the index after each change, found in either language, filtered, ordered and paged."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.access import VISITOR
from marketplace.calls.pools import listing, operations
from marketplace.calls.pools.indexing import index_all
from marketplace.calls.pools.listing import Filter
from marketplace.db import now, session
from marketplace.jobs import Job
from marketplace.matching import operations as matching
from tests import factories as make
from tests.inspection import playing, work

pytestmark = pytest.mark.usefixtures("app", "fresh_index")

WELD = {"title": {"zh": "铝合金焊缝气孔"}, "brief": {"zh": "机器人焊接铝合金支架，焊缝里总有气孔，返修率太高。"}}
ENGLISH = {"title": {"en": "Milling cutters wear too fast"}, "brief": {"en": "Cutters for stainless steel last forty minutes."}}
SOON = timedelta(days=30)


def pool(**values):
    return make.pool(**{"deadline": now() + SOON, **values})


def build():
    """Give the index all that stands in the database, with enough that has nothing to do with it, so that words can be rare."""
    for n in range(12):
        pool(title={"zh": f"第{n}号物流分拣"}, brief={"zh": f"包裹分拣的输送带堵塞之{n}。"})
    session.commit()
    with playing():
        matching.reindex()
    session.expire_all()


def found(typed, who=VISITOR, **filters):
    return [one.id for one in listing.page(who, Filter(text=typed, **filters)).rows]


def test_words_are_found_in_either_language_by_whoever_may_read_the_pool():
    weld, english = pool(**WELD), pool(**ENGLISH)
    hidden, draft = pool(**WELD, visibility="members"), pool(**WELD, state="draft", opened=None)
    build()
    verified = make.person()
    make.organisation(verified)
    assert found("气孔") == [weld.id] and set(found("气孔", verified)) == {weld.id, hidden.id}
    own = draft.organisation.memberships[0].person
    assert draft.id not in found("气孔", own, state="all"), "a draft is in no index"
    assert found("不锈钢刀具磨损")[0] == english.id and found("weld seam porosity in aluminium")[0] == weld.id


def test_words_go_with_filters_orders_and_pages():
    made = [pool(**WELD, deadline=now() + SOON * (3 - n), opened=now() - timedelta(hours=n), region="330000" if n else None) for n in range(3)]
    over = pool(**WELD, state="missed", deadline=now() - SOON)
    build()
    keys = [one.id for one in made]
    assert set(found("气孔")) == set(keys) and found("气孔", state="missed") == [over.id] and set(found("气孔", state="all")) == {*keys, over.id}
    assert found("气孔", order="deadline") == keys[::-1] and found("气孔", order="newest") == keys and set(found("气孔", region="330000")) == set(keys[1:])
    for order in ("", "newest"):
        wanted, after, seen = Filter(text="气孔", order=order), "", []
        for _page in range(3):
            page = listing.page(VISITOR, wanted, after, 1)
            seen, after = [*seen, *(one.id for one in page.rows)], page.after
            assert page.total == 3
        assert sorted(seen) == sorted(keys) and not after
    assert listing.found(VISITOR, Filter(text="气孔", order="newest"), 2) == (3, keys[:2])


def test_a_pool_is_in_the_index_from_opening_to_withdrawal():
    build()
    owner = make.person()
    draft = make.pool(make.organisation(owner), **WELD, state="draft", opened=None, deadline=now() + SOON)
    operations.open_pool(owner, draft)
    assert found("气孔") == [], "the index learns of it by a job"
    work()
    assert found("气孔") == [draft.id]
    operations.withdraw_pool(owner, draft)
    work()
    assert matching.index().search("气孔", "pool").total == 0


def test_pools_of_an_older_site_are_brought_in_once():
    one, _draft = pool(**WELD), pool(state="draft", opened=None)
    for _batch in index_all():
        pass
    session.flush()
    assert [job.key for job in session.scalars(select(Job).where(Job.kind == "pools.index"))] == [f"pool:{one.id}"]
