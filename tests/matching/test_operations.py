"""Matching as the product uses it: indexed after the commit, stored as scored matches, filtered by who reads, answered."""

from __future__ import annotations

import pytest

from marketplace.access import SYSTEM, VISITOR
from marketplace.db import now, session
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.jobs import Job, enqueue
from marketplace.matching import operations, pairing
from marketplace.matching.models import Match, MatchAnswer, Scoring
from marketplace.matching.waterfall import probability, waterfall
from marketplace.needs import operations as needs
from marketplace.record import Event
from tests import factories
from tests.factories import NOW
from tests.inspection import playing, work


@pytest.fixture(autouse=True)
def fresh_index(app, tmp_path, monkeypatch):
    """An index of this test alone, without encoders: the words decide."""
    operations.index.cache_clear()
    found = operations.index()
    monkeypatch.setattr(found, "folder", tmp_path)
    monkeypatch.setattr(found, "_view", None)
    monkeypatch.setattr(found, "_generation", None)
    monkeypatch.setattr(found, "_seen", None)
    yield
    operations.index.cache_clear()


def catalogue():
    """Three technologies, of which one answers, and enough others that words can be rare."""
    good = factories.technology(title={"zh": "手术钳微细电解去毛刺方法"}, abstract={"zh": "用微细电解去除手术钳铣削毛刺，毛刺高度低于 0.02 毫米。"})
    other = factories.technology(title={"zh": "水稻抗倒伏育种方法"}, abstract={"zh": "通过分子标记选育抗倒伏水稻品种。"}, industries=["A01"])
    failed = factories.technology(kind="negative_result", title={"zh": "超声去毛刺路线失败"},
                                  abstract={"zh": "超声去除手术钳毛刺时刃口崩裂，已停止。"})
    for n in range(12):
        factories.technology(title={"zh": f"第{n}号物流分拣装置"}, abstract={"zh": f"用于包裹分拣的输送带与控制方法之{n}。"})
    return good, other, failed


def build():
    """Commit what the test has made and index it."""
    session.commit()
    with playing():
        operations.reindex()


def need_of(person, organisation):
    need = needs.create_need(
        person, organisation, NOW, title={"zh": "手术钳毛刺去不干净"}, problem={"zh": "手术钳铣完毛刺太多，去毛刺太慢。"},
        tried={"zh": "手工磨，太慢"}, industry="C358", modes=["licence"],
    )
    return needs.post_need(person, need, NOW)


def test_a_posted_need_is_matched_after_the_commit():
    good, other, failed = catalogue()
    build()
    person = factories.person()
    need = need_of(person, factories.organisation(person))
    session.commit()
    assert session.query(Match).count() == 0
    work()
    rows = operations.matches_of(need)
    assert rows[0].technology_id == good.id
    assert failed.id not in {row.technology_id for row in rows}
    scoring = rows[0].scorings[0]
    assert scoring.score == pytest.approx(scoring.base + sum(value for _name, value in scoring.contributions), abs=1e-6)
    assert rows[0].probability == pytest.approx(probability(scoring.score), abs=1e-6)
    assert need.state == "matched"
    assert session.query(Event).filter_by(name="need.matches_found").count() == 1
    assert operations.index().count("need") == 1


def test_a_job_that_runs_twice_adds_nothing():
    catalogue()
    build()
    person = factories.person()
    need = need_of(person, factories.organisation(person))
    work()
    before = (session.query(Match).count(), session.query(Scoring).count(), session.query(Event).count())
    enqueue("matching.match_need", thing_id=need.id)
    enqueue("matching.index_need", thing_id=need.id)
    work()
    assert (session.query(Match).count(), session.query(Scoring).count(), session.query(Event).count()) == before
    assert {job.state for job in session.query(Job) if job.kind != "alerts.notice"} == {"done"}, "what came in is noticed half a minute later"


def test_who_answers_while_the_engine_scores_anew_is_not_told_that_somebody_was_faster():
    good, *_ = catalogue()
    build()
    person = factories.person()
    need = need_of(person, factories.organisation(person))
    work()
    match = session.query(Match).filter_by(need_id=need.id, technology_id=good.id).one()
    version, probable = match.version_id, match.probability
    match.score, match.probability, match.current = 0.0, 0.5, False
    session.commit()
    opened = match.version_id
    enqueue("matching.match_need", thing_id=need.id)
    work()
    session.refresh(match)
    assert match.current and match.probability == pytest.approx(probable) and match.version_id == opened == version + 1


def test_a_new_technology_finds_the_open_needs():
    person = factories.person()
    need = factories.need(factories.organisation(person), title={"zh": "手术钳毛刺去不干净"}, problem={"zh": "手术钳铣完毛刺太多。"})
    catalogue()
    build()
    fresh = factories.technology(title={"zh": "手术钳毛刺的磨粒流去除"}, abstract={"zh": "磨粒流去除手术钳毛刺。"})
    enqueue("matching.index_technology", thing_id=fresh.id)
    enqueue("matching.match_technology", thing_id=fresh.id)
    work()
    assert session.query(Match).filter_by(need_id=need.id, technology_id=fresh.id).count() == 1


def crowd():
    """Eight needs of four kinds and technologies for each: (needs, technologies)."""
    person = factories.person()
    firm = factories.organisation(person)
    topics = ("手术钳毛刺", "海水淡化膜", "水稻抗倒伏", "激光焊接飞溅")
    asked = [
        factories.need(firm, title={"zh": f"{topic}问题怎么解决"}, problem={"zh": f"我们厂{topic}处理得太慢，{extra}。"})
        for topic in topics for extra in ("想找新办法", "成本也高")
    ]
    for n in range(20):
        factories.technology(title={"zh": f"第{n}号物流分拣装置"}, abstract={"zh": f"用于包裹分拣的输送带与控制方法之{n}。"})
    return asked, [factories.technology(title={"zh": f"一种{topic}的处理方法"}, abstract={"zh": f"处理{topic}，速度提高。"}) for topic in topics]


def current():
    """Every current pair with its score."""
    session.expire_all()
    return {(row.need_id, row.technology_id): round(row.score, 5) for row in session.query(Match).filter(Match.current)}


def counts():
    return session.query(Match).count(), session.query(Scoring).count(), session.query(Event).count()


def arrived(topics=("手术钳毛刺", "激光焊接飞溅"), copies=3):
    """A published import run with technologies for some of the needs."""
    run = factories.import_run()
    for topic in topics:
        for n in range(copies):
            factories.technology(run.organisation, import_run_id=run.id, title={"zh": f"{topic}快速处理装置{n}"},
                                 abstract={"zh": f"用新办法处理{topic}，成本低，型号{n}。"})
    return run


def test_all_against_all_is_what_each_need_alone_would_find():
    asked, _technologies = crowd()
    build()
    enqueue("matching.match_all")
    work()
    together = current()
    assert {need_id for need_id, _ in together} == {need.id for need in asked}
    before = counts()
    for need in asked:
        enqueue("matching.match_need", thing_id=need.id)
    work()
    assert current() == together
    assert counts() == before
    assert session.query(Event).filter_by(name="need.matches_found").count() == len(asked)
    assert {need.state for need in asked} == {"matched"}


def test_after_an_import_old_and_new_stand_in_one_list(monkeypatch):
    monkeypatch.setattr(pairing, "KEPT", 3)
    asked, technologies = crowd()
    build()
    enqueue("matching.match_all")
    work()
    assert len(current()) == len(asked)
    run = arrived()
    enqueue("matching.index_run", thing_id=run.id)
    enqueue("matching.match_run", thing_id=run.id)
    work()
    together, before = current(), counts()
    fresh = {row.id for row in session.query(operations.Technology).filter_by(import_run_id=run.id)}
    assert {technology for _, technology in together} & fresh
    assert session.query(Match).filter(Match.current.is_(False)).count() > 0, "some fell out of the three best"
    enqueue("matching.match_run", thing_id=run.id)
    work()
    assert (current(), counts()) == (together, before), "a second run adds nothing"
    for need in asked[:2] + asked[6:]:
        enqueue("matching.match_need", thing_id=need.id)
    work()
    assert current() == together and counts() == before


def test_matches_of_needs_that_an_import_does_not_concern_stay_as_they_are():
    asked, _technologies = crowd()
    build()
    enqueue("matching.match_all")
    work()
    before = current()
    run = factories.import_run()
    factories.technology(run.organisation, import_run_id=run.id, title={"zh": "钢琴调音"}, abstract={"zh": "钢琴音准校正。"})
    enqueue("matching.index_run", thing_id=run.id)
    enqueue("matching.match_run", thing_id=run.id)
    work()
    assert operations.index().count("technology") == 25 and current() == before


def test_a_pass_that_is_killed_is_taken_up_again():
    crowd()
    build()
    steps = pairing.match_all()
    with playing():
        for _ in range(4):
            next(steps)
            session.commit()
    steps.close()
    partly = len(current())
    enqueue("matching.match_all")
    work()
    whole, once = current(), counts()
    assert partly < len(whole)
    enqueue("matching.match_all")
    work()
    assert current() == whole and counts() == once


def waiting_kinds():
    session.flush()
    return sorted(row.kind for row in session.query(Job).filter(Job.state == "queued", Job.kind.like("matching.match%")))


def test_on_a_new_site_one_pass_replaces_the_matching_of_each_listing():
    asked, technologies = crowd()
    build()
    enqueue("matching.match_need", thing_id=asked[0].id)
    session.flush()
    operations.reindexed(now())
    assert waiting_kinds() == ["matching.match_need"], "few that wait are matched one by one"
    for technology in operations.session.query(operations.Technology):
        enqueue("matching.match_technology", thing_id=technology.id)
    session.flush()
    operations.reindexed(now())
    assert waiting_kinds() == ["matching.match_all"]
    work()
    assert {need_id for need_id, _ in current()} == {need.id for need in asked}


def test_a_pass_goes_without_an_index():
    factories.need()
    session.commit()
    enqueue("matching.match_all")
    work()
    assert current() == {} and {job.state for job in session.query(Job)} == {"done"}


def test_withdrawn_listings_leave_the_index():
    good, *_rest = catalogue()
    build()
    assert operations.rank_technologies("手术钳毛刺", VISITOR)[0].key == good.id
    good.state = "withdrawn"
    enqueue("matching.index_technology", thing_id=good.id)
    work()
    assert good.id not in {hit.key for hit in operations.rank_technologies("手术钳毛刺", VISITOR)}


def test_members_only_listings_are_neither_ranked_nor_counted_for_visitors():
    catalogue()
    secret = factories.technology(title={"zh": "手术钳毛刺内部方案"}, abstract={"zh": "手术钳毛刺内部方案。"}, visibility="members", field="optics")
    build()
    verified = factories.person()
    factories.organisation(verified)
    session.expire_all()
    assert secret.id not in {hit.key for hit in operations.rank_technologies("手术钳毛刺", VISITOR, limit=50)}
    assert secret.id in {hit.key for hit in operations.rank_technologies("手术钳毛刺", verified, limit=50)}
    assert "optics" not in operations.search(VISITOR, "technology", "", {}, 0, 20, facets=("field",)).counts.get("field", {})
    assert operations.search(verified, "technology", "", {}, 0, 20, facets=("field",)).counts["field"]["optics"] == 1


def match_for():
    person, holder = factories.person(), factories.person()
    need = factories.need(factories.organisation(person))
    technology = factories.technology(factories.organisation(holder, kind="institute"))
    match = Match(need_id=need.id, technology_id=technology.id, score=1.0, probability=0.73, created=NOW)
    session.add(match)
    session.flush()
    session.add(Scoring(match_id=match.id, need_revision=1, technology_revision=1, index_version="v", score=1.0, base=-2.0,
                        contributions=[["words", 3.0]], at=NOW))
    session.flush()
    return match, person, holder


def test_each_side_answers_for_itself():
    match, firm, holder = match_for()
    operations.answer_match(firm, match, "firm", "shortlisted", at=NOW)
    operations.answer_match(holder, match, "holder", "declined", "capacity", at=NOW)
    assert (match.firm, match.holder) == ("shortlisted", "declined")
    session.flush()
    assert session.query(MatchAnswer).count() == 2
    with pytest.raises(NotAllowed):
        operations.answer_match(firm, match, "holder", "shortlisted")
    with pytest.raises(NotAllowed):
        operations.answer_match(factories.person(), match, "firm", "shortlisted")


@pytest.mark.parametrize(("code", "text", "field"), [(None, None, "code"), ("nonsense", None, "code"), ("other", " ", "text")])
def test_a_decline_says_why(code, text, field):
    match, firm, _holder = match_for()
    with pytest.raises(Refused) as refused:
        operations.answer_match(firm, match, "firm", "declined", code, text)
    assert refused.value.field == field and match.firm == "new"


def test_strangers_find_no_match():
    match, firm, _holder = match_for()
    assert operations.match_by_public_id(firm, match.public_id).id == match.id
    for who in (factories.person(), VISITOR):
        with pytest.raises(NotFound):
            operations.match_by_public_id(who, match.public_id)


def test_the_page_of_a_match_takes_answers(client):
    match, firm, _holder = match_for()
    client.login(firm)
    url = f"/zh/matches/{match.public_id}"
    assert client.get(url).status_code == 200
    wrong = client.post(url, data={"side": "firm", "answer": "declined", "code": "", "text": "太贵"})
    assert wrong.status_code == 422 and "太贵" in wrong.get_data(as_text=True)
    assert client.post(url, data={"side": "firm", "answer": "declined", "code": "price"}).status_code == 303
    session.expire_all()
    assert session.query(Match).one().firm == "declined"


def test_the_waterfall_adds_up_in_percentage_points():
    parts = [("words", 1.5), ("bridge", -0.4), ("meaning", 2.25)]
    steps = waterfall(-4.0, parts)
    assert [step.name for step in steps] == ["meaning", "words", "bridge"]
    assert probability(-4.0) + sum(step.change for step in steps) == pytest.approx(probability(-4.0 + 3.35))


def test_pasting_a_problem_is_answered_by_ranked_technologies(client):
    good, _other, failed = catalogue()
    build()
    client.get("/zh/")
    answer = client.post("/zh/", data={"problem": "手术钳铣完毛刺太多，要求毛刺不超过0.02毫米"})
    assert answer.status_code == 303 and "/zh/problems/" in answer.location
    page = client.get(answer.location).get_data(as_text=True)
    assert "手术钳微细电解去毛刺方法" in page and "≤ 0.02" in page
    assert page.index("手术钳微细电解去毛刺方法") < page.index("号物流分拣装置") if "号物流分拣装置" in page else True
    assert client.get("/en/problems/nosuchthing1").status_code == 404
    assert client.post("/zh/", data={"problem": " "}).status_code == 422


@pytest.mark.parametrize("text", ["a", "？！…", "😀😀", "\u202e倒", "<b>毛刺</b>", "毛" * 20_000, "1 2 3", "ＦＵＬＬ", "釹鐵硼磁體"])
def test_odd_texts_get_an_answer_or_a_refusal(client, text):
    catalogue()
    build()
    answer = client.post("/en/", data={"problem": text})
    assert answer.status_code in (303, 422)
    if answer.status_code == 303:
        assert client.get(answer.location).status_code == 200


def test_the_technology_page_shows_needs_it_might_answer(client):
    good, *_rest = catalogue()
    need = factories.need(title={"zh": "手术钳毛刺去不干净"}, problem={"zh": "手术钳铣完毛刺太多，去毛刺太慢。"})
    for n in range(10):
        factories.need(title={"zh": f"包裹分拣第{n}线太慢"}, problem={"zh": "分拣线经常堵。"})
    build()
    page = client.get(f"/zh/technologies/{good.public_id}").get_data(as_text=True)
    assert "手术钳毛刺去不干净" in page
    page = client.get(f"/zh/needs/{need.public_id}").get_data(as_text=True)
    assert "手术钳微细电解去毛刺方法" in page and "超声去毛刺路线失败" in page


def test_searches_filter_count_and_forgive(client):
    catalogue()
    factories.technology(title={"en": "Polymer membrane for desalination"}, abstract={"en": "A membrane."}, field="polymers", trl=3)
    build()
    page = client.get("/en/technologies?q=menbrane").get_data(as_text=True)
    assert "Polymer membrane" in page
    page = client.get("/en/technologies?field=polymers").get_data(as_text=True)
    assert "Polymer membrane" in page and "1 technology" in page
    assert client.get("/zh/needs?industry=C&grade=verified&page=3").status_code == 200
    assert client.get("/zh/technologies?page=abc&maturity=99&terms=nothing").status_code == 200


def test_an_import_that_outgrows_the_catalogue_has_the_index_built_anew():
    catalogue()
    build()
    generation = operations.index().folder / "CURRENT"
    before = generation.read_text()
    run = factories.import_run()
    for n in range(40):
        factories.technology(run.organisation, import_run_id=run.id, title={"zh": f"海水淡化膜第{n}号"}, abstract={"zh": f"一种反渗透膜及其制备方法之{n}。"})
    enqueue("matching.index_run", thing_id=run.id)
    work()
    assert operations.index().count("technology") == 55
    assert generation.read_text() != before
    assert operations.rank_technologies("海水淡化膜", VISITOR)[0].key > 0


def test_the_system_finds_no_teaser_where_it_matches():
    assert operations._readable(SYSTEM) == {"visibility": ("public", "members")}
