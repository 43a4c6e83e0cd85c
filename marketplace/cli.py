"""The command line: the same operations as in the browser, with progress on long work and `--json` for programs."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from logging.config import dictConfig
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from flask import current_app
from sqlalchemy import select

from marketplace import __version__, demo, jobs
from marketplace.access import SYSTEM, VISITOR
from marketplace.config import Settings
from marketplace.console import as_json, named
from marketplace.console import bar as _bar
from marketplace.console import fail as _fail
from marketplace.console import ready as _ready
from marketplace.console import settings_or_fail as _settings
from marketplace.console import show as _print
from marketplace.db import in_language, now, session, to_read, to_write
from marketplace.demo import brokering, discarding, pooling
from marketplace.demo import calls as demo_calls
from marketplace.errors import Problem
from marketplace.importing import operations as importing
from marketplace.importing import review
from marketplace.importing.models import ImportRun
from marketplace.logs import configuration
from marketplace.matching import operations as matching
from marketplace.matching.asides import text_wishes, without_asides
from marketplace.matching.documents import teaser
from marketplace.matching.index import RebuildNeeded
from marketplace.matching.rules import Figure
from marketplace.matching.words import band, figure
from marketplace.migrate import upgrade
from marketplace.people import organisations
from marketplace.people.models import Organisation
from marketplace.people.names_measure import measure
from marketplace.people.operations import by_address
from marketplace.people.similar import similar

FIRST_PORT = 5000
PORTS = 50
SURE, CLEAR = 90, 20  # a name given on the command line is taken for an organisation's from this score and lead on
RUN_JOBS = ("importing.read_run", "importing.publish_run", "importing.undo_run")


def _listen_on(host: str, first: int) -> int:
    """The first free port from `first` on."""
    for port in range(first, first + PORTS):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    return _fail(f"No free port from {first} to {first + PORTS - 1}.")  # type: ignore[return-value]


ELSEWHERE = {
    "bench": ("cli_bench", "bench_group"), "calls": ("cli_calls", "calls_group"), "check": ("cli_check", "check_command"),
    "evaluate": ("cli_evaluate", "evaluate_command"), "export-judged": ("cli_learning", "export_judged_command"),
    "learn": ("cli_learning", "learn_command"), "match-all": ("cli_matching", "match_all_command"),
    "checks": ("cli_checks", "checks_command"), "mail": ("cli_mail", "mail_group"), "schedule": ("cli_terms", "schedule_command"),
    "operator": ("cli_people", "operator_command"), "recovery": ("cli_people", "recovery_command"),
    "backup": ("cli_keeping", "backup_command"), "restore": ("cli_keeping", "restore_command"),
    "move-database": ("cli_keeping", "move_command"), "settings": ("cli_settings", "settings_command"),
}
"""Commands in modules of their own, read when they are called: what they stand on takes two seconds to import."""


class _Commands(click.Group):
    """The commands here and elsewhere."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the alphabet."""
        return sorted([*super().list_commands(ctx), *ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name not in ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module, name = ELSEWHERE[cmd_name]
        return getattr(import_module(f"marketplace.{module}"), name)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="marketplace")
def main() -> None:
    """TechBridge (科桥): needs, technologies, and what brings them together."""


@main.command("upgrade")
def upgrade_command() -> None:
    """Bring the database to the newest version."""
    upgrade(_settings())
    click.echo("The database is up to date.")


@main.command("demo")
@click.option("--discard", is_flag=True, help="Throw the demo away again, if nothing but the demo stands here.")
@click.option("--yes", is_flag=True, help="Do not ask before throwing it away.")
def demo_command(discard: bool, yes: bool) -> None:
    """Create the database, load the demo catalogue, build the index. Safe to repeat."""
    settings = _settings()
    if settings.production:
        _fail("The demo catalogue is not loaded in production: its passwords are public.", 2)
    click.echo(f"Database: {named(settings.database)}")
    if discard:
        return _discard_demo(settings, yes)
    upgrade(settings)
    _ready()
    if demo.is_loaded():
        click.echo("The catalogue is there already; nothing was loaded.")
    else:
        with to_write(), _bar(len(demo.files()) + 1, "Loading the demo catalogue", False) as bar:
            for _part in demo.load():
                bar.update()
            session.commit()
        click.echo("The demo catalogue is loaded.")
    if not _index_stands():
        click.echo("Building the index: each text is encoded once, this takes a minute or two.")
        _reindex(quiet=False)
    if not brokering.is_loaded():
        with to_write():
            parts = list(brokering.load(demo.titles()))
            session.commit()
        click.echo(f"The demo deals are loaded: {len(parts)} parts.")
    if not demo_calls.is_loaded():
        with to_write():
            parts = list(demo_calls.load(demo.titles()))
            session.commit()
        click.echo(f"The demo calls are loaded: {len(parts)} parts.")
    if not pooling.is_loaded():
        with to_write():
            loaded = len(pooling.load())
            session.commit()
        click.echo(f"The demo pools are loaded: {loaded}.")
    click.echo("Ready. The worker beside the server matches needs and technologies in the background.")


def _discard_demo(settings: Settings, yes: bool) -> None:
    """Say what would be deleted, ask, and leave an empty site; refused where anything stands that the demo did not bring."""
    _ready()
    if not demo.is_loaded():
        _fail("There is no demo here.", 2)
    if strangers := discarding.strangers():
        _fail("\n".join(("Nothing was deleted: this is not the demo alone.", *(f"  {line}" for line in strangers))), 2)
    click.echo("This would be deleted: " + ", ".join(f"{count} {name}" for name, count in discarding.counts().items()) + ",")
    click.echo(f"with all messages, mails and events, the index, and the files in {settings.files_folder}. Stop the site first.")
    if not yes:
        click.confirm("Delete it all?", abort=True)
    discarding.discard(settings)
    upgrade(settings)
    click.echo("The demo is gone; the site is empty. Name its operator: marketplace operator ADDRESS")


def _index_stands() -> bool:
    """Whether there is an index that this program can read; one of an older format is built anew."""
    try:
        return bool(matching.index().version)
    except RebuildNeeded:
        return False


def _reindex(quiet: bool) -> str:
    started = now()
    with _bar(None, "Indexing", quiet) as bar:
        version = matching.reindex(lambda done: bar.update(done - bar.n))
    session.rollback()
    with to_write():
        matching.reindexed(started)
        session.commit()
    return version


@main.command("reindex")
@as_json
def reindex_command(json_: bool) -> None:
    """Build the matching index anew, aside, and swap it in."""
    _ready()
    version = _reindex(json_)
    counts = {kind: matching.index().count(kind) for kind in ("technology", "need", "open_call")}
    if json_:
        _print({"version": version, **counts})
    else:
        said = f"{counts['technology']} technologies, {counts['need']} needs and {counts['open_call']} open calls"
        click.echo(f"Indexed {said}, version {version}.")


@main.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, default=None, help="A fixed port; without it, 5000 or the next free one.")
@click.option("--worker/--no-worker", default=True, help="Start a job worker beside the server.")
@click.option("--workers", type=click.IntRange(1, 64), default=None, help="Processes that answer requests; WEB_CONCURRENCY or 1 unless said.")
def serve(host: str, port: int | None, worker: bool, workers: int | None) -> None:
    """Serve the site, with one job worker beside it. Told to stop, it lets what is in flight end (MARKETPLACE_STOP_SECONDS)."""
    settings = _ready()
    chosen = port or _listen_on(host, FIRST_PORT)
    address = f"http://{host}:{chosen}"
    environment = {**os.environ, "MARKETPLACE_SITE": os.environ.get("MARKETPLACE_SITE") or address}
    click.echo(f"TechBridge is at {address}")
    if not settings.production:
        click.echo(f"Demo accounts (password {demo.PASSWORD}): owner@demo.example (workshop owner), officer@demo.example (transfer officer),")
        click.echo("  broker1@demo.example (technology manager), operator@demo.example (operator). Mail stays in the outbox: /en/dev/outbox")
    click.echo("Stop with Ctrl-C.", nl=True)
    sys.stdout.flush()
    command = [sys.executable, "-m", "gunicorn", "-c", "python:marketplace.server", "marketplace.wsgi:app", "--bind", f"{host}:{chosen}",
               *(("--workers", str(workers)) if workers else ())]
    here = [sys.executable, "-m", "marketplace.cli", "worker"]
    with TemporaryDirectory(prefix="techbridge-metrics-") as figures:
        running = [subprocess.Popen(command, env={**environment, "PROMETHEUS_MULTIPROC_DIR": figures})]
        if worker:
            running.append(subprocess.Popen(here, env=environment))
        ended = _watch(running, settings.stop_seconds + 5)
    sys.exit(ended)


def _watch(running: list[subprocess.Popen], patience: int) -> int:
    """Wait for the first to end, or for a signal, and end the others with it; a second signal does not wait. The exit code."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_args: stop.set())
    while not stop.wait(0.3) and all(child.poll() is None for child in running):
        continue
    ended = [child.returncode for child in running if child.returncode]
    for child in running:
        if child.poll() is None:
            child.terminate()
    told, until = stop.is_set(), time.monotonic() + patience
    stop.clear()
    while any(child.poll() is None for child in running):
        if stop.wait(0.1) or time.monotonic() > until:
            for child in running:
                child.kill()  # every commit is whole: nothing is lost by it
    return 0 if told else (ended or [0])[0]


@main.command("worker")
@click.option("--once", is_flag=True, help="Do what is due and end.")
def worker_command(once: bool) -> None:
    """Do the jobs: index, match, mail, import. Told to stop, it ends the batch it is at."""
    dictConfig(configuration(_ready().log_lines))
    if once:
        click.echo(f"{jobs.run_all()} jobs done.")
        return
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_args: stop.set())
    matching.warm_up()
    jobs.work(stop)


@main.command("match")
@click.argument("text_or_file")
@click.option("--to", type=click.Choice(["technologies", "needs"]), default="technologies", show_default=True, help="What to rank.")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 200))
@click.option("--lang", type=click.Choice(["zh", "en"]), default=None, help="Language of the reasons; by default the text's own.")
@as_json
def match_command(text_or_file: str, to: str, limit: int, lang: str | None, json_: bool) -> None:
    """Rank technologies, or open needs, for a text or for the text in a file, as any visitor would see them."""
    _ready()
    problem = _text(text_or_file)
    language = lang or ("zh" if any("\u4e00" <= character <= "\u9fff" for character in problem) else "en")
    wishes = text_wishes(problem, now().date())
    if to == "technologies":
        hits = matching.rank_technologies(problem, VISITOR, limit=limit, wishes=wishes)
    else:
        hits = matching.similar_needs(problem, VISITOR, limit)
    rows = matching.answers(VISITOR, without_asides(problem), hits, language, limit, wishes)
    found = [_match_row(row, language) for row in rows]
    if json_:
        _print(found)
        return
    for number, row in enumerate(found, 1):
        shown = f"{row['probability'] * 100:3.0f}%" if "probability" in row else row["band"]
        click.echo(f"{number:3}. {shown}  {row['title']}")
        for reason in row["reasons"]["sentences"][:1]:
            click.echo(f"           {reason['you_say'][:60]} ↔ {reason['it_says'][:80]}")
    if not found:
        click.echo("Nothing found. Is the index built? (marketplace reindex)")


def _text(text_or_file: str) -> str:
    """The argument itself, or what the file of that name holds."""
    if len(text_or_file) < 250 and "\n" not in text_or_file and Path(text_or_file).is_file():
        raw = Path(text_or_file).read_bytes()
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                return raw.decode(encoding)
            except UnicodeDecodeError:
                continue
        _fail("The file is neither UTF-8 nor GB 18030 text.", 2)
    return text_or_file


def _match_row(row: matching.Answer, language: str) -> dict[str, Any]:
    """What a row may say: of a listing not open in full its teaser and a band, else everything."""
    why, figures = row.evidence, {}
    if row.in_full:
        figures = {"base": round(row.hit.base, 4), "contributions": {name: round(value, 4) for name, value in row.hit.contributions}}
    return {
        "id": row.listing.public_id,
        "title": (row.listing.titled(language) if row.in_full else in_language(teaser(row.listing), language))[0],
        **({"score": round(row.hit.score, 4), "probability": round(row.hit.probability, 4)} if row.in_full else {"band": band(row.hit.probability)}),
        "reasons": {
            **figures,
            "sentences": [{"you_say": pair.asked.text, "it_says": pair.found.text, "similarity": round(pair.similarity, 3)}
                          for pair in (why.sentences if why else ())],
            "words": [[pair.asked[0].text, pair.found[0].text] for pair in (why.words if why else ())],
        },
        "against": [{"code": one.code, **{name: _said(value, language) for name, value in one.facts.items()}} for one in row.remarks],
    }


def _said(value: Any, language: str) -> Any:
    return figure(value, language) if isinstance(value, Figure) else value


@main.command("import")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--for", "organisation", default=None, help="The organisation: its name, credit code, ROR or id.")
@click.option("--as", "person", default=None, help="Mail address of the person who imports; without it, the system.")
@click.option("--publish", is_flag=True, help="Publish what was created at once.")
@click.option("--columns", default=None, help='JSON {"header": "field"} to mend the proposed mapping.')
@click.option("--needs", is_flag=True, help="The files hold needs, not technologies.")
@as_json
def import_command(
    files: tuple[Path, ...], organisation: str | None, person: str | None, publish: bool, columns: str | None, needs: bool, json_: bool
) -> None:
    """Bring files in. Every row ends as created, updated, unchanged, duplicate or rejected. Broken off, a worker goes on with it."""
    _ready()
    try:
        with to_write():
            mended = json.loads(columns) if columns else {}
            report = _import(files, organisation, person, {"columns": mended, "publish": publish, "listing": "need" if needs else "technology"}, json_)
    except Problem as problem:
        session.rollback()
        if json_:
            _print({"error": str(problem), "field": problem.field})
            sys.exit(2)
        _fail(str(problem), 2)
    except json.JSONDecodeError:
        _fail("--columns must be a JSON object.", 2)
    if json_:
        _print(report)
        sys.exit(2 if report["state"] == "failed" else 0)
    if report["state"] == "failed":
        _fail(report["error"], 2)
    click.echo("  ".join(f"{name}: {report[name]}" for name in review.OUTCOMES) + f"   run {report['run']}")
    for row in report["reasons"][:20]:
        click.echo(f"  row {row['row']}: {row['outcome']}: {row['reason']}")


def _import(files: Sequence[Path], organisation: str | None, person: str | None, how: dict[str, Any], quiet: bool) -> dict[str, Any]:
    actor = by_address(person) if person else SYSTEM
    if actor is None:
        _fail(f"Nobody here has the address {person}.", 2)
    run = importing.bring(actor, _organisation(organisation, actor), files, **how)
    session.commit()
    key = run.id
    session.remove()
    with _bar(None, "Importing", quiet) as progress, _watched(key, progress):
        jobs.run_all(only=RUN_JOBS)
    jobs.run_all(only=(*RUN_JOBS, *matching.INDEXERS))  # what was published can be found at once; matching it is the worker's
    return review.report(session.get_one(ImportRun, key))


@contextmanager
def _watched(key: int, progress: Any) -> Iterator[None]:
    """Show how far the run is while its jobs work: they commit after each batch."""
    stop, app = threading.Event(), current_app._get_current_object()

    def watch() -> None:
        with app.app_context(), to_read():
            while not stop.wait(0.5):
                progress.total, done = session.execute(select(ImportRun.total, ImportRun.done).where(ImportRun.id == key)).one()
                progress.update(done - progress.n)
                session.rollback()
            session.remove()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


def _organisation(wanted: str | None, actor: Any) -> Organisation:
    """The organisation named, or the actor's own if there is just one."""
    if wanted:
        found = session.scalar(select(Organisation).where(Organisation.public_id == wanted)) or organisations.by_codes(wanted, wanted)
        if found is not None:
            return found
        near = similar([wanted], limit=3)
        if near and near[0].score >= SURE and (len(near) == 1 or near[0].score - near[1].score >= CLEAR):
            return near[0].organisation
        names = ", ".join(one.organisation.called("en") for one in near)
        _fail(f"No organisation is called {wanted!r}." + (f" Did you mean: {names}?" if names else ""), 2)
    own = list(getattr(actor, "organisations", []))
    if len(own) != 1:
        _fail("Say for which organisation: --for NAME.", 2)
    return own[0]


@main.command("names")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def names_command(file: Path, json_: bool) -> None:
    """Measure how well organisations are found by variants of their names: lines of source, string, ids."""
    report = measure(file)
    if json_:
        _print(report)
    else:
        click.echo(f"precision {report['precision']:.3f}  recall {report['recall']:.3f}  at threshold {report['threshold']}")


if __name__ == "__main__":
    main()
