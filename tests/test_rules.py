"""The rules of the house, read off the source: direction of imports, where Flask may stand, who commits, sizes, words."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from marketplace.access import ACTIONS
from marketplace.alerts import models as _alerts  # noqa: F401 - fills the metadata
from marketplace.alerts.inbox import models as _inbox  # noqa: F401 - fills the metadata
from marketplace.alerts.subscriptions import models as _subscriptions  # noqa: F401 - fills the metadata
from marketplace.calls import models as _calls  # noqa: F401 - fills the metadata
from marketplace.calls.pools import models as _pools  # noqa: F401 - fills the metadata
from marketplace.calls.proposals import models as _proposals  # noqa: F401 - fills the metadata
from marketplace.calls.reviewing import models as _reviewing  # noqa: F401 - fills the metadata
from marketplace.calls.sealing import models as _sealing  # noqa: F401 - fills the metadata
from marketplace.calls.teams import models as _teams  # noqa: F401 - fills the metadata
from marketplace.catalogue.experts import models as _experts  # noqa: F401 - fills the metadata
from marketplace.catalogue.facilities import models as _facilities  # noqa: F401 - fills the metadata
from marketplace.catalogue.scanning import models as _scanning  # noqa: F401 - fills the metadata
from marketplace.catalogue.scenarios import models as _scenarios  # noqa: F401 - fills the metadata
from marketplace.db import Base
from marketplace.deals import models as _deals  # noqa: F401 - fills the metadata# noqa: F401 - fills the metadata  # noqa: F401 - fills the metadata
from marketplace.deals.documents import models as _documents  # noqa: F401 - fills the metadata
from marketplace.deals.fees import models as _fees  # noqa: F401 - fills the metadata
from marketplace.deals.funnel import models as _funnel  # noqa: F401 - fills the metadata
from marketplace.deals.introduction import models as _introduction  # noqa: F401 - fills the metadata
from marketplace.deals.talk import models as _talk  # noqa: F401 - fills the metadata
from marketplace.deals.worklist import models as _worklist  # noqa: F401 - fills the metadata
from marketplace.first_steps.examples import models as _examples  # noqa: F401 - fills the metadata
from marketplace.importing import models as _importing  # noqa: F401 - fills the metadata
from marketplace.licensing import models as _licensing  # noqa: F401 - fills the metadata
from marketplace.licensing.billing import models as _billing  # noqa: F401 - fills the metadata
from marketplace.licensing.credit import models as _credit  # noqa: F401 - fills the metadata
from marketplace.licensing.duties import models as _duties  # noqa: F401 - fills the metadata
from marketplace.licensing.income import models as _income  # noqa: F401 - fills the metadata
from marketplace.licensing.performing import models as _performing  # noqa: F401 - fills the metadata
from marketplace.licensing.risk import models as _risk  # noqa: F401 - fills the metadata
from marketplace.licensing.signing import models as _signing  # noqa: F401 - fills the metadata
from marketplace.licensing.statements import models as _statements  # noqa: F401 - fills the metadata
from marketplace.matching import models as _matching  # noqa: F401 - fills the metadata
from marketplace.needs.distilling import models as _distilling  # noqa: F401 - fills the metadata
from marketplace.people.grants import models as _grants  # noqa: F401 - fills the metadata
from marketplace.reactions import REACTIONS
from marketplace.trail import models as _trail  # noqa: F401 - fills the metadata

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "marketplace"
ORDER = [
    "errors", "arrival", "logs", "scanner", "config", "migrate", "paper", "money", "drawing", "ordering", "db", "languages", "access", "record", "jobs",
    "fields", "mistakes", "delivery", "web", "saying", "printing",
    "people", "terms", "catalogue", "needs", "matching", "importing", "licensing", "deals", "first_steps", "calls", "trail", "keeping", "exporting",
    "alerts", "finder", "privacy", "vitals", "design", "reactions", "__init__", "server", "wsgi", "demo", "console",
    "serving", "cli_bench", "cli_calls", "cli_check", "cli_checks", "cli_evaluate", "cli_keeping", "cli_learning", "cli_mail", "cli_matching", "cli_people",
    "cli_settings", "cli_terms",
    "cli",
]
INSIDE = {"models": 0, "operations": 1, "forms": 2, "views": 3}
FLASK_ROOMS = {"web", "fields", "saying", "printing", "views", "forms", "words", "__init__", "cli"}
PURE = {
    "terms": {
        "payment", "words", "checks", "reading", "presets", "figures", "schedule", "events", "course", "fees", "royalty", "account", "because", "bench",
        "plan", "simulate", "comparison", "chart",
    },
    "matching": {
        "text", "bridge", "lexical", "semantic", "fusion", "explain", "index", "evaluate", "quantities", "units", "numerals", "waterfall",
        "keywords", "ranking", "vectors", "constants", "quantity_words", "fitting", "encoders", "endpoint", "sentence_models", "window",
        "learning", "columns", "bags", "segments", "generation", "passages", "likeness", "synthetic", "bench", "rules", "asides", "families",
        "arrays", "arrivals", "universal", "batch", "shared_terms", "bench_import", "reliability", "choosing", "gap", "picture", "orders",
    },
    "people": {"names", "name_forms", "name_likeness", "names_measure"},
    "catalogue": {"numbers", "classification", "opening"},
    "licensing": {"clauses", "text", "differences", "queue", "attribution", "ubl", "claims", "formula", "clock", "related", "pricing", "picture", "next_due"},
    "calls": {"deadlines", "sealing", "shares", "keys", "receipts", "ranking", "bare", "contract", "rights", "mutual"},
    "deals": {"tally", "picture", "cells", "addresses", "cutting", "incoming", "schedule", "because"},
    "design": {"contrast"},
    "delivery": {"sheet", "headers"},
    "privacy": {"kinds"},
    "trail": {"chain"},
    "keeping": {"envelope"},
}
COMMITTERS = {
    "web.py", "jobs.py", "cli.py", "cli_bench.py", "cli_calls.py", "cli_keeping.py", "cli_learning.py", "cli_mail.py", "cli_matching.py", "cli_people.py",
}
STATE_WRITERS = {"record.py", "jobs.py", "alerts/operations.py"}
BANNED_NAMES = re.compile(r"(utils?|helpers?|base|managers?|common|misc)\.py$")
LONGEST_MODULE, LONGEST_FUNCTION = 500, 40

Function = ast.FunctionDef | ast.AsyncFunctionDef
pytestmark = pytest.mark.xdist_group("rules")  # all files are read once


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(tree(path)))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room(path: Path) -> str:
    """The room a file stands in: its package, or its own name at the top."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else path.stem


def imported(path: Path) -> Iterator[str]:
    """Dotted names of what a file imports, `from x import y` as x.y."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions(path: Path) -> Iterator[Function]:
    return (node for node in nodes(path) if isinstance(node, Function))


def by_file(check: Callable[[Path], None]) -> Callable[[], None]:
    """A rule of one file as a test over all of them that names each file where it is broken."""

    def test() -> None:
        wrong = []
        for path in sources():
            try:
                check(path)
            except AssertionError as error:
                wrong.append(f"{name_of(path)}: {error}")
        assert not wrong, "\n".join(wrong)

    test.__name__ = check.__name__
    return test


@by_file
def test_imports_come_from_the_left(path: Path) -> None:
    own = room(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "marketplace" or len(parts) < 2:
            continue
        other = parts[1] if (PACKAGE / parts[1]).exists() or (PACKAGE / f"{parts[1]}.py").exists() else "__init__"
        assert ORDER.index(other) <= ORDER.index(own), f"{name_of(path)} imports {name}, which stands to its right"
        if other == own and len(parts) > 2 and path.stem in INSIDE and parts[2] in INSIDE:
            assert INSIDE[parts[2]] <= INSIDE[path.stem], f"{name_of(path)} imports {name} against views → forms → operations → models"


@by_file
def test_flask_stays_in_its_rooms(path: Path) -> None:
    names = {name.split(".")[0] for name in imported(path)}
    if path.stem not in FLASK_ROOMS:
        assert not {name for name in names if name.startswith("flask")}


@by_file
def test_pure_modules_know_neither_database_nor_web(path: Path) -> None:
    if path.stem not in PURE.get(room(path), set()):
        return
    for name in imported(path):
        top = name.split(".")
        assert not top[0].startswith(("flask", "sqlalchemy")), name
        if top[0] == "marketplace":
            assert top[1] in ("errors", "money", "drawing") or any(part in PURE.get(top[1], ()) for part in top[2:]), name


@by_file
def test_only_web_jobs_and_cli_commit(path: Path) -> None:
    calls = [
        node for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr == "commit" and isinstance(node.value, ast.Name) and node.value.id == "session"
    ]
    assert not calls or name_of(path) in COMMITTERS


@by_file
def test_states_change_through_move_alone(path: Path) -> None:
    if name_of(path) in STATE_WRITERS:
        return
    for node in nodes(path):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
        for target in targets:
            for part in ast.walk(target):
                assert not (isinstance(part, ast.Attribute) and part.attr == "state"), f"{name_of(path)}:{node.lineno} sets a state"


@by_file
def test_sizes(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= LONGEST_MODULE
    for function in functions(path):
        length = (function.end_lineno or 0) - function.lineno + 1
        assert length <= LONGEST_FUNCTION, f"{name_of(path)}:{function.name} has {length} lines"


@by_file
def test_names_and_docstrings(path: Path) -> None:
    assert not BANNED_NAMES.search(path.name)
    module = tree(path)
    assert ast.get_docstring(module), f"{name_of(path)} has no docstring"
    for node in module.body:
        if isinstance(node, (*Function.__args__, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{name_of(path)}:{node.name} has no docstring"


@by_file
def test_nothing_is_left_open(path: Path) -> None:
    assert not re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", path.read_text(encoding="utf-8"))


def changes(function: Function) -> bool:
    """Whether the function takes a step, records, or revises."""
    called = {node.func.id for node in ast.walk(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return bool(called & {"move", "record", "revise"})


def test_operations_that_change_take_the_actor_and_ask() -> None:
    checked = 0
    for path in sources():
        if path.stem not in ("operations", "organisations"):
            continue
        for function in functions(path):
            is_job = any("handler" in ast.dump(decorator) for decorator in function.decorator_list)
            if function.name.startswith("_") or is_job or not changes(function):
                continue
            checked += 1
            assert [argument.arg for argument in function.args.args][:1] == ["actor"], f"{name_of(path)}:{function.name}"
            called = {node.func.id for node in ast.walk(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
            assert called & {"require", "move", "require_confirmed", "acting_person", "may"}, f"{name_of(path)}:{function.name} never asks"
    assert checked > 20


def test_every_constraint_is_named() -> None:
    for table in Base.metadata.tables.values():
        for constraint in table.constraints:
            assert constraint.name, f"{table.name}: {constraint}"
        for index in table.indexes:
            assert index.name, f"{table.name}: {index}"


def test_every_reaction_has_somebody_to_do_it() -> None:
    registered = set(re.findall(r'@handler\(\s*"([a-z_.]+)"', "\n".join(path.read_text(encoding="utf-8") for path in sources())))
    assert {kind for kinds in REACTIONS.values() for kind in kinds} <= registered


def test_every_action_named_in_the_source_is_in_the_table() -> None:
    pattern = re.compile(r'(?:require|may)\([a-z_.()]+, "([a-z_]+\.[a-z_]+)"')
    for path in sources():
        for name in pattern.findall(path.read_text(encoding="utf-8")):
            assert name in ACTIONS, f"{name_of(path)}: {name}"


METHODS = [("marketplace/**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")]
KEYWORDS = {"_": None, "_l": None, "N_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "several": (1, 2)}


def texts() -> set[str]:
    """Every text in the source that a reader may see."""
    found: set[str] = set()
    for _file, _line, message, _comments, _context in extract_from_dir(str(ROOT), METHODS, keywords=KEYWORDS):
        found.add(message[0] if isinstance(message, tuple) else message)
    return found


def catalogue() -> Catalog:
    with (PACKAGE / "translations/zh_Hans_CN/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale="zh_Hans_CN")


def test_the_chinese_catalogue_is_complete() -> None:
    known = catalogue()
    translated = set()
    for message in known:
        if message.id:
            key = message.id[0] if isinstance(message.id, (tuple, list)) else message.id
            assert message.string and not message.fuzzy, f"not translated: {key!r}"
            translated.add(key)
    assert texts() - translated == set(), "run `make messages` and translate what is new"


def test_every_text_on_a_page_says_its_language() -> None:
    """An empty `lang` says that nobody knows; what users type is Chinese or English, and the filters tell which."""
    unknown = re.compile(r"""lang=(""|'')""")
    found = [f"{path.relative_to(ROOT)}: {line.strip()[:90]}" for path in (ROOT / "templates").rglob("*.html") for line in path.read_text().splitlines()
             if unknown.search(line)]
    assert not found, "\n".join(found)


def test_translations_keep_their_places() -> None:
    place = re.compile(r"%\(([a-z_]+)\)s")
    for message in catalogue():
        if isinstance(message.id, str) and message.id and isinstance(message.string, str):
            assert set(place.findall(message.string)) <= set(place.findall(message.id)), message.id
            assert not set(place.findall(message.id)) - set(place.findall(message.string)) - {"num"}, message.id
