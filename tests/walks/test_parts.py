"""Parts of pages are renewed in place: focus, scroll, address and the back button keep their meaning; without scripts the same is done by plain pages."""

from __future__ import annotations

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


def sign_in(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/en/sign-in")
    page.fill("#address", "owner@demo.example")
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
        mark(page)
    page.locator("article summary").filter(has_text="Decline").first.click()
    page.locator("article form").filter(has=page.locator("textarea:visible")).get_by_role("button", name="Decline").click()
    page.wait_for_url("**/matches/*")  # a decline says why: the page of the match asks
    expect(page.locator(".alert-box")).to_be_visible()
    assert not scripts or same_document(page) and page.evaluate("document.activeElement.matches('.alert-box')")
    page.context.close()


def test_nothing_moves_while_a_page_is_built(browser: Browser, site: Site) -> None:
    page = window(browser)
    moved = {}
    for path in ("/zh/", "/en/technologies", "/zh/needs", "/en/simulator", "/zh/facilities", "/en/open-calls"):
        page.goto(f"{site.address}{path}")
        moved[path] = page.evaluate(SHIFTED)
    assert not any(moved.values()), moved
    page.context.close()
