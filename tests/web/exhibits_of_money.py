"""What the walk of all routes asks for under agreements: drafts, signed texts, statements, audits, invoices, guarantees, income, notices, the register."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from marketplace.catalogue.models import Attachment
from marketplace.db import new_public_id, session
from marketplace.licensing import ledger
from marketplace.licensing.audits import operations as audits
from marketplace.licensing.billing import operations as billing
from marketplace.licensing.billing import payments
from marketplace.licensing.billing.models import BankFile, BankLine
from marketplace.licensing.credit import entries as credit
from marketplace.licensing.credit.models import CreditEntry
from marketplace.licensing.duties.recordals import recordal_of
from marketplace.licensing.duties.registration.operations import registration_of
from marketplace.licensing.income import costs, inventors, policies
from marketplace.licensing.income import operations as income
from marketplace.licensing.income.models import Inventor, Split
from marketplace.licensing.models import AgreementEvent
from marketplace.licensing.performing import operations as performing
from marketplace.licensing.risk import entries
from marketplace.licensing.signing.models import Paper, SignedText
from marketplace.licensing.statements import operations as statements
from tests import factories as make
from tests.factories import NOW
from tests.licensing import reporting
from tests.licensing.agreement import parties as agreeing
from tests.licensing.risk import cases
from tests.web.blind_cast import Cast
from tests.web.exhibits import People, beside, staff
from tests.web.walking import Exhibit


def _seen(under: str, state: str, fill: dict[str, Any], licensor: People, licensee: People) -> list[Exhibit]:
    """The same thing twice: as the licensor's house sees it, and as the licensee's."""
    both = (("licensor's", licensor, licensee), ("licensee's", licensee, licensor))
    return [Exhibit(under, f"{state}, {whose}", fill, {**own, "counterparty": other["owner"]}, True) for whose, own, other in both]


def of_agreements(like: Attachment) -> list[Exhibit]:
    """A draft, a proposal that waits for signatures, and a signed agreement with a correction asked for and a dispute."""
    who = agreeing.parties()
    licensor = {"owner": who.holder, "member": who.holder_member, "signatory": who.holder_signatory}
    licensee = {"owner": who.firm, "member": who.firm_member, "signatory": who.firm_signatory}
    draft = make.agreement(who.licensor, who.licensee, technology=who.technology, state="draft", proposed=None)
    proposed, signed = agreeing.proposed(who), agreeing.signed(who)
    waits = agreeing.signing.ask_code(who.firm_signatory, proposed, proposed.version, agreeing.signing.text_to_sign(proposed).sha256)
    text = session.query(SignedText).filter_by(agreement_id=signed.id).one()
    paper = Paper(text=text, language="zh", sha256=like.sha256, size=like.size, created=NOW)
    session.add(paper)
    started = make.event(signed, "trial_extended", "2026-11-02", months=1)
    correction = performing.ask_correction(who.holder_member, signed, started, "日期不对", NOW)
    dispute = performing.dispute(who.firm_member, signed, "试用期", "不同意", "d", NOW)
    session.flush()
    more = {"number": 1, "kind": "milestone_accepted", "file_id": new_public_id()}
    unsigned = {**more, **dict.fromkeys(("paper_id", "correction_id", "dispute_id", "signature_id"), new_public_id())}
    under = {"paper_id": paper.public_id, "correction_id": correction.public_id, "dispute_id": dispute.public_id, "signature_id": waits.public_id}
    found = _seen("agreements", "draft", {**unsigned, "public_id": draft.public_id}, licensor, licensee)
    found += _seen("agreements", "proposed", {**unsigned, "signature_id": waits.public_id, "public_id": proposed.public_id}, licensor, licensee)
    return found + _seen("agreements", "countersigned", {**more, **under, "public_id": signed.public_id}, licensor, licensee)


def of_duties(cast: Cast, who: People) -> list[Exhibit]:
    """The papers of prices, recordals and registrations, notices and objections, the register's decisions and its exports."""
    things, like = cast.things, cast.things["technology_file"]
    house = {**who, "counterparty": cast.people["granted"]}
    under = ((things["table"], "duties.pricing_file", agreeing.duties.pricing_of(things["table"])), (things["agreement"], "duties.recordal_file",
             recordal_of(things["agreement"])), (things["agreement"], "duties.registration_file", registration_of(things["agreement"])))
    found = [
        Exhibit(endpoint, agreement.state, {"public_id": agreement.public_id, "file_id": beside(paper, like)}, house, True)
        for agreement, endpoint, paper in under
    ]
    in_force = things["agreement"]
    licensee = staff(in_force.licensee, in_force.licensee.memberships[0].person)
    unsigned = dict.fromkeys(("file_id", "paper_id", "correction_id", "dispute_id", "signature_id"), new_public_id())
    fill = {"public_id": in_force.public_id, "number": 1, "kind": "milestone_accepted", **unsigned}
    found += _seen("agreements", "under duties", fill, who, licensee)
    notice, objection = things["notices"][0], things["objections"][0]
    shown = {"public_id": notice.public_id, "objection_id": objection.public_id, "file_id": beside(objection, like)}
    decision = {"public_id": things["decisions"][0].public_id, "file_id": beside(things["decisions"][0], like)}
    found += [
        Exhibit("notices", "published", shown, house), Exhibit("decisions", "decided", decision, house, True),
        Exhibit("register.download", "done", {"public_id": things["exports"][0].public_id}, house, True),
    ]
    return found


def of_statements(like: Attachment) -> list[Exhibit]:
    """A statement that is a draft and one that is sent, an audit that is asked for, an entry of the credit record."""
    two = reporting.two_sides()
    licensor, licensee = staff(two.agreement.licensor, two.licensor), staff(two.agreement.licensee, two.licensee)
    sent = reporting.stated(two)
    draft = statements.draft_statement(two.licensee, two.agreement, reporting.SECOND, {"gross": "1000"}, "draft")
    audit = audits.ask_audit(two.licensor, two.agreement, reporting.FIRST, reporting.SECOND, "数字不符", "audit", reporting.noon(2026, 8, 1))
    session.flush()
    credit.refresh_credit(two.agreement, reporting.noon(2026, 11, 1))
    entry = session.query(CreditEntry).filter_by(agreement_id=two.agreement.id).first()
    found = []
    for under, thing in (("statements", sent), ("statements", draft), ("audits", audit)):
        found += _seen(under, thing.state, {"public_id": thing.public_id, "file_id": beside(thing, like)}, licensor, licensee)
    return found + _seen("credit", entry.outcome, {"public_id": entry.public_id}, licensor, licensee)


def of_billing(like: Attachment) -> list[Exhibit]:
    """An invoice, a payment that is reported and one that is confirmed, the money of a house with a line of its bank."""
    agreement = make.agreement(make.organisation(make.person(), kind="institute"), make.organisation(make.person()))
    institute, officer, firm = agreement.licensor, agreement.licensor.memberships[0].person, agreement.licensee.memberships[0].person
    licensor, licensee = staff(institute, officer), staff(agreement.licensee, firm)
    make.event(agreement, "milestone_accepted", "2026-02-01", id="pilot")
    invoice = billing.issue(officer, agreement, "milestone:pilot", NOW)
    payment, there = (payments.report_payment(firm, agreement, key, NOW, amount=1_000_000, day=NOW.date(), reference=key) for key in ("first", "second"))
    session.flush()
    payments.confirm_payment(officer, there, NOW)
    session.flush()
    brought = BankFile(organisation_id=institute.id, name="bank.csv", sha256="0" * 64, person_id=officer.id, at=NOW)
    line = BankLine(file=brought, organisation_id=institute.id, fingerprint="1" * 64, day=NOW.date(), amount=1_000_000, currency="CNY")
    session.add_all([brought, line])
    session.flush()
    money = {"public_id": institute.public_id, "year": 2026, "line_id": line.public_id}
    found = _seen("invoices", "issued", {"public_id": invoice.public_id}, licensor, licensee)
    for one in (payment, there):
        found += _seen("payments", one.state, {"public_id": one.public_id, "file_id": beside(one, like)}, licensor, licensee)
    return [*found, Exhibit("money", "of an institute", money, {**licensor, "counterparty": firm})]


def of_guarantees(like: Attachment) -> list[Exhibit]:
    """A guarantee that is asked for and one in force, a claim, a premium paid; seen by both sides and by the guarantor."""
    of, found = cases.parties(), []
    licensor, licensee, company = (staff(one.organisations[0], one) for one in (of.institute, of.firm, of.guarantor))
    terms = {"currency": "CNY", "entry_fee": "1000"}
    asked, standing = cases.requested(of), cases.in_force(of, premium={"payer": "licensor", "terms": terms})
    claim = cases.filed(of, standing)
    premium = entries.record_premium(of.guarantor, standing, 50_000, NOW.date(), "p1", NOW)
    session.flush()
    for under, state, thing in (
        ("guarantees", asked.state, asked), ("guarantees", standing.state, standing), ("claims", claim.state, claim), ("guarantee-entries", "premium", premium),
    ):
        fill = {"public_id": thing.public_id, "file_id": beside(thing, like)}
        found += _seen(under, state, fill, licensor, licensee)
        found.append(Exhibit(under, f"{state}, guarantor's", fill, {**company, "counterparty": of.institute}, True))
    return found


def of_income(like: Attachment) -> list[Exhibit]:
    """A policy and weights that wait for the second person, a split, a cost with its proof, an inventor with an account."""
    owner, second, inventor = make.person(), make.person(), make.person()
    house = make.organisation(owner, second, kind="institute", region="110000")
    agreement = make.agreement(house, make.organisation(make.person()))
    roles = {**staff(house, second), "counterparty": agreement.licensee.memberships[0].person, "reviewer": inventor}
    shares = {"inventors": Decimal("0.7"), "school": Decimal("0.2"), "transfer_office": Decimal("0.1")}
    named = [inventors.Named("甲某", 2, address=inventor.address), inventors.Named("乙某", 1, "外校")]
    first = policies.propose_policy(owner, house, "p0", date(2026, 1, 1), shares, [], at=NOW)
    policies.approve_policy(second, first, NOW)
    weights = inventors.propose_inventorship(owner, agreement.technology, "w0", named, at=NOW)
    inventors.approve_inventorship(second, weights, NOW)
    paid: AgreementEvent = ledger.enter(owner, agreement, "payment", date(2026, 9, 1), "pay0", NOW, amount="10000.01")
    session.flush()
    income.split_payment(paid.id)
    session.flush()
    split = session.query(Split).filter_by(event_id=paid.id).one()
    waiting = policies.propose_policy(owner, house, "p1", date(2026, 6, 1), shares, [], at=NOW)
    new = inventors.propose_inventorship(owner, agreement.technology, "w1", named[:1], at=NOW)
    cost = costs.record_cost(owner, agreement.technology, "c1", "patent_fees", NOW.date(), "CNY", 100, at=NOW)
    session.flush()
    one = session.query(Inventor).filter_by(name="甲某").first()
    filled = (("policies", waiting), ("weights", new), ("splits", split), ("costs", cost))
    found = [
        Exhibit(f"income/{name}", thing.state, {"public_id": thing.public_id, "file_id": beside(thing, like) if name == "costs" else ""}, roles, True)
        for name, thing in filled
    ]
    return [*found, Exhibit("income/inventors", "named", {"public_id": one.public_id, "year": 2026}, roles, True)]
