"""The command `evaluate`: the engine on judged pairs, as this site would rank them, beside simpler engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from marketplace.console import as_json, fail, settings_or_fail, show, telling
from marketplace.matching.evaluate import READ_SLOWLY, evaluate
from marketplace.matching.operations import encoders
from marketplace.matching.reliability import drawn, drawn_as_text
from marketplace.matching.semantic import Encoders, EncoderUnavailable


@click.command("evaluate")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--baselines/--no-baselines", default=True, show_default=True, help="Measure simpler engines as well.")
@click.option("--packaged", is_flag=True, help="Measure the packaged weights beside those that this site has learned.")
@click.option("--patience", default=READ_SLOWLY, show_default=True, type=click.IntRange(0), metavar="N",
              help="Documents of each question that the slow encoder judges where there are more than 5,000 in all.")
@click.option("--cache", type=click.Path(dir_okay=False, path_type=Path), help="The file of encodings; by default beside the data.")
@click.option("--plot", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Draw the reliability into this SVG file.")
@as_json
def evaluate_command(folder: Path, baselines: bool, packaged: bool, patience: int, cache: Path | None, plot: Path | None, json_: bool) -> None:
    """Measure the engine on judged pairs: corpus.jsonl, queries.jsonl, qrels.tsv.

    With the encoders and the learned weights of this site. It may be stopped and started again: what was encoded is kept.
    """
    settings = settings_or_fail()
    with telling("Evaluating", json_) as say:
        try:
            site = encoders(settings)
            report = evaluate(
                folder, say, cache or settings.data / "encodings", baselines, Encoders(site.fast, site.slow), patience, settings.index_folder, packaged,
            )
        except (OSError, ValueError, EncoderUnavailable) as error:
            fail(f"{folder}: {error}", 2)
    if plot:
        plot.write_text(drawn(report["reliability"], folder.resolve().name), encoding="utf-8")
    if json_:
        show(_plain(report))
    else:
        _tell(report)


def _systems(report: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every system that was measured, by name, the engine first."""
    yield "engine", report["engine"]
    if "packaged" in report:
        yield "engine, packaged weights", report["packaged"]["engine"]
    yield from report.get("baselines", {}).items()


def _plain(report: dict[str, Any]) -> dict[str, Any]:
    """The report with each measure as a number and its interval beside it, which is easier to take apart."""
    flat = {**report, "engine": _flat(report["engine"])}
    flat["baselines"] = {name: _flat(each) for name, each in report.get("baselines", {}).items()}
    if "packaged" in report:
        flat["packaged"] = {**report["packaged"], "engine": _flat(report["packaged"]["engine"])}
    return flat


def _flat(figures: dict[str, dict[str, float]]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in figures.items():
        flat |= {name: value["mean"], f"{name}_interval": [value["low"], value["high"]]}
    return flat


def _tell(report: dict[str, Any]) -> None:
    names = list(report["engine"])
    click.echo(f"{report['questions']:,} questions, {report['documents']:,} documents")
    click.echo(f"{'':28}" + "".join(f"{name:>22}" for name in names))
    for label, figures in _systems(report):
        cells = (f"{figures[name]['mean']:.3f} [{figures[name]['low']:.3f}, {figures[name]['high']:.3f}]" for name in names)
        click.echo(f"{label:28}" + "".join(f"{cell:>22}" for cell in cells))
    for name, cut in report["cut"].items():
        click.echo(f"{name} cuts {100 * cut['texts']:.1f} % of the documents and leaves out {100 * cut['characters']:.1f} % of their characters")
    click.echo(f"\nHow well the probability holds ({report['means'].replace('_', ' ')}):\n{drawn_as_text(report['reliability'])}")
