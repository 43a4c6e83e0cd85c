"""The loop closed: declines are given, the weekly job learns from them, and similar pairs are ordered otherwise; what the operator reads of it."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import select

from marketplace.access import SYSTEM
from marketplace.alerts.models import Mail
from marketplace.db import session
from marketplace.errors import NotAllowed
from marketplace.jobs import enqueue, run_all
from marketplace.matching import fusion, lessons, operations, weekly
from marketplace.matching.models import LearningRun
from marketplace.needs.models import Need
from tests import factories
from tests.inspection import playing
from tests.matching.answered_site import fill
from tests.matching.answered_site import folder as folder
from tests.matching.answered_site import packaged as packaged

WORDS = "钳子 毛刺 电解 抛光 轴承 油膜 高温 涂层 焊接 烟尘 传感 报警 冷却 裂纹 检测 超声 振动 刀具 磨损 寿命".split()


def learn() -> None:
    """The weekly job and the mail that follows, and no other."""
    enqueue("matching.learn")
    session.commit()
    with playing():
        run_all(only=("matching.learn", "alerts.learned"))
    session.expire_all()


def told() -> list[Mail]:
    return list(session.scalars(select(Mail).where(Mail.template == "learned").order_by(Mail.id)))


def _text(rng: np.random.Generator, count: int) -> str:
    """A text of some of the words; half of them with their characters the other way round, so that single characters agree and words do not."""
    return "，".join(word if rng.random() < 0.5 else word[::-1] for word in rng.choice(WORDS, count, replace=False))


def _matched(rng: np.random.Generator) -> Need:
    """A need and forty technologies of such texts, indexed and matched by the real engine."""
    holder = factories.organisation(kind="institute")
    for number in range(40):
        factories.technology(holder, title={"zh": f"第{number}号{_text(rng, 2)}"}, abstract={"zh": _text(rng, 8)})
    need = factories.need(title={"zh": _text(rng, 2)}, problem={"zh": _text(rng, 7)})
    session.commit()
    with playing():
        operations.reindex()
    _score(need)
    return need


def _score(need: Need) -> None:
    enqueue("matching.match_need", thing_id=need.id)
    session.commit()
    with playing():
        run_all(only=("matching.match_need",))
    session.expire_all()


def _order(need: Need) -> list[int]:
    return [match.technology_id for match in operations.matches_of(need)]


def _agreement(need: Need, order: list[int]) -> float:
    """How well an order agrees with what the shared characters weighed at first, from -1 to 1."""
    first = {match.technology_id: dict(match.scorings[-1].contributions).get("bigrams", 0.0) for match in operations.matches_of(need)}
    weighed = [first[key] for key in order if key in first]
    return -float(np.corrcoef(range(len(weighed)), weighed)[0, 1])


def test_declines_change_the_order_of_similar_pairs(folder):
    """Firms go by shared characters four times as much as the packaged weights do; then so does the order of a need that nobody has answered."""
    need = _matched(np.random.default_rng(7))
    before = _order(need)
    fill(120)
    learn()
    run = session.scalars(select(LearningRun)).one()
    assert (run.verdict, run.version) == ("better", fusion.weights(folder).version) and run.version != fusion.packaged().version
    _score(need)
    after = _order(need)
    assert after != before and _agreement(need, after) > _agreement(need, before)
    lessons.undo(SYSTEM)
    learn()
    runs = session.scalars(select(LearningRun).order_by(LearningRun.id)).all()
    assert [run.verdict for run in runs] == ["better", "undone"] and fusion.weights(folder) == fusion.packaged(), "it does not come back by itself"


def test_what_the_operator_reads(folder, client):
    operator = factories.operator(language="en")
    client.login(operator)
    assert "0 answers wait to be learned from" in client.get("/en/desk").get_data(as_text=True)
    fill(20)
    waiting = weekly.standing(operator).waiting
    assert 20 < waiting < 150 and f"{waiting} answers wait to be learned from" in client.get("/en/desk").get_data(as_text=True)
    learn()
    [mail] = told()
    assert mail.person_id == operator.id and f"{waiting} answers to matches say" in mail.body and "too few to learn from" in mail.body
    page = client.get("/zh/desk").get_data(as_text=True)
    assert "0 条答复待学习" in page and "数量不足，暂不学习" in page
    learn()
    assert len(told()) == 1, "a week without new answers is told to nobody"
    client.login(factories.person(language="en"))
    assert "learned from" not in client.get("/en/desk").get_data(as_text=True)


def test_coins_are_read_and_not_used(folder):
    factories.operator()
    fill(80, random_from=0.0)
    learn()
    run = session.scalars(select(LearningRun)).one()
    assert (run.verdict, run.version) == ("kept", None) and fusion.weights(folder) == fusion.packaged() and "未启用" in told()[0].body


def test_price_and_answers_taken_back_do_not_wait(app):
    firm = factories.person()
    pair = factories.match(factories.need(factories.organisation(firm)))
    for answer in (("declined", "price"), ("new", None)):
        operations.answer_match(firm, pair, "firm", *answer)
    session.flush()
    assert weekly.standing(SYSTEM).waiting == 0
    with pytest.raises(NotAllowed):
        weekly.standing(firm)
