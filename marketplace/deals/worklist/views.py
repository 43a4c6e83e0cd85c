"""Pages of the worklist: the rows, what one works in, and the two things done without leaving the page."""

from __future__ import annotations

from itertools import zip_longest

from flask import Blueprint, Flask, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup
from werkzeug.wrappers import Response

from marketplace.access import may, require
from marketplace.db import now
from marketplace.deals.models import Deal
from marketplace.deals.worklist import operations, words
from marketplace.deals.worklist.forms import DeclineForm, PutOffForm, SpecialtyForm
from marketplace.deals.worklist.pairs import specialty_of
from marketplace.errors import Problem, Refused
from marketplace.licensing.duties.watching import clocks_of, readable_notice
from marketplace.licensing.ledger import day_of
from marketplace.matching.operations import match_by_public_id
from marketplace.matching.words import DECLINE_WORDS
from marketplace.web import actor, answer, language, see

blueprint = Blueprint("worklist", __name__)



def prepare(app: Flask) -> None:
    """The words of the rows, and the note on the page of a deal that says what its technology manager sees of the agreement."""
    app.jinja_env.globals.update(worklist_words=words, deal_watch_part=watch_part)


def watch_part(deal: Deal) -> Markup:
    """What the technology manager of a deal sees of its agreement: the clocks, the same for him and for both sides. Guests are shown nothing of it."""
    agreement = deal.agreement
    if agreement is None or not may(actor(), "deal.see_clocks", deal):
        return Markup("")
    clocks = clocks_of(agreement, day_of(agreement, now()))
    return Markup(render_template(
        "deals/worklist/part_watched.html", clocks=clocks, notice_id=readable_notice(actor(), agreement) if clocks else None,
        readable=agreement if may(actor(), "agreement.read", agreement) else None,
    ))


@blueprint.get("/worklist")
@login_required
def show() -> ResponseReturnValue:
    """Everything that waits for the technology manager, each row with why it is there and its next step."""
    sections = operations.worklist(actor())
    keys = [row.key for rows in sections.values() for row in rows]
    return answer(
        "deals/worklist/show.html", None, sections=sections, following=dict(zip_longest(keys, keys[1:], fillvalue="")), total=len(keys),
        put_off=operations.put_off_count(actor()), specialty=specialty_of(actor()), codes=DECLINE_WORDS,
        put_off_address=url_for("worklist.put_off"),
    )


def _on(following: str | None) -> Response:
    """Back to the worklist, at the row that comes next."""
    return see("worklist.show", **({"_anchor": f"row-{following}"} if following else {}))


@blueprint.post("/worklist/put-off")
@login_required
def put_off() -> ResponseReturnValue:
    """Put a row off, and go on with the next."""
    require(actor(), "worklist.see")
    form = PutOffForm()
    if not form.ready():
        raise Refused(operations.NOT_PUT_OFF)
    operations.put_off(actor(), form.kind.data, form.thing.data, form.days.data)
    return _on(form.next.data)


@blueprint.post("/worklist/take-up")
@login_required
def take_up() -> ResponseReturnValue:
    """Show again what was put off."""
    operations.take_up(actor())
    return _on(None)


@blueprint.post("/worklist/pairs/<public_id>/decline")
@login_required
def decline(public_id: str) -> ResponseReturnValue:
    """Decline a pair where it stands; without a reason the page of the match asks for it."""
    require(actor(), "match.answer_broker", match_by_public_id(actor(), public_id))
    form = DeclineForm()
    if form.ready():
        try:
            operations.decline_pair(actor(), public_id, form.code.data, form.text.data)
            return _on(form.next.data)
        except Refused as problem:
            form.refuse(problem)
    return answer("deals/worklist/decline.html", form, public_id=public_id)


@blueprint.route("/worklist/specialty", methods=["GET", "POST"])
@login_required
def specialty() -> ResponseReturnValue:
    """What the technology manager works in."""
    require(actor(), "worklist.see")
    found = specialty_of(actor())
    said = {"industries": found.industries, "fields": found.fields, "regions": found.regions, "version": str(found.version_id)} if found else {}
    form = SpecialtyForm(data=said)
    form.offer_choices(language())
    if form.ready():
        try:
            if found is not None:
                form.check_version(found)
            operations.set_specialty(actor(), form.industries.data or (), form["fields"].data or (), form.regions.data or ())
            flash(_("Saved."))
            return see("worklist.show")
        except Problem as problem:
            form.refuse(problem)
    return answer("deals/worklist/specialty.html", form)
