"""What the codes of agreements are called on pages; read by templates of every package."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

STATE_WORDS = {
    "draft": _l("draft"), "proposed": _l("under negotiation"), "countersigned": _l("signed by both sides"), "withdrawn": _l("withdrawn"),
    "on_trial": _l("on trial"), "awaiting_decision": _l("awaiting the decision"), "declined": _l("not converted"), "lapsed": _l("trial lapsed"),
    "active": _l("in force"), "bought_out": _l("bought out"), "terminated": _l("terminated"), "ended": _l("ended"),
}
SIDE_WORDS = {"licensor": _l("Licensor"), "licensee": _l("Licensee")}
OBLIGATION_WORDS = {"pending": _l("not owed yet"), "open": _l("owed"), "overdue": _l("overdue"), "paid": _l("settled"), "void": _l("no longer owed")}
KIND_WORDS = {
    "entry": _l("Entry fee"), "conversion": _l("Price of conversion"), "deferred": _l("Deferred fee"), "instalment": _l("Instalment"),
    "milestone": _l("Milestone fee"), "conditional": _l("Fee on acceptance"), "royalty": _l("Royalty"), "minimum": _l("Minimum of the year"),
    "buyout": _l("Buy-out price"), "non_use_certificate": _l("Certificate of non-use"),
}
