"""The words of what is proposed, lazily translated."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from marketplace.needs.words import FIELD_WORDS

KIND_WORDS = {
    **{name: FIELD_WORDS[name] for name in ("place", "tried", "constraints", "volume", "deadline", "industry", "region")},
    "target": _l("Target"), "budget": _l("Budget"), "mode": FIELD_WORDS["modes"],
}
