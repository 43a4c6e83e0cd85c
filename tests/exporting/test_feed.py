"""Feeds: what RFC 4287 wants, the newest first, for visitors alone, and 304 when nothing changed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import text
from sqlalchemy.dialects import sqlite

from marketplace.exporting import operations
from marketplace.needs.models import Need
from tests import factories as make

A = "{http://www.w3.org/2005/Atom}"
LINK = re.compile(r'<link rel="alternate" type="application/atom\+xml" title="([^"]+)" href="([^"]+)">')
UTC_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def read(answer: Any) -> Any:
    assert answer.status_code == 200 and answer.mimetype == "application/atom+xml", answer.status
    return etree.fromstring(answer.data)


def titles(answer: Any) -> list[str]:
    return [entry.findtext(f"{A}title") for entry in read(answer).iter(f"{A}entry")]


@pytest.mark.parametrize("address", ["/zh/technologies.atom", "/en/technologies.atom?q=laser", "/zh/needs.atom?mode=licence", "/en/open-calls.atom?q=welding"])
def test_a_feed_has_what_the_standard_wants(client: Any, catalogue: Any, address: str) -> None:
    root = read(client.get(address))
    assert root.tag == f"{A}feed" and len(root.findall(f"{A}entry"))
    for element in (root, *root.findall(f"{A}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{A}{name}")) == 1 and element.findtext(f"{A}{name}")
        assert UTC_MOMENT.fullmatch(element.findtext(f"{A}updated"))
        assert element.findtext(f"{A}id").startswith("tag:127.0.0.1,2026:")
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{A}link")}
    assert links["self"] == f"http://127.0.0.1:5000{address}"
    assert links["alternate"].startswith("http://127.0.0.1:5000/") and ".atom" not in links["alternate"]
    for entry in root.findall(f"{A}entry"):
        assert entry.findtext(f"{A}author/{A}name") and entry.findtext(f"{A}summary")
        assert [link.get("rel") for link in entry.findall(f"{A}link")] == ["alternate"]


def test_the_newest_publication_comes_first_whatever_fits_best(client: Any, session: Any, indexed: Any) -> None:
    best = make.technology(title={"en": "Laser laser laser"}, published=make.NOW)
    entered_first = make.technology(title={"en": "Dull title"}, abstract={"en": "by laser"}, published=make.NOW + timedelta(days=3))
    entered_last = make.technology(title={"en": "Laser lamp"}, published=make.NOW + timedelta(days=1))
    indexed()
    wanted = [one.title["en"] for one in (entered_first, entered_last, best)]
    assert titles(client.get("/en/technologies.atom?q=laser")) == wanted
    assert titles(client.get("/en/technologies.atom")) == wanted


def test_a_late_publication_of_an_early_draft_is_found_beyond_the_last_entered(session: Any, indexed: Any) -> None:
    late = make.technology(title={"en": "Laser early"}, published=make.NOW + timedelta(days=9))
    for n in range(4):
        make.technology(title={"en": f"Laser {n}"}, published=make.NOW + timedelta(hours=n))
    indexed()
    assert [one.id for one in operations.newest("technology", "laser", {}, 2)][0] == late.id


@pytest.mark.parametrize("who", ["visitor", "member", "operator"])
def test_only_what_a_visitor_may_read_whoever_asks(client: Any, catalogue: Any, who: str) -> None:
    if who == "member":
        somebody = make.person()
        make.organisation(somebody)
        client.login(somebody)
    elif who == "operator":
        client.login(make.operator())
    for address in ("/en/technologies.atom", "/en/technologies.atom?q=laser", "/en/needs.atom", "/en/needs.atom?language=en"):
        found = " ".join(titles(client.get(address)))
        assert found
        for hidden in ("members", "draft", "withdrawn"):
            assert hidden not in found
    assert "Laser for members" not in client.get("/en/technologies.atom?q=laser").get_data(as_text=True)


def test_filters_are_those_of_the_search(client: Any, catalogue: Any) -> None:
    assert titles(client.get("/en/technologies.atom?field=textiles")) == ["Dyeing aid"]
    assert titles(client.get("/en/technologies.atom?q=laser&maturity=3")) == []
    assert read(client.get("/en/technologies.atom?q=laser&maturity=3")).findtext(f"{A}updated")
    assert titles(client.get("/en/technologies.atom?visibility=members")) == titles(client.get("/en/technologies.atom"))


def test_not_more_than_fifty(client: Any, session: Any, indexed: Any) -> None:
    for _n in range(55):
        make.technology()
    indexed()
    assert len(titles(client.get("/en/technologies.atom"))) == 50
    assert len(titles(client.get("/en/technologies.atom?language=en"))) == 50


def test_nothing_typed_breaks_the_feed(client: Any, catalogue: Any) -> None:
    found = titles(client.get("/en/technologies.atom?q=laser"))
    assert any("</script>" in title for title in found) and "\x0b" not in " ".join(found)
    assert client.get("/en/technologies.atom?q=%00%0B%1F<a&field=%22").status_code == 200
    assert client.get("/en/nothing.atom").status_code == 404


def test_a_name_stays_whatever_the_order_of_the_filters(client: Any, catalogue: Any) -> None:
    names = {read(client.get(f"/en/technologies.atom?{query}")).findtext(f"{A}id") for query in ("q=laser&field=optics", "field=optics&q=laser")}
    assert len(names) == 1
    assert read(client.get("/zh/technologies.atom?q=laser&field=optics")).findtext(f"{A}id") not in names


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_nothing_new_is_304(client: Any, session: Any, catalogue: Any, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding}
    first = client.get("/en/technologies.atom", headers=headers)
    assert first.headers["Last-Modified"] and first.headers["ETag"]
    for asked in ({"If-None-Match": first.headers["ETag"]}, {"If-Modified-Since": first.headers["Last-Modified"]}):
        assert client.get("/en/technologies.atom", headers={**headers, **asked}).status_code == 304
    make.technology(published=make.NOW + timedelta(days=30), updated=make.NOW + timedelta(days=30))
    for asked in ({"If-None-Match": first.headers["ETag"]}, {"If-Modified-Since": first.headers["Last-Modified"]}):
        assert client.get("/en/technologies.atom", headers={**headers, **asked}).status_code == 200


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_search_page_names_its_feed(client: Any, catalogue: Any, lang: str) -> None:
    page = client.get(f"/{lang}/technologies?q=laser&field=optics").get_data(as_text=True)
    address = LINK.search(page)[2].replace("&amp;", "&")
    assert address == f"/{lang}/technologies.atom?q=laser&field=optics"
    assert page.count(LINK.search(page)[2]) == 2, "in the head and where a reader sees it"
    assert len(titles(client.get(address))) == 1


@pytest.mark.parametrize("kind", ["technology", "need"])
def test_the_order_of_publication_is_read_off_an_index(app: Any, session: Any, kind: str) -> None:
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("SQLite tells its plan in these words")
    model = operations.MODELS[kind]
    query = operations.latest(model, 50).compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    plan = " ".join(row.detail for row in session.execute(text(f"EXPLAIN QUERY PLAN {query}")))
    assert f"ix_{kind}_visibility_published_id" in plan and "B-TREE" not in plan, plan
    assert model is not Need or "SCAN" not in plan
