"""What the walk finds in the rooms around blind listings: requests with NDAs, deals with all that is said and kept in them, notices, the asset
register, distillations, subscriptions and what is held back; made by their own operations, with marks in all that is for insiders alone.
"""

from __future__ import annotations

import io
from datetime import date, time, timedelta
from typing import Any

from sqlalchemy import select

from marketplace.alerts.subscriptions import operations as subscriptions
from marketplace.calls import operations as calls
from marketplace.calls.pools import pledging, steering
from marketplace.calls.pools.models import PoolNeed, PoolProposal, ProposedNeed
from marketplace.catalogue.models import Attachment
from marketplace.catalogue.scanning import operations as scanning
from marketplace.db import now, session
from marketplace.deals import operations as deals
from marketplace.deals.documents import operations as documents
from marketplace.deals.fees import operations as fees
from marketplace.deals.introduction import operations as introduction
from marketplace.deals.models import Deal, Party
from marketplace.deals.parties import operations as parties
from marketplace.deals.talk import meetings, tasks
from marketplace.deals.talk import operations as talk
from marketplace.exporting.tables import TABLES
from marketplace.first_steps.examples import operations as examples
from marketplace.licensing.duties import operations as duties
from marketplace.licensing.duties import recordals
from marketplace.licensing.duties.models import EvidenceExport
from marketplace.licensing.duties.register import decisions
from marketplace.licensing.duties.register import operations as register
from marketplace.licensing.duties.registration import operations as registration
from marketplace.needs.distilling import operations as distilling
from marketplace.people.grants import log, signing
from marketplace.people.grants import operations as grants
from marketplace.people.models import AccessGrant
from marketplace.scanner import Verdict
from tests import factories as make
from tests.factories import NOW
from tests.web import blind_cast
from tests.web.blind_cast import OUTSIDE, TEASER, UNDER_AN_AGREEMENT, Cast, attached, both, ids, word

HOLDER_TOO = ("institute_zh", "institute_en", "person")
FIRM_TOO = ("firm_zh", "firm_en", "firm_person")


def furnish(cast: Cast) -> None:
    """All the rooms, one after the other."""
    _grants(cast)
    _distilled(cast)
    _dealt(cast)
    _agreed(cast)
    _registered(cast)
    _turned(cast)
    _followed(cast)
    _held(cast)
    _called(cast)
    _pooled(cast)
    _lent(cast)
    _tried(cast)
    session.flush()


def _file(cast: Cast, name: str) -> tuple[io.BytesIO, str]:
    """A file to hand to an operation, marked in name and text."""
    return io.BytesIO(word(cast.marks, name + "_text").encode()), f"{word(cast.marks, name + '_name')}.txt"


def _grants(cast: Cast) -> None:
    """NDAs before the requests that wait: for the technology without its owner's name, for the need with it; a signature asked for; a log with lines."""
    things, owner = cast.things, cast.people["owner"]
    of = {(one.thing, one.person_id): one for one in session.scalars(select(AccessGrant))}
    things["grants"] = [of["technology", cast.people[role].id] for role in ("asked", "nda", "granted", "expired", "revoked", "refused")]
    things["need_grants"] = [of["need", cast.people["nda"].id]]
    for grant, named in ((things["grants"][1], False), (things["need_grants"][0], True)):
        grant.state = "asked"
        nda = signing.ask_nda(owner, grant, named=named)
    things["signature"] = signing.ask_code(cast.people["nda"], signing.by_public_id(owner, things["grants"][1]), signing.by_public_id(
        owner, things["grants"][1]).sha256)
    assert nda.nonce is None
    log.opened(cast.people["granted"], things["technology"], "page")
    grants.look_into(make.operator(), things["need"], "有人举报说这些图纸不是它自己的")


def _distilled(cast: Cast) -> None:
    """A broker with a grant has distilled and checked the blind need; the next round is a draft."""
    marks, need, knows = cast.marks, cast.things["need"], make.broker()
    make.access_grant(need, make.organisation(knows), person=knows)
    yes = {name: {"finding": "yes", "evidence": f"{word(marks, 'evidence_' + name)} 看过三个月的试验记录"} for name in ("alone", "pays")}
    said = {name: word(marks, "sheet_" + name) for name in ("place", "constraints", "volume", "asked")}
    sheet = {**distilling.begun_sheet(need), **said, "attempts": [{"what": word(marks, "attempt"), "by": "", "when": "", "why": ""}], "tests": yes}
    target = {"quantity": both(marks, "asked_target"), "today": None, "wanted": "0.02", "unit": "mm", "direction": "at_most"}
    first = distilling.save(knows, need, sheet, [{"text": both(marks, "question"), "targets": [target]}])
    session.flush()
    files = [attached(first, knows, marks, "interview_file")]
    distilling.sign_off(cast.people["owner"], distilling.send(knows, first))
    distilling.verify(knows, need, yes)
    draft = distilling.save(knows, need, sheet, [{"text": both(marks, "draft_question"), "targets": []}])
    session.flush()
    cast.things |= {"knows": knows, "distillations": [first, draft], "distillation_files": files}


def _dealt(cast: Cast) -> None:
    """Three deals: of the party without access before and after the introduction, and of two others; a request that waits for a broker."""
    people, things = cast.people, cast.things
    house = people["party"].organisations[0]
    known = make.technology(  # its owner's names are no marks: after the introduction both sides may read them
        make.organisation(make.person(), kind="institute"), visibility="blind", teaser=TEASER["technology"], title=both(cast.marks, "known_title"),
        abstract=both(cast.marks, "known_abstract"),
    )
    later = make.match(make.need(house, title={"zh": "修边以后"}, problem={"zh": "用于零件"}), known, score=1.0, probability=0.7311)
    things["deals"].append(make.deal(later, people["broker"], "introduced", since=now()))
    things["matches"].append(later)
    for number, deal in enumerate(things["deals"]):
        _talked(cast, deal, number)
    parties.invite(people["party"], things["deals"][0], "firm", people["stranger"].address)
    parties.invite(people["owner"], things["deals"][1], "holder", people["other_firm"].address, word(cast.marks, "invited_duty"))
    things["invitations"] = [one for deal in things["deals"] for one in deal.parties if one.state == "invited"]
    for deal in things["deals"][:2]:
        fees.set_fee(deal.broker, deal, fees.Wanted("fixed", amount=100_000, payer="firm", moment="signing"))
    introduction.ask_consents(people["broker"], things["deals"][0])
    introduction.answer(people["owner"], things["deals"][0], "holder", True, 1)
    lead = make.need(house, title={"zh": "还想问问"}, problem={"zh": "用于零件"})
    deals.ask(people["party"], "firm", things["technology"], lead, house, "想了解")


def _talked(cast: Cast, deal: Deal, number: int) -> None:
    """What the holder says and keeps for its own side, marked; what it says to the broker, and the broker to the firm or to all, unmarked."""
    owner, broker = deal.holder.memberships[0].person, deal.broker
    colleague, other = _colleague(cast, deal), next(one for one in deal.parties if one.side == "firm")
    led = next(one for one in deal.parties if one.side == "broker")
    to = "all" if deal.was_introduced else "firm_broker"
    said = ((owner, "holder", colleague), (colleague.person, "holder_broker", led), (broker, "holder_broker", colleague), (broker, to, other))
    for who, audience, whose in said:
        def says(what: str, own: bool = who is owner) -> str:
            return word(cast.marks, f"{what}_{number}") if own else "什么时候能看"

        key = f"{audience}{number}{who.id}"
        talk.post_message(who, deal, audience, says("message"), key)
        notes = [talk.add_note(who, deal, audience, says("note"), key)]
        due = [tasks.set_task(who, deal, audience, says("task"), now().date() + timedelta(days=3), whose.public_id, key)]
        plan = meetings.Plan(
            says("meeting"), now().date() + timedelta(days=9), time(9), time(10), "Asia/Shanghai", says("place"), "", says("agenda"), (whose.public_id,)
        )
        called = [meetings.call_meeting(who, deal, audience, plan, key)]
        side = "holder" if audience == "holder" else None
        document = documents.add_document(who, deal, says("document"), io.BytesIO(says("content").encode()), says("file") + ".txt", side)
        session.flush()
        documents.add_version(who, document, 1, io.BytesIO(says("second").encode()), says("newer") + ".txt")
        for name, more in (("notes", notes), ("tasks", due), ("meetings", called), ("documents", [document])):
            cast.things.setdefault(name, {}).setdefault(deal.public_id, []).extend(more)


def _colleague(cast: Cast, deal: Deal) -> Party:
    """Somebody else of the institute who takes part: one does not meet alone."""
    house, own = deal.holder, deal.holder_id == cast.things["institute"].id
    person = make.person(name=blind_cast.han(cast.names, f"colleague_{deal.id}")) if own else make.person()
    make.membership(person, house)
    found = Party(deal=deal, side="holder", person=person, organisation_id=house.id, address_key=person.address_key, state="active", created=NOW)
    session.add(found)
    session.flush()
    return found


def _agreed(cast: Cast) -> None:
    """The agreement in force has a recordal and a registration; another is on the table, priced, published and objected to."""
    things, marks, owner, day = cast.things, cast.marks, cast.people["owner"], NOW.date()
    signed = things["agreement"]
    recordals.begin_recordal(signed.id)
    recordals.file_recordal(owner, recordals.recordal_of(signed), date(2026, 1, 20), _file(cast, "recordal"))
    details = {"contact": word(marks, "contact"), "content": word(marks, "content")}
    registration.prepare_registration(owner, signed, "licence", "licensor", 900, 800, {"licensor": word(marks, "address"), "licensee": "x"}, details)
    table = make.agreement(signed.licensor, signed.licensee, technology=things["technology"], title=both(marks, "table"), state="proposed")
    duties.record_pricing(owner, table, "priced", "agreement", word(marks, "priced_by"), day, word(marks, "priced_basis"), _file(cast, "minutes"))
    session.flush()
    notice = duties.publish_notice(owner, table, "published", both(marks, "notice_abstract"), False, "没有关系")
    session.flush()
    objection = duties.enter_objection(owner, notice, "objected", word(marks, "objection"), word(marks, "objector"), notice.published_on, _file(cast, "proof"))
    things |= {"table": table, "notices": [notice], "objections": [objection]}


def _registered(cast: Cast) -> None:
    """The institute's register: how the technology was come by, a decision with its minutes, and an export with its file."""
    things, marks, owner = cast.things, cast.marks, cast.people["owner"]
    register.record_asset(owner, things["technology"], "own_research", None, 100, "CNY", word(marks, "acquired"))
    decision = decisions.decide(
        owner, things["institute"], "decided", "valuation", NOW.date(), word(marks, "decided_by"), word(marks, "decided_basis"), things["technology"],
        _file(cast, "decision"),
    )
    kept = things["technology_file"]  # the export's own zip takes a second to print: a file that is there stands for it
    export = EvidenceExport(
        organisation=things["institute"], first=date(2026, 1, 1), last=NOW.date(), language="zh", state="done", sha256=kept.sha256, size=kept.size,
        key="export", person_id=owner.id, created=NOW, ended=NOW,
    )
    session.add(export)
    session.flush()
    things |= {"decisions": [decision], "exports": [export]}


def _turned(cast: Cast) -> None:
    """A technology that was public when its price was published, and has been made blind since."""
    things, marks, owner = cast.things, cast.marks, cast.people["owner"]
    made = make.technology(things["institute"], title=both(marks, "turned_title"), abstract=both(marks, "turned_abstract"))
    table = make.agreement(things["institute"], things["agreement"].licensee, technology=made, title=both(marks, "turned_table"), state="proposed")
    duties.record_pricing(owner, table, "turned", "agreement", "院务会", NOW.date())
    session.flush()
    things["notices"].append(duties.publish_notice(owner, table, "turned", both(marks, "turned_notice"), False, "没有关系"))
    made.visibility, made.teaser = "blind", TEASER["technology"]
    things |= {"turned": made}


def _followed(cast: Cast) -> None:
    """Everybody who can follows all technologies and all needs; the party follows its need's matches and its firm's."""
    rows: list[Any] = []
    for role in OUTSIDE:
        person = cast.people[role]
        if person is not None and person.confirmed:
            rows += [subscriptions.follow_search(person, listing, "", {}, "新到的") for listing in ("technology", "need")]
    party = cast.people["party"]
    rows += [subscriptions.follow(party, one, "匹配") for one in (cast.things["matches"][0].need, party.organisations[0])]
    session.flush()
    shown = {cast.people[role].id for role in ("party", "broker", "operator", "other_firm")}
    cast.things["subscriptions"] = [row for row in rows if row.person_id in shown]


def _held(cast: Cast) -> None:
    """A file beside the blind technology and one beside the need are held back until the operator has looked into them."""
    owner = cast.people["owner"]
    uploads = [
        scanning.enter(owner, cast.things[noun], f"{word(cast.marks, 'held_' + noun)}.docm", 9, f"{number}" * 64, Verdict("quarantined", "macros"))
        for number, noun in enumerate(("technology", "need"))
    ]
    session.flush()
    cast.things["uploads"] = uploads


def _called(cast: Cast) -> None:
    """The firm begins an open call from its blind need, and has a board to choose."""
    call = calls.draft_call(cast.people["owner"], cast.things["firm"], cast.things["need"])
    session.flush()
    cast.things |= {"call": call, "board": make.board()}
def _pooled(cast: Cast) -> None:
    """A pool that is reached, led by whoever has a grant, about the blind need, with pledges of its firm and of the institute; and a proposal that names
    the blind need beside one of another firm."""
    things, lead = cast.things, cast.people["granted"]
    pool = make.pool(lead.organisations[0], 40_000_000, at=now(), title={"zh": "零件修边", "en": "Trimming parts"})
    session.add(PoolNeed(pool=pool, need=things["need"]))
    pledges = [make.pledge(pool, house, 35_000_000, person=cast.people["owner"]) for house in (things["institute"], things["firm"])]
    session.refresh(pool, ["pledges"])
    pledging.settle(pool, now())
    motion = steering.put_motion(lead, pool, "other", word(cast.marks, "motion"))
    needs = [things["need"], make.need(cast.people["other_firm"].organisations[0], title={"zh": "修边太慢"}, problem={"zh": "用于零件"})]
    proposal = PoolProposal(
        key="blind", probability=0.95, created=now(), members=[ProposedNeed(need_id=one.id, organisation_id=one.organisation_id) for one in needs],
    )
    session.add(proposal)
    session.flush()
    things |= {"pools": [pool], "pledges": pledges, "motions": [motion], "proposals": [proposal]}
def _lent(cast: Cast) -> None:
    """A facility, an expert and a scenario of other houses, and what was asked of them: none can be blind, and suggestions come from open texts."""
    booking = make.booking()
    cast.things |= {"resources": [booking.resource, make.expert(), make.scenario()], "bookings": [booking]}


def _tried(cast: Cast) -> None:
    """Examples of people outside, in words near the blind listings: what is found for them is what their owners may read."""
    for role, kind in (("other_firm", "need"), ("party", "technology"), ("broker", "pair")):
        example = examples.begin(cast.people[role], kind, "zh")
        examples.change(cast.people[role], example, "零件修边", "小零件修边太慢，用于零件修边", "zh")


def filled(cast: Cast) -> dict[str, dict[str, list[Any]]]:
    """The walk's table with the rooms: as `blind_cast.filled`, and where one part of a path holds many pages, a line for an endpoint."""
    things, table = cast.things, blind_cast.filled(cast)
    listings = ids(things["technology"], things["need"])
    kept = {name: [one.public_id for rows in things[name].values() for one in rows] for name in ("notes", "tasks", "meetings", "documents")}
    rooms: dict[str, dict[str, list[Any]]] = {
        "access": {"public_id": ids(*things["grants"], *things["need_grants"]), "signature_id": ids(things["signature"])},
        "notices": {"public_id": ids(*things["notices"]), "objection_id": ids(*things["objections"]), "file_id": _files(things["objections"][0])},
        "distillations": {"public_id": ids(*things["distillations"]), "file_id": ids(*things["distillation_files"])},
        "subscriptions": {"public_id": ids(*things["subscriptions"])},
        "decisions": {"public_id": ids(*things["decisions"]), "file_id": _files(things["decisions"][0])},
        "evidence": {"public_id": ids(*things["exports"])},
        "pools": {"public_id": ids(*things["pools"]), "pledge_id": ids(*things["pledges"]), "motion_id": ids(*things["motions"])},
        "pools.proposal": {"public_id": ids(*things["proposals"])},
        "agreements": {"public_id": ids(things["agreement"], things["table"]), "file_id": [_files(one)[0] for one in _papers(things)]},
        "organisations": {"technology_id": ids(things["technology"])},
        "technologies": {"public_id": ids(things["technology"], things["turned"])},
        "deals": {"token": ["nothing", *(parties.token_of(one) for one in things["invitations"])], "number": [1, 2]},
        "grants.ask": {"public_id": listings}, "grants.look": {"public_id": listings},
        "grants.log": {"public_id": ids(things["institute"], things["firm"])}, "grants.log_file": {"public_id": ids(things["institute"])},
        "open-calls": {"public_id": ids(things["call"]), "question_id": [things["missing"]]}, "calls.naming": {"public_id": [things["missing"]]},
        "boards": {"public_id": ids(things["board"])},
        "exporting.own_table": {"name": [*TABLES]},
        "scanning.show": {"public_id": ids(*things["uploads"])},
        **{name: {"public_id": ids(*things["resources"])} for name in ("facilities", "experts", "scenarios")},
        **{f"resources.{name}": {"public_id": ids(*things["resources"])} for name in ("edit", "history", "ask")},
        "resources.show_request": {"public_id": ids(*things["bookings"])},
        "parties.remove": {"party_id": ids(*(one for deal in things["deals"] for one in deal.parties))},
        "talk.note": {"note_id": kept["notes"]}, "talk.task": {"task_id": kept["tasks"]},
        **{f"talk.{name}": {"meeting_id": kept["meetings"]} for name in ("meeting", "calendar", "change_meeting")},
        **{f"documents.{name}": {"document_id": kept["documents"]} for name in ("show", "download")},
    }
    return {**table, **{name: {**table.get(name, {}), **more} for name, more in rooms.items()}}


def _papers(things: dict[str, Any]) -> list[Any]:
    """What has files under an agreement."""
    return [recordals.recordal_of(things["agreement"]), duties.pricing_of(things["table"])]


def _files(thing: Any) -> list[str]:
    """The public ids of the files beside something."""
    own = select(Attachment.public_id).where(Attachment.thing == thing.__tablename__, Attachment.thing_id == thing.id)
    return list(session.scalars(own.order_by(Attachment.id)))


IN_DEALS = {"note_id": "notes", "task_id": "tasks", "meeting_id": "meetings", "document_id": "documents"}


def within(cast: Cast, chosen: dict[str, Any]) -> bool:
    """Whether the parts of a deal that fill an address are of the deal in it: what is under another deal's address is not there for anybody."""
    for name, kind in IN_DEALS.items():
        if name in chosen and chosen[name] not in ids(*cast.things[kind][chosen["public_id"]]):
            return False
    if "party_id" in chosen:
        return any(chosen["party_id"] in ids(*deal.parties) for deal in cast.things["deals"] if deal.public_id == chosen["public_id"])
    return True


def may_be_told(cast: Cast, role: str, path: str) -> set[str]:
    """The marks that a role may read on a page."""
    told: set[str] = set()
    if role == "nda" and f"/access/{cast.things['need_grants'][0].public_id}" in path:
        told |= {"firm_zh", "firm_en"}  # the owner of the need has chosen to be named in this NDA
    if role in ("expired", "revoked") and "/access" in path:
        told |= {"institute_zh", "institute_en", "firm_zh", "firm_en"}  # it had access once, and has been told then whose listings they are
    if role == "other_firm" and ("/deals/invitations/" in path or path.endswith("/settings/data.zip")):
        told.add("invited_duty")  # written to the one who is invited
    if path == "/metrics":
        told |= {"wanted", "budget"}  # figures that a sum of seconds may hold by chance
    return told


def is_looked_at_by(cast: Cast, role: str, part: str, path: str) -> bool:
    """Whether a role is one of those that a page of these rooms tells apart, for the short walk: everybody else is answered like `other_firm`."""
    if part == "deals":
        return role in ("party", "broker", "operator") or "/invitations/" in path
    if part in ("agreements", *UNDER_AN_AGREEMENT):
        return role in ("other_firm", "operator")
    of_other = (one for one in (*cast.things["grants"], *cast.things["need_grants"]) if one.public_id in path)
    return role == "other_firm" or part != "access" or all(one.person_id == getattr(cast.people[role], "id", None) for one in of_other)


NOWHERE = {"run_file", "row_cell", "agreement_zh", "agreement_en", "relative", "source_key", "need_key", "person", "firm_person"}
"""The marks of the listings that somebody inside need not find: they stand in columns that no page of a listing shows."""

ROOMS_OF_THE_OWNER = {"agenda_0", "agenda_1", "document_1", "acquired", "address", "contact", "decided_by", "decision_name", "asked_target_zh"}
"""Marks of the rooms that the owner finds: a room that shows nothing to anybody would be no proof."""
