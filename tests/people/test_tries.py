"""Counts of tries that all workers share: two applications on one database count together, and nobody is counted twice or not at all."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from time import time

import pytest
from limits import RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter

from marketplace.people import tries


def count(address: str, most) -> None:
    """What another worker does, with a store of its own."""
    store = tries.SharedTries(address)
    most.value = max(store.incr("key", 60) for _ in range(40))


@pytest.fixture
def address(own_database, tmp_path) -> str:
    return f"tries+sqlite:///{tmp_path / 'tries.db'}" if own_database.startswith("sqlite") else f"tries+{own_database}"


@pytest.fixture
def store(address):
    made = tries.SharedTries(address)
    yield made
    made._engine.dispose()


def test_two_processes_and_many_threads_count_together(address, store):
    forking = multiprocessing.get_context("fork")
    most = forking.Value("i")
    other = forking.Process(target=count, args=(address, most))
    other.start()
    with ThreadPoolExecutor(4) as pool:
        own = max(pool.map(lambda _: store.incr("key", 60), range(60)))
    other.join(60)
    assert max(own, most.value) == 100 == store.get("key")


def test_a_window_ends_and_begins_anew(store, monkeypatch):
    limit, moment = RateLimitItemPerMinute(2), time()
    limiter = FixedWindowRateLimiter(store)
    monkeypatch.setattr(tries.time, "time", lambda: moment)
    assert [limiter.hit(limit, "who") for _ in range(3)] == [True, True, False]
    assert limiter.hit(limit, "another") and not limiter.test(limit, "who")
    monkeypatch.setattr(tries.time, "time", lambda: moment + 61)
    assert limiter.test(limit, "who") and limiter.hit(limit, "who")
    assert store.reset() == 2 and store.get("who") == 0 and store.check()
