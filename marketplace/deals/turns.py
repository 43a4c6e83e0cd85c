"""Whose turn it is in a deal: the sides that the next thing waits for. One answer for the first screen of the deal's page.

It says who, never what of a draft or of a fee: everybody who takes part reads it.
"""

from __future__ import annotations

from marketplace.deals.consents import ASKED, answers_to, fee_on_table
from marketplace.deals.models import Deal
from marketplace.licensing.models import Agreement
from marketplace.licensing.operations import versions_of
from marketplace.licensing.signing.operations import signatures_of

SIDE_OF = {"licensor": "holder", "licensee": "firm"}
BY_STAGE = {"introduced": ("broker",), "nda": ("firm", "holder"), "evaluation": ("firm",), "notice": ("holder",), "signed": ("broker",)}
"""Who moves at a stage whatever else is so: the technology manager after the introduction, both to sign an NDA, the firm to evaluate,
the institute to publish its price."""


def turn(deal: Deal) -> tuple[str, ...]:
    """The sides whose turn it is, of firm, holder and broker; none when the deal is over or its agreement simply runs."""
    if deal.state in ("lead", "qualified"):
        return _before_introduction(deal)
    if deal.state == "negotiating":
        return _to_sign(deal.agreement)
    if deal.state == "performing":
        return _owing(deal.agreement)
    return BY_STAGE.get(deal.state, ())


def _before_introduction(deal: Deal) -> tuple[str, ...]:
    """The technology manager until his fee is said, then whoever has not answered, then he again."""
    fee = fee_on_table(deal) if deal.broker_id is not None else None
    silent = tuple(side for side in ASKED if side not in answers_to(fee)) if fee is not None else ()
    return silent or ("broker",)


def _to_sign(agreement: Agreement | None) -> tuple[str, ...]:
    """Both while nothing is on the table; then the side that has not proposed it, or has not signed it."""
    if agreement is None or agreement.state != "proposed":
        return ("firm", "holder")
    done = set(signatures_of(agreement)) or {versions_of(agreement)[0].side}
    return tuple(side for role, side in SIDE_OF.items() if role not in done)


def _owing(agreement: Agreement | None) -> tuple[str, ...]:
    """The firm while something of it is due or to be decided: payments, statements and the decision on a trial are the licensee's."""
    standing = agreement.standing if agreement is not None else None
    return ("firm",) if standing is not None and (standing.next_due or standing.status in ("on_trial", "awaiting_decision")) else ()
