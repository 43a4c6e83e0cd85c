"""The figures Prometheus reads: answers as they are counted in each worker, and at each reading what the database knows.

Answers are counted by endpoint, never by address. With several workers of gunicorn each counts in a file of its own in the folder of
PROMETHEUS_MULTIPROC_DIR, and whichever is asked adds them up; `marketplace serve` and the units of packaging/ set it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from marketplace import jobs
from marketplace.alerts.models import Mail
from marketplace.db import session
from marketplace.logs import heard
from marketplace.matching import operations as matching
from marketplace.vitals.health import mail_overdue, overdue

METHODS = {"GET", "HEAD", "POST", "OPTIONS"}
BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
KINDS = ("technology", "need", "open_call")

own = CollectorRegistry()
answers = Counter("techbridge_requests", "Answers by endpoint, method and status.", ("endpoint", "method", "status"), registry=own)
spent = Histogram("techbridge_request_seconds", "From the request to the last byte, by endpoint.", ("endpoint",), registry=own, buckets=BUCKETS)


def measured(endpoint: str, method: str, status: int, seconds: float) -> None:
    """Count one answer."""
    answers.labels(endpoint, method if method in METHODS else "other", str(status)).inc()
    spent.labels(endpoint).observe(seconds)


heard.append(measured)


class _Known(Collector):
    """What database and index know at the moment of the reading; nothing but `techbridge_up 0` where the database is gone."""

    def collect(self) -> Iterator[Metric]:
        """The figures."""
        try:
            found = [self._jobs(), self._mails(), *self._ages()]
            up = 1
        except SQLAlchemyError:
            found, up = [], 0
        finally:
            session.rollback()
        yield GaugeMetricFamily("techbridge_up", "Whether the database answers.", value=up)
        yield from found
        yield self._index()

    def _jobs(self) -> Metric:
        told = GaugeMetricFamily("techbridge_jobs", "Jobs by kind and state, but for those that are done.", labels=("kind", "state"))
        rows = select(jobs.Job.kind, jobs.Job.state, func.count()).where(jobs.Job.state.in_(("queued", "running", "failed")))
        for kind, state, count in session.execute(rows.group_by(jobs.Job.kind, jobs.Job.state)):
            told.add_metric((kind, state), count)
        return told

    def _mails(self) -> Metric:
        told = GaugeMetricFamily("techbridge_mails", "Mails by state.", labels=("state",))
        for state, count in session.execute(select(Mail.state, func.count()).group_by(Mail.state)):
            told.add_metric((state,), count)
        return told

    def _ages(self) -> Iterator[Metric]:
        for name, late in (("job", overdue()), ("mail", mail_overdue())):
            yield GaugeMetricFamily(f"techbridge_oldest_{name}_seconds", f"For how long the oldest {name} waits.", value=late.total_seconds())

    def _index(self) -> Metric:
        told = GaugeMetricFamily("techbridge_indexed", "Listings in the index by kind.", labels=("kind",))
        try:
            for kind in KINDS:
                told.add_metric((kind,), matching.index().count(kind))
        except (OSError, ValueError):
            return GaugeMetricFamily("techbridge_indexed", "Listings in the index by kind.", labels=("kind",))
        return told


def exposed() -> bytes:
    """Everything, as text in the form of Prometheus 0.0.4."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(own) + generate_latest(_known())
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return generate_latest(registry) + generate_latest(_known())


def _known() -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Known())
    return registry
