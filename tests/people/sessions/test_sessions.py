"""Sessions: what the cookie holds, when they end, where one is signed in, and what must be proven anew."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from marketplace.access import SYSTEM, VISITOR
from marketplace.db import now
from marketplace.errors import NotAllowed, NotFound
from marketplace.people.models import Person
from marketplace.people.sessions import operations
from marketplace.people.sessions.models import SignIn
from marketplace.people.sessions.views import STEP_UP, tried_address
from marketplace.people.sessions.words import device_of
from tests import factories
from tests.factories import NOW, PASSWORD

pytestmark = pytest.mark.usefixtures("app")


def signed_in(client, address: str = "known@example.com", **more: str):
    return client.post("/en/sign-in", data={"address": address, "password": PASSWORD, **more})


def stale(session) -> None:
    """As if everybody had shown who he is sixteen minutes ago."""
    session.execute(update(SignIn).values(proven=now() - timedelta(minutes=16)))
    session.commit()


def names(client) -> str:
    with client.session_transaction() as kept:
        return kept["_user_id"]


def test_the_cookie_holds_a_random_name_of_which_the_table_has_the_hash_alone(client, session):
    with client.session_transaction() as visitor:
        visitor["_user_id"] = "planted by somebody else"
    person = factories.person(address="known@example.com")
    signed_in(client)
    row = session.scalars(select(SignIn)).one()
    assert names(client) not in ("planted by somebody else", row.token_hash, person.public_id) and len(names(client)) == 43
    assert (row.way, row.stays, row.person_id) == ("password", False, person.id)
    client.post("/en/sign-out")
    assert session.scalar(select(func.count()).select_from(SignIn)) == 0, "an old copy of the cookie opens nothing"


@pytest.mark.parametrize(("values", "stays", "idle", "longest"), [
    ({}, False, timedelta(hours=12), timedelta(days=7)), ({}, True, timedelta(days=30), timedelta(days=90)),
    ({"is_operator": True}, True, timedelta(hours=1), timedelta(hours=12)),
])
def test_a_session_ends_unused_and_at_its_longest(session, values, stays, idle, longest):
    person = factories.person(**values)
    made = operations.begin(VISITOR, person, "password", stays=stays, at=NOW)
    session.flush()
    token, second = person.ticket, timedelta(seconds=1)
    assert operations.by_session(token, NOW + idle - second) is person and operations.by_session(token, NOW + idle) is None
    made.seen = NOW + longest - second
    session.flush()
    assert operations.by_session(token, NOW + longest - second) is person and operations.by_session(token, NOW + longest) is None


def test_a_session_in_use_is_written_once_in_ten_minutes(client, session):
    client.login(factories.person())
    for minutes, moved in ((5, False), (11, True)):
        before = now() - timedelta(minutes=minutes)
        session.execute(update(SignIn).values(seen=before))
        assert client.get("/en/settings").status_code == 200
        session.expire_all()
        assert (session.scalar(select(SignIn.seen)) > before) is moved


def test_what_binds_asks_anew_and_leads_back(client, session):
    client.login(factories.person(address="known@example.com"))
    assert client.get("/en/settings/password").status_code == 200
    stale(session)
    answer = client.get("/en/settings/password")
    assert (answer.status_code, answer.location) == (303, "/en/prove?next=/en/settings/password")
    assert client.get("/en/settings").status_code == 200, "reading asks nothing"
    before = names(client)
    assert client.post(answer.location, data={"password": "not the password"}).status_code == 422
    assert client.post(answer.location, data={"password": PASSWORD}).location == "/en/settings/password"
    assert names(client) != before, "with more rights comes another name"
    assert client.get("/en/settings/password").status_code == 200


def test_an_operator_does_nothing_from_a_screen_left_open(client, session):
    works = factories.organisation(state="pending")
    client.login(factories.operator())
    stale(session)
    answer = client.post(f"/en/operations/organisations/{works.public_id}", data={"answer": "verify", "version": str(works.version_id)})
    assert answer.status_code == 303 and answer.location.startswith("/en/prove?next=")
    session.expire_all()
    assert works.state == "pending"


def test_every_page_that_asks_anew_exists(app):
    assert {rule.endpoint for rule in app.url_map.iter_rules()} >= STEP_UP


def test_one_is_signed_out_elsewhere_and_nobody_ends_anothers(client, session):
    person, stranger = factories.person(address="known@example.com"), factories.person()
    client.login(person)
    phone = client.application.test_client()
    signed_in(phone, stays="y")
    page = client.get("/en/settings/sessions").get_data(as_text=True)
    [there] = re.findall(r"/en/settings/sessions/(\w+)/end\"", page)
    with pytest.raises(NotFound):
        operations.end(stranger, stranger, there)
    with pytest.raises(NotAllowed):
        operations.end(stranger, person, there)
    assert client.post(f"/en/settings/sessions/{there}/end").status_code == 303
    assert phone.get("/en/desk").status_code == 303 and client.get("/en/desk").status_code == 200


def test_rows_that_are_over_are_swept(session):
    person = factories.person()
    for at in (NOW - timedelta(days=400), now()):
        operations.begin(SYSTEM, person, "password", at=at)
    session.flush()
    list(operations.sweep())
    assert session.scalar(select(func.count()).select_from(SignIn)) == 1


def test_a_browser_is_named_by_its_family():
    windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36"
    assert device_of(windows) == "Chrome, Windows" and device_of(windows + " Edg/150.0") == "Edge, Windows" and device_of("curl/8") == ""


def test_who_tries_passwords_elsewhere_does_not_lock_the_owner_out(app, client):
    factories.person(address="known@example.com")
    signed_in(client)
    device = client.get_cookie("techbridge-device").value
    keys = []
    for cookie, address in ((device, "KNOWN@example.com"), (device, "other@example.com"), ("", "known@example.com"), (device[:-2], "known@example.com")):
        with app.test_request_context("/en/sign-in", method="POST", data={"address": address}, headers={"Cookie": f"techbridge-device={cookie}"}):
            keys.append(tried_address().partition(":")[0])
    assert keys == ["known", "address", "address", "address"]


def test_nothing_of_a_person_is_kept_in_the_row():
    assert not {"address", "agent", "ip"} & set(SignIn.__table__.columns.keys()) and Person.ticket == ""


def test_an_operator_ends_somebodys_sessions_and_he_is_told(client, session, letters):
    person, operator = factories.person(address="known@example.com", language="en"), factories.operator()
    room = client.application.test_client()
    room.login(operator)
    session.commit()
    signed_in(client)
    assert client.get("/en/operations/sessions").status_code == 403
    assert room.get("/en/operations/sessions").status_code == 200
    assert room.post("/en/operations/sessions", data={"address": "nobody@example.com"}).status_code == 422
    assert room.post("/en/operations/sessions", data={"address": "known@example.com"}).status_code == 303
    assert client.get("/en/desk").status_code == 303 and room.get("/en/desk").status_code == 200
    assert [mail.address for mail in letters()] == ["known@example.com"]
    with pytest.raises(NotAllowed):
        operations.end_for(factories.broker(), person)


def test_signing_out_stands_on_every_page_and_may_reach_everywhere(client, session):
    factories.person(address="known@example.com")
    other = client.application.test_client()
    assert "/en/sign-out" not in client.get("/en/how").get_data(as_text=True)
    for browser in (client, other):
        signed_in(browser)
    assert '<form method="post" action="/en/sign-out">' in client.get("/en/how").get_data(as_text=True)
    assert client.post("/en/settings/sessions/end-all").location == "/en/sign-in"
    assert client.get("/en/desk").status_code == other.get("/en/desk").status_code == 303


def test_ten_wrong_tries_of_a_day_are_told_to_whose_account_it_is_once(client, session, letters, limits):
    factories.person(address="known@example.com", language="en")
    session.commit()
    for number in range(10):
        assert client.post("/en/sign-in", data={"address": "known@example.com", "password": f"wrong {number}"}).status_code == 422
        client.post("/en/sign-in", data={"address": "nobody@example.com", "password": f"wrong {number}"})
    [told] = letters()
    assert told.address == "known@example.com" and "ten wrong passwords" in told.body
    client.post("/en/sign-in", data={"address": "known@example.com", "password": "wrong"})
    assert letters() == []


def test_signing_in_and_failing_to_stand_in_the_log_without_what_was_sent(client, session, caplog):
    person = factories.person(address="known@example.com")
    session.commit()
    with caplog.at_level("INFO", "marketplace.people"):
        client.post("/en/sign-in", data={"address": "known@example.com", "password": "wrong and long"})
        client.post("/en/sign-in", data={"address": "nobody@example.com", "password": "wrong and long"})
        signed_in(client)
    assert [one.getMessage() for one in caplog.records] == [
        f"not signed in: wrong password, person {person.public_id}", "not signed in: wrong password, person -",
        f"signed in: password, second factor none, person {person.public_id}",
    ]
