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
    "undoing": _l("being taken back"),
    "undone": _l("taken back"),
}
OUTCOME_WORDS = {
    "created": _l("created"),
    "updated": _l("updated"),
    "unchanged": _l("unchanged"),
    "duplicate": _l("duplicate"),
    "rejected": _l("rejected"),
}
LISTING_WORDS = {"technology": _l("technologies"), "need": _l("needs")}
FORMAT_WORDS = {
    "google": "Google Patents",
    "lens": "Lens.org",
    "incopat": "incoPat",
    "patsnap": _l("PatSnap"),
    "cnipa": _l("CNIPA list"),
    "epo": "EPO OPS",
    "uspto": "USPTO (ST.36)",
    "wipo": "WIPO ST.96",
    "patentsview": "PatentsView",
    "nasa": "NASA T2",
    "template": _l("our template"),
    "table": _l("a table"),
}
