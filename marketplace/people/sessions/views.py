"""Pages of sessions: entering, showing anew who one is, where one is signed in; and the guard that asks for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import flask
from flask import Blueprint, Flask, current_app, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import login_required, login_user, logout_user
from werkzeug.wrappers import Response

from marketplace.access import require
from marketplace.errors import Refused
from marketplace.jobs import enqueue_anyway
from marketplace.people import operations as people
from marketplace.people import passwords, tokens
from marketplace.people.factors import operations as factors
from marketplace.people.models import Person
from marketplace.people.recovery import operations as recovery
from marketplace.people.sessions import operations
from marketplace.people.sessions.forms import EndForForm, FactorForm, ProvePasswordForm
from marketplace.people.sessions.words import WAY_WORDS, device_of
from marketplace.web import actor, answer, limiter, safe_next, see, tongue_of

Page = tuple[str, int] | Response

blueprint = Blueprint("sessions", __name__)
log = logging.getLogger(__name__)

STEP_UP = {
    "people.change_password", "people.change_address", "factors.show", "factors.authenticator", "factors.begin", "factors.remove", "factors.codes",
    "factors.add_passkey", "factors.remove_passkey", "outside.index", "outside.part", "signing.sign", "signing.enter", "grants.sign", "grants.enter",
    "grants.look",
}
"""Pages that open only to who has shown in the last fifteen minutes who he is; beside them all under `/operations/` that takes a POST."""
OPEN_WITHOUT_FACTOR = {"people.sign_out", "people.choose_language", "people.confirm", "people.reset", "sessions.prove", "static"}
YEAR = timedelta(days=365)
TOLD_AT, TOLD_WITHIN = 10, timedelta(days=1)
"""The wrong try of a day at which whose account it is hears of it, once."""


def prepare(app: Flask) -> None:
    """The guards of every page, and words."""
    app.guards.extend((_ask_factor, _ask_proof))  # type: ignore[attr-defined]
    app.jinja_env.globals.update(way_words=WAY_WORDS)


def _device_cookie() -> str:
    return "__Host-techbridge-device" if current_app.config["SESSION_COOKIE_SECURE"] else "techbridge-device"


def tried_address() -> str:
    """The key under which tries for an address are counted: apart for a browser that has signed in to it before, so that who tries passwords elsewhere
    cannot lock the owner out."""
    key = people.address_key(request.form.get("address", ""))
    try:
        is_known = tokens.read("device", request.cookies.get(_device_cookie(), ""), operations.now()).is_bound_to(key)
    except Refused:
        is_known = False
    return f"{'known' if is_known else 'address'}:{key}"


def _remember_device(person: Person) -> Callable[[Response], Response]:
    secure, token = current_app.config["SESSION_COOKIE_SECURE"], tokens.make("device", "", person.address_key)

    def remember(response: Response) -> Response:
        response.set_cookie(_device_cookie(), token, max_age=YEAR, path="/", secure=secure, httponly=True, samesite="Lax")
        return response

    return remember


def enter(person: Person, way: str, stays: bool = False, has_factor: bool = False, outside: str | None = None, target: str = "") -> Response:
    """Begin a new session, of which only the pasted problem was there before, and go on to where the person wanted. Who has a second factor shows it first."""
    target, pasted, joins = target or safe_next(""), flask.session.get("pasted"), flask.session.get("outside")
    flask.session.clear()
    if pasted:
        flask.session["pasted"] = pasted
    if joins and way != "outside":
        flask.session["outside"] = joins
    recovered = way == "password" and not has_factor and recovery.use(actor(), person)
    if not has_factor and factors.has_factor(person):
        half = tokens.make("half", person.public_id, person.password_hash)
        flask.session["half"] = {"token": half, "way": way, "stays": stays, "outside": outside}
        return see("sessions.second", **({"next": target} if target else {}))
    log.info("signed in: %s, second factor %s, person %s", way, "shown" if has_factor else "none", person.public_id)
    operations.begin(actor(), person, way, device_of(request.user_agent.string), stays, has_factor, outside)
    flask.session.permanent = stays and not person.is_operator
    login_user(person)
    flask.after_this_request(_remember_device(person))
    if recovered:
        flask.flash(_("You are in without your lost factor. Set up a new one; until then nothing else opens."))
        return see("factors.show")
    if due := factors.must_have_one_by(person):
        flask.flash(_("Your role needs a second factor. Please set one up under Settings; from %(day)s on nothing else opens.", day=_day(due)))
    if pasted:
        return see("needs.adopt")
    return redirect(target or url_for("worklist.show" if person.is_broker else "people.home", lang=tongue_of(person)), 303)


def _day(moment: operations.datetime) -> str:
    return current_app.jinja_env.filters["day"](moment)


def failed(way: str, person: Person | None) -> None:
    """Note that somebody could not show who he is: how he tried and whose account it was, nothing that was sent. The tenth time of a day its person is told."""
    log.warning("not signed in: wrong %s, person %s", way, person.public_id if person is not None else "-")
    if person is None or not limiter.enabled or limiter.storage is None:
        return
    if limiter.storage.incr(f"told:{person.public_id}", int(TOLD_WITHIN.total_seconds())) == TOLD_AT:
        enqueue_anyway("alerts.tries", thing_id=person.id)


def leave() -> str | None:
    """End the session at hand; the provider through which it was begun, whose own session goes on."""
    person, outside = actor(), None
    if isinstance(person, Person) and person.entry is not None:
        outside = person.entry.outside
        operations.end(person, person, person.entry.public_id)
    logout_user()
    flask.session.clear()
    return outside


def half_entered() -> Person:
    """Who has shown the password and not yet the second factor. Refused when that was too long ago, or never."""
    kept = flask.session.get("half") or {}
    claim = tokens.read("half", kept.get("token", ""), operations.now())
    person = people.by_public_id(claim.public_id)
    if not person.is_active or not claim.is_bound_to(person.password_hash):
        raise tokens.gone()
    return person


def _is_refused(response: Response) -> bool:
    return response.status_code == 422


def whose_code() -> str:
    """Whose code is tried, as the key of its own limit: a person has ten wrong ones, wherever they are typed."""
    person = actor()
    if isinstance(person, Person):
        return f"code:{person.public_id}"
    try:
        return f"code:{half_entered().public_id}"
    except Refused:
        return f"code:{request.remote_addr}"


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@limiter.limit("100 per 15 minutes", methods=["POST"])
@limiter.limit("10 per 15 minutes; 60 per day", methods=["POST"], key_func=whose_code, deduct_when=_is_refused)
def second() -> Page:
    """The second step of signing in: six digits, a recovery code."""
    try:
        person = half_entered()
    except Refused:
        flask.flash(_("That took too long. Please sign in once more."))
        return see("people.sign_in")
    form = FactorForm()
    if form.ready():
        try:
            if factors.shows_factor(actor(), person, form.code.data):
                kept = flask.session["half"]
                return enter(person, kept["way"], kept["stays"], True, kept["outside"])
            failed("code", person)
            form.code.errors = [_("This code is wrong, too old, or was used before. Wait for the next one.")]
        except Refused as problem:
            form.refuse(problem)
    return answer(
        "people/sessions/second.html", form, next=safe_next(""), has_app=factors.authenticator_of(person) is not None,
        has_passkey=bool(factors.passkeys_of(person)),
    )


@blueprint.route("/prove", methods=["GET", "POST"])
@login_required
@limiter.limit("100 per 15 minutes", methods=["POST"])
@limiter.limit("10 per 15 minutes; 60 per day", methods=["POST"], key_func=whose_code, deduct_when=_is_refused)
def prove() -> Page:
    """Show anew who one is, then go on where one was."""
    person = people.acting_person(actor())
    by_factor = factors.has_factor(person)
    form = FactorForm() if by_factor else ProvePasswordForm()
    if form.ready():
        try:
            if _is_proven(person, form, by_factor):
                operations.prove(actor(), person, by_factor)
                flask.session["_user_id"] = person.get_id()
                return redirect(safe_next(url_for("people.home")), 303)
        except Refused as problem:
            form.refuse(problem)
    return answer("people/sessions/prove.html", form, next=safe_next(""), by_factor=by_factor, has_passkey=bool(factors.passkeys_of(person)))


def _is_proven(person: Person, form: FactorForm | ProvePasswordForm, by_factor: bool) -> bool:
    """Whether what was typed is right; what is wrong is written beside its field."""
    if by_factor and factors.shows_factor(actor(), person, form.code.data):
        return True
    if not by_factor and passwords.matches(form.password.data, person.password_hash):
        return True
    failed("code" if by_factor else "password", person)
    field = form.code if by_factor else form.password
    field.errors = [_("This code is wrong, too old, or was used before. Wait for the next one.") if by_factor else _("This is not your present password.")]
    return False


@blueprint.get("/settings/sessions")
@login_required
def index() -> Page:
    """Where I am signed in."""
    person = people.acting_person(actor())
    return answer("people/sessions/index.html", person=person, sessions=operations.sessions_of(actor(), person))


@blueprint.post("/settings/sessions/<public_id>/end")
@login_required
def end(public_id: str) -> Page:
    """Sign out there."""
    person = people.acting_person(actor())
    operations.end(actor(), person, public_id)
    flask.flash(_("You are signed out there."))
    return see("sessions.index")


@blueprint.post("/settings/sessions/end-others")
@login_required
def end_others() -> Page:
    """Sign out everywhere else."""
    operations.end_others(actor(), people.acting_person(actor()))
    flask.flash(_("You are signed out everywhere else."))
    return see("sessions.index")


@blueprint.post("/settings/sessions/end-all")
@login_required
def end_all() -> Page:
    """Sign out everywhere, here too."""
    person = people.acting_person(actor())
    operations.end_others(actor(), person)
    leave()
    flask.flash(_("You are signed out everywhere."))
    return see("people.sign_in")


@blueprint.route("/operations/sessions", methods=["GET", "POST"])
def end_for() -> Page:
    """An operator ends all sessions of somebody whose device was lost or whose account is misused."""
    require(actor(), "person.end_sessions")
    form = EndForForm()
    if form.ready():
        try:
            ended = operations.end_for(actor(), people.by_address(form.address.data))
            flask.flash(ngettext("%(num)s session ended. The person is told by mail.", "%(num)s sessions ended. The person is told by mail.", ended))
            return see("sessions.end_for")
        except Refused as problem:
            form.refuse(problem)
    return answer("people/sessions/end_for.html", form)


def _needs_proof() -> bool:
    rule = request.url_rule
    if rule is None:
        return False
    return request.endpoint in STEP_UP or "/operations/" in rule.rule and "POST" in (rule.methods or ())


def _ask_proof() -> Response | None:
    """Send whoever wants more than reading, and has not shown for a while who he is, to do so first; and back to the page he was on."""
    if not _needs_proof() or not isinstance(actor(), Person) or operations.is_fresh(actor().entry):
        return None
    can_be_opened = request.method == "GET" or "GET" in (request.url_rule.methods or ())
    back = request.full_path.rstrip("?") if can_be_opened else urlsplit(request.referrer or "").path
    if request.method != "GET":
        flask.flash(_("Nothing was done yet. Show first that it is you, then press the button again."))
    return see("sessions.prove", next=back)


def _ask_factor() -> Response | None:
    """Where somebody must have a second factor by now, nothing opens but the page to set one up."""
    person = actor()
    if not isinstance(person, Person) or _is_open_without_factor() or not factors.is_shut_out(person):
        return None
    flask.flash(_("A second factor is needed here. Set one up to go on."))
    return see("factors.show")


def _is_open_without_factor() -> bool:
    return request.endpoint in OPEN_WITHOUT_FACTOR or request.blueprint == "factors"
