"""The drills of calls by pages: a call from its need to paid and stopped teams, a pool that becomes a call, a facility that is booked.

`python tools/prove.py calls` runs all of it; `python tools/calls_drill.py call` (or pool, facility; several) runs parts and prints them. People sit at
browsers of their own on a demo site that matches by words alone; codes and links come by mail. Two things no page can do: a vote of three days is ended
by setting its end back in the database, and what is waited for is waited for (a deadline of whole minutes, then the longest upload).
"""

from __future__ import annotations

import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from brokering_drill import site, until
from drilling import marketplace
from icalendar import Calendar
from visitor import Box, Visitor, complaint, filled, form_of

MINUTES = 1  # the longest upload in this drill, so that the opening need not be waited for
BEFORE = timedelta(seconds=100)  # at least so long a call is open here
HOME = ZoneInfo("Asia/Shanghai")
NEED = {
    "title_zh": "深井泵叶轮汽蚀磨穿", "problem_zh": "排水泵叶轮一千八百小时就被汽蚀和细砂磨穿，停泵两天才能换。",
    "tried_zh": "堆焊和高铬铸铁都试过，变形、脆断。", "industry": "C34", "modes": "open_call", "visibility": "public", "post": "1",
}
CALL = {
    "targets-0-quantity": "叶轮寿命", "targets-0-today": "1800", "targets-0-wanted": "5000", "targets-0-unit": "h", "targets-0-direction": "at_least",
    "acceptance_zh": "装在我厂两台泵上运行，由我厂设备科按月测壁厚，以我厂数据为准。", "money": "budget", "amount": "500000", "currency": "CNY",
    "ip_position": "solver", "teams": "2", "zone": "Asia/Shanghai",
    "stages-0-title": "样轮五百小时", "stages-0-share": "40", "stages-1-title": "验收", "stages-1-share": "60", "stages-2-title": "", "stages-2-share": "",
    "criteria-0-title": "技术路线", "criteria-0-weight": "60", "criteria-1-title": "报价与进度", "criteria-1-weight": "40",
    "criteria-2-title": "", "criteria-2-weight": "",
}
SECRET = "钨羽环流锁扣"  # words that stand nowhere else
MEASURED = {True: "5200", False: "2100"}
SHUT = (403, 404)


class Steps:
    """What was done and how long it took."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, float]] = []
        self.shut: list[tuple[str, str, int]] = []
        self._began = time.perf_counter()

    def done(self, what: str) -> None:
        """Note a step that ends here."""
        self.rows.append((what, time.perf_counter() - self._began))
        self._began = time.perf_counter()

    def strangers(self, people: Iterable[tuple[str, Visitor]], *paths: str) -> None:
        """Others open the pages: they are not there for them."""
        for name, person in people:
            for path in paths:
                status = person.get(path).status
                assert status in SHUT, (name, path, status)
                self.shut.append((name, path, status))

    @property
    def lines(self) -> list[str]:
        """The table."""
        counts = {status: sum(one[2] == status for one in self.shut) for status in SHUT}
        told = ", ".join(f"{count} × {status}" for status, count in counts.items() if count)
        return ["| step | seconds |", "|---|---|", *(f"| {what} | {took:.1f} |" for what, took in self.rows), "",
                f"Private pages on the way asked for by strangers with an account ({', '.join(dict.fromkeys(one[0] for one in self.shut))}): {told}."]


def link(person: Visitor, page: str, pattern: str) -> str | None:
    """The first address on a page that has the pattern."""
    return next((one["href"] for one in person.read(page).page.select("main a[href]") if re.search(pattern, one["href"])), None)


def expected(person: Visitor, page: str, pattern: str) -> str:
    """The same; it must be there."""
    found = link(person, page, pattern)
    assert found, (page, pattern, complaint(person.read(page).page))
    return found


def own_key(address: str) -> str:
    """The id at the end of an address."""
    return address.rstrip("/").rpartition("/")[2]


def call(address: str, data: Path, box: Box) -> list[str]:
    """A call from its need to a team that is paid and one that is stopped."""
    steps = Steps()
    people = {name: Visitor(address, name) for name in ("owner", "officer", "officer.en", "broker2", "broker4")}
    strangers = [(name, Visitor(address, name)) for name in ("owner2", "broker3", "operator")]
    firm, solvers = people["owner"], {name: people[name] for name in ("officer", "officer.en")}
    reviewers = {name: people[name] for name in ("broker2", "broker4")}
    steps.done("eight people sign in")
    page, deadline = put_out(firm, strangers, steps)
    named(firm, reviewers, page, box, steps)
    asked(firm, solvers, page, steps)
    proposals = handed_in(firm, solvers, page, data, steps)
    steps.strangers([*strangers, *reviewers.items()], *proposals.values(), f"{page}/proposals")
    opened(firm, page, deadline, steps)
    desks = reviewed(firm, reviewers, page, proposals, steps)
    steps.strangers([*strangers, *solvers.items()], f"{page}/review", *desks.values())
    award = awarded(firm, page, proposals, steps)
    told(solvers, proposals, award, steps)
    steps.strangers([*strangers, ("officer.en", people["officer.en"])], f"{proposals['officer']}/result")
    teams = taken(firm, solvers, proposals, box, steps)
    worked(firm, solvers, page, teams, steps)
    private = [teams["officer.en"][0], teams["officer.en"][1], f"{page}/teams", teams["officer"][1]]
    steps.strangers(strangers, *private)
    steps.strangers([("the other team", people["officer"])], *teams["officer.en"], f"{page}/teams")
    return steps.lines


def put_out(firm: Visitor, strangers: list[tuple[str, Visitor]], steps: Steps) -> tuple[str, datetime]:
    """Need, draft, published call; its page and its deadline."""
    need = firm.send("/zh/needs/new", **NEED)
    edit = firm.send(need, "/open-call")
    page = edit.removesuffix("/edit")
    steps.done("the firm posts its need and drafts a call from it")
    deadline = (datetime.now(HOME) + BEFORE + timedelta(seconds=59)).replace(second=0, microsecond=0)
    steps.strangers(strangers, page, edit)
    lacking = firm.press(edit, publish="1", amount="")
    assert lacking.status == 422, lacking.status
    missing = len(lacking.page.select(".field-error"))
    firm.send(edit, **CALL, deadline_day=deadline.date().isoformat(), deadline_clock=f"{deadline:%H:%M}", publish="1")
    steps.done(f"published after a refusal that names {missing} missing things at once; deadline at the full minute, {deadline:%H:%M} in Shanghai")
    return page, deadline.astimezone(UTC)


def named(firm: Visitor, reviewers: dict[str, Visitor], page: str, box: Box, steps: Steps) -> None:
    """Two reviewers are named and accept by the link in their mail."""
    for name, person in reviewers.items():
        firm.send(f"{page}/reviewers", address=f"{name}@demo.example")
        naming = box.newest(f"{name}@demo.example", r"/open-calls/reviewing/\w+")[0]
        person.send(f"/zh{naming}", "/accept")
    steps.done("two reviewers are named, and accept by the link in the mail")


def asked(firm: Visitor, solvers: dict[str, Visitor], page: str, steps: Steps) -> None:
    """Both solvers ask; the firm answers to all."""
    for name, person in solvers.items():
        person.send(page, "/questions", text=f"水温范围是多少？（{name}）")
    while question := link(firm, page, "/questions/"):
        firm.send(question, text="十二至三十五摄氏度。")
    text = Visitor(firm.address).read(page).text
    assert text.count("十二至三十五摄氏度。") == len(solvers), text.count("十二至三十五摄氏度。")
    steps.done("two solvers ask, the answers stand for everybody")


def handed_in(firm: Visitor, solvers: dict[str, Visitor], page: str, data: Path, steps: Steps) -> dict[str, str]:
    """Each hands in with a file, one of them twice; the receipt is checked by the command. Solver → the page of its proposal."""
    file, proposals, receipts = b"%PDF-1.7\n" + SECRET.encode() * 30_000, {}, {}
    for name, person in solvers.items():
        for version in range(1 + (name == "officer")):
            receipts[name] = person.send(f"{page}/proposal", title=f"{SECRET}方案", summary=f"第{version + 1}版", plan="先样轮，后整泵。", price="240000",
                                         files=("plan.pdf", file))
        proposals[name] = receipts[name].partition("/receipts/")[0]
    steps.done("two teams hand in with a file of half a megabyte, one replaces its own")
    for name, person in solvers.items():
        verified(person, receipts[name], file, data)
    steps.done("both receipts pass `marketplace calls verify-receipt` with the file")
    for reader in (firm, *(person for person in solvers.values())):
        assert SECRET not in reader.read(page).text
    found = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert SECRET.encode() not in found and SECRET not in firm.read(f"{page}/proposals").text
    steps.done("nobody reads a word of them, not in the pages and not in the files of the site")
    return proposals


def verified(person: Visitor, receipt: str, file: bytes, data: Path) -> None:
    """Download the receipt and hold it against the file, by the command: it fails where they do not fit."""
    with tempfile.TemporaryDirectory() as folder:
        kept, plan = Path(folder) / "receipt.json", Path(folder) / "plan.pdf"
        kept.write_bytes(person.read(f"{receipt}/receipt.json").body)
        plan.write_bytes(file)
        verdict = marketplace("calls", "verify-receipt", str(kept), str(plan), "--json", data=data)
        assert verdict["files"] == {str(plan): "plan.pdf"}, verdict


def opened(firm: Visitor, page: str, deadline: datetime, steps: Steps) -> None:
    """Wait for the clock."""
    time.sleep(max(0.0, (deadline - datetime.now(UTC)).total_seconds()))
    steps.done("until the deadline")
    until(lambda: SECRET in firm.read(f"{page}/proposals").text, "the opening")
    steps.done(f"the worker closes the call, waits for the longest upload ({MINUTES} min) and a minute more, and opens")


def reviewed(firm: Visitor, reviewers: dict[str, Visitor], page: str, proposals: dict[str, str], steps: Steps) -> dict[str, str]:
    """The review is begun; both declare, one with a conflict; they score what they may read. Reviewer → his desk."""
    firm.send(f"{page}/review", least="1")
    desks = {name: str(until(partial(desk_of, person), f"the desk of {name}")) for name, person in reviewers.items()}
    for name, person in reviewers.items():
        ties = {f"kind_{own_key(one)}": "collaboration" if (name, solver) == ("broker4", "officer.en") else "none" for solver, one in proposals.items()}
        texts = {f"text_{own_key(proposals['officer.en'])}": "去年一起申报过项目。"} if name == "broker4" else {}
        person.send(f"{desks[name]}/declare", **ties, **texts, complete="y")
        scored(person, desks[name], 1 if name == "broker4" else 2)
    steps.done("the review begins, both reviewers declare, one a conflict, and score: one sees two proposals, the other one")
    firm.send(f"{page}/review", "/review/close")
    return desks


def desk_of(person: Visitor) -> str | None:
    """The reviewer's desk for this call; the demo has him review another."""
    links = person.read("/zh/reviews").page.select("main a[href*='/reviews/']")
    return next((link["href"] for link in links if NEED["title_zh"] in link.get_text()), None)


def scored(person: Visitor, desk: str, count: int) -> None:
    """Score every proposal on a desk."""
    sheets = dict.fromkeys(one["href"] for one in person.read(desk).page.select("main a[href*='/proposals/']"))
    assert len(sheets) == count, (desk, list(sheets))
    for place, sheet in enumerate(sheets):
        form = filled(form_of(person.read(sheet).page, None))
        marks = {name: str(8 - place) for name in form if name.startswith("value_")}
        reasons = {name: "路线清楚，证据充分。" for name in form if name.startswith("reason_")}
        person.send(sheet, **marks, **reasons)


def awarded(firm: Visitor, page: str, proposals: dict[str, str], steps: Steps) -> str:
    """Both are chosen; the page of the award."""
    keys = {name: own_key(one) for name, one in proposals.items()}
    said = {f"{field}_{key}": value for key in keys.values() for field, value in
            {"chosen": "y", "amount": "250000", "reason": "两条路线风险不同，平行推进。", "advice": "请写清检验方法。"}.items()}
    firm.send(f"{page}/review/decide", **said, reasons="评审组一致同意平行推进。")
    award = firm.send(f"{page}/review", "/review/publish")
    public = Visitor(firm.address).read(award).text
    assert public.count("两条路线风险不同") == 2 and "请写清检验方法" not in public
    steps.done("the owners close, decide with reasons and publish: two teams in parallel, for everybody to read")
    return award


def told(solvers: dict[str, Visitor], proposals: dict[str, str], award: str, steps: Steps) -> None:
    """Each solver reads its own scores and advice."""
    for name, person in solvers.items():
        text = person.read(f"{proposals[name]}/result").text
        assert "路线清楚，证据充分。" in text and "请写清检验方法" in text
        assert not any(reviewer in text for reviewer in ("凌舟行", "苗青渡")), name
    steps.done("each solver reads its scores and the advice, without the reviewers' names")


def taken(firm: Visitor, solvers: dict[str, Visitor], proposals: dict[str, str], box: Box, steps: Steps) -> dict[str, tuple[str, str]]:
    """Both take the award with milestones and sign with the firm. Solver → (page of its team, agreement)."""
    teams = {}
    first = datetime.now(HOME).date() + timedelta(days=30)
    for name, person in solvers.items():
        team = expected(person, f"{proposals[name]}/result", r"/teams/\w+$")
        agreement = person.send(f"{team}/take", plan_1="两只样轮和周报", due_1=first.isoformat(), plan_2="整泵叶轮和报告",
                                due_2=(first + timedelta(days=200)).isoformat())
        firm.send(f"{agreement}/edit", **{"terms-effective": datetime.now(HOME).date().isoformat()})
        person.send(f"{agreement}/pricing", mode="listing", decided_by="院务会", basis="挂牌", minutes=("minutes.txt", b"agreed"))
        teams[name] = (team, agreement)
    steps.done("both take the award with milestones of their own; the firm proposes it anew with today as the day of effect")
    for name, person in solvers.items():
        for signer, address in ((firm, "owner@demo.example"), (person, f"{name}@demo.example")):
            signed(signer, address, teams[name][1], box)
    steps.done("both agreements are signed with codes from the mail")
    return teams


def signed(person: Visitor, address: str, agreement: str, box: Box) -> None:
    """Sign with the code that comes by mail."""
    box.letters = [letter for letter in box.letters if letter["X-To"] != address]
    enter = person.send(f"{agreement}/sign")
    person.send(enter, code=box.newest(address, r"(?m)^ {4}(\d{6,8})\s*$")[1])


def worked(firm: Visitor, solvers: dict[str, Visitor], page: str, teams: dict[str, tuple[str, str]], steps: Steps) -> None:
    """One team's stage is accepted by own measurement and paid; the other is stopped at its gate."""
    for name, person in solvers.items():
        gate = expected(person, teams[name][0], r"/gates/\w+/submit$").removesuffix("/submit")
        person.send(f"{gate}/submit", evidence="样轮两只已装机五百小时。")
        accepts = name == "officer.en"
        firm.send(f"{gate}/judge", verdict="accepted" if accepts else "rejected", finding="按壁厚损失外推。", value_0=MEASURED[accepts])
        if accepts:
            firm.send(f"{gate}/go", reason="达标，继续。")
    steps.done("both hand their first stage in; the firm measures itself, accepts one and rejects the other")
    _team, agreement = teams["officer.en"]
    assert "100,000" in firm.read(agreement).text
    payment = firm.send(f"{agreement}/payments/new", amount="100000")
    solvers["officer.en"].send(payment, "/confirm")
    paid = until(lambda: "已付" in solvers["officer.en"].read(teams["officer.en"][0]).text, "the stage that is paid")
    assert paid
    steps.done("the fee of the accepted stage, 100,000, is due on the agreement's schedule, paid and confirmed")
    team, agreement = teams["officer"]
    firm.send(f"{team}/stop", reason="寿命只有两千一百小时，另一队已达标。")
    text = solvers["officer"].read(team).text
    assert "另一队已达标" in text and link(solvers["officer"], team, "/submit$") is None
    steps.done("the other team is stopped at its gate; nothing of its later stage is owed")


def pool(address: str, data: Path, _box: Box) -> list[str]:
    """Two needs that are alike, a pool, pledges, a vote, and a call of two owners."""
    steps = Steps()
    lead, other = Visitor(address, "owner2"), Visitor(address, "owner3")
    strangers = [(name, Visitor(address, name)) for name in ("owner", "broker3", "operator")]
    steps.done("five people sign in")
    about = {"industry": "C35", "modes": "pooled", "visibility": "public", "post": "1", "tried_zh": "换过涂层。"}
    text = "铝合金压铸模具六万模次后龟裂，热疲劳裂纹从浇口处开始，想提高模具热疲劳寿命。"
    for person, title in ((lead, "压铸模具热疲劳龟裂"), (other, "铝压铸模具龟裂太早")):
        person.send("/zh/needs/new", **about, title_zh=title, problem_zh=text)
    proposal = str(until(lambda: link(other, "/zh/pools/alike", r"/pools/alike/\w+$"), "the proposal to pool"))
    assert link(lead, "/zh/pools/alike", re.escape(proposal)), "the other firm is told as well"
    steps.strangers(strangers, proposal)
    steps.done("two firms post needs that are alike; both are proposed to pool them")
    page = begun(lead, proposal)
    steps.strangers(strangers[:2], page)  # the operator sees drafts of pools
    lead.send(page, "/open")
    for person, amount in ((lead, "300000"), (other, "200000")):
        person.send(f"{page}/pledge", amount=amount)
    assert "已达" in lead.read(page).text, complaint(lead.read(page).page)
    steps.done("a pool is begun from the proposal and opened; both pledge, the threshold is reached")
    voted(lead, other, page, data)
    steps.strangers(strangers, f"{page}/results")
    steps.done("a question is voted on by both; the three days of the vote are set back in the database")
    draft = lead.send(page, "/convert")
    edit = expected(lead, draft, r"/open-calls/\w+/edit$")
    deadline = datetime.now(HOME) + timedelta(days=30)
    lead.send(edit, **{**CALL, "ip_position": "owner"}, deadline_day=deadline.date().isoformat(), deadline_clock="17:00")
    steps.strangers(strangers, draft, edit)
    early = lead.press(edit, publish="1")
    assert early.status == 422, early.status
    lead.send(draft, "/call/ask")
    for person in (other, lead):
        person.send(draft)
    lead.send(edit, publish="1")
    public = Visitor(address).read(edit.removesuffix("/edit")).text
    assert "宁波恒砺" in public and "重庆乾晟" in public
    steps.done("it becomes a call of two owners, refused until both have confirmed the draft, then published under both names")
    return steps.lines


def begun(lead: Visitor, proposal: str) -> str:
    """A draft of a pool from the proposal."""
    page = expected(lead, proposal, r"/pools/new\?proposal=")
    day = datetime.now(HOME).date() + timedelta(days=20)
    return lead.send(page, title_zh="压铸模具热疲劳共性攻关", brief_zh="提高铝压铸模具的热疲劳寿命。", acceptance_zh="各自在量产模具上验证。",
                     threshold="500000", least="100000", currency="CNY", day=day.isoformat(), clock="17:00", basis="proportional", visibility="public",
                     rights=["own_use", "licence_income"])


def voted(lead: Visitor, other: Visitor, page: str, data: Path) -> None:
    """A question, both votes, and the clock put forward."""
    motion = lead.send(f"{page}/votes/new", text="第一轮验证放在恒砺？", days="3", options="")
    for person in (lead, other):
        person.send(motion, choice="yes")
    with closing(sqlite3.connect(data / "marketplace.db", timeout=60)) as database, database:
        past = (datetime.now(UTC) - timedelta(minutes=1)).replace(tzinfo=None).isoformat(" ")
        database.execute("update pool_motion set closes = ? where state = 'open' and public_id = ?", (past, own_key(motion)))
        database.execute("update job set due = ? where kind = 'pools.close_motion' and state = 'queued'", (past,))
    until(lambda: "表决中" not in lead.read(motion).text, "the end of the vote")


def facility(address: str, _data: Path, _box: Box) -> list[str]:
    """A pilot line is listed, asked for, booked; its calendar is read; and it stands beside a match with a gap of maturity."""
    steps = Steps()
    host, guest = Visitor(address, "officer"), Visitor(address, "owner")
    strangers = [(name, Visitor(address, name)) for name in ("owner2", "broker3", "operator")]
    steps.done("five people sign in")
    page = host.send("/zh/facilities/new", title_zh="低温等离子灭菌中试线", description_zh="细长管腔器械过氧化氢低温等离子灭菌放大验证。", kind="pilot_line",
                     region="330000", trl_from="3", trl_to="9", basis="request", zone="Asia/Shanghai", visibility="public", post="1")
    day = datetime.now(HOME).date() + timedelta(days=7)
    day += timedelta(days=(7 - day.weekday()) % 7)  # a Monday
    request = guest.send(f"{page}/ask", text="三批管腔器械试灭菌。", day=day.isoformat(), begin="09:00", last_day="", end="12:00")
    steps.strangers(strangers, request, f"{page}/bookings.ics")
    steps.done("an institute lists a pilot line, a firm asks for three hours")
    host.send(request, request, verb="accept")
    calendar = Calendar.from_ical(host.read(f"{page}/bookings.ics").body)
    (event,) = calendar.walk("VEVENT")
    begins = event["DTSTART"].dt.astimezone(HOME)
    assert (begins.date(), begins.hour) == (day, 9), begins
    steps.done(f"it is accepted; the iCalendar file has one event, {begins:%Y-%m-%d %H:%M} in {begins.tzinfo}")
    need = guest.send("/zh/needs/new", title_zh="细长管腔器械灭菌不透", problem_zh="细长管腔器械用过氧化氢低温等离子灭菌，管腔深处灭不透，要脉动抽注。",
                      tried_zh="延长过周期。", industry="C358", modes="licence", visibility="public",
                      deadline=(day + timedelta(days=60)).isoformat(), post="1")
    match = str(until(lambda: match_with_gap(guest, need, page), "a match with a gap"))
    steps.done("a need with a deadline in ten weeks is matched; the page of the match names the pilot line beside the gap")
    steps.strangers(strangers[:1], match)  # technology managers read matches of public needs
    return steps.lines


def match_with_gap(guest: Visitor, need: str, page: str) -> str | None:
    """A match of the need on whose page the facility is named."""
    section = next((one for one in guest.read("/zh/matches").page.select("section") if one.find("a", href=need)), None)
    found = [one["href"] for one in section.select("h3 a")] if section else []
    return next((one for one in found if page in guest.read(one).text), None)


PARTS: dict[str, tuple[str, Callable[[str, Path, Box], list[str]]]] = {
    "call": ("A call, from its need to paid and stopped teams", call), "pool": ("A pool that becomes a call of two owners", pool),
    "facility": ("A pilot line: listed, booked, beside a match", facility),
}


CLOSED = [
    "403 is the answer where the thing itself is public and a page of it is not (the review, the teams and the list of proposals of a published call, the",
    "bookings of a published facility); 404 where it is not there for the reader at all.", "",
]


def waiting(data: Path) -> int:
    """How many mails are still to leave."""
    with closing(sqlite3.connect(data / "marketplace.db", timeout=30)) as database:
        return int(database.execute("select count(*) from mail where state = 'queued'").fetchone()[0])


def story(names: Iterable[str] = tuple(PARTS)) -> list[str]:
    """The parts on one demo site, each a chapter of the report."""
    box, lines = Box(), list[str]()
    box.controller.start()
    try:
        with site("calls", MARKETPLACE_SMTP=box.address, MARKETPLACE_UPLOAD_MINUTES=str(MINUTES)) as (address, data):
            until(lambda: not waiting(data), "the mails of the demo")  # its reviewers are invited too
            for name in names:
                title, part = PARTS[name]
                lines += [f"## {title}, by pages over HTTP", "", *part(address, data, box), ""]
    finally:
        box.controller.stop()
    return [*lines, *CLOSED]


if __name__ == "__main__":
    sys.stdout.write("\n".join(story(sys.argv[1:] or tuple(PARTS))) + "\n")
