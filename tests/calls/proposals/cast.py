"""A call that takes sealed proposals, its people, and what a solver sends."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from marketplace.access import SYSTEM
from marketplace.calls.models import WHOLE, Call, Criterion, Reviewer
from marketplace.calls.proposals import operations
from marketplace.calls.proposals.models import Proposal, ProposalVersion
from marketplace.calls.proposals.receiving import Arrival
from marketplace.calls.sealing import operations as sealing
from marketplace.db import new_public_id, now, session
from marketplace.people.models import Organisation, Person
from tests import factories as make

MARK = "zyrkonquell"
"""A nonsense word in all that a solver sends."""
PDF = b"%PDF-1.7\n" + MARK.encode() + b" plan\n"


def call(owner: Organisation, deadline: datetime | None = None, **values: Any) -> Call:
    """A published call with one criterion, whose key is made unless it is a draft."""
    moment = now()
    defaults = {
        "organisation_id": owner.id, "state": "published", "title": {"zh": "轴承密封揭榜", "en": "Bearing seals"}, "brief": {"zh": "求解"}, "acceptance": {},
        "eligibility": {}, "ip_terms": {}, "amount": 1_000_000_00, "deadline": deadline or moment + timedelta(days=1),
        "published": moment - timedelta(days=9), "created": moment - timedelta(days=9), "updated": moment,
    }
    made = Call(**{**defaults, **values})
    made.criteria = [Criterion(position=1, title={"zh": "可行性", "en": "Feasibility"}, about={}, weight=WHOLE)]
    session.add(made)
    session.flush()
    if made.state != "draft":
        sealing.make_key(SYSTEM, made)
        session.flush()
    return made


@dataclass
class Cast:
    """Who has to do with one call."""

    owner: Person
    solver: Person
    other: Person
    reviewer: Person
    operator: Person
    house: Organisation
    institute: Organisation
    call: Call


def cast(deadline: datetime | None = None, **values: Any) -> Cast:
    """A call with its owner, two solvers, a reviewer who has declared no conflict, and the operator."""
    owner, solver, other, reviewer = (make.person() for _ in range(4))
    house, institute = make.organisation(owner), make.organisation(solver, kind="institute")
    make.organisation(other, kind="institute")
    made = call(house, deadline, **values)
    session.add(Reviewer(call=made, person=reviewer, state="active", created=now()))
    session.flush()
    return Cast(owner, solver, other, reviewer, make.operator(), house, institute, made)


def form(institute: Organisation, version: str = "", **values: Any) -> dict[str, Any]:
    """What the page sends, without files."""
    return {
        "organisation": institute.public_id, "version": version, "title": f"方案 {MARK}", "summary": f"摘要 {MARK}", "plan": f"计划 {MARK}", "team": "三人",
        "price": "20万", "schedule": "六个月", "criteria-0-position": "1", "criteria-0-text": f"可行 {MARK}", **values,
    }


def large(megabytes: float = 1.5, name: str = "plan.pdf") -> tuple[io.BytesIO, str]:
    """A file that a parser of requests would put into a temporary file."""
    return io.BytesIO(PDF + MARK.encode() * int(megabytes * 1024 * 1024 / len(MARK))), name


def handed_in(
    who: Person, house: Organisation, to: Call, received: datetime | None = None, files: tuple[bytes, ...] = (PDF,), at: datetime | None = None, **text: Any
) -> ProposalVersion:
    """A proposal handed in by the operations that the page calls; its first byte came a second before the deadline, unless said otherwise."""
    received = received or to.deadline - timedelta(seconds=1)
    desk = operations.desk_of(who, to, received)
    version = new_public_id()
    said = {"title": f"方案 {MARK}", "summary": MARK, "plan": MARK, "team": "", "schedule": "", "language": "zh", "criteria": {"1": MARK}, **text}
    with Arrival(operations.folder(), operations.sealable(desk), version) as arrival:
        for number, content in enumerate(files):
            arrival.into(f"plan{number}.pdf").write(content)
        sealed = arrival.files()
        parts = [arrival.text(operations.composed(to, house, said, sealed)), *sealed]
        there = session.query(Proposal).filter_by(call_id=to.id, organisation_id=house.id).one_or_none()
        moment = at or received
        arrival.keep()
        made = operations.hand_in(who, to, house, operations.HandedIn(version, parts, received, moment), str(there.version_id) if there else None, moment)
        session.flush()
    return made


def multipart(fields: dict[str, Any], files: list[tuple[io.BytesIO, str]]) -> tuple[bytes, str]:
    """A request as a browser sends it, and its media type; made in memory: the test client would put it into a temporary file itself."""
    head = "--lines\r\nContent-Disposition: form-data; name=\"{}\"{}\r\n\r\n"
    parts = [head.format(name, "").encode() + str(value).encode() + b"\r\n" for name, value in fields.items()]
    parts += [head.format("files", f'; filename="{name}"').encode() + content.getvalue() + b"\r\n" for content, name in files]
    return b"".join(parts) + b"--lines--\r\n", "multipart/form-data; boundary=lines"
