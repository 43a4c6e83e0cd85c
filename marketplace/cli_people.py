"""`marketplace operator`: who runs the site. A fresh site has nobody who could name the first one in a browser."""

from __future__ import annotations

import click

from marketplace.access import SYSTEM
from marketplace.console import fail, ready
from marketplace.db import session, to_write
from marketplace.errors import Problem
from marketplace.people import operations as people


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
