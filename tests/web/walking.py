"""The walk of all routes as everybody: which rows there are, what each role is answered, and which questions to the permission table let it through.

A row is a method, an endpoint (with the words that its address takes) and an exhibit: a thing in a state, or "-" where the address names none. Rows come
from the application's own routes, so that none is left out by silence: a route whose address nobody can fill has no row, and `rows` says so.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, event
from werkzeug.exceptions import HTTPException
from werkzeug.routing import AnyConverter, Rule

from marketplace import access, web
from marketplace.db import Base, session
from marketplace.people.models import Person
from tests.inspection import playing, ticket_of

ROLES = ("visitor", "stranger", "member", "owner", "signatory", "counterparty", "broker", "other_broker", "reviewer", "operator")
"""Who walks: nobody; somebody of another firm; three seats in the house that answers for the thing; the other side's owner; its broker, and one of another
thing; a reviewer of the call; the operator."""
NOT_THERE = "not there"
OF_NOTHING = ("visitor", "stranger", "owner", "operator")
"""Who asks for what is not there: they are answered by the same lines of code as everybody else."""
UNTOLD = "="
METHODS = ("GET", "POST")
WORDS = {400: "bad", 403: "refused", 404: "none", 405: "no-method", 409: "stale", 413: "large", 422: "mend", 429: "wait"}
LET_THROUGH = ("reads", "does", "mend", "stale", "to ")
"""What begins an answer that the reader was let through to get; the others are told nothing of the thing."""
_CHOICE = re.compile(r"<any\([^)]*\):(\w+)>")


class Put(NamedTuple):
    """A state for the row of a table, by which part of an address the row is found, and what stands in its other columns then."""

    table: str
    thing: int
    state: str
    name: str
    beside: Mapping[str, Any]


@dataclass(frozen=True)
class Exhibit:
    """A thing in a state: where in the site its pages stand (the beginning of their paths, or one endpoint), what fills their addresses, and who is who to
    it. Of what is `private` a stranger is told nothing, not even that it is there. `put` is a state that a row is put into before each question, for
    states that the cast does not come to by itself."""

    under: str
    state: str
    fill: dict[str, Any] = field(default_factory=dict)
    who: Mapping[str, Any] = field(default_factory=dict)
    private: bool = False
    put: Put | None = None


PAGE = Exhibit("", "-")
Names = Mapping[str, str | None]


def named(who: Mapping[str, Person | None]) -> Names:
    """The people of roles as their browsers' sessions name them, so that no request finds one of them loaded already."""
    return {role: ticket_of(person) if person is not None else None for role, person in who.items()}


@dataclass(frozen=True)
class Row:
    """One line of the table: what is asked of which exhibit, at which address."""

    method: str
    endpoint: str
    choices: tuple[str, ...]
    exhibit: Exhibit
    path: str

    @property
    def name(self) -> tuple[str, str, str]:
        """What the line is known by in the table."""
        thing = "-" if self.exhibit is PAGE else f"{self.exhibit.under}: {self.exhibit.state}"
        return self.method, " ".join((self.endpoint, *self.choices)), thing


@dataclass
class Heard:
    """What the permission table was asked during a request outside of templates, in order: the action, the relations that allow it and hold, and whether
    `require` asked; whether a list was filtered by it; the tables in which something was kept."""

    asked: list[tuple[str, frozenset[str], bool]] = field(default_factory=list)
    filtered: bool = False
    kept: list[str] = field(default_factory=list)

    @property
    def required(self) -> list[str]:
        """The actions that `require` asked for; where none, the first that anybody asked for, with a question mark."""
        return [action for action, _relations, enforced in self.asked if enforced] or [f"{action}?" for action, _relations, _enforced in self.asked[:1]]

    @property
    def allowed(self) -> bool:
        """Whether the table let the request go on: it allowed something, or a list was filtered by it."""
        return self.filtered or any(relations for _action, relations, _enforced in self.asked)


def _pattern(rule: Rule, chosen: dict[str, str]) -> str:
    """The path of a rule behind its language, its choices made."""
    path = rule.rule.partition(":lang>/")[2] if rule.rule.startswith("/<any(zh") else rule.rule[1:]
    return _CHOICE.sub(lambda found: chosen[found.group(1)], path)


def _exhibits(rule: Rule, path: str, wanted: set[str], every: Iterable[Exhibit]) -> list[Exhibit]:
    """The things of which a rule's pages tell: those named for its endpoint, else those whose place in the site is nearest."""
    fitting = [one for one in every if wanted <= one.fill.keys() and (one.put is None or one.put.name in wanted)]
    own = [one for one in fitting if one.under == rule.endpoint]
    near = [one for one in fitting if path.startswith(one.under + "/")]
    longest = max((len(one.under) for one in near), default=0)
    return own or [one for one in near if len(one.under) == longest]


def rows(app: Flask, every: list[Exhibit]) -> tuple[list[Row], list[str]]:
    """All rows of the application, and the rules whose addresses no exhibit can fill."""
    adapter, found, bare = app.url_map.bind("localhost"), [], []
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: (one.endpoint, one.rule)):
        options = {name: sorted(one.items) for name, one in rule._converters.items() if isinstance(one, AnyConverter) and name != "lang"}
        wanted = set(rule.arguments) - {"lang", *options}
        for values in product(*options.values()):
            chosen = dict(zip(options, values, strict=True))
            things = _exhibits(rule, _pattern(rule, chosen), wanted, every) if wanted else [PAGE]
            bare += [f"{rule.endpoint} {_pattern(rule, chosen)}"] * (not things)
            for thing in things:
                filled = {name: thing.fill[name] for name in wanted} | chosen | ({"lang": "zh"} if "lang" in rule.arguments else {})
                path = adapter.build(rule.endpoint, filled)
                found += [Row(method, rule.endpoint, values, thing, path) for method in METHODS if method in (rule.methods or ())]
    return found, bare


def _bare_error(status: int, _title: str, message: str, **_values: Any) -> tuple[str, int]:
    """What failed without the page around it, which the walk would draw ten thousand times; it has tests of its own."""
    session.rollback()
    return message, status


@contextmanager
def listening() -> Iterator[Callable[[], Heard]]:
    """Hear what `require` asks of the table, which lists are filtered by it and what is kept; calling the yielded function begins anew and gives the list."""
    heard, relations, open_visibilities = [Heard()], access.relations, access.open_visibilities
    ask, enforce = access.may.__code__, access.require.__code__

    def noting(actor: Any, thing: Any = None) -> set[str]:
        found, frame = relations(actor, thing), sys._getframe(1)
        of_reader = actor is not access.SYSTEM and frame.f_code is ask and frame.f_back is not None
        if of_reader and not frame.f_back.f_code.co_filename.endswith(".html"):
            action, enforced = frame.f_locals["action"], frame.f_back.f_code is enforce
            if not (enforced and frame.f_back.f_locals["action"] != action):  # `require` asks for reading when it has refused, to choose between 403 and 404
                heard[0].asked.append((action, access.ACTIONS.get(action, frozenset()) & found, enforced))
        return found

    def filtering(actor: Any) -> Any:
        heard[0].filtered = True
        return open_visibilities(actor)

    def begin() -> Heard:
        heard[0] = Heard()
        return heard[0]

    def written(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if found := re.match(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM) \"?(\w+)", statement):
            heard[0].kept.append(found.group(1))

    def taken_back(*_savepoint: Any) -> None:
        heard[0].kept.clear()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(access, "relations", noting)
        patch.setattr(access, "open_visibilities", filtering)
        patch.setattr(web, "error_page", _bare_error)
        event.listen(Engine, "before_cursor_execute", written)
        event.listen(Engine, "rollback_savepoint", taken_back)
        try:
            yield begin
        finally:
            event.remove(Engine, "before_cursor_execute", written)
            event.remove(Engine, "rollback_savepoint", taken_back)


def put_state(connection: Connection, put: Put) -> None:
    """Put a thing into a state past its steps. Raises what the database says where it could not be in that state."""
    rows = Base.metadata.tables[put.table]
    connection.execute(rows.update().where(rows.c.id == put.thing).values(state=put.state, **put.beside))


class Walk:
    """Asks each row as each role; what a request changes is taken back before the next. `people` are the roles' names for rows that do not say who is who."""

    def __init__(self, app: Flask, connection: Connection, people: Names, begin: Callable[[], Heard]) -> None:
        self.app, self.connection, self.people, self.begin = app, connection, people, begin
        self.clients: dict[str | None, FlaskClient] = {}

    def client(self, row: Row, role: str) -> FlaskClient:
        """The browser of whoever has the role towards the row's thing."""
        name = row.exhibit.who.get(role, self.people[role])
        if name not in self.clients:
            self.clients[name] = FlaskClient(self.app, self.app.response_class)
        client = self.clients[name]
        with playing(), client.session_transaction() as kept:
            kept.clear()
            if name is not None:
                kept["_user_id"], kept["_fresh"] = name, True
        return client

    @contextmanager
    def asked(self, row: Row, role: str, method: str, path: str, data: Mapping[str, str] | None = None) -> Iterator[tuple[Any, Heard]]:
        """The answer to the role at an address of the row's thing, and what was heard meanwhile; what it changed is taken back afterwards."""
        client = self.client(row, role)
        done = self.connection.begin_nested()
        try:
            if row.exhibit.put:
                put_state(self.connection, row.exhibit.put)
            heard = self.begin()
            with playing():
                answer = client.open(path, method=method, data=data)
                answer.get_data()
                answer.close()
            self.begin()  # what is taken back below was kept
            yield answer, heard
        finally:
            session.remove()
            done.rollback()

    def ask(self, row: Row, role: str, method: str | None = None) -> tuple[str, Heard]:
        """The word for what the role is answered, and what was heard meanwhile."""
        with self.asked(row, role, method or row.method, row.path) as (answer, heard):
            return self._word(row, answer, heard), heard

    def _word(self, row: Row, answer: Any, heard: Heard) -> str:
        if answer.status_code not in (301, 302, 303, 308):
            return WORDS.get(answer.status_code) or ("reads" if answer.status_code == 200 else str(answer.status_code))
        place = self.endpoint(re.split(r"[?#]", answer.location)[0].removeprefix("http://localhost"))
        if place == "people.sign_in" and not heard.kept:
            return "sign-in"
        return "does" if row.method == "POST" and heard.kept else f"to {place}"

    def endpoint(self, path: str, method: str = "GET") -> str:
        """The page or form at a path, as the table names it."""
        try:
            return self.app.url_map.bind("localhost").match(path, method=method)[0]
        except HTTPException:
            return "another address"
