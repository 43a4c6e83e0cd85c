"""What is looked at to say whether this server can do its work, each thing in words."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from marketplace import jobs
from marketplace.alerts.models import Mail
from marketplace.config import Settings
from marketplace.db import now, session
from marketplace.matching import operations as matching
from marketplace.matching.index import RebuildNeeded
from marketplace.migrate import standing

LATE_JOBS = timedelta(minutes=15)
LATE_MAIL = timedelta(hours=1)


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `grave`: pages fail because of it, so that this server should be given no requests."""

    name: str
    well: bool
    words: str
    grave: bool = True


def findings(settings: Settings, engine: Engine) -> list[Finding]:
    """Everything there is to say; what stands on the database is left out where that is gone."""
    found = [_database(engine)]
    if found[0].well:
        found += [_looked("queue", _queue), _looked("mail", _mail)]
    return [*found, _index(), _room(settings)]


def _database(engine: Engine) -> Finding:
    """Whether the database answers, and is not older than the program."""
    try:
        stands = standing(engine)
    except (SQLAlchemyError, OSError) as error:
        return Finding("database", False, f"does not answer ({type(error).__name__})")
    if stands == "behind":
        return Finding("database", False, "older than the program: run `marketplace upgrade`")
    return Finding("database", True, "answers, newer than the program: an upgrade is under way" if stands == "ahead" else "answers, at the newest version")


def _looked(name: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except SQLAlchemyError as error:
        return Finding(name, False, f"the database does not answer ({type(error).__name__})", grave=False)
    finally:
        session.rollback()


def overdue() -> timedelta:
    """For how long the oldest job waits that should have begun; nothing where none does."""
    moment = now()
    oldest = session.scalar(select(func.min(jobs.Job.due)).where(jobs.Job.state == "queued", jobs.Job.due <= moment))
    return moment - oldest if oldest else timedelta(0)


def mail_overdue() -> timedelta:
    """For how long the oldest mail waits that has not left."""
    oldest = session.scalar(select(func.min(Mail.created)).where(Mail.state == "queued"))
    return max(now() - oldest, timedelta(0)) if oldest else timedelta(0)


def _queue() -> Finding:
    late = overdue()
    failed = session.scalar(select(func.count()).select_from(jobs.Job).where(jobs.Job.state == "failed"))
    said = f"oldest job waits {int(late.total_seconds())} s, {failed} failed for good"
    return Finding("queue", late < LATE_JOBS, said + ("" if late < LATE_JOBS else ": is a worker running?"), grave=False)


def _mail() -> Finding:
    late = mail_overdue()
    return Finding("mail", late < LATE_MAIL, f"oldest mail waits {int(late.total_seconds())} s", grave=False)


def _index() -> Finding:
    """Without an index pages work and nothing is found: that is said and takes no server out."""
    try:
        if matching.index().is_lost:
            return Finding("index", False, "files of it are gone: the worker builds it anew, meanwhile what was read before answers", grave=False)
        version = matching.index().version
    except (RebuildNeeded, OSError, ValueError) as error:
        return Finding("index", False, f"cannot be read ({type(error).__name__}): run `marketplace reindex`", grave=False)
    missing = "there is none: the worker builds it, or run `marketplace reindex`"
    return Finding("index", bool(version), f"version {version}" if version else missing, grave=False)


def _room(settings: Settings) -> Finding:
    """Room on the disk of the data folder, and whether anything can be written there: tried, for after an error of the disk its flags may say otherwise."""
    folder = _standing_folder(settings.data)
    try:
        free = shutil.disk_usage(folder).free // (1024 * 1024)
    except OSError as error:
        return Finding("room", False, f"the data folder cannot be looked at ({error.strerror})")
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            file.write(b"1")
    except OSError as error:
        return Finding("room", False, f"{free} MB free, and nothing can be written to the data folder ({error.strerror})")
    return Finding("room", free >= settings.least_room, f"{free} MB free, {settings.least_room} wanted")


def _standing_folder(folder: Path) -> Path:
    """The folder, or the nearest above it that stands."""
    return next(one for one in (folder, *folder.parents) if one.is_dir())
