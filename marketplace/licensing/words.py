"""What the codes of agreements are called on pages; read by templates of every package."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

STATE_WORDS = {
    "draft": _l("draft"), "proposed": _l("under negotiation"), "countersigned": _l("signed by both sides"), "withdrawn": _l("withdrawn"),
    "on_trial": _l("on trial"), "awaiting_decision": _l("awaiting the decision"), "declined": _l("not converted"), "lapsed": _l("trial lapsed"),
    "active": _l("in force"), "bought_out": _l("bought out"), "terminated": _l("terminated"), "ended": _l("ended"),
}
SIDE_WORDS = {"licensor": _l("Licensor"), "licensee": _l("Licensee")}
