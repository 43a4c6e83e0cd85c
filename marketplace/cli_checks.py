"""`marketplace checks`: which checks of offers are in force, and where each comes from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from marketplace.console import as_json, fail, settings_or_fail, show
from marketplace.db import now
from marketplace.people.regions import is_region
from marketplace.terms import checklist
from marketplace.terms.checks import Check, holding


@click.command("checks")
@click.option("--region", default=None, help="Only what holds in this region: a province's code of GB/T 2260, or a country's.")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), default=None, help="Only what is in force on this day.")
@as_json
def checks_command(region: str | None, day: Any, json_: bool) -> None:
    """List the checks of offers: how severe, where, since when, and whether they are shipped or of which file."""
    settings_or_fail()
    if region and not is_region(region):
        fail(f"There is no region {region!r}.", 2)
    found = list(checklist.in_force())
    if region or day:
        found = holding(found, region, day.date() if day else now().date())
    if json_:
        show([_row(one) for one in found])
        return
    for one in found:
        since = f" from {one.in_force}" if one.in_force else ""
        click.echo(f"{one.severity:8} {one.region or 'all':8} {one.code}{since}  [{one.origin}]")
        click.echo(f"         {one.source['en']}{' (unverified)' if one.unverified else ''}")


def _row(one: Check) -> dict[str, Any]:
    given = {name: list(value) if isinstance(value, (list, tuple)) else str(value) for name, value in one.given.items()}
    return {**asdict(one), "given": given}
