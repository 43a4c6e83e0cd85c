"""A running site with the demo catalogue, and a real browser: what the walks by actor need.

Each walk leaves a picture of every step in var/walks of the checkout, or in the folder that MARKETPLACE_SHOTS names:
`walk/language-width/NN-step.png`.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.support import Translations
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, sync_playwright

from tests.walks import looking
from tests.walks.hands import HANDS, Keyboard

FLAGS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync --lang=en-US").split()
SHOTS = Path(os.environ.get("MARKETPLACE_SHOTS") or Path(__file__).parents[2] / "var" / "walks")
PASSWORD = "techbridge-demo"
WORDS = {code: Translations.load(Path(__file__).parents[2] / "marketplace" / "translations", [name]) for code, name in (("zh", "zh_Hans_CN"), ("en", "en"))}
HOW = "Chromium is missing: `make test` installs it where it may; as root: apt-get install chromium fonts-wqy-microhei"


@dataclass
class Site:
    """A site that runs: its address and its data folder."""

    address: str
    data: Path

    def _read(self, query: str, *values: str) -> list[tuple]:
        with closing(sqlite3.connect(f"file:{self.data / 'marketplace.db'}?mode=ro", uri=True)) as database:
            return database.execute(query, values).fetchall()

    def mailed(self, address: str, pattern: str) -> str:
        """What a pattern finds in the newest letter to an address, read where the outbox keeps it; waits for the letter."""
        for _attempt in range(300):
            letters = self._read("select body from mail where address = ? order by id desc", address)
            found = next((match for (text,) in letters if (match := re.search(pattern, text))), None)
            if found:
                return found.group()
            time.sleep(0.2)
        raise AssertionError(f"no letter to {address} has {pattern}")

    def rest(self) -> None:
        """Wait until the worker has done all that was to do: while it scores anew, an answer to a match may come too late and be refused."""
        for _attempt in range(300):
            if not self._read("select 1 from job where state = 'running' or state = 'queued' and due <= ? limit 1", f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"):
                return
            time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(address: str, server: subprocess.Popen) -> None:
    for _attempt in range(600):
        assert server.poll() is None, "the server ended before it answered"
        try:
            urllib.request.urlopen(f"{address}/zh/how", timeout=5)
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server did not answer")


@pytest.fixture(scope="session")
def site(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo, for all walks."""
    with serving(demo, tmp_path_factory.mktemp("site")) as served:
        yield served


@contextmanager
def serving(demo: Path, folder: Path) -> Iterator[Site]:
    """`marketplace serve` over a copy of the demo, matching by words alone so that the start is quick."""
    data = Path(shutil.copytree(demo.parent, folder, dirs_exist_ok=True)) / "var"  # its sealing key lies beside the data
    port = _free_port()
    environment = {**os.environ, "MARKETPLACE_DATA": str(data), "MARKETPLACE_ENCODERS": "none", "MARKETPLACE_ENV": "development",
                   "MARKETPLACE_SITE": f"http://localhost:{port}"}  # keys are bound to a name, never to a number
    for name in ("DATABASE_URL", "SECRET_KEY", "MARKETPLACE_SMTP"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "marketplace.cli", "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}", server)
        yield Site(f"http://127.0.0.1:{port}", data)
    finally:
        server.terminate()
        server.wait(120)  # on a busy machine


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    executable = shutil.which("chromium")
    assert executable, HOW
    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=executable, args=FLAGS)
        yield found
        found.close()


SAMPLED = ("zh-390", "en-1280")
"""What `make test` looks at, each walk in one of the two by turns, by keyboard alone; `make prove` takes all windows."""

WINDOWS = [("zh", 390, "keyboard"), ("en", 1280, "keyboard"), ("zh", 1280, "mouse"), ("en", 390, "mouse")]
"""Both languages at both widths, and each hand in both languages and at both widths."""


def _name(window: tuple[str, int, str]) -> str:
    return f"{window[0]}-{window[1]}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave all windows of a walk but one to `make prove`."""
    walks: dict[str, int] = {}
    for item in items:
        window = getattr(item, "callspec", None) and item.callspec.params.get("visit")
        if window:
            turn = walks.setdefault(item.originalname, len(walks))
            if _name(window) != SAMPLED[turn % 2]:
                item.add_marker(pytest.mark.slow)


def signed_in(page: Page, site: Site, language: str, name: str) -> None:
    """Sign in as somebody of the demo, without ado."""
    page.goto(f"{site.address}/{language}/sign-in", wait_until="domcontentloaded")
    page.locator("#address").fill(f"{name}@demo.example")
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button.btn-primary").click()
    page.wait_for_load_state("domcontentloaded")


@pytest.fixture(params=[pytest.param(one, id=_name(one)) for one in WINDOWS])
def visit(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Visit]:
    """A fresh browser window in a language at a width, and a hand. Nothing moves in it, so that every picture is of a page at rest."""
    language, width, hand = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN" if language == "zh" else "en-GB", reduced_motion="reduce")
    shots = SHOTS / request.node.originalname.removeprefix("test_") / _name(request.param)
    shutil.rmtree(shots, ignore_errors=True)
    shots.mkdir(parents=True)
    left = () if request.node.get_closest_marker("slow") else ("color-contrast",)  # takes half of axe's time, and `make prove` has the three other windows
    yield Visit(context.new_page(), site, language, shots, hand, left)
    context.close()


class Visit:
    """One window on the site and a hand. `look()` is what a careful person does on each page: no error, no overflow, nothing axe finds, nothing nameless."""

    def __init__(self, page: Page, site: Site, language: str, shots: Path, hand: str, left: Sequence[str]) -> None:
        self.page, self.site, self.language, self.shots, self.hand, self.left = page, site, language, shots, HANDS[hand](page), left
        self.step = 0
        self.wrong: list[str] = []
        page.set_default_timeout(20_000)  # on a busy machine
        page.on("filechooser", lambda _asked: None)  # the driver hears of it from now on; asked only when a key is pressed, it hears too late on a busy machine
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith((site.address, "data:")) else self.wrong.append(request.url))

    def _hear(self, message: ConsoleMessage) -> None:
        """Note errors of the console; a page that is refused with its status is as it should be."""
        if message.type == "error" and not re.search("status of 4(03|04|22)", message.text):
            self.wrong.append(message.text)

    def go(self, path: str) -> None:
        """Open a path of the site in the visit's language as a bookmark does, and look."""
        self.open(path)
        self.look(path)

    def open(self, path: str) -> None:
        """Open a path of the site in the visit's language, without looking."""
        self.page.goto(f"{self.site.address}/{self.language}{path}", wait_until="domcontentloaded")

    def look(self, name: str) -> None:
        """Take the picture, and inspect the page."""
        self.step += 1
        self.page.wait_for_load_state("load")
        step = re.sub(r"[^a-z0-9]+", "-", name.partition("?")[0].lower()).strip("-") or "front"
        self.page.screenshot(path=str(self.shots / f"{self.step:02}-{step}.png"), full_page=True, animations="allow")
        assert looking.overflow(self.page) <= 1, f"{name}: {looking.overflow(self.page)} px wider than the window"
        self.check(name)
        found = looking.axe(self.page, without=self.left) + looking.names(self.page)
        assert not found, f"{name}: {found}"

    def check(self, name: str) -> None:
        """Nothing that the browser or the hand complains of."""
        stumbled = self.hand.faults if isinstance(self.hand, Keyboard) else []
        assert not self.wrong and not stumbled, f"{name}: {self.wrong} {sorted(set(stumbled))}"

    def say(self, words: str) -> str:
        """Words of the interface, given in English, in the visit's language."""
        return WORDS[self.language].gettext(words)

    def named(self, words: str, inside: Locator | None = None) -> Locator:
        """The button, link or head of something folded with these words; of the content before that of the head of the page."""
        told, around = self.say(words), inside or self.page
        summary = around.locator("summary").filter(has_text=re.compile(rf"^\s*{re.escape(told)}\s*$"))
        found = around.get_by_role("button", name=told, exact=True).or_(around.get_by_role("link", name=told, exact=True)).or_(summary).filter(visible=True)
        main = self.page.locator("main").locator(found)
        return main.first if not inside and main.count() else found.first

    def press(self, what: str | Locator) -> None:
        """Press what leaves the reader on the page: the focus is not lost by it."""
        target = self.named(what) if isinstance(what, str) else what.first
        self.hand.press(target)
        assert self.page.evaluate("document.activeElement !== document.body"), f"the focus was lost after {target}"

    def follow(self, what: str | Locator) -> None:
        """Press what leads on, by its words or where it stands: to another page, or to a changed part of this one, where the focus is kept."""
        target = self.named(what) if isinstance(what, str) else what.first
        target.wait_for()
        looking.ask(self.page, "mark")  # another page has no mark, a part that was fetched has changed the page
        self.hand.press(target)
        looking.until(self.page, "!window.stays || window.changed && !document.querySelector('[aria-busy=true]')")
        self.page.wait_for_load_state("domcontentloaded")
        looking.until(self.page, "!window.stays || document.activeElement !== document.body", 5)  # on a part that changed the focus is kept

    def fill(self, **values: str) -> None:
        """Type into fields by their ids, or choose."""
        for name, value in values.items():
            field = self.page.locator(f"#{name}")
            if field.evaluate("field => field.tagName") == "SELECT":
                self.hand.choose(field, value)
            else:
                self.hand.fill(field, value)

    def send(self, button: str = "main form button[type=submit]") -> None:
        """Send the form of the page."""
        self.follow(self.page.locator(button).first)

    def sign_in(self, name: str) -> None:
        """Sign in as somebody of the demo."""
        self.open("/sign-in")
        self.fill(address=f"{name}@demo.example", password=PASSWORD)
        self.send("main form button.btn-primary")
        self.open("/desk")

    def sign_out(self) -> None:
        """Sign out at the desk."""
        self.open("/desk")
        self.follow("Sign out")

    def wait_for(self, what: str) -> Locator:
        """Look at the page again until the worker has done its part."""
        for _attempt in range(60):
            if self.page.locator(what).count():
                return self.page.locator(what).first
            self.page.wait_for_timeout(500)
            self.page.reload(wait_until="domcontentloaded")
        raise AssertionError(f"{self.page.url} never showed {what}")

    def contains(self, text: str) -> None:
        """The page says this."""
        assert text in self.page.inner_text("main"), (self.page.url, text, self.page.inner_text("main")[:600])
