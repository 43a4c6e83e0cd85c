"""Pages of the questions: one each, and all answers before publishing."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response

from marketplace.access import require
from marketplace.catalogue.classification import industry_choices
from marketplace.db import now
from marketplace.errors import Problem, Refused
from marketplace.needs import operations
from marketplace.needs.asking import words
from marketplace.needs.asking.forms import QUESTIONS, QuestionForm, question_of, tongue_of
from marketplace.needs.models import Need
from marketplace.people import regions
from marketplace.people.models import Person
from marketplace.people.operations import acting_person
from marketplace.web import Form, actor, answer, language, see

blueprint = Blueprint("asking", __name__)

ORDER = list(QUESTIONS)
ASKS = f"/needs/<public_id>/ask/<any({', '.join(ORDER)}):question>"


def prepare(app: Flask) -> None:
    """What the questions are called, for templates."""
    app.jinja_env.globals.update(questions_asked=words.ASKED)


def _draft(public_id: str) -> Need:
    need = operations.by_public_id(actor(), public_id)
    require(actor(), "need.edit", need)
    return need


def _lacking(need: Need) -> dict[str, list[tuple[str, str]]]:
    """Question → (field, message id) of what it lacks before the need can be published."""
    found: dict[str, list[tuple[str, str]]] = {}
    for field, message in operations.missing(need, now().date()):
        found.setdefault(question_of(field), []).append((field, message))
    return found


def _form(question: str, need: Need) -> QuestionForm:
    """The question's form; who posts it, and where, is filled in with the first organisation of whoever answers."""
    organisations = acting_person(actor()).organisations
    form = QuestionForm.of(need)
    form.offer_choices(organisations, industry_choices(language()), regions.choices(language()), _("Choose"), language())
    if request.method != "POST" and need.organisation is None and organisations:
        form.organisation.data, form.region.data = organisations[0].public_id, need.region or organisations[0].region
    form.narrow(question, tongue_of(need, language()))
    return form


@blueprint.route("/needs/first", methods=["GET", "POST"])
@login_required
def begin() -> ResponseReturnValue:
    """The first question before there is a draft; its answer makes one."""
    person = acting_person(actor())
    need = operations.draft(person, None, now())
    form = _form(ORDER[0], need)
    if form.ready():
        try:
            organisation = next(iter(person.organisations), None)
            saved = operations.create_need(
                person, organisation, language=language(), region=organisation.region if organisation else None, **form.given(ORDER[0], need, []),
            )
            _refuse_lacking(saved, ORDER[0], person)
            return _on(saved, ORDER[0])
        except Problem as problem:
            form.refuse(problem)
    return answer("needs/asking/ask.html", form, need=None, question=ORDER[0], code=form.code, number=1, count=len(ORDER), before="", on="")


@blueprint.route("/needs/<public_id>/ask")
@login_required
def resume(public_id: str) -> ResponseReturnValue:
    """On to the first question that publishing would ask for; when there is none, to the answers."""
    need = _draft(public_id)
    lacking = _lacking(need)
    first = next((question for question in ORDER if question in lacking), None)
    return see("asking.ask", public_id=public_id, question=first) if first else see("asking.check", public_id=public_id)


@blueprint.route(ASKS, methods=["GET", "POST"])
@login_required
def ask(public_id: str, question: str) -> ResponseReturnValue:
    """One question; its answer is saved to the draft and leads to the next, or back to all answers if it was changed from there."""
    need = _draft(public_id)
    form = _form(question, need)
    if "more" in request.form:
        form.targets.append_entry()
    elif form.ready():
        try:
            _save(form, question, need)
            return _on(need, question)
        except Problem as problem:
            form.refuse(problem)
    place = ORDER.index(question)
    return answer(
        "needs/asking/ask.html", form, need=need, question=question, code=form.code, number=place + 1, count=len(ORDER),
        before=_address(need, ORDER[place - 1]) if place else "", on=_on(need, question).location,
    )


def _save(form: QuestionForm, question: str, need: Need) -> None:
    """Save the answer. Refused when publishing would ask for more of it; nothing of it is kept then."""
    person = acting_person(actor())
    form.check_version(need)
    operations.edit_need(person, need, **form.given(question, need, person.organisations))
    _refuse_lacking(need, question, person)


def _refuse_lacking(need: Need, question: str, person: Person) -> None:
    """Refuse an answer that publishing would ask more of; the organisation alone can wait until there is one."""
    lacks = [one for one in _lacking(need).get(question, []) if one[0] != "organisation" or person.organisations]
    if lacks:
        raise Refused(lacks[0][1], field=lacks[0][0], also=lacks[1:])


def _address(need: Need, question: str) -> str:
    return url_for("asking.ask", public_id=need.public_id, question=question)


def _on(need: Need, question: str) -> Response:
    """Where the way leads behind a question."""
    place = ORDER.index(question) + 1
    if "change" in request.args or place == len(ORDER):
        return see("asking.check", public_id=need.public_id)
    return see("asking.ask", public_id=need.public_id, question=ORDER[place])


@blueprint.route("/needs/<public_id>/check", methods=["GET", "POST"])
@login_required
def check(public_id: str) -> ResponseReturnValue:
    """All answers, each with a way to change it; the button publishes, or says what is missing."""
    need = _draft(public_id)
    if need.state in Need.OPEN_STATES:
        return see("needs.show", public_id=public_id)
    form = Form()
    if form.ready():
        try:
            operations.post_need(actor(), need)
            flash(_("The need is published. We are looking for technologies now."))
            return see("needs.show", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    lacking = {question: [_(message) for _field, message in lacks] for question, lacks in _lacking(need).items()}
    return answer("needs/asking/check.html", form, need=need, order=ORDER, lacking=lacking)
