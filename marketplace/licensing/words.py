"""What the codes of agreements are called on pages; read by templates of every package."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

STATE_WORDS = {
    "draft": _l("draft"), "proposed": _l("under negotiation"), "countersigned": _l("signed by both sides"), "withdrawn": _l("withdrawn"),
    "on_trial": _l("on trial"), "awaiting_decision": _l("awaiting the decision"), "declined": _l("not converted"), "lapsed": _l("trial lapsed"),
    "active": _l("in force"), "bought_out": _l("bought out"), "terminated": _l("terminated"), "ended": _l("ended"),
}
STATUS_FILTERS = {**{code: word for code, word in STATE_WORDS.items() if code != "countersigned"}, "disputed": _l("disputed")}
SIDE_WORDS = {"licensor": _l("Licensor"), "licensee": _l("Licensee")}
OBLIGATION_WORDS = {"pending": _l("not owed yet"), "open": _l("owed"), "overdue": _l("overdue"), "paid": _l("settled"), "void": _l("no longer owed")}
KIND_WORDS = {
    "entry": _l("Entry fee"), "conversion": _l("Price of conversion"), "deferred": _l("Deferred fee"), "instalment": _l("Instalment"),
    "milestone": _l("Milestone fee"), "conditional": _l("Fee on acceptance"), "royalty": _l("Royalty"), "minimum": _l("Minimum of the year"),
    "buyout": _l("Buy-out price"), "non_use_certificate": _l("Certificate of non-use"),
}
EVENT_WORDS = {
    "trial_started": _l("The trial began"), "trial_extended": _l("The trial was extended"), "converted": _l("The trial was converted"),
    "declined": _l("The trial was declined"), "first_revenue": _l("First revenue"), "milestone_accepted": _l("A milestone was accepted"),
    "submitted": _l("Handed in for acceptance"), "accepted": _l("Passed acceptance"), "rejected": _l("Failed acceptance"),
    "statement": _l("Sales statement"), "bought_out": _l("Bought out"), "terminated": _l("Terminated"), "certified": _l("Non-use was certified"),
    "payment": _l("Payment received"), "interest_paid": _l("Interest paid"),
}
STEP_WORDS = {
    "trial_started": _l("Enter the start of the trial"), "trial_extended": _l("Extend the trial"), "converted": _l("Convert the trial"),
    "declined": _l("Decline the trial"), "first_revenue": _l("Enter first revenue"), "milestone_accepted": _l("Accept a milestone"),
    "submitted": _l("Hand in for acceptance"), "accepted": _l("Accept what was handed in"), "rejected": _l("Reject what was handed in"),
    "bought_out": _l("Buy out"), "terminated": _l("Terminate the agreement"), "certified": _l("Sign the certificate of non-use"),
}
DISPUTE_WORDS = {"open": _l("open"), "offered": _l("a settlement is on the table"), "settled": _l("settled between the sides")}
