"""The verbs of the catalogue: write a technology with its offer, publish, withdraw and expire it.

A technology is known by organisation and application number, else by organisation, source and the source's own key,
else by organisation and the hash of its normalised title; each way has its own index, so that a catalogue of millions
is asked in one step. What readers see has a revision for each change, the offer included.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, require
from marketplace.catalogue import numbers, teasers
from marketplace.catalogue.classification import FIELDS, field_of_ipc, industry_code
from marketplace.catalogue.models import MODES, Offer, Technology
from marketplace.db import LANGUAGES, now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.jobs import handler
from marketplace.people.models import Organisation
from marketplace.record import move, record, revise
from marketplace.terms.checklist import check
from marketplace.terms.checks import Finding, OfferFacts, standing_facts
from marketplace.terms.payment import parse, to_dict
from marketplace.terms.reading import TermsError

TEXTS = ("title", "abstract", "advantages", "applications", "teaser")
PLAIN = (
    "kind",
    "visibility",
    "nda_required",
    "keywords",
    "application_number",
    "publication_number",
    "family",
    "patent_kind",
    "legal_status",
    "expiry_computed",
    "owners",
    "inventors",
    "ipc",
    "field",
    "industries",
    "trl",
    "trl_scheme",
)
LISTS = ("owners", "inventors", "ipc", "industries", "family")
DATES = ("filed_on", "granted_on", "expires_on", "listed_until")
STANDING = ("annual_fee", "pledge", "evaluation_report", "exclusive_in_force")
OFFER = ("mode", "exclusivity", "field_of_use", "territory", "term_months", "sublicensing", "terms", *STANDING)
WRITABLE = frozenset({*TEXTS, *PLAIN, *DATES, "parties", "offer", "source", "source_key"})
ONLY_IF_BLIND = ("teaser", "nda_required")
PATENTS = ("patent", "patent_application")
BATCH = 200


def content(technology: Technology) -> dict[str, Any]:
    """The whole content of a technology as a revision keeps it, its offer included; dates as ISO text."""
    said = {name: getattr(technology, name) for name in (*TEXTS, *PLAIN)}
    kept = {name: value for name, value in said.items() if value or name not in ONLY_IF_BLIND}
    kept |= {name: _iso(getattr(technology, name)) for name in DATES}
    kept["offer"] = offer_of(technology)
    return kept


def offer_of(technology: Technology) -> dict[str, Any] | None:
    """The fields of its offer, as `fill` takes them; of the patent's standing only what is said."""
    if technology.offer is None:
        return None
    values = {name: getattr(technology.offer, name) for name in OFFER}
    return {name: value for name, value in values.items() if value or name not in STANDING}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def title_hash(text: str) -> str:
    """SHA-256 of the title without case, width, spaces and punctuation: what makes two titles the same one."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return hashlib.sha256("".join(re.findall(r"\w", folded)).encode()).hexdigest()


def hash_of(title: Mapping[str, str]) -> str:
    """The hash of a bilingual title: of its Chinese text, or of the English one where there is no other."""
    return title_hash(next((title[code] for code in LANGUAGES if title.get(code)), ""))


def find_existing(
    organisation_id: int,
    *,
    application_number: str | None = None,
    source: str | None = None,
    source_key: str | None = None,
    titled: str | None = None,
) -> Technology | None:
    """The organisation's technology that is known by its number, else by its source's key, else, where neither is
    given, by its title among those that have neither. Each is one step in an index."""
    own = select(Technology).where(Technology.organisation_id == organisation_id)
    found = None
    if application_number:
        found = session.scalar(own.where(Technology.application_number == application_number))
    if found is None and source_key:
        found = session.scalar(own.where(Technology.source == source, Technology.source_key == source_key))
    if application_number or source_key:
        return found
    return session.scalar(
        own.where(
            Technology.title_hash == titled, Technology.application_number.is_(None), Technology.source_key.is_(None)
        ).limit(1)
    )


def create_technology(
    actor: Actor, organisation: Organisation, at: datetime | None = None, **values: Any
) -> Technology:
    """A draft technology of the organisation. Refused when it is known already, or by a field that is wrong."""
    require(actor, "technology.create", organisation)
    moment = at or now()
    technology = draft(actor, organisation, moment)
    fill(technology, values)
    refuse_clash(technology)
    session.add(technology)
    record(technology, "create", actor, moment)
    revise(technology, actor, content(technology), moment)
    return technology


def draft(actor: Actor, organisation: Organisation, at: datetime) -> Technology:
    """An empty technology, to be filled and added to the session."""
    return Technology(
        organisation=organisation,
        organisation_id=organisation.id,
        author_id=actor.id,
        kind="know_how",
        state="draft",
        visibility="public",
        nda_required=False,
        created=at,
        updated=at,
        title_hash="",
        keywords={},
        parties={},
        **{name: [] for name in LISTS},
        **{name: {} for name in TEXTS},
        trl_scheme="GB/T 22900-2022",
        expiry_computed=False,
        revision=0,
        offer=None,
    )


def edit_technology(actor: Actor, technology: Technology, at: datetime | None = None, **values: Any) -> Technology:
    """Change a technology or its offer; what changed becomes a revision."""
    require(actor, "technology.edit", technology)
    moment = at or now()
    fill(technology, values)
    refuse_clash(technology)
    if technology.state in Technology.OPEN_STATES:
        _refuse_unpublishable(technology, moment.date())
    if revise(technology, actor, content(technology), moment) is not None:
        technology.updated = moment
        if technology.state in Technology.OPEN_STATES:
            record(technology, "revised", actor, moment, revision=technology.revision)
    return technology


def fill(technology: Technology, values: dict[str, Any]) -> None:
    """Set the named fields, numbers and codes in canonical form; computes what follows from them. Raises `Refused`."""
    unknown = values.keys() - WRITABLE
    if unknown:
        raise ValueError(f"not fields of a technology: {sorted(unknown)}")
    known_by = technology.title_hash
    before = dict(technology.title)
    for name, value in values.items():
        if name != "offer":
            setattr(technology, name, _canonical(name, value))
    if not any(technology.title.values()):
        raise Refused(N_("Give the technology a title in at least one language."), field="title_zh")
    technology.title_hash = _hash_after(known_by, before, technology.title)
    _derive(technology, values)
    if "offer" in values:
        _set_offer(technology, values["offer"])
    if technology.kind == "negative_result" and technology.offer:
        raise Refused(N_("A negative result is published as a warning; it cannot carry an offer."), field="mode")
    if technology.visibility == "blind":
        _refuse_blind(technology)


def _refuse_blind(technology: Technology) -> None:
    """Raise `Refused` where a blind listing would give itself away, or warn of what nobody may read."""
    if technology.kind == "negative_result":
        raise Refused(N_("A negative result is a warning to all; it cannot be a blind listing."), field="visibility")
    texts = [getattr(technology, name) for name in TEXTS if name not in ("title", "teaser")]
    house = technology.organisation
    names = [*house.name.values(), *house.names, *technology.owners, *technology.inventors]
    numbered = [technology.application_number, technology.publication_number, *technology.family]
    teasers.check(technology.teaser, teasers.Secrets(technology.title, texts, names, numbered))


def _hash_after(known_by: str, before: Mapping[str, str], title: Mapping[str, str]) -> str:
    """The hash goes on being that of the text it was made from, so that a translation added later changes no identity."""
    language = next((code for code in LANGUAGES if before.get(code) and title_hash(before[code]) == known_by), None)
    return title_hash(title[language]) if language and title.get(language) else hash_of(title)


def _canonical(name: str, value: Any) -> Any:
    if value in (None, ""):
        return [] if name in LISTS else {} if name in (*TEXTS, "keywords") else False if name == "nda_required" else None
    if name in ("application_number", "publication_number"):
        return _number(name, value)
    if name == "ipc":
        return list(dict.fromkeys(_refused_at("ipc", numbers.ipc, symbol) for symbol in value))
    if name == "industries":
        return list(dict.fromkeys(_industry(code) for code in value))
    if name == "field" and value not in FIELDS:
        raise Refused(N_("There is no technology field “%(code)s”."), field="field", code=value)
    return value


def _refused_at(field: str, read: Any, text: str) -> Any:
    try:
        return read(text)
    except Refused as problem:
        problem.field = field
        raise


def _number(name: str, text: str) -> str | None:
    read = numbers.application if name == "application_number" else numbers.publication
    found = _refused_at(name, read, text)
    return found.value if found else None


def _industry(code: str) -> str:
    found = industry_code(code)
    if found is None:
        raise Refused(N_("There is no industry “%(code)s” in GB/T 4754-2017."), field="industries", code=code)
    return found


def _derive(technology: Technology, values: dict[str, Any]) -> None:
    """What follows from what is given: kind of patent from the number, field from the classes, expiry from filing."""
    if technology.application_number and not technology.patent_kind:
        technology.patent_kind = numbers.application(technology.application_number).patent_kind  # type: ignore[union-attr]
    if technology.ipc and not technology.field:
        technology.field = field_of_ipc(technology.ipc)
    if values.get("expires_on"):
        technology.expiry_computed = values.get("expiry_computed", False)
    if technology.expires_on is None or technology.expiry_computed:
        technology.expires_on = _computed(technology)
        technology.expiry_computed = technology.expires_on is not None


def _computed(technology: Technology) -> date | None:
    """The expiry counted from filing. Other offices count utility models and designs in their own ways, so that only an
    invention's is computed there."""
    abroad = technology.publication_number and not technology.publication_number.startswith("CN")
    if technology.kind not in PATENTS or (abroad and technology.patent_kind != "invention"):
        return None
    return numbers.expiry(technology.patent_kind, technology.filed_on)


def _set_offer(technology: Technology, values: dict[str, Any] | None) -> None:
    """Write, change or remove the offer; its terms are kept in canonical form."""
    if values is None:
        technology.offer = None
        return
    if values.get("mode") not in MODES:
        raise Refused(N_("Choose how the technology can be had."), field="mode")
    offer = technology.offer or Offer(revision=0)
    before = {name: getattr(offer, name) for name in OFFER}
    defaults = {
        "exclusivity": None,
        "field_of_use": {},
        "territory": None,
        "term_months": None,
        "sublicensing": False,
        "terms": None,
        **{name: getattr(offer, name) for name in STANDING},  # kept unless spoken of
        "exclusive_in_force": bool(offer.exclusive_in_force),
    }
    for name, value in {**defaults, **values}.items():
        setattr(offer, name, _terms(value) if name == "terms" else value)
    if {name: getattr(offer, name) for name in OFFER} != before:
        offer.revision += 1
    technology.offer = offer


def _terms(terms: dict[str, Any] | None) -> dict[str, Any] | None:
    if not terms:
        return None
    try:
        return to_dict(parse(terms, template=True))
    except TermsError as error:
        raise Refused(error.message, field="terms", path=error.path, **error.values) from None


def refuse_clash(technology: Technology) -> None:
    """Raise `Refused` beside the field by which the organisation knows another technology, with that one's public id."""
    known = {"application_number": technology.application_number, "source_key": technology.source_key}
    found = find_existing(technology.organisation_id, **known, source=technology.source, titled=technology.title_hash)
    if found is None or found is technology or found.id == technology.id:
        return
    field = next((name for name, value in known.items() if value), "title_zh")
    raise Refused(
        N_("Your organisation already has this technology: “%(title)s”. Open that one instead of writing it twice."),
        field=field,
        title=found.titled("zh")[0],
        existing=found.public_id,
    )


def findings(technology: Technology, today: date) -> list[Finding]:
    """What the checks say of the technology's offer, refusals first; nothing without an offer."""
    offer = technology.offer
    if offer is None:
        return []
    facts = OfferFacts(
        starts_on=today,
        region=technology.organisation.region,
        mode=offer.mode,
        exclusivity=offer.exclusivity,
        technology_kind=technology.kind,
        patent_kind=technology.patent_kind,
        legal_status=technology.legal_status,
        expires_on=technology.expires_on,
        term_months=offer.term_months,
        texts=_texts(technology, offer),
        **standing_facts({name: getattr(offer, name) for name in STANDING}),
    )
    return check(facts, parse(offer.terms, template=True) if offer.terms else None)


def _texts(technology: Technology, offer: Offer) -> dict[str, str]:
    """What the listing says in words, by field and language, for the checks of wording."""
    written = {name: getattr(technology, name) for name in TEXTS} | {"field_of_use": offer.field_of_use}
    return {f"{name}_{code}": text for name, texts in written.items() for code, text in texts.items() if text}


def is_publishable(technology: Technology, today: date) -> bool:
    """Whether nothing stands against publishing the technology as it is."""
    try:
        _refuse_unpublishable(technology, today)
    except Refused:
        return False
    return True


def _refuse_unpublishable(technology: Technology, today: date) -> None:
    teasers.refuse_without(technology)
    if technology.listed_until and technology.listed_until < today:
        raise Refused(N_("The day until which it is listed lies in the past."), field="listed_until")
    if any(finding.severity == "refuse" for finding in findings(technology, today)):
        raise Refused(N_("This offer may not be published as it stands; the notes beside it say why."), field="mode")


def publish_technology(actor: Actor, technology: Technology, at: datetime | None = None) -> Technology:
    """Open the technology to its readers. Refused when its offer may not stand as it is or its day has passed."""
    moment = at or now()
    _refuse_unpublishable(technology, moment.date())
    move(technology, "publish", actor, moment)
    technology.published = moment
    return technology


def withdraw_technology(actor: Actor, technology: Technology, at: datetime | None = None) -> Technology:
    """Take the technology off the site; it can be published again."""
    move(technology, "withdraw", actor, at)
    return technology


def by_public_id(actor: Actor, public_id: str) -> Technology:
    """The technology under this id, if the actor may know of it: of a blind one perhaps its teaser alone. Raises `NotFound`."""
    technology = session.scalar(select(Technology).where(Technology.public_id == public_id))
    if technology is None:
        raise NotFound()
    require(actor, "listing.read", technology)
    return technology


def in_full(actor: Actor, public_id: str) -> Technology:
    """The technology under this id, if the actor may read all of it. Raises `NotFound`, `NotAllowed` where it is known by its teaser."""
    technology = by_public_id(actor, public_id)
    require(actor, "listing.read_in_full", technology)
    return technology


def drafts_of(actor: Actor, limit: int = 50) -> list[Technology]:
    """The draft technologies the actor may go on with, newest first."""
    own = select(Technology).where(Technology.organisation_id.in_(list(actor.seats)), Technology.state == "draft")
    return list(session.scalars(own.order_by(Technology.id.desc()).limit(limit)))


@handler("catalogue.expire", every=timedelta(days=1))
def expire_technologies(at: datetime | None = None) -> Iterator[None]:
    """Take off the site what was listed until a day that has passed."""
    moment = at or now()
    due = select(Technology).where(Technology.state == "published", Technology.listed_until < moment.date())
    while rows := list(session.scalars(due.order_by(Technology.id).limit(BATCH))):
        for technology in rows:
            move(technology, "expire", SYSTEM, moment)
        session.flush()  # what expired is not found again
        yield
