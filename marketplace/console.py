"""What the commands of the command line share: settings and database at hand, one way to fail, to print and to show progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn
from urllib.parse import urlsplit

import click
from tqdm import tqdm

from marketplace import create_app
from marketplace.config import Settings, SettingsError, read
from marketplace.migrate import standing
from marketplace.terms import checklist

as_json = click.option("--json", "json_", is_flag=True, help="Print one JSON value and nothing else.")


def fail(message: str, code: int = 1) -> NoReturn:
    """End the command with words for the person at the terminal."""
    click.echo(message, err=True)
    sys.exit(code)


def settings_or_fail() -> Settings:
    """The settings, and the checks they name; a wrong one ends the command with all faults named."""
    try:
        settings = read()
        checklist.configure(settings)
        return settings
    except SettingsError as error:
        fail("\n".join(("The settings are not right:", *error.faults)), 2)


def ready() -> Settings:
    """Settings and database, ready for operations; refuses to work on a database that is not migrated."""
    settings = settings_or_fail()
    app = create_app(settings)
    app.app_context().push()
    if standing(app.extensions["engine"]) == "behind":
        fail("The database is not up to date: run `marketplace upgrade` first.", 2)
    return settings


def show(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def named(database: str) -> str:
    """A database address without its password."""
    parts = urlsplit(database)
    return database if not parts.password else database.replace(f":{parts.password}@", ":…@")


def bar(total: int | None, words: str, quiet: bool) -> tqdm:
    """A progress bar on the terminal, and nothing where there is none."""
    return tqdm(total=total, desc=words, disable=quiet or not sys.stderr.isatty(), file=sys.stderr, unit="")


@contextmanager
def telling(words: str, quiet: bool) -> Iterator[Callable[[str], None]]:
    """What long work calls with words about how far it is; they stand in a progress bar."""
    with bar(None, words, quiet) as progress:
        def say(words: str) -> None:
            progress.set_description(words)
            progress.update()

        yield say
