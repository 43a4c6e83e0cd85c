"""What the tables of all resources have in common, and those of all requests; which steps they take, and who may take them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from marketplace.access import Step
from marketplace.catalogue.models import DECLINE_CODES
from marketplace.db import Bilingual, Codes, Key, PublicId, in_language
from marketplace.people.models import Organisation, Person

VISIBILITIES = ("public", "members")
"""A resource is listed to be found and booked: a blind one would hide what it is for."""

ANSWERED = ("accepted", "declined")
KNOWN_CODE = f"code is null or code in ({', '.join(repr(code) for code in DECLINE_CODES)})"


class Resource:
    """The columns of every facility, expert and scenario. `description` says what it does; `fields` are technology fields, `industries`
    GB/T 4754 codes."""

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(12), default="draft")
    visibility: Mapped[str] = mapped_column(String(10), default="public")
    revision: Mapped[int] = mapped_column(default=0)

    title: Mapped[Bilingual]
    description: Mapped[Bilingual]
    fields: Mapped[Codes]
    industries: Mapped[Codes]

    published: Mapped[datetime | None]
    listed_until: Mapped[date | None]
    created: Mapped[datetime]
    updated: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    OPEN_STATES = ("published",)
    TRANSITIONS = {
        "publish": Step(("draft", "withdrawn", "expired"), "published", ("member", "system")),
        "withdraw": Step(("published",), "withdrawn", ("member", "operator", "system")),
        "expire": Step(("published",), "expired", ("system",)),
    }

    @declared_attr
    def organisation(cls) -> Mapped[Organisation]:
        """Who answers for it."""
        return relationship(lazy="joined", innerjoin=True, foreign_keys=[cls.organisation_id])

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        """Two people who save at once: the second is told."""
        return {"version_id_col": cls.version_id}

    def titled(self, language: str) -> tuple[str, str]:
        """The title and the language it is in."""
        return in_language(self.title, language)


def listed(table: str) -> tuple[Any, ...]:
    """What the database refuses of every resource, and the ways lists are read."""
    return (
        CheckConstraint("state in ('draft', 'published', 'withdrawn', 'expired')", name="state"),
        CheckConstraint("visibility in ('public', 'members')", name="visibility"),
        Index(f"ix_{table}_state_listed_until", "state", "listed_until"),
        Index(f"ix_{table}_visibility_published_id", "visibility", "published", "id"),
    )


class Request:
    """The columns of every request: which organisation asks, by whom, in which words, and what was answered."""

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    code: Mapped[str | None] = mapped_column(String(24))
    reason: Mapped[str | None] = mapped_column(Text)
    key: Mapped[str] = mapped_column(String(40))
    created: Mapped[datetime]
    answered: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    version_id: Mapped[int] = mapped_column()

    @declared_attr
    def organisation(cls) -> Mapped[Organisation]:
        """Who asks."""
        return relationship(lazy="joined", innerjoin=True, foreign_keys=[cls.organisation_id])

    @declared_attr
    def person(cls) -> Mapped[Person]:
        """Who asked for it."""
        return relationship(foreign_keys=[cls.person_id])

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        """Two people who answer at once: the second is told."""
        return {"version_id_col": cls.version_id}

    @property
    def sides(self) -> dict[str, int]:
        """Both sides, for the permission table."""
        return {"host": self.resource.organisation_id, "asker": self.organisation_id}  # type: ignore[attr-defined]


ASKED = {
    "accept": Step(("asked",), "accepted", ("host",)),
    "decline": Step(("asked",), "declined", ("host",)),
    "withdraw": Step(("asked", "accepted"), "withdrawn", ("asker",)),
}
"""The steps of a request that has no day of its own."""


def asked(table: str, resource: str) -> tuple[Any, ...]:
    """What the database refuses of every request: a form sent twice, a decline without its reason, a code that is none."""
    return (
        UniqueConstraint(f"{resource}_id", "person_id", "key", name=f"uq_{table}_{resource}_id_person_id_key"),
        CheckConstraint(KNOWN_CODE, name="known_code"),
        CheckConstraint("state <> 'declined' or code is not null or reason is not null", name="declined"),
        CheckConstraint("(answered is null) = (answered_by_id is null)", name="answered"),
    )
