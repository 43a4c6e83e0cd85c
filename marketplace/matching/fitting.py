"""Where the weights come from: listwise and then ordinary logistic regression on judged pairs.

First the parts' weights, as the ones that make the known answer likeliest among all documents (softmax over the
corpus, weights not negative, a little shrinkage): that is what ranking needs. Then one slope and one intercept for the
sum, by logistic regression over the best of each question with scores from cross-validation: that makes the sum log-odds.
English documents for English questions are the exception, see `choosing`.
Print a new `weights.json` with `python -m marketplace.matching.fitting ZH EN CROSS BRIEF_ZH_EN BRIEF_EN_ZH [CACHE]`: folders
of judged pairs in Chinese, in English, and of English questions for Chinese documents; of brief questions in Chinese for
English paragraphs and the other way round, which are translations of each other; and a file of encodings. The nDCG@10
that cross-validation gives each of the five is told beside it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from marketplace.matching import choosing, fusion, ranking
from marketplace.matching.evaluate import Judged, read, rehearsing
from marketplace.matching.index import Index
from marketplace.matching.semantic import Encoders

SLOW_PARTS = ("meaning_slow", "meaning_bridged")
KNOWN = ("full", "fast", "lexical")
FOLDS = 5
SHOWN = 30  # of the best of each question, on which scores are made log-odds: nobody sees the others
MOST_DOCUMENTS = 2_000  # of a judged corpus; the models are for this size, see `fusion.Weights.model`
_SHRINKAGE = 0.01

Table = NDArray[np.float32]  # questions × documents × parts


def table(judged: Judged, folder: Path, encoders: Encoders, raw: bool = False) -> tuple[list[str], Table, Table]:
    """The names of the parts, every part of every pair as the engine scales it (or `raw`), and which pairs are good."""
    index = Index(folder, encoders)
    index.rebuild(judged.documents(), asked=judged.questions)
    view = index.view()
    rows = view.segments.every()
    records = view.segments.records(rows)
    language = "en" if records["english"][0] else "zh"
    found = []
    for text in judged.questions:
        question = ranking.ask(view, text)
        scaled = partial(view.constants.scaled, asked=question.language, kept=language)
        parts = ranking.chance(view, text, language, rows, slow_rows=len(rows))
        found.append(parts if raw else {name: scaled(name, values=values) for name, values in parts.items()})
    names = [name for name in fusion.PARTS if name in found[0]]
    good = np.zeros((len(found), len(rows)), np.float32)
    places = {int(key): place for place, key in enumerate(records["key"])}
    for number, grades in enumerate(judged.grades):
        good[number, [places[key] for key in grades]] = 1.0
    return names, np.stack([np.stack([each[name] for name in names], 1) for each in found]), good


def listwise(parts: Table, good: Table) -> NDArray[np.float64]:
    """Weights, none negative, that make the good documents likeliest under a softmax over each question's corpus."""
    wanted = good / good.sum(1, keepdims=True)

    def loss(weights: NDArray) -> tuple[float, NDArray]:
        scores = parts @ weights
        scores -= scores.max(1, keepdims=True)
        likely = np.exp(scores)
        totals = likely.sum(1, keepdims=True)
        value = -(wanted * (scores - np.log(totals))).sum() / len(parts) + _SHRINKAGE * weights @ weights
        slope = np.einsum("qd,qdp->p", likely / totals - wanted, parts) / len(parts) + 2 * _SHRINKAGE * weights
        return float(value), slope.astype(np.float64)

    start = np.full(parts.shape[2], 0.3)
    return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(start)).x


def held_back(parts: Table, good: Table, seed: int = 0) -> Table:
    """The score of every pair by weights that were fitted without its question."""
    folds = np.random.default_rng(seed).permutation(np.arange(len(parts)) % FOLDS)
    scores = np.zeros(good.shape, np.float32)
    for fold in range(FOLDS):
        scores[folds == fold] = parts[folds == fold] @ listwise(parts[folds != fold], good[folds != fold])
    return scores


def model(names: Sequence[str], parts: Table, good: Table) -> Mapping[str, object]:
    """The fitted model as `weights.json` holds it, with the nDCG@10 that cross-validation gives it."""
    scores = held_back(parts, good)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :SHOWN]
    shown, right = np.take_along_axis(scores, best, 1), np.take_along_axis(good, best, 1)
    line = LogisticRegression(C=1e6, max_iter=1_000).fit(shown.reshape(-1, 1), right.ravel())
    slope = float(line.coef_[0, 0])
    weights = {name: round(slope * float(weight), 4) for name, weight in zip(names, listwise(parts, good), strict=True)}
    bias = round(float(line.intercept_[0]), 4)
    return {"bias": bias, "weights": weights, "cross_validated_ndcg@10": _ndcg(scores, good)}


def _ndcg(scores: Table, good: Table) -> float:
    best = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    gains = (np.take_along_axis(good, best, 1) / np.log2(np.arange(2, 12))).sum(1)
    ideal = (-np.sort(-good, axis=1)[:, :10] / np.log2(np.arange(2, 12))).sum(1)
    return round(float((gains / ideal).mean()), 4)


def fit(folders: Mapping[str, Path], cache: Path | None = None) -> dict:
    """All models from judged folders by languages ("en-zh": English questions, Chinese documents).

    There are no judged needs in Chinese for English documents: "zh-en" takes what was fitted for "en-zh". Of "en-en" only the
    lexical model is fitted so; the others are chosen (see `choosing`).
    """
    models: dict[str, dict] = {known: {} for known in KNOWN}
    counts = []
    for languages, folder in folders.items():
        judged = fewer(read(folder))
        chosen = choosing.models(folder, cache, MOST_DOCUMENTS) if languages == "en-en" else {}
        names, parts, good = _tabled(judged, Encoders() if chosen else Encoders.default(), cache)
        for known in KNOWN:
            own = [name for name in names if _seen_by(known, name)]
            models[known][languages] = chosen.get(known) or model(own, parts[:, :, [names.index(name) for name in own]], good)
        counts.append(f"{languages}: {len(judged.questions)} questions, {len(judged.titles)} documents")
    for pairs in models.values():
        pairs["zh-en"] = pairs["en-zh"]
    return {"how": f"marketplace.matching.fitting on {'; '.join(counts)}", "fitted_at": MOST_DOCUMENTS, "models": models}


def _tabled(judged: Judged, encoders: Encoders, cache: Path | None, raw: bool = False) -> tuple[list[str], Table, Table]:
    """The table of an index that is built for it and thrown away."""
    with tempfile.TemporaryDirectory() as aside:
        return table(judged, Path(aside) / "index", rehearsing(encoders, cache or Path(aside) / "encodings.sqlite"), raw)


def briefs(zh_en: Path, en_zh: Path, cache: Path | None = None) -> dict:
    """The models for brief questions, all four pairs of languages: both folders hold the same questions and paragraphs."""
    one, other = read(zh_en), read(en_zh)
    folders = {"zh-en": one, "en-zh": other, "zh-zh": asking(one, other), "en-en": asking(other, one)}
    found: dict[str, dict] = {known: {} for known in KNOWN}
    for languages, judged in folders.items():
        names, parts, good = _tabled(judged, Encoders.default(), cache, raw=True)
        scales = {name: (float(parts[:, :, at].mean()), float(parts[:, :, at].std())) for at, name in enumerate(names)}
        parts = (parts - np.array([mean for mean, _ in scales.values()], np.float32)) / np.array([spread for _, spread in scales.values()], np.float32)
        for known in KNOWN:
            chosen = [name for name in names if _seen_by(known, name) and name != "meaning_bridged"]
            fitted = model(chosen, parts[:, :, [names.index(name) for name in chosen]], good)
            kept = {name: [round(each, 5) for each in scales[name]] for name in chosen}
            found[known][languages] = {**fitted, "scales": kept}
    return {"briefs_at": len(one.titles), "briefs": found}


def asking(questions: Judged, documents: Judged) -> Judged:
    """The questions of one set about the documents of another that translates it."""
    return replace(documents, questions=questions.questions, grades=questions.grades)


def fewer(judged: Judged) -> Judged:
    """The same questions over at most `MOST_DOCUMENTS` documents: all good ones and an even pick of the others."""
    good = {place for grades in judged.grades for place in grades}
    others = [place for place in range(len(judged.titles)) if place not in good]
    wanted = max(0, MOST_DOCUMENTS - len(good))
    kept = sorted([*good, *(others[at * len(others) // wanted] for at in range(min(wanted, len(others))))])
    if len(others) <= wanted:
        kept = list(range(len(judged.titles)))
    new = {place: at for at, place in enumerate(kept)}
    titles, texts, languages = (
        [column[place] for place in kept] for column in (judged.titles, judged.texts, judged.languages)
    )
    grades = [{new[place]: grade for place, grade in each.items()} for each in judged.grades]
    return Judged(titles, texts, languages, judged.questions, grades)


def _seen_by(known: str, name: str) -> bool:
    if known == "lexical":
        return not name.startswith("meaning")
    return known == "full" or name not in SLOW_PARTS


def figures(weights: Mapping) -> dict[str, float]:
    """What cross-validation gives the full models of `weights.json`, by kind of question and pair of languages."""
    kinds = {"needs": weights["models"]["full"], "brief": weights["briefs"]["full"]}
    named = [("needs", "zh-zh"), ("needs", "en-zh"), ("needs", "en-en"), ("brief", "zh-en"), ("brief", "en-zh")]
    return {f"{kind} {languages}": kinds[kind][languages]["cross_validated_ndcg@10"] for kind, languages in named}


def main() -> None:
    """Print new weights for the folders named on the command line, and their figures beside."""
    zh, en, cross, zh_en, en_zh, *cache = (Path(each) for each in sys.argv[1:])
    kept = cache[0] if cache else None
    found = {**fit({"zh-zh": zh, "en-en": en, "en-zh": cross}, kept), **briefs(zh_en, en_zh, kept)}
    print(json.dumps(found, indent=1))
    for name, figure in figures(found).items():
        print(f"{name}: nDCG@10 {figure:.3f}, cross-validated", file=sys.stderr)


if __name__ == "__main__":
    main()
