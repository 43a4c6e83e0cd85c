"""Learning from answers: what firms, holders and brokers shortlisted and declined, turned into weights of the site's own.

An answered match is a *pair* with a label. What is learned is a *change* of the packaged weights: a multiplier for each
part and a shift of the base for each pair of languages, by logistic regression of the labels on the contributions the
scoring had. Afterwards the probability is that of being shortlisted here.

**Position.** Who sees a list answers what stands on top, so that the answers are a sample of what was shown, and no even
one. By the examination hypothesis (Richardson, Dominowska and Ragno, "Predicting clicks", WWW 2007; Craswell, Zoeter,
Taylor and Ramsey, "An experimental comparison of click position-bias models", WSDM 2008) whether something is looked at
depends on its position k alone. A pair is therefore weighted by the inverse of its propensity p(k) = 1 / k^η, with η = 1
and p clipped below at 1/10, both as in Joachims, Swaminathan and Schnabel, "Unbiased learning-to-rank with biased feedback",
WSDM 2017 (their simulations; η is fixed and not fitted, because a young site's answers do not tell it from relevance that
falls with the position). The weights are scaled to sum to Kish's effective number of pairs, (Σw)² / Σw², so that the prior
keeps its say.

**Prior.** A Gaussian around the packaged weights: multiplier 1, shift 0. It stays there and does not follow what was
learned, because every run reads all answers again, and answers must not count twice. Multipliers stay within [0.5, 2].

**Proof.** The newest fifth of the needs is held back. The learned weights must lose less there (log-loss) than the ones in
use *with a base fitted to the same answers*, for a new base alone wins against any answers, random ones too; they must
order accepted above declined matches of a need at least as well, and better than a coin does: answers that no order
explains teach nothing. Intervals are 90 %, by bootstrap over needs, paired.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from marketplace.matching import fusion
from marketplace.matching.fusion import PARTS, Weights

LANGUAGE_PAIRS = ("zh-zh", "en-en", "en-zh")  # the last stands for both ways across: their packaged models are one
LEAST_MULTIPLIER, MOST_MULTIPLIER = 0.5, 2.0

UNFIT = frozenset({"wrong_field", "too_early", "benefit_unclear", "description_unclear"})
"""Declines that say the pair does not fit, as far as texts can say it. `too_early` is among them because maturity is a
part of the score; a text that leaves its benefit or itself unclear would be declined again. The others say nothing against
the pair (`already_have_it`: it would have fitted), or turn on what the engine does not read: price, terms, the market,
the patent position, time and hands. They are left out, and are no positives either: nobody shortlisted the pair."""

FEWEST = {"pairs": 150, "accepted": 30, "declined": 30, "needs": 50, "compared": 5}
"""What learning needs at the least; `compared` are held-back needs that have both an accepted and a declined match."""

_ETA, _LAST_POSITION = 1.0, 10  # of the propensity; positions beyond the last count as the last
_MULTIPLIER_SPREAD = 0.2  # of the prior: fifty answers move a part by a tenth or so, five hundred as far as they say
_SHIFT_SPREAD, _APART_SPREAD = 2.0, 0.5  # of the shift that all languages share, and of each pair's own beside it
_RESAMPLES = 2_000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """An answered match: whose need, when, 1 for shortlisted or introduced and 0 for declined as unfit, and where it stood.

    `base` and `contributions` are log-odds by the packaged weights (`in_packaged_terms`); contributions by rule are
    among them and are taken as they are.
    """

    need: int
    at: datetime
    accepted: bool
    position: int | None
    languages: str
    base: float
    contributions: Mapping[str, float]


@dataclass(frozen=True)
class Change:
    """What learning does to the packaged weights: a factor by part, and log-odds added to the base by languages."""

    multipliers: Mapping[str, float]
    shifts: Mapping[str, float]


@dataclass(frozen=True)
class Interval:
    """A mean, and the 90 % interval of its bootstrap."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Lesson:
    """What came of it. `verdict`: "few" (see `missing`), "kept" (see `reasons`) or "better"; figures are of held-back needs.

    `loss` is the log-loss by the weights "in_use", by those "rebased" and by those "learned"; `gain` what the learned win
    over the rebased; `order` the share of pairs within a need that are in the right order, and `order_gain` its rise.
    """

    verdict: str
    counts: Mapping[str, int]
    missing: Mapping[str, int]
    reasons: tuple[str, ...] = ()
    change: Change | None = None
    loss: Mapping[str, float] | None = None
    gain: Interval | None = None
    order: Mapping[str, Interval] | None = None
    order_gain: Interval | None = None


def label(answer: str, code: str | None) -> bool | None:
    """Whether an answer says that the pair fits; None when it says neither."""
    if answer in ("shortlisted", "introduced"):
        return True
    return False if answer == "declined" and code in UNFIT else None


def known(names: Sequence[str]) -> str:
    """Which model made contributions of these names: "full", "fast" or "lexical"."""
    if "meaning_slow" in names:
        return "full"
    return "fast" if any(name.startswith("meaning") for name in names) else "lexical"


def in_packaged_terms(base: float, contributions: Mapping[str, float], languages: str, made_by: Weights) -> tuple[float, dict[str, float]]:
    """A scoring's base and contributions as the packaged weights would have given them."""
    model = known(list(contributions)), languages
    then, first = made_by.models[model], fusion.packaged().models[model]
    shares = {
        name: value * first.weights[name] / then.weights[name] if then.weights.get(name) else value
        for name, value in contributions.items()
    }
    return base + first.bias - then.bias, shares


def change_of(weights: Weights) -> Change:
    """How weights in use differ from the packaged ones."""
    first = fusion.packaged()
    multipliers = {
        part: weights.models[key].weights[part] / model.weights[part]
        for key, model in first.models.items() for part in model.weights if model.weights[part]
    }
    shifts = {each: weights.models["full", each].bias - first.models["full", each].bias for each in LANGUAGE_PAIRS}
    return Change({part: multipliers.get(part, 1.0) for part in PARTS}, shifts)


def importance(positions: Sequence[int | None]) -> Floats:
    """The weight of each pair for where it stood, 1 / p(k), scaled to Kish's effective number; the unknown have the mean."""
    raw = np.array([min(each, _LAST_POSITION) ** _ETA if each else np.nan for each in positions], float)
    raw[np.isnan(raw)] = np.nanmean(raw) if not np.isnan(raw).all() else 1.0
    return raw * raw.sum() / (raw**2).sum()


class _Table:
    """Pairs as columns: shares of the parts, what is taken as it is, languages as 0/1 columns, labels, weights, needs."""

    def __init__(self, pairs: Sequence[Pair], weight: Floats) -> None:
        self.shares = np.array([[pair.contributions.get(part, 0.0) for part in PARTS] for pair in pairs])
        self.fixed = np.array([
            pair.base + sum(value for name, value in pair.contributions.items() if name not in PARTS) for pair in pairs
        ])
        self.languages = np.array([[float(pair.languages == each) for each in LANGUAGE_PAIRS] for pair in pairs])
        self.accepted = np.array([float(pair.accepted) for pair in pairs])
        self.weight = weight
        self.need = np.array([pair.need for pair in pairs])

    def log_odds(self, change: Change) -> Floats:
        """The score of each pair by changed weights."""
        multipliers = np.array([change.multipliers[part] for part in PARTS])
        shifts = np.array([change.shifts[each] for each in LANGUAGE_PAIRS])
        return self.fixed + self.shares @ multipliers + self.languages @ shifts

    def losses(self, change: Change) -> Floats:
        """The log-loss of each pair."""
        return np.logaddexp(0.0, self.log_odds(change)) - self.accepted * self.log_odds(change)


def fit(table: _Table, multipliers: Mapping[str, float] | None = None) -> Change:
    """The likeliest change under the prior; with `multipliers` given, of the shifts alone."""
    count = len(PARTS)
    columns = np.hstack([table.shares, np.ones((len(table.need), 1)), table.languages])
    middle = np.array([1.0] * count + [0.0] * (1 + len(LANGUAGE_PAIRS)))
    spread = np.array([_MULTIPLIER_SPREAD] * count + [_SHIFT_SPREAD] + [_APART_SPREAD] * len(LANGUAGE_PAIRS))

    def loss(values: Floats) -> tuple[float, Floats]:
        scores, off = table.fixed + columns @ values, (values - middle) / spread
        miss = table.weight * (1 / (1 + np.exp(-np.clip(scores, -60, 60))) - table.accepted)
        value = table.weight @ (np.logaddexp(0.0, scores) - table.accepted * scores) + off @ off / 2
        return float(value), columns.T @ miss + off / spread

    bounds = [(LEAST_MULTIPLIER, MOST_MULTIPLIER)] * count
    if multipliers is not None:
        bounds = [(multipliers[part], multipliers[part]) for part in PARTS]
    start = np.array([low if low == high else 1.0 for low, high in bounds] + [0.0] * (1 + len(LANGUAGE_PAIRS)))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, *[(None, None)] * (1 + len(LANGUAGE_PAIRS))]).x
    shifts = {each: float(found[count] + found[count + 1 + at]) for at, each in enumerate(LANGUAGE_PAIRS)}
    return Change(dict(zip(PARTS, map(float, found[:count]), strict=True)), shifts)


def learn(pairs: Sequence[Pair], in_use: Weights) -> Lesson:
    """Fit on the older needs, compare on the newest fifth with the weights in use, and say which are better."""
    held = _newest(pairs)
    old, new = ([pair for pair in pairs if (pair.need in held) == wanted] for wanted in (False, True))
    counts = _counts(pairs, held)
    missing = {name: least - counts[name] for name, least in FEWEST.items() if counts[name] < least}
    if missing or not old:
        return Lesson("few", counts, missing)
    table, proof = (_Table(each, importance([pair.position for pair in each])) for each in (old, new))
    before, change = change_of(in_use), fit(table)
    candidates = {"in_use": before, "rebased": fit(table, before.multipliers), "learned": change}
    sums = {name: _by_need(proof, proof.losses(each) * proof.weight) for name, each in candidates.items()}
    total = _by_need(proof, proof.weight)
    orders = {name: _order(proof, candidates[name]) for name in ("in_use", "learned")}
    gain = _ratio(sums["rebased"] - sums["learned"], total)
    order = {name: _mean(each) for name, each in orders.items()}
    order_gain = _mean(orders["learned"] - orders["in_use"])
    reasons = _reasons(gain, order["learned"], order_gain)
    loss = {name: float(each.sum() / total.sum()) for name, each in sums.items()}
    return Lesson("kept" if reasons else "better", counts, {}, reasons, change, loss, gain, order, order_gain)


def _reasons(gain: Interval, order: Interval, order_gain: Interval) -> tuple[str, ...]:
    """What speaks against a swap."""
    found = {
        "the loss on held-back needs does not surely fall": gain.low <= 0,
        "the order within held-back needs gets worse": order_gain.mean < 0,
        "the held-back answers follow no order better than a coin's": order.low <= 0.5,
    }
    return tuple(words for words, so in found.items() if so)


def _newest(pairs: Sequence[Pair]) -> set[int]:
    """The newest fifth of the needs, by the first answer each had."""
    first: dict[int, datetime] = {}
    for pair in pairs:
        first[pair.need] = min(first.get(pair.need, pair.at), pair.at)
    ordered = sorted(first, key=lambda need: (first[need], need))
    return set(ordered[len(ordered) - len(ordered) // 5 :])


def _counts(pairs: Sequence[Pair], held: set[int]) -> dict[str, int]:
    labels: dict[int, set[bool]] = {}
    for pair in pairs:
        labels.setdefault(pair.need, set()).add(pair.accepted)
    return {
        "pairs": len(pairs), "accepted": sum(pair.accepted for pair in pairs), "declined": sum(not pair.accepted for pair in pairs),
        "needs": len(labels), "held_back": sum(pair.need in held for pair in pairs), "held_back_needs": len(held),
        "compared": sum(len(labels[need]) == 2 for need in held),
    }


def _by_need(table: _Table, values: Floats) -> Floats:
    return np.bincount(np.unique(table.need, return_inverse=True)[1], weights=values)


def _order(table: _Table, change: Change) -> Floats:
    """For each need the share of its (accepted, declined) pairs that are in this order, ties half; NaN without such."""
    scores, found = table.log_odds(change), []
    for need in np.unique(table.need):
        here = table.need == need
        good, bad = (scores[here & (table.accepted == wanted)] for wanted in (1.0, 0.0))
        above = np.subtract.outer(good, bad)
        found.append(((above > 0) + 0.5 * (above == 0)).mean() if above.size else np.nan)
    return np.array(found)


def _draws(count: int) -> NDArray[np.int64]:
    return np.random.default_rng(20261121).integers(0, count, (_RESAMPLES, count))


def _ratio(values: Floats, total: Floats) -> Interval:
    """Sum over needs of the values by that of the totals."""
    drawn = _draws(len(values))
    low, high = np.percentile(values[drawn].sum(1) / total[drawn].sum(1), [5, 95])
    return Interval(float(values.sum() / total.sum()), float(low), float(high))


def _mean(values: Floats) -> Interval:
    """The mean over the needs that have a value."""
    there = values[~np.isnan(values)]
    low, high = np.percentile(there[_draws(len(there))].mean(1), [5, 95])
    return Interval(float(there.mean()), float(low), float(high))


def history(folder: Path) -> dict[str, Weights]:
    """All weights that this site has used and that scorings can be told from, by version; the packaged ones among them."""
    first = fusion.packaged()
    found = {first.version: first}
    for path in _kept(folder).values():
        try:
            each = fusion.read(path)
        except (OSError, ValueError, KeyError):
            continue  # a process was killed while it wrote this file, which never came into use
        if each.packaged == first.version:
            found[each.version] = each
    return found


def install(folder: Path, lesson: Lesson, at: datetime) -> Weights:
    """Put learned weights into use: a numbered file that stays, then `weights.json` by one rename. The weights now in use."""
    number = max(_kept(folder), default=0) + 1
    change, first = lesson.change, fusion.packaged()
    models: dict[str, dict] = {}
    for (name, languages), model in first.models.items():
        shift = change.shifts["en-zh" if languages == "zh-en" else languages]
        weights = {part: weight * change.multipliers[part] for part, weight in model.weights.items()}
        models.setdefault(name, {})[languages] = {"bias": model.bias + shift, "weights": weights}
    data = {
        "how": f"learned from {lesson.counts['pairs']} answers to matches of {lesson.counts['needs']} needs", "at": at.isoformat(),
        "means": fusion.SHORTLISTED, "packaged": first.version, "number": number, "previous": _number_in_use(folder),
        **asdict(change), "fitted_at": first.fitted_at, "models": models,
    }
    text = json.dumps(data, ensure_ascii=False, indent=1)
    with (folder / f"weights-{number}.json").open("x", encoding="utf-8") as file:
        _written(file, text)
    _put(folder / fusion.LEARNED, text)
    return fusion.weights(folder)


def undo(folder: Path) -> Weights:
    """Go back to the weights that were in use before the last swap, in the end the packaged ones. The weights now in use.

    Raises FileNotFoundError when nothing learned is in use.
    """
    current = (folder / fusion.LEARNED).read_text(encoding="utf-8")
    try:
        before = _kept(folder).get(json.loads(current)["previous"])
    except (ValueError, KeyError, TypeError):
        before = None  # somebody has spoilt the file by hand
    if before is None:
        (folder / fusion.LEARNED).unlink()
    else:
        _put(folder / fusion.LEARNED, before.read_text(encoding="utf-8"))
    return fusion.weights(folder)


def _number_in_use(folder: Path) -> int | None:
    """The number of the learned weights in use, None for the packaged ones."""
    used = fusion.weights(folder)
    return next((number for number, path in _kept(folder).items() if _version(path) == used.version), None)


def _version(path: Path) -> str | None:
    try:
        return fusion.read(path).version
    except (OSError, ValueError, KeyError):
        return None


def _kept(folder: Path) -> dict[int, Path]:
    """The numbered files of learned weights."""
    found = {path.stem.removeprefix("weights-"): path for path in folder.glob("weights-*.json")}
    return {int(number): path for number, path in found.items() if number.isdigit()}


def _put(path: Path, text: str) -> None:
    """Replace a file so that a reader sees the old or the new one, also after a power cut."""
    aside = path.with_suffix(".aside")
    with aside.open("w", encoding="utf-8") as file:
        _written(file, text)
    aside.replace(path)


def _written(file: TextIO, text: str) -> None:
    file.write(text)
    file.flush()
    os.fsync(file.fileno())
