"""The demo of pooled research: one pool at seventy per cent, and one that has reached its threshold and votes; by the operations that people use."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from marketplace.calls.pools import operations as pools
from marketplace.calls.pools import pledging, steering
from marketplace.calls.pools.models import Pool
from marketplace.db import now, session
from marketplace.people.models import Person
from marketplace.terms.payment import to_minor

FILE = Path(__file__).parent / "pooling.toml"


def is_loaded() -> bool:
    """Whether there is any pool."""
    return (session.scalar(select(func.count()).select_from(Pool)) or 0) > 0


def load() -> list[Pool]:
    """Bring the pools in; none where this is no demo. The caller commits."""
    people = {person.address_key.partition("@")[0]: person for person in session.scalars(select(Person).where(Person.address_key.like("%@demo.example")))}
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["pool"]
    return [_pool(people, row) for row in rows if all(one["by"] in people for one in row["pledge"])]


def _yuan(text: str) -> int:
    return to_minor(Decimal(text), "CNY") or 0


def _pool(people: dict[str, Person], row: dict[str, Any]) -> Pool:
    lead = people[row["lead"]]
    texts = {name: row[name] for name in (*pools.TEXTS, "rights")}
    pool = pools.create_pool(
        lead, lead.organisations[0], **texts, threshold=_yuan(row["threshold"]), least=_yuan(row["least"]), currency="CNY", basis="proportional",
        deadline=(now() + timedelta(days=row["days"])).replace(hour=10, minute=0, second=0, microsecond=0), zone="Asia/Shanghai", visibility="public",
        language="zh", industry=row["industry"], region=row.get("region"),
    )
    pools.open_pool(lead, pool)
    for one in row["pledge"]:
        who = people[one["by"]]
        pledging.pledge(who, pool, who.organisations[0], _yuan(one["amount"]), "CNY", pool.revision, named=one.get("named", False))
    if "motion" in row:
        steering.put_motion(people[row["motion"]["by"]], pool, "other", row["motion"]["text"], days=14)
    return pool
