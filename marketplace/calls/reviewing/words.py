"""The words of the codes of reviews, lazily translated."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

KIND_WORDS = {
    "none": _l("no conflict"), "employed": _l("employed there, now or before"), "family": _l("family or close friend"), "money": _l("money or contracts"),
    "collaboration": _l("worked together"), "other": _l("another conflict"),
}
ORIGIN_WORDS = {"reviewer": _l("said by the reviewer"), "site": _l("found by the site"), "owner": _l("entered by an owner of the call")}
STATE_WORDS = {"open": _l("reviewers are scoring"), "closed": _l("scoring is closed"), "settled": _l("the award is published")}
ASIDE_WORDS = {
    "conflict": _l("not counted: conflict"), "removed": _l("not counted: no longer a reviewer"), "withdrawn": _l("not counted: the proposal was withdrawn"),
    "partial": _l("not counted: not every criterion is scored"),
}
EVENT_WORDS = {
    "review.opened": _l("The review began"), "review.declared": _l("A reviewer declared his conflicts"), "review.scored": _l("A reviewer gave scores"),
    "review.set_aside": _l("A conflict came out; the reviewer's scores for this proposal count no longer"), "review.close": _l("The scoring was closed"),
    "review.reopen": _l("The scoring was opened again"), "review.decided": _l("The panel's decision was written down"),
    "review.settle": _l("The award was published"), "review.proposal_withdrawn": _l("A solver withdrew a proposal after the opening"),
}
