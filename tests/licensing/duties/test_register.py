"""The asset register: states that nobody types, decisions that write themselves and are only added, evidence with its chain."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import update
from sqlalchemy.exc import DatabaseError

from marketplace.access import VISITOR
from marketplace.catalogue import operations as catalogue
from marketplace.catalogue.attachments import store
from marketplace.catalogue.scanning.models import Upload
from marketplace.db import now
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.licensing.duties import operations as duties
from marketplace.licensing.duties.models import Decision, EvidenceExport
from marketplace.licensing.duties.register import decisions, evidence, minutes, operations
from marketplace.licensing.income import policies
from marketplace.licensing.signing import papers
from tests import factories
from tests.factories import NOW
from tests.licensing.agreement.parties import TRIAL, parties, signed, work_on
from tests.licensing.duties.parties import negotiated, published

pytestmark = pytest.mark.usefixtures("app")
JOBS = [f"duties.{name}" for name in ("decided_technology", "decided_agreement", "decided_pricing", "decided_notice", "begin_recordal", "decided_recordal",
                                     "decided_policy", "decided_split", "decided_registration", "decided_run", "follow_agreement")]


def head(organisation):
    return organisation.memberships[0].person


def decided(organisation, kind, technology=None, day=NOW.date(), **values):
    made = decisions.decide(head(organisation), organisation, f"k{kind}{day}{technology.id if technology else 0}", kind, day, "党委会", "第5号决议", technology,
                            at=values.pop("at", NOW), **values)
    decisions.session.flush()
    return made


def every_state():
    """An institute with an asset in each state: state → its technology."""
    institute = factories.organisation(factories.person(), kind="institute")
    found = {state: factories.technology(institute) for state in operations.STATES}
    found["in_hand"].state = "withdrawn"
    found["lapsed"].expires_on = date(2026, 11, 1)
    decided(institute, "write_off", found["written_off"])
    decided(institute, "assignment", found["assigned"])
    factories.agreement(institute, technology=found["licensed"])
    factories.agreement(institute, technology=found["in_trial"], terms=TRIAL)
    operations.session.flush()
    return institute, found


def test_states_follow_from_catalogue_agreements_and_decisions_and_both_ways_of_telling_agree():
    institute, found = every_state()
    assigned = factories.technology(institute, offer={"mode": "assignment"})
    factories.agreement(institute, technology=assigned)
    today = NOW.date()
    told = {line.technology.id: line.state for line in operations.listed(institute, today, "", "", 1, 50)}
    assert {state: told[technology.id] for state, technology in found.items()} == {state: state for state in operations.STATES}
    assert told[assigned.id] == "assigned" and told == operations.states_on(institute, today)
    assert operations.counts(institute, today) == {**dict.fromkeys(operations.STATES, 1), "assigned": 2}
    for state, technology in found.items():
        assert technology in [line.technology for line in operations.listed(institute, today, state, "", 1, 50)]
    other = factories.organisation(factories.person(), kind="institute")
    assert operations.counts(other, today) == dict.fromkeys(operations.STATES, 0)


def test_a_state_as_of_an_earlier_day(session):
    institute = factories.organisation(factories.person(), kind="institute")
    technology = factories.technology(institute, state="draft", published=None, created=NOW - timedelta(days=100))
    catalogue.publish_technology(head(institute), technology, NOW - timedelta(days=50))
    agreement = factories.agreement(institute, technology=technology, terms={**TRIAL, "effective": "2026-09-20"})
    factories.event(agreement, "converted", "2026-10-10")
    wrong = decided(institute, "write_off", technology, date(2026, 10, 20))
    decisions.void_decision(head(institute), wrong, "v", "记错了", at=NOW)
    session.flush()
    days = {"2026-07-01": None, "2026-08-01": "in_hand", "2026-09-15": "on_offer", "2026-09-25": "in_trial", "2026-10-12": "licensed",
            "2026-10-21": "written_off", "2026-11-02": "licensed"}
    assert {day: operations.states_on(institute, date.fromisoformat(day)).get(technology.id) for day in days} == days


def test_decisions_write_themselves_once(session, monkeypatch):
    who = parties()
    catalogue.withdraw_technology(who.holder_member, who.technology, NOW)
    catalogue.publish_technology(who.holder_member, who.technology, NOW)
    agreement = negotiated(who)
    notice = published(who, agreement)
    duties.answer_objection(who.holder, duties.object_to(factories.person(), notice, "k", "x", None, NOW), False, "不成立", NOW)
    with monkeypatch.context() as patched:
        patched.setattr(duties, "now", lambda: NOW + timedelta(days=16))
        list(duties.end_notices())
    policy = policies.propose_policy(who.holder, who.licensor, "p", NOW.date(), {"inventors": policies.Decimal("0.7"), "school": policies.Decimal("0.3")}, [],
                                     at=NOW)
    policies.approve_policy(who.holder_signatory, policy, NOW)
    other = signed(parties(licensor=who.licensor, technology=who.technology))
    for _twice in range(2):
        work_on(*JOBS)
        for noun, thing in (("technology", who.technology), ("agreement_notice", notice), ("agreement", other), ("income_policy", policy)):
            decisions._write(noun, thing.id)
        session.flush()
    rows = session.query(Decision).filter_by(organisation_id=who.licensor.id).order_by(Decision.id).all()
    assert sorted(row.kind for row in rows) == sorted(["withdrawal", "publication", "pricing", "notice", "income_policy", "pricing", "licence"])
    ended = next(row for row in rows if row.kind == "notice")
    assert ended.day == notice.runs_until and ended.facts["outcome"] == "ended" and ended.facts["rejected"] == 1
    priced = [row for row in rows if row.kind == "pricing"]
    minutes = decisions.minutes_of(priced)
    assert [len(minutes.get(row.id, [])) for row in priced] == [0, 1], "the minutes of the listing stand beside its decision"
    firm = factories.technology(factories.organisation(factories.person()))
    catalogue.withdraw_technology(head(firm.organisation), firm, NOW)
    work_on(*JOBS)
    assert session.query(Decision).filter_by(organisation_id=firm.organisation_id).count() == 0, "a firm keeps no such register"


def test_rows_are_only_added(session):
    institute = factories.organisation(factories.person(), kind="institute")
    made = decided(institute, "valuation")
    assert decided(institute, "valuation") is made, "the same key again"
    first = decisions.void_decision(head(institute), made, "v", "会议撤销", at=NOW)
    assert decisions.void_decision(head(institute), made, "v2", "again", at=NOW) is first
    with pytest.raises(Refused, match="correction itself"):
        decisions.void_decision(head(institute), first, "v3", "x", at=NOW)
    session.commit()
    for statement in ("update decision set basis = 'x'", "delete from decision"):
        with pytest.raises(DatabaseError), session.begin_nested():
            session.connection().exec_driver_sql(statement)
    technology = factories.technology(institute)
    values = {"acquisition": "own_research", "acquired_on": date(2026, 1, 1), "cost": 5, "currency": "CNY"}
    first = operations.record_asset(head(institute), technology, **values, at=NOW)
    session.flush()
    assert operations.record_asset(head(institute), technology, **values, at=NOW) is first
    operations.record_asset(head(institute), technology, **{**values, "cost": 7}, at=NOW)
    session.flush()
    assert operations.asset_of(technology).number == 2 and operations.costs(institute) == {"CNY": 7}


def test_owners_and_signatories_alone():
    who = parties()
    for person in (who.holder, who.holder_signatory):
        assert operations.institute(person, who.licensor.public_id) is who.licensor
    made = decided(who.licensor, "other")
    for person in (VISITOR, factories.person(), factories.operator(), factories.broker(), who.holder_member, who.firm, who.firm_signatory):
        for look in (lambda who_=person: operations.institute(who_, who.licensor.public_id), lambda who_=person: decisions.by_public_id(who_, made.public_id)):
            with pytest.raises(NotFound):
                look()
        with pytest.raises(NotAllowed):
            decisions.decide(person, who.licensor, "k", "other", NOW.date(), "x", "y", at=NOW)
        with pytest.raises(NotAllowed):
            operations.ask_evidence(person, who.licensor, "k", NOW.date(), NOW.date(), "zh", NOW)
    with pytest.raises(NotFound):
        operations.institute(who.firm, who.licensee.public_id)


def exported(session, institute, first="2026-01-01", last="2026-11-02", language="zh", key="e"):
    made = operations.ask_evidence(head(institute), institute, key, date.fromisoformat(first), date.fromisoformat(last), language, now())
    session.flush()
    work_on("duties.make_evidence")
    made = session.get(EvidenceExport, made.id)
    assert made.state == "done" and made.done == made.total
    content = store().path(made.sha256).read_bytes()
    archive = zipfile.ZipFile(io.BytesIO(content))
    return content, {name: archive.read(name) for name in archive.namelist()}


def rows_of(files, name):
    return list(csv.reader(io.StringIO(files[name].decode("utf-8-sig"))))


def test_the_evidence_names_day_who_ground_and_hashes_and_is_the_same_again(session):
    institute, found = every_state()
    paper = (io.BytesIO("纪要".encode()), "纪要.txt")
    made = decisions.decide(head(institute), institute, "m", "valuation", date(2026, 11, 1), "=党委会", "评估备案", found["in_hand"], paper, NOW)
    session.flush()
    content, files = exported(session, institute)
    assert set(files) == {"register.xlsx", "decisions.csv", "assets.csv", "minutes.csv", "register.pdf", "minutes/0001-纪要.txt", "SHA256SUMS"}
    sums = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
    assert all(sums[name] == hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "SHA256SUMS")
    table = rows_of(files, "decisions.csv")
    row = next(row for row in table if row[11] == made.public_id)
    assert row[0] == "2026-11-01" and row[1] == "评估" and row[4] == "'=党委会" and row[6] == "评估备案"
    assert hashlib.sha256("纪要".encode()).hexdigest() in row[8]
    states = [row[9] for row in rows_of(files, "assets.csv")[1:]]
    assert sorted(states) == sorted(name["zh"] for name in evidence.STATE_NAMES.values())
    book = load_workbook(io.BytesIO(files["register.xlsx"]))
    assert [sheet.max_row for sheet in book.worksheets] == [len(table), len(states) + 1, 2]
    assert files["minutes/0001-纪要.txt"].decode() == "纪要" and files["register.pdf"].startswith(b"%PDF-")
    assert rows_of(files, "minutes.csv")[1:] == [
        ["minutes/0001-纪要.txt", "纪要.txt", "6", hashlib.sha256("纪要".encode()).hexdigest(), made.public_id, "已收录"]]
    again, _files = exported(session, institute, key="again")
    assert again == content


def test_the_chain_goes_over_all_decisions_whatever_days_are_asked_for(session):
    institute = factories.organisation(factories.person(), kind="institute")
    for day in (date(2026, 10, 1), date(2026, 10, 15), date(2026, 11, 1)):
        decided(institute, "other", day=day)
    _content, part = exported(session, institute, first="2026-11-01", key="part")
    hashes, before = [], evidence.START
    for row, files, _said in evidence.chain(institute.id, now().date()):
        before = evidence.linked(before, row, files)
        hashes.append(before)
    assert len(set(hashes)) == 3 and [row[12] for row in rows_of(part, "decisions.csv")[1:]] == hashes[2:]


def attached(institute, key, content, name="纪要.txt", kind="other"):
    """A decision with a file beside it."""
    made = decisions.decide(head(institute), institute, key, kind, NOW.date(), "党委会", "决议", None, (io.BytesIO(content), name), NOW)
    decisions.session.flush()
    return made


def test_each_file_is_in_the_archive_once_under_a_name_that_leads_nowhere_else(session):
    institute = factories.organisation(factories.person(), kind="institute")
    first, again = attached(institute, "a", b"same"), attached(institute, "b", b"same", "other name.txt")
    outside = attached(institute, "c", b"outside", "../../etc/a  b.txt")
    rows = minutes.collected((made.public_id, minutes.named(files)) for made, files, _hash in evidence.chain(institute.id, now().date()))
    assert [(row.path, row.decisions) for row in rows] == [
        ("minutes/0001-纪要.txt", (first.public_id, again.public_id)), ("minutes/0002-a b.txt", (outside.public_id,))]


@pytest.mark.parametrize("state", ["held_back", "missing", "damaged", "left_out"])
def test_what_cannot_be_handed_out_is_named_with_the_reason_and_left_out(session, monkeypatch, state):
    institute = factories.organisation(factories.person(), kind="institute")
    content = f"protocol {state} {institute.id}".encode()
    made = attached(institute, state, content)
    path = store().path(hashlib.sha256(content).hexdigest())
    if state == "held_back":
        session.execute(update(Upload).where(Upload.sha256 == path.name).values(state="quarantined", why="test_string"))
    elif state == "missing":
        path.unlink()
    elif state == "damaged":
        path.write_bytes(b"changed by hand")
    else:
        monkeypatch.setattr(minutes, "LARGEST", len(content) - 1)
    monkeypatch.setattr(papers, "printed", lambda *_args, **_values: b"%PDF-")
    _zip, files = exported(session, institute, language="en", key=state)
    assert not [name for name in files if name.startswith("minutes/")]
    row, = rows_of(files, "minutes.csv")[1:]
    assert row[:1] + row[4:] == ["", made.public_id, evidence.MINUTE_STATES[state]["en"]] and path.name in rows_of(files, "decisions.csv")[1][8]


def test_all_decisions_stand_on_paper_a_part_at_a_time(session, monkeypatch):
    institute = factories.organisation(factories.person(), kind="institute")
    made = [decided(institute, "other", day=NOW.date() - timedelta(days=days)).public_id for days in range(5)]
    printed = []

    def kept(template, lang, **values):
        printed.append(values)
        return papers._press[0].templates[lang].get_template(template).render(values, tag=lang, lang=lang).encode()

    monkeypatch.setattr(evidence, "ON_PAPER", 2)
    monkeypatch.setattr(papers, "printed", kept)
    _zip, files = exported(session, institute, language="en", key="parts")
    names = ["register.pdf", "register-2.pdf", "register-3.pdf"]
    assert [name for name in files if name.endswith(".pdf")] == names
    assert [row[11] for values in printed for row in values["decided"]] == made
    texts = [files[name].decode() for name in names]
    assert [text.count("Assets at the end") for text in texts] == [1, 0, 0]
    assert "Part 3 of 3: decisions 5 to 5" in texts[2] and all(public_id in "".join(texts) for public_id in made)
