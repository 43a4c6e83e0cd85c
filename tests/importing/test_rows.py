"""One row: values as the catalogue takes them, or the column and the reason."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.catalogue.operations import WRITABLE
from marketplace.errors import Refused
from marketplace.importing.cells import cleaned, language_of, parse_day, parties, people
from marketplace.importing.fields import HEADERS as FIELDS
from marketplace.importing.rows import read_row


def one(field: str, cell: str) -> object:
    """What one column gives beside a title."""
    values = read_row({"T": "标题", "C": cell}, {"T": "title", "C": field})
    return values.get(field)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2014-10-31 00:00:00", date(2014, 10, 31)),
        ("2014/1/5", date(2014, 1, 5)),
        ("2014年3月2日", date(2014, 3, 2)),
        ("2014.05.06", date(2014, 5, 6)),
        ("20140305", date(2014, 3, 5)),
        ("43831", date(2020, 1, 1)),
        ("Oct 31, 2014", date(2014, 10, 31)),
        ("31 October 2014", date(2014, 10, 31)),
        ("10/31/2014", date(2014, 10, 31)),
        ("31.10.2014", date(2014, 10, 31)),
        ("5/5/2014", date(2014, 5, 5)),
        ("31-Oct-14", date(2014, 10, 31)),
        ("31-Oct-95", date(1995, 10, 31)),
        ("10/31/14", date(2014, 10, 31)),
        ("10/31/2014 12:00:00 AM", date(2014, 10, 31)),
        ("2014-10-31T08:30:00Z", date(2014, 10, 31)),
        ("2014年10月31日 08:30", date(2014, 10, 31)),
        ("1970-01-01 00:00:00", None),
        ("-", None),
        ("0", None),
        ("２０１４－１０－３１", date(2014, 10, 31)),
    ],
)
def test_days_in_every_dress(text: str, day: date | None) -> None:
    assert parse_day(text) == day


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("3/4/2014", "two ways"),
        ("14/10/31", "two ways"),
        ("99/99/99", "not a date"),
        ("soon", "not a date"),
        ("2014-02-30", "not a date"),
        ("99999", "not a date"),
        ("Foo 3, 2014", "not a date"),
        ("3014-01-01", "not a date"),
    ],
)
def test_what_is_no_day_or_two_is_refused(text: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        parse_day(text)


def test_texts_go_into_the_language_of_their_script() -> None:
    values = read_row(
        {"T": "一种 MEMS 装置", "A": "A device &amp;quot;with&amp;quot; CH<sub>4</sub>, d2&amp;gt;d1"},
        {"T": "title", "A": "abstract"},
    )
    assert values["title"] == {"zh": "一种 MEMS 装置"}
    assert values["abstract"] == {"en": 'A device "with" CH4, d2>d1'}


def test_two_columns_of_two_languages_are_one_title() -> None:
    assert read_row({"a": "装置", "b": "Device"}, {"a": "title_zh", "b": "title_en"})["title"] == {
        "zh": "装置",
        "en": "Device",
    }


def test_kind_follows_from_the_numbers() -> None:
    columns = {"T": "title", "P": "publication_number", "S": "application_number"}
    assert read_row({"T": "x", "P": "7,438,030", "S": "11/213,604"}, columns)["kind"] == "patent"
    assert read_row({"T": "x", "P": "0", "S": "11/213,604"}, columns)["kind"] == "patent_application"
    assert read_row({"T": "x", "P": "", "S": "/0"}, columns)["kind"] == "know_how"
    assert read_row({"T": "x", "P": "CN107345678A", "S": ""}, columns)["kind"] == "patent_application"


def test_what_is_not_given_is_not_a_value() -> None:
    columns = {"T": "title", "S": "application_number", "K": "source_key", "D": "expires_on", "A": "abstract"}
    values = read_row({"T": "x", "S": "/0", "K": "-", "D": "1970-01-01 00:00:00", "A": "  "}, columns)
    assert values == {"title": {"en": "x"}, "kind": "know_how"}


def test_categories_become_field_and_keyword() -> None:
    values = read_row(
        {"T": "x", "C": "materials and coatings", "K": "KSC"}, {"T": "title", "C": "category", "K": "keywords"}
    )
    assert values["field"] == "materials_metallurgy"
    assert values["keywords"] == {"en": ["materials and coatings", "KSC"]}
    assert "keywords" not in read_row({"T": "x", "C": "machine_tools"}, {"T": "title", "C": "category"})


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("TANNER, CHRISTOPHER", ["TANNER, CHRISTOPHER"]),
        ("TANNER, CHRISTOPHER;; DOE, JANE", ["TANNER, CHRISTOPHER", "DOE, JANE"]),
        ("张三;李四；王五", ["张三", "李四", "王五"]),
        ("张三,李四", ["张三", "李四"]),
        ("John Smith, Mary Jones", ["John Smith", "Mary Jones"]),
        ("张三 李四 王五", ["张三", "李四", "王五"]),
        ("张三 李四，王五", ["张三", "李四", "王五"]),
        ("Smith, John, Jones, Mary Ann", ["Smith, John", "Jones, Mary Ann"]),
        ("VAN DYKE, JOHN A.", ["VAN DYKE, JOHN A."]),
        ("Sammy Davis, Jr., Dean Martin", ["Sammy Davis, Jr.", "Dean Martin"]),
        ("Smith, John\n", ["Smith, John"]),
        ("买买提·艾力", ["买买提·艾力"]),
        ("欧阳 修", ["欧阳 修"]),
    ],
)
def test_people_are_split_where_names_end(cell: str, names: list[str]) -> None:
    assert people(cell) == names


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("某公司 | Acme, Inc.", ["某公司", "Acme, Inc."]),
        ("清华大学,北京大学", ["清华大学", "北京大学"]),
        ("Dongling Machine Co., Ltd.", ["Dongling Machine Co., Ltd."]),
        ("Dongling Machine Co., Ltd., Beiyang University", ["Dongling Machine Co., Ltd.", "Beiyang University"]),
        ("甲公司; 乙公司", ["甲公司", "乙公司"]),
    ],
)
def test_parties_are_split_where_names_end(cell: str, names: list[str]) -> None:
    assert parties(cell) == names


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        ("trl", "6", 6),
        ("trl", "TRL 7", 7),
        ("trl", "8级", 8),
        ("ipc", "B23C3/00;G05B19/404(2006.01)I", ["B23C 3/00", "G05B 19/404"]),
        ("industries", "C3484 机械零部件加工;C34", ["C3484", "C34"]),
        ("legal_status", "授权", "in_force"),
        ("legal_status", "未缴年费", "lapsed"),
        ("legal_status", "实质审查的生效", "applied"),
        ("legal_status", "期限届满", "expired"),
        ("legal_status", "INACTIVE", "lapsed"),
        ("legal_status", "whatever", "unknown"),
        ("patent_kind", "实用新型", "utility_model"),
        ("patent_kind", "外观设计", "design"),
        ("patent_kind", "发明授权", "invention"),
        ("kind", "软件著作权", "software"),
        ("kind", "know_how", "know_how"),
    ],
)
def test_codes_from_words(field: str, cell: str, value: object) -> None:
    assert one(field, cell) == value


@pytest.mark.parametrize(
    ("field", "cell", "says"),
    [
        ("application_number", "201710601862.4", "check digit"),
        ("filed_on", "soon", "not a date"),
        ("trl", "10", "from 1 to 9"),
        ("ipc", "B23C", "not an IPC symbol"),
        ("industries", "anything", "no industry code"),
        ("kind", "a thing", "no kind"),
        ("source_key", "x" * 121, "more than 120"),
        ("abstract", "x" * 20_001, "at most 20000"),
        *[
            (field, "=A1+1", "formula")
            for field in ("application_number", "filed_on", "trl", "ipc", "source_key", "owners", "keywords")
        ],
    ],
)
def test_a_cell_that_cannot_be_read_names_its_column(field: str, cell: str, says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        one(field, cell)
    assert refused.value.field == "C"


def test_a_formula_in_a_text_stays_as_it_is_written() -> None:
    assert one("abstract", "=SUM(A1:A3)") == {"en": "=SUM(A1:A3)"}
    assert cleaned("'=SUM(A1:A3)") == "=SUM(A1:A3)"  # as our own files of rejected rows write it


def test_no_title_is_refused_at_the_title() -> None:
    with pytest.raises(Refused, match="no title") as refused:
        read_row({"T": " ", "A": "text"}, {"T": "title", "A": "abstract"})
    assert refused.value.field == "T"


@pytest.mark.parametrize(
    ("text", "language"),
    [("", "en"), ("123", "en"), ("装置", "zh"), ("MEMS 陀螺仪", "zh"), ("A 用于 B device for C", "en")],
)
def test_language(text: str, language: str) -> None:
    assert language_of(text) == language


@given(st.dictionaries(st.sampled_from(list(FIELDS)), st.text(max_size=80), min_size=1))
def test_any_cells_are_read_or_refused_in_a_column_of_the_row(cells: dict[str, str]) -> None:
    columns = {field: field for field in FIELDS}
    try:
        values = read_row(cells, columns)
    except Refused as problem:
        assert problem.field in columns
        assert str(problem)
    else:
        assert values.keys() <= WRITABLE | {"public_id"}
