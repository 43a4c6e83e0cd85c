"""Pages of talk: the threads of a deal, its notes, tasks and meetings, and what the page of the deal shows of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup

from marketplace.access import may
from marketplace.db import now, session
from marketplace.deals import operations as deals
from marketplace.deals.models import Deal, Entry
from marketplace.deals.talk import addresses, audience, enclosures, meetings, operations, tasks, words
from marketplace.deals.talk.calendars import calendar_of
from marketplace.deals.talk.forms import EditNoteForm, EditTaskForm, MeetingForm, MessageForm, NoteForm, PlanForm, TaskForm
from marketplace.deals.talk.models import Meeting, Message, Note, Task
from marketplace.errors import NotFound, Problem
from marketplace.fields import number_in
from marketplace.people.zones import in_zone
from marketplace.web import PAGE, actor, answer, language, limiter, new_token, page_number, safe_next, see

blueprint = Blueprint("talk", __name__)

PREFIX = "talk-"
"""Before the names of the fields of a message, so that its form can stand on a page beside others."""

LINES = "deals/entries/talk.html"
KINDS = (
    "message", "note", "note_corrected", "task", "task_changed", "task_done", "task_dropped", "task_reopened", "task_back", "meeting", "meeting_moved",
    "meeting_changed", "meeting_cancelled", "meeting_answered",
)
"""The kinds of lines of the timeline that LINES has sentences for."""

_THINGS: dict[str, Any] = {"deal_message": Message, "deal_note": Note, "deal_task": Task, "deal_meeting": Meeting}


def prepare(app: Flask) -> None:
    """Where mail comes back to, the part of the deal page, and the lines of the timeline."""
    settings = app.config["SETTINGS"]
    addresses.configure(settings.secret, settings.replies, settings.sender, settings.site)
    app.jinja_env.globals.update(
        deal_talk_part=part, talk_words=words, talk_thing=_thing, meeting_time=_meeting_time, talk_desk_part=desk_part, day_typed=date.fromisoformat,
        talk_enclosures=lambda message: enclosures.shown(actor(), message),
    )
    app.jinja_env.globals.setdefault("entry_templates", {}).update(dict.fromkeys(KINDS, LINES))


def _thing(entry: Entry) -> Any:
    """The message, note, task or meeting that a line of the timeline is about."""
    return session.get(_THINGS[entry.thing], entry.thing_id) if entry.thing in _THINGS else None


def _meeting_time(meeting: Meeting | dict[str, str]) -> str:
    """When a meeting is, or was as a line of the timeline remembers it."""
    if isinstance(meeting, Meeting):
        return in_zone(meeting.starts, meeting.ends, meeting.zone)
    return in_zone(datetime.fromisoformat(meeting["starts"]), datetime.fromisoformat(meeting["ends"]), meeting["zone"])


def _today() -> date:
    return tasks.day_of(now())


def desk_part() -> Markup:
    """What a desk shows: one's own tasks in all deals that are due within a week or were before; nothing when there are none."""
    day = _today()
    due = operations.tasks_due(actor(), day + timedelta(days=7), 20)
    return Markup(render_template("deals/talk/desk.html", tasks=due, day=day)) if due else Markup()


def part(deal: Deal) -> Markup:
    """What the page of a deal shows: what is unread, the newest messages, a place to write, open tasks, the next meeting."""
    moment = now()
    spoken = audience.choices(actor(), deal, moment)
    form = MessageForm(formdata=None, prefix=PREFIX)
    form.offer(spoken)
    return Markup(render_template(
        "deals/talk/part.html", deal=deal, form=form, spoken=spoken, unread=operations.unread(actor(), deal),
        messages=operations.newest_messages(actor(), deal), tasks=tasks.tasks_of(actor(), deal, ("open",), 5), day=_today(),
        meetings=meetings.meetings_of(actor(), deal, moment, limit=1),
    ))


def _writer() -> str:
    """Whose mails to others are counted: the person's, wherever he writes from."""
    return str(actor().id or request.remote_addr or "")


@blueprint.route("/deals/<public_id>/messages", methods=["GET", "POST"])
@limiter.limit("120 per hour", methods=["POST"], key_func=_writer)
@login_required
def messages(public_id: str) -> ResponseReturnValue:
    """One thread at a time, newest first, and a place to write."""
    deal = deals.by_public_id(actor(), public_id)
    form, spoken = MessageForm(prefix=PREFIX), audience.choices(actor(), deal, now())
    form.offer(spoken)
    if form.ready():
        try:
            made = operations.post_message(actor(), deal, form.audience.data, form.text.data or "", form.key.data or new_token())
            return see("talk.messages", public_id=public_id, audience=made.audience, _anchor="newest")
        except Problem as problem:
            form.refuse(problem)
    return _thread_page(deal, form, spoken)


def _thread_page(deal: Deal, form: MessageForm, spoken: list[str]) -> ResponseReturnValue:
    threads, unread, page = operations.threads(actor(), deal), operations.unread(actor(), deal), page_number()
    tabs = [code for code in audience.open_to(actor(), deal) if code in threads or code in spoken]
    shown = form.audience.data if form.audience.data in tabs else request.args.get("audience", "")
    if shown not in tabs:
        shown = max(threads, key=lambda code: (code in unread, threads[code])) if threads else next(iter(tabs), "")
    if shown in spoken and not form.is_submitted():
        form.audience.data = shown
    found = operations.thread(actor(), deal, shown, page, PAGE) if shown else []
    return answer(
        "deals/talk/messages.html", form, deal=deal, tabs=tabs, shown=shown, spoken=spoken, messages=found[:PAGE], more=len(found) > PAGE, page=page,
        unread=unread, newest=threads.get(shown), by_mail=addresses.are_configured(),
    )


@blueprint.post("/deals/<public_id>/messages/read")
@login_required
def mark_read(public_id: str) -> ResponseReturnValue:
    """Say that a thread is read up to the newest message that was shown."""
    deal = deals.by_public_id(actor(), public_id)
    code, until = request.form.get("audience", ""), request.form.get("until", "")
    operations.mark_read(actor(), deal, code, number_in(until, 17) or 0)
    return see("talk.messages", public_id=public_id, audience=code)


@blueprint.route("/deals/<public_id>/notes", methods=["GET", "POST"])
@login_required
def notes(public_id: str) -> ResponseReturnValue:
    """The notes of a deal that the reader hears, and a place for another."""
    deal = deals.by_public_id(actor(), public_id)
    form, spoken, page = NoteForm(), audience.choices(actor(), deal, now()), page_number()
    form.offer(spoken)
    if form.ready():
        try:
            operations.add_note(actor(), deal, form.audience.data, form.text.data or "", form.key.data or new_token())
            return see("talk.notes", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    found = operations.notes_of(actor(), deal, page, PAGE)
    return answer("deals/talk/notes.html", form, deal=deal, spoken=spoken, notes=found[:PAGE], more=len(found) > PAGE, page=page, editable=_editable)


def _editable(note: Note) -> bool:
    return may(actor(), "deal_note.edit", note) and operations.is_editable(note, now())


@blueprint.route("/deals/<public_id>/notes/<note_id>", methods=["GET", "POST"])
@login_required
def note(public_id: str, note_id: str) -> ResponseReturnValue:
    """Change one's own note within a quarter of an hour, later add a correction."""
    deal = deals.by_public_id(actor(), public_id)
    found = operations.note_of(actor(), deal, note_id)
    if not may(actor(), "deal_note.edit", found):
        raise NotFound()
    editable = operations.is_editable(found, now())
    form = EditNoteForm.of(found, editable)
    if form.ready():
        form.check_version(found)
        try:
            if "correct" in request.form:
                operations.correct_note(actor(), found, form.text.data or "", form.key.data or new_token())
            else:
                operations.edit_note(actor(), found, form.text.data or "")
            return see("talk.notes", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("deals/talk/note.html", form, deal=deal, note=found, editable=editable)


@blueprint.route("/deals/<public_id>/tasks", methods=["GET", "POST"])
@login_required
def tasks_page(public_id: str) -> ResponseReturnValue:
    """The tasks of a deal that the reader hears of, and a place for another."""
    deal = deals.by_public_id(actor(), public_id)
    form, spoken = TaskForm(), audience.choices(actor(), deal, now())
    form.offer_to(deal, spoken)
    if form.ready():
        try:
            tasks.set_task(
                actor(), deal, form.audience.data, form.text.data or "", form.due.data, form.party.data, form.key.data or new_token())
            return see("talk.tasks_page", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer(
        "deals/talk/tasks.html", form, deal=deal, spoken=spoken, day=_today(), open=tasks.tasks_of(actor(), deal, ("open",)),
        closed=tasks.tasks_of(actor(), deal, ("done", "dropped"), 50),
    )


@blueprint.route("/deals/<public_id>/tasks/<task_id>", methods=["GET", "POST"])
@login_required
def task(public_id: str, task_id: str) -> ResponseReturnValue:
    """Change a task: what, by when, by whom."""
    deal = deals.by_public_id(actor(), public_id)
    found = tasks.task_of(actor(), deal, task_id)
    form = EditTaskForm.of(found)
    if form.ready():
        form.check_version(found)
        try:
            tasks.change_task(actor(), found, form.text.data or "", form.due.data, form.party.data)
            return see("talk.tasks_page", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("deals/talk/task.html", form, deal=deal, task=found)


@blueprint.post("/deals/<public_id>/tasks/<task_id>/<any(do, drop, reopen):verb>")
@login_required
def close_task(public_id: str, task_id: str, verb: str) -> ResponseReturnValue:
    """Say that a task is done, drop or reopen it."""
    deal = deals.by_public_id(actor(), public_id)
    tasks.close_task(actor(), tasks.task_of(actor(), deal, task_id), verb)
    return redirect(safe_next(url_for("talk.tasks_page", public_id=public_id)), 303)


@blueprint.route("/deals/<public_id>/meetings")
@login_required
def meetings_page(public_id: str) -> ResponseReturnValue:
    """The meetings of a deal that the reader hears of."""
    deal, moment = deals.by_public_id(actor(), public_id), now()
    return answer(
        "deals/talk/meetings.html", deal=deal, ahead=meetings.meetings_of(actor(), deal, moment),
        over=meetings.meetings_of(actor(), deal, moment, ahead=False), spoken=audience.choices(actor(), deal, moment),
    )


@blueprint.route("/deals/<public_id>/meetings/new", methods=["GET", "POST"])
@limiter.limit("60 per hour", methods=["POST"], key_func=_writer)
@login_required
def call_meeting(public_id: str) -> ResponseReturnValue:
    """Invite to a meeting."""
    deal, moment = deals.by_public_id(actor(), public_id), now()
    form, spoken = MeetingForm(), audience.choices(actor(), deal, moment)
    form.offer_to(deal, spoken)
    if form.ready():
        try:
            made = meetings.call_meeting(actor(), deal, form.audience.data, form.plan(), form.key.data or new_token())
            flash(_("The invitations are on their way."))
            return see("talk.meeting", public_id=public_id, meeting_id=made.public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("deals/talk/plan.html", form, deal=deal, meeting=None, spoken=spoken)


def _meeting(public_id: str, meeting_id: str) -> Meeting:
    return meetings.meeting_of(actor(), deals.by_public_id(actor(), public_id), meeting_id)


@blueprint.route("/deals/<public_id>/meetings/<meeting_id>")
@login_required
def meeting(public_id: str, meeting_id: str) -> ResponseReturnValue:
    """One meeting: when, where, who comes, and one's own answer."""
    found = _meeting(public_id, meeting_id)
    return answer(
        "deals/talk/meeting.html", deal=found.deal, meeting=found, invited=meetings.invited(found), own=meetings.attendance_of(actor(), found),
        ahead=found.state == "planned" and found.ends > now(), may_change=may(actor(), "deal_meeting.change", found),
    )


@blueprint.route("/deals/<public_id>/meetings/<meeting_id>/edit", methods=["GET", "POST"])
@login_required
def change_meeting(public_id: str, meeting_id: str) -> ResponseReturnValue:
    """Change a meeting."""
    found = _meeting(public_id, meeting_id)
    if not may(actor(), "deal_meeting.change", found):
        raise NotFound()
    form = PlanForm.of(found)
    if form.ready():
        form.check_version(found)
        try:
            meetings.change_meeting(actor(), found, form.plan())
            return see("talk.meeting", public_id=public_id, meeting_id=meeting_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("deals/talk/plan.html", form, deal=found.deal, meeting=found, spoken=[found.audience])


@blueprint.post("/deals/<public_id>/meetings/<meeting_id>/cancel")
@login_required
def cancel_meeting(public_id: str, meeting_id: str) -> ResponseReturnValue:
    """Cancel a meeting."""
    meetings.cancel_meeting(actor(), _meeting(public_id, meeting_id))
    return see("talk.meeting", public_id=public_id, meeting_id=meeting_id)


@blueprint.post("/deals/<public_id>/meetings/<meeting_id>/answer")
@login_required
def answer_meeting(public_id: str, meeting_id: str) -> ResponseReturnValue:
    """Answer an invitation."""
    found = _meeting(public_id, meeting_id)
    own = meetings.attendance_of(actor(), found)
    if own is None:
        raise NotFound()
    meetings.answer_invitation(actor(), own, request.form.get("answer", ""))
    return see("talk.meeting", public_id=public_id, meeting_id=meeting_id)


@blueprint.route("/deals/<public_id>/meetings/<meeting_id>.ics")
@login_required
def calendar(public_id: str, meeting_id: str) -> Response:
    """A meeting for a calendar programme."""
    found = _meeting(public_id, meeting_id)
    reader = next((party for party in found.deal.parties if party.state == "active" and party.person_id == actor().id), found.organiser)
    link = addresses.page_address(language(), f"/deals/{public_id}/meetings/{meeting_id}")
    response = Response(calendar_of(found, reader, "CANCEL" if found.state == "cancelled" else "PUBLISH", link), mimetype="text/calendar")
    response.headers["Content-Disposition"] = f'attachment; filename="meeting-{meeting_id}.ics"'
    return response
