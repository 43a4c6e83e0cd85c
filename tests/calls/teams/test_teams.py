"""Teams: the agreement drafted from the call, gates that go on or stop, acceptance by own measurement, and money from the schedule alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.calls.teams import contract, operations
from marketplace.calls.teams.following import follow_event
from marketplace.calls.teams.operations import Plan
from marketplace.db import session
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.licensing import operations as agreements
from marketplace.licensing.ledger import terms_of, version_of
from marketplace.licensing.models import Agreement, AgreementEvent, Obligation
from marketplace.licensing.performing.operations import enter_event
from tests.calls.reviewing import scene as make
from tests.factories import NOW
from tests.licensing.agreement.parties import give

pytestmark = pytest.mark.usefixtures("app")
PLANS = (Plan("一台样机", (NOW + timedelta(days=60)).date()), Plan("连续试用一个月", (NOW + timedelta(days=120)).date()))
LATER = NOW + timedelta(days=20)


def refused(wanted):
    return pytest.raises(Refused, match=wanted)


def teams(**more):
    found, _award = make.awarded(chosen=(0, 1), amounts=50_000_000, **{"kind": "enterprise", **more})
    return found, operations.teams_of(found.call)


def signed(found, team, solver):
    """The team takes the award and both sides sign."""
    agreement = operations.take(solver, team, PLANS, NOW)
    for side in (solver, found.owner):
        give(side, agreement, NOW)
    assert agreement.state == "countersigned"
    return agreement


def owed(agreement):
    rows = session.scalars(select(Obligation).where(Obligation.agreement_id == agreement.id).order_by(Obligation.key))
    return {row.key: (row.state, row.amount) for row in rows}


def test_a_team_takes_the_award_and_the_agreement_lies_before_the_owner():
    found, (team, _other) = teams()
    with pytest.raises(NotAllowed):
        operations.take(found.solvers[1], team, PLANS, NOW)
    with refused("must follow one another"):
        operations.take(found.solvers[0], team, (PLANS[1], PLANS[0]), NOW)
    agreement = operations.take(found.solvers[0], team, PLANS, NOW)
    assert (agreement.licensor, agreement.licensee, agreement.state) == (team.organisation, found.house, "proposed")
    assert agreements.by_public_id(found.member, agreement.public_id) is agreement
    fees = [(one.id, str(one.amount), one.deemed_days) for one in terms_of(agreement).conditional]
    assert fees == [("stage-1", "150000.00", None), ("stage-2", "350000.00", None)]
    said = version_of(agreement).clauses
    assert said["acceptance"][0]["metric"]["zh"] == "样机：毛刺高度 ≤ 0.02 mm" and said["acceptance"][0]["target"] == "一台样机"
    assert "谁使用谁评价" in said["further"]["zh"] and "We measure a hundred parts" in said["further"]["en"]
    assert agreement.technology.state == "draft" and agreement.technology.organisation is team.organisation
    with pytest.raises(NotFound):
        operations.by_public_id(found.solvers[1], team.public_id)


def test_an_institute_keeps_its_duties_before_it_signs_as_a_team():
    found, (team, _other) = teams(kind="institute")
    with refused("how the price was found"):
        signed(found, team, found.solvers[0])


def test_no_gate_opens_before_both_have_signed():
    found, (team, _other) = teams()
    operations.take(found.solvers[0], team, PLANS, NOW)
    with refused("signed by both"):
        operations.submit(found.solvers[0], team.gates[0], "样机在三号车间", NOW)


def test_acceptance_by_own_measurement_makes_the_stage_owed_and_nothing_else_does():
    found, (team, _other) = teams()
    agreement = signed(found, team, found.solvers[0])
    first, second = team.gates
    with refused("Nothing waits"):
        operations.judge(found.member, first, True, ["0.015"], "合格", LATER)
    operations.submit(found.solvers[0], first, "样机在三号车间", LATER)
    with pytest.raises(NotAllowed):
        operations.judge(found.solvers[0], first, True, ["0.015"], "合格", LATER)
    with refused("measured yourself"):
        operations.judge(found.member, first, True, [" "], "合格", LATER)
    assert owed(agreement)["conditional:stage-1"][0] == "pending"
    operations.judge(found.member, first, True, ["0.015"], "一百件全部合格", LATER)
    assert first.measured[0] == {**{name: make.TARGETS[0][name] for name in ("quantity", "unit", "wanted", "direction")}, "value": "0.015", "met": True}
    assert owed(agreement) == {"conditional:stage-1": ("open", 15_000_000), "conditional:stage-2": ("pending", 35_000_000)}
    event = session.scalar(select(AgreementEvent).where(AgreementEvent.type == "accepted"))
    assert event.reason == "毛刺高度 0.015 mm · 一百件全部合格"
    with refused("not passed yet"):
        operations.submit(found.solvers[0], second, "试用报告", LATER)


def test_a_rejected_stage_is_handed_in_anew_or_passed_without_its_fee():
    found, (team, _other) = teams()
    agreement = signed(found, team, found.solvers[0])
    first = team.gates[0]
    for value, accepts in (("0.05", False), ("0.018", True)):
        operations.submit(found.solvers[0], first, f"第{value}版", LATER)
        operations.judge(found.member, first, accepts, [value], "测了一百件", LATER)
    assert first.state == "accepted" and owed(agreement)["conditional:stage-1"][0] == "open"
    with pytest.raises(NotAllowed):
        operations.go_on(found.member, first, "继续", LATER)
    operations.go_on(found.owner, first, "按计划继续", LATER)
    second = team.gates[1]
    operations.submit(found.solvers[0], second, "试用报告", LATER)
    operations.judge(found.member, second, False, ["0.09"], "不合格", LATER)
    operations.go_on(found.owner, second, "仍有参考价值，不付此阶段款", LATER)
    assert team.state == "finished" and owed(agreement)["conditional:stage-2"][0] == "pending"


def test_stopping_one_team_ends_what_is_owed_later_and_leaves_the_other_alone():
    found, (team, other) = teams()
    agreement, second = signed(found, team, found.solvers[0]), signed(found, other, found.solvers[1])
    first = team.gates[0]
    operations.submit(found.solvers[0], first, "样机", LATER)
    operations.judge(found.member, first, True, ["0.019"], "合格", LATER)
    with refused("reason for stopping"):
        operations.stop(found.owner, team, " ", LATER)
    operations.stop(found.owner, team, "另一队更快", LATER)
    assert (team.state, [gate.state for gate in team.gates]) == ("stopped", ["stopped", "stopped"])
    assert owed(agreement)["conditional:stage-1"] == ("open", 15_000_000), "what was accepted stays owed"
    assert owed(agreement)["conditional:stage-2"][0] == "void" and agreement.standing.status == "terminated"
    assert other.state == "working" and set(owed(second).values()) == {("pending", 15_000_000), ("pending", 35_000_000)}
    assert found.call.state == "awarded"
    operations.stop(found.owner, other, "项目取消", LATER)
    assert found.call.state == "ended"


def test_a_team_stopped_before_signing_withdraws_the_draft_and_a_declined_award_says_why():
    found, (team, other) = teams()
    agreement = operations.take(found.solvers[0], team, PLANS, NOW)
    operations.stop(found.owner, team, "预算取消", LATER)
    assert agreement.state == "withdrawn" and team.state == "stopped"
    with refused("Say why you do not take"):
        operations.decline(found.solvers[1], other, "", LATER)
    operations.decline(found.solvers[1], other, "团队已解散", LATER)
    assert other.state == "declined" and session.scalar(select(Agreement).where(Agreement.key == f"team:{other.public_id}")) is None


def test_what_is_entered_on_the_agreements_own_page_moves_the_gate():
    found, (team, _other) = teams()
    agreement = signed(found, team, found.solvers[0])
    day = LATER.date()
    for actor, kind in ((found.solvers[0], "submitted"), (found.member, "rejected"), (found.solvers[0], "submitted"), (found.member, "accepted")):
        event = enter_event(actor, agreement, kind, day, f"own:{kind}:{session.query(AgreementEvent).count()}", LATER, id="stage-1")
        session.flush()
        follow_event(event.id)
        follow_event(event.id)
    assert team.gates[0].state == "accepted"
    event = enter_event(found.owner, agreement, "terminated", day, "own:end", LATER, reason="不再需要")
    session.flush()
    follow_event(event.id)
    assert team.state == "stopped" and {gate.state for gate in team.gates} == {"stopped"}


def test_a_gate_that_entered_its_event_itself_is_not_moved_twice():
    found, (team, _other) = teams()
    signed(found, team, found.solvers[0])
    operations.submit(found.solvers[0], team.gates[0], "样机", LATER)
    session.flush()
    event = session.scalar(select(AgreementEvent).where(AgreementEvent.type == "submitted"))
    operations.judge(found.member, team.gates[0], False, ["1"], "不合格", LATER)
    follow_event(event.id)
    assert team.gates[0].state == "rejected"


@pytest.mark.parametrize(("total", "shares", "wanted"), [
    (100, [333_333, 333_333, 333_334], [33, 33, 34]), (1, [500_000, 500_000], [0, 1]), (0, [1_000_000], [0]), (7, [], []),
])
def test_shares_add_up_to_the_whole(total, shares, wanted):
    assert contract.amounts(total, shares) == wanted


@pytest.mark.parametrize(("direction", "value", "reached"), [
    ("at_most", "0.02", True), ("at_most", "0.021", False), ("at_least", "0.02", True), ("at_least", "0.01", False), ("equal", "0.020", True),
    ("equal", "1", False), ("at_most", "无", None), ("at_most", "NaN", None), (None, "1", None),
])
def test_a_figure_reaches_its_target_or_not(direction, value, reached):
    assert contract.met({"wanted": "0.02", "direction": direction}, value) is reached
