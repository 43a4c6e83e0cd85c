"""What a careful person sees of a page: what axe finds, what is wider than the window, controls without a name in the reader's language, what moves."""

from __future__ import annotations

import json

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
"""WCAG 2.2 AA, among it the rule on the size of targets that axe leaves out unless it is asked for, and what axe calls best practice."""

_RUN = f"""async () => {{
  const found = await axe.run(document, {json.dumps({"resultTypes": ["violations"], "runOnly": RULES})});
  return found.violations.map(one => one.id + ": " + one.nodes.slice(0, 3).map(node => node.target.join(" ") + " | " + node.html.slice(0, 160)).join("; "));
}}"""

_NAMES = """() => {
  const page = document.documentElement.lang, faults = [], han = /\\p{Script=Han}/u;
  const same = lang => !lang || lang.split("-")[0] === page.split("-")[0];
  const written = (node, lang) => [...node.childNodes].map(one => one.nodeType === 3 ? (same(lang) ? one.data : "") :
    one.nodeType !== 1 || one.matches("script, style, template, [aria-hidden=true]") ? "" : written(one, one.hasAttribute("lang") ? one.lang || "und" : lang)).join(" ");
  const said = node => { const at = node.closest("[lang]"); return node.textContent.trim() ? written(node, at.lang || "und") : ""; };
  for (const one of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")) {
    if (!one.checkVisibility() || one.closest("[aria-hidden=true]")) continue;
    const by = (one.getAttribute("aria-labelledby") ?? "").split(" ").map(id => document.getElementById(id)).filter(Boolean);
    const labels = [...(one.labels ?? [])], own = one.matches("a, button, summary") ? [one] : [];
    const sources = by.length ? by : labels.length ? labels : own;
    const label = by.length ? "" : one.getAttribute("aria-label") ?? "";
    const whole = (label || sources.map(node => node.textContent + [...node.querySelectorAll("img[alt], [aria-label]")].map(inner => inner.alt ?? inner.ariaLabel).join(" ")).join(" ") || one.title).trim();
    const where = one.outerHTML.slice(0, 120);
    if (!whole) faults.push(`no name: ${where}`);
    const at = one.closest("[lang]").lang || "und";
    const words = label ? (same(at) ? label : "") : sources.map(said).join(" ");
    const latin = words.replace(/[\\w.+-]+@[\\w.-]+|https?:\\S+/g, "").match(/[A-Za-z]{3,}/g) ?? [];
    const known = /^(TechBridge|Excel|PDF|Atom|iCalendar|ROR|ORCID|JSON|CSV|XML|docx|xlsx|ICS|EPO|CNIPA|IPC|TRL|NDA|URL)$/i;
    if (page.startsWith("zh") && words.trim() && !han.test(words) && latin.some(word => !known.test(word))) faults.push(`no Chinese name: ${words.trim().slice(0, 60)} | ${where}`);
    if (page.startsWith("en") && han.test(words.replace(/科|桥/g, ""))) faults.push(`no English name: ${words.trim().slice(0, 60)} | ${where}`);
  }
  return faults;
}"""
"""Controls that are shown and have no name, or one in the other language that no `lang` marks. What users wrote carries its own `lang` and is left out."""

_MOVING = """() => {
  const faults = document.getAnimations().filter(one => one.playState === "running").map(one => `runs: ${one.effect?.target?.outerHTML.slice(0, 80)}`);
  for (const one of document.querySelectorAll("*")) {
    const style = getComputedStyle(one);
    for (const part of ["transitionDuration", "animationDuration"]) {
      if (style[part].split(",").some(time => parseFloat(time) > 0) && !(part === "animationDuration" && style.animationName === "none")) faults.push(`${part} ${style[part]}: ${one.outerHTML.slice(0, 80)}`);
    }
    if (style.scrollBehavior === "smooth") faults.push(`scrolls smoothly: ${one.tagName}`);
  }
  return faults.slice(0, 5);
}"""

_CUT = """() => {
  const faults = [];
  for (const one of document.querySelectorAll("main *, header *, footer *")) {
    if (!one.checkVisibility() || one.closest("svg, .visually-hidden, .skip, [aria-hidden=true], option")) continue;
    const style = getComputedStyle(one);
    const clips = ["hidden", "clip"].includes(style.overflowX) && !one.matches("input, select, textarea, progress");
    if (clips && one.scrollWidth > one.clientWidth + 1) faults.push(`cut off: ${one.outerHTML.slice(0, 100)}`);
    const box = one.getBoundingClientRect();
    const scrolls = one.closest(".scroll-x, .deal-board, [tabindex='0']");
    if (box.width && !scrolls && (box.right > innerWidth + 1 || box.left < -1) && box.right > 0) faults.push(`beyond the edge: ${one.outerHTML.slice(0, 100)}`);
  }
  return faults.slice(0, 5);
}"""


def axe(page: Page) -> list[str]:
    """What axe finds, a line for each rule with the first places."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(_RUN)


def names(page: Page) -> list[str]:
    """Controls without a name in the language of the page."""
    return page.evaluate(_NAMES)


def moving(page: Page) -> list[str]:
    """What moves, or would move when it changes."""
    return page.evaluate(_MOVING)


def cut(page: Page) -> list[str]:
    """What the window cuts off, other than what scrolls in a box of its own."""
    return page.evaluate(_CUT)


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
