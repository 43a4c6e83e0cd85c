"""What the codes of money are called on pages; read by templates of every package."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

KIND_WORDS = {
    "entry": _l("Entry fee"), "conversion": _l("Conversion price"), "deferred": _l("Deferred fee"), "instalment": _l("Instalment"),
    "milestone": _l("Milestone fee"), "conditional": _l("Fee on acceptance"), "royalty": _l("Royalty"), "minimum": _l("Yearly minimum"),
    "buyout": _l("Buy-out price"), "non_use_certificate": _l("Certificate of non-use"), "interest": _l("Late interest"),
    "credit": _l("Credit for what comes next"),
}
STATE_WORDS = {"pending": _l("not owed yet"), "open": _l("owed"), "overdue": _l("overdue"), "paid": _l("paid"), "void": _l("no longer possible")}
PAYMENT_WORDS = {
    "reported": _l("reported, not confirmed"), "confirmed": _l("confirmed"), "rejected": _l("not found by the licensor"), "bounced": _l("taken back"),
}
TONES = {
    "pending": "plain", "open": "blue", "overdue": "red", "paid": "pine", "void": "plain",
    "reported": "amber", "confirmed": "pine", "rejected": "red", "bounced": "red",
}
SIDE_WORDS = {"licensor": _l("Owed to us"), "licensee": _l("Owed by us")}
ISSUED_WORDS = {"licensor": _l("Issued by us"), "licensee": _l("Received by us")}
AGE_WORDS = {
    "not_due": _l("not due yet"), "1_30": _l("1–30 days late"), "31_60": _l("31–60 days late"), "61_90": _l("61–90 days late"),
    "over_90": _l("over 90 days late"),
}
BASE_WORDS = {"net_sales": _l("Net sales"), "profit": _l("Profit"), "units": _l("Units"), "minimum": _l("Minimum of the year")}
FINDING_WORDS = {
    "reference_exact": _l("The reference and the amount fit."), "reference_partial": _l("The reference fits; the amount is less than what is unpaid."),
    "reference_over": _l("The reference fits; the amount is more than what is unpaid, the rest becomes credit."),
    "reference_mistyped": _l("The reference is mistyped, the amount fits."), "name_and_amount": _l("There is no reference; payer and amount fit one invoice."),
    "same_transaction": _l("This transaction of the bank is recorded already."),
    "same_day_and_amount": _l("A payment of this day and amount is recorded already; perhaps it is the same money."),
    "same_reference": _l("The licensee has reported this payment."), "same_amount": _l("The licensee has reported a payment of this amount."),
    "cancelled": _l("The reference names an invoice that is cancelled."), "paid": _l("The reference names an invoice that is paid."),
    "other_currency": _l("The reference names an invoice in another currency."),
    "several_agreements": _l("The references name invoices of different agreements."),
    "unknown_reference": _l("The reference names no invoice of yours."), "no_reference": _l("There is no reference, and no invoice that this must be."),
    "several_fit": _l("There is no reference, and several invoices fit."),
}


def obligation_kind(key: str) -> str:
    """The kind that begins an obligation's key."""
    return key.partition(":")[0]
