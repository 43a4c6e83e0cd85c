"""The words of uploads, lazily translated."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

STATE_WORDS = {
    "clean": _l("scanned"), "unscanned": _l("not scanned"), "quarantined": _l("held back"), "released": _l("released by the operator"),
    "deleted": _l("deleted by the operator"), "refused": _l("refused by the virus scanner"),
}
TONES = {"clean": "pine", "unscanned": "plain", "quarantined": "amber", "released": "pine", "deleted": "red", "refused": "red"}
WHY_WORDS = {
    "test_string": _l("it carries the test string of virus scanners"), "macros": _l("it carries macros"),
    "locked": _l("a part of it is locked with a password"), "unreadable": _l("a part of it cannot be unpacked"),
    "unreachable": _l("the virus scanner did not answer"), "too_large": _l("it is too large for the virus scanner"),
}
NOUN_WORDS = {
    "technology": _l("technology"), "need": _l("need"), "deal": _l("deal"), "access_grant": _l("request for access"), "statement": _l("sales statement"),
    "audit": _l("audit"), "claim": _l("claim"), "payment": _l("payment"), "income_cost": _l("cost"),
    "proposal": _l("proposal"), "gate": _l("stage of a team"),
}
