"""The tables of one's own work as files: deals, agreements, invoices, statements, each by the filters and in the order of its page.

Unlike an open list it is for whoever has signed in, and holds what its page shows to him and no more: titles and houses of a deal go through the same sight.
A further table is one entry of `TABLES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.access import Actor, may, require
from marketplace.calls import listing as call_lists
from marketplace.calls import operations as calls
from marketplace.calls import words as call_words
from marketplace.calls.deadlines import local
from marketplace.calls.lists import Own
from marketplace.calls.pools import listing as pool_lists
from marketplace.calls.pools import words as pool_words
from marketplace.calls.proposals import operations as proposals
from marketplace.calls.proposals.words import STATE_WORDS as PROPOSAL_WORDS
from marketplace.calls.reviewing import operations as reviews
from marketplace.calls.reviewing.models import Review
from marketplace.calls.reviewing.table import table_of
from marketplace.catalogue.resources import listing as requests
from marketplace.catalogue.resources import words as resource_words
from marketplace.db import HOME, in_language, now
from marketplace.deals import listing as deals
from marketplace.deals import views as deal_pages
from marketplace.deals import words as deal_words
from marketplace.deals.sight import called, sight
from marketplace.errors import NotFound
from marketplace.exporting.lists import Column
from marketplace.exporting.words import house, invoice_kind, invoice_state, statement_state, status
from marketplace.licensing import operations as licensing
from marketplace.licensing import views as agreement_pages
from marketplace.licensing.billing import operations as billing
from marketplace.licensing.billing import totals
from marketplace.licensing.billing import views as invoice_pages
from marketplace.licensing.duties import operations as notices
from marketplace.licensing.duties import views as notice_pages
from marketplace.licensing.duties.words import NOTICE_WORDS
from marketplace.licensing.statements import operations as statements
from marketplace.licensing.statements import views as statement_pages
from marketplace.matching import words as match_words
from marketplace.matching.desk import views as desk_pages
from marketplace.matching.documents import shown_title
from marketplace.needs.forms import from_minor
from marketplace.ordering import order
from marketplace.people import operations as people
from marketplace.people import organisations
from marketplace.people.zones import in_zone
from marketplace.trail.own import operations as history
from marketplace.trail.own import views as history_pages
from marketplace.trail.own import words as history_words
from marketplace.web import actor, language

MOST = 2_000  # rows of a file: each is looked at with the reader's eyes

FILTERS = {"answer", "public_id", "stage", "side", "q", "order", "status", "state", "year", "show", "sort", "room", "resource", "kind", "since"}
"""What the address of a table says."""

Rows = Callable[[Actor, Any], tuple[int, Sequence[Any]]]
"""How many rows there are, and the first of them, for somebody and what an address says."""


@dataclass(frozen=True)
class Table:
    """One table: its page, the page of a row, its rows and its columns, with those that only what the address names has (`columns_of`).
    `place` is the page of a row where they differ, "" for none."""

    name: str
    search: str
    page: str
    rows: Rows
    columns: tuple[Column, ...]
    key: Callable[[Any], str] = lambda one: one.public_id
    place: Callable[[Any], str] | None = None
    further: Callable[[Any], dict[str, str]] = lambda one: {}
    columns_of: Callable[[Actor, Any], tuple[Column, ...]] = lambda who, values: ()


def _deals(who: Actor, values: Any) -> tuple[int, Sequence[Any]]:
    _form, wanted = deal_pages.asked(values)
    found = [card.deal for card in deals.listed(who, wanted, 1, MOST, by=order(values.get("sort", ""), deals.ORDERS))][:MOST]
    return deals.total(who, wanted, deals.counts(who, wanted)), found


def _agreements(who: Actor, values: Any) -> tuple[int, Sequence[Any]]:
    wanted, by = agreement_pages.asked(values)
    return licensing.count(who, wanted), licensing.listed(who, wanted, 1, MOST, by)[:MOST]


def _invoices(who: Actor, values: Any) -> tuple[int, Sequence[Any]]:
    organisation, (side, where, by) = organisations.by_public_id(values.get("public_id", "")), invoice_pages.asked(values)
    return billing.count_invoices(who, organisation, side, **where), billing.invoices_of(who, organisation, side, 1, MOST, by, **where)[:MOST]


def _arrears(who: Actor, values: Any) -> tuple[int, Sequence[Any]]:
    organisation, (side, _where, _by) = organisations.by_public_id(values.get("public_id", "")), invoice_pages.asked(values)
    today, by = billing.today_of(organisation.id, now()), order(values.get("sort", ""), totals.ORDERS)
    return totals.count_in_arrears(who, organisation, side), totals.arrears_by_agreement(who, organisation, side, today, 1, MOST, by)[:MOST]


def _of_age(age: str) -> Column:
    return Column(age, 16, lambda one, _language: from_minor(one.ages[age], one.currency))


def _notices(who: Actor, values: Any) -> tuple[int, Sequence[Any]]:
    state, by = notice_pages.asked(values)
    return notices.count(who, state), notices.listed(who, 1, MOST, state, by)[:MOST]


def _requests(who: Actor, values: Any) -> tuple[int, Sequence[Any]]:
    wanted, by = requests.asked(values, [name for name, number in requests.counts(who).items() if number])
    return requests.count(who, wanted), requests.listed(who, wanted, by, 1, MOST)[:MOST]


def _tried(one: Any, language: str) -> str | None:
    """The technology of a trial as far as the reader may see it; nothing of other requests."""
    return shown_title(actor(), one.technology, language)[0] if hasattr(one, "technology") else None


def _span(one: Any, _language: str) -> str | None:
    return in_zone(one.starts, one.ends, one.resource.zone) if hasattr(one, "starts") else None


def _proposals(who: Actor, values: Any) -> tuple[int, Sequence[Any]]:
    """The opened proposals of a call, for whom its page tells of them; nothing before the opening, and for nobody else."""
    call = calls.by_public_id(who, values.get("public_id", ""))
    found = proposals.opened_of(who, call)
    if not found:
        require(who, "open_call.see_sealed", call)
    return len(found), found


def _history_of_house(who: Actor, values: Any) -> tuple[int, Sequence[Any]]:
    found, (_form, wanted) = organisations.by_public_id(values.get("public_id", "")), history_pages.asked(values)
    total, rows = history.of_organisation(who, found, wanted, MOST)
    return total, rows[:MOST]


def _own_history(who: Actor, values: Any) -> tuple[int, Sequence[Any]]:
    total, rows = history.of_person(who, people.acting_person(who), history_pages.asked(values)[1], MOST)
    return total, rows[:MOST]


def _happened(one: Any, _language: str) -> str:
    return history_words.happened(one.noun, one.verb)


def _state_of(place: int) -> Callable[[Any, str], str | None]:
    """The state before or after; texts stand on the page of the listing's own history."""
    return lambda one, _language: next(
        (str(history_words.STATE_WORDS.get(one.noun, {}).get(field[place], field[place])) for field in one.fields if field[0] == "state"), None)


def _changed(one: Any, _language: str) -> str:
    return "; ".join(str(history_words.FIELD_WORDS[one.noun].get(name, name)) for name, *_ in one.fields if name != "state")


_HISTORY = (
    Column("when", 18, lambda one, _language: f"{one.at.astimezone(HOME):%Y-%m-%d %H:%M}"), Column("what", 34, _happened),
    Column("title", 44, lambda one, _language: one.title), Column("by_whom", 18, lambda one, _language: one.person or str(history_pages.SIDE_WORDS[one.who])),
    Column("before", 18, _state_of(1)), Column("after", 18, _state_of(2)),
    Column("changed", 44, _changed),
)


def _own(find: Callable[..., Own]) -> Rows:
    """The rows of a list of one's own calls, pools or proposals."""

    def rows(who: Actor, values: Any) -> tuple[int, Sequence[Any]]:
        found = find(who, values, 1, MOST)
        return found.total, found.rows

    return rows


def _amount(name: str) -> Column:
    return Column(name, 16, lambda one, _language: None if getattr(one, name) is None else from_minor(getattr(one, name), one.currency))


_TITLE = Column("title", 44, lambda one, language: one.titled(language)[0])
_HOUSE = Column("organisation", 30, lambda one, language: one.organisation.called(language))
_CURRENCY = Column("currency", 8, lambda one, _language: one.currency)


def _deadline(call: Callable[[Any], Any]) -> Column:
    return Column("call_deadline", 14, lambda one, _language: local(call(one).deadline, call(one).zone).date())


def _in_words(known: Mapping[str, Any]) -> Column:
    return Column("state", 18, lambda one, _language: str(known[one.state]))


def _reviewed(who: Actor, values: Any) -> Review:
    """The review of a call, for whoever may see its scores. Raises `NotFound` before it has begun."""
    call = calls.by_public_id(who, values.get("public_id", ""))
    require(who, "open_call.review", call)
    review = reviews.review_of(call)
    if review is None:
        raise NotFound()
    reviews.require_table(who, review)
    return review


def _ranking(who: Actor, values: Any) -> tuple[int, Sequence[Any]]:
    rows = table_of(_reviewed(who, values)).rows
    return len(rows), rows


def _criteria(who: Actor, values: Any) -> tuple[Column, ...]:
    """A column with the mean for each criterion of the call."""
    return tuple(
        Column(f"criterion {one.id}", 18, lambda row, _language, key=one.id: _mean(row, key), in_language(one.title, language())[0])
        for one in _reviewed(who, values).call.criteria
    )


def _mean(row: Any, criterion: int) -> Any:
    spread = row.ranked.criteria.get(criterion) if row.ranked else None
    return spread.mean if spread else None


def _of_ranked(name: str) -> Callable[[Any, str], Any]:
    """What the ranking says of a proposal; nothing of one that was withdrawn."""
    return lambda row, _language: getattr(row.ranked, name) if row.ranked else None


def _statements(who: Actor, values: Any) -> tuple[int, Sequence[Any]]:
    shown, by = statement_pages.asked(values)
    states = statement_pages.SHOWN[shown]
    return statements.count_of(who, states), statements.statements_of(who, states, 0, MOST, by)


def _matches(_who: Actor, values: Any) -> tuple[int, Sequence[Any]]:
    side, _order, chosen, by = desk_pages.asked(values)
    found = desk_pages.rows_of(side, chosen, 1, MOST, by)
    return found.counts[chosen], found.rows


def _fit(match: Any, _language: str) -> str:
    """How probable a match is, as its page says it: a band for whoever may not read both sides."""
    in_full = all(may(actor(), "listing.read_in_full", one) for one in (match.need, match.technology))
    return f"{match.probability:.0%}" if in_full else str(match_words.BAND_WORDS[match_words.band(match.probability)])


def _titled(side: str) -> Callable[[Any, str], str]:
    """A side's listing as far as the reader may see it."""
    return lambda match, language: shown_title(actor(), getattr(match, side), language)[0]


def _answered(side: str) -> Callable[[Any, str], str]:
    return lambda match, _language: str(match_words.ANSWER_WORDS[getattr(match, side)])


def _named(side: str) -> Callable[[Any, str], str]:
    """An organisation of a deal as its list names it: by name, or as what it is and where it sits."""
    return lambda deal, language: house(getattr(deal, side), side in sight(actor(), deal).houses, language)


def _standing(name: str) -> Callable[[Any, str], Any]:
    """A value of how an agreement stands; nothing before it is signed."""
    return lambda one, _language: getattr(one.standing, name) if one.standing else None


def _outstanding(one: Any, _language: str) -> Any:
    return from_minor(one.standing.outstanding, one.standing.currency) if one.standing else None


TABLES = {
    table.name: table
    for table in (
        Table("deals", "deals.index", "deals.show", _deals, (
            Column("title", 44, lambda deal, language: called(actor(), deal, language)[0]), Column("firm", 30, _named("firm")),
            Column("holder", 30, _named("holder")), Column("stage", 16, lambda deal, _language: str(deal_words.STAGE_WORDS[deal.state])),
            Column("since", 12, lambda deal, _language: deal.since.date()), Column("opened", 12, lambda deal, _language: deal.created.date()),
            Column("broker", 18, lambda deal, _language: deal.broker.name if deal.broker else None),
        )),
        Table("matches", "desk.show", "matching.match", _matches, (
            Column("need", 44, _titled("need")), Column("technology", 44, _titled("technology")), Column("fit", 12, _fit),
            Column("firm_said", 24, _answered("firm")), Column("holder_said", 24, _answered("holder")),
        )),
        Table("agreements", "licensing.index", "licensing.show", _agreements, (
            Column("title", 44, lambda one, language: one.titled(language)[0]), Column("licensor", 30, lambda one, language: one.licensor.called(language)),
            Column("licensee", 30, lambda one, language: one.licensee.called(language)), Column("state", 16, lambda one, _language: status(one)),
            Column("next_due", 12, _standing("next_due")), Column("outstanding", 16, _outstanding), Column("currency", 8, _standing("currency")),
        )),
        Table("invoices", "billing.invoices", "billing.invoice", _invoices, (
            Column("reference", 20, lambda one, _language: one.reference), Column("issued", 12, lambda one, _language: one.issued),
            Column("what_for", 24, lambda one, _language: invoice_kind(one)),
            Column("issuer", 30, lambda one, language: in_language(one.copy["issuer"]["name"], language)[0]),
            Column("customer", 30, lambda one, language: in_language(one.copy["customer"]["name"], language)[0]),
            Column("due", 12, lambda one, _language: one.due), Column("amount", 16, lambda one, _language: from_minor(one.amount, one.currency)),
            Column("currency", 8, lambda one, _language: one.currency), Column("state", 14, lambda one, _language: invoice_state(one)),
        )),
        Table("notices", "duties.notices", "duties.show_notice", _notices, (
            Column("title", 44, lambda one, language: one.titled(language)[0]),
            Column("licensor", 30, lambda one, language: one.agreement.licensor.called(language)),
            Column("state", 24, lambda one, _language: str(NOTICE_WORDS[one.state])), Column("published", 12, lambda one, _language: one.published_on),
            Column("runs_until", 12, lambda one, _language: one.runs_until),
        )),
        Table("arrears", "billing.arrears", "licensing.show", _arrears, (
            Column("agreement", 44, lambda one, language: one.agreement.titled(language)[0]),
            Column("licensor", 30, lambda one, language: one.agreement.licensor.called(language)),
            Column("licensee", 30, lambda one, language: one.agreement.licensee.called(language)), *(_of_age(age) for age in totals.AGES),
            Column("outstanding", 16, lambda one, _language: from_minor(one.sum, one.currency)), Column("currency", 8, lambda one, _language: one.currency),
        ), lambda one: one.agreement.public_id),
        Table("requests", "resources.requests", "resources.show_request", _requests, (
            Column("title", 44, lambda one, language: one.resource.titled(language)[0]),
            Column("asked_by", 30, lambda one, language: one.organisation.called(language)),
            Column("asked_of", 30, lambda one, language: one.resource.organisation.called(language)), Column("span", 44, _span),
            Column("technology", 44, _tried), Column("state", 14, lambda one, _language: str(resource_words.REQUEST_STATE_WORDS[one.state])),
            Column("asked_on", 12, lambda one, _language: one.created.date()),
        ), further=lambda one: {"noun": one.__tablename__}),
        Table("proposals", "proposals.of_call", "proposals.show", _proposals, (
            Column("title", 44, lambda one, _language: one.said["title"]), Column("organisation", 30, lambda one, language: one.organisation.called(language)),
            Column("state", 14, lambda one, _language: str(PROPOSAL_WORDS[one.state])),
        )),
        Table("ranking", "reviewing.review", "proposals.show", _ranking, (
            Column("rank", 8, _of_ranked("rank")), Column("solver", 30, lambda row, language: row.proposal.organisation.called(language)),
            Column("state", 14, lambda row, _language: str(PROPOSAL_WORDS[row.proposal.state])), Column("mean", 14, _of_ranked("mean")),
            Column("reviewers", 12, lambda row, _language: row.ranked.overall.count if row.ranked and row.ranked.overall else 0),
        ), lambda row: row.proposal.public_id, columns_of=_criteria),
        Table("own_calls", "calls.mine", "calls.show", _own(call_lists.own_calls), (
            _TITLE, _HOUSE, _in_words(call_words.STATE_WORDS), _deadline(lambda one: one), _amount("amount"), _CURRENCY,
        )),
        Table("own_pools", "pools.mine", "pools.show", _own(pool_lists.own_pools), (
            _TITLE, Column("lead", 30, _HOUSE.value), _in_words(pool_words.STATE_WORDS), _deadline(lambda one: one), _amount("threshold"), _CURRENCY,
        )),
        Table("history", "history.of_organisation", "", _history_of_house, _HISTORY, place=lambda one: history_pages.PLACES.get(one.noun, "")),
        Table("own_history", "history.of_person", "", _own_history, _HISTORY, place=lambda one: ""),
        Table("own_proposals", "proposals.index", "proposals.show", _own(proposals.own_of), (
            Column("title", 44, lambda one, language: one.call.titled(language)[0]), _HOUSE, _in_words(PROPOSAL_WORDS), _deadline(lambda one: one.call),
        )),
        Table("statements", "statements.index", "statements.show", _statements, (
            Column("first_day", 12, lambda one, _language: one.period), Column("last_day", 12, lambda one, _language: one.last),
            Column("agreement", 44, lambda one, language: one.agreement.titled(language)[0]),
            Column("state", 16, lambda one, _language: statement_state(one)), Column("sent", 12, lambda one, _language: one.day),
        )),
    )
}
