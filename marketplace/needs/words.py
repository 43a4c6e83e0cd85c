"""The words of the codes a need uses, lazily translated: one place for forms, pages and lists."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

DIRECTION_WORDS = {"at_most": _l("at most"), "at_least": _l("at least"), "equal": _l("exactly")}
PAYER_WORDS = {
    "firm": _l("the firm itself"), "group": _l("its group"), "customer": _l("its customer"), "public_funds": _l("public funds"),
    "undecided": _l("not decided yet"),
}
CASH_WORDS = {"committed": _l("committed"), "planned": _l("planned"), "none": _l("not yet")}
MODE_WORDS = {
    "licence": _l("licence"), "assignment": _l("buy the technology"), "joint_development": _l("joint development"),
    "consulting": _l("consulting"), "open_call": _l("open call"), "pooled": _l("pooled research"),
}
VISIBILITY_WORDS = {
    "public": _l("everybody"), "members": _l("verified organisations and technology managers"),
    "blind": _l("blind: a teaser for all, the rest for those you give access"),
}
GRADE_WORDS = {"declared": _l("declared by the firm"), "distilled": _l("distilled"), "verified": _l("verified real need")}
STATE_WORDS = {
    "draft": _l("draft"), "submitted": _l("handed in"), "published": _l("published"), "matched": _l("published, matches found"),
    "in_deal": _l("in a deal"), "solved": _l("solved"), "withdrawn": _l("withdrawn"), "expired": _l("expired"),
}
FIELD_WORDS = {
    "teaser": _l("Teaser"), "nda_required": _l("NDA before access"),
    "title": _l("Title"), "problem": _l("The problem"), "place": _l("Where it happens"), "tried": _l("What was tried and why it failed"),
    "constraints": _l("What must not change"), "volume": _l("Volume at stake"), "targets": _l("Targets"), "budget_min": _l("Budget from"),
    "budget_max": _l("Budget up to"), "currency": _l("Currency"), "payer": _l("Who pays"), "cash": _l("Is the money there?"),
    "deadline": _l("Solved by"), "modes": _l("How you would work together"), "industry": _l("Industry"), "region": _l("Region"),
    "visibility": _l("Who may read it"), "language": _l("Language you write in"), "questions": _l("Technical questions"), "grade": _l("Grade"),
    "organisation": _l("Posted by"),
}
