"""Lists by keyboard and a refused form in a real browser: keys act in the list alone, and a mistake leads into its field."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.walks.conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PLACE = "[...document.querySelectorAll('[data-list] .row-item')].indexOf(document.activeElement)"


def test_a_list_goes_by_keys_and_a_mistake_leads_into_its_field(browser: Browser, site: Site) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{site.address}/en/technologies?sort=maturity")
    page.keyboard.press("j")
    assert page.evaluate(PLACE) == -1, "a letter means nothing outside of the list"
    page.focus("[data-keys] summary")
    seen = [page.keyboard.press(key) or page.evaluate(PLACE) for key in "jjkkk"]
    assert seen == [0, 1, 0, 0, 0]
    page.keyboard.press("?")
    assert page.locator("[data-keys]").get_attribute("open") is not None
    page.keyboard.press("/")
    page.keyboard.type("j/")
    assert page.input_value("#q") == "j/", "in a field letters are letters"
    first = page.get_attribute("[data-list] .row-item a", "href")
    page.focus("[data-keys] summary")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{first}")

    page.goto(f"{site.address}/zh/sign-up")
    page.locator("form[novalidate] [type=submit]").click()
    page.wait_for_selector(".error-summary:focus")
    assert page.title().startswith("有误：")
    page.locator(".error-summary a").last.click()
    page.wait_for_selector("#password:focus")
    page.close()
