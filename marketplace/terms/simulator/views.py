"""The page of the simulator: read what was typed, calculate, show; nothing is stored, so a POST is answered by its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import FieldList

from marketplace.db import now
from marketplace.terms.comparison import SCENARIOS, Simulation, simulate
from marketplace.terms.forms import TermsForm
from marketplace.terms.payment import Terms, add_months, parse
from marketplace.terms.plan import quarter_of
from marketplace.terms.presets import PRESETS
from marketplace.terms.reading import TermsError
from marketplace.terms.simulate import PlanError
from marketplace.terms.simulator import link, sheet, words
from marketplace.terms.simulator.columns import shown
from marketplace.terms.simulator.forms import Asked, PlanForm
from marketplace.terms.simulator.outcome import outcome
from marketplace.web import answer, language, limiter

blueprint = Blueprint("simulator", __name__)

EXAMPLE = "milestones_and_royalty"
"""The ready-made terms that the simulator opens with."""

CURRENCY = "CNY"

HOME = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Offered:
    """Terms to calculate with, of an offer or of an agreement: what to call them, where they stand, and from which day they would count."""

    public_id: str
    title: str
    language: str
    address: str
    terms: dict[str, Any]
    start: date | None = None


def prepare(app: Flask) -> None:
    """Words for the templates."""
    app.jinja_env.globals.update(simulator_words=words)


def bind(app: Flask, name: str, find: Callable[[str], Offered]) -> None:
    """Say how terms are found that the address names (`?offer=…`): that is for rooms to the right of this one. `find` raises `NotFound`."""
    app.extensions.setdefault("simulator_sources", {})[name] = find


@blueprint.route("/simulator", methods=["GET", "POST"])
@limiter.limit("3000 per hour", methods=["POST"])
def simulator() -> ResponseReturnValue:
    """What terms would bring both sides: the form and, where it can be read, the answer."""
    asked_for, offer = _offer()
    sent = _sent()
    written, terms = _terms(sent, offer)
    plan = PlanForm(formdata=sent)
    if sent is None:
        plan.start.data = (offer.start if offer and offer.start else _next_quarter()).isoformat()
    asked = plan.read(terms, request.form.get("fill", "")) if terms else None
    found = _simulated(plan, terms, asked)
    if found and request.form.get("download") in sheet.TYPES:
        return _file(found, request.form["download"])
    base = terms.royalty.base if terms and terms.royalty else ""
    wrong = request.method == "POST" and found is None
    page, _status = answer(
        "terms/simulator.html", plan, plan=plan, terms_form=written, terms=terms, offer=offer, asked_for=asked_for,
        outcome=outcome(found, language(), _) if found else None, rows=_rows(plan, asked),
        links=_links(written, plan, terms, offer, asked_for), base=_(words.BASES[base]), wrong=wrong,
    )
    return page, 422 if wrong else 200


def _offer() -> tuple[dict[str, str], Offered | None]:
    """What the address names, and the terms that were found under it."""
    for name, find in current_app.extensions.get("simulator_sources", {}).items():
        if public_id := request.args.get(name):
            return {name: public_id}, find(public_id)
    return {}, None


def _sent() -> MultiDict[str, str] | None:
    """What was typed: posted, or carried by a link."""
    if request.method == "POST":
        return request.form
    if word := request.args.get("q"):
        return MultiDict([(name, cell) for name, cells in link.unpacked(word).items() for cell in cells])
    return None


def _terms(sent: MultiDict[str, str] | None, offer: Offered | None) -> tuple[TermsForm, Terms | None]:
    """The form of the terms, and the terms where it can be read: as typed, else those of the offer, else an example."""
    if sent is None or not any(name.startswith("terms-") for name in sent):
        values = offer.terms if offer else PRESETS[EXAMPLE].template(CURRENCY, _today())
        return TermsForm.of(values), parse(values, template=True)
    form = TermsForm(formdata=sent, meta={"csrf": False})
    if request.method == "POST":
        form.pressed()
    return form, form.terms if form.validate() else None


def _simulated(plan: PlanForm, terms: Terms | None, asked: Asked | None) -> Simulation | None:
    if terms is None or asked is None:
        return None
    try:
        return simulate(terms, asked.plan, asked.columns, asked.rate, asked.upfront)
    except (PlanError, TermsError) as error:
        plan.refuse_part(error)
        return None


def _today() -> date:
    return now().astimezone(HOME).date()


def _next_quarter() -> date:
    return add_months(quarter_of(_today()), 3)


@dataclass(frozen=True, slots=True)
class Cell:
    """An input of the table of sales: what is typed in it, what it means when empty, and what is wrong with it."""

    code: str
    label: str
    typed: str
    empty: str
    fault: str


def _rows(plan: PlanForm, asked: Asked | None) -> list[tuple[str, list[Cell]]]:
    """The rows of the table of sales: the quarter and its cells."""
    count = len(plan.expected.data or ())
    try:
        first = quarter_of(date.fromisoformat(plan.start.data or ""))
        names = [words.quarter(add_months(first, 3 * number), language()) for number in range(count)]
    except ValueError:
        names = [str(number + 1) for number in range(count)]
    columns = [(plan[code], str(plan[code].label.text), asked.columns[code] if asked and code != "expected" else None) for code in SCENARIOS]
    return [
        (name, [
            Cell(field.name, label, field.cell(number), shown(figures[number]) if figures else "", field.faults.get(number, ""))
            for field, label, figures in columns
        ])
        for number, name in enumerate(names)
    ]


def _links(
    written: TermsForm, plan: PlanForm, terms: Terms | None, offer: Offered | None, asked_for: dict[str, str]
) -> dict[str, str] | None:
    """The address of this calculation in both languages, or None where it would be too long."""
    own = offer is None or terms is None or parse(offer.terms, template=True) != terms
    word = link.packed({**plan.typed(), **(typed_terms(written) if own else {})})
    values = {"q": word, **asked_for}
    return {lang: url_for("simulator.simulator", lang=lang, **values) for lang in ("zh", "en")} if word else None


def typed_terms(form: TermsForm) -> dict[str, list[str]]:
    """What the fields of a form of terms say beside what they say unasked, by their names."""
    rows = [entry.form for field in form if isinstance(field, FieldList) for entry in field]
    fields = [field for part in (form, *rows) for field in part if not isinstance(field, FieldList) and field.type != "CSRFTokenField"]
    return {
        field.name: ["y" if field.data is True else str(field.data)]
        for field in fields if field.data and (field.data != field.default or field.name == "terms-currency")
    }


def _file(found: Simulation, kind: str) -> Response:
    response = Response(sheet.written(found, language(), kind, _), mimetype=sheet.TYPES[kind])
    response.headers.set("Content-Disposition", "attachment", filename=f"{_('simulation')}.{kind}")
    return response
