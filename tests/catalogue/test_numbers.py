"""Patent numbers, classes and expiry: the vectors of the domain rules and what people really type."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.catalogue import numbers
from marketplace.errors import Refused


@pytest.mark.parametrize("canonical", ["201710601862.3", "95115608.X", "97101765.4"])
def test_known_valid_chinese_numbers_are_kept(canonical: str) -> None:
    assert numbers.application(canonical).value == canonical


@pytest.mark.parametrize(
    "typed",
    [
        "ZL201710601862.3",
        "ZL 2017 1 0601862.3",
        "CN201710601862.3",
        "CN201710601862",
        "2017106018623",
        "２０１７１０６０１８６２．３",
        "201710601862",
        " 201710601862。3 ",
        "cn 201710601862.3",
    ],
)
def test_every_way_of_typing_a_chinese_number_gives_the_same(typed: str) -> None:
    assert numbers.application(typed) == numbers.Number("201710601862.3", "CN", "invention")


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("95115608.x", "invention"),
        ("ZL 202220123456", "utility_model"),
        ("202330123456", "design"),
        ("CN200980123456", "utility_model"),
        ("200680012345", "invention"),
    ],
)
def test_the_kind_digit_tells_the_kind_of_patent(typed: str, kind: str) -> None:
    found = numbers.application(typed)
    assert found.office == "CN"
    assert found.patent_kind == {"8": "invention", "9": "utility_model"}.get(found.value[4], kind)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("201710601862.4", "would end in .3, not .4"),
        ("95115608.1", "would end in .X"),
        ("ZL12345", "12 digits"),
        ("201740601862.3", "year or the kind digit"),
        ("CN189910601862.3", "year or the kind digit"),
        ("20231012345X", "12 digits"),
        ("none of these", "is not a patent number"),
        ("=A1", "is not a patent number"),
        ("1" * 33, "at most 32"),
    ],
)
def test_a_wrong_number_says_what_is_wrong(typed: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        numbers.application(typed)


@pytest.mark.parametrize("typed", ["", " ", "0", "/0", "/", "-", "N/A", "无", "n/a"])
def test_what_means_no_number_is_none(typed: str) -> None:
    assert numbers.application(typed) is None
    assert numbers.publication(typed) is None


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("11/213,604", "US11/213604"),
        ("10/758611", "US10/758611"),
        ("12/45,970", "US12/045970"),
        ("11/1,465", "US11/001465"),
        ("12/533/258", "US12/533258"),
        ("14/ 033725", "US14/033725"),
        ("   14/202,699", "US14/202699"),
        ("20375014", "20375014"),
        ("PCT/CN2017/93456", "PCT/CN2017/093456"),
        ("EP12345678.9", "EP12345678.9"),
        ("EP 12345678", "EP12345678"),
        ("特願2010-1234", "JP2010-001234"),
    ],
)
def test_foreign_application_numbers(typed: str, canonical: str) -> None:
    assert numbers.application(typed).value == canonical
    assert numbers.application(canonical).value == canonical


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("7,438,030", "US7438030"),
        ("6858197", "US6858197"),
        ("RE43,880", "USRE43880"),
        ("D628,609", "USD628609"),
        ("464750", "464750"),
        ("US-9254383-B2", "US9254383B2"),
        ("US 2012/0123456 A1", "US20120123456A1"),
        ("CN 107345678 B", "CN107345678B"),
        ("EP 1234567 B1", "EP1234567B1"),
        ("WO 2017/093456 A1", "WO2017093456A1"),
        ("JP2010123456A", "JP2010123456A"),
    ],
)
def test_publication_numbers(typed: str, canonical: str) -> None:
    assert numbers.publication(typed).value == canonical
    assert numbers.publication(canonical).value == canonical


def test_a_chinese_publication_tells_its_kind_and_refuses_a_wrong_letter() -> None:
    assert numbers.publication("CN207654321U").patent_kind == "utility_model"
    assert numbers.publication("CN307654321S").patent_kind == "design"
    assert numbers.publication("CN107654321B").patent_kind is None
    with pytest.raises(Refused, match="A, B, C, U, S or Y"):
        numbers.publication("CN107654321X")


@pytest.mark.parametrize(
    ("kind", "filed", "ends"),
    [
        ("invention", date(2020, 2, 29), date(2040, 2, 29)),
        ("utility_model", date(2020, 2, 29), date(2030, 2, 28)),
        ("design", date(2021, 5, 31), date(2031, 5, 31)),
        ("design", date(2021, 6, 1), date(2036, 6, 1)),
        ("invention", None, None),
        (None, date(2020, 1, 1), None),
    ],
)
def test_expiry(kind: str | None, filed: date | None, ends: date | None) -> None:
    assert numbers.expiry(kind, filed) == ends


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("B23C 3/00", "B23C 3/00"),
        ("b23c3/00", "B23C 3/00"),
        ("B23C0003/00", "B23C 3/00"),
        ("B23C3/00(2006.01)I", "B23C 3/00"),
        ("B23C0003000000", "B23C 3/00"),
        ("A61B0017320500", "A61B 17/3205"),
        ("Y02E 60/10", "Y02E 60/10"),
        ("Ａ６１Ｂ１７／３２", "A61B 17/32"),
    ],
)
def test_patent_classes(typed: str, canonical: str) -> None:
    assert numbers.ipc(typed) == canonical


@pytest.mark.parametrize("typed", ["B23C", "I23C 3/00", "Z99Z 1/00", "B23C 3/0", "", "B2C 3/00"])
def test_what_is_no_class_is_refused(typed: str) -> None:
    with pytest.raises(Refused):
        numbers.ipc(typed)


@given(st.integers(2003, 2099), st.sampled_from("12389"), st.integers(0, 9_999_999))
def test_one_wrong_digit_is_noticed(year: int, kind: str, serial: int) -> None:
    digits = f"{year}{kind}{serial:07}"
    check = numbers.check_digit(digits)
    assert numbers.application(f"{digits}.{check}").value == f"{digits}.{check}"
    changed = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    with pytest.raises(Refused):
        numbers.application(f"{changed}.{check}")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (numbers.application, numbers.publication, numbers.ipc):
        try:
            found = read(text)
        except Refused:
            continue
        value = getattr(found, "value", found)
        assert value is None or (read(value) == found if isinstance(found, str) else read(value).value == value)
