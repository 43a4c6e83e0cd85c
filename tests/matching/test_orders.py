"""Orders of a search: tiers hold every listing once, pages go on through them, and where a blind listing stands tells nothing of it."""

from __future__ import annotations

from typing import Any

import pytest

from marketplace.matching import keywords, lexical, orders
from marketplace.matching.passages import Document, passages_of
from marketplace.matching.words import ORDER_WORDS

LEVELS = {1: 3, 2: 9, 3: None, 4: 6, 5: 9, 6: None, 7: 1}
TERMS = {1: ("upfront", "royalty"), 2: ("pay_after_use", "royalty"), 3: (), 4: ("upfront",), 5: ("free",), 6: (), 7: ("trial_then_pay",)}


def technology(key: int, visibility: str = "public") -> Document:
    """A technology as the readers' index has it; a blind one is its teaser and tells neither maturity nor terms."""
    told = {} if visibility == "blind" else {"maturity": (str(LEVELS[key]),) if LEVELS[key] else (), "terms": TERMS[key]}
    title = "激光 修复 模具" if key % 2 else "激光"
    return Document(key=key, kind="technology", passages={"zh": (title, "")}, facets={"visibility": (visibility,), **told})


def searcher(blind: tuple[int, ...] = ()) -> lexical.Searcher:
    """The seven in the order of entry."""
    documents = [technology(key, "blind" if key in blind else "public") for key in LEVELS]
    return lexical.in_memory(row for one in documents for row in passages_of(one))


def listed(found: lexical.Searcher, order: str, typed: str = "", offset: int = 0, limit: int = 20, where: Any = None) -> list[int]:
    """The keys of a page as the search asks for them."""
    seen = keywords.Filter("technology", where or {}, {})
    return list(keywords.search(found, typed, seen, (), offset, limit, orders.by_entry(order), orders.tiers(order, typed)).keys)


@pytest.fixture(scope="module")
def every() -> lexical.Searcher:
    return searcher()


def test_each_order_stands_as_it_says(every: lexical.Searcher) -> None:
    assert listed(every, "") == [7, 6, 5, 4, 3, 2, 1], "without words the newest first"
    assert listed(every, "maturity") == [5, 2, 4, 1, 7, 6, 3], "what tells no maturity comes last"
    assert listed(every, "entry") == [7, 5, 2, 4, 1, 6, 3]
    assert listed(every, "newest", "激光") == [7, 6, 5, 4, 3, 2, 1] and listed(every, "", "激光") != listed(every, "newest", "激光")
    assert listed(every, "maturity", where={"maturity": ("9", "1")}) == [5, 2, 7]


def test_pages_of_tiers_go_on_without_gap_or_repeat(every: lexical.Searcher) -> None:
    for order in ("maturity", "entry", "newest"):
        for typed in ("", "激光"):
            whole = listed(every, order, typed)
            assert sorted(whole) == sorted(LEVELS)
            for size in (1, 2, 3):
                assert [key for offset in range(0, 9, size) for key in listed(every, order, typed, offset, size)] == whole


def test_where_a_blind_listing_stands_tells_nothing_of_it() -> None:
    """Decision 0011: not when it was entered, how mature it is, or on what terms: in every order it stands behind all others."""
    for blind in LEVELS:
        found = searcher((blind,))
        for order in orders.orders_of("technology"):
            assert listed(found, order)[-1] == blind, order
            assert order == orders.FIT or listed(found, order, "激光")[-1] == blind, order


def test_an_address_asks_only_for_orders_that_there_are() -> None:
    assert orders.order("technology", "maturity", "") == "maturity" and orders.order("need", "maturity", "") == ""
    assert orders.order("need", "grade", "x") == "grade" and orders.order("expert", "newest", "x") == "newest"
    assert orders.order("technology", "newest", "") == "", "the usual order has one address"
    assert orders.order("technology", "price; drop", "x") == ""
    assert {name for kind in ("technology", "need", "expert") for name in orders.orders_of(kind)} == set(ORDER_WORDS)
