"""The words of the funnel, lazily translated."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from marketplace.catalogue.classification import field_name, industry_name
from marketplace.deals.funnel.tally import NONE
from marketplace.people import regions

STAGE_WORDS = {
    "match": _l("matches"), "opened": _l("deals opened"), "talk": _l("talks"), "contract": _l("contracts"), "trial": _l("trials"), "paid": _l("payments"),
}
MEANING_WORDS = {
    "match": _l("a need and a technology that the engine found likely enough to keep"),
    "opened": _l("a deal that you lead, whether it began with a match or not"),
    "talk": _l("a technology manager introduced the two sides to each other"),
    "contract": _l("both sides signed the agreement"),
    "trial": _l("a trial began under that agreement; not every agreement has one"),
    "paid": _l("a first payment under that agreement was confirmed, with or without a trial before it"),
}
DIMENSION_WORDS = {
    "month": _l("By month"), "field": _l("By field of technology"), "industry": _l("By industry of the need"), "firm_region": _l("By region of the firm"),
    "holder_region": _l("By region of the technology's holder"),
}


def value_name(dimension: str, value: str, language: str) -> str:
    """A value of a dimension in words; months stand as they are."""
    if value == NONE:
        return gettext("not stated")
    names = {"field": field_name, "industry": industry_name, "firm_region": regions.name, "holder_region": regions.name}
    return names[dimension](value, language) if dimension in names else value
