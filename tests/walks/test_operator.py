"""The walk of an operator: an organisation that waits is verified, a technology manager named, the queues and the outbox looked at, a board opened."""

from __future__ import annotations

import secrets

import pytest

from tests.walks import looking
from tests.walks.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_operator(visit: Visit) -> None:
    name = somebody_asks_for_verification(visit)
    verifies_the_organisation(visit, name)
    names_a_manager(visit)
    looks_at_the_queues(visit)
    looks_at_mail_and_figures(visit)
    reads_a_board(visit)


def somebody_asks_for_verification(visit: Visit) -> str:
    """What happens elsewhere before: somebody signs up, enters an organisation and hands in what shows that it exists. Returns its name."""
    context = visit.page.context.browser.new_context()
    page, start, mark = context.new_page(), f"{visit.site.address}/{visit.language}", secrets.token_hex(4)
    send = "main form button.btn-primary"
    page.goto(f"{start}/sign-up")
    for name, value in (("name", "Walker"), ("address", f"waits-{mark}@example.com"), ("password", "three small boats")):
        page.locator(f"#{name}").fill(value)
    page.locator(send).click()
    page.goto(start + visit.site.mailed(f"waits-{mark}@example.com", r"/confirm/\S+"))
    page.locator(send).click()
    page.goto(f"{start}/organisations/new")
    name = f"{mark[:4]} {mark[4:]} {'研究所' if visit.language == 'zh' else 'Lab'}"
    page.locator(f"#name_{visit.language}").fill(name)
    page.locator("#kind").select_option("institute")
    page.locator("#region").select_option("330000")
    page.locator("main form button[type=submit]").click()
    if page.locator("#alike").count():
        page.locator("main form button[type=submit]").click()
    page.goto(f"{page.url.partition('?')[0]}/verification")
    page.locator("#evidence").fill("www.example.org")
    page.locator(send).click()
    context.close()
    return name


def verifies_the_organisation(visit: Visit, name: str) -> None:
    """Without a reason a refusal is not taken; then yes."""
    visit.sign_in("operator")
    visit.look("desk")
    visit.follow("Organisations to verify")
    visit.look("organisations to verify")
    visit.follow(visit.page.locator("main li a").filter(has_text=name))
    visit.follow(visit.page.locator("button[value=refuse]"))
    visit.look("refusal without a reason")
    assert not looking.unsaid(visit.page)
    visit.follow(visit.page.locator("button[value=verify]"))
    visit.look("verified")


def names_a_manager(visit: Visit) -> None:
    """Somebody is appointed, and the role taken back."""
    visit.open("/desk")
    visit.follow("Technology managers")
    visit.fill(address="caller@demo.example")
    visit.follow("Appoint")
    visit.look("manager named")
    row = visit.page.locator("main li").filter(has_text="caller@demo.example")
    visit.follow(row.locator("button"))
    visit.look("role taken back")


def looks_at_the_queues(visit: Visit) -> None:
    """Files held back, mail that does not get through."""
    visit.open("/desk")
    visit.follow("Files held back")
    visit.look("files held back")


def looks_at_mail_and_figures(visit: Visit) -> None:
    """The outbox with one letter, what does not arrive, and how far deals come."""
    visit.open("/desk")
    visit.follow("Outbox")
    visit.look("outbox")
    visit.follow(visit.page.locator("main td a"))
    visit.look("letter")
    for words in ("Mail that does not get through", "How far deals come"):
        visit.open("/desk")
        visit.follow(words)
        visit.look(words)


def reads_a_board(visit: Visit) -> None:
    """A board of calls, and the call on it."""
    visit.open("/boards")
    visit.look("boards")
    visit.follow(visit.page.locator("main a[href*='/boards/']:not([href$=new])"))
    visit.look("board")
