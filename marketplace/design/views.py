"""The page of specimens; on a development site alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, current_app
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.design import contrast, specimens
from marketplace.design.forms import SpecimenForm
from marketplace.errors import NotFound
from marketplace.terms.comparison import simulate
from marketplace.terms.forms import TermsForm
from marketplace.terms.payment import parse
from marketplace.terms.simulator.forms import PlanForm
from marketplace.terms.simulator.outcome import outcome
from marketplace.terms.simulator.views import Cell
from marketplace.terms.views import in_words, note
from marketplace.web import answer, language

blueprint = Blueprint("design", __name__)

STYLE = "techbridge.css"


def prepare(_app: Flask) -> None:
    """Nothing: the macros bring what they need from the rooms that they belong to."""


@blueprint.get("/design")
def show() -> ResponseReturnValue:
    """Every component in its states, on a development site."""
    if current_app.config["SETTINGS"].production:
        raise NotFound()
    return answer("design/show.html", None, **_colours(), **_forms(), **_simulation(), specimens=specimens, now=specimens.NOW)


def _colours() -> dict[str, Any]:
    known = contrast.tokens(Path(str(current_app.static_folder), STYLE).read_text(encoding="utf-8"))
    return {"tokens": known, "pairs": list(contrast.pairs(known))}


def _forms() -> dict[str, Any]:
    """A form with a field of each kind, and the form of terms with what the checks say of it."""
    form = SpecimenForm(formdata=None).show_errors()
    terms = TermsForm(formdata=None, data={**TermsForm.of(specimens.template()).data, "before": "{}"}, meta={"csrf": False})
    said = in_words(parse(specimens.template(), template=True))
    notes = form.noted.notes
    found = note(specimens.findings(), terms, form, language())
    form.noted.notes = notes
    return {"specimen_form": form, "file_form": SpecimenForm(formdata=None), "terms_form": terms, "found": found, "said": said}


def _simulation() -> dict[str, Any]:
    """The simulator's form with a cell in error, and what comes of the terms."""
    terms, plan = parse(specimens.template(), template=True), PlanForm(formdata=None)
    plan.start.data = specimens.TODAY.replace(month=4).isoformat()
    asked = plan.read(terms)
    assert asked is not None, "the untouched form can always be read"
    found = simulate(terms, asked.plan, asked.columns, asked.rate, asked.upfront)
    cells = [
        Cell("cautious", _("Cautious"), "", "120,000", ""), Cell("expected", _("Expected"), "200000", "", ""),
        Cell("good", _("Good"), "x", "", _("This is no number.")),
    ]
    return {"plan": plan, "sim_terms": terms, "sim": outcome(found, language(), _), "sales": [(_("first quarter"), cells)]}
