"""The one table of personal data: which tables hold what kind, on what ground, how long, and what an erasure leaves of it. Pure.

Grounds are those of the Personal Information Protection Law (PIPL, art. 13) and of the GDPR (art. 6); the words for people stand in `words`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

CONTRACT, DUTY, CONSENT, EVIDENCE = "contract", "duty", "consent", "evidence"

PROBLEMS = timedelta(days=14)
MAILS = timedelta(days=365)
INVITATIONS = timedelta(days=90)
REFUSED_REQUESTS = timedelta(days=365)
UNREACHABLE = timedelta(days=730)
JOBS = timedelta(days=30)
FAILED_JOBS = timedelta(days=365)
NEVER_CONFIRMED = timedelta(days=365)
EXAMPLES = timedelta(days=30)


@dataclass(frozen=True)
class Kind:
    """One kind: its code, the tables that hold it, the ground, and what is left of it by an erasure: "gone", "nameless" (the row stays and points at a
    person without name and address) or "kept" (a signed paper or a log that says what it said). `whole`: the person's copy has all of a row, not
    its reference alone; what belongs to an organisation is no longer the person's to carry off."""

    code: str
    ground: str
    left: str
    tables: tuple[str, ...]
    whole: bool = False


KINDS = (
    Kind("account", CONTRACT, "nameless", ("person",), whole=True),
    Kind("seats", CONTRACT, "gone", ("membership", "invitation", "join_request"), whole=True),
    Kind("own", CONTRACT, "gone", ("subscription", "snooze", "specialty", "example"), whole=True),
    Kind("ways_in", CONTRACT, "gone", ("sign_in", "authenticator", "recovery_code", "passkey", "recovery", "identity"), whole=True),
    Kind("mail", CONTRACT, "gone", ("mail", "undeliverable"), whole=True),
    Kind("contact", CONTRACT, "nameless", ("party",), whole=True),
    Kind("income", DUTY, "nameless", ("inventor",), whole=True),
    Kind("listings", CONTRACT, "nameless", (
        "need", "technology", "facility", "expert", "scenario", "revision", "attachment", "upload", "import_run", "distillation", "verification",
        "match_answer", "arrival",
    )),
    Kind("deals", CONTRACT, "nameless", (
        "deal", "deal_entry", "deal_message", "deal_note", "deal_task", "deal_document", "deal_document_version", "consent", "broker_fee", "fee_receipt",
        "booking", "expert_request", "trial_application",
    )),
    Kind("calls", CONTRACT, "nameless", (
        "open_call", "call_question", "call_confirmation", "proposal_version", "reviewer", "declaration", "review", "panel_decision", "award", "award_note",
        "gate", "gate_file", "pool", "pool_ballot", "pool_motion", "pledge", "key_holder", "tie",
    )),
    Kind("contracts", DUTY, "kept", (
        "agreement_version", "agreement_event", "agreement_notice", "agreement_pricing", "signature", "nda", "nda_signature", "correction", "dispute",
        "guarantee_version", "guarantee_acceptance", "guarantee_entry", "claim", "notice_objection", "decision", "asset", "evidence_export", "credit_comment",
    )),
    Kind("money", DUTY, "kept", (
        "invoice", "payment", "payout", "tax_invoice", "statement", "statement_remark", "audit", "bank_file", "income_policy", "income_cost", "inventorship",
        "split", "billing_profile",
    )),
    Kind("log", EVIDENCE, "kept", ("event", "alteration", "access_entry", "access_grant", "moderation", "deal_document_opening")),
    Kind("problems", CONSENT, "gone", ("pasted_problem",)),
    Kind("work", EVIDENCE, "gone", ("job",)),
)
OF_TABLE = {table: kind for kind in KINDS for table in kind.tables}
SECRET = frozenset({"password_hash", "signature", "sealed", "brought", "token_hash", "code_hash", "secret", "credential", "public_key", "id", "version_id"})
"""Columns that no copy holds: what would help to sign in or to open something, and numbers of the database."""
