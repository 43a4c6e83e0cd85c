"""Parts of pages are renewed in place: focus, scroll, address and the back button keep their meaning; without scripts the same is done by plain pages."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.walks.conftest import Site
from tests.walks.looking import until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
FACET = "a.facet >> nth=3"
SHIFTED = """() => new Promise((tell) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => tell(sum), 250);
})"""


def window(browser: Browser, scripts: bool = True) -> Page:
    """A phone that moves nothing smoothly, so that where something stands can be measured at once."""
    return browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=scripts, reduced_motion="reduce").new_page()


def sign_in(page: Page, site: Site, name: str = "owner") -> None:
    page.goto(f"{site.address}/en/sign-in")
    page.fill("#address", f"{name}@demo.example")
    page.fill("#password", "techbridge-demo")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/desk")


def titles(page: Page) -> list[str]:
    return page.locator("main .res-title").all_inner_texts()


def same_document(page: Page) -> bool:
    """Whether the document is still the one that `mark` was called in."""
    return page.evaluate("window.marked === true")


def mark(page: Page) -> None:
    page.evaluate("window.marked = true")


def test_a_list_is_filtered_in_place_and_the_same_without_scripts(browser: Browser, site: Site) -> None:
    plain, page = window(browser, scripts=False), window(browser)
    for one in (plain, page):
        one.goto(f"{site.address}/en/technologies")
    mark(page)
    before = titles(page)
    facet = page.locator(FACET)
    name = facet.locator("span").inner_text()
    facet.focus()
    top = page.evaluate("document.activeElement.getBoundingClientRect().top")
    page.keyboard.press("Enter")
    page.wait_for_url("**/technologies?*")
    expect(page.locator("[data-announced]")).to_contain_text("24 technologies")
    assert same_document(page) and page.evaluate("document.activeElement.querySelector('span').textContent") == name
    assert abs(page.evaluate("document.activeElement.getBoundingClientRect().top") - top) < 2, "what was pressed stays where it was"
    plain.locator(FACET).click()
    plain.wait_for_url("**/technologies?*")
    assert titles(plain) == titles(page) != before and plain.url == page.url
    assert page.locator("a.language").get_attribute("href") == plain.locator("a.language").get_attribute("href")
    page.go_back()
    expect(page.locator("a.facet.on")).to_have_count(0)
    assert same_document(page) and titles(page) == before
    page.route("**/technologies?*", lambda route: Route.abort(route) if "x-part" in route.request.headers else route.continue_())
    page.locator(FACET).click()
    until(page, "window.marked === undefined")  # no answer: the plain link does it
    assert titles(page) == titles(plain)
    for one in (plain, page):
        one.context.close()


def answered_plainly(page: Page) -> None:
    """Where nothing comes back, the form is sent as it is without scripts; and so again."""
    page.route("**/matches/*", lambda route: Route.abort(route) if "x-part" in route.request.headers else route.continue_())
    name = page.locator("article h3").nth(1).inner_text()
    row = page.locator("article").filter(has_text=name)
    for words in ("Shortlist it", "Take the answer back"):
        mark(page)
        row.get_by_role("button", name=words).click()
        until(page, "window.marked === undefined")
        expect(row).to_have_count(0)
        page.get_by_role("navigation", name="Answers").get_by_role("link", name="Shortlisted").click()
        expect(row).to_have_count(int(words == "Shortlist it"))
    page.unroute("**/matches/*")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_match_is_answered_without_losing_the_place(browser: Browser, site: Site, scripts: bool) -> None:
    page = window(browser, scripts)
    sign_in(page, site)
    page.goto(f"{site.address}/en/matches?side=firm")
    if scripts:
        mark(page)
    names = page.locator("article h3").all_inner_texts()
    page.locator("article").nth(1).get_by_role("button", name="Shortlist it").click()
    expect(page.locator("article h3").nth(1)).to_have_text(names[2])
    assert page.locator("article h3").first.inner_text() == names[0]
    if scripts:
        assert same_document(page) and page.evaluate("document.activeElement.textContent") == names[2], "the next row stands in its place"
    page.get_by_role("navigation", name="Answers").get_by_role("link", name="Shortlisted").click()
    kept = page.locator("article").filter(has_text=names[1])
    expect(kept).to_have_count(1)
    kept.get_by_role("button", name="Take the answer back").click()
    expect(kept).to_have_count(0)
    page.goto(f"{site.address}/en/matches?side=firm")
    if scripts:
        answered_plainly(page)
        page.goto(f"{site.address}/en/matches?side=firm")
        mark(page)
    page.locator("article summary").filter(has_text="Decline").first.click()
    page.locator("article form").filter(has=page.locator("textarea:visible")).get_by_role("button", name="Decline").click()
    page.wait_for_url("**/matches/*")  # a decline says why: the page of the match asks
    expect(page.locator(".alert-box")).to_be_visible()
    assert not scripts or same_document(page) and page.evaluate("document.activeElement.matches('.alert-box')")
    page.context.close()


def test_an_import_says_how_far_it_has_come(browser: Browser, site: Site) -> None:
    page = window(browser)
    sign_in(page, site, "officer")
    page.clock.install()  # it looks every two seconds, which pass at once
    with running_import(site, "officer") as (key, becomes):
        page.goto(f"{site.address}/en/imports/{key}")
        status, keys = page.get_by_role("status").filter(has_text="rows are read"), page.locator("main a[href]").first
        expect(status).to_contain_text("40 of 120")
        mark(page)
        keys.focus()
        becomes("reading", 80)
        page.clock.run_for(2100)
        expect(status).to_contain_text("80 of 120")
        page.context.set_offline(True)
        becomes("reading", 100)
        page.clock.run_for(2100)
        expect(status).to_contain_text("80 of 120")
        page.context.set_offline(False)
        page.clock.run_for(2100)
        expect(status).to_contain_text("100 of 120")
        assert keys.evaluate("link => link === document.activeElement")
        becomes("read", 120)
        page.clock.run_for(2100)
        expect(page.locator("[data-watched]")).to_have_count(0)
        expect(page.locator("[data-announced]")).to_contain_text("read, not published")
        assert same_document(page) and page.evaluate("document.activeElement !== document.body")
    page.context.close()


@contextmanager
def running_import(site: Site, name: str) -> Iterator[tuple[str, Callable[[str, int], None]]]:
    """An import of somebody that is being read, as its job would leave it after each batch, and what brings it on."""
    key = secrets.token_hex(6)
    with closing(sqlite3.connect(site.data / "marketplace.db", isolation_level=None, timeout=60)) as database:
        owner = database.execute("select organisation_id from membership join person on person.id = person_id where address = ?", [f"{name}@demo.example"])
        run = database.execute(
            "insert into import_run (public_id, organisation_id, state, file_name, sha256, source, columns, publish, outcomes, done, total, created)"
            " values (?, ?, 'reading', 'rows.csv', '', 'table', '{}', 0, '[]', 40, 120, '2026-01-01 00:00:00.000000')", [key, owner.fetchone()[0]],
        ).lastrowid
        job = database.execute(
            "insert into job (kind, key, \"values\", state, due, attempts, created)"
            " values ('importing.read_run', ?, '{}', 'queued', '2999-01-01 00:00:00.000000', 0, '2026-01-01 00:00:00.000000')", [f"import_run:{run}"],
        ).lastrowid
        try:
            yield key, lambda state, done: database.execute("update import_run set state = ?, done = ? where id = ?", [state, done, run])
        finally:
            database.execute("delete from job where id = ?", [job])
            database.execute("delete from import_run where id = ?", [run])


def test_nothing_moves_while_a_page_is_built(browser: Browser, site: Site) -> None:
    page = window(browser)
    moved = {}
    for path in ("/zh/", "/en/technologies", "/zh/needs", "/en/simulator", "/zh/facilities", "/en/open-calls"):
        page.goto(f"{site.address}{path}")
        moved[path] = page.evaluate(SHIFTED)
    assert not any(moved.values()), moved
    page.context.close()
