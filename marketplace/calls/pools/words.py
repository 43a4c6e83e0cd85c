"""What the codes of pools are called on pages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

STATE_WORDS = {
    "draft": _l("draft"), "open": _l("collecting pledges"), "reached": _l("threshold reached"), "converted": _l("has become a call"),
    "missed": _l("ended without becoming a call"), "withdrawn": _l("given up"),
}
LISTED_WORDS = {**{code: STATE_WORDS[code] for code in ("open", "reached", "converted", "missed")}, "all": _l("all")}
FILTER_WORDS = {
    "state": _l("State"), "industry": _l("Industry"), "region": _l("Region"), "least": _l("Threshold from"), "before": _l("Deadline until"),
}
PLEDGE_WORDS = {
    "asked": _l("asks to join"), "pledged": _l("pledged"), "replaced": _l("replaced by a newer one"), "withdrawn": _l("taken back"),
    "refused": _l("not admitted"), "released": _l("released"),
}
BASIS_WORDS = {"proportional": _l("in proportion to the amounts pledged"), "stated": _l("as each pledger states; together 100 per cent")}
REASON_WORDS = {
    "insolvency": _l("insolvency, or its approach"), "law": _l("a law, a court or an authority forbids it"), "solved": _l("the need has been solved otherwise"),
    "reorganisation": _l("the business concerned is closed or sold"), "other": _l("another reason"),
}
MOTION_WORDS = {
    "text": _l("a new common text"), "admission": _l("whether another organisation may join"), "withdrawal": _l("whether a pledge may be taken back"),
    "award": _l("the choice of an award"), "decision": _l("whether the panel's decision is published"), "other": _l("a question"),
}
CHOICE_WORDS = {"yes": _l("in favour"), "no": _l("against"), "abstain": _l("abstention")}
OUTCOME_WORDS = {
    "decided": _l("decided"), "tied": _l("a tie: nothing is decided"), "no_quorum": _l("too few have voted: nothing is decided"),
    "moot": _l("settled otherwise"),
}
VISIBILITY_WORDS = {"public": _l("everybody"), "members": _l("members of verified organisations")}
TONES = {
    "open": "blue", "reached": "pine", "converted": "pine", "missed": "plain", "withdrawn": "plain", "draft": "amber", "pledged": "pine", "asked": "amber",
    "decided": "pine", "tied": "amber", "no_quorum": "amber", "moot": "plain",
}
