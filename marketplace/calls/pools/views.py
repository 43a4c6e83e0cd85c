"""Pages of pools: the list, one pool with its progress, pledging, votes, the draft of the call, the results, and needs that are alike."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup
from sqlalchemy import select

from marketplace.access import may, require
from marketplace.calls import operations as calls
from marketplace.calls.models import Call
from marketplace.calls.pools import alike, converting, deciding, listing, operations, pledging, rights, steering, words
from marketplace.calls.pools import indexing as _indexing  # noqa: F401 - registers its jobs
from marketplace.calls.pools.forms import ConfirmForm, LeaveForm, MotionForm, PledgeForm, PoolForm, TextForm, TextMotionForm, VoteForm, told_in
from marketplace.calls.pools.models import Motion, Pledge, Pool
from marketplace.calls.reviewing.awarding import decision_of
from marketplace.calls.reviewing.models import PanelDecision
from marketplace.calls.views import shared_choices, shared_lines
from marketplace.calls.words import orders
from marketplace.db import now, session
from marketplace.errors import NotFound, Refused
from marketplace.fields import number_in
from marketplace.needs.models import Need
from marketplace.people import organisations
from marketplace.people.models import Organisation
from marketplace.saying import told
from marketplace.terms.figures import typed_minor
from marketplace.web import PAGE, actor, answer, language, page_number, see

blueprint = Blueprint("pools", __name__)
SHOWN_ON_DESK = 5


def prepare(app: Flask) -> None:
    """Words and parts of pages for templates."""
    app.jinja_env.globals.update(
        pool_words=words, pool_progress=pledging.progress_of, share_percent=rights.percent, told_in=told_in, pools_desk_part=_desk,
        pool_button=_button, decision_vote=_decision_vote,
    )


def _houses(*roles: str) -> list[Organisation]:
    """The actor's organisations in which he has one of these roles; all without roles."""
    return [seat.organisation for seat in getattr(actor(), "memberships", ()) if not roles or seat.role in roles]


def _signing() -> list[Organisation]:
    return _houses("owner", "signatory")


def _desk() -> Markup:
    """What is proposed to the reader's firms, and the votes that wait, as a part of the desk."""
    found = alike.proposals_for(actor(), SHOWN_ON_DESK) if actor().seats else []
    return Markup(render_template("calls/pools/part_desk.html", proposals=[(one, alike.needs_of(actor(), one)) for one in found]))


def _button(need: Need) -> Markup:
    """The way from a need's page to a pool about it, for the firm."""
    can = need.state in Need.OPEN_STATES and need.organisation_id in actor().seats
    return Markup(render_template("calls/pools/part_button.html", need=need)) if can else Markup("")


@blueprint.get("/pools")
def index() -> ResponseReturnValue:
    """The pools that the reader may see."""
    wanted = listing.asked(request.args)
    found = listing.page(actor(), wanted, request.args.get("after", ""), PAGE)
    choices = {"states": words.LISTED_WORDS, "orders": orders(wanted.text), **shared_choices()}
    return answer(
        "calls/pools/index.html", page=found, wanted=wanted, arguments=wanted.arguments, further="after" in request.args, moment=now(), choices=choices,
    )


@blueprint.get("/pools/mine")
@login_required
def mine() -> ResponseReturnValue:
    """The pools that one's own organisations take part in, in every state."""
    return answer("calls/pools/mine.html", own=listing.own_pools(actor(), request.args, page_number(), PAGE), moment=now())


def filter_lines(wanted: listing.Filter) -> list[tuple[str, str]]:
    """A filter in words: the name of each of its parts and the value; the state is always said."""
    said = {"state": words.LISTED_WORDS[wanted.state], **shared_lines(wanted)}
    return [(str(words.FILTER_WORDS[name]), str(value)) for name, value in said.items() if value]


@blueprint.get("/pools/<public_id>")
def show(public_id: str) -> ResponseReturnValue:
    """One pool: its text, the bar, who is named; for those who take part what they may know besides."""
    pool = operations.by_public_id(actor(), public_id)
    inside = may(actor(), "pool.take_part", pool)
    own = [one for one in pool.pledges if one.organisation_id in actor().seats]
    knows = inside and pool.state in ("reached", "converted") and may(actor(), "pool.read_shares", pool)
    return answer(
        "calls/pools/show.html", pool=pool, progress=pledging.progress_of(pool), named=operations.names_told(pool), inside=inside, own=own[::-1],
        needs=operations.needs_shown(actor(), pool), lines=rights.table(pool.rights, []), motions=steering.motions_of(pool) if inside else [],
        left=[one for one in pool.pledges if one.reason] if knows else [], pledges=pledging.given(pool) if knows else [],
        shares=pledging.shares_of(pool) if knows else {}, stale={one.id for one in pledging.given(pool) if one.revision != pool.revision},
        signing=bool(_signing()), due=pool.deadline <= now(), may_edit=may(actor(), "pool.edit", pool),
        may_put=may(actor(), "pool.put_motion", pool), pledger=may(actor(), "pool.read_shares", pool),
        unconfirmed=converting.unconfirmed(pool.call) if pool.call and inside else [],
    )


def _decision_vote(call: Call, decision: PanelDecision) -> Markup:
    """For the page of a decision: how the owners' vote on it stands, and for the lead the button that puts it; nothing in a call of one organisation."""
    pool = converting.pool_of(call)
    if pool is None:
        return Markup("")
    vote, may_put = deciding.vote_on(decision), may(actor(), "open_call.decide", call) and deciding.can_be_put(decision)
    return Markup(render_template("calls/pools/part_vote.html", call=call, pool=pool, motion=vote, may_put=may_put, days=steering.USUAL_DAYS))


def _concerning() -> tuple[list[Need], Any]:
    """The needs that a new pool is about: of a proposal, or one of the actor's own."""
    name = request.args.get("proposal", "")
    proposal = alike.proposal_of(actor(), name) if name else None
    if proposal is not None:
        return alike.needs_of(actor(), proposal), proposal
    need = session.scalar(select(Need).where(Need.public_id == request.args.get("need", "")))
    return ([need] if need is not None and need.organisation_id in actor().seats else []), None


def _begun(needs: list[Need]) -> dict[str, Any]:
    """A first text from the actor's own need, unless it is blind: nothing of a blind need is copied."""
    own = next((one for one in needs if one.organisation_id in actor().seats and one.visibility != "blind"), None)
    if own is None:
        return {}
    texts = {f"title_{code}": text for code, text in own.title.items()} | {f"brief_{code}": text for code, text in own.problem.items()}
    return {**texts, **operations.shared_by(needs), "currency": own.currency, "rights": ["own_use", "licence_income", "data"]}


@blueprint.route("/pools/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Write a pool, about a need or from a proposal."""
    houses, (needs, proposal) = _houses(), _concerning()
    form = PoolForm(data=None if request.method == "POST" else _begun(needs))
    form.offer(houses, language())
    if form.ready():
        try:
            organisation = organisations.by_public_id(form.organisation.data)
            pool = operations.create_pool(actor(), organisation, needs, **form.values(language()))
            if proposal is not None:
                alike.taken_up(actor(), proposal, pool)
            return see("pools.show", public_id=pool.public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("calls/pools/edit.html", form, pool=None, needs=needs, houses=houses)


@blueprint.route("/pools/<public_id>/edit", methods=["GET", "POST"])
@login_required
def edit(public_id: str) -> ResponseReturnValue:
    """Change a draft, or the text of an open pool."""
    pool = operations.by_public_id(actor(), public_id)
    require(actor(), "pool.edit", pool)
    draft = pool.state == "draft"
    form = PoolForm.of(pool) if draft else TextForm(data=TextForm.of_text(pool))
    form.offer_rights(language())
    if isinstance(form, PoolForm):
        form.offer([pool.organisation], language())
    if form.ready():
        try:
            form.check_version(pool)
            operations.edit_pool(actor(), pool, **(form.values(pool.language) if isinstance(form, PoolForm) else form.text()))
            return see("pools.show", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("calls/pools/edit.html", form, pool=pool, needs=[], houses=[])


@blueprint.post("/pools/<public_id>/<any(open, withdraw, convert):verb>")
@login_required
def step(public_id: str, verb: str) -> ResponseReturnValue:
    """Open a pool, give it up, or turn it into a call."""
    pool = operations.by_public_id(actor(), public_id)
    if verb == "convert":
        converting.convert(actor(), pool)
        flash(_("The draft of the call is there. Complete it, then ask the owners to confirm it."))
        return see("pools.call", public_id=public_id)
    (operations.open_pool if verb == "open" else operations.withdraw_pool)(actor(), pool)
    return see("pools.show", public_id=public_id)


@blueprint.route("/pools/<public_id>/pledge", methods=["GET", "POST"])
@login_required
def pledge(public_id: str) -> ResponseReturnValue:
    """Pledge, or ask to join a pool that is reached; an earlier pledge is changed."""
    pool = operations.by_public_id(actor(), public_id)
    houses = _signing()
    if pool.state not in ("open", "reached") or not houses:
        raise NotFound()
    held = next((found for one in houses if (found := pledging.held_by(pool, one.id))), None)
    late = pool.state == "reached" and (held is None or held.state == "asked")
    form = PledgeForm() if request.method == "POST" else PledgeForm.of(pool, held)
    form.organisation.choices = [(one.public_id, one.called(language())) for one in houses]
    if form.ready():
        try:
            _pledged(pool, form, late)
            return see("pools.show", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("calls/pools/pledge.html", form, pool=pool, held=held, late=late, lines=rights.table(pool.rights, []), days=steering.USUAL_DAYS)


def _pledged(pool: Pool, form: PledgeForm, late: bool) -> None:
    organisation = organisations.by_public_id(form.organisation.data)
    revision = number_in(form.revision.data) or 0
    amount = typed_minor(form.amount.data, form.currency.data, "amount") or 0
    given = (amount, form.currency.data, revision, form.millionths(), form.named.data)
    if late:
        steering.ask_admission(actor(), pool, organisation, *given)
        flash(_("The pledgers have been asked. You will hear what they decide."))
    else:
        pledging.pledge(actor(), pool, organisation, *given)
        flash(_("You have pledged. It is a promise: this site holds no money."))


def _own_pledge(pool: Pool, pledge_id: str) -> Pledge:
    found = session.scalar(select(Pledge).where(Pledge.pool_id == pool.id, Pledge.public_id == pledge_id))
    if found is None or not may(actor(), "pledge.withdraw", found) or found.state not in ("asked", "pledged"):
        raise NotFound()
    return found


@blueprint.route("/pools/<public_id>/pledges/<pledge_id>/withdraw", methods=["GET", "POST"])
@login_required
def leave(public_id: str, pledge_id: str) -> ResponseReturnValue:
    """Take a pledge back: at once before the threshold, after it with consent or for a reason."""
    pool = operations.by_public_id(actor(), public_id)
    found = _own_pledge(pool, pledge_id)
    bound = pool.state == "reached" and found.state == "pledged"
    form = LeaveForm() if bound else ConfirmForm()
    if form.ready():
        try:
            if isinstance(form, LeaveForm) and form.how.data == "consent":
                steering.ask_leave(actor(), found, form.text.data or "")
            else:
                reason = (form.reason.data or None, form.text.data or "") if isinstance(form, LeaveForm) else ()
                pledging.withdraw_pledge(actor(), found, *reason)
            return see("pools.show", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("calls/pools/leave.html", form, pool=pool, pledge=found, bound=bound)


@blueprint.route("/pools/<public_id>/votes/new", methods=["GET", "POST"])
@login_required
def put(public_id: str) -> ResponseReturnValue:
    """Put a question to the pledgers; once the pool is a call with options for the award, or without."""
    pool = operations.by_public_id(actor(), public_id)
    require(actor(), "pool.put_motion", pool)
    form = MotionForm()
    if form.ready():
        try:
            kind = "award" if pool.state == "converted" and form.names() else "other"
            made = steering.put_motion(actor(), pool, kind, form.text.data, form.names() if kind == "award" else (), days=form.days.data)
            return see("pools.motion", public_id=public_id, motion_id=made.public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("calls/pools/put.html", form, pool=pool)


@blueprint.route("/pools/<public_id>/votes/text", methods=["GET", "POST"])
@login_required
def put_text(public_id: str) -> ResponseReturnValue:
    """Put a new common text to the pledgers."""
    pool = operations.by_public_id(actor(), public_id)
    require(actor(), "pool.put_motion", pool)
    form = TextMotionForm(data=None if request.method == "POST" else TextForm.of_text(pool) | {"days": steering.USUAL_DAYS})
    form.offer_rights(language())
    if form.ready():
        try:
            made = steering.put_motion(actor(), pool, "text", form.text_why.data or "", content_=form.text(), days=form.days.data)
            return see("pools.motion", public_id=public_id, motion_id=made.public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("calls/pools/put_text.html", form, pool=pool)


@blueprint.route("/pools/<public_id>/votes/<motion_id>", methods=["GET", "POST"])
@login_required
def motion(public_id: str, motion_id: str) -> ResponseReturnValue:
    """One motion: what it is about, the reader's vote while it is open, the result once it has closed."""
    pool = operations.by_public_id(actor(), public_id)
    found = steering.motion_of(actor(), pool, motion_id)
    ballots = steering.ballots_for(actor(), found) if found.state == "open" and found.closes > now() else []
    form = VoteForm(data=None if request.method == "POST" or not ballots else {"choice": ballots[0].choice})
    form.organisation.choices = [(one.organisation.public_id, one.organisation.called(language())) for one in ballots]
    form.choice.choices = [(code, told(found.names.get(code)) or words.CHOICE_WORDS[code]) for code in steering.choices_of(found)]
    if form.ready():
        try:
            steering.vote(actor(), found, organisations.by_public_id(form.organisation.data), form.choice.data)
            flash(_("Your vote is in. You can change it until the vote closes.") if found.state == "open" else _("Your vote is in, and the vote is closed."))
            return see("pools.motion", public_id=public_id, motion_id=motion_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("calls/pools/motion.html", form, pool=pool, motion=found, ballots=ballots, texts=operations.TEXTS,
                  decision=deciding.decision_read(actor(), found))


@blueprint.post("/open-calls/<public_id>/review/vote")
@login_required
def put_decision(public_id: str) -> ResponseReturnValue:
    """Put the newest decision of the call to its owners' vote."""
    call = calls.by_public_id(actor(), public_id)
    require(actor(), "open_call.decide", call)
    decision = decision_of(call)
    if decision is None:
        raise NotFound()
    made: Motion = deciding.put_decision(actor(), decision)
    flash(_("The owners are asked by mail to vote on this decision."))
    return see("pools.motion", public_id=made.pool.public_id, motion_id=made.public_id)


@blueprint.route("/pools/<public_id>/call", methods=["GET", "POST"])
@login_required
def call(public_id: str) -> ResponseReturnValue:
    """The draft of the call, for its owners, each of whom confirms it."""
    pool = operations.by_public_id(actor(), public_id)
    if pool.call is None or not may(actor(), "open_call.read_shared", pool.call):
        raise NotFound()
    waiting = converting.unconfirmed(pool.call)
    own = [one for one in waiting if actor().seats.get(one.id) in ("owner", "signatory")] if pool.call.state == "draft" else []
    form = ConfirmForm(data=None if request.method == "POST" else {"digest": converting.digest_of(pool.call)})
    form.organisation.choices = [(one.public_id, one.called(language())) for one in own]
    if form.ready():
        try:
            converting.confirm_call(actor(), pool.call, organisations.by_public_id(form.organisation.data), form.digest.data or "")
            flash(_("You have confirmed the draft."))
            return see("pools.call", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    may_ask = may(actor(), "pool.edit", pool)
    return answer("calls/pools/call.html", form, pool=pool, call=pool.call, own=own, waiting={one.id for one in waiting}, may_ask=may_ask)


@blueprint.post("/pools/<public_id>/call/ask")
@login_required
def ask(public_id: str) -> ResponseReturnValue:
    """Ask the owners to confirm the draft as it stands."""
    converting.ask_confirmation(actor(), operations.by_public_id(actor(), public_id))
    flash(_("The owners have been asked by mail."))
    return see("pools.call", public_id=public_id)


@blueprint.get("/pools/<public_id>/results")
@login_required
def results(public_id: str) -> ResponseReturnValue:
    """What each owner has of the results, and the words for an agreement."""
    pool = operations.by_public_id(actor(), public_id)
    if pool.state not in ("reached", "converted") or not may(actor(), "pool.read_shares", pool):
        raise NotFound()
    return answer("calls/pools/results.html", pool=pool, results=converting.results_of(pool), said=converting.clauses_of(pool)["further"][language()])


@blueprint.get("/pools/alike")
@login_required
def proposals() -> ResponseReturnValue:
    """What is proposed to the reader's firms."""
    found = alike.proposals_for(actor(), PAGE)
    return answer("calls/pools/alike.html", proposals=[(one, alike.needs_of(actor(), one)) for one in found])


@blueprint.route("/pools/alike/<public_id>", methods=["GET", "POST"])
@login_required
def proposal(public_id: str) -> ResponseReturnValue:
    """Open needs that are alike: read them, begin a pool, or put the proposal aside."""
    found = alike.proposal_of(actor(), public_id)
    if request.method == "POST":
        alike.put_aside(actor(), found)
        return see("pools.proposals")
    needs = alike.needs_of(actor(), found)
    return answer("calls/pools/proposal.html", proposal=found, needs=needs)
