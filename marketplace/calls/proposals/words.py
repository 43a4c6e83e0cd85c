"""The words of proposals, lazily translated."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

STATE_WORDS = {
    "sealed": _l("handed in, sealed"), "opened": _l("opened"), "withdrawn": _l("withdrawn"), "damaged": _l("could not be opened"),
    "discarded": _l("destroyed unread: the call was withdrawn"),
}
TONES = {"sealed": "blue", "opened": "pine", "withdrawn": "plain", "damaged": "red", "discarded": "plain"}
TEXT_WORDS = {"summary": _l("Summary"), "plan": _l("How it is to be solved"), "team": _l("Who will work on it"), "schedule": _l("Schedule")}
