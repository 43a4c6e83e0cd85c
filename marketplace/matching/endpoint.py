"""An encoder behind a server that speaks the embeddings interface of OpenAI, as most model servers do.

Documents are patient: a server that is busy or down is asked again for a minute, with growing pauses or after the one it
names. A question is not: it gets one try and a second or two, and after a failure the next ones do not try at all for a while.
Messages name the address and the model, never a text, the key, or what the server wrote, for it may quote both.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from http import HTTPStatus
from pathlib import Path

import numpy as np
import urllib3
from urllib3.exceptions import HTTPError

from marketplace.matching.semantic import EncoderUnavailable, Vectors, changed, kept_dimensions, named, unit
from marketplace.matching.window import fitting

PATIENCE = 30.0  # seconds for one answer about documents
RESTS = 30.0  # seconds after a failure in which questions do not try
TRIES = 4  # further tries for documents
BACKOFF = 1.0  # seconds before the second of these, then twice as long each time
LONGEST_PAUSE = 20  # seconds between two tries, also where the server names more: a job that waits longer is better tried again
MOST_TEXTS, MOST_CHARACTERS = 64, 60_000  # of one request
LARGEST_ANSWER = 64 * 2**20  # bytes; 64 texts of 4,096 dimensions take some 6 MB
_CONNECTIONS = 8  # kept open: as many as a web process has threads

_ADVICE = {
    HTTPStatus.BAD_REQUEST: "if it refuses long texts, lower MARKETPLACE_ENCODER_TOKENS",
    HTTPStatus.UNAUTHORIZED: "check MARKETPLACE_ENCODER_KEY",
    HTTPStatus.FORBIDDEN: "check MARKETPLACE_ENCODER_KEY",
    HTTPStatus.NOT_FOUND: "check the address and the name of the model in MARKETPLACE_ENCODERS",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "lower MARKETPLACE_ENCODER_TOKENS",
    HTTPStatus.UNPROCESSABLE_ENTITY: "if it refuses long texts, lower MARKETPLACE_ENCODER_TOKENS",
}
_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, *range(500, 505), 529)  # answers after which it is asked again


class _Unfit(Exception):
    """An answer that is no use; the message says why and may be shown."""


class Endpoint:
    """The model `model` of the server at `url` (without its last part, "/embeddings")."""

    def __init__(self, model: str, folder: Path, url: str, key: str = "", tokens: int = 512) -> None:
        self._model, self._folder, self._tokens = model, folder, tokens
        self._address = f"{url.rstrip('/')}/embeddings"
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._pool = urllib3.PoolManager(maxsize=_CONNECTIONS, cert_reqs="CERT_REQUIRED")
        self._lock = threading.Lock()
        self._rests_until = 0.0

    @property
    def name(self) -> str:
        """Model and dimensions, not the address: a server may move."""
        return named(self._model, self.dimensions)

    @cached_property
    def dimensions(self) -> int:
        """Asked of the server once in its life. Raises `EncoderUnavailable`."""
        return kept_dimensions(self._folder, self._model, lambda: len(self._rows(["."], PATIENCE)[0]))

    def reads(self, text: str) -> str:
        """What fits in the window that the settings give, by a careful guess at the model's tokens."""
        return fitting(text, self._tokens)

    def encode(self, texts: Sequence[str], within: float | None = None) -> Vectors:
        """See `Encoder`."""
        read = [self.reads(text) or "." for text in texts]
        found = [self._checked(self._rows(part, within)) for part in _parts(read)]
        return np.concatenate(found) if found else np.zeros((0, self.dimensions), np.float32)

    def _checked(self, rows: Vectors) -> Vectors:
        """Rows of length one, if they are as long as those that the model has always given."""
        if rows.shape[1] != self.dimensions:
            raise self._unusable(changed(self._folder, self._model, rows.shape[1], self.dimensions))
        return unit(rows)

    def _rows(self, texts: list[str], within: float | None) -> Vectors:
        """One request's vectors as they come, and a note for other questions whether asking makes sense."""
        if within is not None and time.monotonic() < self._rests_until:
            raise self._unusable("it failed a moment ago and is not asked")
        try:
            rows = _vectors(self._answer(texts, within), len(texts))
        except (_Unfit, HTTPError, OSError, ValueError) as error:
            self._rest(RESTS)
            raise self._unusable(_reason(error)) from None
        self._rest(0)
        return rows

    def _rest(self, seconds: float) -> None:
        with self._lock:
            self._rests_until = time.monotonic() + seconds

    def _answer(self, texts: list[str], within: float | None) -> bytes:
        """What the server answers, the whole of it within the time given."""
        until = time.monotonic() + (within or (TRIES + 1) * (PATIENCE + LONGEST_PAUSE))
        body = {"model": self._model, "input": texts, "encoding_format": "float"}
        answer = self._pool.request(
            "POST", self._address, body=json.dumps(body).encode(), headers=self._headers, redirect=False, preload_content=False,
            timeout=urllib3.Timeout(total=within or PATIENCE), retries=False if within else _patient(),
        )
        try:
            if answer.status != HTTPStatus.OK:
                advice = _ADVICE.get(answer.status)
                raise _Unfit(f"it answers {answer.status}" + (f": {advice}" if advice else ""))
            found = _read(answer, until)
        except BaseException:
            answer.close()  # what is left of it is not read, so that the connection cannot be used again
            raise
        answer.release_conn()
        return found

    def _unusable(self, why: str) -> EncoderUnavailable:
        return EncoderUnavailable(f"the encoder {self._model} at {self._address} cannot be used: {why}")


def _patient() -> urllib3.Retry:
    """How documents ask again: also after a POST, because encoding a text twice changes nothing."""
    return urllib3.Retry(
        total=TRIES, allowed_methods=None, status_forcelist=_BUSY, raise_on_status=False, redirect=False,
        backoff_factor=BACKOFF, backoff_max=LONGEST_PAUSE, retry_after_max=LONGEST_PAUSE,
    )


def _read(answer: urllib3.BaseHTTPResponse, until: float) -> bytes:
    """The body, as it arrives: a server that sends a byte now and then must not hold a page for ever."""
    pieces, size = [], 0
    while piece := answer.read1(2**16):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_ANSWER:
            raise _Unfit("its answer does not end")
        if time.monotonic() > until:
            raise TimeoutError
    return b"".join(pieces)


def _vectors(answer: bytes, count: int) -> Vectors:
    """The vectors of an answer in the order of the texts. Raises `_Unfit` for anything else than one for each."""
    try:
        rows = sorted(json.loads(answer)["data"], key=lambda row: row["index"])
        places = [row["index"] for row in rows]
        found = np.array([row["embedding"] for row in rows], np.float32)
    except (KeyError, TypeError, ValueError):
        raise _Unfit("its answer is not a list of vectors with their places") from None
    if places != list(range(count)):
        raise _Unfit(f"it gives {len(places)} vectors for {count} texts, or not one for each")
    if found.ndim != 2 or not found.shape[1] or not np.isfinite(found).all():
        raise _Unfit("its vectors are not rows of finite numbers")
    return found


def _reason(error: Exception) -> str:
    """A failure in words; what the network library says is left out, for it knows the request."""
    if isinstance(error, _Unfit):
        return str(error)
    cause = getattr(error, "reason", None) or error
    refused = isinstance(cause, urllib3.exceptions.NewConnectionError)  # which the library counts as a time-out
    if isinstance(cause, TimeoutError | urllib3.exceptions.TimeoutError) and not refused:
        return "it does not answer in time"
    return f"it cannot be reached ({type(cause).__name__})"


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    """Texts in requests of bounded length."""
    part: list[str] = []
    size = 0
    for text in texts:
        if part and (len(part) == MOST_TEXTS or size + len(text) > MOST_CHARACTERS):
            yield part
            part, size = [], 0
        part.append(text)
        size += len(text)
    if part:
        yield part
