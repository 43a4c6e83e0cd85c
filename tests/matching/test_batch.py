"""Many needs at once: the same lists and scores as one by one, on synthetic and on real judged texts, old and new together."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from marketplace.matching import batch, evaluate, ranking
from marketplace.matching.bags import Asked as Terms
from marketplace.matching.bags import Bags, code, write
from marketplace.matching.batch import Asked, match
from marketplace.matching.bench_import import bench_import
from marketplace.matching.index import Document, Index
from marketplace.matching.ranking import Filter, Hit, View
from marketplace.matching.rules import Facts, Wishes
from marketplace.matching.semantic import Encoders, digest, unit
from marketplace.matching.shared_terms import SharedTerms
from marketplace.matching.synthetic import Corpus

SEEN = Filter("technology", {"visibility": ("public",)}, {})
LEAST = 0.0005


class ByContent:
    """Vectors that depend on a text's pairs of characters, so that like texts are alike, in no time."""

    def __init__(self, name: str, dimensions: int = 48) -> None:
        self.name, self.dimensions, self.read = name, dimensions, []

    def reads(self, text: str) -> str:
        return text

    def encode(self, texts, within=None):
        self.read += texts
        rows = np.full((len(texts), self.dimensions), 0.01, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for at in range(len(text) - 1):
                row[int.from_bytes(digest(self.name + text[at : at + 2])[:2], "little") % self.dimensions] += 1
        return unit(rows).astype(np.float16).astype(np.float32)  # as the store keeps them


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus(topics=30)


@pytest.fixture(scope="module")
def asked(corpus: Corpus) -> list[Asked]:
    wishes = (None, Wishes(trl=7, region="CN-GD"), Wishes())
    return [Asked(key, text, wishes[key % 3]) for key, (_, _, text) in enumerate(corpus.needs(40))]


def built(folder: Path, corpus: Corpus, encoders: Encoders, count: int = 280) -> Index:
    """An index so small that `rank` has every row among its candidates: two segments, both languages, families, two documents taken away."""
    index = Index(folder, encoders)
    documents = [replace(each, family=each.key // 2 if each.key % 5 == 0 else None) for each in corpus.technologies(count)]
    both = [replace(one, passages={**one.passages, **other.passages}) for one, other in zip(documents[:40], documents[40:80], strict=True)]
    index.rebuild(both + documents[40:count - 60])
    index.update(documents[count - 60:], [("technology", 3), ("technology", 45)])
    return index


def together(view: View, asked: list[Asked], limit: int = 30, least: float = LEAST, **more) -> dict[int, list[Hit]]:
    return {key: hits for part in match(view, asked, SEEN, limit, least, **more) for key, hits in part.items()}


def alone(view: View, need: Asked, limit: int = 30, least: float = LEAST) -> list[Hit]:
    return [hit for hit in ranking.rank(view, need.text, SEEN, limit, need.wishes, 0) if hit.probability >= least]


def same(ours: list[Hit], theirs: list[Hit]) -> None:
    """The same documents with the same scores, best first; two that differ by rounding alone may change places."""
    known = {hit.key: hit for hit in theirs}
    assert sorted(hit.key for hit in ours) == sorted(known)
    assert [hit.score for hit in ours] == pytest.approx([hit.score for hit in theirs], abs=1e-4)
    for one in ours:
        other = known[one.key]
        assert (one.row, one.family, one.revision) == (other.row, other.family, other.revision)
        assert one.score == pytest.approx(other.score, abs=1e-4) and one.base == pytest.approx(other.base)
        assert dict(one.contributions) == pytest.approx(dict(other.contributions), abs=1e-4)


@pytest.fixture(scope="module")
def fast_only(tmp_path_factory, corpus) -> View:
    return built(tmp_path_factory.mktemp("fast"), corpus, Encoders(ByContent("fast"))).view()


@pytest.mark.parametrize("encoders", [Encoders(), Encoders(ByContent("fast"))], ids=["words", "fast"])
def test_a_pass_gives_each_need_what_it_finds_alone(tmp_path, corpus, asked, encoders, monkeypatch):
    monkeypatch.setattr(batch, "_CELLS", 1_000)  # many blocks
    monkeypatch.setattr(batch, "_WAITING", 500)
    view = built(tmp_path, corpus, encoders).view()
    found = together(view, asked)
    assert found.keys() == {need.key for need in asked} and sum(map(len, found.values())) > 3 * len(asked)
    for need in asked:
        same(found[need.key], alone(view, need))


def test_the_slow_encoder_is_asked_once_and_only_where_it_says_something(tmp_path, corpus, asked, monkeypatch):
    monkeypatch.setattr(batch, "MOST_BY_READING", 50.0)  # these vectors of chance disagree by more than real ones
    monkeypatch.setattr(batch, "JUDGED_CLOSELY", 300)  # rows here, families there
    slow = ByContent("slow")
    index = built(tmp_path, corpus, Encoders(ByContent("fast"), slow))
    view = index.view()
    index.deepen(1_000)
    found = together(view, asked)
    for need in asked[:20]:
        same(found[need.key], alone(view, need))
    assert any(name == "meaning_slow" for hits in found.values() for hit in hits for name, _ in hit.contributions)
    slow.read.clear()
    again = together(view, asked)
    assert slow.read == [] and again == found
    unread = built(tmp_path / "unread", corpus, Encoders(ByContent("fast"))).view()
    together(replace(unread, encoders=replace(unread.encoders, slow=slow)), asked)
    assert slow.read == [], "no document has been read by it, so no question is"


def test_asked_of_several_kinds_the_slow_encoder_reads_only_where_it_has_read_a_document(tmp_path, corpus):
    slow, kinds = ByContent("slow"), [Filter("technology", {}, {}), Filter("facility", {}, {})]
    unread, text = built(tmp_path / "unread", corpus, Encoders(ByContent("fast"))).view(), next(corpus.needs(1))[2]
    found = ranking.rank_each(replace(unread, encoders=replace(unread.encoders, slow=slow)), text, kinds, 5, None, 0)
    assert found[0] and slow.read == [], "no document has been read by it, so the question is not"
    index = built(tmp_path, corpus, Encoders(ByContent("fast"), slow))
    index.deepen(1_000)
    slow.read.clear()
    deep = ranking.rank_each(index.view(), text, kinds, 5, None, 0)
    assert slow.read and deep[0] == ranking.rank(index.view(), text, kinds[0], 5, None, 0)
    assert any(name == "meaning_slow" for hit in deep[0] for name, _ in hit.contributions)


def test_needs_are_encoded_together_and_once(tmp_path, corpus, asked):
    fast = ByContent("fast")
    view = built(tmp_path, corpus, Encoders(fast)).view()
    fast.read.clear()
    together(view, asked)
    assert sorted(set(fast.read) & {ranking.as_asked(need.text) for need in asked}) == sorted(ranking.as_asked(need.text) for need in asked)
    assert len(fast.read) == len(set(fast.read))
    fast.read.clear()
    together(view, asked)
    assert fast.read == []


def test_a_needs_text_as_it_is_asked_is_its_text_in_the_index(tmp_path, corpus):
    fast, needs = ByContent("fast"), []
    for key, (_, language, text) in enumerate(corpus.needs(20), 1):
        title, body = text[:30].strip(), f"{text[30:].strip()}\n粗糙度 ≤ 0.02 mm；Ra ≤ 0.4 µm\n{text[:50]}"
        needs.append(Document(key, "need", {language: (title, body)}))
    index = Index(tmp_path, Encoders(fast))
    index.rebuild([*needs, *corpus.technologies(30)])
    fast.read.clear()
    together(index.view(), [Asked(each.key, "\n".join(next(iter(each.passages.values())))) for each in needs])
    assert fast.read == []


def test_only_what_is_new_is_looked_at_and_judged_beside_what_was_there(fast_only, asked):
    whole = {need.key: alone(fast_only, need, least=0.05) for need in asked}
    new = {hit.key for need in asked[::8] for hit in whole[need.key][:1]}
    before = [replace(need, before=tuple(hit.key for hit in whole[need.key] if hit.key not in new)) for need in asked]
    found = together(fast_only, before, least=0.05, among=new)
    concerned = {need.key for need in asked if new & {hit.key for hit in whole[need.key]}}
    assert concerned <= found.keys() and len(found) < len(asked)
    for key in concerned:
        same(found[key], whole[key])


def test_a_match_that_changed_is_judged_again_even_if_it_is_none_any_more(fast_only, asked):
    need = asked[0]
    stranger = next(key for key in range(100, 200) if key not in {hit.key for hit in alone(fast_only, need, limit=280, least=0.05)})
    assert together(fast_only, [replace(need, before=(stranger,))], least=0.05, among={stranger}) == {need.key: []}
    assert together(fast_only, [need], least=0.05, among={stranger}) == {}
    assert together(fast_only, [need], among=set()) == {}


def test_what_lies_outside_the_filter_is_never_found(fast_only, asked):
    seen = Filter("technology", {"visibility": ("members",)}, {})
    inside = {each.key for each in Corpus(topics=30).technologies(280) if each.facets["visibility"] == ("members",)}
    everything = tuple(range(1, 281))
    found = {key: hits for part in match(fast_only, [replace(need, before=everything) for need in asked], seen, 30, LEAST) for key, hits in part.items()}
    assert {hit.key for hits in found.values() for hit in hits} <= inside and any(found.values())


def test_rules_lift_what_the_fast_model_leaves_below(tmp_path, corpus):
    wishes = Wishes(industries=("C358",), region="CN-GD", modes=("licence",))
    offered = Facts(industries=("C358",), region="CN-GD", mode="licence").packed()
    documents = [replace(each, facts=offered) for each in corpus.technologies(300)]
    index = Index(tmp_path, Encoders())
    index.rebuild(documents)
    view = index.view()
    lifted = 0
    for key, (_, _, text) in enumerate(corpus.needs(20)):
        plain = alone(view, Asked(key, text), least=1e-9)
        least = 1 / (1 + math.exp(-plain[5].score - 0.3))  # what facts say is worth 0.55: the sixth comes in by them alone
        need = Asked(key, text, wishes)
        ours = together(view, [need], least=least)[key]
        same(ours, alone(view, need, least=least))
        lifted += sum(hit.key == plain[5].key for hit in ours)
    assert lifted > 10


def test_a_number_that_a_need_names_is_found(tmp_path, corpus):
    documents = list(corpus.technologies(100))
    documents[60] = replace(documents[60], facets={**documents[60].facets, "visibility": ("public",), "number": ("CN201710601862",)})
    index = Index(tmp_path, Encoders())
    index.rebuild(documents)
    need = Asked(1, "ZL 2017 1 0601862.3")
    found = together(index.view(), [need], least=0.02)
    assert [hit.key for hit in found[1]] == [61]
    same(found[1], alone(index.view(), need, least=0.02))


@pytest.mark.parametrize("text", ["", "？！", "😀", "a", "毛" * 5_000, "1 2 3"])
def test_odd_needs_are_answered_or_left_out(fast_only, asked, text):
    found = together(fast_only, [Asked(900, text), asked[0]])
    assert asked[0].key in found and set(found) <= {900, asked[0].key}
    same(found.get(900, []), alone(fast_only, Asked(900, text)))


def test_nothing_asked_and_nothing_there(tmp_path, fast_only, corpus, asked):
    assert together(fast_only, []) == {}
    index = Index(tmp_path, Encoders())
    index.rebuild([Document(1, "need", {"zh": ("毛刺", "去毛刺")})])
    assert together(index.view(), asked[:2]) == {0: [], 1: []}


def test_a_pass_pauses_at_each_block_and_tells_how_far_it_is(fast_only, asked, monkeypatch):
    monkeypatch.setattr(batch, "_CELLS", 40 * 50)
    done: list[int] = []
    pauses = [part for part in match(fast_only, asked, SEEN, 5, LEAST, progress=done.append) if not part]
    assert done == sorted(done) and done[-1] == len(fast_only.segments.every("technology")) - _hidden(fast_only)
    assert len(pauses) > len(done) > 5


def _hidden(view: View) -> int:
    members = view.segments.allowed("technology", {"visibility": ("members",)}, {})
    return int(sum(np.unpackbits(bits).sum() for bits in members))


def test_memory_holds_only_the_best_of_each_need(fast_only, asked, monkeypatch):
    monkeypatch.setattr(batch, "_WAITING", 100)
    monkeypatch.setattr(batch, "JUDGED_CLOSELY", 7)
    finds = batch._Finds(np.full(3, -1.0, np.float32))
    totals = np.random.default_rng(1).normal(size=(400, 3)).astype(np.float32)
    for start in range(0, 400, 20):
        finds.add(np.arange(start, start + 20), totals[start : start + 20], np.zeros(20, bool))
        assert sum(len(each.rows) for each in finds._waiting) <= 100 + 60
    for question in range(3):
        assert finds.rows(question).tolist() == sorted(np.argsort(-totals[:, question])[:7].tolist())


def terms(*found):
    """Terms of a question from (term, worth, choice)."""
    choices = [choice for _, _, choice in found]
    return Terms.of([code(term) for term, _, _ in found], [worth for _, worth, _ in found], choices, 1 + max(choices, default=-1))


def test_of_a_term_in_two_choices_the_worthier_stays():
    found = terms(("w1", 0.5, 0), ("w2", 0.25, 1), ("w1", 0.75, 1), ("w3", 0.1, 2))
    assert dict(zip(found.codes.tolist(), found.worth.tolist(), strict=True)) == pytest.approx({code("w1"): 0.75, code("w2"): 0.25, code("w3"): 0.1})
    assert found.codes.tolist() == sorted(found.codes.tolist()) and found.choices == 3 and not found.alone
    assert found.choice[found.codes == code("w1")] == found.choice[found.codes == code("w2")] != found.choice[found.codes == code("w3")]
    assert terms().choices == 0 and terms().alone and terms(("w1", 0.5, 0), ("w2", 0.25, 1)).alone


def test_shared_terms_count_as_bags_do(tmp_path):
    chance = np.random.default_rng(5)
    vocabulary = [f"w{n}" for n in range(60)]
    rows = [chance.choice(vocabulary, int(chance.integers(0, 40))).tolist() for _ in range(50)]
    write(tmp_path, "words", rows)
    bags, places = Bags(tmp_path, "words"), np.arange(50)
    asked = [
        terms(*((str(chance.choice(vocabulary)), float(chance.random()), int(chance.integers(8))) for _ in range(int(chance.integers(0, 20)))))
        for _ in range(30)
    ]
    asked += [terms(("w1", 0.5, 0), ("w2", 0.25, 0), ("w3", 0.4, 1)), terms(("w1", 1.0, 0), ("w2", 0.5, 0))]
    units = [float(unit) for unit in chance.random(len(asked))]
    found = np.zeros((50, len(asked)), np.float32)
    SharedTerms(list(zip(asked, units, strict=True))).add(found, bags, places, 20.0, "zh")
    alone = np.stack([unit * bags.scores(each, places, 20.0, "zh") for each, unit in zip(asked, units, strict=True)], 1)
    assert found == pytest.approx(alone, abs=1e-5) and found.any()


@pytest.mark.parametrize("folder", ["needs_zh", "needs_en"])
@pytest.mark.slow
def test_real_needs_get_the_same_ten_best(shared: Path, tmp_path: Path, folder: str):
    judged = evaluate.read(shared / "judged" / folder)
    kept = evaluate.rehearsing(Encoders(Encoders.default().fast), tmp_path / "encodings.sqlite")
    documents = [replace(each, facets={"visibility": ("public",)}) for each in judged.documents()]
    wanted = {key for grades in judged.grades[:25] for key in grades}
    index = Index(tmp_path / "index", kept)
    index.rebuild([each for each in documents if each.key in wanted or each.key % 10 == 0], asked=judged.questions[:25])
    view = index.view()
    asked = [Asked(key, text, Wishes(trl=6)) for key, text in enumerate(judged.questions[:25])]
    found = together(view, asked, least=0.02)
    for need in asked:
        ours, theirs = found[need.key], alone(view, need, least=0.02)
        assert [hit.key for hit in ours] == [hit.key for hit in theirs]
        assert [hit.score for hit in ours] == pytest.approx([hit.score for hit in theirs], abs=1e-5)


def test_a_small_import_is_timed_by_stages(tmp_path, monkeypatch):
    monkeypatch.setattr("marketplace.matching.bench_import.Corpus", lambda: Corpus(topics=5))
    report = bench_import(30, 12, 20, tmp_path, 20, lambda words: None, Encoders(ByContent("fast")))
    for mode in ("one_thread", "as_it_runs"):
        seconds = report[mode]["seconds"]
        assert seconds["whole"] == pytest.approx(seconds["encode"] + seconds["write"] + seconds["match"], abs=0.05)
        assert report[mode]["texts_encoded"] >= 30 and report[mode]["matches"] > 0
    assert Index(tmp_path / "import-12-20", Encoders(ByContent("fast"))).count() == 32, "the kept index is as it was"
