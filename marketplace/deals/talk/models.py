"""Messages and how far they were read and mailed, notes, tasks, meetings with who attends, and the mails that came in answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.db import Base, Data, Key, PublicId
from marketplace.deals.documents.models import Document
from marketplace.deals.models import Deal, Party
from marketplace.deals.talk.audience import AUDIENCES, hearers
from marketplace.people.models import Person
from marketplace.record import steps

ANSWERS = ("asked", "yes", "no", "maybe")
OUTCOMES = ("posted", "answered_meeting", "refused")


def _one_of(column: str, codes: tuple[str, ...]) -> str:
    return f"{column} in ({', '.join(repr(code) for code in codes)})"


AUDIENCE = _one_of("audience", tuple(AUDIENCES))


class Message(Base):
    """One message of the thread that its audience is. `key` is the same when a form is sent twice; `via` is where it was written,
    `left_out` how many files of a mail were not taken over. Only ever added."""

    __tablename__ = "deal_message"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    deal_id: Mapped[int] = mapped_column(ForeignKey("deal.id"))
    audience: Mapped[str] = mapped_column(String(14))
    text: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    via: Mapped[str] = mapped_column(String(4), default="page")
    left_out: Mapped[int] = mapped_column(default=0)
    key: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]

    deal: Mapped[Deal] = relationship()
    person: Mapped[Person] = relationship()
    party: Mapped[Party] = relationship()
    enclosures: Mapped[list[Enclosure]] = relationship(back_populates="message", order_by="Enclosure.number")

    __table_args__ = (
        UniqueConstraint("deal_id", "key"),
        CheckConstraint(AUDIENCE, name="audience"),
        CheckConstraint("via in ('page', 'mail')", name="via"),
        CheckConstraint("left_out >= 0", name="left_out"),
        Index("ix_deal_message_deal_id_audience_id", "deal_id", "audience", "id"),
    )


class Enclosure(Base):
    """A file that came with a message by mail: the document that it became, or why it did not, as a message id with its values."""

    __tablename__ = "deal_enclosure"

    id: Mapped[Key]
    message_id: Mapped[int] = mapped_column(ForeignKey("deal_message.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("deal_document.id"), index=True)
    reason: Mapped[str | None] = mapped_column(Text)
    values: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)

    message: Mapped[Message] = relationship(back_populates="enclosures")
    document: Mapped[Document | None] = relationship()

    __table_args__ = (UniqueConstraint("message_id", "number"), CheckConstraint("(document_id is null) = (reason is not null)", name="reason"))


class Delivery(Base):
    """One message as it reached one party by mail, or came from it: the Message-ID that answers refer to. Each party gets a message once."""

    __tablename__ = "deal_delivery"

    id: Mapped[Key]
    message_id: Mapped[int] = mapped_column(ForeignKey("deal_message.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    name: Mapped[str] = mapped_column(String(254))

    message: Mapped[Message] = relationship()

    __table_args__ = (UniqueConstraint("message_id", "party_id"),)


class ReadMark(Base):
    """How far a party has read a thread: up to this message."""

    __tablename__ = "deal_read_mark"

    id: Mapped[Key]
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    audience: Mapped[str] = mapped_column(String(14))
    message_id: Mapped[int] = mapped_column(ForeignKey("deal_message.id"))

    __table_args__ = (UniqueConstraint("party_id", "audience"), CheckConstraint(AUDIENCE, name="audience"))


class Note(Base):
    """A note. `corrects` is the note of the same author that this one sets right; `edited` says when its text was last changed."""

    __tablename__ = "deal_note"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    deal_id: Mapped[int] = mapped_column(ForeignKey("deal.id"))
    audience: Mapped[str] = mapped_column(String(14))
    text: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("deal_note.id"), index=True)
    key: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    edited: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    deal: Mapped[Deal] = relationship()
    person: Mapped[Person] = relationship()
    corrects: Mapped[Note | None] = relationship(remote_side="Note.id", back_populates="corrections")
    corrections: Mapped[list[Note]] = relationship(back_populates="corrects", order_by="Note.id")

    @property
    def people(self) -> dict[str, set[int]]:
        """Its author, as long as he takes part and hears it."""
        return {"writing": {self.person_id} & {party.person_id for party in hearers(self.deal, self.audience)}}

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("deal_id", "key"),
        CheckConstraint(AUDIENCE, name="audience"),
        Index("ix_deal_note_deal_id_audience_id", "deal_id", "audience", "id"),
    )


@steps
class Task(Base):
    """Something `party` is to do until the day `due`, as `set_by` asked. `reminded` is the day for which it was reminded of."""

    __tablename__ = "deal_task"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    deal_id: Mapped[int] = mapped_column(ForeignKey("deal.id"))
    audience: Mapped[str] = mapped_column(String(14))
    text: Mapped[str] = mapped_column(Text)
    due: Mapped[date]
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    set_by_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    state: Mapped[str] = mapped_column(String(8), default="open")
    reminded: Mapped[date | None]
    key: Mapped[str] = mapped_column(String(80))
    created: Mapped[datetime]
    ended: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    deal: Mapped[Deal] = relationship()
    party: Mapped[Party] = relationship(foreign_keys=[party_id])
    set_by: Mapped[Party] = relationship(foreign_keys=[set_by_id])

    TRANSITIONS = {
        "do": Step(("open",), "done", ("concerned_party",)),
        "drop": Step(("open",), "dropped", ("concerned_party", "system")),
        "reopen": Step(("done", "dropped"), "open", ("concerned_party",)),
    }

    @property
    def people(self) -> dict[str, set[int]]:
        """Who is to do it, who asked for it, and the broker where he hears it."""
        heard = hearers(self.deal, self.audience)
        own = (self.party_id, self.set_by_id)
        return {"concerned": {party.person_id for party in heard if party.person_id and (party.id in own or party.side == "broker")}}

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("deal_id", "key"),
        CheckConstraint(AUDIENCE, name="audience"),
        CheckConstraint("state in ('open', 'done', 'dropped')", name="state"),
        Index("ix_deal_task_party_id_state_due", "party_id", "state", "due"),
        Index("ix_deal_task_state_due", "state", "due"),
        Index("ix_deal_task_deal_id_state", "deal_id", "state"),
    )


@steps
class Meeting(Base):
    """A meeting from `starts` to `ends`, told in its `zone`. `uid` and `sequence` name it and its version in calendars (RFC 5545)."""

    __tablename__ = "deal_meeting"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    deal_id: Mapped[int] = mapped_column(ForeignKey("deal.id"), index=True)
    audience: Mapped[str] = mapped_column(String(14))
    uid: Mapped[str] = mapped_column(String(60), unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    title: Mapped[str] = mapped_column(String(120))
    starts: Mapped[datetime]
    ends: Mapped[datetime]
    zone: Mapped[str] = mapped_column(String(60))
    place: Mapped[str | None] = mapped_column(String(200))
    link: Mapped[str | None] = mapped_column(String(500))
    agenda: Mapped[str | None] = mapped_column(Text)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    state: Mapped[str] = mapped_column(String(10), default="planned")
    key: Mapped[str] = mapped_column(String(80))
    created: Mapped[datetime]
    updated: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    deal: Mapped[Deal] = relationship()
    organiser: Mapped[Party] = relationship(foreign_keys=[organiser_id])
    attendances: Mapped[list[Attendance]] = relationship(back_populates="meeting", order_by="Attendance.id")

    TRANSITIONS = {"cancel": Step(("planned",), "cancelled", ("arranging_party", "system"))}

    @property
    def people(self) -> dict[str, set[int]]:
        """Who called it, and the broker where he hears it."""
        heard = hearers(self.deal, self.audience)
        return {"arranging": {party.person_id for party in heard if party.person_id and (party.id == self.organiser_id or party.side == "broker")}}

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("deal_id", "key"),
        CheckConstraint(AUDIENCE, name="audience"),
        CheckConstraint("state in ('planned', 'cancelled')", name="state"),
        CheckConstraint("starts < ends", name="times"),
        CheckConstraint("sequence >= 0", name="sequence"),
        Index("ix_deal_meeting_state_starts", "state", "starts"),
    )


class Attendance(Base):
    """A party's invitation to a meeting and its answer. `asked` is the version of the meeting from which on an answer counts, `told` the version
    last mailed; `gone` once the party is no longer invited."""

    __tablename__ = "deal_attendance"

    id: Mapped[Key]
    meeting_id: Mapped[int] = mapped_column(ForeignKey("deal_meeting.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    answer: Mapped[str] = mapped_column(String(6), default="asked")
    answered: Mapped[datetime | None]
    asked: Mapped[int] = mapped_column(default=0)
    told: Mapped[int | None]
    gone: Mapped[bool] = mapped_column(default=False, server_default=false())

    meeting: Mapped[Meeting] = relationship(back_populates="attendances")
    party: Mapped[Party] = relationship()

    @property
    def people(self) -> dict[str, set[int]]:
        """Who is invited, as long as he takes part."""
        here = self.party.state == "active" and not self.gone and self.party.person_id is not None
        return {"invited": {self.party.person_id} if here and self.party.person_id else set()}

    __table_args__ = (
        UniqueConstraint("meeting_id", "party_id"),
        CheckConstraint(_one_of("answer", ANSWERS), name="answer"),
        CheckConstraint("(answer = 'asked') = (answered is null)", name="answered"),
    )


class ReceivedMail(Base):
    """A mail that came to a reply address, known by a digest of its Message-ID so that it counts once, and what became of it."""

    __tablename__ = "received_mail"

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(String(64), unique=True)
    party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]

    party: Mapped[Party | None] = relationship()

    __table_args__ = (
        CheckConstraint(_one_of("outcome", OUTCOMES), name="outcome"),
        CheckConstraint("(outcome = 'refused') = (reason is not null)", name="reason"),
    )
