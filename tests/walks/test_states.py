"""The main pages of each role as somebody has them who enlarges to 400 %, in the dark, and wants nothing to move: 1280 px at 400 % are 320 (WCAG 1.4.10)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.walks import looking
from tests.walks.conftest import Site, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = {
    "": ("/", "/technologies", "/simulator", "/map"),
    "owner": ("/desk", "/matches?side=firm", "/needs/new"),
    "broker1": ("/worklist", "/deals/board"),
}
"""What `make test` looks at."""

REST = {
    "": ("/needs", "/open-calls", "/facilities"),
    "owner": ("/deals", "/access"),
    "officer": ("/technologies/new", "/imports", "/statements", "/money"),
    "broker1": ("/funnel/mine",),
    "operator": ("/operations/organisations", "/operations/files", "/dev/outbox"),
}
"""What `make prove` looks at besides."""


@pytest.mark.parametrize("pages", [pytest.param(PAGES, id="sampled"), pytest.param(REST, id="rest", marks=pytest.mark.slow)])
def test_main_pages_at_four_hundred_per_cent_in_the_dark_and_still(browser: Browser, site: Site, pages: dict[str, tuple[str, ...]]) -> None:
    found = []
    for number, (name, paths) in enumerate(pages.items()):
        context = browser.new_context(viewport={"width": 320, "height": 256}, color_scheme="dark", reduced_motion="reduce")
        page, language = context.new_page(), ("zh", "en")[number % 2]
        if name:
            signed_in(page, site, language, name)
        for path in paths:
            status = page.goto(f"{site.address}/{language}{path}", wait_until="domcontentloaded").status
            assert status == 200, (path, status)
            wide = looking.overflow(page)
            found += [f"{path}: {fault}" for fault in looking.cut(page) + looking.moving(page) + [f"{wide} px wider"] * (wide > 1)]
        context.close()
    assert not found, "\n".join(found)
