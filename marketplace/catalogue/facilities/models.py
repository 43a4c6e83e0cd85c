"""Facilities and their bookings; what of them the database itself refuses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, CheckConstraint, ForeignKey, Index, String, event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.catalogue.resources.models import Request, Resource, asked, listed
from marketplace.db import Base, Bilingual, Codes, Data, Minor
from marketplace.record import steps

KINDS = ("pilot_line", "test_lab", "instrument")
BASES = ("hour", "day", "batch", "test", "request")
"""What a price is for; on request there is none."""

HELD = ("accepted", "done")
"""The states of a booking in which the facility is taken."""


@steps
class Facility(Resource, Base):
    """A pilot line, test laboratory or instrument. `trl_from` is the least maturity it takes in, `trl_to` what it can bring it to.

    `accreditations` is a list of {scheme, number}; `price` is in minor units of `currency`, for one of `basis`. `hours` says for each day of the
    week ("0" is Monday) the spans it is open, as ["08:30", "17:00"] on the clock of `zone`; `closed` are days off as ISO text. `feed` numbers
    the address of its calendar: a new number shuts the old address.
    """

    __tablename__ = "facility"

    kind: Mapped[str] = mapped_column(String(12))
    capacity: Mapped[Bilingual]
    place: Mapped[Bilingual]
    region: Mapped[str] = mapped_column(String(6))
    trl_from: Mapped[int]
    trl_to: Mapped[int]
    accreditations: Mapped[list[Any]] = mapped_column(Data, default=list)
    price: Mapped[Minor]
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    basis: Mapped[str] = mapped_column(String(8), default="request")
    zone: Mapped[str] = mapped_column(String(40), default="Asia/Shanghai")
    hours: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)
    closed: Mapped[Codes]
    feed: Mapped[int] = mapped_column(default=1, server_default="1")

    __table_args__ = (
        *listed("facility"),
        CheckConstraint("kind in ('pilot_line', 'test_lab', 'instrument')", name="kind"),
        CheckConstraint("trl_from between 1 and 9 and trl_to between trl_from and 9", name="trl"),
        CheckConstraint("basis in ('hour', 'day', 'batch', 'test', 'request')", name="basis"),
        CheckConstraint("(basis = 'request') = (price is null)", name="price"),
        CheckConstraint("price is null or price >= 0", name="price_sign"),
    )


@steps
class Booking(Request, Base):
    """A span for which a firm asks for a facility; `code` stays empty, the reason is in words."""

    __tablename__ = "booking"

    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id"))
    starts: Mapped[datetime]
    ends: Mapped[datetime]

    resource: Mapped[Facility] = relationship(lazy="joined", innerjoin=True)

    TRANSITIONS = {
        "accept": Step(("requested",), "accepted", ("host",)),
        "decline": Step(("requested",), "declined", ("host",)),
        "cancel": Step(("requested", "accepted"), "cancelled", ("host", "asker")),
        "finish": Step(("accepted",), "done", ("host", "system")),
    }

    __table_args__ = (
        *asked("booking", "facility"),
        CheckConstraint("state in ('requested', 'accepted', 'declined', 'cancelled', 'done')", name="state"),
        CheckConstraint("starts < ends", name="span"),
        Index("ix_booking_facility_id_state_starts", "facility_id", "state", "starts"),
        Index("ix_booking_state_ends", "state", "ends"),
    )


EXCLUDED = """alter table booking add constraint ex_booking_facility_id_span
exclude using gist (int8range(facility_id, facility_id, '[]') with &&, tstzrange(starts, ends) with &&) where (state in ('accepted', 'done'))"""
"""A range of one id overlaps itself alone: so no extension of PostgreSQL is needed to compare facilities for equality."""

REFUSED = """create trigger tr_booking_{verb} before {verb} on booking when new.state in ('accepted', 'done') begin
select raise(abort, 'bookings of a facility overlap') where exists (
select 1 from booking as other where other.facility_id = new.facility_id and other.id <> coalesce(new.id, -1)
and other.state in ('accepted', 'done') and other.starts < new.ends and other.ends > new.starts); end"""

event.listen(Booking.__table__, "after_create", DDL(EXCLUDED).execute_if(dialect="postgresql"))
for _verb in ("insert", "update"):
    event.listen(Booking.__table__, "after_create", DDL(REFUSED.format(verb=_verb)).execute_if(dialect="sqlite"))
