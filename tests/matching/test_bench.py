"""The benchmark: synthetic texts that are the same each time and belong together across languages, and a report that adds up."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from marketplace.matching import bench as benchmark
from marketplace.matching.index import Index
from marketplace.matching.semantic import Encoders
from marketplace.matching.synthetic import Corpus, Sampled


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus(topics=20)


def test_a_seed_gives_one_corpus_and_texts_of_the_usual_length(corpus: Corpus) -> None:
    again = list(Corpus(topics=20).technologies(300))
    assert again == list(corpus.technologies(300))
    bodies = {language: [each.passages[language][1] for each in again if language in each.passages] for language in ("zh", "en")}
    assert 150 < sum(map(len, bodies["zh"])) / len(bodies["zh"]) < 300
    assert 100 < sum(len(each.split()) for each in bodies["en"]) / len(bodies["en"]) < 200
    assert 0.1 < len(bodies["en"]) / 300 < 0.3


def test_sampled_vectors_lie_around_those_of_the_topic(corpus: Corpus) -> None:
    fast = Encoders.default().fast
    sampled = Sampled(fast, corpus, fast.encode)
    texts = ["".join(topic.words["zh"]) for topic in corpus.topics[:8]]
    found = sampled.encode(texts)
    assert found.shape == (8, fast.dimensions) and abs(float((found**2).sum(1).mean()) - 1) < 1e-4
    assert (found == sampled.encode(texts)).all()
    likeness = found @ fast.encode(texts).T
    assert (likeness.argmax(1) == range(8)).all()


def test_needs_find_technologies_of_their_topic_in_either_language(tmp_path: Path, corpus: Corpus) -> None:
    index = Index(tmp_path, Encoders())
    documents = list(corpus.technologies(400))
    index.rebuild(documents)
    first = {each.key: next(iter(each.passages.values()))[0] for each in documents}
    right = 0
    for topic, _, text in islice(corpus.needs(20), 20):
        names = tuple(corpus.topics[topic].words.values())
        heads = (names[0][0], names[1][0])
        right += any(first[hit.key].startswith(heads) for hit in index.rank(text, "technology", limit=3))
    assert right >= 15


def test_a_small_benchmark_reports_every_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "REAL_UP_TO", 50)
    monkeypatch.setattr(benchmark, "Corpus", lambda: Corpus(topics=5))
    report = benchmark.bench(120, tmp_path, lambda words: None, asked=2)
    assert report["encoded"] == "sampled" and report["documents"] == 120 and report["memory_own_bytes"] > 0
    for mode, engines in (("quick", 3), ("full", 4)):
        figures = report[mode]["milliseconds"]
        assert len([name for name in figures if name.startswith("bare")]) == engines and report[mode]["questions"] == 2
        assert figures["query"]["p50"] >= figures["ranking"]["p50"] > 0
    again = benchmark.bench(120, tmp_path, lambda words: None, asked=2)
    assert again["build_seconds"] == report["build_seconds"], "the index is taken up again"
