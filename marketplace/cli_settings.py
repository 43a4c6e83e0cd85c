"""`marketplace settings`: every setting with its variable, what it means, and what is set here; `--markdown` writes docs/settings.md.

The table is read off `config.Settings`, where each field's comment names its variable: so there is one table, and a setting without a line in it fails a test.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
from collections.abc import Iterator

import click

from marketplace import config
from marketplace.console import as_json, show

_BESIDE = re.compile(r"#\s*((?:MARKETPLACE_|DATABASE_|SECRET_|WEB_)[A-Z_]+):\s*(.+)$")
HEAD = """# Settings

Written by `marketplace settings --markdown` from the one table in `marketplace/config.py`; a test holds the two together. All are variables of the
environment; a secret may come as a file instead, named as its variable, in the folder that systemd's LoadCredential hands over. Wrong ones are all named at
once, and nothing starts. `marketplace settings` says which are set here, without their values.

| variable | field | meaning |
|---|---|---|
"""


def rows() -> Iterator[tuple[str, str, str]]:
    """Variable, field and meaning of every setting, in the order of the table."""
    source = inspect.getsource(config)
    lines = source.splitlines()
    table = next(node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    for field in (node for node in table.body if isinstance(node, ast.AnnAssign)):
        found = _BESIDE.search(lines[field.lineno - 1])
        if found is None:
            raise ValueError(f"the setting {field.target.id} names no variable in the comment beside it")
        yield found[1], field.target.id, found[2]
    for found in filter(None, map(_BESIDE.match, lines)):  # what is no field of its own stands above the table, each on a line
        yield found[1], "", found[2]


def markdown() -> str:
    """The table as docs/settings.md has it."""
    return HEAD + "".join(f"| `{variable}` | {field and f'`{field}`'} | {meaning} |\n".replace("|  |", "| – |") for variable, field, meaning in rows())


@click.command("settings")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print docs/settings.md.")
@as_json
def settings_command(as_markdown: bool, json_: bool) -> None:
    """Every setting, and whether it is set here. Values are not shown: some are secrets."""
    found, here = list(rows()), config.with_credentials(os.environ)
    if as_markdown:
        click.echo(markdown(), nl=False)
    elif json_:
        show([{"variable": variable, "meaning": meaning, "set": bool(here.get(variable))} for variable, _field, meaning in found])
    else:
        for variable, _field, meaning in found:
            click.echo(f"{'set' if here.get(variable) else '-':4} {variable}: {meaning}")
