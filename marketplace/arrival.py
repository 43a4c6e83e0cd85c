"""When a request began, and whose it is: the moment of its first byte, as the server saw it. Late is late, and nobody else's clock counts.

The worker of `serving` notes the moment at which a connection has something to read, before a thread is free for it, and hands it over in
`first_byte`. Behind a proxy the connection begins when the proxy opens it: there the header X-Request-Start ("t=" and seconds since 1970, as
nginx writes it with ${msec}) counts, from the addresses of MARKETPLACE_PROXIES alone, and never a later moment than our own. Without either it
is the moment at which the application is called, which is later and so can only be too strict.

From where it came is told by the same proxies alone: X-Forwarded-For is read from its end, over what our own proxies added, to the first address that
is none of theirs. Whatever a visitor writes into it stands before that and counts for nothing. Standard library alone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from ipaddress import ip_address
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
        environ["REMOTE_ADDR"] = self._sender(environ)
        return self.app(environ, start_response)

    def _said(self, environ: dict[str, Any], own: float) -> float:
        """What a proxy that we trust says, else our own moment."""
        found = _SECONDS.fullmatch(environ.get(HEADER, "").strip())
        if found is None or (environ.get("REMOTE_ADDR") or "unix") not in self.proxies:
            return own
        said = float(found[1])
        return said if own - LONGEST <= said <= own else own

    def _sender(self, environ: dict[str, Any]) -> str:
        """The visitor's address: what limits and logs count by. What a proxy says that is no address ends the search at the proxy."""
        found = environ.get("REMOTE_ADDR") or "unix"
        for named in reversed(environ.get("HTTP_X_FORWARDED_FOR", "").split(",")):
            if found not in self.proxies:
                break
            try:
                found = str(ip_address(named.strip()))
            except ValueError:
                break
        return "" if found == "unix" else found


class Patient:
    """The body of a request, read until a moment and not beyond: whoever sends a byte now and then does not go on for ever. `taken` bytes came.

    `seconds` is the most that may pass from here on by the clock that never jumps: a site's clock that is put back meanwhile gives nobody more time.
    """

    def __init__(self, stream: IO[bytes], until: datetime, seconds: float) -> None:
        self.stream, self.until, self.taken, self.end = stream, until, 0, time.monotonic() + seconds

    def _look(self) -> None:
        if datetime.now(UTC) > self.until or time.monotonic() > self.end:
            raise TimeoutError("the request took too long")

    def read(self, size: int = -1) -> bytes:
        """Some of it. Raises `OSError`."""
        return self._taken(self.stream.read, size)

    def readline(self, size: int = -1) -> bytes:
        """A line of it. Raises `OSError`."""
        return self._taken(self.stream.readline, size)

    def _taken(self, read: Callable[[int], bytes], size: int) -> bytes:
        self._look()
        try:
            data = read(size)
        except OSError:
            raise
        except Exception as error:  # servers have errors of their own for chunks that are none
            raise ConnectionError("the body of the request is none") from error
        self.taken += len(data)
        return data
