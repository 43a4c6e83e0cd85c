"""Technologies that could answer a call: on its page and on the desk of their own people, where they may answer it, and nowhere else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.access import VISITOR
from marketplace.alerts.models import Mail
from marketplace.calls import fitting, operations
from marketplace.calls.models import CallFit
from marketplace.db import now, session
from marketplace.jobs import Job
from marketplace.matching import operations as matching
from tests import factories as make
from tests.inspection import playing, work

pytestmark = pytest.mark.usefixtures("app", "fresh_index")

WELD = {
    "title": {"zh": "铝合金焊缝气孔太多"},
    "brief": {"zh": "机器人焊接铝合金支架，焊缝里总有气孔，返修率太高。"}, "targets": [], "industry": None, "region": None,
}
CURE = {"title": {"zh": "铝合金焊缝气孔抑制方法"}, "abstract": {"zh": "机器人焊接铝合金时用脉冲气流抑制焊缝气孔，返修率低。"}}


@pytest.fixture
def holder():
    """An institute's member, with the technology that fits and others that do not."""
    person = make.person(language="zh")
    house = make.organisation(person, kind="institute")
    cure = make.technology(house, **CURE)
    for n in range(12):
        make.technology(house, title={"zh": f"第{n}号水稻育种方法"}, abstract={"zh": f"分子标记选育抗倒伏水稻之{n}。"})
    return person, house, cure


def build():
    session.commit()
    with playing():
        matching.reindex()
    session.expire_all()


def own(who, call):
    return [row.listing.id for row in fitting.own_technologies(who, call, list(getattr(who, "organisations", [])), "zh")]


def on_desk(who):
    return [(fit.call.id, fit.technology.id) for fit in fitting.fitting_calls(who)]


def fit(call):
    for _step in fitting.fit_call(call.id):
        session.flush()
    session.flush()


def test_the_page_of_a_call_names_the_readers_own_results(holder, client):
    person, _house, cure = holder
    others = make.technology(**CURE)
    call = make.open_call(**WELD)
    build()
    assert own(person, call)[0] == cure.id and others.id not in own(person, call)
    client.login(person)
    page = client.get(f"/zh/open-calls/{call.public_id}").get_data(as_text=True)
    assert "贵方可以用来揭榜的成果" in page and cure.public_id in page and others.public_id not in page and 'class="fall"' in page
    assert f"/open-calls/{call.public_id}/proposal" in page
    english = client.get(f"/en/open-calls/{call.public_id}").get_data(as_text=True)
    assert "Your results that could answer this" in english


@pytest.mark.parametrize("who", ["visitor", "owner of the call", "another", "broker", "operator"])
def test_nobody_else_learns_who_could_answer(holder, client, who):
    _person, _house, cure = holder
    call = make.open_call(**WELD)
    readers = {"owner of the call": call.organisation.memberships[0].person, "another": make.person(), "broker": make.broker(), "operator": make.operator()}
    if who == "another":
        make.organisation(readers[who], kind="institute")
    build()
    fit(call)
    assert session.scalars(select(CallFit).where(CallFit.call_id == call.id, CallFit.technology_id == cure.id)).one().probability > fitting.LEAST
    if who in readers:
        client.login(readers[who])
    for address in (f"/zh/open-calls/{call.public_id}", "/zh/open-calls", *(("/zh/desk", "/zh/matches?side=holder") if who in readers else ())):
        answer = client.get(address)
        assert answer.status_code == 200 and cure.public_id not in answer.get_data(as_text=True), address
    assert fitting.fitting_calls(readers.get(who, VISITOR)) == []


def test_a_blind_result_is_shown_to_its_own_people_alone(holder):
    person, house, cure = holder
    cure.state = "withdrawn"
    blind = make.technology(house, visibility="blind", teaser={"zh": "一种金属加工的办法"}, **CURE)
    call = make.open_call(**WELD)
    build()
    fit(call)
    assert own(person, call)[0] == blind.id and on_desk(person) == [(call.id, blind.id)]
    stranger = make.person()
    make.organisation(stranger, kind="institute")
    assert fitting.own_technologies(stranger, call, [house], "zh") == [], "named for another's house, it is not shown"


def test_the_desk_follows_calls_and_technologies_as_they_come_and_go(holder):
    person, house, cure = holder
    build()
    owner = make.person()
    call = make.open_call(make.organisation(owner, size="large"), state="draft", **{**WELD, "targets": make.open_call().targets})
    operations.publish_call(owner, call)
    work()
    assert on_desk(person) == [(call.id, cure.id)]
    late = make.technology(house, **{**CURE, "title": {"zh": "铝合金支架焊缝气孔机器人焊接抑制"}})
    for _step in matching.index_technology(late.id):
        session.flush()
    for _step in fitting.fit_technology(late.id):
        session.flush()
    session.flush()
    kept = {row.technology_id for row in session.scalars(select(CallFit).where(CallFit.call_id == call.id))}
    assert {late.id, cure.id} <= kept and len(on_desk(person)) == 1, "a call stands there once"
    late.state = "withdrawn"
    session.flush()
    for _step in fitting.fit_technology(late.id):
        session.flush()
    assert on_desk(person) == [(call.id, cure.id)] and session.scalars(select(CallFit).where(CallFit.technology_id == late.id)).all() == []
    operations.withdraw_call(owner, call, "不需要了")
    assert on_desk(person) == []
    work()
    assert session.scalars(select(CallFit)).all() == []
    assert {mail.template for mail in session.scalars(select(Mail).where(Mail.person_id == person.id))} == set(), "nobody asked for mail"


def test_an_import_has_the_calls_weighed_beside_what_they_had(holder):
    person, house, cure = holder
    call, other = make.open_call(**WELD), make.open_call(title={"zh": "水稻倒伏"}, brief={"zh": "收割前水稻大片倒伏，减产三成。"}, targets=[])
    build()
    for _step in fitting.fit_call(call.id):
        session.flush()
    run = make.import_run(house)
    late = make.technology(house, **{**CURE, "title": {"zh": "铝合金支架焊缝气孔机器人焊接抑制"}}, import_run_id=run.id)
    build()
    for _step in fitting.fit_run(run.id):
        session.flush()
    kept = {row.technology_id for row in session.scalars(select(CallFit).where(CallFit.call_id == call.id))}
    assert kept == {cure.id, late.id} and [found for found, _technology in on_desk(person)] == [call.id]
    assert session.scalars(select(CallFit).where(CallFit.call_id == other.id)).all() == [], "nothing of the import concerns it"


def test_no_more_than_the_best_are_kept_however_many_come_one_by_one(holder, monkeypatch):
    _person, house, cure = holder
    call = make.open_call(**WELD)
    late = [make.technology(house, **{**CURE, "title": {"zh": f"铝合金支架焊缝气孔机器人焊接抑制之{number}"}}) for number in range(3)]
    build()

    def weighed():
        for one in (cure, *late):
            for _step in fitting.fit_technology(one.id):
                session.flush()
        return session.scalars(select(CallFit.technology_id).where(CallFit.call_id == call.id).order_by(CallFit.score.desc(), CallFit.id)).all()

    every = weighed()
    monkeypatch.setattr(fitting, "KEPT", 2)
    assert len(every) > 2 and weighed() == every[:2]


def test_other_weights_have_every_open_call_weighed_anew(holder):
    call = make.open_call(**WELD)
    make.open_call(state="closed", **WELD)
    for _step in fitting.fit_all():
        session.flush()
    queued = session.scalars(select(Job).where(Job.kind == "calls.fit_call", Job.state == "queued")).all()
    assert [job.values for job in queued] == [{"thing_id": call.id}]


@pytest.mark.parametrize("changes", [
    {"eligible": {"kinds": ["enterprise"], "sizes": [], "regions": []}}, {"eligible": {"kinds": [], "sizes": [], "regions": ["310000"]}},
    {"state": "closed"}, {"deadline": now() - timedelta(minutes=1)},
])
def test_calls_that_one_may_not_answer_are_not_suggested(holder, client, changes):
    person, _house, cure = holder
    call = make.open_call(**WELD)
    build()
    fit(call)
    assert on_desk(person) == [(call.id, cure.id)]
    for name, value in changes.items():
        setattr(call, name, value)
    session.flush()
    assert on_desk(person) == []
    client.login(person)
    assert cure.public_id not in client.get(f"/zh/open-calls/{call.public_id}").get_data(as_text=True)


def test_ones_own_call_is_not_suggested_nor_one_for_members_to_others(holder):
    person, house, _cure = holder
    mine = make.open_call(house, **WELD)
    hidden = make.open_call(visibility="members", **WELD)
    build()
    fit(mine)
    fit(hidden)
    assert [pair[0] for pair in on_desk(person)] == [hidden.id]
    house.state = "unverified"
    session.flush()
    assert on_desk(person) == []


def test_desk_and_matches_show_them_in_both_languages(holder, client):
    person, _house, cure = holder
    call = make.open_call(**WELD)
    build()
    fit(call)
    session.commit()
    client.login(person)
    for address, words in (("/zh/desk", "贵方成果可以揭的榜"), ("/en/matches?side=holder", "Open calls your technologies could answer")):
        page = client.get(address).get_data(as_text=True)
        assert words in page and call.public_id in page and cure.public_id in page
    assert call.public_id not in client.get("/en/matches?side=firm").get_data(as_text=True)
