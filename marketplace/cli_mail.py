"""`marketplace mail receive`: one incoming message from a pipe, for a mail server that hands mail to a program."""

from __future__ import annotations

import sys

import click
from sqlalchemy.exc import OperationalError

from marketplace.alerts.inbox import mailboxes
from marketplace.alerts.inbox import operations as inbox
from marketplace.console import ready
from marketplace.db import now, session, to_write

TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: the mail server keeps the message and comes back


@click.group("mail")
def mail_group() -> None:
    """Mail that comes in."""


@mail_group.command("receive")
def receive_command() -> None:
    """Take in one message from standard input: a bounce of our mail, or an answer to it. One that nobody can read is noted, not sent back."""
    raw = sys.stdin.buffer.read(inbox.LARGEST + 1)
    while sys.stdin.buffer.read(1 << 20):
        pass  # the rest of one that is too large: a mail server takes a pipe that closes early for a failure
    ready()
    try:
        with to_write():
            taken = inbox.too_large(raw[: mailboxes.BEGINNING], len(raw), now()) if len(raw) > inbox.LARGEST else inbox.take_bytes(raw, now())
            session.commit()
    except OperationalError:
        sys.exit(TRY_AGAIN)
    click.echo(taken.outcome)
