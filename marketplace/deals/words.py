"""The words of the codes of deals, lazily translated."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

STAGE_WORDS = {
    "lead": _l("lead"), "qualified": _l("qualified"), "introduced": _l("introduced"), "nda": _l("under NDA"), "evaluation": _l("evaluation"),
    "negotiating": _l("negotiating"), "notice": _l("price published"), "signed": _l("signed"), "performing": _l("performing"), "won": _l("deal won"),
    "lost": _l("lost"),
}
SIDE_WORDS = {"firm": _l("firm"), "holder": _l("institute"), "broker": _l("technology manager"), "guest": _l("guest")}
STEP_WORDS = {
    "qualify": _l("It is worth while"), "introduce": _l("Introduce the two sides"), "protect": _l("Begin the NDA"), "evaluate": _l("Begin the evaluation"),
    "negotiate": _l("Begin to negotiate"), "reconsider": _l("Back to the evaluation"), "announce": _l("The price is published"),
    "resume": _l("Back to negotiating"), "perform": _l("The work has begun"), "win": _l("The deal is won"),
}
PARTY_WORDS = {"invited": _l("invited"), "active": _l("takes part"), "declined": _l("declined"), "removed": _l("left")}
FEE_KIND_WORDS = {"percent": _l("a percentage"), "fixed": _l("a fixed amount"), "none": _l("no fee")}
FEE_BASE_WORDS = {"received": _l("of what the holder receives"), "fixed_fees": _l("of the fixed fees of the agreement")}
FEE_PAYER_WORDS = {"firm": _l("the firm"), "holder": _l("the institute"), "both": _l("both sides")}
FEE_MOMENT_WORDS = {
    "introduction": _l("at the introduction"), "signing": _l("at the signing of the agreement"), "first_payment": _l("at the first payment"),
    "each_payment": _l("at each payment"),
}
HOUSE_WORDS = {
    "enterprise": _l("an enterprise"), "institute": _l("an institute"), "service_provider": _l("a service provider"), "agency": _l("an agency"),
}
ENTRY_WORDS = {
    "stages": _l("Stages"), "people": _l("People"), "introduction": _l("Introduction"), "fee": _l("Broker's fee"), "agreement": _l("Agreement"),
    "talk": _l("Talk"), "documents": _l("Documents"),
}
"""The groups by which the timeline is filtered: those of `ENTRY_KINDS`, and one for each room beside this one that has lines of its own."""

ENTRY_KINDS: dict[str, tuple[str, ...]] = {
    "stages": ("opened", "asked", "taken", "stage", "handed_over"),
    "people": ("party_invited", "party_joined", "party_declined", "party_removed"),
    "introduction": ("introduction_asked", "consent"),
    "fee": ("fee_set", "fee_due", "fee_payable", "fee_overdue", "fee_received", "fee_receipt_void"),
    "agreement": ("agreement_drafted", "agreement_linked", "agreement_withdrawn"),
}
