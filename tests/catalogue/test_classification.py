"""Fields, industries and classes: complete, bilingual, and found the way people write them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from marketplace.catalogue import classification as codes
from marketplace.catalogue.models import Technology

DEMO = Path(codes.__file__).parent.parent / "demo"


def test_thirty_five_fields_in_five_sectors_and_all_divisions() -> None:
    assert len(codes.FIELDS) == 35
    assert set(codes.SECTORS) == {row["sector"] for row in codes.FIELDS.values()}
    assert [code[1:] for code in sorted(codes.INDUSTRIES, key=lambda code: code[1:]) if len(code) == 3] == [
        f"{n:02}" for n in range(1, 98)
    ]
    assert {code for code in codes.INDUSTRIES if len(code) == 1} == set("ABCDEFGHIJKLMNOPQRST")


def test_every_code_has_a_name_in_both_languages_and_fits_its_column() -> None:
    for row in (*codes.FIELDS.values(), *codes.SECTORS.values(), *codes.INDUSTRIES.values()):
        assert any("一" <= character <= "鿿" for character in row["zh"])
        assert row["en"].isascii()
    assert max(map(len, codes.FIELDS)) <= Technology.__table__.c.field.type.length


def test_every_class_stands_under_a_division_of_its_section() -> None:
    for code in codes.INDUSTRIES:
        assert codes.industry_ancestors(code)[-1] == code
        assert all(level in codes.INDUSTRIES for level in codes.industry_ancestors(code)[:2])


@pytest.mark.parametrize(
    ("code", "levels"), [("C3484", ("C", "C34", "C348", "C3484")), ("C34", ("C", "C34")), ("C", ("C",))]
)
def test_ancestors(code: str, levels: tuple[str, ...]) -> None:
    assert codes.industry_ancestors(code) == levels


def test_a_class_without_a_name_is_called_by_the_level_above() -> None:
    assert codes.industry_name("C3489", "zh") == codes.industry_name("C348", "zh") == "通用零部件制造"
    assert codes.industry_name("C1399", "en") == codes.industry_name("C13", "en")
    assert codes.industry_name(None, "en") == ""


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("c3484", "C3484"),
        ("3484", "C3484"),
        ("34", "C34"),
        ("C", "C"),
        ("Ｃ３４", "C34"),
        ("D3484", None),
        ("C00", None),
        ("", None),
        ("C3", None),
        ("C34841", None),
        ("x", None),
    ],
)
def test_industry_codes_as_typed(typed: str, code: str | None) -> None:
    assert codes.industry_code(typed) == code


@pytest.mark.parametrize(
    ("symbols", "field"),
    [
        (["B23C 3/00", "B23Q 17/09", "G05B 19/404"], "machine_tools"),
        (["G01N 33/50"], "biological_analysis"),
        (["G01N 21/00"], "measurement"),
        (["A61K 8/02"], "organic_chemistry"),
        (["A61K 31/00"], "pharmaceuticals"),
        (["B01D 53/14"], "environmental_technology"),
        (["B01D 61/00"], "chemical_engineering"),
        (["G06Q 10/00"], "it_management"),
        (["G06F 3/00"], "computer_technology"),
        (["H04N 21/00"], "digital_communication"),
        ([], None),
        (["nonsense"], None),
    ],
)
def test_the_field_of_patent_classes(symbols: list[str], field: str | None) -> None:
    assert codes.field_of_ipc(symbols) == field


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("Materials and Coatings", "materials_metallurgy"),
        ("machine_tools", "machine_tools"),
        ("Machine tools", "machine_tools"),
        ("新材料", "materials_metallurgy"),
        ("基石", None),
    ],
)
def test_the_field_of_category_words(words: str, field: str | None) -> None:
    assert codes.field_of_words(words) == field


def test_no_category_word_means_two_fields() -> None:
    words = [word.casefold() for row in codes.FIELDS.values() for word in (*row["words"], row["zh"], row["en"])]
    assert {word for word in words if words.count(word) > 1} == set()


def test_the_demo_catalogue_uses_only_codes_we_know() -> None:
    for path in DEMO.glob("*.toml"):
        for row in tomllib.loads(path.read_text(encoding="utf-8")).get("technology", []):
            assert row["field"] in codes.FIELDS, (path.name, row["key"])
            assert all(codes.industry_code(code) == code for code in row["industries"]), (path.name, row["key"])


def test_choices_are_in_the_language_asked_for() -> None:
    assert ("C3484", "C3484 机械零部件加工") in codes.industry_choices("zh")
    assert ("machine_tools", "Machine tools") in codes.field_choices("en")["Mechanical engineering"]
