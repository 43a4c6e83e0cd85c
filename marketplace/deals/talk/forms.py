"""Forms of talk: a message, a note, a task, a meeting. Who reads it is chosen each time; nothing is chosen beforehand unless there is one choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import DataRequired, InputRequired, Length

from marketplace.deals.models import Deal, Party
from marketplace.deals.sight import known_name
from marketplace.deals.talk import meetings, tasks
from marketplace.deals.talk.audience import AUDIENCES, hearers
from marketplace.deals.talk.meetings import Plan
from marketplace.deals.talk.models import Meeting, Note, Task
from marketplace.deals.talk.operations import LONGEST
from marketplace.deals.talk.words import AUDIENCE_WORDS
from marketplace.deals.words import SIDE_WORDS
from marketplace.fields import ticks_of
from marketplace.people.words import ZONE_WORDS
from marketplace.people.zones import ZONES
from marketplace.saying import named
from marketplace.web import Form, VersionedForm, actor, new_token


def _named(party: Party, place: int, say: Callable[[str], str]) -> str:
    """A party in a list to choose from: by name, or by side and place where the reader is not told the name."""
    name = known_name(actor(), party.deal, party.person) if party.person else ""
    return f"{SIDE_WORDS[party.side]} {place}" if name is None else Markup("{} ({})").format(say(name), SIDE_WORDS[party.side])


def _parties(deal: Deal, audiences: Sequence[str], say: Callable[[str], str] = str) -> list[tuple[str, str]]:
    """Those who hear one of the audiences, for a list to choose from; `say` marks the language of a name where the list can show it."""
    found = {party.public_id: party for code in AUDIENCES if code in audiences for party in hearers(deal, code)}
    return [(public_id, _named(party, place, say)) for place, (public_id, party) in enumerate(found.items(), 1)]


class _Spoken(Form):
    """What all of them have: who reads it, and the key that makes a form sent twice count once."""

    key = HiddenField(default=new_token)
    audience = RadioField(_l("Who reads it"), [InputRequired(_l("Choose who is to read it."))])

    def offer(self, audiences: Sequence[str]) -> None:
        """Offer these audiences; a single one is chosen already."""
        self.audience.choices = [(code, AUDIENCE_WORDS[code]) for code in audiences]
        if len(audiences) == 1 and not self.is_submitted():
            self.audience.data = audiences[0]


class MessageForm(_Spoken):
    """A message."""

    text = TextAreaField(_l("Message"), [DataRequired(_l("Write something first.")), Length(max=LONGEST)])


class NoteForm(_Spoken):
    """A note."""

    text = TextAreaField(_l("Text of the note"), [DataRequired(_l("Write something first.")), Length(max=LONGEST)])


class EditNoteForm(VersionedForm):
    """A note to be changed, or a correction to it."""

    key = HiddenField(default=new_token)
    text = TextAreaField(_l("Text of the note"), [DataRequired(_l("Write something first.")), Length(max=LONGEST)])

    @classmethod
    def of(cls, note: Note, editable: bool) -> EditNoteForm:
        """The form with the note's text, as long as that may be changed."""
        return cls(data={"text": note.text if editable else "", "version": str(note.version_id), "key": new_token()})


class TaskForm(_Spoken):
    """A task."""

    text = StringField(_l("What is to be done"), [DataRequired(_l("Say what is to be done.")), Length(max=tasks.LONGEST)])
    due = DateField(_l("Due on"), [DataRequired(_l("Choose a day."))])
    party = SelectField(_l("Who is to do it"))

    def offer_to(self, deal: Deal, audiences: Sequence[str]) -> None:
        """Offer the audiences, and those who hear one of them."""
        self.offer(audiences)
        self.party.choices = _parties(deal, audiences)


class EditTaskForm(VersionedForm):
    """A task that is there."""

    text = StringField(_l("What is to be done"), [DataRequired(_l("Say what is to be done.")), Length(max=tasks.LONGEST)])
    due = DateField(_l("Due on"), [DataRequired(_l("Choose a day."))])
    party = SelectField(_l("Who is to do it"))

    @classmethod
    def of(cls, task: Task) -> EditTaskForm:
        """The form with what the task is."""
        form = cls(data={"text": task.text, "due": task.due, "party": task.party.public_id, "version": str(task.version_id)})
        form.party.choices = _parties(task.deal, [task.audience])
        return form


class PlanForm(VersionedForm):
    """What a meeting is to be."""

    title = StringField(_l("Title"), [DataRequired(_l("Give the meeting a title.")), Length(max=120)])
    day = DateField(_l("Day"), [DataRequired(_l("Choose a day."))])
    begin = TimeField(_l("Begins at"), [DataRequired(_l("Choose a time."))])
    end = TimeField(_l("Ends at"), [DataRequired(_l("Choose a time."))])
    zone = SelectField(_l("Time zone"), choices=[*((code, ZONE_WORDS[code]) for code in ZONES), ("", _l("another"))], default=ZONES[0])
    other_zone = StringField(_l("Another time zone"), [Length(max=60)])
    place = StringField(_l("Place"), [Length(max=200)])
    link = StringField(_l("Link to meet at"), [Length(max=500)])
    agenda = TextAreaField(_l("Agenda"), [Length(max=4000)])
    parties = ticks_of(_l("Whom to invite"))

    def plan(self) -> Plan:
        """What was typed, for the operation; a zone that was typed counts before the one chosen."""
        zone = (self.other_zone.data or "").strip() or self.zone.data or ""
        return Plan(
            title=self.title.data or "", day=self.day.data, begin=self.begin.data, end=self.end.data, zone=zone, place=self.place.data or "",
            link=self.link.data or "", agenda=self.agenda.data or "", parties=tuple(self.parties.data or ()),
        )

    @classmethod
    def of(cls, meeting: Meeting) -> PlanForm:
        """The form with what the meeting is."""
        zone = ZoneInfo(meeting.zone)
        starts, ends = (moment.astimezone(zone) for moment in (meeting.starts, meeting.ends))
        known = meeting.zone in ZONES
        form = cls(data={
            "title": meeting.title, "day": starts.date(), "begin": starts.time(), "end": ends.time(), "zone": meeting.zone if known else "",
            "other_zone": "" if known else meeting.zone, "place": meeting.place, "link": meeting.link, "agenda": meeting.agenda,
            "parties": [one.party.public_id for one in meetings.invited(meeting)], "version": str(meeting.version_id),
        })
        form.parties.choices = _parties(meeting.deal, [meeting.audience], named)
        return form


class MeetingForm(_Spoken, PlanForm):
    """A new meeting."""

    def offer_to(self, deal: Deal, audiences: Sequence[str]) -> None:
        """Offer the audiences, and those who hear one of them."""
        self.offer(audiences)
        self.parties.choices = _parties(deal, audiences, named)
