"""Technologies, their offers, and attachments of listings; their states and who may take which step."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.db import Base, Bilingual, Codes, Data, Key, PublicId, in_language
from marketplace.errors import N_
from marketplace.people.models import Organisation
from marketplace.record import steps

KINDS = (
    "patent",
    "patent_application",
    "know_how",
    "software",
    "prototype",
    "data_set",
    "open_source",
    "negative_result",
)
MODES = ("licence", "open_licence", "assignment", "equity", "joint_development", "open_source")
EXCLUSIVITIES = ("ordinary", "sole", "exclusive")
ANNUAL_FEES = ("paid", "unpaid")
PLEDGES = ("none", "consent", "no_consent")
EVALUATION_REPORTS = ("yes", "no")
PATENT_KINDS = ("invention", "utility_model", "design")
LEGAL_STATUSES = ("applied", "in_force", "lapsed", "expired", "revoked", "unknown")
VISIBILITIES = ("public", "members", "blind")
DECLINE_REASONS = {
    "too_early": N_("not mature enough yet"), "benefit_unclear": N_("the benefit is unclear"), "market_route_unclear": N_("the way to market is unclear"),
    "description_unclear": N_("the description is unclear"), "wrong_field": N_("wrong field"), "already_have_it": N_("we have that already"),
    "price": N_("the price"), "terms": N_("the terms"), "ip_position": N_("the patent position"), "capacity": N_("no capacity for it now"),
    "timing": N_("the timing"), "other": N_("another reason"),
}
"""The one list of reasons why something is declined or lost: code → words (message ids, for mail needs them beside pages)."""
DECLINE_CODES = tuple(DECLINE_REASONS)


@steps
class Technology(Base):
    """What an institute offers. Known by organisation + application number, else organisation + source + the source's
    own key, else organisation + hash of the normalised title (design.md §6).

    `family_id` is the oldest of the open technologies that are one invention with this one; None where it is alone.
    `teaser` is all that others read of a blind one, who have no access.
    `family` holds publication numbers of the patent family as its source named them. `parties` says which registered
    organisations its owners are: name → public id.
    """

    __tablename__ = "technology"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12), default="draft")
    visibility: Mapped[str] = mapped_column(String(10), default="public")
    teaser: Mapped[Bilingual]
    nda_required: Mapped[bool] = mapped_column(default=False, server_default=false())
    revision: Mapped[int] = mapped_column(default=0)

    title: Mapped[Bilingual]
    abstract: Mapped[Bilingual]
    advantages: Mapped[Bilingual]
    applications: Mapped[Bilingual]
    keywords: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)

    application_number: Mapped[str | None] = mapped_column(String(32))
    publication_number: Mapped[str | None] = mapped_column(String(32))
    family: Mapped[Codes]
    patent_kind: Mapped[str | None] = mapped_column(String(16))
    legal_status: Mapped[str | None] = mapped_column(String(12))
    filed_on: Mapped[date | None]
    granted_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    expiry_computed: Mapped[bool] = mapped_column(default=False)
    owners: Mapped[Codes]
    parties: Mapped[dict[str, str]] = mapped_column(Data, default=dict)
    inventors: Mapped[Codes]
    ipc: Mapped[Codes]
    field: Mapped[str | None] = mapped_column(String(40))
    industries: Mapped[Codes]
    trl: Mapped[int | None]
    trl_scheme: Mapped[str] = mapped_column(String(20), default="GB/T 22900-2022")

    source: Mapped[str | None] = mapped_column(String(60))
    source_key: Mapped[str | None] = mapped_column(String(120))
    title_hash: Mapped[str] = mapped_column(String(64))
    import_run_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"))
    family_id: Mapped[int | None] = mapped_column(ForeignKey("technology.id"))

    published: Mapped[datetime | None]
    listed_until: Mapped[date | None]
    created: Mapped[datetime]
    updated: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    offer: Mapped[Offer | None] = relationship(
        back_populates="technology", uselist=False, lazy="selectin", cascade="all, delete-orphan"
    )

    OPEN_STATES = ("published",)
    TRANSITIONS = {
        "publish": Step(("draft", "withdrawn", "expired"), "published", ("member", "system")),
        "publish_with_run": Step(("draft",), "published", ("member", "operator", "system")),
        "undo_with_run": Step(("draft", "published"), "withdrawn", ("member", "operator", "system")),
        "create_again": Step(("withdrawn",), "draft", ("member", "operator", "system")),
        "withdraw": Step(("published",), "withdrawn", ("member", "operator", "system")),
        "expire": Step(("published",), "expired", ("system",)),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint("state in ('draft', 'published', 'withdrawn', 'expired')", name="state"),
        CheckConstraint("visibility in ('public', 'members', 'blind')", name="visibility"),
        CheckConstraint("trl is null or trl between 1 and 9", name="trl"),
        CheckConstraint(
            "kind in ('patent', 'patent_application', 'know_how', 'software', 'prototype', 'data_set', 'open_source', "
            "'negative_result')",
            name="kind",
        ),
        Index("uq_technology_organisation_id_application_number", "organisation_id", "application_number", unique=True),
        Index(
            "uq_technology_organisation_id_source_source_key", "organisation_id", "source", "source_key", unique=True
        ),
        Index(
            "uq_technology_organisation_id_title_hash",
            "organisation_id",
            "title_hash",
            unique=True,
            sqlite_where=text("application_number is null and source_key is null"),
            postgresql_where=text("application_number is null and source_key is null"),
        ),
        Index("ix_technology_organisation_id_title_hash", "organisation_id", "title_hash"),
        Index("ix_technology_state_listed_until", "state", "listed_until"),
        Index("ix_technology_visibility_published_id", "visibility", "published", "id"),
        Index("ix_technology_import_run_id", "import_run_id"),
        Index("ix_technology_family_id", "family_id"),
        Index("ix_technology_application_number", "application_number"),
        Index("ix_technology_publication_number", "publication_number"),
    )

    def titled(self, language: str) -> tuple[str, str]:
        """The title and the language it is in."""
        return in_language(self.title, language)


class Offer(Base):
    """The terms on which a technology can be had. `terms` follows terms.md without `effective` and `end`.

    What the holder says of the patent's standing (annual fee, pledge, evaluation report, an exclusive licence in force) is
    for the checks; None is not said.
    """

    __tablename__ = "offer"

    id: Mapped[Key]
    technology_id: Mapped[int] = mapped_column(ForeignKey("technology.id"), unique=True)
    mode: Mapped[str] = mapped_column(String(20))
    exclusivity: Mapped[str | None] = mapped_column(String(10))
    field_of_use: Mapped[Bilingual]
    territory: Mapped[str | None] = mapped_column(String(40))
    term_months: Mapped[int | None]
    sublicensing: Mapped[bool] = mapped_column(default=False)
    annual_fee: Mapped[str | None] = mapped_column(String(10))
    pledge: Mapped[str | None] = mapped_column(String(12))
    evaluation_report: Mapped[str | None] = mapped_column(String(4))
    exclusive_in_force: Mapped[bool] = mapped_column(default=False)
    terms: Mapped[dict[str, Any] | None] = mapped_column(Data)
    revision: Mapped[int] = mapped_column(default=0)
    version_id: Mapped[int] = mapped_column()

    technology: Mapped[Technology] = relationship(back_populates="offer")

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint(
            "mode in ('licence', 'open_licence', 'assignment', 'equity', 'joint_development', 'open_source')",
            name="mode",
        ),
        CheckConstraint("exclusivity is null or exclusivity in ('ordinary', 'sole', 'exclusive')", name="exclusivity"),
        CheckConstraint("annual_fee is null or annual_fee in ('paid', 'unpaid')", name="annual_fee"),
        CheckConstraint("pledge is null or pledge in ('none', 'consent', 'no_consent')", name="pledge"),
        CheckConstraint("evaluation_report is null or evaluation_report in ('yes', 'no')", name="evaluation_report"),
    )


class Attachment(Base):
    """A file beside a technology or a need: its bytes lie outside the web root, named by their hash. A picture of a listing has its size in pixels, and
    in `shows` what is to be seen on it, by language.
    """

    __tablename__ = "attachment"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    thing: Mapped[str] = mapped_column(String(30))
    thing_id: Mapped[int]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int | None]
    height: Mapped[int | None]
    shows: Mapped[dict[str, str]] = mapped_column(Data, default=dict)
    removed: Mapped[datetime | None]
    created: Mapped[datetime]

    __table_args__ = (Index("ix_attachment_thing_thing_id", "thing", "thing_id"),)
