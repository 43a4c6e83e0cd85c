"""Words of recoveries."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

STATE_WORDS = {
    "asked": _l("waits for an answer"), "allowed": _l("allowed"), "refused": _l("refused"), "cancelled": _l("stopped"), "used": _l("used"),
}
STATE_TONES = {"asked": "amber", "allowed": "pine", "refused": "red"}
