"""What the facts of a need and a technology say for and against each other, beside what their words mean.

`Wishes` are what a need wants besides its text, `Facts` what a technology offers; both are read once, when a listing is
indexed, and packed into a few dozen bytes of JSON. `contributions` turns the two into named shares of the log-odds while a
list is ranked: plain arithmetic, some microseconds a row. `against` says the same to a reader: what speaks against the pair,
with its figures.

None of the constants is fitted: the judged sets have no prices, levels or regions. Each is a judgement, small beside what
words and meaning contribute (a good answer is five to ten log-odds above an average one), so that a fact decides between
answers that are about equally near in meaning and never lifts a stranger. What is not known says nothing: its share is zero.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property, lru_cache
from itertools import islice
from math import log2
from typing import Any, NamedTuple

from marketplace.matching import bridge
from marketplace.matching import text as cut
from marketplace.matching.quantities import Quantity, compare, quantities
from marketplace.matching.units import convert

NAMES = ("maturity", "field", "terms", "region", "freshness", "price", "quantity")

LEVEL_BELOW, LEVELS_COUNTED = -0.15, 5  # each level below the wanted one lowers the odds by a seventh; beyond five it is one step
SAME_CLASS, SAME_DIVISION, OTHER_DIVISION = 0.3, 0.15, -0.1  # GB/T 4754: C358 is a shop's own trade, C35 a neighbour's; crossing over is normal
WANTED_MODE, OTHER_MODE = 0.05, -0.3  # a licence is what nearly all offer and wish for: fitting tells little, not fitting much
NOTHING_FIRST, FEE_FIRST = 0.1, -0.3  # for a firm whose money is not there yet
SAME_REGION, CLOSED_REGION = 0.1, -0.4  # neighbours can meet at the machine; an offer that excludes the firm's region helps it little
YEAR_LISTED, YEARS_COUNTED = -0.05, 4  # for each year after the first: stale listings are answered less often
WITHIN_BUDGET, DOUBLE_PRICE, DEAREST = 0.1, -0.3, -0.75  # a price twice the budget can be talked about, five times cannot
TARGET_MET, TARGET_MISSED, TARGETS_BOUND = 0.3, -0.3, 0.6  # a figure in a text was measured on something else: no more than a hint

FULL_YEAR, LASTING = (12, 7), (24, 6)  # months to the deadline → the maturity it takes (see `level_for`)
LEAST_LEVEL = 5
MOST_FIGURES = 10  # of one text; a longer list is a table of results
FARTHEST = 10.0  # a figure so many times better or worse than the target was measured on something else
DAYS_A_YEAR, DAYS_A_MONTH = 365, 30.4

MODES = {  # way of working together a need may want → transfer modes of an offer that are this; other ways ask for no offer
    "licence": {"licence", "open_licence", "open_source"},
    "assignment": {"assignment"},
    "joint_development": {"joint_development", "equity"},
}
UNFINISHED = {"joint_development", "consulting", "open_call", "pooled"}  # ways of working that expect work to be left


@dataclass(frozen=True)
class Amount:
    """Money as an interval in minor units of its currency; an end that is not known is None."""

    low: int | None
    high: int | None
    currency: str


class Figure(NamedTuple):
    """A measured quantity as it is written, in so few values that a list of them is small as JSON."""

    what: str
    low: float
    high: float
    unit: str
    direction: str = "equal"
    change: str = ""
    approximate: bool = False
    written: str = ""

    kind = "measure"

    @property
    def measured(self) -> Figure:
        """The figure in the one unit of its dimension, unnamed, so that comparing two is arithmetic."""
        base, factor, offset = base_unit(self.unit)
        low, high = self.low * factor + offset, self.high * factor + offset
        return Figure("", low, high, base, self.direction, self.change, self.approximate)


@dataclass(frozen=True)
class Target:
    """A wanted figure, ready to be compared: `names` are what may be measured, in either language."""

    figure: Figure
    measured: Figure
    names: tuple[Name, ...]


@dataclass(frozen=True)
class Wishes:
    """What a need wants besides its words. Empty and None mean that nothing was said.

    `trl` is the least maturity wanted, `modes` the ways of working together, `paid_first` whether a fee at signing is
    possible, `targets` figures with the names of what is measured, `day` the day of asking, from which ages are counted.
    """

    trl: int | None = None
    industries: tuple[str, ...] = ()
    region: str | None = None
    modes: tuple[str, ...] = ()
    paid_first: bool | None = None
    budget: Amount | None = None
    targets: tuple[tuple[Figure, tuple[str, ...]], ...] = ()
    deadline: date | None = None
    day: date | None = None

    @cached_property
    def trades(self) -> tuple[frozenset[str], frozenset[str]]:
        """The classes (C358) and divisions (C35) of the industries."""
        codes = self.industries
        return frozenset(code[:4] for code in codes if len(code) > 3), frozenset(code[:3] for code in codes if len(code) > 2)

    @cached_property
    def wanted(self) -> tuple[Target, ...]:
        """The targets in base units, with their names in both languages."""
        return tuple(Target(figure, figure.measured, _both_languages(names or (figure.what,))) for figure, names in self.targets)

    def packed(self) -> dict[str, Any]:
        """As JSON values, what says nothing left out."""
        return _packed(self)

    @classmethod
    def unpacked(cls, values: Mapping[str, Any]) -> Wishes:
        """What `packed` wrote."""
        known = dict(values)
        known["targets"] = tuple((Figure(*row), tuple(names)) for row, names in known.get("targets", ()))
        known |= {name: date.fromordinal(known[name]) for name in ("deadline", "day") if name in known}
        return cls(**_tuples(known, "industries", "modes"))


@dataclass(frozen=True)
class Facts:
    """What a technology offers besides its words. Empty and None mean that nothing is known.

    `mode` is the transfer mode, `forms` the codes of its payment forms, `price` what its fixed fees come to (from what is
    surely owed up to the cap), `first` what is owed at signing in minor units of the same currency, `territory` where it may
    be used (a region's code, CN, WORLD), `listed` the day it was published here, `figures` what its text measures.
    """

    trl: int | None = None
    industries: tuple[str, ...] = ()
    region: str | None = None
    mode: str | None = None
    forms: tuple[str, ...] = ()
    price: Amount | None = None
    first: int | None = None
    territory: str | None = None
    listed: date | None = None
    figures: tuple[Figure, ...] = ()

    def packed(self) -> dict[str, Any]:
        """As JSON values, what says nothing left out."""
        return _packed(self)

    @classmethod
    def unpacked(cls, values: Mapping[str, Any]) -> Facts:
        """What `packed` wrote."""
        known = dict(values)
        if "figures" in known:
            known["figures"] = tuple([Figure(*row) for row in known["figures"]])
        if "listed" in known:
            known["listed"] = date.fromordinal(known["listed"])
        return cls(**_tuples(known, "industries", "forms"))


@dataclass(frozen=True)
class Remark:
    """One thing that speaks against a pair: a code of `words.REMARK_WORDS` and the figures that its sentence needs."""

    code: str
    facts: Mapping[str, Any]


_USUAL = tuple(Figure._field_defaults.values())


def _packed(thing: Wishes | Facts) -> dict[str, Any]:
    values = {one.name: getattr(thing, one.name) for one in fields(thing)}
    return {name: _plain(value) for name, value in values.items() if value is not None and value != ()}


def _plain(value: Any) -> Any:
    if isinstance(value, Amount):
        return [value.low, value.high, value.currency]
    if isinstance(value, date):
        return value.toordinal()
    if isinstance(value, Figure):
        told = max((at for at, (one, usual) in enumerate(zip(value[4:], _USUAL, strict=True), 5) if one != usual), default=4)
        return [int(part) if isinstance(part, float) and part.is_integer() else part for part in value[:told]]
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def _tuples(known: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        if name in known:
            known[name] = tuple(known[name])
    for name in ("budget", "price"):
        if name in known:
            known[name] = Amount(*known[name])
    return known


# ---- what the facts contribute

def contributions(wishes: Wishes, facts: Facts) -> tuple[tuple[str, float], ...]:
    """The share of each of `NAMES` in the log-odds, in that order; zero where either side says nothing."""
    return (
        ("maturity", maturity(wishes.trl, facts.trl)),
        ("field", _field(wishes, facts)),
        ("terms", _terms(wishes, facts)),
        ("region", _region(wishes, facts)),
        ("freshness", _freshness(wishes, facts)),
        ("price", _price(wishes, facts)),
        ("quantity", _quantity(wishes, facts)),
    )


def maturity(wanted: int | None, level: int | None) -> float:
    """Log-odds for a technology that is less mature than wanted, at most five levels' worth."""
    return LEVEL_BELOW * min(max(0, wanted - level), LEVELS_COUNTED) if wanted and level else 0.0


def level_for(day: date, deadline: date | None, modes: Iterable[str]) -> int | None:
    """The maturity it takes to be ready by a deadline, for a firm that wants something finished; None where nothing is said.

    Under a year only what has run in its real surroundings (7), under two what was tried at full size (6), else what works
    outside the laboratory (5): a judgement after GB/T 22900-2022. A firm that would develop jointly expects work to be left.
    """
    if deadline is None or UNFINISHED & set(modes):
        return None
    months = (deadline - day).days / DAYS_A_MONTH
    return next((level for within, level in (FULL_YEAR, LASTING) if months < within), LEAST_LEVEL)


def _field(wishes: Wishes, facts: Facts) -> float:
    """How near the industries stand: same class of three digits, same division of two, or neither."""
    if not wishes.industries or not facts.industries:
        return 0.0
    share = OTHER_DIVISION
    classes, divisions = wishes.trades
    for code in facts.industries:
        if code[:4] in classes:
            return SAME_CLASS
        if code[:3] in divisions:
            share = SAME_DIVISION
    return share


def _terms(wishes: Wishes, facts: Facts) -> float:
    """Whether the offer is one of the ways wanted, and whether it asks for money before it can be used."""
    fits = _fits(wishes.modes, facts.mode)
    share = 0.0 if fits is None else WANTED_MODE if fits else OTHER_MODE
    if wishes.paid_first is False:
        share += FEE_FIRST if facts.first else NOTHING_FIRST if "pay_after_use" in facts.forms or "free" in facts.forms else 0.0
    return share


@lru_cache
def _fits(modes: tuple[str, ...], offered: str | None) -> bool | None:
    """Whether an offer's mode is among those wanted; None where a way is wanted that no offer shows, or nothing is said."""
    if offered is None or not modes or not all(mode in MODES for mode in modes):
        return None
    return any(offered in MODES[mode] for mode in modes)


def _region(wishes: Wishes, facts: Facts) -> float:
    if _closed(wishes.region, facts.territory):
        return CLOSED_REGION
    return SAME_REGION if wishes.region and wishes.region == facts.region else 0.0


def _closed(region: str | None, territory: str | None) -> bool:
    """Whether the territory of an offer leaves the region out. Provinces have six digits and lie in CN."""
    if not region or not territory or territory == "WORLD":
        return False
    return territory not in (region, "CN" if region.isdigit() else region)


def _freshness(wishes: Wishes, facts: Facts) -> float:
    """By full years since the listing, the first of them free."""
    if wishes.day is None or facts.listed is None:
        return 0.0
    years = (wishes.day - facts.listed).days // DAYS_A_YEAR
    return YEAR_LISTED * min(max(0, years - 1), YEARS_COUNTED)


def _price(wishes: Wishes, facts: Facts) -> float:
    """What is surely owed against the most that is planned; other currencies and open ends say nothing."""
    most, price = _budget(wishes, facts), facts.price
    if not most or price is None:
        return 0.0
    if price.low and price.low > most:
        return max(DEAREST, DOUBLE_PRICE * log2(price.low / most))
    return WITHIN_BUDGET if price.high is not None and price.high <= most else 0.0


def _budget(wishes: Wishes, facts: Facts) -> int | None:
    """The upper end of the budget, where the price is in its currency."""
    if wishes.budget is None or facts.price is None or wishes.budget.currency != facts.price.currency:
        return None
    return wishes.budget.high


def _quantity(wishes: Wishes, facts: Facts) -> float:
    """Targets met less targets missed, bounded."""
    if not wishes.targets or not facts.figures:
        return 0.0
    verdicts = [_answered(target, facts)[0] for target in wishes.wanted]
    share = TARGET_MET * verdicts.count("met") + TARGET_MISSED * verdicts.count("missed")
    return max(-TARGETS_BOUND, min(TARGETS_BOUND, share))


# ---- what speaks against

def against(wishes: Wishes, facts: Facts) -> tuple[Remark, ...]:
    """What speaks against the pair, weightiest first, for a reader to judge; nothing where the facts are silent."""
    found = [*_missed_targets(wishes, facts)]
    if wishes.trl and facts.trl and facts.trl < wishes.trl:
        found.append(Remark("maturity", {"level": facts.trl, "wanted": wishes.trl, "deadline": wishes.deadline}))
    most = _budget(wishes, facts)
    if most and facts.price.low and facts.price.low > most:
        found.append(Remark("price", {"price": facts.price.low, "budget": most, "currency": facts.price.currency}))
    if wishes.paid_first is False and facts.first:
        found.append(Remark("first", {"amount": facts.first, "currency": facts.price.currency}))
    if _fits(wishes.modes, facts.mode) is False:
        found.append(Remark("mode", {"offered": facts.mode, "wanted": wishes.modes}))
    if _closed(wishes.region, facts.territory):
        found.append(Remark("territory", {"territory": facts.territory, "region": wishes.region}))
    return tuple(found)


def _missed_targets(wishes: Wishes, facts: Facts) -> Iterable[Remark]:
    for (figure, names), target in zip(wishes.targets, wishes.wanted, strict=True) if facts.figures else ():
        verdict, offered = _answered(target, facts)
        if verdict == "missed":
            yield Remark("target", {"wanted": figure, "names": names or (figure.what,), "offered": offered})


def _answered(target: Target, facts: Facts) -> tuple[str, Figure | None]:
    """How a technology's figures answer a target: "met" by any of them, else "missed" and by which, else "unknown".

    A figure answers when it measures the same thing in the same dimension. A bound on the same side is read as what is
    promised: who offers ≤ 0.05 mm where ≤ 0.02 mm is wanted does not promise it. A percentage can be of anything, so that one
    is held against somebody only where it has most of the target's name.
    """
    missed, wanted = None, target.measured
    for figure in facts.figures:
        if base_unit(figure.unit)[0] != wanted.unit or figure.change != wanted.change or not _names(target.names, figure.what):
            continue
        given = (figure._replace(direction="equal") if figure.direction == wanted.direction else figure).measured
        verdict = compare(wanted, given) if _near(wanted.high, given.high) else "unknown"
        if verdict == "met":
            return verdict, figure
        if verdict == "missed" and missed is None and (wanted.unit != "percent" or _names(target.names, figure.what, _OF_TARGET)):
            missed = figure
    return ("missed", missed) if missed else ("unknown", None)


def _near(wanted: float, given: float) -> bool:
    """Whether two figures are of one order: 97 % alive on arrival does not miss a target of 2 % dead on arrival."""
    return wanted * given >= 0 and abs(given) <= FARTHEST * abs(wanted) and abs(wanted) <= FARTHEST * abs(given)


# ---- figures and the names of what they measure

def figures(text: str) -> tuple[Figure, ...]:
    """What a technology's text says it measures; what it says of today's state, money and dates are left out."""
    found = (_figure(one) for one in quantities(text) if one.kind == "measure" and one.role != "present")
    return tuple(islice((one for one in found if any(named(one.what))), MOST_FIGURES))


def targets(found: Iterable[Quantity]) -> tuple[tuple[Figure, tuple[str, ...]], ...]:
    """Those quantities of a text that are wanted and named, as `Wishes.targets` has them."""
    return tuple((_figure(one), ()) for one in found if one.kind == "measure" and one.role == "target" and one.what)


def _figure(one: Quantity) -> Figure:
    written = one.written if one.unit.startswith("piece") else ""  # other units have a name of their own
    return Figure(one.what, one.low, one.high, one.unit, one.direction, one.change, one.approximate, written)


_BASES = (
    "mm", "mm**2", "L", "kg", "s", "degC", "MPa", "N", "kW", "kWh", "V", "A", "ohm", "Hz", "percent", "m/s", "kg/s", "L/s",
    "kg/m**3", "rpm", "piece/s", "W/m**2", "L/m**2", "N*m", "J/kg",
)


@lru_cache(maxsize=2000)
def base_unit(unit: str) -> tuple[str, float, float]:
    """The one unit for a dimension, with factor and offset to it; a unit of a dimension not listed stands for itself."""
    for base in _BASES:
        start, one = convert(0.0, unit, base), convert(1.0, unit, base)
        if start is not None and one is not None:
            return base, one - start, start
    return unit, 1.0, 0.0


class Name(NamedTuple):
    """What a figure measures: the thing, by its word parts, and which of its properties."""

    thing: frozenset[str]
    properties: frozenset[str]


# property | Chinese words | English words. A property alone does not say that two figures are of one thing: the height of a
# burr, the height of a bench.
_TABLE = """
height | 高度 高$ | height high tall
length | 长度 长$ | length long
width | 宽度 幅宽 宽$ | width wide
thickness | 厚度 厚$ | thickness thick
diameter | 直径 外径 内径 孔径 | diameter bore
depth | 深度 深$ | depth deep
size | 尺寸 大小 粒径 粒度 | size dimension
area | 面积 | area
volume | 体积 容积 容量 | volume capacity
weight | 重量 质量 自重 重$ | weight mass
temperature | 温度 | temperature
pressure | 压力 压强 | pressure
time | 时间 时长 耗时 用时 周期 节拍 | time cycle duration period
speed | 速度 速率 转速 | speed rate velocity
flow | 流量 | flow
power | 功率 | power
voltage | 电压 | voltage
current | 电流 | current
frequency | 频率 | frequency
strength | 强度 | strength
hardness | 硬度 | hardness
accuracy | 精度 误差 偏差 公差 | accuracy error precision deviation tolerance
efficiency | 效率 | efficiency
concentration | 浓度 含量 | concentration content
density | 密度 | density
cost | 成本 费用 | cost
life | 寿命 | life lifetime
energy | 能耗 电耗 | energy consumption
output | 产量 产能 | output throughput
yield | 良品率 合格率 成品率 良率 | yield
share | 比例 率$ | ratio share percentage
"""
_IDLE = frozenset(map(cut.stem, (
    "rise rose rising fall fell falling drop dropped lost losse found first last step peak test tested measured mean average total after before "
    "per each only with within minimum maximum min max one two used use"
).split())) | {"使用", "达到", "以后", "平均", "最高", "最低", "保留", "更换"}
_SHARED_LEAST = 2 / 3  # of the shorter name's parts
_OF_TARGET = 0.6
_ROWS = [tuple(part.split() for part in line.split(" | ")) for line in _TABLE.strip().splitlines()]
_CHINESE = re.compile("|".join(f"(?P<{name}>{'|'.join(words)})" for (name,), words, _ in _ROWS))
_ENGLISH = {cut.stem(word): name for (name,), _, words in _ROWS for word in words}


@lru_cache(maxsize=4000)
def named(what: str) -> Name:
    """A name taken apart: pairs of Chinese characters and English words for the thing, codes for its properties."""
    clean = cut.normalise(what).lower()
    properties = {match.lastgroup or "" for match in _CHINESE.finditer(clean)}
    chinese = re.findall("[一-鿿]+", _CHINESE.sub(" ", clean))
    things = {run[at : at + 2] for run in chinese for at in range(len(run) - 1)}
    for word in map(cut.stem, re.findall("[a-z]{3,}", clean)):
        (properties if word in _ENGLISH else things).add(_ENGLISH.get(word, word))
    return Name(frozenset(things - _IDLE), frozenset(properties))


def _same_thing(one: Name, other: Name) -> bool:
    """Whether two names are of one thing: two thirds of the shorter in common, or no thing named and the same property.

    Strict on purpose: a figure wrongly held against somebody is worse than one not found.
    """
    if one.properties and other.properties and not one.properties & other.properties:
        return False
    if one.thing or other.thing:
        return bool(one.thing and other.thing) and len(one.thing & other.thing) >= _SHARED_LEAST * min(len(one.thing), len(other.thing))
    return bool(one.properties & other.properties)


@lru_cache(maxsize=4000)
def _names(wanted: tuple[Name, ...], what: str, least: float = 0.0) -> bool:
    """Whether a figure measures what is wanted, with at least this share of the wanted name's parts."""
    given = named(what)
    return any(_same_thing(name, given) and len(name.thing & given.thing) >= least * len(name.thing) for name in wanted)


def _both_languages(names: Sequence[str]) -> tuple[Name, ...]:
    """The names, and where they are all in one language what the dictionary calls them in the other."""
    scripts = {cut.language(name) for name in names}
    crossed = [bridge.cross(cut.words(name), cut.language(name)) for name in names] if len(scripts) == 1 else []
    said = [
        " ".join(each.alternatives[min(sense, len(each.alternatives) - 1)].said for each in crossings)
        for crossings in crossed for sense in range(bridge.MOST_GLOSSES)
    ]
    return tuple(dict.fromkeys(named(name) for name in (*names, *said) if name))
