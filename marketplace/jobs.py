"""Work after the commit: a job is a row written in the same transaction as what caused it.

A worker claims the oldest due job under a lease, runs its handler, and commits what the handler did together with the
job's end. A handler may be a generator: at each `yield` the runner commits and renews the lease. A worker that dies
leaves a lease that runs out, and the job is claimed again: none is lost, one may run twice, so a handler must stand
being repeated. A worker that is told to stop ends its batch and puts the job back. A failing job is retried with growing pauses and ends as
`failed`, where the operator sees it. A clock that is put back holds nothing up for longer than a lease: what lies further ahead than it can is due.
"""

from __future__ import annotations

import inspect
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, Index, String, Text, and_, func, or_, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.access import SYSTEM
from marketplace.db import Base, Data, Key, note, now, session, to_write
from marketplace.logs import working_for
from marketplace.record import record

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
ATTEMPTS = 6
ASTRAY = timedelta(minutes=2)  # by how much the clocks of two machines may differ; what is further ahead was written before a clock was put back
LONGEST_PAUSE = 10.0  # seconds between two looks at a database that does not answer
TURN = 0.05  # seconds at most between two batches of a job: SQLite keeps no queue, so that a waiting writer needs a gap to get in
STATES = ("queued", "running", "done", "failed")


class Job(Base):
    """One piece of work: what kind, with which values, when it is due, and how often it was tried."""

    __tablename__ = "job"

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(60))
    key: Mapped[str | None] = mapped_column(String(120))
    values: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)
    state: Mapped[str] = mapped_column(String(10), default="queued")
    due: Mapped[datetime]
    lease: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    created: Mapped[datetime]
    ended: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state in ('queued', 'running', 'done', 'failed')", name="state"),
        Index("ix_job_state_due", "state", "due"),
        Index("ix_job_kind_key_state", "kind", "key", "state"),
    )


Handler = Callable[..., Iterator[None] | None]
_handlers: dict[str, Handler] = {}
_schedule: list[tuple[str, timedelta]] = []


def handler(kind: str, every: timedelta | None = None) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of this kind, the only one; with `every` it is also queued at that interval."""
    if kind in _handlers:
        raise ValueError(f"two functions want to do the jobs of kind {kind}")

    def register(function: Handler) -> Handler:
        _handlers[kind] = function
        if every:
            _schedule.append((kind, every))
        return function

    return register


@handler("database.count", every=timedelta(minutes=10))
def _counted() -> None:
    """Let SQLite look how its values are spread, at most a thousand rows an index (12 ms at a million); PostgreSQL does so by itself.

    Otherwise it takes a state that all rows share for the best way to fifty rows whose ids it has: 150 ms instead of one.
    """
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA analysis_limit=1000"))
        session.execute(text("ANALYZE"))


def enqueue(kind: str, key: str | None = None, after: timedelta = timedelta(0), **values: Any) -> Job | None:
    """Queue a job in the running transaction. With a key, a second job waiting under it is not made (None).

    The one that waits is held until this transaction ends, so that no worker takes it before it can see what is written here. Many may hold it at once.
    """
    if key is not None:
        session.flush()  # a job queued a moment ago in this transaction counts
        same = select(Job.id).where(Job.kind == kind, Job.key == key, Job.state == "queued")
        if session.scalar(same.limit(1).with_for_update(read=True)) is not None:
            return None
    moment = now()
    job = Job(kind=kind, key=key, values=values, due=moment + after, created=moment)
    session.add(job)
    return job


def hasten(kind: str, key: str) -> bool:
    """Have the job that waits under this key run now; False when none waits."""
    same = update(Job).where(Job.kind == kind, Job.key == key, Job.state == "queued")
    return session.execute(same.values(due=now())).rowcount > 0


def enqueue_anyway(kind: str, **values: Any) -> None:
    """Queue a job also where the running request is refused and leaves nothing else behind (`db.note`)."""
    moment = now()
    note(Job(kind=kind, values=values, due=moment, created=moment))


def waiting(kinds: Sequence[str], before: datetime) -> int:
    """How many jobs of these kinds wait that were queued before the moment."""
    return session.scalar(select(func.count()).select_from(Job).where(*_queued(kinds, before)))


def supersede(kinds: Sequence[str], before: datetime) -> int:
    """End the waiting jobs of these kinds that were queued before the moment: something larger has done their work. How many."""
    return session.execute(update(Job).where(*_queued(kinds, before)).values(state="done", ended=now())).rowcount


def _queued(kinds: Sequence[str], before: datetime) -> tuple[ColumnElement[bool], ...]:
    return Job.kind.in_(kinds), Job.state == "queued", Job.created < before


def enqueue_scheduled(moment: datetime) -> None:
    """Queue each periodic job whose last one lies its interval back; safe to call from every worker."""
    for kind, every in _schedule:
        recent = select(Job.id).where(Job.kind == kind, Job.created > moment - every, Job.created < moment + ASTRAY).limit(1)
        if session.scalar(recent) is None:
            enqueue(kind, key="scheduled")


def _due(moment: datetime, only: Sequence[str] | None) -> ColumnElement[bool]:
    """Waiting and due, or running under a lease that ran out; of the kinds named, if any are.

    After the clock was put back: what was queued to be done at once, and a lease longer than any, are due too.
    """
    waits = or_(Job.due <= moment, and_(Job.due == Job.created, Job.created > moment + ASTRAY))
    left = or_(Job.lease < moment, Job.lease > moment + LEASE + ASTRAY)
    ready = or_(and_(Job.state == "queued", waits), and_(Job.state == "running", left))
    return and_(ready, Job.kind.in_(only)) if only else ready


def _claim(moment: datetime, only: Sequence[str] | None) -> Job | None:
    """Take the oldest due job, or one whose lease ran out, under a new lease; another worker's row is skipped."""
    oldest = select(Job).where(_due(moment, only)).order_by(Job.due, Job.id).limit(1)
    job = session.scalar(oldest.with_for_update(skip_locked=True))
    if job is not None:
        job.state, job.lease, job.attempts = "running", moment + LEASE, job.attempts + 1
    return job


def _waiting(moment: datetime, only: Sequence[str] | None) -> bool:
    """Whether anything is due: a plain read, so that an idle worker takes no write lock."""
    found = session.scalar(select(Job.id).where(_due(moment, only)).limit(1)) is not None
    session.rollback()
    return found


def _finish(job_id: int, state: str, error: str | None = None, due: datetime | None = None) -> None:
    values: dict[str, Any] = {"state": state, "error": error, "lease": None}
    if due is not None:
        values["due"] = due
    if state in ("done", "failed"):
        values["ended"] = now()
    session.execute(update(Job).where(Job.id == job_id).values(**values))


def _perform(job_id: int, kind: str, values: dict[str, Any], stop: threading.Event | None = None) -> bool:
    """Run the handler; commit at each of its pauses and at its end, together with the job's own end. False when it was told to stop in between.

    The lease is renewed a few times a minute: each commit waits for the disk.
    """
    work = _handlers[kind](**values)
    if inspect.isgenerator(work):
        began = leased = time.monotonic()
        for _ in work:
            session.commit()
            if stop is not None and stop.is_set():
                work.close()
                session.rollback()
                return False
            if time.monotonic() - leased > LEASE.total_seconds() / 10:
                leased = time.monotonic()
                session.execute(update(Job).where(Job.id == job_id).values(lease=now() + LEASE))
                session.commit()
            time.sleep(min(TURN, time.monotonic() - began))  # no longer than others may have waited
            began = time.monotonic()
    _finish(job_id, "done")
    session.commit()
    return True


def _put_back(job_id: int, attempts: int) -> None:
    """Leave a job that was begun to the next worker, as if it had not been tried: what its batches did stands."""
    _finish(job_id, "queued")
    session.execute(update(Job).where(Job.id == job_id).values(attempts=attempts - 1))
    session.commit()


def run_one(moment: datetime | None = None, only: Sequence[str] | None = None, stop: threading.Event | None = None) -> bool:
    """Claim and run one due job, of the kinds named if any are. False when there was none. What a handler raises ends in the job row.

    Once `stop` is set the job ends with its batch and goes back to the others.
    """
    moment = moment or now()
    if not _waiting(moment, only):
        return False
    with to_write():
        job = _claim(moment, only)
        if job is None:
            session.rollback()
            return False
        job_id, kind, values, attempts = job.id, job.kind, dict(job.values), job.attempts
        session.commit()
        with working_for(f"job-{job_id}"):
            _attend(job_id, kind, values, attempts, stop)
    return True


def _attend(job_id: int, kind: str, values: dict[str, Any], attempts: int, stop: threading.Event | None) -> None:
    """Do a claimed job, and say how it ended."""
    began, end = time.perf_counter(), "done"
    try:
        if not _perform(job_id, kind, values, stop):
            end = "put back"
            _put_back(job_id, attempts)
    except Exception as error:
        end = "failed"
        session.rollback()
        log.exception("job %s of kind %s failed", job_id, kind)
        _fail(job_id, kind, attempts, f"{type(error).__name__}: {error}")
    finally:
        session.remove()
        spent = round((time.perf_counter() - began) * 1000, 1)
        log.info("worked", extra={"what": "job", "kind": kind, "state": end, "attempts": attempts, "ms": spent})


def _fail(job_id: int, kind: str, attempts: int, error: str) -> None:
    """Put the job back with a growing pause, or end it and say so in the log of events."""
    if attempts < ATTEMPTS:
        _finish(job_id, "queued", error[:2000], now() + timedelta(seconds=4**attempts))
    else:
        _finish(job_id, "failed", error[:2000])
        record(session.get_one(Job, job_id), "failed", SYSTEM, kind=kind)
    session.commit()


def run_all(only: Sequence[str] | None = None, limit: int = 10_000) -> int:
    """Run due jobs, of the kinds named if any are, until none is left; how many ran. Used by commands and tests instead of a worker."""
    ran = 0
    while ran < limit and run_one(only=only):
        ran += 1
    return ran


def work(stop: threading.Event, pause: float = 0.5) -> None:
    """The worker: run jobs until told to stop, look at the schedule once a minute.

    While the database is gone it waits. What it was doing then is taken up when its lease ends.
    """
    looked, patience = -math.inf, pause
    while not stop.is_set():
        try:
            if time.monotonic() - looked > 60:
                with to_write():
                    enqueue_scheduled(now())
                    session.commit()
                    session.remove()
                looked = time.monotonic()
            worked, patience = run_one(stop=stop), pause
        except DBAPIError as error:
            worked, patience = False, min(patience * 2, LONGEST_PAUSE)
            log.error("the database does not answer (%s); looking again in %.0f s", type(error.orig).__name__, patience)
            _let_go()
        if not worked:
            session.remove()
            stop.wait(patience)


def _let_go() -> None:
    """Leave a connection that may be broken."""
    try:
        session.remove()
    except DBAPIError:
        session.registry.clear()
