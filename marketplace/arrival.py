"""When a request began: the moment of its first byte, as the server saw it. Late is late, and nobody else's clock counts.

The worker of `serving` notes the moment at which a connection has something to read, before a thread is free for it, and hands it over in
`first_byte`. Behind a proxy the connection begins when the proxy opens it: there the header X-Request-Start ("t=" and seconds since 1970, as
nginx writes it with ${msec}) counts, from the addresses of MARKETPLACE_PROXIES alone, and never a later moment than our own. Without either it
is the moment at which the application is called, which is later and so can only be too strict. Standard library alone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import IO, Any

FIRST_BYTE = "marketplace.first_byte"
HEADER = "HTTP_X_REQUEST_START"
LONGEST = 2 * 60 * 60  # seconds: a proxy that says more than this has another clock
_SECONDS = re.compile(r"t=(\d{9,10}\.\d{1,6}|\d{9,10})", re.ASCII)

first_byte: ContextVar[float | None] = ContextVar("first_byte", default=None)


class Stamp:
    """WSGI middleware that puts the moment into the environment of the request, in seconds since 1970."""

    def __init__(self, app: Callable[..., Iterable[bytes]], proxies: tuple[str, ...] = ()) -> None:
        self.app, self.proxies = app, proxies

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Stamp, and go on."""
        own = first_byte.get() or time.time()
        first_byte.set(None)  # the next request on this thread has its own
        environ[FIRST_BYTE] = self._said(environ, own)
        return self.app(environ, start_response)

    def _said(self, environ: dict[str, Any], own: float) -> float:
        """What a proxy that we trust says, else our own moment."""
        found = _SECONDS.fullmatch(environ.get(HEADER, "").strip())
        if found is None or (environ.get("REMOTE_ADDR") or "unix") not in self.proxies:
            return own
        said = float(found[1])
        return said if own - LONGEST <= said <= own else own


class Patient:
    """The body of a request, read until a moment and not beyond: whoever sends a byte now and then does not go on for ever. `taken` bytes came."""

    def __init__(self, stream: IO[bytes], until: datetime) -> None:
        self.stream, self.until, self.taken = stream, until, 0

    def _look(self) -> None:
        if datetime.now(UTC) > self.until:
            raise TimeoutError("the request took too long")

    def read(self, size: int = -1) -> bytes:
        """Some of it. Raises `TimeoutError`."""
        self._look()
        return self._counted(self.stream.read(size))

    def readline(self, size: int = -1) -> bytes:
        """A line of it. Raises `TimeoutError`."""
        self._look()
        return self._counted(self.stream.readline(size))

    def _counted(self, data: bytes) -> bytes:
        self.taken += len(data)
        return data
