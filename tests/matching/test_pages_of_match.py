"""Pages of matches as each actor sees them: what speaks against, similar listings, and nothing of what is not open to them."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from marketplace import cli
from marketplace.db import session
from marketplace.matching import operations
from marketplace.matching.models import Match, Scoring
from marketplace.needs.models import Need
from tests import factories
from tests.factories import NOW
from tests.inspection import playing

HIDDEN = ("超磁致伸缩", "蜂鸟刃口", "0.0137")
SECRET = {
    "title": {"zh": "超磁致伸缩去毛刺方法", "en": "Magnetostrictive hummingbird deburring"},
    "abstract": {"zh": "手术钳毛刺由蜂鸟刃口去除，毛刺高度 0.0137 毫米。", "en": "A hummingbird edge takes the burr of surgical forceps off, burr 0.0137 mm."},
}
OFFER = {"mode": "assignment", "territory": "CN", "terms": {"currency": "CNY", "entry_fee": "300000.00"}}


@pytest.fixture(autouse=True)
def fresh_index(app, tmp_path, monkeypatch):
    """An index of this test alone, without encoders: the words decide."""
    operations.index.cache_clear()
    found = operations.index()
    for name, value in (("folder", tmp_path), ("_view", None), ("_generation", None), ("_seen", None)):
        monkeypatch.setattr(found, name, value)
    yield
    operations.index.cache_clear()


def build():
    """A dozen listings of other things, so that words can be rare; then commit and index."""
    for n in range(12):
        factories.technology(title={"zh": f"第{n}号物流分拣装置"}, abstract={"zh": f"用于包裹分拣的输送带与控制方法之{n}。"})
    for n in range(6):
        factories.need(title={"zh": f"第{n}条分拣线总堵"}, problem={"zh": f"包裹分拣线经常堵，第{n}条最厉害。"})
    session.commit()
    with playing():
        operations.reindex()


def cast(**secret):
    """A firm with a need, a holder with a technology that answers it, their match, and the people who look at it."""
    people = {"firm": factories.person(), "holder": factories.person(), "broker": factories.broker(), "operator": factories.operator(),
              "stranger": factories.person()}
    factories.organisation(people["stranger"], state="unverified")
    need = factories.need(
        factories.organisation(people["firm"], **secret.pop("firm", {})), title={"zh": "手术钳毛刺去不干净", "en": "Burr stays on surgical forceps"},
        problem={"zh": "手术钳铣完毛刺太多，去毛刺太慢。", "en": "Too much burr on surgical forceps after milling."}, budget_max=20_000_000,
        currency="CNY", deadline=NOW.replace(year=2027).date(), cash="none", modes=["licence"],
        targets=[{"quantity": {"zh": "毛刺", "en": "burr"}, "today": "0.1", "wanted": "0.01", "unit": "mm", "direction": "at_most"}],
    )
    technology = factories.technology(
        factories.organisation(people["holder"], kind="institute", name={"zh": "隐匿研究所", "en": "Hidden Institute"}), trl=4, **SECRET, **secret,
    )
    match = Match(need_id=need.id, technology_id=technology.id, score=1.0, probability=0.7311, created=NOW)
    session.add(match)
    session.flush()
    session.add(Scoring(match_id=match.id, need_revision=1, technology_revision=1, index_version="v", score=1.0, base=-2.0,
                        contributions=[["words", 3.25], ["maturity", -0.25]], at=NOW))
    return people, need, technology, match


def page(client, address, person=None):
    """The text of a page for somebody, and its status; spaces that do not break are read as plain ones."""
    client.logout()
    if person is not None:
        client.login(person)
    answer = client.get(address)
    return answer.status_code, answer.get_data(as_text=True).replace("\N{NO-BREAK SPACE}", " ")


def test_a_match_says_what_speaks_against_it_in_both_languages(client):
    people, need, technology, match = cast(offer=OFFER)
    build()
    for language, words in (("zh", ("要留意的地方", "成熟度 4 级", "¥300,000", "¥200,000", "0.0137 mm", "≤ 0.01 mm", "转让", "签约时要付")),
                            ("en", ("What speaks against it", "maturity is 4", "¥300,000", "¥200,000", "burr ≤ 0.01 mm", "assignment", "due at signing"))):
        for address in (f"/{language}/matches/{match.public_id}", f"/{language}/needs/{need.public_id}"):
            status, text = page(client, address, people["firm"])
            assert status == 200
            assert not [word for word in words if word not in text], address


def test_a_pasted_problem_shows_what_speaks_against_its_answers(client):
    cast(offer=OFFER)
    build()
    address = client.post("/zh/", data={"problem": "手术钳铣完毛刺太多，毛刺不超过0.01毫米。预算20万元，三个月内交样，谢谢！"}).location
    text = client.get(address).get_data(as_text=True)
    assert "¥300,000" in text and "¥200,000" in text and "0.0137\N{NO-BREAK SPACE}mm" in text and "一般要到 7 级" in text
    assert '<span lang="zh-Hans">万元</span>' not in text and '<span lang="zh-Hans">毫米</span>' not in text  # no common ground


def test_a_failed_route_stands_beside_the_technology_that_comes_near_it(client):
    people, need, _technology, match = cast()
    failed = factories.technology(kind="negative_result", title={"zh": "超磁致伸缩去毛刺路线失败"},
                                  abstract={"zh": "超磁致伸缩去除手术钳毛刺，蜂鸟刃口崩裂，已停止。"})
    build()
    status, text = page(client, f"/zh/matches/{match.public_id}", people["firm"])
    assert "有人试过相近的路线" in text and f"/zh/technologies/{failed.public_id}" in text
    _status, text = page(client, f"/zh/needs/{need.public_id}", people["firm"])
    assert text.index("有人试过相近的路线") < text.index("没有走通") + 100
    assert text.count("有人试过相近的路线") == 1


TEASERS = {"technology": {"zh": "一种去毛刺的新办法。", "en": "A new way to take off burr."}, "need": {"zh": "一家工厂有毛刺问题。"}}


def hide(*listings):
    """Make listings blind."""
    for listing in listings:
        listing.visibility, listing.teaser = "blind", TEASERS[listing.__tablename__]
    session.flush()


@pytest.mark.parametrize("who", ["firm", "holder", "broker", "operator", "stranger", "granted", None])
def test_a_listing_not_open_in_full_is_known_by_its_teaser_and_a_band(client, who):
    people, need, technology, match = cast(offer=OFFER)
    people["granted"] = people["stranger"]
    hide(technology)
    if who == "granted":
        factories.access_grant(technology, people["granted"].organisations[0])
    build()
    pasted = client.post("/zh/", data={"problem": "手术钳铣完毛刺太多，毛刺不超过0.01毫米，预算20万元"}).location
    pages = [pasted, f"/zh/matches/{match.public_id}"] if who in ("firm", "holder", "broker", "operator") else [pasted]
    for address in pages:
        status, text = page(client, address, people.get(who))
        assert status == 200
        leaked = [word for word in (*HIDDEN, "隐匿研究所", "¥300,000", "73%", "一次性支付") if word in text]
        if who in ("holder", "granted"):
            assert leaked and "要留意的地方" in text
        else:
            assert not leaked, (address, leaked)
            assert "一种去毛刺的新办法。" in text and "fall-box" not in text and "要留意的地方" not in text


@pytest.mark.parametrize("who", ["firm", "holder", "broker", "operator"])
def test_a_match_with_a_blind_need_quotes_it_to_the_firm_alone(client, who):
    people, need, _technology, match = cast(offer=OFFER)
    hide(need)
    build()
    status, text = page(client, f"/zh/matches/{match.public_id}", people[who])
    leaked = [word for word in ("手术钳", "¥200,000", "73%", need.organisation.called("zh")) if word in text.replace("手术钳毛刺由蜂鸟", "")]
    assert status == 200 and bool(leaked) is (who == "firm"), leaked
    assert ("一家工厂有毛刺问题。" in text) is (who != "firm")


def test_a_listing_not_open_in_full_says_nothing_more_on_the_command_line(app, monkeypatch):
    _people, need, technology, _match = cast(offer=OFFER)
    hide(need, technology)
    build()
    monkeypatch.setattr(cli, "_ready", lambda: None)
    for to in ("technologies", "needs"):
        with playing():
            result = CliRunner().invoke(cli.main, ["match", "毛刺太多，去毛刺太慢，预算20万元", "--to", to, "--json", "--limit", "3"])
        assert result.exit_code == 0, result.output
        own = [row for row in json.loads(result.output) if row["id"] in (need.public_id, technology.public_id)]
        assert len(own) == 1 and set(own[0]) == {"id", "title", "band", "reasons", "against"}
        assert own[0]["title"] in (TEASERS["need"]["zh"], TEASERS["technology"]["zh"]) and not own[0]["against"]
        assert not [word for word in (*HIDDEN, "隐匿研究所", "手术钳毛刺去不干净", "entry_fee", "300000") if word in result.output]


@pytest.mark.parametrize("who", ["firm", "holder", "broker", "operator", "stranger", None])
def test_a_members_only_listing_shows_nowhere_to_those_outside(client, who):
    people, need, technology, match = cast(visibility="members", firm={"state": "unverified"})
    other = factories.technology(title={"zh": "手术钳毛刺的磨粒流去除"}, abstract={"zh": "磨粒流去除手术钳毛刺。"})
    build()
    person = people.get(who)
    inside = who in ("holder", "broker", "operator")
    pasted = client.post("/zh/", data={"problem": "手术钳铣完毛刺太多"}).location
    lists = [pasted, f"/zh/needs/{need.public_id}", f"/zh/technologies/{other.public_id}", "/zh/technologies?q=手术钳毛刺"]
    for address in lists:
        status, text = page(client, address, person)
        assert status == 200
        assert ("超磁致伸缩" in text) is inside, address
    for address in (f"/zh/matches/{match.public_id}", f"/zh/technologies/{technology.public_id}"):
        status, text = page(client, address, person)
        assert (status == 200) is inside, address
        assert ("超磁致伸缩" in text) is inside


def test_a_technology_page_names_similar_ones_and_never_itself(client):
    people, _need, technology, _match = cast()
    twin = factories.technology(title={"zh": "超磁致伸缩去毛刺装置"}, abstract={"zh": "手术钳毛刺由蜂鸟刃口去除的装置。"})
    factories.technology(kind="negative_result", title={"zh": "超磁致伸缩去毛刺失败记录"}, abstract={"zh": "蜂鸟刃口去除手术钳毛刺失败。"})
    build()
    hits = operations.similar_technologies(technology, people["firm"])
    assert hits[0].key == twin.id and technology.id not in {hit.key for hit in hits}
    _status, text = page(client, f"/zh/technologies/{technology.public_id}")
    part = text[text.index("相近的成果"):]
    assert "超磁致伸缩去毛刺装置" in part and "失败记录" not in part and f"technologies/{technology.public_id}\"" not in part
    assert "对得上的词" in part


def test_a_duplicate_need_is_noticed_before_it_is_posted(client):
    people, need, _technology, _match = cast()
    build()
    typed = {"title_zh": "手术钳毛刺多", "problem_zh": "手术钳铣完毛刺太多，去毛刺太慢，怎么办。", "language": "zh", "look": "1"}
    client.login(people["stranger"])
    before = session.query(Need).count()
    answer = client.post("/zh/needs/new", data=typed)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200 and session.query(Need).count() == before
    assert "已有相近的需求" in text and f"/zh/needs/{need.public_id}" in text and "手术钳毛刺多" in text
    pasted = client.post("/zh/", data={"problem": "手术钳铣完毛刺太多，去毛刺太慢，怎么办。"}).location
    assert "已有相近的需求" in client.get(pasted).get_data(as_text=True)
    own = operations.similar_needs("手术钳铣完毛刺太多，去毛刺太慢", people["firm"], but=need)
    assert need.id not in {hit.key for hit in own}


def test_similar_needs_are_only_open_and_readable_ones(client):
    people, need, _technology, _match = cast()
    need.visibility = "members"
    twin = factories.need(title={"zh": "毛刺去得太慢"}, problem={"zh": "手术钳毛刺太多，去毛刺太慢。"})
    factories.need(state="withdrawn", title={"zh": "手术钳毛刺旧需求"}, problem={"zh": "手术钳铣完毛刺太多，去毛刺太慢。"})
    build()
    keys = {hit.key for hit in operations.similar_needs("手术钳铣完毛刺太多，去毛刺太慢", people["stranger"], limit=20)}
    assert keys == {twin.id}
    assert need.id in {hit.key for hit in operations.similar_needs("手术钳铣完毛刺太多", people["broker"])}
    _status, text = page(client, "/zh/needs/new", people["stranger"])
    assert "已有相近的需求" not in text  # nothing is typed yet


def test_both_directions_from_the_command_line(app, monkeypatch):
    _people, need, technology, _match = cast(offer=OFFER)
    build()
    monkeypatch.setattr(cli, "_ready", lambda: None)
    found = {}
    for to in ("technologies", "needs"):
        with playing():
            result = CliRunner().invoke(cli.main, ["match", "手术钳铣完毛刺太多，毛刺不超过0.01毫米，预算20万元", "--to", to, "--json"])
        found[to] = json.loads(result.output)
    assert found["technologies"][0]["id"] == technology.public_id and found["needs"][0]["id"] == need.public_id
    against = {row["code"]: row for row in found["technologies"][0]["against"]}
    assert against["price"] == {"code": "price", "price": 30_000_000, "budget": 20_000_000, "currency": "CNY"}
    assert "0.0137 mm" in against["target"]["offered"] and "≤ 0.01 mm" in against["target"]["wanted"]
