"""Jobs: queued with what caused them, claimed under a lease, retried, never lost."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from marketplace import jobs
from marketplace.db import now
from marketplace.jobs import ATTEMPTS, Job, enqueue, enqueue_scheduled, handler, run_one, supersede, waiting
from marketplace.record import Event
from tests.inspection import playing, work

pytestmark = pytest.mark.usefixtures("app")
seen: list[object] = []


@handler("tests.note")
def note(value: int) -> None:
    """Remember that it ran."""
    seen.append(value)


@handler("tests.fail")
def fail() -> None:
    """Break."""
    raise RuntimeError("on purpose")


@handler("tests.halfway")
def halfway(thing: int):
    """Queue one job, pause, then break: what came before the pause stays."""
    enqueue("tests.note", value=thing)
    yield
    enqueue("tests.note", value=thing + 1)
    raise RuntimeError("on purpose")


@pytest.fixture(autouse=True)
def nothing_seen():
    seen.clear()


def run(moment=None, only=None) -> bool:
    with playing():
        return run_one(moment, only)


def test_a_job_rolled_back_with_its_cause_never_runs(session):
    enqueue("tests.note", value=1)
    session.flush()
    session.rollback()
    assert work() == 0 and seen == []


def test_one_job_waits_under_a_key(session):
    assert enqueue("tests.note", key="same", value=1) is not None
    assert enqueue("tests.note", key="same", value=2) is None
    work()
    assert seen == [1]
    assert enqueue("tests.note", key="same", value=3) is not None


def test_a_failing_job_is_retried_with_growing_pauses_and_ends_as_failed(session):
    job = enqueue("tests.fail")
    session.commit()
    moment, pauses = now(), []
    for _attempt in range(ATTEMPTS):
        tried = now()
        assert run(moment)
        session.expire_all()
        pauses.append(job.due - tried)
        moment = max(moment, job.due) + timedelta(days=1)
    assert pauses[0] > timedelta(seconds=3) and pauses[:-1] == sorted(pauses[:-1])
    assert job.state == "failed" and job.attempts == ATTEMPTS and "on purpose" in job.error
    assert not run(moment)
    assert session.query(Event).filter_by(name="job.failed").count() == 1


def test_a_job_whose_worker_died_is_taken_up_when_its_lease_ends(session):
    job = enqueue("tests.note", value=7)
    job.state, job.lease = "running", now() + timedelta(minutes=5)
    session.commit()
    assert not run()
    assert run(now() + timedelta(minutes=6)) and seen == [7]


def test_what_a_long_job_did_before_its_pause_is_kept(session):
    enqueue("tests.halfway", thing=10)
    session.commit()
    assert run()
    session.expire_all()
    waiting = session.query(Job).filter_by(kind="tests.note").all()
    assert [job.values["value"] for job in waiting] == [10]


def test_only_the_kinds_asked_for(session):
    enqueue("tests.note", value=1)
    session.commit()
    assert not run(only=("tests.other",))
    assert run(only=("tests.note",)) and seen == [1]


def test_superseded_jobs_are_done(session):
    enqueue("tests.note", value=1)
    session.flush()
    moment = now() + timedelta(seconds=1)
    assert waiting(("tests.note",), moment) == 1 and waiting(("tests.other",), moment) == 0
    assert supersede(("tests.note",), moment) == 1
    assert waiting(("tests.note",), moment) == 0
    assert work() == 0 and seen == []


def test_periodic_jobs_are_queued_once_an_interval(session):
    moment = now()
    enqueue_scheduled(moment)
    enqueue_scheduled(moment + timedelta(seconds=1))
    session.flush()
    kinds = [job.kind for job in session.query(Job)]
    assert sorted(kinds) == sorted({kind for kind, _every in jobs._schedule})


def test_rows_are_found_by_id_although_all_share_a_state(session):
    """SQLite goes by the state of all rows until it has counted how many share one."""
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("PostgreSQL counts by itself")
    session.add_all(Job(kind="tests.note", state="done", due=now(), created=now()) for _ in range(2_000))
    session.commit()
    enqueue("database.count")
    session.commit()
    assert run(only=["database.count"])
    plan = "explain query plan select * from job where id in (1, 2, 3, 4, 5) and state in ('done')"
    assert "PRIMARY KEY" in str(session.execute(text(plan)).all())


def test_one_kind_has_one_function():
    with pytest.raises(ValueError, match="tests.note"):
        handler("tests.note")


@handler("tests.batches")
def batches(thing: int):
    """Three batches."""
    for number in range(3):
        seen.append(thing + number)
        yield


def test_a_worker_that_is_told_to_stop_ends_its_batch_and_puts_the_job_back(session):
    job, stop = enqueue("tests.batches", thing=10), threading.Event()
    session.commit()
    stop.set()
    with playing():
        run_one(only=("tests.batches",), stop=stop)
    session.refresh(job)
    assert (seen, job.state, job.attempts, job.lease) == ([10], "queued", 0, None)
    run(only=("tests.batches",))
    session.refresh(job)
    assert (seen, job.state, job.attempts) == ([10, 10, 11, 12], "done", 1)


def test_a_clock_that_is_put_back_holds_no_job_up(session):
    at_once_, later, held = enqueue("tests.note", value=1), enqueue("tests.note", after=timedelta(hours=2), value=2), enqueue("tests.note", value=3)
    held.state, held.lease = "running", now() + jobs.LEASE
    session.commit()
    before = now() - timedelta(hours=5)
    while run(before, only=("tests.note",)):
        continue
    assert sorted(seen) == [1, 3]
    assert [session.get(Job, one.id).state for one in (at_once_, later, held)] == ["done", "queued", "done"]


def test_a_clock_that_is_put_back_stops_no_schedule(session):
    enqueue_scheduled(now() + timedelta(hours=5))
    many = waiting(("database.count",), now() + timedelta(hours=9))
    session.execute(text("update job set state = 'done'"))
    for job in session.scalars(select(Job)):
        job.created = now() + timedelta(hours=5)
    session.commit()
    enqueue_scheduled(now())
    assert many == waiting(("database.count",), now() + timedelta(hours=9)) == 1


def test_a_worker_outlives_a_database_that_is_gone(monkeypatch):
    stop, asked = threading.Event(), []

    def gone(**_values):
        asked.append(1)
        if len(asked) == 3:
            stop.set()
        raise OperationalError("select", {}, Exception("the server closed the connection"))

    monkeypatch.setattr(jobs, "run_one", gone)
    monkeypatch.setattr(jobs, "enqueue_scheduled", lambda _moment: None)
    with playing():
        jobs.work(stop, pause=0.001)
    assert len(asked) == 3
