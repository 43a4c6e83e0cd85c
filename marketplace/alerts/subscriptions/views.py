"""Pages of what somebody follows; the buttons that follow; and the page behind the link that stops."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Flask, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup

from marketplace.access import may
from marketplace.alerts.delivery import closed_address_of, open_address
from marketplace.alerts.subscriptions import advised, digests, operations
from marketplace.alerts.subscriptions.forms import SubscriptionForm
from marketplace.alerts.subscriptions.models import Followed, Subscription
from marketplace.alerts.subscriptions.words import KIND_WORDS, PACE_WORDS, WEEKDAYS
from marketplace.calls import listing as calls
from marketplace.calls.views import filter_lines
from marketplace.calls.words import FILTER_WORDS
from marketplace.catalogue.operations import by_public_id as technology_by
from marketplace.errors import Problem
from marketplace.matching import operations as matching
from marketplace.matching.orders import NEWEST
from marketplace.matching.views import asked, facet_names, facet_value_name
from marketplace.needs.operations import by_public_id as need_by
from marketplace.people.operations import acting_person
from marketplace.people.organisations import by_public_id as organisation_by
from marketplace.record import noun
from marketplace.web import PAGE, actor, answer, csrf, language, limiter, see

blueprint = Blueprint("subscriptions", __name__)

LISTINGS = {"technologies": "technology", "needs": "need", "open-calls": "open_call"}
SEARCH_ENDPOINTS = {"matching.technologies": "technologies", "matching.needs": "needs", "calls.index": "open-calls"}
CHOSEN = ("q", "state", "sort")
"""What an address of the list of calls says besides its filters: a call that comes in is open, and it comes in when it comes."""


def prepare(app: Flask) -> None:
    """What the pages of other packages show of subscriptions, so that no package imports upward."""
    app.jinja_env.globals.update(
        follow_search_part=follow_search_part, follow_part=follow_part, address_problem_part=address_problem_part,
        pace_words=PACE_WORDS, weekday_words=WEEKDAYS, subscription_kinds=KIND_WORDS,
    )


def follow_search_part(endpoint: str, arguments: dict[str, Any]) -> Markup:
    """The button that follows the search at hand."""
    name = SEARCH_ENDPOINTS.get(endpoint)
    return Markup(render_template("alerts/subscriptions/part_search.html", name=name, endpoint=endpoint, arguments=arguments)) if name else Markup("")


def follow_part(followed: Followed) -> Markup:
    """The button that follows the matches of what is shown, for whoever works for it."""
    if not may(actor(), f"{noun(followed)}.follow", followed):
        return Markup("")
    own = {each.signature: each for each in operations.subscriptions_of(actor())}
    found = next((each for each in own.values() if each.kind == noun(followed) and each.followed is followed), None)
    return Markup(render_template("alerts/subscriptions/part_follow.html", kind=noun(followed), followed=followed, found=found))


def address_problem_part() -> Markup:
    """What somebody whose address sends mail back reads when signed in."""
    if not actor().is_authenticated:
        return Markup("")
    closed = closed_address_of(acting_person(actor()))
    return Markup(render_template("alerts/subscriptions/part_address.html", closed=closed)) if closed else Markup("")


def _sentence(typed: str, where: dict[str, list[str]], listing: str) -> str:
    """A search in words: what it is called at first."""
    names, separator = facet_names(), _(", ")
    said = [typed] if typed else []
    said += [f"{names[name]}{_(': ')}{separator.join(facet_value_name(name, value, language()) for value in values)}" for name, values in where.items()]
    return " · ".join(said) or (_("All technologies") if listing == "technology" else _("All needs"))


def _asked(listing: str) -> tuple[str, dict[str, list[str]], str]:
    """The words and filters of the search at hand, and what it is called."""
    typed, where = asked(listing)
    return typed, where, _sentence(typed, where, listing)


def _asked_of_calls() -> tuple[str, dict[str, list[str]], str]:
    """The same of the list of calls, which has filters of its own."""
    wanted = replace(calls.asked(request.args), state="open", order="")
    state = str(FILTER_WORDS["state"])
    said = [wanted.text, *(f"{name}{_(': ')}{value}" for name, value in filter_lines(wanted) if name != state)]
    where = {name: [value] for name, value in wanted.arguments.items() if name not in CHOSEN}
    return wanted.text, where, " · ".join(part for part in said if part) or _("All open calls")


@blueprint.get("/subscriptions")
@login_required
def index() -> ResponseReturnValue:
    """All that somebody follows."""
    return answer(
        "alerts/subscriptions/index.html", rows=operations.subscriptions_of(actor()), page_of=digests.page_of, most=operations.MOST,
        organisations=acting_person(actor()).organisations,
    )


@blueprint.post("/subscriptions/search/<any(technologies, needs, 'open-calls'):name>")
@login_required
@limiter.limit("120 per hour")
def follow_search(name: str) -> ResponseReturnValue:
    """Follow the search whose words and filters stand in the address, as they do in that of its page."""
    listing = LISTINGS[name]
    typed, where, said = _asked_of_calls() if listing == "open_call" else _asked(listing)
    found = operations.follow_search(actor(), listing, typed, where, said)
    flash(_("You follow this now. Choose how often we write."))
    return see("subscriptions.edit", public_id=found.public_id)


@blueprint.post("/subscriptions/<any(need, technology, organisation):kind>/<public_id>")
@login_required
@limiter.limit("120 per hour")
def follow(kind: str, public_id: str) -> ResponseReturnValue:
    """Follow the matches of something."""
    if kind == "organisation":
        followed: Followed = organisation_by(public_id)
    else:
        followed = need_by(actor(), public_id) if kind == "need" else technology_by(actor(), public_id)
    found = operations.follow(actor(), followed, operations.name_of(followed, language()))
    flash(_("You follow this now. Choose how often we write."))
    return see("subscriptions.edit", public_id=found.public_id)


@blueprint.route("/subscriptions/<public_id>", methods=["GET", "POST"])
@login_required
def edit(public_id: str) -> ResponseReturnValue:
    """Name, pace, and what else can be done with a subscription."""
    found = operations.own_by_public_id(actor(), public_id)
    form = SubscriptionForm(obj=found, data={"version": str(found.version_id)})
    form.offer(operations.paces_of(found))
    if form.ready():
        try:
            form.check_version(found)
            operations.change(actor(), found, form.name.data, form.pace.data, form.weekday.data, form.hour.data, form.zone.data.strip())
            flash(_("Saved."))
            return see("subscriptions.index")
        except Problem as problem:
            form.refuse(problem)
    return answer("alerts/subscriptions/edit.html", form, row=found, page=digests.page_of(found))


@blueprint.post("/subscriptions/<public_id>/<any(pause, resume, delete):verb>")
@login_required
def step(public_id: str, verb: str) -> ResponseReturnValue:
    """Pause, resume or delete a subscription."""
    found = operations.own_by_public_id(actor(), public_id)
    {"pause": operations.pause, "resume": operations.resume, "delete": operations.remove}[verb](actor(), found)
    return see("subscriptions.index")


@blueprint.get("/subscriptions/<public_id>/sample")
@login_required
def sample(public_id: str) -> ResponseReturnValue:
    """What a mail about a subscription looks like, with what it finds today."""
    found = operations.own_by_public_id(actor(), public_id)
    return answer("alerts/subscriptions/sample.html", row=found, section=digests.sample(found, _newest(found)))


def _newest(row: Subscription) -> list[Any]:
    """The newest things of a subscription."""
    if row.kind == "advice":
        return advised.lately(row.person, PAGE)
    if row.kind == "search":
        if row.listing == "open_call":
            wanted = calls.asked({"q": row.words, **{name: values[0] for name, values in row.filters.items()}})
            return list(calls.page(actor(), replace(wanted, order="newest"), size=PAGE).rows)
        model = digests.MODELS[row.listing or ""]
        page = matching.found(actor(), row.listing or "", row.words, row.filters, PAGE, order=NEWEST)
        return matching.load(actor(), model, page.keys)
    return digests.matches_now(row)


@blueprint.post("/subscriptions/address")
@login_required
@limiter.limit("10 per day")
def address_works() -> ResponseReturnValue:
    """The address works again."""
    open_address(actor(), acting_person(actor()))
    flash(_("Thank you. We write to your address again."))
    return see("people.home")


def _token() -> str:
    return f"unsubscribe:{(request.view_args or {}).get('token', '')}"


@blueprint.route("/unsubscribe/<token>", methods=["GET", "POST"])
@csrf.exempt
@limiter.limit("30 per hour", methods=["POST"], key_func=_token)
@limiter.limit("3000 per hour", methods=["POST"])
def unsubscribe(token: str) -> ResponseReturnValue:
    """The link at the end of a digest. Opening it changes nothing (mail scanners open links); its one button does, and so does the
    POST that a mail program sends by itself (RFC 8058): without cookie, and answered without going elsewhere."""
    stopped, everything = operations.stopped_by(token)
    if request.method == "POST":
        operations.stop_by_token(actor(), token)
        return answer("alerts/subscriptions/stopped.html", stopped=stopped, everything=everything)
    return answer("alerts/subscriptions/stop.html", stopped=stopped, everything=everything)
