"""The register as evidence for 尽职免责: decisions and assets as xlsx, csv and PDF in one zip with the hashes of all of it.

Each decision carries the hash of its own values together with the hash before it, over all decisions of the institute in the order in
which they were entered: two exports that overlap show the same hashes, and a row changed or left out later shows in all that
follow. Minutes are named with the hashes of their files, and lie beside the tables with a list of their own (`minutes`).

On paper stand all decisions, `ON_PAPER` to a PDF: WeasyPrint lays a table out in one go, some 20 ms a row (300 rows 5 s, 1,200 rows 25 s of a busy core).
The job yields after each file, so that its progress shows and its lease is renewed however many there are.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from sqlalchemy import func, select

from marketplace.access import SYSTEM
from marketplace.catalogue.attachments import store
from marketplace.catalogue.models import Attachment, Technology
from marketplace.db import in_language, now, session
from marketplace.jobs import handler
from marketplace.licensing.duties import archive
from marketplace.licensing.duties.models import Decision, EvidenceExport
from marketplace.licensing.duties.register.decisions import NAMED, minutes_of
from marketplace.licensing.duties.register.minutes import Minute, collected, named, source
from marketplace.licensing.duties.register.operations import STATES, Line, end_of, lines, states_on
from marketplace.licensing.duties.register.sheet_words import ASSETS, DECISIONS, KINDS, MINUTE_STATES, MINUTES, STATE_NAMES, TITLES, WAYS
from marketplace.licensing.signing import papers
from marketplace.people.models import Person
from marketplace.record import move
from marketplace.terms.payment import from_minor
from marketplace.terms.words import Tongue

BATCH = 500
ON_PAPER = 300
"""Decisions of one PDF; the next ones stand in the next."""

LARGEST = 1024 * 1024 * 1024
START = "0" * 64
"""The hash before the first decision."""


def canonical(decision: Decision) -> str:
    """The values of a decision as one line of JSON, always the same for the same row."""
    names = ("public_id", "kind", "decided_by", "basis", "facts", "key", "technology_id", "agreement_id", "voids_id", "person_id")
    values = {name: getattr(decision, name) for name in names}
    return json.dumps({**values, "day": decision.day.isoformat(), "at": decision.at.isoformat()}, sort_keys=True, ensure_ascii=False)


def linked(before: str, decision: Decision, minutes: Sequence[Attachment] = ()) -> str:
    """The hash of a decision in the chain: of the one before, its values, and the files beside it."""
    files = "".join(f"\n{one.sha256}" for one in minutes)
    return hashlib.sha256(f"{before}\n{canonical(decision)}{files}".encode()).hexdigest()


def chain(organisation_id: int, last: date) -> Iterator[tuple[Decision, list[Attachment], str]]:
    """Every decision of an institute that was entered by the end of a day, in the order of entering, with its minutes and its hash."""
    before, key = START, 0
    while True:
        own = select(Decision).where(Decision.organisation_id == organisation_id, Decision.id > key, Decision.at < end_of(last))
        rows = list(session.scalars(own.options(*NAMED).order_by(Decision.id).limit(BATCH)))
        if not rows:
            return
        beside = minutes_of(rows)
        for row in rows:
            key, files = row.id, beside.get(row.id, [])
            before = linked(before, row, files)
            yield row, files, before


def _decision_row(decision: Decision, files: Sequence[Attachment], linked_hash: str, lang: str, voids: dict[int, str]) -> list[Any]:
    technology = decision.technology
    return [
        decision.day.isoformat(), KINDS[decision.kind][lang], technology.titled(lang)[0] if technology else "", _number(technology), decision.decided_by or "",
        decision.person.name if decision.person else "", decision.basis or "", _said(decision.facts, lang),
        "\n".join(f"{one.name} {one.sha256}" for one in files), voids.get(decision.voids_id or 0, ""), decision.at.isoformat(), decision.public_id,
        linked_hash,
    ]


def _number(technology: Technology | None) -> str:
    return (technology.application_number or technology.publication_number or technology.public_id) if technology else ""


def _said(facts: dict[str, Any], lang: str) -> str:
    """The facts of a decision as "name: value" pairs; what is nested as JSON."""
    def text(value: Any) -> str:
        if isinstance(value, dict) and set(value) <= {"zh", "en"}:
            return in_language(value, lang)[0]
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, (dict, list)) else str(value)

    return "; ".join(f"{name}: {text(value)}" for name, value in sorted(facts.items()) if value not in (None, "", {}, []))


def _asset_row(line: Line, lang: str) -> list[Any]:
    technology, asset = line.technology, line.asset
    cost = f"{from_minor(asset.cost, asset.currency):f}" if asset and asset.cost is not None and asset.currency else ""
    return [
        technology.public_id, technology.titled(lang)[0], technology.kind, technology.application_number or "", technology.publication_number or "",
        WAYS[asset.acquisition][lang] if asset else "", asset.acquired_on.isoformat() if asset and asset.acquired_on else "", cost,
        (asset.currency or "") if asset else "", STATE_NAMES[line.state][lang], (asset.note or "") if asset else "",
    ]


def _csv(rows: Iterable[Sequence[Any]]) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows([archive.safe(value) for value in row] for row in rows)
    return ("\ufeff" + file.getvalue()).encode()


@dataclass
class _Read:
    """What was read of a register for an export: the rows of its tables, and the files beside each decision."""

    assets: list[list[Any]] = field(default_factory=list)
    decisions: list[list[Any]] = field(default_factory=list)
    beside: list[tuple[str, list[tuple[str, int, str]]]] = field(default_factory=list)


@handler("duties.make_evidence")
def make_evidence(thing_id: int) -> Iterator[None]:
    """Make the zip that was asked for; a job that died is run again from the beginning, and one zip comes of it."""
    export = session.get_one(EvidenceExport, thing_id)
    if export.state != "asked":
        return
    states = states_on(export.organisation, export.last)
    asked_for = select(func.count()).where(
        Decision.organisation_id == export.organisation_id, Decision.at < end_of(export.last), Decision.day.between(export.first, export.last))
    export.done, export.total = 0, len(states) + 2 * (session.scalar(asked_for) or 0)  # a decision is read and printed
    yield
    found = _Read()
    for _ in _read_assets(thing_id, states, found):
        yield
    export = session.get_one(EvidenceExport, thing_id)
    names = _names(export.organisation_id)
    for decision, files, linked_hash in chain(export.organisation_id, export.last):
        if export.first <= decision.day <= export.last:
            found.decisions.append(_decision_row(decision, files, linked_hash, export.language, names))
            found.beside.append((decision.public_id, named(files)))
    export.done += len(found.decisions)
    yield
    yield from _finish(thing_id, found, {state: sum(one == state for one in states.values()) for state in STATES})


def _read_assets(thing_id: int, states: dict[int, str], found: _Read) -> Iterator[None]:
    """Read the rows of the assets batch by batch."""
    keys = list(states)
    language = session.get_one(EvidenceExport, thing_id).language
    for start in range(0, len(keys), BATCH):
        batch = [(key, states[key]) for key in keys[start : start + BATCH]]
        found.assets += [_asset_row(line, language) for line in lines(batch)]
        session.expunge_all()  # what was written needs no memory any more
        session.get_one(EvidenceExport, thing_id).done = len(found.assets)
        yield


def _names(organisation_id: int) -> dict[int, str]:
    """Decision id → public id, of those that another one voids."""
    voided = select(Decision.voids_id).where(Decision.organisation_id == organisation_id, Decision.voids_id.is_not(None))
    return dict(session.execute(select(Decision.id, Decision.public_id).where(Decision.id.in_(voided))).all())  # type: ignore[arg-type]


def _finish(thing_id: int, found: _Read, counted: dict[str, int]) -> Iterator[None]:
    """Write the zip into the store, file by file. Where no PDF can be made on this machine the export fails and says so on its page."""
    export = session.get_one(EvidenceExport, thing_id)
    moment = end_of(export.last)
    with TemporaryFile() as target:
        try:
            for name in archive.zipping(target, _files(export, found, counted), moment):
                if name.endswith(".pdf"):
                    export.done = min(export.done + ON_PAPER, export.total)
                yield
        except OSError:
            move(export, "fail", SYSTEM)
            export.ended = now()
            return
        target.seek(0)
        stored = store().keep(target, LARGEST, lambda _path: None)
    export.sha256, export.size, export.ended, export.done = stored.sha256, stored.size, now(), export.total
    move(export, "finish", SYSTEM)


def _files(export: EvidenceExport, found: _Read, counted: dict[str, int]) -> Iterator[tuple[str, bytes | Path]]:
    lang, moment = export.language, end_of(export.last)
    minutes = collected(found.beside)
    heads = {"decisions": DECISIONS, "assets": ASSETS, "minutes": MINUTES}
    rows = {"decisions": found.decisions, "assets": found.assets, "minutes": [_minute_row(one, lang) for one in minutes]}
    tables = {name: [[head[lang] for head in heads[name]], *rows[name]] for name in heads}
    yield "register.xlsx", archive.workbook([(TITLES[name][lang], [24] * len(heads[name]), table) for name, table in tables.items()], moment)
    for name, table in tables.items():
        yield f"{name}.csv", _csv(table)
    yield from _papers(export, found.decisions, counted)
    yield from ((one.path, source(one)) for one in minutes if one.path)


def _minute_row(minute: Minute, lang: str) -> list[Any]:
    return [minute.path, minute.name, minute.size, minute.sha256, "\n".join(minute.decisions), MINUTE_STATES[minute.state][lang]]


def _papers(export: EvidenceExport, decided: list[list[Any]], counted: dict[str, int]) -> Iterator[tuple[str, bytes]]:
    """The register on paper: the first PDF with the assets counted, and as many as the decisions need."""
    lang, asked_by = export.language, session.get(Person, export.person_id)
    tongue, parts = Tongue(lang, "CNY"), max(1, -(-len(decided) // ON_PAPER))
    for part in range(1, parts + 1):
        rows = decided[(part - 1) * ON_PAPER : part * ON_PAPER]
        yield "register.pdf" if part == 1 else f"register-{part}.pdf", papers.printed(
            "register.html", lang, organisation=export.organisation.called(lang), first=tongue.day(export.first), last=tongue.day(export.last),
            counts=[(STATE_NAMES[state][lang], count) for state, count in counted.items()], total=sum(counted.values()), decided=rows,
            decisions=len(decided), asked_by=asked_by.name if asked_by else "", start=START, part=part, parts=parts, number=(part - 1) * ON_PAPER,
        )
