"""What a distillation does to the matches: a worked example by hand, the laws of the comparison, the job at sign-off, the broker's page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.db import session
from marketplace.errors import NotAllowed
from marketplace.matching import distilled, improvement, operations
from marketplace.matching.improvement import Move, compared
from marketplace.needs.distilling import operations as distilling
from tests import factories
from tests.factories import NOW
from tests.inspection import playing, work


def test_a_worked_example():
    own = [(key, 0.05) for key in range(1, 13)]
    both = [(20, 0.6), (2, 0.2), (1, 0.1), *((key, 0.04) for key in range(3, 10))]
    found = compared(own, [(20, 0.7)], both)
    assert found.expected == pytest.approx({"own": 0.5, "questions": 0.7, "both": 0.6 + 0.2 + 0.1 + 7 * 0.04})
    assert found.gain == pytest.approx(0.68)
    assert found.came == [Move(20, None, 1)] and found.left == [Move(10, 10, None)]
    assert found.shifted[:2] == [Move(1, 1, 3), Move(3, 3, 4)] and Move(2, 2, 2) not in found.shifted
    assert found.of({12, 20, 99}) == [Move(20, None, 1), Move(12, 12, None), Move(99, None, None)]
    assert improvement.from_dict(found.to_dict()) == found


RANKING = st.lists(st.tuples(st.integers(0, 60), st.floats(0, 1)), unique_by=lambda pair: pair[0], max_size=50).map(
    lambda pairs: sorted(pairs, key=lambda pair: -pair[1]))


@given(RANKING, RANKING)
def test_what_came_makes_up_for_what_left(own, both):
    found = compared(own, [], both)
    assert len(found.came) - len(found.left) == min(10, len(both)) - min(10, len(own))
    assert {move.key for move in found.came}.isdisjoint(move.key for move in (*found.left, *found.shifted))
    assert compared(own, [], own).gain == 0 and not compared(own, [], own).came


def test_the_median():
    assert (improvement.middle([]), improvement.middle([0.1, -0.2, 0.4]), improvement.middle([0.1, 0.3])) == (None, 0.1, pytest.approx(0.2))


@pytest.fixture
def fresh_index(app, tmp_path, monkeypatch):
    """An index of this test alone, without encoders: the words decide."""
    operations.index.cache_clear()
    found = operations.index()
    for name, value in (("folder", tmp_path), ("_view", None), ("_generation", None), ("_seen", None)):
        monkeypatch.setattr(found, name, value)
    yield
    operations.index.cache_clear()


@pytest.mark.usefixtures("fresh_index")
def test_a_signed_off_round_is_measured_by_a_job_and_shown_to_the_broker_alone(client):
    good = factories.technology(title={"zh": "微细电解去毛刺方法"}, abstract={"zh": "用微细电解去除手术钳铣削毛刺，毛刺高度低于 0.02 毫米。"})
    for n in range(14):
        factories.technology(title={"zh": f"第{n}号物流分拣装置"}, abstract={"zh": f"用于包裹分拣的输送带与控制方法之{n}，老师傅手磨。"})
    owner, broker = factories.person(), factories.broker()
    need = factories.need(factories.organisation(owner), title={"zh": "活儿做得太慢"}, problem={"zh": "老师傅手磨一把要四十分钟，废品多。"})
    session.commit()
    with playing():
        operations.reindex()
    questions = [{"text": {"zh": "手术钳铣削毛刺如何用电解去除？"}, "targets": []}]
    with pytest.raises(NotAllowed):
        distilled.measure(owner, need, {"zh": "毛刺"}, [])
    round_ = distilling.save(broker, need, {}, questions, NOW)
    client.login(broker)
    typed = {"version": str(round_.version_id), "questions-0-zh": questions[0]["text"]["zh"], "questions-0-targets-0-direction": "at_most",
             "questions-1-targets-0-direction": "at_most",
             "currency": "CNY", "payer": "firm", "cash": "none", "alone": "unclear", "pays": "unclear", "preview": "1"}
    page = client.post(f"/zh/needs/{need.public_id}/distillation", data=typed).get_data(as_text=True)
    assert good.title["zh"] in page.split('id="preview"')[1]
    distilling.send(broker, round_, NOW)
    distilling.sign_off(owner, round_, NOW)
    factories.match(need, good, firm="shortlisted")
    work()
    found = distilled.kept(round_)
    assert found.of({good.id})[0].after == 1 and found.gain == pytest.approx(round_.gain) and round_.gain > 0
    assert distilled.middle_gain() == (round_.gain, 1)
    page = client.get(f"/zh/distillations/{round_.public_id}").get_data(as_text=True)
    assert good.title["zh"] in page and f"{found.expected['both']:.2f}" in page
    client.login(owner)
    assert f"{found.expected['both']:.2f}" not in client.get(f"/zh/distillations/{round_.public_id}").get_data(as_text=True)
