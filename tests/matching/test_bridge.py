"""The bridge: what it crosses, which sense comes first, and that the glossary is sound."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from marketplace.matching import bridge
from marketplace.matching import text as cut

GLOSSARY = Path(bridge.__file__).with_name("glossary.txt").read_text(encoding="utf-8").splitlines()
LINES = [line for line in GLOSSARY if line and not line.startswith("#")]


def crossed(text: str) -> dict[str, list[str]]:
    """Each crossed word of a text with what it is said to be."""
    crossings = bridge.cross(cut.words(text), cut.language(text))
    return {each.source: [gloss.said for gloss in each.alternatives] for each in crossings}


@pytest.mark.parametrize(
    ("text", "word", "first"),
    [
        ("burrs on the casting", "burr", "毛刺"),  # not in the general dictionary
        ("the drive of a lathe", "lath", "车床"),
        ("a solder joint", "solder joint", "焊点"),  # a phrase before its words
        ("small and medium-sized enterprises", "small medium size enterpris", "中小企业"),  # stop words inside a phrase do not part it
        ("colour fades", "colour", "颜色"),
        ("an X-ray of the weld", "x ray", "X射线"),
        ("3D scanning", "3d", "三维"),
    ],
)
def test_the_glossary_says_what_papers_say(text: str, word: str, first: str) -> None:
    assert crossed(text)[word][0] == first


def test_the_general_dictionary_stands_behind_the_glossary() -> None:
    found = crossed("a plant for shoes")["plant"]
    assert found[:2] == ["工厂", "植物"] and len(found) == bridge.MOST_GLOSSES
    assert crossed("a butterfly")["butterfli"][0] == "蝴蝶"


def test_of_forms_with_one_stem_the_plain_one_speaks_first() -> None:
    assert crossed("alarms in all weathers")["weather"][0] == "天气"  # and not the weathering of paint
    assert crossed("we operate a mill")["oper"][0] == "操作"  # and not the surgeon's operation


def test_words_that_say_little_and_what_an_apostrophe_left_are_not_crossed() -> None:
    assert set(crossed("We don't want much, it's the pump's 200 m of pipe that everybody needs; we get 3.5 of them.")) <= {"don t", "pump", "pipe", "everybodi"}


def test_chinese_phrases_are_crossed_whole() -> None:
    assert crossed("锂离子电池回收")["锂离子 电池" if len(cut.words("锂离子电池")) > 1 else "锂离子电池"][0] == "lithium battery"


def test_a_gloss_is_cut_as_the_index_cuts_texts() -> None:
    for crossing in bridge.cross(cut.words("finite element model of a lithium-ion battery"), "en"):
        for gloss in crossing.alternatives:
            assert gloss.words == tuple(cut.words(gloss.said)) or gloss.words == (gloss.said,)


def test_every_line_of_the_glossary_can_be_found() -> None:
    for line in LINES:
        english, chinese = line.split(" = ")
        for form in english.split(", "):
            words = cut.words(form)
            assert 0 < len(words) <= bridge.LONGEST_PHRASE, line
            assert any("一" <= character <= "鿿" for character in chinese) or chinese.isupper() or form in ("alpha", "gamma", "fenton"), line
            assert form == form.strip().lower() and form.isascii(), line
        assert all(cut.words(form) for form in chinese.split()), line


def test_no_english_form_stands_twice() -> None:
    forms = Counter(form for line in LINES for form in line.split(" = ")[0].split(", "))
    assert [form for form, times in forms.items() if times > 1] == []
