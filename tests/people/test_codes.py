"""Identity codes, passwords and regions: what is accepted as typed, and what is refused and why."""

from __future__ import annotations

import re

import pytest
from stdnum.cn import uscc

from marketplace.errors import Refused
from marketplace.people import codes, passwords, regions


@pytest.mark.parametrize(("typed", "read"), [
    ("91110000600037341L", "91110000600037341L"), ("12100000400002259P", "12100000400002259P"),
    (" 9111 0000-6000 37341l ", "91110000600037341L"), ("９１１１００００６０００３７３４１Ｌ", "91110000600037341L"),
])
def test_credit_codes_are_read_as_people_type_them(typed, read):
    assert codes.credit_code(typed) == read


def test_letters_in_the_first_eight_places_are_valid_by_the_formula():
    body = "A1110000600037341"
    code = body + uscc.calc_check_digit(body)
    assert not uscc.is_valid(code), "python-stdnum refuses it, which is why the formula is asked alone"
    assert codes.credit_code(code) == code


@pytest.mark.parametrize("typed", [
    "91110000600037341M", "91110000600037342L", "19110000600037341L", "9111000060003734L", "91110000600037341LL", "9111000060003734IL",
    "91110000600037341O", "统一社会信用代码", "", "9" * 40,
])
def test_wrong_credit_codes_are_refused(typed):
    with pytest.raises(Refused) as refused:
        codes.credit_code(typed)
    assert refused.value.field == "credit_code"


def test_every_single_wrong_digit_of_a_credit_code_is_noticed():
    right = "91110000600037341L"
    for place in range(17):
        for other in "0123456789":
            if other != right[place]:
                with pytest.raises(Refused):
                    codes.credit_code(right[:place] + other + right[place + 1 :])


def test_the_region_of_a_credit_code():
    assert codes.region_of("91330000600037341L") == "330000"
    assert codes.region_of("91A10000600037341L") is None and codes.region_of(None) is None


@pytest.mark.parametrize("typed", ["03yrm5c26", "https://ror.org/03yrm5c26", "ROR.org/03YRM5C26/", " 03yrm5c26 "])
def test_ror_identifiers_are_read_as_people_type_them(typed):
    assert codes.ror(typed) == "03yrm5c26"


@pytest.mark.parametrize("typed", ["03yrm5c27", "03yrm5d26", "13yrm5c26", "03yrm5c2", "03yrl5c26", "https://ror.org/", ""])
def test_wrong_ror_identifiers_are_refused(typed):
    with pytest.raises(Refused) as refused:
        codes.ror(typed)
    assert refused.value.field == "ror"


def test_real_ror_identifiers_have_right_check_digits(shared):
    text = (shared / "data" / "ror_mentions.tsv").read_text(encoding="utf-8")
    found = set(re.findall(r"\b0[0-9a-z]{6}[0-9]{2}\b", text))
    assert len(found) > 100
    assert {codes.ror(identifier) for identifier in found} == found


def test_regions_have_one_name_in_each_language():
    assert regions.name("330000", "zh") == "浙江省" and regions.name("330000", "en") == "Zhejiang"
    assert regions.name("DE", "zh") == "德国" and regions.name("DE", "en") == "Germany"
    assert regions.name("710000", "en") == "Taiwan" and not regions.is_region("TW") and not regions.is_region("CN")
    assert regions.name(None, "zh") == "" and regions.name("??", "zh") == "??"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_choices_list_every_region_once(language):
    codes_listed = [code for code, _ in regions.choices(language)]
    names = [name for _, name in regions.choices(language)]
    assert len(set(codes_listed)) == len(codes_listed) == 34 + 249 - 4
    assert len(set(names)) == len(names)
    assert codes_listed[0] == "110000" and all(map(regions.is_region, codes_listed))
    assert not {"EU", "UN", "ZZ", "XK"} & set(codes_listed)


@pytest.mark.parametrize("password", ["correct horse battery", "一二三四五六七八九十", "Tr0ub4dor&3x"])
def test_good_passwords(password):
    passwords.check(password, "li@example.com")
    assert passwords.matches(password, passwords.hashed(password))
    assert not passwords.matches(password + " ", passwords.hashed(password))


@pytest.mark.parametrize("password", [
    "", "123456789", "1234567890", "PASSWORD123", "woaini1314520", "aaaaaaaaaaaa", "x" * 201, "zhang.wei 2026",
])
def test_bad_passwords(password):
    with pytest.raises(Refused) as refused:
        passwords.check(password, "zhang.wei@example.com")
    assert refused.value.field == "password"


def test_nobodys_password_is_never_right():
    assert not passwords.matches("anything at all", None) and not passwords.matches("anything at all", "not a hash")
