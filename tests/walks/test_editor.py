"""The editor of terms in a real browser: what is typed is said in both languages soon after the last key, presets are taken back, rows added by keyboard."""

from __future__ import annotations

import pytest

from tests.walks.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAUSE = 200
"""Milliseconds from the last key to the words, as asked; the server answers on this machine."""


def open_editor(visit: Visit) -> None:
    """Sign in as the transfer officer and open an empty technology."""
    visit.sign_in("officer")
    visit.open("/technologies/new")


def test_terms_are_typed_and_said_in_both_languages_with_the_checks_beside_the_fields(visit: Visit) -> None:
    open_editor(visit)
    page = visit.page
    english = page.locator("[data-words=en]")
    english.filter(has_text="No payment terms are agreed yet.").wait_for()
    assert not page.locator("[name=terms-royalty_minimum_per_year]").is_visible()
    page.locator("[name=terms-royalty_base]").select_option("net_sales")
    page.locator("[name=terms-tiers-0-rate]").fill("25")
    english.filter(has_text="25 % of net sales").wait_for()
    assert page.locator("[name=terms-royalty_minimum_per_year]").is_visible()
    page.locator("#mode").select_option("open_licence")
    page.locator("#exclusivity").select_option("sole")
    page.locator("#exclusivity-notes .finding-refuse").wait_for()
    page.locator("#terms-tiers-0-rate-notes .finding-warn").wait_for()
    visit.look("findings")
    page.locator(".terms-findings a[href='#terms-tiers-0-rate']").click()
    assert page.evaluate("document.activeElement.name") == "terms-tiers-0-rate"
    page.keyboard.press("Control+a")
    page.keyboard.type("0.5")
    page.locator("#terms-tiers-0-rate-notes .finding-inform").wait_for()
    assert page.locator("#terms-tiers-0-rate-notes .finding-warn").count() == 0


def test_the_words_come_soon_after_the_last_key(visit: Visit) -> None:
    open_editor(visit)
    page = visit.page
    page.evaluate("""() => {
      const place = document.querySelector("[data-words=en]");
      new MutationObserver(() => { window.said = performance.now(); }).observe(place, { childList: true, characterData: true, subtree: true });
      document.addEventListener("keydown", () => { window.typed = performance.now(); window.said = 0; }, true);
    }""")
    page.locator("[name=terms-entry_fee]").focus()
    took = []
    for _time in range(5):
        page.keyboard.type("7")
        took.append(page.evaluate("""() => new Promise((done) => {
          const look = () => (window.said > window.typed ? done(window.said - window.typed) : setTimeout(look, 5));
          look();
        })"""))
    assert min(took) <= PAUSE, took


def test_a_preset_is_taken_back_and_rows_are_added_by_keyboard(visit: Visit) -> None:
    open_editor(visit)
    page = visit.page
    page.locator("[name=terms-entry_fee]").fill("1234")
    page.locator("[name=terms-preset][value=trial_then_pay]").press("Enter")
    page.wait_for_load_state()
    assert page.locator("[name=terms-trial_months]").input_value() == "6" and page.locator("[name=terms-entry_fee]").input_value() == ""
    visit.look("after the preset")
    page.locator("[name=terms-undo]").press("Enter")
    page.wait_for_load_state()
    assert page.locator("[name=terms-entry_fee]").input_value() == "1234" and page.locator("[name=terms-undo]").count() == 0
    page.locator("[data-add-row=terms-milestones]").press("Enter")
    assert page.evaluate("document.activeElement.name").startswith("terms-milestones-0-")
    page.locator("[name=terms-milestones-0-amount]").fill("two")
    page.locator("[name=terms-milestones-0-id]").fill("pilot")
    page.locator("[name=terms-cap_total]").focus()
    page.keyboard.type("9")
    page.locator("#terms-milestones-0-amount-error:not(:empty)").wait_for()
    visit.look("a wrong amount")
