"""`marketplace check`: one look at everything a site stands on, said in words or as JSON; exit code 1 when something is wrong.

A further check is one function under `_check`: it returns words when all is well and raises `ValueError` with what is not.
"""

from __future__ import annotations

import imaplib
import smtplib
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from marketplace import HERE, create_app, jobs, scanner
from marketplace.alerts import delivery
from marketplace.alerts.inbox import mailboxes
from marketplace.calls import faults as calls
from marketplace.calls.models import Call
from marketplace.calls.pools.models import Pool
from marketplace.calls.sealing import watching
from marketplace.catalogue.facilities import faults as bookings
from marketplace.catalogue.models import Technology
from marketplace.config import Settings, SettingsError, read
from marketplace.console import as_json, bar, named, show
from marketplace.db import now, session
from marketplace.deals.fees import dues
from marketplace.deals.fees.models import BrokerFee
from marketplace.deals.models import Deal
from marketplace.languages import found, lacking
from marketplace.licensing.billing import totals
from marketplace.licensing.credit import entries as credit
from marketplace.licensing.duties import operations as duties
from marketplace.licensing.income import statements as income
from marketplace.licensing.ledger import day_of
from marketplace.licensing.models import Agreement
from marketplace.licensing.statements import operations as statements
from marketplace.licensing.statements.models import Statement
from marketplace.matching import operations as matching
from marketplace.matching.semantic import EncoderUnavailable
from marketplace.migrate import is_current
from marketplace.terms import checklist
from marketplace.trail import chaining

MOST_FAULTS = 20  # of money, said at once

Check = Callable[[Settings, bool], str]
CHECKS: dict[str, Check] = {}


def _check(name: str) -> Callable[[Check], Check]:
    def register(function: Check) -> Check:
        CHECKS[name] = function
        return function

    return register


@_check("checks")
def _check_checks(settings: Settings, quiet: bool) -> str:
    checklist.configure(settings)
    own = sum(one.origin != checklist.SHIPPED for one in checklist.in_force())
    return f"{len(checklist.in_force())} of offers, {own} of them the operator's own"


@_check("database")
def _check_database(settings: Settings, quiet: bool) -> str:
    app = create_app(settings)
    engine = app.extensions["engine"]
    if not is_current(settings, engine):
        raise ValueError("not at the newest version: run `marketplace upgrade`")
    with engine.connect() as connection:
        connection.execute(text("select 1"))
    failed = session.scalar(select(jobs.Job.id).where(jobs.Job.state == "failed").limit(1))
    if failed is not None:
        raise ValueError("some jobs have failed for good: look at the table job, state failed")
    return named(settings.database)


@_check("index")
def _check_index(settings: Settings, quiet: bool) -> str:
    matching.configure(settings)
    version = matching.index().version
    if not version:
        raise ValueError("there is none: run `marketplace reindex`")
    said = [_held(Technology, "technologies"), _held(Call, "open calls"), _held(Pool, "pools")]
    return f"{', '.join(said)}, version {version}"


def _held(model: type[Any], called: str) -> str:
    """How many listings of a kind are indexed. Raises `ValueError` unless these are as many as stand on the site."""
    listed = session.scalar(select(func.count()).select_from(model).where(model.state.in_(model.OPEN_STATES)))
    held = matching.index().count(model.__tablename__)
    if listed != held:
        raise ValueError(f"{held} {called} indexed, {listed} published: run `marketplace worker --once` or `marketplace reindex`")
    return f"{held} {called}"


@_check("encoders")
def _check_encoders(settings: Settings, quiet: bool) -> str:
    matching.configure(settings)
    chosen, view = matching.encoders(settings), matching.index().view()
    try:
        found = chosen.answering()
    except EncoderUnavailable as reason:
        raise ValueError(str(reason)) from reason
    if view and view.encoders.names != chosen.names:
        raise ValueError(f"the index was built without {', '.join(set(chosen.names) - set(view.encoders.names))}: run `marketplace reindex`")
    return "; ".join(found) or "none: words alone are compared"


@_check("files")
def _check_files(settings: Settings, quiet: bool) -> str:
    settings.files_folder.mkdir(parents=True, exist_ok=True)
    probe = settings.files_folder / ".probe"
    probe.write_bytes(b"")
    probe.unlink()
    return str(settings.files_folder)


@_check("scanner")
def _check_scanner(settings: Settings, quiet: bool) -> str:
    if not settings.scanner:
        return "none configured: uploads are marked as not scanned, and what looks suspicious is held back for the operator"
    try:
        return scanner.ping(settings.scanner)
    except scanner.ScannerSilent as error:
        raise ValueError("does not answer: uploads are held back until it does") from error


@_check("mail")
def _check_mail(settings: Settings, quiet: bool) -> str:
    if not settings.smtp:
        return "no server configured: mail stays in the outbox"
    told = ", ".join(f"{number} {state}" for state, number in delivery.standing().items())
    parts = urlsplit(settings.smtp)
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    with kind(parts.hostname or "", parts.port or (465 if parts.scheme == "smtps" else 587), timeout=10) as server:
        server.noop()
    return f"{parts.hostname} answers; {told}"


@_check("inbox")
def _check_inbox(settings: Settings, quiet: bool) -> str:
    if not settings.inbox:
        return "none configured: bounces and answers by mail are not read"
    try:
        with mailboxes.opened(settings.inbox, 100) as letters:
            return f"{len(letters)} messages wait"
    except imaplib.IMAP4.error as failure:
        raise ValueError("the server does not let us in, or has no such folder") from failure


@_check("keys")
def _check_keys(settings: Settings, quiet: bool) -> str:
    """The key of every call that waits can be opened here, and its holders be reached."""
    waiting = watching.waiting_keys()
    found = [f"call {key.call.public_id}: {trouble}" for key in waiting if (trouble := watching.trouble_of(key))]
    session.rollback()
    if found:
        raise ValueError("; ".join(found[:MOST_FAULTS]) + ": see `marketplace calls keys`")
    return f"those of {len(waiting)} calls that wait can be opened" if waiting else "no call waits for its opening"


@_check("money")
def _check_money(settings: Settings, quiet: bool) -> str:
    """Sums of organisations, schedules, numbers of invoices and payments agree to the last unit."""
    count = totals.agreements_to_check()
    with bar(count, "Looking at money", quiet) as progress:
        found = list(islice(totals.faults(progress.update), MOST_FAULTS))
    session.rollback()
    if found:
        raise ValueError("; ".join(found))
    return f"{count} agreements agree to the last unit"


@_check("statements")
def _check_statements(settings: Settings, quiet: bool) -> str:
    """Every sales statement that was sent counts once, and as it was written."""
    keys = list(session.scalars(select(Statement.agreement_id).distinct()))
    found: list[str] = []
    with bar(len(keys), "Looking at statements", quiet) as progress:
        for key in keys:
            found += statements.faults(session.get_one(Agreement, key))
            session.rollback()
            progress.update(1)
    if found:
        raise ValueError("; ".join(found[:MOST_FAULTS]))
    return f"those of {len(keys)} agreements count once"


@_check("income")
def _check_income(settings: Settings, quiet: bool) -> str:
    """Every payment that an institute received is divided once, and each split adds up."""
    return _whole(income.faults(), "every split adds up")


@_check("notices")
def _check_notices(settings: Settings, quiet: bool) -> str:
    """The copy of each notice's last day is what its clock says."""
    return _whole(duties.faults(), "every notice runs until the day its clock says")


@_check("credit")
def _check_credit(settings: Settings, quiet: bool) -> str:
    """Every credit entry is what the facts of its agreement say, today or on the day up to which the agreement was counted last."""
    keys = list(session.scalars(select(Agreement.id).where(Agreement.state == "countersigned").order_by(Agreement.id)))
    found: list[str] = []
    with bar(len(keys), "Looking at credit records", quiet) as progress:
        for key in keys:
            agreement = session.get_one(Agreement, key)
            wrong, counted = list(credit.faults(agreement, day_of(agreement, now()))), agreement.standing
            found += list(credit.faults(agreement, counted.as_of)) if wrong and counted else wrong
            session.rollback()
            progress.update(1)
    if found:
        raise ValueError("; ".join(found[:MOST_FAULTS]))
    return f"the entries of {len(keys)} agreements are what the facts say"


@_check("fees")
def _check_fees(settings: Settings, quiet: bool) -> str:
    """What is due of each broker's fee is what its schedule says."""
    keys = list(session.scalars(select(BrokerFee.deal_id).distinct().order_by(BrokerFee.deal_id)))
    found: list[str] = []
    with bar(len(keys), "Looking at fees", quiet) as progress:
        for key in keys:
            deal = session.get_one(Deal, key)
            found += [f"deal {deal.public_id}: {fault}" for fault in dues.faults(deal)]
            session.rollback()
            progress.update(1)
    if found:
        raise ValueError("; ".join(found[:MOST_FAULTS]))
    return f"those of {len(keys)} deals are what their schedules say"


def _whole(found: Iterator[str], well: str) -> str:
    """The words where nothing was found. Raises `ValueError` with the first faults."""
    told = list(islice(found, MOST_FAULTS))
    session.rollback()
    if told:
        raise ValueError("; ".join(told))
    return well


@_check("pools")
def _check_pools(settings: Settings, quiet: bool) -> str:
    """The state of every pool is what its pledges say."""
    return _whole(calls.of_pools(now()), "the state of every pool is what its pledges say")


@_check("calls")
def _check_calls(settings: Settings, quiet: bool) -> str:
    """Every published call has its key, every award its teams."""
    return _whole(calls.of_calls(now()), "every published call has its key, every award its teams")


@_check("bookings")
def _check_bookings(settings: Settings, quiet: bool) -> str:
    """No facility is booked twice at one time, and what is over is done."""
    return _whole(bookings.faults(now()), "no facility is booked twice at one time")


@_check("trail")
def _check_trail(settings: Settings, quiet: bool) -> str:
    """Nothing of the log was removed, changed, put in or moved, the chain passes through its anchors, and the worker keeps up with it."""
    end, rest = chaining.head(), chaining.tail()
    with bar(end.position, "Walking the chain", quiet) as progress:
        found = list(islice(chaining.faults(progress.update), MOST_FAULTS))
    session.rollback()
    if found:
        raise ValueError("; ".join(found))
    if rest.since is not None and now() - rest.since > chaining.LATE and end.at is not None and now() - end.at > chaining.LATE:
        raise ValueError(f"{rest.rows} rows are not chained, the oldest since {rest.since:%Y-%m-%d %H:%M}: is the worker running?")
    waits = f"; {rest.rows} rows wait to be chained, the oldest since {rest.since:%Y-%m-%d %H:%M}" if rest.since else ""
    return f"{end.position} links, nothing removed or changed, head {end.hash[:16]}{waits}"


@_check("languages")
def _check_languages(settings: Settings, quiet: bool) -> str:
    """Every catalogue is whole: one that is not is not spoken."""
    faults = (f"{name} lacks {len(missing)} messages, such as {missing[0]!r}" for name, missing in lacking(HERE / "translations").items())
    return _whole(faults, f"spoken are {', '.join(found(HERE / 'translations'))}")


def _anchored(_context: click.Context, _option: Any, value: str | None) -> None:
    """Compare the chain with an anchor that was kept outside, and end."""
    if value is None:
        return
    create_app(read())
    wrong = chaining.against(Path(value).read_text(encoding="utf-8"))
    session.rollback()
    click.echo(f"BAD anchor     {wrong}" if wrong else "ok  anchor     the chain passes through it")
    sys.exit(1 if wrong else 0)


@click.command("check")
@click.option("--anchor", type=click.Path(exists=True, dir_okay=False), is_eager=True, expose_value=False, callback=_anchored,
              help="Look only whether the chain passes through this anchor, as it was mailed.")
@as_json
def check_command(json_: bool) -> None:
    """Look at settings, database, index, encoders, files, scanner, mail, keys, money, statements, income, notices, credit, fees, pools, calls, bookings,
    trail, languages."""
    told: dict[str, dict[str, Any]] = {}
    try:
        settings = read()
        told["settings"] = {"ok": True, "words": "production" if settings.production else "development"}
    except SettingsError as error:
        told["settings"] = {"ok": False, "words": "; ".join(error.faults)}
        settings = None
    for name, look in CHECKS.items() if settings else ():
        try:
            told[name] = {"ok": True, "words": look(settings, json_)}
        except (OSError, ValueError, SQLAlchemyError, smtplib.SMTPException) as error:
            told[name] = {"ok": False, "words": str(error).splitlines()[0]}
    if json_:
        show(told)
    else:
        for name, one in told.items():
            click.echo(f"{'ok ' if one['ok'] else 'BAD'} {name:10} {one['words']}")
    sys.exit(0 if all(one["ok"] for one in told.values()) else 1)
