"""The words of an import's states, outcomes, formats and fields, lazily translated."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from marketplace.catalogue.words import FIELD_WORDS as TECHNOLOGY_FIELDS
from marketplace.importing.fields import LISTINGS
from marketplace.needs.words import FIELD_WORDS as NEED_FIELDS

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
    "template_needs": _l("our template for needs"),
    "table": _l("a table"),
}
_WORDS = {"technology": TECHNOLOGY_FIELDS, "need": NEED_FIELDS}


def field(listing: str, name: str) -> str:
    """A field in the reader's language; one that only files have by its header."""
    return str(_WORDS[listing].get(name) or LISTINGS[listing].headers.get(name, name))
