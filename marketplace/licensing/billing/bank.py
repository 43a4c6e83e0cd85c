"""Bank statements: a table of a bank's own making becomes bank lines, each known once, each with what it seems to pay.

The columns are found by their headers, in Chinese and in English. A line that comes again in another file is the same line:
by the bank's own id of it, else by what it says and its place among equal lines of the file.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal, DecimalException
from typing import Any, BinaryIO

from sqlalchemy import select

from marketplace.access import Actor, require
from marketplace.catalogue.attachments import LARGEST, plain_name, store
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.importing.cells import literal, parse_day
from marketplace.importing.fields import plain as plain_header
from marketplace.importing.readers import Row, Table, open_table
from marketplace.licensing import ledger
from marketplace.licensing.billing.attribution import Demand, Finding, Known, Money, attribute
from marketplace.licensing.billing.models import BankFile, BankLine, Invoice, Payment
from marketplace.licensing.billing.operations import unpaid_of
from marketplace.licensing.billing.payments import MOST
from marketplace.licensing.models import Agreement
from marketplace.people.models import Organisation
from marketplace.record import move, record
from marketplace.terms.payment import MINOR_UNITS

COLUMNS: dict[str, tuple[str, ...]] = {
    "day": ("交易日期", "记账日期", "入账日期", "日期", "交易时间", "transaction date", "booking date", "value date", "date"),
    "amount": ("收入金额", "贷方发生额", "贷方金额", "收入", "贷方", "credit amount", "credit", "paid in", "交易金额", "金额", "amount"),
    "payer": ("对方户名", "对方账户名称", "付款人名称", "付款人", "付款方", "对方名称", "counterparty", "payer", "debtor", "name"),
    "reference": ("附言", "摘要", "用途", "备注", "remittance information", "reference", "memo", "purpose", "description", "details"),
    "transaction": ("交易流水号", "流水号", "交易编号", "transaction id", "transaction number", "transaction reference", "bank reference", "id"),
    "currency": ("币种", "货币", "currency"),
    "direction": ("借贷标志", "借贷方向", "收支", "debit credit", "direction", "dr cr"),
}
"""The headers that banks give these columns, the surest first; all of `reference` are read together."""

CURRENCIES = {"人民币": "CNY", "人民币元": "CNY", "RMB": "CNY", "美元": "USD", "欧元": "EUR", "日元": "JPY", "韩元": "KRW"}
OUTGOING = re.compile(r"借|支|付|^D", re.IGNORECASE)
MOST_LINES = 5_000
SHOWN = 200


class _Unreadable(Exception):
    """A row that is no line; its text is a message id."""


def bring(actor: Actor, organisation: Organisation, source: BinaryIO, name: str, currency: str, at: datetime | None = None) -> BankFile:
    """Read a bank statement. The same file again gives the one that is there; lines known from another file are not made twice."""
    require(actor, "organisation.bank", organisation)
    moment = at or now()
    session.execute(select(Organisation.id).where(Organisation.id == organisation.id).with_for_update())  # two files with the same lines: one after the other
    stored = store().keep(source, LARGEST, lambda path: None)
    same = session.scalar(select(BankFile).where(BankFile.organisation_id == organisation.id, BankFile.sha256 == stored.sha256))
    if same is not None:
        return same
    table = open_table(store().path(stored.sha256))
    columns = _columns(table.headers)
    file = BankFile(organisation_id=organisation.id, name=plain_name(name), sha256=stored.sha256, rejected=[], known=0, person_id=actor.id, at=moment)
    session.add(file)
    lines, rejected = _lines(table, columns, currency)
    known = _fingerprints(organisation, [line["fingerprint"] for line in lines])
    for line in lines:
        if line["fingerprint"] not in known:
            known.add(line["fingerprint"])
            session.add(BankLine(file=file, organisation_id=organisation.id, state="open", **line))
            file.known -= 1
    file.known += len(lines)
    file.rejected = rejected
    record(file, "brought", actor, moment)
    return file


def _columns(headers: Sequence[str]) -> dict[str, list[str]]:
    """Field → the headers that hold it. Refused when day or amount are missing."""
    by_name = {plain_header(header): header for header in headers}
    found: dict[str, list[str]] = {}
    for field, names in COLUMNS.items():
        fitting = [by_name[plain_header(name)] for name in names if plain_header(name) in by_name]
        fitting = fitting or [header for name in names for plain, header in by_name.items() if len(name) > 2 and plain.startswith(plain_header(name))]
        found[field] = fitting if field == "reference" else fitting[:1]
    if not found["day"] or not found["amount"]:
        raise Refused(N_("No columns for the day and the amount were found. Name them 日期 and 金额, or date and amount."), field="file")
    return found


def _lines(table: Table, columns: dict[str, list[str]], currency: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The incoming lines of the file, and the rows that cannot be read, each with its number and reason."""
    lines, rejected, seen = [], [], Counter[tuple[Any, ...]]()
    for row in table.rows():
        if len(lines) >= MOST_LINES:
            raise Refused(N_("A bank statement may hold %(most)s lines at most. Send it in parts."), field="file", most=MOST_LINES)
        try:
            line = _line(dict(zip(table.headers, row.cells, strict=False)), columns, currency) if row.fault is None else _broken(row)
        except _Unreadable as fault:
            rejected.append({"row": row.number, "reason": str(fault)})
            continue
        if line is None:
            continue
        said = tuple(str(line[name]) for name in ("day", "amount", "currency", "payer", "reference"))
        seen[said] += 1
        unique = ("id", line["transaction"]) if line["transaction"] else (*said, str(seen[said]))
        lines.append({**line, "fingerprint": hashlib.sha256("\x1f".join(unique).encode()).hexdigest()})
    return lines, rejected


def _broken(row: Row) -> None:
    raise _Unreadable(N_("This row cannot be read."))


def _line(cells: dict[str, str], columns: dict[str, list[str]], currency: str) -> dict[str, Any] | None:
    """One line; None for money that goes out and for rows without an amount."""
    texts = {field: " ".join(literal(cells.get(header, "")).strip() for header in headers).strip() for field, headers in columns.items()}
    if not texts["amount"] or (texts["direction"] and OUTGOING.search(texts["direction"]) and "贷" not in texts["direction"]):
        return None
    written = texts["currency"].upper()
    code = CURRENCIES.get(written, written) or currency
    if code not in MINOR_UNITS:
        raise _Unreadable(N_("This currency is not one that agreements here are made in."))
    amount = _amount(texts["amount"], code)
    if amount <= 0:
        return None
    return {
        "day": _day(texts["day"]), "amount": amount, "currency": code, "payer": texts["payer"][:200],
        "reference": " ".join(texts["reference"].split())[:300], "transaction": texts["transaction"][:80] or None,
    }


def _day(text: str) -> date:
    """A day as banks write it, with or without a time."""
    try:
        found = parse_day(re.split(r"[ T]", text)[0])
    except Refused:
        found = None
    if found is None:
        raise _Unreadable(N_("The day cannot be read."))
    return found


def _amount(text: str, currency: str) -> int:
    """An amount with or without separators of thousands and sign of currency, in minor units."""
    plain = re.sub(r"[\s,，¥￥$€₩]", "", text).removeprefix("+")
    try:
        minor = Decimal(plain).scaleb(MINOR_UNITS[currency])
    except DecimalException:
        raise _Unreadable(N_("The amount cannot be read.")) from None
    if not minor.is_finite() or minor != minor.to_integral_value() or abs(minor) > MOST * 10 ** MINOR_UNITS[currency]:
        raise _Unreadable(N_("The amount cannot be read."))
    return int(minor)


def _fingerprints(organisation: Organisation, wanted: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(wanted), 500):
        own = select(BankLine.fingerprint).where(BankLine.organisation_id == organisation.id, BankLine.fingerprint.in_(wanted[start : start + 500]))
        found |= set(session.scalars(own))
    return found


def file_of(actor: Actor, organisation: Organisation, public_id: str) -> BankFile:
    """One bank statement of the organisation. Raises `NotFound`."""
    require(actor, "organisation.bank", organisation)
    own = select(BankFile).where(BankFile.organisation_id == organisation.id, BankFile.public_id == public_id)
    found = session.scalar(own)
    if found is None:
        raise NotFound()
    return found


def files_of(actor: Actor, organisation: Organisation, limit: int = 20) -> list[BankFile]:
    """The bank statements of the organisation, newest first."""
    require(actor, "organisation.bank", organisation)
    own = select(BankFile).where(BankFile.organisation_id == organisation.id)
    return list(session.scalars(own.order_by(BankFile.id.desc()).limit(limit)))


def line_of(actor: Actor, organisation: Organisation, public_id: str) -> BankLine:
    """One bank line of the organisation. Raises `NotFound`."""
    require(actor, "organisation.bank", organisation)
    found = session.scalar(select(BankLine).where(BankLine.organisation_id == organisation.id, BankLine.public_id == public_id))
    if found is None:
        raise NotFound()
    return found


def open_lines(actor: Actor, organisation: Organisation) -> list[BankLine]:
    """The lines of the organisation that wait for somebody to say what they are, oldest first, `SHOWN` at most."""
    require(actor, "organisation.bank", organisation)
    own = select(BankLine).where(BankLine.organisation_id == organisation.id, BankLine.state == "open")
    return list(session.scalars(own.order_by(BankLine.id).limit(SHOWN)))


def set_aside(actor: Actor, line: BankLine, at: datetime | None = None) -> BankLine:
    """The line is no payment under an agreement."""
    move(line, "set_aside", actor, at)
    return line


def proposals(actor: Actor, organisation: Organisation, lines: Sequence[BankLine]) -> dict[int, Finding]:
    """What each line seems to be, by its id."""
    require(actor, "organisation.bank", organisation)
    demands, known = demands_of(organisation), list(_known(organisation))
    return {
        line.id: attribute(Money(line.amount, line.currency, line.day, line.reference, line.payer, line.transaction), demands, known) for line in lines
    }


def demands_of(organisation: Organisation) -> list[Demand]:
    """The invoices the organisation has issued, as money may meet them."""
    own = select(Agreement).join(Invoice).where(Invoice.issuer_id == organisation.id).distinct()
    found = []
    for agreement in session.scalars(own.order_by(Agreement.id)):
        unpaid, payers = unpaid_of(agreement), tuple(agreement.licensee.name.values())
        issued = select(Invoice).where(Invoice.agreement_id == agreement.id, Invoice.kind != "mirror").order_by(Invoice.id)
        found += [
            Demand(one.reference, agreement.public_id, unpaid.get(one.reference, 0), one.currency, payers, one.reference in unpaid)
            for one in session.scalars(issued)
        ]
    return found


def _known(organisation: Organisation) -> Iterator[Known]:
    own = select(Payment).where(Payment.licensor_id == organisation.id, Payment.state.in_(("reported", "confirmed")))
    for payment in session.scalars(own.order_by(Payment.id)):
        yield Known(payment.public_id, payment.agreement.public_id, payment.amount, payment.currency, payment.day, payment.reference, payment.state,
                    payment.transaction, tuple(payment.agreement.licensee.name.values()))


def invoice_named(organisation: Organisation, reference: str) -> Invoice:
    """The invoice of this reference that the organisation issued. Raises `NotFound`."""
    found = session.scalar(select(Invoice).where(Invoice.issuer_id == organisation.id, Invoice.reference == reference))
    if found is None:
        raise NotFound()
    return found


def split_of(invoice: Invoice, amount: int) -> dict[str, Any]:
    """How money for an invoice is recorded: named for its obligation, or as interest, what exceeds the interest as a fee."""
    if invoice.kind != "interest":
        return {"obligation_key": invoice.subject}
    standing = invoice.agreement.standing
    return {"interest": min(amount, invoice.amount, standing.interest if standing else 0)}


def agreements_of(organisation: Organisation) -> list[Agreement]:
    """The signed agreements whose licensor is the organisation, oldest first."""
    own = select(Agreement).where(Agreement.licensor_id == organisation.id, Agreement.state == "countersigned")
    return list(session.scalars(own.order_by(Agreement.id).limit(SHOWN)))


def agreement_of(line: BankLine, public_id: str) -> Agreement:
    """The agreement of this id whose licensor is the line's organisation. Raises `NotFound`."""
    own = select(Agreement).where(Agreement.public_id == public_id, Agreement.licensor_id == line.organisation_id)
    found = session.scalar(own)
    if found is None or ledger.terms_of(found).currency != line.currency:
        raise NotFound()
    return found
