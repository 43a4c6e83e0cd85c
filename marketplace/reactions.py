"""The storyboard of the product: "event → what happens next", in one table.

Whoever reads this table knows the whole story. Each row names an event and the jobs that follow from it; they are queued
in the transaction that wrote the event, run after its commit, may run twice, and are retried.
"""

from __future__ import annotations

from marketplace.jobs import enqueue
from marketplace.record import Event

REACTIONS: dict[str, tuple[str, ...]] = {
    # people
    "person.registered": ("alerts.confirm_address",),
    "person.confirmation_asked": ("alerts.confirm_address",),
    "person.reset_asked": ("alerts.reset_password",),
    "person.address_asked": ("alerts.change_address",),
    "invitation.sent": ("alerts.invite",),
    "join_request.asked": ("alerts.join_request",),
    "join_request.accept": ("alerts.join_answered",),
    "join_request.refuse": ("alerts.join_answered",),
    "organisation.verify": ("alerts.organisation_verified",),
    "organisation.refuse": ("alerts.organisation_refused",),
    # listings
    "technology.publish": ("matching.index_technology", "matching.group_technology", "matching.match_technology", "duties.decided_technology"),
    "technology.revised": ("matching.index_technology", "matching.group_technology", "matching.match_technology"),
    "technology.withdraw": ("matching.index_technology", "matching.group_technology", "duties.decided_technology"),
    "technology.expire": ("matching.index_technology", "matching.group_technology"),
    "import_run.start": ("importing.read_run",),
    "import_run.release": ("importing.publish_run",),
    "import_run.undo": ("importing.undo_run",),
    "import_run.end_undo": ("matching.index_run", "matching.group_run"),
    "import_run.publish": ("matching.index_run", "matching.match_run", "matching.group_run", "duties.decided_run"),
    "need.publish": ("matching.index_need", "matching.match_need"),
    "need.revised": ("matching.index_need", "matching.match_need"),
    "need.distilled": ("matching.index_need", "matching.match_need"),
    "need.withdraw": ("matching.index_need",),
    "need.expire": ("matching.index_need",),
    "need.solve": ("matching.index_need",),
    # matches
    "need.matches_found": ("alerts.matches_found",),
    # income
    "agreement_event.payment": ("income.split", "credit.of_event", "licensing.watch_payment"),
    "agreement_event.interest_paid": ("income.split",),
    "agreement_event.void": ("income.mirror", "licensing.statement_voided", "credit.of_event", "licensing.bill_after_void", "licensing.reopen_claim"),
    "income_policy.approve": ("income.policy_came", "duties.decided_policy"),
    "inventorship.approve": ("income.inventors_came",),
    "inventor.invite": ("alerts.inventor_invited",),
    "split.approve": ("alerts.income_awarded", "duties.decided_split"),
    # agreements
    "agreement.propose": ("alerts.agreement_proposed",),
    "agreement.revised": ("alerts.agreement_proposed", "duties.follow_agreement"),
    "agreement.withdraw": ("alerts.agreement_withdrawn", "duties.follow_agreement"),
    "signature.code_asked": ("alerts.signing_code",),
    "signature.signed": ("alerts.signature_given",),
    "agreement.countersign": ("licensing.print", "alerts.agreement_signed", "duties.begin_recordal", "duties.decided_agreement"),
    "agreement.certificate_signed": ("licensing.print",),
    "agreement.stands": ("licensing.queue_moved", "credit.of_agreement"),
    "agreement_event.trial_started": ("alerts.agreement_event",),
    "agreement_event.trial_extended": ("alerts.agreement_event",),
    "agreement_event.converted": ("alerts.agreement_event",),
    "agreement_event.declined": ("alerts.agreement_event",),
    "agreement_event.first_revenue": ("alerts.agreement_event",),
    "agreement_event.milestone_accepted": ("alerts.agreement_event",),
    "agreement_event.submitted": ("alerts.agreement_event",),
    "agreement_event.accepted": ("alerts.agreement_event",),
    "agreement_event.rejected": ("alerts.agreement_event",),
    "agreement_event.bought_out": ("alerts.agreement_event",),
    "agreement_event.terminated": ("alerts.agreement_event",),
    "agreement_event.certified": ("alerts.agreement_event",),
    "agreement_reminder.due": ("alerts.agreement_reminder",),
    "correction.asked": ("alerts.correction_asked",),
    "correction.agree": ("alerts.correction_answered",),
    "correction.refuse": ("alerts.correction_answered",),
    "dispute.raised": ("alerts.dispute_changed", "credit.of_dispute"),
    "dispute.offer": ("alerts.dispute_changed",),
    "dispute.decline": ("alerts.dispute_changed",),
    "dispute.settle": ("alerts.dispute_changed", "credit.of_dispute"),
    # statements
    "statement.send": ("alerts.statement_sent", "credit.of_statement"),
    "statement.estimate": ("alerts.statement_estimated", "credit.of_statement"),
    "statement.query": ("alerts.statement_queried", "credit.of_statement"),
    "statement.reply": ("alerts.statement_replied",),
    "statement.accept": ("alerts.statement_accepted", "credit.of_statement"),
    "statement_reminder.before": ("alerts.statement_reminder",),
    "statement_reminder.due": ("alerts.statement_reminder",),
    "statement_reminder.after": ("alerts.statement_reminder",),
    "statement_reminder.escalated": ("alerts.statement_reminder",),
    "audit.ask": ("alerts.audit_asked",),
    "audit.close": ("alerts.audit_closed", "credit.of_audit"),
    "audit.agree": ("alerts.audit_answered", "credit.of_audit"),
    "audit.dispute": ("alerts.audit_answered", "credit.of_audit"),
    # what credit records are computed from
    "agreement.statement_overdue": ("credit.of_agreement",),
    "obligation.changed": ("credit.of_obligation", "licensing.bill"),
    "obligation.overdue": ("credit.of_obligation",),
    "agreement_event.statement": ("credit.of_event",),
    # money
    "obligation.arose": ("licensing.bill",),
    "invoice.issue": ("alerts.invoice_issued",),
    "invoice.cancelled": ("alerts.invoice_cancelled",),
    "payment.reported": ("alerts.payment_reported",),
    "payment.confirm": ("alerts.payment_answered",),
    "payment.reject": ("alerts.payment_answered",),
    "payment.bounce": ("alerts.payment_answered",),
    "reminder.due": ("alerts.payment_reminder",),
    # risk sharing
    "guarantee.request": ("alerts.guarantee_asked",),
    "guarantee.change": ("alerts.guarantee_asked",),
    "guarantee.offer": ("alerts.guarantee_offered",),
    "guarantee.enforce": ("alerts.guarantee_in_force",),
    "guarantee.decline": ("alerts.guarantee_declined",),
    "guarantee_entry.debt": ("alerts.recourse_owed",),
    "claim.file": ("alerts.claim_filed",),
    "claim.accept": ("alerts.claim_answered",),
    "claim.refuse": ("alerts.claim_answered",),
    "claim.pay": ("alerts.claim_paid",),
    "claim.deny": ("alerts.claim_unpaid",),
    "claim.reopen": ("alerts.claim_unpaid",),
    "claim.settle": ("alerts.claim_settled",),
    "claim.paid_twice": ("alerts.claim_paid_twice",),
    "claim.recourse_overdue": ("alerts.recourse_overdue",),
    # what the people of a deal say and agree
    "deal_message.post": ("alerts.deal_message",),
    "deal_task.set": ("alerts.task_set",),
    "deal_task.hand": ("alerts.task_set",),
    "deal_task.hand_back": ("alerts.task_back",),
    "deal_task.due": ("alerts.task_due",),
    "deal_meeting.call": ("alerts.meeting_told",),
    "deal_meeting.change": ("alerts.meeting_told",),
    "deal_meeting.leave": ("alerts.meeting_told",),
    "deal_meeting.cancel": ("alerts.meeting_told",),
    "deal_attendance.answer": ("alerts.meeting_declined",),
    "received_mail.refuse": ("alerts.reply_refused",),
    "party.remove": ("deals.hand_back_tasks", "deals.leave_meetings"),
    # duties of institutes
    "agreement_pricing.record": ("duties.decided_pricing",),
    "agreement_notice.publish": ("alerts.notice_published",),
    "agreement_notice.object": ("alerts.notice_objected",),
    "agreement_notice.answered": ("alerts.objection_answered",),
    "agreement_notice.end": ("duties.decided_notice", "alerts.notice_over"),
    "agreement_notice.uphold": ("duties.decided_notice", "alerts.notice_over"),
    "agreement_notice.void": ("alerts.notice_over",),
    "recordal_reminder.due": ("alerts.recordal_reminder",),
    "recordal.record": ("duties.decided_recordal",),
    "contract_registration.register": ("duties.decided_registration",),
    "evidence_export.ask": ("duties.make_evidence",),
    # mail
    "mail.queued": ("alerts.send",),
}


def react(event: Event) -> None:
    """Queue what follows from the event; one waiting job per thing is enough."""
    for kind in REACTIONS.get(event.name, ()):
        enqueue(kind, key=f"{event.thing}:{event.thing_id}", thing_id=event.thing_id)
