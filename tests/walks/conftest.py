"""A running site with the demo catalogue, and a real browser: what the walks by actor need."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

FLAGS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync").split()
HOW = "Chromium is missing: `make test` installs it where it may; as root: apt-get install chromium fonts-wqy-microhei"


@dataclass
class Site:
    """A site that runs: its address and its data folder."""

    address: str
    data: Path


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
    """`marketplace serve` over the demo, matching by words alone so that the start is quick."""
    data = Path(shutil.copytree(demo.parent, tmp_path_factory.mktemp("site"), dirs_exist_ok=True)) / "var"  # its sealing key lies beside the data
    port = _free_port()
    environment = {**os.environ, "MARKETPLACE_DATA": str(data), "MARKETPLACE_ENCODERS": "none", "MARKETPLACE_ENV": "development"}
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
"""What `make test` looks at, each walk in one of the two by turns; `make prove` takes both languages at both widths."""

WINDOWS = [pytest.param(one, id=f"{one[0]}-{one[1]}") for one in product(("zh", "en"), (1280, 390))]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave all windows of a walk but one to `make prove`."""
    walks: dict[str, int] = {}
    for item in items:
        window = getattr(item, "callspec", None) and item.callspec.params.get("visit")
        if window:
            turn = walks.setdefault(item.originalname, len(walks))
            if "-".join(map(str, window)) != SAMPLED[turn % 2]:
                item.add_marker(pytest.mark.slow)


@pytest.fixture(params=WINDOWS)
def visit(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Visit]:
    """A fresh browser window in a language at a width."""
    language, width = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN" if language == "zh" else "en-GB")
    page = context.new_page()
    shots = Path(os.environ.get("MARKETPLACE_SHOTS") or site.data / "shots")
    shots.mkdir(parents=True, exist_ok=True)
    yield Visit(page, site, language, width, shots, request.node.originalname)
    context.close()


class Visit:
    """One window on the site. `look()` is what a careful person does on each page: no error, no overflow, nothing axe finds."""

    def __init__(self, page: Page, site: Site, language: str, width: int, shots: Path, walk: str) -> None:
        self.page, self.site, self.language, self.width, self.shots, self.walk = page, site, language, width, shots, walk
        self.step = 0
        self.wrong: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith((site.address, "data:")) else self.wrong.append(request.url))

    def _hear(self, message: ConsoleMessage) -> None:
        """Note errors of the console; a form that is refused with 422 is as it should be."""
        if message.type == "error" and "status of 422" not in message.text:
            self.wrong.append(message.text)

    def go(self, path: str) -> None:
        """Open a path of the site in the visit's language, and look."""
        self.page.goto(f"{self.site.address}/{self.language}{path}")
        self.look(path)

    def look(self, name: str) -> None:
        """Take the screenshot, and inspect the page."""
        self.step += 1
        shot = f"{self.walk}-{self.language}-{self.width}-{self.step:02}.png"
        self.page.screenshot(path=str(self.shots / shot), full_page=True)
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 1, f"{name}: {wide} px wider than the window"
        assert not self.wrong, f"{name}: {self.wrong}"
        found = Axe().run(self.page, options={"resultTypes": ["violations"]}).response["violations"]
        assert not found, f"{name}: " + "; ".join(f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}" for one in found)

    def press(self, zh: str, en: str) -> None:
        """Press the button or link with these words."""
        words = zh if self.language == "zh" else en
        self.page.get_by_role("button", name=words, exact=True).or_(self.page.get_by_role("link", name=words, exact=True)).first.click()
        self.page.wait_for_load_state()
