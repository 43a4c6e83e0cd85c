"""Learning from answers: what teaches and what does not, proof before a swap, the way back, and the export of judged pairs."""

from __future__ import annotations

import json
import os
import signal
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from sqlalchemy.exc import IntegrityError

from marketplace import cli_learning
from marketplace.access import SYSTEM, VISITOR
from marketplace.cli import main
from marketplace.db import session
from marketplace.errors import NotAllowed, Refused
from marketplace.jobs import Job
from marketplace.matching import fusion, learning, lessons, operations
from marketplace.matching.evaluate import evaluate
from marketplace.matching.index import Document, Index
from marketplace.matching.learning import LANGUAGE_PAIRS, Change, Interval, Lesson, Pair
from marketplace.matching.models import DECLINE_CODES, Match, MatchAnswer, Scoring
from marketplace.matching.semantic import Encoders
from marketplace.record import Event
from tests import factories
from tests.factories import NOW
from tests.inspection import playing
from tests.matching.answered_site import MODEL, TRUTH, VERSION, fill, simulated
from tests.matching.answered_site import folder as folder
from tests.matching.answered_site import packaged as packaged
from tests.shell import Shell, script


def pairs_of(needs: int, truth=TRUTH, seed: int = 1, **more) -> list[Pair]:
    rows = simulated(np.random.default_rng(seed), needs, truth, **more)
    return [
        Pair(need, NOW + timedelta(days=need), accepted, place + 1, "zh-zh", MODEL.bias, shares)
        for need, place, shares, accepted in rows
    ]


def change(**multipliers: float) -> Change:
    return Change({part: multipliers.get(part, 1.0) for part in fusion.PARTS}, dict.fromkeys(LANGUAGE_PAIRS, 2.0))


def lesson(**multipliers: float) -> Lesson:
    return Lesson("better", {"pairs": 200, "needs": 60}, {}, change=change(**multipliers))


def fitted(pairs: list[Pair]) -> Change:
    return learning.fit(learning._Table(pairs, learning.importance([pair.position for pair in pairs])))


# what an answer says


def test_declines_teach_only_where_they_speak_about_fit() -> None:
    labels = {code: learning.label("declined", code) for code in DECLINE_CODES}
    assert {code for code, fits in labels.items() if fits is False} == learning.UNFIT
    assert all(labels[code] is None for code in ("price", "terms", "timing", "capacity", "already_have_it", "ip_position", "other"))
    assert learning.label("shortlisted", None) is True and learning.label("introduced", None) is True
    assert learning.label("new", None) is None


def test_an_answer_far_down_stands_for_those_that_were_not_looked_at() -> None:
    weights = learning.importance([1, 2, 10, 30, None])
    assert weights[1] / weights[0] == pytest.approx(2) and weights[2] / weights[0] == pytest.approx(10)
    assert weights[3] == weights[2] and weights[4] / weights[0] == pytest.approx((1 + 2 + 10 + 10) / 4)
    raw = np.array([1, 2, 10, 10, 5.75])
    assert weights.sum() == pytest.approx(raw.sum() ** 2 / (raw**2).sum())
    assert learning.importance([None, None]).tolist() == [1, 1]


def test_the_base_is_that_of_all_that_was_shown_and_not_of_what_was_answered() -> None:
    rng = np.random.default_rng(3)
    pairs = []
    for need in range(4_000):
        place = int(rng.integers(1, 11))
        if rng.random() < 1 / place:  # the chance to be shortlisted falls with the position, and nothing else tells of it
            pairs.append(Pair(need, NOW, bool(rng.random() < 0.9 - 0.08 * place), place, "zh-zh", 0.0, {}))
    shown = 1 / (1 + np.exp(-fitted(pairs).shifts["zh-zh"]))
    answered = np.mean([pair.accepted for pair in pairs])
    assert shown == pytest.approx(0.9 - 0.08 * 5.5, abs=0.04)
    assert answered > 0.6


# fitting and proof


def test_hundreds_of_answers_show_which_part_is_worthless_and_which_weighs_too_little() -> None:
    found = learning.learn(pairs_of(150), fusion.packaged())
    assert found.verdict == "better" and found.gain.low > 0 and found.order_gain.mean > 0
    multipliers = found.change.multipliers
    assert multipliers["meaning_sentence"] < 0.6 and multipliers["bigrams"] > 1.6
    assert all(0.7 < multipliers[part] < 1.3 for part in ("words", "meaning_title", "meaning_body"))
    assert found.loss["learned"] < found.loss["rebased"] < found.loss["in_use"]


def test_no_part_goes_beyond_half_or_twice_its_packaged_weight() -> None:
    found = fitted(pairs_of(800))
    assert found.multipliers["meaning_sentence"] == 0.5 and found.multipliers["bigrams"] == 2


def test_a_few_dozen_answers_move_a_part_a_little() -> None:
    few = fitted(pairs_of(8))
    assert any(each != 1 for each in few.multipliers.values())
    assert max(abs(each - 1) for each in few.multipliers.values()) < 0.2
    assert learning.learn(pairs_of(8), fusion.packaged()).verdict == "few"


def test_too_few_answers_are_refused_and_counted() -> None:
    found = learning.learn(pairs_of(20), fusion.packaged())
    assert found.verdict == "few" and found.change is None
    assert found.missing["needs"] == 30 and found.missing["pairs"] == 150 - found.counts["pairs"] > 0
    assert "accepted" not in found.missing
    assert learning.learn([], fusion.packaged()).missing == learning.FEWEST


@pytest.mark.parametrize("coin_from", [0.0, 0.5, 0.8])
def test_a_bad_week_changes_nothing(coin_from: float) -> None:
    for seed in range(5):
        found = learning.learn(pairs_of(300, seed=seed, coin_from=coin_from), fusion.packaged())
        assert found.verdict == "kept" and found.reasons, seed


def test_a_new_base_alone_is_no_reason_to_swap() -> None:
    found = learning.learn(pairs_of(300, truth={}, shift=4.0), fusion.packaged())
    assert found.loss["rebased"] < found.loss["in_use"] - 0.5
    assert found.verdict == "kept" and found.gain.low <= 0 and "loss" in found.reasons[0]


@pytest.mark.parametrize(
    ("gain", "order", "order_gain", "word"),
    [(-0.01, 0.6, 0.0, "loss"), (0.0, 0.6, 0.0, "loss"), (0.01, 0.5, 0.0, "coin"), (0.01, 0.6, -0.01, "worse"), (0.01, 0.6, 0.0, None)],
)
def test_each_condition_alone_prevents_a_swap(gain: float, order: float, order_gain: float, word: str | None) -> None:
    found = learning._reasons(Interval(0.1, gain, 0.2), Interval(0.7, order, 0.8), Interval(order_gain, -0.1, 0.1))
    assert len(found) == (word is not None) and all(word in each for each in found)


def test_the_newest_needs_are_the_ones_held_back() -> None:
    pairs = pairs_of(100)
    assert learning._newest(pairs) == set(range(80, 100))


# weights on disk


def test_new_weights_are_noticed_at_the_next_question_and_undone_step_by_step(tmp_path: Path) -> None:
    index = Index(tmp_path, Encoders())
    index.rebuild([Document(n, "technology", {"zh": (f"第{n}号磨床", "磨床去毛刺装置" if n % 3 else "水泵叶轮")}) for n in range(60)])
    other = Index(tmp_path, Encoders())  # another process's view
    before, packaged = other.version, other.rank("去毛刺的磨床", "technology", limit=3)
    first = learning.install(tmp_path, lesson(words=0.5, bigrams=2.0), NOW)
    assert first.version in other.version and other.version != before
    hits = other.rank("去毛刺的磨床", "technology", limit=3)
    assert dict(hits[0].contributions)["words"] == pytest.approx(0.5 * dict(packaged[0].contributions)["words"], rel=1e-5)
    assert dict(hits[0].contributions)["bigrams"] == pytest.approx(2 * dict(packaged[0].contributions)["bigrams"], rel=1e-5)
    assert hits[0].base == pytest.approx(packaged[0].base + 2)
    second = learning.install(tmp_path, lesson(words=1.5), NOW)
    assert fusion.weights(tmp_path) == second and second.means == fusion.SHORTLISTED
    assert learning.undo(tmp_path) == first and first.version in other.version
    third = learning.install(tmp_path, lesson(words=0.8), NOW)
    assert learning.undo(tmp_path) == first, "the one undone before is not gone back to"
    assert learning.undo(tmp_path) == fusion.packaged() and other.version == before
    assert other.rank("去毛刺的磨床", "technology", limit=3) == packaged
    with pytest.raises(FileNotFoundError):
        learning.undo(tmp_path)
    assert set(learning.history(tmp_path)) == {each.version for each in (fusion.packaged(), first, second, third)}


def test_a_scoring_is_told_in_packaged_terms_whichever_weights_made_it(tmp_path: Path) -> None:
    learned = learning.install(tmp_path, lesson(words=0.5, bigrams=1.7), NOW)
    parts = {name: np.array([1.3]) for name in MODEL.weights}
    model = learned.models["fast", "zh-zh"]
    shares = {name: float(value[0]) for name, value in model.contributions(parts).items()} | {"maturity": -0.3}
    base, told = learning.in_packaged_terms(model.bias, shares, "zh-zh", learned)
    wanted = {name: float(value[0]) for name, value in MODEL.contributions(parts).items()} | {"maturity": -0.3}
    assert base == pytest.approx(MODEL.bias) and told == pytest.approx(wanted, rel=1e-5)
    seen = learning.change_of(learned)
    assert seen.multipliers == pytest.approx(change(words=0.5, bigrams=1.7).multipliers) and seen.shifts == pytest.approx(change().shifts)


def test_weights_learned_from_another_release_or_spoilt_are_not_used(tmp_path: Path) -> None:
    learning.install(tmp_path, lesson(words=0.5), NOW)
    file = tmp_path / "weights.json"
    data = json.loads(file.read_text())
    file.write_text(json.dumps({**data, "packaged": "0" * 12}))
    assert fusion.weights(tmp_path) == fusion.packaged()
    for spoilt in ("{", "[]", "{}", '{"models": {"full": 3}}'):
        file.write_text(spoilt)
        assert fusion.weights(tmp_path) == fusion.packaged()
    assert learning.undo(tmp_path) == fusion.packaged() and not file.exists()


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from marketplace.matching import fusion, learning
change = learning.Change(dict.fromkeys(fusion.PARTS, 1.9), dict.fromkeys(learning.LANGUAGE_PAIRS, 1.0))
seen = []
def killing(*args, **more):
    seen.append(args)
    if len(seen) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return before(*args, **more)
before = getattr({owner}, "{name}")
setattr({owner}, "{name}", killing)
learning.install(Path(sys.argv[1]), learning.Lesson("better", {{"pairs": 1, "needs": 1}}, {{}}, change=change), datetime.now(UTC))
"""


@pytest.mark.parametrize(("owner", "name", "time"), [
    ("Path", "replace", 1), *(pytest.param(*one, marks=pytest.mark.slow) for one in (("os", "fsync", 1), ("os", "fsync", 2), ("learning", "_put", 1))),
])
def test_killed_before_the_rename_the_old_weights_stay(tmp_path: Path, owner: str, name: str, time: int) -> None:
    old = learning.install(tmp_path, lesson(words=0.7), NOW)
    ended, said = script(KILLED.format(owner=owner, name=name), dict(os.environ), str(tmp_path), str(time))
    assert ended == -signal.SIGKILL, said
    assert fusion.weights(tmp_path) == old and old.version in learning.history(tmp_path)
    new = learning.install(tmp_path, lesson(words=1.2), NOW)
    assert fusion.weights(tmp_path) == new
    assert learning.undo(tmp_path) == old


# the site


def scored(need, technology, score: float, shares: dict[str, float] | None = None, version: str = VERSION) -> Match:
    match = Match(need=need, technology=technology, need_id=need.id, technology_id=technology.id, score=score, probability=0.5, created=NOW)
    match.scorings.append(Scoring(need_revision=1, technology_revision=1, index_version=version, score=score, base=-9.0,
                                  contributions=[list(each) for each in (shares or {"words": 9.0 + score}).items()], at=NOW))
    session.add(match)
    session.flush()
    return match


def test_an_answer_keeps_where_the_match_stood_and_its_scoring(app) -> None:
    firm = factories.person()
    need = factories.need(factories.organisation(firm))
    matches = [scored(need, factories.technology(), score) for score in (1.0, 3.0, 2.0, 2.0)]
    for match in matches:
        operations.answer_match(firm, match, "firm", "shortlisted", at=NOW)
    matches[1].current = False
    session.flush()
    operations.answer_match(firm, matches[1], "firm", "declined", "price", at=NOW)
    operations.answer_match(firm, matches[0], "firm", "declined", "price", at=NOW)
    session.flush()
    rows = session.query(MatchAnswer).order_by(MatchAnswer.id).all()
    assert [row.position for row in rows] == [4, 1, 2, 3, None, 3]
    assert [row.scoring_id for row in rows[:4]] == [match.scorings[0].id for match in matches]
    rows[0].position = 0
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_simulated_site_learns_swaps_and_goes_back(folder: Path) -> None:
    fill(120)
    found = lessons.study(SYSTEM)
    assert found.verdict == "better" and found.change.multipliers["bigrams"] > 1.5 and found.change.multipliers["meaning_sentence"] < 0.7
    assert found.counts["pairs"] == session.query(MatchAnswer).count()
    weights = lessons.adopt(SYSTEM, found, NOW)
    assert fusion.weights(folder) == weights != fusion.packaged()
    session.commit()
    event = session.query(Event).filter_by(name="job.weights_learned").one()
    assert event.facts["now"] == weights.version and event.facts["before"] == fusion.packaged().version and event.actor_kind == "system"
    assert session.query(Job).filter_by(kind="matching.match_all", state="queued").count() == 1
    again = lessons.study(SYSTEM)
    assert again.change.multipliers == pytest.approx(found.change.multipliers, abs=0.01), "answers must not count twice"
    assert again.verdict == "kept"
    assert lessons.undo(SYSTEM, NOW) == fusion.packaged()
    session.flush()
    assert session.query(Event).filter_by(name="job.weights_undone").count() == 1
    with pytest.raises(Refused):
        lessons.undo(SYSTEM)


def test_coins_thrown_on_a_site_teach_nothing(folder: Path) -> None:
    fill(80, random_from=0.0)
    found = lessons.study(SYSTEM)
    assert found.verdict == "kept"
    with pytest.raises(Refused):
        lessons.adopt(SYSTEM, found)
    assert not list(folder.glob("weights*"))


def test_each_sides_newest_answer_counts_and_price_says_nothing(folder: Path) -> None:
    firm, holder = factories.person(), factories.person()
    need = factories.need(factories.organisation(firm))
    technology = factories.technology(factories.organisation(holder, kind="institute"))
    dear, unfit, unknown = (scored(need, each, score) for score, each in ((3.0, factories.technology()), (2.0, technology), (1.0, factories.technology())))
    unknown.scorings[0].index_version = "encoders/somebodys/constants"
    for code in ("price", "terms", "timing", "capacity", "already_have_it"):
        operations.answer_match(firm, dear, "firm", "declined", code, at=NOW)
        session.flush()
    operations.answer_match(firm, unfit, "firm", "shortlisted", at=NOW)
    session.flush()
    operations.answer_match(firm, unfit, "firm", "declined", "wrong_field", at=NOW)
    operations.answer_match(holder, unfit, "holder", "shortlisted", at=NOW)
    operations.answer_match(firm, unknown, "firm", "shortlisted", at=NOW)
    session.flush()
    found = lessons._pairs(learning.history(folder))
    assert sorted((pair.accepted, pair.position) for pair in found) == [(False, 2), (True, 2)]


def test_a_pair_has_the_contributions_it_was_answered_on_or_else_the_newest_that_can_be_told(folder: Path) -> None:
    firm = factories.person()
    need = factories.need(factories.organisation(firm))
    seen, old = (scored(need, factories.technology(), score, version=version) for score, version in ((3.0, VERSION), (2.0, "e/last-years/c")))
    for match in (seen, old):
        operations.answer_match(firm, match, "firm", "shortlisted", at=NOW)
        for words in (1.0, 5.0):
            session.add(Scoring(match_id=match.id, need_revision=1 + int(words), technology_revision=1, index_version=VERSION, score=words - 9,
                                base=-9.0, contributions=[["words", words]], at=NOW))
        session.flush()
    found = lessons._pairs(learning.history(folder))
    assert [pair.contributions["words"] for pair in found] == pytest.approx([12.0, 5.0])


@pytest.mark.parametrize(
    ("need", "technology", "names", "languages"),
    [("zh", "zh", ["words"], "zh-zh"), ("en", "en", ["words"], "en-en"), ("zh", "en", ["bridge"], "en-zh"), ("en", "zh", ["bridge"], "en-zh"),
     ("both", "en", ["words"], "en-en"), ("both", "both", ["words"], "zh-zh")],
)
def test_the_languages_of_a_pair_are_told_from_its_contributions(app, need: str, technology: str, names: list[str], languages: str) -> None:
    def only(text: dict[str, str], code: str) -> dict[str, str]:
        return text if code == "both" else {code: text[code]}

    asked = factories.need(title=only({"zh": "毛刺", "en": "Burr"}, need), problem=only({"zh": "毛刺", "en": "Burr"}, need),
                           language="en" if need == "en" else "zh")
    found = factories.technology(title=only({"zh": "磨", "en": "Mill"}, technology), abstract=only({"zh": "磨", "en": "Mill"}, technology))
    assert lessons._languages(Match(need=asked, technology=found), names) == languages


def test_only_operators_and_the_system_learn_and_export(folder: Path) -> None:
    for actor in (VISITOR, factories.person(), factories.broker()):
        for verb in (lambda who: lessons.study(who), lambda who: lessons.undo(who), lambda who: lessons.adopt(who, lesson()),
                     lambda who: lessons.export_judged(who, folder / "out", 10)):
            with pytest.raises(NotAllowed):
                verb(actor)
    assert lessons.study(factories.operator()).verdict == "few"
    assert not (folder / "out").exists()


def test_the_label_beside_the_figure_follows_the_weights(folder: Path, client) -> None:
    firm = factories.person()
    match = scored(factories.need(factories.organisation(firm)), factories.technology(), 1.0)
    client.login(firm)
    for language, known, shortlisted in (("en", "the known answer", "being shortlisted"), ("zh", "", "")):
        before = client.get(f"/{language}/matches/{match.public_id}").get_data(as_text=True)
        how = client.get(f"/{language}/how").get_data(as_text=True)
        learning.install(folder, lesson(words=0.9), NOW)
        after = client.get(f"/{language}/matches/{match.public_id}").get_data(as_text=True)
        assert known in before and known in how and shortlisted in after and before != after
        if known:
            assert known not in after and shortlisted not in before
            assert known not in client.get(f"/{language}/how").get_data(as_text=True)
        learning.undo(folder)


def test_judged_pairs_go_out_and_the_evaluation_reads_them(folder: Path) -> None:
    firm = factories.person()
    works = factories.organisation(firm)
    texts = {"水泵叶轮磨损": "水泵叶轮的耐磨陶瓷涂层", "猪场污水太臭": "猪场污水的膜生物反应器", "布匹有破洞": "布匹破洞的视觉检测装置"}
    technologies = [factories.technology(title={"zh": text}, abstract={"zh": f"一种{text}。"}, visibility="members") for text in texts.values()]
    for number, problem in enumerate(texts):
        need = factories.need(works, title={"zh": problem}, problem={"zh": f"我们厂{problem}。"})
        for place, technology in enumerate(technologies):
            match = scored(need, technology, 2.0 - place)
            if place == number:
                operations.answer_match(firm, match, "firm", "shortlisted", at=NOW)
            else:
                operations.answer_match(firm, match, "firm", "declined", "wrong_field" if place else "price", at=NOW)
    technologies[0].state = "withdrawn"
    factories.technology(kind="negative_result")
    others = [factories.technology() for _ in range(9)]
    session.flush()
    out = folder / "judged" / "2026"
    counts = lessons.export_judged(SYSTEM, out, 8)
    assert counts == {"corpus": 8, "queries": 3, "accepted": 3, "judged": 7}
    ids = [json.loads(line)["id"] for line in (out / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {each.public_id for each in technologies} | {each.public_id for each in others[-5:]} == set(ids)
    assert out.stat().st_mode & 0o077 == 0
    report = evaluate(out, encoders=Encoders(), baselines=False)
    assert report["engine"]["ndcg@10"]["mean"] == 1.0
    lines = (out / "qrels.tsv").read_text().splitlines()
    assert len(lines) == 7 and sum(line.endswith("\t1") for line in lines) == 3


@pytest.fixture
def run(folder: Path, monkeypatch):
    """A command run in this process on the database of the test."""
    monkeypatch.setattr(cli_learning, "ready", lambda: None)

    def command(*words: str, code: int = 0) -> str:
        session.commit()
        with playing():
            done = CliRunner().invoke(main, words)
        assert done.exit_code == code, done.output
        return done.output

    return command


def test_the_commands_learn_report_and_go_back(folder: Path, run) -> None:
    assert "150 answers that say whether a match fits are needed: 150 more" in run("learn")
    assert "nothing to go back to" in run("learn", "--undo", code=2)
    fill(120)
    tried = json.loads(run("learn", "--dry-run", "--json"))
    assert tried["verdict"] == "better" and not tried["swapped"] and not list(folder.glob("weights*"))
    assert "dry run" in run("learn", "--dry-run") and not list(folder.glob("weights*"))
    found = run("learn")
    assert "are in use" in found and "bigrams ×" in found and fusion.weights(folder).means == "shortlisted"
    assert session.query(Job).filter_by(kind="matching.match_all").count() == 1
    assert "stay" in run("learn")
    counts = json.loads(run("export-judged", str(folder / "out"), "--json"))
    assert counts["judged"] == tried["counts"]["pairs"]
    assert json.loads(run("learn", "--undo", "--json")) == {"version": fusion.packaged().version, "means": "known_answer"}


@pytest.mark.xdist_group("cli")
def test_the_commands_stand_in_the_program(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.run("upgrade")
    assert json.loads(shell.run("learn", "--json"))["missing"] == learning.FEWEST
