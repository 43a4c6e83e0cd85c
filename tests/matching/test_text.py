"""What the engine reads: a word in every disguise, languages by script, sentences and numbers with their places."""

from __future__ import annotations

import pytest

from marketplace.matching import bridge
from marketplace.matching import text as cut


@pytest.mark.parametrize("disguise", ["激光焊接 0.02mm", "激光焊接　０．０２ｍｍ", "激光焊接 <b>0.02</b>mm", "激光\x00焊接 0.02mm"])
def test_a_text_in_disguise_has_the_same_words(disguise: str) -> None:
    assert [word for word in cut.words(cut.normalise(disguise)) if word not in ("激光", "焊接")] == ["0.02", "mm"]


def test_traditional_characters_become_simplified() -> None:
    assert cut.normalise("無人機電池壽命") == "无人机电池寿命"
    assert cut.words("無人機電池壽命") == cut.words("无人机电池寿命")


def test_html_is_left_out_and_a_comparison_is_kept() -> None:
    assert cut.normalise("<p>wear&nbsp;&lt; 5 µm</p><!-- note -->") == "wear < 5 μm"


def test_a_long_text_is_cut() -> None:
    assert len(cut.normalise("模具" * 200_000)) == cut.LONGEST_TEXT


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("采用PLC控制的CNC机床", "zh"),
        ("Laser welding of 304 steel", "en"),
        ("The firm 华星 makes laser welding heads", "en"),
        ("", "en"),
    ],
)
def test_language_is_told_by_script(text: str, language: str) -> None:
    assert cut.language(text) == language


def test_words_stand_where_their_spans_say() -> None:
    text = "用雷射熔覆 Repairing ２ moulds，換熱器開裂"
    for span in cut.word_spans(text):
        assert cut.words(text[span.start : span.end]) == [span.text]


def test_sentences_stand_where_they_say_decimals_do_not_end_them_and_short_ones_join() -> None:
    text = "磨损 0.5 mm 就换刀。 想延长一倍！We cut 0.25 mm slots. It chips too often."
    spans = cut.sentence_spans(text)
    assert [span.text for span in spans] == ["磨损 0.5 mm 就换刀。 想延长一倍！", "We cut 0.25 mm slots.", "It chips too often."]
    assert all(text[span.start : span.end] == span.text for span in spans)


@pytest.mark.parametrize(
    "typed",
    ["ZL 2017 1 0601862.3", "CN201710601862", "201710601862.3", "ｚｌ２０１７１０６０１８６２．３", "CN 201710601862 A"],
)
def test_a_chinese_application_number_has_one_form_in_all_its_spellings(typed: str) -> None:
    assert "201710601862" in cut.number_forms(typed)


def test_numbers_of_other_offices_keep_their_country() -> None:
    assert cut.number_forms("US-9254383-B2") == cut.number_forms("us9254383") == ("US9254383",)


@pytest.mark.parametrize("text", ["", "hello", "12", "CN", "厚度 0.02 mm", "1" * 40])
def test_what_is_no_number_has_no_form(text: str) -> None:
    assert cut.number_forms(text) == ()


def test_the_bridge_crosses_both_ways_and_takes_phrases_whole() -> None:
    forth, back = (
        {each.source: [gloss.said for gloss in each.alternatives] for each in bridge.cross(cut.words(text), language)}
        for text, language in (("换热器激光", "zh"), ("a laser heat exchanger", "en"))
    )
    assert "heat exchanger" in forth["换热器"] and "laser" in forth["激光"]
    assert "激光" in back["laser"] and "换热器" in back["heat exchang"] and "heat" not in back


def test_the_bridge_gives_few_glosses_and_the_common_word_first() -> None:
    (crossed,) = bridge.cross(cut.words("surface"), "en")
    assert crossed.alternatives[0].said == "表面" and len(crossed.alternatives) <= bridge.MOST_GLOSSES
