"""The keys of calls, the people outside who hold shares of them, and by which sealing keys the site has signed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.calls.models import Call
from marketplace.db import Base, Key, PublicId


class CallKey(Base):
    """The pair of keys of one call. `public` seals, in base64. The secret half stands here wrapped by the site's sealing key (`wrapped`), or nowhere, where
    `needed` holders must bring their shares. `recovery` is the secret half sealed to the offline key `recovery_public`.

    `opening` is when the opening began: from then on nothing is taken in. `opened` is when the last proposal was opened. `lost` is when it was
    found that nobody here can open it. `trouble` is what the daily look found last, `troubled` since when: *shut* (no key here opens it), *holders*
    (too few of them can be reached, and the deadline is near), *shares* (too few were brought, and it should be open).
    """

    __tablename__ = "call_key"

    id: Mapped[Key]
    call_id: Mapped[int] = mapped_column(ForeignKey("open_call.id"), unique=True)
    public: Mapped[str] = mapped_column(String(44))
    wrapped: Mapped[str | None] = mapped_column(Text)
    recovery: Mapped[str | None] = mapped_column(Text)
    recovery_public: Mapped[str | None] = mapped_column(String(44))
    needed: Mapped[int | None]
    created: Mapped[datetime]
    opening: Mapped[datetime | None]
    opened: Mapped[datetime | None]
    lost: Mapped[datetime | None]
    trouble: Mapped[str | None] = mapped_column(String(8))
    troubled: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    call: Mapped[Call] = relationship()

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint("(recovery is null) = (recovery_public is null)", name="recovery"),
        CheckConstraint("needed is null or needed >= 1", name="needed"),
        CheckConstraint("needed is null or recovery is null", name="holders_alone"),
        CheckConstraint("opened is null or opening is not null", name="opened"),
        CheckConstraint("trouble in ('shut', 'holders', 'shares')", name="trouble"),
        CheckConstraint("(trouble is null) = (troubled is null)", name="troubled"),
    )


class SealingKey(Base):
    """A sealing key that the site has used, by the public half that its receipts are verified with (base64): never the key itself.

    `since` is when it was seen first, `retired` when another took its place: from then on it wraps and signs nothing. `cleared` is when nothing in the tables
    was wrapped by it any more. Rows stay: receipts of long ago are verified with them.
    """

    __tablename__ = "sealing_key"

    id: Mapped[Key]
    public: Mapped[str] = mapped_column(String(44), unique=True)
    since: Mapped[datetime]
    retired: Mapped[datetime | None]
    cleared: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("cleared is null or retired is not null", name="cleared"),)


class KeyHolder(Base):
    """Somebody outside who holds a share. `sealed` is the share, sealed to his `public` key; `mark` its SHA-256, so that a wrong one is told at once;
    `brought` is what he brought after the deadline, wrapped by the site's sealing key."""

    __tablename__ = "key_holder"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    call_id: Mapped[int] = mapped_column(ForeignKey("open_call.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(254))
    public: Mapped[str] = mapped_column(String(44))
    sealed: Mapped[str | None] = mapped_column(Text)
    mark: Mapped[str | None] = mapped_column(String(64))
    brought: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime | None]
    created: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    call: Mapped[Call] = relationship()

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("call_id", "position"),
        UniqueConstraint("call_id", "public"),
        CheckConstraint("(sealed is null) = (mark is null)", name="sealed"),
        CheckConstraint("(brought is null) = (at is null)", name="brought"),
        CheckConstraint("brought is null or sealed is not null", name="in_order"),
    )
