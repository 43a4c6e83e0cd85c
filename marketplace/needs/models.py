"""Needs, and the problems visitors paste before they have an account; states, grades and who may take which step."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.db import Base, Bilingual, Codes, Data, Key, Minor, PublicId, in_language, new_public_id
from marketplace.people.models import Organisation, Person
from marketplace.record import steps

GRADES = ("declared", "distilled", "verified")
WANTED_MODES = ("licence", "assignment", "joint_development", "consulting", "open_call", "pooled")
PAYERS = ("firm", "group", "customer", "public_funds", "undecided")
CASH = ("committed", "planned", "none")
DIRECTIONS = ("at_most", "at_least", "equal")


@steps
class Need(Base):
    """A problem an enterprise posts (domain.md §2). A draft may stand without organisation, under its author alone.

    Text fields hold {"zh": …, "en": …}; `targets` is a list of {quantity: {zh, en}, today, wanted, unit, direction};
    budgets are integer minor units of `currency`. `questions` is the distilled text that the firm signed off, the broker's
    technical questions, and `question_targets` their targets; with `signed_off` empty they wait for a new sign-off and count for nothing.
    """

    __tablename__ = "need"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="draft")
    visibility: Mapped[str] = mapped_column(String(10), default="public")
    teaser: Mapped[Bilingual]
    nda_required: Mapped[bool] = mapped_column(default=False, server_default=false())
    revision: Mapped[int] = mapped_column(default=0)

    language: Mapped[str] = mapped_column(String(2), default="zh")
    title: Mapped[Bilingual]
    problem: Mapped[Bilingual]
    place: Mapped[Bilingual]
    tried: Mapped[Bilingual]
    constraints: Mapped[Bilingual]
    volume: Mapped[Bilingual]
    targets: Mapped[list[Any]] = mapped_column(Data, default=list)
    budget_min: Mapped[Minor]
    budget_max: Mapped[Minor]
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    payer: Mapped[str] = mapped_column(String(16), default="undecided")
    cash: Mapped[str] = mapped_column(String(10), default="none")
    deadline: Mapped[date | None]
    modes: Mapped[Codes]
    industry: Mapped[str | None] = mapped_column(String(5))
    region: Mapped[str | None] = mapped_column(String(6))

    grade: Mapped[str] = mapped_column(String(10), default="declared")
    questions: Mapped[Bilingual]
    question_targets: Mapped[list[Any]] = mapped_column(Data, default=list, server_default="[]")
    distilled_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    signed_off: Mapped[datetime | None]
    verified_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    verified: Mapped[datetime | None]
    verified_until: Mapped[date | None]

    source_key: Mapped[str | None] = mapped_column(String(120))
    import_run_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"), index=True)

    published: Mapped[datetime | None]
    listed_until: Mapped[date | None]
    created: Mapped[datetime]
    updated: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    organisation: Mapped[Organisation | None] = relationship(lazy="joined")
    author: Mapped[Person | None] = relationship(foreign_keys=[author_id])
    distilled_by: Mapped[Person | None] = relationship(foreign_keys=[distilled_by_id])
    verified_by: Mapped[Person | None] = relationship(foreign_keys=[verified_by_id])

    OPEN_STATES = ("published", "matched", "in_deal")
    TRANSITIONS = {
        "submit": Step(("draft",), "submitted", ("member", "author")),
        "undo_with_run": Step(("draft", "submitted", "published"), "withdrawn", ("member", "operator", "system")),
        "create_again": Step(("withdrawn",), "draft", ("member", "operator", "system")),
        "publish": Step(("draft", "submitted", "withdrawn", "expired"), "published", ("member", "system")),
        "match": Step(("published",), "matched", ("system",)),
        "take_into_deal": Step(("published", "matched"), "in_deal", ("broker_reader", "system")),
        "release": Step(("in_deal",), "matched", ("system",)),
        "solve": Step(("published", "matched", "in_deal"), "solved", ("member", "system")),
        "withdraw": Step(("submitted", "published", "matched"), "withdrawn", ("member", "operator", "system")),
        "expire": Step(("submitted", "published", "matched"), "expired", ("system",)),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint(
            "state in ('draft', 'submitted', 'published', 'matched', 'in_deal', 'solved', 'withdrawn', 'expired')", name="state"
        ),
        CheckConstraint("organisation_id is not null or state in ('draft', 'submitted')", name="organisation"),
        CheckConstraint("visibility in ('public', 'members', 'blind')", name="visibility"),
        CheckConstraint("grade in ('declared', 'distilled', 'verified')", name="grade"),
        CheckConstraint("budget_min is null or budget_min >= 0", name="budget_min"),
        CheckConstraint("budget_max is null or budget_min is null or budget_max >= budget_min", name="budget_order"),
        Index("ix_need_state_listed_until", "state", "listed_until"),
        Index("uq_need_organisation_id_source_key", "organisation_id", "source_key", unique=True),
        Index("ix_need_grade_verified_until", "grade", "verified_until"),
        Index("ix_need_visibility_published_id", "visibility", "published", "id"),
    )

    def titled(self, language: str) -> tuple[str, str]:
        """The title and the language it is in."""
        return in_language(self.title, language)


class PastedProblem(Base):
    """A problem pasted on the front page without an account: kept under its random id until `expires`, then deleted."""

    __tablename__ = "pasted_problem"

    id: Mapped[Key]
    public_id: Mapped[PublicId] = mapped_column(String(26), default=lambda: new_public_id(26))
    text: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime]
    expires: Mapped[datetime] = mapped_column(index=True)
    need_id: Mapped[int | None] = mapped_column(ForeignKey("need.id"))
