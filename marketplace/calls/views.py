"""Pages of calls: load, require, check the form, call one operation, go on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup

from marketplace.access import actions_of, may, require
from marketplace.calls import fitting, listing, operations, questions, reviewers, words
from marketplace.calls import indexing as _indexing  # noqa: F401 - registers its jobs
from marketplace.calls.amendments import amendments
from marketplace.calls.boards import operations as boards
from marketplace.calls.conditions import FURTHER, REASONS, lacking, may_propose, of_the_publisher
from marketplace.calls.deadlines import HOME
from marketplace.calls.forms import AmendForm, AnswerForm, BoardChoiceForm, CallForm, ExtendForm, QuestionForm, ReviewerForm, WithdrawForm
from marketplace.calls.lists import Wanted
from marketplace.calls.models import Call
from marketplace.catalogue.classification import industry_choices, industry_name
from marketplace.db import now
from marketplace.errors import N_, Problem, Refused
from marketplace.needs import operations as needs
from marketplace.needs.forms import CURRENCIES
from marketplace.people import organisations, regions
from marketplace.people.words import SIZE_WORDS
from marketplace.saying import FILTERS
from marketplace.web import PAGE, actor, answer, in_words, language, limiter, page_number, see

blueprint = Blueprint("calls", __name__)

STEPS = ("open_call.edit", "open_call.publish", "open_call.amend", "open_call.extend", "open_call.withdraw", "open_call.name_reviewer", "open_call.ask_board")
NO_DEADLINE = N_("Say when the deadline is.")


def prepare(app: Flask) -> None:
    """What pages of other packages show of calls, so that none imports upward."""
    app.jinja_env.globals.update(
        call_words=words, call_part_of_need=call_part_of_need, calls_desk_part=calls_desk_part, calls_fitting_part=calls_fitting_part,
        board_counts=boards.counts,
    )


def call_part_of_need(need: Any) -> Markup:
    """On a need's page: the calls that put it out, and for its firm the button to put it out."""
    mine = need.organisation_id is not None and may(actor(), "open_call.create", need)
    found = listing.of_need(actor(), need.id) if may(actor(), "listing.read_in_full", need) else []
    offered = mine and "open_call" in need.modes and need.state in (*type(need).OPEN_STATES, "draft", "submitted")
    return Markup(render_template("calls/part_need.html", need=need, calls=found, offered=offered)) if found or offered else Markup("")


def calls_desk_part() -> Markup:
    """On somebody's desk: drafts of calls and what waits for a reviewer."""
    own = listing.own_calls(actor(), {"state": "draft"}) if actor().seats else None
    drafts = own.rows if own and own.state else []
    namings = reviewers.namings_for(actor())
    return Markup(render_template("calls/part_desk.html", drafts=drafts, namings=namings)) if drafts or namings else Markup("")


def calls_fitting_part() -> Markup:
    """On a desk and beside its matches: open calls that the technologies of somebody's organisations could answer."""
    fits = fitting.fitting_calls(actor(), now())
    return Markup(render_template("calls/part_fitting.html", fits=fits)) if fits else Markup("")


def filter_choices(wanted: listing.Filter) -> dict[str, Any]:
    """What the filters of the list offer."""
    return {"states": words.LISTED_WORDS, "orders": words.orders(wanted.text), "boards": boards.boards(actor()), **shared_choices()}


def shared_choices() -> dict[str, Any]:
    """What the filters of calls and of pools offer alike."""
    industries = [(code, name) for code, name in industry_choices(language()) if len(code) <= 3]
    return {"industries": industries, "regions": regions.choices(language()), "currencies": [(code, code) for code in CURRENCIES]}


def shared_lines(wanted: Wanted) -> dict[str, Any]:
    """The filters of calls and of pools alike, in words."""
    return {
        "industry": industry_name(wanted.industry, language()), "region": regions.name(wanted.region, language()),
        "least": FILTERS["money"](wanted.least, wanted.currency), "before": FILTERS["day"](wanted.before),
    }


def filter_lines(wanted: listing.Filter) -> list[tuple[str, str]]:
    """A filter in words: the name of each of its parts and the value; the state is always said."""
    names = {one.public_id: one.titled(language())[0] for one in boards.boards(actor())} if wanted.board else {}
    said = {"board": names.get(wanted.board, wanted.board), "state": words.LISTED_WORDS[wanted.state], **shared_lines(wanted)}
    return [(str(words.FILTER_WORDS[name]), str(value)) for name, value in said.items() if value]


def list_page(template: str, endpoint: str, fixed: dict[str, str], **values: Any) -> ResponseReturnValue:
    """One page of calls by the filters of the address; `fixed` are those that the page itself sets."""
    wanted = listing.asked({**request.args.to_dict(), **fixed})
    found = listing.page(actor(), wanted, request.args.get("after", ""), PAGE)
    return answer(
        template, page=found, wanted=wanted, arguments=wanted.arguments, endpoint=endpoint, moment=now(), further="after" in request.args,
        choices=filter_choices(wanted), **values,
    )


@blueprint.route("/open-calls")
def index() -> ResponseReturnValue:
    """The calls that the reader may see."""
    return list_page("calls/index.html", "calls.index", {})


@blueprint.route("/open-calls/mine")
@login_required
def mine() -> ResponseReturnValue:
    """The calls of one's own organisations in every state."""
    return answer("calls/mine.html", own=listing.own_calls(actor(), request.args, page_number(), PAGE))


@blueprint.route("/open-calls/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Begin a call of its own: which organisation puts it out."""
    houses = list(getattr(actor(), "organisations", []))
    if request.method == "POST":
        organisation = organisations.by_public_id(request.form.get("organisation", ""))
        call = operations.draft_call(actor(), organisation, language=language())
        return see("calls.edit", public_id=call.public_id)
    return answer("calls/new.html", houses=houses, sizes=SIZE_WORDS)


@blueprint.route("/needs/<public_id>/open-call", methods=["POST"])
@login_required
def from_need(public_id: str) -> ResponseReturnValue:
    """Put a need out as an open call: a draft that takes along what the need says."""
    need = needs.by_public_id(actor(), public_id)
    require(actor(), "open_call.create", need)
    call = operations.draft_call(actor(), organisations.by_public_id(need.organisation.public_id), need)
    return see("calls.edit", public_id=call.public_id)


def _filled(form: Any) -> Any:
    form.offer_choices(industry_choices(language()), list(regions.choices(language())), _("Choose"))
    return form


def _together(problems: list[Refused]) -> Refused:
    """Several refusals as one, each beside its field."""
    further = [pair for problem in problems for pair in ((problem.field, problem.message), *problem.values.get("also", ()))]
    values = {name: value for problem in problems for name, value in problem.values.items() if name != "also"}
    return Refused(further[0][1], field=further[0][0], also=further[1:], **values)


def _save(form: CallForm, call: Call, publishing: bool) -> None:
    """Save a draft as typed; where it is to be published, what is wrong with its times is told together with all that it lacks."""
    form.check_version(call)
    values, wrong = form.values(call)
    typed = {name: value for name, value in values.items() if name != "deadline" or value is not None}
    if values["deadline"] is None and not wrong:
        wrong.append(Refused(NO_DEADLINE, field="deadline_day"))
    if not wrong:
        operations.edit_call(actor(), call, **typed)
        return
    timeless = {**operations.content(call), **typed, "questions_until": None}
    lacks = [Refused(lack.message, lack.field, **lack.values) for lack in lacking(timeless, now()) if lack.field != "deadline_day"] if publishing else []
    raise _together([*wrong, *lacks])


MORE = ("targets", "stages", "criteria")


def _one_more(form: Any) -> bool:
    """Whether a button asked for one more row of a list; if so it is there."""
    asked = request.form.get("more", "")
    if asked not in MORE or asked not in form:
        return False
    if len(form[asked].entries) < form[asked].max_entries:
        form[asked].append_entry()
    return True


@blueprint.route("/open-calls/<public_id>/edit", methods=["GET", "POST"])
@login_required
def edit(public_id: str) -> ResponseReturnValue:
    """Write a draft; with the button "publish" it is put out at once when it lacks nothing."""
    call = operations.by_public_id(actor(), public_id)
    require(actor(), "open_call.edit", call)
    if call.state != "draft":
        return see("calls.amend", public_id=public_id)
    form = _filled(CallForm() if request.method == "POST" else CallForm.of(call, language()))
    if not _one_more(form) and form.ready():
        publishing = "publish" in request.form
        try:
            _save(form, call, publishing)
            if publishing:
                operations.publish_call(actor(), call)
            flash(_("The call is published.") if publishing else _("Saved."))
            return see("calls.show", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/edit.html", form, call=call)


@blueprint.route("/open-calls/<public_id>/amend", methods=["GET", "POST"])
@login_required
def amend(public_id: str) -> ResponseReturnValue:
    """Correct a published call in public."""
    call = operations.by_public_id(actor(), public_id)
    require(actor(), "open_call.amend", call)
    form = _filled(AmendForm() if request.method == "POST" else AmendForm.of(call))
    if not _one_more(form) and form.ready():
        try:
            form.check_version(call)
            operations.amend_call(actor(), call, form.note.data, **form.content(call))
            flash(_("The amendment is published."))
            return see("calls.show", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/amend.html", form, call=call)


@blueprint.route("/open-calls/<public_id>/deadline", methods=["GET", "POST"])
@login_required
def extend(public_id: str) -> ResponseReturnValue:
    """Move the deadline to a later moment."""
    call = operations.by_public_id(actor(), public_id)
    require(actor(), "open_call.extend", call)
    form = ExtendForm() if request.method == "POST" else ExtendForm.of(call)
    if form.ready():
        try:
            form.check_version(call)
            times, wrong = form.times(call.zone)
            if wrong or times["deadline"] is None:
                raise _together(wrong or [Refused(NO_DEADLINE, field="deadline_day")])
            operations.extend_deadline(actor(), call, times["deadline"], form.note.data, times["questions_until"])
            flash(_("The deadline has been moved, and everybody concerned is told."))
            return see("calls.show", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/deadline.html", form, call=call)


@blueprint.route("/open-calls/<public_id>")
def show(public_id: str) -> ResponseReturnValue:
    """A call as its readers see it."""
    return _show(operations.by_public_id(actor(), public_id), QuestionForm())


def _show(call: Call, form: QuestionForm) -> ResponseReturnValue:
    moment = now()
    draft = call.state == "draft"
    lacks = [*lacking(operations.content(call), moment), *(lack for check in (of_the_publisher, *FURTHER) for lack in check(call, moment))] if draft else []
    eligible = may_propose(actor(), call, moment)
    return answer(
        "calls/show.html", form, call=call, steps=actions_of(actor(), call, STEPS), lacks=[in_words(lack.message, lack.values) for lack in lacks],
        eligible=eligible, reasons=[(code, _(REASONS[code])) for code in eligible.reasons], moment=moment, home=HOME,
        amended=amendments(call, operations.revisions_of(call), language()), questions=questions.questions_of(actor(), call),
        asking=questions.takes_questions(call, moment), reviewers=reviewers.count_of(call),
        results=fitting.own_technologies(actor(), call, eligible.organisations, language()) if call.state == "published" else [],
        need=call.need if call.need is not None and may(actor(), "listing.read_in_full", call.need) else None,
    )


@blueprint.route("/open-calls/<public_id>/questions", methods=["POST"])
@login_required
@limiter.limit("30 per hour")
def ask(public_id: str) -> ResponseReturnValue:
    """Ask a question."""
    call = operations.by_public_id(actor(), public_id)
    form = QuestionForm()
    if form.ready():
        try:
            questions.ask_question(actor(), call, form.text.data, language())
            flash(_("Your question is with the owners of the call. Question and answer will be published together, without your name."))
            return see("calls.show", public_id=public_id, _anchor="questions")
        except Problem as problem:
            form.refuse(problem)
    return _show(call, form)


@blueprint.route("/open-calls/<public_id>/questions/<question_id>", methods=["GET", "POST"])
@login_required
def answer_question(public_id: str, question_id: str) -> ResponseReturnValue:
    """Answer a question, to all."""
    call = operations.by_public_id(actor(), public_id)
    question = questions.by_public_id(actor(), call, question_id)
    require(actor(), "call_question.answer", question)
    form = AnswerForm() if request.method == "POST" else AnswerForm(data={"version": str(question.version_id)})
    if form.ready():
        try:
            form.check_version(question)
            questions.answer_question(actor(), question, form.text.data)
            flash(_("The answer is published."))
            return see("calls.show", public_id=public_id, _anchor="questions")
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/answer.html", form, call=call, question=question)


@blueprint.route("/open-calls/<public_id>/withdraw", methods=["GET", "POST"])
@login_required
def withdraw(public_id: str) -> ResponseReturnValue:
    """Take a call back."""
    call = operations.by_public_id(actor(), public_id)
    require(actor(), "open_call.withdraw", call)
    form = WithdrawForm() if request.method == "POST" else WithdrawForm(data={"version": str(call.version_id)})
    if form.ready():
        try:
            form.check_version(call)
            operations.withdraw_call(actor(), call, form.note.data or "")
            flash(_("The call has been taken back."))
            return see("calls.mine")
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/withdraw.html", form, call=call)


@blueprint.route("/open-calls/<public_id>/reviewers", methods=["GET", "POST"])
@login_required
@limiter.limit("60 per hour", methods=["POST"])
def name_reviewer(public_id: str) -> ResponseReturnValue:
    """The reviewers of a call: see who has answered, name one more."""
    call = operations.by_public_id(actor(), public_id)
    require(actor(), "open_call.name_reviewer", call)
    form = ReviewerForm()
    if form.ready():
        try:
            reviewers.name_reviewer(actor(), call, form.address.data)
            flash(_("The reviewer is asked by mail."))
            return see("calls.name_reviewer", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/reviewers.html", form, call=call, named=reviewers.reviewers_of(actor(), call))


@blueprint.route("/open-calls/reviewing/<public_id>")
@login_required
def naming(public_id: str) -> ResponseReturnValue:
    """What a named reviewer is asked for."""
    reviewer = reviewers.by_public_id(actor(), public_id)
    return answer("calls/naming.html", reviewer=reviewer, call=reviewer.call, steps=actions_of(actor(), reviewer, ("reviewer.accept", "reviewer.decline")))


@blueprint.route("/open-calls/reviewing/<public_id>/<any(accept, decline, remove):verb>", methods=["POST"])
@login_required
def answer_naming(public_id: str, verb: str) -> ResponseReturnValue:
    """The reviewer's answer, or the owner's taking back."""
    reviewer = reviewers.by_public_id(actor(), public_id)
    if verb == "remove":
        reviewers.remove_reviewer(actor(), reviewer)
        return see("calls.name_reviewer", public_id=reviewer.call.public_id)
    reviewers.answer_naming(actor(), reviewer, verb == "accept")
    return see("calls.naming", public_id=public_id)


@blueprint.route("/open-calls/<public_id>/board", methods=["GET", "POST"])
@login_required
def ask_board(public_id: str) -> ResponseReturnValue:
    """Ask for the call to be put on a board."""
    call = operations.by_public_id(actor(), public_id)
    require(actor(), "open_call.ask_board", call)
    form = BoardChoiceForm()
    form.board.choices = [("", _("Choose")), *((board.public_id, f"{board.titled(language())[0]} · {board.organisation.called(language())}")
                                              for board in boards.asked_boards())]
    if form.ready():
        try:
            boards.ask_board(actor(), call, boards.by_public_id(actor(), form.board.data))
            return see("calls.show", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/board.html", form, call=call)


@blueprint.route("/open-calls/<public_id>/board/leave", methods=["POST"])
@login_required
def leave_board(public_id: str) -> ResponseReturnValue:
    """Take the call off its board."""
    call = operations.by_public_id(actor(), public_id)
    boards.take_off(actor(), call)
    return see("calls.show", public_id=public_id)
