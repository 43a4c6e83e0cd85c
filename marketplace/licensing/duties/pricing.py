"""The price of an agreement: what of a version belongs to it, its hash, and how a notice says it. Pure.

To the price belong the payment terms and what is had for them (exclusivity, field, territory, sublicensing). The day of effect
does not: it has to move while a notice runs. Any other change is another price and has to be published anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marketplace.terms.payment import parse
from marketplace.terms.schedule import schedule
from marketplace.terms.words import sentence

BOUGHT = ("exclusivity", "field_of_use", "territory", "sublicensing")
LANGUAGES = ("zh", "en")


def digest(terms: Mapping[str, Any], clauses: Mapping[str, Any]) -> str:
    """The hash of what belongs to the price, the same for the same price."""
    priced = {name: value for name, value in terms.items() if name != "effective"}
    bought = {name: clauses.get(name) for name in BOUGHT if clauses.get(name) not in (None, "", {}, False)}
    written = json.dumps([priced, bought], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def price_of(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The proposed price as a notice says it: in words of both languages, its fixed fees one by one, and their sum.

    {"words": {zh, en}, "currency", "fixed": "70000", "lines": [[kind, own name, amount], …]}; amounts as decimal text. Fees that hang on
    events are in it as if all of them came; a royalty has no amount and stands in the words alone.
    """
    read = parse(dict(terms), template=False)
    assert read.effective is not None
    owed = [one for one in schedule(read, (), read.effective).obligations if one.amount and one.kind not in ("buyout", "minimum")]
    fixed = sum((one.amount or Decimal(0) for one in owed), Decimal(0))
    lines = [[one.kind, one.id.partition(":")[2], f"{one.amount:f}"] for one in owed]
    return {"words": {lang: sentence(read, lang) for lang in LANGUAGES}, "currency": read.currency, "fixed": f"{fixed:f}", "lines": lines}
