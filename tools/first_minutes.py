"""The first five minutes of each user, walked in Chromium as somebody new would: what is pressed, how often, how long the site takes.

`python tools/first_minutes.py [LANGUAGE [ADDRESS]]` walks a firm, an institute with one technology and one with a spreadsheet, a technology manager and
the operator from signing up to the first result, by the buttons of the first steps alone, and prints a table for docs/interface.md. Without an ADDRESS
it loads the demo, so that there is something to be found, and serves it with a worker; afterwards it walks a fresh site without the demo, from naming
the operator to a first example. Mail is read from the outbox of a development site. Seconds are the site's: from a press to the page that
answers it, waiting for the worker included; what a person reads and types comes on top.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from drilling import marketplace, served
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from visitor import PASSWORD

TEXTS = {
    "zh": {
        "problem": "我们做医用钳子，一把要铣四十多分钟，刀具损耗大，成本下不来。希望单件 10 分钟以内，毛刺不超过 0.02 mm。",
        "tried": "换过国产刀片，毛边更多；加快转速，刀尖直接崩。", "evidence": "网站“联系我们”一栏列我为转移中心负责人。",
        "listed": "夜班钻孔断刀前自动停机,用主轴功率残差判断钻头磨损，断刀前停机；夜班没人看，钻头不断、不报废零件。",
        "technology": "钳齿毛刺的脉冲电解去除", "abstract": "用脉冲电解去除医用钳齿部的毛刺，单件 8 分钟，毛刺不超过 0.02 mm，不伤齿形。",
    },
    "en": {
        "problem": "Milling one surgical forceps takes over forty minutes and wears out the cutters. We want 10 minutes at most and burr below 0.02 mm.",
        "tried": "Cheaper inserts gave more burr; higher speed broke the tips.",
        "evidence": "Our website names me as head of the transfer office, under Contact.",
        "listed": "Stopping the machine before a drill snaps,"
                  "Spindle power shows how worn a drill is; the machine stops on the night shift before drills snap and scrap fills a basket.",
        "technology": "Pulsed electrolytic deburring of surgical forceps",
        "abstract": "Pulsed electrolysis takes the burr off the jaws of surgical forceps in 8 minutes, burr below 0.02 mm, without cutters that wear out.",
    },
}
PATIENCE = 90
ON = "main form button.btn-primary"
HEAD = ["| who | step | presses | fields | seconds |", "|---|---|---|---|---|"]


class Walk:
    """One user at a browser; every press and every field is counted under the step it belongs to."""

    def __init__(self, browser: Browser, address: str, language: str, who: str) -> None:
        self.page: Page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
        self.page.set_default_timeout(60_000)
        self.site, self.language, self.who, self.texts = address, language, who, TEXTS[language]
        self.mail = f"{who.replace(' ', '-')}-{secrets.token_hex(3)}@example.com"
        self.presses = self.fields = 0
        self.rows: list[tuple[str, int, int, float]] = []
        self.began = 0.0

    def go(self, path: str) -> None:
        """Open a page of the site by its address, as a bookmark does."""
        self.page.goto(f"{self.site}/{self.language}{path}")

    def press(self, what: str | Locator) -> None:
        """Press the first thing that fits, and wait for the page it leads to; the time counts."""
        target = (self.page.locator(what) if isinstance(what, str) else what).first
        started = time.perf_counter()
        if target.evaluate("one => one.matches('summary')"):
            target.click()  # it opens on the page
        else:
            with self.page.expect_navigation(wait_until="load") as leads:
                target.click()
            assert leads.value is None or leads.value.ok, (self.who, self.page.url, self.page.inner_text("main"))
        self.began += time.perf_counter() - started
        self.presses += 1

    def fill(self, **values: str) -> None:
        """Type into fields by their ids, or choose."""
        for name, value in values.items():
            field = self.page.locator(f"#{name}")
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
            self.fields += 1

    def step(self, name: str) -> None:
        """What was done since the last step is this one; a page that refuses it ends the walk."""
        faults = self.page.locator(".alert-box").all_inner_texts()
        assert not faults, (self.who, name, faults, self.page.locator(".field-error").all_inner_texts())
        self.rows.append((name, self.presses, self.fields, self.began))
        print(self.who, *self.rows[-1], file=sys.stderr)
        self.presses, self.fields, self.began = 0, 0, 0.0

    def now(self) -> None:
        """The desk, and the button of the step to do."""
        self.go("/desk")
        self.press("#first-steps .now .btn-primary")

    def arrived(self) -> None:
        """The path has come to its end: the desk shows it no more."""
        self.go("/desk")
        assert not self.page.locator("#first-steps").count(), (self.who, self.page.locator("#first-steps").inner_text())

    def wait_for(self, what: str) -> None:
        """Look at the page again until the worker has done its part; the time counts."""
        started = time.perf_counter()
        while not self.page.locator(what).count():
            assert time.perf_counter() - started < PATIENCE, (self.who, what)
            time.sleep(1)
            self.page.reload()
        self.began += time.perf_counter() - started

    def sign_up(self, outbox: Page) -> None:
        """An account, and its address confirmed by the link of the mail."""
        if "sign-up" not in self.page.url:
            self.go("/sign-up")
        self.fill(name="Walker", address=self.mail, password="three small boats")
        self.press("main form button[type=submit]")
        self.step("sign up")
        self.page.goto(link_for(outbox, f"{self.site}/{self.language}", self.mail))
        self.press("main form button[type=submit]")
        self.step("confirm the address")

    def organise(self, kind: str) -> None:
        """The organisation, entered from the desk."""
        self.now()
        self.fill(**{f"name_{self.language}": f"{secrets.token_hex(5)} {secrets.token_hex(3)}", "kind": kind, "region": "330000"})
        self.press("main form button[type=submit]")
        self.step("enter the organisation")


def link_for(outbox: Page, start: str, address: str) -> str:
    """The confirming link that was mailed to the address, as the outbox shows it."""
    for _attempt in range(PATIENCE):
        outbox.goto(f"{start}/dev/outbox")
        row = outbox.locator("tr", has_text=address)
        if row.count():
            row.last.locator("a").click()
            text = outbox.inner_text("main")
            return start + "/confirm/" + text.split("/confirm/")[1].split()[0]
        time.sleep(1)
    raise AssertionError(f"no mail for {address}")


def firm(walk: Walk, outbox: Page) -> None:
    """From the problem on the front page to the introduction."""
    walk.go("/")
    walk.fill(problem=walk.texts["problem"])
    walk.press("form.ask button[type=submit]")
    walk.step("paste the problem, see technologies")
    walk.press("aside a[href*=sign-up]")
    walk.sign_up(outbox)
    walk.organise("enterprise")
    try_example(walk)
    walk.now()
    for answer in ({f"tried_{walk.language}": walk.texts["tried"]}, {}, {"deadline": "2027-12-31"}, {"budget_max": "300000", "payer": "firm"}):
        walk.fill(**answer)
        walk.press(ON)
    walk.page.locator("input[name=modes]").first.check()
    walk.fields += 1
    walk.press(ON)
    walk.fill(industry="C358")
    walk.press(ON)
    walk.press(ON)
    walk.step("answer the questions one by one, publish the need")
    walk.now()
    walk.wait_for("article.res")
    walk.step("look at the matches")
    walk.press("article.res h3 a")
    walk.press("form:has(input[value=introduced]) button")
    walk.step("ask for an introduction")
    walk.arrived()


def institute(walk: Walk, outbox: Page) -> None:
    """From signing up to needs that fit a published technology; its operator's check is in between."""
    walk.go("/sign-up")
    walk.sign_up(outbox)
    walk.organise("institute")
    walk.now()
    walk.fill(evidence=walk.texts["evidence"])
    walk.press("main form button[type=submit]")
    walk.step("ask for verification")
    walk.go("/desk")
    walk.press("#first-steps .now a[href*='technologies/new']")
    code = walk.language
    walk.fill(**{f"title_{code}": f"{walk.texts['technology']} {secrets.token_hex(2)}", f"abstract_{code}": walk.texts["abstract"],
                 "kind": "know_how", "trl": "6", "mode": "licence"})
    walk.press("button.terms-preset")
    walk.press("button[name=post]")
    walk.step("enter one technology with ready-made terms, publish")
    walk.now()
    walk.wait_for("article.res")
    walk.step("see needs that fit")
    walk.press("article.res h3 a")
    walk.press("form:has(input[value=shortlisted]) button")
    walk.step("answer a firm")
    walk.arrived()


def try_example(walk: Walk) -> None:
    """The example from the desk: begun, one answer given, thrown away; the path goes on where it was."""
    walk.go("/desk")
    walk.press("#first-steps form[action*=example] button")
    walk.step("an example: what is found for it, and why")
    walk.press("main button[value=shortlisted]")
    walk.step("answer it, read what would come next")
    walk.press("[data-confirm] > summary")
    walk.press("dialog button[type=submit]")
    walk.step("throw the example away")
    walk.go("/desk")
    assert walk.page.locator("#first-steps").count(), walk.who


def by_file(walk: Walk, outbox: Page) -> None:
    """An institute that brings in its spreadsheet: from signing up to needs that fit what it published."""
    walk.go("/sign-up")
    walk.sign_up(outbox)
    walk.organise("institute")
    walk.now()
    walk.fill(evidence=walk.texts["evidence"])
    walk.press("main form button[type=submit]")
    walk.step("ask for verification")
    walk.now()
    title = {"zh": "成果名称,简介,技术成熟度,发明人", "en": "Title,Abstract,TRL,Inventors"}[walk.language]
    rows = [f"{walk.texts['listed']},6,A"]
    rows += [f"{walk.who} {secrets.token_hex(3)},{secrets.token_hex(9)},5,B" for _row in range(9)]
    walk.page.locator("input[type=file]").set_input_files({"name": "list.csv", "mimeType": "text/csv", "buffer": "\n".join((title, *rows)).encode("utf-8-sig")})
    walk.fields += 1
    walk.press("main form button.btn-primary")
    walk.step("hand in a spreadsheet of ten")
    walk.press("main form button.btn-primary")
    walk.wait_for("form[action*=publish]")
    walk.step("look at the columns, have it read")
    walk.press("form[action*=publish] button")
    walk.wait_for("main:not(:has(progress))")
    walk.step("publish what was read")
    walk.now()
    walk.page.locator("#mode").select_option("licence")
    walk.fields += 1
    walk.press("button.terms-preset")
    walk.press("main form[data-guard] .submit-row button.btn-primary, main form .submit-row button.btn-primary")
    walk.step("say on what terms, for one of them")
    walk.now()
    walk.wait_for("article.res")
    walk.step("see needs that fit")
    walk.press("article.res h3 a")
    walk.press("form:has(input[value=shortlisted]) button")
    walk.step("answer a firm")
    walk.arrived()


def manager(walk: Walk, outbox: Page) -> Callable[[], None]:
    """Signing up; and, once appointed, from the specialty to the first deal."""
    walk.go("/sign-up")
    walk.sign_up(outbox)

    def go_on() -> None:
        try_example(walk)
        walk.now()
        walk.page.locator("main input[type=checkbox]").first.check()
        walk.fields += 1
        walk.press("main form button.btn-primary")
        walk.step("say what one works in")
        walk.now()
        walk.step("look at the worklist")
        walk.go("/worklist")
        walk.press("li.work-row .btn-primary[data-step]")
        walk.step("take the first thing on it")
        assert "/deals/" in walk.page.url, walk.page.url
        walk.arrived()

    return go_on


def operator(walk: Walk, appoint: str) -> None:
    """Verify an organisation that waits, and name a technology manager."""
    walk.go("/desk")
    walk.press("a[href*='operations/organisations']")
    walk.press("main li a, main td a")
    walk.press("button[value=verify]")
    walk.step("verify the organisation that waits")
    walk.go("/desk")
    walk.press("a[href*='operations/brokers']")
    walk.fill(address=appoint)
    walk.press("main form button.btn-primary")
    walk.step("name a technology manager")


def signed_in(browser: Browser, address: str, language: str) -> Walk:
    """The operator of the demo at his desk."""
    walk = Walk(browser, address, language, "operator")
    walk.go("/sign-in")
    walk.fill(address="operator@demo.example", password=PASSWORD)
    walk.press("main form button[type=submit]")
    walk.step("sign in")
    return walk


def walked(browser: Browser, address: str, language: str) -> Iterator[Walk]:
    """All four, in the order in which they need each other."""
    running = signed_in(browser, address, language)
    outbox = running.page.context.new_page()
    broker = Walk(browser, address, language, "technology manager")
    go_on = manager(broker, outbox)
    for who, kind in (("firm", firm), ("institute", institute), ("institute with a spreadsheet", by_file)):
        walk = Walk(browser, address, language, who)
        kind(walk, outbox)
        yield walk
    operator(running, broker.mail)
    go_on()
    yield from (broker, running)


def table(walks: Iterator[Walk]) -> list[str]:
    """The rows of the table, each user with his sum."""
    lines = list(HEAD)
    for walk in walks:
        lines += [f"| {walk.who} | {name} | {presses} | {fields} | {seconds:.1f} |" for name, presses, fields, seconds in walk.rows]
        sums = [sum(row[place] for row in walk.rows) for place in (1, 2, 3)]
        lines.append(f"| **{walk.who}** | **together** | **{sums[0]}** | **{sums[1]}** | **{sums[2]:.1f}** |")
    return lines


def on_a_fresh_site(browser: Browser, language: str) -> Iterator[Walk]:
    """Without the demo: the operator is named at the command line, and a firm sees by its example what it would find."""
    data = Path(tempfile.mkdtemp())
    try:
        marketplace("upgrade", data=data)
        with served(data) as address:
            first = Walk(browser, address, language, "operator of a fresh site")
            outbox = first.page.context.new_page()
            first.go("/sign-up")
            first.sign_up(outbox)
            started = time.perf_counter()
            marketplace("operator", first.mail, data=data)
            first.began += time.perf_counter() - started
            first.go("/desk")
            assert first.page.locator("#first-steps").count()
            first.step("be named at the command line, see what the site lacks")
            yield first
            alone = Walk(browser, address, language, "firm on a fresh site")
            alone.go("/")
            alone.fill(problem=alone.texts["problem"])
            alone.press("form.ask button[type=submit]")
            alone.step("paste the problem: nothing is there yet")
            alone.press("aside a[href*=sign-up]")
            alone.sign_up(outbox)
            alone.organise("enterprise")
            try_example(alone)
            yield alone
    finally:
        shutil.rmtree(data)


@contextlib.contextmanager
def demo() -> Iterator[str]:
    """A demo site of its own; its address."""
    data = Path(tempfile.mkdtemp())
    try:
        marketplace("demo", data=data)
        with served(data) as address:
            yield address
    finally:
        shutil.rmtree(data)


def main() -> None:
    """Walk, and print the table."""
    language = sys.argv[1] if len(sys.argv) > 1 else "zh"
    site = contextlib.nullcontext(sys.argv[2]) if len(sys.argv) > 2 else demo()
    with site as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        print("\n".join(table(walked(browser, address, language))), flush=True)
        print("\n".join(table(on_a_fresh_site(browser, language))[len(HEAD):]))
        browser.close()


if __name__ == "__main__":
    main()
