"""Calls in a real browser: a proposal with a file is handed in, a reviewer scores, and what the owner of a call sees fits a telephone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.walks.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def opened(visit: Visit, path: str, link: str, words: str = "") -> None:
    """Open the first page that a list leads to by such a link, and look."""
    visit.go(path)
    visit.page.locator(f"main a[href*='{link}']:not([href$='/new'], [href$='/alike'])").filter(has_text=words).first.click()
    visit.page.wait_for_load_state()
    visit.look(f"from {path}")


def test_a_solver_hands_in_a_proposal_with_a_file_and_gets_a_receipt(visit: Visit, tmp_path: Path) -> None:
    visit.sign_in("officer")
    page, plan = visit.page, tmp_path / "方案.txt"
    plan.write_text("先做样件，再上产线。", encoding="utf-8")
    opened(visit, "/open-calls", "/open-calls/", "托辊" if visit.language == "zh" else "idler")
    visit.go(f"/open-calls/{page.url.rpartition('/')[2]}/proposal")
    page.locator("#title").fill("声纹加温度的托辊预警")
    page.locator("#summary").fill("每只托辊一枚无源传感片。")
    page.locator("#plan").fill("八百米示范段，九十天。")
    page.locator("#files").set_input_files(str(plan))
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/receipts/*")
    visit.look("receipt")
    assert "方案.txt" in page.inner_text("main")
    visit.go("/proposals")


def test_a_reviewer_scores_on_his_desk(visit: Visit) -> None:
    visit.sign_in("broker3")
    page = visit.page
    opened(visit, "/reviews", "/reviews/", "电极" if visit.language == "zh" else "electrodes")
    page.locator("main a[href*='/proposals/']").last.click()
    page.wait_for_load_state()
    visit.look("one proposal")
    for box in page.locator("main input[name^=value_]").all():
        box.fill("7")
    for reason in page.locator("main textarea[name^=reason_]").all():
        reason.fill("夜班可用，报警完整。")
    page.locator("main form:has(textarea) button[type=submit]").first.click()
    page.wait_for_load_state()
    visit.look("scored")
    assert "/proposals/" not in page.url


@pytest.mark.slow
def test_the_owners_table_and_teams_fit_the_window(visit: Visit) -> None:
    visit.sign_in("caller")
    opened(visit, "/open-calls/mine", "/open-calls/", "叶轮" if visit.language == "zh" else "Impellers")
    call = visit.page.url.rpartition("/")[2]
    for part in ("review", "teams", "proposals"):
        visit.go(f"/open-calls/{call}/{part}")
