"""The words of an import's states and outcomes, lazily translated."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

RUN_WORDS = {
    "uploaded": _l("waiting for its columns"),
    "reading": _l("being read"),
    "read": _l("read, not published"),
    "publishing": _l("being published"),
    "failed": _l("could not be read"),
    "published": _l("published"),
}
OUTCOME_WORDS = {
    "created": _l("created"),
    "updated": _l("updated"),
    "unchanged": _l("unchanged"),
    "duplicate": _l("duplicate"),
    "rejected": _l("rejected"),
}
