"""What the codes of risk sharing are called on pages and in mails; lazily translated."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

KIND_WORDS = {"guarantor": _l("guarantor"), "insurer": _l("insurer"), "fund": _l("risk fund")}
PROTECTS_WORDS = {"licensor": _l("the licensor, against not being paid"), "licensee": _l("the licensee, against paying for a technology that fails")}
STATE_WORDS = {
    "requested": _l("requested"), "offered": _l("offered"), "in_force": _l("in force"), "declined": _l("declined by the guarantor"),
    "withdrawn": _l("withdrawn"), "ended": _l("ended"),
}
CLAIM_WORDS = {
    "filed": _l("waits for the answer"), "accepted": _l("accepted, not paid yet"), "refused": _l("refused"), "withdrawn": _l("withdrawn"),
    "paid": _l("paid, receipt not confirmed yet"), "settled": _l("paid and confirmed"),
}
ENTRY_WORDS = {"premium": _l("premium received"), "debt": _l("recourse debt"), "repayment": _l("repayment")}
SIDE_WORDS = {"licensor": _l("Licensor"), "licensee": _l("Licensee"), "guarantor": _l("Guarantor")}
DUTY_WORDS = {
    "answer": _l("A guarantee is asked of you"), "accept": _l("A guarantee is offered, your side has not accepted it yet"),
    "answer_claim": _l("A claim waits for your answer"), "pay": _l("A claim is accepted and waits for your payment"),
    "confirm": _l("The guarantor says it has paid: confirm the receipt"), "repay": _l("You owe a guarantor what it paid for you"),
    "expect": _l("You are owed what you paid for another"),
}
TONES = {
    "requested": "amber", "offered": "amber", "in_force": "pine", "declined": "plain", "withdrawn": "plain", "ended": "plain",
    "filed": "amber", "accepted": "amber", "refused": "red", "paid": "blue", "settled": "pine",
}
