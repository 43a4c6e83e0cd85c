"""The worker of gunicorn: when the interpreter looks for rubbish."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.web.rings import RINGS

PLACE = "tests.web.rings:app"


@pytest.fixture
def address() -> Iterator[str]:
    """An application under our worker, on a port of its own."""
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", PLACE, "--bind", f"127.0.0.1:{port}", "--threads", "4", "--worker-class", "marketplace.serving.Worker",
               "--log-level", "warning"]
    server = subprocess.Popen(command)
    try:
        for _attempt in range(300):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(30)


def test_rubbish_goes_between_requests_where_the_interpreter_would_look_for_it_anywhere(address: str) -> None:
    answers = []
    for _number in range(30):
        with urllib.request.urlopen(address, timeout=30) as page:
            answers.append(json.loads(page.read()))
        time.sleep(0.02)  # it is looked for after the answer has gone
    last = answers[-1]
    assert last["by itself"] == (last["python"] >= [3, 12])
    assert last["made"] == 29 * RINGS
    assert last["there"] <= 15 * RINGS, "a young ring goes after its request, one that was looked at twice with the eleventh time, or when all are looked at"
