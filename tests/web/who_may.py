"""The table of who may what: all routes × roles × states of things, with the answer that is expected; kept in who_may.tsv beside this module.

    python -m tests.web.who_may             # all of it, which takes minutes
    python -m tests.web.who_may deals. fees # the lines alone whose endpoints begin so, and those of routes that are new or gone

makes it anew from the application's routes and permission table; what changes in it is for a reviewer to read. A line says the method, the endpoint with the
words its address takes, the thing and its state, the actions that `require` asked for (with a question mark where only `may` was asked), and the answer to
each role:

| word | answer |
|---|---|
| reads | 200 |
| does | 303, and something was kept |
| to X | 303 to the page X, and nothing was kept |
| mend | 422: a form with what is to be mended, or a state in which this cannot be done |
| stale, bad, large, wait | 409, 400, 413, 429 |
| sign-in | 303 to the page for signing in |
| refused | 403 |
| none | 404: not told whether it is there |

Each POST sends an empty form: who may not is refused before it is read.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.web.walking import ROLES, Heard, Row

TABLE = Path(__file__).with_name("who_may.tsv")
WRITE = "MARKETPLACE_WRITE_WHO_MAY"
HEAD = ("method", "endpoint", "thing", "asked", *ROLES)
ANEW = "Make the table anew with `python -m tests.web.who_may`, and read what changed in it."
Name = tuple[str, str, str]


def kept() -> dict[Name, dict[str, str]]:
    """The table as it is kept: the name of a line → its cells by the name of their column."""
    lines = [line.split("\t") for line in TABLE.read_text().splitlines()[1:]]
    return {(cells[0], cells[1], cells[2]): dict(zip(HEAD[3:], cells[3:], strict=True)) for cells in lines}


def line(row: Row, answers: dict[str, tuple[str, Heard]]) -> list[str]:
    """One line of the table."""
    asked = dict.fromkeys(action for role in ROLES for action in answers[role][1].required)
    firm = [action for action in asked if not action.endswith("?")]
    return [*row.name, " ".join(firm or asked) or "-", *(answers[role][0] for role in ROLES)]


def wanted() -> tuple[str, ...] | None:
    """How the endpoints begin whose lines are to be made anew; None where the table is only read."""
    asked = os.environ.get(WRITE)
    return None if asked is None else tuple(asked.split()) or ("",)


def write(made: list[list[str]], rows: list[Row]) -> None:
    """Keep the table: these lines, and of the others those whose routes are there."""
    there, new = {row.name for row in rows}, {tuple(cells[:3]) for cells in made}
    old = kept() if TABLE.exists() else {}
    lines = made + [[*name, *cells.values()] for name, cells in old.items() if name in there - new]
    TABLE.write_text("\n".join("\t".join(cells) for cells in [list(HEAD), *sorted(lines)]) + "\n")


if __name__ == "__main__":
    os.environ[WRITE] = " ".join(sys.argv[1:])
    sys.exit(pytest.main([str(Path(__file__).with_name("test_who_may.py")), "-q", "-n", "0", "-p", "no:cacheprovider", "-k", "whole_product", "-m", ""]))
