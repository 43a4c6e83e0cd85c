"""The walk of a visitor: without an account from a problem to technologies and terms, through every list, in both languages, and past the end of the site."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator

from tests.walks.conftest import Visit
from tests.walks.hands import Keyboard

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PROBLEM = {
    "zh": "我们做医用钳子，一把要铣四十多分钟，刀具损耗大，成本下不来。希望单件 10 分钟以内，毛刺不超过 0.02 mm。",
    "en": "Milling one surgical forceps takes over forty minutes and wears out the cutters. We want 10 minutes at most and burr below 0.02 mm.",
}
ANSWER = {"zh": "手术钳钳体的微细电解", "en": "surgical forceps"}


def test_visitor(visit: Visit) -> None:
    asks(visit)
    reads_a_technology(visit)
    works_out_its_terms(visit)
    searches_the_lists(visit)
    looks_around(visit)
    reads_in_the_other_language(visit)
    goes_where_nothing_is(visit)


def paste(visit: Visit) -> None:
    """Say the problem on the front page."""
    visit.fill(problem=PROBLEM[visit.language])
    visit.follow("Find technologies")


def asks(visit: Visit) -> None:
    """From a problem in its own words to answers with their reasons."""
    visit.go("/")
    if isinstance(visit.hand, Keyboard):  # the link stands outside of the window until Tab leads to it
        visit.press(visit.page.locator("a.skip"))
        assert visit.page.evaluate("document.activeElement.id") == "main"
    paste(visit)
    visit.contains(ANSWER[visit.language])
    answer = visit.page.locator("article.res").filter(has_text=ANSWER[visit.language]).first
    assert answer.locator(".terms").count() == 1
    visit.press(answer.locator("details.fall-box summary"))
    visit.look("answers")
    visit.follow(answer.locator("h2 a"))


def reads_a_technology(visit: Visit) -> None:
    """What it is, on what terms, and which needs it might answer."""
    visit.look("technology")
    assert visit.page.get_by_role("heading", name=re.compile("需求|needs")).count() >= 1


def works_out_its_terms(visit: Visit) -> None:
    """The simulator opens with the terms of the offer; a changed cap changes the sums."""
    visit.follow("Work out what it would bring both sides")
    assert "offer=" in visit.page.url
    visit.look("simulator")
    visit.press(visit.page.locator("summary").filter(has_text=visit.say("Change the terms")))
    visit.fill(**{"terms-cap_total": "12345"})
    visit.page.locator("[data-part=outcome]").filter(has_text=re.compile("12,345|1.2345")).wait_for()
    visit.look("simulator with other terms")


def found(visit: Visit) -> int:
    """How many the list says it has found."""
    return int(re.sub(r"\D", "", visit.page.locator("main p.meta").filter(has_text=re.compile(r"\d")).first.inner_text().split("·")[0]))


def searches_the_lists(visit: Visit) -> None:
    """Words and facets narrow a list; the state of the list is its address."""
    visit.follow("Technologies")
    total = found(visit)
    assert total >= 120
    visit.follow(visit.page.locator("aside a.facet").first)
    visit.look("technologies of one kind")
    assert 0 < found(visit) < total
    visit.follow("Needs")
    visit.fill(q={"zh": "毛刺", "en": "burr"}[visit.language])
    visit.follow("Search")
    assert "q=" in visit.page.url
    visit.look("needs searched")
    visit.follow(visit.page.locator("main .res-title a"))
    visit.look("need")


def first_of(visit: Visit, path: str) -> Locator:
    """The first thing that a list leads to."""
    return visit.page.locator(f"main a[href*='{path}/']:not([href$='/new'], [href$='/alike'], [href$='/mine'])").first


def looks_around(visit: Visit) -> None:
    """A call, a pool, a facility, a board, an expert; how the matching works, the funnel and the map."""
    visit.follow("Open calls")
    visit.follow(first_of(visit, "/open-calls"))
    visit.look("call")
    visit.follow("Pooled research")
    visit.follow(first_of(visit, "/pools"))
    visit.look("pool")
    visit.follow("Facilities and experts")
    visit.look("facilities")
    visit.follow(first_of(visit, "/facilities"))
    visit.look("facility")
    for path in ("/boards", "/experts"):
        visit.open(path)
        visit.follow(first_of(visit, path))
        visit.look(path)
    for words in ("How the matching works", "From match to payment", "Demand and supply"):
        visit.follow(words)
        visit.look(words)


def reads_in_the_other_language(visit: Visit) -> None:
    """The same page in the other language, and back."""
    here = visit.page.url
    visit.follow(visit.page.locator("a.language"))
    assert visit.page.url == here.replace(f"/{visit.language}/", "/en/" if visit.language == "zh" else "/zh/")
    visit.look("other language")
    visit.follow(visit.page.locator("a.language"))
    assert visit.page.url == here


def goes_where_nothing_is(visit: Visit) -> None:
    """A page that is not there says so and leads on; one that asks for an account leads to it."""
    visit.open("/technologies/nothing-here")
    visit.look("not found")
    visit.follow(visit.page.locator("main a").first)
    visit.open("/desk")
    visit.look("sign in")
