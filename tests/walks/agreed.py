"""What stands under agreements, in the states that statements, audits, guarantees, claims, invoices, payments, splits, corrections and disputes have:
made by their own operations, for those who look at every page of it."""

from __future__ import annotations

from datetime import date, timedelta

from marketplace.db import session
from marketplace.licensing.audits import operations as audits
from marketplace.licensing.billing import operations as billing
from marketplace.licensing.billing import payments
from marketplace.licensing.credit import entries
from marketplace.licensing.credit import operations as credit
from marketplace.licensing.credit.models import CreditEntry
from marketplace.licensing.income import operations as income
from marketplace.licensing.performing import operations as performing
from marketplace.licensing.risk import claiming
from marketplace.licensing.risk import operations as risk
from marketplace.licensing.statements import operations as statements
from marketplace.people.models import Person
from tests import factories as make
from tests.factories import NOW
from tests.inspection import work
from tests.licensing.agreement.parties import TRIAL, parties, proposed, signed
from tests.licensing.billing.conftest import Two as Billed
from tests.licensing.income.conftest import Institute
from tests.licensing.reporting import FIRST, SECOND, noon, stated, two_sides
from tests.licensing.risk import cases

THIRD = date(2026, 7, 1)
LATER = NOW + timedelta(hours=1)


def agreed() -> dict[str, Person]:
    """Everything, and under which name each of those concerned looks at it."""
    return {**reported(), **guaranteed(), **billed(), **divided(), **performed(), "operator": make.operator()}


def reported() -> dict[str, Person]:
    """Statements accepted, asked about, estimated, drafted and missing; audits asked for, running, closed and disputed; a comment on a credit entry."""
    two = two_sides()
    first, second = stated(two, FIRST), stated(two, SECOND, "100000", noon(2026, 7, 20))
    statements.accept_statement(two.licensor, first, noon(2026, 7, 12))
    statements.query_statement(two.licensor, second, "为什么少了一半？", noon(2026, 7, 22))
    statements.reply_to_query(two.licensee, second, "有一个型号停产了。", noon(2026, 7, 23))
    statements.draft_statement(two.licensee, two.agreement, THIRD, {"gross": "5"}, "draft", at=NOW)
    audit = audits.ask_audit(two.licensor, two.agreement, FIRST, SECOND, "数字与海关数据不符", "closed", noon(2026, 8, 1))
    session.flush()
    audits.start_audit(two.licensor, audit, noon(2026, 8, 20))
    audits.close_audit(
        two.licensor, audit, {FIRST: {"gross": "230000"}, SECOND: {"gross": "100000"}}, "漏报一个产品", cost=500_000, at=noon(2026, 8, 20),
    )
    audits.dispute_findings(two.licensee, audit, "那是另一份协议的产品。", noon(2026, 8, 21))
    audits.ask_audit(two.licensor, two.agreement, FIRST, SECOND, "再看一次", "asked", noon(2026, 8, 22))
    other = two_sides()
    running = audits.ask_audit(other.licensor, other.agreement, FIRST, SECOND, "没有报表", "running", noon(2026, 8, 1))
    session.flush()
    audits.start_audit(other.licensor, running, noon(2026, 8, 20))
    stated(other, FIRST)
    statements.estimate_statement(other.licensor, other.agreement, SECOND, noon(2026, 9, 1))
    session.flush()
    entries.refresh_credit(two.agreement, NOW)
    session.flush()
    credit.comment_on(two.licensee, session.query(CreditEntry).filter_by(agreement_id=two.agreement.id).first(), "发票来晚了。", NOW)
    return {"licensor": two.licensor, "licensee": two.licensee, "auditing": other.licensor, "audited": other.licensee}


def guaranteed() -> dict[str, Person]:
    """Guarantees asked for, offered and in force; claims filed, accepted, paid, settled and refused."""
    of = cases.parties()
    cases.requested(of, rank=2)
    cases.offered(of, rank=3)
    held = cases.in_force(of)
    claiming.refuse_claim(of.guarantor, cases.filed(of, held), "没有催告。", NOW)
    session.flush()
    cases.filed(of, held)
    for state in (cases.settled, cases.paid):
        one = cases.parties()
        state(one, cases.in_force(one, by=of.guarantor, company=of.company), by=of.guarantor)
    waits = cases.parties()
    claiming.accept_claim(of.guarantor, cases.filed(waits, cases.in_force(waits, by=of.guarantor, company=of.company)), NOW)
    risk.decline_guarantee(of.guarantor, cases.requested(waits, company=of.company, rank=2), NOW)
    session.flush()
    return {"institute": of.institute, "firm": of.firm, "guarantor": of.guarantor, "paid": one.institute, "paying": one.firm}


def billed() -> dict[str, Person]:
    """Invoices issued, cancelled and of interest, payments reported, confirmed and not found."""
    officer, owner = make.person(), make.person()
    institute, firm = make.organisation(officer, kind="institute"), make.organisation(owner)
    two = Billed(make.agreement(institute, firm), institute, firm, officer, owner)
    two.reach()
    make.event(two.agreement, "statement", "2026-07-10", period="2026-04-01", gross="1000000", deductions={"运费": "1000"})
    invoice = billing.issue(officer, two.agreement, "milestone:pilot", NOW)
    session.flush()
    billing.note_tax_invoice(officer, invoice, "24332000000012345678", NOW)
    wrong = billing.issue(officer, two.agreement, "royalty:2026-04-01", NOW)
    session.flush()
    billing.cancel(officer, wrong, "地址写错了", NOW)
    session.flush()
    billing.issue_interest(officer, two.agreement, NOW)
    said = {"day": NOW.date(), "reference": "first"}
    for key, answer in (("reported", None), ("confirmed", payments.confirm_payment), ("rejected", payments.reject_payment)):
        payment = payments.report_payment(owner, two.agreement, key, NOW, amount=1_000_000, **{**said, "reference": key})
        session.flush()
        if answer:
            answer(officer, payment, *(["账上没有"] if key == "rejected" else []), NOW)
    session.flush()
    return {"officer": officer, "owner": owner}


def divided() -> dict[str, Person]:
    """A policy and weights approved, a split approved, one that waits, a policy that waits."""
    owner, second = make.person(), make.person()
    organisation = make.organisation(owner, second, kind="institute", region="110000")
    of = Institute(owner, second, organisation, firm := make.organisation(make.person()), make.agreement(organisation, firm))
    of.policy(deductions=[{"code": "tax", "formula": "percent", "rate": "0.06"}])
    of.weights()
    approved = of.split(of.pay())
    income.approve_split(second, approved, NOW)
    of.split(of.pay("5000", "2026-09-02"))
    work()
    return {"divides": owner, "approves": second}


def performed() -> dict[str, Person]:
    """A trial with a correction asked for and a dispute; a proposal on the table."""
    who = parties()
    agreement = signed(who, {**TRIAL, "conditional": [{"id": "burr", "amount": "30000"}]})
    session.flush()
    event = performing.enter_event(who.firm_signatory, agreement, "trial_started", NOW.date(), "k", LATER)
    session.flush()
    performing.ask_correction(who.firm_member, agreement, event, "日期写错了", LATER)
    found = performing.dispute(who.firm_member, agreement, "质量", "没有达到约定的毛刺高度。", "key", LATER)
    session.flush()
    performing.offer_settlement(who.holder_signatory, found, "再试一个月。", LATER)
    proposed(who)
    session.flush()
    return {"signs": who.firm_signatory, "grants": who.holder_signatory, "tries": who.firm_member}
