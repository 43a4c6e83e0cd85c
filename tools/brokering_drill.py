"""The drills of brokering: the story by pages, the walk of blind listings, faults, mail under kills, and the benches; the report is docs/proof/brokering.md.

`python tools/prove.py brokering` runs all of it; `python tools/brokering_drill.py story` (or walk, faults, mail, benches; several) runs parts and prints them.
Each part works on a demo site of its own, matching by words alone.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from drilling import ROOT, marketplace, passed, served, write
from visitor import Answer, Box, Visitor, complaint, filled, form_of

sys.path.insert(0, str(ROOT))
from tests.catalogue.scanning.clamd import EICAR, running
from tests.postgres import postgres_server

WORDS_ONLY = {"MARKETPLACE_ENCODERS": "none"}
NEED = {
    "title_zh": "铣薄壁钛合金零件时颤振", "problem_zh": "铣薄壁钛合金零件时再生颤振，壁厚两毫米，转速一高就有振纹，表面粗糙，想在线抑制颤振。",
    "tried_zh": "换过不等齿距立铣刀，降过转速，没有改善。", "industry": "C358", "modes": "licence", "visibility": "public", "post": "1",
}
FEE = {"kind": "percent", "rate": "5", "of": "received", "currency": "CNY", "payer": "both", "firm_share": "40", "moment": "each_payment", "due_days": "30",
       "amount": "", "cap": ""}
TRIES, TIMED, DEATHS, READERS = 15, 150, 25, 200


@contextmanager
def site(name: str, **environment: str) -> Iterator[tuple[str, Path]]:
    """A demo site that runs: its address, and its folder."""
    with tempfile.TemporaryDirectory(prefix=f"drill-{name}-") as folder:
        os.environ.update(WORDS_ONLY)
        marketplace("demo", data=Path(folder))
        with served(Path(folder), **environment) as address:
            yield address, Path(folder)


def until(found: Callable[[], object], what: str, wait: float = 600) -> object:
    """What a look finds, once the worker has done its part."""
    end = time.monotonic() + wait
    while time.monotonic() < end:
        if thing := found():
            return thing
        time.sleep(0.5)
    raise AssertionError(f"waited in vain for {what}")


def story() -> list[str]:
    """From a posted need to the fee, by pages, as four persons at four browsers; codes come by mail."""
    steps: list[tuple[str, float]] = []
    box = Box()
    box.controller.start()
    try:
        with site("story", MARKETPLACE_SMTP=box.address) as (address, _data):
            firm, holder, broker = (Visitor(address, name) for name in ("owner", "officer", "broker1"))
            began = time.perf_counter()

            def done(what: str) -> None:
                nonlocal began
                steps.append((what, time.perf_counter() - began))
                began = time.perf_counter()

            deal = _brought_together(firm, broker, done)
            _introduced(firm, holder, broker, deal, done)
            agreement = _agreed(firm, holder, broker, deal, box, done)
            _paid(firm, holder, broker, deal, agreement, done)
            stranger = Visitor(address, "broker2")
            shut = {stranger.get(page).status for page in (deal, f"{deal}/messages", f"{deal}/documents", agreement)}
    finally:
        box.controller.stop()
    return ["| step | seconds |", "|---|---|", *(f"| {what} | {took:.1f} |" for what, took in steps), "",
            f"Mails that left: {len(box.letters)}. Another technology manager asks for the deal, its messages, its documents and the agreement: {shut}."]


def _brought_together(firm: Visitor, broker: Visitor, done: Callable[[str], None]) -> str:
    need = firm.send("/zh/needs/new", **NEED)
    done("the firm posts its need")

    def found() -> str | None:
        page = firm.read("/zh/matches").page
        section = next((one for one in page.select("section") if one.find("a", href=need)), None)
        link = section and next((one for one in section.select("h3 a") if "颤振" in one.get_text()), None)
        return link["href"] if link else None

    match = str(until(found, "the match"))
    done("the match is found and stands on its desk")
    firm.send(match, match, side="firm", answer="introduced", code="")
    done("it asks for an introduction")
    key = f"row-asked-{match.rsplit('/', 1)[1]}"
    row = until(lambda: broker.read("/zh/worklist").page.find(id=key), "the row on the worklist")
    form = row.find("form")
    deal = broker.post(form["action"], filled(form)).location.partition("#")[0]
    if "/deals/" not in deal:
        deal = next(link["href"] for link in broker.read("/zh/deals").page.select("main a[href*='/deals/']") if "颤振" in link.get_text())
    done("the technology manager finds it on the worklist and opens the deal")
    return deal


def _step(person: Visitor, deal: str, verb: str) -> None:
    form = form_of(person.read(deal).page, f"{deal}/step")
    answer = person.post(f"{deal}/step", {**filled(form), "verb": verb})
    assert answer.status == 303, (verb, answer.status, complaint(answer.page))


def _introduced(firm: Visitor, holder: Visitor, broker: Visitor, deal: str, done: Callable[[str], None]) -> None:
    _step(broker, deal, "qualify")
    broker.send(f"{deal}/fee", **FEE)
    broker.send(deal, "introduction/ask")
    for side, person in (("firm", firm), ("holder", holder)):
        form = form_of(person.read(f"{deal}/introduction").page, None)
        answer = person.post(f"{deal}/introduction", {**filled(form), "side": side, "agreed": "yes", "code": ""})
        assert answer.status == 303, complaint(answer.page)
    _step(broker, deal, "introduce")
    done("fee, consents of both sides, introduction")
    _step(broker, deal, "evaluate")
    firm.send(f"{deal}/messages", "/messages", **{"talk-audience": "all", "talk-text": "周五前请寄样品。"})
    holder.send(f"{deal}/documents", name="试验大纲", side="", file=("大纲.txt", "大纲".encode()))
    until(lambda: "试验大纲" in firm.read(deal).text, "the document")
    done("evaluation: a message and a document")


def _agreed(firm: Visitor, holder: Visitor, broker: Visitor, deal: str, box: Box, done: Callable[[str], None]) -> str:
    edit = firm.send(deal, f"{deal}/agreement")
    firm.send(edit, **{"terms-effective": datetime.now(UTC).date().isoformat()})
    agreement = edit.removesuffix("/edit")
    firm.send(agreement, "/propose")
    until(lambda: "谈判中" in broker.read(deal).text, "the stage of negotiating")
    holder.send(f"{agreement}/pricing", mode="listing", decided_by="院务会", basis="挂牌", minutes=("minutes.txt", b"agreed"))
    done("agreement drafted from the deal and proposed, its price recorded")
    for person, name in ((firm, "owner"), (holder, "officer")):
        box.letters = [letter for letter in box.letters if letter["X-To"] != f"{name}@demo.example"]
        enter = person.send(f"{agreement}/sign")
        code = box.newest(f"{name}@demo.example", r"(?m)^ {4}(\d{6,8})\s*$")[1]
        person.send(enter, code=code)
    done("signed by both with codes from the mail")
    return agreement


def _paid(firm: Visitor, holder: Visitor, broker: Visitor, deal: str, agreement: str, done: Callable[[str], None]) -> None:
    firm.send(f"{agreement}/events/trial_started")
    until(lambda: "履约中" in broker.read(deal).text, "the stage of performing")
    firm.send(f"{agreement}/events/converted")
    payment = firm.send(f"{agreement}/payments/new", amount="180000")
    done("the trial begins, the firm converts and pays")
    holder.send(payment, "/confirm")
    until(lambda: "3,600" in firm.read(deal).text, "the fee of the firm")
    done("the institute confirms the payment; the fee is due: 5 % of 180,000, 40 % of it from the firm, 3,600")
    _step(broker, deal, "win")
    counts = [row.find("td").get_text(strip=True) for row in broker.read("/zh/funnel/mine").page.select("table")[0].select("tbody tr")]
    done(f"the deal is won; the manager's funnel counts {', '.join(counts)}")


def walk() -> list[str]:
    """All addresses as all roles, in full; and whether the time of an answer tells what is there."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "walk.xml"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-o", "junit_family=xunit1", f"--junitxml={report}",
             "tests/web/test_blind.py"],
            capture_output=True, text=True, cwd=ROOT,
        )
        assert done.returncode == 0, done.stdout[-2000:]
        cases = list(ElementTree.parse(report).iter("testcase"))
    whole = next(case for case in cases if case.get("name", "").endswith("outside[True]"))
    told = {one.get("name"): one.get("value") for one in whole.iter("property")}
    lines = [
        f"- {told.get('addresses')} addresses × {told.get('roles')} roles, {told.get('fetched')} pages fetched: {told.get('leaks')} leaks.",
        f"- All walks and guesses of `tests/web/test_blind.py`: {len(cases)} cases, all passed.", "",
    ]
    with site("walk") as (address, data):
        lines += _timed(address, data)
    return lines


def _rows(data: Path, query: str) -> list[tuple]:
    with sqlite3.connect(data / "marketplace.db", timeout=30) as database:
        return database.execute(query).fetchall()


def _timed(address: str, data: Path) -> list[str]:
    """Medians of answers about what is there but closed, beside what is not there; asked in turn."""
    technology, number = _rows(data, "select public_id, coalesce(application_number, '201610999999.1') from technology where visibility = 'blind'")[0]
    deal, document = _rows(data, "select public_id from deal")[0][0], "zzzzzzzzzzzz"
    stranger = Visitor(address, "broker3")
    pairs = {
        "a deal of others": (f"/zh/deals/{deal}", f"/zh/deals/{document}"),
        "messages of a deal of others": (f"/zh/deals/{deal}/messages", f"/zh/deals/{document}/messages"),
        "a blind technology's history": (f"/zh/technologies/{technology}/history", f"/zh/technologies/{document}/history"),
        "an application number in the search": (f"/zh/technologies?q={number}", "/zh/technologies?q=201699999999.9"),
    }
    lines = ["| asked by a stranger | there but closed: median ms, status | not there: median ms, status |", "|---|---|---|"]
    for what, addresses in pairs.items():
        took: dict[str, list[Answer]] = {one: [] for one in addresses}
        for turn in range(TIMED):
            for one in addresses if turn % 2 else reversed(addresses):
                took[one].append(stranger.get(one))
        cells = (f"{statistics.median(answer.took for answer in took[one]):.1f}, {took[one][0].status}" for one in addresses)
        lines.append(f"| {what} | {' | '.join(cells)} |")
    return lines


def faults() -> list[str]:
    """Two at once, what comes twice, what is too large, of a wrong type or infected, and another's deal by number."""
    with site("faults") as (address, data):
        lines = _race(address, data)
        lines += _files(address, data, "without a scanner")
        lines += _strangers(address, data)
    with running() as scanner, site("scanner", MARKETPLACE_SCANNER=scanner.address) as (address, data):
        lines += _files(address, data, "with a scanner")
    once = "tests/deals/test_at_once.py", "tests/deals/talk/test_at_once.py", "tests/deals/documents/test_at_once.py"
    gone = "tests/deals/parties/test_parties.py", "tests/alerts/inbox/test_bounces.py", "tests/deals/talk/test_enclosures.py"
    return [
        *lines, f"- An invitation used twice, a broker's and a firm's steps, documents and notes at once, in threads, on SQLite: {passed(*once)}.",
        f"- The same on PostgreSQL: {passed(*once, '--database=postgresql')}.",
        f"- A party removed in the middle, bounces, files of answers by mail (200 MB, wrong type, test string): {passed(*gone)}.",
    ]


def _race(address: str, data: Path) -> list[str]:
    """Two technology managers open the deal of one pair at the same moment, over HTTP."""
    two = [Visitor(address, name) for name in ("broker1", "broker2")]
    ends: Counter[tuple[int, ...]] = Counter()
    before = _rows(data, "select count(*) from deal")[0][0]
    for _try in range(TRIES):
        forms = [
            {form["action"]: filled(form) for form in one.read("/zh/worklist").page.select("[id^=row-pair-] .work-do > form[action$='/deal']")}
            for one in two
        ]
        shared = sorted(set(forms[0]) & set(forms[1]))
        assert shared, "the worklists of the two have no pair in common"
        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(one.post, shared[0], form[shared[0]]) for one, form in zip(two, forms, strict=True)]
            ends[tuple(sorted(answer.result().status for answer in asked))] += 1
    made = _rows(data, "select count(*) from deal")[0][0] - before
    doubled = "select count(*) from (select 1 from deal where state not in ('won', 'lost') group by need_id, technology_id having count(*) > 1)"
    twice = _rows(data, doubled)[0][0]
    told = ", ".join(f"{status} × {count}" for status, count in ends.items())
    return [f"- Two technology managers open one deal at once, {sum(ends.values())} tries: {made} deals, {twice} of a pair twice; answers: {told}."]


def _files(address: str, data: Path, what: str) -> list[str]:
    """Documents that must not come through, sent by the page of a deal that the firm takes part in."""
    firm = Visitor(address, "owner")
    deal = "/zh/deals/" + _rows(data, "select public_id from deal where state = 'evaluation'")[0][0] + "/documents"
    sent = {
        "200 MB": ("large.txt", b"x" * (200 * 1024 * 1024)), "a programme named .pdf": ("plan.pdf", b"MZ\x90\x00" * 99),
        "a .exe": ("plan.exe", b"MZ\x90\x00" * 99), "the virus test string": ("plan.txt", EICAR),
    }
    lines, form = [], filled(form_of(firm.read(deal).page, None))
    for name, file in sent.items():
        answer = firm.post(deal, {**form, "name": "x", "side": "", "file": file})
        said = f"{answer.status}" + ("" if answer.status == 303 else f" “{complaint(answer.page)[:90]}”")
        if answer.status == 303:
            said += f", then opened: {firm.get(answer.location + '/1').status}"
        lines.append(f"- A document, {what}, {name}: {said}.")
    return lines


def _strangers(address: str, data: Path) -> list[str]:
    """Another's deals, documents and agreements, by their own addresses and by plain numbers."""
    keys = [f"/zh/deals/{one}" for (one,) in _rows(data, "select public_id from deal")] + [f"/zh/deals/{number}" for number in range(1, 30)]
    keys += [f"/zh/agreements/{one}" for (one,) in _rows(data, "select public_id from agreement")]
    found: Counter[int] = Counter()
    for name in ("broker4", "operator", None):
        one = Visitor(address, name)
        found.update(one.get(key).status for key in keys)
    return [f"- Deals and agreements of others by their addresses and by number, as another technology manager, the operator and a visitor: {dict(found)}."]


FILL = """
import sys
from marketplace import create_app
from marketplace.alerts.subscriptions.models import Noticed
from marketplace.alerts.subscriptions.operations import follow_search
from marketplace.config import read
from marketplace.db import now, session, to_write
from marketplace.needs.models import Need
from marketplace.people.models import Person
from sqlalchemy import select
create_app(read())
with to_write():
    need = session.scalar(select(Need.id).where(Need.visibility == "public", Need.state.in_(Need.OPEN_STATES)))
    for number in range(int(sys.argv[1])):
        key = f"reader{number}@example.com"
        person = Person(name="R", address=key, address_key=key, password_hash="x", created=now(), confirmed=now())
        session.add(person)
        session.flush()
        row = follow_search(person, "need", "", {}, "all", now())
        session.flush()
        session.add(Noticed(subscription_id=row.id, thing="need", thing_id=need, at=now()))
        row.due = now()
    session.commit()
"""


def mail() -> list[str]:
    """A worker killed at random moments while digests leave; a mail server that is away for a while."""
    box = Box()
    box.controller.start()
    with tempfile.TemporaryDirectory(prefix="drill-mail-") as folder:
        data = Path(folder)
        os.environ.update(WORDS_ONLY)
        marketplace("demo", data=data)
        address = box.address
        environment = {**os.environ, "MARKETPLACE_DATA": folder, "MARKETPLACE_SMTP": address}
        subprocess.run([sys.executable, "-c", FILL, str(READERS)], env=environment, check=True, cwd=ROOT)
        deaths = _killed(environment, data, box)
        box.controller.stop()
        lines = [_told(box, deaths, data)]
        port = int(address.rpartition(":")[2])
        lines += _away(environment, data, port)
    return [*lines, f"- The inbox on a real IMAP server (Dovecot): {passed('tests/alerts/inbox/test_imap.py', '-m', 'slow', '-n', '0')}."]


def _worker(environment: dict[str, str]) -> subprocess.Popen:
    command = [sys.executable, "-m", "marketplace.cli", "worker"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)


def _left(data: Path) -> int:
    """How many readers wait for their digest still, in whichever state it is."""
    waiting = "select count(*) from subscription where due is not null and paused is null and name = 'all'"
    return _rows(data, waiting)[0][0] + _rows(data, "select count(*) from mail where template = 'digest' and state = 'queued'")[0][0]


def _free(data: Path) -> None:
    """End the leases of the dead, as five minutes would, and let what waits for another attempt go."""
    with sqlite3.connect(data / "marketplace.db", timeout=60) as database:
        past = (datetime.now(UTC) - timedelta(minutes=1)).replace(tzinfo=None).isoformat(" ")
        database.execute("update job set lease = ? where state = 'running'", (past,))
        database.execute("update job set due = ? where state = 'queued'", (past,))


def _killed(environment: dict[str, str], data: Path, box: Box) -> int:
    """Kill workers until none of the digests wait; how many died while some did."""
    chance, deaths = random.Random(7), 0
    while _left(data):
        worker = _worker(environment)
        if deaths < DEATHS:
            seen = len(box.letters)
            end = time.monotonic() + 60
            while len(box.letters) == seen and _left(data) and time.monotonic() < end:
                time.sleep(0.02)
            time.sleep(chance.uniform(0, 0.6))
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            deaths += 1
            _free(data)
        else:
            until(lambda: not _left(data), "the last digests")
            worker.terminate()
            worker.wait()
    return deaths


def _told(box: Box, deaths: int, data: Path) -> str:
    got = [(letter["X-To"], letter["Message-ID"]) for letter in box.letters if letter["X-To"].startswith("reader")]
    readers = {to for to, _name in got}
    doubles = len(got) - len(set(got))
    other = len(set(got)) - len(readers)
    rows = dict(_rows(data, "select state, count(*) from mail where template = 'digest' and address like 'reader%' group by state"))
    return (f"- {READERS} readers, the worker killed (SIGKILL) {deaths} times at random moments while digests left: {len(readers)} readers reached, "
            f"{READERS - len(readers)} lost; {doubles} mails came twice under the same Message-ID (the window of docs/mail.md: "
            f"the server had taken it and the worker died before the commit), {other} twice under another; rows of mail by state: {rows}.")


def _away(environment: dict[str, str], data: Path, port: int) -> list[str]:
    """The mail server is gone when the mails are written, and comes back."""
    before = _rows(data, "select coalesce(max(id), 0) from mail")[0][0]
    with sqlite3.connect(data / "marketplace.db", timeout=60) as database:
        database.execute("update noticed set told = null, mail_id = null where subscription_id in (select id from subscription where name = 'all' limit 20)")
        database.execute("update subscription set due = ? where id in (select id from subscription where name = 'all' limit 20)",
                         (datetime.now(UTC).replace(tzinfo=None).isoformat(" "),))
    worker = _worker(environment)
    tried = f"select count(*) from mail where id > {before} and attempts > 0 and state = 'queued'"
    until(lambda: _rows(data, tried)[0][0] >= 20, "the attempts without a server")
    failing = _rows(data, f"select error from mail where id > {before} and error is not null")[0][0]
    box = Box(port)
    box.controller.start()
    _free(data)
    until(lambda: not _rows(data, f"select 1 from mail where id > {before} and state = 'queued'"), "the mails after the return")
    worker.terminate()
    worker.wait()
    box.controller.stop()
    return [f"- The mail server away while 20 digests were written: all 20 waited (“{failing[:60]}”); after its return {len(box.letters)} mails came, "
            f"{len({letter['Message-ID'] for letter in box.letters})} different."]


def benches() -> list[str]:
    """The worklist, the funnel and the board, on both databases."""
    lines = []
    for name, options in (("worklist", ()), ("worklist", ("--fields",)), ("funnel", ()), ("board", ())):
        with tempfile.TemporaryDirectory() as folder, postgres_server() as url:
            for kind, database in (("SQLite", ()), ("PostgreSQL", ("--database", url))):
                found = marketplace("bench", name, *options, *database, "--json", data=Path(folder))
                lines.append(f"- `bench {' '.join((name, *options))}`, {kind}: {_flat(found)}")
    return lines


def _flat(figures: dict, inside: str = "") -> str:
    parts = [_flat(value, f"{inside}{name} ") if isinstance(value, dict) else f"{inside}{name} {value}" for name, value in figures.items()]
    return "; ".join(parts)


PARTS: dict[str, tuple[str, Callable[[], list[str]]]] = {
    "benches": ("Benches (milliseconds)", benches), "story": ("The story by pages, over HTTP", story), "walk": ("Blind listings", walk),
    "faults": ("Faults", faults), "mail": ("Mail", mail),
}


def brokering(names: Sequence[str] = tuple(PARTS)) -> None:
    """Run the parts and write their report."""
    lines: list[str] = []
    for name in names:
        title, part = PARTS[name]
        lines += [f"## {title}", "", *part(), ""]
    if tuple(names) == tuple(PARTS):
        write("brokering", "Proof of brokering", lines)
    else:
        sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    brokering(sys.argv[1:] or tuple(PARTS))
