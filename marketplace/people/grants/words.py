"""The words of access to blind listings, lazily translated."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

STATE_WORDS = {
    "asked": _l("asked for"), "nda": _l("NDA to sign"), "granted": _l("access given"), "refused": _l("access refused"), "revoked": _l("access revoked"),
    "ended": _l("access ended"),
}
TONES = {"asked": "amber", "nda": "amber", "granted": "pine", "refused": "red", "revoked": "red", "ended": "plain"}
NOUN_WORDS = {"technology": _l("technology"), "need": _l("need")}
WHAT_WORDS = {
    "page": _l("its page"), "file": _l("a file"), "history": _l("its history"), "list": _l("in a list"), "export": _l("in a file made of it"),
    "match": _l("a match with it"), "deal": _l("in a deal"),
}
