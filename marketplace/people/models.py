"""People, organisations, memberships, invitations, requests to join, and grants of access; their states and who may take which step."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, Text, UniqueConstraint, and_, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from marketplace.access import Step
from marketplace.db import LANGUAGES, Base, Bilingual, Data, Key, PublicId, in_language, now, session
from marketplace.record import steps

KINDS = ("enterprise", "institute", "service_provider", "agency")
ROLES = ("owner", "member", "signatory")
SIZES = ("micro", "small", "medium", "large")


def _as_texts(context: Any) -> str:
    return context.get_current_parameters()["language"]


class Person(Base):
    """A user. `address` is the mail address as typed, `address_key` its lower-case form, unique; `new_address` waits for its
    confirmation. `tongue` is the language of pages and mail, any that the site speaks; `language` that of texts, Chinese or English."""

    __tablename__ = "person"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    name: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(254))
    address_key: Mapped[str] = mapped_column(String(254), unique=True)
    confirmed: Mapped[datetime | None]
    new_address: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(2), default="zh")
    tongue: Mapped[str] = mapped_column(String(3), default=_as_texts, server_default="zh")
    is_operator: Mapped[bool] = mapped_column(default=False)
    is_broker: Mapped[bool] = mapped_column(default=False)
    closed: Mapped[datetime | None]
    first_steps_hidden: Mapped[datetime | None]
    created: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    memberships: Mapped[list[Membership]] = relationship(back_populates="person", lazy="selectin", order_by="Membership.id")

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint("language in ('zh', 'en')", name="language"),
        CheckConstraint("tongue not in ('zh', 'en') or tongue = language", name="tongue"),
    )

    @validates("language")
    def _tongue_follows(self, _name: str, code: str) -> str:
        if self.tongue in LANGUAGES:
            self.tongue = code
        return code

    # what Flask-Login asks of a user
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        """Whether the account may sign in."""
        return self.closed is None

    def get_id(self) -> str:
        """The session's name for the person: changes with the password, so that a new password ends old sessions."""
        return f"{self.public_id}.{self.password_hash[-12:]}"

    @property
    def person_id(self) -> int:
        """The person answers for itself (`self` in the permission table)."""
        return self.id

    @property
    def seats(self) -> dict[int, str]:
        """Organisation id → role, for the permission table."""
        return {membership.organisation_id: membership.role for membership in self.memberships}

    @property
    def is_verified(self) -> bool:
        """Whether one of the person's organisations is verified."""
        return any(membership.organisation.state == "verified" for membership in self.memberships)

    def granted(self, noun: str, key: int) -> bool:
        """Whether one of the person's organisations has been given access to the blind listing, and has it still; or an operator looks
        into it for a reason."""
        own = select(AccessGrant.id).where(AccessGrant.in_force(self.seats, noun, key, now()))
        if self.seats and session.scalar(own.limit(1)) is not None:
            return True
        return self.is_operator and self.looks_into(noun, key) is not None

    def looks_into(self, noun: str, key: int) -> Moderation | None:
        """The operator's reasoned look into the blind listing, while it lasts."""
        own = select(Moderation).where(Moderation.person_id == self.id, Moderation.thing == noun, Moderation.thing_id == key, Moderation.until > now())
        return session.scalar(own.limit(1))

    @property
    def organisations(self) -> list[Organisation]:
        """The organisations the person acts for, first joined first."""
        return [membership.organisation for membership in self.memberships]


@steps
class Organisation(Base):
    """An enterprise, institute, service provider or agency. `names` are further names it is known by."""

    __tablename__ = "organisation"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[Bilingual]
    names: Mapped[list[str]] = mapped_column(Data, default=list)
    credit_code: Mapped[str | None] = mapped_column(String(18))
    ror: Mapped[str | None] = mapped_column(String(9))
    region: Mapped[str] = mapped_column(String(6))
    size: Mapped[str | None] = mapped_column(String(10))
    website: Mapped[str | None] = mapped_column(String(200))
    about: Mapped[Bilingual]
    state: Mapped[str] = mapped_column(String(12), default="unverified")
    evidence: Mapped[str | None] = mapped_column(Text)
    verified: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(Text)
    created: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    memberships: Mapped[list[Membership]] = relationship(back_populates="organisation", order_by="Membership.id")

    TRANSITIONS = {
        "ask_verification": Step(("unverified", "refused"), "pending", ("owner", "system")),
        "verify": Step(("unverified", "pending"), "verified", ("operator", "system")),
        "refuse": Step(("pending",), "refused", ("operator",)),
        "revoke": Step(("verified",), "unverified", ("operator",)),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint("kind in ('enterprise', 'institute', 'service_provider', 'agency')", name="kind"),
        CheckConstraint("state in ('unverified', 'pending', 'verified', 'refused')", name="state"),
        Index("uq_organisation_credit_code", "credit_code", unique=True),
        Index("uq_organisation_ror", "ror", unique=True),
    )

    @property
    def organisation_id(self) -> int:
        """The organisation answers for itself in the permission table."""
        return self.id

    def called(self, language: str) -> str:
        """Its name in the language, else in the other."""
        return in_language(self.name, language)[0]


class Membership(Base):
    """A person's seat in an organisation and the role it has there."""

    __tablename__ = "membership"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    role: Mapped[str] = mapped_column(String(10))
    created: Mapped[datetime]

    person: Mapped[Person] = relationship(back_populates="memberships")
    organisation: Mapped[Organisation] = relationship(back_populates="memberships", lazy="joined")

    __table_args__ = (
        UniqueConstraint("person_id", "organisation_id"),
        CheckConstraint("role in ('owner', 'member', 'signatory')", name="role"),
    )


@steps
class Invitation(Base):
    """An owner's invitation of a mail address into the organisation; used once, and not after `expires`."""

    __tablename__ = "invitation"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    address_key: Mapped[str] = mapped_column(String(254), index=True)
    role: Mapped[str] = mapped_column(String(10))
    language: Mapped[str] = mapped_column(String(3), default="zh")
    state: Mapped[str] = mapped_column(String(10), default="open")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    expires: Mapped[datetime]
    created: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship()

    TRANSITIONS = {
        "accept": Step(("open",), "accepted", ("user",)),
        "withdraw": Step(("open",), "withdrawn", ("owner",)),
    }

    __table_args__ = (
        CheckConstraint("state in ('open', 'accepted', 'withdrawn')", name="state"),
        CheckConstraint("role in ('owner', 'member', 'signatory')", name="role"),
        Index("uq_invitation_open", "organisation_id", "address_key", unique=True,
              sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'")),
    )


@steps
class JoinRequest(Base):
    """A person's request to join an organisation that exists already; its owners or an operator answer it."""

    __tablename__ = "join_request"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    message: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="asked")
    created: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship()
    person: Mapped[Person] = relationship()

    TRANSITIONS = {
        "accept": Step(("asked",), "accepted", ("owner", "operator")),
        "refuse": Step(("asked",), "refused", ("owner", "operator")),
    }

    __table_args__ = (
        CheckConstraint("state in ('asked', 'accepted', 'refused')", name="state"),
        Index("uq_join_request_asked", "organisation_id", "person_id", unique=True,
              sqlite_where=text("state = 'asked'"), postgresql_where=text("state = 'asked'")),
    )


@steps
class AccessGrant(Base):
    """One organisation's access to one blind listing, asked for by a person. `thing` and `thing_id` name the listing.

    `owner_id` is the listing's organisation, which answers; `until` ends what was granted; `answer` is why it was refused or revoked.
    """

    __tablename__ = "access_grant"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    thing: Mapped[str] = mapped_column(String(30))
    thing_id: Mapped[int]
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    asking_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    purpose: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="asked")
    until: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(Text)
    created: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    owner: Mapped[Organisation] = relationship(foreign_keys=[owner_id])
    asking: Mapped[Organisation] = relationship(foreign_keys=[asking_id])
    person: Mapped[Person] = relationship()

    TRANSITIONS = {
        "ask_nda": Step(("asked",), "nda", ("owner_side",)),
        "grant": Step(("asked", "nda"), "granted", ("owner_side", "system")),
        "refuse": Step(("asked", "nda"), "refused", ("owner_side",)),
        "revoke": Step(("granted",), "revoked", ("owner_side",)),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint("state in ('asked', 'nda', 'granted', 'refused', 'revoked')", name="state"),
        CheckConstraint("(state <> 'granted') or until is not null", name="until"),
        CheckConstraint("owner_id <> asking_id", name="sides"),
        Index("ix_access_grant_asking_id_thing_thing_id", "asking_id", "thing", "thing_id"),
        Index("uq_access_grant_open", "asking_id", "thing", "thing_id", unique=True,
              sqlite_where=text("state in ('asked', 'nda')"), postgresql_where=text("state in ('asked', 'nda')")),
    )

    @classmethod
    def in_force(cls, houses: Iterable[int], noun: str, key: Any, moment: datetime) -> ColumnElement[bool]:
        """Whether a grant opens the listing (a key, or a column of keys) to one of the houses at that moment, for queries."""
        return and_(cls.asking_id.in_(list(houses)), cls.thing == noun, cls.thing_id == key, cls.state == "granted", cls.until > moment)

    @property
    def sides(self) -> dict[str, int]:
        """Which organisation stands on which side, for the permission table."""
        return {"owner_side": self.owner_id, "asking_side": self.asking_id}


class Moderation(Base):
    """An operator's look into a blind listing: for a written reason that its owner reads, and not after `until`."""

    __tablename__ = "moderation"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    thing: Mapped[str] = mapped_column(String(30))
    thing_id: Mapped[int]
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    until: Mapped[datetime]

    owner: Mapped[Organisation] = relationship()
    person: Mapped[Person] = relationship()

    __table_args__ = (
        CheckConstraint("until > at", name="until"),
        Index("ix_moderation_person_id_thing_thing_id", "person_id", "thing", "thing_id"),
    )
