"""A later award: a place that a team did not take goes to another ranked proposal, and the first award stays as it was."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from marketplace.alerts.models import Mail
from marketplace.calls.pools import deciding
from marketplace.calls.reviewing import awarding, later, operations
from marketplace.calls.reviewing.awarding import Choice
from marketplace.calls.reviewing.models import Award
from marketplace.calls.teams import operations as teams
from marketplace.calls.teams.places import Free, free_of
from marketplace.db import session
from marketplace.errors import NotAllowed, Problem, Refused
from marketplace.record import move
from tests.calls.pools.owning import pooled, say
from tests.calls.reviewing import scene as make
from tests.factories import NOW
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")


def refused(wanted):
    return pytest.raises(Refused, match=wanted)


def declined(place=0, **more):
    """An award to the first of three, worth 400,000 yuan, who does not take it."""
    found, award = make.awarded(**{"chosen": (0,), **more})
    teams.decline(found.solvers[place], teams.teams_of(found.call)[place], "团队已解散", NOW)
    return found, award


def choose(found, *places, amount=40_000_000):
    """A choice for each that could be given the place."""
    left = [one for one in found.proposals if teams.team_of(one.id) is None and one.state == "opened"]
    return {one.id: Choice(True, "排名第二，可按期接手", "", amount) if found.proposals.index(one) in places else Choice(False) for one in left}


def test_the_place_of_whoever_declines_goes_to_another():
    found, first = declined()
    content = dict(first.content)
    assert found.call.state == "awarded" and free_of(found.call) == Free(1, 40_000_000)
    decision = later.decide_later(found.owner, found.review, choose(found, 1), "首选方已放弃", at=NOW)
    award = later.publish_later(found.owner, found.review, decision.number, NOW)
    assert (award.number, [one["rank"] for one in award.content["winners"]], award.content["reasons"]) == (2, [2], "首选方已放弃")
    session.refresh(first)
    assert first.content == content and operations.award_of(found.call) is first and operations.awards_of(found.call) == [first, award]
    team = teams.team_of(found.proposals[1].id)
    assert (team.state, team.award, team.amount, len(team.gates)) == ("named", award, 40_000_000, 2)
    assert free_of(found.call) == Free(0, 0)
    with refused("No place"):
        later.decide_later(found.owner, found.review, choose(found, 2), "再来一次", at=NOW)
    with refused("published already"):
        later.publish_later(found.owner, found.review, decision.number, NOW)
    proposal, result = awarding.result_of(found.solvers[1], found.proposals[1].public_id)
    assert result.chosen and result.later[0] is award and result.verdict.advice == "先做小试" and proposal is found.proposals[1]
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(text("update award set number = 3 where id = :id"), {"id": award.id})


def test_what_a_later_decision_is_refused_for():
    found, _first = declined()
    with refused("Give the reasons") as told:
        later.decide_later(found.owner, found.review, {**choose(found), found.proposals[1].id: Choice(True)}, " ", at=NOW)
    names = found.proposals[1].public_id
    assert [field for field, _message in told.value.values["also"]] == [f"reason_{names}", f"amount_{names}"]
    with refused("more than there is"):
        later.decide_later(found.owner, found.review, choose(found, 1, amount=40_000_001), "理由", at=NOW)
    with refused("more teams"):
        later.decide_later(found.owner, found.review, choose(found, 1, 2, amount=1), "理由", at=NOW)
    with refused("leaves the ranking"):
        later.decide_later(found.owner, found.review, choose(found, 2), "理由", at=NOW)
    with refused("end the call"):
        later.decide_later(found.owner, found.review, choose(found), "理由", at=NOW)
    with refused("withdrawn in the meantime"):
        later.decide_later(found.owner, found.review, {found.proposals[0].id: Choice(True, "还是他", "", 1)}, "理由", at=NOW)
    for actor in (found.member, found.solvers[1]):
        with pytest.raises(NotAllowed):
            later.decide_later(actor, found.review, choose(found, 1), "理由", at=NOW)
    assert later.decide_later(found.owner, found.review, choose(found, 2), "理由", "方案二要价过高", at=NOW).differs


def test_a_ranking_that_changes_keeps_it_from_being_published():
    found, _first = declined()
    later.decide_later(found.owner, found.review, choose(found, 1), "理由", at=NOW)
    found.proposals[1].withdrawn = NOW
    move(found.proposals[1], "withdraw", found.solvers[1], NOW)
    session.flush()
    with refused("decide anew"):
        later.publish_later(found.owner, found.review, 2, NOW)


def test_a_team_stopped_before_signing_frees_its_place_and_one_at_work_does_not():
    found, _first = make.awarded(chosen=(0, 1), kind="enterprise")
    one, two = teams.teams_of(found.call)
    teams.stop(found.owner, one, "预算调整", NOW)
    assert free_of(found.call) == Free(1, 40_000_000)
    with refused("still at work"):
        teams.end_call(found.owner, found.call, NOW)
    teams.decline(found.solvers[1], two, "无法排期", NOW)
    assert found.call.state == "awarded" and free_of(found.call) == Free(2, 80_000_000)
    with pytest.raises(NotAllowed):
        teams.end_call(found.member, found.call, NOW)
    teams.end_call(found.owner, found.call, NOW)
    assert found.call.state == "ended"
    with refused("No place"):
        later.decide_later(found.owner, found.review, choose(found, 2), "理由", at=NOW)


def test_the_call_ends_by_itself_when_nobody_is_left():
    found, _first = make.awarded(chosen=(0, 1, 2), teams=3, amounts=10_000_000)
    for place, team in enumerate(teams.teams_of(found.call)):
        assert found.call.state == "awarded"
        teams.decline(found.solvers[place], team, "无法排期", NOW)
    assert found.call.state == "ended"


def test_whoever_was_given_it_later_can_decline_in_his_turn():
    found, _first = declined()
    for place, number in ((1, 2), (2, 3)):
        decision = later.decide_later(found.owner, found.review, choose(found, place), "递补", at=NOW)
        assert later.publish_later(found.owner, found.review, decision.number, NOW).number == number
        teams.decline(found.solvers[place], teams.team_of(found.proposals[place].id), "无法排期", NOW)
    assert found.call.state == "ended" and [one.number for one in operations.awards_of(found.call)] == [1, 2, 3]


def test_several_owners_vote_on_it_as_on_the_first():
    found, _first = declined()
    pooled(found)
    decision = later.decide_later(found.owner, found.review, choose(found, 1), "递补", at=NOW)
    with refused("have not voted"):
        later.publish_later(found.owner, found.review, 2, NOW)
    say(deciding.put_decision(found.owner, decision, at=NOW), "yes", "yes")
    assert later.publish_later(found.owner, found.review, 2, NOW).number == 2


def test_the_solvers_are_told():
    found, _first = declined()
    work()
    before = set(session.scalars(select(Mail.id)))
    decision = later.decide_later(found.owner, found.review, choose(found, 1), "递补", at=NOW)
    award = later.publish_later(found.owner, found.review, decision.number, NOW)
    work()
    new = {mail.person_id: mail for mail in session.scalars(select(Mail).where(Mail.id.not_in(before), Mail.template == "review"))}
    assert set(new) == {one.id for one in found.solvers}
    assert f"/proposals/{found.proposals[1].public_id}/result" in new[found.solvers[1].id].body
    assert f"/awards/{award.public_id}" in new[found.solvers[2].id].body


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_from_the_free_place_to_the_award_by_pages(client, lang):
    found, first = declined()
    page = f"/{lang}/open-calls/{found.call.public_id}/review"
    client.login(found.member)
    assert "award-again" not in client.get(page).get_data(as_text=True) and client.get(f"{page}/award-again").status_code == 403
    client.login(found.owner)
    shown = client.get(page).get_data(as_text=True)
    assert "award-again" in shown and "/review/end" in shown
    name = found.proposals[1].public_id
    shown = client.get(f"{page}/award-again").get_data(as_text=True)
    assert f"chosen_{name}" in shown and f"chosen_{found.proposals[0].public_id}" not in shown and "advice_" not in shown
    said = {"base": "1", f"chosen_{name}": "y", f"amount_{name}": "400000", f"reason_{name}": "排名第二", "reasons": "首选方已放弃", "differs": ""}
    assert client.post(f"{page}/award-again", data=said | {f"amount_{name}": "500000"}).status_code == 422
    assert client.post(f"{page}/award-again", data=said).status_code == 303
    assert client.post(f"{page}/award-again", data=said).status_code == 409
    assert client.get(f"{page}/award-again").status_code == 200
    assert "首选方已放弃" in client.get(page).get_data(as_text=True)
    assert client.post(f"{page}/publish", data={"number": "2"}).status_code == 303
    award = session.scalars(select(Award).where(Award.number == 2)).one()
    assert client.get(f"{page}/award-again").status_code == 404
    for one in (first, award):
        shown = client.get(f"/{lang}/awards/{one.public_id}").get_data(as_text=True)
        assert "首选方已放弃" in shown and f"/awards/{(award if one is first else first).public_id}" in shown
    client.login(found.solvers[1])
    assert f"/awards/{award.public_id}" in client.get(f"/{lang}/proposals/{name}/result").get_data(as_text=True)


def test_the_owners_end_the_call_by_the_button(client):
    found, _first = declined()
    client.login(found.owner)
    assert client.post(f"/en/open-calls/{found.call.public_id}/review/end").status_code == 303
    session.refresh(found.call)
    assert found.call.state == "ended"
    with pytest.raises(Problem):
        teams.end_call(found.owner, found.call, NOW)
