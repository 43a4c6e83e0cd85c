"""Things for tests, made with as few words as the test needs; all of them are flushed and have their ids."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from argon2 import PasswordHasher

from marketplace.catalogue.models import Offer, Technology
from marketplace.db import session
from marketplace.importing.models import ImportRun
from marketplace.needs.models import Need
from marketplace.people.models import Membership, Organisation, Person

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
_number = count(1)


def _kept(thing: Any) -> Any:
    session.add(thing)
    session.flush()
    return thing


def person(**values: Any) -> Person:
    """Somebody with a confirmed address and the password PASSWORD."""
    n = next(_number)
    address = values.pop("address", f"person{n}@example.com")
    defaults = {"name": f"测试人{n}", "address": address, "address_key": address.lower(), "password_hash": _HASH,
                "language": "zh", "created": NOW, "confirmed": NOW}
    return _kept(Person(**{**defaults, **values}))


def operator(**values: Any) -> Person:
    """Somebody who runs the site."""
    return person(is_operator=True, **values)


def broker(**values: Any) -> Person:
    """A technology manager."""
    return person(is_broker=True, **values)


def organisation(*owners: Person, **values: Any) -> Organisation:
    """A verified enterprise, owned by the people named."""
    n = next(_number)
    defaults = {"kind": "enterprise", "name": {"zh": f"测试企业{n}", "en": f"Test Works {n}"}, "names": [], "region": "330000",
                "about": {}, "state": "verified", "created": NOW}
    found = _kept(Organisation(**{**defaults, **values}))
    for owner in owners:
        membership(owner, found, "owner")
    return found


def membership(who: Person, where: Organisation, role: str = "member") -> Membership:
    """A seat of the person in the organisation."""
    seat = _kept(Membership(person=who, organisation=where, role=role, created=NOW))
    session.expire(who, ["memberships"])
    return seat


def technology(owner: Organisation | None = None, **values: Any) -> Technology:
    """A published, public patent."""
    n = next(_number)
    offer = values.pop("offer", None)
    defaults = {
        "organisation": owner or organisation(kind="institute"), "kind": "patent", "state": "published", "visibility": "public",
        "title": {"zh": f"一种测试装置{n}", "en": f"Test device {n}"},
        "abstract": {"zh": "用于测试的装置，毛刺不超过0.02毫米。", "en": "A device for tests, burr below 0.02 mm."},
        "advantages": {}, "applications": {}, "keywords": {}, "owners": [], "inventors": [], "ipc": [], "industries": ["C34"],
        "field": "machine_tools", "trl": 6, "title_hash": f"hash{n}", "revision": 1,
        "published": NOW, "created": NOW, "updated": NOW,
    }
    made = _kept(Technology(**{**defaults, **values}))
    if offer is not None:
        _kept(Offer(technology=made, field_of_use={}, **offer))
    return made


def need(owner: Organisation | None = None, **values: Any) -> Need:
    """A published, public need."""
    n = next(_number)
    defaults = {
        "organisation": owner or organisation(), "state": "published", "visibility": "public",
        "title": {"zh": f"去毛刺太慢{n}", "en": f"Deburring is too slow {n}"},
        "problem": {"zh": "一把钳子要铣四十分钟，毛刺还多。", "en": "One forceps takes forty minutes to mill."},
        "place": {}, "tried": {}, "constraints": {}, "volume": {}, "targets": [], "modes": ["licence"], "questions": {},
        "industry": "C358", "region": "330000", "deadline": date(2027, 6, 30), "revision": 1,
        "published": NOW, "created": NOW, "updated": NOW,
    }
    return _kept(Need(**{**defaults, **values}))


def import_run(owner: Organisation | None = None, **values: Any) -> ImportRun:
    """A run whose rows are published."""
    defaults = {"organisation": owner or organisation(kind="institute"), "state": "published", "file_name": "rows.csv", "sha256": "0" * 64,
                "source": "table", "columns": {}, "outcomes": [], "created": NOW}
    return _kept(ImportRun(**{**defaults, **values}))
