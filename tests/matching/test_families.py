"""Families: what makes two technologies one, how a family grows, splits and ends, and what of it a reader may see."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest

from marketplace.access import SYSTEM, VISITOR
from marketplace.catalogue import operations as catalogue
from marketplace.catalogue.models import Technology
from marketplace.db import session
from marketplace.jobs import Job, enqueue, run_one
from marketplace.matching import constants, families, grouping, operations
from marketplace.matching.families import Facts, Link, compare, read_person, read_text, titles_alike
from marketplace.matching.semantic import Encoders
from tests import factories
from tests.inspection import playing, work

FORCEPS = "用微细电解去除手术钳铣削后的毛刺，工具电极沿刃口轮廓移动，电解液脉动供给，毛刺高度低于 0.02 毫米，单件用时 90 秒。"
FORCEPS_EN = (
    "Burrs left by milling on surgical forceps are removed by micro-electrolysis: a tool electrode follows the contour of the jaw, the "
    "electrolyte is fed in pulses, burrs end below 0.02 mm, and a piece takes 90 seconds."
)
SEALS = "陶瓷密封环采用两步烧结，晶粒细小，磨损率降低，适用于高压泵的轴端密封与颗粒介质输送。"
FILLING = ("包裹分拣", "水稻育种", "焊缝检测", "污水除磷", "电池回收", "木材干燥", "鱼苗孵化", "轴承诊断", "陶瓷釉料", "织物染色")


def facts(key, title="", body="", language="zh", **values):
    defaults = {"key": key, "organisation": 1, "texts": {language: read_text(title, body, values.pop("meaning", None))}}
    return Facts(**{**defaults, **values})


def reason(one, other):
    found = compare(one, other)
    return found.reason if found else None


def test_one_number_is_one_invention_whatever_the_titles_say():
    one = facts(2, "一种密封环", numbers=frozenset({"CN 201710601862.3"}), organisation=1)
    other = facts(1, "陶瓷轴封", numbers=frozenset({"CN 201710601862.3", "CN107345678"}), organisation=2)
    assert compare(one, other) == Link(1, 2, "number", 1.0)
    assert compare(one, facts(3, "一种密封环", numbers=frozenset({"CN 201710601863.8"}), organisation=2, owned=True)) is None


@pytest.mark.parametrize(("one", "other", "alike"), [
    ("一种手术钳微细电解去毛刺方法", "手术钳的微细电解去毛刺装置及其应用", True),
    ("System and method for deburring surgical forceps", "Apparatus for Deburring Surgical Forceps", True),
    ("Stress corrosion cracking of 316 steel in chloride solutions", "Stress corrosion cracking of 304 steel in chloride solutions", False),
    ("手术钳微细电解去毛刺方法", "手术钳磨粒流抛光方法", False),
    ("一种装置", "一种方法", False),
    ("", "", False),
])
def test_titles_are_alike_by_the_words_that_say_something(one, other, alike):
    read = [families.read_title(title) for title in (one, other)]
    assert (titles_alike(*read) >= families.TITLES_ALIKE) is alike


def test_a_title_counts_with_its_parties_and_its_text():
    one = facts(1, "手术钳微细电解去毛刺方法", FORCEPS)
    assert reason(one, facts(2, "一种手术钳微细电解去毛刺的方法", FORCEPS.replace("90", "85"))) == "title"
    assert reason(one, facts(2, "手术钳微细电解去毛刺方法", SEALS)) is None
    assert reason(one, facts(2, "手术钳微细电解去毛刺方法")) == "title"
    assert reason(facts(1, "密封环"), facts(2, "一种密封环")) is None, "a short title says too little without a text"
    other_house = {"organisation": 2, "names": ("某校",), "owned": True}
    assert reason(facts(1, "手术钳微细电解去毛刺方法", FORCEPS, owned=True), facts(2, "手术钳微细电解去毛刺方法", FORCEPS, **other_house)) is None


def test_a_rewritten_title_over_the_same_text_is_a_revised_row():
    one, other = facts(1, "手术钳微细电解去毛刺方法", FORCEPS), facts(2, "手术钳刃口微细电解去毛刺工艺", FORCEPS)
    assert families.titles_alike(one.texts["zh"].title, other.texts["zh"].title) < families.TITLES_ALIKE
    assert reason(one, other) == "title"
    assert reason(one, facts(2, "陶瓷密封环的两步烧结", FORCEPS)) is None


def test_an_agency_that_names_nobody_is_believed_only_word_for_word():
    owner = facts(1, "手术钳微细电解去毛刺方法", FORCEPS, owned=True, names=("浙江某大学",))
    assert reason(owner, facts(2, "手术钳微细电解去毛刺方法", FORCEPS, organisation=2)) == "title"
    assert reason(owner, facts(2, "手术钳微细电解去毛刺方法", FORCEPS[:30] + SEALS, organisation=2)) is None
    named = facts(2, "手术钳微细电解去毛刺方法", FORCEPS[:40], organisation=2, owned=True, names=("agency", "浙江某大学"))
    assert reason(owner, named) == "title"


def test_inventors_outweigh_the_organisation_in_either_script():
    def by(key, *names):
        return facts(key, "手术钳微细电解去毛刺方法", FORCEPS, inventors=tuple(map(read_person, names)))

    assert reason(by(1, "王小明", "李雷"), by(2, "Xiao-Ming WANG")) == "title"
    assert reason(by(1, "Wang Xiaoming"), by(2, "Xiaoming J. Wang")) == "title"
    assert reason(by(1, "王小明"), by(2, "王晓明")) is None
    assert reason(by(1, "王小明"), by(2, "Lei Li")) is None


def test_a_failed_route_is_never_one_with_what_works():
    one = facts(1, "手术钳微细电解去毛刺方法", FORCEPS, numbers=frozenset({"CN 1"}))
    assert compare(one, facts(2, "手术钳微细电解去毛刺方法", FORCEPS, numbers=frozenset({"CN 1"}), is_negative=True)) is None


def test_meaning_needs_the_figures_and_another_office():
    near, far = np.array([1.0, 0.0], np.float32), np.array([0.6, 0.8], np.float32)
    one = facts(1, "手术钳去毛刺", FORCEPS, meaning=near)
    assert reason(one, facts(2, "Deburring", FORCEPS_EN, "en", meaning=far)) == "meaning"
    assert reason(one, facts(2, "Deburring", FORCEPS_EN.replace("0.02", "0.5").replace("90", "45"), "en", meaning=far)) is None
    without = FORCEPS_EN.replace("0.02", "a hair").replace("90", "few")
    assert reason(facts(1, "去毛刺", "电解去毛刺", meaning=near), facts(2, "Deburring", without, "en", meaning=far)) is None
    assert reason(facts(1, "去毛刺", "电解去毛刺", meaning=near), facts(2, "Deburring", without, "en", meaning=near)) == "meaning"
    apart = {"filed": "CN 201710601862.3"}, {"filed": "CN 201810601862.4"}
    assert reason(facts(1, "去毛刺", FORCEPS, meaning=near, **apart[0]), facts(2, "x", FORCEPS_EN, "en", meaning=near, **apart[1])) is None
    abroad = facts(2, "x", FORCEPS_EN, "en", meaning=near, filed="US US11/213604")
    assert reason(facts(1, "去毛刺", FORCEPS, meaning=near, **apart[0]), abroad) == "meaning"


def chain(length, why="title", first=1):
    return [Link(key, key + 1, why, 1.0) for key in range(first, first + length - 1)]


def test_families_are_what_hangs_together_named_by_the_oldest():
    assert families.families([Link(4, 9, "title", 1.0), Link(9, 11, "meaning", 0.7), Link(2, 3, "number", 1.0)]) == {
        2: 2, 3: 2, 4: 4, 9: 4, 11: 4,
    }


def test_a_chain_of_likeness_is_no_family_and_one_of_numbers_is():
    most = families.MOST
    assert len(set(families.families(chain(most)).values())) == 1
    assert families.families(chain(most + 1)) == {}
    assert set(families.families(chain(most + 5, "number")).values()) == {1}
    two = [*chain(8), Link(8, 9, "meaning", 0.7), *chain(8, first=9)]
    assert set(families.families(two).values()) == {1, 9}, "the weakest links go first"
    numbered = [*chain(most + 3, "number"), Link(most + 3, 99, "title", 1.0)]
    assert set(families.families(numbered).values()) == {1}, "thirteen rows of one number are one invention"


# In the database


@pytest.fixture
def fresh_index(app, tmp_path, monkeypatch):
    """An index of this test alone, without encoders."""
    operations.index.cache_clear()
    found = operations.index()
    for name, value in (("folder", tmp_path), ("_view", None), ("_generation", None), ("_seen", None)):
        monkeypatch.setattr(found, name, value)
    yield found
    operations.index.cache_clear()


@pytest.fixture
def house(fresh_index):
    """An institute whose catalogue is indexed: ten technologies that have nothing to do with each other."""
    owner = factories.organisation(kind="institute")
    for subject in FILLING:
        factories.technology(owner, title={"zh": f"{subject}方法"}, abstract={"zh": f"关于{subject}的现场试验与成套装备，{subject}效果稳定。"})
    session.commit()
    with playing():
        operations.reindex()
    return owner


def filed(owner, title="手术钳微细电解去毛刺方法", body=FORCEPS, **values):
    """A published technology that the jobs have indexed and grouped."""
    made = factories.technology(owner, title={"zh": title}, abstract={"zh": body} if body else {}, **values)
    changed(made)
    return made


def changed(*technologies):
    for technology in technologies:
        for kind in ("matching.index_technology", "matching.group_technology"):
            enqueue(kind, thing_id=technology.id)
    work()
    assert {job.state for job in session.query(Job)} <= {"done"}


def family(*technologies):
    session.expire_all()
    return [technology.family_id for technology in technologies]


def test_the_same_number_in_another_house_is_one_family(house):
    one = filed(house, "密封环", SEALS, application_number="201710601862.3")
    other = filed(factories.organisation(kind="agency"), "手术钳", FORCEPS, application_number="201710601862.3")
    assert family(one, other) == [one.id, one.id]
    granted = filed(house, "水泵叶轮", "关于叶轮的耐磨涂层。", publication_number="CN107345678A")
    again = filed(factories.organisation(), "离心泵", "离心泵的选型软件。", publication_number="CN107345678B")
    unknown = filed(factories.organisation(), "输送带", "输送带的纠偏机构。", application_number="12345")
    unknown_too = filed(factories.organisation(), "热处理炉", "热处理炉的炉门密封。", application_number="12345")
    assert family(granted, again) == [granted.id, granted.id]
    assert family(unknown, unknown_too) == [None, None], "a number that no office gave says nothing"


def test_the_same_title_and_parties_are_found_through_the_index(house):
    one = filed(house)
    other = filed(house, "一种手术钳微细电解去毛刺的方法")
    stranger = filed(factories.organisation(kind="institute"), owners=["另一家研究所"], inventors=["赵一"])
    assert family(one, other, stranger) == [one.id, one.id, None]
    session.commit()
    assert session.query(Technology).filter(Technology.family_id.is_not(None)).count() == 2
    assert {job.values["keys"][0] for job in session.query(Job).filter_by(kind="matching.index_members")} == {one.id}


def test_a_revised_row_leaves_its_family_and_the_rest_stays(house):
    first, second, third = (filed(house) for _ in range(3))
    assert family(first, second, third) == [first.id] * 3
    first.title, first.abstract = {"zh": "陶瓷密封环的两步烧结"}, {"zh": SEALS}
    changed(first)
    assert family(first, second, third) == [None, second.id, second.id]
    version = session.get(Technology, second.id).version_id
    first.title, first.abstract = {"zh": "手术钳微细电解去毛刺方法"}, {"zh": FORCEPS}
    changed(first)
    assert family(first, second, third) == [first.id] * 3
    assert session.get(Technology, second.id).version_id == version, "whoever edits a member meanwhile is not in the way"


def test_what_one_member_held_together_falls_apart_when_it_goes(house):
    left = filed(house, "密封环的两步烧结工艺", SEALS, application_number="201710601862.3")
    right = filed(house, "手术钳微细电解去毛刺方法", FORCEPS, publication_number="CN107345678A")
    both = filed(factories.organisation(), "x", "", application_number="201710601862.3", publication_number="CN107345678B")
    assert family(left, right, both) == [left.id] * 3
    with playing():
        catalogue.withdraw_technology(SYSTEM, session.get(Technology, both.id))
        session.commit()
    work()
    assert family(left, right, both) == [None, None, None]
    twin = filed(house)
    assert family(right, twin) == [right.id, right.id]


def test_joining_two_families_makes_one(house):
    one, two = (filed(house, "密封环的两步烧结工艺", SEALS, application_number=number) for number in ("201710601862.3", None))
    three, four = (filed(house, publication_number=number) for number in ("CN107345678A", None))
    assert family(one, two, three, four) == [one.id, one.id, three.id, three.id]
    filed(factories.organisation(), "x", "", application_number="201710601862.3", publication_number="CN107345678B")
    assert family(one, two, three, four) == [one.id] * 4


def test_a_house_style_of_titles_is_no_family(house):
    rows = [filed(house) for _ in range(families.MOST)]
    assert set(family(*rows)) == {rows[0].id}
    rows.append(filed(house))
    assert set(family(*rows)) == {None}
    with playing():
        catalogue.withdraw_technology(SYSTEM, session.get(Technology, rows[3].id))
        session.commit()
    work()
    assert set(family(*rows[:3], *rows[4:])) == {rows[0].id}, "what was too many is one again when it is not"


def test_a_publication_finds_its_family_through_the_reactions(house):
    one = filed(house)
    person = factories.person()
    factories.membership(person, house)
    other = catalogue.create_technology(
        person, house, kind="patent", title={"zh": "一种手术钳微细电解去毛刺方法"}, abstract={"zh": FORCEPS}, application_number="201710601862.3",
    )
    catalogue.publish_technology(person, other)
    work()
    assert family(one, other) == [one.id, one.id]


def test_a_version_in_the_other_language_is_found_by_meaning(house, fresh_index, monkeypatch):
    monkeypatch.setattr(fresh_index, "_given", Encoders(fast=Encoders.default().fast))
    monkeypatch.setattr(fresh_index, "_kept", None)
    session.commit()
    with playing():
        operations.reindex()
    chinese = filed(house)
    other = factories.technology(house, title={"en": "Cathode cooling for smelters"}, abstract={"en": "Cathodes of smelters are cooled by 4 heat pipes."})
    english = factories.technology(
        factories.organisation(kind="agency"), title={"en": "Deburring surgical forceps by micro-electrolysis"}, abstract={"en": FORCEPS_EN})
    changed(other, english)
    assert family(chinese, english, other) == [chinese.id, chinese.id, None]
    found = grouping.also_filed(VISITOR, english)
    assert [(each.technology.id, each.reason) for each in found] == [(chinese.id, "meaning")]


def test_paragraphs_and_their_translations(shared):
    """Paragraphs of an encyclopaedia in both languages, many of them neighbours in one article."""
    texts = {}
    for folder, code in (("xquad_zh_en", "en"), ("xquad_en_zh", "zh")):
        lines = (shared / "judged" / folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
        texts[code] = {row["id"]: row["text"] for row in map(json.loads, lines)}
    keys = sorted(texts["zh"])[:60]
    encoders = Encoders(fast=Encoders.default().fast)
    known = constants.averages(encoders, [], {code: [texts[code][key] for key in keys] for code in texts})
    read = {
        code: [
            facts(place, "", texts[code][key], code, meaning=known.document(encoders.fast, code, encoders.stored(encoders.fast, [texts[code][key]]))[0])
            for place, key in enumerate(keys)
        ] for code in texts
    }
    pairs = {(one.key, other.key) for one, other in product(read["zh"], read["en"]) if compare(one, other)}
    right = sum((place, place) in pairs for place in range(len(keys)))
    assert right >= 0.9 * len(keys)
    assert len(pairs) - right <= 0.001 * len(keys) ** 2


# Runs


def imported(house, count=12):
    run = factories.import_run(house)
    rows = []
    for place in range(count):
        subject = FILLING[place // 2]
        rows.append(factories.technology(
            house, import_run_id=run.id, title={"zh": f"{subject}的联合控制与{subject}评价"},
            abstract={"zh": f"{subject}过程的联合控制：先测{subject}的状态，再给出{subject}的处方，最后评价{subject}的效果与成本。"},
        ))
    session.commit()
    enqueue("matching.index_run", thing_id=run.id)
    work()
    return run, rows


def test_a_run_is_grouped_in_batches_and_goes_on_where_it_was_killed(house, monkeypatch):
    monkeypatch.setattr(grouping, "GROUPED_AT_ONCE", 4)
    run, rows = imported(house)
    enqueue("matching.group_run", thing_id=run.id)
    session.commit()
    with playing():
        assert run_one(only=["matching.group_run"])
    session.expire_all()
    assert [row.family_id is not None for row in rows] == [True] * 4 + [False] * 8, "what is done is kept"
    asked = []
    monkeypatch.setattr(grouping, "_candidates", lambda technology, real=grouping._candidates: (asked.append(technology.id), real(technology))[1])
    work()
    assert asked == [row.id for row in rows[4:]], "and is not done again"
    expected = [rows[place - place % 2].id for place in range(12)]
    assert family(*rows) == expected
    enqueue("matching.group_run", thing_id=run.id)
    work()
    assert family(*rows) == expected


# What a reader may see


def test_members_that_a_reader_may_not_read_are_not_shown_nor_what_hangs_on_them(house, client):
    shown = filed(house, "密封环的两步烧结工艺", SEALS, application_number="201710601862.3")
    secret = filed(factories.organisation(), "x", "", application_number="201710601862.3", publication_number="CN107345678B", visibility="members")
    beyond = filed(house, publication_number="CN107345678A")
    also = filed(factories.organisation(kind="agency"), "陶瓷密封", "陶瓷密封。", application_number="201710601862.3")
    twin = filed(house)
    assert len(set(family(shown, secret, beyond, also, twin))) == 1
    assert [each.technology.id for each in grouping.also_filed(VISITOR, shown)] == [also.id]
    verified = factories.person()
    factories.organisation(verified)
    session.expire_all()
    found = [(each.technology.id, each.reason) for each in grouping.also_filed(verified, shown)]
    assert found == [(secret.id, "number"), (beyond.id, "number"), (also.id, "number"), (twin.id, "title")]
    page = client.get(f"/zh/technologies/{shown.public_id}").get_data(as_text=True)
    assert also.public_id in page and secret.public_id not in page and beyond.public_id not in page
    client.login(verified)
    page = client.get(f"/en/technologies/{shown.public_id}").get_data(as_text=True)
    assert secret.public_id in page and beyond.public_id in page and "same number" in page


def test_a_technology_alone_says_nothing_of_families(house, client):
    page = client.get(f"/en/technologies/{filed(house).public_id}").get_data(as_text=True)
    assert "Also filed as" not in page
