"""How an organisation bills, its invoices and their numbers, payments, bank lines, reminders sent."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, event, inspect, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.db import Base, Bilingual, Data, Key, PublicId
from marketplace.licensing.models import Agreement
from marketplace.people.models import Organisation, Person
from marketplace.record import steps

INVOICE_KINDS = ("fee", "interest", "mirror")
PAYMENT_STATES = ("reported", "confirmed", "rejected", "bounced")
LINE_STATES = ("open", "taken", "set_aside")
STAGES = {"before": -7, "due": 0, "after_7": 7, "after_30": 30}
"""When an unpaid obligation is reminded of: days after its due date."""


class BillingProfile(Base):
    """How an organisation bills and is billed: its address, where it is paid, what it says of tax, whether invoices issue themselves.

    Without a row the defaults hold. `zone` turns the moment of issue into the day and the year of the number.
    """

    __tablename__ = "billing_profile"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True, autoincrement=False)
    address: Mapped[Bilingual]
    bank: Mapped[str | None] = mapped_column(String(120))
    account_name: Mapped[str | None] = mapped_column(String(120))
    account: Mapped[str | None] = mapped_column(String(40))
    tax_note: Mapped[Bilingual]
    automatic: Mapped[bool] = mapped_column(default=True)
    zone: Mapped[str] = mapped_column(String(40), default="Asia/Shanghai")
    version_id: Mapped[int] = mapped_column()

    organisation: Mapped[Organisation] = relationship()

    __mapper_args__ = {"version_id_col": version_id}


class InvoiceSeries(Base):
    """The last number that an issuer has given in a calendar year; raised in the transaction that writes the invoice."""

    __tablename__ = "invoice_series"

    issuer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True, autoincrement=False)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]

    __table_args__ = (CheckConstraint("last >= 0", name="last"),)


class Invoice(Base):
    """A demand for one obligation (`obligation_key`), or for interest; never changed. `copy` holds all that it states in words.

    `subject` is what is billed, `round` how often it was billed before: two people cannot bill one thing twice. A mirror has
    no subject, negative amounts, and names what it cancels. `reference` is its number as people write it, and what payers quote.
    """

    __tablename__ = "invoice"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    issuer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    kind: Mapped[str] = mapped_column(String(8))
    year: Mapped[int]
    number: Mapped[int]
    reference: Mapped[str] = mapped_column(String(24))
    subject: Mapped[str | None] = mapped_column(String(120))
    round: Mapped[int] = mapped_column(default=0)
    cancels_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), unique=True)
    reason: Mapped[str | None] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = mapped_column(BigInteger)
    issued: Mapped[date]
    due: Mapped[date | None]
    period_first: Mapped[date | None]
    period_last: Mapped[date | None]
    copy: Mapped[dict[str, Any]] = mapped_column(Data)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    agreement: Mapped[Agreement] = relationship()
    issuer: Mapped[Organisation] = relationship(foreign_keys=[issuer_id])
    customer: Mapped[Organisation] = relationship(foreign_keys=[customer_id])
    person: Mapped[Person | None] = relationship()
    cancels: Mapped[Invoice | None] = relationship(remote_side="Invoice.id", foreign_keys=[cancels_id], back_populates="mirror")
    mirror: Mapped[Invoice | None] = relationship(foreign_keys="Invoice.cancels_id", back_populates="cancels", uselist=False, viewonly=True)
    tax_invoices: Mapped[list[TaxInvoice]] = relationship(back_populates="invoice", order_by="TaxInvoice.id")

    @property
    def sides(self) -> dict[str, int]:
        """Side → organisation id, for the permission table."""
        return {"licensor": self.issuer_id, "licensee": self.customer_id}

    __table_args__ = (
        UniqueConstraint("issuer_id", "year", "number"),
        UniqueConstraint("issuer_id", "reference"),
        UniqueConstraint("agreement_id", "subject", "round"),
        CheckConstraint("kind in ('fee', 'interest', 'mirror')", name="kind"),
        CheckConstraint("(kind = 'mirror') = (cancels_id is not null)", name="mirror"),
        CheckConstraint("(kind = 'mirror') = (subject is null)", name="subject"),
        CheckConstraint("(kind = 'mirror' and amount < 0) or (kind <> 'mirror' and amount > 0)", name="amount"),
        CheckConstraint("number > 0", name="number"),
        Index("ix_invoice_customer_id_id", "customer_id", "id"),
        Index("ix_invoice_issuer_id_id", "issuer_id", "id"),
    )


@event.listens_for(Invoice, "before_update")
@event.listens_for(Invoice, "before_delete")
def _refuse_change(_mapper: Any, _connection: Any, invoice: Invoice) -> None:
    """An invoice stays as it was issued; whoever tries otherwise has made a mistake in the program."""
    state = inspect(invoice)
    if invoice in state.session.deleted or state.session.is_modified(invoice, include_collections=False):
        raise ValueError(f"invoice {invoice.reference} cannot be changed: cancel it by a mirror")


class TaxInvoice(Base):
    """The number of the tax invoice (发票) that the issuer's own system gave for an invoice; only ever added."""

    __tablename__ = "tax_invoice"

    id: Mapped[Key]
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    number: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    invoice: Mapped[Invoice] = relationship(back_populates="tax_invoices")

    __table_args__ = (UniqueConstraint("invoice_id", "number"),)


class BankFile(Base):
    """A bank statement that an organisation brought in; its lines are matched and proposed."""

    __tablename__ = "bank_file"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(String(120))
    sha256: Mapped[str] = mapped_column(String(64))
    rejected: Mapped[list[Any]] = mapped_column(Data, default=list)
    known: Mapped[int] = mapped_column(default=0)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    lines: Mapped[list[BankLine]] = relationship(back_populates="file", order_by="BankLine.id")

    __table_args__ = (UniqueConstraint("organisation_id", "sha256"),)


@steps
class BankLine(Base):
    """Money that came into the organisation's account. `fingerprint` is the bank's own id of it, else what the line says and its place among equal ones."""

    __tablename__ = "bank_line"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    file_id: Mapped[int] = mapped_column(ForeignKey("bank_file.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    fingerprint: Mapped[str] = mapped_column(String(64))
    transaction: Mapped[str | None] = mapped_column(String(80))
    day: Mapped[date]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    payer: Mapped[str] = mapped_column(String(200), default="")
    reference: Mapped[str] = mapped_column(String(300), default="")
    state: Mapped[str] = mapped_column(String(10), default="open")
    version_id: Mapped[int] = mapped_column()

    file: Mapped[BankFile] = relationship(back_populates="lines")
    payments: Mapped[list[Payment]] = relationship(back_populates="line", order_by="Payment.id")

    TRANSITIONS = {
        "take": Step(("open",), "taken", ("member",)),
        "set_aside": Step(("open",), "set_aside", ("member",)),
        "reopen": Step(("set_aside", "taken"), "open", ("member",)),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("organisation_id", "fingerprint"),
        CheckConstraint("state in ('open', 'taken', 'set_aside')", name="state"),
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_bank_line_organisation_id_state_id", "organisation_id", "state", "id"),
    )


LIVE = "state in ('reported', 'confirmed')"


@steps
class Payment(Base):
    """Money said to have moved under an agreement on `day`. Confirmed, it counts as events `payment:…` and `interest:…` of the agreement.

    `obligation_key` is what the payer meant it for (none: the order of terms.md), `interest` the part of it that pays interest.
    `twin` tells apart two payments of the same day, amount and reference that somebody has said to be two.
    """

    __tablename__ = "payment"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    licensor_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    licensee_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    key: Mapped[str] = mapped_column(String(40))
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = mapped_column(BigInteger)
    interest: Mapped[int] = mapped_column(BigInteger, default=0)
    day: Mapped[date]
    reference: Mapped[str] = mapped_column(String(300), default="")
    reference_key: Mapped[str] = mapped_column(String(300), default="")
    transaction: Mapped[str | None] = mapped_column(String(80))
    twin: Mapped[int] = mapped_column(default=0)
    obligation_key: Mapped[str | None] = mapped_column(String(120))
    line_id: Mapped[int | None] = mapped_column(ForeignKey("bank_line.id"))
    state: Mapped[str] = mapped_column(String(10), default="reported")
    reason: Mapped[str | None] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    answered: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    agreement: Mapped[Agreement] = relationship()
    person: Mapped[Person | None] = relationship()
    line: Mapped[BankLine | None] = relationship(back_populates="payments")

    TRANSITIONS = {
        "confirm": Step(("reported",), "confirmed", ("licensor",)),
        "reject": Step(("reported",), "rejected", ("licensor",)),
        "bounce": Step(("confirmed",), "bounced", ("licensor",)),
    }

    @property
    def sides(self) -> dict[str, int]:
        """Side → organisation id, for the permission table."""
        return {"licensor": self.licensor_id, "licensee": self.licensee_id}

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("agreement_id", "key"),
        CheckConstraint("state in ('reported', 'confirmed', 'rejected', 'bounced')", name="state"),
        CheckConstraint("amount > 0 and interest >= 0 and interest <= amount", name="amount"),
        CheckConstraint("state not in ('rejected', 'bounced') or reason is not null", name="reason"),
        Index("uq_payment_same", "agreement_id", "day", "amount", "reference_key", "twin", unique=True, sqlite_where=text(LIVE), postgresql_where=text(LIVE)),
        Index("uq_payment_line", "line_id", unique=True, sqlite_where=text(LIVE), postgresql_where=text(LIVE)),
        Index("uq_payment_transaction", "licensor_id", "transaction", unique=True, sqlite_where=text(LIVE), postgresql_where=text(LIVE)),
        Index("ix_payment_licensor_id_state_id", "licensor_id", "state", "id"),
        Index("ix_payment_licensee_id_state_id", "licensee_id", "state", "id"),
    )


class Reminder(Base):
    """A reminder of an unpaid obligation that was sent: once for each due date and stage."""

    __tablename__ = "reminder"

    id: Mapped[Key]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    obligation_key: Mapped[str] = mapped_column(String(120))
    due: Mapped[date]
    stage: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime]

    agreement: Mapped[Agreement] = relationship()

    __table_args__ = (
        UniqueConstraint("agreement_id", "obligation_key", "due", "stage"),
        CheckConstraint("stage in ('before', 'due', 'after_7', 'after_30')", name="stage"),
    )
