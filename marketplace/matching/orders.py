"""In which orders a search of listings can stand: by fit, by entry, and by what an index serves.

An order is a row of *tiers*: all listings of the first stand before all of the second, and so on. Within a tier the best answer to the typed words
comes first, without words what was entered last. Each tier is a filter of the words index, and only those are asked that the page at hand reaches into,
so that five million listings cost what the first search does. What stands in no filter cannot order: the amounts of offers are in several currencies
and many offers have none, budgets and deadlines are in the database alone, which knows no words.

A blind listing stands in the last tier of every order but that of fit, which reads its teaser alone: where it stood among the others would tell when it
was entered, how mature it is, or on what terms (decision 0011). Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from marketplace.matching.keywords import Tier
from marketplace.terms.payment import FORMS

FIT, NEWEST, MATURITY, ENTRY, GRADE = "", "newest", "maturity", "entry", "grade"
ORDERS = {"technology": (FIT, NEWEST, MATURITY, ENTRY), "need": (FIT, NEWEST, GRADE)}
"""Kind → what can be chosen; of other kinds fit and entry."""
BLIND = {"visibility": ("blind",)}
GRADES = ("verified", "distilled", "declared")
LEVELS = tuple(str(level) for level in range(9, 0, -1))
PAID_FIRST = ("upfront",)
TOLD = (*(code for code in FORMS if code not in PAID_FIRST), "open_licence", "open_source")
TIERS = {
    FIT: (), NEWEST: (), MATURITY: tuple(Tier({"maturity": (level,)}) for level in LEVELS), GRADE: tuple(Tier({"grade": (grade,)}) for grade in GRADES),
    ENTRY: (Tier({"terms": TOLD}, {"terms": PAID_FIRST}), Tier({"terms": PAID_FIRST})),
}
UNTOLD = {MATURITY: {"maturity": LEVELS}, GRADE: {"grade": GRADES}, ENTRY: {"terms": (*TOLD, *PAID_FIRST)}}


def orders_of(kind: str) -> Sequence[str]:
    """What can be chosen for a kind."""
    return ORDERS.get(kind, (FIT, NEWEST))


def order(kind: str, asked: str, typed: str) -> str:
    """The order that an address asks for; nonsense counts as nothing, and so does `newest` without words, which is the usual order then."""
    return asked if asked in orders_of(kind) and (typed or asked != NEWEST) else FIT


def by_entry(chosen: str) -> bool:
    """Whether words, where there are any, do not order within a tier."""
    return chosen == NEWEST


def tiers(chosen: str, typed: str) -> Sequence[Tier]:
    """The tiers of an order; none for fit."""
    if chosen == FIT and typed:
        return ()
    return (*TIERS[chosen], Tier({}, {**BLIND, **UNTOLD.get(chosen, {})}), Tier(BLIND))
