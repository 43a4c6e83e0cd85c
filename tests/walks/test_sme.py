"""The walk of a small firm: from a problem pasted on the front page to an introduction; and, as a firm with deals, to an agreement and what is due."""

from __future__ import annotations

import secrets

import pytest

from tests.walks import looking
from tests.walks.conftest import Visit
from tests.walks.test_visitor import ANSWER, PROBLEM, paste

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TRIED = {"zh": "换过国产刀片，毛边更多；加快转速，刀尖直接崩。", "en": "Cheaper inserts gave more burr; higher speed broke the tips."}
FIRM = {"zh": "五金厂", "en": "Works"}


def test_sme(visit: Visit) -> None:
    signs_up_with_the_problem(visit)
    confirms_the_address(visit)
    enters_the_organisation(visit)
    publishes_the_need(visit)
    looks_at_the_matches(visit)
    works_out_the_terms(visit)
    asks_for_an_introduction(visit)
    visit.sign_out()
    reads_what_an_introduction_costs(visit)
    reads_a_deal_and_its_agreement(visit)


def signs_up_with_the_problem(visit: Visit) -> None:
    """What was typed on the front page becomes a draft of the new account."""
    visit.open("/")
    paste(visit)
    visit.look("answers")
    visit.follow("Sign up and keep this text")
    visit.send("main form button.btn-primary")
    visit.look("sign up refused")
    assert not looking.unsaid(visit.page)
    visit.fill(name="Walker", address=address_of(visit), password="a long pass phrase 42")
    visit.send("main form button.btn-primary")
    visit.look("draft need")
    assert PROBLEM[visit.language] in visit.page.locator(f"#problem_{visit.language}").input_value()


def address_of(visit: Visit) -> str:
    """A mail address of this visit alone."""
    visit.own = getattr(visit, "own", None) or secrets.token_hex(4)
    return f"walker-{visit.own}@example.com"


def confirms_the_address(visit: Visit) -> None:
    """By the link of the mail, as it came."""
    link = visit.site.mailed(address_of(visit), r"/confirm/\S+")
    visit.open(link)
    visit.look("confirm the address")
    visit.send()


def enters_the_organisation(visit: Visit) -> None:
    """The first steps on the desk lead there."""
    visit.open("/desk")
    visit.look("desk of somebody new")
    visit.follow(visit.page.locator("#first-steps .now .btn-primary"))
    visit.fill(**{f"name_{visit.language}": f"{FIRM[visit.language]} {visit.own}", "kind": "enterprise", "region": "330000"})
    visit.look("organisation")
    visit.send()
    if visit.page.locator("#alike").count():
        visit.look("organisations like it")
        visit.follow("No, register a new one")


def publishes_the_need(visit: Visit) -> None:
    """One question at a time: what an answer lacks is said there; all are read once more, then it is published, with the technologies that answer it."""
    visit.open("/desk")
    visit.follow(visit.page.locator("#first-steps .now .btn-primary"))
    visit.send()
    visit.look("question refused")
    tried = f"tried_{visit.language}"
    assert not looking.unsaid(visit.page)
    assert visit.page.locator(f"#{tried}").get_attribute("aria-invalid") == "true"
    for answer in ({tried: TRIED[visit.language]}, {}, {"deadline": "2027-12-31"}, {"budget_max": "300000", "payer": "firm"}):
        visit.fill(**answer)
        visit.send()
    visit.hand.tick(visit.page.locator("input[name=modes]").first)
    visit.send()
    visit.fill(industry="C358")
    visit.send()
    visit.look("answers to check")
    visit.send()
    visit.look("need published")
    visit.contains(ANSWER[visit.language])


def looks_at_the_matches(visit: Visit) -> None:
    """Each with its reasons, on a page of its own."""
    visit.open("/desk")
    visit.follow(visit.page.locator("#first-steps .now .btn-primary"))
    visit.wait_for("article.res")
    visit.look("matches")
    visit.follow(visit.page.locator("article.res h3 a"))
    visit.look("match")


def works_out_the_terms(visit: Visit) -> None:
    """What the technology would cost the firm and bring it, quarter by quarter; then back to the match."""
    match = visit.page.url
    visit.follow(visit.page.locator("dl a[href*='/technologies/']"))
    visit.follow("Work out what it would bring both sides")
    visit.look("simulator")
    visit.page.goto(match)


def asks_for_an_introduction(visit: Visit) -> None:
    """One press; the technology manager's turn."""
    visit.follow(visit.page.locator("form:has(input[value=introduced]) button"))
    visit.look("introduction asked for")


def reads_what_an_introduction_costs(visit: Visit) -> None:
    """Before agreeing a firm reads the fee and what will be shared."""
    visit.sign_in("owner")
    visit.look("desk")
    goes_somewhere_by_its_name(visit)
    visit.open("/deals?stage=introduced")
    visit.follow(visit.page.locator("main td a[href*='/deals/']"))
    visit.look("deal introduced")
    visit.open(f"/deals/{visit.page.url.rpartition('/')[2].partition('#')[0]}/introduction")
    visit.look("introduction")
    assert "20,000" in visit.page.inner_text("main").replace("2万", "20,000")


def goes_somewhere_by_its_name(visit: Visit) -> None:
    """One key from any page, a name, Enter: the one answer is opened."""
    with visit.page.expect_navigation():
        visit.page.keyboard.press("Control+k")
    visit.look("go to")
    visit.fill(q={"zh": "设置", "en": "settings"}[visit.language])
    visit.send()
    assert visit.page.url.endswith("/settings")


def reads_a_deal_and_its_agreement(visit: Visit) -> None:
    """From the deal under trial to the agreement: what is due next, and the signed text."""
    visit.open("/deals?stage=performing")
    visit.look("deals")
    visit.follow(visit.page.locator("main td a[href*='/deals/']"))
    visit.look("deal under trial")
    visit.follow(visit.page.locator("main a[href*='/agreements/']").first)
    visit.look("agreement")
    assert visit.page.locator("dl.at-glance").count() == 1
