"""An application that makes rubbish which holds itself, and tells how much of it is still there: for test_serving."""

from __future__ import annotations

import gc
import json
import sys
import weakref
from collections.abc import Callable, Iterable
from typing import Any

RINGS = 400  # in a request: with their dictionaries and lists more than the 700 objects after which the interpreter looks
_made: list[weakref.ref] = []


class Ring:
    """Holds itself."""

    def __init__(self) -> None:
        self.more = [self, [self]]


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """One request: what was there of the rubbish at its beginning, what was made before, and whether the interpreter looks for it by itself."""
    there = sum(ring() is not None for ring in _made)
    answer = {"there": there, "made": len(_made), "by itself": gc.isenabled(), "python": sys.version_info[:2]}
    _made.extend(weakref.ref(ring) for ring in [Ring() for _number in range(RINGS)])
    body = json.dumps(answer).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
