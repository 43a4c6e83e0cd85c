"""The demo catalogue: invented organisations, people, technologies and needs, in both languages, as data beside this file.

`load()` brings it in through the same operations as everybody else's listings, all of it in one transaction; once the index stands `brokering`
adds deals and `calls` open calls.
Every organisation, person, number and figure in it is made up.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import func, select

from marketplace.access import SYSTEM
from marketplace.catalogue import operations as catalogue
from marketplace.catalogue.models import Technology
from marketplace.catalogue.numbers import check_digit
from marketplace.db import now, session
from marketplace.demo import pictures, resources
from marketplace.needs import operations as needs
from marketplace.needs.distilling import operations as distilling
from marketplace.needs.models import Need
from marketplace.people.models import Membership, Organisation, Person
from marketplace.terms.payment import to_minor

FOLDER = Path(__file__).parent
OTHERS = ("organisations", "brokering", "calls", "reviewed", "pictures", "pooling", "resources")
PASSWORD = "techbridge-demo"
TEXTS = ("title", "abstract", "advantages", "applications")
EVIDENCE = "演示数据：技术经理人已看过试验记录与预算。 Demo data: a technology manager saw the records of the trials and the budget."
TESTS = {name: {"finding": "yes", "evidence": EVIDENCE} for name in ("alone", "pays")}


def files() -> list[Path]:
    """The files of listings, one for each industry."""
    return sorted(path for path in FOLDER.glob("*.toml") if path.stem not in OTHERS)


def titles() -> dict[str, dict[str, str]]:
    """Key → title of every listing in the files."""
    read = [tomllib.loads(path.read_text(encoding="utf-8")) for path in files()]
    return {row["key"]: row["title"] for listings in read for kind in ("technology", "need") for row in listings.get(kind, [])}


def is_loaded() -> bool:
    """Whether the demo catalogue, or anything else, is in the database."""
    return (session.scalar(select(func.count()).select_from(Organisation)) or 0) > 0


def load() -> Iterator[str]:
    """Bring everything in; yields the name of each finished part, so that the caller can show progress; the caller commits at the end."""
    people = tomllib.loads((FOLDER / "organisations.toml").read_text(encoding="utf-8"))
    organisations = {row["key"]: _organisation(row) for row in people["organisation"]}
    accounts = [_person(row, organisations) for row in people["person"]]
    yield "organisations"
    manager = next(person for person in accounts if person.is_broker)
    shown: dict[str, Any] = {}
    for path in files():
        listings = tomllib.loads(path.read_text(encoding="utf-8"))
        for row in listings.get("technology", []):
            shown[row["key"]] = _technology(row, organisations)
        for row in listings.get("need", []):
            shown[row["key"]] = _need(row, organisations, manager)
        yield path.stem
    resources.load(organisations)
    pictures.load(shown)


def _organisation(row: dict[str, Any]) -> Organisation:
    values = {name: row.get(name) for name in ("kind", "name", "credit_code", "region", "size", "about")}
    found = Organisation(**values, names=row["names"], state="verified", verified=now(), created=now())
    session.add(found)
    session.flush()  # listings point at it
    return found


def _person(row: dict[str, Any], organisations: dict[str, Organisation]) -> Person:
    found = Person(
        name=row["name"], address=row["address"], address_key=row["address"], language=row["language"], confirmed=now(), created=now(),
        password_hash=PasswordHasher().hash(PASSWORD), is_operator=row.get("is_operator", False), is_broker=row.get("is_broker", False),
    )
    session.add(found)
    if "organisation" in row:
        session.add(Membership(person=found, organisation=organisations[row["organisation"]], role=row["role"], created=now()))
    session.flush()  # what it does is recorded under its id
    return found


def _terms(terms: dict[str, Any]) -> dict[str, Any]:
    """Terms as terms.md has them: TOML knows no null, so the last tier's open end is put in here."""
    royalty = terms.get("royalty")
    if royalty and royalty.get("tiers"):
        royalty["tiers"][-1].setdefault("upto", None)
    for row in terms.get("instalments", []):
        row["due"] = row["due"].isoformat() if isinstance(row["due"], date) else row["due"]
    return terms


def _application_number(digits: str | None) -> str | None:
    return f"{digits}.{check_digit(digits)}" if digits else None


def _technology(row: dict[str, Any], organisations: dict[str, Organisation]) -> Technology:
    offer = row.get("offer")
    if offer and "terms" in offer:
        offer["terms"] = _terms(offer["terms"])
    values = {name: row.get(name, {}) for name in (*TEXTS, "keywords")}
    values |= {name: row.get(name) for name in ("kind", "filed_on", "granted_on", "field", "trl")}
    values |= {name: row[name] for name in ("teaser", "nda_required") if name in row}
    values |= {name: row.get(name, []) for name in ("inventors", "ipc", "industries")}
    values["application_number"] = _application_number(row.get("application_number"))
    organisation = organisations[row["organisation"]]
    made = catalogue.create_technology(SYSTEM, organisation, visibility=row["visibility"], owners=[organisation.name["zh"]], offer=offer, **values)
    catalogue.publish_technology(SYSTEM, made)
    return made


def _minor(amount: str | None, currency: str) -> int | None:
    return to_minor(Decimal(amount), currency) if amount else None


def _need(row: dict[str, Any], organisations: dict[str, Organisation], manager: Person) -> Need:
    values = {name: row.get(name, {}) for name in needs.TEXTS}
    values |= {name: row.get(name) for name in ("currency", "payer", "cash", "deadline", "modes", "industry", "visibility", "targets")}
    values |= {f"budget_{end}": _minor(row.get(f"budget_{end}"), row["currency"]) for end in ("min", "max")}
    organisation = organisations[row["organisation"]]
    made = needs.create_need(SYSTEM, organisation, language=row["lang"], region=organisation.region, **values)
    needs.post_need(SYSTEM, made)
    if row["grade"] != "declared":
        sheet = {**distilling.begun_sheet(made), "tests": TESTS, "asked": "演示", "interviewed": made.published.date().isoformat()}
        distilled = distilling.save(manager, made, sheet, [{"text": row["questions"], "targets": []}])
        distilling.sign_off(SYSTEM, distilling.send(manager, distilled))
    if row["grade"] == "verified":
        distilling.verify(manager, made, TESTS)
    return made
