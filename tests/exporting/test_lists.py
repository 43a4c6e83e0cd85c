"""Open lists: every listing of the search and no other, nothing in them that runs, and no PDF that reaches out."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from openpyxl import load_workbook

from marketplace import printing
from marketplace.exporting import spreadsheet, views
from marketplace.exporting.lists import LISTS
from marketplace.exporting.text import one_line
from marketplace.exporting.words import LIST_WORDS, TABLE_WORDS
from marketplace.importing.fields import harmless
from marketplace.web import limiter
from tests import factories as make

TRIAL = {"currency": "CNY", "trial": {"months": 6}, "conversion": {"price": "200000.00"}}


def book(answer: Any) -> Any:
    assert answer.status_code == 200, answer.status
    assert answer.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    with answer:
        return load_workbook(io.BytesIO(answer.data))


def table(answer: Any) -> list[dict[str, Any]]:
    """The rows of the first sheet by the header."""
    header, *rows = book(answer).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The HTML that would be printed; what it becomes has a test of its own."""
    pages: list[str] = []

    class Writer:
        @staticmethod
        def pdf(html: str, _static: Path) -> bytes:
            pages.append(html)
            return b"%PDF-"

    monkeypatch.setattr(printing, "press", lambda: Writer)
    return pages


def articles(page: str) -> list[str]:
    return [each.get_text(" ", strip=True) for each in BeautifulSoup(page, "lxml").find_all("article")]


@pytest.mark.parametrize(
    ("text", "safe"),
    [("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"), ("\r=1", "'\r=1"), ("a=1", "a=1"), ("", "")],
)
def test_what_begins_like_a_formula_is_text(text: str, safe: str) -> None:
    assert harmless(text) == safe
    assert spreadsheet.cell(f"\x0b{text}") == safe, "nor hidden behind a character that is dropped"


def test_no_formula_reaches_the_spreadsheet(client: Any, session: Any, indexed: Any) -> None:
    make.technology(make.organisation(kind="institute", name={"en": "@SUM(1)"}), title={"en": "=HYPERLINK(\"http://x\")"}, inventors=["+cmd|' /C calc'!A0"])
    indexed()
    found = book(client.get("/en/technologies.xlsx"))
    values = {cell.value: cell.data_type for sheet in found for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert "f" not in values.values()
    assert {"'=HYPERLINK(\"http://x\")", "'@SUM(1)", "'+cmd|' /C calc'!A0"} <= set(values)


@pytest.mark.parametrize(("lang", "title", "organisation"), [("zh", "标题", "机构"), ("en", "Title", "Organisation")])
def test_technologies_as_a_table(client: Any, session: Any, indexed: Any, lang: str, title: str, organisation: str) -> None:
    technology = make.technology(filed_on=date(2017, 7, 21), publication_number="CN107345678B", offer={"mode": "licence", "terms": TRIAL})
    indexed()
    answer = client.get(f"/{lang}/technologies.xlsx")
    [row] = table(answer)
    assert row[title] == technology.title[lang] and row[organisation] == technology.organisation.name[lang]
    values = list(row.values())
    assert 6 in values and "CN107345678B" in values and f"http://127.0.0.1:5000/{lang}/technologies/{technology.public_id}" in values
    assert any(getattr(value, "year", 0) == 2017 for value in values)
    assert any({"zh": "20 万元", "en": "¥200,000"}[lang] in str(value) for value in values)
    sheet = book(client.get(f"/{lang}/technologies.xlsx")).worksheets[0]
    assert sheet.freeze_panes == "B2" and sheet.column_dimensions["A"].width == 44 and sheet["A2"].alignment.wrap_text
    assert sheet.auto_filter.ref.endswith("2")


def test_a_list_is_of_the_search_at_hand(client: Any, catalogue: Any, printed: list[str]) -> None:
    def titles(address: str) -> list[str]:
        return [row["Title"] for row in table(client.get(address))]

    assert titles("/en/technologies.xlsx?field=textiles") == ["Dyeing aid"]
    assert len(titles("/en/technologies.xlsx?q=laser")) == 2
    assert titles("/en/needs.xlsx") == ["Pores in laser welds"]
    assert titles("/en/open-calls.xlsx") == titles("/en/open-calls.xlsx?industry=C33&q=WELDING") == ["Open call on welding"]
    assert titles("/en/open-calls.xlsx?industry=C34") == titles("/en/open-calls.xlsx?state=ended") == []
    about = dict(row[:2] for row in book(client.get("/en/technologies.xlsx?q=laser&field=optics")).worksheets[1].iter_rows(min_row=2, values_only=True))
    assert about["Search words"] == "laser" and about["Field"] == "Optics" and about["Listings found"] == 1
    client.get("/en/technologies.pdf?q=laser&field=optics")
    facts = {dt.get_text(): dt.find_next("dd").get_text() for dt in BeautifulSoup(printed[0], "lxml").find_all("dt")}
    assert facts["Search words"] == "laser" and facts["Field"] == "Optics" and facts["Listings"] == "1"
    assert len(articles(printed[0])) == 1


@pytest.mark.parametrize("who", ["visitor", "stranger", "member"])
def test_everybody_gets_what_they_may_read(client: Any, catalogue: Any, printed: list[str], who: str) -> None:
    if who != "visitor":
        somebody = make.person()
        make.organisation(somebody, state="verified" if who == "member" else "unverified")
        client.login(somebody)
    for name, hidden in (("technologies", "Laser for members"), ("needs", "A need for members"), ("open-calls", "A call for members")):
        told = str(table(client.get(f"/en/{name}.xlsx")))
        client.get(f"/en/{name}.pdf")
        page = " ".join(articles(printed.pop()))
        assert (hidden in told) == (hidden in page) == (who == "member")
        assert (("verified organisations" in told) == ("for members only" in page) == (who == "member"))
        for never in ("draft", "withdrawn"):
            assert never not in told and never not in page


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_printed_entry(client: Any, session: Any, indexed: Any, printed: list[str], lang: str) -> None:
    technology = make.technology(publication_number="CN107345678B", offer={"mode": "licence", "terms": TRIAL})
    only_english = make.technology(title={"en": "Only <b>English</b>"})
    need = make.need(budget_min=10_000_000, budget_max=50_000_000)
    indexed()
    answer = client.get(f"/{lang}/technologies.pdf")
    assert answer.mimetype == "application/pdf" and answer.data.startswith(b"%PDF-")
    page = BeautifulSoup(printed[0], "lxml")
    assert page.html["lang"] == {"zh": "zh-Hans", "en": "en"}[lang] and page.h1.get_text() == str({"zh": "成果清单", "en": "List of technologies"}[lang])
    [entry] = [each for each in articles(printed[0]) if technology.title[lang] in each]
    for part in (technology.organisation.name[lang], "CN107345678B", f"/technologies/{technology.public_id}", {"zh": "20 万元", "en": "¥200,000"}[lang], "6"):
        assert part in entry
    title = page.find("a", string=only_english.title["en"])
    assert title.find_parent("h2")["lang"] == "en"
    assert "<b>English" not in printed[0]
    client.get(f"/{lang}/needs.pdf")
    [entry] = articles(printed[1])
    assert need.title[lang] in entry and "100,000" in entry and "500,000" in entry


def test_more_than_fit_is_said(client: Any, session: Any, indexed: Any, printed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "ON_PAPER", 2)
    monkeypatch.setattr(views, "IN_SPREADSHEET", 2)
    for _n in range(3):
        make.technology()
    indexed()
    note = "These are the first 2 of 3. Add words or filters"
    rows = [row[0] for row in book(client.get("/en/technologies.xlsx")).worksheets[0].iter_rows(values_only=True)]
    assert len(rows) == 4 and rows[3].startswith(note)
    client.get("/en/technologies.pdf")
    assert note in printed[0] and len(articles(printed[0])) == 2
    client.get("/en/technologies.pdf?q=nothingofthekind")
    assert "Nothing fits this search." in printed[1] and note not in printed[1]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_real_pdf_reads_nothing_but_our_style(client: Any, session: Any, indexed: Any, caplog: pytest.LogCaptureFixture, lang: str) -> None:
    pytest.importorskip("marketplace.paper", exc_type=OSError)
    make.technology()
    indexed()
    answer = client.get(f"/{lang}/technologies.pdf")
    assert answer.status_code == 200 and answer.data.startswith(b"%PDF-") and len(answer.data) > 5_000
    assert not [record for record in caplog.records if record.name == "weasyprint" and record.levelname == "ERROR"], "the style sheet was not read"


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:1/x.css", "https://example.com/x.svg", "file:///etc/passwd", "data:text/css,a{}", "static:../pyproject.toml", "static:/etc/hosts.css",
     "static:techbridge.js", "ftp://127.0.0.1/x.css"],
)
def test_the_pdf_fetches_nothing_else(address: str, app: Any) -> None:
    paper = pytest.importorskip("marketplace.paper", exc_type=OSError)
    files = paper.OwnFiles(Path(app.static_folder))
    with pytest.raises(ValueError, match="of our own"):
        files(address)
    assert b"@page" in files("static:paper.css").read()


def test_without_the_libraries_the_rest_works(client: Any, catalogue: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> None:
        raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(printing, "import_module", missing)
    printing.press.cache_clear()
    try:
        for lang in ("zh", "en"):
            answer = client.get(f"/{lang}/technologies.pdf")
            assert answer.status_code == 503 and "libpango-1.0-0" in answer.get_data(as_text=True)
            assert table(client.get(f"/{lang}/technologies.xlsx")) and client.get(f"/{lang}/technologies").status_code == 200
    finally:
        printing.press.cache_clear()


def test_pdfs_are_not_made_without_end(client: Any, catalogue: Any, printed: list[str]) -> None:
    limiter.enabled = True
    try:
        limiter.reset()
        answers = [client.get("/en/technologies.pdf").status_code for _n in range(31)]
    finally:
        limiter.reset()
        limiter.enabled = False
    assert set(answers[:30]) == {200} and answers[30] == 429


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_search_pages_link_to_their_lists(client: Any, catalogue: Any, lang: str) -> None:
    def links(address: str) -> set[str]:
        page = BeautifulSoup(client.get(f"/{lang}{address}").get_data(as_text=True), "lxml")
        return {link["href"].removeprefix(f"/{lang}") for link in page.select(".exports a")}

    assert links("/technologies?q=laser&page=2") == {f"/technologies.{form}?q=laser" for form in ("xlsx", "pdf", "atom")}
    assert links("/needs?grade=declared&mode=licence") == {f"/needs.{form}?grade=declared&mode=licence" for form in ("xlsx", "pdf", "atom")}
    assert links("/open-calls?industry=C33&after=x") == {f"/open-calls.{form}?industry=C33" for form in ("xlsx", "pdf", "atom")}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_list_of_calls_says_what_it_was_filtered_by(client: Any, session: Any, printed: list[str], lang: str) -> None:
    board = make.board()
    call = make.open_call(board=board, zone="Europe/Berlin", currency="EUR", amount=12_345_600, teams=3)
    make.open_call(title={"zh": "别的", "en": "Another"})
    answer = client.get(f"/{lang}/open-calls.xlsx?board={board.public_id}&region=330000")
    book_of = book(answer)
    [_header, row] = book_of.worksheets[0].iter_rows(values_only=True)
    assert call.title[lang] in row and board.title[lang] in row and 3 in row and any(str(cell) == "123456" for cell in row)
    assert any("UTC+0" in str(cell) and {"zh": "柏林", "en": "Berlin"}[lang] in str(cell) for cell in row)
    about = str(list(book_of.worksheets[1].iter_rows(values_only=True)))
    assert board.title[lang] in about and {"zh": "浙江省", "en": "Zhejiang"}[lang] in about
    client.get(f"/{lang}/open-calls.pdf?board={board.public_id}")
    [entry] = articles(printed[0])
    assert board.title[lang] in printed[0] and call.title[lang] in entry and "123,456" in entry


def test_every_list_has_its_words_and_no_other(client: Any, session: Any) -> None:
    assert set(LISTS) == set(LIST_WORDS) and "map" in TABLE_WORDS, "the map is counted, not listed: it is a table of its own"
    for form in ("xlsx", "pdf", "atom"):
        assert client.get(f"/en/nothing.{form}").status_code == 404


@pytest.mark.parametrize(
    ("text", "most", "short"),
    [("one two", 7, "one two"), ("one two three", 9, "one two…"), ("一二三四五", 4, "一二三…"), ("a\n b\x0b  c", 9, "a b c"), ("abcdefghij", 5, "abcd…"),
     ("It ends. Here", 10, "It ends…")],
)
def test_texts_are_cut_between_words(text: str, most: int, short: str) -> None:
    assert one_line(text, most) == short
