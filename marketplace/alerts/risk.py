"""Mail of risk sharing: a guarantee asked for, offered, in force or declined; a claim at each of its steps; a debt to a guarantor."""

from __future__ import annotations

from marketplace.alerts.operations import to_person
from marketplace.alerts.wording import Sum
from marketplace.db import session
from marketplace.jobs import handler
from marketplace.licensing.risk import entries
from marketplace.licensing.risk.models import Claim, Guarantee, GuaranteeEntry
from marketplace.people import organisations
from marketplace.people.models import Organisation, Person


def _guarantee(guarantee: Guarantee, step: str, *readers: Organisation) -> None:
    for person in _owners(readers):
        to_person(
            "guarantee_news", person, f"/guarantees/{guarantee.public_id}", step=step, guarantor=guarantee.guarantor.called(person.language),
            title=guarantee.agreement.titled(person.language)[0],
        )


def _owners(readers: tuple[Organisation, ...]) -> list[Person]:
    """The owners of these organisations, nobody twice."""
    return list({person.id: person for reader in readers for person in organisations.owners(reader)}.values())


def _sides(guarantee: Guarantee) -> tuple[Organisation, Organisation]:
    return guarantee.agreement.licensor, guarantee.agreement.licensee


@handler("alerts.guarantee_asked")
def guarantee_asked(thing_id: int) -> None:
    """Tell the guarantor that a guarantee is asked of it, or another cover than it offered."""
    guarantee = session.get_one(Guarantee, thing_id)
    if guarantee.state == "requested":
        _guarantee(guarantee, "asked", guarantee.guarantor)


@handler("alerts.guarantee_offered")
def guarantee_offered(thing_id: int) -> None:
    """Tell both sides that the guarantor has offered."""
    guarantee = session.get_one(Guarantee, thing_id)
    if guarantee.state == "offered":
        _guarantee(guarantee, "offered", *_sides(guarantee))


@handler("alerts.guarantee_in_force")
def guarantee_in_force(thing_id: int) -> None:
    """Tell the three that the guarantee is in force."""
    guarantee = session.get_one(Guarantee, thing_id)
    _guarantee(guarantee, "in_force", guarantee.guarantor, *_sides(guarantee))


@handler("alerts.guarantee_declined")
def guarantee_declined(thing_id: int) -> None:
    """Tell both sides that the guarantor does not want to."""
    guarantee = session.get_one(Guarantee, thing_id)
    _guarantee(guarantee, "declined", *_sides(guarantee))


def _claim(claim: Claim, step: str, amount: int, *readers: Organisation) -> None:
    guarantee = claim.guarantee
    for person in _owners(readers):
        to_person(
            "claim_news", person, f"/claims/{claim.public_id}", step=step, guarantor=guarantee.guarantor.called(person.language),
            protected=guarantee.protected.called(person.language), title=guarantee.agreement.titled(person.language)[0],
            amount=Sum(amount, guarantee.currency), answer=claim.answer or "",
        )


@handler("alerts.claim_filed")
def claim_filed(thing_id: int) -> None:
    """Tell the guarantor of the claim, and the other side, whose debt it may become."""
    claim = session.get_one(Claim, thing_id)
    _claim(claim, "filed", claim.amount, claim.guarantee.guarantor, claim.guarantee.debtor)


@handler("alerts.claim_answered")
def claim_answered(thing_id: int) -> None:
    """Tell whoever claimed what the guarantor answered."""
    claim = session.get_one(Claim, thing_id)
    if claim.state in ("accepted", "refused"):
        _claim(claim, claim.state, claim.amount, claim.guarantee.protected)


@handler("alerts.claim_paid")
def claim_paid(thing_id: int) -> None:
    """Ask whoever claimed to confirm what came in."""
    claim = session.get_one(Claim, thing_id)
    if claim.state == "paid":
        _claim(claim, "paid", claim.paid, claim.guarantee.protected)


@handler("alerts.claim_settled")
def claim_settled(thing_id: int) -> None:
    """Tell the guarantor that the receipt is confirmed."""
    claim = session.get_one(Claim, thing_id)
    if claim.state == "settled":
        _claim(claim, "settled", claim.paid, claim.guarantee.guarantor)


@handler("alerts.claim_unpaid")
def claim_unpaid(thing_id: int) -> None:
    """Tell the guarantor, and who would owe it, that the payment did not come in or bounced."""
    claim = session.get_one(Claim, thing_id)
    if claim.state == "accepted":
        _claim(claim, "unpaid", claim.amount, claim.guarantee.guarantor, claim.guarantee.debtor)


@handler("alerts.claim_paid_twice")
def claim_paid_twice(thing_id: int) -> None:
    """Tell the guarantor that the licensee paid nevertheless, and that the excess is credit with the licensor."""
    claim = session.get_one(Claim, thing_id)
    facts = entries.facts_of(claim, "paid_twice")
    _claim(claim, "paid_twice", facts[-1]["amount"], claim.guarantee.guarantor)


def _debt(claim: Claim, debt: GuaranteeEntry | None, late: bool, *readers: Organisation) -> None:
    guarantee, rest = claim.guarantee, entries.outstanding(claim)
    if debt is None or rest <= 0:
        return
    for person in _owners(readers):
        to_person(
            "recourse", person, f"/claims/{claim.public_id}", late=late, guarantor=guarantee.guarantor.called(person.language),
            debtor=guarantee.debtor.called(person.language), title=guarantee.agreement.titled(person.language)[0],
            amount=Sum(rest, guarantee.currency), due=debt.due,
        )


@handler("alerts.recourse_owed")
def recourse_owed(thing_id: int) -> None:
    """Tell who now owes the guarantor, how much and until when."""
    debt = session.get_one(GuaranteeEntry, thing_id)
    _debt(debt.claim, debt, False, debt.guarantee.debtor)


@handler("alerts.recourse_overdue")
def recourse_overdue(thing_id: int) -> None:
    """Tell both that a recourse debt was not paid back in time."""
    claim = session.get_one(Claim, thing_id)
    _debt(claim, entries.debt_of(claim), True, claim.guarantee.debtor, claim.guarantee.guarantor)
