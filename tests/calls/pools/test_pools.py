"""Pools from the draft to the end: pledges, the threshold, the deadline, leaving, votes, and the call of several owners."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from marketplace.access import SYSTEM, may, visible_to
from marketplace.alerts.models import Mail
from marketplace.calls import operations as calls
from marketplace.calls.models import Call
from marketplace.calls.pools import converting, operations, pledging, steering
from marketplace.calls.pools.models import Pledge
from marketplace.db import now, session
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.jobs import Job
from marketplace.licensing import clauses
from marketplace.record import Event
from tests import factories
from tests.factories import NOW
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")
DAY = timedelta(days=1)
TEN_THOUSAND = 1_000_000
WRITTEN = {
    "title": {"zh": "共同攻关去毛刺"}, "brief": {"zh": "都在为去毛刺发愁"}, "rights": ["own_use"], "threshold": 100 * TEN_THOUSAND, "least": TEN_THOUSAND,
    "currency": "CNY", "deadline": NOW + 10 * DAY, "zone": "Asia/Shanghai", "basis": "proportional", "visibility": "public", "language": "zh",
}


def owner(house):
    return house.memberships[0].person


def firm(**values):
    return factories.organisation(factories.person(), **values)


def give(pool, house, amount, at=NOW, **values):
    return pledging.pledge(owner(house), pool, house, amount, values.pop("currency", "CNY"), values.pop("revision", pool.revision), at=at, **values)


def reached(*amounts, **values):
    """A pool whose pledges have reached the threshold."""
    pool = factories.pool(None, *(amounts or (50 * TEN_THOUSAND, 30 * TEN_THOUSAND, 25 * TEN_THOUSAND)), **values)
    pledging.settle(pool, NOW)
    session.flush()
    assert pool.state == "reached"
    return pool


def leave(pledge, at=NOW, **values):
    return pledging.withdraw_pledge(owner(pledge.organisation), pledge, at=at, **values)


def settle_votes(motion, *choices):
    """The ballots in their order say this, and the motion closes."""
    for ballot, choice in zip(list(motion.ballots), choices, strict=False):
        if choice:
            steering.vote(owner(ballot.organisation), motion, ballot.organisation, choice, at=NOW)
    return steering.close_motion(SYSTEM, motion, motion.closes)


def test_a_pool_is_written_opened_pledged_to_and_reached():
    lead, second = firm(), firm()
    pool = operations.create_pool(owner(lead), lead, [factories.need(lead)], at=NOW, **WRITTEN)
    with pytest.raises(NotFound):
        operations.by_public_id(owner(second), pool.public_id)
    operations.open_pool(owner(lead), pool, at=NOW)
    session.flush()
    assert session.scalar(select(Job).where(Job.kind == "pools.deadline", Job.values["thing_id"].as_integer() == pool.id)).state == "queued"
    give(pool, lead, 60 * TEN_THOUSAND)
    assert pool.state == "open"
    give(pool, second, 40 * TEN_THOUSAND)
    assert pool.state == "reached" and pledging.weights_of(pledging.counting(pool)) == {lead.id: 600_000, second.id: 400_000}


def test_one_firm_alone_reaches_nothing():
    pool = factories.pool()
    give(pool, pool.organisation, 200 * TEN_THOUSAND)
    assert pool.state == "open"
    give(pool, firm(), TEN_THOUSAND)
    assert pool.state == "reached"


@pytest.mark.parametrize(("values", "why"), [
    ({"currency": "USD"}, "in that currency"), ({"amount": TEN_THOUSAND - 1}, "below the smallest"), ({"revision": 0}, "changed in the meantime"),
    ({"at": NOW + 10 * DAY}, "deadline"), ({"amount": 10**16}, "beyond"),
])
def test_what_a_pool_does_not_take(values, why):
    pool, house = factories.pool(), firm()
    with pytest.raises(Refused, match=why):
        give(pool, house, **{"amount": 5 * TEN_THOUSAND, **values})
    assert session.scalar(select(Pledge)) is None


def test_the_database_keeps_currency_amount_and_one_pledge_of_each():
    pool = factories.pool(None, 5 * TEN_THOUSAND)
    house, again = firm(), pool.organisation
    for wrong in ({"currency": "USD", "pool_id": pool.id, "pool": None}, {"amount": 0}, {"by": again}):
        with pytest.raises(IntegrityError), session.begin_nested():
            by = wrong.pop("by", house)
            if "pool" in wrong:
                wrong.pop("pool")
                session.execute(Pledge.__table__.insert().values(
                    public_id="abc", organisation_id=by.id, person_id=owner(by).id, amount=5, revision=1, named=False, state="pledged", at=NOW, version_id=1,
                    **wrong))
            else:
                factories.pledge(pool, by, **wrong)


def test_only_owners_and_signatories_of_verified_firms_pledge():
    pool, house = factories.pool(), firm()
    member = factories.person()
    factories.membership(member, house)
    with pytest.raises(NotAllowed):
        pledging.pledge(member, pool, house, 5 * TEN_THOUSAND, "CNY", 1, at=NOW)
    with pytest.raises(Refused, match="verified"):
        give(pool, firm(state="unverified"), 5 * TEN_THOUSAND)
    with pytest.raises(NotAllowed):
        pledging.pledge(owner(firm()), pool, house, 5 * TEN_THOUSAND, "CNY", 1, at=NOW)


def test_a_changed_text_asks_each_pledger_anew():
    pool = factories.pool(None, 50 * TEN_THOUSAND, 30 * TEN_THOUSAND)
    operations.edit_pool(owner(pool.organisation), pool, at=NOW, brief={"zh": "还要能自动上下料"})
    assert pool.revision == 2 and pledging.counting(pool) == [] and len(pledging.given(pool)) == 2
    give(pool, firm(), 90 * TEN_THOUSAND)
    assert pool.state == "open"
    give(pool, pool.organisation, 50 * TEN_THOUSAND)
    assert pool.state == "reached" and len(pledging.counting(pool)) == 2
    work()
    told = list(session.scalars(select(Mail.subject).where(Mail.template == "pool", Mail.person_id == pool.pledges[1].person_id)))
    assert len(told) == 2, "the text that changed, and the threshold"


def test_what_stands_once_a_pool_is_open():
    pool = factories.pool()
    lead = owner(pool.organisation)
    operations.edit_pool(lead, pool, at=NOW, threshold=5, currency="USD", deadline=NOW + 99 * DAY, title={"zh": "新的题目"})
    assert (pool.threshold, pool.currency, pool.deadline, pool.title) == (100 * TEN_THOUSAND, "CNY", NOW + 10 * DAY, {"zh": "新的题目"})
    with pytest.raises(NotAllowed):
        operations.edit_pool(factories.person(), pool, at=NOW, title={"zh": "别人的"})


def test_before_the_threshold_anybody_leaves_freely():
    pool = factories.pool(None, 50 * TEN_THOUSAND, 30 * TEN_THOUSAND)
    leave(pool.pledges[1])
    assert pool.state == "open" and [one.state for one in pool.pledges] == ["pledged", "withdrawn"]
    with pytest.raises(Refused):
        leave(pool.pledges[1])


def test_after_the_threshold_nobody_leaves_or_lowers_without_consent_or_reason():
    pool = reached()
    with pytest.raises(Refused, match="consent"):
        leave(pool.pledges[1])
    with pytest.raises(Refused, match="few words"):
        leave(pool.pledges[1], reason="other")
    with pytest.raises(Refused, match="not lowered"):
        give(pool, pool.pledges[1].organisation, 29 * TEN_THOUSAND)
    give(pool, pool.pledges[1].organisation, 31 * TEN_THOUSAND)
    assert pool.state == "reached" and all(one.state == "pledged" for one in pledging.counting(pool))


def test_a_reason_takes_a_pledge_back_and_the_pool_is_open_again_until_its_deadline():
    pool = reached()
    gone = pool.pledges[2]
    leave(gone, reason="insolvency", text="法院已受理")
    assert (gone.state, gone.reason, pool.state) == ("withdrawn", "insolvency", "open")
    give(pool, firm(), 25 * TEN_THOUSAND, at=NOW + DAY)
    assert pool.state == "reached"
    work()
    assert session.scalar(select(Mail).where(Mail.person_id == pool.pledges[0].person_id, Mail.template == "pool")) is not None


def test_a_pledge_taken_back_that_leaves_enough_changes_nothing_for_the_others():
    pool = reached(60 * TEN_THOUSAND, 50 * TEN_THOUSAND, 5 * TEN_THOUSAND)
    leave(pool.pledges[2], reason="law")
    assert pool.state == "reached" and len(pledging.counting(pool)) == 2


def test_a_pledge_taken_back_after_the_deadline_ends_the_pool_and_releases_all():
    pool = reached()
    leave(pool.pledges[2], reason="solved", at=NOW + 11 * DAY)
    assert pool.state == "missed" and [one.state for one in pool.pledges] == ["released", "released", "withdrawn"]
    assert pool.ended == NOW + 11 * DAY


def test_the_others_consent_lets_a_pledger_go():
    pool = reached()
    motion = steering.ask_leave(owner(pool.pledges[2].organisation), pool.pledges[2], "资金紧张", at=NOW)
    assert {one.organisation_id: one.weight for one in motion.ballots} == {
        pool.pledges[0].organisation_id: 625_000, pool.pledges[1].organisation_id: 375_000}
    with pytest.raises(NotAllowed):
        steering.vote(owner(pool.pledges[2].organisation), motion, pool.pledges[2].organisation, "yes", at=NOW)
    settle_votes(motion, "yes", "no")
    assert motion.outcome == "decided" and pool.pledges[2].state == "withdrawn" and pool.pledges[2].reason is None and pool.state == "open"


@pytest.mark.parametrize(("choices", "outcome"), [(("no", "yes"), "decided"), ((None, "yes"), "no_quorum"), (("abstain", None), "tied")])
def test_without_consent_the_pledge_stays(choices, outcome):
    pool = reached()
    motion = settle_votes(steering.ask_leave(owner(pool.pledges[2].organisation), pool.pledges[2], at=NOW), *choices)
    assert motion.outcome == outcome and pool.pledges[2].state == "pledged" and pool.state == "reached"


def test_the_deadline_releases_everybody_and_tells_them():
    pool = factories.pool(None, 50 * TEN_THOUSAND, 30 * TEN_THOUSAND, at=now() - 11 * DAY)
    for _ in operations.sweep():
        pass
    assert pool.state == "missed" and {one.state for one in pool.pledges} == {"released"} and pool.ended is not None
    session.flush()
    assert len(session.scalars(select(Event).where(Event.name == "pledge.release")).all()) == 2
    work()
    told = set(session.scalars(select(Mail.person_id).where(Mail.template == "pool")))
    assert {one.person_id for one in pool.pledges} <= told
    with pytest.raises(Refused):
        give(pool, firm(), 30 * TEN_THOUSAND, at=NOW)


def test_the_end_of_a_pool_may_run_twice_and_never_early():
    pool = factories.pool(None, 50 * TEN_THOUSAND, 30 * TEN_THOUSAND)
    operations.end_pool(SYSTEM, pool, pool.deadline - timedelta(seconds=1))
    assert pool.state == "open"
    for _ in range(2):
        operations.end_pool(SYSTEM, pool, pool.deadline)
    session.flush()
    assert pool.state == "missed" and len(session.scalars(select(Event).where(Event.name == "pool.miss")).all()) == 1


def test_a_pool_that_is_reached_and_never_converted_binds_nobody_for_ever():
    pool = reached()
    operations.end_pool(SYSTEM, pool, pool.deadline + operations.KEPT - DAY)
    assert pool.state == "reached"
    operations.end_pool(SYSTEM, pool, pool.deadline + operations.KEPT)
    assert pool.state == "missed" and {one.state for one in pool.pledges} == {"released"}


def test_a_withdrawn_pool_releases_its_pledgers_and_a_reached_one_is_not_the_leads_to_give_up():
    pool = factories.pool(None, 5 * TEN_THOUSAND, 6 * TEN_THOUSAND)
    operations.withdraw_pool(owner(pool.organisation), pool, at=NOW)
    assert pool.state == "withdrawn" and {one.state for one in pool.pledges} == {"released"}
    with pytest.raises(Refused):
        operations.withdraw_pool(owner(pool.organisation), pool, at=NOW)
    other = reached()
    with pytest.raises(Refused):
        operations.withdraw_pool(owner(other.organisation), other, at=NOW)


def test_a_latecomer_joins_by_vote():
    pool, late = reached(), firm()
    with pytest.raises(Refused, match="Ask to be admitted"):
        give(pool, late, 10 * TEN_THOUSAND)
    motion = steering.ask_admission(owner(late), pool, late, 10 * TEN_THOUSAND, "CNY", 1, at=NOW)
    assert motion.pledge.state == "asked" and motion.pledge not in pledging.counting(pool)
    with pytest.raises(Refused, match="still voting"):
        converting.convert(owner(pool.organisation), pool, at=NOW)
    settle_votes(motion, "yes", "yes")
    assert motion.pledge.state == "pledged" and len(pledging.counting(pool)) == 4
    again = firm()
    refused = settle_votes(steering.ask_admission(owner(again), pool, again, 10 * TEN_THOUSAND, "CNY", 1, at=NOW), "no", "no", "no")
    assert refused.pledge.state == "refused" and refused.pledge.ended is not None


def test_a_vote_can_be_changed_until_it_closes():
    pool = reached()
    motion = steering.put_motion(owner(pool.organisation), pool, "other", "先做哪一种零件？", at=NOW)
    first = motion.ballots[0]
    for choice in ("yes", "no"):
        steering.vote(owner(first.organisation), motion, first.organisation, choice, at=NOW)
    with pytest.raises(Refused, match="closed"):
        steering.vote(owner(first.organisation), motion, first.organisation, "yes", at=motion.closes)
    with pytest.raises(Refused, match="one of the options"):
        steering.vote(owner(first.organisation), motion, first.organisation, "perhaps", at=NOW)
    assert steering.close_motion(SYSTEM, motion, motion.closes - DAY).state == "open"
    steering.vote(owner(motion.ballots[1].organisation), motion, motion.ballots[1].organisation, "abstain", at=NOW)
    steering.close_motion(SYSTEM, motion, motion.closes)
    assert (motion.choice, motion.result["weights"]) == ("no", {"yes": 0, "no": first.weight})
    assert steering.close_motion(SYSTEM, motion, motion.closes + DAY).closed == motion.closes


def test_who_has_left_counts_no_longer():
    pool = reached(45 * TEN_THOUSAND, 40 * TEN_THOUSAND, 60 * TEN_THOUSAND)
    motion = steering.put_motion(owner(pool.organisation), pool, "other", "先做哪一种？", at=NOW)
    third = motion.ballots[2]
    steering.vote(owner(third.organisation), motion, third.organisation, "no", at=NOW)
    leave(pool.pledges[2], reason="law")
    assert pool.state == "open"
    settle_votes(motion, "yes", None)
    assert motion.choice == "yes" and motion.result["entitled"] == motion.ballots[0].weight + motion.ballots[1].weight


def test_a_new_text_by_vote_binds_those_who_voted_for_it_and_asks_the_others():
    pool = reached(70 * TEN_THOUSAND, 35 * TEN_THOUSAND, 20 * TEN_THOUSAND)
    with pytest.raises(Refused, match="vote"):
        operations.edit_pool(owner(pool.organisation), pool, at=NOW, brief={"zh": "换一个"})
    motion = steering.put_motion(owner(pool.pledges[1].organisation), pool, "text", "", content_={"brief": {"zh": "加上自动上下料"}}, at=NOW)
    settle_votes(motion, "yes", "yes", "no")
    assert pool.revision == 2 and pool.brief == {"zh": "加上自动上下料"} and pool.state == "reached"
    assert [one.organisation_id for one in pledging.given(pool) if one.revision == 1] == [pool.pledges[2].organisation_id]
    with pytest.raises(Refused, match="as it stands"):
        steering.put_motion(owner(pool.organisation), pool, "text", "", content_={"brief": {"zh": "加上自动上下料"}}, at=NOW)


def test_a_tie_changes_nothing():
    pool = reached(60 * TEN_THOUSAND, 60 * TEN_THOUSAND)
    motion = steering.put_motion(owner(pool.organisation), pool, "text", "", content_={"brief": {"zh": "换一个"}}, at=NOW)
    settle_votes(motion, "yes", "no")
    assert motion.outcome == "tied" and pool.revision == 1


def test_a_pool_becomes_a_call_that_every_owner_confirms():
    pool = reached()
    lead = pool.organisation
    with pytest.raises(NotAllowed):
        converting.convert(owner(pool.pledges[1].organisation), pool, at=NOW)
    call = converting.convert(owner(lead), pool, at=NOW)
    assert (pool.state, call.state, call.organisation_id, call.amount, call.currency) == ("converted", "draft", lead.id, 105 * TEN_THOUSAND, "CNY")
    assert {one.organisation_id: one.share for one in call.owners} == {
        one.organisation_id: share for one, share in zip(pool.pledges, (476_191, 285_714, 238_095), strict=True)}
    assert len(converting.unconfirmed(call)) == 3
    with pytest.raises(Refused) as refused:
        calls.publish_call(owner(lead), call, at=NOW)
    assert converting.UNCONFIRMED in (refused.value.message, *(message for _, message in refused.value.values.get("also", ())))
    read = converting.digest_of(call)
    for one in pool.pledges:
        converting.confirm_call(owner(one.organisation), call, one.organisation, read, at=NOW)
    assert converting.confirmed_by_all(call, NOW) == []
    session.commit()
    assert converting.digest_of(call) == read
    call.brief = {"zh": "牵头单位改过的草稿"}
    with pytest.raises(Refused, match="changed in the meantime"):
        converting.confirm_call(owner(lead), call, lead, read, at=NOW)
    assert len(converting.unconfirmed(call)) == 3
    converting.ask_confirmation(owner(lead), pool, at=NOW)
    work()
    assert session.scalar(select(func.count()).select_from(Mail).where(Mail.template == "pool", Mail.body.contains("/call"))) == 6
    with pytest.raises(NotFound):
        converting.confirm_call(owner(firm()), call, lead, read, at=NOW)
    with pytest.raises(Refused, match="become a call"):
        leave(pool.pledges[1], reason="law")


def test_stated_shares_come_to_the_whole_before_the_call():
    pool = factories.pool(basis="stated")
    second = firm()
    with pytest.raises(Refused, match="State the share"):
        give(pool, second, 50 * TEN_THOUSAND)
    give(pool, pool.organisation, 60 * TEN_THOUSAND, share=500_000)
    give(pool, second, 50 * TEN_THOUSAND, share=450_000)
    with pytest.raises(Refused, match="come to 95 per cent"):
        converting.convert(owner(pool.organisation), pool, at=NOW)
    give(pool, second, 50 * TEN_THOUSAND, share=500_000)
    call = converting.convert(owner(pool.organisation), pool, at=NOW)
    assert [one.share for one in call.owners] == [500_000, 500_000]


def test_the_lead_pledges_too_and_who_did_not_agree_to_the_text_is_left_behind_and_free():
    pool = reached()
    pool.pledges[2].revision = 0
    pool.pledges[1].amount = 60 * TEN_THOUSAND
    call = converting.convert(owner(pool.organisation), pool, at=NOW)
    assert len(call.owners) == 2 and pool.pledges[2].state == "released"
    alone = factories.pool(None)
    for _ in range(2):
        factories.pledge(alone, amount=60 * TEN_THOUSAND)
    session.refresh(alone, ["pledges"])
    pledging.settle(alone, NOW)
    with pytest.raises(Refused, match="leads the pool pledges too"):
        converting.convert(owner(alone.organisation), alone, at=NOW)


def test_the_agreement_can_carry_the_rights_as_text():
    pool = reached()
    converting.convert(owner(pool.organisation), pool, at=NOW)
    carried = clauses.canonical(converting.clauses_of(pool))
    assert "47.6191%" in carried["further"]["zh"] and pool.pledges[1].organisation.name["en"] in carried["further"]["en"]
    table = converting.results_of(pool)
    assert [line.shares for line in table.lines] == [None, (476_191, 285_714, 238_095)]


def test_an_award_is_chosen_by_vote_once_there_is_a_call():
    pool = reached()
    with pytest.raises(Refused, match="cannot be put"):
        steering.put_motion(owner(pool.organisation), pool, "award", "选哪一家？", ["甲方案", "乙方案"], at=NOW)
    converting.convert(owner(pool.organisation), pool, at=NOW)
    motion = steering.put_motion(owner(pool.organisation), pool, "award", "选哪一家？", ["甲方案", "乙方案", "甲方案"], at=NOW)
    assert motion.names == {"option1": "甲方案", "option2": "乙方案"}
    settle_votes(motion, "option2", "option1", "option1")
    assert motion.names[motion.choice] == "甲方案"


def test_every_owner_reads_the_draft_and_its_list_agrees():
    pool = reached()
    call = converting.convert(owner(pool.organisation), pool, at=NOW)
    session.flush()
    session.refresh(call)
    for who, reads in ((owner(pool.organisation), True), (owner(pool.pledges[1].organisation), True), (owner(firm()), False), (factories.broker(), False)):
        listed = session.scalar(select(func.count()).select_from(Call).where(Call.id == call.id, visible_to(who, Call))) == 1
        assert (may(who, "listing.read", call), listed) == (reads, reads), who
    assert not may(owner(pool.pledges[1].organisation), "open_call.publish", call)
