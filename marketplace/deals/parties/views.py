"""Pages of the people in a deal: who takes part, invitations, removal, and handing the deal over."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup
from sqlalchemy import select

from marketplace.access import may, require
from marketplace.db import session
from marketplace.deals import operations as deals
from marketplace.deals.models import OPEN_STAGES, Deal
from marketplace.deals.parties import operations
from marketplace.deals.parties.forms import InviteForm, ReachForm, RemoveForm, SuccessorForm
from marketplace.deals.sight import sight
from marketplace.deals.words import SIDE_WORDS
from marketplace.errors import NotFound, Problem
from marketplace.people.models import Person
from marketplace.web import actor, answer, see, spoken

blueprint = Blueprint("parties", __name__)


def prepare(app: Flask) -> None:
    """The part of the deal's page that names who takes part, and what an agency's owner has to give away."""
    app.jinja_env.globals.update(deal_parties_part=part, deals_left_behind=lambda: operations.left_behind(actor()), successors_of=operations.successors)


def part(deal: Deal) -> Markup:
    """Who takes part, as far as this reader is told, as a part of the deal's page."""
    own = next((one for one in deal.parties if one.state == "active" and one.person_id == actor().id), None)
    return Markup(render_template(
        "deals/parties/part.html", deal=deal, sight=sight(actor(), deal), own=own, may_invite=operations.may_invite(actor(), deal),
        may_join=own is None and deal.state in OPEN_STAGES and may(actor(), "deal.join", deal),
        may_hand_over=deal.state in OPEN_STAGES and may(actor(), "deal.hand_over", deal),
        removable={one.public_id for one in deal.parties if one.side != "broker" or one.state == "invited" if may(actor(), "party.remove", one)},
    ))


@blueprint.route("/deals/<public_id>/parties/invite", methods=["GET", "POST"])
@login_required
def invite(public_id: str) -> ResponseReturnValue:
    """Invite somebody into the deal."""
    deal = deals.by_public_id(actor(), public_id)
    require(actor(), "deal.invite", deal)
    form = InviteForm()
    form.side.choices = [(side, SIDE_WORDS[side]) for side in operations.may_invite(actor(), deal)]
    if form.ready():
        try:
            operations.invite(actor(), deal, form.side.data or "", form.address.data or "", form.duty.data or "", spoken())
            flash(_("The invitation is on its way."))
            return see("deals.show", public_id=public_id, _anchor="people")
        except Problem as problem:
            form.refuse(problem)
    return answer("deals/parties/invite.html", form, deal=deal)


@blueprint.route("/deals/<public_id>/parties/<party_id>/remove", methods=["GET", "POST"])
@login_required
def remove(public_id: str, party_id: str) -> ResponseReturnValue:
    """End somebody's part, or one's own."""
    deal = deals.by_public_id(actor(), public_id)
    party = operations.party_of(actor(), deal, party_id)
    require(actor(), "party.remove", party)
    form = RemoveForm()
    if form.ready():
        try:
            operations.remove(actor(), party, form.reason.data or "")
            return see("deals.show", public_id=public_id, _anchor="people") if may(actor(), "deal.read", deal) else see("deals.index")
        except Problem as problem:
            form.refuse(problem)
    return answer("deals/parties/remove.html", form, deal=deal, party=party, own=party.person_id == actor().id, sight=sight(actor(), deal))


@blueprint.post("/deals/<public_id>/parties/join")
@login_required
def join(public_id: str) -> ResponseReturnValue:
    """Take part for one's own house, as its owner."""
    operations.join(actor(), deals.by_public_id(actor(), public_id))
    return see("deals.show", public_id=public_id, _anchor="people")


@blueprint.route("/deals/<public_id>/parties/me", methods=["GET", "POST"])
@login_required
def reach(public_id: str) -> ResponseReturnValue:
    """Say what one does here and how one is reached."""
    deal = deals.by_public_id(actor(), public_id)
    require(actor(), "deal.take_part", deal)
    own = next(one for one in deal.parties if one.state == "active" and one.person_id == actor().id)
    form = ReachForm(data={"duty": own.duty, "phone": own.phone})
    if form.ready():
        operations.reach(actor(), deal, form.phone.data or "", form.duty.data or "")
        return see("deals.show", public_id=public_id, _anchor="people")
    return answer("deals/parties/reach.html", form, deal=deal)


@blueprint.route("/deals/invitations/<token>", methods=["GET", "POST"])
def invitation(token: str) -> ResponseReturnValue:
    """The page an invitation's link opens; its button takes the part offered."""
    party = operations.invited(actor(), token)
    if party.state == "active":
        return see("deals.show", public_id=party.deal.public_id)
    if request.method != "POST":
        return answer("deals/parties/invitation.html", party=party, token=token, is_mine=operations.is_for(party, actor()))
    operations.accept(actor(), token)
    return see("deals.show", public_id=party.deal.public_id)


@blueprint.post("/deals/invitations/<token>/decline")
@login_required
def decline(token: str) -> ResponseReturnValue:
    """Say no to an invitation."""
    operations.decline(actor(), token)
    flash(_("You have declined the invitation."))
    return see("deals.index")


@blueprint.route("/deals/<public_id>/parties/successor", methods=["GET", "POST"])
@login_required
def hand_over(public_id: str) -> ResponseReturnValue:
    """Offer the deal to another technology manager of the agency."""
    deal = deals.by_public_id(actor(), public_id)
    require(actor(), "deal.hand_over", deal)
    form, known = _successors(deal)
    if form.ready():
        try:
            operations.offer(actor(), deal, _chosen(form, known))
            flash(_("The invitation is on its way."))
            return see("deals.show", public_id=public_id, _anchor="people")
        except Problem as problem:
            form.refuse(problem)
    return answer("deals/parties/successor.html", form, deal=deal)


@blueprint.post("/deals/<public_id>/parties/reassign")
@login_required
def reassign(public_id: str) -> ResponseReturnValue:
    """The agency's owner gives a deal whose technology manager has left to another one."""
    deal = session.scalar(select(Deal).where(Deal.public_id == public_id))
    if deal is None or not may(actor(), "deal.reassign", deal):
        raise NotFound()
    form, known = _successors(deal)
    operations.reassign(actor(), deal, _chosen(form, known))
    flash(_("The deal is in other hands now; everybody in it has been told."))
    return see("deals.index")


def _successors(deal: Deal) -> tuple[SuccessorForm, dict[str, Person]]:
    known = {one.public_id: one for one in operations.successors(deal)}
    form = SuccessorForm()
    form.successor.choices = [(key, one.name) for key, one in known.items()]
    return form, known


def _chosen(form: SuccessorForm, known: dict[str, Person]) -> Person:
    if form.successor.data not in known:
        raise NotFound()
    return known[form.successor.data]
