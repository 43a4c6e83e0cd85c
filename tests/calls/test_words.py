"""Words in the list of calls go through the engine: in the index after each change, found in either language, filtered, ordered and paged."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from marketplace.access import VISITOR
from marketplace.calls import listing, lists, operations
from marketplace.calls.boards import operations as boards
from marketplace.calls.indexing import index_all
from marketplace.calls.listing import Filter
from marketplace.calls.models import Call
from marketplace.db import now, session
from marketplace.matching import operations as matching
from tests import factories as make
from tests.inspection import playing, work

pytestmark = pytest.mark.usefixtures("app", "fresh_index")

BARE: dict = {"targets": [], "acceptance": {}}
WELD = {"title": {"zh": "铝合金焊缝气孔"}, "brief": {"zh": "机器人焊接铝合金支架，焊缝里总有气孔，返修率太高。"}, **BARE}
ENGLISH = {"title": {"en": "Milling cutters wear too fast"}, "brief": {"en": "Cutters for stainless steel last forty minutes."}, **BARE}


def build():
    """Give the index all that stands in the database, with enough that has nothing to do with it, so that words can be rare."""
    for n in range(12):
        make.technology(title={"zh": f"第{n}号水稻育种方法"}, abstract={"zh": f"分子标记选育抗倒伏水稻之{n}。"})
        make.open_call(title={"zh": f"第{n}号物流分拣"}, brief={"zh": f"包裹分拣的输送带堵塞之{n}。"}, targets=[], acceptance={})
    session.commit()
    with playing():
        matching.reindex()
    session.expire_all()


def found(typed, who=VISITOR, **filters):
    return [call.id for call in listing.page(who, Filter(text=typed, **filters)).rows]


def test_a_call_is_in_the_index_from_publishing_to_withdrawal():
    build()
    owner = make.person()
    call = make.open_call(make.organisation(owner, size="large"), state="draft", **{**WELD, "acceptance": {"zh": "拍片检验"}}, amount=None)
    lacking = {"targets": [{"quantity": {"zh": "气孔率"}, "today": "9", "wanted": "1", "unit": "%", "direction": "at_most"}], "amount": 5_000_000}
    operations.edit_call(owner, call, **lacking)
    operations.publish_call(owner, call)
    assert found("气孔") == [], "the index learns of it by a job"
    work()
    assert found("气孔") == [call.id] == found("气孔率"), "targets are words of a call too"
    operations.amend_call(owner, call, "另有所需", brief={"zh": "改求激光清洗的办法"}, title={"zh": "清洗"})
    work()
    assert found("激光清洗") == [call.id] and found("支架") == []
    operations.withdraw_call(owner, call, "不需要了")
    work()
    assert matching.index().search("激光清洗", "open_call").total == 0 and found("激光清洗", state="all") == []


def test_words_cross_the_languages():
    english = make.open_call(**ENGLISH)
    weld = make.open_call(**WELD)
    build()
    assert found("不锈钢刀具磨损")[0] == english.id and found("weld seam porosity in aluminium")[0] == weld.id
    assert english.id not in found("铝合金焊缝气孔")


def test_members_only_calls_are_found_by_whoever_may_read_them():
    owner, verified, stranger = make.person(), make.person(), make.person()
    hidden = make.open_call(make.organisation(owner, state="unverified"), visibility="members", **WELD)
    build()
    make.organisation(verified)
    make.organisation(stranger, state="unverified")
    for who, expected in ((VISITOR, []), (stranger, []), (verified, [hidden.id]), (owner, [hidden.id]), (make.broker(), [hidden.id])):
        page = listing.page(who, Filter(text="焊缝气孔"))
        assert [call.id for call in page.rows] == expected and page.total == len(expected), who


def test_filters_hold_beside_words_and_the_database_has_the_last_word():
    board = make.board()
    one = make.open_call(**WELD, industry="C358", region="330000", amount=90_000_000, board=board)
    two = make.open_call(**WELD, industry="A01", region="310000", amount=10_000_000)
    closed = make.open_call(**WELD, state="closed", deadline=now() - timedelta(days=1))
    build()
    assert set(found("气孔")) == {one.id, two.id} and found("气孔", state="closed") == [closed.id] and len(found("气孔", state="all")) == 3
    assert found("气孔", industry="C35") == found("气孔", board=board.public_id) == found("气孔", region="330000") == [one.id]
    assert found("气孔", least=Decimal(500_000)) == [one.id] and found("气孔", industry="C3") == [one.id] and found("气孔", region="999999") == []
    owner = board.organisation.memberships[0].person
    boards.take_off(owner, one)
    assert found("气孔", board=board.public_id) == [], "the index lags, the list does not"
    work()
    assert matching.index().search("气孔", "open_call", {"board": (board.public_id,)}).total == 0
    session.get_one(Call, two.id).deadline = now() - timedelta(minutes=1)
    session.flush()
    assert found("气孔") == [one.id]


@pytest.mark.parametrize("order", ["", "deadline", "newest"])
def test_pages_of_words_go_on_without_gap_or_repeat(order):
    for number in range(7):
        make.open_call(**{**WELD, "brief": {"zh": "焊缝气孔" * (1 + number % 3) + "返修"}}, deadline=now() + timedelta(days=9 - number),
                       published=make.NOW + timedelta(hours=number * 5 % 7))
    build()
    wanted, after, seen = Filter(text="焊缝气孔", order=order), "", []
    while True:
        page = listing.page(VISITOR, wanted, after, 2)
        seen += [call.id for call in page.rows]
        after = page.after
        if not after:
            break
    whole = listing.page(VISITOR, wanted, size=100)
    assert seen == [call.id for call in whole.rows] and len(seen) == len(set(seen)) == whole.total == 7
    if order:
        by = {"deadline": lambda call: call.deadline, "newest": lambda call: -call.published.timestamp()}[order]
        assert [by(call) for call in whole.rows] == sorted(by(call) for call in whole.rows)
    else:
        assert seen == [key for key in matching.index().search("焊缝气孔", "open_call", limit=50).keys if key in seen]


def test_a_page_goes_on_where_its_last_call_is_gone():
    for _number in range(4):
        make.open_call(**WELD)
    build()
    first = listing.page(VISITOR, Filter(text="气孔"), size=2)
    last = first.rows[-1]
    rest = {call.id for call in listing.page(VISITOR, Filter(text="气孔"), first.after, 9).rows}
    last.state = "withdrawn"
    session.flush()
    assert {call.id for call in listing.page(VISITOR, Filter(text="气孔"), first.after, 9).rows} <= rest
    for nonsense in ("x", "-", "9" * 40 + "-1", "1-" + "9" * 40, "20261122T120000000000-5", "٣-٣"):
        assert listing.page(VISITOR, Filter(text="气孔"), nonsense).total == 3, nonsense


def test_more_than_are_looked_at_is_said(monkeypatch, client):
    for _number in range(4):
        make.open_call(**WELD)
    build()
    monkeypatch.setattr(lists, "MOST", 3)
    page = listing.page(VISITOR, Filter(text="气孔"))
    assert page.more
    assert "只列出最相符的" in client.get("/zh/open-calls?q=气孔").get_data(as_text=True)
    monkeypatch.undo()
    assert not listing.page(VISITOR, Filter(text="气孔")).more


def test_the_page_offers_the_order_by_fit_where_words_are_typed(client):
    make.open_call(**ENGLISH)
    build()
    plain, typed = (client.get(f"/en/open-calls{question}").get_data(as_text=True) for question in ("", "?q=cuttters"))
    assert "best fit first" in typed and "best fit first" not in plain and "Milling cutters" in typed and "Searched for" in typed


def test_a_site_that_stood_before_has_its_calls_indexed():
    build()
    calls = [make.open_call(**WELD), make.open_call(**WELD, state="awarded"), make.open_call(**WELD, state="withdrawn"), make.open_call(**WELD, state="draft")]
    session.commit()
    for _batch in index_all():
        session.commit()
    keys = set(matching.index().search("气孔", "open_call").keys)
    assert keys == {calls[0].id, calls[1].id} and len(session.scalars(select(Call)).all()) > 4
