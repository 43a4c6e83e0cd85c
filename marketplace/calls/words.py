"""The words of the codes of calls and boards, lazily translated: one place for forms, pages and lists."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

STATE_WORDS = {
    "draft": _l("draft"), "published": _l("open"), "closed": _l("closed, under review"), "awarded": _l("awarded"), "ended": _l("ended"),
    "unawarded": _l("ended without an award"), "withdrawn": _l("withdrawn"),
}
LISTED_WORDS = {"open": _l("open"), "closed": _l("closed, under review"), "decided": _l("decided"), "ended": _l("ended"), "all": _l("all")}
ORDER_WORDS = {"deadline": _l("by deadline"), "newest": _l("newest first")}
TONES = {"published": "pine", "closed": "amber", "awarded": "blue", "ended": "plain", "unawarded": "plain", "draft": "amber", "withdrawn": "red"}
MONEY_WORDS = {"prize": _l("prize"), "budget": _l("budget")}
MONEY_HEADINGS = {"prize": _l("Prize"), "budget": _l("Budget")}
IP_WORDS = {
    "owner": _l("the result belongs to whoever puts the call out"), "solver": _l("the result belongs to the solver"),
    "shared": _l("the rights are shared"), "licence": _l("the solver keeps the rights and grants a licence"),
}
KIND_NAMES = {
    "enterprise": _l("enterprises"), "institute": _l("universities and research institutes"), "service_provider": _l("service providers"),
    "agency": _l("technology-transfer agencies"),
}
VISIBILITY_WORDS = {"public": _l("everybody"), "members": _l("verified organisations and technology managers")}
REVIEWER_WORDS = {"invited": _l("asked"), "active": _l("has accepted"), "declined": _l("has declined"), "removed": _l("taken back")}
BOARD_WORDS = {"draft": _l("draft"), "published": _l("published"), "closed": _l("closed: takes no further calls")}
FIELD_WORDS = {
    "title": _l("Title"), "brief": _l("What is to be solved"), "acceptance": _l("How the result is tested"), "eligibility": _l("Conditions for solvers"),
    "ip_terms": _l("Rights in the result"), "targets": _l("Targets"), "money": _l("Prize or budget"), "amount": _l("Amount"), "currency": _l("Currency"),
    "stages": _l("Stages of payment"), "eligible": _l("Who may answer"), "ip_position": _l("Whose the result is"), "industry": _l("Industry"),
    "region": _l("Region"), "deadline": _l("Deadline"), "questions_until": _l("Questions until"), "zone": _l("Time zone"),
}
FILTER_WORDS = {
    "state": _l("State"), "board": _l("Board"), "industry": _l("Industry"), "region": _l("Region"), "least": _l("Prize or budget from"),
    "before": _l("Deadline until"),
}
