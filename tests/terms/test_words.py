"""Terms in words: the sentences that the documentation quotes, and that no part of the terms goes unsaid."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from marketplace.terms.payment import FORMS, parse
from marketplace.terms.words import PHRASES, form_name, glance, sentence
from tests.terms.test_payment import FULL, any_terms

CASES = json.loads(Path(__file__).with_name("words_cases.json").read_text("utf-8"))
LANGUAGES = ("zh", "en")

OTHERWISE: dict[str, Any] = {
    "currency": "USD", "effective": "2026-01-14", "end": "2032-01-14", "silence": "lapse", "which": "earlier",
    "base": "profit", "period": "quarter", "tier_scope": "lifetime", "due": "2026-01-16",
}
UNSAID = {("deferred", 0, "id"), ("instalments", 0, "id"), ("royalty", "tiers", 1, "upto")}
"""What the sentence has no need of: amount and date tell these fees apart, and the last tier has no bound."""


def leaves(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield way
    else:
        for key, member in inner:
            yield from leaves(member, (*way, key))


def other(key: str, value: Any) -> Any:
    """Another value of the same kind."""
    if key in OTHERWISE:
        return OTHERWISE[key]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if not value[-1].isdigit():
        return f"{value}x"
    return value[:-1] + ("2" if value[-1] == "7" else "7")


def with_other(way: tuple[Any, ...]) -> dict[str, Any]:
    terms = copy.deepcopy(FULL)
    inner = terms
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = other(way[-1], inner[way[-1]])
    return terms


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_terms_are_said_as_quoted(case: dict[str, Any], lang: str) -> None:
    terms = parse(case["terms"], template="effective" not in case["terms"])
    assert glance(terms, lang) == (case[lang]["label"], case[lang]["short"])
    assert sentence(terms, lang) == case[lang]["full"]


@pytest.mark.parametrize("way", [way for way in leaves(FULL) if way not in UNSAID], ids=str)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_part_of_the_terms_is_said(way: tuple[Any, ...], lang: str) -> None:
    assert sentence(parse(with_other(way), template=False), lang) != sentence(parse(FULL, template=False), lang)


@settings(max_examples=60)
@given(any_terms())
def test_any_terms_can_be_said(terms: dict[str, Any]) -> None:
    read = parse(terms, template=False)
    chinese, english = sentence(read, "zh"), sentence(read, "en")
    assert chinese.endswith("。") and english.endswith(".") and "None" not in chinese + english
    assert english[0] == english[0].upper()
    label, short = glance(read, "zh")
    assert label in PHRASES["zh"]["forms"].values() and short.endswith("。")


def test_amounts_of_any_length_are_written_in_full() -> None:
    terms = parse({"currency": "CNY", "entry_fee": "1" * 60 + ".05"}, template=True)
    assert "111,111.05" in sentence(terms, "zh") and "111,111.05" in sentence(terms, "en")


@pytest.mark.parametrize(
    ("amount", "chinese"),
    [
        ("9999", "9,999 元"), ("10000", "1 万元"), ("123400", "12.34 万元"), ("123450", "123,450 元"), ("0.50", "0.50 元"),
        ("100000000", "1 亿元"), ("123450000", "12,345 万元"), ("1010000000", "10.1 亿元"), ("123456789.01", "123,456,789.01 元"),
    ],
)
def test_round_amounts_are_written_in_wan_and_yi(amount: str, chinese: str) -> None:
    assert sentence(parse({"currency": "CNY", "entry_fee": amount}, template=True), "zh").startswith(f"签约付 {chinese}。")


def test_both_languages_have_the_same_phrases_with_the_same_places() -> None:
    def places(lang: str) -> dict[str, set[str]]:
        return {
            f"{group}.{key}": set(re.findall(r"\{(\w+)\}", text))
            for group, phrases in PHRASES[lang].items() for key, text in phrases.items()
        }

    assert places("zh") == places("en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_form_of_payment_has_a_name(lang: str) -> None:
    assert len({form_name(code, lang) for code in FORMS}) == len(FORMS)
