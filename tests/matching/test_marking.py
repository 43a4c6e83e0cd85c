"""A text cut into runs is the text again; passages and words are where they were found, whatever overlaps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from marketplace.matching.explain import Evidence, Mark, SentencePair, WordPair, evidence
from marketplace.matching.marking import both_sides, marked
from marketplace.matching.passages import Document


def mark(text, piece):
    start = text.index(piece)
    return Mark(start, start + len(piece), piece)


def test_a_worked_example():
    asked, text = "毛刺太多。去毛刺太慢。", "题目\n本发明去除毛刺，毛刺低于0.02毫米。"
    sentence = SentencePair(mark(asked, "去毛刺太慢。"), mark(text, "本发明去除毛刺，"), 0.9)
    words = WordPair((Mark(0, 2, "毛刺"), Mark(6, 8, "毛刺")), (mark(text, "毛刺"),), False)
    runs, found = both_sides(asked, Evidence("zh", text, (sentence,), (words,)))
    assert runs == [(None, (("毛刺", True), ("太多。", False))), (1, (("去", False), ("毛刺", True), ("太慢。", False)))]
    assert [run.number for run in found] == [None, 1, None] and found[1].parts == (("本发明去除", False), ("毛刺", True), ("，", False))


MARKS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=6)


@given(st.text(max_size=40), MARKS, MARKS)
def test_the_runs_put_together_are_the_text(text, passages, words):
    numbered = [(number, Mark(start, start + length, "")) for number, (start, length) in enumerate(passages, 1)]
    runs = marked(text, numbered, [Mark(start, start + length, "") for start, length in words])
    assert "".join(part for run in runs for part, _shared in run.parts) == text
    shared = {place for start, length in words for place in range(start, start + length)}
    place = 0
    for run in runs:
        for part, is_shared in run.parts:
            assert part and {at in shared for at in range(place, place + len(part))} == {is_shared}
            place += len(part)


def test_evidence_of_the_engine_is_marked_where_it_stands():
    question = "手术钳铣完毛刺太多，老板很急。预算二十万。"
    document = Document(key=1, kind="technology", passages={"zh": ("去毛刺方法", "用电解去除手术钳的毛刺。")})
    asked, found = both_sides(question, evidence(question, document, None, "zh"))
    assert {part for run in asked for part, shared in run.parts if shared} >= {"手术钳", "毛刺"}
    assert "".join(part for run in found for part, _ in run.parts) == "去毛刺方法\n用电解去除手术钳的毛刺。"
