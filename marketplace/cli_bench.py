"""The benchmarks: how long the engine takes, beside the bare engines on the same work in the same run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from marketplace.console import as_json, settings_or_fail, show, telling
from marketplace.matching.bench import bench
from marketplace.matching.bench_import import bench_import
from marketplace.matching.operations import INDEXED_AT_ONCE


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


def _tell(report: dict[str, Any]) -> None:
    click.echo(f"{report['documents']:,} technologies, {report['encoded']} encoded; built in {report['build_seconds']} s")
    click.echo(f"{report['disk_bytes_a_document']:,} bytes a document on disk, {report['memory_own_bytes'] / 2**20:,.0f} MB of its own in memory")
    for mode in ("quick", "full"):
        figures = report[mode]
        click.echo(f"\n{mode}: {figures['questions']} questions, 95 % of them within {figures['p95_to_bare']} times the bare engines'")
        for name, values in figures["milliseconds"].items():
            click.echo(f"  {name:20}" + "".join(f"{percent:>6} {value:9.1f} ms" for percent, value in values.items()))
