"""The form of a registration as labels and values in both languages: which fields a kind has, what the agreement says, what is missing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from marketplace.licensing import ledger
from marketplace.licensing.duties.models import CONTRACTS, Registration
from marketplace.licensing.duties.operations import live_notice
from marketplace.licensing.duties.pricing import price_of
from marketplace.licensing.models import Agreement
from marketplace.people.models import Organisation
from marketplace.people.regions import PROVINCES
from marketplace.terms.payment import from_minor
from marketplace.terms.words import Tongue, sentence

DATA = tomllib.loads(files("marketplace.licensing.duties.registration").joinpath("fields.toml").read_text("utf-8"))
FIELDS: list[dict[str, Any]] = DATA["field"]
KINDS: dict[str, dict[str, str]] = {kind["code"]: kind["label"] for kind in DATA["kind"]}
ASKED = tuple(field["code"] for field in FIELDS if not field.get("given"))
"""What is asked beyond the agreement."""

MODES = {"assignment": "transfer", "joint_development": "development", "licence": "licence", "open_licence": "licence"}
SELLER, BUYER = "licensor", "licensee"
SIDES = {"seller": SELLER, "buyer": BUYER}

SAYS = {
    "institute": {"zh": "高校院所", "en": "institute"}, "enterprise": {"zh": "企业", "en": "enterprise"},
    "service_provider": {"zh": "服务机构", "en": "service provider"}, "agency": {"zh": "技术转移机构", "en": "technology-transfer agency"},
    "licensor": {"zh": "卖方（许可方）", "en": "the seller (licensor)"}, "licensee": {"zh": "买方（被许可方）", "en": "the buyer (licensee)"},
    "ordinary": {"zh": "普通许可", "en": "ordinary licence"}, "sole": {"zh": "排他许可", "en": "sole licence"},
    "exclusive": {"zh": "独占许可", "en": "exclusive licence"}, "yes": {"zh": "是", "en": "yes"}, "no": {"zh": "否", "en": "no"},
    "unsigned": {"zh": "尚未签署", "en": "not signed yet"}, "patent": {"zh": "专利", "en": "patent"},
    "patent_application": {"zh": "专利申请", "en": "patent application"}, "know_how": {"zh": "技术秘密", "en": "know-how"},
    "software": {"zh": "计算机软件", "en": "software"}, "prototype": {"zh": "样机", "en": "prototype"}, "data_set": {"zh": "数据集", "en": "data set"},
    "open_source": {"zh": "开源软件", "en": "open-source software"}, "negative_result": {"zh": "负结果", "en": "negative result"},
}
"""What codes are called in the form, whatever the site's pages call them."""


def proposed_kind(agreement: Agreement) -> str:
    """The kind that the agreement looks like: a licence, unless its offer is another's."""
    offer = agreement.technology.offer
    return MODES.get(offer.mode if offer else "licence", "licence")


def registering_side(agreement: Agreement) -> str:
    """Which side registers: the seller, or the buyer where the seller is abroad and the technology is imported."""
    return BUYER if agreement.licensor.region not in PROVINCES and agreement.licensee.region in PROVINCES else SELLER


def fields_of(kind: str) -> list[dict[str, Any]]:
    """The fields of a kind, in the order of the form."""
    return [field for field in FIELDS if kind in field.get("kinds", CONTRACTS)]


def _party(organisation: Organisation, role: str, address: str, lang: str) -> dict[str, str]:
    return {
        role: organisation.called(lang), f"{role}_code": organisation.credit_code or "", f"{role}_region": organisation.region,
        f"{role}_kind": SAYS[organisation.kind][lang], f"{role}_address": address,
    }


def _term(agreement: Agreement, tongue: Tongue) -> str:
    terms = ledger.terms_of(agreement)
    days = [tongue.day(day) for day in (terms.effective, terms.end) if day]
    return " – ".join(days) if len(days) == 2 else (days[0] + " –" if days else "")


def _given(agreement: Agreement, registration: Registration, lang: str) -> dict[str, str]:
    """What the agreement says, by field."""
    tongue, technology = Tongue(lang, registration.currency), agreement.technology
    terms, clauses = ledger.terms_of(agreement), ledger.version_of(agreement).clauses
    numbers = [number for number in (technology.application_number, technology.publication_number) if number]
    scope = [(clauses.get("field_of_use") or {}).get(lang) or "", str(clauses.get("territory") or "")]
    notice = live_notice(agreement)
    return {
        "project": agreement.titled(lang)[0], "kind": KINDS[registration.kind][lang], "agreement": agreement.public_id,
        "signed": tongue.day(ledger.day_of(agreement, agreement.signed)) if agreement.signed else SAYS["unsigned"][lang],
        "term": _term(agreement, tongue), "registering": SAYS[registration.side][lang], "payment": sentence(terms, lang),
        "right": " ".join([SAYS[technology.kind][lang], *numbers]), "total": _amount(registration.total, tongue),
        "technology_amount": _amount(registration.technology_amount, tongue),
        "related": SAYS["yes" if notice.related or notice.hints else "no"][lang] if notice else "",
        "licence_kind": SAYS[clauses.get("exclusivity") or "ordinary"][lang], "licence_scope": " · ".join(text for text in scope if text),
        **_party(agreement.licensor, "seller", registration.addresses.get(SELLER, ""), lang),
        **_party(agreement.licensee, "buyer", registration.addresses.get(BUYER, ""), lang),
    }


def _amount(minor: int, tongue: Tongue) -> str:
    amount = from_minor(minor, tongue.currency)
    return f"{tongue.currency} {amount:f}" if amount is not None else ""


def rows(agreement: Agreement, registration: Registration, lang: str) -> list[tuple[str, str]]:
    """The form in a language: label and value of each field of the registration's kind."""
    given = _given(agreement, registration, lang)
    fields = fields_of(registration.kind)
    return [(field["label"][lang], given[field["code"]] if field.get("given") else registration.details.get(field["code"], "")) for field in fields]


def missing(agreement: Agreement, registration: Registration) -> list[Mapping[str, str]]:
    """The labels of the required fields that are empty, of the parties' codes where a party of the mainland has none."""
    given = _given(agreement, registration, "zh")
    values = {**registration.details, **given}
    empty = [field["label"] for field in fields_of(registration.kind) if field.get("required") and not values.get(field["code"])]
    for role, side in SIDES.items():
        if getattr(agreement, side).region in PROVINCES and not values[f"{role}_code"]:
            empty.append(next(field["label"] for field in FIELDS if field["code"] == f"{role}_code"))
    return empty


def fixed_total(agreement: Agreement) -> str:
    """The sum of the agreement's fixed fees, as decimal text: what the total is proposed to be."""
    return str(price_of(ledger.version_of(agreement).terms)["fixed"])
