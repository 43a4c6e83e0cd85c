"""Scenarios and the applications for a first trial."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.catalogue.models import Technology
from marketplace.catalogue.resources.models import ASKED, Request, Resource, asked, listed
from marketplace.db import Base, Bilingual
from marketplace.record import steps

MOST_TRIALS = 1000


@steps
class Scenario(Resource, Base):
    """A place that is open for first trials. `description` says what may be tried, `judge` who judges it, `trials` how many there are in all,
    `trl_from` the least maturity that is let in."""

    __tablename__ = "scenario"

    place: Mapped[Bilingual]
    region: Mapped[str] = mapped_column(String(6))
    conditions: Mapped[Bilingual]
    measurements: Mapped[Bilingual]
    judge: Mapped[Bilingual]
    trials: Mapped[int] = mapped_column(default=1)
    trl_from: Mapped[int] = mapped_column(default=6)
    opens_on: Mapped[date | None]
    closes_on: Mapped[date | None]

    __table_args__ = (
        *listed("scenario"),
        CheckConstraint(f"trials between 1 and {MOST_TRIALS}", name="trials"),
        CheckConstraint("trl_from between 1 and 9", name="trl"),
        CheckConstraint("closes_on is null or opens_on is null or closes_on >= opens_on", name="open"),
    )


@steps
class TrialApplication(Request, Base):
    """A technology that its holder offers for a first trial at a scenario; one that is open or accepted at a time."""

    __tablename__ = "trial_application"

    scenario_id: Mapped[int] = mapped_column(ForeignKey("scenario.id"))
    technology_id: Mapped[int] = mapped_column(ForeignKey("technology.id"), index=True)

    resource: Mapped[Scenario] = relationship(lazy="joined", innerjoin=True)
    technology: Mapped[Technology] = relationship(lazy="joined", innerjoin=True)

    TRANSITIONS = ASKED

    __table_args__ = (
        *asked("trial_application", "scenario"),
        CheckConstraint("state in ('asked', 'accepted', 'declined', 'withdrawn')", name="state"),
        CheckConstraint("state <> 'declined' or code is not null", name="declined_code"),
        Index("ix_trial_application_scenario_id_state", "scenario_id", "state"),
        Index(
            "uq_trial_application_live", "scenario_id", "technology_id", unique=True,
            sqlite_where=text("state in ('asked', 'accepted')"), postgresql_where=text("state in ('asked', 'accepted')"),
        ),
    )
