"""Pages of resources in the engine: the three searches, and what other pages show of them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from marketplace.catalogue.experts.models import Expert
from marketplace.catalogue.facilities.models import Facility
from marketplace.catalogue.models import Technology
from marketplace.catalogue.resources.words import tongue
from marketplace.catalogue.scenarios.models import Scenario
from marketplace.matching import views as matching
from marketplace.matching.models import Match
from marketplace.matching.resources import operations
from marketplace.matching.resources.picture import Drawing, draw
from marketplace.needs.models import Need
from marketplace.people.words import ZONE_WORDS
from marketplace.web import actor, language

blueprint = Blueprint("resource_search", __name__)


def prepare(app: Flask) -> None:
    """What the pages of needs, technologies and matches show of resources."""
    app.jinja_env.globals.update(
        resources_for=resources_for, gap_of_match=gap_of_match, gap_drawn=gap_drawn, gaps_beside=gaps_beside,
        resource_zone=lambda zone: ZONE_WORDS.get(zone, zone), tongue=tongue,
    )


@blueprint.route("/facilities")
def facilities() -> ResponseReturnValue:
    """Search facilities by words and filters that can be linked to."""
    return matching.search_page("facility", Facility, "matching/resources/facilities.html", by_meaning=True)


@blueprint.route("/experts")
def experts() -> ResponseReturnValue:
    """Search experts."""
    return matching.search_page("expert", Expert, "matching/resources/experts.html", by_meaning=True)


@blueprint.route("/scenarios")
def scenarios() -> ResponseReturnValue:
    """Search scenarios for first trials."""
    return matching.search_page("scenario", Scenario, "matching/resources/scenarios.html", by_meaning=True)


def _part(template: str, **values: Any) -> Markup:
    return Markup(render_template(f"matching/resources/{template}.html", **values))


def resources_for(listing: Need | Technology) -> Markup:
    """Facilities, experts and scenarios that fit, as a part of the page of a need or a technology."""
    if listing.state not in type(listing).OPEN_STATES or getattr(listing, "kind", "") == "negative_result":
        return Markup("")
    return _part("part_fitting", found=operations.suggestions(actor(), listing, language()))


def gap_of_match(match: Match) -> Markup:
    """What takes the technology of a match to the maturity that is wanted, as a part of its page."""
    found = operations.bridging(actor(), match)
    return _part("part_gap", found=found) if found else Markup("")


def gap_drawn(found: operations.Bridged) -> Drawing:
    """The gap as a picture, with the levels that each facility carries."""
    return draw(found.gap, [(one.titled(language())[0], one.trl_from, one.trl_to) for one in found.facilities])


def gaps_beside(need: Need, technologies: list[Technology]) -> dict[int, Markup]:
    """The same in a line, for the technologies in the list of a need's page, by key."""
    found = operations.bridging_rows(actor(), need, technologies)
    return {key: _part("part_gap_line", found=one) for key, one in found.items() if one.facilities}
