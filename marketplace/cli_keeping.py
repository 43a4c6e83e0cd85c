"""`marketplace backup`, `restore` and `move-database`: keeping the data, on the command line."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from marketplace import __version__
from marketplace.cli_check import check_command
from marketplace.config import Settings, database_address
from marketplace.console import as_json, bar, fail, named, ready, settings_or_fail, show, telling
from marketplace.db import now, session, to_write
from marketplace.keeping import moving
from marketplace.keeping.backup import backup
from marketplace.keeping.envelope import SHORTEST, Spoilt
from marketplace.keeping.restore import restore, verify
from marketplace.keeping.rows import NotKept
from marketplace.matching import operations as matching
from marketplace.matching.index import RebuildNeeded

WRONG = (NotKept, Spoilt, OSError, SQLAlchemyError)
_key = click.option(
    "--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="File that holds the passphrase; the archive is sealed with it.",
)


def _passphrase(key: Path | None) -> bytes | None:
    if key is None:
        return None
    found = key.read_bytes().strip()
    if len(found) < SHORTEST:
        fail(f"The passphrase in {key} is shorter than {SHORTEST} characters; make one with `marketplace backup --new-key FILE`.", 2)
    return found


def _new_key(_context: click.Context, _option: Any, value: Path | None) -> None:
    """Make a file with a random passphrase, and end."""
    if value is None:
        return
    try:
        with open(os.open(value, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
    except OSError as error:
        fail(f"{value} could not be made: {error.strerror}", 2)
    click.echo(f"{value} holds a new passphrase. Keep a copy apart from the backups: without it nobody can read them.")
    click.get_current_context().exit()


@click.command("backup")
@click.argument("path", type=click.Path(path_type=Path))
@_key
@click.option("--new-key", type=click.Path(path_type=Path), is_eager=True, expose_value=False, callback=_new_key, help="Make such a file, and end.")
@as_json
def backup_command(path: Path, key: Path | None, json_: bool) -> None:
    """Write database, files and the texts' vectors to one archive, while the site works. The sealing key is never in it: keep it apart."""
    settings, began = ready(), now()
    try:
        with telling("Backing up", json_) as say:
            made = backup(settings, path, __version__, _index_version(), _passphrase(key), say)
    except WRONG as error:
        fail(f"No backup was made: {error}")
    told = {
        "archive": str(path), "bytes": path.stat().st_size, "seconds": round((now() - began).total_seconds(), 1), "revision": made["revision"],
        "rows": sum(one["rows"] for one in made["tables"].values()), "files": sum(name.startswith("files/") for name in made["parts"]),
        "gone": len(made["gone"]), "index": made["index"], "sealed": key is not None,
    }
    if json_:
        return show(told)
    click.echo(f"{path}: {told['rows']} rows of {len(made['tables'])} tables, {told['files']} files, {told['bytes']} bytes, {told['seconds']} s"
               + ("" if key else "; not sealed: whoever has it can read everything in it"))


def _index_version() -> str | None:
    try:
        return matching.index().version or None
    except RebuildNeeded:
        return None


@click.command("restore")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_key
@click.option("--verify", "only_verify", is_flag=True, help="Read the archive through, compare every hash, and write nothing.")
@click.option("--index/--no-index", default=True, show_default=True, help="Build the matching index anew.")
@click.pass_context
def restore_command(context: click.Context, path: Path, key: Path | None, only_verify: bool, index: bool) -> None:
    """Bring an archive back, into an empty database and an empty data folder; then look at everything as `marketplace check` does."""
    settings, began = settings_or_fail(), now()
    try:
        with telling("Verifying" if only_verify else "Restoring", False) as say:
            manifest = (verify(path, _passphrase(key), say) if only_verify else restore(settings, path, _passphrase(key), say))
    except WRONG as error:
        fail(f"Nothing was restored: {error}")
    rows, taken = sum(one["rows"] for one in manifest["tables"].values()), (now() - began).total_seconds()
    whole = f"{rows} rows and {len(manifest['parts'])} parts: every hash is right; {taken:.1f} s."
    click.echo(f"{whole} Made on {manifest['began']} by version {manifest['version']}.")
    if only_verify:
        return
    ready()
    if index:
        _build(settings)
        click.echo(f"The index is built; {(now() - began).total_seconds():.1f} s in all.")
    context.invoke(check_command, json_=False)


def _build(_settings: Settings) -> None:
    started = now()
    with bar(None, "Indexing", False) as progress:
        matching.reindex(lambda done: progress.update(done - progress.n))
    session.rollback()
    with to_write():
        matching.reindexed(started)
        session.commit()


@click.command("move-database")
@click.argument("source")
@click.argument("target")
@as_json
def move_command(source: str, target: str, json_: bool) -> None:
    """Carry everything from one database to another, empty one: addresses as in DATABASE_URL. Stop the site and its workers first."""
    source, target, began = database_address(source), database_address(target), now()
    try:
        with bar(None, "Moving", json_) as progress:
            def told(table: str, rows: int) -> None:
                progress.set_description(table)
                progress.update(rows)

            sums = moving.move(source, target, told)
    except WRONG as error:
        fail(f"Nothing was moved: {error if isinstance(error, NotKept) else type(error).__name__}")
    rows, taken = sum(one.rows for one in sums.values()), round((now() - began).total_seconds(), 1)
    if json_:
        return show({"rows": rows, "seconds": taken, "tables": {name: [one.rows, one.hash] for name, one in sums.items()}})
    click.echo(f"{rows} rows of {len(sums)} tables moved to {named(target)}, counted and compared; {taken} s. Set DATABASE_URL to it, and start the site.")
