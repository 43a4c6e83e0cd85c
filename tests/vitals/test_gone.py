"""What a page says while the database is gone, or its disk is full: to whoever is signed in too, and in both languages."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from tests import factories


@contextmanager
def answering(app, words, begins=""):
    """The database answers everything, or what begins so, with this error."""
    engine = app.extensions["engine"]

    def fails(_connection, _cursor, statement, *_rest):
        if statement.startswith(begins):
            raise OperationalError(statement, {}, Exception(words))

    event.listen(engine, "before_cursor_execute", fails)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", fails)


@pytest.mark.parametrize(("words", "language", "heading"), [
    ("the server closed the connection unexpectedly", "en", "The database is busy"), ("server closed", "zh", "系统正忙"),
    ("database or disk is full", "en", "Nothing can be saved at present"), ("attempt to write a readonly database", "zh", "目前无法保存"),
])
def test_the_page_says_so_and_when_to_come_again(app, client, session, words, language, heading):
    client.login(factories.person())
    session.commit()
    session.expire_all()
    with answering(app, words):
        answer, nowhere = client.get(f"/{language}/desk"), client.get(f"/{language}/nowhere")
    assert nowhere.status_code == 503
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "30"
    assert heading in answer.text and answer.headers["X-Request-ID"] in answer.text
    assert client.get(f"/{language}/desk").status_code == 200


def test_what_was_not_saved_is_not_said_to_be(app, client, session):
    person = factories.person(language="en")
    session.commit()
    client.login(person)
    version = str(person.version_id)
    with answering(app, "database or disk is full", "UPDATE person"):
        answer = client.post("/en/settings", data={"name": "Li Wei", "language": "en", "version": version})
    assert answer.status_code == 503 and "Nothing can be saved at present" in answer.text
    assert "Saved." not in answer.text and "Saved." not in client.get("/en/settings").text
    client.post("/en/settings", data={"name": "Li Wei", "language": "en", "version": version})
    assert "Saved." in client.get("/en/settings").text
