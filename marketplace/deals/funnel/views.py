"""Pages of the funnel: the public sums as picture, tables and file, and what is one's own."""

from __future__ import annotations

import csv
import io

from flask import Blueprint, Flask, Response, current_app
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from marketplace.access import may
from marketplace.deals.funnel import operations, words
from marketplace.deals.funnel.picture import draw
from marketplace.deals.funnel.tally import DIMENSIONS, STAGES
from marketplace.errors import NotFound
from marketplace.people.operations import acting_person
from marketplace.web import actor, answer, language

blueprint = Blueprint("funnel", __name__)

OPENED = ("opened", *STAGES[1:])


def prepare(app: Flask) -> None:
    """Words and drawing for the templates of the funnel."""
    app.jinja_env.globals.update(funnel_words=words, funnel_picture=draw, funnel_rates=operations.rates, funnel_stages=STAGES)


def _published() -> operations.Public | None:
    report = operations.newest()
    return operations.published(report, current_app.config["SETTINGS"].funnel_least) if report else None


@blueprint.get("/funnel")
def show() -> ResponseReturnValue:
    """How many matches become talks, contracts, trials and payments, in sums that say nothing of anybody."""
    return answer("deals/funnel/show.html", None, told=_published(), dimensions=DIMENSIONS, least=current_app.config["SETTINGS"].funnel_least)


@blueprint.get("/funnel.csv")
def table() -> ResponseReturnValue:
    """The same numbers as a file."""
    told = _published()
    if told is None:
        raise NotFound()
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_("Table"), _("Row"), *(str(words.STAGE_WORDS[stage]) for stage in STAGES)])
    few = _("fewer than %(least)s", least=current_app.config["SETTINGS"].funnel_least)

    def line(name: str, row: str, found: int, counts: tuple[int | None, ...]) -> None:
        writer.writerow([name, row, found, *(few if count is None else count for count in counts)])

    line(_("All"), "", told.total, next(iter(told.by.values())).total)
    for name, shown in told.by.items():
        for value, counts in sorted(shown.rows.items()):
            line(str(words.DIMENSION_WORDS[name]), words.value_name(name, value, language()), told.found[name][value], counts)
        if shown.together:
            named = "; ".join(words.value_name(name, value, language()) for value in shown.joined)
            line(str(words.DIMENSION_WORDS[name]), named, told.matches(name, shown.joined), shown.together)
    named = f"funnel-{told.as_of.isoformat()}.csv"
    return Response("\ufeff" + text.getvalue(), mimetype="text/csv", headers={"Content-Disposition": f"attachment; filename={named}"})


@blueprint.get("/funnel/mine")
@login_required
def mine() -> ResponseReturnValue:
    """The exact funnel of the deals one leads, of the organisations one owns, and for the operator of each technology manager's deals as counts."""
    who = acting_person(actor())
    own = operations.of_broker(who) if may(who, "funnel.lead") else None
    houses = [(house, operations.of_house(who, house)) for house in who.organisations if may(who, "organisation.funnel", house)]
    compared = operations.of_brokers(who) if may(who, "funnel.compare") else None
    return answer("deals/funnel/mine.html", None, own=own, opened=OPENED, houses=houses, compared=compared, dimensions=DIMENSIONS)
