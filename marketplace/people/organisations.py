"""The verbs of organisations and of the seats in them: create, edit, invite, join, verify.

An organisation is created by whoever finds none of its name (`similar`), and that person becomes its owner. Its identity
codes belong to it alone. Once verified, the name and codes the operator compared can no longer be changed by its owners.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, require
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.people import codes, regions, tokens
from marketplace.people.models import Invitation, JoinRequest, Membership, Organisation, Person
from marketplace.people.operations import acting_person, address_key, by_address, require_confirmed, usable_address, usable_name
from marketplace.record import move, record

FIELDS = ("kind", "name", "names", "credit_code", "ror", "region", "size", "website", "about")
WEBSITE = re.compile(r"https?://[^\s/?#@:\[\]]+\.[^\s/?#@:\[\]]{2,}(:\d{1,5})?([/?#]\S*)?", re.IGNORECASE)
IDENTITY = ("name", "credit_code", "ror")
INVITED = tokens.LIFE["invitation"]
ASKED_AGAIN = timedelta(days=7)


def by_public_id(public_id: str) -> Organisation:
    """The organisation with this public id."""
    organisation = session.scalar(select(Organisation).where(Organisation.public_id == public_id))
    if organisation is None:
        raise NotFound()
    return organisation


def by_codes(credit_code: str | None, ror: str | None) -> Organisation | None:
    """The organisation that one of the codes belongs to, however the codes are typed; None also when they are malformed."""
    for column, read, text in ((Organisation.credit_code, codes.credit_code, credit_code), (Organisation.ror, codes.ror, ror)):
        try:
            found = session.scalar(select(Organisation).where(column == read(text))) if text else None
        except Refused:
            found = None
        if found is not None:
            return found
    return None


def _names(values: dict[str, Any]) -> tuple[dict[str, str], list[str]]:
    """The name in each language and the further names, on one line each, none twice."""
    name = {code: usable_name(text, f"name_{code}") for code, text in values["name"].items() if text and text.strip()}
    if not name:
        raise Refused(N_("Give the name in at least one language."), field="name_zh")
    further = [usable_name(text, "names") for text in values.get("names") or []]
    return name, [text for text in dict.fromkeys(further) if text and text not in name.values()]


def _website(text: str | None) -> str | None:
    if not text or not text.strip():
        return None
    address = text.strip() if "://" in text else f"https://{text.strip()}"
    if not WEBSITE.fullmatch(address):
        raise Refused(N_("This is not the address of a website. It should look like https://example.com."), field="website")
    return address


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """The values as they will be kept; refused beside the first field that is wrong."""
    unknown = values.keys() - set(FIELDS)
    if unknown:
        raise ValueError(f"not fields of an organisation: {sorted(unknown)}")
    name, names = _names(values)
    if not regions.is_region(values["region"]):
        raise Refused(N_("Choose the region."), field="region")
    return {
        "kind": values["kind"], "name": name, "names": names, "region": values["region"], "size": values.get("size") or None,
        "credit_code": codes.credit_code(values["credit_code"]) if values.get("credit_code") else None,
        "ror": codes.ror(values["ror"]) if values.get("ror") else None,
        "website": _website(values.get("website")),
        "about": {code: text.strip() for code, text in (values.get("about") or {}).items() if text and text.strip()},
    }


def _own_codes(kept: dict[str, Any], organisation: Organisation | None) -> None:
    """Refuse a code that another organisation has: there it is, and one can ask to join it."""
    for field in ("credit_code", "ror"):
        if kept[field] is None:
            continue
        other = session.scalar(select(Organisation).where(getattr(Organisation, field) == kept[field]))
        if other is not None and other is not organisation:
            raise Refused(
                N_("An organisation with this code is registered already. Ask to join it instead of registering it twice."), field=field
            )


def create_organisation(actor: Actor, at: datetime | None = None, **values: Any) -> Organisation:
    """A new organisation, unverified, with the actor as its owner (none when the system creates it)."""
    require(actor, "organisation.create")
    kept = _checked(values)
    _own_codes(kept, None)
    moment = at or now()
    organisation = Organisation(**kept, created=moment)
    session.add(organisation)
    record(organisation, "create", actor, moment)
    if actor is not SYSTEM:
        _seat(acting_person(actor), organisation, "owner", moment)
    return organisation


def edit_organisation(actor: Actor, organisation: Organisation, at: datetime | None = None, **values: Any) -> Organisation:
    """Change what is said of the organisation. What was verified stays as it was verified, unless the operator changes it."""
    require(actor, "organisation.edit", organisation)
    kept = _checked(values)
    _own_codes(kept, organisation)
    changed = [field for field in FIELDS if getattr(organisation, field) != kept[field]]
    fixed = organisation.state in ("pending", "verified") and not actor.is_operator and actor is not SYSTEM
    for field in IDENTITY:
        if fixed and field in changed:
            raise Refused(
                N_("This was handed in for verification and cannot be changed here. Ask the operator of this site to change it."),
                field="name_zh" if field == "name" else field,
            )
    for field in changed:
        setattr(organisation, field, kept[field])
    if changed:
        record(organisation, "edit", actor, at, changed=changed)
    return organisation


def _seat(person: Person, organisation: Organisation, role: str, moment: datetime) -> Membership:
    membership = Membership(person=person, organisation=organisation, role=role, created=moment)
    session.add(membership)
    session.flush()  # the new seat counts in what is asked of it later in this request
    return membership


def membership_of(person: Person, organisation: Organisation) -> Membership:
    """The person's seat in the organisation."""
    seat = session.scalar(select(Membership).where(Membership.person_id == person.id, Membership.organisation_id == organisation.id))
    if seat is None:
        raise NotFound()
    return seat


def owners(organisation: Organisation) -> list[Person]:
    """The people who manage the organisation."""
    own = select(Person).join(Membership).where(Membership.organisation_id == organisation.id, Membership.role == "owner")
    return list(session.scalars(own.where(Person.closed.is_(None)).order_by(Membership.id)))


def _another_owner(membership: Membership) -> None:
    """Refuse to take the last owner away. The organisation's row is locked, so that two owners cannot go at the same time."""
    organisation = session.get_one(Organisation, membership.organisation_id, with_for_update=True)
    if membership.role == "owner" and not any(person.id != membership.person_id for person in owners(organisation)):
        raise Refused(N_("This is the last owner. Make somebody else an owner first."), field="role")


def set_role(actor: Actor, membership: Membership, role: str, at: datetime | None = None) -> Membership:
    """Give a member another role."""
    require(actor, "organisation.staff", membership)
    if role != membership.role:
        _another_owner(membership)
        origin, membership.role = membership.role, role
        record(membership, "edit", actor, at, origin=origin, target=role)
    return membership


def remove_member(actor: Actor, membership: Membership, at: datetime | None = None) -> None:
    """Take a person's seat away; members may leave by themselves."""
    require(actor, "membership.remove", membership)
    _another_owner(membership)
    record(membership.organisation, "member_removed", actor, at, role=membership.role, person=membership.person_id)
    person = membership.person
    session.delete(membership)
    session.flush()  # the seat is gone for what is asked later in this request
    session.expire(person, ["memberships"])


def invite(
    actor: Actor, organisation: Organisation, address: str, role: str, language: str = "zh", at: datetime | None = None
) -> Invitation:
    """Invite an address into the organisation for 14 days; the link goes there by mail, in the reader's language if known."""
    require(actor, "organisation.invite", organisation)
    require_confirmed(actor)
    key, moment = address_key(usable_address(address)), at or now()
    known = by_address(key)
    if known is not None and organisation.id in known.seats:
        raise Refused(N_("This person is a member already."), field="address")
    waiting = session.scalar(select(Invitation).where(
        Invitation.organisation_id == organisation.id, Invitation.address_key == key, Invitation.state == "open"))
    if waiting is not None and waiting.expires > moment:
        raise Refused(N_("This address has been invited already. Withdraw that invitation to send another."), field="address")
    if waiting is not None:
        move(waiting, "withdraw", actor, moment)
        session.flush()  # the one open invitation of an address must be closed before the next is made
    invitation = Invitation(
        organisation=organisation, address_key=key, role=role, language=known.tongue if known else language,
        expires=moment + INVITED, created=moment,
    )
    session.add(invitation)
    record(invitation, "sent", actor, moment, role=role)
    return invitation


def withdraw_invitation(actor: Actor, invitation: Invitation, at: datetime | None = None) -> Invitation:
    """Take an invitation back; its link no longer works."""
    move(invitation, "withdraw", actor, at)
    return invitation


def invitation_token(invitation: Invitation) -> str:
    """The token of the link in the invitation's mail."""
    return tokens.make("invitation", invitation.public_id, invitation.address_key)


def invitation_of(token: str, at: datetime | None = None) -> Invitation:
    """The invitation a link belongs to. Refused when it is over: used, withdrawn or expired."""
    moment = at or now()
    claim = tokens.read("invitation", token, moment)
    invitation = session.scalar(select(Invitation).where(Invitation.public_id == claim.public_id))
    if invitation is None or invitation.state != "open" or invitation.expires <= moment:
        raise tokens.gone()
    return invitation


def is_for(invitation: Invitation, actor: Actor) -> bool:
    """Whether the invitation was sent to the actor's address."""
    return actor.id is not None and acting_person(actor).address_key == invitation.address_key


def accept_invitation(actor: Actor, token: str, at: datetime | None = None) -> Invitation:
    """Take the seat offered. The link was mailed to the address, so following it confirms the address too."""
    moment = at or now()
    invitation = invitation_of(token, moment)
    require(actor, "invitation.accept", invitation)
    if not is_for(invitation, actor):
        raise Refused(N_("This invitation was sent to another address. Sign in with the account of that address."))
    person = acting_person(actor)
    person.confirmed = person.confirmed or moment
    invitation.person_id = person.id
    move(invitation, "accept", actor, moment)
    if invitation.organisation_id not in person.seats:
        _seat(person, invitation.organisation, invitation.role, moment)
    return invitation


def open_invitations(organisation: Organisation, at: datetime | None = None) -> list[Invitation]:
    """The organisation's invitations that can still be accepted."""
    own = select(Invitation).where(Invitation.organisation_id == organisation.id, Invitation.state == "open")
    return list(session.scalars(own.where(Invitation.expires > (at or now())).order_by(Invitation.id)))


def invitations_for(person: Person, at: datetime | None = None) -> list[Invitation]:
    """The open invitations to the person's address, once it is confirmed."""
    if person.confirmed is None:
        return []
    mine = select(Invitation).where(Invitation.address_key == person.address_key, Invitation.state == "open")
    return list(session.scalars(mine.where(Invitation.expires > (at or now())).order_by(Invitation.id)))


def ask_to_join(actor: Actor, organisation: Organisation, message: str = "", at: datetime | None = None) -> JoinRequest:
    """Ask the organisation's owners for a seat. One request at a time, and not again within a week of a refusal."""
    require(actor, "organisation.join", organisation)
    require_confirmed(actor)
    moment = at or now()
    if organisation.id in actor.seats:
        raise Refused(N_("You are a member already."))
    last = session.scalar(select(JoinRequest).where(
        JoinRequest.organisation_id == organisation.id, JoinRequest.person_id == actor.id).order_by(JoinRequest.id.desc()).limit(1))
    if last is not None and last.state == "asked":
        raise Refused(N_("You have asked already. The owners will answer you by mail."))
    if last is not None and last.state == "refused" and last.created > moment - ASKED_AGAIN:
        raise Refused(N_("Your request was declined. You can ask again a week after the first time."))
    asked = JoinRequest(organisation=organisation, person_id=acting_person(actor).id, message=message.strip() or None, created=moment)
    session.add(asked)
    record(asked, "asked", actor, moment)
    return asked


def join_request(public_id: str) -> JoinRequest:
    """The request with this public id."""
    asked = session.scalar(select(JoinRequest).where(JoinRequest.public_id == public_id))
    if asked is None:
        raise NotFound()
    return asked


def invitation(public_id: str) -> Invitation:
    """The invitation with this public id."""
    found = session.scalar(select(Invitation).where(Invitation.public_id == public_id))
    if found is None:
        raise NotFound()
    return found


def accept_request(actor: Actor, asked: JoinRequest, at: datetime | None = None) -> JoinRequest:
    """Give whoever asked a seat as member."""
    move(asked, "accept", actor, at)
    if asked.organisation_id not in asked.person.seats:
        _seat(asked.person, asked.organisation, "member", at or now())
    return asked


def refuse_request(actor: Actor, asked: JoinRequest, at: datetime | None = None) -> JoinRequest:
    """Decline a request to join."""
    move(asked, "refuse", actor, at)
    return asked


def requests_to(organisation_ids: list[int]) -> list[JoinRequest]:
    """The requests that wait for an answer from these organisations."""
    waiting = select(JoinRequest).where(JoinRequest.organisation_id.in_(organisation_ids), JoinRequest.state == "asked")
    return list(session.scalars(waiting.order_by(JoinRequest.id)))


def requests_by(person: Person) -> list[JoinRequest]:
    """The person's own requests that wait for an answer."""
    mine = select(JoinRequest).where(JoinRequest.person_id == person.id, JoinRequest.state == "asked")
    return list(session.scalars(mine.order_by(JoinRequest.id)))


def ask_verification(actor: Actor, organisation: Organisation, evidence: str, at: datetime | None = None) -> Organisation:
    """Hand the organisation in for the operator's check, with words on how it can be checked."""
    require(actor, "organisation.ask_verification", organisation)
    require_confirmed(actor)
    move(organisation, "ask_verification", actor, at)
    organisation.evidence, organisation.answer = evidence.strip(), None
    return organisation


def verify(actor: Actor, organisation: Organisation, at: datetime | None = None) -> Organisation:
    """Give the badge: the operator has compared name and code with the evidence."""
    moment = at or now()
    move(organisation, "verify", actor, moment)
    organisation.verified, organisation.answer = moment, None
    return organisation


def _reason(text: str) -> str:
    if not text.strip():
        raise Refused(N_("Give the reason: the owners are told it and act on it."), field="reason")
    return text.strip()


def refuse_verification(actor: Actor, organisation: Organisation, reason: str, at: datetime | None = None) -> Organisation:
    """Send the organisation back with a reason; its owners may ask again."""
    require(actor, "organisation.refuse", organisation)
    organisation.answer = _reason(reason)
    move(organisation, "refuse", actor, at)
    return organisation


def revoke_verification(actor: Actor, organisation: Organisation, reason: str, at: datetime | None = None) -> Organisation:
    """Take the badge back with a reason."""
    require(actor, "organisation.revoke", organisation)
    organisation.answer, organisation.verified = _reason(reason), None
    move(organisation, "revoke", actor, at)
    return organisation


def waiting_for_verification(actor: Actor) -> list[Organisation]:
    """The operator's queue, longest waiting first."""
    require(actor, "operations.see")
    return list(session.scalars(select(Organisation).where(Organisation.state == "pending").order_by(Organisation.id)))


def signs_for(actor: Actor, organisation_id: int) -> bool:
    """Whether the actor signs for the organisation: its signatory, or an owner where it has named no signatory."""
    role = actor.seats.get(organisation_id)
    return role == "signatory" or role == "owner" and not _has_signatory(organisation_id)


def _has_signatory(organisation_id: int) -> bool:
    named = select(Membership.id).where(Membership.organisation_id == organisation_id, Membership.role == "signatory")
    return session.scalar(named.limit(1)) is not None


def signers(organisation: Organisation) -> list[Person]:
    """Who signs for the organisation: its signatories, else its owners."""
    named = [seat.person for seat in organisation.memberships if seat.role == "signatory" and seat.person.is_active]
    return named or owners(organisation)
