"""The worker of gunicorn: when rubbish that holds itself is looked for."""

from __future__ import annotations

import gc
import json
import socket
import subprocess
import sys
import time
import urllib.request
import weakref
from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.workers.gthread import ThreadWorker

from marketplace import serving
from tests.web.rings import RINGS, Ring

PLACE = "tests.web.rings:app"


@pytest.fixture
def collecting() -> Iterator[None]:
    """The interpreter's own threshold, as in a worker; what that changes of the collector is as before afterwards."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)
    gc.enable()


def made() -> list[weakref.ref]:
    """Rings that nobody holds."""
    return [weakref.ref(ring) for ring in [Ring() for _number in range(RINGS)]]


@pytest.mark.parametrize("anywhere", [True, False])
def test_rubbish_goes_after_a_request_where_the_interpreter_would_look_for_it_anywhere(
    anywhere: bool, monkeypatch: pytest.MonkeyPatch, collecting: None,
) -> None:
    seen: dict[str, Any] = {}

    def answering(_worker: Any, _req: Any, _conn: Any) -> str:
        gc.collect(0)
        seen["rings"] = made()
        seen["meanwhile"] = sum(ring() is not None for ring in seen["rings"])
        return "answered"

    def running(_worker: Any) -> None:
        seen["by itself"] = gc.isenabled()

    monkeypatch.setattr(serving, "ANYWHERE", anywhere)
    monkeypatch.setattr(ThreadWorker, "handle_request", answering)
    monkeypatch.setattr(ThreadWorker, "run", running)
    worker = object.__new__(serving.Worker)
    worker.run()
    assert seen["by itself"] is not anywhere
    if not anywhere:
        return
    assert worker.handle_request(None, SimpleNamespace()) == "answered"
    assert seen["meanwhile"] == RINGS, "nothing is looked for in the midst of a request"
    assert not any(ring() for ring in seen["rings"]), "and what it left goes when it has ended"


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


@pytest.mark.slow
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
