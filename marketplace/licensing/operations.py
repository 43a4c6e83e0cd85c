"""The verbs of agreements up to signing: draft from an offer, propose, change, withdraw; find and list.

Each change is a new version that names who proposed it; whoever proposes says which version it was written over, so that two
who propose at once do not overwrite each other. What is signed and what happens afterwards stand in `signing` and `performing`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.exc import StaleDataError

from marketplace.access import Actor, may, require
from marketplace.catalogue.models import Technology
from marketplace.catalogue.operations import STANDING
from marketplace.db import now, session
from marketplace.errors import N_, NotAllowed, NotFound, Refused
from marketplace.licensing import clauses as words
from marketplace.licensing import text
from marketplace.licensing.ledger import day_of, locked, version_of
from marketplace.licensing.models import SIDES, Agreement, Standing, Version
from marketplace.ordering import Order, order
from marketplace.people import organisations
from marketplace.people.models import Organisation
from marketplace.people.similar import similar
from marketplace.record import Event, move, record
from marketplace.terms.checklist import check
from marketplace.terms.checks import Finding, OfferFacts, standing_facts
from marketplace.terms.payment import Terms, add_months, from_minor, parse, to_dict, to_minor
from marketplace.terms.reading import TermsError

MOST = 10**15
"""The greatest amount in minor units: with it the sums of an agreement still fit the columns."""

LATE = timedelta(days=30)
"""How long the day of effect may lie back when a version is proposed or signed. The day is kept as both read it and never moved under
a signer's hand; beyond this a new version has to name another day, which both then see."""

LICENSED = ("licence", "open_licence")
UNSIGNED = ("draft", "proposed")


@dataclass(frozen=True)
class Draft:
    """What may become a version: payment terms and other clauses, as JSON values."""

    terms: dict[str, Any]
    clauses: dict[str, Any]


def by_public_id(actor: Actor, public_id: str) -> Agreement:
    """The agreement under this id, for its two sides alone. Raises `NotFound`: that there is one is nobody else's business."""
    agreement = session.scalar(select(Agreement).where(Agreement.public_id == public_id))
    if agreement is None or not may(actor, "agreement.read", agreement):
        raise NotFound()
    return agreement


def own_sides(actor: Actor, agreement: Agreement) -> list[str]:
    """The sides for which the actor acts; both when one person sits in both organisations."""
    return [side for side, organisation in agreement.sides.items() if organisation in actor.seats]


def side_of(actor: Actor, agreement: Agreement) -> str:
    """The side for which the actor acts. Whoever sits in both speaks for the one that has not spoken last. Raises `NotAllowed`."""
    sides = own_sides(actor, agreement)
    if not sides:
        raise NotAllowed()
    last = version_of(agreement).side if agreement.version else None
    return next((side for side in sides if side != last), sides[0])


def other(side: str) -> str:
    """The other side."""
    return SIDES[1 - SIDES.index(side)]


def draft_from_offer(technology: Technology, effective: date) -> Draft:
    """What an agreement under the technology's offer would say, taking effect on that day; the term ends with the patent at the latest."""
    offer = technology.offer
    said = words.defaults()
    if offer is None:
        return Draft({"currency": "CNY", "effective": effective.isoformat()}, said)
    own = {"exclusivity": offer.exclusivity, "field_of_use": offer.field_of_use, "territory": offer.territory, "sublicensing": offer.sublicensing}
    said |= {name: value for name, value in own.items() if value not in (None, "", {})}
    terms = {**(offer.terms or {"currency": "CNY"}), "effective": effective.isoformat()}
    ends = [add_months(effective, offer.term_months) - timedelta(days=1)] if offer.term_months else []
    ends += [technology.expires_on] if technology.expires_on and technology.expires_on >= effective else []
    return Draft(terms | ({"end": min(ends).isoformat()} if ends else {}), said)


def draft_of(agreement: Agreement, number: int | None = None) -> Draft:
    """A version as a draft, to be changed or compared."""
    version = version_of(agreement, number)
    return Draft(dict(version.terms), dict(version.clauses))


def versions_of(agreement: Agreement) -> list[Version]:
    """Every version that was on the table, newest first; what was only a draft before the first proposal stays with its writers."""
    own = select(Version).where(Version.agreement_id == agreement.id).options(joinedload(Version.person))
    rows = list(session.scalars(own.order_by(Version.number.desc())))
    proposal = select(Event.facts).where(Event.thing == "agreement", Event.thing_id == agreement.id, Event.name == "agreement.propose")
    first = (session.scalar(proposal) or {}).get("number", 1)
    return [row for row in rows if row.number >= first]


def checked(draft: Draft, today: date) -> tuple[Draft, Terms]:
    """The draft in canonical form, and its terms read. Raises `TermsError` with the path of what is wrong."""
    terms = parse(draft.terms, template=False)
    written = to_dict(terms)
    for path, amount in _amounts(terms):
        if (to_minor(amount, terms.currency) or 0) > MOST:
            raise TermsError(f"terms.{path}", N_("Amounts on this site end at %(most)s."), most=from_minor(MOST, terms.currency))
    if terms.effective and terms.effective < today - LATE:
        raise TermsError("terms.effective", N_("The day of effect lies more than %(days)s days back. Name a later one."), days=LATE.days)
    return Draft(written, words.canonical(draft.clauses)), terms


def _amounts(terms: Terms) -> Iterator[tuple[str, Any]]:
    """Every amount that may be typed, with its path."""
    yield from ((name, getattr(terms, name)) for name in ("entry_fee", "cap_total"))
    for group, name in (("conversion", "price"), ("buyout", "price"), ("royalty", "minimum_per_year"), ("royalty", "per_unit"), ("royalty", "threshold")):
        if getattr(terms, group):
            yield f"{group}.{name}", getattr(getattr(terms, group), name)
    for kind in ("deferred", "instalments", "milestones", "conditional"):
        yield from ((f"{kind}[{index}].amount", fee.amount) for index, fee in enumerate(getattr(terms, kind)))
    tiers = terms.royalty.tiers if terms.royalty else ()
    yield from ((f"royalty.tiers[{index}].upto", tier.upto) for index, tier in enumerate(tiers))


def findings(technology: Technology, terms: Terms, clauses: dict[str, Any], today: date) -> list[Finding]:
    """What the checks of offers say of an agreement, refusals first."""
    offer = technology.offer
    facts = OfferFacts(
        starts_on=terms.effective or today, region=technology.organisation.region, mode=offer.mode if offer and offer.mode in LICENSED else "licence",
        exclusivity=clauses.get("exclusivity"), technology_kind=technology.kind, patent_kind=technology.patent_kind,
        legal_status=technology.legal_status, expires_on=technology.expires_on,
        **(standing_facts({name: getattr(offer, name) for name in STANDING}) if offer else {}),
    )
    return check(facts, terms)


def facts_of(agreement: Agreement) -> dict[str, Any]:
    """The names of the parties and of the technology, as the text of the contract gives them."""
    technology = agreement.technology
    parties = {side: getattr(agreement, side) for side in SIDES}
    return {
        "public_id": agreement.public_id, "zone": agreement.zone,
        **{side: {"name": one.name, "credit_code": one.credit_code, "ror": one.ror} for side, one in parties.items()},
        "technology": {name: getattr(technology, name) for name in ("title", "kind", "application_number", "publication_number", "owners")},
    }


def text_of(agreement: Agreement, number: int | None = None) -> text.Text:
    """The text of a version as this software words it. What was signed stands in `signing`."""
    version = version_of(agreement, number)
    facts = version.facts or facts_of(agreement)
    return text.contract(facts, version.number, parse(version.terms, template=False), version.clauses)


def _refuse_parties(technology: Technology, licensor: Organisation, licensee: Organisation) -> None:
    """Refuse unless both are verified, different, and the licensor holds a technology that is licensed."""
    if licensor.id != technology.organisation_id:
        raise Refused(N_("Only the organisation that manages the technology can license it."))
    if licensor.id == licensee.id:
        raise Refused(N_("An organisation needs no licence from itself."), field="partner")
    if technology.kind == "negative_result" or (technology.offer and technology.offer.mode == "open_source"):
        raise Refused(N_("This technology is not licensed by agreement."))
    for one in (licensor, licensee):
        if one.state != "verified":
            raise Refused(N_("%(name)s is not verified yet; agreements are between verified organisations."), name=one.called("zh"))


def create_agreement(
    actor: Actor, technology: Technology, licensor: Organisation, licensee: Organisation, terms: dict[str, Any], clauses: dict[str, Any],
    at: datetime | None = None, *, title: dict[str, str] | None = None, note: str | None = None, key: str | None = None,
) -> Agreement:
    """A draft between the two, of which only the actor's side knows until it is proposed. The same key again gives the draft that is there.

    `terms` follow terms.md with `effective`. Raises `Refused`, with the path of the value in question where there is one.
    """
    side = "licensee" if licensee.id in actor.seats else "licensor"
    own = {"licensor": licensor, "licensee": licensee}[side]
    require(actor, "agreement.create", own)
    require(actor, "listing.read_in_full", technology)
    _refuse_parties(technology, licensor, licensee)
    moment = at or now()
    same = select(Agreement).where(Agreement.drafted_by_id == own.id, Agreement.key == key)
    known = session.scalar(same) if key else None
    if known is not None:
        return known
    agreement = Agreement(
        technology=technology, offer_revision=technology.offer.revision if technology.offer else None, title=title or dict(technology.title),
        licensor=licensor, licensee=licensee, drafted_by_id=own.id, state="draft", version=0, key=key, created=moment,
    )
    session.add(agreement)
    session.flush()  # its public id stands in the text of the contract
    record(agreement, "create", actor, moment)
    _add_version(actor, agreement, side, Draft(terms, clauses), note, moment)
    return agreement


def _add_version(actor: Actor, agreement: Agreement, side: str, draft: Draft, note: str | None, moment: datetime) -> Version:
    """Put a version on the table. Raises `Refused` for what cannot be read, and for what may not be agreed."""
    today = day_of(agreement, moment)
    number = agreement.version + 1
    try:
        draft, terms = checked(draft, today)
        facts = facts_of(agreement)
        text.contract(facts, number, terms, draft.clauses)
    except TermsError as error:
        raise Refused(error.message, field=error.path, **error.values) from error
    if any(finding.severity == "refuse" for finding in findings(agreement.technology, terms, draft.clauses, today)):
        raise Refused(N_("This may not be agreed as it stands; the notes beside it say why."))
    version = Version(
        agreement=agreement, number=number, terms=draft.terms, clauses=draft.clauses, facts=facts, side=side, person_id=actor.id, note=note or None, at=moment,
    )
    session.add(version)
    agreement.version = number
    session.flush()  # the number is taken: another who proposes at this moment fails here
    return version


def revise_agreement(
    actor: Actor, agreement: Agreement, base: int, terms: dict[str, Any], clauses: dict[str, Any], note: str | None = None, at: datetime | None = None
) -> Version:
    """Put a changed version on the table; signatures under earlier ones count no longer.

    `base` is the version it was written over: `StaleDataError` (409) when another has come since. Refused when nothing differs.
    """
    require(actor, "agreement.revise", agreement)
    moment = at or now()
    agreement = locked(agreement)
    if agreement.state not in UNSIGNED:
        raise Refused(N_("This agreement can no longer be changed."))
    if agreement.version != base:
        raise StaleDataError(f"written over version {base}, on the table is {agreement.version}")
    before, side = draft_of(agreement), side_of(actor, agreement)
    if agreement.state == "draft":
        side = next(iter(agreement.sides))
    version = _add_version(actor, agreement, side, Draft(terms, clauses), note, moment)
    if (version.terms, version.clauses) == (before.terms, before.clauses):
        raise Refused(N_("Nothing differs from the version on the table."))
    record(agreement, "revised", actor, moment, number=version.number)
    return version


def propose_agreement(actor: Actor, agreement: Agreement, at: datetime | None = None) -> Agreement:
    """Show the draft to the other side."""
    moment = at or now()
    move(agreement, "propose", actor, moment, number=agreement.version)
    agreement.proposed = moment
    return agreement


def withdraw_agreement(actor: Actor, agreement: Agreement, at: datetime | None = None) -> Agreement:
    """End the negotiation; either side may, as long as it is not signed by both."""
    move(locked(agreement), "withdraw", actor, at)
    return agreement


def firms_named(text: str, besides: Organisation) -> list[Organisation]:
    """The verified organisations that a typed name or credit code may mean, most alike first; a code or an exact name means one."""
    plain = text.strip()
    coded = organisations.by_codes(plain, plain) if plain else None
    found = [coded] if coded else [one.organisation for one in similar([plain], besides=besides)] if plain else []
    verified = [one for one in found if one.state == "verified" and one.id != besides.id]
    exact = [one for one in verified if plain in one.name.values()]
    return exact if len(exact) == 1 else verified


@dataclass(frozen=True)
class Filter:
    """Which agreements of the actor to list: by what they stand as (a state or a status), and by the actor's side."""

    status: str = ""
    side: str = ""


ORDERS = {"due": False, "outstanding": True, "newest": True}
"""What agreements can be ordered by, and whether that falls; the first unasked."""


def listed(actor: Actor, wanted: Filter, page: int, size: int, by: Order | None = None) -> list[Agreement]:
    """A page of the actor's agreements, what is due next first unless ordered otherwise, and one more row if there is a next page."""
    by = by or order("", ORDERS)
    column = {"due": Standing.next_due, "outstanding": Standing.outstanding, "newest": Agreement.id}[by.name]
    currency = [Standing.currency] if by.name == "outstanding" else []  # amounts of one currency can be compared
    rows = _listed(actor, wanted).order_by(*currency, *by.by(column), Agreement.id.desc())
    return list(session.scalars(rows.offset((page - 1) * size).limit(size + 1)))


def count(actor: Actor, wanted: Filter) -> int:
    """How many agreements these are."""
    return session.scalar(select(func.count()).select_from(_listed(actor, wanted).with_only_columns(Agreement.id).subquery())) or 0


def _listed(actor: Actor, wanted: Filter) -> Select[tuple[Agreement]]:
    seats = list(actor.seats)
    columns = {"licensor": Agreement.licensor_id, "licensee": Agreement.licensee_id}
    sides = [columns[wanted.side]] if wanted.side in columns else list(columns.values())
    own = or_(*(column.in_(seats) for column in sides))
    shown = or_(Agreement.proposed.is_not(None), Agreement.drafted_by_id.in_(seats))
    query = select(Agreement).outerjoin(Standing).options(joinedload(Agreement.standing)).where(own, shown)
    if wanted.status == "disputed":
        return query.where(Agreement.disputed)
    if wanted.status in (*UNSIGNED, "withdrawn"):
        return query.where(Agreement.state == wanted.status)
    return query.where(Standing.status == wanted.status) if wanted.status else query


