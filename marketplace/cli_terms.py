"""The command of the schedule: terms and events from two files, every obligation on a day as JSON or as a table."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import click
from babel.support import Translations

from marketplace.console import as_json, fail, show
from marketplace.errors import N_
from marketplace.terms.reading import TermsError
from marketplace.terms.schedule import answer
from marketplace.terms.words import PHRASES

COLUMNS = ("obligation", "amount", "trigger", "due", "state", "paid", "interest")
NUMBERS = {"amount", "paid", "interest"}
CATALOGUE = {"zh": "zh_Hans_CN", "en": "en"}


@click.command("schedule")
@click.argument("terms", type=click.Path(path_type=Path))
@click.argument("events", type=click.Path(path_type=Path))
@click.option("--as-of", required=True, help="The day, as in 2027-06-30.")
@click.option("--language", type=click.Choice(["zh", "en"]), default="en", show_default=True, help="Of the reasons and the table.")
@as_json
def schedule_command(terms: Path, events: Path, as_of: str, language: str, json_: bool) -> None:
    """Compute every obligation of an agreement from the JSON files of its terms and its events."""
    gettext = Translations.load(Path(__file__).parent / "translations", [CATALOGUE[language]]).gettext
    try:
        found = answer(_read(terms, "terms"), _read(events, "events"), as_of, language, gettext)
    except TermsError as error:
        found = {"error": {"path": error.path, "reason": error.said(gettext)}}
    if json_:
        show(found)
    elif "error" in found:
        fail(f"{found['error']['path']}: {found['error']['reason']}")
    else:
        _tell(found, language)
    if "error" in found:
        sys.exit(1)


def _read(path: Path, name: str) -> Any:
    """The JSON value in a file; what cannot be read is refused under the name that the whole value has."""
    try:
        return json.loads(path.read_text("utf-8-sig"), object_pairs_hook=_object, parse_constant=_constant)
    except OSError as error:
        raise TermsError(name, N_("The file cannot be read: %(why)s"), why=error.strerror or str(error)) from None
    except (ValueError, RecursionError) as error:
        raise TermsError(name, N_("The file is not JSON: %(why)s"), why=str(error)) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object none of whose keys stands twice: one of the two values would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        raise ValueError(f"duplicate key {next(name for name in names if names.count(name) > 1)!r}")
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _tell(found: dict[str, Any], language: str) -> None:
    """The schedule as a table, with a reason below each obligation."""
    words = PHRASES[language]["schedule"]
    click.echo(f"{words['state']}{words['colon']}{words[found['state']]}\n")
    rows = [[words[column] for column in COLUMNS]]
    for obligation in found["obligations"]:
        expected = words["expected"].format(day=obligation["expected"]) if obligation["expected"] else None
        cells = {**obligation, "obligation": obligation["id"], "trigger": obligation["trigger"] or expected, "state": words[obligation["state"]]}
        rows.append([cells[column] or "–" for column in COLUMNS])
    widths = [max(_width(row[index]) for row in rows) for index in range(len(COLUMNS))]
    click.echo(_line(rows[0], widths))
    for row, obligation in zip(rows[1:], found["obligations"], strict=True):
        click.echo(f"{_line(row, widths)}\n    {obligation['because']}")
    for statement in found["statements_due"]:
        click.echo(words["statement_overdue" if statement["overdue"] else "statement_due"].format(**statement))
    click.echo("\n" + "  ".join(f"{words[name]}{words['colon']}{amount}" for name, amount in {**found["totals"], "credit": found["credit"]}.items()))


def _width(text: str) -> int:
    """Columns of a terminal that a text takes: a Chinese character takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = []
    for column, text, width in zip(COLUMNS, row, widths, strict=True):
        gap = " " * (width - _width(text))
        cells.append(gap + text if column in NUMBERS else text + gap)
    return "  ".join(cells).rstrip()
