"""What a careful person sees of a page: what axe finds, what is wider than the window, controls without a name in the reader's language, what moves."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Error, Page

RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
"""WCAG 2.2 AA, among it the rule on the size of targets that axe leaves out unless it is asked for, and what axe calls best practice."""

_RUN = f"""async ([inside, without]) => {{
  const left = Object.fromEntries(without.map(rule => [rule, {{ enabled: false }}]));
  const found = await axe.run(inside || document, {{ ...{json.dumps({"resultTypes": ["violations"], "runOnly": RULES})}, rules: left }});
  return found.violations.map(one => one.id + ": " + one.nodes.slice(0, 3).map(node => node.target.join(" ") + " | " + node.html.slice(0, 160)).join("; "));
}}"""

SCRIPT = Path(__file__).with_suffix(".js").read_text("utf-8").split("\n", 1)[1].rstrip()


def axe(page: Page, inside: str = "", without: Sequence[str] = ()) -> list[str]:
    """What axe finds by all rules but those left out, in the whole page or inside what a selector names: a line for each rule with the first places."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(_RUN, [inside, list(without)])


def ask(page: Page, question: str, *values: Any) -> Any:
    """What a function of looking.js answers on a page."""
    return page.evaluate(f"values => ({SCRIPT}).{question}(...values)", list(values))


def until(page: Page, condition: str, seconds: float = 30) -> None:
    """Wait until an expression holds, also over a change of the page; TimeoutError if it does not. Asked from outside: what waits inside the page is
    evaluated there, which the content security policy refuses from the second look on."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if page.evaluate(f"Boolean({condition})"):
                return
        except Error as error:
            if "context was destroyed" not in str(error) and "navigat" not in str(error):
                raise
        page.wait_for_timeout(20)
    raise TimeoutError(f"{condition} did not come to hold on {page.url}")


def names(page: Page) -> list[str]:
    """Controls without a name in the language of the page."""
    return ask(page, "names")


def moving(page: Page) -> list[str]:
    """What moves, or would move when it changes."""
    return ask(page, "moving")


def cut(page: Page) -> list[str]:
    """What the window cuts off, other than what scrolls in a box of its own."""
    return ask(page, "cut")


def unsaid(page: Page, marked: bool = True) -> list[str]:
    """What is wrong with a form that was refused: the focus is not on what is read out, or a field that is wrong does not say so itself (WCAG 3.3.1, 4.1.3).
    With `marked` a field must be wrong; else the whole may be."""
    faults = [] if page.evaluate("document.activeElement.closest('[role=alert], [data-focus]') !== null") else ["nothing of the refusal is read out"]
    wrong = page.locator("main :is(input, select, textarea)[aria-invalid=true]")
    if marked and not wrong.count():
        faults.append("no field is marked as wrong")
    return faults + [f"{field} does not say what is wrong" for field in wrong.all() if not ask(page, "described", field.element_handle())]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
