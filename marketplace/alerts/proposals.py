"""Mail about sealed proposals: the receipt, the opening, a withdrawal, a lost key, shares that are wanted. None of it says what a proposal says."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import func, select

from marketplace.alerts.models import Mail, Undeliverable
from marketplace.alerts.operations import to_address, to_person
from marketplace.calls.models import Call
from marketplace.calls.proposals.models import Proposal
from marketplace.calls.proposals.operations import solvers
from marketplace.calls.sealing.operations import holders_of, key_of
from marketplace.calls.sealing.watching import UNREACHED
from marketplace.db import LANGUAGES, session
from marketplace.jobs import handler
from marketplace.people.models import Membership, Person


def _members(organisations: Iterable[int]) -> list[Person]:
    """The owners and signatories of organisations, whose accounts stand."""
    seats = select(Membership.person_id).where(Membership.organisation_id.in_(set(organisations)), Membership.role.in_(("owner", "signatory")))
    return list(session.scalars(select(Person).where(Person.id.in_(seats), Person.closed.is_(None)).order_by(Person.id)))


def _owners(call: Call) -> list[Person]:
    found = _members({call.organisation_id, *(owner.organisation_id for owner in call.owners)})
    author = [call.author] if call.author is not None and call.author.is_active else []
    return list({person.id: person for person in (*author, *found)}.values())


def _solvers(proposal: Proposal) -> list[Person]:
    """Whoever handed in a version of it, and the heads of the organisation."""
    handed = [version.person for version in proposal.versions if version.person is not None and version.person.is_active]
    return list({person.id: person for person in (*handed, *_members({proposal.organisation_id}))}.values())


def _tell(people: Iterable[Person], call: Call, what: str, path: str, number: int = 0, recovery: bool = False) -> None:
    for person in {person.id: person for person in people}.values():
        to_person("proposal", person, path, what=what, title=call.titled(person.language)[0], number=number, recovery=recovery)


def _of_call(call: Call) -> str:
    return f"/open-calls/{call.public_id}/proposals"


@handler("alerts.key_made")
def key_made(thing_id: int) -> None:
    """Give each holder his link and what it is for, before anything is handed in."""
    _to_holders(session.get_one(Call, thing_id), "holder_named")


@handler("alerts.shares_wanted")
def shares_wanted(thing_id: int) -> None:
    """The deadline has passed: ask each holder whose share is not here for it."""
    _to_holders(session.get_one(Call, thing_id), "share_wanted")


def _to_holders(call: Call, what: str) -> None:
    for holder in holders_of(call):
        if holder.brought is None and holder.sealed is not None:
            for language in LANGUAGES:  # whoever stands outside has told us no language
                to_address(
                    "key_holder", holder.address, f"/key-holders/{holder.public_id}", language, what=what, title=call.titled(language)[0], holder=holder.name)


@handler("alerts.proposal_received")
def proposal_received(thing_id: int) -> None:
    """Tell the solver that it came, with the way to the receipt."""
    proposal = session.get_one(Proposal, thing_id)
    if proposal.state == "sealed":
        version = proposal.versions[0]
        _tell(_solvers(proposal), proposal.call, "received", f"/proposals/{proposal.public_id}/receipts/{version.public_id}", version.number)


@handler("alerts.proposals_opened")
def proposals_opened(thing_id: int) -> None:
    """Tell owners and solvers that the proposals are open; reviewers hear when the review begins."""
    call = session.get_one(Call, thing_id)
    _tell(_owners(call), call, "opened", _of_call(call))
    for proposal in session.scalars(select(Proposal).where(Proposal.call_id == call.id, Proposal.state == "opened").order_by(Proposal.id)):
        _tell(_solvers(proposal), call, "own_opened", f"/proposals/{proposal.public_id}")


@handler("alerts.proposal_withdrawn")
def proposal_withdrawn(thing_id: int) -> None:
    """Tell the owners of a withdrawal after the opening; before it nobody knew of the proposal. Reviewers are told by `reviews`, without a name."""
    proposal = session.get_one(Proposal, thing_id)
    if proposal.state == "withdrawn" and proposal.opened is not None:
        _tell(_owners(proposal.call), proposal.call, "withdrawn", f"/proposals/{proposal.public_id}")


@handler("alerts.proposal_damaged")
def proposal_damaged(thing_id: int) -> None:
    """Tell the solver, the owners and the operators that one proposal could not be opened."""
    proposal = session.get_one(Proposal, thing_id)
    _tell(_solvers(proposal), proposal.call, "damaged", f"/proposals/{proposal.public_id}")
    _tell(_owners(proposal.call), proposal.call, "one_damaged", _of_call(proposal.call))
    _tell(_operators(), proposal.call, "one_damaged", f"/open-calls/{proposal.call.public_id}")


@handler("alerts.proposal_discarded")
def proposal_discarded(thing_id: int) -> None:
    """Tell the solver that the call was withdrawn and his proposal destroyed unread."""
    proposal = session.get_one(Proposal, thing_id)
    _tell(_solvers(proposal), proposal.call, "discarded", f"/proposals/{proposal.public_id}")


@handler("alerts.key_lost")
def key_lost(thing_id: int) -> None:
    """Tell everybody that the call cannot be opened: owners and operators how it goes on, each solver what became of his proposal."""
    call = session.get_one(Call, thing_id)
    key = key_of(call)
    if key is None or key.lost is None:
        return
    recovery = key.recovery is not None
    _tell(_owners(call), call, "lost", _of_call(call), recovery=recovery)
    _tell(_operators(), call, "lost_operator", f"/open-calls/{call.public_id}", recovery=recovery)
    _tell(solvers(call), call, "own_lost", "/proposals", recovery=recovery)


@handler("alerts.key_trouble")
def key_trouble(thing_id: int) -> None:
    """Tell the operators what the daily look at keys has found, if it still is so."""
    call = session.get_one(Call, thing_id)
    key = key_of(call)
    if key is not None and key.trouble is not None:
        _tell(_operators(), call, f"key_{key.trouble}", f"/open-calls/{call.public_id}", recovery=key.recovery is not None)


def _unreached(addresses: Collection[str]) -> set[str]:
    """Which of some addresses send mail back, or were refused by their server when we wrote to them last."""
    keys = {address.casefold(): address for address in addresses}
    closed = session.scalars(select(Undeliverable.address_key).where(Undeliverable.address_key.in_(keys)))
    last = select(func.max(Mail.id)).where(Mail.address.in_(addresses), Mail.state.in_(("sent", "refused", "bounced"))).group_by(Mail.address)
    back = session.scalars(select(Mail.address).where(Mail.id.in_(last), Mail.state.in_(("refused", "bounced"))))
    return {keys[one] for one in closed} | set(back)


UNREACHED.append(_unreached)


def _operators() -> list[Person]:
    """Who runs the site."""
    return list(session.scalars(select(Person).where(Person.is_operator, Person.closed.is_(None)).order_by(Person.id)))

