"""How good the ranking is: on a small folder of our own exactly, on judged needs above a floor."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from marketplace.matching.evaluate import evaluate, measures, read, reliability
from marketplace.matching.semantic import Encoders

CORPUS = {"a": "水泵叶轮的耐磨涂层", "b": "猪场污水处理", "c": "压铸模激光修复", "d": "布匹瑕疵检测"}
QUESTIONS = {"q1": ("叶轮磨坏了", "a"), "q2": ("污水处理", "b"), "q3": ("修压铸模", "c")}


def write(folder: Path, corpus: list[dict], queries: list[dict], judgements: list[tuple[str, str, int]]) -> Path:
    for name, rows in (("corpus.jsonl", corpus), ("queries.jsonl", queries)):
        (folder / name).write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    (folder / "qrels.tsv").write_text("\n".join("\t".join(map(str, row)) for row in judgements), encoding="utf-8")
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    corpus = [{"id": key, "title": "", "text": text, "lang": "zh"} for key, text in CORPUS.items()]
    queries = [{"id": key, "text": text, "lang": "zh"} for key, (text, _) in QUESTIONS.items()]
    return write(tmp_path, corpus, queries, [(key, good, 1) for key, (_, good) in QUESTIONS.items()])


def test_measures_are_what_one_computes_by_hand() -> None:
    found = measures([[7, 1, 2], [3, 4]], [{1: 1.0, 9: 1.0}, {3: 1.0}])
    ideal = 1 + 1 / 1.584962500721156
    assert found["ndcg@10"]["mean"] == pytest.approx(((1 / 1.584962500721156) / ideal + 1) / 2, abs=1e-4)
    assert found["recall@10"]["mean"] == 0.75 and found["mrr@10"]["mean"] == 0.75
    assert found["ndcg@10"]["low"] <= found["ndcg@10"]["mean"] <= found["ndcg@10"]["high"]


def test_reliability_compares_what_was_said_with_what_was_true() -> None:
    found = reliability([[1, 2], [3, 4]], [[0.95, 0.05], [0.95, 0.05]], [{1: 1.0}, {9: 1.0}])
    assert found["gap"] == pytest.approx((2 * 0.45 + 2 * 0.05) / 4)


def test_a_folder_is_evaluated_with_its_baselines_without_any_encoder(small: Path) -> None:
    found = evaluate(small, encoders=Encoders())
    assert found["engine"]["ndcg@10"]["mean"] == 1.0
    baselines = {name: each["ndcg@10"]["mean"] for name, each in found["baselines"].items()}
    assert set(baselines) == {"tf-idf as it comes", "tf-idf, words segmented", "bm25, words", "bm25, character bigrams"}
    assert baselines["tf-idf as it comes"] < 0.5 < baselines["bm25, words"]


def test_a_judgement_of_nothing_is_refused(small: Path) -> None:
    (small / "qrels.tsv").write_text("q1\tzz\t1")
    with pytest.raises(ValueError, match="line 1"):
        read(small)


def test_judged_needs_stay_above_the_floor(shared: Path, tmp_path: Path) -> None:
    """Thirty needs against 330 abstracts, with the fast encoder only, so that it runs in half a minute."""
    folder = shared / "judged" / "needs_zh"
    if not folder.is_dir():
        pytest.skip("the judged needs are missing from the folder of real files")
    lines = {
        name: [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
        for name in ("corpus.jsonl", "queries.jsonl")
    }
    judgements = dict(line.split("\t")[:2] for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines())
    chance = random.Random(3)
    queries = chance.sample(lines["queries.jsonl"], 30)
    answers = {judgements[each["id"]] for each in queries}
    others = chance.sample([each for each in lines["corpus.jsonl"] if each["id"] not in answers], 300)
    corpus = [each for each in lines["corpus.jsonl"] if each["id"] in answers] + others
    write(tmp_path, corpus, queries, [(each["id"], judgements[each["id"]], 1) for each in queries])
    found = evaluate(tmp_path, encoders=Encoders(fast=Encoders.default().fast))
    assert found["engine"]["ndcg@10"]["mean"] >= 0.80
    assert found["engine"]["ndcg@10"]["mean"] > found["baselines"]["bm25, words"]["ndcg@10"]["mean"] + 0.05
