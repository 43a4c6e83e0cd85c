"""Pages of facilities, experts and scenarios, and of the requests for them: load, require, check the form, call one operation, go on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, current_app, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from marketplace.access import actions_of, may, require
from marketplace.catalogue.experts import operations as experts
from marketplace.catalogue.facilities import operations as facilities
from marketplace.catalogue.facilities.calendars import calendar_of
from marketplace.catalogue.facilities.models import Facility
from marketplace.catalogue.facilities.opening import said
from marketplace.catalogue.resources import expiring as _expiring  # noqa: F401 - registers its jobs
from marketplace.catalogue.resources import listing, operations, rooms, words
from marketplace.catalogue.resources.changes import readable
from marketplace.catalogue.resources.forms import AnswerForm, AskForm, ResourceForm
from marketplace.catalogue.resources.rooms import MODELS, ROOMS, Room
from marketplace.catalogue.scenarios.operations import accepted_of
from marketplace.errors import Refused
from marketplace.people.operations import names_of
from marketplace.people.zones import in_zone
from marketplace.record import history as revisions_of
from marketplace.web import PAGE, actor, answer, language, limiter, page_number, see

blueprint = Blueprint("resources", __name__)

PATH = "/<any(facilities, experts, scenarios):room>"
STEPS = ("publish", "edit", "withdraw", "history", "calendar", "consent")
REQUEST_STEPS = ("accept", "decline", "cancel", "withdraw", "finish")


def prepare(app: Flask) -> None:
    """Words and lists for the templates of every package."""
    app.jinja_env.globals.update(
        resource_words=words, resource_room=rooms.room_of, own_resources_of=lambda who: operations.own_of(who, MODELS, 20), hours_said=said, in_zone=in_zone,
        booking_calendar=facilities.calendar_of, trials_given=accepted_of, feed_address=_feed_address,
        address_of_resource=lambda one: url_for(f"resources.{one.__tablename__}", public_id=one.public_id),
    )


def _organisations() -> list[Any]:
    return list(getattr(actor(), "organisations", []))


def _feed_address(facility: Facility) -> str:
    """Where a calendar program finds the bookings, behind the configured address of the site."""
    path = url_for("resources.feed", token=facilities.feed_token(actor(), facility))
    return current_app.config["SETTINGS"].site + path


def _at(resource: Any) -> ResponseReturnValue:
    return see(f"resources.{resource.__tablename__}", public_id=resource.public_id)


def _steps(resource: Any) -> list[str]:
    noun = resource.__tablename__
    return [name.split(".")[1] for name in actions_of(actor(), resource, [f"{noun}.{verb}" for verb in STEPS])]


@login_required
def new(room: str) -> ResponseReturnValue:
    """Write a facility, an expert or a scenario."""
    if not _organisations():
        flash(_("Enter your organisation first, then what it offers."))
        return see("people.new_organisation")
    return _edit_page(ROOMS[room], ROOMS[room].form(), None)


@blueprint.route(PATH + "/<public_id>/edit", methods=["GET", "POST"])
@login_required
def edit(room: str, public_id: str) -> ResponseReturnValue:
    """Change one, or go on with a draft."""
    here = ROOMS[room]
    resource = operations.by_public_id(actor(), here.kind.model, public_id)
    require(actor(), f"{here.noun}.edit", resource)
    return _edit_page(here, here.form() if request.method == "POST" else here.form.of(resource), resource)


def _edit_page(here: Room, form: ResourceForm, resource: Any) -> ResponseReturnValue:
    form.list_choices([resource.organisation] if resource else _organisations(), _("Choose"), language())
    if form.ready():
        try:
            return _saved(here, form, resource)
        except Refused as problem:
            form.refuse(problem)
    return answer("catalogue/resources/edit.html", form, here=here, resource=resource)


def _saved(here: Room, form: ResourceForm, resource: Any) -> ResponseReturnValue:
    if resource is None:
        owner = next((one for one in _organisations() if one.public_id == form.organisation.data), _organisations()[0])
        resource = operations.create(actor(), here.kind, owner, **form.values())
    else:
        form.check_version(resource)
        operations.edit(actor(), here.kind, resource, **form.values())
    if "post" in request.form and resource.state not in resource.OPEN_STATES:
        operations.publish(actor(), here.kind, resource)
        flash(_("It is published. Firms find it now, also beside their matches."))
    else:
        flash(_("Saved."))
    return _at(resource)


def show(room: str, public_id: str) -> ResponseReturnValue:
    """One of them as its readers see it."""
    here = ROOMS[room]
    resource = operations.by_public_id(actor(), here.kind.model, public_id)
    own = resource.organisation_id in actor().seats
    return answer("catalogue/resources/show.html", resource=resource, here=here, steps=_steps(resource), own=own)


def _within(room: str, view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """A view as that of one room; it keeps its name, by which limits are counted."""

    @wraps(view)
    def shown(**values: str) -> ResponseReturnValue:
        return view(room, **values)

    return shown


for _room in ROOMS.values():  # with addresses of their own: "/facilities/new" is no facility
    blueprint.add_url_rule(f"/{_room.name}/new", f"new_{_room.noun}", _within(_room.name, new), methods=["GET", "POST"])
    blueprint.add_url_rule(f"/{_room.name}/<public_id>", _room.noun, _within(_room.name, show))


@blueprint.route(PATH + "/<public_id>/history")
def history(room: str, public_id: str) -> ResponseReturnValue:
    """What changed, when, by whom."""
    here = ROOMS[room]
    resource = operations.by_public_id(actor(), here.kind.model, public_id)
    require(actor(), f"{here.noun}.history", resource)
    changes = readable(revisions_of(resource), language(), getattr(resource, "currency", "CNY"))
    return answer("catalogue/resources/history.html", resource=resource, changes=changes, names=names_of({change.person_id for change in changes}))


@blueprint.post(PATH + "/<public_id>/<any(publish, withdraw):verb>")
@login_required
def step(room: str, public_id: str, verb: str) -> ResponseReturnValue:
    """Take one step of its life by a button."""
    here = ROOMS[room]
    resource = operations.by_public_id(actor(), here.kind.model, public_id)
    if verb == "withdraw":
        operations.withdraw(actor(), resource)
    else:
        try:
            operations.publish(actor(), here.kind, resource)
        except Refused as problem:
            flash(_(problem.message, **problem.values))
    return _at(resource) if may(actor(), "listing.read", resource) else see(f"resource_search.{room}")


@blueprint.post("/experts/<public_id>/<any(consent, ask_consent):verb>")
@login_required
def consent(public_id: str, verb: str) -> ResponseReturnValue:
    """The expert agrees to be listed, or his institute asks him to."""
    expert = operations.by_public_id(actor(), ROOMS["experts"].kind.model, public_id)
    (experts.consent if verb == "consent" else experts.ask_consent)(actor(), expert)
    flash(_("Thank you. Your institute can publish it now.") if verb == "consent" else _("We have written to the expert."))
    return _at(expert)


# ---- requests

@blueprint.route(PATH + "/<public_id>/ask", methods=["GET", "POST"])
@login_required
@limiter.limit("60 per hour", methods=["POST"])
def ask(room: str, public_id: str) -> ResponseReturnValue:
    """Ask for a booking, for contact, or for a first trial."""
    here = ROOMS[room]
    resource = operations.by_public_id(actor(), here.kind.model, public_id)
    require(actor(), f"{here.noun}.ask", resource)
    others = [one for one in _organisations() if one.id != resource.organisation_id]
    if not others:
        flash(_("Enter your organisation first: requests are made for an organisation."))
        return see("people.new_organisation")
    form = here.ask_form()
    form.list_choices(others, here.offered(actor()), language())
    if form.ready():
        try:
            return _asked(here, form, resource, others)
        except Refused as problem:
            form.refuse(problem)
    return answer("catalogue/resources/ask.html", form, resource=resource, here=here)


def _asked(here: Room, form: AskForm, resource: Any, others: list[Any]) -> ResponseReturnValue:
    organisation = next((one for one in others if one.public_id == form.organisation.data), others[0])
    made = here.ask(actor(), resource, organisation, form)
    flash(_("Your request has been sent. You will be written to when it is answered."))
    return see("resources.show_request", noun=here.request_noun, public_id=made.public_id)


@blueprint.route("/resource-requests")
@login_required
def requests() -> ResponseReturnValue:
    """What my organisations have asked for, and what they were asked: a room at a time."""
    page, counts = page_number(), listing.counts(actor())
    wanted, by = listing.asked(request.args, [name for name, number in counts.items() if number])
    rows = listing.listed(actor(), wanted, by, page, PAGE)
    here = {"room": wanted.room.name}
    return answer(
        "catalogue/resources/requests.html", rows=rows[:PAGE], more=len(rows) > PAGE, page=page, counts=counts, wanted=wanted, order=by,
        total=listing.count(actor(), wanted), states=listing.states(wanted.room), offered=listing.resources_of(actor(), wanted.room),
        here=here, args={**here, **wanted.arguments, **by.arguments},
    )


@blueprint.route("/resource-requests/<any(booking, expert_request, trial_application):noun>/<public_id>", methods=["GET", "POST"])
@login_required
def show_request(noun: str, public_id: str) -> ResponseReturnValue:
    """One request for its two sides, and its steps."""
    here = rooms.of_request(noun)
    found = operations.request_by_public_id(actor(), here.request, public_id)
    form = AnswerForm()
    verb = request.form.get("verb", "")
    if verb in REQUEST_STEPS and form.ready():
        try:
            if verb == "accept":
                here.accept(actor(), found)
            else:
                operations.answer(actor(), found, verb, form.reason.data or "", form.code.data or None)
            return see("resources.show_request", noun=noun, public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    open_steps = [verb for verb in REQUEST_STEPS if verb in found.TRANSITIONS and found.state in found.TRANSITIONS[verb].origin]
    steps = [name.split(".")[1] for name in actions_of(actor(), found, [f"{noun}.{verb}" for verb in open_steps])]
    hosting = found.sides["host"] in actor().seats
    return answer("catalogue/resources/request.html", form, found=found, here=here, steps=steps, hosting=hosting, verb=verb)


# ---- the calendar of a facility

@blueprint.route("/facilities/calendar/<token>.ics")
@limiter.limit("600 per hour")
def feed(token: str) -> ResponseReturnValue:
    """The accepted bookings of a facility for a calendar program, which cannot sign in: the address is the key."""
    return _calendar(facilities.of_feed(token))


@blueprint.route("/facilities/<public_id>/bookings.ics")
@login_required
def file(public_id: str) -> ResponseReturnValue:
    """The same as a file for the facility's own people."""
    facility = operations.by_public_id(actor(), Facility, public_id)
    require(actor(), "facility.calendar", facility)
    return _calendar(facility)


def _calendar(facility: Facility) -> ResponseReturnValue:
    host = current_app.config["SETTINGS"].site.split("://")[1].split("/")[0]
    made = current_app.response_class(calendar_of(facility, facilities.bookings_of(facility), language(), host), mimetype="text/calendar")
    made.headers.set("Content-Disposition", "attachment", filename=f"bookings-{facility.public_id}.ics")
    made.headers["Cache-Control"] = "private, no-store"
    return made


@blueprint.post("/facilities/<public_id>/feed")
@login_required
def renew_feed(public_id: str) -> ResponseReturnValue:
    """Shut the calendar's old address and make a new one."""
    facility = operations.by_public_id(actor(), Facility, public_id)
    facilities.renew_feed(actor(), facility)
    flash(_("The old address of the calendar is shut. The new one stands below."))
    return _at(facility)
