"""The count after the drill of faults, independent of the product: plain SQL, the ledger of the clients, the letters of the mail server, the files of the
index.

Nothing of the package is imported. How the log is chained is written down here a second time, from decision 0026. Each count gives how many things it has
looked at and what is wrong with them, in words; an empty list is what is hoped for.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tantivy

OPEN = {"technology": ("published",), "need": ("published", "matched", "in_deal"), "facility": ("published",), "expert": ("published",),
        "scenario": ("published",),
        "open_call": ("published", "closed", "awarded", "ended", "unawarded"), "pool": ("open", "reached", "converted", "missed")}
"""In which states what is published stands in the index."""

SOURCES = ("event", "alteration", "access_entry", "deal_document_opening")
VEILED = {"event": ("facts",), "access_entry": ("about",)}
WINDOW = 15.0  # seconds from a letter's first coming to the kill that may make it come again


@dataclass
class Found:
    """What one count says: its name, how many things it looked at, what is wrong, and what is worth knowing besides."""

    name: str
    seen: int = 0
    wrong: list[str] = field(default_factory=list)
    told: str = ""


class Count:
    """All counts over one round. `query` asks the database; `kills` are (moment, who)."""

    def __init__(self, query: Callable[[str], list[dict[str, Any]]], folder: Path, first_event: int, kills: list[tuple[float, str]]) -> None:
        self.query, self.folder, self.first, self.kills = query, folder, first_event, kills
        self.letters = [json.loads(line) for line in (folder / "sink.jsonl").read_text(encoding="utf-8").splitlines()]
        self.asked: dict[str, dict[str, Any]] = {}
        for line in (folder / "ledger.jsonl").read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            self.asked.setdefault(told["mark"], {}).update(told)

    def all(self) -> Iterator[Found]:
        """Every count in turn."""
        for count in (self.answers, self.steps, self.states, self.alterations, self.chain, self.invoices, self.payments, self.mails, self.asked_for, self.index,
                      self.files, self.jobs):
            yield count()

    # ----- what the clients were told

    def _marked(self) -> dict[str, list[tuple[str, int]]]:
        """Where each mark of the clients stands: (table, id)."""
        found: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for table, column in (("need", "problem"), ("need", "title"), ("deal_message", "text"), ("payment", "reference"), ("deal_document_version", "name"),
                              ("deal_document", "name")):
            for row in self.query(f"select id, {column} as text from {table}"):
                text = row["text"] if isinstance(row["text"], str) else json.dumps(row["text"])
                for mark in set(re.findall(r"M\d+x\d+x\d+E", text)):
                    found[mark].append((table, row["id"]))
        return found

    def answers(self) -> Found:
        """What was said to be done is there once, what was refused is not, and what nobody answered is there once or not at all."""
        found, marked, unsure = Found("what the clients were told"), self._marked(), 0
        where = {"need": "need", "message": "deal_message", "payment": "payment"}
        for mark, line in self.asked.items():
            if line["what"] not in where:
                continue
            found.seen += 1
            there, said = [one for one in marked.get(mark, []) if one[0] == where[line["what"]]], line.get("said", "nothing")
            unsure += said == "nothing" and len(there)
            if len(there) > 1 or len(there) != 1 and said == "done" or there and said == "refused":
                found.wrong.append(f"{line['what']} {mark}: the client was told {said}, and {len(there)} rows are there")
        found.told = f"{unsure} of those without an answer were done"
        return found

    def steps(self) -> Found:
        """Each step that a deal, a fee, a consent, a signature … was said to have taken has its event, at least as often as it was said."""
        found, said = Found("steps the clients were told of, by deal"), defaultdict(Counter[str])
        names = {"asked": "deal.introduction_asked", "consent": "consent.given", "fee": "broker_fee.set", "draft": "agreement.create",
                 "propose": "agreement.propose",
                 "signed": "signature.signed", "event.trial_started": "agreement_event.trial_started", "event.converted": "agreement_event.converted",
                 "payment": "payment.reported", "payment.confirm": "payment.confirm", "message": "deal_message.post", "document": "deal_document.version"}
        for line in self.asked.values():
            if line.get("deal") and line.get("said") == "done" and (line["what"] in names or line["what"].startswith("deal.")):
                said[line["deal"].rpartition("/")[2]][names.get(line["what"], line["what"])] += 1
        logged = self._events_by_deal()
        for deal, counts in said.items():
            for name, times in counts.items():
                found.seen += times
                if logged[deal][name] < times:
                    found.wrong.append(f"deal {deal}: {name} was said {times} times, the log has it {logged[deal][name]} times")
        return found

    def _events_by_deal(self) -> dict[str, Counter[str]]:
        """How often each event stands in the log for each deal, for whatever belongs to the deal."""
        own = {"deal": "deal d", "consent": "consent t join deal d on d.id = t.deal_id", "broker_fee": "broker_fee t join deal d on d.id = t.deal_id",
               "agreement": "agreement t join deal d on d.agreement_id = t.id", "deal_message": "deal_message t join deal d on d.id = t.deal_id",
               "signature": "signature t join deal d on d.agreement_id = t.agreement_id", "payment": "payment t join deal d on d.agreement_id = t.agreement_id",
               "agreement_event": "agreement_event t join deal d on d.agreement_id = t.agreement_id",
               "deal_document": "deal_document t join deal d on d.id = t.deal_id"}
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for thing, joined in own.items():
            key = "d.id" if thing == "deal" else "t.id"
            for row in self.query(f"select d.public_id as deal, e.name as name from {joined} join event e on e.thing = '{thing}' and e.thing_id = {key}"):
                found[row["deal"]][row["name"]] += 1
        return found

    # ----- states, events, alterations

    def _moves(self) -> dict[tuple[str, int], list[dict[str, Any]]]:
        moves: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
        for row in self.query("select id, name, thing, thing_id, facts from event order by id"):
            facts = row["facts"] if isinstance(row["facts"], dict) else json.loads(row["facts"])
            if "target" in facts and "origin" in facts:
                moves[row["thing"], row["thing_id"]].append({"id": row["id"], "name": row["name"], **facts})
        return moves

    def states(self) -> Found:
        """Each thing is in the state to which its events lead, each event beginning where the one before it ended."""
        found = Found("things in the state to which their events lead")
        moves = self._moves()
        for thing in sorted({one for one, _key in moves}):
            now = {row["id"]: row["state"] for row in self.query(f"select id, state from {thing}")}
            for (noun, key), steps in moves.items():
                if noun != thing or steps[-1]["id"] <= self.first:
                    continue
                found.seen += 1
                for before, after in zip(steps, steps[1:], strict=False):
                    if before["target"] != after["origin"]:
                        found.wrong.append(f"{thing} {key}: event {after['id']} begins at {after['origin']}, the one before it ended at {before['target']}")
                if now.get(key) != steps[-1]["target"]:
                    found.wrong.append(f"{thing} {key} is {now.get(key)}, its last event {steps[-1]['name']} ended at {steps[-1]['target']}")
        return found

    def alterations(self) -> Found:
        """Each change of a state that the trail saw, by another way than `move`, has its events: one or several that lead from the one state to the other."""
        found, things = Found("changes of state with their event"), ("deal", "need", "payment", "agreement")
        changed: dict[tuple[str, int], list[tuple[str, str]]] = defaultdict(list)
        first = self.query(f"select coalesce(max(id), 0) as id from alteration where event_id <= {self.first}")[0]["id"]
        for row in self.query(f"select thing, thing_id, fields from alteration where id > {first} and verb = 'changed' order by id"):
            fields = row["fields"] if isinstance(row["fields"], dict) else json.loads(row["fields"])
            if "state" in fields and row["thing"] in things:
                changed[row["thing"], row["thing_id"]].append(tuple(fields["state"]))
        moves = self._moves()
        for (thing, key), steps in changed.items():
            found.seen += len(steps)
            path = [(one["origin"], one["target"]) for one in moves.get((thing, key), []) if one["id"] > self.first and one["origin"] != one["target"]]
            while path and path[0][0] != steps[0][0]:
                path.pop(0)  # made and moved in one transaction: the trail has it made
            for origin, target in steps:
                here = origin
                while path and here != target and path[0][0] == here:
                    here = path.pop(0)[1]
                if here != target:
                    found.wrong.append(f"{thing} {key}: the trail saw {origin} become {target}, the log has no event for it")
                    break
            else:
                found.wrong += [f"{thing} {key}: the log has {one}, the trail does not" for one in path]
        return found

    def chain(self) -> Found:
        """The chain of the log, link by link, computed anew."""
        found, before = Found("links of the chain of the log"), "0" * 64
        tables = {name: {row["id"]: row for row in self.query(f"select * from {name}")} for name in SOURCES}
        linked: dict[str, set[int]] = {name: set() for name in SOURCES}
        for number, row in enumerate(self.query("select position, source, source_id, salt, hash from link order by position"), 1):
            found.seen += 1
            own = tables[row["source"]].get(row["source_id"])
            if row["position"] != number or own is None:
                found.wrong.append(f"link {number}: {'the one before is missing' if own else 'its row is gone'}")
                return found
            linked[row["source"]].add(row["source_id"])
            salt = bytes(row["salt"]) if row["salt"] is not None else None
            veils = VEILED.get(row["source"], ())
            written = {name: _veiled(value, salt) if name in veils else value for name, value in own.items() if (row["source"], name) != ("alteration", "salt")}
            if hashlib.sha256(_canonical([number, before, row["source"], written])).hexdigest() != row["hash"]:
                found.wrong.append(f"link {number}: {row['source']} {row['source_id']} is not what it was made over")
                return found
            before = row["hash"]
        left = {name: len(tables[name].keys() - linked[name]) for name in SOURCES}
        found.wrong += [f"{count} rows of {name} are in no link" for name, count in left.items() if count]
        return found

    # ----- money

    def invoices(self) -> Found:
        """Numbers of each issuer and year without gap or double, nothing billed twice, each with its one event."""
        found, numbers = Found("invoices"), defaultdict(list)
        rows = self.query("select id, issuer_id, year, number, agreement_id, subject, round, kind from invoice")
        found.seen = len(rows)
        for row in rows:
            numbers[row["issuer_id"], row["year"]].append(row["number"])
        last = {(row["issuer_id"], row["year"]): row["last"] for row in self.query("select issuer_id, year, last from invoice_series")}
        for series, given in numbers.items():
            if sorted(given) != list(range(1, len(given) + 1)) or last.get(series) != len(given):
                found.wrong.append(f"series {series}: {len(given)} invoices, the highest number {max(given)}, the counter at {last.get(series)}")
        live = Counter((row["agreement_id"], row["subject"], row["round"]) for row in rows if row["kind"] == "fee")
        found.wrong += [f"{one} is billed {times} times" for one, times in live.items() if times > 1]
        events = Counter(row["thing_id"] for row in self.query("select thing_id from event where name = 'invoice.issue'"))
        found.wrong += [f"invoice {row['id']} has {events[row['id']]} events" for row in rows if row["kind"] != "mirror" and events[row["id"]] != 1]
        return found

    def payments(self) -> Found:
        """Each confirmed payment stands in its agreement once, and no other does; each was split once."""
        found = Found("confirmed payments")
        confirmed = self.query("select p.id, p.agreement_id, p.amount, p.key from payment p where p.state = 'confirmed'")
        found.seen = len(confirmed)
        paid = Counter(row["agreement_id"] for row in self.query("select agreement_id from agreement_event where type = 'payment'"))
        reported = Counter(row["agreement_id"] for row in confirmed)
        found.wrong = [f"agreement {one}: {reported[one]} payments confirmed, {paid[one]} in its events" for one in reported.keys() | paid.keys()
                       if reported[one] != paid[one] and one in {row["agreement_id"] for row in confirmed}]
        return found

    # ----- mail

    def mails(self) -> Found:
        """Each mail that was written has come, once; twice only where somebody was killed just after its first coming (docs/mail.md)."""
        found, came = Found("mails written by the site and taken by the mail server"), defaultdict(list)
        for letter in self.letters:
            came[letter["id"]].append(letter["at"])
        rows = self.query(f"select m.message_id as id, m.state as state from mail m join event e on e.thing = 'mail' and e.thing_id = m.id "
                          f"and e.name = 'mail.queued' where e.id > {self.first}")
        found.seen = len(rows)
        found.wrong = [f"mail {row['id']} is {row['state']} and came {len(came[row['id']])} times" for row in rows
                       if row["state"] != "sent" or not came[row["id"]]]
        known = {row["id"] for row in self.query("select message_id as id from mail")}
        found.wrong += [f"letter {one} is known to no row" for one in came if one not in known]
        twice, latest = 0, 0.0
        for one, moments in came.items():
            for first, _second in zip(moments, moments[1:], strict=False):
                near = [moment - first for moment, who in self.kills if -1 < moment - first < WINDOW and who in ("job worker", "database", "backend")]
                twice += 1
                latest = max(latest, min(map(abs, near), default=0.0))
                if not near:
                    found.wrong.append(f"letter {one} came twice and nobody was killed in between")
        found.told = f"{twice} came twice under one Message-ID, a kill at most {latest:.1f} s from the first coming"
        return found

    def asked_for(self) -> Found:
        """The mails that events ask for: of a message one to each of the other two, of an invoice and of an answered payment one to the customer."""
        found = Found("mails that events ask for")
        texts = {one["id"]: one for one in self.letters}
        by: dict[str, list[str]] = defaultdict(list)
        for one in texts.values():
            for mark in set(re.findall(r"M\d+x\d+x\d+E|/(?:invoices|payments|signatures)/[a-z0-9]+", one["text"].replace(" \r\n", "").replace(" \n", ""))):
                by[mark].append(one["to"])
        people = {row["id"]: row["address"] for row in self.query("select id, address from person")}
        for row in self._marks_of_messages():
            found.seen += 2
            others = sorted({f"{name}@demo.example" for name in ("owner", "officer", "broker1")} - {people[row["person_id"]]})
            if sorted(by[row["mark"]]) != others:
                found.wrong.append(f"message {row['id']} went to {sorted(by[row['mark']])} instead of {others}")
        for what, query, to in (
            ("invoices", "select i.public_id as public_id from invoice i join event e on e.thing = 'invoice' and e.thing_id = i.id "
             "and e.name = 'invoice.issue'",
             ["owner@demo.example"]),
            ("signatures", "select distinct s.public_id as public_id from signature s join event e on e.thing = 'signature' and e.thing_id = s.id "
             "and e.name = 'signature.code_asked'", None),
            ("payments", "select p.public_id as public_id from payment p join event e on e.thing = 'payment' and e.thing_id = p.id "
             "and e.name = 'payment.confirm'",
             ["owner@demo.example"]),
        ):
            for row in self.query(f"{query} where e.id > {self.first}"):
                found.seen += 1
                got = [one for one in by[f"/{what}/{row['public_id']}"] if what != "payments" or one != "officer@demo.example"]
                if to is None and not got or to is not None and got != to:
                    found.wrong.append(f"about {what} {row['public_id']} mails went to {got}")
        return found

    def _marks_of_messages(self) -> Iterator[dict[str, Any]]:
        for row in self.query("select id, person_id, text from deal_message"):
            if mark := re.search(r"M\d+x\d+x\d+E", row["text"]):
                yield {**row, "mark": mark[0]}

    # ----- index, files, jobs

    def index(self) -> Found:
        """Every published listing stands in the index of the readers, a blind one in that beside it too, and nothing else."""
        found = Found("listings in the index")
        wanted, blind = set(), set()
        for thing, states in OPEN.items():
            shut = ", visibility" if thing in ("technology", "need") else ""
            for row in self.query(f"select id, state{shut} from {thing}"):
                if row["state"] in states:
                    wanted.add((thing, row["id"]))
                    if row.get("visibility") == "blind":
                        blind.add((thing, row["id"]))
        for name, folder, all_of_them in (("readers", self.folder / "var" / "index", wanted), ("blind", self.folder / "var" / "index" / "blind", blind)):
            there = Counter(_identities(folder))
            found.seen += len(all_of_them)
            found.wrong += [f"{name}: {one[0]} {one[1]} is missing" for one in sorted(all_of_them - there.keys())]
            found.wrong += [f"{name}: {one[0]} {one[1]} does not belong there" for one in sorted(there.keys() - all_of_them)]
            found.wrong += [f"{name}: {one} stands there {times} times" for one, times in there.items() if times > 1]
        return found

    def files(self) -> Found:
        """Every file that a row names is there and whole; nothing is left half written."""
        found, folder, named = Found("files"), self.folder / "var" / "files", set()
        for table in ("deal_document_version", "paper", "attachment"):
            named |= {row["sha256"] for row in self.query(f"select sha256 from {table}") if row["sha256"]}
        gone = {row["sha256"] for row in self.query("select sha256 from upload where state in ('deleted', 'refused')")}
        for sha256 in named - gone:
            found.seen += 1
            file = folder / sha256[:2] / sha256
            if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
                found.wrong.append(f"file {sha256[:12]} is {'not whole' if file.exists() else 'gone'}")
        stored = [one for one in folder.rglob("*") if re.fullmatch(r"[0-9a-f]{64}", one.name)]
        found.wrong += [f"file {one.name[:12]} holds something else" for one in stored if hashlib.sha256(one.read_bytes()).hexdigest() != one.name]
        found.told = f"{len([one for one in stored if one.name not in named])} stored for a change that was not kept"
        return found

    def jobs(self) -> Found:
        """No job has failed for good, none is left that should have run."""
        found = Found("jobs")
        found.seen = self.query("select count(*) as n from job")[0]["n"]
        found.wrong = [f"job {row['id']} of kind {row['kind']} is {row['state']}: {(row['error'] or '')[:80]}"
                       for row in self.query("select id, kind, state, error from job where state in ('failed', 'running')")]
        return found


def _canonical(value: Any) -> bytes:
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _veiled(value: Any, salt: bytes | None) -> Any:
    if isinstance(value, Mapping):
        return {name: _veiled(part, salt) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_veiled(part, salt) for part in value]
    if isinstance(value, str) and salt and not value.startswith("veiled:"):
        return "veiled:" + hmac.digest(salt, _canonical(value), "sha256").hex()[:32]
    return value


def _identities(folder: Path) -> Iterator[tuple[str, int]]:
    """(kind, key) of every document in the words index of the current generation, read from its files."""
    if not (folder / "CURRENT").exists():
        return
    words = folder / (folder / "CURRENT").read_text().strip() / "words"
    index = tantivy.Index.open(str(words))
    searcher = index.searcher()
    for kind in OPEN:
        first = [(tantivy.Occur.Must, tantivy.Query.term_query(index.schema, name, value)) for name, value in (("kind", kind), ("first", 1))]
        hits = searcher.search(tantivy.Query.boolean_query(first), max(searcher.num_docs, 1), count=False).hits
        addresses = [address for _score, address in hits]
        yield from ((kind, int(key)) for key in (searcher.fast_field_values("key", addresses) if addresses else []))
