"""The demo's facilities, experts and scenarios, written and published through the same operations as everybody else's."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from marketplace.access import SYSTEM
from marketplace.catalogue.resources import operations
from marketplace.catalogue.resources.rooms import ROOMS
from marketplace.people.models import Organisation
from marketplace.terms.payment import to_minor

FILE = Path(__file__).with_suffix(".toml")
EMPTY: dict[str, dict[str, Any]] = {
    "facility": {"accreditations": [], "price": None, "currency": "CNY", "zone": "Asia/Shanghai", "closed": []},
    "expert": {"consent_held": True, "person_id": None, "days": None, "available_from": None, "available_until": None},
    "scenario": {"opens_on": None, "closes_on": None},
}


def load(organisations: dict[str, Organisation]) -> None:
    """Bring them in, published."""
    read = tomllib.loads(FILE.read_text(encoding="utf-8"))
    for room in ROOMS.values():
        for row in read[room.noun]:
            values = {**EMPTY[room.noun], **row}
            values.pop("key")
            if values.get("price") is not None:
                values["price"] = to_minor(Decimal(values["price"]), values["currency"])
            made = operations.create(SYSTEM, room.kind, organisations[values.pop("organisation")], **values)
            operations.publish(SYSTEM, room.kind, made)
