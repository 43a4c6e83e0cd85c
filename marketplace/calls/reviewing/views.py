"""Pages of reviews: the reviewer's desk, the owners' table and decision, the award, a solver's result."""

from __future__ import annotations

import io

from flask import Blueprint, Flask, flash, render_template, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup

from marketplace.access import may, require
from marketplace.calls import operations as calls
from marketplace.calls.models import Call, Reviewer
from marketplace.calls.proposals import operations as proposals
from marketplace.calls.reviewing import awarding, declaring, later, operations, reading, scoring, words
from marketplace.calls.reviewing import following as _following  # noqa: F401 - registers its jobs
from marketplace.calls.reviewing.forms import ConflictForm, NoteForm, OpenForm, PublishForm, ReopenForm, decision_form, declare_form, score_form
from marketplace.calls.reviewing.models import Assignment, Review
from marketplace.calls.reviewing.table import table_of
from marketplace.calls.teams.operations import end_call, team_of, teams_of
from marketplace.calls.teams.places import candidates_of, free_of
from marketplace.errors import NotFound, Problem
from marketplace.fields import number_in
from marketplace.terms.payment import from_minor
from marketplace.web import actor, answer, see

blueprint = Blueprint("reviewing", __name__)


def prepare(app: Flask) -> None:
    """Words for the templates, and what a call's page and a reviewer's naming show of the review."""
    app.jinja_env.globals.update(review_words=words, award_part=award_part, review_part=review_part, from_minor=from_minor)


def award_part(call: Call) -> Markup:
    """For the page of a call: the way to its award, to its review for the owners, to the reader's own result and team."""
    who = actor()
    own = [one for one in proposals.own_of_call(who, call) if one.opened is not None]
    return Markup(render_template(
        "calls/reviewing/part.html", call=call, award=operations.award_of(call), review=operations.review_of(call), own=own,
        owner=may(who, "open_call.review", call), reviewer=operations.own_reviewer(who, call), teams=teams_of(call),
    ))


def review_part(reviewer: Reviewer) -> Markup:
    """For the page on which a reviewer answers: the way to his desk once the review has begun."""
    return Markup(render_template("calls/reviewing/part_naming.html", reviewer=reviewer, mine=reviewer.person_id == actor().id))


def _review(public_id: str) -> tuple[Call, Review]:
    """The call and its review, for the owners. Raises `NotFound` before it has begun."""
    call = calls.by_public_id(actor(), public_id)
    require(actor(), "open_call.review", call)
    review = operations.review_of(call)
    if review is None:
        raise NotFound()
    return call, review


@blueprint.route("/reviews")
@login_required
def index() -> ResponseReturnValue:
    """The calls that the reader reviews or is asked to review."""
    rows = [(one, review, scoring.progress_of(one) if review else None) for one, review in declaring.reviews_of(actor())]
    return answer("calls/reviewing/index.html", rows=rows)


@blueprint.route("/reviews/<public_id>")
@login_required
def desk(public_id: str) -> ResponseReturnValue:
    """A reviewer's desk for one call: what comes next, and each proposal with what is done of it."""
    reviewer = declaring.reviewer_by_id(actor(), public_id)
    rows = declaring.readable(reviewer)
    return answer(
        "calls/reviewing/desk.html", reviewer=reviewer, call=reviewer.call, review=operations.review_of(reviewer.call), rows=rows,
        given=operations.scored(rows), progress=scoring.progress_of(reviewer), gone=declaring.withdrawn_since(reviewer),
    )


@blueprint.route("/reviews/<public_id>/declare", methods=["GET", "POST"])
@login_required
def declare(public_id: str) -> ResponseReturnValue:
    """Declare conflicts of interest, before anything of a proposal is shown."""
    reviewer = declaring.reviewer_by_id(actor(), public_id)
    review = operations.review_of(reviewer.call)
    if review is None or declaring.own_assignments(reviewer):
        return see("reviewing.desk", public_id=public_id)
    solvers = declaring.to_declare(reviewer, review)
    form = declare_form(solvers, reviewer.call.anonymous)
    if form.ready():
        try:
            declaring.declare(actor(), reviewer, form.conflicts(solvers), form.ties(), bool(form.complete.data))
            flash(_("Your declaration is kept. Here is what you can read."))
            return see("reviewing.desk", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/reviewing/declare.html", form, reviewer=reviewer, call=reviewer.call, proposals=solvers)


@blueprint.route("/reviews/<public_id>/proposals/<assignment_id>", methods=["GET", "POST"])
@login_required
def score(public_id: str, assignment_id: str) -> ResponseReturnValue:
    """Read a proposal and score it."""
    reviewer = declaring.reviewer_by_id(actor(), public_id)
    assignment = declaring.assignment_of(actor(), reviewer, assignment_id)
    criteria, before = reviewer.call.criteria, operations.scored([assignment]).get(assignment.id, {})
    form = score_form(criteria, before, scoring.revisions_of(assignment), filled=True)
    if form.ready():
        try:
            scoring.score(actor(), assignment, form.given(criteria), form.opened_with)
            flash(_("Your scores are kept. You can change them until the review is closed."))
            return see("reviewing.desk", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    review = operations.review_of(reviewer.call)
    return answer("calls/reviewing/score.html", form, reviewer=reviewer, call=reviewer.call, assignment=assignment, review=review, criteria=criteria,
                  said=assignment.proposal.said, files=reading.files_of(assignment))


@blueprint.route("/reviews/<public_id>/proposals/<assignment_id>/files/<int:number>")
@login_required
def file(public_id: str, assignment_id: str, number: int) -> ResponseReturnValue:
    """One of the proposal's files, as a download and never as a page of this site."""
    reviewer = declaring.reviewer_by_id(actor(), public_id)
    shown, data = reading.content_of(actor(), declaring.assignment_of(actor(), reviewer, assignment_id), number)
    return send_file(io.BytesIO(data), mimetype=shown.file.media_type, as_attachment=True, download_name=shown.name, max_age=0, conditional=False)


@blueprint.route("/reviews/<public_id>/proposals/<assignment_id>/conflict", methods=["GET", "POST"])
@login_required
def own_conflict(public_id: str, assignment_id: str) -> ResponseReturnValue:
    """Say that a conflict has come to mind while reading."""
    reviewer = declaring.reviewer_by_id(actor(), public_id)
    assignment = declaring.assignment_of(actor(), reviewer, assignment_id)
    form = ConflictForm()
    del form.note
    if form.ready():
        try:
            declaring.declare_later(actor(), assignment, form.kind.data, form.text.data or "")
            flash(_("The proposal is off your desk, and your scores for it count no longer."))
            return see("reviewing.desk", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/reviewing/conflict.html", form, assignment=assignment, call=reviewer.call, own=True, back=("reviewing.desk", public_id))


@blueprint.route("/open-calls/<public_id>/review", methods=["GET", "POST"])
@login_required
def review(public_id: str) -> ResponseReturnValue:
    """The owners' page: begin the review, see how far it is, then the table, the ranking and the decision."""
    call = calls.by_public_id(actor(), public_id)
    require(actor(), "open_call.review", call)
    found = operations.review_of(call)
    if found is None:
        return _begin(call)
    if found.state == "open":
        rows = [(one, scoring.progress_of(one)) for one in operations.reviewers_of(call)]
        return answer("calls/reviewing/progress.html", call=call, review=found, rows=rows, timeline=operations.timeline_of(found))
    operations.require_table(actor(), found)
    table, decision = table_of(found), awarding.unpublished(call)
    lacks = awarding.lacking(decision, table) if decision else []
    return answer(
        "calls/reviewing/table.html", call=call, review=found, table=table, decision=decision, award=operations.award_of(call), lacks=lacks,
        free=free_of(call), candidates=candidates_of(call, table), at_work=any(one.state in ("named", "working") for one in teams_of(call)),
        timeline=operations.timeline_of(found), may_decide=may(actor(), "open_call.decide", call),
    )


def _begin(call: Call) -> ResponseReturnValue:
    named = [one for one in operations.reviewers_of(call) if one.state in operations.ACTIVE]
    form = OpenForm(least=min(3, len(named)) or 1)
    if form.ready():
        try:
            operations.open_review(actor(), call, form.least.data)
            flash(_("The review has begun; the reviewers are told."))
            return see("reviewing.review", public_id=call.public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/reviewing/begin.html", form, call=call, named=named)


@blueprint.post("/open-calls/<public_id>/review/close")
@login_required
def close(public_id: str) -> ResponseReturnValue:
    """End the scoring."""
    _call, found = _review(public_id)
    operations.close_review(actor(), found)
    return see("reviewing.review", public_id=public_id)


@blueprint.route("/open-calls/<public_id>/review/reopen", methods=["GET", "POST"])
@login_required
def reopen(public_id: str) -> ResponseReturnValue:
    """Let the reviewers go on scoring."""
    call, found = _review(public_id)
    require(actor(), "review.reopen", found)
    form = ReopenForm()
    if form.ready():
        try:
            operations.reopen_review(actor(), found, form.reason.data or "")
            return see("reviewing.review", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/reviewing/reopen.html", form, call=call)


@blueprint.route("/open-calls/<public_id>/review/conflicts/<assignment_id>", methods=["GET", "POST"])
@login_required
def conflict(public_id: str, assignment_id: str) -> ResponseReturnValue:
    """Enter that a reviewer turned out to have a conflict with a proposal."""
    call, found = _review(public_id)
    operations.require_table(actor(), found)
    assignment: Assignment = declaring.assignment_of_call(actor(), call, assignment_id)
    award = operations.award_of(call)
    form = ConflictForm()
    if award is None:
        del form.note
    if form.ready():
        try:
            note = (form.note.data or "") if award else ""
            declaring.declare_later(actor(), assignment, form.kind.data, form.text.data or "", note)
            if award is not None:
                awarding.correct(actor(), award, note)
            flash(_("The scores concerned are kept and count no longer."))
            return see("reviewing.review", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/reviewing/conflict.html", form, assignment=assignment, call=call, own=False, back=("reviewing.review", public_id))


@blueprint.route("/open-calls/<public_id>/review/decide", methods=["GET", "POST"])
@login_required
def decide(public_id: str) -> ResponseReturnValue:
    """Write the panel's decision down."""
    call, found = _review(public_id)
    operations.require_table(actor(), found)
    require(actor(), "open_call.decide", call)
    table, last = table_of(found), awarding.decision_of(call)
    rows = [row for row in table.rows if row.ranked is not None]
    standing = [row.proposal for row in rows]
    form = decision_form(standing, last, call.currency, filled=True)
    if form.ready():
        try:
            said = form.choices(standing, call.currency)
            base = number_in(form.base.data)
            awarding.decide(actor(), found, said, form.reasons.data or "", form.differs.data or "", base)
            flash(_("The decision is written down. Read it once more, then publish it."))
            return see("reviewing.review", public_id=public_id, _anchor="decision")
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/reviewing/decide.html", form, call=call, rows=rows)


@blueprint.route("/open-calls/<public_id>/review/award-again", methods=["GET", "POST"])
@login_required
def decide_later(public_id: str) -> ResponseReturnValue:
    """Write down who gets a place of the award that became free."""
    call, found = _review(public_id)
    operations.require_table(actor(), found)
    require(actor(), "open_call.decide", call)
    rows, last, free = candidates_of(call, table_of(found)), awarding.unpublished(call), free_of(call)
    if call.state != "awarded" or free.teams < 1 or not rows:
        raise NotFound()
    offered = [row.proposal for row in rows]
    form = decision_form(offered, last, call.currency, filled=True, advised=False, number=awarding.number_of(call))
    if form.ready():
        try:
            base = number_in(form.base.data)
            later.decide_later(actor(), found, form.choices(offered, call.currency), form.reasons.data or "", form.differs.data or "", base)
            flash(_("The decision is written down. Read it once more, then publish it."))
            return see("reviewing.review", public_id=public_id, _anchor="decision")
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/reviewing/decide.html", form, call=call, rows=rows, free=free)


@blueprint.post("/open-calls/<public_id>/review/end")
@login_required
def end(public_id: str) -> ResponseReturnValue:
    """End the call although a place of its award is free."""
    call, _found = _review(public_id)
    end_call(actor(), call)
    flash(_("The call has ended."))
    return see("reviewing.review", public_id=public_id)


@blueprint.post("/open-calls/<public_id>/review/publish")
@login_required
def publish(public_id: str) -> ResponseReturnValue:
    """Publish the decision and lock it."""
    _call, found = _review(public_id)
    form = PublishForm()
    number = number_in(form.number.data)
    if not form.ready() or number is None:
        raise NotFound()
    made = (later.publish_later if found.state == "settled" else awarding.publish)(actor(), found, number)
    flash(_("The award is published and locked; every solver is told."))
    return see("reviewing.award", public_id=made.public_id)


@blueprint.route("/awards/<public_id>")
def award(public_id: str) -> ResponseReturnValue:
    """The award as it was published, and the notes beside it."""
    found = operations.award_by_id(actor(), public_id)
    return answer(
        "calls/reviewing/award.html", call=found.call, award=found, awards=operations.awards_of(found.call),
        may_correct=may(actor(), "open_call.decide", found.call),
    )


@blueprint.route("/awards/<public_id>/notes", methods=["GET", "POST"])
@login_required
def note(public_id: str) -> ResponseReturnValue:
    """Publish a correction beside a locked award."""
    found = operations.award_by_id(actor(), public_id)
    require(actor(), "open_call.decide", found.call)
    form = NoteForm()
    if form.ready():
        try:
            awarding.correct(actor(), found, form.text.data or "")
            return see("reviewing.award", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/reviewing/note.html", form, call=found.call, award=found)


@blueprint.route("/proposals/<public_id>/result")
@login_required
def result(public_id: str) -> ResponseReturnValue:
    """A solver's own result: its scores by criterion, rank and advice."""
    proposal, found = awarding.result_of(actor(), public_id)
    return answer("calls/reviewing/result.html", proposal=proposal, call=proposal.call, result=found, team=team_of(proposal.id))
