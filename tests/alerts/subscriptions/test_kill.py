"""A real worker that is killed (SIGKILL) in the middle of a digest, before its commit and right after it; then another one goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

WORKER = """
import os, signal, sys
from marketplace import create_app, jobs
from marketplace.alerts.models import Mail
from marketplace.alerts.subscriptions import digests
from marketplace.alerts.subscriptions.models import Noticed, Subscription
from marketplace.alerts.subscriptions.operations import follow_search
from marketplace.config import read
from marketplace.db import now, session, to_write
from marketplace.migrate import upgrade
from marketplace.people.models import Person

settings = read()
if sys.argv[1] == "begin":
    upgrade(settings)
create_app(settings)
with to_write():
    if sys.argv[1] == "begin":
        person = Person(name="K", address="k@example.com", address_key="k@example.com", password_hash="x", created=now(), confirmed=now())
        session.add(person)
        session.flush()
        row = follow_search(person, "need", "", {}, "all", now())
        from tests import factories
        for number in range(3):
            need = factories.need()
            session.add(Noticed(subscription_id=row.id, thing="need", thing_id=need.id, at=now()))
        row.due = now()
        jobs.enqueue("alerts.digest", person_id=person.id)
        session.commit()
        print("begun")
    elif sys.argv[1] == "die_before":
        wrote = digests._mail
        def dying(*args):
            wrote(*args)
            session.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        digests._mail = dying
        jobs.run_all(only=["alerts.digest"])
    elif sys.argv[1] == "die_after":
        finished = jobs._finish
        def dying(*args):
            finished(*args)
            session.commit()
            os.kill(os.getpid(), signal.SIGKILL)
        jobs._finish = dying
        jobs.run_all(only=["alerts.digest"])
    else:
        session.execute(jobs.update(jobs.Job).values(lease=now()))  # as if five minutes had gone by
        session.commit()
        jobs.run_all()
        mails = session.query(Mail).filter_by(template="digest").all()
        told = session.query(Noticed).filter(Noticed.mail_id.is_not(None)).count()
        print(len(mails), told, *(mail.body.count("* ") for mail in mails))
"""


@pytest.mark.slow
def test_a_killed_worker_loses_nothing_and_tells_nothing_twice(tmp_path: Path):
    path = os.pathsep.join([str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])])
    environ = {**os.environ, "MARKETPLACE_DATA": str(tmp_path), "MARKETPLACE_ENCODERS": "none", "SECRET_KEY": "k" * 40, "PYTHONPATH": path}
    environ.pop("DATABASE_URL", None)

    def run(step: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", WORKER, step], env=environ, cwd=REPOSITORY, capture_output=True, text=True, timeout=120)

    assert run("begin").stdout == "begun\n"
    for death in ("die_before", "die_before", "die_after"):
        assert run(death).returncode == -signal.SIGKILL
        if death == "die_before":
            subprocess.run([sys.executable, "-c", (
                "from marketplace.config import read; from marketplace.db import *; from marketplace.jobs import Job, update\n"
                "connect(read().database); session.execute(update(Job).values(lease=now())); session.commit()")], env=environ, cwd=REPOSITORY, check=True)
    assert run("end").stdout.split() == ["1", "3", "3"]
