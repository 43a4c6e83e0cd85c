"""The words of distilling, lazily translated: states, findings, tests, points of the interview sheet."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

STATE_WORDS = {
    "draft": _l("draft of the technology manager"), "sent": _l("with the firm, to be read"), "signed_off": _l("signed off by the firm"),
    "returned": _l("sent back by the firm"), "superseded": _l("replaced"),
}
FINDING_WORDS = {"yes": _l("yes"), "no": _l("no"), "unclear": _l("still unclear")}
TEST_WORDS = {"alone": _l("The firm cannot solve it alone"), "pays": _l("The firm will pay to have it solved")}
POINT_WORDS = {
    "place": _l("Where it happens"), "attempts": _l("What was tried, by whom, when, and why it failed"), "constraints": _l("What must not change"),
    "volume": _l("Volume at stake"), "budget_max": _l("Budget up to"), "deadline": _l("Solved by"), "payer": _l("Who pays"),
    "cash": _l("Is the money there?"), "asked": _l("Who was asked"), "interviewed": _l("Day of the interview"), **TEST_WORDS,
}
