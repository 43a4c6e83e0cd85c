"""Pages of accounts (sign up, sign in, a new password, settings, my desk) and of organisations and who sits in them."""

from __future__ import annotations

import flask
from flask import Blueprint, Flask, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response

from marketplace.access import may, require
from marketplace.db import session, to_read
from marketplace.errors import N_, Refused
from marketplace.people import codes, one_time, organisations, regions, tokens
from marketplace.people import operations as people
from marketplace.people.forms import (
    AddressForm,
    AskResetForm,
    BrokerForm,
    InviteForm,
    JoinForm,
    LanguageForm,
    OrganisationForm,
    PasswordForm,
    ResetForm,
    ReviewForm,
    RoleForm,
    SettingsForm,
    SignInForm,
    SignUpForm,
    VerificationForm,
)
from marketplace.people.models import Organisation, Person
from marketplace.people.sessions import operations as sessions
from marketplace.people.sessions.views import enter, failed, leave, tried_address
from marketplace.people.similar import make_ready, similar
from marketplace.people.words import KIND_WORDS, ROLE_NAMES, SIZE_WORDS, STATE_WORDS
from marketplace.web import actor, answer, limiter, safe_next, see, spoken, tongue_of

Page = tuple[str, int] | Response

blueprint = Blueprint("people", __name__)


def prepare(app: Flask) -> None:
    """The secret of the tokens and of one-time codes, and the words that pages of every package use of people and organisations."""
    tokens.configure(app.config["SETTINGS"].secret)
    one_time.configure(app.config["SETTINGS"].secret)
    app.jinja_env.globals.update(
        organisation_kinds=KIND_WORDS, organisation_sizes=SIZE_WORDS, organisation_states=STATE_WORDS, role_names=ROLE_NAMES,
        region_name=regions.name,
    )


def _typed_address() -> str:
    """The address typed into the form, as the key of its own limit."""
    return "address:" + people.address_key(request.form.get("address", ""))


def _is_refused(response: Response) -> bool:
    return response.status_code == 422


def me() -> Person:
    """The person who is signed in."""
    return people.acting_person(actor())


@blueprint.route("/sign-up", methods=["GET", "POST"])
@limiter.limit("60 per hour", methods=["POST"])
def sign_up() -> Page:
    """Open an account."""
    if actor().is_authenticated:
        return see("people.home")
    form = SignUpForm()
    if form.ready():
        try:
            return enter(people.register(actor(), form.name.data, form.address.data, form.password.data, spoken()), "password")
        except Refused as problem:
            form.refuse(problem)
    return answer("people/sign_up.html", form, next=safe_next(""))


@blueprint.route("/sign-in", methods=["GET", "POST"])
@limiter.limit("100 per 15 minutes", methods=["POST"])
@limiter.limit("10 per 15 minutes; 60 per day", methods=["POST"], key_func=tried_address, deduct_when=_is_refused)
def sign_in() -> Page:
    """Sign in; ten wrong passwords for an address close it for a while, wherever they come from, but on devices that have signed in to it before."""
    if actor().is_authenticated:
        return see("people.home")
    form = SignInForm()
    if form.ready():
        try:
            with to_read():
                opened = people.opened_by(actor(), form.address.data, form.password.data)
            session.rollback()  # what writes begins anew, and holds the lock no longer than it needs
            return enter(people.let_in(actor(), opened, form.password.data), "password", form.stays.data)
        except Refused as problem:
            failed("password", people.by_address(form.address.data))
            form.refuse(problem)
    return answer("people/sign_in.html", form, next=safe_next(""))


@blueprint.post("/sign-out")
def sign_out() -> Page:
    """End the session."""
    elsewhere = leave()
    flask.flash(_("You are signed out here. Where you signed in through, you are signed in still.") if elsewhere else _("You are signed out."))
    return see("matching.front")


@blueprint.route("/confirm/<token>", methods=["GET", "POST"])
def confirm(token: str) -> Page:
    """The link that proves an address. Opening it changes nothing (mail scanners open links); its button does."""
    if request.method != "POST":
        return render_template("people/confirm.html"), 200
    people.confirm_address(actor(), token)
    flask.flash(_("Your mail address is confirmed."))
    return see("people.home") if actor().is_authenticated else see("people.sign_in")


@blueprint.post("/confirm")
@limiter.limit("5 per hour")
def ask_confirmation() -> Page:
    """Send the confirming link again."""
    people.ask_confirmation(actor(), me())
    flask.flash(_("The link is on its way."))
    return see("people.home")


@blueprint.route("/reset", methods=["GET", "POST"])
@limiter.limit("30 per hour", methods=["POST"])
@limiter.limit("5 per hour", methods=["POST"], key_func=_typed_address)
def ask_reset() -> Page:
    """Ask for a link to set a new password; the answer is the same for every address."""
    form = AskResetForm()
    if form.ready():
        people.ask_reset(actor(), form.address.data)
        flask.flash(_("If there is an account with this address, a mail with a link is on its way. The link works for one hour."))
        return see("people.sign_in")
    return answer("people/ask_reset.html", form)


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
@limiter.limit("30 per hour", methods=["POST"])
def reset(token: str) -> Page:
    """Set a new password by the mailed link."""
    people.person_to_reset(token)
    form = ResetForm()
    if form.ready():
        try:
            person = people.reset_password(actor(), token, form.password.data)
            sessions.end_others(person, person)
            return enter(person, "link")
        except Refused as problem:
            form.refuse(problem)
    return answer("people/reset.html", form)


@blueprint.route("/settings", methods=["GET", "POST"])
@login_required
def settings() -> Page:
    """Name and language; links to password and address."""
    person = me()
    form = SettingsForm(data={"name": person.name, "language": person.tongue, "texts": person.language, "version": str(person.version_id)})
    if form.ready():
        form.check_version(person)
        try:
            people.edit_person(actor(), person, form.name.data, form.language.data, form.texts.data if "texts" in form else None)
            flask.flash(_("Saved."))
            return see("people.settings", lang=tongue_of(person))
        except Refused as problem:
            form.refuse(problem)
    return answer("people/settings.html", form, person=person)


@blueprint.post("/language")
@login_required
def choose_language() -> Page:
    """Keep a language with the account."""
    form = LanguageForm()
    if form.ready():
        people.choose_language(actor(), me(), form.language.data)
    return redirect(safe_next(url_for("people.home", lang=tongue_of(me()))), 303)


@blueprint.route("/settings/password", methods=["GET", "POST"])
@login_required
@limiter.limit("20 per hour", methods=["POST"])
def change_password() -> Page:
    """A new password; other sessions end, this one goes on."""
    form = PasswordForm()
    if form.ready():
        try:
            person = people.change_password(actor(), me(), form.present.data, form.password.data)
            sessions.end_others(actor(), person)
            sessions.prove(actor(), person, False)
            flask.session["_user_id"] = person.get_id()
            flask.flash(_("Your password is changed. You are signed out everywhere else."))
            return see("people.settings")
        except Refused as problem:
            form.refuse(problem)
    return answer("people/change_password.html", form)


@blueprint.route("/settings/address", methods=["GET", "POST"])
@login_required
@limiter.limit("20 per hour", methods=["POST"])
def change_address() -> Page:
    """Ask to move the account to another address."""
    form = AddressForm()
    if form.ready():
        try:
            people.ask_address(actor(), me(), form.password.data, form.address.data)
            flask.flash(_("We sent a link to the new address. Your account moves there when you follow it."))
            return see("people.settings")
        except Refused as problem:
            form.refuse(problem)
    return answer("people/change_address.html", form, person=me())


@blueprint.get("/desk")
@login_required
def home() -> Page:
    """My desk: what waits for me, and what I can begin."""
    person = me()
    owned = [key for key, role in person.seats.items() if role == "owner"]
    invitations = [(found, organisations.invitation_token(found)) for found in organisations.invitations_for(person)]
    return answer(
        "people/home.html", person=person, invitations=invitations, requests=organisations.requests_to(owned),
        asked=organisations.requests_by(person),
    )


@blueprint.route("/operations/brokers", methods=["GET", "POST"])
def brokers() -> Page:
    """The operator's page of technology managers."""
    require(actor(), "person.appoint")
    form = BrokerForm()
    if form.ready():
        try:
            person = people.appoint_broker(actor(), form.address.data)
            flask.flash(_("%(name)s is now a technology manager.", name=person.name))
            return see("people.brokers")
        except Refused as problem:
            form.refuse(problem)
    return answer("people/brokers.html", form, brokers=people.brokers())


@blueprint.post("/operations/brokers/<person_id>/dismiss")
def dismiss_broker(person_id: str) -> Page:
    """Take the role back."""
    person = people.dismiss_broker(actor(), people.by_public_id(person_id))
    flask.flash(_("%(name)s is no longer a technology manager.", name=person.name))
    return see("people.brokers")


def _alike(form: OrganisationForm) -> list[Organisation]:
    """Registered organisations that the typed names may mean and that were not shown before; the form notes them as seen."""
    found = [likely.organisation for likely in similar(form.all_names())]
    names = {organisation.public_id for organisation in found}
    if names <= set((form.seen.data or "").split()):
        return []
    form.seen.data = " ".join(sorted(names))
    return found


@blueprint.route("/organisations/new", methods=["GET", "POST"])
@limiter.limit("60 per hour", methods=["POST"])
def new_organisation() -> Page:
    """Register an organisation, unless it is one of those that are here already."""
    require(actor(), "organisation.create")
    form, alike = OrganisationForm(), []
    if request.method != "POST":
        make_ready()
    if form.ready():
        holder = organisations.by_codes(form.credit_code.data, form.ror.data)
        alike = [holder] if holder else _alike(form)
        try:
            if holder or not alike:
                made = organisations.create_organisation(actor(), **form.values())
                return see("people.organisation", public_id=made.public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("people/new_organisation.html", form, alike=alike)


@blueprint.get("/organisations/<public_id>")
def organisation(public_id: str) -> Page:
    """The public page of an organisation."""
    return answer("people/organisation.html", organisation=organisations.by_public_id(public_id))


@blueprint.route("/organisations/<public_id>/edit", methods=["GET", "POST"])
def edit_organisation(public_id: str) -> Page:
    """Change what is said of an organisation."""
    found = organisations.by_public_id(public_id)
    require(actor(), "organisation.edit", found)
    form = OrganisationForm.of(found)
    if form.ready():
        form.check_version(found)
        try:
            organisations.edit_organisation(actor(), found, **form.values())
            return see("people.organisation", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("people/edit_organisation.html", form, organisation=found)


@blueprint.route("/organisations/<public_id>/members", methods=["GET", "POST"])
@limiter.limit("60 per hour", methods=["POST"])
def members(public_id: str) -> Page:
    """Who acts for the organisation; its owners invite, answer requests and change roles here."""
    found = organisations.by_public_id(public_id)
    require(actor(), "organisation.members", found)
    form = InviteForm()
    if form.ready():
        try:
            organisations.invite(actor(), found, form.address.data, form.role.data, spoken())
            flask.flash(_("The invitation is on its way."))
            return see("people.members", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer(
        "people/members.html", form, organisation=found, invitations=organisations.open_invitations(found),
        requests=organisations.requests_to([found.id]), may_staff=may(actor(), "organisation.staff", found),
        may_invite=may(actor(), "organisation.invite", found),
    )


@blueprint.route("/organisations/<public_id>/members/<person_id>", methods=["GET", "POST"])
def member(public_id: str, person_id: str) -> Page:
    """The role of one member."""
    seat = organisations.membership_of(people.by_public_id(person_id), organisations.by_public_id(public_id))
    require(actor(), "organisation.staff", seat)
    form = RoleForm(data={"role": seat.role})
    if form.ready():
        try:
            organisations.set_role(actor(), seat, form.role.data)
            return see("people.members", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("people/member.html", form, membership=seat)


@blueprint.post("/organisations/<public_id>/members/<person_id>/remove")
def remove_member(public_id: str, person_id: str) -> Page:
    """Take a seat away, or leave."""
    seat = organisations.membership_of(people.by_public_id(person_id), organisations.by_public_id(public_id))
    left = seat.person_id == actor().id
    organisations.remove_member(actor(), seat)
    return see("people.home") if left else see("people.members", public_id=public_id)


@blueprint.route("/invitations/<token>", methods=["GET", "POST"])
def invitation(token: str) -> Page:
    """The page an invitation's link opens; its button takes the seat."""
    found = organisations.invitation_of(token)
    if request.method != "POST":
        return answer("people/invitation.html", invitation=found, is_mine=organisations.is_for(found, actor()))
    organisations.accept_invitation(actor(), token)
    return see("people.organisation", public_id=found.organisation.public_id)


@blueprint.post("/invitations/<public_id>/withdraw")
def withdraw_invitation(public_id: str) -> Page:
    """Take an invitation back."""
    found = organisations.withdraw_invitation(actor(), organisations.invitation(public_id))
    return see("people.members", public_id=found.organisation.public_id)


@blueprint.route("/organisations/<public_id>/join", methods=["GET", "POST"])
@limiter.limit("30 per hour", methods=["POST"])
def join(public_id: str) -> Page:
    """Ask an organisation's owners for a seat."""
    found = organisations.by_public_id(public_id)
    require(actor(), "organisation.join", found)
    form = JoinForm()
    if form.ready():
        try:
            organisations.ask_to_join(actor(), found, form.message.data or "")
            flask.flash(_("Your request is on its way to the owners. They answer by mail."))
            return see("people.home")
        except Refused as problem:
            form.refuse(problem)
    return answer("people/join.html", form, organisation=found)


@blueprint.post("/requests/<public_id>/accept")
def accept_request(public_id: str) -> Page:
    """Give whoever asked a seat."""
    asked = organisations.accept_request(actor(), organisations.join_request(public_id))
    return see("people.members", public_id=asked.organisation.public_id)


@blueprint.post("/requests/<public_id>/refuse")
def refuse_request(public_id: str) -> Page:
    """Decline a request to join."""
    asked = organisations.refuse_request(actor(), organisations.join_request(public_id))
    return see("people.members", public_id=asked.organisation.public_id)


@blueprint.route("/organisations/<public_id>/verification", methods=["GET", "POST"])
def ask_verification(public_id: str) -> Page:
    """Hand the organisation in for the operator's check."""
    found = organisations.by_public_id(public_id)
    require(actor(), "organisation.ask_verification", found)
    form = VerificationForm(data={"evidence": found.evidence})
    if form.ready():
        try:
            organisations.ask_verification(actor(), found, form.evidence.data)
            flask.flash(_("Handed in. We compare name and code with what you told us and answer by mail."))
            return see("people.organisation", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("people/ask_verification.html", form, organisation=found)


@blueprint.get("/operations/organisations")
def queue() -> Page:
    """The operator's queue of organisations to verify."""
    return answer("people/queue.html", waiting=organisations.waiting_for_verification(actor()))


@blueprint.route("/operations/organisations/<public_id>", methods=["GET", "POST"])
def review(public_id: str) -> Page:
    """The operator's check of one organisation: what it says, what its code says, and which others have a similar name."""
    require(actor(), "operations.see")
    found = organisations.by_public_id(public_id)
    form = ReviewForm(data={"version": str(found.version_id)})
    if form.ready():
        form.check_version(found)
        try:
            _decide(found, request.form.get("answer", ""), form.reason.data or "")
            return see("people.queue")
        except Refused as problem:
            form.refuse(problem)
    alike = similar([*found.name.values(), *found.names], besides=found)
    return answer("people/review.html", form, organisation=found, alike=alike, code_region=codes.region_of(found.credit_code))


def _decide(found: Organisation, verb: str, reason: str) -> None:
    """What the operator's button says: verify, refuse or revoke."""
    if verb == "verify":
        organisations.verify(actor(), found)
    elif verb == "refuse":
        organisations.refuse_verification(actor(), found, reason)
    elif verb == "revoke":
        organisations.revoke_verification(actor(), found, reason)
    else:
        raise Refused(N_("Choose an answer."))
