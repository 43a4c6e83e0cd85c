"""What a page says while the database is gone, or its disk is full: to whoever is signed in too, and in both languages."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from tests import factories


@contextmanager
def answering(app, words):
    """The database answers everything with this error."""
    engine = app.extensions["engine"]

    def fails(_connection, _cursor, statement, *_rest):
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
