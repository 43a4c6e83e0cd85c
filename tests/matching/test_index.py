"""The index: ranking, keyword search, changes seen at once by others, bad input, and death at any moment."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from marketplace.matching import generation, lexical, ranking
from marketplace.matching.constants import Constants
from marketplace.matching.explain import evidence
from marketplace.matching.fusion import probability
from marketplace.matching.generation import FORMAT
from marketplace.matching.index import Document, Index, RebuildNeeded
from marketplace.matching.rules import Facts, Wishes
from marketplace.matching.semantic import Encoders

TEXTS = {
    1: ("激光熔覆修复压铸模的方法", "用激光在开裂的压铸模表面熔覆合金粉末，修复后硬度不低于HRC 50，寿命延长一倍。",
        "Laser cladding repair of die-casting moulds",
        "Alloy powder is clad by laser on cracked moulds. Hardness stays above HRC 50."),
    2: ("猪场污水的膜生物反应器", "膜生物反应器处理养猪场污水，氨氮去除率达到95%，占地小。",
        "Membrane bioreactor for piggery wastewater",
        "A membrane bioreactor takes out 95 % of the ammonia in piggery wastewater."),
    3: ("布匹瑕疵在线视觉检测装置", "线阵相机配合神经网络，在每分钟六十米的车速下找出断经、破洞和油污。", None, None),
    4: (None, None, "Ultrasonic cleaning of sand castings",
        "An ultrasonic bath removes the sand that sticks in the cavities of castings."),
    5: ("油菜黄籽不育系的选育", "选育出含油量高、芥酸低的黄籽甘蓝型油菜不育系。", None, None),
    6: ("水泵叶轮耐磨陶瓷涂层", "在水泵叶轮上喷涂陶瓷，抵抗泥沙磨损，寿命提高三倍。", None, None),
}
NUMBERS = {1: "ZL201710601862.3", 2: "US-9254383-B2", 3: "95115608.X"}


def document(key: int, revision: int = 0) -> Document:
    zh_title, zh, en_title, en = TEXTS[key]
    passages = {"zh": (zh_title, zh)} if zh else {}
    if en:
        passages["en"] = (en_title, en)
    facets = {
        "industry": ("C", f"C{30 + key % 3}"),
        "visibility": ("public",) if key != 6 else ("blind",),
        "number": (NUMBERS[key],) if key in NUMBERS else (),
        "listed": ("2026-11-21T00:00:00Z",),
    }
    return Document(key, "technology", passages, facets, revision=revision, facts=Facts(trl=key + 2).packed())


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    need = Document(1, "need", {"zh": ("压铸模裂了怎么补", "我们厂的压铸模老开裂，想找人补。")}, {"visibility": ("public",)})
    made = Index(tmp_path_factory.mktemp("index"))
    made.rebuild([*map(document, TEXTS), need])
    return made


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("压铸用的模子裂了，谁能用光把它补好", 1),
        ("Our die-casting tools crack and we want them mended by laser", 1),
        ("养猪的，臭水氨氮超标", 2),
        ("cloth faults found by camera at sixty metres a minute", 3),
        ("铸件孔里的沙子洗不掉", 4),
        ("impellers of our water pumps wear out, would a ceramic coating help", 6),
    ],
)
def test_a_question_in_either_language_finds_its_answer(index: Index, text: str, best: int) -> None:
    assert index.rank(text, "technology")[0].key == best


def test_a_rebuild_needs_few_open_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index of millions is joined from thousands of segments, and a process may usually open 1,024 files."""
    monkeypatch.setattr(generation, "_BATCH", 1)
    documents = [Document(key, "technology", document(key % 6 + 1).passages, {"industry": ("C30",)}) for key in range(1, 61)]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 50, hard))
    try:
        made = Index(tmp_path)
        made.rebuild(documents)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert made.count("technology") == 60 and len(list(tmp_path.glob("generation-*/segments/*"))) == 1
    assert {hit.key for hit in made.rank("压铸模开裂", "technology", where={"industry": ("C30",)})}


def test_a_score_is_its_base_and_its_contributions(index: Index) -> None:
    for hit in index.rank("压铸模开裂了怎么修", "technology", asker=Wishes(trl=7)):
        assert hit.score == pytest.approx(hit.base + sum(share for _, share in hit.contributions), abs=1e-9)
        assert hit.probability == pytest.approx(probability(hit.score)) and 0 < hit.probability < 1


def test_each_document_is_found_once_whatever_its_languages(index: Index) -> None:
    keys = [hit.key for hit in index.rank("laser repair of moulds", "technology", limit=50)]
    assert sorted(keys) == sorted(TEXTS)


@pytest.mark.parametrize("text", ["压铸模开裂，想用激光修复", "laser repair of cracked die-casting moulds"])
def test_a_document_in_both_languages_takes_the_better_score(index: Index, text: str) -> None:
    best, *rest = index.rank(text, "technology", limit=50)
    assert best.key == 1 and "words" in dict(best.contributions) and "bridge" not in dict(best.contributions)
    assert [hit.score for hit in rest] == sorted((hit.score for hit in rest), reverse=True)


def test_ranking_stays_within_the_kind_and_the_filter(index: Index) -> None:
    assert [hit.key for hit in index.rank("压铸模开裂", "need")] == [1]
    within = index.rank("压铸模开裂", "technology", where={"industry": ("C30", "C32"), "visibility": ("public",)})
    assert sorted(hit.key for hit in within) == [2, 3, 5]
    assert 1 not in {hit.key for hit in index.rank("压铸模开裂", "technology", without={"key": ("1",)})}
    assert index.rank("压铸模开裂", "technology", where={"industry": ()}) == []


def test_a_lower_maturity_than_wanted_costs_and_an_equal_one_does_not(index: Index) -> None:
    shares = {hit.key: dict(hit.contributions).get("maturity", 0) for hit in index.rank("修复模具", "technology", asker=Wishes(trl=5))}
    assert shares[1] < 0 == shares[3]


@pytest.mark.parametrize(
    ("typed", "key"), [("201710601862", 1), ("ZL 2017 1 0601862.3", 1), ("us9254383", 2), ("ZL95115608.X", 3)]
)
def test_a_patent_number_in_any_form_finds_its_patent(index: Index, typed: str, key: int) -> None:
    assert index.search(typed, "technology").keys == (key,)
    assert index.rank(typed, "technology")[0].key == key


def test_no_words_give_everything_newest_first_in_pages(index: Index) -> None:
    page = index.search("", "technology", offset=2, limit=3)
    assert (page.total, page.keys) == (6, (4, 3, 2))


def test_counts_lift_the_facets_own_filter_and_keep_the_others(index: Index) -> None:
    page = index.search("", "technology", where={"industry": ("C31",), "visibility": ("public",)})
    assert page.total == 2 and page.counts["industry"] == {"C": 5, "C30": 1, "C31": 2, "C32": 2}
    assert page.counts["visibility"] == {"public": 2} and "number" not in page.counts
    assert page.counts["listed"] == {"2026-11-21T00:00:00Z": 2}


def test_counts_are_remembered_for_their_own_search_and_for_no_other_state_of_the_index(index: Index) -> None:
    everybody = index.search("", "technology", facets=["region"])
    public = index.search("", "technology", where={"visibility": ("public",)}, facets=["region"])
    assert everybody.total != public.total and index.search("", "technology", facets=["region"]).total == everybody.total
    assert index.search("", "technology", facets=["industry"]).counts.keys() == {"industry"}
    index.update([], [("technology", 1)])
    assert index.search("", "technology", facets=["region"]).total == everybody.total - 1
    index.update([document(1)])
    assert index.search("", "technology", facets=["region"]).total == everybody.total


def test_a_filter_and_a_blind_listing_leak_no_count(index: Index) -> None:
    page = index.search("水泵", "technology", where={"visibility": ("public",)})
    assert page.total == 0 and page.counts["industry"] == {}


@pytest.mark.parametrize(
    ("typed", "keys", "corrected"),
    [
        ("membrain bioreactor", (2,), "membrane bioreactor"),
        ("ultrasonik cleaning", (4,), "ultrasonic cleaning"),
        ("Casting", (4, 1), None),
        ("激光熔复", (1,), None),
        ("雷射熔覆", (1,), None),
        ("qqqqqqqq", (), None),
    ],
)
def test_typing_mistakes_are_forgiven(index: Index, typed: str, keys: tuple[int, ...], corrected: str | None) -> None:
    page = index.search(typed, "technology")
    assert set(page.keys) == set(keys) and page.corrected == corrected


@pytest.mark.parametrize(
    "text",
    ["", " ", "？！……", "😀🔧", "\x00\x07\u202e", "模", "a", "的", "5", "x" * 200_000, "模具裂了" * 50_000, "<b></b>",
     "(" * 999, "字 AND OR NOT :\"*~"],
)
def test_odd_questions_get_an_answer_or_none_and_never_an_exception(index: Index, text: str) -> None:
    assert len(index.rank(text, "technology", limit=3)) <= 3
    assert index.search(text, "technology").total <= 6


def test_the_same_question_gets_the_same_answer(index: Index) -> None:
    again = Index(index.folder)
    assert again.rank("mould repair by laser", "technology") == index.rank("mould repair by laser", "technology")
    assert again.version == index.version != ""


def test_evidence_marks_sentences_and_words_of_both_texts(index: Index) -> None:
    question = "压铸模开裂了，想用激光修补。最好年底以前能够用上。"
    likeness = index.likenesses("technology", [1], question)[1]
    same = evidence(question, document(1), likeness, "zh")
    assert any(question[mark.start : mark.end] == same.text[found.start : found.end]
               for pair in same.words for mark in pair.asked for found in pair.found)
    best = same.sentences[0]
    assert question[best.asked.start : best.asked.end] == best.asked.text == "压铸模开裂了，想用激光修补。"
    other = evidence(question, document(1), likeness, "en")
    assert other.language == "en" and any(pair.bridged for pair in other.words)
    assert all(other.text[mark.start : mark.end] == mark.text for pair in other.sentences for mark in [pair.found])


def lexical_index(folder: Path, keys: range = range(1, 7)) -> Index:
    made = Index(folder, Encoders())
    made.rebuild([document(key) for key in keys])
    return made


def test_without_encoders_words_still_answer_in_both_languages(tmp_path: Path) -> None:
    made = lexical_index(tmp_path)
    assert made.rank("压铸模开裂", "technology")[0].key == 1
    assert made.rank("a ceramic coating against wear", "technology")[0].key == 6


def test_an_index_that_is_not_there_is_empty(tmp_path: Path) -> None:
    made = Index(tmp_path / "nothing", Encoders())
    assert len(made) == made.search("模具", "technology").total == 0
    assert (made.rank("模具", "technology"), made.version) == ([], "")


def test_a_change_is_seen_by_another_reader_at_once(tmp_path: Path) -> None:
    writer, reader = lexical_index(tmp_path), Index(tmp_path, Encoders())
    assert len(reader) == 6
    bearing = Document(9, "technology", {"en": ("Bearing ring quenching", "Less distortion of bearing rings.")})
    writer.update([bearing], [("technology", 2)])
    assert len(reader) == 6 and reader.rank("bearing rings", "technology")[0].key == 9
    assert reader.search("猪场", "technology").total == 0
    writer.update([document(1, revision=7)])
    assert [(hit.key, hit.revision) for hit in reader.rank("压铸模", "technology")][0] == (1, 7)
    assert len(reader) == 6


def test_many_small_changes_leave_few_segments(tmp_path: Path) -> None:
    made = lexical_index(tmp_path)
    for revision in range(20):
        made.update([document(1 + revision % 6, revision)])
    (generation,) = tmp_path.glob("generation-*")
    assert len(list((generation / "segments").iterdir())) <= 8
    assert sorted(hit.key for hit in made.rank("方法 装置 水泵 油菜 sand 污水 压铸", "technology")) == sorted(TEXTS)


def test_a_rebuild_replaces_the_index_while_others_read(tmp_path: Path) -> None:
    made, failures, stop = lexical_index(tmp_path), [], threading.Event()

    def read() -> None:
        reader = Index(tmp_path, Encoders())
        while not stop.is_set():
            if reader.rank("压铸模开裂", "technology")[0].key != 1 or len(reader) not in (3, 6):
                failures.append("wrong answer")

    readers = [threading.Thread(target=read) for _ in range(3)]
    for each in readers:
        each.start()
    for keys in (range(1, 4), range(1, 7)) * 2:
        made.rebuild([document(key) for key in keys])
    stop.set()
    for each in readers:
        each.join()
    assert failures == [] and len(list(tmp_path.glob("generation-*"))) <= 2


def test_vectors_of_another_encoder_are_refused(tmp_path: Path) -> None:
    class Odd:
        name, dimensions = "odd", 3

        def encode(self, texts):
            raise AssertionError("never asked")

    made = lexical_index(tmp_path)
    about = next(tmp_path.glob("generation-*")) / "about.json"
    about.write_text(about.read_text().replace('["-", "-"]', '["even", "-"]'))
    assert len(made) == 6
    with pytest.raises(RebuildNeeded, match="built with even"):
        len(Index(tmp_path, Encoders(fast=Odd())))
    about.write_text(about.read_text().replace(f'"{FORMAT}"', '"0"'))
    with pytest.raises(RebuildNeeded, match="format"):
        Index(tmp_path, Encoders()).update([document(1)])
    assert Index(tmp_path, Encoders()).rebuild([document(1)])


def test_an_encoder_that_comes_or_goes_is_not_used_and_breaks_nothing(tmp_path: Path) -> None:
    lexical_index(tmp_path)
    fast = Encoders(fast=Encoders.default().fast)
    later = Index(tmp_path, fast)
    later.update([document(1, revision=3)])
    assert later.rank("压铸模开裂", "technology")[0].revision == 3
    later.rebuild([document(key) for key in TEXTS])
    without = Index(tmp_path, Encoders())
    assert without.rank("压铸模开裂", "technology")[0].key == 1
    with pytest.raises(RebuildNeeded, match="no encoder"):
        without.update([document(1)])


def test_a_facet_has_a_name_like_an_identifier(tmp_path: Path) -> None:
    made = lexical_index(tmp_path)
    with pytest.raises(ValueError, match="facet"):
        made.search("", "technology", where={"a.b": ("1",)})
    with pytest.raises(ValueError, match="facet"):
        made.update([Document(7, "technology", {"zh": ("一", "二")}, {"a.b": ("1",)})])
    assert len(made) == 6


def test_constants_come_back_from_disk_as_they_were(index: Index) -> None:
    (generation,) = index.folder.glob("generation-*")
    kept = Constants.load(generation / "constants.json")
    assert kept.version == index.version.rsplit("/", 1)[1] and kept.usual["zh"]["我们"] > kept.usual["zh"].get("模具", 0)


def written(key: int, revision: int) -> Document:
    return Document(key, "technology", {"zh": (f"编号{key}", f"水泵叶轮磨损 版本{revision}")}, {"visibility": ("public",)}, revision=revision)


def write_for_ever(folder: str, revision: int, done: Any) -> None:
    """Changes and rebuilds without end, counted in `done`; of an odd revision document 8 is gone."""
    index = Index(Path(folder), Encoders())
    while True:
        revision += 1
        documents = [written(key, revision) for key in range(1, 9 - revision % 2)]
        if revision % 5 == 0:
            index.rebuild(documents)
        else:
            index.update(documents, [("technology", 8)] if revision % 2 else [])
        done.release()


def killed(folder: Path, times: int) -> set[int]:
    """Kill a writer so many times and look at what it left; the revisions that were found."""
    chance, found, revision = random.Random(5), set(), 0
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    Index(folder, Encoders()).rebuild([written(key, 0) for key in range(1, 9)])
    for _ in range(times):
        done = processes.Semaphore(0)
        writer = processes.Process(target=write_for_ever, args=(str(folder), revision, done))
        writer.start()
        took = 0.0
        for _ in range(chance.randint(2, 4)):
            began = time.monotonic()
            assert done.acquire(timeout=120)
            took = time.monotonic() - began
        time.sleep(chance.uniform(0, took))
        writer.kill()
        writer.join()
        revision = looked_at(folder)
        found.add(revision)
    return found


def looked_at(folder: Path) -> int:
    """That the index is whole, by ranking, by keywords and by filter; its revision."""
    index = Index(folder, Encoders())
    hits = index.rank("水泵叶轮磨损", "technology", limit=50)
    revision = {hit.revision for hit in hits}
    assert len(revision) == 1, "one change is seen whole"
    (number,) = revision
    there = list(range(1, 9 - number % 2))
    assert sorted(hit.key for hit in hits) == there, "nothing lost, nothing doubled"
    page = index.search("水泵", "technology", limit=50)
    assert (page.total, sorted(page.keys), page.counts["visibility"]) == (len(there), there, {"public": len(there)})
    rows = index.view().segments.every("technology")
    assert len(rows) == len(there) and index.search(f"版本{number}", "technology").total == len(there)
    return number


def test_death_at_any_moment_leaves_the_index_before_or_after(tmp_path: Path) -> None:
    assert len(killed(tmp_path, 6)) > 3


@pytest.mark.slow
def test_two_hundred_deaths_lose_and_double_nothing(tmp_path: Path) -> None:
    assert len(killed(tmp_path, 200)) > 100


def test_a_common_word_does_not_hide_the_rare_ones_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Terms that would go beyond the bound are passed over; rarer ones behind them still find their document."""
    monkeypatch.setattr(lexical, "LOOKED_THROUGH", 30)
    monkeypatch.setattr(lexical, "FEWEST_TERMS", 1)
    made = Index(tmp_path, Encoders())
    made.rebuild([Document(n, "technology", {"en": (f"pump {n}", "pump pump" + (" gasket" if n == 9 else ""))}) for n in range(1, 26)])
    find = made.view().searcher
    heavy, rare = find.weigh("words", {"pump": 9.0, "gasket": 0.1}), find.weigh("words", {"pump": 9.0})
    found = [set(find.best([(part, 1.0)], lexical.chosen("technology", {}, {}), 50).tolist()) for part in (heavy, rare)]
    assert len(found[0]) == len(found[1]) == 25
    monkeypatch.setattr(lexical, "LOOKED_THROUGH", 10)
    weighed = find.weigh("words", {"9": 3.0, "pump": 9.0, "gasket": 2.0})
    assert find.best([(weighed, 1.0)], lexical.chosen("technology", {}, {}), 50).size == 1


def test_a_filter_finds_the_same_rows_before_the_words_and_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wide filter is applied to what the words found, a narrow one is searched with; the best rows stand at the far end of one."""
    made = Index(tmp_path, Encoders())
    regions = ["north" if n % 3 else "south" for n in range(200)]
    made.rebuild([
        Document(n + 1, "technology", {"en": (f"pump {n}", "pump " * (1 + n % 7) + f"gasket{n % 5} seal " * (n % 4))}, {"region": (region,)})
        for n, region in enumerate(regions)
    ])
    monkeypatch.setattr(ranking, "POOL", 20)
    view, find = made.view(), made.view().searcher
    parts = [(find.weigh("words", {"pump": 1.0, "gasket3": 0.5}), 1.0)]
    every = view.segments.every()
    keys = dict(zip(every.tolist(), view.segments.records(every)["key"].tolist(), strict=True))
    worth = dict(zip(every.tolist(), view.segments.shared("words", parts[0][0].asked, every, "en").tolist(), strict=True))
    cases = (({}, {}, {"north", "south"}), ({"region": ("south",)}, {}, {"south"}), ({}, {"region": ("south",)}, {"north"}), ({"region": ("east",)}, {}, set()))
    for where, without, within in cases:
        seen, found = ranking.Filter("technology", where, without), []
        for share in (0.0001, 2.0):
            monkeypatch.setattr(ranking, "_WIDE", share)
            found.append(ranking._by_words(view, parts, seen, view.segments.allowed("technology", where, without)).tolist())
        after, before = found
        assert len(after) == len(before) == (20 if within else 0) and {regions[keys[row] - 1] for row in after} <= within
        assert sorted(worth[row] for row in after) == pytest.approx(sorted(worth[row] for row in before))


def test_a_filter_that_the_best_words_fail_still_fills_the_pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When those that the words like best lie outside, the search is made again within."""
    made = Index(tmp_path, Encoders())
    made.rebuild([Document(n, "technology", {"en": (f"part {n}", "pump pump pump" if n <= 150 else "pump and other things that make a text long")},
                           {"region": ("north" if n <= 150 else "south",)}) for n in range(1, 201)])
    monkeypatch.setattr(ranking, "POOL", 20)
    view = made.view()
    parts, where = [(view.searcher.weigh("words", {"pump": 1.0}), 1.0)], {"region": ("south",)}
    rows = ranking._by_words(view, parts, ranking.Filter("technology", where, {}), view.segments.allowed("technology", where, {}))
    assert len(rows) == 20 and set(view.segments.records(rows)["key"].tolist()) <= set(range(151, 201))
