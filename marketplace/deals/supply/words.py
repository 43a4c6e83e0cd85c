"""The words of the map, lazily translated."""

from __future__ import annotations

import re

from babel.numbers import format_compact_decimal
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l

from marketplace.catalogue.classification import industry_name
from marketplace.deals.supply.cells import Cell
from marketplace.people import regions
from marketplace.saying import FILTERS

READING_WORDS = {
    "nowhere": _l("wanted, and offered nowhere"), "elsewhere": _l("wanted here, offered only in other regions"),
    "short": _l("little offered for what is wanted"), "even": _l("wanted and offered in like measure"),
    "ample": _l("much offered for what is wanted"), "unasked": _l("offered, and not asked for"),
}
_KIND_OF_PLACE = re.compile(r"(省|市|自治区|特别行政区|壮族|回族|维吾尔)")


def region_name(region: str | None, language: str) -> str:
    """A region by its full name; several together as such."""
    return regions.name(region, language) if region else gettext("other regions")


def short_name(region: str | None, language: str) -> str:
    """A region's name as it is said at the head of a column: 江苏, not 江苏省."""
    if region is None:
        return gettext("others")
    name = regions.name(region, language)
    return _KIND_OF_PLACE.sub("", name) if language == "zh" and region in regions.PROVINCES else name


def compact(number: int) -> str:
    """A number that fits a narrow cell: 1.2K, 1.2万."""
    return format_compact_decimal(number, locale=get_locale(), fraction_digits=0 if number >= 10_000 or number < 1_000 else 1)


def scarcity(cell: Cell) -> str:
    """The scarcity with one digit after the point below ten; a dash where there is none."""
    return "–" if cell.scarcity is None else FILTERS["number"](round(cell.scarcity, 1 if cell.scarcity < 10 else None))


def told(cell: Cell, language: str) -> str:
    """A cell in a sentence, for whoever hears it."""
    return gettext(
        "%(industry)s, %(region)s: needs %(needs)s, technologies %(technologies)s; %(reading)s", industry=industry_name(cell.industry, language),
        region=region_name(cell.region, language), needs=cell.needs, technologies=cell.technologies, reading=READING_WORDS[cell.reading],
    )
