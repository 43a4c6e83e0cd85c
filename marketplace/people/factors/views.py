"""Pages of second factors: what is set up, an app and its first code, recovery codes.

Recovery codes are the one thing that a POST answers with a page instead of a redirect: they are kept nowhere, so that no other page could show them.
"""

from __future__ import annotations

import segno
from flask import Blueprint, Flask, flash, redirect, url_for
from flask import session as cookie
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup
from werkzeug.wrappers import Response

from marketplace.errors import N_, Refused
from marketplace.people import operations as people
from marketplace.people.factors import operations, passkeys
from marketplace.people.factors.forms import FirstCodeForm, PasskeyForm
from marketplace.people.models import Person
from marketplace.people.sessions import operations as sessions
from marketplace.people.sessions.forms import SignedForm
from marketplace.people.sessions.views import enter, failed
from marketplace.web import actor, answer, limiter, safe_next, see

Page = tuple[str, int] | Response

blueprint = Blueprint("factors", __name__)

ISSUER = "TechBridge"
ANSWERED_WITHIN = 600  # seconds


def prepare(app: Flask) -> None:
    """The secret that seals, and of whom a second factor is asked."""
    settings = app.config["SETTINGS"]
    operations.configure(settings.secret, settings.second_factor)
    passkeys.configure(settings.site)


def me() -> Person:
    """The person who is signed in."""
    return people.acting_person(actor())


@blueprint.get("/settings/second-factor")
@login_required
def show() -> Page:
    """What is set up, and what can be."""
    person = me()
    return answer(
        "people/factors/show.html", app=operations.authenticator_of(person), passkeys=operations.passkeys_of(person),
        left=operations.codes_left(person), wanted=operations.is_wanted_of(person), due=person.factor_due,
    )


@blueprint.post("/settings/second-factor/app/begin")
@login_required
def begin() -> Page:
    """Begin to set up an app."""
    operations.begin_authenticator(actor(), me())
    return see("factors.authenticator")


def picture(address: str) -> Markup:
    """The QR code of an address, drawn here; black on white also where the page is dark, because cameras want it so."""
    return Markup(segno.make(address, error="m").svg_inline(scale=5, border=4, light="#fff"))


@blueprint.route("/settings/second-factor/app", methods=["GET", "POST"])
@login_required
@limiter.limit("30 per hour", methods=["POST"])
def authenticator() -> Page:
    """The secret, to be photographed or typed, and the app's first code."""
    person = me()
    found = operations.begun(actor(), person)
    if found is None:
        return see("factors.show")
    form = FirstCodeForm()
    if form.ready():
        codes = operations.confirm_authenticator(actor(), person, form.code.data)
        if codes is not None:
            flash(_("Your app is set up. From now on you are asked for its digits after the password."))
            return shown_once(codes)
        form.code.errors = [_("This is not the code that your app should show. Look whether the phone's clock is right, and type the next code.")]
    secret = operations.secret_of(found)
    address = operations.address_of(found, person, ISSUER)
    spelled = " ".join(secret[at:at + 4] for at in range(0, len(secret), 4))
    return answer("people/factors/authenticator.html", form, picture=picture(address), spelled=spelled, address=address)


def shown_once(codes: list[str]) -> Page:
    """The page of recovery codes; without new ones, back to what is set up."""
    return answer("people/factors/codes.html", codes=codes) if codes else see("factors.show")


@blueprint.post("/settings/second-factor/app/remove")
@login_required
def remove() -> Page:
    """Take the app off."""
    operations.remove_authenticator(actor(), me())
    flash(_("The app is taken off. You are signed out everywhere else."))
    return see("factors.show")


@blueprint.post("/settings/second-factor/codes")
@login_required
@limiter.limit("10 per hour")
def codes() -> Page:
    """Ten new recovery codes."""
    try:
        return shown_once(operations.new_codes(actor(), me()))
    except Refused as problem:
        flash(_(problem.message))
        return see("factors.show")


@blueprint.post("/settings/second-factor/passkeys/<public_id>/remove")
@login_required
def remove_passkey(public_id: str) -> Page:
    """Take a passkey off."""
    operations.remove_passkey(actor(), me(), public_id)
    flash(_("The passkey is taken off. You are signed out everywhere else."))
    return see("factors.show")


def _challenge() -> str:
    """The challenge that this browser was given last; it is good for one answer and ten minutes."""
    given, until = cookie.pop("challenge", ("", 0))
    return given if until > sessions.now().timestamp() else ""


def _ask(asked: tuple[str, str]) -> str:
    """Keep the challenge with this browser; the JSON for its page."""
    cookie["challenge"] = (asked[1], sessions.now().timestamp() + ANSWERED_WITHIN)
    return asked[0]


@blueprint.route("/settings/second-factor/passkey", methods=["GET", "POST"])
@login_required
@limiter.limit("30 per hour", methods=["POST"])
def add_passkey() -> Page:
    """Add a passkey."""
    person, form = me(), PasskeyForm()
    if form.ready():
        try:
            made = passkeys.add(actor(), person, form.passkey.data or "", _challenge(), form.name.data)
            flash(_("The passkey is added. You can sign in with it from now on."))
            return shown_once(made)
        except Refused as problem:
            form.refuse(problem)
    return answer("people/factors/add_passkey.html", form, asked=_ask(passkeys.ask_new(actor(), person)))


@blueprint.route("/sign-in/passkey", methods=["GET", "POST"])
@limiter.limit("100 per 15 minutes", methods=["POST"])
def passkey() -> Page:
    """Sign in with a passkey; who is signed in shows by it anew who he is."""
    form = SignedForm()
    if form.ready():
        try:
            return _go_in(passkeys.signed_by(actor(), form.passkey.data or "", _challenge()))
        except Refused as problem:
            failed("passkey", me() if actor().is_authenticated else None)
            form.refuse(problem)
    person = me() if actor().is_authenticated else None
    return answer("people/factors/passkey.html", form, asked=_ask(passkeys.ask(person)), next=safe_next(""))


def _go_in(person: Person) -> Response:
    """Begin a session, or prove the one at hand; a key of somebody else's proves nothing."""
    if not actor().is_authenticated:
        return enter(person, "passkey", has_factor=True)
    if person.id != actor().id:
        raise Refused(N_("This passkey belongs to another account."))
    sessions.prove(actor(), me(), True)
    cookie["_user_id"] = me().get_id()
    return redirect(safe_next(url_for("people.home")), 303)
