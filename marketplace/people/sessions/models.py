"""One sign-in: a row that the cookie's random name leads to, and nothing else does."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, Key, PublicId
from marketplace.people.models import Person

WAYS = ("password", "passkey", "outside", "link")


class SignIn(Base):
    """One person on one device. `token_hash` is the SHA-256 of the name in the cookie; whoever reads the table cannot sign in with it.

    `seen` is when it was last used, to ten minutes; `proven` when the person last showed who he is; `ends` its longest time. `device` is a family
    of browsers and a system ("Firefox, Windows"), nothing that tells two of the same kind apart.
    """

    __tablename__ = "sign_in"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    way: Mapped[str] = mapped_column(String(10))
    outside: Mapped[str | None] = mapped_column(String(30))
    has_factor: Mapped[bool]
    stays: Mapped[bool]
    device: Mapped[str] = mapped_column(String(60))
    made: Mapped[datetime]
    seen: Mapped[datetime]
    proven: Mapped[datetime]
    ends: Mapped[datetime] = mapped_column(index=True)

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        CheckConstraint("way in ('password', 'passkey', 'outside', 'link')", name="way"),
        CheckConstraint("ends > made", name="ends"),
    )
