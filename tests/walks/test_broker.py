"""The walk of a technology manager: the worklist by its keys, a pair kept, a deal opened and its action taken, the board, a note and a task, the funnel."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.walks.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_broker(visit: Visit) -> None:
    works_through_the_worklist(visit)
    keeps_a_pair(visit)
    opens_a_deal(visit)
    notes_and_sets_a_task(visit)
    looks_at_the_board(visit)
    reads_a_deal_with_everything_in_it(visit)
    looks_at_the_funnel(visit)


def row_in_focus(visit: Visit) -> str:
    """The row of the worklist that has the focus."""
    return visit.page.evaluate("document.activeElement.closest('[data-row]')?.id ?? ''")


def works_through_the_worklist(visit: Visit) -> None:
    """From top to bottom by the keys of the list; a row is put off and comes back."""
    visit.sign_in("broker1")
    visit.follow("Worklist")
    visit.look("worklist")
    page = visit.page
    rows = page.locator("[data-row]").evaluate_all("rows => rows.map(row => row.id)")
    kinds = {row.split("-")[1] for row in rows}
    assert {"reply", "task", "asked", "trial", "statement", "badge"} <= kinds, kinds
    page.locator("[data-keys] summary").focus()
    seen = []
    for _row in rows:
        page.keyboard.press("j")
        seen.append(row_in_focus(visit))
    assert seen == rows
    page.keyboard.press("k")
    assert row_in_focus(visit) == rows[-2]
    page.keyboard.press("x")
    expect(page.locator(f"#{rows[-2]}")).to_have_count(0)  # the next best pair may have come in its place
    visit.follow("Show it all again")
    expect(page.locator(f"#{rows[-2]}")).to_have_count(1)
    trial = next(row for row in rows if row.startswith("row-trial-"))
    page.locator("[data-keys] summary").focus()
    for _press in range(rows.index(trial) + 1):
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/deals/*")
    visit.look("deal under trial")


def keeps_a_pair(visit: Visit) -> None:
    """A new pair of the worklist, looked at and shortlisted."""
    visit.follow("Worklist")
    visit.follow(visit.page.locator("a.work-link"))
    visit.look("match")
    visit.follow("Shortlist it")
    visit.look("shortlisted")


def opens_a_deal(visit: Visit) -> None:
    """From the pair: both texts and the reasons stand in it. Then its next step."""
    visit.follow("Open a deal")
    visit.page.wait_for_url("**/deals/*")
    visit.look("deal opened")
    visit.follow(visit.page.locator("#next .btn-primary"))
    visit.look("next step taken")


def notes_and_sets_a_task(visit: Visit) -> None:
    """What was said on the telephone, and what is to be done by when."""
    visit.follow(visit.page.locator("a[href$='/deals'], a[href*='/deals/']").first) if "/deals/" not in visit.page.url else None
    visit.follow("Notes")
    visit.fill(text={"zh": "电话里说：先寄两件样品。", "en": "Said on the telephone: two samples first."}[visit.language])
    visit.hand.tick(visit.page.locator("input[name=audience]").first)
    visit.follow("Keep the note")
    visit.look("note kept")
    visit.follow("Tasks")
    visit.fill(text={"zh": "寄样品", "en": "Send samples"}[visit.language], due="2027-03-01")
    visit.hand.tick(visit.page.locator("input[name=audience]").first)
    visit.follow("Set the task")
    visit.look("task set")


def looks_at_the_board(visit: Visit) -> None:
    """The same deals as a list and as a board, filtered."""
    visit.open("/deals/board")
    visit.look("board")
    visit.follow("List")
    visit.fill(stage="evaluation")
    visit.follow("Show")
    assert "stage=evaluation" in visit.page.url
    visit.look("deals in evaluation")


def reads_a_deal_with_everything_in_it(visit: Visit) -> None:
    """What was promised, sent and said stands on one page."""
    weld = visit.page.locator("main td a[href*='/deals/']").filter(has_text=re.compile("焊|weld", re.IGNORECASE))
    visit.follow(weld)
    visit.look("deal in evaluation")
    visit.contains("寄出二十根弹簧头样件")
    visit.contains({"zh": "6%", "en": "6 per cent"}[visit.language])


def looks_at_the_funnel(visit: Visit) -> None:
    """How far the own deals come; the site's operators' pages are not hers."""
    visit.open("/desk")
    visit.follow("How far my deals come")
    visit.look("funnel")
    visit.open("/operations/organisations")
    visit.look("not allowed")
