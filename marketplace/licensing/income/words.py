"""What the codes of the income split are called on pages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

ROLE_WORDS = {
    "inventors": _l("The inventors"), "school": _l("School"), "department": _l("Department"), "transfer_office": _l("Transfer office"), "broker": _l("Broker"),
}
DEDUCTION_WORDS = {
    "patent_fees": _l("Patent fees"), "agency": _l("Agency fees"), "appraisal": _l("Appraisal"), "tax": _l("Taxes"), "broker": _l("Broker's fee"),
    "direct_costs": _l("Other direct costs"), "other": _l("Anything else"),
}
FORMULA_WORDS = {
    "": _l("not deducted"), "percent": _l("per cent of the gross"), "fixed": _l("an amount from each payment"),
    "costs": _l("recorded costs, each once"), "clause": _l("the broker's fee of the agreement"),
}
STATE_WORDS = {
    "waiting": _l("waiting"), "computed": _l("to be approved"), "approved": _l("approved"), "refused": _l("refused"),
    "replaced": _l("replaced by a newer one"), "cancelled": _l("cancelled: the payment was taken back"), "paid": _l("paid out"),
}
WAIT_WORDS = {
    "policy": _l("No approved policy holds on the day of the payment. Propose one that is in force from that day; the split is computed by itself."),
    "inventors": _l("The weights of the technology's inventors are not approved yet. Name them; the split is computed by itself."),
    "rule": _l("The policy gives less than the law asks for on the day of the payment. Propose a policy that keeps it."),
}
SOURCE_WORDS = {
    "payment": _l("Payment received"), "interest_paid": _l("Interest paid"), "self_implementation": _l("The institute's own use"),
}
PROPOSAL_WORDS = {"proposed": _l("to be approved"), "approved": _l("approved"), "refused": _l("refused")}
COST_WORDS = {"recorded": _l("recorded"), "withdrawn": _l("withdrawn")}
TONES = {"waiting": "amber", "computed": "amber", "proposed": "amber", "approved": "pine", "paid": "pine", "refused": "red"}
