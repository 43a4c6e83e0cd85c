"""How well organisations are found by variants of their names, on a file of strings with the organisations they mean.

The file: lines of source, string, ids (comma-separated, may be empty), tab-separated. Every id with two strings or more is
registered under one of them (one from source "names" if there is, else the shortest) and the others are asked for. Strings
that mean nothing registered are asked for too: whatever is said of them is wrong. Pure but for reading the file.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from marketplace.people.name_likeness import FEATURES, FOR
from marketplace.people.names import THRESHOLD, Names

# The mentions are registered as they came, few with their campus; a clean register names it, and then another campus is another
# organisation (University of California, Davis is not the one at Irvine).
AT_MOST = {"outdone": -3.0}
THRESHOLDS = (10, 20, 30, 40, 50, 60, 70, 80, 90)


@dataclass(frozen=True)
class Mention:
    """A string as it stands somewhere, and which organisations it means."""

    source: str
    text: str
    ids: tuple[str, ...]


def read(path: Path) -> list[Mention]:
    """The mentions of a file, in its order. Raises ValueError with the line's number where a line has no tab."""
    mentions = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8-sig").splitlines(), 1):
        if not line.strip():
            continue
        source, tab, rest = line.partition("\t")
        if not tab:
            raise ValueError(f"line {number}: no tab")
        text, _, ids = rest.partition("\t")
        mentions.append(Mention(source, text, tuple(part for part in ids.replace(",", " ").split() if part)))
    return mentions


def registry(mentions: list[Mention]) -> tuple[dict[str, str], list[Mention]]:
    """Id → the name it is registered under, and the mentions that remain to be asked for."""
    by_id: dict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        for id in mention.ids:
            by_id[id].append(mention)
    chosen = {id: min(some, key=_as_name) for id, some in by_id.items() if len(some) > 1}
    used = set(chosen.values())
    return {id: mention.text for id, mention in chosen.items()}, [mention for mention in mentions if mention not in used]


def _as_name(mention: Mention) -> tuple[bool, int, str]:
    return mention.source != "names", len(mention.text), mention.text


def measure(path: Path, threshold: float | None = None) -> dict[str, Any]:
    """Precision, recall and F1 of the first answer at the threshold, the curve, by source, and false answers where none is right."""
    registered, asked = registry(read(path))
    names = Names((id, [name]) for id, name in registered.items())
    answers = [names.find(mention.text, 1) for mention in asked]
    judged = [_judge(mention, answer[0].id if answer else None, answer[0].score if answer else 0.0, registered)
              for mention, answer in zip(asked, answers, strict=True)]
    at = THRESHOLD if threshold is None else threshold
    sources = sorted({mention.source for mention in asked})
    return {
        "threshold": at, "registered": len(registered), "asked": len(asked), **_figures(judged, at),
        "curve": [{"threshold": float(step), **_figures(judged, step)} for step in THRESHOLDS],
        "by_source": {source: _figures([one for one in judged if one.source == source], at) for source in sources},
    }


@dataclass(frozen=True)
class _Judged:
    source: str
    known: bool  # whether an organisation it means is registered
    meant: bool  # whether it means any organisation at all
    score: float
    right: bool


def _judge(mention: Mention, id: Any, score: float, registered: dict[str, str]) -> _Judged:
    return _Judged(mention.source, any(one in registered for one in mention.ids), bool(mention.ids), score, id in mention.ids)


def _figures(judged: list[_Judged], threshold: float) -> dict[str, Any]:
    """The figures over these questions; precision is 1 where nothing was said, recall 0 where there was nothing to find."""
    said = [one for one in judged if one.score >= threshold]
    right = sum(one.right for one in said)
    known = sum(one.known for one in judged)
    strangers = [one for one in judged if not one.known]
    nameless = [one for one in judged if not one.meant]
    precision, recall = (right / len(said) if said else 1.0), (right / known if known else 0.0)
    return {
        "precision": round(precision, 4), "recall": round(recall, 4),
        "f1": round(2 * right / (len(said) + known), 4) if said or known else 0.0,
        "known": known, "said": len(said), "right": right,
        "not_registered": _false(strangers, threshold), "no_organisation": _false(nameless, threshold),
    }


def _false(judged: list[_Judged], threshold: float) -> dict[str, Any]:
    wrong = sum(one.score >= threshold for one in judged)
    return {"asked": len(judged), "answered": wrong, "rate": round(wrong / len(judged), 4) if judged else 0.0}


# ---- fitting the weights of name_likeness.py

@dataclass(frozen=True)
class Pairs:
    """Questions and their candidates: features, whether it is right, the question's number."""

    features: np.ndarray
    right: np.ndarray
    question: np.ndarray

    def only(self, kept: np.ndarray) -> Pairs:
        """The pairs where ``kept`` is true."""
        return Pairs(self.features[kept], self.right[kept], self.question[kept])


def sparse_pairs(mentions: list[Mention]) -> Pairs:
    """The pairs as ``measure`` meets them: most strings mean somebody who is not registered."""
    registered, asked = registry(mentions)
    return _pairs(registered, asked, frozenset())


def dense_pairs(mentions: list[Mention]) -> Pairs:
    """The same with everybody registered who occurs at all, so that each name has its likes beside it (a real register's case)."""
    registered, asked = registry(mentions)
    single = {id: mention.text for mention in mentions for id in mention.ids if id not in registered}
    return _pairs(registered | single, asked, frozenset(single))


def _pairs(registered: dict[str, str], asked: list[Mention], single: frozenset[str]) -> Pairs:
    names = Names((id, [name]) for id, name in registered.items())
    rows = [(features, entry.id in mention.ids, number)
            for number, mention in enumerate(asked) if not (mention.ids and single.issuperset(mention.ids))
            for entry, features in names.compared(mention.text) if not (entry.id in single and entry.name == mention.text)]
    features, right, question = zip(*rows, strict=True)
    return Pairs(np.array(features), np.array(right), np.array(question))


def fit(pairs: list[Pairs], strength: float = 0.15) -> np.ndarray:
    """Bias and weights by logistic regression (L2), each weight kept to the sign that its feature must have.

    Without the signs the fit is no better and gives, say, a premium for a foreign word beside the name, because features overlap.
    """
    rows = np.vstack([one.features for one in pairs])
    right = np.concatenate([one.right for one in pairs]).astype(float)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        """The penalised loss and its gradient."""
        score = rows @ weights[1:] + weights[0]
        off = expit(score) - right
        penalty = strength * float(weights[1:] @ weights[1:])
        value = float(np.logaddexp(0, score).sum() - right @ score) + penalty
        return value, np.concatenate([[off.sum()], rows.T @ off + 2 * strength * weights[1:]])

    bounds = [(None, None)] + [(0, None) if name in FOR else (None, AT_MOST.get(name, 0)) for name in FEATURES]
    start = np.zeros(len(FEATURES) + 1)
    return minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 2000}).x


def cross_validated(path: Path, seed: int = 0) -> dict[str, list[dict[str, Any]]]:
    """The curve of each half of the questions with weights fitted on the other, in the sparse and in the dense register."""
    mentions = read(path)
    registered, asked = registry(mentions)
    half = np.random.default_rng(seed).integers(0, 2, len(asked))
    both = {"sparse": sparse_pairs(mentions), "dense": dense_pairs(mentions)}
    chance = {name: np.zeros(len(pairs.right)) for name, pairs in both.items()}
    for one in range(2):
        weights = fit([pairs.only(half[pairs.question] != one) for pairs in both.values()])
        for name, pairs in both.items():
            here = half[pairs.question] == one
            chance[name][here] = expit(pairs.features[here] @ weights[1:] + weights[0])
    return {name: _curve(pairs, chance[name], asked, registered, name == "dense") for name, pairs in both.items()}


def _curve(pairs: Pairs, chance: np.ndarray, asked: list[Mention], registered: dict[str, str], dense: bool) -> list[dict[str, Any]]:
    best: dict[int, tuple[float, bool]] = {}
    for number, score, good in zip(pairs.question.tolist(), chance.tolist(), pairs.right.tolist(), strict=True):
        best[number] = max(best.get(number, (0.0, False)), (score, good))
    judged = [_Judged(mention.source, any(id in registered for id in mention.ids), bool(mention.ids), 100 * score, good)
              for number, mention in enumerate(asked)
              if not dense or not mention.ids or any(id in registered for id in mention.ids)
              for score, good in [best.get(number, (0.0, False))]]
    return [{"threshold": float(step), **_figures(judged, step)} for step in THRESHOLDS]
