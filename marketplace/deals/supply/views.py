"""The page of the map: picture and table."""

from __future__ import annotations

from flask import Blueprint, Flask, request
from flask.typing import ResponseReturnValue

from marketplace.catalogue.classification import industry_choices, industry_name
from marketplace.deals.funnel.models import FunnelReport
from marketplace.deals.funnel.operations import newest
from marketplace.deals.supply import listing, words
from marketplace.deals.supply.cells import READINGS, UNASKED, Cells
from marketplace.deals.supply.picture import HEIGHTS, Drawing, draw
from marketplace.web import answer, language

blueprint = Blueprint("supply", __name__)

LISTED = 100  # cells of the table on the page; the file has all


def prepare(app: Flask) -> None:
    """Words for the templates of the map."""
    app.jinja_env.globals.update(supply_words=words)


def cells_of(report: FunnelReport | None) -> Cells | None:
    """The cells of a report; None where it was made before there was a map, or nothing is asked."""
    counted = report.figures.get("supply") if report else None
    found = Cells(counted) if counted else None
    return found if found and found.asked else None


def _drawn(found: Cells) -> Drawing:
    return draw(*found.rows(), lambda region: words.short_name(region, language()), lambda industry: industry_name(industry, language()))


@blueprint.get("/map")
def show() -> ResponseReturnValue:
    """Open needs against published technologies by industry and region, and where nothing is offered for what is asked."""
    report = newest()
    found = cells_of(report)
    wanted, by = listing.asked(request.args)
    return answer(
        "deals/supply/show.html", None, report=report, found=found, drawing=_drawn(found) if found else None, listed=LISTED,
        cells=listing.chosen(found.all, wanted, by) if found else [], wanted=wanted, order=by, args={**wanted.arguments, **by.arguments},
        groups=[(code, name) for code, name in industry_choices(language()) if len(code) == listing.SECTION],
        regions=sorted({(cell.region, words.region_name(cell.region, language())) for cell in found.all if cell.region}) if found else [],
        readings=[(reading, HEIGHTS[reading]) for reading in READINGS if reading != UNASKED],
    )
