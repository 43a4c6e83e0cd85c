"""What a person shows beside the password: authenticator, passkeys, recovery codes; and the way back for whoever has lost them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.db import Base, Key, PublicId
from marketplace.people.models import Person
from marketplace.record import steps

OPEN = ("asked", "allowed")
"""The states in which a recovery can still come to something."""


class Authenticator(Base):
    """An app with the person's TOTP secret, which is kept sealed. `confirmed` when its first code was right; `last_step` is the last thirty seconds whose
    code was taken: none is taken twice."""

    __tablename__ = "authenticator"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(default=0)
    made: Mapped[datetime]
    confirmed: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version_id}


class RecoveryCode(Base):
    """One of ten codes, as the keyed hash of it; `used` once."""

    __tablename__ = "recovery_code"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    made: Mapped[datetime]
    used: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("person_id", "code_hash"),)


class Passkey(Base):
    """A public key whose private half never leaves the person's device or key ring. `uses` is the counter of the device, 0 where it keeps none."""

    __tablename__ = "passkey"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    credential: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    uses: Mapped[int] = mapped_column(BigInteger, default=0)
    name: Mapped[str] = mapped_column(String(60))
    made: Mapped[datetime]
    used: Mapped[datetime | None]

    person: Mapped[Person] = relationship()


@steps
class Recovery(Base):
    """A request to sign in without the second factors, which are lost. It takes effect when an operator has allowed it, and not before `due`."""

    __tablename__ = "recovery"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(1000))
    state: Mapped[str] = mapped_column(String(10), default="asked")
    asked: Mapped[datetime]
    due: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    checked: Mapped[str | None] = mapped_column(String(1000))
    version_id: Mapped[int] = mapped_column()

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    decided_by: Mapped[Person | None] = relationship(foreign_keys=[decided_by_id])

    TRANSITIONS = {
        "allow": Step(("asked",), "allowed", ("operator", "system")),
        "refuse": Step(OPEN, "refused", ("operator", "system")),
        "cancel": Step(OPEN, "cancelled", ("self", "system")),
        "use": Step(("allowed",), "used", ("system",)),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint("state in ('asked', 'allowed', 'refused', 'cancelled', 'used')", name="state"),
        CheckConstraint("decided_by_id is null or decided_by_id <> person_id", name="decided_by"),
        Index("uq_recovery_open", "person_id", unique=True, sqlite_where=text("state in ('asked', 'allowed')"),
              postgresql_where=text("state in ('asked', 'allowed')")),
    )
