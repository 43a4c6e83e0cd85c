"""Pages of deals: list, board, leads, one deal with its timeline, and the steps of its stages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, current_app, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup
from sqlalchemy import select

from marketplace.access import actions_of, may
from marketplace.catalogue import operations as catalogue
from marketplace.catalogue.models import Technology
from marketplace.db import now, session
from marketplace.deals import following, listing, operations, words
from marketplace.deals.due import due_of
from marketplace.deals.forms import AskForm, FilterForm, LoseForm
from marketplace.deals.models import OPEN_STAGES, STAGES, Deal
from marketplace.deals.sight import called, frozen_texts, known_name, side_in, sight
from marketplace.deals.timeline import entries
from marketplace.deals.turns import turn
from marketplace.errors import N_, NotFound, Problem, Refused
from marketplace.matching import operations as matching
from marketplace.matching.models import Match
from marketplace.matching.words import DECLINE_WORDS
from marketplace.needs import operations as needs
from marketplace.needs.models import Need
from marketplace.ordering import order
from marketplace.people.models import Organisation
from marketplace.saying import named
from marketplace.web import PAGE, actor, answer, language, page_number, see

blueprint = Blueprint("deals", __name__)

OWN_LISTINGS = 100
TEMPLATE = "deals/entries/deals.html"


def prepare(app: Flask) -> None:
    """Words for the templates of every package, the buttons that begin a deal, and how the lines of the timeline are said."""
    known = app.jinja_env.globals.setdefault("entry_templates", {})
    known.update({kind: TEMPLATE for kinds in words.ENTRY_KINDS.values() for kind in kinds})
    app.jinja_env.globals.update(
        deal_words=words, deal_called=lambda deal: called(actor(), deal, language()), deal_sight=lambda deal: sight(actor(), deal),
        deal_who=who, introduction_button=introduction_button, deal_button=deal_button, deal_stages=STAGES, decline_words=DECLINE_WORDS,
        deal_steps=operations.open_steps,
    )


def who(deal: Deal, person: Any) -> Markup | str:
    """Somebody who did something in a deal, by name if this reader is told it, else as the side he stands on."""
    if person is None:
        return _("TechBridge")
    side = side_in(deal, person.id)
    return named(known_name(actor(), deal, person)) or (str(words.SIDE_WORDS[side]) if side else _("somebody"))


@blueprint.route("/deals")
@login_required
def index() -> ResponseReturnValue:
    """The actor's deals as a list."""
    form, wanted = asked(request.args)
    page, by, counts = page_number(), order(request.args.get("sort", ""), listing.ORDERS), listing.counts(actor(), wanted)
    rows = listing.listed(actor(), wanted, page, PAGE, by=by)
    return answer("deals/index.html", filters=form, cards=rows[:PAGE], page=page, more=len(rows) > PAGE, narrowed=_args(wanted), order=by, counts=counts,
                  args=_args(wanted) | by.arguments, total=listing.total(actor(), wanted, counts))


@blueprint.route("/deals/board")
@login_required
def board() -> ResponseReturnValue:
    """The actor's open deals as a board: a column for each stage, what is due first on top."""
    form, wanted = asked(request.args)
    counts = listing.counts(actor(), wanted)
    return answer("deals/board.html", filters=form, columns=listing.board(actor(), wanted, counts), counts=counts, args=_args(wanted))


def asked(values: Any) -> tuple[FilterForm, listing.Filter]:
    """Which deals an address asks for, and the form that says so."""
    form = FilterForm(values)
    return form, listing.Filter(form.stage.data or "", form.side.data or "", (form.q.data or "")[:200], form.order.data or "")


def _args(wanted: listing.Filter) -> dict[str, str]:
    return {name: value for name, value in (("stage", wanted.stage), ("side", wanted.side), ("q", wanted.text), ("order", wanted.order)) if value}


@blueprint.route("/deals/leads")
@login_required
def leads() -> ResponseReturnValue:
    """Introductions that are asked for and that no technology manager has taken yet."""
    page, asking = page_number(), request.args.get("asking", "")
    asking = asking if asking in ("firm", "holder") else ""
    rows = operations.waiting_leads(actor(), page, PAGE, asking)
    return answer(
        "deals/leads.html", leads=rows[:PAGE], page=page, more=len(rows) > PAGE, total=operations.count_leads(actor(), asking), asking=asking,
        args={"asking": asking} if asking else {},
    )


@blueprint.post("/deals/leads/<public_id>/take")
@login_required
def take(public_id: str) -> ResponseReturnValue:
    """Take a lead."""
    deal = operations.take(actor(), public_id)
    flash(_("This deal is yours now."))
    return see("deals.show", public_id=deal.public_id)


@blueprint.post("/matches/<public_id>/deal", endpoint="open")
@login_required
def open_deal(public_id: str) -> ResponseReturnValue:
    """Open a deal from a match."""
    match = matching.match_by_public_id(actor(), public_id)
    deal = operations.open_deal(actor(), match)
    return see("deals.show", public_id=deal.public_id)


@blueprint.route("/technologies/<public_id>/introduction", methods=["GET", "POST"])
@login_required
def ask_for_technology(public_id: str) -> ResponseReturnValue:
    """Ask for an introduction to a technology's holder, with one of the firm's open needs or with none."""
    technology = catalogue.by_public_id(actor(), public_id)
    houses = [one for one in _houses() if one.id != technology.organisation_id]
    own = _own_needs(houses)
    form = AskForm()
    form.organisation.choices = [(one.public_id, one.called(language())) for one in houses]
    form.own.choices = [("", _("no need of ours that is posted here")), *((need.public_id, need.titled(language())[0]) for need in own)]
    if form.ready():
        need = next((one for one in own if one.public_id == form.own.data), None)
        firm = need.organisation if need else next((one for one in houses if one.public_id == form.organisation.data), None)
        return _asked(form, "firm", technology, need, firm, technology)
    return answer("deals/ask.html", form, listing=technology, side="firm")


@blueprint.route("/needs/<public_id>/introduction", methods=["GET", "POST"])
@login_required
def ask_for_need(public_id: str) -> ResponseReturnValue:
    """Ask for an introduction to a need's firm, with one of the holder's technologies."""
    need = needs.by_public_id(actor(), public_id)
    houses = [one for one in _houses() if one.id != need.organisation_id]
    own = _own_technologies(houses)
    form = AskForm()
    form.organisation.choices = []
    form.own.choices = [(one.public_id, one.titled(language())[0]) for one in own]
    if form.ready():
        technology = next((one for one in own if one.public_id == form.own.data), None)
        return _asked(form, "holder", technology, need, need.organisation, need)
    return answer("deals/ask.html", form, listing=need, side="holder")


def _asked(form: AskForm, side: str, technology: Technology | None, need: Need | None, firm: Organisation | None, about: Any) -> ResponseReturnValue:
    """Ask, and show the deal; what is refused stands in the form."""
    try:
        if firm is None:
            raise Refused(N_("Choose the organisation that you ask for."), field="organisation")
        if technology is None:
            raise Refused(N_("Choose the technology that you offer."), field="own")
        deal = operations.ask(actor(), side, technology, need, firm, form.message.data or "")
        flash(_("The technology managers see your request; you are told by mail when one takes it up."))
        return see("deals.show", public_id=deal.public_id)
    except Refused as problem:
        form.refuse(problem)
    return answer("deals/ask.html", form, listing=about, side=side)


def _houses() -> list[Organisation]:
    return [one for one in getattr(actor(), "organisations", []) if one.state == "verified"]


def _own_needs(houses: list[Organisation]) -> list[Need]:
    query = select(Need).where(Need.organisation_id.in_([one.id for one in houses]), Need.state.in_(Need.OPEN_STATES))
    return list(session.scalars(query.order_by(Need.id.desc()).limit(OWN_LISTINGS)))


def _own_technologies(houses: list[Organisation]) -> list[Technology]:
    query = select(Technology).where(
        Technology.organisation_id.in_([one.id for one in houses]), Technology.state.in_(Technology.OPEN_STATES), Technology.kind != "negative_result",
    )
    return list(session.scalars(query.order_by(Technology.id.desc()).limit(OWN_LISTINGS)))


@blueprint.route("/deals/<public_id>")
@login_required
def show(public_id: str) -> ResponseReturnValue:
    """One deal: where it stands, what comes next, who takes part, and everything that happened, newest first."""
    deal = operations.by_public_id(actor(), public_id)
    page, part = page_number(), request.args.get("kind", "")
    groups = _groups()
    lines = entries(actor(), deal, page, PAGE, groups.get(part, ()))
    texts = frozen_texts(actor(), deal, language())
    due = due_of(actor(), [deal.id]).get(deal.id)
    return answer(
        "deals/show.html", whose_turn=turn(deal) if deal.state in OPEN_STAGES else (), due=due, late=due is not None and due < now().date(),
        deal=deal, sight=sight(actor(), deal), texts=texts, in_full=all(text.in_full for text in texts),
        entered=operations.stages_entered(deal), steps=operations.next_steps(actor(), deal),
        may=actions_of(actor(), deal, ["deal.lose", "deal.join", "deal.invite", "deal.hand_over"]),
        may_draft=following.may_draft(actor(), deal), is_open=deal.state in OPEN_STAGES,
        readable_agreement=deal.agreement if deal.agreement and may(actor(), "agreement.read", deal.agreement) else None,
        may_solve=deal.state == "won" and deal.need is not None and deal.need.state == "in_deal" and may(actor(), "need.solve", deal.need),
        lines=lines[:PAGE], page=page, more=len(lines) > PAGE, groups=list(groups), part=part if part in groups else "",
    )


def _groups() -> dict[str, tuple[str, ...]]:
    """The parts of the timeline by which it is filtered: ours, and one for each room that has lines of its own."""
    found: dict[str, tuple[str, ...]] = dict(words.ENTRY_KINDS)
    for kind, template in current_app.jinja_env.globals["entry_templates"].items():
        if template != TEMPLATE:
            name = template.rpartition("/")[2].removesuffix(".html")
            found[name] = (*found.get(name, ()), kind)
    return found


@blueprint.post("/deals/<public_id>/step")
@login_required
def step(public_id: str) -> ResponseReturnValue:
    """Take one step of the stages by a button, from the deal's page or from the board."""
    deal = operations.by_public_id(actor(), public_id)
    verb = request.form.get("verb", "")
    if verb not in (*operations.WALK, *operations.BACK):
        raise NotFound()
    operations.step(actor(), deal, verb)
    if request.form.get("from") == "board":
        return see("deals.board", _anchor=f"deal-{public_id}")
    return see("deals.show", public_id=public_id)


@blueprint.route("/deals/<public_id>/lose", methods=["GET", "POST"])
@login_required
def lose(public_id: str) -> ResponseReturnValue:
    """Give a deal up, with the reason."""
    deal = operations.by_public_id(actor(), public_id)
    if not may(actor(), "deal.lose", deal) or deal.state not in OPEN_STAGES:
        raise NotFound()
    form = LoseForm()
    if form.ready():
        try:
            operations.lose(actor(), deal, form.code.data, form.text.data or "")
            return see("deals.show", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("deals/lose.html", form, deal=deal)


@blueprint.post("/deals/<public_id>/agreement")
@login_required
def draft(public_id: str) -> ResponseReturnValue:
    """Draft the agreement of the deal, and go on to its editor."""
    deal = operations.by_public_id(actor(), public_id)
    agreement = following.draft_agreement(actor(), deal)
    return see("licensing.edit", public_id=agreement.public_id)


def introduction_button(thing: Technology | Need) -> Markup:
    """The button on a listing's page with which the other side asks for an introduction; empty for whoever cannot."""
    noun = thing.__tablename__
    offered = thing.state in type(thing).OPEN_STATES and getattr(thing, "kind", "") != "negative_result"
    others = [one for one in _houses() if one.id != thing.organisation_id]
    if not offered or not others or thing.organisation_id is None or thing.organisation_id in actor().seats:
        return Markup("")
    return Markup(render_template("deals/part_ask.html", thing=thing, noun=noun))


def deal_button(match: Match) -> Markup:
    """The button on a match's page with which a technology manager opens a deal; to those who take part in its deal, the way there."""
    deal = operations.deal_of(actor(), match)
    if deal is None and not may(actor(), "deal.open"):
        return Markup("")
    return Markup(render_template("deals/part_open.html", match=match, deal=deal))
