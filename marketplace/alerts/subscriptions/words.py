"""The words of subscriptions."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

PACE_WORDS = {"at_once": _l("at once"), "daily": _l("once a day"), "weekly": _l("once a week")}
WEEKDAYS = (_l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday"), _l("Saturday"), _l("Sunday"))
KIND_WORDS = {
    "search": _l("Saved search"), "need": _l("Matches of a need"), "technology": _l("Matches of a technology"),
    "organisation": _l("Matches of an organisation"), "advice": _l("What the other side said of my listings"),
}
