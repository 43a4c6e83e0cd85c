"""Deals, who takes part in them, how long each stage lasted, and the timeline."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.catalogue.models import Technology
from marketplace.db import Base, Data, Key, PublicId
from marketplace.licensing.models import Agreement
from marketplace.matching.models import DECLINE_CODES, Match
from marketplace.needs.models import Need
from marketplace.people.models import Organisation, Person
from marketplace.record import steps

STAGES = ("lead", "qualified", "introduced", "nda", "evaluation", "negotiating", "notice", "signed", "performing", "won", "lost")
OPEN_STAGES = STAGES[:-2]
SIDES = ("firm", "holder", "broker", "guest")
LED = ("broker_party",)
SPOKEN = ("broker_party", "firm_party", "holder_party")


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(f"'{code}'" for code in codes)


@steps
class Deal(Base):
    """One deal. `state` is its stage, `since` when it entered it. `frozen` holds both texts, the reasons and the revisions as they stood when it was opened.

    A deal without a broker is a lead that waits for one. `agreement` is what the parties negotiate and sign. `introduced` is when each side was
    told who the other is, and stays when the deal is lost.
    """

    __tablename__ = "deal"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    match_id: Mapped[int | None] = mapped_column(ForeignKey("match.id"), index=True)
    need_id: Mapped[int | None] = mapped_column(ForeignKey("need.id"), index=True)
    technology_id: Mapped[int] = mapped_column(ForeignKey("technology.id"), index=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    holder_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    broker_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreement.id"), unique=True)
    state: Mapped[str] = mapped_column(String(12), default="lead")
    since: Mapped[datetime]
    introduced: Mapped[datetime | None]
    nda_required: Mapped[bool] = mapped_column(default=False, server_default=false())
    frozen: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)
    lost_code: Mapped[str | None] = mapped_column(String(24))
    lost_text: Mapped[str | None] = mapped_column(Text)
    created: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    match: Mapped[Match | None] = relationship()
    need: Mapped[Need | None] = relationship()
    technology: Mapped[Technology] = relationship()
    firm: Mapped[Organisation] = relationship(foreign_keys=[firm_id], lazy="joined", innerjoin=True)
    holder: Mapped[Organisation] = relationship(foreign_keys=[holder_id], lazy="joined", innerjoin=True)
    broker: Mapped[Person | None] = relationship(foreign_keys=[broker_id])
    agency: Mapped[Organisation | None] = relationship(foreign_keys=[agency_id])
    agreement: Mapped[Agreement | None] = relationship()
    parties: Mapped[list[Party]] = relationship(back_populates="deal", order_by="Party.id", lazy="selectin")

    TRANSITIONS = {
        "qualify": Step(("lead",), "qualified", LED),
        "introduce": Step(("lead", "qualified"), "introduced", LED),
        "protect": Step(("introduced",), "nda", SPOKEN),
        "evaluate": Step(("introduced", "nda"), "evaluation", SPOKEN),
        "negotiate": Step(("evaluation",), "negotiating", (*SPOKEN, "system")),
        "reconsider": Step(("negotiating",), "evaluation", SPOKEN),
        "announce": Step(("evaluation", "negotiating"), "notice", ("holder_party", "system")),
        "resume": Step(("notice",), "negotiating", ("holder_party", "system")),
        "sign": Step(("introduced", "nda", "evaluation", "negotiating", "notice"), "signed", ("system",)),
        "perform": Step(("signed",), "performing", ("broker_party", "system")),
        "win": Step(("signed", "performing"), "won", ("broker_party", "system")),
        "lose": Step(OPEN_STAGES, "lost", (*SPOKEN, "system")),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint(f"state in ({_listed(STAGES)})", name="state"),
        CheckConstraint("firm_id <> holder_id", name="sides"),
        CheckConstraint("broker_id is not null or state in ('lead', 'lost')", name="broker"),
        CheckConstraint("(state = 'lost') = (lost_code is not null)", name="lost"),
        CheckConstraint(f"lost_code is null or lost_code in ({_listed(DECLINE_CODES)})", name="lost_code"),
        Index("uq_deal_need_id_technology_id", "need_id", "technology_id", unique=True,
              sqlite_where=text("need_id is not null and state <> 'lost'"), postgresql_where=text("need_id is not null and state <> 'lost'")),
        Index("uq_deal_firm_id_technology_id", "firm_id", "technology_id", unique=True,
              sqlite_where=text("need_id is null and state <> 'lost'"), postgresql_where=text("need_id is null and state <> 'lost'")),
        Index("ix_deal_broker_id_state", "broker_id", "state"),
        Index("ix_deal_state_id", "state", "id"),
        Index("ix_deal_id_state_since", "id", "state", "since"),  # lists sort and count without reading the frozen texts
        Index("ix_deal_agency_id_state", "agency_id", "state"),
    )

    @property
    def sides(self) -> dict[str, int]:
        """The houses, for the permission table: owners of the two sides' may look into and join any deal of theirs, owners of the agency
        may give it to another broker."""
        return {"firm_house": self.firm_id, "holder_house": self.holder_id, **({"agency": self.agency_id} if self.agency_id else {})}

    @property
    def was_introduced(self) -> bool:
        """Whether the two sides know each other: from the introduction on, also when it is lost later."""
        return self.introduced is not None or self.state in STAGES[2:-1]

    @property
    def people(self) -> dict[str, set[int]]:
        """Side → ids of the people who take part for it, for the permission table."""
        found: dict[str, set[int]] = {}
        for party in self.parties:
            if party.state == "active" and party.person_id is not None:
                found.setdefault(party.side, set()).add(party.person_id)
        return found


@steps
class Party(Base):
    """One person's part in a deal for one side: invited by mail address, active once accepted, and removed at any time.

    `organisation_id` is whom the person acts for; `duty` what they do here, in their words. A broker invited takes the deal over.
    """

    __tablename__ = "party"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    deal_id: Mapped[int] = mapped_column(ForeignKey("deal.id"))
    side: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    address_key: Mapped[str] = mapped_column(String(254), index=True)
    duty: Mapped[str | None] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(3), default="zh", server_default="zh")
    reason: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="active")
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    expires: Mapped[datetime | None]
    created: Mapped[datetime]
    ended: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    deal: Mapped[Deal] = relationship(back_populates="parties")
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])
    organisation: Mapped[Organisation | None] = relationship()

    TRANSITIONS = {
        "accept": Step(("invited",), "active", ("user",)),
        "decline": Step(("invited",), "declined", ("user",)),
        "remove": Step(("invited", "active"), "removed", ("broker_party", "own_side_party", "self", "system")),
    }

    @property
    def people(self) -> dict[str, set[int]]:
        """The deal's broker, and whoever takes part for this party's own side."""
        taking = self.deal.people
        return {"broker": taking.get("broker", set()), "own_side": taking.get(self.side, set()) if self.side in ("firm", "holder") else set()}

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint(f"side in ({_listed(SIDES)})", name="side"),
        CheckConstraint("state in ('invited', 'active', 'declined', 'removed')", name="state"),
        CheckConstraint("state <> 'active' or person_id is not null", name="person"),
        Index("uq_party_deal_id_address_key", "deal_id", "address_key", unique=True,
              sqlite_where=text("state in ('invited', 'active')"), postgresql_where=text("state in ('invited', 'active')")),
        Index("ix_party_deal_id", "deal_id"),
        Index("ix_party_person_id_state_side_deal_id", "person_id", "state", "side", "deal_id"),
    )


class StageSpan(Base):
    """How long a deal was in one stage: from when it entered until it left; the present one has no end."""

    __tablename__ = "stage_span"

    id: Mapped[Key]
    deal_id: Mapped[int] = mapped_column(ForeignKey("deal.id"))
    stage: Mapped[str] = mapped_column(String(12))
    entered: Mapped[datetime]
    left: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(f"stage in ({_listed(STAGES)})", name="stage"),
        UniqueConstraint("deal_id", "stage", "entered"),
        Index("uq_stage_span_open", "deal_id", unique=True, sqlite_where=text('"left" is null'), postgresql_where=text('"left" is null')),
    )


class Entry(Base):
    """One line of a deal's timeline. Without `side` it is for everybody in the deal, else for that side alone; only ever added.

    `kind` names what happened (`deals.timeline.KINDS`), `thing`/`thing_id` the row it is about, `facts` the few words shown.
    """

    __tablename__ = "deal_entry"

    id: Mapped[Key]
    deal_id: Mapped[int] = mapped_column(ForeignKey("deal.id"))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(30))
    side: Mapped[str | None] = mapped_column(String(8))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    thing: Mapped[str | None] = mapped_column(String(30))
    thing_id: Mapped[int | None]
    facts: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)

    deal: Mapped[Deal] = relationship()
    person: Mapped[Person | None] = relationship()

    __table_args__ = (
        CheckConstraint(f"side is null or side in ({_listed(SIDES)})", name="side"),
        Index("ix_deal_entry_deal_id_id", "deal_id", "id"),
    )
