"""The reader's own things by words of their titles or by their number, the newest first.

Nothing here reads all that somebody has: of each kind the newest `NEWEST` are looked through, by an index of its owner; older listings are found by the
words index, numbers by their own indexes. Deals are asked of their room, which knows what is blind to whom.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from marketplace.access import Actor
from marketplace.calls.models import Call
from marketplace.catalogue.models import Technology
from marketplace.db import in_language, session
from marketplace.deals import listing as deals
from marketplace.deals.sight import called
from marketplace.licensing import operations as licensing
from marketplace.licensing.billing.models import Invoice
from marketplace.matching import operations as matching
from marketplace.matching.documents import shown_title
from marketplace.needs.models import Need
from marketplace.ordering import order

NEWEST = 200  # own things of a kind that are looked through
SHOWN = 5  # of a kind on the page


@dataclass(frozen=True)
class Thing:
    """Something of the reader's own: its kind, its public id, what it is called before him and the language of that."""

    kind: str
    public_id: str
    title: str
    language: str


def says(words: Sequence[str], *texts: str | None) -> bool:
    """Whether each of the folded words stands in one of these texts."""
    folded = [text.casefold() for text in texts if text]
    return all(any(word in text for text in folded) for word in words)


def of_own(actor: Actor, typed: str, language: str) -> list[Thing]:
    """What the actor has by these words, at most `SHOWN` of a kind; without words what moved last."""
    words = typed.casefold().split()
    found = [*_deals(actor, typed, language), *_agreements(actor, words, language), *_invoices(actor, words)]
    if not actor.seats:
        return found
    listings = [thing for model in (Need, Technology) for thing in _listings(actor, model, typed, language)]
    return [*found, *listings, *_calls(actor, words, language)]


def _deals(actor: Actor, typed: str, language: str) -> Iterator[Thing]:
    for deal in deals.newest(actor, typed, NEWEST if typed else SHOWN, SHOWN):
        yield Thing("deal", deal.public_id, *called(actor, deal, language))


def _agreements(actor: Actor, words: Sequence[str], language: str) -> Iterable[Thing]:
    rows = licensing.listed(actor, licensing.Filter(), 1, NEWEST if words else SHOWN, order("newest", licensing.ORDERS)) if actor.seats else ()
    return _titled("agreement", rows, words, language)


def _calls(actor: Actor, words: Sequence[str], language: str) -> Iterable[Thing]:
    own = select(Call.public_id, Call.title).where(Call.organisation_id.in_(list(actor.seats))).order_by(Call.id.desc()).limit(NEWEST)
    return _titled("call", session.execute(own), words, language)


def _titled(kind: str, rows: Iterable[Any], words: Sequence[str], language: str) -> list[Thing]:
    """Those of the rows whose title in any language has the words."""
    found = [Thing(kind, row.public_id, *in_language(row.title, language)) for row in rows if says(words, *row.title.values())]
    return found[:SHOWN]


def _invoices(actor: Actor, words: Sequence[str]) -> list[Thing]:
    """By the number: whole through its index, in part among the newest of each side."""
    seats, found = list(actor.seats), {}
    whole = select(Invoice).where(Invoice.issuer_id.in_(seats), Invoice.reference.in_([word.upper() for word in words])).limit(SHOWN)
    newest = [select(Invoice.id).where(side.in_(seats)).order_by(Invoice.id.desc()).limit(NEWEST) for side in (Invoice.issuer_id, Invoice.customer_id)]
    recent = select(Invoice).where(or_(*(Invoice.id.in_(keys) for keys in newest))).order_by(Invoice.id.desc())
    for query in ((whole, recent) if words else (recent.limit(SHOWN),)) if seats else ():
        found |= {one.id: one for one in session.scalars(query) if says(words, one.reference)}
    return [Thing("invoice", one.public_id, one.reference, "") for one in list(found.values())[:SHOWN]]


def _listings(actor: Actor, model: type[Need] | type[Technology], typed: str, language: str) -> list[Thing]:
    """Own listings: a technology by its number, the newest by their titles, drafts and blind ones too, further ones by the words index."""
    kind, words, houses = model.__tablename__, typed.casefold().split(), list(actor.seats)
    own = select(model).where(model.organisation_id.in_(houses))
    keys = select(model.id).where(model.organisation_id.in_(houses)).order_by(model.id.desc()).limit(NEWEST if words else SHOWN)
    newest = session.scalars(select(model).where(model.id.in_(list(session.scalars(keys)))).order_by(model.id.desc())).all()
    found = {one.id: one for one in newest if one.state != "withdrawn" and says(words, *one.title.values())}
    if words and model is Technology:
        found |= {one.id: one for one in session.scalars(own.where(Technology.application_number == typed.strip().upper()))}
    if words and len(newest) == NEWEST and len(found) < SHOWN:
        where = {"organisation": [house.public_id for house in getattr(actor, "organisations", ())]}
        further = matching.found(actor, kind, typed, where, SHOWN).keys
        found |= {one.id: one for one in matching.load(actor, model, further) if says(words, *one.title.values())}
    return [Thing(kind, one.public_id, *shown_title(actor, one, language)) for one in list(found.values())[:SHOWN]]
