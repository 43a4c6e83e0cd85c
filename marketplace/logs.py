"""What the processes of a site write down: one line of JSON for each request and each job, tied together by an id.

A line names the endpoint and never the address, so that neither what somebody searched nor whose page he read stands in the log; no person, no
mail address, no IP address. An error is told by its kind and by the places in the program it went through; what it says is left out, for databases quote
the row that they refuse. The id is the proxy's where it comes from one of MARKETPLACE_PROXIES, else our own; the answer carries it as X-Request-ID and
a page of an error shows it. Standard library alone.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

ID, ENDPOINT = "marketplace.request_id", "marketplace.endpoint"
HEADER = "HTTP_X_REQUEST_ID"
_ACCEPTED = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
_OURS = ("what", "endpoint", "method", "status", "ms", "kind", "state", "attempts")
"""What a line may hold besides time, level, logger, id and words."""

log = logging.getLogger(__name__)
running: ContextVar[str] = ContextVar("running", default="")
"""The id of the request, or of the job, that this thread works for."""


def new_id() -> str:
    """An id that says nothing: 60 random bits."""
    return secrets.token_hex(8)[:15]


class Lines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Time in UTC, level, logger, id, words, and what `extra` gave of what a line may hold."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"time": moment, "level": record.levelname.lower(), "from": record.name}
        if running.get():
            line["id"] = running.get()
        line["says"] = record.getMessage()
        line.update({name: getattr(record, name) for name in _OURS if hasattr(record, name)})
        if record.exc_info and record.exc_info[1]:
            line.update(_told(record.exc_info[1]))
        return json.dumps(line, ensure_ascii=False, default=str)


def _told(error: BaseException) -> dict[str, Any]:
    """An error without what it says: its kind, that of its cause, and where it went through. What the system said of a file or a line is said."""
    kinds, one = [], error
    while one is not None and len(kinds) < 5:
        kinds.append(type(one).__name__ + (f" {one.strerror}" if isinstance(one, OSError) and one.strerror else ""))
        one = one.__cause__ or one.__context__
    places = [f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    return {"error": kinds, "where": places[-12:]}


def configuration(lines: bool, level: str = "INFO") -> dict[str, Any]:
    """For `logging.config.dictConfig`: everything to the standard error output, as lines of JSON or as words; used by server and worker alike."""
    formatters = {"lines": {"()": Lines}, "words": {"format": "%(levelname)s %(name)s: %(message)s"}}
    handlers = {"out": {"class": "logging.StreamHandler", "formatter": "lines" if lines else "words"}}
    quiet = {name: {"level": "WARNING"} for name in ("fontTools", "weasyprint", "PIL", "alembic", "jieba")}
    servers = {name: {"level": "INFO" if lines else "WARNING", "handlers": ["out"], "propagate": False} for name in ("gunicorn.error",)}
    own = {"marketplace": {"level": level if lines else "WARNING"}}
    return {
        "version": 1, "disable_existing_loggers": False, "formatters": formatters, "handlers": handlers,
        "root": {"level": "WARNING", "handlers": ["out"]}, "loggers": {**quiet, **servers, **own},
    }


@contextmanager
def working_for(one: str) -> Iterator[None]:
    """What is written inside belongs to this id."""
    token = running.set(one)
    try:
        yield
    finally:
        running.reset(token)


class Logged:
    """WSGI middleware: gives each request its id, puts that into the answer, and writes the line when the last byte has been handed over."""

    def __init__(self, app: Callable[..., Iterable[bytes]], proxies: tuple[str, ...] = ()) -> None:
        self.app, self.proxies = app, proxies

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Name the request, and go on; see `_Told` for its end."""
        told = _Told(environ, self._id(environ))

        def starting(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            told.status = int(status[:3])
            return start_response(status, [*headers, ("X-Request-ID", told.id)], *rest)

        with working_for(told.id):
            try:
                told.parts = self.app(environ, starting)
            except BaseException:
                told.close()
                raise
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(told.parts, wrapper):  # the server hands over a file by itself, which is quicker
            file, told.parts = told.parts, _Closing(told.parts)
            file.close = told.close
            return file
        return told

    def _id(self, environ: dict[str, Any]) -> str:
        """What a proxy that we trust calls this request, else an id of ours."""
        said = environ.get(HEADER, "")
        trusted = (environ.get("REMOTE_ADDR") or "unix") in self.proxies and _ACCEPTED.fullmatch(said)
        environ[ID] = said if trusted else new_id()
        return environ[ID]


class _Told:
    """The body of an answer, which tells of its request once it is closed. Streams are made while they are sent: that belongs to the same id."""

    def __init__(self, environ: dict[str, Any], one: str) -> None:
        self.environ, self.id, self.status, self.began = environ, one, 0, time.perf_counter()
        self.parts: Iterable[bytes] = ()

    def __iter__(self) -> Iterator[bytes]:
        pieces = iter(self.parts)
        while True:
            with working_for(self.id):
                try:
                    piece = next(pieces)
                except StopIteration:
                    return
            yield piece

    def close(self) -> None:
        """End the answer, and write the line."""
        with working_for(self.id):
            try:
                if hasattr(self.parts, "close"):
                    self.parts.close()
            finally:
                spent, endpoint = time.perf_counter() - self.began, self.environ.get(ENDPOINT) or "none"
                for hear in heard:
                    hear(endpoint, self.environ["REQUEST_METHOD"], self.status, spent)
                values = {"what": "request", "endpoint": endpoint, "method": self.environ["REQUEST_METHOD"], "status": self.status}
                log.info("answered", extra={**values, "ms": round(spent * 1000, 1)})


class _Closing:
    """What stands in the place of a file that the server hands over: all that is left to do is to close it."""

    def __init__(self, file: Any) -> None:
        self.close = getattr(file, "close", lambda: None)

    def __iter__(self) -> Iterator[bytes]:
        return iter(())


heard: list[Callable[[str, str, int, float], None]] = []
"""Who else is told of each answer: endpoint, method, status, seconds."""
