"""Listings as the engine sees them: passages in each language, facets to filter and count by, and the text to rank with."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from marketplace.access import Actor, may
from marketplace.catalogue.classification import industry_ancestors
from marketplace.catalogue.models import Offer, Technology
from marketplace.db import LANGUAGES, in_language
from marketplace.matching import units
from marketplace.matching.index import Document
from marketplace.matching.rules import Amount, Facts, Figure, Wishes, figures, level_for
from marketplace.needs.models import Need
from marketplace.terms.payment import MINOR_UNITS, Terms, forms_of, parse

BODY = ("abstract", "advantages", "applications")
MEASURED = ("abstract", "advantages")
ASKED = {"zh": 200, "en": 500}  # characters of an abstract that stand in the question
NAMED = 60  # characters of a teaser that stand for the title of a blind listing
UNTOLD = "blind"  # stands where the kind of a blind technology is not told
TOLD_INDUSTRY = 3  # letters and digits of an industry that are told of a blind listing: the division
UNLISTED: dict[type, tuple[str, ...]] = {
    Technology: ("abstract", "advantages", "applications", "keywords", "family", "owners", "parties", "inventors", "ipc"),
    Need: ("problem", "targets", "place", "tried", "constraints", "volume", "questions", "question_targets"),
}
"""What of a listing no list shows."""
SIGNS = {"at_most": "≤", "at_least": "≥", "equal": "="}


def _passages(titles: dict[str, str], bodies: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {code: (titles.get(code, ""), bodies.get(code, "")) for code in LANGUAGES if titles.get(code) or bodies.get(code)}


def _joined(thing: Any, names: tuple[str, ...], code: str) -> str:
    return "\n".join(text for name in names if (text := getattr(thing, name).get(code)))


def term_codes(technology: Technology) -> tuple[str, ...]:
    """The payment forms of the technology's offer, derived from its terms; none without an offer."""
    offer = technology.offer
    if offer is None:
        return ()
    forms = tuple(forms_of(parse(offer.terms, template=True))) if offer.terms else ()
    return tuple(dict.fromkeys((*forms, *((offer.mode,) if offer.mode in ("open_licence", "open_source") else ()))))


def technology_document(technology: Technology) -> Document:
    """A technology for the index."""
    bodies = {code: _with_keywords(technology, code) for code in LANGUAGES}
    passages = _passages(technology.title, bodies)
    numbers = tuple(number for number in (technology.application_number, technology.publication_number) if number)
    industries = dict.fromkeys(code for own in technology.industries for code in industry_ancestors(own))
    return Document(
        key=technology.id, kind="technology", passages=passages, revision=technology.revision,
        family=technology.family_id, facts=technology_facts(technology).packed(),
        facets={
            "visibility": (technology.visibility,),
            "organisation": (technology.organisation.public_id,),
            "technology_kind": (technology.kind,),
            "field": (technology.field,) if technology.field else (),
            "industry": tuple(industries),
            "maturity": (str(technology.trl),) if technology.trl else (),
            "region": (technology.organisation.region,),
            "terms": term_codes(technology),
            "language": tuple(passages),
            "number": numbers,
        },
    )


def full_document(listing: Technology | Need) -> Document:
    """A listing for the engine with all that it says, whoever may read it."""
    return need_document(listing) if isinstance(listing, Need) else technology_document(listing)


def open_document(listing: Technology | Need) -> Document:
    """A listing for the index that readers search: a blind one is its teaser there and nothing else (see docs/decisions/0011)."""
    return teaser_document(listing) if listing.visibility == "blind" else full_document(listing)


def teaser_document(listing: Technology | Need) -> Document:
    """What everybody may know of a blind listing, for the index: no organisation, number, kind, field, terms or facts."""
    return Document(
        key=listing.id, kind="need" if isinstance(listing, Need) else "technology", passages=_passages({}, teaser(listing)),
        facets={
            "visibility": ("blind",), "industry": tuple(dict.fromkeys(each for code in told_industries(listing) for each in industry_ancestors(code))),
            "region": (region,) if (region := told_region(listing)) else (), "language": tuple(_passages({}, teaser(listing))),
            **({} if isinstance(listing, Need) else {"technology_kind": (UNTOLD,)}),
        },
    )


def told_industries(listing: Technology | Need) -> tuple[str, ...]:
    """The divisions of industry of a blind listing, all that is told of its industries."""
    codes = ((listing.industry,) if listing.industry else ()) if isinstance(listing, Need) else tuple(listing.industries)
    return tuple(dict.fromkeys(code[:TOLD_INDUSTRY] for code in codes))


def told_region(listing: Technology | Need) -> str | None:
    """The province of a blind listing's owner; of a need without one, its own."""
    return listing.organisation.region if listing.organisation else getattr(listing, "region", None)


def teaser(listing: Technology | Need) -> dict[str, str]:
    """What somebody may read who may not read the listing in full, by language; a listing without a teaser shows nothing."""
    return getattr(listing, "teaser", None) or {}


def shown_title(actor: Actor, listing: Technology | Need, language: str) -> tuple[str, str]:
    """What a listing is called before the actor, and the language of that: its title, or the first words of its teaser."""
    if may(actor, "listing.read_in_full", listing):
        return listing.titled(language)
    text, spoken = in_language(teaser(listing), language)
    first = text.splitlines()[0] if text else ""
    return (first if len(first) <= NAMED else first[: NAMED - 1] + "…"), spoken


def shown_document(listing: Technology | Need, in_full: bool = True) -> Document:
    """A listing as its readers see it, without the keywords: what evidence is quoted from. Not in full, it is its teaser alone."""
    if not in_full:
        return teaser_document(listing)
    if isinstance(listing, Need):
        return need_document(listing)
    bodies = {code: _joined(listing, BODY, code) for code in LANGUAGES}
    return Document(key=listing.id, kind="technology", passages=_passages(listing.title, bodies))


def _with_keywords(technology: Technology, code: str) -> str:
    words = technology.keywords.get(code) or []
    return "\n".join(part for part in (_joined(technology, BODY, code), " ".join(words)) if part)


def need_document(need: Need) -> Document:
    """A need for the index: the firm's own words, its targets, and the technical questions once signed off."""
    bodies = {code: need_text(need, code) for code in LANGUAGES}
    passages = _passages(need.title, bodies)
    return Document(
        key=need.id, kind="need", passages=passages, revision=need.revision, facts=need_wishes(need).packed(),
        facets={
            "visibility": (need.visibility,),
            "organisation": (need.organisation.public_id,) if need.organisation else (),
            "industry": industry_ancestors(need.industry) if need.industry else (),
            "region": (need.region,) if need.region else (),
            "grade": (need.grade,),
            "mode": tuple(need.modes),
            "language": tuple(passages),
        },
    )


def need_text(need: Need, code: str, asked: dict[str, str] | None = None) -> str:
    """The need's body in one language: the firm's words, its targets, and the questions signed off, or those `asked` in their place."""
    questions = (need.questions if need.signed_off else {}) if asked is None else asked
    return "\n".join(part for part in (need.problem.get(code, ""), target_line(need.targets, code), questions.get(code, "")) if part)


def target_line(rows: Sequence[dict[str, Any]], code: str) -> str:
    """Targets in one line, those that are named in the language."""
    return "; ".join(
        " ".join(str(part) for part in (row["quantity"].get(code), SIGNS[row["direction"]], row["wanted"], row["unit"]) if part)
        for row in rows if row["quantity"].get(code)
    )


def need_query(need: Need, reader: str | None = None, asked: dict[str, str] | None = None) -> str:
    """What a need is ranked with: title and body in the language the firm wrote in. For a `reader`, in that language where it is there.

    `asked` are questions in the place of those signed off; {} leaves the firm's words alone.
    """
    written = [code for code in (reader, need.language, *LANGUAGES) if code and need.problem.get(code)]
    code = next(iter(written), "zh")
    return "\n".join(part for part in (need.title.get(code, ""), need_text(need, code, asked)) if part)


def technology_query(technology: Technology, reader: str | None = None) -> str:
    """What a technology is ranked with: title and the beginning of its abstract, in its first language, or a `reader`'s if it is there.

    A few hundred characters say what it is; the slow encoder's time grows faster than the length.
    """
    code = next((code for code in (reader, *LANGUAGES) if code and technology.abstract.get(code)), None)
    code = code or next((code for code in LANGUAGES if technology.title.get(code)), "zh")
    return "\n".join(part for part in (technology.title.get(code, ""), technology.abstract.get(code, "")[: ASKED[code]]) if part)


def need_wishes(need: Need, rows: Sequence[dict[str, Any]] | None = None) -> Wishes:
    """What a need wants besides its words, with the targets of the firm and of the questions signed off, or those `rows` alone.

    Ages and months are counted from the day it was posted, so that a score does not change overnight.
    """
    day = (need.published or need.created).date()
    return Wishes(
        trl=level_for(day, need.deadline, need.modes), industries=(need.industry,) if need.industry else (), region=need.region,
        modes=tuple(need.modes), paid_first=False if need.cash == "none" else None, budget=_budget(need),
        targets=figures_wanted(all_targets(need) if rows is None else rows), deadline=need.deadline, day=day,
    )


def all_targets(need: Need, asked: Sequence[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """The firm's own targets, then those of the questions signed off, or those `asked` in their place."""
    own = (need.question_targets if need.signed_off else ()) if asked is None else asked
    return [*need.targets, *own]


def figures_wanted(rows: Sequence[dict[str, Any]]) -> tuple[tuple[Figure, tuple[str, ...]], ...]:
    """The rows as figures with their names; one that says again of the same thing what stands before is left out."""
    found: list[tuple[Figure, tuple[str, ...]]] = []
    for row in rows:
        read = _target(row)
        if read and not any(_says_again(read, known) for known in found):
            found.append(read)
    return tuple(found)


def _says_again(one: tuple[Figure, tuple[str, ...]], known: tuple[Figure, tuple[str, ...]]) -> bool:
    same = (one[0].low, one[0].high, one[0].unit, one[0].direction) == (known[0].low, known[0].high, known[0].unit, known[0].direction)
    return same and not set(one[1]).isdisjoint(known[1])


def _budget(need: Need) -> Amount | None:
    known = need.budget_min is not None or need.budget_max is not None
    return Amount(need.budget_min, need.budget_max, need.currency) if known else None


def _target(row: dict[str, Any]) -> tuple[Figure, tuple[str, ...]] | None:
    """A row of a need's targets as a figure with its names; None without a name, a number, or a unit that we know."""
    names = tuple(row["quantity"][code] for code in LANGUAGES if row["quantity"].get(code))
    written = (row["unit"] or "").strip()
    unit = units.read(written)
    if not names or not row["wanted"] or (written and unit is None):
        return None
    value = float(Decimal(row["wanted"]) * Decimal(unit.factor if unit else 1))
    return Figure(names[0], value, value, unit.name if unit else "", row["direction"], written=written), names


def technology_facts(technology: Technology) -> Facts:
    """What a technology offers besides its words; its figures are read from its abstract and advantages (some 1 ms a text)."""
    offer, listed = technology.offer, technology.published
    terms = parse(offer.terms, template=True) if offer and offer.terms else None
    return Facts(
        trl=technology.trl, industries=tuple(technology.industries), region=technology.organisation.region, **_offered(offer, terms),
        listed=listed.date() if listed else None,
        figures=tuple(one for code in LANGUAGES for one in figures(_joined(technology, MEASURED, code))),
    )


def _offered(offer: Offer | None, terms: Terms | None) -> dict[str, Any]:
    """What an offer says of mode, territory and money. A royalty without a cap leaves the price open upwards."""
    if offer is None:
        return {}
    facts: dict[str, Any] = {"mode": offer.mode, "territory": offer.territory}
    if terms is None:
        return facts
    forms = forms_of(terms)
    fees = (*terms.deferred, *terms.instalments, *terms.milestones, *terms.conditional)
    fixed = terms.entry_fee + sum(fee.amount for fee in fees) + (terms.conversion.price if terms.conversion else 0)
    surely = fixed if terms.cap_total is None else min(fixed, terms.cap_total)
    most = terms.cap_total if terms.royalty and "royalty" in forms else surely
    first = _minor(terms.entry_fee, terms.currency)
    return facts | {"forms": forms, "price": Amount(_minor(surely, terms.currency), _minor(most, terms.currency), terms.currency), "first": first or None}


def _minor(amount: Decimal | None, currency: str) -> int | None:
    return None if amount is None else int(Decimal(amount).scaleb(MINOR_UNITS[currency]))
