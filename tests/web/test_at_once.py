"""Two workers at the same moment, each in a transaction of its own: a job is claimed once, and a form that waits under a key stands once a worker."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from marketplace import jobs
from marketplace.db import now, session
from marketplace.jobs import Job
from tests.at_once import given_at_once

pytestmark = pytest.mark.usefixtures("own_database")


def claim(moment):
    """Claim what a worker would."""
    job = jobs._claim(moment, None)
    return job and job.id


def test_two_workers_never_claim_the_same_job():
    for number in range(6):
        jobs.enqueue("tests.at_once", value=number)
    session.commit()
    claimed = []
    for _round in range(3):
        claimed += given_at_once(*[lambda: claim(now())] * 3)
    taken = [one for one in claimed if isinstance(one, int)]
    assert sorted(taken) == sorted(set(taken)) and len(taken) == 6
    assert session.scalar(select(func.count()).select_from(Job).where(Job.state == "running", Job.attempts == 1)) == 6


def test_a_lease_that_ran_out_is_taken_over_by_one():
    job = jobs.enqueue("tests.at_once", value=1)
    session.commit()
    assert claim(now()) == job.id
    session.commit()
    later = now() + jobs.LEASE + timedelta(seconds=1)
    assert sorted(map(str, given_at_once(*[lambda: claim(later)] * 3))) == sorted(map(str, (job.id, None, None)))
    assert session.get_one(Job, job.id, populate_existing=True).attempts == 2


def test_a_job_that_waits_is_not_taken_before_the_second_event_is_there(own_database):
    """The second event makes no job of its own: the one that waits must see it, so it cannot begin before that event's transaction has ended."""
    if own_database.startswith("sqlite"):
        pytest.skip("on SQLite whoever writes holds the one lock from the beginning")
    waiting = jobs.enqueue("tests.at_once", key="thing:1")
    session.commit()
    assert jobs.enqueue("tests.at_once", key="thing:1") is None  # in a transaction that goes on
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(in_a_transaction_of_its_own, lambda: claim(now())).result(20) is None
        session.commit()
        assert pool.submit(in_a_transaction_of_its_own, lambda: claim(now())).result(20) == waiting.id


def in_a_transaction_of_its_own(work):
    """What it gives, committed, in the thread at hand."""
    try:
        found = work()
        session.commit()
        return found
    finally:
        session.remove()
