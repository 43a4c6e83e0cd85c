"""`evaluate`: reliability as figures and drawings, the site's own encoders and weights, the cache, and being stopped."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner

from marketplace.cli import main
from marketplace.matching import evaluate as evaluating
from marketplace.matching import fusion
from marketplace.matching.evaluate import evaluate, read
from marketplace.matching.reliability import drawn, drawn_as_text, reliability, wilson
from marketplace.matching.semantic import Encoders, EncoderUnavailable, Encodings, unit
from tests.conftest import REPOSITORY

WORDS = ("水泵", "叶轮", "磨损", "涂层", "压铸", "激光", "修复", "污水", "布匹", "瑕疵", "轴承", "油膜", "焊接", "烟尘", "冷却", "电机", "齿轮", "密封")


class Bag:
    """A small encoder: a text is the sum of fixed random directions of its words. It counts what it reads."""

    dimensions = 32

    def __init__(self, name: str, reads: int = 1_000) -> None:
        self.name, self._reads = name, reads
        self.seen: list[str] = []

    def reads(self, text: str) -> str:
        return text[: self._reads]

    def encode(self, texts: Sequence[str], within: float | None = None) -> np.ndarray:
        self.seen += texts
        rows = []
        for text in texts:
            words = [self.reads(text)[at : at + 2] for at in range(len(self.reads(text)))]
            rows.append(sum((np.random.default_rng(zlib.crc32((self.name + word).encode())).normal(size=32) for word in words), np.ones(32)))
        return unit(np.stack(rows))


def folder_of(folder: Path, documents: int = 40, questions: int = 8) -> Path:
    """Judged pairs: each document some words, each question most of the words of one."""
    chance = np.random.default_rng(1)
    texts = ["，".join(chance.choice(WORDS, 6, replace=False)) + f"。编号{number}。" for number in range(documents)]
    folder.mkdir(exist_ok=True)
    corpus = [{"id": number, "title": "", "text": text} for number, text in enumerate(texts)]
    queries = [{"id": f"q{number}", "text": "我们要" + texts[number * 3][:12]} for number in range(questions)]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    (folder / "qrels.tsv").write_text("".join(f"q{number}\t{number * 3}\t1\n" for number in range(questions)), encoding="utf-8")
    return folder


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "judged")


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty documents are too many for the slow encoder to read."""
    monkeypatch.setattr(evaluating, "DEEP_AT_ONCE", 10)


def test_wilsons_interval_is_that_of_the_tables() -> None:
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_reliability_counts_each_bin_and_weighs_the_gap_by_it() -> None:
    chances = [[0.95, 0.04, 0.04, 1.0]]
    found = reliability([[1, 2, 3, 4]], chances, [{1: 1.0, 4: 1.0}])
    low, high = found["bins"]
    assert (low["from"], low["to"], low["pairs"], low["true"]) == (0.0, 0.1, 2, 0.0)
    assert (high["from"], high["pairs"], high["true"], high["said"]) == (0.9, 2, 1.0, 0.975)
    assert found["gap"] == pytest.approx((2 * 0.04 + 2 * 0.025) / 4, abs=1e-4) and found["pairs"] == 4
    assert low["low"] <= low["true"] <= low["high"] and high["low"] > 0.3
    assert reliability([[]], [[]], [{1: 1.0}]) == {"bins": [], "gap": 0.0, "pairs": 0}


def test_only_the_ten_best_are_held_to_account() -> None:
    assert reliability([list(range(30))], [[0.5] * 30], [{25: 1.0}])["bins"][0]["true"] == 0.0


def test_reliability_is_drawn_as_text() -> None:
    found = reliability([[1, 2]] * 10, [[0.85, 0.05]] * 10, [{1: 1.0}] * 4 + [{9: 1.0}] * 6)
    header, low, high, gap = drawn_as_text(found).splitlines()
    assert low.split()[-1] == high.split()[-1] == "10" and "80–90 %" in high
    bar = high.split("%")[-1].strip().split()[0]
    assert len(bar) == 51 and bar.index("●") == 20 and bar.index("│") == 42  # 40 % were true, 85 % were said
    assert "25.0 points over 20 pairs" in gap


def test_reliability_is_drawn_as_a_small_svg_in_both_languages() -> None:
    found = reliability([[1, 2]] * 10, [[0.85, 0.05]] * 10, [{1: 1.0}] * 4 + [{9: 1.0}] * 6)
    text = drawn(found, 'a <b> & "c"')
    root = ElementTree.fromstring(text)
    circles = root.findall(".//{http://www.w3.org/2000/svg}circle")
    assert [(each.get("cx"), each.get("cy")) for each in circles] == [("82.0", "426.0"), ("370.0", "282.0")]
    words = "".join(root.itertext())
    assert 'a <b> & "c"' in words and "显示的概率 · probability shown" in words and "<script" not in text
    assert len(text.encode()) < 10_000


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("corpus.jsonl", "{", "corpus.jsonl, line 1"),
        ("corpus.jsonl", '{"id": "a"}', "corpus.jsonl, line 1"),
        ("queries.jsonl", '{"id": "a", "text": 3}', "queries.jsonl, line 1"),
        ("queries.jsonl", "[1]", "queries.jsonl, line 1"),
        ("qrels.tsv", "q1 3 1", "qrels.tsv, line 1"),
        ("qrels.tsv", "q1\t3\tgood", "qrels.tsv, line 1"),
        ("qrels.tsv", "q1\t3\t0", "no question has a document"),
        ("qrels.tsv", "q1\t999\t1", "unknown question or document"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(judged: Path, name: str, line: str, words: str) -> None:
    (judged / name).write_text(line, encoding="utf-8")
    with pytest.raises(ValueError, match=words):
        read(judged)


def test_what_an_encoder_cuts_is_reported(judged: Path) -> None:
    found = evaluate(judged, encoders=Encoders(Bag("fast"), Bag("slow", reads=10)), baselines=False)
    assert found["cut"]["fast"] == {"texts": 0.0, "characters": 0.0}
    assert found["cut"]["slow"]["texts"] == 1.0 and 0.4 < found["cut"]["slow"]["characters"] < 0.8


def test_a_second_run_encodes_nothing_and_says_the_same(judged: Path, tmp_path: Path) -> None:
    first, second = (evaluate(judged, encoders=Encoders(Bag("fast"), Bag("slow")), cache=tmp_path / "cache") for _ in range(2))
    assert first["encoded"]["slow"] > 40 and second["encoded"] == {"fast": 0, "slow": 0}
    assert {**first, "encoded": None} == {**second, "encoded": None}


def test_figures_of_a_large_corpus_do_not_depend_on_what_the_cache_holds(large: None, judged: Path, tmp_path: Path) -> None:
    """Nor does a second run read on: the slow encoder judges the same few of each question, known or not."""
    empty = evaluate(judged, encoders=Encoders(Bag("fast"), Bag("slow")), cache=tmp_path / "empty", patience=3, baselines=False)
    full = Encoders(None, Bag("slow"), Encodings(tmp_path / "full"))
    full.stored(full.slow, read(judged).whole)
    after = evaluate(judged, encoders=Encoders(Bag("fast"), Bag("slow")), cache=tmp_path / "full", patience=3, baselines=False)
    assert after["engine"] == empty["engine"] and after["reliability"] == empty["reliability"]
    again = evaluate(judged, encoders=Encoders(Bag("fast"), Bag("slow")), cache=tmp_path / "empty", patience=3, baselines=False)
    assert again["encoded"]["slow"] == 0


def test_of_a_large_corpus_the_slow_encoder_reads_the_best_alone(large: None, judged: Path) -> None:
    documents = set(read(judged).whole)
    counts = {}
    for patience in (0, 2, 40):
        slow = Bag("slow")
        found = evaluate(judged, encoders=Encoders(Bag("fast"), slow), patience=patience, baselines=False)
        counts[patience] = len(documents & set(slow.seen))
        assert found["reliability"]["pairs"] == 80
    assert counts[0] <= counts[2] <= counts[0] + 2 * 8 and counts[40] == 40


def test_the_sites_learned_weights_are_used_and_the_packaged_ones_beside_them(judged: Path, tmp_path: Path) -> None:
    packaged = fusion.packaged()
    models = json.loads(Path(fusion.__file__).with_name("weights.json").read_text(encoding="utf-8"))
    for pairs in models["models"].values():
        for each in pairs.values():
            each["weights"] = dict.fromkeys(each["weights"], 0.0) | {"bigrams": -1.0}
    site = tmp_path / "site"
    site.mkdir()
    (site / fusion.LEARNED).write_text(json.dumps({**models, "packaged": packaged.version, "means": fusion.SHORTLISTED}), encoding="utf-8")
    found = evaluate(judged, encoders=Encoders(), baselines=False, learned=site, packaged=True)
    own, other = (each["engine"]["ndcg@10"]["mean"] for each in (found, found["packaged"]))
    assert own < 0.1 < 0.9 < other
    assert fusion.weights(site).version in found["version"] and found["means"] == fusion.SHORTLISTED
    plain = evaluate(judged, encoders=Encoders(), baselines=False, learned=tmp_path / "none")
    assert packaged.version in plain["version"] and "packaged" not in plain and plain["engine"] == found["packaged"]["engine"]


STOPPED = """
import os, signal, sys
from pathlib import Path
from marketplace.matching import evaluate as evaluating
from marketplace.matching.semantic import Encoders
from tests.matching.test_evaluate import Bag
folder, cache, seen, dies_at, large = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), sys.argv[5] == "large"
calls = 0
class Mortal(Bag):
    def encode(self, texts, within=None):
        global calls
        calls += 1
        if calls == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        with seen.open("a", encoding="utf-8") as file:
            file.writelines(f"{self.name} {text!r}\\n" for text in texts)
        return super().encode(texts)
if large:
    evaluating.DEEP_AT_ONCE = 10
evaluating.evaluate(folder, cache=cache, encoders=Encoders(Mortal("fast"), Mortal("slow")), patience=3)
print(calls)
"""


@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.slow
def test_a_run_that_is_killed_is_taken_up_where_it_was(judged: Path, tmp_path: Path, size: str) -> None:
    """Killed at its second call of an encoder, then at its ninth, wherever that is: nothing is encoded twice."""
    seen = tmp_path / "seen"

    def run(dies_at: int) -> subprocess.CompletedProcess:
        words = [sys.executable, "-c", STOPPED, *map(str, (judged, tmp_path / "cache", seen, dies_at, size))]
        return subprocess.run(words, capture_output=True, text=True, cwd=REPOSITORY, timeout=120)

    deaths = [run(dies_at).returncode for dies_at in (2, 9)]
    assert deaths == [-9, -9]
    done = run(10**6)
    assert done.returncode == 0, done.stderr
    times = Counter(seen.read_text(encoding="utf-8").splitlines())
    assert len(times) > 100 and max(times.values()) == 1
    assert run(1).returncode == 0, "a run after the last asks no encoder at all"


def test_the_command_prints_and_draws(judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKETPLACE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MARKETPLACE_ENCODERS", "none")
    plot = tmp_path / "plot.svg"
    said = CliRunner().invoke(main, ["evaluate", str(judged), "--no-baselines", "--packaged", "--plot", str(plot)])
    assert said.exit_code == 0, said.output
    assert "8 questions, 40 documents" in said.output and "engine, packaged weights" in said.output and "mean gap" in said.output
    assert "bm25" not in said.output and ">judged<" in plot.read_text(encoding="utf-8")


def test_the_command_uses_the_encoders_of_the_site(judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKETPLACE_DATA", str(tmp_path / "data"))
    reports = {}
    for kind in ("none", "fast"):
        monkeypatch.setenv("MARKETPLACE_ENCODERS", kind)
        said = CliRunner().invoke(main, ["evaluate", str(judged), "--json", "--cache", str(tmp_path / "cache")])
        reports[kind] = json.loads(said.stdout)
    assert reports["none"]["cut"] == {} and list(reports["fast"]["cut"]) == ["use-multilingual-3"]
    assert "fast encoder alone" in reports["fast"]["baselines"] and "fast encoder alone" not in reports["none"]["baselines"]
    engine = reports["fast"]["engine"]
    assert set(engine) == {name + end for name in ("ndcg@10", "recall@10", "recall@100", "mrr@10") for end in ("", "_interval")}
    assert reports["fast"]["reliability"]["bins"] and (tmp_path / "cache").exists()


def test_a_question_waits_for_its_encoder() -> None:
    """Figures without an encoder that did not answer would be those of another engine."""
    class Down(Bag):
        def encode(self, texts: Sequence[str], within: float | None = None) -> np.ndarray:
            raise EncoderUnavailable("down")

    encoders = replace(evaluating.Rehearsing(Down("fast")))
    with pytest.raises(EncoderUnavailable):
        encoders.asked(encoders.fast, "水泵")
