"""What is written down of a request: enough to find it, nothing of who it was."""

from __future__ import annotations

import json
import logging

import pytest

from marketplace.logs import Lines, Logged, running, working_for


@pytest.fixture
def lines():
    """What the program writes, each line read as JSON."""
    found = []

    class Kept(logging.Handler):
        def emit(self, record):
            found.append(json.loads(Lines().format(record)))

    handler, logger = Kept(), logging.getLogger("marketplace")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield found
    logger.removeHandler(handler)
    logger.setLevel(before)


def test_a_request_is_one_line_without_address_query_or_person(client, lines):
    answer = client.get("/en/technologies?q=secret-words", headers={"X-Request-ID": "from-a-stranger"})
    answer.close()
    (line,) = [one for one in lines if one.get("what") == "request"]
    assert line["id"] == answer.headers["X-Request-ID"] != "from-a-stranger"
    assert (line["endpoint"], line["method"], line["status"]) == ("matching.technologies", "GET", 200) and line["ms"] > 0
    assert "secret" not in json.dumps(lines) and "/en/" not in json.dumps(lines)


@pytest.mark.parametrize(("address", "said", "kept"), [
    ("127.0.0.1", "abcdef0123", True), ("10.1.1.1", "abcdef0123", False), ("127.0.0.1", "short", False), ("127.0.0.1", "a line\r\nmore", False),
])
def test_an_id_counts_from_a_proxy_that_we_trust_alone(address, said, kept):
    told = {}
    app = Logged(lambda _environ, start: (start("200 OK", []), [b"x"])[1], ("127.0.0.1",))
    parts = app({"REMOTE_ADDR": address, "HTTP_X_REQUEST_ID": said, "REQUEST_METHOD": "GET"}, lambda _status, headers: told.update(headers))
    assert b"".join(parts) == b"x"
    parts.close()
    assert (told["X-Request-ID"] == said) is kept
    assert running.get() == ""


def test_an_error_is_told_without_what_it_says():
    try:
        try:
            raise ValueError("Key (address)=(someone@example.org) already exists")
        except ValueError as error:
            raise RuntimeError("someone@example.org") from error
    except RuntimeError:
        record = logging.getLogger("marketplace").makeRecord("marketplace", logging.ERROR, "x.py", 1, "failed", (), __import__("sys").exc_info())
    with working_for("job-7"):
        line = json.loads(Lines().format(record))
    assert line["error"] == ["RuntimeError", "ValueError"] and line["id"] == "job-7" and "someone" not in json.dumps(line)
    assert any("test_logs" in place for place in line["where"])


def test_the_page_of_an_error_names_the_request(client):
    answer = client.get("/en/nowhere")
    assert f"404-{answer.headers['X-Request-ID']}" in answer.text
