"""The words of lists and feeds, lazily translated."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from marketplace.calls.pools.models import Pool
from marketplace.calls.pools.shares import Progress
from marketplace.catalogue.facilities.models import Facility
from marketplace.catalogue.resources.words import BASIS_WORDS
from marketplace.deals.words import HOUSE_WORDS
from marketplace.licensing.billing.models import Invoice
from marketplace.licensing.billing.words import AGE_WORDS
from marketplace.licensing.billing.words import KIND_WORDS as OBLIGATION_WORDS
from marketplace.licensing.models import Agreement
from marketplace.licensing.statements.models import Statement
from marketplace.licensing.statements.words import STATE_WORDS as STATEMENT_WORDS
from marketplace.licensing.words import STATE_WORDS as AGREEMENT_WORDS
from marketplace.needs.forms import from_minor
from marketplace.needs.models import Need
from marketplace.needs.words import CASH_WORDS
from marketplace.people import regions
from marketplace.people.models import Organisation
from marketplace.saying import FILTERS

LIST_WORDS = {
    "technologies": _l("List of technologies"), "needs": _l("List of needs"), "open-calls": _l("List of open calls"), "pools": _l("List of pooled research"),
    "facilities": _l("List of facilities"), "experts": _l("List of experts"), "scenarios": _l("List of scenarios"),
}
TABLE_WORDS = {
    "map": _l("Demand and supply"), "deals": _l("Deals"), "agreements": _l("Agreements"), "invoices": _l("Invoices"),
    "matches": _l("Matches"), "arrears": _l("Arrears by age"), "notices": _l("Notices of prices"), "statements": _l("Sales statements"),
    "requests": _l("Requests and bookings"), "proposals": _l("Proposals"), "ranking": _l("Scores and ranking"),
    "own_calls": _l("Our calls"), "own_pools": _l("Our pools"), "own_proposals": _l("Our proposals"),
    "history": _l("History"), "own_history": _l("History of my account"),
}
HEADINGS = {
    "title": _l("Title"), "title_other": _l("Title in the other language"), "organisation": _l("Organisation"), "kind": _l("Kind"),
    "field": _l("Technology field"), "industries": _l("Industries"), "industry": _l("Industry"), "region": _l("Region"), "trl": _l("Maturity (TRL)"),
    "mode": _l("How it can be had"), "terms": _l("Payment terms"), "application_number": _l("Application number"),
    "publication_number": _l("Publication or patent number"), "legal_status": _l("Legal status"), "filed_on": _l("Filed on"),
    "expires_on": _l("Valid until"), "owners": _l("Owners of the right"), "inventors": _l("Inventors"), "ipc": _l("Patent classes (IPC)"),
    "summary": _l("In short"), "published": _l("Published on"), "visibility": _l("Open to"), "address": _l("Address"), "grade": _l("Grade"),
    "targets": _l("Targets"), "modes": _l("Wanted ways"), "budget_min": _l("Budget from"), "budget_max": _l("Budget up to"),
    "currency": _l("Currency"), "cash": _l("Is the money there?"), "deadline": _l("Solved by"),
    "board": _l("Call board"), "state": _l("State"), "acceptance": _l("How the result is tested"), "money": _l("Prize or budget"), "amount": _l("Amount"),
    "stages": _l("Stages of payment"), "eligible": _l("Who may answer"), "ip_position": _l("Whose the result is"), "teams": _l("Teams"),
    "call_deadline": _l("Deadline"),
    "fields": _l("Technology fields"), "levels": _l("Maturity it carries (TRL)"), "price": _l("Price"), "accreditations": _l("Accreditations"),
    "place": _l("Where it is"), "name": _l("Name of the expert"), "speaks": _l("Languages"), "days": _l("Days a month"),
    "available_until": _l("Available until"),
    "lead": _l("Led by"), "threshold": _l("Threshold"), "least": _l("Smallest pledge"), "firms": _l("Organisations that have pledged"),
    "pledged": _l("Pledged, at least"), "rights": _l("Rights of the pledgers"), "basis": _l("Shares of the rights"),
    "conditions": _l("Conditions"), "measurements": _l("Data and measurements offered"), "judge": _l("Who judges a trial"),
    "needs": _l("Needs"), "technologies": _l("Technologies"), "anywhere": _l("In all regions"), "scarcity": _l("Scarcity"),
    "reading": _l("Demand beside supply"), "code": _l("Code"),
    "need": _l("Need"), "technology": _l("Technology"), "fit": _l("Match"), "firm_said": _l("What the firm says"),
    "holder_said": _l("What the holder says"), "firm": _l("Firm"), "holder": _l("Holder"), "stage": _l("Stage"), "since": _l("Since"),
    "opened": _l("Opened on"),
    "broker": _l("Technology manager"),
    "licensor": _l("Licensor"), "licensee": _l("Licensee"), "next_due": _l("Due next"), "outstanding": _l("Outstanding"), "reference": _l("Invoice number"),
    "issued": _l("Issued on"), "what_for": _l("For"), "issuer": _l("Issuer"), "customer": _l("Customer"), "due": _l("Due on"), "first_day": _l("From"),
    "last_day": _l("To"), "agreement": _l("Agreement"), "sent": _l("Sent"),
    "asked_by": _l("Asked by"), "asked_of": _l("Asked of"), "span": _l("Span"), "asked_on": _l("Asked on"),
    "rank": _l("Rank"), "solver": _l("Solver"), "mean": _l("Mean of 100"), "reviewers": _l("Reviewers"), "runs_until": _l("Runs until"), **AGE_WORDS,
    "when": _l("When"), "what": _l("What"), "by_whom": _l("By whom"), "before": _l("Before"), "after": _l("Afterwards"), "changed": _l("What changed"),
    "trials": _l("Number of trials"), "opens_on": _l("Open from"), "closes_on": _l("Open until"),
}
ENTRY_FEE = _l("Entry fee")
ABOUT = {
    "sheet": _l("About this list"), "title": _l("List"), "made": _l("Made on"), "search": _l("Search words"), "found": _l("Listings found"),
    "held": _l("Listings in this file"), "page": _l("This search on the site"), "cells": _l("Lines in this file"), "rows": _l("Lines found"),
}


def house(organisation: Organisation, is_named: bool, language: str) -> str:
    """An organisation by its name, or where the reader is not told it as what it is and where it sits."""
    if is_named:
        return organisation.called(language)
    place = regions.name(organisation.region, language) if organisation.region else ""
    return str(HOUSE_WORDS[organisation.kind]) + (f" ({place})" if place else "")


def status(agreement: Agreement) -> str:
    """Where an agreement stands, and that it is disputed."""
    said = str(AGREEMENT_WORDS[agreement.standing.status if agreement.standing else agreement.state])
    return separator().join((said, _("disputed"))) if agreement.disputed else said


def invoice_kind(invoice: Invoice) -> str:
    """What an invoice is for, with the mark of the obligation."""
    kind, _mark, own = invoice.copy["obligation"].partition(":")
    return " ".join(part for part in (str(OBLIGATION_WORDS[kind]), own) if part)


def invoice_state(invoice: Invoice) -> str:
    """Whether an invoice is valid."""
    return _("cancellation") if invoice.kind == "mirror" else _("cancelled") if invoice.mirror else _("valid")


def statement_state(statement: Statement) -> str:
    """Where a statement stands, and that it is an estimate."""
    said = str(STATEMENT_WORDS[statement.state])
    return separator().join((said, _("estimate"))) if statement.estimate else said


def separator() -> str:
    """What stands between the words of a list."""
    return _(", ")


def until(need: Need) -> str:
    """By when a need is to be solved; empty where it does not say."""
    return _("by %(day)s", day=FILTERS["day"](need.deadline)) if need.deadline else ""


def deadline(moment: str) -> str:
    """When a call closes."""
    return _("deadline %(moment)s", moment=moment)


def threshold(pool: Pool, told: Progress) -> tuple[str, str]:
    """What a pool is to come to, and of what has been pledged what everybody may know."""
    wanted, pledged = (FILTERS["money"](from_minor(amount, pool.currency), pool.currency) for amount in (pool.threshold, told.amount))
    said = _("at least %(amount)s from %(firms)s organisations", amount=pledged, firms=told.firms) if told.firms else ""
    return _("Threshold"), " · ".join(part for part in (wanted, said) if part)


def until_day(day: date | None) -> str:
    """Until when something is open; empty where it does not say."""
    return _("open until %(day)s", day=FILTERS["day"](day)) if day else ""


def facility_price(facility: Facility) -> tuple[str, ...]:
    """What a facility costs: a label and an amount for its unit; nothing where it is on request."""
    if facility.price is None:
        return ()
    return _("Price"), f"{FILTERS['money'](from_minor(facility.price, facility.currency), facility.currency)} {BASIS_WORDS[facility.basis]}"


def budget(need: Need) -> tuple[str, ...]:
    """What a firm would pay: a label and a sentence; nothing where it does not say."""
    least, most = (FILTERS["money"](from_minor(amount, need.currency), need.currency) for amount in (need.budget_min, need.budget_max))
    if not least and not most:
        return ()
    if least and most:
        amount = _("%(least)s to %(most)s", least=least, most=most)
    else:
        amount = _("up to %(amount)s", amount=most) if most else _("from %(amount)s", amount=least)
    return _("Budget"), f"{amount} · {_('money:')} {CASH_WORDS[need.cash]}"
