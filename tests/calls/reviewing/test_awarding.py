"""The panel's decision and the award: reasons, departures from the ranking, the lock, what each solver reads, two owners at once."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm.exc import StaleDataError

from marketplace.calls.models import Call
from marketplace.calls.reviewing import awarding, declaring, operations
from marketplace.calls.reviewing.awarding import Choice
from marketplace.calls.reviewing.models import Award, Review
from marketplace.calls.teams.operations import teams_of
from marketplace.db import session
from marketplace.errors import NotAllowed, NotFound, Problem, Refused
from marketplace.people.models import Person
from marketplace.record import move
from tests.at_once import at_once
from tests.calls.reviewing import scene as make
from tests.factories import NOW


def refused(wanted):
    return pytest.raises(Refused, match=wanted)


@pytest.fixture
def closed(app):
    found = make.scored()
    operations.close_review(found.owner, found.review, NOW)
    return found


def test_a_decision_needs_all_reasons_at_once(closed):
    first, second, third = closed.proposals
    with pytest.raises(Refused) as told:
        awarding.decide(closed.owner, closed.review, {first.id: Choice(True), second.id: Choice(False), third.id: Choice(False, advice="多试")}, "", at=NOW)
    fields = [told.value.field, *(field for field, _message in told.value.values["also"])]
    assert fields == ["reasons", f"reason_{first.public_id}", f"amount_{first.public_id}", f"advice_{second.public_id}"]
    with pytest.raises(NotAllowed):
        awarding.decide(closed.member, closed.review, make.choices(closed, (0,)), "理由", at=NOW)
    with refused("more teams"):
        awarding.decide(closed.owner, closed.review, make.choices(closed, (0, 1, 2)), "理由", at=NOW)
    with refused("more than there is"):
        awarding.decide(closed.owner, closed.review, make.choices(closed, (0, 1), 60_000_000), "理由", at=NOW)
    with refused("withdrawn in the meantime"):
        awarding.decide(closed.owner, closed.review, {first.id: Choice(True, "好", "", 1)}, "理由", at=NOW)


def test_leaving_the_ranking_needs_its_own_reasons(closed):
    with refused("leaves the ranking"):
        awarding.decide(closed.owner, closed.review, make.choices(closed, (1,)), "理由", at=NOW)
    decision = awarding.decide(closed.owner, closed.review, make.choices(closed, (1,)), "理由", "方案一的设备我厂放不下", at=NOW)
    assert decision.number == 1 and decision.differs
    with pytest.raises(StaleDataError):
        awarding.decide(closed.owner, closed.review, make.choices(closed, (0,)), "理由", base=0, at=NOW)
    assert awarding.decide(closed.owner, closed.review, make.choices(closed, (0,)), "理由", base=1, at=NOW).number == 2


def test_the_award_is_published_as_it_was_decided_and_founds_the_teams(app):
    found, award = make.awarded(chosen=(0, 1), amounts=50_000_000)
    winners = award.content["winners"]
    assert [(one["rank"], one["tied"], one["amount"]) for one in winners] == [(1, False, 50_000_000), (2, False, 50_000_000)]
    assert winners[0]["organisation"] == found.proposals[0].organisation.name and winners[0]["reason"] == "路线最清楚"
    assert (award.content["received"], award.content["ranked"], award.content["withdrawn"]) == (3, 3, 0)
    assert found.call.state == "awarded" and found.review.state == "settled"
    assert [[gate.amount for gate in team.gates] for team in teams_of(found.call)] == [[15_000_000, 35_000_000]] * 2
    with pytest.raises(Problem):
        awarding.publish(found.owner, found.review, 1, NOW)


def test_choosing_nobody_ends_the_call_without_an_award(app):
    found, award = make.awarded(chosen=())
    assert found.call.state == "unawarded" and award.content["winners"] == [] and teams_of(found.call) == []


def test_a_decision_over_scores_that_have_changed_is_not_published(app):
    found = make.decided()
    late = next(row for row in declaring.own_assignments(found.reviewers[0]) if row.proposal_id == found.proposals[0].id)
    declaring.declare_later(found.owner, late, "family", "儿媳在该公司", at=NOW)
    with refused("decide anew"):
        awarding.publish(found.owner, found.review, 1, NOW)
    gone = make.decided()
    gone.proposals[1].withdrawn = NOW
    move(gone.proposals[1], "withdraw", gone.solvers[1], NOW)
    session.flush()
    with refused("decide anew"):
        awarding.publish(gone.owner, gone.review, 1, NOW)
    with pytest.raises(StaleDataError):
        awarding.publish(gone.owner, gone.review, 7, NOW)


def test_a_conflict_after_the_award_leaves_it_locked_and_publishes_a_note(app):
    found, award = make.awarded(least=1)
    content = dict(award.content)
    for which, text in ((0, "持有股份"), (1, "同一课题组")):
        late = next(row for row in declaring.own_assignments(found.reviewers[which]) if row.proposal_id == found.proposals[0].id)
        with refused("published and locked"):
            declaring.declare_later(found.owner, late, "money", text, at=NOW)
        declaring.declare_later(found.owner, late, "money", text, "一位评委与中榜方有利益关系", NOW)
    note = awarding.correct(found.owner, award, "两位评委回避后重新计算名次，评审决定不变", NOW)
    session.flush()
    session.refresh(award)
    assert award.content == content and note.ranks == [{"organisation": found.proposals[0].organisation.name, "before": 1, "now": None}]
    with pytest.raises(NotAllowed):
        awarding.correct(found.member, award, "不该由我写", NOW)


def test_each_solver_reads_his_own_scores_and_advice_and_nobody_elses(app):
    found = make.decided()
    with pytest.raises(NotFound):
        awarding.result_of(found.solvers[1], found.proposals[1].public_id)
    awarding.publish(found.owner, found.review, 1, NOW)
    proposal, result = awarding.result_of(found.solvers[1], found.proposals[1].public_id)
    assert proposal is found.proposals[1] and result.row.ranked.rank == 2 and result.ranked_of == 3 and result.verdict.advice == "先做小试"
    assert [sorted(score.value for score in sheet.values()) for sheet in result.sheets] == [[7, 7], [7, 7]]
    for other in (found.solvers[0], found.owner, found.people[0]):
        with pytest.raises(NotFound):
            awarding.result_of(other, found.proposals[1].public_id)


@pytest.mark.usefixtures("own_database")
def test_two_owners_publish_at_once():
    found = make.decided()
    call, owner, review = found.call.id, found.owner.id, found.review.id
    session.commit()

    def publish():
        awarding.publish(session.get_one(Person, owner), session.get_one(Review, review), 1, NOW)

    ends = at_once(publish, publish)
    assert sum(end is None for end in ends) == 1, ends
    assert isinstance(next(end for end in ends if end is not None), Problem | StaleDataError)
    assert session.scalar(select(func.count()).select_from(Award)) == 1 and session.get_one(Call, call).state == "awarded"


@pytest.mark.usefixtures("own_database")
def test_two_owners_decide_at_once_over_the_same_decision():
    found = make.scored()
    operations.close_review(found.owner, found.review, NOW)
    owner, review, said = found.owner.id, found.review.id, make.choices(found, (0,))
    session.commit()

    def decide():
        awarding.decide(session.get_one(Person, owner), session.get_one(Review, review), said, "理由", base=0, at=NOW)

    ends = at_once(decide, decide)
    assert sum(end is None for end in ends) == 1 and isinstance(next(end for end in ends if end), StaleDataError), ends


@pytest.mark.usefixtures("own_database")
def test_two_reviewers_declare_and_score_at_once():
    found = make.opened()
    keys = [(one.id, one.person_id) for one in found.reviewers]
    said = {one.public_id: ("none", "") for one in found.proposals}
    first = [one.id for one in found.call.criteria]
    session.commit()

    def review(key, who):
        def act():
            person, own = session.get_one(Person, who), session.get_one(make.Reviewer, key)
            rows = declaring.declare(person, own, said, {}, True, NOW)
            for row in rows:
                awarding.session.flush()
                make.scoring.score(person, row, dict.fromkeys(first, (5, "中等")), at=NOW)
        return act

    assert at_once(*(review(*pair) for pair in keys)) == [None, None]
    progress = [make.scoring.progress_of(session.get_one(make.Reviewer, key)) for key, _who in keys]
    assert [(one.readable, one.done) for one in progress] == [(3, 3), (3, 3)]
