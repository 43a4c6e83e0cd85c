"""Things for tests, made with as few words as the test needs; all of them are flushed and have their ids."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from argon2 import PasswordHasher

from marketplace.access import SYSTEM
from marketplace.calls.models import WHOLE, Board, Call, Criterion
from marketplace.calls.operations import kept
from marketplace.calls.pools.models import Pledge, Pool
from marketplace.calls.pools.operations import content
from marketplace.catalogue.experts.models import Expert
from marketplace.catalogue.facilities.models import Booking, Facility
from marketplace.catalogue.models import Offer, Technology
from marketplace.catalogue.scenarios.models import Scenario
from marketplace.db import now, session
from marketplace.deals.models import Deal, Party, StageSpan
from marketplace.deals.operations import frozen
from marketplace.importing.models import ImportRun
from marketplace.licensing import ledger
from marketplace.licensing.models import Agreement, AgreementEvent, Version
from marketplace.licensing.operations import facts_of
from marketplace.matching.models import Match, Scoring
from marketplace.needs.models import Need
from marketplace.people.models import AccessGrant, Membership, Organisation, Person
from marketplace.record import revise

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
_number = count(1)


def _kept(thing: Any) -> Any:
    session.add(thing)
    session.flush()
    return thing


def person(**values: Any) -> Person:
    """Somebody with a confirmed address and the password PASSWORD."""
    n = next(_number)
    address = values.pop("address", f"person{n}@example.com")
    defaults = {"name": f"测试人{n}", "address": address, "address_key": address.lower(), "password_hash": _HASH,
                "language": "zh", "created": NOW, "confirmed": NOW}
    return _kept(Person(**{**defaults, **values}))


def operator(**values: Any) -> Person:
    """Somebody who runs the site."""
    return person(is_operator=True, **values)


def broker(**values: Any) -> Person:
    """A technology manager."""
    return person(is_broker=True, **values)


def organisation(*owners: Person, **values: Any) -> Organisation:
    """A verified enterprise, owned by the people named."""
    n = next(_number)
    defaults = {"kind": "enterprise", "name": {"zh": f"测试企业{n}", "en": f"Test Works {n}"}, "names": [], "region": "330000",
                "about": {}, "state": "verified", "created": NOW}
    found = _kept(Organisation(**{**defaults, **values}))
    for owner in owners:
        membership(owner, found, "owner")
    return found


def membership(who: Person, where: Organisation, role: str = "member") -> Membership:
    """A seat of the person in the organisation."""
    seat = _kept(Membership(person=who, organisation=where, role=role, created=NOW))
    session.expire(who, ["memberships"])
    return seat


def technology(owner: Organisation | None = None, **values: Any) -> Technology:
    """A published, public patent."""
    n = next(_number)
    offer = values.pop("offer", None)
    defaults = {
        "organisation": owner or organisation(kind="institute"), "kind": "patent", "state": "published", "visibility": "public",
        "title": {"zh": f"一种测试装置{n}", "en": f"Test device {n}"},
        "abstract": {"zh": "用于测试的装置，毛刺不超过0.02毫米。", "en": "A device for tests, burr below 0.02 mm."},
        "advantages": {}, "applications": {}, "keywords": {}, "owners": [], "inventors": [], "ipc": [], "industries": ["C34"],
        "field": "machine_tools", "trl": 6, "title_hash": f"hash{n}", "revision": 1,
        "published": NOW, "created": NOW, "updated": NOW,
    }
    made = _kept(Technology(**{**defaults, **values}))
    if offer is not None:
        _kept(Offer(technology=made, field_of_use={}, **offer))
    return made


def need(owner: Organisation | None = None, **values: Any) -> Need:
    """A published, public need."""
    n = next(_number)
    defaults = {
        "organisation": owner or organisation(), "state": "published", "visibility": "public",
        "title": {"zh": f"去毛刺太慢{n}", "en": f"Deburring is too slow {n}"},
        "problem": {"zh": "一把钳子要铣四十分钟，毛刺还多。", "en": "One forceps takes forty minutes to mill."},
        "place": {}, "tried": {}, "constraints": {}, "volume": {}, "targets": [], "modes": ["licence"], "questions": {},
        "industry": "C358", "region": "330000", "deadline": date(2027, 6, 30), "revision": 1,
        "published": NOW, "created": NOW, "updated": NOW,
    }
    return _kept(Need(**{**defaults, **values}))


def open_call(owner: Organisation | None = None, **values: Any) -> Call:
    """A published, public call whose deadline lies a month ahead, with two criteria."""
    n = next(_number)
    title = values.get("title", {"zh": f"微细刀具寿命{n}", "en": f"Life of micro tools {n}"})
    brief = values.get("brief", {"zh": "铣削医用不锈钢时刀具磨损过快。", "en": "Tools wear too fast in surgical steel."})
    defaults = {
        "organisation": owner or organisation(person(), size="large"), "state": "published", "visibility": "public", "title": title, "brief": brief,
        "targets": [{"quantity": {"zh": "刀具寿命", "en": "tool life"}, "today": "40", "wanted": "120", "unit": "min", "direction": "at_least"}],
        "acceptance": {"zh": "连续加工三批，实测寿命。", "en": "Three batches in a row, life measured."}, "money": "budget", "amount": 80_000_000,
        "currency": "CNY",
        "stages": [{"title": {"zh": "开题", "en": "Start"}, "share": 400_000}, {"title": {"zh": "验收", "en": "Acceptance"}, "share": 600_000}],
        "eligible": {"kinds": [], "sizes": [], "regions": []}, "eligibility": {}, "ip_position": "owner", "ip_terms": {}, "industry": "C358",
        "region": "330000", "deadline": now().replace(microsecond=0) + timedelta(days=30), "zone": "Asia/Shanghai", "teams": 1, "revision": 1,
        "published": None if values.get("state") == "draft" else NOW, "created": NOW, "updated": NOW,
    }
    made = _kept(Call(**{**defaults, **values}))
    for position, (text, weight) in enumerate((({"zh": "技术路线", "en": "Approach"}, 600_000), ({"zh": "团队", "en": "Team"}, WHOLE - 600_000)), 1):
        _kept(Criterion(call=made, position=position, title=text, about={}, weight=weight, most=10))
    if made.state != "draft":
        revise(made, SYSTEM, kept(made), made.published)
    return made


def board(owner: Organisation | None = None, **values: Any) -> Board:
    """A published board of an agency."""
    n = next(_number)
    defaults = {"organisation": owner or organisation(person(), kind="agency"), "state": "published", "title": {"zh": f"测试榜单{n}", "en": f"Test board {n}"},
                "about": {}, "region": "330000", "created": NOW}
    return _kept(Board(**{**defaults, **values}))
OPEN_HOURS = {str(day): [["08:00", "12:00"], ["13:00", "18:00"]] for day in range(5)}


def _resource(owner: Organisation | None, owned_by: str, **values: Any) -> dict[str, Any]:
    return {
        "organisation": owner or organisation(person(), kind=owned_by), "state": "published", "visibility": "public", "fields": ["surface_coating"],
        "industries": ["C3360"], "revision": 1, "published": NOW, "created": NOW, "updated": NOW, **values,
    }


def facility(owner: Organisation | None = None, **values: Any) -> Facility:
    """A published pilot line that is open on weekdays and carries a technology from TRL 4 to 7."""
    n = next(_number)
    return _kept(Facility(**{**_resource(
        owner, "service_provider", title={"zh": f"镀膜中试线{n}", "en": f"Coating pilot line {n}"},
        description={"zh": "可做涂层放大", "en": "Scales up coatings"}, kind="pilot_line", capacity={}, place={}, region="330000", trl_from=4, trl_to=7,
        accreditations=[], price=120000, basis="day", hours=OPEN_HOURS, closed=[],
    ), **values}))


def booking(of: Facility | None = None, asker: Organisation | None = None, **values: Any) -> Booking:
    """A day asked for, from 9 to 17 on the Monday after NOW on a Chinese clock."""
    asker = asker or organisation(person())
    starts = values.pop("starts", datetime(2026, 11, 9, 1, 0, tzinfo=UTC))
    return _kept(Booking(**{
        "resource": of or facility(), "organisation": asker, "person": asker.memberships[0].person, "text": "试镀一批钳头", "state": "requested",
        "key": f"k{next(_number)}", "created": NOW, "starts": starts, "ends": starts + timedelta(hours=8), **values,
    }))


def expert(owner: Organisation | None = None, **values: Any) -> Expert:
    """A published consultant whose institute holds the consent."""
    n = next(_number)
    return _kept(Expert(**{**_resource(
        owner, "institute", title={"zh": f"涂层顾问{n}", "en": f"Coating adviser {n}"}, description={"zh": "解决镀层脱落", "en": "Solves peeling coatings"},
        kind="consultant", name={"zh": f"甲专家{n}", "en": f"Expert {n}"}, consent_held=True, speaks=["zh"], regions=["330000"], days=3,
    ), **values}))


def scenario(owner: Organisation | None = None, **values: Any) -> Scenario:
    """A published scenario with one trial."""
    n = next(_number)
    return _kept(Scenario(**{**_resource(
        owner, "enterprise", title={"zh": f"矿井首试场{n}", "en": f"Mine for first trials {n}"},
        description={"zh": "可试耐磨涂层", "en": "Try coatings that resist wear"}, place={"zh": "二号井"}, region="610000", conditions={}, measurements={},
        judge={"zh": "矿方"}, trials=1, trl_from=6,
    ), **values}))


def import_run(owner: Organisation | None = None, **values: Any) -> ImportRun:
    """A run whose rows are published."""
    defaults = {"organisation": owner or organisation(kind="institute"), "state": "published", "file_name": "rows.csv", "sha256": "0" * 64,
                "source": "table", "columns": {}, "outcomes": [], "created": NOW}
    return _kept(ImportRun(**{**defaults, **values}))


TERMS: dict[str, Any] = {
    "currency": "CNY", "effective": "2026-01-01", "milestones": [{"id": "pilot", "amount": "50000"}],
    "royalty": {"base": "net_sales", "period": "quarter", "tiers": [{"upto": None, "rate": "0.03"}]},
    "late_interest": {"annual_rate": "0.0365"},
}


def agreement(licensor: Organisation | None = None, licensee: Organisation | None = None, terms: dict[str, Any] | None = None, **values: Any) -> Agreement:
    """An agreement in force on the day of NOW: signed by both sides, its schedule computed. With `state="proposed"` it waits for signatures."""
    state, clauses = values.pop("state", "countersigned"), values.pop("clauses", {})
    licensor, licensee = licensor or organisation(person(), kind="institute"), licensee or organisation(person())
    written = terms or TERMS
    signed = values.pop("signed", datetime.combine(date.fromisoformat(written["effective"]), datetime.min.time(), UTC)) if state == "countersigned" else None
    n = next(_number)
    made = _kept(Agreement(**{
        "technology": values.pop("technology", None) or technology(licensor), "title": {"zh": f"许可协议{n}", "en": f"Licence agreement {n}"},
        "licensor": licensor, "licensee": licensee, "drafted_by_id": licensee.id, "state": state, "version": 1, "proposed": NOW, "signed": signed,
        "text_sha256": f"{n:064d}" if signed else None, "created": NOW, **values,
    }))
    proposer = licensee.memberships[0].person if licensee.memberships else person()
    _kept(Version(
        agreement=made, number=1, terms=written, clauses=clauses, facts=facts_of(made), side="licensee", person=proposer, at=NOW,
    ))
    if signed:
        ledger.refresh(made, NOW)
    return made


def event(under: Agreement, kind: str, day: str, **values: Any) -> AgreementEvent:
    """Something that happened under an agreement, whoever entered it; the copies of the schedule are brought up to date."""
    n = next(_number)
    happened = _kept(AgreementEvent(agreement=under, type=kind, day=date.fromisoformat(day), values=values, key=f"test:{n}", at=NOW))
    ledger.refresh(under, NOW)
    return happened


def match(need_: Need | None = None, technology_: Technology | None = None, **values: Any) -> Match:
    """A match with one scoring, as the engine would have kept it."""
    defaults = {"need": need_ or need(), "technology": technology_ or technology(), "score": 0.0, "probability": 0.5, "created": NOW}
    found = _kept(Match(**{**defaults, **values}))
    _kept(Scoring(
        match=found, need_revision=found.need.revision, technology_revision=found.technology.revision, index_version="test", score=found.score,
        base=-3.0, contributions=[["words", 2.0], ["body", 1.0]], at=NOW,
    ))
    return found


def deal(match_: Match | None = None, leading: Person | None = None, stage: str = "lead", **values: Any) -> Deal:
    """A deal in a stage, led by a broker; the owners of both organisations take part in it."""
    pair = match_ or match(need(organisation(person())), technology(organisation(person(), kind="institute")))
    leading = leading or broker()
    defaults = {
        "match": pair, "need": pair.need, "technology": pair.technology, "firm": pair.need.organisation, "holder": pair.technology.organisation,
        "broker": leading, "state": stage, "since": NOW, "frozen": frozen(pair), "created": NOW, "lost_code": "price" if stage == "lost" else None,
        "introduced": None if stage in ("lead", "qualified", "lost") else NOW,
    }
    made = _kept(Deal(**{**defaults, **values}))
    _kept(StageSpan(deal_id=made.id, stage=stage, entered=NOW))
    owners = [("firm", seat) for seat in made.firm.memberships] + [("holder", seat) for seat in made.holder.memberships]
    for side, who, house in [("broker", leading, None), *((side, seat.person, seat.organisation_id) for side, seat in owners if seat.role == "owner")]:
        _kept(Party(deal=made, side=side, person=who, organisation_id=house, address_key=who.address_key, state="active", created=NOW))
    session.expire(made, ["parties"])
    return made


def access_grant(listing: Technology | Need, asking: Organisation, **values: Any) -> AccessGrant:
    """The organisation may read the blind listing in full for a year."""
    defaults = {
        "thing": listing.__tablename__, "thing_id": listing.id, "owner_id": listing.organisation_id, "asking": asking, "person": person(),
        "purpose": "评估能否使用", "state": "granted", "until": now() + timedelta(days=365), "created": NOW,
    }
    return _kept(AccessGrant(**{**defaults, **values}))


def pool(lead: Organisation | None = None, *amounts: int, **values: Any) -> Pool:
    """An open pool of 1,000,000 yuan until ten days after `at`, with pledges of these amounts (in minor units), the first by the lead."""
    n, at = next(_number), values.pop("at", NOW)
    lead = lead or organisation(person())
    defaults = {
        "organisation": lead, "author_id": lead.memberships[0].person_id if lead.memberships else None, "state": "open",
        "title": {"zh": f"共同攻关{n}", "en": f"Common research {n}"}, "brief": {"zh": "去毛刺太慢，一起出钱攻关。", "en": "Deburring is too slow for us."},
        "acceptance": {}, "threshold": 100_000_000, "least": 1_000_000, "currency": "CNY", "deadline": at + timedelta(days=10),
        "rights": ["own_use", "licence_income"], "opened": None if values.get("state") == "draft" else at, "created": at, "updated": at,
    }
    made = _kept(Pool(**{**defaults, **values}))
    revise(made, SYSTEM, content(made), at)
    for place, amount in enumerate(amounts):
        pledge(made, lead if place == 0 else None, amount, at=at)
    return made


def pledge(to: Pool, by: Organisation | None = None, amount: int = 30_000_000, **values: Any) -> Pledge:
    """A pledge that stands, by a firm with an owner."""
    house = by or organisation(person())
    defaults = {"pool": to, "organisation": house, "person": house.memberships[0].person, "amount": amount, "currency": to.currency, "revision": to.revision,
                "state": "pledged", "at": NOW}
    return _kept(Pledge(**{**defaults, **values}))
