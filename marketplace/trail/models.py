"""The chain's links, the alterations of rows, and the anchors that leave the site. All are only ever added."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base, Data, Key

VERBS = ("made", "changed", "gone", "swept")
"""What was done to a row; `swept` tells of one statement over many rows, with no id."""


class Alteration(Base):
    """What one transaction did to one row: field → [before, after].

    Days, codes, references and yes or no stand as they are; every other value as a digest under `salt`, for texts, amounts and names are nobody's business
    here. `event_id` is the event in whose transaction it was done, if there was one.
    """

    __tablename__ = "alteration"

    id: Mapped[Key]
    at: Mapped[datetime]
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    actor_kind: Mapped[str] = mapped_column(String(10))
    thing: Mapped[str] = mapped_column(String(63))
    thing_id: Mapped[int | None] = mapped_column(BigInteger)
    verb: Mapped[str] = mapped_column(String(10))
    fields: Mapped[dict[str, Any]] = mapped_column(Data)
    salt: Mapped[str | None] = mapped_column(String(32))

    __table_args__ = (Index("ix_alteration_thing_thing_id", "thing", "thing_id"),)


class Link(Base):
    """One link: which row, of which table, at which position, and the hash over it and all before. `salt` is gone once the row's texts are erased."""

    __tablename__ = "link"

    position: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(24))
    source_id: Mapped[int] = mapped_column(BigInteger)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (UniqueConstraint("source", "source_id"),)


class Anchor(Base):
    """The head of the chain at a moment, signed with the site's key: `paper` is the signed text that was mailed."""

    __tablename__ = "anchor"

    id: Mapped[Key]
    at: Mapped[datetime]
    position: Mapped[int] = mapped_column(BigInteger, unique=True)
    hash: Mapped[str] = mapped_column(String(64))
    paper: Mapped[dict[str, Any]] = mapped_column(Data)
