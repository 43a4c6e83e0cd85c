"""Our template: out, edited, in again, without loss; and no cell of it can be run."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from marketplace.access import SYSTEM
from marketplace.catalogue import operations as catalogue
from marketplace.db import now
from marketplace.importing import releasing, review, template
from marketplace.importing.cells import literal
from marketplace.importing.fields import LISTINGS, harmless
from marketplace.importing.rows import read_row
from marketplace.needs import operations as needs
from marketplace.people.models import Organisation, Person
from tests import factories as make
from tests.importing.bringing import import_file

TERMS = {"currency": "CNY", "trial": {"months": 6}, "conversion": {"price": "200000"}}
FULL: dict[str, Any] = {
    "title": {"zh": "=一种<b>薄壁件</b>铣削方法", "en": "'=Milling & of thin walls &amp; more"},
    "abstract": {"zh": "抑制颤振。\n第二行；有分号", "en": "- damps chatter\n  indented"},
    "advantages": {"zh": "@优势"}, "applications": {"en": "+5 % yield"},
    "keywords": {"zh": ["铣削", "颤振；振动"], "en": ["thin; wall"]},
    "kind": "patent", "application_number": "201710601862.3", "publication_number": "CN107345678B", "patent_kind": "invention",
    "legal_status": "in_force", "filed_on": date(2017, 7, 21), "granted_on": date(2019, 1, 2), "family": ["US9254383B2"],
    "owners": ["Dongling Machine Co., Ltd."], "inventors": ["张三 李四", "TANNER, CHRISTOPHER"], "ipc": ["B23C 3/00"], "field": "machine_tools",
    "industries": ["C3484"], "trl": 6, "visibility": "members", "listed_until": date(2030, 1, 1),
}


def written(path: Path, kind: str, things: list[Any]) -> Path:
    """The template with these listings."""
    if path.suffix == ".csv":
        path.write_text("".join(template.csv_lines(kind, things, "zh")), encoding="utf-8", newline="")
    else:
        with template.written(kind, things, "zh") as file:
            path.write_bytes(file.read())
    return path


def counted(run: Any) -> dict[str, int]:
    return {outcome: count for outcome, count in review.counts(run).items() if count}


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_technology_comes_back_as_it_went(session: Any, owner: Person, institute: Organisation, tmp_path: Path, suffix: str) -> None:
    offer = {
        "mode": "licence", "exclusivity": "sole", "field_of_use": {"zh": "机床", "en": "Machine tools"}, "territory": "CN", "term_months": 36,
        "sublicensing": True, "terms": TERMS,
    }
    made = catalogue.create_technology(owner, institute, **FULL, offer=offer)
    bare = catalogue.create_technology(owner, institute, title={"zh": "仅有标题的成果"})
    session.flush()
    before = [catalogue.content(made), catalogue.content(bare)]
    run = import_file(owner, institute, written(tmp_path / f"t.{suffix}", "technology", [made, bare]))
    assert (run.format, counted(run)) == ("template", {"unchanged": 2}), list(review.rejected(run.id))
    assert [catalogue.content(made), catalogue.content(bare)] == before


def test_a_cell_that_is_emptied_in_the_template_empties_the_field(session: Any, owner: Person, institute: Organisation, tmp_path: Path) -> None:
    made = catalogue.create_technology(owner, institute, **FULL, offer={"mode": "licence", "terms": TERMS})
    session.flush()
    book = load_workbook(written(tmp_path / "t.xlsx", "technology", [made]))
    sheet = book[template.SHEETS["technology"]]
    place = {cell.value: cell.column for cell in sheet[1]}
    for name in ("advantages_zh", "trl", "inventors", "mode", "terms", "title_en", "filed_on"):
        sheet.cell(2, place[LISTINGS["technology"].headers[name]]).value = None
    sheet.cell(2, place[LISTINGS["technology"].headers["abstract_zh"]]).value = "新的摘要"
    book.save(tmp_path / "edited.xlsx")
    run = import_file(owner, institute, tmp_path / "edited.xlsx")
    assert counted(run) == {"updated": 1}
    assert (made.advantages, made.trl, made.inventors, made.offer) == ({}, None, [], None)
    assert (made.abstract["zh"], made.title, made.filed_on, made.expires_on) == ("新的摘要", {"zh": FULL["title"]["zh"]}, None, None)
    releasing.undo(owner, run)
    list(releasing.undo_rows(owner, run))
    session.flush()
    assert catalogue.content(made)["offer"]["mode"] == "licence"
    assert (made.abstract, made.trl, made.expires_on, made.expiry_computed) == (FULL["abstract"], 6, date(2037, 7, 21), True)


def test_a_number_of_another_organisation_is_refused(session: Any, owner: Person, institute: Organisation, tmp_path: Path) -> None:
    stranger = make.person()
    theirs = catalogue.create_technology(stranger, make.organisation(stranger), title={"zh": "别家的成果"})
    session.flush()
    run = import_file(owner, institute, written(tmp_path / "t.csv", "technology", [theirs]))
    [row] = review.rejected(run.id)
    assert (row.column, row.facts["why"]["number"]) == (LISTINGS["technology"].headers["public_id"], theirs.public_id)


def test_a_need_comes_back_as_it_went(session: Any, owner: Person, tmp_path: Path) -> None:
    firm = make.organisation(owner, kind="enterprise")
    targets = [
        {"quantity": {"zh": "粗糙度|Ra", "en": "roughness"}, "today": "3.2", "wanted": "0.8", "unit": "µm", "direction": "at_most"},
        {"quantity": {"en": "yield"}, "today": None, "wanted": "99.5", "unit": "%", "direction": "at_least"},
    ]
    need = needs.create_need(
        owner, firm, title={"zh": "去毛刺", "en": "=Deburring"}, problem={"zh": "交叉孔毛刺。\n手工去不净"}, tried={"zh": "手工；电解"},
        volume={"zh": "年产10万件"},
        targets=targets, budget_min=30_000_050, budget_max=50_000_000, payer="firm", cash="planned", deadline=date(2027, 3, 1),
        modes=["licence", "open_call"], industry="C3484", region="330000", visibility="members", language="zh",
    )
    session.flush()
    before = needs.content(need)
    for suffix in ("xlsx", "csv"):
        run = import_file(owner, firm, written(tmp_path / f"n.{suffix}", "need", [need]), listing="need")
        assert (run.format, counted(run)) == ("template_needs", {"unchanged": 1}), [row.reason for row in review.rejected(run.id)]
    assert needs.content(need) == before


@given(st.text(max_size=40))
def test_a_guarded_cell_is_read_as_it_was(text: str) -> None:
    plain = literal(text)
    assert literal(harmless(plain)) == plain
    assert not harmless(plain).startswith(("=", "+", "-", "@", "\t", "\r"))


WORD = (
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Co", "Zl", "Zp")), min_size=1, max_size=30)
    .map(lambda text: " ".join(text.split())).filter(bool)
)


@settings(max_examples=50, deadline=None)
@given(title=WORD, abstract=WORD, words=st.lists(WORD, max_size=3, unique=True), names=st.lists(WORD, max_size=3, unique=True))
def test_any_text_comes_back_as_it_went(title: str, abstract: str, words: list[str], names: list[str]) -> None:
    thing = catalogue.draft(SYSTEM, Organisation(id=1), now())
    values = {"title": {"zh": title}, "abstract": {"en": abstract}, "keywords": {"zh": words}, "owners": names, "inventors": names}
    catalogue.fill(thing, values)
    thing.public_id = "abcdefgh2345"
    buffer = io.StringIO()
    csv.writer(buffer).writerow([harmless(cell) for cell in template.cells_of(thing)])
    cells = dict(zip(template.headers("technology"), next(csv.reader(io.StringIO(buffer.getvalue(), newline=""))), strict=False))
    columns = {LISTINGS["technology"].headers[name]: name for name in template.COLUMNS["technology"]}
    read = read_row(cells, columns, "template")
    assert {name: read[name] or [] for name in ("owners", "inventors")} == {"owners": names, "inventors": names}
    assert (read["title"]["zh"], read["abstract"]["en"], read["keywords"]["zh"]) == (title, abstract, words)
