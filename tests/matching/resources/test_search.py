"""Facilities, experts and scenarios in the engine: indexed after the commit, found in either language, suggested where they fit, and what bridges a gap."""

from __future__ import annotations

from datetime import date

import pytest
from bs4 import BeautifulSoup

from marketplace.access import VISITOR
from marketplace.catalogue.resources import operations as resources
from marketplace.catalogue.resources.rooms import ROOMS
from marketplace.db import session
from marketplace.matching import operations as matching
from marketplace.matching.resources import operations
from tests import factories as make
from tests.factories import NOW
from tests.inspection import playing, work

pytestmark = pytest.mark.usefixtures("app")

COATING = {"zh": "工业级离子镀膜炉，可为手术钳和模具做耐磨涂层放大与防腐验证。"}
ENGLISH = {"en": "An industrial furnace for wear-resistant coating of surgical forceps and moulds."}


@pytest.fixture(autouse=True)
def fresh_index(app, tmp_path, monkeypatch):
    """An index of this test alone, without encoders: words and the dictionary decide."""
    matching.index.cache_clear()
    found = matching.index()
    for name, value in (("folder", tmp_path), ("_view", None), ("_generation", None), ("_seen", None)):
        monkeypatch.setattr(found, name, value)
    yield
    matching.index.cache_clear()


def others():
    """Enough that has nothing to do with it, so that words can be rare."""
    for n in range(12):
        make.facility(title={"zh": f"第{n}号物流分拣试验场"}, description={"zh": f"用于包裹分拣的输送带之{n}。"}, fields=[], industries=[])
        make.technology(title={"zh": f"第{n}号水稻育种方法"}, abstract={"zh": f"分子标记选育抗倒伏水稻之{n}。"})


def build():
    session.commit()
    with playing():
        matching.reindex()
    session.expire_all()


def wearing(**values):
    """A firm that wants something finished within the year, and what an institute has: four of seven levels."""
    need = make.need(title={"zh": "手术钳耐磨涂层总掉"}, problem={"zh": "手术钳镀的耐磨涂层三个月就掉，要能量产的镀膜。"}, modes=["licence"],
                     deadline=date(2027, 6, 30), **values)
    technology = make.technology(title={"zh": "手术钳耐磨涂层镀膜方法"}, abstract={"zh": "用离子镀膜在手术钳上做耐磨涂层。"}, trl=4)
    return need, technology


def keys(kind, typed, **where):
    return list(matching.search(VISITOR, kind, typed, {name: (value,) for name, value in where.items()}, 0, 20).keys)


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_published_is_found_and_what_is_withdrawn_is_not(room):
    others()
    build()
    owner = make.person()
    one = {"facilities": make.facility, "experts": make.expert, "scenarios": make.scenario}[room](
        make.organisation(owner, kind="institute"), state="draft", title={"zh": "耐磨涂层"}, description=COATING)
    kind = ROOMS[room].noun
    resources.publish(owner, ROOMS[room].kind, one, NOW)
    assert keys(kind, "镀膜") == []
    work()
    assert keys(kind, "镀膜") == [one.id] == keys(kind, "耐磨涂层", field="surface_coating") and keys(kind, "镀膜", field="optics") == []
    assert keys("technology", "镀膜") == []
    resources.edit(owner, ROOMS[room].kind, one, NOW, description={"zh": "改做激光清洗"})
    work()
    assert keys(kind, "激光清洗") == [one.id] and keys(kind, "镀膜炉") == []
    resources.withdraw(owner, one, NOW)
    work()
    assert keys(kind, "激光清洗") == []


def test_members_only_is_found_by_members_only():
    others()
    hidden = make.facility(title={"zh": "耐磨涂层线"}, description=COATING, visibility="members")
    build()
    member = make.person()
    make.organisation(member)
    assert keys("facility", "耐磨涂层") == []
    assert list(matching.search(member, "facility", "耐磨涂层", {}, 0, 20).keys) == [hidden.id]
    for who, found in ((VISITOR, False), (member, True)):
        hits = operations.rank_kinds(who, ("facility",), "耐磨涂层镀膜", None, 5)["facility"]
        assert (hidden.id in {hit.key for hit in hits}) is found


@pytest.mark.parametrize(("written", "typed"), [(COATING, "wear-resistant coating for surgical forceps"), (ENGLISH, "手术钳耐磨涂层")])
def test_a_text_in_one_language_is_found_by_words_of_the_other(client, written, typed):
    others()
    code = next(iter(written))
    one = make.facility(title={code: written[code][:20]}, description=written)
    build()
    page = BeautifulSoup(client.get("/en/facilities", query_string={"q": typed}).get_data(as_text=True), "lxml")
    first = page.select_one("article.row-item a")
    assert first is not None and one.public_id in first["href"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_searches_and_their_filters(client, lang):
    one, expert, scenario = make.facility(accreditations=[{"scheme": "CNAS", "number": "L1"}]), make.expert(speaks=["de"]), make.scenario()
    build()
    for path in ("facilities", "experts", "scenarios"):
        assert client.get(f"/{lang}/{path}").status_code == 200
    for query, found in (("maturity=5", True), ("maturity=9", False), ("accreditation=CNAS", True), ("facility_kind=test_lab", False), ("region=330000", True)):
        assert (one.public_id in client.get(f"/{lang}/facilities?{query}").get_data(as_text=True)) is found, query
    assert expert.public_id in client.get(f"/{lang}/experts?speaks=de").get_data(as_text=True)
    assert scenario.public_id in client.get(f"/{lang}/scenarios?region=610000").get_data(as_text=True)
    for name in ("facilities", "experts", "scenarios"):
        for form in ("xlsx", "atom"):
            answer = client.get(f"/{lang}/{name}.{form}")
            assert answer.status_code == 200 and len(answer.get_data()) > 500
            answer.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_need_and_a_technology_show_what_fits_them(client, lang):
    others()
    line = make.facility(title={"zh": "耐磨涂层中试线"}, description=COATING)
    expert = make.expert(title={"zh": "耐磨涂层顾问"}, description={"zh": "解决手术钳涂层脱落"})
    scenario = make.scenario(title={"zh": "手术钳耐磨涂层首试病区"}, description={"zh": "可试耐磨涂层的手术钳"})
    need, technology = wearing()
    build()
    shown = client.get(f"/{lang}/needs/{need.public_id}").get_data(as_text=True)
    assert all(f"/{lang}/{path}" in shown for path in (f"facilities/{line.public_id}", f"experts/{expert.public_id}", f"scenarios/{scenario.public_id}"))
    beside = client.get(f"/{lang}/technologies/{technology.public_id}").get_data(as_text=True)
    assert line.public_id in beside and scenario.public_id in beside and expert.public_id not in beside


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_match_that_falls_short_names_the_lines_that_bridge_it(client, lang):
    others()
    whole = make.facility(title={"zh": "耐磨涂层中试线"}, description=COATING, trl_from=4, trl_to=7)
    make.facility(title={"zh": "耐磨涂层量产线"}, description=COATING, trl_from=8, trl_to=9)
    scenario = make.scenario(title={"zh": "手术钳耐磨涂层首试病区"}, description={"zh": "可试耐磨涂层镀膜的手术钳"})
    firm = make.person()
    need, technology = wearing(organisation=make.organisation(firm))
    build()
    match = make.match(need, technology)
    client.login(firm)
    shown = client.get(f"/{lang}/matches/{match.public_id}").get_data(as_text=True)
    said = {"zh": "成果为 TRL 4，需要 TRL 7：这些中试平台可以把它做到位。", "en": "TRL 4 offered, 7 wanted: these pilot lines can take it there."}[lang]
    assert said in shown and whole.public_id in shown and scenario.public_id in shown and "量产线" not in shown
    found = operations.bridging(firm, match)
    assert [one.id for one in found.facilities] == [whole.id] and found.reaches
    assert said in client.get(f"/{lang}/needs/{need.public_id}").get_data(as_text=True)
    technology.trl = 7
    session.commit()
    assert operations.bridging(firm, match) is None
    assert "TRL 7 offered" not in client.get(f"/en/matches/{match.public_id}").get_data(as_text=True)


def test_who_knows_a_listing_by_its_teaser_is_told_of_no_gap():
    others()
    make.facility(title={"zh": "耐磨涂层中试线"}, description=COATING)
    firm = make.person()
    need, technology = wearing(organisation=make.organisation(firm))
    technology.visibility, technology.teaser = "blind", {"zh": "一种表面处理"}
    build()
    match = make.match(need, technology)
    assert operations.bridging(firm, match) is None and operations.bridging_rows(firm, need, [technology]) == {}
    assert operations.suggestions(firm, technology, "zh") == {} and operations.suggestions(firm, need, "zh") != {}


def test_kinds_asked_together_are_ranked_as_each_alone():
    others()
    make.facility(title={"zh": "耐磨涂层中试线"}, description=COATING)
    make.scenario(title={"zh": "手术钳耐磨涂层首试病区"}, description={"zh": "可试耐磨涂层的手术钳"})
    build()
    where = {"visibility": ("public",)}
    together = matching.index().rank_kinds("手术钳耐磨涂层", ("facility", "expert", "scenario"), where, 5)
    assert together == {kind: matching.index().rank("手术钳耐磨涂层", kind, where, limit=5) for kind in ("facility", "expert", "scenario")}
    assert together["facility"] and together["scenario"] and not together["expert"]
