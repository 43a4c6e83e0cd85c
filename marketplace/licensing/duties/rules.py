"""The rules that duties follow: those of the product, and an operator's for his region.

A rule is data (`duty_rules.toml` explains the keys). A file of the operator (MARKETPLACE_DUTY_RULES) adds rules; one with the `when`,
region and day of another replaces it. Every fault of a file is named with its entry when the program starts. An unverified
figure may warn, never refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from marketplace.config import Settings
from marketplace.licensing.income.rules import bilingual
from marketplace.people.regions import PROVINCES
from marketplace.terms.rulebook import SEVERITIES, SHARED, SHIPPED, Book, one_of, whole_to

VARIABLE = "MARKETPLACE_DUTY_RULES"
NEEDS: dict[str, tuple[str, ...]] = {"notice": (), "notice_days": ("days",), "recordal": ("months",)}
"""What a rule is given, by what it is about."""

ELSEWHERE = frozenset(("710000", "810000", "820000"))  # provinces by code in which the nation's rules of this table do not hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule as its data say it; `region` is a code of the site, None the nation."""

    code: str
    when: str
    severity: str
    otherwise: str = "warn"
    in_force: date
    source: Mapping[str, str]
    message: Mapping[str, str]
    region: str | None = None
    unverified: bool = False
    days: int | None = None
    months: int | None = None
    origin: str = SHIPPED

    def said(self, lang: str) -> str:
        """The message in a language."""
        return self.message[lang].replace("{days}", str(self.days)).replace("{months}", str(self.months))

    def severity_for(self, state_founded: bool) -> str:
        """How grave it is for this institute."""
        return self.severity if state_founded else self.otherwise


def holding(rules: Iterable[Rule], when: str, region: str | None, day: date) -> Rule | None:
    """The rule of this kind that holds in a region on a day: its own before the nation's, the latest version of it; None if none is known."""
    at_home = region in PROVINCES and region not in ELSEWHERE
    held = [one for one in rules if one.when == when and one.in_force <= day and (one.region == region if one.region else at_home)]
    return max(held, key=lambda one: (one.region is not None, one.in_force), default=None)


BOOK: Book[Rule] = Book(
    VARIABLE, "marketplace.licensing.duties", "duty_rules.toml", NEEDS,
    {**SHARED, "when": one_of(*NEEDS), "otherwise": one_of(*SEVERITIES), "source": bilingual, "message": bilingual,
     "days": whole_to(365), "months": whole_to(60)},
    lambda entry, origin: Rule(**entry, origin=origin), key="when",
)

def read_rules(path: Path | None) -> tuple[Rule, ...]:
    """The rules of the product and those of an operator's file. Raises `SettingsError` with every fault."""
    return BOOK.read(path)


_rules: list[Rule] = list(read_rules(None))


def configure(settings: Settings) -> None:
    """Read the rules anew, with those of the operator. Raises `SettingsError`."""
    _rules[:] = read_rules(settings.duty_rules)


def in_force(when: str, region: str | None, day: date) -> Rule | None:
    """The rule of this kind that holds in a region on a day; None if none is known."""
    return holding(_rules, when, region, day)
