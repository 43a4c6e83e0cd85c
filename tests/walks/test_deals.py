"""The desk of a technology manager in a real browser: the worklist by keyboard, a deal, the board; and what the firm reads before it agrees."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.walks.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
DEAL = "main a[href*='/deals/']:not([href*='board']):not([href*='leads']):not([href*='?'])"


def signed_in(visit: Visit, name: str) -> None:
    visit.go("/sign-in")
    page = visit.page
    page.locator("#address").fill(f"{name}@demo.example")
    page.locator("#password").fill("techbridge-demo")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state()


def row_in_focus(visit: Visit) -> str:
    return visit.page.evaluate("document.activeElement.closest('[data-row]')?.id ?? ''")


def test_the_worklist_is_worked_by_keyboard_from_top_to_bottom(visit: Visit) -> None:
    signed_in(visit, "broker1")
    page = visit.page
    assert page.url.endswith("/worklist"), "a technology manager begins here, in the language of the account"
    visit.go("/worklist")
    rows = page.locator("[data-row]").evaluate_all("rows => rows.map(row => row.id)")
    kinds = {row.split("-")[1] for row in rows}
    assert {"reply", "task", "asked", "trial", "statement", "badge"} <= kinds, kinds
    seen = []
    for _row in rows:
        page.keyboard.press("j")
        seen.append(row_in_focus(visit))
    assert seen == rows
    page.keyboard.press("k")
    assert row_in_focus(visit) == rows[-2]
    page.keyboard.press("x")
    expect(page.locator(f"#{rows[-2]}")).to_have_count(0)  # the next best pair may have come in its place
    visit.press("全部恢复显示", "Show it all again")
    expect(page.locator(f"#{rows[-2]}")).to_have_count(1)
    trial = next(row for row in rows if row.startswith("row-trial-"))
    for _press in range(rows.index(trial) + 1):
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/deals/*")
    visit.look("deal under trial")


def test_the_board_leads_to_a_deal_with_everything_in_it(visit: Visit) -> None:
    signed_in(visit, "broker1")
    visit.go("/deals/board")
    visit.go("/deals")
    visit.go("/deals?stage=evaluation")
    visit.page.locator(DEAL).filter(has_text="焊" if visit.language == "zh" else "weld").first.click()
    visit.page.wait_for_load_state()
    visit.look("deal in evaluation")
    text = visit.page.inner_text("main")
    assert "寄出二十根弹簧头样件" in text and ("6%" if visit.language == "zh" else "6 per cent") in text


def test_the_firm_reads_the_fee_and_answers_its_matches(visit: Visit) -> None:
    signed_in(visit, "owner")
    visit.go("/matches?side=firm")
    visit.go("/access")
    visit.go("/deals?stage=introduced")
    visit.page.locator(DEAL).first.click()
    visit.page.wait_for_load_state()
    visit.go(f"/deals/{visit.page.url.rpartition('/')[2].partition('#')[0]}/introduction")
    assert "20,000" in visit.page.inner_text("main").replace("2万", "20,000")
