"""`marketplace calls`: keys for sealed proposals, and receipts. What runs on a holder's own machine needs neither database nor network."""

from __future__ import annotations

import secrets
import sys
from collections import Counter
from pathlib import Path

import click
from sqlalchemy import select

from marketplace.access import SYSTEM
from marketplace.calls.models import Call
from marketplace.calls.proposals import rotation
from marketplace.calls.sealing import keys, operations, receipts, shares, watching
from marketplace.calls.sealing.models import CallKey
from marketplace.calls.sealing.sealing import Broken, new_pair, unbox
from marketplace.console import as_json, bar, fail, ready, show
from marketplace.db import session, to_write
from marketplace.errors import Problem

FILE = click.Path(dir_okay=False, path_type=Path)
THERE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("calls")
def calls_group() -> None:
    """Keys of sealed proposals, and receipts."""


def _make(path: Path, text: str) -> None:
    try:
        keys.make_file(path, text)
    except FileExistsError:
        fail(f"{path} is there already. A key is never overwritten.", 2)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}.", 2)


@calls_group.command("new-sealing-key")
@click.argument("file", type=FILE)
def new_sealing_key_command(file: Path) -> None:
    """Make the site's sealing key. Name the file in MARKETPLACE_SEALING_KEY, and keep a copy where no copy of the data is."""
    _make(file, keys.written(keys.SITE, secrets.token_bytes(keys.BYTES)))
    click.echo(f"Made {file}. Set MARKETPLACE_SEALING_KEY={file}. Without this file nobody opens what was sealed: keep a copy apart from all backups.")


@calls_group.command("rotate-sealing-key")
@click.argument("file", type=FILE)
@as_json
def rotate_sealing_key_command(file: Path, json_: bool) -> None:
    """Exchange the site's sealing key for the one in FILE, which is made if it is not there. The site may run meanwhile; broken off, run it again.

    The new key is added to the file of MARKETPLACE_SEALING_KEY. On several machines add its line there on each of them first.
    """
    settings = ready()
    if not file.exists():
        _make(file, keys.written(keys.SITE, secrets.token_bytes(keys.BYTES)))
    try:
        new = keys.site_key(file)
        added = keys.add_site_key(settings.sealing_key, new)
    except keys.NotAKey:
        fail(f"{file} or {settings.sealing_key} holds no sealing key.", 2)
    except OSError as error:
        fail(f"{settings.sealing_key} cannot be written ({error.strerror}). Add the line of {file} to it yourself, and run this again.", 2)
    found = _exchanged(new, json_)
    lost = found.pop("lost", 0)
    if json_:
        show({**{name: found[name] for name in ("keys", "shares", "receipts", "there")}, "lost": lost, "added": added})
    else:
        click.echo(f"Wrapped anew: {found['keys']} keys of calls, {found['shares']} shares, {found['receipts']} receipts. {found['there']} were already.")
        click.echo(LEFT.format(lost=lost, old=settings.sealing_key) if lost else DONE.format(new=file, old=settings.sealing_key))
    sys.exit(1 if lost else 0)


DONE = """The old key is needed no longer. Set MARKETPLACE_SEALING_KEY={new} on every machine, or take the old line out of {old}.
Backups from before this moment still need the old key: keep it apart as long as you keep them. Keep a copy of {new} apart from all backups."""
LEFT = """{lost} secrets are opened by no key of {old} and were left as they are. If you have the key that opens them, add its line to {old} and run this again.
For a call: marketplace calls recover. Lost receipts stay lost here; the downloaded copies are valid."""


def _exchanged(new: keys.SiteKey, quiet: bool) -> Counter[str]:
    """Run the exchange, each batch in a transaction of its own, and count what became of the secrets."""
    found: Counter[str] = Counter()
    try:
        with to_write(), bar(rotation.count(), "Wrapping anew", quiet) as progress:
            for batch in rotation.exchange(SYSTEM, new):
                session.commit()
                found += batch
                progress.update(batch.total())
            session.commit()
    except Problem as problem:
        session.rollback()
        fail(str(problem), 2)
    except operations.Shut:
        session.rollback()
        fail("The site's sealing key is missing.", 2)
    return found


def _new_pair(file: Path) -> str:
    secret, public = new_pair()
    _make(file, keys.written(keys.SECRET, secret))
    return keys.written(keys.PUBLIC, public)


@calls_group.command("new-recovery-key")
@click.argument("file", type=FILE)
def new_recovery_key_command(file: Path) -> None:
    """Make an offline key that can open calls when the sealing key is lost. Run it on a machine that is kept apart."""
    click.echo(f"MARKETPLACE_RECOVERY_KEY={_new_pair(file)}")


@calls_group.command("new-holder-key")
@click.argument("file", type=FILE)
def new_holder_key_command(file: Path) -> None:
    """Make your key as a key holder. The file stays with you; what is printed goes to the owner of the call."""
    click.echo(_new_pair(file))


def _secret(file: Path) -> bytes:
    try:
        return keys.taken(keys.SECRET, file.read_text(encoding="ascii", errors="replace"))
    except keys.NotAKey:
        fail(f"{file} holds no secret key.", 2)


@calls_group.command("share")
@click.option("--key", "file", type=THERE, required=True, help="Your key file.")
@click.argument("sealed")
def share_command(file: Path, sealed: str) -> None:
    """Open what was sealed to your key, on your own machine, and print it: your share of a call's key, or with the recovery key all of it."""
    try:
        found = unbox(keys.taken(keys.SEALED, sealed, None), _secret(file))
    except (keys.NotAKey, Broken):
        fail("This key does not open that. Is it the key you gave when you were named?", 2)
    click.echo(keys.written(keys.SHARE if len(found) == shares.SIZE else keys.SECRET, found))


@calls_group.command("recover")
@click.argument("call_id")
@click.option("--key", "file", type=THERE, help="The offline recovery key. Without it you are asked for what `marketplace calls share` printed there.")
def recover_command(call_id: str, file: Path | None) -> None:
    """Bring a call's key back after the sealing key was lost, once its deadline has passed; the worker then opens its proposals."""
    ready()
    try:
        with to_write():
            call, key = _keyed(call_id)
            if file is None:
                click.echo(f"Open this with the recovery key (marketplace calls share --key FILE …):\n{key.recovery}")
            text = operations.with_recovery_key(key, _secret(file)) if file else click.prompt("What it printed", hide_input=True)
            operations.recover(SYSTEM, call, text)
            session.commit()
    except Problem as problem:
        session.rollback()
        fail(str(problem), 2)
    click.echo("The key is back. The worker opens the proposals.")


def _keyed(call_id: str) -> tuple[Call, CallKey]:
    found = session.execute(select(Call, CallKey).join(CallKey, CallKey.call_id == Call.id).where(Call.public_id == call_id)).one_or_none()
    if found is None:
        fail(f"No call with a key has the id {call_id}.", 2)
    return found[0], found[1]


@calls_group.command("keys")
@as_json
def keys_command(json_: bool) -> None:
    """Look whether the keys of all calls that wait can be opened here, and their holders be reached. It ends with 1 where something is wrong."""
    ready()
    rows = []
    for key in watching.waiting_keys():
        try:
            operations.secret_of(key)
            state = "ready"
        except operations.Shut as shut:
            state = f"waits for {shut.lacking} shares" if shut.lacking else "lost"
        rows.append({"call": key.call.public_id, "deadline": key.call.deadline, "recovery": key.recovery is not None, "state": state,
                     "trouble": watching.trouble_of(key)})
    if json_:
        show(rows)
    else:
        lines = [f"{row['call']}  {row['deadline']:%Y-%m-%d %H:%M} UTC  {row['state']}{TROUBLES.get(row['trouble'], '')}" for row in rows]
        click.echo("\n".join(lines) or "No call waits for its opening.")
    if any(row["trouble"] for row in rows):
        raise SystemExit(1)


TROUBLES = {"holders": "  too few holders can be reached by mail", "shares": "  a day over, too few shares were brought"}


@calls_group.command("verify-receipt")
@click.argument("receipt", type=THERE)
@click.argument("files", type=THERE, nargs=-1)
@click.option("--key", default=None, help="The site's public key for receipts, from /receipts/key; without it the one in the receipt is used, and printed.")
@as_json
def verify_receipt_command(receipt: Path, files: tuple[Path, ...], key: str | None, json_: bool) -> None:
    """Check a receipt, and whether these files are the ones that it names. No network, no database."""
    try:
        text = receipt.read_text(encoding="utf-8", errors="replace")
        content = receipts.verified(text, key)
    except receipts.Forged:
        fail("This is not a receipt of that site, or it was changed.", 1)
    found = receipts.matched(content, files)
    if json_:
        show({"receipt": content, "files": found})
    else:
        click.echo(f"Genuine. Call {content['call']}, version {content['version']}, first byte {content['first_byte']}, deadline {content['deadline']}.")
        if key is None:
            click.echo(f"Signed with the key {receipts.key_of(text)}: compare it with the site's.")
        for path, name in found.items():
            click.echo(f"{path}: {name if name else 'NOT in the receipt'}")
    if any(name is None for name in found.values()):
        raise SystemExit(1)

