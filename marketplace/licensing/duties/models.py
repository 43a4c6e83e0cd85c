"""Pricings, notices with their objections, recordals, registrations; assets, decisions and exports of the register; their states."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, Synonym, mapped_column, relationship, synonym

from marketplace.access import Step
from marketplace.catalogue.models import Technology
from marketplace.db import Base, Bilingual, Data, Key, Minor, PublicId, in_language
from marketplace.licensing.duties.clock import Stop
from marketplace.licensing.models import Agreement
from marketplace.people.models import Organisation, Person
from marketplace.record import steps

PRICINGS = ("agreement", "listing", "auction")
HEADS = ("licensor_owner", "licensor_signatory")
BOTH = ("licensor", "licensee")
LIVE = "state in ('published', 'ended')"
CONTRACTS = ("development", "transfer", "licence", "consulting", "service")
"""The five kinds of technology contracts."""

ACQUISITIONS = ("own_research", "state_project", "commissioned", "joint", "purchased", "donated", "other")
DECISIONS = (
    "pricing", "notice", "licence", "assignment", "write_off", "income_policy", "income_split", "recordal", "registration", "publication", "withdrawal",
    "valuation", "other",
)
TYPED = ("assignment", "write_off", "pricing", "licence", "valuation", "other")
"""The kinds of decisions that people enter; the others are written by what happens on the site as well."""

REMINDERS = ("before_30", "before_7", "overdue")


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(f"'{code}'" for code in codes)


class Pricing(Base):
    """How the price of an agreement was found, by whom decided and when; its minutes are its attachments. The newest one counts."""

    __tablename__ = "agreement_pricing"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    mode: Mapped[str] = mapped_column(String(10))
    decided_by: Mapped[str] = mapped_column(String(200))
    decided_on: Mapped[date]
    basis: Mapped[str | None] = mapped_column(Text)
    key: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    agreement: Mapped[Agreement] = relationship()
    person: Mapped[Person] = relationship()

    __table_args__ = (
        UniqueConstraint("agreement_id", "key"),
        CheckConstraint("mode in ('agreement', 'listing', 'auction')", name="mode"),
    )

    @property
    def sides(self) -> dict[str, int]:
        """As its agreement."""
        return self.agreement.sides


@steps
class Notice(Base):
    """The publication of an agreed price. What it says is copied when it is published and never changed.

    `price` is {words, currency, fixed, lines} as `pricing.price_of` makes it, `price_sha256` the hash of the terms behind it: a later
    version with another one voids the notice. `shown_to` is who may read it (blind: members of the institute alone), `hints` what
    spoke for a related party. `runs_until` is the clock's last day, kept for lists; None while an objection is open.
    """

    __tablename__ = "agreement_notice"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    pricing_id: Mapped[int] = mapped_column(ForeignKey("agreement_pricing.id"))
    number: Mapped[int]
    price_sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[Bilingual]
    abstract: Mapped[Bilingual]
    price: Mapped[dict[str, Any]] = mapped_column(Data)
    shown_to: Mapped[str] = mapped_column(String(10))
    names_licensee: Mapped[bool] = mapped_column(default=False)
    related: Mapped[bool]
    related_note: Mapped[str | None] = mapped_column(Text)
    hints: Mapped[list[Any]] = mapped_column(Data, default=list)
    published_on: Mapped[date]
    days: Mapped[int]
    runs_until: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(10), default="published")
    key: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created: Mapped[datetime]
    published: Synonym[datetime] = synonym("created")
    ended: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    agreement: Mapped[Agreement] = relationship()
    pricing: Mapped[Pricing] = relationship()
    person: Mapped[Person] = relationship()
    objections: Mapped[list[Objection]] = relationship(back_populates="notice", order_by="Objection.id")

    OPEN_STATES = ("published", "ended", "upheld", "void", "withdrawn")
    TRANSITIONS = {
        "end": Step(("published",), "ended", ("system",)),
        "reopen": Step(("ended",), "published", ("licensor",)),
        "uphold": Step(("published",), "upheld", HEADS),
        "void": Step(("published", "ended"), "void", ("system",)),
        "withdraw": Step(("published", "ended"), "withdrawn", ("licensor", "system")),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("agreement_id", "key"),
        CheckConstraint("state in ('published', 'ended', 'upheld', 'void', 'withdrawn')", name="state"),
        CheckConstraint("shown_to in ('public', 'members', 'blind')", name="shown_to"),
        CheckConstraint("days between 1 and 365", name="days"),
        Index("uq_agreement_notice_live", "agreement_id", unique=True, sqlite_where=text(LIVE), postgresql_where=text(LIVE)),
        Index("ix_agreement_notice_state_runs_until", "state", "runs_until"),
        Index("ix_agreement_notice_shown_to_id", "shown_to", "id"),
    )

    @property
    def sides(self) -> dict[str, int]:
        """Both sides of its agreement: it is published only once both know of it."""
        return {"licensor": self.agreement.licensor_id, "licensee": self.agreement.licensee_id}

    @property
    def visibility(self) -> str:
        """Who may read it: as when it was published, but never more than may read the technology's name now."""
        return "blind" if self.agreement.technology.visibility == "blind" else self.shown_to

    @property
    def stops(self) -> tuple[Stop, ...]:
        """The days on which an objection was open."""
        return tuple(Stop(one.first, one.last) for one in self.objections if one.state != "moot")

    def titled(self, language: str) -> tuple[str, str]:
        """The name as it was published and the language it is in."""
        return in_language(self.name, language)


@steps
class Objection(Base):
    """What somebody holds against a notice. `first` is the day on which it came, `last` that of the answer.

    `received_from` is who sent it where the institute entered it for somebody who wrote on paper.
    """

    __tablename__ = "notice_objection"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    notice_id: Mapped[int] = mapped_column(ForeignKey("agreement_notice.id"))
    text: Mapped[str] = mapped_column(Text)
    received_from: Mapped[str | None] = mapped_column(String(200))
    first: Mapped[date]
    last: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(10), default="open")
    reasons: Mapped[str | None] = mapped_column(Text)
    key: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created: Mapped[datetime]
    answered: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    notice: Mapped[Notice] = relationship(back_populates="objections")
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    answered_by: Mapped[Person | None] = relationship(foreign_keys=[answered_by_id])

    TRANSITIONS = {
        "uphold": Step(("open",), "upheld", HEADS),
        "reject": Step(("open",), "rejected", HEADS),
        "lapse": Step(("open",), "moot", ("system",)),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("notice_id", "person_id", "key"),
        CheckConstraint("state in ('open', 'upheld', 'rejected', 'moot')", name="state"),
        CheckConstraint("(state in ('upheld', 'rejected')) = (reasons is not null and last is not null)", name="answered"),
        CheckConstraint("last is null or last >= first", name="days"),
        CheckConstraint("answered_by_id is null or answered_by_id <> person_id or received_from is not null", name="second_person"),
    )

    @property
    def sides(self) -> dict[str, int]:
        """As its notice."""
        return self.notice.sides


@steps
class Recordal(Base):
    """The recording of a patent licence with the patent office, due some months after its effect."""

    __tablename__ = "recordal"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), unique=True)
    effective: Mapped[date]
    months: Mapped[int]
    due: Mapped[date]
    state: Mapped[str] = mapped_column(String(10), default="open")
    filed_on: Mapped[date | None]
    number: Mapped[str | None] = mapped_column(String(40))
    recorded_on: Mapped[date | None]
    created: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    agreement: Mapped[Agreement] = relationship()

    TRANSITIONS = {"file": Step(("open",), "filed", BOTH), "record": Step(("open", "filed"), "recorded", BOTH)}

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint("state in ('open', 'filed', 'recorded')", name="state"),
        CheckConstraint("(state = 'recorded') = (number is not null and recorded_on is not null)", name="recorded"),
        CheckConstraint("state <> 'filed' or filed_on is not null", name="filed"),
        Index("ix_recordal_state_due", "state", "due"),
    )

    @property
    def sides(self) -> dict[str, int]:
        """As its agreement."""
        return self.agreement.sides


class RecordalReminder(Base):
    """That both sides were reminded of a recordal: once of each kind, however often the job runs."""

    __tablename__ = "recordal_reminder"

    id: Mapped[Key]
    recordal_id: Mapped[int] = mapped_column(ForeignKey("recordal.id"))
    kind: Mapped[str] = mapped_column(String(10))
    created: Mapped[datetime]

    recordal: Mapped[Recordal] = relationship()

    __table_args__ = (UniqueConstraint("recordal_id", "kind"), CheckConstraint(f"kind in ({_listed(REMINDERS)})", name="kind"))


@steps
class Registration(Base):
    """The registration of an agreement as a technology contract: what the form asks beyond the agreement. Amounts in minor units.

    `details` are the values of the form's own fields by code, `addresses` side → address.
    """

    __tablename__ = "contract_registration"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    side: Mapped[str] = mapped_column(String(8))
    currency: Mapped[str] = mapped_column(String(3))
    total: Mapped[int] = mapped_column(BigInteger)
    technology_amount: Mapped[int] = mapped_column(BigInteger)
    addresses: Mapped[dict[str, str]] = mapped_column(Data, default=dict)
    details: Mapped[dict[str, str]] = mapped_column(Data, default=dict)
    state: Mapped[str] = mapped_column(String(10), default="prepared")
    number: Mapped[str | None] = mapped_column(String(40))
    registered_on: Mapped[date | None]
    created: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    agreement: Mapped[Agreement] = relationship()

    TRANSITIONS = {"register": Step(("prepared",), "registered", BOTH)}

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint(f"kind in ({_listed(CONTRACTS)})", name="kind"),
        CheckConstraint("side in ('licensor', 'licensee')", name="side"),
        CheckConstraint("technology_amount >= 0 and technology_amount <= total", name="amounts"),
        CheckConstraint("state in ('prepared', 'registered')", name="state"),
        CheckConstraint("(state = 'registered') = (number is not null and registered_on is not null)", name="registered"),
    )

    @property
    def sides(self) -> dict[str, int]:
        """As its agreement."""
        return self.agreement.sides


class Asset(Base):
    """How an institute came by a technology and what it cost, one version; the newest one counts. `cost` in minor units."""

    __tablename__ = "asset"

    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    technology_id: Mapped[int] = mapped_column(ForeignKey("technology.id"))
    number: Mapped[int]
    acquisition: Mapped[str] = mapped_column(String(16))
    acquired_on: Mapped[date | None]
    cost: Mapped[Minor]
    currency: Mapped[str | None] = mapped_column(String(3))
    note: Mapped[str | None] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    technology: Mapped[Technology] = relationship()
    person: Mapped[Person] = relationship()

    __table_args__ = (
        UniqueConstraint("technology_id", "number"),
        CheckConstraint(f"acquisition in ({_listed(ACQUISITIONS)})", name="acquisition"),
        CheckConstraint("(cost is null) = (currency is null) and (cost is null or cost >= 0)", name="cost"),
    )


class Decision(Base):
    """One decision of an institute about its technologies: what, by whom, on what basis. Only added; a row may void an earlier one.

    `person_id` entered it or took the step from which it was written. `thing` and `thing_id` name what it was written from; minutes are
    the attachments of the decision and of that thing.
    """

    __tablename__ = "decision"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    technology_id: Mapped[int | None] = mapped_column(ForeignKey("technology.id"))
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreement.id"))
    kind: Mapped[str] = mapped_column(String(16))
    day: Mapped[date]
    decided_by: Mapped[str | None] = mapped_column(String(200))
    basis: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)
    thing: Mapped[str | None] = mapped_column(String(30))
    thing_id: Mapped[int | None]
    voids_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), unique=True)
    key: Mapped[str] = mapped_column(String(60))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship()
    technology: Mapped[Technology | None] = relationship()
    agreement: Mapped[Agreement | None] = relationship()
    person: Mapped[Person | None] = relationship()
    voids: Mapped[Decision | None] = relationship(remote_side="Decision.id")

    __table_args__ = (
        UniqueConstraint("organisation_id", "key"),
        CheckConstraint(f"kind in ({_listed(DECISIONS)})", name="kind"),
        Index("ix_decision_organisation_id_day_id", "organisation_id", "day", "id"),
        Index("ix_decision_technology_id_kind", "technology_id", "kind"),
    )


@steps
class EvidenceExport(Base):
    """The register of an institute as evidence, made by a job: a zip in the store of files under its hash."""

    __tablename__ = "evidence_export"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    first: Mapped[date]
    last: Mapped[date]
    language: Mapped[str] = mapped_column(String(2))
    state: Mapped[str] = mapped_column(String(10), default="asked")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int | None]
    key: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created: Mapped[datetime]
    ended: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()

    TRANSITIONS = {"finish": Step(("asked",), "done", ("system",)), "fail": Step(("asked",), "failed", ("system",))}

    __table_args__ = (
        UniqueConstraint("organisation_id", "key"),
        CheckConstraint("state in ('asked', 'done', 'failed')", name="state"),
        CheckConstraint("(state = 'done') = (sha256 is not null)", name="done"),
        CheckConstraint("first <= last", name="days"),
    )
