"""The simulator walked in a real browser: the slider moves the sales, the table follows, and nothing is lost on the way."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.walks.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def gets(visit: Visit) -> str:
    return visit.page.locator(".sim-sides .sum").first.inner_text()


def test_the_slider_moves_the_sales_and_the_table_follows(visit: Visit) -> None:
    visit.go("/simulator")
    page = visit.page
    before = gets(visit)
    first = page.locator(".sim-quarters").nth(1).locator("tbody tr").first
    assert "500,000.00" in first.inner_text()
    slider = page.locator("[data-slides=level]")
    slider.focus()
    with page.expect_response(re.compile("/simulator")):
        page.keyboard.press("PageUp")
    expect(first.locator("td").first).not_to_have_text("500,000.00")
    assert page.locator("#level").input_value() != "500,000" and gets(visit) != before
    visit.look("the slider moved")
    assert page.evaluate("document.activeElement.dataset.slides") == "level"
    page.locator(".sim-sales > summary").click()
    page.locator("input[name=expected]").nth(1).fill("nonsense")
    page.wait_for_selector("input[name=expected].is-invalid")
    visit.look("a bad cell")
    page.locator("input[name=expected]").nth(1).fill("0")
    page.wait_for_selector(".sim-outcome")
    visit.look("a cell changed")
    kept = gets(visit)
    page.reload()
    assert gets(visit) == kept
    visit.look("the link in the address")
