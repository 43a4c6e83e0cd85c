"""Matches, their scorings, and what each side answered; a match is unique per need and technology."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.catalogue.models import DECLINE_CODES as DECLINE_CODES  # one list used everywhere
from marketplace.catalogue.models import Technology
from marketplace.db import Base, Data, Key, PublicId
from marketplace.needs.models import Need

ANSWERS = ("new", "shortlisted", "declined", "introduced")
PARTIES = ("firm", "holder")
SIDES = (*PARTIES, "broker")
NEW_FOR_BROKERS = text("current and firm <> 'declined' and holder <> 'declined'")


class Match(Base):
    """A scored, explained pairing of a need and a technology; firm, holder and each technology manager have their own answer to it.

    `firm` and `holder` repeat the newest answer of the side; technology managers answer each for himself (see
    `desk.brokers`). `score` (log-odds) and `probability` repeat the newest scoring, so that lists need no second query.
    """

    __tablename__ = "match"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"))
    technology_id: Mapped[int] = mapped_column(ForeignKey("technology.id"), index=True)
    score: Mapped[float] = mapped_column(Float)
    probability: Mapped[float] = mapped_column(Float)
    current: Mapped[bool] = mapped_column(default=True)
    firm: Mapped[str] = mapped_column(String(12), default="new")
    holder: Mapped[str] = mapped_column(String(12), default="new")
    created: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    need: Mapped[Need] = relationship(lazy="joined", innerjoin=True)
    technology: Mapped[Technology] = relationship(lazy="joined", innerjoin=True)
    scorings: Mapped[list[Scoring]] = relationship(order_by="Scoring.id.desc()", back_populates="match")

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("need_id", "technology_id"),
        Index("ix_match_need_id_score", "need_id", "score"),
        Index("ix_match_new_for_brokers", "probability", "id", sqlite_where=NEW_FOR_BROKERS, postgresql_where=NEW_FOR_BROKERS),
        *(CheckConstraint(f"{side} in ('new', 'shortlisted', 'declined', 'introduced')", name=side) for side in PARTIES),
    )

    @property
    def sides(self) -> dict[str, int | None]:
        """Which organisation stands on which side, for the permission table."""
        return {"firm": self.need.organisation_id, "holder": self.technology.organisation_id}


class Scoring(Base):
    """One scoring of a match: both revisions, the index version, and the named contributions that sum to the score."""

    __tablename__ = "scoring"

    id: Mapped[Key]
    match_id: Mapped[int] = mapped_column(ForeignKey("match.id"), index=True)
    need_revision: Mapped[int]
    technology_revision: Mapped[int]
    index_version: Mapped[str] = mapped_column(String(80))
    score: Mapped[float] = mapped_column(Float)
    base: Mapped[float] = mapped_column(Float)
    contributions: Mapped[list[Any]] = mapped_column(Data)
    at: Mapped[datetime]

    match: Mapped[Match] = relationship(back_populates="scorings")

    __table_args__ = (UniqueConstraint("match_id", "need_revision", "technology_revision", "index_version"),)


class MatchAnswer(Base):
    """One side's answer to a match, as it was given; declines carry a code of the one list.

    `position` is the place (1…) of the match in the need's list at that moment, nothing when it no longer stood there;
    `scoring_id` is the scoring it was answered on. `learning` needs both: what stands on top is answered most.
    """

    __tablename__ = "match_answer"

    id: Mapped[Key]
    match_id: Mapped[int] = mapped_column(ForeignKey("match.id"), index=True)
    side: Mapped[str] = mapped_column(String(8))
    answer: Mapped[str] = mapped_column(String(12))
    code: Mapped[str | None] = mapped_column(String(24))
    text: Mapped[str | None] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    position: Mapped[int | None]
    scoring_id: Mapped[int | None] = mapped_column(ForeignKey("scoring.id"))
    at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("side in ('firm', 'holder', 'broker')", name="side"),
        CheckConstraint("answer <> 'declined' or code is not null", name="code"),
        CheckConstraint("position >= 1", name="position"),
        Index("ix_match_answer_person_id_match_id", "person_id", "match_id"),
    )


class LearningRun(Base):
    """One reading of the answers to learn from: up to which of them, how many say something, what came of it and, where weights were put into use, their
    version. `missing`: what there was too little of. Only ever added."""

    __tablename__ = "learning_run"

    id: Mapped[Key]
    at: Mapped[datetime]
    until: Mapped[int]
    answers: Mapped[int]
    verdict: Mapped[str] = mapped_column(String(8))
    missing: Mapped[dict[str, int]] = mapped_column(Data, default=dict)
    version: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (
        CheckConstraint("verdict in ('few', 'kept', 'better', 'undone')", name="verdict"),
        CheckConstraint("version is null or verdict = 'better'", name="version"),
    )
