"""The worker of gunicorn: when rubbish that holds itself is looked for."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.workers.gthread import ThreadWorker

from marketplace import serving

RINGS = 400  # with their dictionaries and lists more than the 700 objects after which the interpreter looks


class Ring:
    """Holds itself."""

    def __init__(self) -> None:
        self.more = [self, [self]]


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
