"""A real server of embeddings on this machine: a small hash encoder behind OpenAI's interface, and faults on demand."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from marketplace.matching import text as cut
from marketplace.matching.semantic import Vectors, unit

DIMENSIONS = 96
Fault = Callable[["Handler", dict[str, Any]], None]


def hashed(texts: Sequence[str], dimensions: int = DIMENSIONS) -> Vectors:
    """Words and pairs of characters thrown into as many places: texts that share them are near each other."""
    rows = np.zeros((len(texts), dimensions), np.float32)
    for row, text in zip(rows, texts, strict=True):
        for word in ["", *cut.words(text), *cut.bigrams(text)]:
            number = int.from_bytes(blake2b(word.encode(), digest_size=4).digest())
            row[number % dimensions] += 1 if number & 2**31 else -1
    return unit(rows)


class HashEncoder:
    """The same encoder without a network between."""

    name, dimensions = f"hash-{DIMENSIONS}", DIMENSIONS

    def reads(self, text: str) -> str:
        return text

    def encode(self, texts: Sequence[str], within: float | None = None) -> Vectors:
        return hashed(texts)


class Server:
    """What was asked, and the faults that the next requests meet, one each; after them it works."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/v1"
        self.asked: list[list[str]] = []
        self.headers: list[dict[str, str]] = []
        self.faults: deque[Fault] = deque()
        self.always: Fault | None = None
        self.released = threading.Event()  # ends whatever a slow fault waits for
        self.gone = threading.Event()  # set when a slow answer found that nobody listens


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    state: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.state.asked.append(body["input"])
        self.state.headers.append({**self.headers, "path": self.path})
        fault = self.state.faults.popleft() if self.state.faults else self.state.always
        (fault or answer)(self, body)

    def send(self, status: int, content: object, **headers: str) -> None:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(raw)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_arguments: object) -> None:
        return


def rows(vectors: Vectors) -> list[dict[str, Any]]:
    return [{"object": "embedding", "index": place, "embedding": row.tolist()} for place, row in enumerate(vectors)]


def answer(handler: Handler, body: dict[str, Any]) -> None:
    """As it should be, but in another order than asked: the index says which is which."""
    assert body["encoding_format"] == "float"
    data = rows(hashed(body["input"]))
    handler.send(200, {"object": "list", "data": data[1::2] + data[0::2][::-1], "model": body["model"]})


def status(number: int, **headers: str) -> Fault:
    """An answer that quotes what it was asked, as some servers do."""
    return lambda handler, body: handler.send(
        number, {"error": {"message": f"{body['input']} {handler.headers['Authorization']}"}}, **headers
    )


def saying(change: Callable[[list[dict[str, Any]]], object], dimensions: int = DIMENSIONS) -> Fault:
    """An answer whose list of vectors was changed."""
    return lambda handler, body: handler.send(200, {"data": change(rows(hashed(body["input"], dimensions)))})


def raw(content: bytes) -> Fault:
    return lambda handler, body: handler.send(200, content)


def silent(handler: Handler, body: dict[str, Any]) -> None:
    """No answer until it is released."""
    handler.state.released.wait(30)
    handler.close_connection = True


def dripping(handler: Handler, body: dict[str, Any]) -> None:
    """A byte now and then, until nobody listens."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    try:
        while not handler.state.released.wait(0.02):
            handler.wfile.write(b" ")
    except OSError:
        handler.state.gone.set()
    handler.close_connection = True


def hanging_up(handler: Handler, body: dict[str, Any]) -> None:
    handler.close_connection = True


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler] = Handler) -> Iterator[Server]:
    """The server, in a thread of its own."""
    bound = type("Bound", (handler,), {})
    listening = ThreadingHTTPServer(("127.0.0.1", 0), bound)
    listening.daemon_threads = True
    listening.handle_error = lambda *_about: None  # type: ignore[method-assign]  # clients that hang up are what some tests want
    bound.state = Server(listening.server_address[1])  # type: ignore[attr-defined]
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield bound.state  # type: ignore[attr-defined]
    finally:
        bound.state.released.set()  # type: ignore[attr-defined]
        listening.shutdown()
        thread.join()
        listening.server_close()
