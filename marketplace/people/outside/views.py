"""Pages of outside sign-ins: to the provider and back, what follows, and what an account is joined to.

The provider sends the browser back with a GET, which writes nothing here: it leads to a page whose button signs in.
"""

from __future__ import annotations

import logging
from typing import Any

import flask
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, current_app, url_for
from flask_babel import gettext as _
from flask_login import login_required
from joserfc.errors import JoseError
from requests.exceptions import RequestException
from werkzeug.wrappers import Response

from marketplace.config import Provider
from marketplace.errors import N_, NotFound, Refused
from marketplace.people import operations as people
from marketplace.people.outside import operations
from marketplace.people.sessions.operations import now
from marketplace.people.sessions.views import enter
from marketplace.web import Form, actor, answer, limiter, safe_next, see, site_address, spoken

Page = tuple[str, int] | Response

blueprint = Blueprint("outside", __name__)
log = logging.getLogger(__name__)

KEPT = 600  # seconds for which what a provider said of somebody waits for his button


def prepare(app: Flask) -> None:
    """Make the providers of the settings known, each with code flow and PKCE; their addresses are read when somebody first goes there."""
    oauth = OAuth(app)
    for one in app.config["SETTINGS"].providers:
        oauth.register(
            one.code, client_id=one.client, client_secret=one.secret, server_metadata_url=f"{one.issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256", "timeout": 10},
        )
    app.extensions["providers"] = oauth
    app.jinja_env.globals.update(providers=app.config["SETTINGS"].providers)


def _provider(code: str) -> tuple[Provider, Any]:
    """The provider of this code, and Authlib's client for it. Raises `NotFound`."""
    found = next((one for one in current_app.config["SETTINGS"].providers if one.code == code), None)
    if found is None:
        raise NotFound()
    return found, current_app.extensions["providers"].create_client(code)


@blueprint.get("/sign-in/with/<code>")
@limiter.limit("60 per hour")
def go(code: str) -> Page:
    """Go to the provider."""
    provider, client = _provider(code)
    flask.session["outside_next"] = safe_next("")
    try:
        return client.authorize_redirect(site_address(url_for("outside.back", code=code)))
    except (RequestException, OAuthError) as error:
        log.warning("the provider %s does not answer: %s", provider.code, type(error).__name__)
        raise Refused(N_("%(name)s does not answer at the moment. Sign in with your password, or try again later."), name=provider.name) from error


@blueprint.get("/sign-in/with/<code>/back")
@limiter.limit("60 per hour")
def back(code: str) -> Page:
    """Come back: keep what the provider has signed of the person, for a button."""
    provider, client = _provider(code)
    try:
        claims = client.authorize_access_token()["userinfo"]
    except (OAuthError, JoseError, RequestException, KeyError, ValueError) as error:
        log.warning("the provider %s sent back what is refused: %s", provider.code, type(error).__name__)
        raise Refused(N_("Signing in through %(name)s did not work. Nothing was changed; please try again."), name=provider.name) from error
    if str(claims.get("iss")).rstrip("/") != provider.issuer:
        raise Refused(N_("Signing in through %(name)s did not work. Nothing was changed; please try again."), name=provider.name)
    flask.session["outside"] = {
        "code": code, "subject": str(claims["sub"])[:255], "address": str(claims.get("email") or "")[:254], "name": str(claims.get("name") or "")[:80],
        "is_verified": claims.get("email_verified") is True, "until": now().timestamp() + KEPT,
    }
    return see("outside.land")


def _kept() -> tuple[Provider, dict[str, Any]]:
    """The provider and what it said, of whoever has just come back from there. Refused when that was too long ago."""
    said = flask.session.get("outside") or {"until": 0, "code": ""}
    if said["until"] < now().timestamp():
        raise Refused(N_("That took too long. Please sign in once more."))
    return _provider(said["code"])[0], said


@blueprint.route("/sign-in/with", methods=["GET", "POST"])
@limiter.limit("60 per hour", methods=["POST"])
def land() -> Page:
    """What follows from coming back: sign in, join the two, or open an account. Its button does it."""
    (provider, said), form = _kept(), Form()
    person = operations.whose(provider.issuer, said["subject"])
    if form.ready():
        try:
            return _enter(provider, said)
        except Refused as problem:
            form.refuse(problem)
    is_here = actor().is_authenticated
    step = "enter" if person and not is_here else "join" if is_here else "sign_in_first" if operations.has_account(said["address"]) else "open"
    return answer("people/outside/land.html", form, provider=provider, step=step, address=said["address"])


def _enter(provider: Provider, said: dict[str, Any]) -> Response:
    person, target = operations.whose(provider.issuer, said["subject"]), flask.session.get("outside_next")
    values = (provider.issuer, said["subject"], said["address"], said["is_verified"])
    if actor().is_authenticated:
        operations.join(actor(), people.acting_person(actor()), *values)
        flask.session.pop("outside")
        flask.flash(_("Joined. From now on you can sign in through %(name)s.", name=provider.name))
        return see("outside.index")
    if person is None:
        person = operations.open_account(actor(), *values, said["name"], spoken())
    return enter(person, "outside", outside=provider.code, target=target or "")


@blueprint.get("/settings/outside")
@login_required
def index() -> Page:
    """What my account is joined to."""
    return answer("people/outside/index.html", identities=operations.identities_of(actor(), people.acting_person(actor())))


@blueprint.post("/settings/outside/<public_id>/part")
@login_required
def part(public_id: str) -> Page:
    """Part an identity from the account."""
    operations.part(actor(), people.acting_person(actor()), public_id)
    flask.flash(_("Parted. The password still signs you in."))
    return see("outside.index")
