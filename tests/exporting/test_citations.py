"""Citations: entries that reference managers read, with nothing in them that LaTeX would run, for whoever may read the page."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import rispy
from bs4 import BeautifulSoup
from pybtex.database import parse_string

from marketplace.exporting.citations import numbers
from tests import factories as make


@pytest.mark.parametrize(
    ("publication", "docdb", "epodoc"),
    [
        ("CN107345678B", "CN 107345678 B", "CN107345678"), ("CN1034567C", "CN 1034567 C", "CN1034567"), ("US7438030B2", "US 7438030 B2", "US7438030"),
        ("US20050123456A1", "US 2005123456 A1", "US2005123456"), ("USRE12345E1", "US RE12345 E1", "USRE12345"), ("EP1234567", None, "EP1234567"),
        ("WO2017093456A1", "WO 2017093456 A1", "WO2017093456"),
    ],
)
def test_numbers_as_the_offices_write_them(publication: str, docdb: str | None, epodoc: str) -> None:
    assert numbers(publication) == (docdb, epodoc)


@pytest.mark.parametrize("publication", [None, "", "123", "专利 12", "CN 107345678 B", "cn107345678b"])
def test_what_is_no_publication_number_has_none(publication: str | None) -> None:
    assert numbers(publication) is None


def cited(client: Any, technology: Any, form: str, lang: str = "en") -> Any:
    return client.get(f"/{lang}/technologies/{technology.public_id}.{form}")


def patent(**values: Any) -> Any:
    return make.technology(**{"publication_number": "CN107345678B", "application_number": "201710601862.3", "filed_on": date(2017, 7, 21),
                              "granted_on": date(2019, 3, 5), "inventors": ["张伟", "Smith, John"], "owners": ["东岭大学"], **values})


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_bibtex(client: Any, session: Any, lang: str) -> None:
    technology = patent()
    answer = cited(client, technology, "bib", lang)
    assert answer.headers["Content-Type"] == "application/x-bibtex; charset=utf-8"
    assert f"techbridge-{technology.public_id}.bib" in answer.headers["Content-Disposition"]
    [(key, entry)] = parse_string(answer.get_data(as_text=True), "bibtex").entries.items()
    assert key == "CN107345678B" and entry.type == "patent"
    assert entry.fields["title"] == f"{{{technology.title[lang]}}}" and entry.fields["year"] == "2019"
    assert [str(person) for person in entry.persons["author"]] == ["张伟", "Smith, John"]
    assert entry.fields["holder"] == "{东岭大学}" and entry.fields["number"] == "CN107345678B"
    assert entry.fields["url"] == f"http://127.0.0.1:5000/{lang}/technologies/{technology.public_id}"


def test_nothing_typed_runs_in_latex_or_breaks_the_entry(client: Any, session: Any) -> None:
    technology = patent(title={"en": r"\input{/etc/passwd} 50% & C# $x$ a_b }{ ~^ " + '"so"\n@misc{evil,'}, inventors=["Tom and Jerry", "A, B, C, D", "x}y"])
    text = cited(client, technology, "bib").get_data(as_text=True)
    assert "\\input" not in text and "$" not in text
    assert all(escaped in text for escaped in (r"50\%", r"\&", r"C\#", r"a\_b", r"\textbackslash", r"\textbraceleft"))
    [(_key, entry)] = parse_string(text, "bibtex").entries.items()
    assert len(entry.persons["author"]) == 3


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_ris(client: Any, session: Any, lang: str) -> None:
    technology = patent(title={"en": "One\nTY  - JOUR", "zh": "一\nER  - "})
    answer = cited(client, technology, "ris", lang)
    assert answer.headers["Content-Type"] == "application/x-research-info-systems; charset=utf-8"
    [record] = rispy.loads(answer.get_data(as_text=True))
    assert record["type_of_reference"] == "PAT" and record["authors"] == ["张伟", "Smith, John"] and record["number"] == "CN107345678B"
    assert record["title"] in ("One TY - JOUR", "一 ER -") and record["year"] == "2019"


def test_what_is_no_patent_is_not_cited_as_one(client: Any, session: Any) -> None:
    software = make.technology(kind="software")
    assert cited(client, software, "bib").get_data(as_text=True).startswith(f"@misc{{techbridge-{software.public_id}")
    assert rispy.loads(cited(client, software, "ris").get_data(as_text=True))[0]["type_of_reference"] == "COMP"


@pytest.mark.parametrize("values", [{"visibility": "members"}, {"state": "draft"}])
@pytest.mark.parametrize("form", ["bib", "ris"])
def test_access_is_the_page_s(client: Any, session: Any, values: dict[str, str], form: str) -> None:
    owner, stranger = make.person(), make.person()
    technology = patent(owner=make.organisation(owner), **values)
    assert cited(client, technology, form).status_code == 404
    client.login(stranger)
    assert cited(client, technology, form).status_code == 404
    client.login(owner)
    assert cited(client, technology, form).status_code == 200
    assert client.get("/en/technologies/nothing.bib").status_code == 404


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_shows_the_numbers_and_the_links(client: Any, session: Any, lang: str) -> None:
    technology = patent()
    page = BeautifulSoup(client.get(f"/{lang}/technologies/{technology.public_id}").get_data(as_text=True), "lxml")
    facts = {dt.get_text(): dt.find_next("dd").get_text() for dt in page.select("dl.facts dt")}
    assert facts["DOCDB"] == "CN 107345678 B" and facts["epodoc"] == "CN107345678"
    links = {a.get_text(): a["href"] for a in page.select(".exports a")}
    assert links == {name: f"/{lang}/technologies/{technology.public_id}.{form}" for name, form in (("BibTeX", "bib"), ("RIS", "ris"))}
