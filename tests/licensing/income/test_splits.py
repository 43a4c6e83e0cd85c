"""Splits: one a payment, exact, approved by a second person, mirrored when the payment bounces, traceable to the statement."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DatabaseError

from marketplace.access import VISITOR
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.licensing import ledger
from marketplace.licensing.income import costs, inventors, operations, policies, rules, statements
from marketplace.licensing.income.models import Split, SplitLine
from tests import factories
from tests.factories import NOW
from tests.inspection import work

TODAY = NOW.date()  # 9 o'clock UTC: the same day in China


def amounts(split, kind="share"):
    return [(line.code, line.amount) for line in split.lines if line.kind == kind]


def test_a_payment_is_divided_to_the_last_unit_and_traced_to_its_statement(institute, session):
    institute.policy(deductions=[{"code": "tax", "formula": "percent", "rate": "0.06"}])
    institute.weights()
    stated = factories.event(institute.agreement, "statement", "2026-04-10", period="2026-01-01", gross="500000")
    split = institute.split(institute.pay("10000.01"))
    assert (split.state, split.gross, split.net) == ("computed", 1_000_001, 940_001)
    assert amounts(split, "deduction") == [("tax", 60_000)]
    assert amounts(split) == [("inventors", 438_668), ("inventors", 219_333), ("school", 188_000), ("transfer_office", 94_000)]
    assert split.trace == [
        {"obligation": "royalty:2026-01-01", "amount": "10000.01", "day": "2026-09-01", "period": "2026-01-01", "statement": stated.id}]
    assert list(statements.faults()) == []


def test_each_payment_is_traced_to_what_it_paid_itself(institute):
    institute.policy()
    institute.weights()
    stated = [factories.event(institute.agreement, "statement", day, period=period, gross="100000")
              for day, period in (("2026-04-10", "2026-01-01"), ("2026-07-10", "2026-04-01"))]
    first, second = institute.split(institute.pay("4000", "2026-09-01")), institute.split(institute.pay("2500", "2026-09-02"))
    paid = [[(one["obligation"], one["amount"], one["statement"]) for one in split.trace] for split in (first, second)]
    assert paid == [
        [("royalty:2026-01-01", "3000.00", stated[0].id), ("royalty:2026-04-01", "1000.00", stated[1].id)],
        [("royalty:2026-04-01", "2000.00", stated[1].id)]]


def test_the_job_may_run_twice_and_interest_is_divided_as_well(institute, session):
    institute.policy()
    institute.weights()
    factories.event(institute.agreement, "milestone_accepted", "2026-02-01", id="pilot")
    factories.event(institute.agreement, "payment", "2026-09-01", amount="50000")
    interest = institute.pay("100.00", "2026-10-01", "interest_paid")
    split = institute.split(interest)
    operations.split_payment(interest.id)
    assert session.scalar(select(func.count()).select_from(Split)) == 1
    assert (split.source, split.gross, split.trace) == ("interest_paid", 10_000, [])


def test_without_policy_or_weights_the_split_waits_and_is_computed_when_they_come(institute):
    split = institute.split(institute.pay())
    assert (split.state, split.waits_for, split.net) == ("waiting", "policy", None)
    institute.policy()
    work()
    assert (split.state, split.waits_for) == ("waiting", "inventors")
    institute.weights()
    work()
    assert (split.state, split.waits_for, split.net) == ("computed", None, 1_000_001)


def test_the_policy_of_the_payments_day_applies(institute):
    institute.weights()
    institute.policy({"inventors": "0.9", "school": "0.1"}, day="2026-01-01")
    institute.policy({"inventors": "0.6", "school": "0.4"}, day="2026-09-02")
    before, after = institute.pay("100", "2026-09-01"), institute.pay("100", "2026-09-02")
    assert amounts(institute.split(before))[-1] == ("school", 1000)
    assert amounts(institute.split(after))[-1] == ("school", 4000)


def test_what_an_enterprise_earns_is_not_divided(app, session):
    agreement = factories.agreement(factories.organisation(factories.person()))
    ledger.enter(agreement.licensor.memberships[0].person, agreement, "payment", date(2026, 9, 1), "k", NOW, amount="5")
    work()
    assert session.scalar(select(func.count()).select_from(Split)) == 0
    assert list(statements.faults()) == []


def test_a_second_person_approves(institute):
    institute.policy()
    institute.weights()
    split = institute.split(institute.pay())
    with pytest.raises(Refused, match="second person"):
        operations.approve_split(institute.owner, split, NOW)
    assert split.state == "computed"
    operations.approve_split(institute.second, split, NOW)
    assert (split.state, split.counted, split.answered_by_id) == ("approved", TODAY, institute.second.id)
    with pytest.raises(Refused, match="another step"):
        operations.approve_split(institute.second, split, NOW)


def test_whoever_recorded_a_cost_does_not_approve_the_split_that_deducts_it(institute):
    institute.policy(deductions=[{"code": "patent_fees", "formula": "costs"}])
    institute.weights()
    costs.record_cost(institute.second, institute.agreement.technology, "c", "patent_fees", date(2026, 3, 1), "CNY", 70_000, at=NOW)
    split = institute.split(institute.pay())
    with pytest.raises(Refused, match="second person"):
        operations.approve_split(institute.second, split, NOW)
    third = factories.person()
    factories.membership(third, institute.organisation, "signatory")
    assert operations.approve_split(third, split, NOW).state == "approved"


def test_a_cost_is_deducted_once_over_its_life_and_comes_back_with_a_mirror(institute):
    institute.policy(deductions=[{"code": "patent_fees", "formula": "costs"}])
    institute.weights()
    technology = institute.agreement.technology
    cost = costs.record_cost(institute.owner, technology, "c", "patent_fees", date(2026, 3, 1), "CNY", 1_500_000, at=NOW)
    assert costs.record_cost(institute.owner, technology, "c", "patent_fees", date(2026, 3, 1), "CNY", 1_500_000, at=NOW) is cost
    costs.record_cost(institute.owner, technology, "d", "patent_fees", date(2026, 3, 1), "USD", 1, at=NOW)
    first = institute.split(institute.pay("10000"))
    second = institute.split(institute.pay("10000"))
    assert [(first.net, second.net)] == [(0, 500_000)]
    assert costs.recovered([cost.id]) == {cost.id: 1_500_000}
    operations.approve_split(institute.second, first, NOW)
    ledger.void(institute.owner, first.event, "退票", NOW)
    third = institute.split(institute.pay("20000"))
    assert third.net == 1_000_000 and list(statements.faults()) == []


def test_a_refused_split_leaves_the_cost_to_the_next_payment(institute):
    institute.policy(deductions=[{"code": "patent_fees", "formula": "costs"}])
    institute.weights()
    costs.record_cost(institute.owner, institute.agreement.technology, "c", "patent_fees", date(2026, 3, 1), "CNY", 1_000_000, at=NOW)
    first = institute.split(institute.pay("10000"))
    operations.refuse_split(institute.second, first, "成本有误", NOW)
    assert (first.net, institute.split(institute.pay("10000")).net) == (0, 0)


def test_splits_that_waited_together_do_not_bear_a_cost_twice(institute):
    technology = institute.agreement.technology
    institute.weights()
    cost = costs.record_cost(institute.owner, technology, "c", "patent_fees", date(2026, 3, 1), "CNY", 1_500_000, at=NOW)
    events = [institute.pay("10000", "2026-09-02"), institute.pay("10000", "2026-09-01")]
    assert {institute.split(event).state for event in events} == {"waiting"}
    institute.policy(deductions=[{"code": "patent_fees", "formula": "costs"}])
    assert [institute.split(event).net for event in events] == [500_000, 0]
    assert costs.recovered([cost.id]) == {cost.id: 1_500_000} and list(statements.faults()) == []


def test_a_bounced_payment_cancels_an_open_split_and_mirrors_an_approved_one(institute, session):
    institute.policy()
    institute.weights()
    open_one, approved = institute.split(institute.pay("10")), institute.split(institute.pay("100.01"))
    operations.approve_split(institute.second, approved, NOW)
    for split in (open_one, approved):
        ledger.void(institute.owner, split.event, "退票", NOW)
    work()
    operations.mirror_payment(approved.event_id)
    mirror = session.execute(select(Split).where(Split.mirrors_id.is_not(None))).scalar_one()
    assert (open_one.state, approved.state, mirror.state) == ("cancelled", "approved", "computed")
    assert [line.amount for line in mirror.lines] == [-line.amount for line in approved.lines] and mirror.gross == -10_001
    year = statements.years(institute.owner, institute.organisation)[0]
    assert year.gross == 10_001
    with pytest.raises(Refused, match="cannot be refused"):
        operations.refuse_split(institute.second, mirror, "不同意", NOW)
    with pytest.raises(Refused, match="second person"):
        operations.approve_split(institute.owner, mirror, NOW)
    operations.approve_split(institute.second, mirror, NOW)
    session.flush()
    assert statements.years(institute.owner, institute.organisation)[0].gross == 0
    assert list(statements.faults()) == []


def test_a_payment_that_was_taken_back_meanwhile_cannot_be_approved(institute):
    institute.policy()
    institute.weights()
    split = institute.split(institute.pay())
    ledger.void(institute.owner, split.event, "退票", NOW)
    with pytest.raises(Refused, match="taken back"):
        operations.approve_split(institute.second, split, NOW)


def test_a_refused_split_is_computed_anew_as_another_row(institute, session):
    institute.policy()
    institute.weights()
    split = institute.split(institute.pay())
    with pytest.raises(Refused, match="Say why"):
        operations.refuse_split(institute.second, split, " ", NOW)
    operations.refuse_split(institute.second, split, "学院应有一份", NOW)
    institute.policy({"inventors": "0.7", "school": "0.2", "department": "0.1"})
    work()
    anew = operations.compute_anew(institute.owner, split, NOW)
    assert (split.state, anew.state, anew.replaces_id) == ("replaced", "computed", split.id)
    assert amounts(split)[-1] == ("transfer_office", 100_000) and amounts(anew)[-1] == ("department", 100_000)
    with pytest.raises(Refused, match="another step"):
        operations.compute_anew(institute.owner, split, NOW)


def test_what_has_changed_since_must_be_computed_anew_before_it_is_approved(institute):
    institute.policy()
    institute.weights()
    split = institute.split(institute.pay())
    institute.weights([inventors.Named("丙某", 1)])
    with pytest.raises(Refused, match="changed since"):
        operations.approve_split(institute.second, split, NOW)
    anew = operations.compute_anew(institute.owner, split, NOW)
    assert operations.approve_split(institute.second, anew, NOW).state == "approved"


@pytest.mark.parametrize(("clauses", "kind", "deducted", "shared"), [
    ({"broker_fee": {"rate": "0.05", "payer": "licensor"}}, "deduction", 500, 0),
    ({"broker_fee": {"rate": "0.05", "payer": "both"}}, "deduction", 250, 0),
    ({"broker_fee": {"rate": "0.05", "payer": "licensee"}}, "deduction", 0, 0),
    ({}, "deduction", 0, 0),
    ({"broker_fee": {"rate": "0.05", "payer": "licensor"}}, "share", 0, 1000),
    ({}, "share", 0, 0),
])
def test_the_brokers_fee_is_a_deduction_or_a_share_as_the_policy_says(institute, clauses, kind, deducted, shared):
    institute.agreement = factories.agreement(institute.organisation, institute.licensee, clauses=clauses)
    if kind == "deduction":
        institute.policy(deductions=[{"code": "broker", "formula": "clause"}])
    else:
        institute.policy({"inventors": "0.7", "school": "0.2", "broker": "0.1"})
    institute.weights()
    split = institute.split(institute.pay("100"))
    assert dict(amounts(split, "deduction")).get("broker", 0) == deducted
    assert dict(amounts(split)).get("broker", 0) == shared
    assert sum(amount for _role, amount in amounts(split)) == split.net == 10_000 - deducted


def test_a_rule_that_came_after_the_policy_makes_the_split_wait(institute, monkeypatch, tmp_path):
    institute.weights()
    institute.policy({"inventors": "0.5", "school": "0.5"})
    file = tmp_path / "beijing.toml"
    file.write_text(RULE, "utf-8")
    monkeypatch.setattr(rules, "_rules", list(rules.read_rules(file)))
    split = institute.split(institute.pay("100", "2026-06-30"))
    late = institute.split(institute.pay("100", "2026-07-01"))
    assert (split.state, late.state, late.waits_for) == ("computed", "waiting", "rule")
    institute.policy({"inventors": "0.8", "school": "0.2"}, day="2026-07-01")
    work()
    assert (late.state, amounts(late)[-1]) == ("computed", ("school", 2000))


RULE = """
[[rule]]
code = "inventors_share"
when = "share"
of = "inventors"
floor = "0.80"
region = "110000"
severity = "refuse"
in_force = 2026-07-01
source = {zh = "测试", en = "Test"}
message = {zh = "至少 {floor}", en = "at least {floor}"}
"""


def test_the_day_of_approval_is_that_of_the_agreements_zone(institute):
    institute.policy()
    institute.weights()
    split = institute.split(institute.pay())
    evening = NOW.replace(month=12, day=31, hour=17)
    operations.approve_split(institute.second, split, evening)
    assert split.counted == date(2027, 1, 1) == operations.today_of(split, evening)
    assert operations.pay_out(institute.owner, split, [1], date(2027, 1, 1), at=evening).lines[0].payout


def test_payouts_are_recorded_once_a_receiver_and_the_last_one_closes(institute):
    institute.policy()
    institute.weights()
    split = institute.split(institute.pay())
    with pytest.raises(Refused, match="approved"):
        operations.pay_out(institute.owner, split, [1], TODAY, at=NOW)
    operations.approve_split(institute.second, split, NOW)
    with pytest.raises(Refused, match="before the approval"):
        operations.pay_out(institute.owner, split, [1], TODAY - timedelta(days=1), at=NOW)
    for _again in range(2):
        operations.pay_out(institute.owner, split, [1, 2], TODAY, "工资卡", NOW)
    assert split.state == "approved" and sum(line.payout is not None for line in split.lines) == 2
    operations.pay_out(institute.owner, split, [line.place for line in split.lines], TODAY, at=NOW)
    assert split.state == "paid"


def test_own_use_is_held_against_its_own_rule_and_payments_against_theirs(institute):
    institute.policy({"inventors": "0.4", "school": "0.6"}, state_founded=False, day="2025-01-01", self_rate=Decimal("0.04"))
    institute.weights()
    own = operations.record_own_use(institute.owner, institute.agreement.technology, 2025, 10_000_000, "CNY", NOW)
    payment = institute.split(institute.pay())
    codes = [[one["code"] for one in split.findings] for split in (own, payment)]
    assert codes == [["self_implementation"], ["inventors_share"]]
    assert [one.severity for one in operations.findings_of(payment)] == ["warn"]


def test_the_institutes_own_use_is_divided_by_the_same_formula(institute):
    institute.policy(self_rate=Decimal("0.08"))
    institute.weights()
    technology = institute.agreement.technology
    split = operations.record_own_use(institute.owner, technology, 2025, 10_000_000, "CNY", NOW)
    assert split.waits_for == "policy"  # the policy holds from 2026 on
    split = operations.compute_anew(institute.owner, split, NOW)
    institute.policy(day="2025-01-01", self_rate=Decimal("0.08"))
    work()
    assert (split.state, sum(amount for role, amount in amounts(split) if role == "inventors")) == ("computed", 800_000)
    assert operations.record_own_use(institute.owner, technology, 2025, 10_000_000, "CNY", NOW) is split
    for year, profit in ((2025, 1), (2026, 5), (2025, 0)):
        with pytest.raises(Refused):
            operations.record_own_use(institute.owner, technology, year, profit, "CNY", NOW)


def test_the_income_statement_of_a_year_agrees_with_the_splits(institute, session):
    institute.policy()
    institute.weights()
    for amount in ("10000.01", "33.34", "0.01"):
        operations.approve_split(institute.second, institute.split(institute.pay(amount)), NOW)
    waiting = institute.split(institute.pay("999"))
    found = {name: statements.statement(institute.owner, institute.inventor(name), 2026) for name in ("甲某", "乙某")}
    total = session.scalar(select(func.sum(SplitLine.amount)).join(Split).where(Split.id != waiting.id, SplitLine.inventor_id.is_not(None)))
    assert sum(one.awarded["CNY"] for one in found.values()) == total == statements.years(institute.owner, institute.organisation)[0].shares["inventors"]
    assert [len(one.lines) for one in found.values()] == [3, 3] and found["甲某"].paid == {}
    assert statements.statement(institute.owner, institute.inventor("甲某"), 2025).lines == []
    assert sum(amount for _inventor, _currency, amount in statements.inventors_in(institute.owner, institute.organisation, 2026)) == total


def test_the_check_finds_what_does_not_add_up(institute, session):
    institute.policy()
    institute.weights()
    split = institute.split(institute.pay())
    split.net += 1
    session.flush()
    assert len(list(statements.faults())) == 2
    split.net -= 1
    factories.event(institute.agreement, "payment", "2026-09-03", amount="7")
    assert ["has no split" in fault for fault in statements.faults()] == [True]


def test_a_line_of_the_formula_is_never_changed(institute, session):
    institute.policy()
    institute.weights()
    line = institute.split(institute.pay()).lines[0]
    line.amount += 1
    with pytest.raises(DatabaseError):
        session.flush()


def everybody(institute):
    """Who might ask: name → actor, and whether they are the institute's heads."""
    member, signatory = factories.person(), factories.person()
    factories.membership(member, institute.organisation, "member")
    factories.membership(signatory, institute.organisation, "signatory")
    return [
        (VISITOR, False), (factories.person(), False), (factories.operator(), False), (factories.broker(), False), (member, False),
        (institute.licensee.memberships[0].person, False), (signatory, True), (institute.second, True),
    ]


def test_only_the_institutes_owners_and_signatories_read_and_do_anything(institute):
    institute.policy()
    institute.weights()
    split = institute.split(institute.pay())
    technology, inventor = institute.agreement.technology, institute.inventor("甲某")
    proposed = policies.propose_policy(institute.owner, institute.organisation, "p", TODAY, {"inventors": Decimal(1)}, [], at=NOW)
    weights = inventors.propose_inventorship(institute.owner, technology, "w", [inventors.Named("丁某", 1)], at=NOW)
    cost = costs.record_cost(institute.owner, technology, "c", "tax", TODAY, "CNY", 5, at=NOW)
    attempts = [
        lambda who: operations.by_public_id(who, split.public_id), lambda who: inventors.by_public_id(who, inventor.public_id),
        lambda who: statements.statement(who, inventor, 2026), lambda who: statements.years(who, institute.organisation),
        lambda who: statements.inventors_in(who, institute.organisation, 2026), lambda who: statements.open_splits(who, institute.organisation),
        lambda who: policies.institute(who, institute.organisation.public_id), lambda who: policies.by_public_id(who, proposed.public_id),
        lambda who: inventors.inventorship(who, weights.public_id), lambda who: costs.by_public_id(who, cost.public_id),
    ]
    changes = [
        lambda who: operations.approve_split(who, split, NOW), lambda who: operations.refuse_split(who, split, "x", NOW),
        lambda who: operations.compute_anew(who, split, NOW), lambda who: operations.pay_out(who, split, [1], TODAY, at=NOW),
        lambda who: operations.record_own_use(who, technology, 2025, 5, "CNY", NOW),
        lambda who: policies.propose_policy(who, institute.organisation, "x", TODAY, {"inventors": Decimal(1)}, []),
        lambda who: policies.approve_policy(who, proposed, NOW), lambda who: policies.refuse_policy(who, proposed, "x", NOW),
        lambda who: inventors.propose_inventorship(who, technology, "x", [inventors.Named("戊某", 1)]),
        lambda who: inventors.approve_inventorship(who, weights, NOW), lambda who: inventors.refuse_inventorship(who, weights, "x", NOW),
        lambda who: inventors.erase(who, inventor, NOW), lambda who: inventors.claim(who, inventor, NOW),
        lambda who: costs.record_cost(who, technology, "x", "tax", TODAY, "CNY", 5), lambda who: costs.withdraw_cost(who, cost, NOW),
    ]
    for who, is_head in everybody(institute):
        for attempt in attempts:
            if is_head:
                attempt(who)
            else:
                with pytest.raises((NotFound, NotAllowed)):
                    attempt(who)
        for change in changes if not is_head else ():
            with pytest.raises((NotFound, NotAllowed)):
                change(who)


def test_an_inventor_links_the_account_of_the_invited_address_and_reads_only_its_own(institute, session):
    institute.policy()
    institute.weights()
    operations.approve_split(institute.second, institute.split(institute.pay()), NOW)
    inventor, other = institute.inventor("甲某"), institute.inventor("乙某")
    unconfirmed, stranger = factories.person(address="jia@example.com", confirmed=None), factories.person()
    for who in (unconfirmed, stranger):
        with pytest.raises(NotFound):
            inventors.claim(who, inventor, NOW)
    unconfirmed.confirmed = NOW
    inventors.claim(unconfirmed, inventor, NOW)
    session.flush()
    assert statements.statement(unconfirmed, inventor, 2026).awarded == {"CNY": 466_668}
    assert inventors.of_person(unconfirmed) == [inventor] and statements.years_of(inventor) == [2026]
    with pytest.raises(NotFound):
        inventors.by_public_id(unconfirmed, other.public_id)
    split = statements.statement(institute.owner, inventor, 2026).lines[0].split
    for forbidden in (lambda: statements.statement(unconfirmed, other, 2026), lambda: operations.by_public_id(unconfirmed, split.public_id)):
        with pytest.raises((NotFound, NotAllowed)):
            forbidden()


def test_an_erased_inventor_leaves_amounts_and_no_name(institute, session):
    institute.policy()
    institute.weights()
    operations.approve_split(institute.second, institute.split(institute.pay()), NOW)
    inventor = institute.inventor("甲某")
    inventors.erase(institute.owner, inventor, NOW)
    session.flush()
    assert (inventor.name, inventor.address_key, inventor.employer, inventor.person_id) == (None, None, None, None)
    assert statements.statement(institute.owner, inventor, 2026).awarded == {"CNY": 466_668} and list(statements.faults()) == []


def test_the_same_address_is_the_same_inventor_for_every_technology(institute):
    institute.weights()
    other = factories.technology(institute.organisation)
    rows = [inventors.Named("甲教授", 1, address="Jia@Example.com"), inventors.Named("丁某", 1)]
    made = inventors.propose_inventorship(institute.owner, other, "k", rows, at=NOW)
    assert made.weights[0].inventor is institute.inventor("甲某")
    assert inventors.propose_inventorship(institute.owner, other, "k", rows, at=NOW) is made
    with pytest.raises(Refused, match="wait for approval"):
        inventors.propose_inventorship(institute.owner, other, "l", rows, at=NOW)
    for wrong in ([], [inventors.Named("甲", 0)], [inventors.Named(" ", 1)], [inventors.Named("a", 1, address="jia@example.com")] * 2):
        with pytest.raises(Refused):
            inventors.propose_inventorship(institute.owner, institute.agreement.technology, "m", wrong, at=NOW)
