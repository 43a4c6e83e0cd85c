"""The load of the drill of faults: clients that do over HTTP what counts, and a ledger of their own of what the site said to it.

Each line of the ledger is written twice, by whoever asks: before, that it asks, and after, what was said: `done`, `refused`, or nothing, where the answer
broke off. What was said to be done must be there; what was refused must not; of the rest either is right, but never half, and never twice. So each attempt
carries a mark of its own. Nothing here reads the database.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from visitor import Answer, Visitor, complaint, filled, form_of

NEED = {
    "problem_zh": "铣薄壁钛合金零件时再生颤振，壁厚两毫米，转速一高就有振纹，表面粗糙，想在线抑制颤振。",
    "tried_zh": "换过不等齿距立铣刀，降过转速，没有改善。",
    "industry": "C358", "modes": "licence", "visibility": "public", "post": "1",
}
FEE = {"kind": "percent", "rate": "5", "of": "received", "currency": "CNY", "payer": "both", "firm_share": "40", "moment": "each_payment", "due_days": "30",
       "amount": "", "cap": ""}
BROKEN = (OSError, http.client.HTTPException)
PERSONS = ("owner", "officer", "broker1")
TRIES = 12  # of one step, before a client gives up its story


class Sink:
    """A mail server that writes down each letter it takes before it says so."""

    def __init__(self, file: Path, port: int) -> None:
        self.file, self.lock = file, threading.Lock()
        self.letters: list[dict[str, Any]] = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
        self.controller = Controller(self, hostname="127.0.0.1", port=port)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Take a letter."""
        letter = message_from_bytes(envelope.content, policy=default)
        told = {"at": time.time(), "id": letter["Message-ID"], "to": ",".join(envelope.rcpt_tos), "subject": letter["Subject"],
                "text": letter.get_body(("plain",)).get_content()}
        with self.lock, self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(told, ensure_ascii=False) + "\n")
            self.letters.append(told)
        return "250 OK"

    def code(self, to: str, about: str, wait: float) -> str:
        """The newest code for signing that was sent to somebody about the signature whose page has this id in its address."""
        end = time.monotonic() + wait
        while time.monotonic() < end:
            for letter in reversed(self.letters):
                found = re.search(r"(?m)^ {4,5}(\d{6,8})\s*$", letter["text"]) if letter["to"] == to and about in letter["text"] else None
                if found:
                    return found[1]
            time.sleep(0.2)
        raise Lost(f"no code for {to} about {about}")


class Lost(Exception):
    """A story cannot go on."""


class Ledger:
    """What was asked and what was said, a line each, kept at once."""

    def __init__(self, file: Path) -> None:
        self.file, self.lock, self.counts = file, threading.Lock(), Counter[str]()
        self.last = time.monotonic()

    def write(self, **line: Any) -> None:
        """One line, on the disk before anything else happens."""
        with self.lock, self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"at": time.time(), **line}, ensure_ascii=False) + "\n")
            if "said" in line:
                self.counts[line["said"]] += 1
                self.last = time.monotonic()


class Somebody(Visitor):
    """A visitor with an address of its own, as a proxy would tell it, who signs in again when he is signed out."""

    def __init__(self, address: str, name: str, where: str) -> None:
        self.name, self.where = name, where
        super().__init__(address)

    def _ask(self, path: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        return super()._ask(path, data, {"X-Forwarded-For": self.where, **(headers or {})})

    def enter(self) -> None:
        """Sign in, where that is to be done."""
        if self.get("/zh/desk").status == 200:
            return
        self.send("/zh/sign-in", address=f"{self.name}@demo.example", password="techbridge-demo")


class Client(threading.Thread):
    """One client: it walks stories from a need to a won deal, one after another, until it is told to stop."""

    def __init__(self, number: int, address: str, ledger: Ledger, sink: Sink, technology: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.number, self.address, self.ledger, self.sink, self.technology, self.stop = number, address, ledger, sink, technology, stop
        self.chance, self.asked, self.stories, self.given_up = random.Random(number), 0, 0, Counter[str]()
        self.persons: dict[str, Somebody] = {}

    def run(self) -> None:
        """Story after story."""
        while not self.stop.is_set():
            where = f"10.{self.number}.{self.chance.randrange(256)}.{self.chance.randrange(1, 255)}"
            self.persons = {name: Somebody(self.address, name, where) for name in PERSONS}
            try:
                for person in self.persons.values():
                    self._patiently(person.enter)
                self._story()
                self.stories += 1
            except Lost as lost:
                self.given_up[str(lost)[:140]] += 1

    def _patiently(self, step: Callable[[], Any]) -> Any:
        """Do something that may be done again, until it is answered."""
        for _try in range(TRIES):
            if self.stop.is_set():
                raise Lost("told to stop")
            try:
                return step()
            except (*BROKEN, AssertionError) as error:
                told = f"{type(error).__name__}: {str(error)[:110]}"
                time.sleep(self.chance.uniform(0.3, 1.5))
        raise Lost(f"{getattr(step, '__name__', 'step')}: {told}")

    def do(self, what: str, who: str, path: str, action: str | None = None, deal: str = "", **values: Any) -> str:
        """One thing that counts: fill in a form and send it, again under a new mark while no answer comes; where it leads to.

        Where an attempt without an answer was done after all, its form is gone or the site refuses the next one: then the story goes on ("").
        """
        unsure, person = False, self.persons[who]
        for _try in range(TRIES):
            if self.stop.is_set():
                raise Lost("told to stop")
            self.asked += 1
            mark = f"M{self.number}x{int(time.time() * 1000) % 10**9}x{self.asked}E"
            try:
                page = person.get(path)
                if page.status != 200:
                    raise OSError(page.status)
                form = form_of(page.page, action)
            except BROKEN:
                time.sleep(self.chance.uniform(0.2, 1.0))
                continue
            except AssertionError:
                if unsure:
                    return ""
                raise Lost(f"{what}: no such form at this stage") from None
            fields = {**filled(form), **{name: value.replace("MARK", mark) if isinstance(value, str) else value for name, value in values.items()}}
            said, answer = self._sent(what, mark, deal, person, form.get("action") or path, fields)
            if said == "done":
                return answer.location if answer else ""
            if said == "refused":
                if unsure or answer and answer.status in (409, 429):
                    return ""
                raise Lost(f"{what}: {answer.status if answer else ''} {complaint(answer.page)[:90] if answer else ''}")
            unsure = True
        raise Lost(f"{what}: no answer in {TRIES} tries")

    def _sent(self, what: str, mark: str, deal: str, person: Somebody, path: str, fields: dict[str, Any]) -> tuple[str, Answer | None]:
        """Send it, and write down both that and what was said."""
        self.ledger.write(what=what, mark=mark, deal=deal, path=path)
        try:
            answer = person.post(path, fields)
        except BROKEN as error:
            self.ledger.write(mark=mark, said="nothing", why=type(error).__name__)
            return "nothing", None
        said = "done" if answer.status == 303 else "nothing" if answer.status >= 500 else "refused"
        self.ledger.write(mark=mark, said=said, status=answer.status, where=answer.location)
        return said, answer

    def _step(self, deal: str, verb: str, who: str = "broker1") -> None:
        self.do(f"deal.{verb}", who, deal, f"{deal}/step", deal, verb=verb)

    def _find(self, who: str, page: str, pattern: str, what: str, wait: float = 60) -> str:
        """An address on a page, once it is there: where an answer broke off nobody said where the thing stands."""
        end = time.monotonic() + wait
        while time.monotonic() < end and not self.stop.is_set():
            text = self._patiently(lambda: self.persons[who].read(page).text)
            if found := re.search(pattern, text, re.DOTALL):
                return found[1]
            time.sleep(0.5)
        raise Lost(f"{what} is not found")

    def _story(self) -> None:
        title = f"铣薄壁零件时颤振 {self.number}-{time.time_ns() // 10**6 % 10**9}"
        need = self.do("need", "owner", "/zh/needs/new", title_zh=f"{title} MARK", **NEED)
        need = need or self._find("owner", "/zh/desk", rf'href="(/zh/needs/[a-z0-9]+)"[^>]*>\s*{re.escape(title)}', "the need")
        deal = self.do("introduction", "owner", f"{self.technology}/introduction", own=need.rpartition("/")[2], message="请介绍。MARK")
        deal = deal.partition("#")[0] or self._find("owner", "/zh/deals", r'href="(/zh/deals/[a-z0-9]{12,16})"', "the deal")
        self.do("deal.taken", "broker1", "/zh/deals/leads", f"{deal.rpartition('/')[2]}/take", deal)
        self._step(deal, "qualify")
        self.do("fee", "broker1", f"{deal}/fee", deal=deal, **FEE)
        self.do("asked", "broker1", deal, "introduction/ask", deal)
        for side, who in (("firm", "owner"), ("holder", "officer")):
            self.do("consent", who, f"{deal}/introduction", None, deal, side=side, agreed="yes", code="")
        self._step(deal, "introduce")
        self._step(deal, "evaluate")
        for who in ("owner", "officer", "broker1"):
            self.do("message", who, f"{deal}/messages", "/messages", deal, **{"talk-audience": "all", "talk-text": "周五前请寄样品 MARK"})
        self.do("document", "officer", f"{deal}/documents", None, deal, name="大纲 MARK", side="", file=("outline.txt", f"大纲 {deal}".encode()))
        self._agree(deal)

    def _agree(self, deal: str) -> None:
        edit = self.do("draft", "owner", deal, f"{deal}/agreement", deal)
        edit = edit or self._find("owner", deal, r'href="(/zh/agreements/[a-z0-9]+)', "the agreement") + "/edit"
        agreement = edit.removesuffix("/edit")
        self.do("terms", "owner", edit, None, deal, **{"terms-effective": datetime.now(UTC).date().isoformat()})
        self.do("propose", "owner", agreement, "/propose", deal)
        self.do("pricing", "officer", f"{agreement}/pricing", None, deal, mode="listing", decided_by="院务会", basis="挂牌",
                minutes=("minutes.txt", b"agreed"))
        for who in ("owner", "officer"):
            self._sign(agreement, who, deal)
        self.do("event.trial_started", "owner", f"{agreement}/events/trial_started", None, deal)
        self.do("event.converted", "owner", f"{agreement}/events/converted", None, deal)
        for _time in range(2):
            payment = self.do("payment", "owner", f"{agreement}/payments/new", None, deal, amount=str(self.chance.randrange(100, 90_000)),
                              reference="转账 MARK")
            if payment:
                self.do("payment.confirm", "officer", payment, "/confirm", deal)
        self._bill(agreement, deal)
        self._find("broker1", deal, r'value="(win)"', "the button with which the deal is won", 40)  # the worker brings the deal there
        self._step(deal, "win")

    def _sign(self, agreement: str, who: str, deal: str) -> None:
        for _try in range(4):
            enter = self.do("signature", who, f"{agreement}/sign", None, deal)
            if not enter:
                return
            try:
                code = self.sink.code(f"{who}@demo.example", enter.rpartition("/")[2], 45)
            except Lost:
                continue  # its mail waits longer than people do: they ask again
            return void(self.do("signed", who, enter, None, deal, code=code))
        raise Lost(f"no code came for {who}")

    def _bill(self, agreement: str, deal: str) -> None:
        """Ask for the invoices by hand, beside the worker that writes them too: neither may be there twice."""
        page = self._patiently(lambda: self.persons["officer"].get(f"{agreement}/billing"))
        for _form in page.page.select("form[action$='/billing/issue']")[:3]:
            self.do("invoice", "officer", f"{agreement}/billing", "/billing/issue", deal)


def void(_value: Any) -> None:
    """Nothing, of whatever was done."""
