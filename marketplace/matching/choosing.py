"""The weights of English questions on English documents: chosen by nDCG, because the softmax of `fitting` overrates meaning.

Judged topics are long and formal and share their words with the documents that answer them; the slow encoder is worth asking
for the best of a question only. So the shares are taken from a small grid by nDCG@10 over the whole corpus as the engine
orders it: the `READ` best by words and pairs are weighed with the slow encoder's opinion, the others without. A line makes
each sum log-odds, by logistic regression over the best. The grid is rough (a hundred questions move nDCG by 0.005 from one
step to the next), so a share is taken for what it and its neighbours reach on average. Print the models, with the nDCG@10 that cross-validation gives
them, with `python -m marketplace.matching.choosing FOLDER [CACHE]`: a folder of judged pairs and a file of encodings.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from marketplace.matching import ranking
from marketplace.matching.evaluate import Judged, read, rehearsing
from marketplace.matching.index import Index
from marketplace.matching.ranking import View
from marketplace.matching.semantic import Encoders

READ = 20  # of the best of each question, which the slow encoder judges
SHOWN = 30  # of the best, on which scores without it are made log-odds, as in `fitting`
PAIRS = (0.0, 0.01, 0.02, 0.05, 0.1)  # share of pairs of words, in standard deviations, where single words have 1
SLOWLY = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 3.0)  # the slow encoder's share, likewise
FOLDS = 5
_KEPT = 300  # of the best by words of each question; the engine has as many candidates

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """One question's best documents by words: their parts in standard deviations, which are good, and how many are in all.

    `slow` is NaN where the slow encoder has not read.
    """

    words: Floats
    pairs: Floats
    slow: Floats
    good: NDArray[np.bool_]
    wanted: int

    def lexical(self, pairs: float) -> Floats:
        """The sum without the slow encoder."""
        return self.words + pairs * self.pairs

    def best(self, pairs: float, most: int) -> NDArray[np.int64]:
        """The places of the best by that sum, best first."""
        return np.argsort(-self.lexical(pairs), kind="stable")[:most]


@dataclass(frozen=True)
class Choice:
    """Shares of pairs and of the slow encoder, and lines: log-odds are base plus slope times the sum, without it and with it."""

    pairs: float
    slowly: float
    fast: tuple[float, float]
    full: tuple[float, float]

    def scores(self, asked: Asked) -> Floats:
        """The log-odds of a question's documents as the engine would have them."""
        best, lexical = asked.best(self.pairs, READ), asked.lexical(self.pairs)
        found = self.fast[0] + self.fast[1] * lexical
        found[best] = self.full[0] + self.full[1] * (lexical + self.slowly * asked.slow)[best]
        return found


def gather(judged: Judged, folder: Path, encoders: Encoders) -> list[Asked]:
    """Every question with its parts as the engine scales them; the index is built in `folder`.

    The fast encoder is not needed: it has no part in these models.
    """
    index = Index(folder, encoders)
    index.rebuild(judged.documents(), asked=judged.questions)
    view = index.view()
    return [_asked(view, text, grades) for text, grades in zip(judged.questions, judged.grades, strict=True)]


def _asked(view: View, text: str, grades: Mapping[int, float]) -> Asked:
    rows = view.segments.every()
    parts = ranking.measure(view, ranking.ask(view, text), "en", rows)
    words, pairs = (view.constants.scaled(name, "en", "en", parts[name]).astype(np.float64) for name in ("words", "bigrams"))
    kept = np.sort(np.argsort(-words, kind="stable")[:_KEPT])
    good = np.isin(view.segments.records(rows[kept])["key"], list(grades))
    found = Asked(words[kept], pairs[kept], np.full(len(kept), np.nan), good, len(grades))
    best = np.unique(np.concatenate([found.best(share, READ) for share in PAIRS]))
    read_slowly = ranking.chance(view, text, "en", rows[kept[best]], len(best))["meaning_slow"]
    found.slow[best] = view.constants.scaled("meaning_slow", "en", "en", read_slowly)
    return found


def choose(asked: Sequence[Asked]) -> Choice:
    """The shares with the best nDCG@10, averaged over the two neighbouring shares of the slow encoder."""
    choices = [_choices(asked, pairs) for pairs in PAIRS]
    reached = np.array([[_mean(asked, [choice.scores(each) for each in asked]) for choice in row] for row in choices])
    smooth = (reached[:, :-2] + reached[:, 1:-1] + reached[:, 2:]) / 3
    row, column = np.unravel_index(np.argmax(smooth.round(6)), smooth.shape)
    return choices[row][column + 1]


def _choices(asked: Sequence[Asked], pairs: float) -> list[Choice]:
    """A choice for each share of the slow encoder."""
    lexical = [each.lexical(pairs) for each in asked]
    shown, close = ([each.best(pairs, most) for each in asked] for most in (SHOWN, READ))
    fast = _line(asked, shown, lexical)
    sums = {slowly: [own + slowly * each.slow for each, own in zip(asked, lexical, strict=True)] for slowly in SLOWLY}
    return [Choice(pairs, slowly, fast, _line(asked, close, full)) for slowly, full in sums.items()]


def _line(asked: Sequence[Asked], places: Sequence[NDArray[np.int64]], sums: Sequence[Floats]) -> tuple[float, float]:
    """Base and slope that make the sums at some places of each question log-odds of being the known answer."""
    right = np.concatenate([each.good[own] for each, own in zip(asked, places, strict=True)])
    known = np.concatenate([each[own] for each, own in zip(sums, places, strict=True)])
    fitted = LogisticRegression(C=1e6, max_iter=1_000).fit(known.reshape(-1, 1), right)
    return float(fitted.intercept_[0]), float(fitted.coef_[0, 0])


def _mean(asked: Sequence[Asked], scores: Sequence[Floats]) -> float:
    """nDCG@10 over the questions."""
    found = []
    for each, own in zip(asked, scores, strict=True):
        gains = each.good[np.argsort(-own, kind="stable")[:10]] / np.log2(np.arange(2, 2 + min(10, len(own))))
        found.append(gains.sum() / (1 / np.log2(np.arange(2, 2 + min(10, each.wanted)))).sum())
    return float(np.mean(found))


def cross_validated(asked: Sequence[Asked], seed: int = 0) -> float:
    """nDCG@10 of each fifth of the questions by shares and lines that were chosen on the others."""
    folds = np.random.default_rng(seed).permutation(np.arange(len(asked)) % FOLDS)
    scores: dict[int, Floats] = {}
    for fold in range(FOLDS):
        choice = choose([each for each, own in zip(asked, folds, strict=True) if own != fold])
        scores |= {place: choice.scores(asked[place]) for place in np.flatnonzero(folds == fold)}
    return _mean(asked, [scores[place] for place in range(len(asked))])


def models(folder: Path, cache: Path | None, fitted_at: int) -> dict[str, dict]:
    """The models "full" and "fast" as `weights.json` holds them, their base that of `fitted_at` documents."""
    judged = read(folder)
    with tempfile.TemporaryDirectory() as aside:
        encoders = rehearsing(Encoders(None, Encoders.default().slow), cache or Path(aside) / "encodings.sqlite")
        asked = gather(judged, Path(aside) / "index", encoders)
    choice, size = choose(asked), math.log(len(judged.titles) / fitted_at)
    how = f"by nDCG@10 over all {len(judged.titles):,} documents, the slow encoder reading the {READ} best of each question; line on those"
    none = {"meaning_title": 0.0, "meaning_body": 0.0, "meaning_sentence": 0.0}
    full = {**_lexical(choice.full[1], choice.pairs), **none, "meaning_slow": round(choice.full[1] * choice.slowly, 4)}
    fast = {**_lexical(choice.fast[1], choice.pairs), **none}
    return {
        "full": {"bias": round(choice.full[0] + size, 4), "weights": full, "cross_validated_ndcg@10": round(cross_validated(asked), 4), "chosen": how},
        "fast": {"bias": round(choice.fast[0] + size, 4), "weights": fast, "chosen": how},
    }


def _lexical(slope: float, pairs: float) -> dict[str, float]:
    return {"words": round(slope, 4), "bigrams": round(slope * pairs, 4)}


def main() -> None:
    """Print the models for the folder named on the command line, for 2,000 documents as all of `weights.json`."""
    folder, *cache = (Path(each) for each in sys.argv[1:])
    print(json.dumps(models(folder, cache[0] if cache else None, 2_000), indent=1))


if __name__ == "__main__":
    main()
