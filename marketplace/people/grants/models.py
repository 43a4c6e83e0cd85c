"""The access log of blind listings, and the non-disclosure agreements that stand before a grant."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, Key, PublicId
from marketplace.people.models import AccessGrant, Organisation, Person


class AccessEntry(Base):
    """One opening of a blind listing's full text or file by somebody who is no member of its owner; only ever added.

    `what` is a word of `log.WHATS`; `about` says which file or list. `organisation_id` is whom the reader had the access through:
    None for an operator.
    """

    __tablename__ = "access_entry"

    id: Mapped[Key]
    thing: Mapped[str] = mapped_column(String(30))
    thing_id: Mapped[int]
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    what: Mapped[str] = mapped_column(String(12))
    about: Mapped[str | None] = mapped_column(String(200))
    at: Mapped[datetime]

    person: Mapped[Person] = relationship()
    organisation: Mapped[Organisation | None] = relationship(foreign_keys=[organisation_id])

    __table_args__ = (
        Index("ix_access_entry_owner_id_id", "owner_id", "id"),
        Index("ix_access_entry_thing_thing_id_id", "thing", "thing_id", "id"),
    )


class Nda(Base):
    """The non-disclosure agreement that stands before a grant: a text of our template in both languages, or a PDF of the owner's.

    What is signed is `sha256`, of the text or of the file. `nonce` hides the owner's name in the text until the grant is given (`nda.concealed`);
    None where the owner is named. `grant_until`: with the last signature the grant is given until then; None where the owner decides.
    """

    __tablename__ = "nda"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    grant_id: Mapped[int] = mapped_column(ForeignKey("access_grant.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    zh: Mapped[str | None] = mapped_column(Text)
    en: Mapped[str | None] = mapped_column(Text)
    file_name: Mapped[str | None] = mapped_column(String(200))
    size: Mapped[int | None]
    sha256: Mapped[str] = mapped_column(String(64))
    nonce: Mapped[str | None] = mapped_column(String(40))
    grant_until: Mapped[datetime | None]
    created: Mapped[datetime]

    grant: Mapped[AccessGrant] = relationship()
    signatures: Mapped[list[NdaSignature]] = relationship(back_populates="nda", order_by="NdaSignature.id")

    __table_args__ = (CheckConstraint("(zh is null) = (en is null) and (zh is null) <> (file_name is null)", name="text"),)

    @property
    def sides(self) -> dict[str, int]:
        """The two sides of the grant, for the permission table."""
        return self.grant.sides


class NdaSignature(Base):
    """One person's signature for one side under an NDA, asked for or given; the code follows from its public id and counter."""

    __tablename__ = "nda_signature"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    nda_id: Mapped[int] = mapped_column(ForeignKey("nda.id"))
    side: Mapped[str] = mapped_column(String(12))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    counter: Mapped[int]
    tries: Mapped[int]
    text_sha256: Mapped[str] = mapped_column(String(64))
    asked: Mapped[datetime]
    signed: Mapped[datetime | None]

    nda: Mapped[Nda] = relationship(back_populates="signatures")
    person: Mapped[Person] = relationship()

    __table_args__ = (
        CheckConstraint("side in ('owner_side', 'asking_side')", name="side"),
        UniqueConstraint("nda_id", "side", "person_id"),
        Index("uq_nda_signature_signed", "nda_id", "side", unique=True,
              sqlite_where=text("signed is not null"), postgresql_where=text("signed is not null")),
    )
