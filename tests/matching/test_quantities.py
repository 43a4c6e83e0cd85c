"""Quantities in shop-floor text: the cases of quantities_cases.json, comparison, and that no text upsets the reader."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching import units
from marketplace.matching.quantities import NUMBERS, Quantity, compare, quantities, words

CASES = json.loads(Path(__file__).with_name("quantities_cases.json").read_text(encoding="utf-8"))


def one(text: str) -> Quantity:
    """The only quantity of a text."""
    found = quantities(text)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:30])
def test_is_read_as_written_down(case: dict) -> None:
    found = quantities(case["text"])
    assert len(found) == len(case["read"]), [words(quantity, "zh") for quantity in found]
    for quantity, expected in zip(found, case["read"], strict=True):
        for name in ("role", "kind", "change", "direction", "low", "unit"):
            if name in expected:
                assert getattr(quantity, name) == expected[name], name
        said = replace(quantity, what="") if case.get("drop") else quantity
        for lang in ("zh", "en"):
            if lang in expected:
                assert words(said, lang) == expected[lang]
        assert case["text"][quantity.start:quantity.end] == quantity.text
        assert quantity.text.startswith(expected.get("start", ""))
        assert quantity.text.endswith(expected.get("end", ""))


@pytest.mark.parametrize(("target", "offered", "verdict"), [
    ("毛刺不超过0.02毫米", "毛刺15微米", "met"),
    ("毛刺不超过0.02毫米", "毛刺不超过2丝", "met"),
    ("毛刺不超过0.02毫米", "毛刺0.05毫米", "missed"),
    ("毛刺不超过0.02毫米", "毛刺不超过0.05毫米", "unknown"),
    ("毛刺不超过0.02毫米", "毛刺10到30微米", "unknown"),
    ("毛刺不超过0.02毫米", "burr height of 15 µm", "met"),
    ("毛刺不超过0.02毫米", "板厚0.01毫米", "unknown"),
    ("毛刺不超过0.02毫米", "毛刺5分钟", "unknown"),
    ("强度不低于400兆帕", "强度0.5GPa", "met"),
    ("强度不低于400兆帕", "强度不低于380兆帕", "unknown"),
    ("强度不低于400兆帕", "强度不超过380兆帕", "missed"),
    ("转速≥3000 r/min", "转速 100 转/秒", "met"),
    ("转速≥3000 r/min", "转速 60 Hz", "unknown"),
    ("产量不少于500件/小时", "产量 10件/分钟", "met"),
    ("oven below 100 °C", "oven at 200 °F", "met"),
    ("能耗降低30%", "能耗降低35%", "met"),
    ("能耗降低30%", "能耗35%", "unknown"),
    ("预算不超过20万元", "预算15万元", "unknown"),
    ("通道24路", "通道24路", "met"),
    ("通道24路", "通道30路", "missed"),
    ("压力0.3~0.5MPa", "压力400 kPa", "met"),
    ("压力0.3~0.5MPa", "压力300~500 kPa", "met"),
    ("压力0.3~0.5MPa", "压力0.1~0.4 MPa", "unknown"),
    ("压力0.3~0.5MPa", "压力0.6~0.9 MPa", "missed"),
])
def test_compare(target: str, offered: str, verdict: str) -> None:
    assert compare(one(target), one(offered)) == verdict


PIECES = [
    "5", "12.5", "一", "两三百", "半", "几十万", "万", "毫米", "mm", "分钟", "°C", "%", "元", "$", "≤", "不超过", "以内", "到", "-", "±",
    "from ", " to ", "half a ", "two ", "-odd", "/", "每", "年", "10^", "e999", "×10", "，", "。", "\n", "：", "目标", "降低", "现在",
    "pH", "HRC", "\u3000", "İ", "9" * 20, "成", "分之", "个", " per square ", "hundred ", "点", "⁻⁹", "€", ".", ",000", "\ud83d",
]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=25).map("".join)))
def test_no_text_upsets_it(text: str) -> None:
    found = quantities(text)
    position = 0
    for quantity in found:
        assert position <= quantity.start < quantity.end <= len(text)
        assert quantity.text == text[quantity.start:quantity.end]
        assert quantity.low is None or quantity.low <= quantity.high
        position = quantity.end
        assert words(quantity, "zh") and words(quantity, "en")
        for other in found:
            assert compare(quantity, other) in ("met", "missed", "unknown")


def test_only_so_many_numbers_are_looked_at() -> None:
    assert len(quantities("5 mm，" * (NUMBERS + 50))) == NUMBERS


def test_words_far_away_change_nothing() -> None:
    """Reading is local: what stands sentences away neither joins nor disturbs (and reading stays linear)."""
    alone = one("毛刺不超过0.02毫米")
    amid = quantities("普通的话。" * 2000 + "毛刺不超过0.02毫米。" + "普通的话。" * 2000)
    assert [replace(quantity, start=alone.start, end=alone.end) for quantity in amid] == [alone]


@pytest.mark.parametrize(("typed", "value", "zh", "en"), [
    ("day", "3", "天", "days"), ("day", "1", "天", "day"), ("%", "5", "%", "%"), ("CNY/m³", "0.5", "元/m³", "CNY/m³"), ("°C", "50", "℃", "℃"),
    ("小时", "2", "小时", "h"),
    ("phr", "25", "phr", "phr"), ("", "4", "", ""), ("g·cm", None, "g·cm", "g·cm"), ("丝", "2", "丝", "丝"), ("件", "2", "件", "pcs"),
])
def test_a_typed_unit_is_told_in_the_readers_language(typed, value, zh, en):
    assert (units.in_words(typed, value, "zh"), units.in_words(typed, value, "en")) == (zh, en)
