"""Who may what, beyond single pages: what stands in lists, feeds and exported files, whom a mail leads where, and where jobs come from."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

import marketplace
from marketplace import jobs
from marketplace.alerts.models import Mail
from marketplace.db import session
from marketplace.people.models import Person
from marketplace.reactions import REACTIONS
from tests.inspection import ticket_of, work
from tests.web.conftest import Site
from tests.web.test_blind import said
from tests.web.walking import PAGE, Exhibit, Names, Row, Walk, listening

ROOT = Path(marketplace.__file__).parent
GIVEN = {"key", "after", "thing_id", "keys", "last", "person_id", "rows"}
"""What is said to a job: ids, and when; nothing that somebody has typed."""
TOLD_MORE = {"catalogue/scanning/operations.py": "a refused upload leaves no row, so its name, size and hash go with the job, for the operator's list",
             "people/sessions/views.py": "who tries passwords is counted by the web alone; the job is told whose account it is"}
LINK = re.compile(r"http://127\.0\.0\.1:5000(/\S+)")


@cache
def queued() -> list[tuple[Path, ast.Call]]:
    """Each place in the product where a job is queued."""
    texts = {path: path.read_text() for path in sorted(ROOT.rglob("*.py"))}
    nodes = [(path, node) for path, text in texts.items() if "enqueue" in text for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return [(path, node) for path, node in nodes if isinstance(node.func, ast.Name) and node.func.id in ("enqueue", "enqueue_anyway")]


def test_jobs_are_queued_by_operations_and_told_ids_alone() -> None:
    wrong = [f"{path.relative_to(ROOT)}:{node.lineno}" for path, node in queued() if path.relative_to(ROOT).as_posix() not in TOLD_MORE
             and (path.name in ("views.py", "forms.py", "web.py") or {word.arg for word in node.keywords} - GIVEN)]
    assert queued() and not wrong, f"a request could choose what a job is told: {wrong}"


def test_every_kind_of_job_is_known_and_comes_from_somewhere(whole_app: Flask) -> None:
    by_hand = {node.args[0].value for _path, node in queued() if node.args and isinstance(node.args[0], ast.Constant)}
    by_event = {kind for kinds in REACTIONS.values() for kind in kinds}
    by_clock = {kind for kind, _every in jobs._schedule}
    known = {kind for kind in jobs._handlers if not kind.startswith("tests.")}  # other tests make work of their own known
    assert by_event | by_hand | by_clock <= known
    assert known - by_event - by_hand - by_clock <= set(WORK_OF_RUNS), "nothing queues these jobs"


WORK_OF_RUNS = ("importing.read", "importing.publish", "importing.undo", "calls.index_all", "pools.index_all")
"""Jobs that an import run queues by its state (importing.operations.WORK), and those that other jobs and the command line run as functions."""


def _body(walk: Walk, row: Row, role: str) -> str:
    answer: TestResponse = walk.client(row, role).open(row.path)
    text = said(answer)
    answer.close()
    return text if answer.status_code == 200 else ""


@pytest.mark.slow
@pytest.mark.parametrize("role", ["visitor", "stranger", "other_broker"])
def test_lists_feeds_and_files_hold_nothing_that_is_private_to_others(site: Site, every_row: list[Row], whole_app: Flask, role: str) -> None:
    connection, every, people = site
    ids = {one.fill["public_id"]: one for one in every
           if one.private and "public_id" in one.fill and role not in one.who and one.under not in LISTED_FOR.get(role, ())}
    fetched, found = 0, []
    with listening() as begin:
        walk = Walk(whole_app, connection, people, begin)
        for row in every_row:
            if row.method == "GET" and (row.exhibit is PAGE or row.endpoint.startswith("exporting.")):
                text = _body(walk, row, role)
                fetched += bool(text)
                found += [(row.name, one.under, one.state) for public_id, one in ids.items() if public_id in text]
    session.remove()
    assert fetched > 20 and len(ids) > 50 and not found, found[:9]


LISTED_FOR = {"other_broker": ("matches", "worklist/pairs", "deals/leads", "deals")}
"""What technology managers are shown of each other's sides: pairs and leads that wait for one."""


def _recipients() -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """Everybody with an account by address, and (template, address, path) of the mails, three of a template."""
    people = {person.address: ticket_of(person) for person in session.scalars(select(Person))}
    session.commit()
    mails: dict[str, list[tuple[str, str, str]]] = {}
    for mail in session.scalars(select(Mail).order_by(Mail.id)):
        links = [one for one in LINK.findall(mail.body) if not one.startswith("/static")]
        mails.setdefault(mail.template, []).extend((mail.template, mail.address, one) for one in links[:1] if mail.address in people)
    return people, [one for rows in mails.values() for one in rows[:3]]


@pytest.mark.slow
def test_nobody_is_mailed_a_link_to_what_he_may_not_read(site: Site, whole_app: Flask) -> None:
    connection, _every, _people = site
    done = connection.begin_nested()
    try:
        work()
        people, links = _recipients()
        session.remove()
        names: Names = people
        wrong = []
        with listening() as begin:
            walk = Walk(whole_app, connection, names, begin)
            for template, address, path in links:
                word, _heard = walk.ask(Row("GET", "", (), Exhibit("mail", template), path), address)
                wrong += [(template, path, word)] * (not word.startswith(("reads", "to ")))
        assert len({template for template, _address, _path in links}) > 20 and not wrong, wrong
    finally:
        session.remove()
        done.rollback()
