"""Sitemaps and robots.txt: every public page once in each language, nothing else, and nothing that needs an account is crawled."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from lxml import etree
from sqlalchemy import text
from sqlalchemy.dialects import sqlite

from marketplace.catalogue.models import Technology
from marketplace.exporting import operations
from tests import factories as make

S = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
X = "{http://www.w3.org/1999/xhtml}"
SITE = "http://127.0.0.1:5000"


def locations(client: Any, path: str) -> list[str]:
    answer = client.get(path)
    assert answer.status_code == 200 and answer.mimetype == "application/xml"
    return [node.text for node in etree.fromstring(answer.data).iter(f"{S}loc")]


def test_from_robots_to_every_public_page(client: Any, catalogue: Any) -> None:
    index = re.search(r"^Sitemap: (.+)$", client.get("/robots.txt").get_data(as_text=True), re.M)[1]
    assert index == f"{SITE}/sitemap.xml"
    pages = [page.removeprefix(SITE) for file in locations(client, "/sitemap.xml") for page in locations(client, file.removeprefix(SITE))]
    assert len(pages) == len(set(pages)) == 2 * (11 + 3 + 1 + 1)
    for page in pages:
        assert client.get(page).status_code == 200
    for listing, kind in ((catalogue.plain, "technologies"), (catalogue.need, "needs"), (catalogue.call, "open-calls")):
        assert {f"/zh/{kind}/{listing.public_id}", f"/en/{kind}/{listing.public_id}"} <= set(pages)


@pytest.mark.parametrize("operator", [False, True])
def test_hidden_listings_are_in_no_sitemap(client: Any, catalogue: Any, operator: bool) -> None:
    if operator:
        client.login(make.operator())
    told = "".join(client.get(path).get_data(as_text=True) for path in ("/sitemap-technologies-1.xml", "/sitemap-needs-1.xml", "/sitemap-open-calls-1.xml"))
    assert catalogue.plain.public_id in told
    for hidden in (catalogue.members, catalogue.draft, catalogue.withdrawn, catalogue.members_need, catalogue.members_call, catalogue.draft_call):
        assert hidden.public_id not in told


def test_each_page_names_both_languages_and_when_it_changed(client: Any, catalogue: Any) -> None:
    url = next(etree.fromstring(client.get("/sitemap-needs-1.xml").data).iter(f"{S}url"))
    links = {link.get("hreflang"): link.get("href") for link in url.findall(f"{X}link")}
    assert set(links) == {"zh-Hans", "en"} and url.findtext(f"{S}loc") in links.values()
    assert re.fullmatch(r"2026-11-0\dT\d\d:00:00Z", url.findtext(f"{S}lastmod"))


def test_ranges_without_anything_public_are_left_out(client: Any, session: Any) -> None:
    make.technology(id=5)
    make.technology(id=operations.SPAN)
    make.technology(id=operations.SPAN + 1, visibility="members")
    make.technology(id=3 * operations.SPAN)
    session.commit()
    assert operations.ranges("technology") == [1, 3]
    assert len(locations(client, "/sitemap-technologies-1.xml")) == 4 and len(locations(client, "/sitemap-technologies-3.xml")) == 2
    for missing in ("/sitemap-technologies-2.xml", "/sitemap-technologies-0.xml", "/sitemap-technologies-4.xml", "/sitemap-needs-1.xml"):
        assert client.get(missing).status_code == 404


def test_a_range_is_one_walk_along_the_key(app: Any, session: Any) -> None:
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("SQLite tells its plan in these words")
    query = operations.in_range(Technology, 3).compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    plan = " ".join(row.detail for row in session.execute(text(f"EXPLAIN QUERY PLAN {query}")))
    assert "technology USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in plan and "B-TREE" not in plan, plan


def disallowed(rules: list[str], path: str) -> bool:
    """Whether RFC 9309 keeps a robot from a path: * stands for anything, $ for the end."""
    return any(re.match(re.escape(rule).replace(r"\*", ".*").replace(r"\$", "$"), path) for rule in rules)


def test_robots_leave_alone_what_needs_an_account_and_only_that(client: Any, app: Flask, catalogue: Any) -> None:
    rules = [line.removeprefix("Disallow: ") for line in client.get("/robots.txt").get_data(as_text=True).splitlines() if line.startswith("Dis")]
    asked = 0
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "nothing", rule.rule.replace("<any(zh, en):lang>", "en"))
        if "GET" in (rule.methods or ()) and "/sign-in" in (client.get(path).headers.get("Location") or ""):
            asked += 1
            assert disallowed(rules, path), path
    assert asked > 15
    for path in ("/technologies?field=optics", "/needs?page=2", "/technologies.atom?q=a", "/technologies.pdf", "/organisations/x/members", "/problems/x"):
        assert disallowed(rules, f"/en{path}"), path
    for path in ("/en/", "/en/technologies", "/en/technologies.atom", "/zh/needs", f"/en/technologies/{catalogue.plain.public_id}", "/en/organisations/x",
                 "/static/techbridge.css", "/sitemap.xml", "/zh/how"):
        assert not disallowed(rules, path), path
