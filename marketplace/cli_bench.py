"""The benchmarks: how long the engine takes, beside the bare engines on the same work in the same run."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click
from sqlalchemy import text

from marketplace import create_app
from marketplace.access import SYSTEM
from marketplace.alerts.subscriptions.bench import bench_alerts
from marketplace.calls import bench as calls_bench
from marketplace.calls.pools import bench as pools_bench
from marketplace.calls.sealing.bench import bench_sealing
from marketplace.console import as_json, fail, ready, settings_or_fail, show, telling
from marketplace.db import now, session, to_write
from marketplace.deals.funnel import bench as funnel_bench
from marketplace.deals.funnel.operations import count
from marketplace.deals.supply.bench import bench_map
from marketplace.deals.worklist import bench as worklist_bench
from marketplace.deals.worklist import synthetic
from marketplace.deals.worklist.operations import set_specialty, worklist
from marketplace.demo import growing, is_loaded
from marketplace.importing.bench import bench_rows, write_file
from marketplace.matching import operations as matching
from marketplace.matching.bench import bench
from marketplace.matching.bench_import import bench_import
from marketplace.matching.operations import INDEXED_AT_ONCE
from marketplace.matching.resources.bench import bench_resources
from marketplace.migrate import upgrade
from marketplace.people.models import Organisation
from marketplace.people.sessions.operations import begin
from marketplace.terms.bench import bench_schedule
from marketplace.terms.forms import TermsForm
from marketplace.terms.payment import Terms, to_dict
from marketplace.terms.simulator.bench import bench_simulator
from marketplace.terms.simulator.views import typed_terms
from marketplace.web import limiter


def _made(_context: click.Context, _option: click.Parameter, named: Path | None) -> Path:
    """The folder that was named, or the usual one; it exists afterwards."""
    kept = named or settings_or_fail().data / "bench"
    kept.mkdir(parents=True, exist_ok=True)
    return kept


_in_folder = click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), callback=_made, help="Where indexes are kept; by default beside the data."
)


@click.group("bench")
def bench_group() -> None:
    """Measure speed and memory on synthetic data."""


@bench_group.command("grow")
@click.option("--technologies", type=click.IntRange(min=0), default=100_000, show_default=True)
@click.option("--needs", type=click.IntRange(min=0), default=10_000, show_default=True)
@click.option("--deals", type=click.IntRange(min=0), default=2_000, show_default=True)
@as_json
def bench_grow_command(technologies: int, needs: int, deals: int, json_: bool) -> None:
    """Grow the demo at hand to so many listings and deals, for tools/load.py; broken off, it goes on where it was."""
    if ready().production or not is_loaded():
        fail("Only a demo is grown: run `marketplace demo` first, in a folder of its own.", 2)
    report: dict[str, int] = {}
    with to_write(), telling("Growing", json_) as say:
        for name, done in growing.grow(technologies, needs, deals):
            session.commit()
            report[name] = done
            say(f"{name}: {done:,}")
        session.execute(text("ANALYZE"))
        session.commit()
    show(report)


@bench_group.command("match")
@click.option("--docs", type=click.IntRange(min=100), default=10_000, show_default=True, help="Technologies in the index.")
@click.option("--questions", type=click.IntRange(min=2), default=200, show_default=True)
@_in_folder
@as_json
def bench_match_command(docs: int, questions: int, folder: Path, json_: bool) -> None:
    """Build (or take up) an index of synthetic technologies and time needs of sixty words against it."""
    with telling("Bench", json_) as say:
        report = bench(docs, folder, say, questions)
    if json_:
        show(report)
    else:
        _tell(report)


@bench_group.command("import")
@click.option("--docs", type=click.IntRange(min=10), default=5_000, show_default=True, help="Technologies that arrive.")
@click.option("--needs", type=click.IntRange(min=1), default=3_000, show_default=True, help="Open needs.")
@click.option("--catalogue", type=click.IntRange(min=0), default=0, show_default=True, help="Technologies that are there before.")
@_in_folder
@as_json
def bench_import_command(docs: int, needs: int, catalogue: int, folder: Path, json_: bool) -> None:
    """Encode, index and match an import of synthetic abstracts, and time the fast encoder alone on the same texts."""
    with telling("Bench", json_) as say:
        report = bench_import(docs, needs, catalogue, folder, INDEXED_AT_ONCE, say)
    show(report)


@bench_group.command("rows")
@click.option("--rows", "count", type=click.IntRange(min=10), default=5_000, show_default=True, help="Rows of the file.")
@click.option("--format", "ending", type=click.Choice(["xlsx", "csv"]), default="xlsx", show_default=True)
@_in_folder
@as_json
def bench_rows_command(count: int, ending: str, folder: Path, json_: bool) -> None:
    """Bring a synthetic export of patents into an empty site, and time the bare reading and inserting of its cells."""
    with tempfile.TemporaryDirectory(dir=folder) as place, telling("Bench", json_) as say:
        settings = replace(settings_or_fail(), data=Path(place), database=f"sqlite:///{place}/bench.db", upload_limit=1 << 32)
        upgrade(settings)
        app = create_app(settings)
        app.app_context().push()
        say("file")
        path = Path(place) / f"export.{ending}"
        apart = get_context("spawn").Process(target=write_file, args=(path, count))  # its vocabulary is no memory of the import's
        apart.start()
        apart.join()
        with to_write():
            owner = Organisation(kind="institute", name={"zh": "东岭大学"}, region="330000", created=now())
            session.add(owner)
            session.commit()
            report = bench_rows(owner, path, _committing, say)
    show(report)


@bench_group.command("alerts")
@click.option("--subscriptions", type=click.IntRange(min=10), default=10_000, show_default=True, help="Saved searches.")
@click.option("--technologies", type=click.IntRange(min=1), default=1_000, show_default=True, help="Technologies that come in at once.")
@click.option("--catalogue", type=click.IntRange(min=0), default=10_000, show_default=True, help="Technologies that are there before.")
@as_json
def bench_alerts_command(subscriptions: int, technologies: int, catalogue: int, json_: bool) -> None:
    """Hold arrivals against saved searches, write every digest, and time bare Tantivy on the same queries."""
    with tempfile.TemporaryDirectory() as place, telling("Bench", json_) as say:
        settings = replace(settings_or_fail(), data=Path(place), database=f"sqlite:///{place}/bench.db", encoders=(None, None))
        upgrade(settings)
        create_app(settings)
        with to_write():
            report = bench_alerts(subscriptions, technologies, catalogue, _committing, say)
    show(report)


@bench_group.command("resources")
@click.option("--each", type=click.IntRange(min=100), default=10_000, show_default=True, help="Facilities, and as many experts and scenarios.")
@click.option("--questions", type=click.IntRange(min=2), default=50, show_default=True)
@_in_folder
@as_json
def bench_resources_command(each: int, questions: int, folder: Path, json_: bool) -> None:
    """Search and suggest synthetic facilities, experts and scenarios, and time bare Tantivy on the same questions."""
    with telling("Bench", json_) as say:
        report = bench_resources(each, questions, folder, say)
    show(report)


@bench_group.command("schedule")
@click.option("--agreements", type=click.IntRange(min=1), default=10_000, show_default=True)
@click.option("--events", type=click.IntRange(min=20), default=40, show_default=True, help="Events of each agreement.")
@as_json
def bench_schedule_command(agreements: int, events: int, json_: bool) -> None:
    """Compute the schedules of made-up agreements, and time the JSON parser alone on the same input."""
    with telling("Bench", json_) as say:
        report = bench_schedule(agreements, events, say)
    show(report)


@bench_group.command("simulator")
@click.option("--changes", type=click.IntRange(min=5), default=30, show_default=True, help="Moves of the slider in each case.")
@as_json
def bench_simulator_command(changes: int, json_: bool) -> None:
    """Answer changes in the simulator, form to page, and time the bare schedule of the same agreement."""
    with tempfile.TemporaryDirectory() as place, telling("Bench", json_) as say:
        settings = replace(settings_or_fail(), data=Path(place), database=f"sqlite:///{place}/bench.db")
        upgrade(settings)
        app = create_app(settings)
        app.config.update(WTF_CSRF_ENABLED=False)
        limiter.enabled = False  # one visitor moves the slider faster than anybody can
        gc.collect()
        gc.freeze()  # as the served application does
        client = app.test_client()

        def post(sent: dict[str, list[str]]) -> None:
            if client.post("/zh/simulator", data=sent).status_code != 200:
                fail("The simulator refused its own bench.")

        def typed(terms: Terms) -> dict[str, list[str]]:
            with app.test_request_context():
                return typed_terms(TermsForm.of(to_dict(terms)))

        report = bench_simulator(post, typed, changes, say)
    show(report)


@bench_group.command("worklist")
@click.option("--matches", type=click.IntRange(min=100), default=20_000, show_default=True)
@click.option("--deals", type=click.IntRange(min=10), default=500, show_default=True, help="All led by the one who asks.")
@click.option("--requests", type=click.IntRange(min=5), default=40, show_default=True)
@click.option("--fields", is_flag=True, help="He works in one industry of a hundred and one province.")
@click.option("--database", help="An empty database to fill instead of a throw-away SQLite file.")
@as_json
def bench_worklist_command(matches: int, deals: int, requests: int, fields: bool, database: str | None, json_: bool) -> None:
    """Answer the front page of a technology manager, and time the bare reading of twenty rows."""
    with _throw_away(database) as app, telling("Bench", json_) as say:
        say("filling")
        with to_write():
            broker = synthetic.fill(matches, deals, now())
            if fields:
                set_specialty(broker, ["C35"], [], ["330000"])
            session.execute(text("ANALYZE"))
            session.commit()
        say("asking")
        rows = {kind: len(found) for kind, found in worklist(broker).items()}
        report = worklist_bench.measure(_asking(app, broker, "/en/worklist"), broker, requests)
    show({"matches": matches, "deals": deals, "rows": rows, **report})


@bench_group.command("board")
@click.option("--deals", type=click.IntRange(min=10), default=50_000, show_default=True, help="All led by the one who asks.")
@click.option("--requests", type=click.IntRange(min=5), default=20, show_default=True)
@click.option("--database", help="An empty database to fill instead of a throw-away SQLite file.")
@as_json
def bench_board_command(deals: int, requests: int, database: str | None, json_: bool) -> None:
    """Answer the board and the list of somebody who leads very many deals, and time the bare reading of twenty rows."""
    report = {}
    with _throw_away(database) as app, telling("Bench", json_) as say:
        say("filling")
        with to_write():
            broker = synthetic.fill(deals, deals, now())
            session.execute(text("ANALYZE"))
            session.commit()
        for name, path in (("board", "/en/deals/board"), ("list", "/en/deals"), ("list_due_first", "/en/deals?order=due")):
            say(name)
            report[name] = worklist_bench.measure(_asking(app, broker, path), broker, requests)
    show({"deals": deals, **report})


def _asking(app: Any, broker: Any, path: str) -> Callable[[], None]:
    """A function that asks for a page as this person, as the served application would."""
    client = app.test_client()
    with to_write():
        begin(SYSTEM, broker, "password")
        session.commit()
    with client.session_transaction() as kept:
        kept.update(_user_id=broker.get_id(), _fresh=True)
    gc.collect()
    gc.freeze()

    def get() -> None:
        if client.get(path).status_code != 200:
            fail(f"{path} did not answer.")

    return get


@bench_group.command("funnel")
@click.option("--matches", type=click.IntRange(min=100), default=100_000, show_default=True)
@click.option("--deals", type=click.IntRange(min=10), default=10_000, show_default=True)
@click.option("--database", help="An empty database to fill instead of a throw-away SQLite file.")
@as_json
def bench_funnel_command(matches: int, deals: int, database: str | None, json_: bool) -> None:
    """Count the funnel of a large site, and time one bare pass over its matches."""
    with _throw_away(database) as app, telling("Bench", json_) as say:
        say("filling")
        with to_write():
            synthetic.fill(matches, deals, now())
            session.execute(text("ANALYZE"))
            session.commit()
        say("counting")
        client = app.test_client()
        report = funnel_bench.measure(lambda: client.get("/en/funnel"), lambda: _committing(count()), now())
    show({"matches": matches, "deals": deals, **report})


@bench_group.command("map")
@click.option("--docs", type=click.IntRange(min=100), default=100_000, show_default=True, help="Technologies; a hundredth as many needs.")
@_in_folder
@as_json
def bench_map_command(docs: int, folder: Path, json_: bool) -> None:
    """Count the map of demand and supply over synthetic listings, and time one bare pass over all of them."""
    with tempfile.TemporaryDirectory(dir=folder) as place, telling("Bench", json_) as say:
        report = bench_map(docs, Path(place), say)
    show(report)


@bench_group.command("sealing")
@click.option("--megabytes", type=click.IntRange(min=1), default=500, show_default=True)
@_in_folder
@as_json
def bench_sealing_command(megabytes: int, folder: Path, json_: bool) -> None:
    """Seal and open so many MB on the disk of the folder, and time the bare copy of as many."""
    with tempfile.TemporaryDirectory(dir=folder) as place, telling("Bench", json_) as say:
        report = bench_sealing(megabytes, Path(place), say)
    show(report)


@bench_group.command("calls")
@click.option("--calls", type=click.IntRange(min=100), default=50_000, show_default=True)
@click.option("--requests", type=click.IntRange(min=5), default=30, show_default=True, help="Of each kind.")
@click.option("--database", help="An empty database to fill instead of a throw-away SQLite file.")
@as_json
def bench_calls_command(calls: int, requests: int, database: str | None, json_: bool) -> None:
    """Answer the list of open calls by several filters, and time the bare reading of twenty rows."""
    show({"calls": calls, **_list_of("/zh/open-calls", calls_bench, calls, requests, database, json_, indexed=True)})


@bench_group.command("pools")
@click.option("--pools", type=click.IntRange(min=100), default=50_000, show_default=True)
@click.option("--requests", type=click.IntRange(min=5), default=30, show_default=True, help="Of each kind.")
@click.option("--database", help="An empty database to fill instead of a throw-away SQLite file.")
@as_json
def bench_pools_command(pools: int, requests: int, database: str | None, json_: bool) -> None:
    """Answer the list of pools by several filters, and time the bare reading of twenty rows."""
    show({"pools": pools, **_list_of("/zh/pools", pools_bench, pools, requests, database, json_, indexed=True)})


def _list_of(path: str, bench: Any, rows: int, requests: int, database: str | None, quiet: bool, indexed: bool = False) -> dict[str, Any]:
    """Fill a database with so many rows of a list, and the index where its words are looked for there, and ask for its pages; `bench` fills and measures."""
    moment = now()
    with _throw_away(database) as app, telling("Bench", quiet) as say:
        say("filling")
        with to_write():
            bench.fill(rows, moment)
            session.execute(text("ANALYZE"))
            session.commit()
        if indexed:
            matching.reindex(lambda done: say(f"indexed {done:,} of {rows:,}") if done % 5_000 == 0 else None)
        client = app.test_client()

        def get(question: str) -> None:
            if client.get(f"{path}?{question}").status_code != 200:
                fail("The list did not answer.")

        say("asking")
        gc.collect()
        gc.freeze()  # as the served application does
        return bench.measure(get, requests, moment)


@contextmanager
def _throw_away(database: str | None) -> Iterator[Any]:
    """The application over a database that is filled for a measurement: the empty one that was named, or a file that goes afterwards."""
    with tempfile.TemporaryDirectory() as place:
        settings = replace(settings_or_fail(), data=Path(place), database=database or f"sqlite:///{place}/bench.db")
        upgrade(settings)
        app = create_app(settings)
        with app.app_context():
            yield app


def _committing(batches: Iterator[None]) -> None:
    for _ in batches:
        session.commit()
    session.commit()


def _tell(report: dict[str, Any]) -> None:
    click.echo(f"{report['documents']:,} technologies, {report['encoded']} encoded; built in {report['build_seconds']} s")
    click.echo(f"{report['disk_bytes_a_document']:,} bytes a document on disk, {report['memory_own_bytes'] / 2**20:,.0f} MB of its own in memory")
    for mode in ("quick", "full"):
        figures = report[mode]
        click.echo(f"\n{mode}: {figures['questions']} questions, 95 % of them within {figures['p95_to_bare']} times the bare engines'")
        for name, values in figures["milliseconds"].items():
            click.echo(f"  {name:20}" + "".join(f"{percent:>6} {value:9.1f} ms" for percent, value in values.items()))
