"""After the rows are read: duplicates with their evidence, rows held back or kept apart, and runs taken back."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from marketplace.catalogue import operations as catalogue
from marketplace.catalogue.models import Technology
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.importing import operations, releasing, review
from marketplace.importing.models import ImportRow, ImportRun
from marketplace.jobs import Job
from marketplace.needs.models import Need
from marketplace.people.models import Organisation, Person
from marketplace.record import history
from tests import factories as make
from tests.importing.bringing import import_file

HEADERS = ["编号", "成果名称", "摘要", "申请号", "公开号", "同族", "权利人"]
TITLE = "交叉孔内壁毛刺的柔性刷磨去除方法及装置"
BODY = "采用含磨料的柔性刷丝，在交叉孔处以变转速往复刷磨，去除毛刺而不损伤孔壁，单件节拍不超过两分钟。"


@pytest.fixture
def bring(tmp_path: Path, owner: Person, institute: Organisation):
    """Write rows to a csv and bring it in."""

    def bring_rows(rows: list[list[str]], headers: list[str] = HEADERS, **options: Any) -> ImportRun:
        path = tmp_path / "list.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([headers, *([*row, *[""] * (len(headers) - len(row))] for row in rows)])
        return import_file(owner, institute, path, **options)

    return bring_rows


def counted(run: ImportRun) -> dict[str, int]:
    return {outcome: count for outcome, count in review.counts(run).items() if count}


def row_of(session: Any, run: ImportRun, number: int) -> ImportRow:
    return session.scalars(select(ImportRow).where(ImportRow.run_id == run.id, ImportRow.number == number)).one()


def told(row: ImportRow) -> str:
    return (row.reason or "") % review.said(row.facts.get("why"), "zh")


def published(owner: Person, run: ImportRun, *outcomes: str) -> None:
    releasing.release(owner, run, outcomes or ["created", "updated"])
    list(releasing.publish_rows(owner, run))


def taken_back(owner: Person, run: ImportRun) -> None:
    releasing.undo(owner, run)
    list(releasing.undo_rows(owner, run))


def test_nearly_the_same_title_is_a_duplicate_with_its_evidence_and_may_be_kept_apart(bring: Any, session: Any, owner: Person) -> None:
    run = bring([["", TITLE, BODY], ["", TITLE.replace("柔性刷磨", "柔性刷磨式"), BODY], ["", "高盐废水电渗析浓缩", "浓缩。"]])
    assert counted(run) == {"created": 2, "duplicate": 1}
    row = row_of(session, run, 3)
    assert TITLE in told(row) and 92 <= row.facts["why"]["percent"] < 100
    releasing.keep_apart(owner, run, 3, operations.table_of(run).headers)
    session.flush()
    assert counted(run) == {"created": 3}
    with pytest.raises(NotFound):
        releasing.keep_apart(owner, run, 3, operations.table_of(run).headers)


def test_likeness_is_seen_across_batches_and_in_the_catalogue(bring: Any, session: Any, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "BATCH", 1)
    alike = TITLE.replace("柔性刷磨", "柔性刷磨式")
    assert counted(bring([["", TITLE, BODY], ["", alike, BODY]])) == {"created": 1, "duplicate": 1}
    assert counted(bring([["", alike, BODY]])) == {"duplicate": 1}


@pytest.mark.parametrize(
    "second",
    [
        ["K2", TITLE, BODY, "", "CN107345679B"],  # another key of the same source
        ["", TITLE, BODY, "95115608.X", ""],  # another number
        ["", TITLE.replace("方法及装置", "方法2"), BODY, "", "", "", ""],  # a figure that only one has
        ["", TITLE, BODY, "", "", "", "西山大学; 赵六"],
    ],
)
def test_what_is_told_apart_stays_apart(bring: Any, second: list[str]) -> None:
    rows = [["K1", TITLE, BODY, "201710601862.3", "CN107345678B", "", "东岭大学"], second]
    assert counted(bring(rows)) == {"created": 2}


def test_a_family_is_told_by_the_numbers_that_the_file_names(bring: Any, session: Any) -> None:
    rows = [["", "Deburring tool", "", "", "US9254383B2"], ["", "一种去毛刺刀具", "", "", "CN103456789A", "US 9254383 B2; CN103456789A"]]
    run = bring(rows)
    assert counted(run) == {"created": 1, "duplicate": 1}
    assert "US9254383B2" in told(row_of(session, run, 3))


def test_application_and_patent_of_one_number_are_one(bring: Any, session: Any) -> None:
    assert counted(bring([["", TITLE, BODY, "", "CN107345678A"]])) == {"created": 1}
    run = bring([["", TITLE, BODY, "201710601862.3", "CN107345678B"]])
    assert counted(run) == {"updated": 1}
    [made] = session.scalars(select(Technology)).all()
    assert (made.publication_number, made.application_number, made.kind) == ("CN107345678B", "201710601862.3", "patent")


def test_the_same_number_elsewhere_is_noted_and_taken(bring: Any, session: Any) -> None:
    stranger = make.person()
    theirs = catalogue.create_technology(
        stranger, make.organisation(stranger), title={"zh": "共有专利"}, application_number="201710601862.3"
    )
    catalogue.publish_technology(stranger, theirs)
    session.flush()
    run = bring([["K1", TITLE, BODY, "201710601862.3"]])
    assert counted(run) == {"created": 1}
    message, values = row_of(session, run, 2).facts["note"]
    assert "共有专利" in message % review.said(values, "en")


def test_another_source_with_the_same_number_updates_and_speaks_for_itself(bring: Any, session: Any) -> None:
    bring([["K1", TITLE, BODY, "201710601862.3"]])
    other = ["标题", "摘要", "申请号", "内部编号"]
    run = bring([[TITLE, BODY + "又及。", "201710601862.3", "X9"]], other)
    [made] = session.scalars(select(Technology)).all()
    assert (counted(run), made.source_key, made.abstract["zh"][-3:]) == ({"updated": 1}, "K1", "又及。")
    assert counted(bring([["K1", TITLE, BODY, "201710601862.3"]])) == {"unchanged": 1}  # what this source said last time
    assert counted(bring([[TITLE, BODY + "又及。", "201710601862.3", "X9"]], other)) == {"unchanged": 1}


def test_a_row_held_back_stays_a_draft(bring: Any, session: Any, owner: Person) -> None:
    run = bring([["K1", "甲"], ["K2", "乙"], ["K3", "丙"]])
    releasing.hold(owner, run, shown=[2, 3], held=[3])
    releasing.hold(owner, run, shown=[4], held=[])
    published(owner, run)
    assert {one.source_key: one.state for one in session.scalars(select(Technology))} == {"K1": "published", "K2": "draft", "K3": "published"}
    releasing.hold(owner, run, shown=[2, 3], held=[])
    published(owner, run)
    assert {one.state for one in session.scalars(select(Technology))} == {"published"}


def test_a_run_is_taken_back_and_the_file_can_come_again(bring: Any, session: Any, owner: Person) -> None:
    first = bring([["K1", "甲", "旧"]])
    published(owner, first)
    run = bring([["K1", "甲", "新"], ["K2", "乙"], ["K3", "丙"]])
    published(owner, run)
    found = {one.source_key: one for one in session.scalars(select(Technology))}
    catalogue.edit_technology(owner, found["K3"], abstract={"zh": "由人补充"})
    taken_back(owner, run)
    assert {key: one.state for key, one in found.items()} == {"K1": "published", "K2": "withdrawn", "K3": "published"}
    assert (found["K1"].abstract, run.state, run.kept) == ({"zh": "旧"}, "undone", 1)
    assert len(history(found["K1"])) == 3  # nothing of what happened is lost
    kinds = set(session.scalars(select(Job.kind)))
    assert {"matching.index_run", "matching.group_run"} <= kinds
    again = bring([["K1", "甲", "新"], ["K2", "乙"]])
    assert counted(again) == {"created": 1, "updated": 1}
    published(owner, again)
    assert (found["K2"].state, found["K1"].abstract) == ("published", {"zh": "新"})
    assert session.query(Technology).count() == 3


def test_what_somebody_changed_since_is_not_put_back(bring: Any, session: Any, owner: Person) -> None:
    published(owner, bring([["K1", "甲", "旧"]]))
    run = bring([["K1", "甲改", "新"]])
    published(owner, run)
    [made] = session.scalars(select(Technology)).all()
    catalogue.edit_technology(owner, made, abstract={"zh": "由人改过"})
    taken_back(owner, run)
    assert (made.title, made.abstract, run.kept) == ({"zh": "甲"}, {"zh": "由人改过"}, 1)


def test_a_run_that_was_only_read_can_be_taken_back_and_waiting_changes_vanish(bring: Any, session: Any, owner: Person) -> None:
    published(owner, bring([["K1", "甲", "旧"]]))
    run = bring([["K1", "甲", "新"], ["K2", "乙"]])
    taken_back(owner, run)
    assert {one.source_key: one.state for one in session.scalars(select(Technology))} == {"K1": "published", "K2": "withdrawn"}
    assert counted(bring([["K1", "甲", "新"]])) == {"updated": 1}
    with pytest.raises(Refused):
        releasing.undo(owner, run)


def test_taking_back_goes_on_where_it_was_broken_off(bring: Any, session: Any, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releasing, "BATCH", 2)
    run = bring([[f"K{number}", f"成果{number}"] for number in range(5)], publish=True)
    releasing.undo(owner, run)
    session.commit()
    working = releasing.undo_rows(owner, run)
    next(working)
    session.commit()
    next(working)
    session.rollback()
    working.close()
    list(releasing.undo_run(run.id))
    assert (run.state, run.kept) == ("undone", 0)
    assert {one.state for one in session.scalars(select(Technology))} == {"withdrawn"}


def test_only_members_and_operators_take_back_hold_or_keep(bring: Any, owner: Person) -> None:
    run = bring([["K1", "甲"]])
    stranger = make.person()
    make.organisation(stranger)
    for attempt in (
        lambda: releasing.undo(stranger, run), lambda: releasing.hold(stranger, run, [2], [2]),
        lambda: releasing.keep_apart(stranger, run, 2, []), lambda: releasing.release(stranger, run, ["created"]),
    ):
        with pytest.raises(NotAllowed):
            attempt()


NEEDS = ["编号", "需求名称", "需求描述", "已尝试", "预算（万元）", "合作方式", "所属行业", "截止日期", "资金落实"]


def test_a_table_of_needs_becomes_drafts_and_is_posted_where_it_says_enough(bring: Any, session: Any, owner: Person) -> None:
    rows = [
        ["N1", "交叉孔去毛刺", "手工去不净。", "电解法过切。", "30", "联合开发;揭榜挂帅", "C3421", "2027-06-30", "planned"],
        ["N2", "高盐废水", "浓缩能耗高。"],
        ["N3", "", ""],
        ["N4", "预算不明", "某问题", "", "三十到五十", "", "", "", ""],
        ["N5", "行业不明", "某问题", "", "", "", "机床", "", ""],
    ]
    run = bring(rows, NEEDS, listing="need")
    assert counted(run) == {"created": 2, "rejected": 3}
    assert {row.number: row.column for row in review.rejected(run.id)} == {4: "需求描述", 5: "预算（万元）", 6: "所属行业"}
    found = {one.source_key: one for one in session.scalars(select(Need))}
    assert (found["N1"].budget_max, found["N1"].budget_min, found["N1"].modes) == (30_000_000, None, ["joint_development", "open_call"])
    assert (found["N1"].problem, found["N1"].tried, found["N1"].industry) == ({"zh": "手工去不净。"}, {"zh": "电解法过切。"}, "C3421")
    assert counted(bring(rows, NEEDS, listing="need")) == {"unchanged": 2, "rejected": 3}
    published(owner, run)
    assert {key: one.state for key, one in found.items()} == {"N1": "published", "N2": "draft"}
    rows[0][2] = "手工去不净，且慢。"
    changed = bring(rows[:1], NEEDS, listing="need")
    assert (counted(changed), found["N1"].problem) == ({"updated": 1}, {"zh": "手工去不净。"})
    published(owner, changed)
    assert found["N1"].problem == {"zh": "手工去不净，且慢。"}
    taken_back(owner, changed)
    assert found["N1"].problem == {"zh": "手工去不净。"}
    taken_back(owner, run)
    assert {one.state for one in found.values()} == {"withdrawn", "published"} and run.kept == 1  # N1 was changed by another run since


def test_a_need_that_comes_twice_is_no_technology(bring: Any, session: Any, owner: Person) -> None:
    run = bring([["", "高盐废水", "浓缩能耗高。"], ["", "高盐废水", "另一段话。"]], NEEDS, listing="need")
    assert counted(run) == {"created": 1, "duplicate": 1}
    assert not releasing.can_stand_apart(row_of(session, run, 3))
    with pytest.raises(NotFound):
        releasing.keep_apart(owner, run, 3, operations.table_of(run).headers)


def test_an_operator_imports_no_needs_for_a_firm(institute: Organisation) -> None:
    with pytest.raises(NotAllowed):
        operations.upload(make.operator(), institute, [(io.BytesIO("需求名称\n甲\n".encode()), "a.csv")], "need")


def test_a_template_of_the_other_kind_is_refused(owner: Person, institute: Organisation) -> None:
    data = "标题（中文） Title (Chinese),问题（中文） Problem (Chinese),已尝试及失败原因（中文） What was tried (Chinese)\n甲,乙,丙\n"
    with pytest.raises(Refused, match="holds needs"):
        operations.upload(owner, institute, [(io.BytesIO(data.encode()), "a.csv")])


def test_several_files_are_one_run(session: Any, owner: Person, institute: Organisation) -> None:
    files = [(io.BytesIO(f"编号,成果名称\nK{number},成果{number}\n".encode()), f"{number}.csv") for number in range(3)]
    run = operations.upload(owner, institute, files)
    operations.start(owner, run, {"编号": "source_key", "成果名称": "title"})
    list(operations.read_rows(owner, run))
    assert (counted(run), run.file_name) == ({"created": 3}, "0.csv, 1.csv, 2.csv")
    assert row_of(session, run, 2).facts["place"] == "1.csv, 2"


def test_owners_are_resolved_to_registered_organisations_and_linked(client: Any, bring: Any, session: Any, owner: Person) -> None:
    university = make.organisation(make.person(), name={"zh": "东岭大学", "en": "Dongling University"}, names=["东岭大"])
    run = bring([["K1", TITLE, BODY, "", "", "", "东岭大学; 某某机床厂"], ["K2", "高盐废水浓缩", "", "", "", "", "Dongling Univ."]])
    first, second = session.scalars(select(Technology).order_by(Technology.id)).all()
    assert first.parties == {"东岭大学": university.public_id} and second.parties == {"Dongling Univ.": university.public_id}
    published(owner, run)
    page, address = f"/zh/technologies/{first.public_id}", f"/zh/organisations/{university.public_id}"
    shown = client.get(page).get_data(as_text=True)
    assert f'<a href="{address}">东岭大学</a>；某某机床厂' in shown
