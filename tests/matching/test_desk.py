"""The match desk: lists by answer, answers that can be changed, advice to the other side, and what a decline does at once."""

from __future__ import annotations

import pytest

from marketplace.access import VISITOR
from marketplace.db import session
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.jobs import Job
from marketplace.matching import advice, answering, declines, learning
from marketplace.matching.advice import ADVICE, advice_for, advice_on
from marketplace.matching.answering import answer_match
from marketplace.matching.desk import brokers
from marketplace.matching.desk import operations as desk
from marketplace.matching.index import Hit
from marketplace.matching.models import DECLINE_CODES, Match, MatchAnswer
from marketplace.matching.pairing import _keep_matches
from marketplace.record import Event
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("app")


def cast(**values):
    """A firm's owner, a holder's owner, and a match of theirs."""
    firm, holder = factories.person(), factories.person()
    need = factories.need(factories.organisation(firm))
    technology = factories.technology(factories.organisation(holder, kind="institute"), **values)
    return firm, holder, factories.match(need, technology)


def events(match):
    session.flush()
    return [event.name for event in session.query(Event).filter_by(thing="match", thing_id=match.id).order_by(Event.id)]


def test_an_answer_can_be_given_changed_and_taken_back():
    firm, _holder, match = cast()
    for answer, code in (("introduced", None), ("new", None), ("declined", "price"), ("shortlisted", None)):
        answer_match(firm, match, "firm", answer, code, at=NOW)
        assert match.firm == answer
    session.flush()
    assert [(row.answer, row.code) for row in session.query(MatchAnswer).order_by(MatchAnswer.id)] == [
        ("introduced", None), ("new", None), ("declined", "price"), ("shortlisted", None)]
    assert events(match) == ["match.introduced", "match.introduction_asked", "match.taken_back", "match.declined", "match.shortlisted"]


def test_an_introduction_is_asked_by_either_side_but_not_against_a_decline():
    firm, holder, match = cast()
    answer_match(holder, match, "holder", "introduced", at=NOW)
    answer_match(firm, match, "firm", "introduced", at=NOW)
    assert events(match).count("match.introduction_asked") == 2
    answer_match(holder, match, "holder", "declined", "capacity", at=NOW)
    with pytest.raises(Refused, match="declined"):
        answer_match(firm, match, "firm", "introduced", at=NOW)
    answer_match(factories.broker(), match, "broker", "introduced", at=NOW)
    assert events(match).count("match.introduction_asked") == 2


def test_who_may_answer_and_with_what():
    firm, holder, match = cast()
    for who, side in ((holder, "firm"), (firm, "holder"), (firm, "broker"), (factories.person(), "firm"), (VISITOR, "firm")):
        with pytest.raises(NotAllowed):
            answer_match(who, match, side, "shortlisted")
    for answer, code, text, field in (("declined", None, None, "code"), ("declined", "ugly", None, "code"), ("declined", "other", " ", "text")):
        with pytest.raises(Refused) as refused:
            answer_match(firm, match, "firm", answer, code, text)
        assert refused.value.field == field
    with pytest.raises(NotFound):
        answer_match(firm, match, "firm", "adored")
    assert session.query(MatchAnswer).count() == 0


def test_accepting_counts_as_a_yes_for_learning_and_taking_back_as_nothing():
    assert (learning.label("introduced", None), learning.label("new", None), learning.label("declined", "price")) == (True, None, None)


def test_there_is_advice_for_every_code_of_the_one_list():
    assert set(ADVICE) == set(DECLINE_CODES)
    assert all(set(words) == {"firm", "holder"} and len(set(words.values())) == 2 for words in ADVICE.values())


def test_declines_are_counted_with_their_words_for_the_owners_alone():
    firm, holder, match = cast()
    others = [factories.match(factories.need(factories.organisation(factories.person())), match.technology) for _ in range(3)]
    people = [session.get(type(firm), other.need.organisation.memberships[0].person_id) for other in others]
    answer_match(firm, match, "firm", "declined", "description_unclear", "不知道测的是什么", NOW)
    answer_match(people[0], others[0], "firm", "declined", "description_unclear", None, NOW)
    answer_match(people[1], others[1], "firm", "declined", "price", "太贵", NOW)
    answer_match(people[2], others[2], "firm", "declined", "terms", None, NOW)
    answer_match(people[2], others[2], "firm", "new", at=NOW)
    answer_match(people[1], others[1], "firm", "shortlisted", at=NOW)
    answer_match(people[1], others[1], "firm", "declined", "timing", "明年再说", NOW)
    answer_match(factories.broker(), match, "broker", "declined", "ip_position", "别看", NOW)
    session.flush()
    assert [(one.code, one.count, one.words) for one in advice_for(holder, match.technology)] == [
        ("description_unclear", 2, ("不知道测的是什么",)), ("timing", 1, ("明年再说",))]
    assert advice_for(firm, match.need) == []
    for who in (firm, factories.person(), factories.operator(), factories.broker()):
        with pytest.raises(NotAllowed):
            advice_for(who, match.technology)
    assert advice_on(match, "holder").advice == ADVICE["description_unclear"]["holder"] and advice_on(match, "firm") is None
    answer_match(holder, match, "holder", "declined", "capacity", None, NOW)
    session.flush()
    assert [one.advice for one in advice_for(firm, match.need)] == [ADVICE["capacity"]["firm"]]


def test_the_lists_of_both_sides(client):
    firm, holder, match = cast()
    declined = factories.match(match.need, factories.technology(match.technology.organisation), score=2.0)
    gone = factories.match(match.need, factories.technology(match.technology.organisation, state="withdrawn"))
    old = factories.match(match.need, factories.technology(match.technology.organisation), current=False)
    factories.match()
    answer_match(firm, declined, "firm", "declined", "price", at=NOW)
    session.flush()
    assert desk.counted(firm, "firm") == {"new": 1, "introduced": 0, "shortlisted": 0, "declined": 1}
    assert desk.counted(holder, "holder")["new"] == 2, "what the firm has declined is not worth an answer; what was withdrawn is still the holder's own"
    assert desk.counted(firm, "holder") == desk.counted(factories.person(), "firm") == {"new": 0, "introduced": 0, "shortlisted": 0, "declined": 0}
    assert [row.id for row in desk.desk(firm, "firm", "new", 1, 20).rows] == [match.id]
    assert [row.id for row in desk.desk(firm, "firm", "declined", 1, 20).rows] == [declined.id]
    assert gone.id not in {row.id for row in desk.desk(firm, "firm", "new", 1, 20).rows} and not old.current
    client.login(firm)
    page = client.get("/zh/matches").get_data(as_text=True)
    assert match.technology.title["zh"] in page and f"/zh/matches/{match.public_id}" in page and declined.technology.title["zh"] not in page
    answer = client.post(f"/zh/matches/{match.public_id}", data={"side": "firm", "answer": "introduced", "code": "", "version": str(match.version_id),
                                                                 "next": "/zh/matches?side=firm&answer=new"})
    assert answer.status_code == 303 and answer.location == "/zh/matches?side=firm&answer=new"
    assert match.technology.title["zh"] in client.get("/zh/matches?answer=introduced").get_data(as_text=True)
    client.login(holder)
    page = client.get(f"/zh/matches/{match.public_id}").get_data(as_text=True)
    assert "已申请对接" in page
    client.logout()
    assert client.get("/zh/matches").status_code == 303


def test_what_one_technology_manager_declined_is_left_out_for_him_alone():
    _firm, _holder, match = cast()
    manager, other = factories.broker(), factories.broker()
    answer_match(manager, match, "broker", "declined", "wrong_field", at=NOW)
    session.flush()
    assert declines.declined_by(manager, match.need) == {match.technology_id} and declines.declined_by(other, match.need) == set()
    answer_match(manager, match, "broker", "new", at=NOW)
    session.flush()
    assert declines.declined_by(manager, match.technology) == set() and brokers.own_answer(manager, match) == "new"


def test_a_technology_manager_finds_what_he_has_shortlisted_and_nobody_elses(client):
    _firm, _holder, match = cast()
    hidden = cast(visibility="blind", teaser={"zh": "一种精加工办法"}, title={"zh": "绝密题目甲"}, abstract={"zh": "绝密内容乙"})[2]
    manager, other = factories.broker(), factories.broker()
    for one in (match, hidden):
        answer_match(manager, one, "broker", "shortlisted", at=NOW)
    session.flush()
    assert brokers.counted(manager)["shortlisted"] == 2 and brokers.counted(other) == {"shortlisted": 0, "introduced": 0, "declined": 0}
    client.login(manager)
    page = client.get("/zh/matches?side=broker").get_data(as_text=True)
    assert match.technology.title["zh"] in page and "一种精加工办法" in page and "绝密" not in page
    assert "您（技术经理人）：已列入候选" in client.get(f"/zh/matches/{match.public_id}").get_data(as_text=True)
    back = client.post(f"/zh/matches/{match.public_id}", data={"side": "broker", "answer": "new", "code": "", "version": str(match.version_id)})
    assert back.status_code == 303 and match.technology.title["zh"] not in client.get("/zh/matches?side=broker").get_data(as_text=True)
    client.login(other)
    assert "您（技术经理人）：尚未答复" in client.get(f"/zh/matches/{match.public_id}").get_data(as_text=True)
    client.login(factories.person())
    assert "以技术经理人身份" not in client.get("/zh/matches?side=broker").get_data(as_text=True)


def test_a_declined_pair_is_paged_and_told_when_the_other_side_has_changed():
    firm, _holder, match = cast()
    rows = [match, *(factories.match(match.need, factories.technology(match.technology.organisation), score=float(n)) for n in range(1, 5))]
    for row in rows:
        answer_match(firm, row, "firm", "declined", "too_early", at=NOW)
    rows[2].technology.revision = 2
    session.flush()
    first, second = (desk.desk(firm, "firm", "declined", page, 3).rows for page in (1, 2))
    assert [row.score for row in (*first, *second)] == [4.0, 3.0, 2.0, 1.0, 0.0]
    assert desk.changed_since(rows, "firm") == {rows[2].id}


def hits(*pairs):
    return [Hit(key=key, kind="technology", score=score, probability=0.5, contributions=(("words", score),), base=0.0, revision=1) for key, score in pairs]


def test_a_declined_pair_is_not_offered_again_when_it_is_scored_again():
    firm, _holder, match = cast()
    answer_match(firm, match, "firm", "declined", "price", at=NOW)
    _keep_matches(match.need, hits((match.technology_id, 3.0)), NOW)
    session.flush()
    assert match.firm == "declined" and desk.counted(firm, "firm")["new"] == 0
    assert declines.declined_by(firm, match.need) == {match.technology_id}
    assert declines.declined_by(factories.person(), match.need) == set()


@pytest.mark.parametrize(("better", "offered"), [(-2.0, False), (declines.MUCH_BETTER - 0.01, False), (declines.MUCH_BETTER, True)])
def test_a_wrong_field_is_not_proposed_to_the_firms_other_needs_unless_much_better(better, offered):
    firm, _holder, match = cast()
    second = factories.need(match.need.organisation)
    stranger = factories.need(factories.organisation(factories.person()))
    match.score = match.scorings[0].score = 1.0
    session.flush()
    answer_match(firm, match, "firm", "declined", "wrong_field", at=NOW)
    session.flush()
    for need in (second, stranger):
        _keep_matches(need, hits((match.technology_id, 1.0 + better)), NOW)
    session.flush()
    assert (session.query(Match).filter_by(need_id=second.id).count() == 1) is offered
    assert session.query(Match).filter_by(need_id=stranger.id).count() == 1
    answer_match(firm, match, "firm", "declined", "price", at=NOW)
    answer_match(firm, match, "firm", "new", at=NOW)
    session.flush()
    assert declines.wrong_fields(second) == {}


def test_a_wrong_field_leaves_the_current_lists_of_other_needs_at_once_and_comes_back(monkeypatch):
    firm, _holder, match = cast()
    near, liked, better = (factories.match(factories.need(match.need.organisation), match.technology, score=score) for score in (0.5, 0.5, 5.0))
    liked.firm = "shortlisted"
    session.flush()
    answer_match(firm, match, "firm", "declined", "wrong_field", at=NOW)
    session.flush()
    assert (near.current, liked.current, better.current) == (False, True, True)
    assert declines.wrong_fields(liked.need) == {}
    before = session.query(Job).filter_by(kind="matching.match_need").count()
    answer_match(firm, match, "firm", "new", at=NOW)
    session.flush()
    assert session.query(Job).filter_by(kind="matching.match_need", key=f"need:{near.need_id}").count() == 1 and before == 0


def test_the_match_page_marks_both_texts_and_shows_the_advice(client):
    firm, holder, match = cast(title={"zh": "手术钳去毛刺"}, abstract={"zh": "一把钳子铣完四十分钟内去除毛刺。"})
    answer_match(firm, match, "firm", "declined", "description_unclear", "看不懂指标", NOW)
    client.login(holder)
    page = client.get(f"/zh/matches/{match.public_id}").get_data(as_text=True)
    assert '<mark class="shared">' in page and "看不懂指标" in page and "写明做什么" in page
    assert "申请对接</button>" not in page, "the firm has declined"
    assert "看不懂指标" in client.get(f"/zh/technologies/{match.technology.public_id}").get_data(as_text=True)
    client.login(firm)
    page = client.get(f"/en/matches/{match.public_id}").get_data(as_text=True)
    assert "What would help" not in page and "Take the answer back" in page
    refused = client.post(f"/en/matches/{match.public_id}", data={"side": "firm", "answer": "declined", "code": "", "version": str(match.version_id)})
    assert refused.status_code == 422 and "Choose why" in refused.get_data(as_text=True)
    client.logout()
    assert "看不懂指标" not in client.get(f"/zh/technologies/{match.technology.public_id}").get_data(as_text=True)


def test_a_blind_technology_stays_its_teaser_on_the_desk(client):
    firm, holder, match = cast(visibility="blind", teaser={"zh": "一种精加工办法"}, title={"zh": "绝密题目甲"}, abstract={"zh": "绝密内容乙"})
    client.login(firm)
    for address in ("/zh/matches", f"/zh/matches/{match.public_id}"):
        page = client.get(address).get_data(as_text=True)
        assert "一种精加工办法" in page and "绝密" not in page and match.technology.organisation.name["zh"] not in page
        assert "50%" not in page
    client.login(holder)
    assert "绝密题目甲" in client.get("/zh/matches").get_data(as_text=True)


def test_advice_has_one_face_for_the_rooms_to_the_right():
    assert advice.side_of(factories.need()) == "firm" and answering.answer_match is answer_match
