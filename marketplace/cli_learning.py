"""The commands of learning: `learn` from answers, `export-judged` for `evaluate`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from marketplace.access import SYSTEM
from marketplace.console import as_json, fail, ready, show
from marketplace.db import session, to_read, to_write
from marketplace.errors import Problem
from marketplace.matching import lessons, weekly
from marketplace.matching.learning import FEWEST, Interval, Lesson

MISSING = {
    "pairs": "answers that say whether a match fits", "accepted": "accepted matches", "declined": "matches declined as unfit",
    "needs": "needs with answers", "compared": "new needs with both an accepted and a declined match",
}


@click.command("learn")
@click.option("--dry-run", is_flag=True, help="Compare and report; change nothing.")
@click.option("--undo", is_flag=True, help="Go back to the weights before the last swap.")
@as_json
def learn_command(dry_run: bool, undo: bool, json_: bool) -> None:
    """Learn the ranking's weights from this site's answers; they come into use only if they prove better."""
    ready()
    if undo:
        _undo(json_)
        return
    with to_read():
        until = weekly.newest()
        lesson = lessons.study(SYSTEM)
        session.rollback()
    version = None
    if not dry_run:
        with to_write():
            version = weekly.conclude(SYSTEM, lesson, until).version
            session.commit()
    if json_:
        show({**asdict(lesson), "swapped": version is not None, "version": version})
    else:
        _tell(lesson, version)


def _undo(json_: bool) -> None:
    try:
        with to_write():
            found = lessons.undo(SYSTEM)
            session.commit()
    except Problem as problem:
        fail(str(problem), 2)
    if json_:
        show({"version": found.version, "means": found.means})
    else:
        click.echo(f"The weights {found.version} are in use again; the worker scores the open needs anew.")


def _tell(lesson: Lesson, version: str | None) -> None:
    counts = lesson.counts
    click.echo(f"{counts['pairs']} answers to matches of {counts['needs']} needs: {counts['accepted']} accepted, {counts['declined']} declined as unfit.")
    if lesson.missing:
        lines = [f"  {FEWEST[name]} {MISSING[name]} are needed: {least} more" for name, least in lesson.missing.items()]
        click.echo("\n".join(("That is too little to learn from; nothing was changed.", *lines)))
        return
    click.echo(f"Held back to compare: {counts['held_back']} answers of the {counts['held_back_needs']} newest needs.")
    loss, order = lesson.loss, lesson.order
    click.echo(f"  loss   in use {loss['in_use']:.3f}, with a new base {loss['rebased']:.3f}, learned {loss['learned']:.3f}; better by {_said(lesson.gain)}")
    click.echo(f"  order  in use {_said(order['in_use'])}, learned {_said(order['learned'])}; better by {_said(lesson.order_gain)}")
    click.echo("  parts  " + ", ".join(f"{name} × {each:.2f}" for name, each in lesson.change.multipliers.items()))
    click.echo("  base   " + ", ".join(f"{name} {each:+.2f}" for name, each in lesson.change.shifts.items()))
    if version:
        click.echo(f"The learned weights are in use, version {version}; the worker scores the open needs anew. Back: marketplace learn --undo")
    elif lesson.verdict == "better":
        click.echo("The learned weights are better. Nothing was changed: this was a dry run.")
    else:
        click.echo("The weights in use stay: " + "; ".join(lesson.reasons) + ".")


def _said(interval: Interval) -> str:
    return f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


@click.command("export-judged")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--most", default=2_000, show_default=True, type=click.IntRange(1), help="Technologies in the corpus, the judged ones among them.")
@as_json
def export_judged_command(folder: Path, most: int, json_: bool) -> None:
    """Write this site's accepted and declined matches as a folder for `evaluate`. It holds members' listings: keep it safe."""
    ready()
    with to_read():
        counts = lessons.export_judged(SYSTEM, folder, most)
        session.rollback()
    if json_:
        show(counts)
    else:
        click.echo(f"{folder}: {counts['queries']} needs, {counts['corpus']} technologies, {counts['judged']} judged pairs, {counts['accepted']} accepted")
