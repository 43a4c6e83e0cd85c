"""Subscriptions, what arrived and has not been held against them yet, and what was noticed for each."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.alerts.models import Mail
from marketplace.catalogue.models import Technology
from marketplace.db import Base, Data, Key, PublicId
from marketplace.needs.models import Need
from marketplace.people.models import Organisation, Person

KINDS = ("search", "need", "technology", "organisation", "advice")
PACES = ("at_once", "daily", "weekly")
ZONE, HOUR, MONDAY = "Asia/Shanghai", 9, 0
BETWEEN = timedelta(minutes=10)  # two mails of what is told at once

Followed = Need | Technology | Organisation


class Subscription(Base):
    """What one person follows. A search has the `listing` kind it finds, its `words` and `filters`; advice is what is said of one's listings, never told
    at once; the others point at what is followed.

    `signature`: what is followed, as a hash, the same for everybody who follows it. `weekday` (0 is Monday) and `hour` are of `zone`.
    `due`: when what was noticed is to be told; empty while there is nothing. `told`: when a digest last told of it.
    """

    __tablename__ = "subscription"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(12))
    listing: Mapped[str | None] = mapped_column(String(12))
    words: Mapped[str] = mapped_column(String(500), default="")
    filters: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)
    need_id: Mapped[int | None] = mapped_column(ForeignKey("need.id"), index=True)
    technology_id: Mapped[int | None] = mapped_column(ForeignKey("technology.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    signature: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(120))
    pace: Mapped[str] = mapped_column(String(8), default="daily")
    weekday: Mapped[int] = mapped_column(default=MONDAY)
    hour: Mapped[int] = mapped_column(default=HOUR)
    zone: Mapped[str] = mapped_column(String(40), default=ZONE)
    paused: Mapped[datetime | None]
    due: Mapped[datetime | None]
    told: Mapped[datetime | None]
    created: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    person: Mapped[Person] = relationship()
    need: Mapped[Need | None] = relationship()
    technology: Mapped[Technology | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("person_id", "signature"),
        CheckConstraint("kind in ('search', 'need', 'technology', 'organisation', 'advice')", name="kind"),
        CheckConstraint("kind <> 'advice' or pace <> 'at_once'", name="advice"),
        CheckConstraint("(kind = 'search') = (listing is not null) and (listing is null or listing in ('technology', 'need', 'open_call'))", name="listing"),
        CheckConstraint("(kind = 'need') = (need_id is not null)", name="need"),
        CheckConstraint("(kind = 'technology') = (technology_id is not null)", name="technology"),
        CheckConstraint("(kind = 'organisation') = (organisation_id is not null)", name="organisation"),
        CheckConstraint("pace in ('at_once', 'daily', 'weekly')", name="pace"),
        CheckConstraint("weekday between 0 and 6 and hour between 0 and 23", name="hour"),
        Index("ix_subscription_kind_signature", "kind", "signature"),
        Index("ix_subscription_due", "due"),
    )

    @property
    def followed(self) -> Followed | None:
        """What it follows; None for a search and for advice."""
        return self.need or self.technology or self.organisation

    def next_due(self, at: datetime) -> datetime:
        """When what is noticed at a moment is to be told: the next hour of its pace; a moment too soon after the last mail waits."""
        if self.pace == "at_once":
            return max(at, self.told + BETWEEN) if self.told else at
        zone = ZoneInfo(self.zone)
        local = at.astimezone(zone)
        day = local.date()
        while True:
            moment = datetime.combine(day, time(self.hour), zone)
            if moment > at and (self.pace == "daily" or day.weekday() == self.weekday):
                return moment
            day += timedelta(days=1)


class Arrival(Base):
    """A listing that was published or revised, not yet held against the searches. `thing` is a kind of listing."""

    __tablename__ = "arrival"

    id: Mapped[Key]
    thing: Mapped[str] = mapped_column(String(12))
    thing_id: Mapped[int]
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("thing", "thing_id"), CheckConstraint("thing in ('technology', 'need', 'open_call')", name="thing"))


class Noticed(Base):
    """One new thing in one subscription. `told`: when that was settled; by the mail, or left out where there is none."""

    __tablename__ = "noticed"

    id: Mapped[Key]
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    thing: Mapped[str] = mapped_column(String(12))
    thing_id: Mapped[int]
    at: Mapped[datetime]
    told: Mapped[datetime | None]
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("mail.id"), index=True)

    mail: Mapped[Mail | None] = relationship()

    __table_args__ = (
        UniqueConstraint("subscription_id", "thing", "thing_id"),
        CheckConstraint("thing in ('technology', 'need', 'match', 'decline', 'open_call')", name="thing"),
        CheckConstraint("mail_id is null or told is not null", name="told"),
        Index("ix_noticed_waiting", "subscription_id", "id", sqlite_where=text("told is null"), postgresql_where=text("told is null")),
    )
