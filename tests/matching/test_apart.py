"""Blind listings in the engine: matched in full by the system, found by readers as their teaser alone."""

from __future__ import annotations

from typing import Any

import pytest

from marketplace.access import SYSTEM, VISITOR
from marketplace.catalogue import operations as catalogue
from marketplace.db import session
from marketplace.jobs import enqueue
from marketplace.matching import apart, grouping, operations
from marketplace.matching.models import Match
from tests import factories
from tests.inspection import playing, work

FULL = {"title": {"zh": "手术钳微细电解去毛刺方法"}, "abstract": {"zh": "用微细电解去除手术钳铣削毛刺，毛刺高度低于 0.02 毫米。"}}
BLIND = {"visibility": "blind", "teaser": {"zh": "给小零件修边的新办法"}}
ASKED = "手术钳铣完毛刺太多，去毛刺太慢。"


@pytest.fixture(autouse=True)
def fresh_index(app: Any, tmp_path: Any, monkeypatch: Any) -> Any:
    """An index of this test alone, without encoders: the words decide."""
    operations.index.cache_clear()
    found = operations.index()
    for name, value in (("folder", tmp_path), ("_view", None), ("_generation", None), ("_seen", None)):
        monkeypatch.setattr(found, name, value)
    yield
    operations.index.cache_clear()


def build() -> None:
    """Commit what the test has made and index it."""
    session.commit()
    with playing():
        operations.reindex()


def others() -> None:
    """Enough other listings that words can be rare."""
    for n in range(12):
        factories.technology(title={"zh": f"第{n}号物流分拣装置"}, abstract={"zh": f"用于包裹分拣的输送带与控制方法之{n}。"})


def need() -> Any:
    """A need that the blind technology answers."""
    return factories.need(title={"zh": "手术钳毛刺去不干净"}, problem={"zh": ASKED})


def keys(actor: Any, text: str = ASKED) -> list[int]:
    """The technologies that are ranked for a text."""
    return [hit.key for hit in operations.rank_technologies(text, actor, limit=30) if hit.probability >= operations.LEAST]


def test_the_system_matches_the_full_text_and_a_reader_finds_the_teaser():
    others()
    blind = factories.technology(**FULL, **BLIND)
    build()
    assert keys(SYSTEM)[0] == blind.id
    who = (VISITOR, factories.person(), factories.broker(), factories.operator())
    for actor in who:
        assert blind.id not in keys(actor) and keys(actor, "给小零件修边")[0] == blind.id
        assert operations.search(actor, "technology", "微细电解", {}, 0, 9).total == 0
        assert operations.search(actor, "technology", "修边", {}, 0, 9).keys == (blind.id,)
        assert operations.found(actor, "technology", "修边", {}, 9).total == 0  # nor in a file


@pytest.mark.parametrize("n", [0, 3])
def test_a_blind_listing_is_scored_as_it_would_be_if_it_were_open(n: int):
    others()
    good = factories.technology(title={"zh": "手术钳磨粒流去毛刺"}, abstract={"zh": "磨粒流去除手术钳毛刺。"})
    for _other in range(n):
        factories.technology(title={"zh": "水稻育种"}, abstract={"zh": "抗倒伏水稻品种。"}, **BLIND)
    blind = factories.technology(**FULL, **BLIND)
    build()
    as_blind = {hit.key: hit.score for hit in operations.rank_technologies(ASKED, SYSTEM, limit=30)}
    seen = {hit.key: hit.score for hit in operations.rank_technologies(ASKED, VISITOR, limit=30)}
    assert as_blind[good.id] == seen[good.id] and blind.id not in seen
    blind.visibility = "public"
    build()
    as_open = {hit.key: hit.score for hit in operations.rank_technologies(ASKED, SYSTEM, limit=30)}
    assert as_blind[blind.id] == pytest.approx(as_open[blind.id], abs=0.5)  # among so few, that the readers' index has four teasers more moves the rarities


def test_open_listings_are_scored_the_same_with_and_without_blind_ones():
    others()
    good = factories.technology(title={"zh": "手术钳磨粒流去毛刺"}, abstract={"zh": "磨粒流去除手术钳毛刺。"})
    blind = factories.technology(**FULL, visibility="blind", teaser={})
    build()
    before = [(hit.key, hit.score) for hit in operations.rank_technologies(ASKED, VISITOR, limit=30) if hit.key != blind.id]
    blind.abstract = {"zh": "完全是别的：手术钳、毛刺、太慢、太多。"}
    build()
    assert before[0][0] == good.id
    assert before == [(hit.key, hit.score) for hit in operations.rank_technologies(ASKED, VISITOR, limit=30) if hit.key != blind.id]


def test_what_becomes_blind_or_open_moves_with_its_job():
    others()
    person = factories.person()
    technology = factories.technology(factories.organisation(person, kind="institute"), **FULL)
    build()
    assert technology.id in keys(VISITOR)
    catalogue.edit_technology(person, technology, **BLIND)
    work()
    assert technology.id not in keys(VISITOR) and technology.id in keys(SYSTEM)
    assert operations.search(VISITOR, "technology", "微细电解", {}, 0, 9).total == 0
    assert operations.index().count("technology") == 13
    catalogue.edit_technology(person, technology, visibility="members")
    work()
    assert technology.id in keys(SYSTEM) and keys(SYSTEM).count(technology.id) == 1 and apart.view(operations.index()) is None
    catalogue.edit_technology(person, technology, **BLIND)
    catalogue.withdraw_technology(person, technology)
    work()
    assert technology.id not in keys(SYSTEM) and technology.id not in keys(VISITOR, "给小零件修边")


@pytest.mark.parametrize("side", ["technology", "need", "both"])
def test_kept_matches_rest_on_full_texts_whichever_job_finds_them(side: str):
    others()
    asking = need()
    blind = factories.technology(**FULL)
    for name, listing in (("technology", blind), ("need", asking)):
        if side in (name, "both"):
            listing.visibility, listing.teaser = "blind", {"zh": "一条隐名信息"}
    build()
    for kind, values in (("match_need", {"thing_id": asking.id}), ("match_technology", {"thing_id": blind.id}), ("match_all", {})):
        session.query(Match).filter_by(need_id=asking.id).update({"current": False})
        enqueue(f"matching.{kind}", **values)
        work()
        assert [match.technology_id for match in operations.matches_of(asking)] == [blind.id], kind


def test_an_import_of_blind_listings_keeps_what_a_need_had_before():
    others()
    good = factories.technology(title={"zh": "手术钳磨粒流去毛刺"}, abstract={"zh": "磨粒流去除手术钳铣削毛刺。"})
    asking, untouched = need(), factories.need(title={"zh": "物流分拣装置"}, problem={"zh": "第3号物流分拣装置，用于包裹分拣的输送带与控制方法。"})
    build()
    enqueue("matching.match_all")
    work()
    before = {match.technology_id for match in operations.matches_of(untouched)}
    assert [match.technology_id for match in operations.matches_of(asking)] == [good.id] and before
    run = factories.import_run()
    blind = factories.technology(run.organisation, import_run_id=run.id, **FULL, **BLIND)
    enqueue("matching.index_run", thing_id=run.id)
    enqueue("matching.match_run", thing_id=run.id)
    work()
    assert {match.technology_id for match in operations.matches_of(asking)} == {good.id, blind.id}
    assert {match.technology_id for match in operations.matches_of(untouched)} == before


def test_a_need_whose_matches_are_all_closed_is_matched_again():
    others()
    asking, gone = need(), factories.technology(**FULL)
    build()
    enqueue("matching.match_all")
    work()
    gone.state = "withdrawn"
    build()
    enqueue("matching.match_all")
    work()
    assert not operations.matches_of(asking)


def test_a_blind_technology_belongs_to_no_family():
    others()
    holder = factories.organisation(kind="institute")
    one, other = (factories.technology(holder, **FULL, application_number=number) for number in ("201710601862.3", None))
    build()
    for thing in (one, other):
        enqueue("matching.group_technology", thing_id=thing.id)
    work()
    assert one.family_id == other.family_id == min(one.id, other.id)
    other.visibility, other.teaser = "blind", BLIND["teaser"]
    session.commit()
    assert not grouping.also_filed(VISITOR, one)
    enqueue("matching.group_technology", thing_id=other.id)
    work()
    session.expire_all()
    assert one.family_id is None and other.family_id is None


def test_a_rebuild_without_blind_listings_empties_their_index():
    others()
    blind = factories.technology(**FULL, **BLIND)
    build()
    assert apart.view(operations.index()) is not None
    blind.state = "withdrawn"
    build()
    assert apart.view(operations.index()) is None and blind.id not in keys(SYSTEM)
