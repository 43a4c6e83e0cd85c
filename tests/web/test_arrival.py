"""When a request began: whom the stamp believes."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from marketplace.arrival import FIRST_BYTE, Patient, Stamp, first_byte


def stamped(proxies: tuple[str, ...] = (), **environ: Any) -> float:
    seen = {}
    Stamp(lambda given, _start: seen.update(given) or [], proxies)(environ, lambda *_args: None)
    return seen[FIRST_BYTE]


def test_the_worker_knows_and_says_it_once() -> None:
    first_byte.set(1000.5)
    assert stamped() == 1000.5
    assert time.time() - stamped() < 5


@pytest.mark.parametrize(("address", "proxies", "counts"), [
    ("127.0.0.1", ("127.0.0.1",), True), ("127.0.0.1", (), False), ("10.9.9.9", ("127.0.0.1",), False), ("", ("unix",), True), ("", ("127.0.0.1",), False),
])
def test_a_header_counts_from_a_proxy_that_we_trust_alone(address: str, proxies: tuple[str, ...], counts: bool) -> None:
    said = time.time() - 30
    found = stamped(proxies, REMOTE_ADDR=address, HTTP_X_REQUEST_START=f"t={said:.3f}")
    assert (abs(found - said) < 0.01) is counts


@pytest.mark.parametrize(("address", "header", "whose"), [
    ("127.0.0.1", "203.0.113.7", "203.0.113.7"), ("127.0.0.1", "6.6.6.6, 203.0.113.7", "203.0.113.7"), ("127.0.0.1", "203.0.113.7, 127.0.0.1", "203.0.113.7"),
    ("203.0.113.8", "203.0.113.7", "203.0.113.8"), ("127.0.0.1", "", "127.0.0.1"), ("127.0.0.1", "nonsense", "127.0.0.1"),
])
def test_whose_a_request_is_counts_from_a_proxy_that_we_trust_alone(address: str, header: str, whose: str) -> None:
    seen = {}
    app = Stamp(lambda given, _start: seen.update(given) or [], ("127.0.0.1",))
    app({"REMOTE_ADDR": address, "HTTP_X_FORWARDED_FOR": header}, lambda *_args: None)
    assert seen["REMOTE_ADDR"] == whose


@pytest.mark.parametrize("said", ["t=9999999999.000", "t=100000000.0", "yesterday", "t=-5", "t=1e9", "", "t=１７００００００００.1"])
def test_a_moment_that_cannot_be_is_not_believed(said: str) -> None:
    assert time.time() - stamped(("127.0.0.1",), REMOTE_ADDR="127.0.0.1", HTTP_X_REQUEST_START=said) < 5


def test_a_body_is_read_until_its_time_is_over() -> None:
    body = Patient(io.BytesIO(b"one\ntwo"), datetime.now(UTC) + timedelta(minutes=1), 60)
    assert body.read(2) == b"on" and body.readline() == b"e\n" and body.taken == 4
    body.until = datetime.now(UTC) - timedelta(seconds=1)
    for read in (body.read, body.readline):
        with pytest.raises(TimeoutError):
            read(10)
