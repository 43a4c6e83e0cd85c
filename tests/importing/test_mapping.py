"""Proposing what columns mean: exports of every origin, spelling variants, and what the values say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from marketplace.catalogue.words import FIELD_WORDS
from marketplace.importing.fields import HEADERS as FIELDS
from marketplace.importing.mapping import columns_of, headers_hash, propose
from marketplace.importing.readers import Row, Table


def table(headers: str, *lines: tuple[str, ...]) -> Table:
    names = tuple(header.strip() for header in headers.split(","))

    def start() -> Iterator[Row]:
        return (Row(number, cells) for number, cells in enumerate(lines, 2))

    return Table(names, start)


EXPORTS = {
    "Category,Abstract,Title,Reference Number,Center,Patent Number,Serial Number,Expiration Date,Facility": {
        "Category": "category",
        "Abstract": "abstract",
        "Title": "title",
        "Reference Number": "source_key",
        "Center": "keywords",
        "Patent Number": "publication_number",
        "Serial Number": "application_number",
        "Expiration Date": "expires_on",
        "Facility": "owners",
    },
    "标题,摘要,申请人,公开（公告）号,公开（公告）日,申请号,申请日,专利类型,IPC主分类,IPC,国民经济分类,发明人,当前法律状态": {
        "标题": "title",
        "摘要": "abstract",
        "申请人": "applicants",
        "公开（公告）号": "publication_number",
        "申请号": "application_number",
        "申请日": "filed_on",
        "专利类型": "patent_kind",
        "IPC主分类": "ipc",
        "IPC": "ipc",
        "国民经济分类": "industries",
        "发明人": "inventors",
        "当前法律状态": "legal_status",
    },
    "公开(公告)号,标题,申请号,申请日,授权日,专利类型,法律状态/事件,[标]当前申请(专利权)人,发明人,IPC分类号,失效日,权利要求数": {
        "公开(公告)号": "publication_number",
        "标题": "title",
        "申请号": "application_number",
        "申请日": "filed_on",
        "授权日": "granted_on",
        "专利类型": "patent_kind",
        "法律状态/事件": "legal_status",
        "[标]当前申请(专利权)人": "owners",
        "发明人": "inventors",
        "IPC分类号": "ipc",
        "失效日": "expires_on",
    },
    "id,title,assignee,inventor/author,priority date,filing/creation date,publication date,grant date,result link": {
        "id": "source_key",
        "title": "title",
        "assignee": "owners",
        "inventor/author": "inventors",
        "filing/creation date": "filed_on",
        "grant date": "granted_on",
    },
    "Display Key,Lens ID,Title,Abstract,Publication Date,Application Date,Jurisdiction,Document Type,Legal Status,Inventors,Owners,URL": {
        "Display Key": "publication_number",
        "Lens ID": "source_key",
        "Title": "title",
        "Abstract": "abstract",
        "Application Date": "filed_on",
        "Document Type": "patent_kind",
        "Legal Status": "legal_status",
        "Inventors": "inventors",
        "Owners": "owners",
    },
}


@pytest.mark.parametrize("headers", EXPORTS)
def test_exports_are_proposed_right_by_themselves(headers: str) -> None:
    assert columns_of(propose(table(headers))) == EXPORTS[headers]


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("ABSTRACT ", "abstract"),
        ("Aplication Number", "application_number"),
        ("Patent  Title", "title"),
        ("成果名称", "title"),
        ("申请（专利权）人", "owners"),
        ("Tech readiness level", "trl"),
        ("TRL", "trl"),
        ("Inventors (all)", "inventors"),
        ("价格", None),
    ],
)
def test_headers_near_and_far(header: str, field: str | None) -> None:
    assert propose(table(header))[0].field == field


def test_values_contradict_a_header() -> None:
    lines = [(text,) for text in ("soon", "unknown yet", "later")]
    assert propose(table("Expiration Date", *lines))[0].field is None
    assert (
        propose(table("Expiration Date", ("2034-03-11 00:00:00",), ("1970-01-01 00:00:00",)))[0].field == "expires_on"
    )


def test_values_speak_where_headers_do_not() -> None:
    lines = [
        ("一种装置", "201710601862.3", "B23C 3/00;B24B 1/00", "CN107345678A", "x" * 200),
        ("另一种", "95115608.X", "H01M 10/05", "", "y" * 150),
    ]
    fields = [one.field for one in propose(table("A,B,C,D,E", *lines))]
    assert fields == [None, "application_number", "ipc", "publication_number", "abstract"]


def test_one_value_fields_get_one_column_and_samples_are_shown() -> None:
    proposals = propose(table("Title,Name,Abstract", ("a", "b", "c" * 30), ("d", "", "/")))
    assert [one.field for one in proposals] == ["title", None, "abstract"]
    assert proposals[0].samples == ("a", "d")
    assert proposals[1].samples == ("b",)


def test_headers_are_known_again_in_any_dress() -> None:
    assert headers_hash(["Title", "公开（公告）号"]) == headers_hash([" TITLE", "公开(公告)号"])
    assert headers_hash(["a", "b"]) != headers_hash(["b", "a"])


def test_every_field_has_words() -> None:
    assert set(FIELDS) <= set(FIELD_WORDS)
