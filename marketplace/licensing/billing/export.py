"""What a bookkeeper takes away: invoices and payments of a year as csv, each invoice as UBL 2.1, all of it as a zip.

Headers stand in both languages, amounts with a point and their currency beside them. Whatever somebody typed is text that no
spreadsheet runs.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from zipstream import ZIP_DEFLATED, ZipStream

from marketplace.access import Actor, require
from marketplace.db import in_language, session
from marketplace.importing.fields import harmless
from marketplace.licensing.billing.models import Invoice, Payment
from marketplace.licensing.billing.ubl import Document, Party, xml
from marketplace.people.models import Organisation
from marketplace.terms.payment import from_minor

Column = tuple[str, Callable[[Any, int], Any]]
CHUNK = 500


def _amount(minor: int, currency: str) -> str:
    return f"{from_minor(minor, currency):f}"


def _side(sides: dict[str, int], own: int) -> str:
    return "应收 receivable" if sides["licensor"] == own else "应付 payable"


def _name(party: dict[str, Any]) -> str:
    return in_language(party["name"], "zh")[0]


INVOICES: tuple[Column, ...] = (
    ("方向 Direction", lambda one, own: _side(one.sides, own)),
    ("账单编号 Invoice number", lambda one, own: one.reference),
    ("类型 Kind", lambda one, own: {"fee": "费用 fee", "interest": "利息 interest", "mirror": "冲销 credit note"}[one.kind]),
    ("冲销的账单 Cancels", lambda one, own: (one.copy.get("cancels") or {}).get("reference", "")),
    ("冲销本账单的编号 Cancelled by", lambda one, own: one.mirror.reference if one.mirror else ""),
    ("开具日期 Issued", lambda one, own: one.issued),
    ("到期日 Due", lambda one, own: one.due or ""),
    ("开具方 Issuer", lambda one, own: _name(one.copy["issuer"])),
    ("开具方信用代码 Issuer's credit code", lambda one, own: one.copy["issuer"]["code"] or ""),
    ("付款方 Customer", lambda one, own: _name(one.copy["customer"])),
    ("付款方信用代码 Customer's credit code", lambda one, own: one.copy["customer"]["code"] or ""),
    ("协议 Agreement", lambda one, own: in_language(one.copy["agreement"]["title"], "zh")[0]),
    ("协议编号 Agreement id", lambda one, own: one.copy["agreement"]["public_id"]),
    ("款项 Obligation", lambda one, own: one.copy["obligation"]),
    ("依据 Because", lambda one, own: in_language(one.copy["because"], "zh")[0]),
    ("期间起 Period from", lambda one, own: one.period_first or ""),
    ("期间止 Period to", lambda one, own: one.period_last or ""),
    ("币种 Currency", lambda one, own: one.currency),
    ("金额 Amount", lambda one, own: _amount(one.amount, one.currency)),
    ("税务说明 Tax note", lambda one, own: in_language(one.copy["tax_note"], "zh")[0]),
    ("发票号码 Tax invoice number", lambda one, own: "; ".join(noted.number for noted in one.tax_invoices)),
)
STATES = {"reported": "待确认 reported", "confirmed": "已确认 confirmed", "rejected": "未到账 rejected", "bounced": "已撤回 bounced"}
PAYMENTS: tuple[Column, ...] = (
    ("方向 Direction", lambda one, own: _side(one.sides, own)),
    ("付款编号 Payment id", lambda one, own: one.public_id),
    ("状态 State", lambda one, own: STATES[one.state]),
    ("付款日 Day", lambda one, own: one.day),
    ("协议 Agreement", lambda one, own: one.agreement.titled("zh")[0]),
    ("协议编号 Agreement id", lambda one, own: one.agreement.public_id),
    ("币种 Currency", lambda one, own: one.currency),
    ("金额 Amount", lambda one, own: _amount(one.amount, one.currency)),
    ("其中利息 Of it interest", lambda one, own: _amount(one.interest, one.currency)),
    ("指定款项 Paid for", lambda one, own: one.obligation_key or ""),
    ("付款附言 Reference", lambda one, own: one.reference),
    ("银行流水号 Bank transaction", lambda one, own: one.transaction or ""),
    ("原因 Reason", lambda one, own: one.reason or ""),
)
TABLES: dict[str, tuple[Any, tuple[Column, ...]]] = {"invoices": (Invoice, INVOICES), "payments": (Payment, PAYMENTS)}


def _of_year(model: Any, organisation: Organisation, year: int) -> Iterator[Any]:
    """The rows of a year, oldest first, a chunk at a time."""
    if model is Invoice:
        own, when = or_(Invoice.issuer_id == organisation.id, Invoice.customer_id == organisation.id), Invoice.year == year
    else:
        own = or_(Payment.licensor_id == organisation.id, Payment.licensee_id == organisation.id)
        when = Payment.day.between(date(year, 1, 1), date(year, 12, 31))
    last = 0
    while rows := list(session.scalars(select(model).where(own, when, model.id > last).order_by(model.id).limit(CHUNK))):
        yield from rows
        last = rows[-1].id


def table(actor: Actor, organisation: Organisation, name: str, year: int) -> Iterator[str]:
    """The csv of `TABLES` for a year, line by line, with a byte order mark so that spreadsheets read the Chinese."""
    require(actor, "organisation.money", organisation)
    model, columns = TABLES[name]
    return _written(columns, _of_year(model, organisation, year), organisation.id)


def _written(columns: Sequence[Column], rows: Iterable[Any], own: int) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([heading for heading, _value in columns])
    yield "\ufeff" + buffer.getvalue()
    for row in rows:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([_cell(heading, value(row, own)) for heading, value in columns])
        yield buffer.getvalue()


def _cell(heading: str, value: Any) -> str:
    """A cell that no spreadsheet runs; amounts of ours alone may begin with a minus."""
    return str(value) if heading.startswith(("金额", "其中利息")) else harmless(str(value).replace("\x00", ""))


def as_ubl(invoice: Invoice, item: str, language: str) -> bytes:
    """The invoice as UBL 2.1; `item` names what is billed in the language."""
    copy = invoice.copy
    because = in_language(copy["because"], language)[0]
    amount = from_minor(invoice.amount, invoice.currency)
    cancels = copy.get("cancels")
    assert amount is not None
    return xml(Document(
        reference=invoice.reference, issued=invoice.issued, due=invoice.due, currency=invoice.currency, amount=amount,
        issuer=_party(copy["issuer"], language), customer=_party(copy["customer"], language), agreement=copy["agreement"]["public_id"],
        title=in_language(copy["agreement"]["title"], language)[0], item=item, reason=because, tax_note=in_language(copy["tax_note"], language)[0],
        period=(invoice.period_first, invoice.period_last) if invoice.period_first and invoice.period_last else None,
        cancels=(cancels["reference"], date.fromisoformat(cancels["issued"])) if cancels else None, account=copy["issuer"],
    ))


def _party(party: dict[str, Any], language: str) -> Party:
    return Party(in_language(party["name"], language)[0], party["code"], in_language(party["address"], language)[0])


def bundle(actor: Actor, organisation: Organisation, year: int, item: Callable[[Invoice], str], language: str) -> ZipStream:
    """A zip of the year: both tables, and each invoice as UBL 2.1."""
    require(actor, "organisation.money", organisation)
    zipped = ZipStream(compress_type=ZIP_DEFLATED)
    for name in TABLES:
        zipped.add((line.encode() for line in list(table(actor, organisation, name, year))), f"{name}-{year}.csv")
    for invoice in _of_year(Invoice, organisation, year):
        zipped.add(as_ubl(invoice, item(invoice), language), f"ubl/{invoice.reference}.xml")
    return zipped
