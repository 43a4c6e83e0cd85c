"""The words of the codes of deals, lazily translated."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

STAGE_WORDS = {
    "lead": _l("lead"), "qualified": _l("qualified"), "introduced": _l("introduced"), "nda": _l("under NDA"), "evaluation": _l("evaluation"),
    "negotiating": _l("negotiating"), "notice": _l("price published"), "signed": _l("signed"), "performing": _l("performing"), "won": _l("won"),
    "lost": _l("lost"),
}
SIDE_WORDS = {"firm": _l("firm"), "holder": _l("institute"), "broker": _l("technology manager"), "guest": _l("guest")}
