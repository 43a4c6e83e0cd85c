"""What kinds, outcomes and marks of credit entries are called on pages, lazily translated."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

KIND_WORDS = {
    "statement": _l("Sales statements"), "payment": _l("Payments"), "answer": _l("Answers to statements"), "audit": _l("Audits above the limit"),
    "dispute": _l("Disputes"),
}
ONE_WORDS = {
    "statement": _l("Sales statement"), "payment": _l("Payment of a fee"), "answer": _l("Answer to a statement"), "audit": _l("Audit above the limit"),
    "dispute": _l("Dispute"),
}
OUTCOME_WORDS = {
    "on_time": _l("on time"), "late": _l("late"), "overdue": _l("overdue"), "estimated": _l("estimated by the licensor"), "noted": _l("noted"),
}
TONES = {"on_time": "pine", "late": "amber", "overdue": "red", "estimated": "amber", "noted": "plain"}
MARK_WORDS = {"void": _l("taken back, not counted"), "disputed": _l("disputed, not counted")}
