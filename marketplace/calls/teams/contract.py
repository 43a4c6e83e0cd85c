"""The agreement of an awarded team, drafted from the call: stages as conditional fees, targets as what is accepted, the user as who tests.

A stage is a conditional fee of terms.md and no milestone, since only that one can be submitted, rejected and submitted anew. It has no days after
which silence accepts: whoever uses the result judges it (谁使用谁评价). Words stand in `contract.toml`. Pure.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Any

LANGUAGES = ("zh", "en")
WHOLE = 1_000_000
LONGEST = 300
RELATIONS = {"at_most": "≤", "at_least": "≥", "equal": "="}
DATA: dict[str, Any] = tomllib.loads(files("marketplace.calls.teams").joinpath("contract.toml").read_text("utf-8"))

Bilingual = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: its name in the terms, its title, its fee as a decimal string, what the team will hand in, and by when."""

    key: str
    title: Bilingual
    amount: str
    plan: str | None = None
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Brief:
    """What the call says, as far as the agreement repeats it."""

    title: Bilingual
    targets: Sequence[Mapping[str, Any]]
    acceptance: Bilingual
    ip_position: str
    ip_terms: Bilingual
    currency: str
    user: str


def amounts(total: int, shares: Sequence[int]) -> list[int]:
    """A team's money over the stages, in minor units: each share rounded down, and what is left of the whole goes to the last stage."""
    found = [total * share // WHOLE for share in shares]
    return [*found[:-1], total - sum(found[:-1])] if found else []


def key_of(position: int) -> str:
    """The name of a stage in the terms."""
    return f"stage-{position}"


def drafted(brief: Brief, stages: Sequence[Stage], effective: date, defaults: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Payment terms (terms.md) and clauses of the agreement; `defaults` are what clauses say unless somebody says otherwise."""
    terms = {
        "currency": brief.currency, "effective": effective.isoformat(),
        "conditional": [{"id": one.key, "amount": one.amount} for one in stages if Decimal(one.amount)],
    }
    clauses = {**defaults, "acceptance": [_acceptance(brief, one) for one in stages], "further": _further(brief)}
    return terms, clauses


def _in(text: Bilingual, language: str) -> str:
    return next((text[code] for code in (language, *LANGUAGES) if text.get(code)), "")


def _acceptance(brief: Brief, stage: Stage) -> dict[str, Any]:
    """What is to be accepted at a stage; cut to what the form takes, the whole stands in the further provisions and on the call."""
    found: dict[str, Any] = {
        "id": stage.key, "metric": {code: _metric(brief, stage, code)[:LONGEST] for code in LANGUAGES}, "method": DATA["method"]["both"],
        "tester": brief.user[:LONGEST],
    }
    if stage.plan:
        found["target"] = " ".join(stage.plan.split())[:LONGEST]
    if stage.due:
        found["deadline"] = stage.due.isoformat()
    return found


def _metric(brief: Brief, stage: Stage, language: str) -> str:
    said = [_target(one, language) for one in brief.targets]
    targets = ("；" if language == "zh" else "; ").join(said) or DATA["whole"][language]
    return DATA["metric"][language].format(stage=_in(stage.title, language), targets=targets)


def _target(target: Mapping[str, Any], language: str) -> str:
    quantity, unit = target.get("quantity") or {}, target.get("unit") or ""
    return DATA["target"][language].format(
        quantity=_in(quantity, language) if isinstance(quantity, Mapping) else str(quantity), relation=RELATIONS.get(str(target.get("direction")), ""),
        wanted=target.get("wanted") or "", unit=_in(unit, language) if isinstance(unit, Mapping) else unit,
    ).strip()


def _further(brief: Brief) -> dict[str, str]:
    return {
        code: DATA["further"][code].strip().format(
            call=_in(brief.title, code), acceptance=_in(brief.acceptance, code) or "–",
            ip=" ".join(part for part in (DATA["ip"][brief.ip_position][code], _in(brief.ip_terms, code)) if part))
        for code in LANGUAGES
    }


def met(target: Mapping[str, Any], value: str) -> bool | None:
    """Whether a measured figure reaches the target; None where one of them is no number or the direction is not said."""
    relation = RELATIONS.get(str(target.get("direction")))
    try:
        wanted, found = Decimal(str(target.get("wanted"))), Decimal(value)
    except ArithmeticError:
        return None
    if relation is None or not (wanted.is_finite() and found.is_finite()):
        return None
    return {"≤": found <= wanted, "≥": found >= wanted, "=": found == wanted}[relation]
