"""Where the weights come from: fitted and chosen on questions whose truth is known, and on judged pairs small enough to read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from marketplace.matching import choosing, fitting
from marketplace.matching.choosing import Asked, Choice
from marketplace.matching.evaluate import Judged, rehearsing
from marketplace.matching.semantic import Encoders
from tests.matching.test_evaluate import Bag

SIZE = 200


def questions(slow_tells: float, pairs_tell: float, count: int = 60, seed: int = 1) -> list[Asked]:
    """Questions with one good document each; how far the slow encoder and pairs of words tell it from the others."""
    chance = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        words, pairs, slow = chance.normal(size=(3, SIZE))
        good = np.arange(SIZE) == 7
        words[7] += 2.0
        pairs[7] += pairs_tell
        slow[7] += slow_tells
        each = Asked(words, pairs, np.full(SIZE, np.nan), good, 1)
        best = np.unique(np.concatenate([each.best(share, choosing.READ) for share in choosing.PAIRS]))
        each.slow[best] = slow[best]
        found.append(each)
    return found


def test_the_slow_encoder_gets_the_share_that_it_deserves() -> None:
    worth, worthless = (choosing.choose(questions(tells, 0.0)) for tells in (3.0, 0.0))
    assert worthless.slowly == choosing.SLOWLY[1] < worth.slowly


def test_pairs_get_the_share_that_they_deserve() -> None:
    assert choosing.choose(questions(1.0, 6.0)).pairs == choosing.PAIRS[-1]
    assert choosing.choose(questions(1.0, -6.0)).pairs == choosing.PAIRS[0]


def test_scores_are_log_odds_and_what_was_not_read_has_those_without_the_slow_encoder() -> None:
    asked = questions(2.0, 0.0, count=200)
    choice = choosing.choose(asked)
    shown = [(each.best(choice.pairs, choosing.READ), choice.scores(each), each.good) for each in asked]
    said = np.concatenate([1 / (1 + np.exp(-scores[best])) for best, scores, _ in shown])
    true = np.concatenate([good[best] for best, _, good in shown])
    assert said.mean() == pytest.approx(true.mean(), abs=0.002)
    each, scores = asked[0], choice.scores(asked[0])
    rest = np.setdiff1d(np.arange(SIZE), each.best(choice.pairs, choosing.READ))
    assert scores[rest] == pytest.approx(choice.fast[0] + choice.fast[1] * (each.words + choice.pairs * each.pairs)[rest])
    assert np.isfinite(scores).all()


def test_cross_validation_chooses_without_the_question_it_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, seen = questions(1.0, 0.0, count=20), []

    def choose(others: list[Asked]) -> Choice:
        seen.append({id(each) for each in others})
        return Choice(0.0, 1.0, (-3.0, 1.0), (-3.0, 1.0))

    monkeypatch.setattr(choosing, "choose", choose)
    choosing.cross_validated(asked)
    assert len(seen) == choosing.FOLDS and all(len(each) == 16 for each in seen)
    left_out = [{id(each) for each in asked} - own for own in seen]
    assert set.union(*left_out) == {id(each) for each in asked} and sum(map(len, left_out)) == 20


def judged() -> Judged:
    words = ["pump", "impeller", "wear", "coating", "laser", "sludge", "membrane", "bearing", "weld", "fume", "kiln", "gear"]
    chance = np.random.default_rng(3)
    texts = [" ".join(chance.choice(words, 6)) + f" sample {number}" for number in range(60)]
    asked = [" ".join(texts[place].split()[:4]) for place in range(0, 60, 5)]
    return Judged([""] * 60, texts, ["en"] * 60, asked, [{place: 1.0} for place in range(0, 60, 5)])


def test_the_slow_encoder_reads_the_best_of_each_question_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "READ", 3)
    slow, found = Bag("slow"), judged()
    asked = choosing.gather(found, tmp_path / "index", rehearsing(Encoders(None, slow), tmp_path / "cache"))
    assert len(asked) == 12 and all(each.good.sum() == 1 and each.wanted == 1 for each in asked)
    for each in asked:
        read = np.isfinite(each.slow)
        assert 3 <= read.sum() <= 3 * len(choosing.PAIRS) and set(each.best(0.0, 3)) <= set(np.flatnonzero(read))
    assert np.mean([each.good[each.best(0.0, 3)].any() for each in asked]) > 0.8


def test_the_models_for_english_are_those_of_two_thousand_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "SLOWLY", (1.0, 1.5, 2.0))
    monkeypatch.setattr(choosing, "PAIRS", (0.0, 0.1))
    monkeypatch.setattr(choosing, "read", lambda folder: judged())
    monkeypatch.setattr(Encoders, "default", classmethod(lambda cls: Encoders(None, Bag("slow"))))
    small, large = (choosing.models(tmp_path, tmp_path / "cache", size) for size in (60, 600))
    assert set(small) == {"full", "fast"} and "meaning_slow" not in small["fast"]["weights"]
    for known in small:
        assert large[known]["bias"] == pytest.approx(small[known]["bias"] - np.log(10), abs=1e-3)
        assert large[known]["weights"] == small[known]["weights"] and small[known]["weights"]["words"] > 0
    assert 0.3 < small["full"]["cross_validated_ndcg@10"] <= 1.0


def test_a_softmax_finds_which_part_tells() -> None:
    chance = np.random.default_rng(2)
    parts = chance.normal(size=(40, 100, 3)).astype(np.float32)
    good = np.zeros((40, 100), np.float32)
    good[:, 5] = 1.0
    parts[:, 5, 0] += 3.0
    parts[:, 5, 2] -= 3.0
    weights = fitting.listwise(parts, good)
    assert weights[0] > 1.0 and weights[1] < 0.5 and weights[2] == 0.0
    found = fitting.model(["words", "bigrams", "bridge"], parts, good)
    assert found["cross_validated_ndcg@10"] > 0.8 and found["weights"]["words"] > 0.5


def test_the_five_figures_are_named() -> None:
    def models(*pairs: str) -> dict:
        return {"full": {pair: {"cross_validated_ndcg@10": number / 10} for number, pair in enumerate(pairs)}}

    weights = {"models": models("zh-zh", "en-zh", "en-en"), "briefs": models("zh-en", "en-zh")}
    assert fitting.figures(weights) == {"needs zh-zh": 0.0, "needs en-zh": 0.1, "needs en-en": 0.2, "brief zh-en": 0.0, "brief en-zh": 0.1}
