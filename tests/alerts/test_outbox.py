"""The outbox: open on a development site, where it stands for the mailboxes; operators only, and without texts, on a live one."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from marketplace.access import VISITOR
from marketplace.alerts.models import Mail
from marketplace.jobs import run_all
from marketplace.people import operations as people
from tests import factories

pytestmark = pytest.mark.usefixtures("app")


def one_mail(session) -> str:
    people.ask_reset(VISITOR, factories.person(address="reader@example.com").address)
    session.commit()
    run_all()
    return session.scalar(select(Mail.public_id))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_on_a_development_site_everybody_reads_it(client, session, language):
    assert client.get(f"/{language}/dev/outbox").status_code == 200
    public_id = one_mail(session)
    page = client.get(f"/{language}/dev/outbox").get_data(as_text=True)
    assert "重设密码" in page and "reader@example.com" in page
    page = client.get(f"/{language}/dev/outbox/{public_id}").get_data(as_text=True)
    assert 'href="http://127.0.0.1:5000/zh/reset/' in page
    assert client.get(f"/{language}/dev/outbox/nonsense2345").status_code == 404


def test_on_a_live_site_only_operators_and_no_links(client, session, bind):
    public_id = one_mail(session)
    people_who = [None, factories.person(), factories.broker(), factories.operator()]
    session.commit()
    bind(production=True)
    for person in people_who:
        if person is not None:
            client.login(session.merge(person))
        allowed = person is people_who[-1]
        for url in ("/zh/dev/outbox", f"/zh/dev/outbox/{public_id}"):
            answer = client.get(url)
            assert answer.status_code == (200 if allowed else 403)
            assert "/zh/reset/" not in answer.get_data(as_text=True)


def test_long_lists_have_pages(client, session):
    for number in range(25):
        session.add(Mail(
            address=f"a{number}@example.com", template="invite", language="en", subject="Hello", body="", message_id=f"<{number}>",
            state="sent", created=factories.NOW,
        ))
    session.commit()
    first = client.get("/en/dev/outbox").get_data(as_text=True)
    assert "a24@example.com" in first and "a4@example.com" not in first and "page=2" in first
    second = client.get("/en/dev/outbox?page=2").get_data(as_text=True)
    assert "a4@example.com" in second and "page=1" in second and "page=3" not in second


def test_mails_are_found_by_state_kind_and_address_and_no_address_of_a_page_says_whose(client, session):
    for number, (state, template) in enumerate((("sent", "invite"), ("refused", "invite"), ("sent", "digest"), ("kept", "digest"))):
        session.add(Mail(
            address="a@example.com" if number % 2 else "b@example.com", template=template, language="en", subject=f"Hello{number}", body="",
            message_id=f"<{number}>", state=state, created=factories.NOW,
        ))
    session.flush()
    client.login(factories.operator())

    def shown(path):
        page = BeautifulSoup(client.get(f"/en/{path}").get_data(as_text=True), "lxml")
        return page.select_one(".list-count").get_text(), len(page.select("tbody tr"))

    assert shown("dev/outbox") == ("4 mails", 4) and shown("dev/outbox?state=sent&kind=digest") == ("1 mail", 1)
    assert shown("mail") == ("1 mail", 1) == shown("mail?state=nonsense&kind=x") and shown("mail?state=all") == ("4 mails", 4)
    for path, listed in (("/en/dev/outbox/find", "dev/outbox"), ("/en/mail/find", "mail")):
        found = client.post(path, data={"address": " A@example.com "}).headers["Location"]
        assert "example" not in found and shown(found.removeprefix("/en/")) == ("2 mails", 2)
        assert client.post(path, data={"address": "nobody@example.com"}).headers["Location"].endswith(listed)
    client.login(factories.person())
    assert client.post("/en/mail/find", data={"address": "a@example.com"}).status_code == 403
