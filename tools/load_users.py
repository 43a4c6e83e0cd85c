"""Who uses the site while `load.py` measures it: visitors, firms, institutes and technology managers, for locust, which runs this file by itself.

Seventy of a hundred things done are reading and matching, twenty writing, ten uploads. Everybody signs in as himself, from an address of his own, and does
one thing after the other with pauses between. Each answer is looked at: a page that should be there and is not, a change that was not taken, an upload that
was turned away count as errors. What is typed comes from the texts of the grown demo (LOAD_TEXTS).
"""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import secrets
from pathlib import Path

from locust import FastHttpUser, between, events, task

TEXTS = json.loads(Path(os.environ["LOAD_TEXTS"]).read_text(encoding="utf-8")) if "LOAD_TEXTS" in os.environ else {}
PDF = bytes.fromhex(TEXTS.get("pdf", ""))
PASSWORD = "techbridge-demo"
PAUSES = between(float(os.environ.get("LOAD_LEAST", "1")), float(os.environ.get("LOAD_MOST", "5")))
NUMBERS = itertools.count(int(os.environ.get("LOAD_FIRST", "1")))
TOKEN = re.compile(r'name="(?:talk-)?csrf_token"[^>]*?value="([^"]+)"')
KEY = re.compile(r'name="talk-key"[^>]*?value="([^"]+)"')
CHOSEN = re.compile(r'<select[^>]*name="(column-\d+)"(.*?)</select>', re.S)
SELECTED = re.compile(r'<option value="([^"]*)" selected')
HOUSE = re.compile(r'name="organisation"(?:[^>]*value="|.*?<option[^>]*value=")(\w{12,16})"', re.S)
FACET = re.compile(r'class="facet[^"]*" href="([^"]+)"')


def found(pattern: str, text: str) -> list[str]:
    """What of a page fits, each once."""
    return list(dict.fromkeys(re.findall(pattern, text)))


class Somebody(FastHttpUser):
    """What everybody can do. `share`: how many of a hundred things are reading, writing and uploads."""

    abstract = True
    wait_time = PAUSES
    connection_timeout = network_timeout = 60.0
    share = (62.5, 25, 12.5)  # with visitors, who are a fifth and only read, the whole is 70, 20, 10
    role = ""

    def on_start(self) -> None:
        """Come from an address of one's own, and sign in."""
        number = next(NUMBERS)
        self.lang = "zh" if number % 4 else "en"
        self.comes_from = {"X-Forwarded-For": f"10.{number // 60000}.{number // 250 % 240}.{number % 250 + 1}"}
        self.last: dict[str, list[str]] = {}
        self.told: set[str] = set()
        if self.role:
            self.account = f"{self.role}{1 + number % TEXTS['accounts'][self.role]}@grown.example"
            self.sign_in()

    @task
    def do(self) -> None:
        """One thing."""
        kind = random.choices(("read", "write", "upload"), self.share)[0]
        getattr(self, random.choice(getattr(self, f"{kind}s")))()

    def page(self, path: str, name: str, **values: object) -> str:
        """A page that must be there; its text."""
        with self.client.get(f"/{self.lang}{path}" if not path.startswith(f"/{self.lang}/") else path, name=f"GET {name}", headers=self.comes_from,
                             catch_response=True, allow_redirects=False, **values) as answer:
            if answer.status_code != 200:
                answer.failure(f"{answer.status_code} instead of 200")
            return answer.text or ""

    def send(self, path: str, name: str, fields: dict[str, object], files: dict[str, tuple[str, bytes, str]] | None = None) -> str:
        """A form that must be taken; where it leads."""
        body, kind = packed(fields, files) if files else (fields, None)
        where = path if path.startswith(f"/{self.lang}/") else f"/{self.lang}{path}"
        headers = self.comes_from | ({"Content-Type": kind} if kind else {}) | {"Referer": f"{self.host}{where}"}
        with self.client.post(where, data=body, name=f"POST {name}", headers=headers, catch_response=True, allow_redirects=False) as answer:
            if answer.status_code != 303:
                said = re.findall(r'class="(?:error|field-error|form-error|invalid-feedback)[^"]*"[^>]*>\s*([^<]{3,90})', answer.text or "")
                answer.failure(f"{answer.status_code} instead of 303 {said[:2]} {getattr(answer, 'error', None) or ''!r}")
                return ""
            return (answer.headers.get("Location") or "").partition("#")[0].removeprefix(self.host)

    def token(self, text: str) -> str:
        """The token of a form."""
        match = TOKEN.search(text)
        return match.group(1) if match else ""

    def sign_in(self) -> None:
        """As a person does."""
        form = self.page("/sign-in", "/sign-in")
        self.send("/sign-in", "/sign-in", {"address": self.account, "password": PASSWORD, "csrf_token": self.token(form)})

    def list_technologies(self) -> None:
        """The list, and then a filter, an order, words or a further page of it."""
        text = self.page("/technologies", "/technologies")
        turn, facets = random.random(), FACET.findall(text)
        if turn < 0.4 and facets:
            text = self.page(random.choice(facets).replace("&amp;", "&"), "/technologies?filter")
        elif turn < 0.7:
            text = self.page(f"/technologies?q={random.choice(TEXTS['words'])}", "/technologies?q=")
        elif turn < 0.9:
            text = self.page(f"/technologies?page={random.randint(2, 40)}", "/technologies?page=")
        self.last["technologies"] = found(r"/technologies/(\w{12,16})\"", text) or self.last.get("technologies", [])

    def list_needs(self) -> None:
        """The list of needs, by words or a page of it."""
        more = random.choice(["", f"?q={random.choice(TEXTS['words'])}", f"?page={random.randint(2, 20)}"])
        text = self.page(f"/needs{more}", "/needs" + ("?q=" if "q=" in more else "?page=" if more else ""))
        self.last["needs"] = found(r"/needs/(\w{12,16})\"", text) or self.last.get("needs", [])

    def technology(self) -> None:
        """A technology of the list seen last."""
        if not self.last.get("technologies"):
            self.list_technologies()
        if keys := self.last.get("technologies"):
            self.page(f"/technologies/{random.choice(keys)}", "/technologies/ID")

    def need(self) -> None:
        """A need of the list seen last."""
        if not self.last.get("needs"):
            self.list_needs()
        if keys := self.last.get("needs"):
            self.page(f"/needs/{random.choice(keys)}", "/needs/ID")

    def paste(self) -> None:
        """Paste a problem on the front page, and read what answers it."""
        form = self.page("/", "/")
        where = self.send("/", "/ (a problem)", {"problem": problem(), "csrf_token": self.token(form)})
        if where:
            self.page(where, "/problems/ID")

    def deal(self) -> tuple[str, str]:
        """A deal of one's own, as (id, page); ("", "") without one."""
        if not self.last.get("deals"):
            self.last["deals"] = found(r"/deals/(\w{12,16})\"", self.page("/deals", "/deals"))
        if not self.last["deals"]:
            return "", ""
        key = random.choice(self.last["deals"])
        return key, self.page(f"/deals/{key}", "/deals/ID")

    def read_deal(self) -> None:
        """The list of one's deals anew, and one of them."""
        self.last.pop("deals", None)
        self.deal()

    def desk(self) -> None:
        """One's own desk."""
        self.page("/desk", "/desk")

    def matches(self) -> None:
        """The desk of matches, and one of them."""
        text = self.page("/matches", "/matches")
        if keys := found(r"/matches/(\w{12,16})\"", text):
            self.page(f"/matches/{random.choice(keys)}", "/matches/ID")

    def message(self) -> None:
        """Say something in a deal."""
        key, text = self.deal()
        audience = found(r'name="talk-audience"[^>]*value="(\w+)"|value="(\w+)"[^>]*name="talk-audience"', text)
        if not key or not audience or not KEY.search(text):
            return self.desk()
        self.send(f"/deals/{key}/messages", "/deals/ID/messages", {
            "talk-key": KEY.search(text).group(1), "talk-csrf_token": self.token(text), "talk-audience": "".join(audience[0]), "talk-text": problem()[:300]})

    def document(self) -> None:
        """Put a document into a deal."""
        key, text = self.deal()
        if f"/deals/{key}/documents\"" not in text:
            return self.desk()  # no deal, or one that an owner of the house may read and has not joined
        form = self.page(f"/deals/{key}/documents", "/deals/ID/documents")
        if form:
            self.send(f"/deals/{key}/documents", "/deals/ID/documents (PDF)", {"csrf_token": self.token(form), "name": "", "side": ""},
                      {"file": (f"test-{secrets.token_hex(4)}.pdf", PDF + secrets.token_bytes(12), "application/pdf")})


class Visitor(Somebody):
    """Somebody without an account, who looks around and pastes problems."""

    weight = 2
    share = (100, 0, 0)
    reads = ("list_technologies", "list_technologies", "technology", "technology", "list_needs", "need", "paste", "paste")


class Firm(Somebody):
    """The owner of a workshop: looks for technologies, posts needs, asks for introductions."""

    weight = 3
    role = "firm"
    reads = ("list_technologies", "technology", "technology", "paste", "desk", "own_need", "read_deal", "matches")
    writes = ("post_need", "ask", "message", "answer_match")
    uploads = ("need_file", "document")

    def own_need(self) -> None:
        """A need of one's own, with the technologies that might solve it."""
        if keys := self.last.get("own"):
            self.page(random.choice(keys), "/needs/ID (own)")
        else:
            self.desk()

    def post_need(self) -> None:
        """Write a need and publish it."""
        form = self.page("/needs/new", "/needs/new")
        house = HOUSE.search(form)
        said, title = problem(), random.choice(TEXTS["titles"])
        where = self.send("/needs/new", "/needs/new (published)", {
            "version": "", "csrf_token": self.token(form), "language": self.lang, f"title_{self.lang}": f"{title[:60]} {secrets.token_hex(3)}",
            f"problem_{self.lang}": said, f"place_{self.lang}": said[:80], f"tried_{self.lang}": said[-200:], "targets-0-quantity": title[:20],
            "targets-0-direction": "at_most", "targets-0-wanted": "5", "targets-0-unit": "mm", "targets-0-today": "9",
            "targets-1-direction": "at_most", "targets-2-direction": "at_most", "currency": "CNY", "payer": "firm",
            "cash": "committed", "budget_min": "100000", "budget_max": "300000", "modes": "licence", "organisation": house.group(1) if house else "",
            "industry": "C35", "region": "330000", "visibility": "public", "deadline": TEXTS["deadline"], f"constraints_{self.lang}": said[:60],
            f"volume_{self.lang}": said[:40], "post": "1"})
        if where:
            self.last.setdefault("own", []).append(where)
            self.page(where, "/needs/ID (own)")

    def ask(self) -> None:
        """Ask to be introduced to the holder of a technology."""
        self.list_technologies()
        for key in random.sample(self.last["technologies"], min(3, len(self.last["technologies"]))):
            if f"/technologies/{key}/introduction" in self.page(f"/technologies/{key}", "/technologies/ID") and key not in self.told:
                self.told.add(key)
                form = self.page(f"/technologies/{key}/introduction", "/technologies/ID/introduction")
                house = HOUSE.search(form)
                if house and self.send(f"/technologies/{key}/introduction", "/technologies/ID/introduction", {
                        "csrf_token": self.token(form), "organisation": house.group(1), "own": "", "message": problem()[:200]}):
                    self.last.pop("deals", None)
                return

    def answer_match(self) -> None:
        """Shortlist a match."""
        text = self.page("/matches", "/matches")
        for key in found(r"/matches/(\w{12,16})\"", text)[:6]:
            if key not in self.told:
                self.told.add(key)
                form = self.page(f"/matches/{key}", "/matches/ID")
                version = re.search(r'name="version"[^>]*value="(\d+)"', form)
                if version and 'value="shortlisted"' in form:
                    self.send(f"/matches/{key}", "/matches/ID (shortlisted)", {
                        "csrf_token": self.token(form), "version": version.group(1), "side": "firm", "answer": "shortlisted", "code": "", "text": ""})
                return

    def need_file(self) -> None:
        """Hand in a need as a file."""
        form = self.page("/needs/from-file", "/needs/from-file")
        self.send_file("/needs/from-file", "/needs/from-file (text)", form, f"need-{secrets.token_hex(4)}.txt", problem().encode(), "text/plain")

    def send_file(self, path: str, name: str, form: str, file: str, content: bytes, kind: str) -> None:
        """A file, answered by a page or by the way to one."""
        body, header = packed({"csrf_token": self.token(form)}, {"file": (file, content, kind)})
        with self.client.post(f"/{self.lang}{path}", data=body, name=f"POST {name}", headers=self.comes_from | {"Content-Type": header},
                              catch_response=True, allow_redirects=False) as answer:
            if answer.status_code not in (200, 303):
                answer.failure(f"{answer.status_code} instead of 200 or 303")


class Holder(Somebody):
    """A transfer officer of an institute: brings technologies in, looks at needs, answers."""

    weight = 2
    role = "holder"
    reads = ("list_needs", "need", "need", "list_technologies", "technology", "desk", "read_deal", "matches")
    writes = ("message", "new_technology", "message")
    uploads = ("import_rows", "document")

    def new_technology(self) -> None:
        """Write a technology and publish it."""
        form = self.page("/technologies/new", "/technologies/new")
        house = HOUSE.search(form)
        title = f"{random.choice(TEXTS['titles'])[:80]} {secrets.token_hex(3)}"
        self.send("/technologies/new", "/technologies/new (published)", {
            "version": "", "csrf_token": self.token(form), "organisation": house.group(1) if house else "", "kind": "know_how", f"title_{self.lang}": title,
            f"abstract_{self.lang}": problem(), "trl": "5", "field": "machine_tools", "industries-0": "C35", "visibility": "public", "mode": "",
            "terms-currency": "CNY", "terms-csrf_token": found(r'name="terms-csrf_token"[^>]*value="([^"]+)"', form)[0], "post": "1"})

    def import_rows(self) -> None:
        """Bring in a table of twenty patents, have its columns read, and look how far it is."""
        form = self.page("/imports", "/imports")
        house = HOUSE.search(form)
        name = f"export-{secrets.token_hex(4)}.csv"
        where = self.send("/imports", "/imports (20 rows)", {"csrf_token": self.token(form), "organisation": house.group(1) if house else "",
                                                             "listing": "technology"}, {"file": (name, rows(20), "text/csv")})
        if where:
            text = self.page(where, "/imports/ID/columns")
            columns = {column: chosen.group(1) if (chosen := SELECTED.search(options)) else "" for column, options in CHOSEN.findall(text)}
            run = self.send(where, "/imports/ID/columns", {"csrf_token": self.token(text), **columns})
            if run:
                self.page(run, "/imports/ID")


class Broker(Somebody):
    """A technology manager: worklist, deals, the next step of each."""

    weight = 3
    role = "broker"
    reads = ("worklist", "worklist", "matches", "board", "read_deal", "list_needs", "need", "technology")
    writes = ("message", "move", "move", "put_off")
    uploads = ("document",)

    def worklist(self) -> None:
        """What is to be done."""
        self.page("/worklist", "/worklist")

    def board(self) -> None:
        """The deals by stages."""
        self.page("/deals/board", "/deals/board")

    def put_off(self) -> None:
        """Put something of the worklist off."""
        text = self.page("/worklist", "/worklist")
        kinds = re.findall(r'name="kind"[^>]*value="(\w+)".*?name="thing"[^>]*value="(\w+)"', text, re.S)
        if kinds:
            kind, thing = random.choice(kinds)
            self.send("/worklist/put-off", "/worklist/put-off", {"csrf_token": self.token(text), "kind": kind, "thing": thing, "days": "7", "next": ""})

    def move(self) -> None:
        """Take a deal a step on; a lead that was found worth while waits then for its sides."""
        for stage in random.sample(("lead", "qualified", "introduced"), 3):
            keys = [key for key in found(r"/deals/(\w{12,16})\"", self.page(f"/deals?stage={stage}", "/deals?stage=")) if key not in self.told]
            if keys:
                key = random.choice(keys)
                self.told.add(key)
                text = self.page(f"/deals/{key}", "/deals/ID")
                verb = re.search(r'name="verb"[^>]*value="(qualify|introduce|evaluate)"', text)
                if verb:
                    self.send(f"/deals/{key}/step", f"/deals/ID/step ({verb.group(1)})", {"csrf_token": self.token(text), "verb": verb.group(1)})
                    return


def problem() -> str:
    """A problem in its own words: sentences of two texts of one language."""
    language = random.choice(("zh", "zh", "en"))
    stop = "。" if language == "zh" else ". "
    first, second = random.sample(TEXTS["problems"][language], 2)
    return stop.join([*first.split(stop)[:3], *second.split(stop)[:1]])[:1500]


def rows(count: int) -> bytes:
    """A table as a patent database exports it, in utf-8 with its mark; no row is known to the site."""
    lines = ["标题,摘要,申请人,发明人,申请日"]
    for _row in range(count):
        said = random.choice(TEXTS["problems"]["zh"]).replace(",", "，").replace('"', "").replace("\n", " ")
        lines.append(f"{random.choice(TEXTS['titles'])[:60].replace(',', '，')}{secrets.token_hex(4)},{said},东岭研究所,周砚秋,2024-03-16")
    return ("\ufeff" + "\n".join(lines)).encode()


def packed(fields: dict[str, object], files: dict[str, tuple[str, bytes, str]]) -> tuple[bytes, str]:
    """A form with files as its body and content type."""
    mark = secrets.token_hex(16)
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    for name, (file, content, kind) in files.items():
        parts += [f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\nContent-Type: {kind}\r\n\r\n'.encode(), content, b"\r\n"]
    return b"".join([*parts, f"--{mark}--\r\n".encode()]), f"multipart/form-data; boundary={mark}"


@events.quitting.add_listener
def _ends_well(environment: object, **_values: object) -> None:
    """Errors are in the report; the exit code is no second one."""
    environment.process_exit_code = 0  # type: ignore[attr-defined]
