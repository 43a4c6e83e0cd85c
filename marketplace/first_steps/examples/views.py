"""The page of one's own example. It has no id in its address: there is nothing of anybody else's to ask for."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Flask, Response, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from marketplace.db import now
from marketplace.deals.models import STAGES
from marketplace.errors import NotFound, Problem
from marketplace.first_steps.examples import operations, sheet, words
from marketplace.first_steps.examples.finding import STAND_IN, found_for, stand_in
from marketplace.first_steps.examples.forms import ExampleAnswerForm, WordsForm
from marketplace.first_steps.examples.samples import SAMPLES
from marketplace.terms.simulator import views as simulator
from marketplace.web import TAGS, actor, answer, language, see

blueprint = Blueprint("examples", __name__)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def prepare(app: Flask) -> None:
    """The part of the path, and the example's terms for the simulator."""
    app.jinja_env.globals.update(example_words=words, own_example=lambda: operations.example_of(actor()))
    simulator.bind(app, "example", _offered)


def _offered(code: str) -> simulator.Offered:
    """The terms of the ready-made technology, which are no secret. Raises `NotFound` for any other code."""
    sample = SAMPLES["technology"]
    if code != sample.terms:
        raise NotFound()
    address, spoken = url_for("simulator.simulator", example=code), sample.spoken(language())
    return simulator.Offered(code, sample.title[spoken], TAGS[spoken], address, sample.template(now().date()) or {})


@blueprint.post("/desk/example/begin/<any(need, technology, pair):kind>")
@login_required
def begin(kind: str) -> ResponseReturnValue:
    """Make an example and show it."""
    operations.begin(actor(), kind, language())
    return see("examples.show")


@blueprint.route("/desk/example", methods=["GET", "POST"])
@login_required
def show() -> ResponseReturnValue:
    """The example, what is found for it, and what would come next; POST changes its words."""
    example = operations.own(actor())
    title, text, spoken = operations.wording(example, language())
    form = WordsForm(data={"title": title, "text": text})
    form.title.render_kw = form.text.render_kw = {"lang": TAGS[spoken]}
    if form.ready():
        try:
            operations.change(actor(), example, form.title.data or "", form.text.data or "", language())
            return see("examples.show", _anchor="found")
        except Problem as problem:
            form.refuse(problem)
    rows = found_for(actor(), example, language())
    return answer(
        "first_steps/example.html", form, example=example, rows=rows, other=None if rows else stand_in(example, language()), stand_in_key=STAND_IN,
        ends=example.created + operations.KEPT - timedelta(days=1), sample=SAMPLES["technology"], terms=SAMPLES["technology"].template(now().date()),
        stages=[stage for stage in STAGES if stage in operations.PLAYED],
    )


@blueprint.post("/desk/example/answer")
@login_required
def answer_found() -> ResponseReturnValue:
    """Keep or decline something that was found."""
    form = ExampleAnswerForm()
    if not form.ready():
        raise NotFound()
    operations.answer_example(actor(), operations.own(actor()), form.key.data or "", form.answer.data or "")
    return see("examples.show", _anchor="deal")


@blueprint.post("/desk/example/play")
@login_required
def play() -> ResponseReturnValue:
    """Take the played deal to its next stage."""
    operations.play(actor(), operations.own(actor()))
    return see("examples.show", _anchor="deal")


@blueprint.post("/desk/example/discard")
@login_required
def discard() -> ResponseReturnValue:
    """Throw the example away."""
    operations.throw_away(actor(), operations.own(actor()))
    flash(_("The example is thrown away, with all that you changed in it."))
    return see("people.home")


@blueprint.get("/desk/example/spreadsheet")
@login_required
def spreadsheet() -> ResponseReturnValue:
    """What an import would make of the example spreadsheet; nothing is stored."""
    operations.own(actor())
    return answer("first_steps/spreadsheet.html", None, reading=sheet.read(language()))


@blueprint.get("/desk/example/spreadsheet.xlsx")
@login_required
def download() -> ResponseReturnValue:
    """The example spreadsheet."""
    operations.own(actor())
    response = Response(sheet.written(language()), mimetype=XLSX)
    response.headers.set("Content-Disposition", "attachment", filename=f"{_('example')}.xlsx")
    return response
