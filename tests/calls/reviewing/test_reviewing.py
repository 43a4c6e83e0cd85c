"""The review by its operations: what is declared, who sees what, what is scored, what follows from a late conflict and from a withdrawal."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from marketplace.calls.reviewing import declaring, following, operations, scoring
from marketplace.calls.reviewing.models import FROZEN, Declaration, Tie
from marketplace.calls.reviewing.table import table_of
from marketplace.db import session
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.people import organisations
from marketplace.record import Event, move
from tests import factories
from tests.calls.reviewing import scene as make
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("app")


def refused(wanted):
    return pytest.raises(Refused, match=wanted)


def test_a_review_begins_after_the_opening_with_enough_reviewers_and_once():
    found = make.scene()
    with refused("at least as many reviewers"):
        operations.open_review(found.owner, found.call, 3, at=NOW)
    with pytest.raises(NotAllowed):
        operations.open_review(found.solvers[0], found.call, 2, at=NOW)
    sealed = make.proposal(found.call, factories.organisation(), state="sealed", content=None, opened=None)
    with refused("Not every proposal has been opened"):
        operations.open_review(found.owner, found.call, 2, at=NOW)
    session.delete(sealed)
    operations.open_review(found.member, found.call, 2, at=NOW)
    with refused("begun already"):
        operations.open_review(found.owner, found.call, 2, at=NOW)
    early = make.scene(state="published")
    with refused("once the deadline has passed"):
        operations.open_review(early.owner, early.call, 2, at=NOW)


def test_nothing_is_shown_before_all_is_declared():
    found = make.opened()
    one = found.reviewers[0]
    assert declaring.readable(one) == [] and not scoring.progress_of(one).declared
    some = {found.proposals[0].public_id: ("none", "")}
    with refused("for every proposal"):
        declaring.declare(one.person, one, some, {}, True, NOW)
    everything = {each.public_id: ("none", "") for each in found.proposals}
    with refused("named everything"):
        declaring.declare(one.person, one, everything, {}, False, NOW)
    with pytest.raises(NotAllowed):
        declaring.declare(found.owner, one, everything, {}, True, NOW)
    assert len(declaring.declare(one.person, one, everything, {}, True, NOW)) == 3 and one.state == "active"
    with refused("declared already"):
        declaring.declare(one.person, one, everything, {}, True, NOW)


def test_a_proposal_in_conflict_is_never_before_the_reviewer():
    found = make.opened()
    make.declare(found, 0, {1: ("family", "我弟弟是负责人")})
    one = found.reviewers[0]
    hidden = next(row for row in declaring.own_assignments(one) if row.proposal_id == found.proposals[1].id)
    assert {row.proposal_id for row in declaring.readable(one)} == {found.proposals[0].id, found.proposals[2].id}
    with pytest.raises(NotFound):
        declaring.assignment_of(one.person, one, hidden.public_id)
    with refused("There is a conflict"):
        scoring.score(one.person, hidden, {found.call.criteria[0].id: (5, "好")}, at=NOW)


def test_what_the_site_knows_counts_whatever_is_said():
    found = make.opened(count=5, reviewers=1, least=1)
    who = found.people[0]
    houses = [one.organisation for one in found.proposals]
    own = factories.organisation(who)
    factories.membership(who, houses[0])
    left = factories.membership(who, houses[1])
    organisations.remove_member(found.solvers[1], left, NOW)
    factories.agreement(houses[2], own)
    dealt = factories.deal(factories.match(factories.need(found.house), factories.technology(houses[3])), leading=who)
    assert dealt.holder_id == houses[3].id
    session.expire(who, ["memberships"])
    make.declare(found)
    said = {row.proposal_id: operations.declared([row])[row.id] for row in declaring.own_assignments(found.reviewers[0])}
    kinds = [(said[one.id].kind, said[one.id].origin) for one in found.proposals]
    assert kinds == [("employed", "site"), ("employed", "site"), ("money", "site"), ("collaboration", "site"), ("none", "reviewer")]


def test_where_solvers_are_hidden_the_reviewer_names_his_ties_and_the_site_compares():
    found = make.opened(anonymous=True)
    named = found.proposals[0].organisation.name["zh"]
    make.declare(found, 0, ties={"money": [named, "一家本站没有的公司"], "family": []})
    one = found.reviewers[0]
    assert declaring.to_declare(one, found.review) == []
    assert found.proposals[0].id not in {row.proposal_id for row in declaring.readable(one)}
    assert {tie.kind for tie in session.scalars(select(Tie))} == {"money"} and len(list(session.scalars(select(Tie)))) == 2
    inside = make.scene(anonymous=True, reviewers=1)
    make.reviewer(inside.call, inside.member)
    with refused("is a member of an owner of the call"):
        operations.open_review(inside.owner, inside.call, 1, at=NOW)


def test_the_order_is_drawn_for_each_reviewer(monkeypatch):
    drawn = []
    monkeypatch.setattr(declaring, "LOTS", type("Lots", (), {"sample": lambda self, rows, count: drawn.append(count) or rows[::-1]})())
    found = make.opened(count=4)
    make.declare(found)
    assert drawn == [4]
    assert [row.proposal_id for row in declaring.own_assignments(found.reviewers[0])] == [one.id for one in operations.proposals_of(found.call)][::-1]
    assert [row.letter for row in declaring.own_assignments(found.reviewers[0])] == ["A", "B", "C", "D"]


def test_scores_need_a_value_on_the_scale_and_a_reason_and_keep_their_revisions():
    found = make.opened()
    make.declare(found)
    first, second = found.call.criteria
    one = declaring.readable(found.reviewers[0])[0]
    with pytest.raises(Refused) as told:
        scoring.score(found.people[0], one, {first.id: (11, "太好"), second.id: (5, "  ")}, at=NOW)
    assert (told.value.field, [field for field, _ in told.value.values["also"]]) == (f"value_{first.id}", [f"reason_{second.id}"])
    scoring.score(found.people[0], one, {first.id: (7, "新"), second.id: (5, "能做")}, 0, NOW)
    again = scoring.score(found.people[0], one, {first.id: (8, "更新"), second.id: (5, "能做")}, 2, NOW)
    assert [(row.criterion_id, row.number, row.value) for row in again] == [(first.id, 2, 8)] and scoring.revisions_of(one) == 3
    with pytest.raises(StaleDataError):
        scoring.score(found.people[0], one, {first.id: (1, "旧窗口")}, 2, NOW)
    with pytest.raises(NotAllowed):
        scoring.score(found.people[1], one, {first.id: (1, "不是我的")}, at=NOW)
    operations.close_review(found.owner, found.review, NOW)
    with refused("closed"):
        scoring.score(found.people[0], one, {first.id: (1, "晚了")}, at=NOW)


def test_the_owners_see_no_score_while_reviewers_score():
    found = make.scored()
    with pytest.raises(NotAllowed, match="talked round"):
        operations.require_table(found.owner, found.review)
    operations.close_review(found.member, found.review, NOW)
    operations.require_table(found.member, found.review)
    with refused("Say why the scoring goes on"):
        operations.reopen_review(found.owner, found.review, " ", NOW)
    operations.reopen_review(found.owner, found.review, "第二位评委漏评", NOW)
    session.flush()
    assert [one.name for one in operations.timeline_of(found.review)][:2] == ["review.reopen", "review.close"]


def test_a_conflict_that_comes_out_later_sets_the_scores_aside_and_keeps_them():
    found = make.scored(least=1)
    before = {row.proposal.id: row.ranked.mean for row in table_of(found.review).rows}
    assert before[found.proposals[0].id] == Decimal("83.00")
    late = next(row for row in declaring.own_assignments(found.reviewers[0]) if row.proposal_id == found.proposals[0].id)
    with refused("what it rests on"):
        declaring.declare_later(found.owner, late, "money", "", at=NOW)
    with pytest.raises(NotAllowed):
        declaring.declare_later(found.people[1], late, "money", "不该由我说", at=NOW)
    declaring.declare_later(found.owner, late, "money", "持有该公司股份", at=NOW)
    row = table_of(found.review).row_of(found.proposals[0].id)
    sheet = next(one for one in row.sheets if one.assignment.id == late.id)
    assert sheet.aside == "conflict" and not sheet.counts and len(sheet.scores) == 2, "kept, and not counted"
    assert row.ranked.mean == Decimal("80.00") and row.ranked.overall.count == 1
    assert table_of(found.review).row_of(found.proposals[1].id).ranked.mean == before[found.proposals[1].id], "other proposals keep his scores"
    session.flush()
    assert late not in declaring.readable(found.reviewers[0])
    assert operations.timeline_of(found.review)[0].name == "review.set_aside"
    with refused("entered here already"):
        declaring.declare_later(found.people[0], late, "other", "再说一次", at=NOW)
    assert [one.number for one in session.scalars(select(Declaration).where(Declaration.assignment_id == late.id).order_by(Declaration.number))] == [1, 2]


def test_a_withdrawn_proposal_leaves_the_ranking_and_its_scores_stay():
    found = make.scored()
    gone = found.proposals[0]
    gone.withdrawn = NOW
    move(gone, "withdraw", found.solvers[0], NOW)
    session.flush()
    following.follow_withdrawal(gone.id)
    following.follow_withdrawal(gone.id)
    session.flush()
    table = table_of(found.review)
    assert [row.ranked.rank for row in table.rows if row.ranked] == [1, 2] and table.rows[-1].proposal is gone and table.rows[-1].ranked is None
    assert {sheet.aside for sheet in table.rows[-1].sheets} == {"withdrawn"} and all(sheet.scores for sheet in table.rows[-1].sheets)
    assert [one.name for one in operations.timeline_of(found.review)].count("review.proposal_withdrawn") == 1
    assert [row.proposal for row in declaring.withdrawn_since(found.reviewers[0])] == [gone]
    assert gone not in [row.proposal for row in declaring.readable(found.reviewers[0])]


def test_the_database_itself_refuses_to_change_what_was_said():
    make.awarded()
    session.flush()
    for table in FROZEN:
        if session.scalar(text(f"select count(*) from {table}")):
            for statement in (f"update {table} set id = id", f"delete from {table}"):
                with pytest.raises(DBAPIError, match="never changed"), session.begin_nested():
                    session.execute(text(statement))
    assert session.scalar(select(Event.id).where(Event.name == "award.published"))
