"""The panel's decision in a call of several owners: nothing is published before they have voted for exactly that decision."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from marketplace.access import SYSTEM
from marketplace.alerts.models import Mail
from marketplace.calls.pools import deciding, shares, steering
from marketplace.calls.pools.models import Motion
from marketplace.calls.reviewing import awarding, declaring, operations
from marketplace.db import now, session
from marketplace.errors import NotAllowed, Refused
from tests import factories
from tests.calls.pools.owning import decided, owner, say
from tests.calls.reviewing import scene as make
from tests.factories import NOW
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")


def refused(wanted):
    return pytest.raises(Refused, match=wanted)


@pytest.mark.parametrize(("ballots", "certain"), [
    ([(50, None), (50, None)], False), ([(60, "yes"), (40, None)], True), ([(50, "yes"), (50, None)], False), ([(40, "yes"), (30, "no"), (30, None)], False),
    ([(40, "yes"), (20, "abstain"), (40, None)], False), ([(41, "yes"), (20, "abstain"), (39, None)], True), ([(50, "yes"), (50, "no")], True),
    ([(50, "abstain"), (50, "abstain")], True), ([], False),
])
def test_an_outcome_is_certain_once_the_missing_votes_cannot_change_it(ballots, certain):
    assert shares.is_certain(ballots, ("yes", "no")) is certain
    if certain and any(choice is None for _weight, choice in ballots):
        outcome = shares.count(ballots, ("yes", "no")).choice
        for other in ("yes", "no", "abstain"):
            assert shares.count([(weight, choice or other) for weight, choice in ballots], ("yes", "no")).choice == outcome


def test_nothing_is_published_before_the_owners_have_voted_for_it():
    found, _pool, decision = decided()
    with refused("have not voted"):
        awarding.publish(found.owner, found.review, 1, NOW)
    motion = deciding.put_decision(found.owner, decision, at=NOW)
    assert {one.weight for one in motion.ballots} == {450_000, 350_000, 200_000}
    with refused("still voting"):
        awarding.publish(found.owner, found.review, 1, NOW)
    with refused("still voting"):
        deciding.put_decision(found.owner, decision, at=NOW)
    say(motion, "yes")
    assert motion.state == "open", "the other two together weigh more"
    say(motion, "", "yes")
    assert (motion.state, motion.outcome, motion.choice) == ("closed", "decided", "yes"), "nobody has to wait for the last vote"
    with refused("agreed to this decision already"):
        deciding.put_decision(found.owner, decision, at=NOW)
    assert awarding.publish(found.owner, found.review, 1, NOW).content["winners"]


def test_whoever_is_outvoted_reads_it_and_the_lead_writes_another_decision():
    found, _pool, decision = decided()
    motion = deciding.put_decision(found.owner, decision, at=NOW)
    say(motion, "yes", "no", "no")
    assert (motion.outcome, motion.choice) == ("decided", "no")
    with refused("voted against"):
        awarding.publish(found.owner, found.review, 1, NOW)
    with refused("voted against"):
        deciding.put_decision(found.owner, decision, at=NOW)
    newer = awarding.decide(found.owner, found.review, make.choices(found, (0, 1)), "改选两支队伍", at=NOW)
    with refused("have not voted"):
        awarding.publish(found.owner, found.review, 2, NOW)
    say(deciding.put_decision(found.owner, newer, at=NOW), "yes", "yes")
    assert len(awarding.publish(found.owner, found.review, 2, NOW).content["winners"]) == 2


def test_a_vote_without_a_quorum_or_tied_is_put_again():
    found, _pool, decision = decided(50_000_000, 50_000_000)
    motion = deciding.put_decision(found.owner, decision, at=NOW)
    steering.close_motion(SYSTEM, motion, NOW + timedelta(days=8))
    assert motion.outcome == "no_quorum"
    with refused("too few have voted"):
        awarding.publish(found.owner, found.review, 1, NOW)
    again = deciding.put_decision(found.owner, decision, at=NOW)
    say(again, "yes", "no")
    assert again.outcome == "tied" and deciding.can_be_put(decision)


def test_a_newer_decision_or_another_ranking_makes_the_vote_void():
    found, _pool, decision = decided()
    motion = deciding.put_decision(found.owner, decision)
    newer = awarding.decide(found.owner, found.review, make.choices(found, (1,)), "改选", "方案一要价过高", at=NOW)
    with refused("the vote is void"):
        say(motion, "yes")
    work()
    assert (motion.state, motion.outcome) == ("closed", "moot")
    with refused("decide anew"):
        deciding.put_decision(found.owner, decision)
    second = deciding.put_decision(found.owner, newer)
    say(second, "yes")
    late = next(row for row in declaring.own_assignments(found.reviewers[0]) if row.proposal_id == found.proposals[0].id)
    declaring.declare_later(found.owner, late, "family", "儿媳在该公司", at=NOW)
    work()
    assert second.outcome == "moot"
    with refused("decide anew"):
        awarding.publish(found.owner, found.review, 2, NOW)


def test_the_scoring_going_on_makes_it_void_too():
    found, _pool, decision = decided()
    motion = deciding.put_decision(found.owner, decision)
    operations.reopen_review(found.owner, found.review, "有一位评委漏填", NOW)
    work()
    assert motion.outcome == "moot" and deciding.decision_read(found.owner, motion) is None


def test_only_the_lead_puts_it_and_only_owners_vote():
    found, pool, decision = decided()
    other = pool.pledges[1].organisation
    for actor in (owner(other), found.member, found.solvers[0], factories.operator()):
        with pytest.raises(NotAllowed):
            deciding.put_decision(actor, decision, at=NOW)
    motion = deciding.put_decision(found.owner, decision, at=NOW)
    for actor in (found.solvers[0], found.people[0], factories.operator()):
        with pytest.raises(NotAllowed):
            steering.vote(actor, motion, other, "no", at=NOW)
        assert deciding.decision_read(actor, motion) is None
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(Motion(pool=pool, kind="decision", options=["yes", "no"], names={}, decision=decision, quorum=1, closes=NOW, person_id=found.owner.id,
                           created=NOW))
        session.flush()


def test_a_call_of_one_organisation_asks_nobody_else():
    found = make.decided()
    decision = awarding.decision_of(found.call)
    assert deciding.unvoted(decision) == []
    with refused("one owner"):
        deciding.put_decision(found.owner, decision, at=NOW)
    assert awarding.publish(found.owner, found.review, 1, NOW)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_from_the_decision_page_to_the_vote_and_back(client, lang):
    found, pool, decision = decided()
    page = f"/{lang}/open-calls/{found.call.public_id}/review"
    others = [one.organisation for one in pool.pledges[1:]]
    client.login(owner(others[0]))
    shown = client.get(page).get_data(as_text=True)
    assert "/review/vote" not in shown and "/review/publish" not in shown
    assert client.post(f"{page}/vote").status_code == 403
    client.login(found.owner)
    shown = client.get(page).get_data(as_text=True)
    assert "/review/vote" in shown and "/review/publish" not in shown
    assert client.post(f"{page}/publish", data={"number": "1"}).status_code in (400, 409, 422)
    where = client.post(f"{page}/vote").headers["Location"]
    motion = session.scalars(select(Motion)).one()
    motion.closes = now() + timedelta(days=7)
    vote = f"/{lang}/pools/{pool.public_id}/votes/{motion.public_id}"
    assert where.endswith(vote)
    shown = client.get(vote).get_data(as_text=True)
    assert "评审组认为方案一最成熟" in shown and "先做小试" in shown and found.proposals[0].organisation.called(lang) in shown
    assert client.post(vote, data={"organisation": found.house.public_id, "choice": "yes"}).status_code == 303
    client.login(owner(others[0]))
    assert client.post(vote, data={"organisation": others[0].public_id, "choice": "yes"}).status_code == 303
    session.refresh(motion)
    assert motion.choice == "yes" and client.get(vote).status_code == 200
    client.login(found.owner)
    assert client.post(f"{page}/publish", data={"number": "1"}).status_code == 303
    client.login(found.solvers[0])
    assert client.get(vote).status_code == 404


def test_the_owners_are_told_when_it_is_put_and_how_it_ended():
    found, pool, decision = decided()
    motion = deciding.put_decision(found.owner, decision)
    work()
    sent = session.scalars(select(Mail).where(Mail.template == "pool")).all()
    assert {mail.address for mail in sent} == {owner(one.organisation).address for one in pool.pledges}
    assert all("评审决定" in mail.body and "方案一" not in mail.body for mail in sent)
    say(motion, "yes", "yes")
    work()
    ended = [mail for mail in session.scalars(select(Mail).where(Mail.template == "pool")) if mail not in sent]
    assert len(ended) == 3 and all("同意" in mail.body for mail in ended)
