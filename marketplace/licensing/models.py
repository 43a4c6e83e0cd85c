"""Agreements, their versions, signatures and events, and the schedule's answer kept beside them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.catalogue.models import Technology
from marketplace.db import Base, Bilingual, Data, Key, Minor, PublicId, in_language
from marketplace.people.models import Organisation, Person
from marketplace.record import steps

SIDES = ("licensor", "licensee")
SIGNERS = ("licensor_signatory", "licensee_signatory", "licensor_owner", "licensee_owner")
EVENT_TYPES = (
    "trial_started", "trial_extended", "converted", "declined", "first_revenue", "milestone_accepted", "submitted", "accepted", "rejected",
    "statement", "bought_out", "terminated", "certified", "payment", "interest_paid",
)
"""The events that `schedule()` knows (terms.md "Events")."""

SIGNED_THINGS = ("agreement", "certificate")
"""What is signed with a code: the agreement itself, and the certificate of non-use at its end."""

OBLIGATION_STATES = ("pending", "open", "overdue", "paid", "void")


@steps
class Agreement(Base):
    """A licence agreed, or to be agreed, between two organisations. `version` is the number of the version on the table.

    While it is a draft only the organisation that drafts it knows of it. `zone` turns moments into the agreement's days.
    `text_sha256` is the hash of the text that both sides signed. `key` is the same when one form is sent twice.
    """

    __tablename__ = "agreement"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    technology_id: Mapped[int] = mapped_column(ForeignKey("technology.id"), index=True)
    offer_revision: Mapped[int | None]
    title: Mapped[Bilingual]
    licensor_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    licensee_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    drafted_by_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    state: Mapped[str] = mapped_column(String(14), default="draft")
    disputed: Mapped[bool] = mapped_column(default=False)
    zone: Mapped[str] = mapped_column(String(40), default="Asia/Shanghai")
    version: Mapped[int] = mapped_column(default=0)
    proposed: Mapped[datetime | None]
    signed: Mapped[datetime | None]
    text_sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    key: Mapped[str | None] = mapped_column(String(40))
    created: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    technology: Mapped[Technology] = relationship()
    licensor: Mapped[Organisation] = relationship(foreign_keys=[licensor_id], lazy="joined", innerjoin=True)
    licensee: Mapped[Organisation] = relationship(foreign_keys=[licensee_id], lazy="joined", innerjoin=True)
    versions: Mapped[list[Version]] = relationship(back_populates="agreement", order_by="Version.number")
    events: Mapped[list[AgreementEvent]] = relationship(back_populates="agreement", order_by="AgreementEvent.id")
    standing: Mapped[Standing | None] = relationship(back_populates="agreement", uselist=False)

    TRANSITIONS = {
        "propose": Step(("draft",), "proposed", ("licensor", "licensee")),
        "withdraw": Step(("draft", "proposed"), "withdrawn", ("licensor", "licensee")),
        "countersign": Step(("proposed",), "countersigned", SIGNERS),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint("state in ('draft', 'proposed', 'countersigned', 'withdrawn')", name="state"),
        CheckConstraint("licensor_id <> licensee_id", name="sides"),
        CheckConstraint("drafted_by_id in (licensor_id, licensee_id)", name="drafted_by"),
        CheckConstraint("(state = 'countersigned') = (signed is not null)", name="signed"),
        CheckConstraint("state <> 'countersigned' or text_sha256 is not null", name="text"),
        UniqueConstraint("drafted_by_id", "key"),
        Index("ix_agreement_licensor_id_state", "licensor_id", "state"),
        Index("ix_agreement_licensee_id_state", "licensee_id", "state"),
        Index("ix_agreement_state_id", "state", "id"),
    )

    @property
    def sides(self) -> dict[str, int]:
        """Side → organisation id, for the permission table; before it was proposed only the drafting side is there."""
        both = {"licensor": self.licensor_id, "licensee": self.licensee_id}
        return both if self.proposed else {side: organisation for side, organisation in both.items() if organisation == self.drafted_by_id}

    def titled(self, language: str) -> tuple[str, str]:
        """The title and the language it is in."""
        return in_language(self.title, language)


class Version(Base):
    """One proposal of the terms (terms.md, with `effective`) and the other clauses; never changed. `side` proposed it.

    `facts` are the names of the parties and of the technology as they stood then, for the text of the contract.
    """

    __tablename__ = "agreement_version"

    id: Mapped[Key]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    number: Mapped[int]
    terms: Mapped[dict[str, Any]] = mapped_column(Data)
    clauses: Mapped[dict[str, Any]] = mapped_column(Data)
    facts: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)
    side: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]

    agreement: Mapped[Agreement] = relationship(back_populates="versions")
    person: Mapped[Person] = relationship()

    __table_args__ = (
        UniqueConstraint("agreement_id", "number"),
        CheckConstraint("side in ('licensor', 'licensee')", name="side"),
    )


class Signature(Base):
    """One side's signature under one version: who, when, and the hash of the very text that was signed.

    It begins as a request for a code (`asked`) and is a signature once `signed` is set. The code is never stored: it follows
    from the site's secret, `public_id` and `counter`. `of` says what is signed, `number` which version (or which certificate).
    """

    __tablename__ = "signature"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    of: Mapped[str] = mapped_column(String(12), default="agreement", server_default="agreement")
    number: Mapped[int]
    side: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    text_sha256: Mapped[str] = mapped_column(String(64))
    counter: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    asked: Mapped[datetime]
    signed: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    agreement: Mapped[Agreement] = relationship()
    person: Mapped[Person] = relationship()

    @property
    def sides(self) -> dict[str, int]:
        """As its agreement."""
        return self.agreement.sides

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("agreement_id", "of", "number", "side", "person_id"),
        CheckConstraint("side in ('licensor', 'licensee')", name="side"),
        CheckConstraint("of in ('agreement', 'certificate')", name="of"),
        Index("uq_signature_signed", "agreement_id", "of", "number", "side", unique=True,
              sqlite_where=text("signed is not null"), postgresql_where=text("signed is not null")),
    )


class AgreementEvent(Base):
    """Something that happened under a countersigned agreement on `day`, as terms.md writes it; only ever added.

    `voids_id` makes it a correction: the event it names counts no longer, and neither does this row itself. `key` is the same
    when the same thing is entered again (a button pressed twice, a job repeated).
    """

    __tablename__ = "agreement_event"

    id: Mapped[Key]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    type: Mapped[str] = mapped_column(String(20))
    day: Mapped[date]
    values: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)
    voids_id: Mapped[int | None] = mapped_column(ForeignKey("agreement_event.id"), unique=True)
    reason: Mapped[str | None] = mapped_column(Text)
    key: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    agreement: Mapped[Agreement] = relationship(back_populates="events")
    person: Mapped[Person | None] = relationship()

    __table_args__ = (
        UniqueConstraint("agreement_id", "key"),
        CheckConstraint(
            "type in ('trial_started', 'trial_extended', 'converted', 'declined', 'first_revenue', 'milestone_accepted', 'submitted', 'accepted', "
            "'rejected', 'statement', 'bought_out', 'terminated', 'certified', 'payment', 'interest_paid')",
            name="type",
        ),
        Index("ix_agreement_event_agreement_id_id", "agreement_id", "id"),
    )


class Obligation(Base):
    """What the schedule says is owed, kept for lists and sums. `key` is its id in the schedule; amounts in minor units.

    A copy: `ledger.refresh` alone writes it. `unpaid` is what was triggered and is not paid.
    """

    __tablename__ = "obligation"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    licensor_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    licensee_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    currency: Mapped[str] = mapped_column(String(3))
    key: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(20))
    amount: Mapped[Minor]
    trigger: Mapped[date | None]
    due: Mapped[date | None]
    expected: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(8))
    paid: Mapped[int] = mapped_column(BigInteger, default=0)
    unpaid: Mapped[int] = mapped_column(BigInteger, default=0)
    interest: Mapped[int] = mapped_column(BigInteger, default=0)
    because: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)

    agreement: Mapped[Agreement] = relationship()
    licensor: Mapped[Organisation] = relationship(foreign_keys=[licensor_id])
    licensee: Mapped[Organisation] = relationship(foreign_keys=[licensee_id])

    @property
    def sides(self) -> dict[str, int]:
        """Side → organisation id, for the permission table."""
        return {"licensor": self.licensor_id, "licensee": self.licensee_id}

    __table_args__ = (
        UniqueConstraint("agreement_id", "key"),
        CheckConstraint("state in ('pending', 'open', 'overdue', 'paid', 'void')", name="state"),
        CheckConstraint("paid >= 0 and unpaid >= 0", name="amounts"),
        Index("ix_obligation_licensor_id_state_due", "licensor_id", "state", "due"),
        Index("ix_obligation_licensee_id_state_due", "licensee_id", "state", "due"),
    )


class Standing(Base):
    """The schedule's answer for one agreement as of a day, kept for lists, sums and reminders; minor units.

    A copy: `ledger.refresh` alone writes it. `statement_due` is the earliest day on which a statement not yet sent is due,
    `next_due` the earliest on which anything is: a payment, a statement, the decision on a trial.
    """

    __tablename__ = "standing"

    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), primary_key=True, autoincrement=False)
    as_of: Mapped[date] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    fees: Mapped[int] = mapped_column(BigInteger)
    paid: Mapped[int] = mapped_column(BigInteger)
    outstanding: Mapped[int] = mapped_column(BigInteger)
    overdue: Mapped[int] = mapped_column(BigInteger)
    interest: Mapped[int] = mapped_column(BigInteger)
    credit: Mapped[int] = mapped_column(BigInteger)
    trial_end: Mapped[date | None]
    window_end: Mapped[date | None]
    statement_due: Mapped[date | None]
    next_due: Mapped[date | None]
    statements_overdue: Mapped[int] = mapped_column(default=0)

    agreement: Mapped[Agreement] = relationship(back_populates="standing")
