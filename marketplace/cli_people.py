"""`marketplace operator`: who runs the site; a fresh site has nobody who could name the first one in a browser. `marketplace recovery`: the only operator has
lost his second factors, and nobody else could answer him."""

from __future__ import annotations

import click

from marketplace.access import SYSTEM
from marketplace.console import fail, ready
from marketplace.db import session, to_write
from marketplace.errors import Problem, Refused
from marketplace.people import operations as people
from marketplace.people.factors.operations import open_recovery
from marketplace.people.recovery import operations as recovery


@click.command("operator")
@click.argument("address", required=False)
@click.option("--dismiss", is_flag=True, help="Take the role back.")
def operator_command(address: str | None, dismiss: bool) -> None:
    """Name the person with this mail ADDRESS an operator; without an address, list the operators.

    The person signs up on the site first and follows the link of the mail: only then is it sure whose account the address is.
    """
    ready()
    if address is None:
        found = people.operators()
        click.echo("\n".join(f"{one.address}  {one.name}" for one in found) or "Nobody runs this site yet: marketplace operator ADDRESS")
        return
    try:
        with to_write():
            person = (people.dismiss_operator if dismiss else people.appoint_operator)(SYSTEM, address)
            session.commit()
    except Problem as problem:
        session.rollback()
        fail(str(problem), 2)
    click.echo(f"{person.address} is no operator any more." if dismiss else f"{person.address} is an operator now. The desk shows what to do first.")


@click.command("recovery")
@click.argument("address")
@click.option("--checked", required=True, help="How you made sure who it is; it is kept.")
@click.option("--refuse", is_flag=True, help="Refuse instead of allowing.")
def recovery_command(address: str, checked: str, refuse: bool) -> None:
    """Answer the person with this mail ADDRESS, who has lost all second factors and has asked on the site.

    Where there is another operator he answers on his page. The three days of waiting are not shortened here either.
    """
    ready()
    try:
        with to_write():
            person = people.by_address(address)
            asked = open_recovery(person) if person is not None else None
            if asked is None:
                raise Refused("Nothing is open for this address.")
            recovery.decide(SYSTEM, asked, "refuse" if refuse else "allow", checked)
            session.commit()
    except Problem as problem:
        session.rollback()
        fail(str(problem), 2)
    click.echo("Refused." if refuse else f"Allowed, in effect from {asked.due:%Y-%m-%d %H:%M} UTC. The person is told by mail.")
