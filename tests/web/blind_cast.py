"""The cast of the walk that looks for blind listings: the two listings with a mark in each of their fields, who looks, and where.

A mark is a nonsense word that stands nowhere else. `FILLED` says how the address of each page is filled: a new page needs a line there.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import count
from typing import Any
from urllib.parse import quote

from marketplace.catalogue import attachments
from marketplace.catalogue.models import Attachment, Technology
from marketplace.db import new_public_id, now, session
from marketplace.importing.models import ImportRow
from marketplace.needs.models import Need
from marketplace.needs.operations import keep_pasted
from marketplace.people.models import Person
from tests import factories as make
from tests.factories import NOW

SYLLABLES = "bavo cidu fego hilu jomi kuna lepo mori nuda peso quvi rato siku tome vuna wiro xelu yopa zimu".split()
HAN = "鼂鼃鼄鼅鼆鼇鼈鼊鼌鼏鼑鼒鼔鼕鼖鼘鼚鼛鼜鼝鼞鼟鼡鼣鼤鼥鼦鼧鼨鼩鼪鼫鼭鼮鼰鼱"
TEASER = {
    "technology": {"zh": "一种给小零件修边的新办法", "en": "A new way to trim small parts"},
    "need": {"zh": "一家工厂想把小零件的边修得更快", "en": "A works wants small parts trimmed faster"},
}
OUTSIDE = (
    "visitor", "unconfirmed", "stranger", "other_firm", "broker", "operator", "expired", "revoked", "asked", "nda", "refused", "party",
)
"""Everybody who may not read the listings in full: each of the walk's pages is fetched as each of them."""
INSIDE = ("granted", "owner")
"""Whoever may: that they find the marks shows that the walk looks for what is there."""


@dataclass
class Cast:
    """The people by role, what the pages are filled with, and the marks by what they stand in."""

    people: dict[str, Person | None]
    things: dict[str, Any]
    marks: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    of_listings: set[str] = field(default_factory=set)

    @cached_property
    def looked_for(self) -> dict[str, tuple[str, str]]:
        """Each mark and name as it may stand in a text: as it is, and as it is written in an address."""
        return {name: (plain(mark), quote(mark).lower()) for name, mark in {**self.marks, **self.names}.items()}


def plain(text: str) -> str:
    """A text in which a figure or a number is found however it is written."""
    return text.lower().replace(",", "").replace("%2c", "")


_number = count(1)


def word(marks: dict[str, str], name: str) -> str:
    """A new mark in Latin letters."""
    n = next(_number)
    marks[name] = SYLLABLES[n % 19] + SYLLABLES[(n * 7 + n // 19) % 19] + SYLLABLES[(n * 3 + 5) % 19] + SYLLABLES[n // 19 % 19]
    return marks[name]


def han(marks: dict[str, str], name: str) -> str:
    """A new mark in Chinese characters."""
    n = next(_number)
    marks[name] = "".join(HAN[(n * step + n // 36) % 36] for step in (1, 5, 7)) + HAN[n // 36 % 36] + HAN[n % 36]
    return marks[name]


def both(marks: dict[str, str], name: str, before: str = "") -> dict[str, str]:
    """A text in both languages with a mark in each."""
    return {"zh": f"{before}{han(marks, name + '_zh')}用于零件", "en": f"The {word(marks, name + '_en')} of it"}


def technology(house: Any, marks: dict[str, str]) -> Technology:
    """A blind technology with a mark in every field that can hold one."""
    marks |= {"application_number": "201710601862.3", "publication_number": "CN107345678B", "relative": "US10765432B2", "fee": "7654321"}
    inventor, holder = han(marks, "inventor"), word(marks, "holder")
    return make.technology(
        house, visibility="blind", teaser=TEASER["technology"], nda_required=True, **{name: both(marks, name) for name in ("title", "abstract")},
        advantages=both(marks, "advantages"), applications=both(marks, "applications"), keywords={"en": [word(marks, "keyword")]},
        application_number="201710601862.3", publication_number="CN107345678B", family=["US10765432B2"], inventors=[inventor], owners=[f"{holder} Ltd"],
        ipc=["B23C 3/12"], filed_on=date(2017, 7, 21), source="table", source_key=word(marks, "source_key"),
        offer={"mode": "licence", "exclusivity": "exclusive", "terms": {"currency": "CNY", "entry_fee": "7654321.00"}},
    )


def need(house: Any, marks: dict[str, str]) -> Need:
    """A blind need with a mark in every field that can hold one."""
    marks |= {"budget": "5432109", "wanted": "0.0173"}
    targets = [{"quantity": both(marks, "target"), "today": None, "wanted": "0.0173", "unit": "mm", "direction": "at_most"}]
    texts = {name: both(marks, "need_" + name) for name in ("title", "problem", "place", "tried", "constraints", "volume")}
    return make.need(
        house, visibility="blind", teaser=TEASER["need"], targets=targets, budget_max=543_210_900, signed_off=NOW, source_key=word(marks, "need_key"), **texts,
    )


def attached(listing: Any, person: Person, marks: dict[str, str], name: str) -> Attachment:
    """A file with a mark in its name and one in its text."""
    return attachments.attach(person, listing, io.BytesIO(word(marks, name + "_text").encode()), f"{word(marks, name + '_name')}.txt")


def house(person: Person, marks: dict[str, str], name: str, **values: Any) -> Any:
    """A verified organisation whose name is a mark in both languages."""
    return make.organisation(person, name={"zh": f"{han(marks, name + '_zh')}厂", "en": f"{word(marks, name + '_en')} works"}, **values)


def people() -> dict[str, Person | None]:
    """Who looks: one of each role, most of them with a verified firm of their own."""
    found: dict[str, Person | None] = {"visitor": None, "unconfirmed": make.person(confirmed=None), "broker": make.broker(), "operator": make.operator()}
    for role in ("stranger", *OUTSIDE[3:4], *OUTSIDE[6:], "granted"):
        found[role] = make.person()
        make.organisation(found[role], state="unverified" if role == "stranger" else "verified")
    return found


def gather() -> Cast:
    """Everybody and everything, committed by the client of the test."""
    marks: dict[str, str] = {}
    names: dict[str, str] = {}
    who = people()
    who["owner"] = make.person(name=han(names, "person"))
    institute, firm = house(who["owner"], names, "institute", kind="institute"), house(make.person(name=han(names, "firm_person")), names, "firm")
    make.membership(who["owner"], firm)
    blind, blind_need = technology(institute, marks), need(firm, marks)
    files = {name: attached(one, who["owner"], marks, name) for name, one in (("technology_file", blind), ("need_file", blind_need))}
    for listing in (blind, blind_need):
        _grants(listing, who)
    own = make.need(who["party"].organisations[0], title={"zh": "零件修边太慢", "en": "Trimming is slow"})
    make.need(who["party"].organisations[0], author=who["party"], title={"zh": "用于零件"}, problem={"zh": "用于零件，用于零件。"})
    matches = [make.match(own, blind, score=1.0, probability=0.7311), make.match(blind_need, blind, score=1.0, probability=0.7311)]
    deals = [make.deal(matches[0], who["broker"], "qualified", since=now()), make.deal(matches[1], make.broker(), "evaluation", since=now())]
    run = make.import_run(institute, file_name=f"{word(marks, 'run_file')}.csv", state="read", columns={"title": "title"})
    session.add(ImportRow(run_id=run.id, number=1, outcome="created", technology_id=blind.id, facts={}))
    session.add(ImportRow(run_id=run.id, number=2, outcome="rejected", reason="This row has no title.", facts={"cells": [word(marks, "row_cell")]}))
    agreement = make.agreement(institute, who["granted"].organisations[0], technology=blind, title=both(marks, "agreement"))
    session.flush()
    pasted = [keep_pasted("零件修边太慢，想找新办法", now()), keep_pasted("Trimming small parts is too slow for our works", now())]
    things = {
        "technology": blind, "need": blind_need, "institute": institute, "firm": firm, "matches": matches, "deals": deals, "run": run,
        "agreement": agreement, "pasted": pasted, "missing": new_public_id(), **files,
    }
    return Cast(who, things, marks, names)


def _grants(listing: Any, who: dict[str, Person | None]) -> None:
    """One grant in each state it can have."""
    never = {state: {"state": state, "until": None} for state in ("asked", "nda", "refused")}
    states = {"granted": {}, "expired": {"until": now() - timedelta(days=1)}, "revoked": {"state": "revoked"}, **never}
    for role, values in states.items():
        make.access_grant(listing, who[role].organisations[0], person=who[role], **values)


def ids(*things: Any) -> list[str]:
    """Their public ids."""
    return [one.public_id for one in things]


LISTS = ("technologies", "needs", "open-calls")
QUERIES = ("", "?q=trim", "?q=修边", "?technology_kind=blind", "?region=330000&language=en")
def asked(cast: Cast) -> dict[str, tuple[str, ...]]:
    """Endpoint → what is asked behind its address: words, filters, and the ids that some pages take there."""
    technology, institute, firm = (cast.things[name].public_id for name in ("technology", "institute", "firm"))
    files = dict.fromkeys(("exporting.newest", "exporting.table", "exporting.paper"), QUERIES[:2])
    return {
        **files, "matching.technologies": QUERIES, "matching.needs": QUERIES,
        "simulator.simulator": ("", f"?offer={technology}", f"?agreement={cast.things['agreement'].public_id}"),
        "importing.template": (f"?organisation={institute}", f"?listing=need&organisation={firm}"),
        "importing.run": ("", "?outcome=rejected"), "matching.problem": ("", "?terms=upfront"),
    }


UNDER_AN_AGREEMENT = (
    "audits", "claims", "credit", "guarantee-entries", "guarantees", "income", "invoices", "payments", "statements",
)
"""What is read by the parties of an agreement alone and has walks of its own: looked for under ids that are the listing's, and none."""


SEALED = ("open-calls", "proposals", "key-holders", "reviews", "awards", "teams", "gates")
"""Calls and proposals are never blind and have walks of their own: looked for under ids that are the listing's, and none."""


def filled(cast: Cast) -> dict[str, dict[str, list[Any]]]:
    """First part of a path → parameter → the values it is filled with. "*" is for every path; a new page needs a line here."""
    things = cast.things
    probing = [things["technology"].public_id, things["missing"]]
    return {
        "*": {
            "token": ["nothing"], "person_id": ids(cast.people["owner"]), "year": [2026], "name": [*LISTS], "number": [1], "kind": ["trial_started"],
            "sha256": ["0" * 64],
            "paper_id": probing, "signature_id": probing, "dispute_id": probing, "file_id": ids(things["technology_file"]),
        },
        "technologies": {"public_id": ids(things["technology"]), "file_id": [*ids(things["technology_file"]), things["missing"]]},
        "needs": {"public_id": ids(things["need"]), "file_id": [*ids(things["need_file"]), things["missing"]]},
        "organisations": {"public_id": ids(things["institute"], things["firm"])},
        "operations": {"public_id": ids(things["institute"])},
        "money": {"public_id": ids(things["institute"])},
        "matches": {"public_id": ids(*things["matches"])},
        "deals": {"public_id": ids(*things["deals"])},
        "imports": {"public_id": ids(things["run"])},
        "agreements": {"public_id": ids(things["agreement"])},
        "problems": {"public_id": ids(*things["pasted"])},
        "dev": {"public_id": probing}, "sign-in": {"code": ["nothing"]},
        **{path: {"public_id": probing, "holder_id": probing, "version_id": probing, "assignment_id": probing} for path in SEALED},
        **{path: {"public_id": probing} for path in UNDER_AN_AGREEMENT},
    }
