"""The verbs of messages and notes: write one, mark as read, take in what came by mail; and what waits for an answer.

Tasks and meetings have verbs of their own in `tasks` and `meetings`; all of them ask `audience` who hears and who may speak.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload
from sqlalchemy.sql.base import ExecutableOption

from marketplace.access import SYSTEM, Actor, require
from marketplace.db import now, session
from marketplace.deals.models import Deal, Party
from marketplace.deals.talk import addresses, enclosures, incoming, meetings, tasks
from marketplace.deals.talk.audience import AUDIENCES, open_to, party_of, require_voice, tell_them
from marketplace.deals.talk.models import Delivery, Message, Note, ReadMark, ReceivedMail, Task
from marketplace.errors import N_, NotAllowed, NotFound, Problem, Refused
from marketplace.people.models import Person
from marketplace.people.operations import address_key
from marketplace.record import record

LONGEST = 10_000
EDITABLE = timedelta(minutes=15)


def usable_text(text: str, field: str = "text") -> str:
    """A text as it is kept. Refused when it is empty or longer than a reader would bear."""
    plain = text.replace("\r\n", "\n").strip()
    if not plain:
        raise Refused(N_("Write something first."), field=field)
    if len(plain) > LONGEST:
        raise Refused(N_("This is too long: 10,000 characters at most."), field=field)
    return plain


def post_message(
    actor: Actor, deal: Deal, audience: str, text: str, key: str, at: datetime | None = None, *, via: str = "page"
) -> Message:
    """Say something to an audience; each of its readers gets a mail after the commit. The same form sent twice makes one message."""
    moment = at or now()
    require(actor, "deal.take_part", deal)
    require_voice(actor, deal, audience, moment)
    there = session.scalar(select(Message).where(Message.deal_id == deal.id, Message.key == key))
    if there is not None:
        return _own(actor, there)
    party = party_of(actor, deal, audience)
    message = Message(
        deal=deal, audience=audience, text=usable_text(text), person_id=party.person_id, party=party, via=via, key=key, at=moment,
    )
    session.add(message)
    session.flush()  # the mark and the line point at the message
    _mark(party, audience, message.id)
    record(message, "post", actor, moment)
    tell_them(actor, message, "message", moment)
    return message


def _own(actor: Actor, there: Any) -> Any:
    """What was written under the key before, by the same person; another's key is nobody's business."""
    if there.person_id != actor.id:
        raise NotFound()
    return there


def thread(actor: Actor, deal: Deal, audience: str, page: int, size: int) -> list[Message]:
    """A page of a thread, newest first, and one more row if there is a next page. Raises `NotFound` for whoever does not hear it."""
    require(actor, "deal.read", deal)
    if audience not in open_to(actor, deal):
        raise NotFound()
    query = select(Message).where(Message.deal_id == deal.id, Message.audience == audience).order_by(Message.id.desc())
    return list(session.scalars(query.offset((page - 1) * size).limit(size + 1)))


def threads(actor: Actor, deal: Deal) -> dict[str, int]:
    """The audiences whose messages the actor may read and in which something was said → the id of the newest message."""
    require(actor, "deal.read", deal)
    newest = select(Message.audience, func.max(Message.id)).where(Message.deal_id == deal.id, Message.audience.in_(open_to(actor, deal)))
    found = dict(session.execute(newest.group_by(Message.audience)).all())
    return {audience: found[audience] for audience in AUDIENCES if audience in found}


def newest_messages(actor: Actor, deal: Deal, limit: int = 3) -> list[Message]:
    """The newest messages of all threads that the actor may read."""
    require(actor, "deal.read", deal)
    query = select(Message).where(Message.deal_id == deal.id, Message.audience.in_(open_to(actor, deal)))
    return list(session.scalars(query.order_by(Message.id.desc()).limit(limit)))


def _mark(party: Party, audience: str, message_id: int) -> None:
    mark = session.scalar(select(ReadMark).where(ReadMark.party_id == party.id, ReadMark.audience == audience))
    if mark is None:
        session.add(ReadMark(party_id=party.id, audience=audience, message_id=message_id))
    elif mark.message_id < message_id:
        mark.message_id = message_id


def mark_read(actor: Actor, deal: Deal, audience: str, until: int) -> None:
    """Say that a thread is read up to a message of it; one that came meanwhile stays unread."""
    require(actor, "deal.take_part", deal)
    if audience not in open_to(actor, deal):
        raise NotFound()
    session.flush()  # messages of this request count
    newest = select(func.max(Message.id)).where(Message.deal_id == deal.id, Message.audience == audience, Message.id <= until)
    found = session.scalar(newest)
    if found is not None:
        _mark(party_of(actor, deal, audience), audience, found)


def unread(actor: Actor, deal: Deal) -> dict[str, int]:
    """Audience → how many messages of others the actor's party has not read; only those with some."""
    require(actor, "deal.read", deal)
    own = [party.id for party in deal.parties if party.state == "active" and party.person_id == actor.id]
    seen = select(ReadMark.message_id).where(ReadMark.party_id.in_(own), ReadMark.audience == Message.audience).correlate(Message)
    later = Message.id > func.coalesce(seen.order_by(ReadMark.message_id.desc()).limit(1).scalar_subquery(), 0)
    query = select(Message.audience, func.count()).where(
        Message.deal_id == deal.id, Message.audience.in_(open_to(actor, deal)), Message.person_id != actor.id, later,
    )
    return dict(session.execute(query.group_by(Message.audience)).all()) if own else {}


def replies_waiting(actor: Actor, limit: int = 50, *shown: ExecutableOption) -> list[Message]:
    """The messages that wait for the actor's answer as a broker, oldest first: each the newest of its thread, in a deal he leads that is not
    lost, by somebody else, and not marked as read. `shown` is what is loaded with them."""
    newest = (
        select(func.max(Message.id).label("id")).join(Deal).where(Deal.broker_id == actor.id, Deal.state != "lost")
        .where(Message.audience.in_([code for code, sides in AUDIENCES.items() if "broker" in sides]))
        .group_by(Message.deal_id, Message.audience).subquery()
    )
    leading = select(Party.id).where(Party.deal_id == Message.deal_id, Party.person_id == actor.id, Party.state == "active").correlate(Message)
    marked = select(ReadMark.id).where(
        ReadMark.party_id.in_(leading), ReadMark.audience == Message.audience, ReadMark.message_id >= Message.id).correlate(Message)
    first = select(Message.id).where(Message.id.in_(select(newest.c.id)), Message.person_id != actor.id, ~marked.exists(), leading.exists())
    keys = list(session.scalars(first.order_by(Message.id).limit(limit)))  # read apart from the sorting, which would carry every row's texts along
    return list(session.scalars(select(Message).where(Message.id.in_(keys)).options(selectinload(Message.person), *shown).order_by(Message.id)))


def tasks_due(actor: Actor, day: date, limit: int = 100, *shown: ExecutableOption) -> list[Task]:
    """The open tasks of the actor in all deals that are due on the day or were before, the oldest first, with what is `shown` of them."""
    return tasks.due_of(actor, day, limit, *shown)


def add_note(actor: Actor, deal: Deal, audience: str, text: str, key: str, at: datetime | None = None) -> Note:
    """Keep a note for an audience. The same form sent twice makes one."""
    moment = at or now()
    require(actor, "deal.take_part", deal)
    require_voice(actor, deal, audience, moment)
    return _noted(actor, deal, audience, text, key, None, moment)


def _noted(actor: Actor, deal: Deal, audience: str, text: str, key: str, corrects: Note | None, moment: datetime) -> Note:
    there = session.scalar(select(Note).where(Note.deal_id == deal.id, Note.key == key))
    if there is not None:
        return _own(actor, there)
    author = party_of(actor, deal, audience)
    note = Note(deal=deal, audience=audience, text=usable_text(text), person_id=author.person_id, corrects=corrects, key=key, at=moment)
    session.add(note)
    record(note, "correct" if corrects else "add", actor, moment)
    tell_them(actor, note, "note_corrected" if corrects else "note", moment)
    return note


def is_editable(note: Note, at: datetime) -> bool:
    """Whether the text may still be changed: for a quarter of an hour, and before a correction stands below it."""
    return at <= note.at + EDITABLE and not note.corrections


def edit_note(actor: Actor, note: Note, text: str, at: datetime | None = None) -> Note:
    """Change the text of one's own note within a quarter of an hour. Refused later: then a correction is added."""
    moment = at or now()
    require(actor, "deal_note.edit", note)
    if not is_editable(note, moment):
        raise Refused(N_("The quarter of an hour for changes is over. Add a correction instead; what you typed is kept below."), field="text")
    plain = usable_text(text)
    if plain != note.text:
        note.text, note.edited = plain, moment
        record(note, "edit", actor, moment)
    return note


def correct_note(actor: Actor, note: Note, text: str, key: str, at: datetime | None = None) -> Note:
    """Add a correction below one's own note; the note stays as it is."""
    moment = at or now()
    require(actor, "deal_note.edit", note)
    require_voice(actor, note.deal, note.audience, moment)
    return _noted(actor, note.deal, note.audience, text, key, note.corrects or note, moment)


def note_of(actor: Actor, deal: Deal, public_id: str) -> Note:
    """A note of the deal that the actor hears. Raises `NotFound`."""
    note = session.scalar(select(Note).where(Note.deal_id == deal.id, Note.public_id == public_id))
    if note is None or note.audience not in open_to(actor, deal):
        raise NotFound()
    return note


def notes_of(actor: Actor, deal: Deal, page: int, size: int) -> list[Note]:
    """A page of the notes that the actor hears, newest first, corrections below theirs; one more row if there is a next page."""
    require(actor, "deal.read", deal)
    query = select(Note).where(Note.deal_id == deal.id, Note.audience.in_(open_to(actor, deal)), Note.corrects_id.is_(None))
    return list(session.scalars(query.order_by(Note.id.desc()).offset((page - 1) * size).limit(size + 1)))


def last_delivery(party: Party, message: Message) -> str | None:
    """The Message-ID of what the party got or sent last in the thread before this message: what the next mail answers."""
    before = select(Delivery.name).join(Message).where(
        Delivery.party_id == party.id, Message.deal_id == message.deal_id, Message.audience == message.audience, Message.id < message.id,
    )
    return session.scalar(before.order_by(Delivery.message_id.desc()).limit(1))


def delivery_of(party: Party, message: Message) -> Delivery | None:
    """The mail by which the party got this message; None when it has not got it yet."""
    return session.scalar(select(Delivery).where(Delivery.message_id == message.id, Delivery.party_id == party.id))


@dataclass(frozen=True)
class Received:
    """What became of a mail: posted, answered_meeting, duplicate, refused (with the reason, a message id), or not_ours."""

    outcome: str
    reason: str | None = None


def receive(raw: bytes, at: datetime | None = None, is_too_large: bool = False) -> Received:
    """Take in a mail that came to a reply address. The same mail twice counts once; bounces and mail to other addresses are not ours. Of one that is
    too large its beginning is enough.

    Whoever is handed a refusal keeps the mail for the operator; the party hears why, unless a programme wrote it.
    """
    moment = at or now()
    mail = incoming.read(raw, is_too_large)
    token = addresses.token_in(mail.recipients)
    if token is None or mail.is_bounce:
        return Received("not_ours")
    if session.scalar(select(ReceivedMail.id).where(ReceivedMail.key == mail.key)) is not None:
        return Received("duplicate")
    party = None
    try:
        named, party = _sender(token)
        outcome, reason = _taken_in(mail, party, named.audience, moment), None
    except Problem as problem:
        outcome, reason = "refused", problem.message
    _keep(ReceivedMail(key=mail.key, party_id=party.id if party else None, outcome=outcome, reason=reason, at=moment), mail.is_automatic)
    return Received(outcome, reason)


def _keep(mail: ReceivedMail, is_automatic: bool) -> None:
    """Remember what became of a mail; a person whose mail was refused is told, a programme is not."""
    session.add(mail)
    record(mail, "refuse" if mail.outcome == "refused" and not is_automatic else "come", SYSTEM, mail.at)


def _sender(token: str) -> tuple[addresses.Token, Party]:
    """What the token says and the party it names, known or refused."""
    named = addresses.read(token)
    party = session.scalar(select(Party).where(Party.public_id == named.party)) if named else None
    if named is None or party is None:
        raise Refused(N_("The address it was sent to is not valid; it may have been cut off."))
    return named, party


def _taken_in(mail: incoming.Incoming, party: Party, audience: str, moment: datetime) -> str:
    """Post a mail's text, or count its answer to a meeting. Refused with the reason when neither can be."""
    person = _writer(mail, party)
    if mail.is_too_large:
        raise Refused(N_("It is larger than 25 MB. Send the files on the page of the deal."))
    if mail.answer is not None:
        meetings.answer_by_mail(person, party, mail.answer, moment)
        return "answered_meeting"
    if mail.is_automatic:
        raise Refused(N_("A programme wrote it, such as an out-of-office notice."))
    text = mail.text or "\n".join(file.name for file in mail.files)  # who sends a file without a word says what it is called
    if not text:
        raise Refused(N_("No text of your own was found in it."))
    message = post_message(person, party.deal, audience, text, f"mail:{mail.key}", moment, via="mail")
    enclosures.take_over(person, message, mail.files, moment)
    if mail.name:
        session.add(Delivery(message=message, party_id=party.id, name=mail.name))
    return "posted"


def _writer(mail: incoming.Incoming, party: Party) -> Person:
    """The party's person, if the mail comes from that address and the party still takes part."""
    person = party.person
    if party.state != "active" or person is None or not person.is_active:
        raise NotAllowed(N_("Whom the address belongs to takes no part in the deal any more."))
    if mail.sender is None or address_key(mail.sender) != person.address_key:
        raise NotAllowed(N_("It came from another address than the one of your account. Write from that address, or answer on the page."))
    return person

