"""Bringing files in: every row accounted for, twice the same changes nothing, broken off and gone on with."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from marketplace.access import SYSTEM, VISITOR
from marketplace.catalogue import operations as catalogue
from marketplace.catalogue.models import Technology
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.importing import operations, releasing, review
from marketplace.importing.models import ImportRow, ImportRun
from marketplace.importing.technologies import TechnologyBatch
from marketplace.jobs import Job, run_all
from marketplace.people.models import Organisation, Person
from marketplace.record import Event, Revision, history
from tests import factories as make
from tests.importing.bringing import import_file

HEADERS = ["编号", "成果名称", "摘要", "专利号", "申请日", "成熟度"]
ROWS = [
    ["K1", "薄壁件铣削", "抑制颤振。", "201710601862.3", "2017-07-21", "6"],
    ["K2", "低温染整", "节能。", "", "", "5"],
    ["K3", "海水养殖水处理", "去除氨氮。", "95115608.X", "1995-10-13", "8"],
]


@pytest.fixture
def bring(tmp_path: Path, owner: Person, institute: Organisation):
    """Write rows to a csv and bring it in."""

    def bring_rows(rows: list[list[str]], headers: list[str] = HEADERS, **options: Any) -> ImportRun:
        path = tmp_path / "list.csv"
        buffer = io.StringIO()
        csv.writer(buffer).writerows([headers, *rows])
        path.write_text(buffer.getvalue(), encoding="utf-8")
        return import_file(owner, institute, path, **options)

    return bring_rows


def counted(run: ImportRun) -> dict[str, int]:
    return {outcome: count for outcome, count in review.counts(run).items() if count}


def known(session: Any, institute: Organisation) -> dict[str, Technology]:
    found = session.scalars(select(Technology).where(Technology.organisation_id == institute.id))
    return {one.source_key: one for one in found}


def outcomes(session: Any, run: ImportRun) -> list[tuple[int, str, str | None]]:
    rows = session.scalars(select(ImportRow).where(ImportRow.run_id == run.id).order_by(ImportRow.number))
    return [(row.number, row.outcome, row.column) for row in rows]


def test_rows_become_drafts_with_a_revision_and_an_event_each(
    bring: Any, session: Any, owner: Person, institute: Organisation
) -> None:
    run = bring(ROWS)
    assert (run.state, run.done, run.total, counted(run)) == ("read", 3, 3, {"created": 3})
    first = known(session, institute)["K1"]
    assert (first.state, first.title, first.application_number, first.trl, first.kind) == (
        "draft",
        {"zh": "薄壁件铣削"},
        "201710601862.3",
        6,
        "patent_application",
    )
    assert (first.patent_kind, str(first.expires_on), first.expiry_computed) == ("invention", "2037-07-21", True)
    assert (first.author_id, first.import_run_id, first.source) == (owner.id, run.id, "table:编号")
    assert [change.person_id for change in history(first)] == [owner.id]
    assert (
        session.scalar(select(func.count()).where(Event.name == "technology.create", Event.thing_id == first.id)) == 1
    )


def test_the_same_file_twice_changes_nothing(bring: Any, session: Any, institute: Organisation) -> None:
    bring(ROWS)
    before = {key: (one.version_id, one.updated) for key, one in known(session, institute).items()}
    revisions = session.scalar(select(func.count()).select_from(Revision))
    assert counted(bring(ROWS)) == {"unchanged": 3}
    session.expire_all()
    assert {key: (one.version_id, one.updated) for key, one in known(session, institute).items()} == before
    assert session.scalar(select(func.count()).select_from(Revision)) == revisions


def test_a_corrected_file_changes_only_what_was_corrected(bring: Any, session: Any, institute: Organisation) -> None:
    bring(ROWS)
    corrected = [
        [*ROWS[0][:2], "更好地抑制颤振。", *ROWS[0][3:]],
        ["K2", "低温染整", "", "", "", ""],
        ["K3", *ROWS[2][1:3], "97101765.4", *ROWS[2][4:]],
    ]
    run = bring(corrected)
    assert counted(run) == {"updated": 2, "unchanged": 1}
    found = known(session, institute)
    assert found["K1"].abstract == {"zh": "更好地抑制颤振。"}
    assert (found["K2"].abstract, found["K2"].trl) == ({"zh": "节能。"}, 5)  # an empty cell erases nothing
    assert found["K3"].application_number == "97101765.4"
    row = session.scalars(select(ImportRow).where(ImportRow.run_id == run.id, ImportRow.number == 2)).one()
    assert row.facts["changes"] == {"abstract": [{"zh": "抑制颤振。"}, {"zh": "更好地抑制颤振。"}]}
    assert counted(bring(corrected)) == {"unchanged": 3}


def test_what_somebody_mended_by_hand_stays_when_the_same_file_comes_again(
    bring: Any, session: Any, owner: Person, institute: Organisation
) -> None:
    bring(ROWS)
    made = known(session, institute)["K1"]
    catalogue.edit_technology(owner, made, title={"zh": "薄壁零件的铣削", "en": "Milling of thin walls"}, trl=7)
    assert counted(bring(ROWS)) == {"unchanged": 3}
    assert (made.title["zh"], made.trl) == ("薄壁零件的铣削", 7)
    changed = [[*ROWS[0][:5], "9"], *ROWS[1:]]
    assert counted(bring(changed)) == {"updated": 1, "unchanged": 2}
    assert (made.title, made.trl) == ({"zh": "薄壁零件的铣削", "en": "Milling of thin walls"}, 9)


def test_duplicates_say_of_which_row_or_technology_and_stay_duplicates(
    bring: Any, session: Any, owner: Person, institute: Organisation
) -> None:
    catalogue.create_technology(owner, institute, title={"zh": "手写的"}, application_number="201710601862.3")
    catalogue.create_technology(owner, institute, title={"zh": "手写的另一种装置"})
    rows = [
        ["K1", "同号", "", "201710601862.3", "", ""],  # written by hand before: the number says that it is the same
        ["K2", "甲", "", "", "", ""],
        ["K2", "乙", "", "", "", ""],  # the same key, other content
        ["K3", "丙", "", "95115608.X", "", ""],
        ["K4", "丁", "", "ZL95115608.X", "", ""],  # the same number, other key
        ["K5", "甲", "", "", "", ""],  # the same title under another key is another technology
    ]
    for _ in (1, 2):
        run = bring(rows)
        duplicates = {number: outcome for number, outcome, _column in outcomes(session, run) if outcome == "duplicate"}
        assert set(duplicates) == {4, 6}
    reasons = {row["row"]: row["reason"] for row in review.report(run)["reasons"]}
    assert reasons[4] == "Row 3 of this file has the same reference number."
    assert reasons[6] == "Row 5 of this file has the same application number."
    assert counted(run) == {"unchanged": 4, "duplicate": 2}
    headers = ["成果名称", "摘要"]
    titled = bring([["手写的另一种装置", "来自文件"]], headers)
    [reason] = review.report(titled)["reasons"]
    assert "手写的另一种装置" in reason["reason"] and reason["outcome"] == "duplicate"


def test_without_keys_and_numbers_a_title_is_known_by_itself(bring: Any, session: Any, institute: Organisation) -> None:
    headers = ["成果名称", "专利号", "摘要"]
    run = bring([["一种装置", "", "甲"], ["一种装置。", "", "乙"], ["一种装置", "95115608.X", "丙"]], headers)
    assert [outcome for _number, outcome, _column in outcomes(session, run)] == ["created", "duplicate", "created"]
    again = bring([["一种装置", "", "甲"], ["一种装置。", "", "乙"], ["一种装置", "95115608.X", "丙"]], headers)
    assert [outcome for _number, outcome, _column in outcomes(session, again)] == [
        "unchanged",
        "duplicate",
        "unchanged",
    ]


def test_a_number_given_later_is_an_update_of_the_titled_one(bring: Any, session: Any, institute: Organisation) -> None:
    headers = ["成果名称", "专利号"]
    bring([["一种装置", ""]], headers)
    assert counted(bring([["一种装置", "95115608.X"]], headers)) == {"updated": 1}
    assert session.scalar(select(func.count()).where(Technology.organisation_id == institute.id)) == 1
    assert counted(bring([["一种装置", "95115608.X"]], headers)) == {"unchanged": 1}


def test_rejected_rows_name_column_and_reason_and_stop_nobody(
    bring: Any, session: Any, institute: Organisation
) -> None:
    rows = [
        ["K1", "", "没有名称", "", "", ""],
        ["K2", "错号", "", "201710601862.4", "", ""],
        ["K3", "错日", "", "", "3/4/2014", ""],
        ["K4", "公式", "", "", "=TODAY()", ""],
        ["K5", "文字里的公式", "=A1", "", "", ""],
        ["K6", "太多", "", "", "", "", "多"],
        ["K7", "好", "", "", "", ""],
    ]
    run = bring(rows)
    assert outcomes(session, run) == [
        (2, "rejected", "成果名称"),
        (3, "rejected", "专利号"),
        (4, "rejected", "申请日"),
        (5, "rejected", "申请日"),
        (6, "created", None),
        (7, "rejected", None),
        (8, "created", None),
    ]
    assert known(session, institute)["K5"].abstract == {"en": "=A1"}
    rejected = list(review.rejected(run.id))
    assert rejected[0].facts["cells"] == rows[0]
    assert all(row.reason and row.reason % (row.facts["why"] or {}) for row in rejected)
    assert counted(bring(rows)) == {"unchanged": 2, "rejected": 5}


def test_a_run_broken_off_goes_on_after_its_last_whole_batch(
    bring: Any, session: Any, owner: Person, institute: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "BATCH", 10)
    path = tmp_path / "long.csv"
    lines = [f"K{n % 30},成果{n % 30},{n % 30}" for n in range(45)]
    path.write_text("编号,成果名称,摘要\n" + "\n".join(lines), encoding="utf-8")
    with path.open("rb") as source:
        run = operations.upload(owner, institute, [(source, path.name)])
    operations.start(owner, run, {"编号": "source_key", "成果名称": "title", "摘要": "abstract"})
    session.commit()
    run_id, reading = run.id, operations.read_rows(owner, run)
    for _ in range(3):  # the rows are counted, then read
        next(reading)
        session.commit()
    next(reading)  # read, and never committed: the process dies here
    session.rollback()
    session.expire_all()
    reading.close()
    run = session.get_one(ImportRun, run_id)
    assert (run.done, run.state) == (20, "reading")
    for _ in operations.read_rows(owner, run):
        session.commit()
    assert (run.done, run.total, run.state) == (45, 45, "read")
    assert [number for number, _outcome, _column in outcomes(session, run)] == list(range(2, 47))
    assert counted(run) == {"created": 30, "duplicate": 15}
    row = session.scalars(select(ImportRow).where(ImportRow.run_id == run.id, ImportRow.number == 32)).one()
    assert row.facts["why"]["row"] == 2


def test_the_job_reads_a_started_run_and_may_run_twice(
    session: Any, owner: Person, institute: Organisation, tmp_path: Path
) -> None:
    source = io.BytesIO("成果名称\n甲\n乙\n".encode())
    run = operations.upload(owner, institute, [(source, "a.csv")])
    operations.start(owner, run, {"成果名称": "title"}, publish=True)
    session.flush()
    assert session.scalar(select(Job.kind).where(Job.kind == "importing.read_run")) is not None
    list(operations.read_run(run.id))
    assert run.state == "publishing"
    list(operations.read_run(run.id))
    list(releasing.publish_run(run.id))
    list(releasing.publish_run(run.id))
    assert (run.state, counted(run)) == ("published", {"created": 2})
    assert {one.state for one in session.scalars(select(Technology).where(Technology.import_run_id == run.id))} == {
        "published"
    }


def test_publishing_a_run_queues_its_jobs_once_and_not_one_for_each_technology(bring: Any, session: Any) -> None:
    run = bring(ROWS, publish=True)
    session.flush()
    assert run.state == "published"
    kinds = list(session.scalars(select(Job.kind)))
    assert sorted(kinds) == [
        "alerts.run_arrived", "calls.fit_run", "duties.decided_run", "importing.publish_run", "importing.read_run", "matching.group_run",
        "matching.index_run", "matching.match_run",
    ]


def test_what_readers_see_changes_only_when_the_run_is_published(
    bring: Any, session: Any, owner: Person, institute: Organisation
) -> None:
    bring(ROWS, publish=True)
    made = known(session, institute)["K1"]
    run = bring([[*ROWS[0][:5], "9"], *ROWS[1:]])
    assert (counted(run), made.trl, review.waiting(run)) == ({"updated": 1, "unchanged": 2}, 6, 1)
    releasing.release(owner, run, ["updated"])
    list(releasing.publish_rows(owner, run))
    assert (made.trl, made.revision, review.waiting(run)) == (9, 2, 0)
    assert counted(bring([[*ROWS[0][:5], "9"], *ROWS[1:]])) == {"unchanged": 3}


def test_only_the_chosen_outcomes_are_published(
    bring: Any, session: Any, owner: Person, institute: Organisation
) -> None:
    bring(ROWS[:1])
    run = bring(ROWS)
    releasing.release(owner, run, ["created"])
    list(releasing.publish_rows(owner, run))
    assert {key: one.state for key, one in known(session, institute).items()} == {
        "K1": "draft",
        "K2": "published",
        "K3": "published",
    }
    releasing.release(owner, run, ["unchanged"])
    list(releasing.publish_rows(owner, run))
    assert known(session, institute)["K1"].state == "published"
    with pytest.raises(Refused, match="Choose what"):
        releasing.release(owner, run, ["rejected"])


def test_the_mapping_is_remembered_for_the_same_headers_of_the_organisation(
    bring: Any, session: Any, owner: Person, institute: Organisation
) -> None:
    bring(ROWS, columns={"摘要": "advantages", "成熟度": ""})
    run = operations.upload(owner, institute, [(io.BytesIO((",".join(HEADERS) + "\nK9,x,,,,\n").encode()), "b.csv")])
    fields = {one.header: one.field for one in operations.propose(owner, run)}
    assert (fields["摘要"], fields["成熟度"], fields["成果名称"]) == ("advantages", None, "title")
    other_owner = make.person()
    other = operations.upload(
        other_owner, make.organisation(other_owner), [(io.BytesIO((",".join(HEADERS) + "\nK9,x,,,,\n").encode()), "b.csv")]
    )
    assert {one.header: one.field for one in operations.propose(other_owner, other)}["摘要"] == "abstract"


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"编号": "source_key"}, "holds the title"),
        ({"成果名称": "title", "摘要": "title"}, "same field"),
        ({"成果名称": "title", "价格": "abstract"}, "no column"),
        ({"成果名称": "title", "摘要": "password_hash"}, "no field"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(
    bring: Any, owner: Person, institute: Organisation, columns: dict[str, str], says: str
) -> None:
    run = operations.upload(owner, institute, [(io.BytesIO((",".join(HEADERS) + "\nK9,x,,,,\n").encode()), "b.csv")])
    with pytest.raises(Refused, match=says):
        operations.start(owner, run, columns)
    assert run.state == "uploaded"


@pytest.mark.parametrize("data", [b"", b"title\n", bytes(range(256)) * 9, b"PK\x03\x04"])
def test_a_file_that_is_no_table_leaves_nothing(
    session: Any, owner: Person, institute: Organisation, data: bytes
) -> None:
    with pytest.raises(Refused):
        operations.upload(owner, institute, [(io.BytesIO(data), "x.csv")])
    assert session.scalars(select(ImportRun)).all() == []


def test_a_file_gone_meanwhile_ends_the_run_as_failed(session: Any, owner: Person, institute: Organisation) -> None:
    run = operations.upload(owner, institute, [(io.BytesIO("成果名称\n不再有的文件\n".encode()), "a.csv")])
    operations.start(owner, run, {"成果名称": "title"})
    operations.store().path(run.sha256).unlink()
    list(operations.read_rows(owner, run))
    assert run.state == "failed"
    assert "missing" in run.error[0]


def test_only_members_and_operators_import(session: Any, owner: Person, institute: Organisation) -> None:
    data = "成果名称\n甲\n".encode()
    for actor in (VISITOR, make.person(), make.broker()):
        with pytest.raises(NotAllowed):
            operations.upload(actor, institute, [(io.BytesIO(data), "a.csv")])
    run = operations.upload(make.operator(), institute, [(io.BytesIO(data), "a.csv")])
    stranger = make.person()
    make.organisation(stranger)
    for attempt in (
        lambda: operations.propose(stranger, run),
        lambda: operations.start(stranger, run, {"成果名称": "title"}),
        lambda: releasing.release(stranger, run, ["created"]),
        lambda: operations.by_public_id(stranger, run.public_id),
    ):
        with pytest.raises((NotAllowed, NotFound)):
            attempt()
    assert operations.by_public_id(owner, run.public_id) is run


def test_a_clash_written_meanwhile_is_read_once_more(
    bring: Any, session: Any, owner: Person, institute: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = TechnologyBatch.look_up
    calls = []

    def blind_once(self: TechnologyBatch, values: Any) -> None:
        look_up(self, values)
        calls.append(1)
        if len(calls) == 1:  # another process writes the same number between our look and our write
            catalogue.create_technology(owner, institute, title={"zh": "别处写的"}, application_number="95115608.X")
            session.flush()

    monkeypatch.setattr(TechnologyBatch, "look_up", blind_once)
    run = bring(ROWS)
    assert len(calls) == 2
    assert counted(run)["created"] >= 2


def test_nasa_every_row_accounted_for_and_nothing_changed_by_a_second_import(
    session: Any, institute: Organisation, shared: Path
) -> None:
    path = shared / "data" / "nasa_patents_2014.csv"
    run = import_file(SYSTEM, institute, path)
    assert run.columns == {
        "Category": "category",
        "Abstract": "abstract",
        "Title": "title",
        "Reference Number": "source_key",
        "Center": "keywords",
        "Patent Number": "publication_number",
        "Serial Number": "application_number",
        "Expiration Date": "expires_on",
        "Facility": "owners",
    }
    assert counted(run) == {"created": 1397, "duplicate": 233}
    assert review.report(run)["total"] == 1630
    found = known(session, institute)
    assert (found["ARC-14661-3"].application_number, found["ARC-14661-3"].publication_number) == (
        "US11/387503",
        "US7767270",
    )
    assert "d2>d1" in found["ARC-14661-3"].abstract["en"]
    assert (
        found["KSC-12236-2-PCT"].kind,
        found["KSC-12236-2-PCT"].expires_on,
        found["KSC-12236-2-PCT"].application_number,
    ) == ("know_how", None, None)
    assert found["LAR-18327-1"].kind == "patent_application"
    assert found["LEW-17618-1-REIS"].publication_number == "USRE43880"
    assert all(one.field for one in found.values())
    session.expunge_all()
    again = import_file(SYSTEM, session.get_one(Organisation, institute.id), path)
    assert counted(again) == {"unchanged": 1397, "duplicate": 233}


def test_jobs_of_an_import_run_to_their_end(session: Any, owner: Person, institute: Organisation) -> None:
    run = operations.upload(owner, institute, [(io.BytesIO("成果名称,摘要\n甲,乙\n".encode()), "a.csv")])
    operations.start(owner, run, {"成果名称": "title", "摘要": "abstract"}, publish=True)
    session.commit()
    run_id = run.id
    run_all(limit=20)
    assert session.get_one(ImportRun, run_id).state == "published"
    assert session.scalars(select(Job.error).where(Job.error.is_not(None))).all() == []


def test_a_run_whose_author_has_left_goes_on_as_the_system(
    session: Any, owner: Person, institute: Organisation
) -> None:
    leaver = make.person()
    seat = make.membership(leaver, institute)
    run = operations.upload(leaver, institute, [(io.BytesIO("成果名称\n离职者的\n".encode()), "a.csv")])
    operations.start(leaver, run, {"成果名称": "title"})
    session.delete(seat)
    session.flush()
    session.expire(leaver, ["memberships"])
    list(operations.read_run(run.id))
    made = session.scalars(select(Technology).where(Technology.import_run_id == run.id)).one()
    assert (run.state, made.author_id, history(made)[0].person_id) == ("read", None, None)


def test_a_run_whose_job_was_given_up_stands_still_until_somebody_has_it_go_on(session: Any, owner: Person, institute: Organisation) -> None:
    run = operations.upload(owner, institute, [(io.BytesIO("成果名称\n甲\n".encode()), "a.csv")])
    operations.start(owner, run, {"成果名称": "title"})
    session.flush()
    assert not operations.stands_still(run)
    with pytest.raises(Refused, match="worked on"):
        operations.go_on(owner, run)
    session.scalars(select(Job).where(Job.kind == "importing.read_run")).one().state = "failed"
    session.flush()
    assert operations.stands_still(run)
    stranger = make.person()
    make.organisation(stranger)
    with pytest.raises(NotAllowed):
        operations.go_on(stranger, run)
    operations.go_on(owner, run)
    session.commit()
    run_id = run.id
    run_all(limit=5)
    assert session.get_one(ImportRun, run_id).state == "read"
    assert not operations.stands_still(session.get_one(ImportRun, run_id))
