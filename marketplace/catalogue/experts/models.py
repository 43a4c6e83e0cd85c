"""Experts and the requests for contact with them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.catalogue.resources.models import ASKED, Request, Resource, asked, listed
from marketplace.db import Base, Bilingual, Codes
from marketplace.people.models import Person
from marketplace.record import steps

KINDS = ("consultant", "special_commissioner", "vice_president")
MOST_DAYS = 31


@steps
class Expert(Resource, Base):
    """Somebody whom an institute lends. `name` is what he is called; with an account here he is `person`.

    `speaks` are ISO 639-1 codes, `regions` those he works in (none: anywhere), `days` a month. `consented` is when he agreed to the text as it
    stands; `consent_held` that the institute says it holds the consent of somebody without an account.
    """

    __tablename__ = "expert"

    kind: Mapped[str] = mapped_column(String(24))
    name: Mapped[Bilingual]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    consented: Mapped[datetime | None]
    consent_held: Mapped[bool] = mapped_column(default=False)
    speaks: Mapped[Codes]
    regions: Mapped[Codes]
    days: Mapped[int | None]
    available_from: Mapped[date | None]
    available_until: Mapped[date | None]

    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])

    TRANSITIONS = {**Resource.TRANSITIONS, "withdraw": Step(("published",), "withdrawn", ("member", "self", "operator", "system"))}

    __table_args__ = (
        *listed("expert"),
        CheckConstraint("kind in ('consultant', 'special_commissioner', 'vice_president')", name="kind"),
        CheckConstraint(f"days is null or days between 1 and {MOST_DAYS}", name="days"),
        CheckConstraint("available_until is null or available_from is null or available_until >= available_from", name="available"),
        CheckConstraint("person_id is not null or consented is null", name="consented"),
        CheckConstraint("state <> 'published' or consented is not null or (person_id is null and consent_held)", name="consent"),
    )


@steps
class ExpertRequest(Request, Base):
    """What a firm asks of an expert; it goes to the institute."""

    __tablename__ = "expert_request"

    expert_id: Mapped[int] = mapped_column(ForeignKey("expert.id"))

    resource: Mapped[Expert] = relationship(lazy="joined", innerjoin=True)

    TRANSITIONS = ASKED

    __table_args__ = (
        *asked("expert_request", "expert"),
        CheckConstraint("state in ('asked', 'accepted', 'declined', 'withdrawn')", name="state"),
        Index("ix_expert_request_expert_id_state", "expert_id", "state"),
    )
