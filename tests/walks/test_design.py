"""The design page in a real browser: nothing that axe finds and nothing wider than the window, in both languages, by day and by night, on phone and desk."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.walks import looking
from tests.walks.conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SAMPLED = [("zh", 390, "dark"), ("en", 1280, "light")]
"""What `make test` looks at: both languages, both widths, both schemes."""

REST = [("zh", 390, "light"), ("zh", 1280, "dark"), ("zh", 1280, "light"), ("en", 390, "dark"), ("en", 390, "light"), ("en", 1280, "dark")]
"""What `make prove` looks at besides, so that each language is seen at each width in each scheme."""


@pytest.mark.parametrize("views", [pytest.param(SAMPLED, id="sampled"), pytest.param(REST, id="rest", marks=pytest.mark.slow)])
def test_every_component_passes_in_both_languages_by_day_and_by_night(browser: Browser, site: Site, views: list[tuple[str, int, str]]) -> None:
    for language, width, scheme in views:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page = context.new_page()
        outside: list[str] = []
        page.on("request", lambda request, seen=outside: None if request.url.startswith((site.address, "data:")) else seen.append(request.url))
        page.goto(f"{site.address}/{language}/design")
        page.evaluate("for (const part of document.querySelectorAll('main details')) part.open = true")
        where = f"{language} {width} {scheme}"
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 1, where
        assert page.evaluate("document.activeElement === document.body"), f"{where}: a specimen took the focus"
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(18, 23, 21)") is (scheme == "dark"), f"{where}: {ground}"
        found = looking.axe(page)
        assert not found, f"{where}: {found}"
        assert not outside, where
        if scheme == "dark":
            asked_first(page, where)
        context.close()


def asked_first(page: Page, where: str) -> None:
    """What cannot be undone is asked first, by keyboard alone: the focus goes into the dialogue, stays there, and comes back."""
    opener = page.locator("[data-confirm] > summary").first
    opener.focus()
    for leave in ("Escape", "Enter"):
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.closest('dialog[open]') && document.activeElement.matches('[data-leave]')"), where
        assert page.locator("dialog[open]").get_attribute("aria-label"), where
        found = looking.axe(page, "dialog") if leave == "Escape" else []
        assert not found, f"{where}: {found}"
        page.keyboard.press("Tab")
        page.keyboard.press("Shift+Tab")
        assert page.evaluate("document.activeElement.matches('[data-leave]')"), where
        page.keyboard.press(leave)
        assert page.locator("dialog").count() == 0 and opener.evaluate("one => one === document.activeElement"), f"{where}: {leave}"
