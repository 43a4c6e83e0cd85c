"""The verbs of the introduction: ask both sides, answer for one of them."""

from __future__ import annotations

from datetime import datetime

from marketplace.access import Actor, may, require
from marketplace.db import now, session
from marketplace.deals.consents import ASKED, answers_to, fee_on_table
from marketplace.deals.fees.models import BrokerFee
from marketplace.deals.introduction.models import Consent
from marketplace.deals.models import OPEN_STAGES, Deal, Party
from marketplace.deals.operations import locked
from marketplace.deals.timeline import tell
from marketplace.errors import N_, NotFound, Refused
from marketplace.matching.models import DECLINE_CODES
from marketplace.people.operations import acting_person
from marketplace.record import record

KINDS = ("introduction_asked", "consent")
TEXT = 2000


def is_pending(deal: Deal, fee: BrokerFee | None) -> bool:
    """Whether the sides may answer now: there is a fee on the table, a broker, and a deal that is not over."""
    return fee is not None and deal.broker_id is not None and deal.state in OPEN_STAGES


def sides_to_answer(actor: Actor, deal: Deal) -> list[str]:
    """The sides for which the actor may answer."""
    return [side for side in ASKED if may(actor, f"deal.consent_{side}", deal)]


def ask_consents(actor: Actor, deal: Deal, at: datetime | None = None) -> Deal:
    """Ask both sides by mail whether they agree to the introduction under the fee on the table."""
    require(actor, "deal.ask_consent", deal)
    fee = fee_on_table(deal)
    if fee is None:
        raise Refused(N_("Say first what your fee is, or that there is none: both sides read it before the introduction."))
    if not is_pending(deal, fee) or deal.was_introduced and len(answers_to(fee)) == len(ASKED):
        raise Refused(N_("There is nothing to ask the sides for now."))
    moment = at or now()
    record(deal, "introduction_asked", actor, moment, fee=fee.id)
    tell(actor, deal, "introduction_asked", moment, about=fee, revision=fee.revision)
    return deal


def answer(
    actor: Actor, deal: Deal, side: str, agreed: bool, revision: int, code: str = "", text: str = "", at: datetime | None = None
) -> Consent:
    """One side's yes or no. `revision` is the fee it was read with: refused when another is on the table. A no needs a code of the one list."""
    if side not in ASKED:
        raise NotFound()
    require(actor, f"deal.consent_{side}", deal)
    moment, deal = at or now(), locked(deal)
    fee = fee_on_table(deal)
    if fee is None or not is_pending(deal, fee):
        raise Refused(N_("There is nothing to agree to now."))
    if fee.revision != revision:
        raise Refused(N_("The fee has been changed in the meantime. Read it again: your answer is for the fee that you have seen."))
    plain = text.strip()[:TEXT]
    if not agreed and code not in DECLINE_CODES:
        raise Refused(N_("Choose why: the reason goes back as advice."), field="code")
    if not agreed and code == "other" and not plain:
        raise Refused(N_("Say in a few words what the reason is."), field="text")
    if deal.was_introduced and answers_to(fee).get(side) is not None and answers_to(fee)[side].agreed:
        raise Refused(N_("Your side has agreed to this fee already."))
    consent = Consent(
        deal=deal, side=side, person=acting_person(actor), fee=fee, agreed=agreed, code=None if agreed else code, text=plain or None, at=moment,
    )
    session.add(consent)
    _take_part(actor, deal, side, moment)
    record(consent, "given", actor, moment)
    tell(actor, deal, "consent", moment, about=consent, of=side, agreed=agreed, code=consent.code, text=plain)
    return consent


def _take_part(actor: Actor, deal: Deal, side: str, moment: datetime) -> None:
    """An owner of the house who answers for it takes part from then on: somebody on the side has to be reached."""
    person = acting_person(actor)
    if any(person.id in people for people in deal.people.values()):
        return
    house = deal.firm_id if side == "firm" else deal.holder_id
    party = Party(
        deal=deal, side=side, person=person, organisation_id=house, address_key=person.address_key, language=person.tongue, state="active", created=moment,
    )
    session.add(party)
    record(party, "joined", actor, moment)
