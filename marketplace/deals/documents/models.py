"""Documents of deals, their versions, and who opened them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, Key, PublicId
from marketplace.deals.models import Deal
from marketplace.deals.talk.audience import AUDIENCES
from marketplace.people.models import Person


class Document(Base):
    """A document: for one side alone or one with the broker (`side`, an audience), or shared by both sides and the broker; with `guests` also by the guests.

    `number` is its newest version's, so that two who add one at once clash.
    """

    __tablename__ = "deal_document"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    deal_id: Mapped[int] = mapped_column(ForeignKey("deal.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    side: Mapped[str | None] = mapped_column(String(14))
    guests: Mapped[bool] = mapped_column(default=False, server_default=false())
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    number: Mapped[int] = mapped_column(default=0)
    removed: Mapped[datetime | None]
    created: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    deal: Mapped[Deal] = relationship()
    person: Mapped[Person] = relationship()
    versions: Mapped[list[DocumentVersion]] = relationship(back_populates="document", order_by="DocumentVersion.number.desc()")

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint("side is null or side in ('firm_broker', 'holder_broker', 'firm', 'holder', 'broker')", name="side"),
        CheckConstraint("side is null or not guests", name="guests"),
    )

    @property
    def people(self) -> dict[str, set[int]]:
        """Those who take part in the deal and may know of the document, by side, for the permission table."""
        taking = self.deal.people
        if self.side is not None:
            return {side: taking.get(side, set()) for side in AUDIENCES[self.side]}
        return {side: people for side, people in taking.items() if side != "guest" or self.guests}

    @property
    def sides(self) -> dict[str, int]:
        """The houses whose owners may look into it, for the permission table."""
        houses = self.deal.sides
        own = None if self.side is None else {f"{side}_house" for side in AUDIENCES[self.side]}
        return houses if own is None else {name: key for name, key in houses.items() if name in own}


class DocumentVersion(Base):
    """One version of a document: its bytes lie in the store under their hash; only ever added."""

    __tablename__ = "deal_document_version"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    document_id: Mapped[int] = mapped_column(ForeignKey("deal_document.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    document: Mapped[Document] = relationship(back_populates="versions")
    person: Mapped[Person] = relationship()

    __table_args__ = (UniqueConstraint("document_id", "number"), CheckConstraint("number > 0", name="number"))


class DocumentOpening(Base):
    """One opening of a version by a person; only ever added."""

    __tablename__ = "deal_document_opening"

    id: Mapped[Key]
    version_of_id: Mapped[int] = mapped_column(ForeignKey("deal_document_version.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    version: Mapped[DocumentVersion] = relationship()
    person: Mapped[Person] = relationship()

    __table_args__ = (Index("ix_deal_document_opening_version_of_id_id", "version_of_id", "id"),)
