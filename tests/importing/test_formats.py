"""Exports of patent databases as their users have them: known by their headers, read as they mean it, brought in whole."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from marketplace.access import SYSTEM
from marketplace.catalogue import operations as catalogue
from marketplace.catalogue.models import Technology
from marketplace.db import now
from marketplace.importing import template
from marketplace.importing.readers import open_table
from marketplace.importing.rows import read_row
from marketplace.people.models import Organisation

GOOGLE = """search URL:,https://patents.example/?q=(deburring)
id,title,assignee,inventor/author,priority date,filing/creation date,publication date,grant date,result link,representative figure link
US-9254383-B2,Deburring tool for crossing bores,"Dongling Machine Co., Ltd.","John Smith, Mary Ann Jones",2012-03-01,2013-02-28,2016-02-09,2016-02-09,https://patents.example/US9254383B2,
CN-107345678-A,"Cutter, with cooling",,王小明,2017-07-01,2017-07-21,2018-01-02,,https://patents.example/CN107345678A,
"""
LENS = {
    "Display Key": "US 9254383 B2", "Lens ID": "012-345-678-901-234", "Title": "Deburring tool",
    "Abstract": "A tool for crossing bores.", "Publication Date": "2016-02-09", "Application Date": "2013-02-28",
    "Earliest Priority Date": "2012-03-01", "Jurisdiction": "US", "Document Type": "Granted Patent",
    "Legal Status": "EXPIRED", "Applicants": "DONGLING MACHINE CO LTD;;BEIYANG UNIV",
    "Inventors": "SMITH JOHN;;JONES, MARY ANN", "Owners": "DONGLING MACHINE CO., LTD (2016-01-02)",
    "CPC Classifications": "B23D79/00;;Y10T407/00", "IPCR Classifications": "B23D79/00",
    "Simple Family Members": "US 9254383 B2;;CN 103456789 A", "Simple Family Size": "2", "Cited by Patent Count": "3",
    "URL": "https://lens.example/1",
}
INCOPAT = {
    "标题": "一种交叉孔去毛刺刀具", "摘要": "本发明公开了一种刀具。", "申请人": "东岭机床有限公司;东岭大学", "公开（公告）号": "CN107345678B",
    "公开（公告）日": "2019-01-02",
    "申请号": "CN201710601862.3", "申请日": "20170721", "专利类型": "发明授权", "IPC主分类": "B23D79/00",
    "IPC": "B23D79/00(2006.01)I;B24B9/00", "CPC": "B23D79/00", "国民经济分类": "C3421", "标准化当前权利人": "东岭大学", "发明人": "张三;李四",
    "专利有效性": "失效", "当前法律状态": "未缴年费", "工商统一社会信用代码": "", "首项权利要求": "1. 一种刀具",
}
PATSNAP = {
    "公开(公告)号": "CN207345678U", "标题": "一种夹具", "申请号": "CN201721234567.0", "申请日": "2017-09-25", "授权日": "2018-06-01",
    "专利类型": "实用新型", "法律状态/事件": "授权 | 权利转移", "[标]当前申请(专利权)人": "ACME TOOLS, INC. | 东岭大学", "发明人": "TANNER, CHRISTOPHER | 李四",
    "IPC分类号": "B23Q3/06 | B25B11/00", "IPC主分类号": "B23Q3/06", "[标]技术问题短语": "夹持不稳 | 效率低", "[标]技术功效短语": "夹持稳定", "失效日": "",
    "权利要求数": "8",
}
CNIPA = {
    "申请号": "95115608.X", "公开（公告）号": "CN1123456C", "名称": "海水养殖水处理", "申请（专利权）人": "东岭大学", "发明（设计）人": "王五;赵六",
    "主分类号": "C02F1/00", "分类号": "C02F1/00;A01K63/04", "主权项": "1.…", "法律状态": "期限届满",
}


ROWS = {"lens": LENS, "incopat": INCOPAT, "patsnap": PATSNAP, "cnipa": CNIPA}


def first(path: Path) -> tuple[str, dict[str, Any]]:
    """The format of the file and the values of its first row."""
    table = open_table(path)
    row = next(iter(table.rows()))
    assert row.fault is None
    return table.format, read_row(dict(zip(table.headers, row.cells, strict=True)), table.columns, table.format)


def csv_text(row: dict[str, str]) -> str:
    """A csv of one row under its headers."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows([list(row), list(row.values())])
    return buffer.getvalue()


def workbook_of(row: dict[str, str]) -> bytes:
    """A workbook of one row under its headers."""
    book, buffer = Workbook(), io.BytesIO()
    book.active.append(list(row))
    book.active.append(list(row.values()))
    book.save(buffer)
    return buffer.getvalue()


def _technology() -> Technology:
    made = catalogue.draft(SYSTEM, Organisation(id=1), now())
    catalogue.fill(made, {
        "title": {"zh": "薄壁件铣削", "en": "=Milling"}, "application_number": "201710601862.3", "filed_on": date(2017, 7, 21), "inventors": ["张三 李四"],
        "offer": {"mode": "licence", "terms": {"currency": "CNY", "trial": {"months": 6}}},
    })
    made.public_id = "abcdefgh2345"
    return made


def template_csv() -> bytes:
    """Our template as csv with one technology."""
    return "".join(template.csv_lines("technology", [_technology()], "zh")).encode()


def template_workbook() -> bytes:
    """Our template as a workbook with one technology."""
    with template.written("technology", [_technology()], "zh") as file:
        return file.read()


def as_csv(path: Path, row: dict[str, str], encoding: str = "utf-8-sig") -> Path:
    path.write_bytes(csv_text(row).encode(encoding))
    return path


def as_xlsx(path: Path, row: dict[str, str]) -> Path:
    path.write_bytes(workbook_of(row))
    return path


def test_google_patents(tmp_path: Path) -> None:
    path = tmp_path / "gp-search.csv"
    path.write_text(GOOGLE, encoding="utf-8")
    assert first(path) == ("google", {
        "publication_number": "US9254383B2", "title": {"en": "Deburring tool for crossing bores"}, "owners": ["Dongling Machine Co., Ltd."],
        "inventors": ["John Smith", "Mary Ann Jones"], "filed_on": date(2013, 2, 28), "granted_on": date(2016, 2, 9), "kind": "patent",
    })
    table = open_table(path)
    _, second = table.rows()
    values = read_row(dict(zip(table.headers, second.cells, strict=True)), table.columns, table.format)
    assert (values["kind"], values["title"], values["inventors"]) == ("patent_application", {"en": "Cutter, with cooling"}, ["王小明"])


def test_lens(tmp_path: Path) -> None:
    name, values = first(as_csv(tmp_path / "lens.csv", LENS))
    assert name == "lens"
    assert (values["publication_number"], values["source_key"], values["legal_status"], values["patent_kind"]) == (
        "US9254383B2", "012-345-678-901-234", "expired", "invention",
    )
    assert values["inventors"] == ["SMITH JOHN", "JONES, MARY ANN"] and values["owners"] == ["DONGLING MACHINE CO., LTD (2016-01-02)"]
    assert values["ipc"] == ["B23D 79/00", "Y10T 407/00"] and values["family"] == ["US9254383B2", "CN103456789A"]
    assert first(as_csv(tmp_path / "no-owner.csv", {**LENS, "Owners": ""}))[1]["owners"] == ["DONGLING MACHINE CO LTD", "BEIYANG UNIV"]


@pytest.mark.parametrize("row", [INCOPAT, {header.replace("（", "(").replace("）", ")"): cell for header, cell in INCOPAT.items()}], ids=["full", "half"])
def test_incopat_with_brackets_of_either_width(tmp_path: Path, row: dict[str, str]) -> None:
    name, values = first(as_xlsx(tmp_path / "upload", row))
    assert name == "incopat"
    assert (values["application_number"], values["publication_number"], values["kind"], values["legal_status"]) == (
        "201710601862.3", "CN107345678B", "patent", "lapsed",
    )
    assert (values["owners"], values["inventors"], values["filed_on"]) == (["东岭大学"], ["张三", "李四"], date(2017, 7, 21))
    assert (values["ipc"], values["industries"]) == (["B23D 79/00", "B24B 9/00"], ["C3421"])


def test_patsnap(tmp_path: Path) -> None:
    name, values = first(as_xlsx(tmp_path / "upload", PATSNAP))
    assert name == "patsnap"
    assert values["owners"] == ["ACME TOOLS, INC.", "东岭大学"] and values["inventors"] == ["TANNER, CHRISTOPHER", "李四"]
    assert (values["patent_kind"], values["legal_status"], values["keywords"]) == ("utility_model", "in_force", {"zh": ["夹持不稳", "效率低"]})


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_cnipa(tmp_path: Path, encoding: str) -> None:
    name, values = first(as_csv(tmp_path / "list.csv", CNIPA, encoding))
    assert (name, values["application_number"], values["legal_status"], values["title"]) == ("cnipa", "95115608.X", "expired", {"zh": "海水养殖水处理"})
    assert (values["inventors"], values["ipc"]) == (["王五", "赵六"], ["C02F 1/00", "A01K 63/04"])


def test_a_format_is_told_by_its_headers_alone(tmp_path: Path) -> None:
    few = {name: LENS[name] for name in ("Title", "Abstract", "Legal Status")}
    assert open_table(as_csv(tmp_path / "lens-export.csv", few)).format == "table"
