"""The command line, run as a person runs it: its own process, its own folder, JSON that a program can read."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from shutil import copytree

import pytest

from tests.shell import Shell

ROWS = """Title,Abstract,Reference Number,Serial Number,Expiration Date
"Burr-free milling of forceps","A method to mill forceps without burr.",REF-1,"12/474,430",2031-05-01
"Membrane for sea water","A membrane that keeps salt out.",REF-2,,1970-01-01 00:00:00
,"No title here.",REF-3,,
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, demo: Path) -> Shell:
    found = Shell(tmp_path_factory.mktemp("cli"))
    copytree(demo.parent, found.folder, dirs_exist_ok=True)  # its sealing key lies beside the data
    return found


pytestmark = pytest.mark.xdist_group("cli")  # those that need no demo come first: the walks have begun to make it


def test_help_names_every_command(tmp_path: Path) -> None:
    words = Shell(tmp_path).run("--help")
    for command in ("demo", "serve", "worker", "match", "import", "reindex", "evaluate", "names", "check", "upgrade"):
        assert command in words


def test_evaluate_prints_engine_and_baselines(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    corpus = [{"id": f"d{n}", "title": "", "text": f"document number {n} about {word}", "lang": "en"}
              for n, word in enumerate(["burr milling forceps", "rice breeding", "sorting parcels", "sea water membrane", "brick kiln"])]
    queries = [{"id": "q1", "text": "milling forceps with burr", "lang": "en"}, {"id": "q2", "text": "salt sea membrane", "lang": "en"}]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)), encoding="utf-8")
    (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)), encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text("q1\td0\t1\nq2\td3\t1\n", encoding="utf-8")
    report = json.loads(shell.run("evaluate", str(tmp_path), "--json"))
    assert report["engine"]["ndcg@10"] == pytest.approx(1.0)
    assert len(report["baselines"]) >= 4
    assert all("ndcg@10" in figures for figures in report["baselines"].values())
    (tmp_path / "qrels.tsv").unlink()
    shell.run("evaluate", str(tmp_path), code=2)


def test_commands_refuse_a_database_that_is_not_ready(tmp_path: Path) -> None:
    empty = Shell(tmp_path)
    for command in (("match", "burr"), ("serve", "--port", "1")):
        said = empty.run(*command, code=2)
        assert "marketplace upgrade" in said and "TechBridge is at" not in said
    empty.run("upgrade")
    assert json.loads(empty.run("match", "burr", "--json")) == []


def test_the_first_operator_is_named_at_the_command_line(tmp_path: Path) -> None:
    fresh = Shell(tmp_path)
    fresh.run("upgrade")
    assert "Nobody runs this site" in fresh.run("operator")
    assert "Nobody has signed up" in fresh.run("operator", "first@example.com", code=2)
    with closing(sqlite3.connect(tmp_path / "var" / "marketplace.db")) as database:
        row = {"public_id": "first", "name": "First", "address": "First@example.com", "address_key": "first@example.com", "password_hash": "x",
               "language": "en", "tongue": "en", "is_operator": 0, "is_broker": 0, "created": "2026-11-02 09:00:00", "version_id": 1}
        database.execute(f"insert into person ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values()))
        database.commit()
        assert "not confirmed" in fresh.run("operator", "first@example.com", code=2)
        database.execute("update person set confirmed = created")
        database.commit()
    assert "is an operator now" in fresh.run("operator", "FIRST@example.com") and "First@example.com" in fresh.run("operator")
    assert "only operator" in fresh.run("operator", "first@example.com", "--dismiss", code=2)
    assert "no demo" in fresh.run("demo", "--discard", "--yes", code=2)


def test_passwords_are_kept_with_the_whole_work_of_the_rule(demo: Path) -> None:
    with closing(sqlite3.connect(demo / "marketplace.db")) as database:
        kept = {one.rsplit("$", 2)[0] for (one,) in database.execute("select password_hash from person where password_hash like '$%'")}
    assert kept == {"$argon2id$v=19$m=65536,t=3,p=4"}


def test_the_demo_is_thrown_away_only_where_nothing_else_stands(tmp_path: Path, demo: Path) -> None:
    site = Shell(tmp_path)
    copytree(demo.parent, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "var" / "marketplace.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("update person set address_key = 'real@example.org', name = 'Real' where address_key = 'owner@demo.example'")
        database.commit()
        assert "1 people who have signed up: Real" in site.run("demo", "--discard", "--yes", code=2)
        assert database.execute("select count(*) from technology").fetchone()[0] >= 120
        database.execute("update person set address_key = 'owner@demo.example' where name = 'Real'")
        database.commit()
    site.run("demo", "--discard", code=1)  # nobody answers the question
    said = site.run("demo", "--discard", "--yes")
    assert "would be deleted" in said and "deals" in said and "the site is empty" in said
    with closing(sqlite3.connect(file)) as database:
        assert not any(database.execute(f"select count(*) from {name}").fetchone()[0] for name in ("person", "technology", "event", "deal"))
    assert not (tmp_path / "var" / "files").exists() and (tmp_path / "var" / "secret").exists()
    assert "Nobody runs this site" in site.run("operator")


def test_the_demo_catalogue_is_what_was_promised(shell: Shell) -> None:
    counts = json.loads(shell.run("reindex", "--json"))
    assert counts["technology"] >= 120 and counts["need"] >= 60
    again = shell.run("demo")
    assert "nothing was loaded" in again and "demo deals" not in again
    with closing(sqlite3.connect(shell.folder / "var" / "marketplace.db")) as database:
        stages = {stage for stage, in database.execute("select state from deal")}
        assert stages == {"lead", "introduced", "evaluation", "negotiating", "notice", "performing", "won", "lost"}
        assert {state for state, in database.execute("select state from open_call")} == {"published", "closed", "awarded"}
        assert database.execute("select state, (select state from gate where team_id = team.id and position = 1) from team order by 2").fetchall() == [
            ("working", "accepted"), ("working", "submitted")]
        assert database.execute("select state from pool order by id").fetchall() == [("open",), ("reached",)]
        assert database.execute("select status, statements_overdue > 0 from standing order by agreement_id").fetchall()[0] == ("on_trial", 1)


def test_match_prints_ids_titles_scores_reasons(shell: Shell, tmp_path: Path) -> None:
    found = json.loads(shell.run("match", "医用钳子铣削毛刺太多，电解能不能做", "--json", "--limit", "5"))
    assert len(found) == 5 and found == sorted(found, key=lambda row: -row["score"])
    for row in found:
        assert {"id", "title", "score", "reasons"} <= row.keys()
        assert row["score"] == pytest.approx(row["reasons"]["base"] + sum(row["reasons"]["contributions"].values()), abs=0.01)
    file = tmp_path / "problem.txt"
    file.write_bytes("医用钳子铣削毛刺太多，电解能不能做".encode("gb18030"))
    again = json.loads(shell.run("match", str(file), "--json", "--limit", "5"))
    assert [row["id"] for row in again] == [row["id"] for row in found]
    assert json.loads(shell.run("match", "？！", "--json")) == []


def test_import_accounts_for_every_row_and_twice_changes_nothing(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(ROWS, encoding="utf-8-sig")
    first = json.loads(shell.run("import", str(file), "--for", "东岭大学", "--publish", "--json"))
    assert (first["created"], first["rejected"], first["updated"], first["unchanged"], first["duplicate"]) == (2, 1, 0, 0, 0)
    assert first["run"]
    again = json.loads(shell.run("import", str(file), "--for", "Dongling Univ.", "--publish", "--json"))
    assert (again["created"], again["unchanged"], again["rejected"]) == (0, 2, 1)
    file.write_text(ROWS.replace("keeps salt out", "holds salt back"), encoding="utf-8")
    mended = json.loads(shell.run("import", str(file), "--for", "Dongling University", "--json"))
    assert (mended["updated"], mended["unchanged"]) == (1, 1)


@pytest.mark.parametrize("content", [
    b"PK\x03\x04 cut off", *(pytest.param(one, marks=pytest.mark.slow) for one in (b"", b"\x00\x01\x02\xff" * 500, b"%PDF-1.7 no table")),
])
def test_bad_files_get_a_clear_answer(shell: Shell, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    answer = json.loads(shell.run("import", str(file), "--for", "东岭大学", "--json", code=2).strip())
    assert answer["error"]


def test_import_says_what_it_does_not_know(shell: Shell, tmp_path: Path) -> None:
    assert "No organisation" in shell.run("import", "x.csv", "--for", "Zyzzyva Quux Research", code=2)
    assert "Nobody here" in shell.run("import", "x.csv", "--as", "nobody@example.com", code=2)
    shell.run("import", str(tmp_path / "missing.csv"), "--for", "东岭大学", code=2)


def test_check_finds_all_well_and_says_what_is_not(shell: Shell) -> None:
    shell.run("worker", "--once")
    found = json.loads(shell.run("check", "--json"))
    assert found["money"]["words"].endswith("agree to the last unit")
    assert all(one["ok"] for one in found.values()), found
    assert {"settings", "database", "index", "files", "mail"} <= found.keys()
    bad = json.loads(shell.run("check", "--json", code=1, MARKETPLACE_SMTP="smtp://127.0.0.1:1"))
    assert not bad["mail"]["ok"]
    assert "SECRET_KEY" in shell.run("check", code=1, MARKETPLACE_ENV="production", SECRET_KEY="short")


def test_the_checks_in_force_are_listed_with_their_origin_and_a_fault_is_named(shell: Shell, tmp_path: Path) -> None:
    shipped = json.loads(shell.run("checks", "--json"))
    assert {one["origin"] for one in shipped} == {"shipped"} and sum(one["severity"] == "refuse" for one in shipped) == 5
    own = tmp_path / "own.toml"
    own.write_text('[[check]]\ncode = "early_payment"\nregion = "610000"\nin_force = 2026-01-01\nmonths = 18\n', "utf-8")
    found = {one["code"]: one for one in json.loads(shell.run("checks", "--json", "--region", "610000", MARKETPLACE_CHECKS=str(own)))}
    assert len(found) == len(shipped) and found["early_payment"]["origin"] == "own.toml, entry 1" and found["early_payment"]["given"] == {"months": "18"}
    assert "610000   early_payment from 2026-01-01  [own.toml, entry 1]" in shell.run("checks", MARKETPLACE_CHECKS=str(own))
    own.write_text('[[check]]\ncode = "early_payment"\nmonths = "soon"\n', "utf-8")
    for command in (("checks",), ("serve", "--port", "1")):
        assert "own.toml, entry 1 (early_payment), months: must be a whole number" in shell.run(*command, code=2, MARKETPLACE_CHECKS=str(own))
    assert "BAD checks" in shell.run("check", code=1, MARKETPLACE_CHECKS=str(own))
    assert "no region" in shell.run("checks", "--region", "61", code=2)
