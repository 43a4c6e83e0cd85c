"""The words of the codes of teams, lazily translated."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

TEAM_WORDS = {
    "named": _l("awarded, not taken yet"), "working": _l("at work"), "finished": _l("has finished"), "stopped": _l("stopped"), "declined": _l("award declined"),
}
GATE_WORDS = {
    "open": _l("not handed in"), "submitted": _l("handed in"), "accepted": _l("accepted"), "rejected": _l("rejected"), "passed": _l("passed: goes on"),
    "stopped": _l("stopped here"),
}
GATE_TONES = {"open": "plain", "submitted": "amber", "accepted": "pine", "rejected": "red", "passed": "pine", "stopped": "plain"}
OWED_WORDS = {"pending": _l("not owed yet"), "open": _l("owed"), "overdue": _l("overdue"), "paid": _l("paid"), "void": _l("not owed")}
