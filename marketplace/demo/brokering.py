"""The demo of brokering: deals in every stage on the desk of the first broker, answers to matches, one blind technology that is asked for.

It comes after the index, so that the needs in it have their matches; each deal goes through the operations that people use, with days of its own.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from marketplace.alerts.subscriptions import operations as subscriptions
from marketplace.catalogue.models import Technology
from marketplace.db import now, session
from marketplace.deals import following
from marketplace.deals import operations as deals
from marketplace.deals.fees.operations import Wanted, set_fee
from marketplace.deals.funnel import operations as funnel
from marketplace.deals.introduction import operations as introduction
from marketplace.deals.models import Deal
from marketplace.deals.talk import operations as talk
from marketplace.deals.talk import tasks
from marketplace.licensing import ledger
from marketplace.licensing import operations as agreements
from marketplace.licensing.billing import payments
from marketplace.licensing.duties import operations as duties
from marketplace.licensing.models import Agreement
from marketplace.licensing.signing import operations as signing
from marketplace.matching import operations as matching
from marketplace.matching import pairing
from marketplace.matching.models import Match
from marketplace.needs.distilling import operations as distilling
from marketplace.needs.models import Need
from marketplace.needs.operations import VERIFIED
from marketplace.people import one_time
from marketplace.people.grants import operations as grants
from marketplace.people.models import Person
from marketplace.terms.payment import add_months

FILE = Path(__file__).parent / "brokering.toml"
DAY = timedelta(days=1)
WALK = ("introduced", "evaluation", "negotiating", "notice", "performing", "won")
STEPS = {"introduced": "introduce", "evaluation": "evaluate"}
BASIS = "演示数据 Demo data"
UNRELATED = "演示账号的邮箱同属一个域，双方并无关联。 All demo accounts share one mail domain; the two are not related."


def is_loaded() -> bool:
    """Whether there is any deal."""
    return (session.scalar(select(func.count()).select_from(Deal)) or 0) > 0


@dataclass(frozen=True)
class Cast:
    """Who acts, and what the keys of the files name."""

    firm: Person
    broker: Person
    holders: dict[int, Person]
    needs: dict[str, Need]
    technologies: dict[str, Technology]

    def party(self, deal: Deal, side: str) -> Person:
        """Who acts for a side of a deal."""
        return {"firm": self.firm, "broker": self.broker}.get(side) or self.holders[deal.holder_id]


def cast(titles: dict[str, dict[str, str]]) -> Cast | None:
    """The people of the demo and its listings by their keys, by the titles they have in the files; None where this is no demo."""
    found = {person.address_key.partition("@")[0]: person for person in session.scalars(select(Person).where(Person.address_key.like("%@demo.example")))}
    names = ("owner", "broker1", "officer", "officer.en")
    if not all(name in found and found[name].organisations for name in names):
        return None
    keys = {tuple(sorted(title.items())): key for key, title in titles.items()}
    owner, broker, *holders = (found[name] for name in names)
    houses = {person.organisations[0].id: person for person in holders}
    listed = {}
    for model, wanted in ((Need, [owner.organisations[0].id]), (Technology, list(houses))):
        rows = session.scalars(select(model).where(model.organisation_id.in_(wanted)))
        listed[model] = {keys[name]: row for row in rows if (name := tuple(sorted(row.title.items()))) in keys}
    return Cast(owner, broker, houses, listed[Need], listed[Technology])


def load(titles: dict[str, dict[str, str]]) -> Iterator[str]:
    """Bring everything in, after the index stands; yields the name of each finished part. The caller commits at the end."""
    found, data = cast(titles), tomllib.loads(FILE.read_text(encoding="utf-8"))
    if found is None:
        return
    for key in sorted({row["need"] for row in (*data["deal"], data["answers"]) if "need" in row} & found.needs.keys()):
        for _part in pairing.match_need(found.needs[key].id):
            yield "matches"
    _badge(found, data["badge"])
    for row in data["deal"]:
        if row["technology"] in found.technologies and row.get("need", "") in ("", *found.needs):
            _deal(found, row)
            yield row["stage"]
    _answers(found, data["answers"])
    _blind(found, data["blind"])
    wanted = data["subscription"]
    subscriptions.follow_search(found.firm, wanted["listing"], wanted["words"], {}, wanted["name"])
    yield "subscription"
    for _part in funnel.count():
        yield "funnel"


def _both(texts: dict[str, Any]) -> str:
    return f"{texts['zh']}\n{texts['en']}"


def _badge(who: Cast, row: dict[str, Any]) -> None:
    """A badge that was given half a year ago and ends soon."""
    need = who.needs.get(row["need"])
    if need is not None and need.grade == "verified":
        last = distilling.verifications(need)[0]
        tests = {name: {"finding": "yes", "evidence": evidence} for name, evidence in last.evidence.items()}
        distilling.verify(who.broker, need, tests, now() - VERIFIED + row["days_left"] * DAY)


def _answers(who: Cast, row: dict[str, Any]) -> None:
    """The firm asks for an introduction with the best match of a need, and declines the second."""
    need = who.needs.get(row["need"])
    if need is None:
        return
    best = select(Match).where(Match.need_id == need.id, Match.current).order_by(Match.score.desc()).limit(2)
    for match, answer, code in zip(session.scalars(best), ("introduced", "declined"), (None, row["declined"]), strict=False):
        matching.answer_match(who.firm, match, "firm", answer, code)


def _blind(who: Cast, row: dict[str, Any]) -> None:
    """The firm asks for access to a blind technology; its owner has not answered yet."""
    technology = who.technologies.get(row["technology"])
    if technology is not None:
        grants.ask_access(who.firm, technology, who.firm.organisations[0], _both(row["purpose"]))


def _deal(who: Cast, row: dict[str, Any]) -> Deal:
    """A deal as far as its row says."""
    moment = now() - row["days"] * DAY
    technology, need = who.technologies[row["technology"]], who.needs.get(row.get("need", ""))
    match = session.scalar(select(Match).where(Match.need_id == need.id, Match.technology_id == technology.id)) if need else None
    if match is not None and row["stage"] != "lead":
        match.created = min(match.created, moment)  # found before the deal was opened
        deal = deals.open_deal(who.broker, match, moment)
    else:
        deal = deals.ask(who.firm, "firm", technology, need, who.firm.organisations[0], _both(row["message"]) if "message" in row else "", moment)
    if row["stage"] == "lead":
        return deal
    if deal.broker_id is None:
        deal = deals.take(who.broker, deal.public_id, moment)
    deals.step(who.broker, deal, "qualify", moment + DAY)
    if row["stage"] == "lost":
        return deals.lose(who.broker, deal, row["code"], _both(row["reason"]), moment + 20 * DAY)
    return _walked(who, deal, row, moment + 2 * DAY)


def _walked(who: Cast, deal: Deal, row: dict[str, Any], moment: datetime) -> Deal:
    """Fee, consents, and then stage by stage to the one of the row."""
    set_fee(who.broker, deal, Wanted(**row["fee"]), moment)
    introduction.ask_consents(who.broker, deal, moment)
    for side in ("firm", "holder"):
        introduction.answer(who.party(deal, side), deal, side, True, 1, at=moment + DAY)
    for stage in WALK[: WALK.index(row["stage"]) + 1]:
        moment += 2 * DAY
        if stage in STEPS:
            deals.step(who.broker, deal, STEPS[stage], moment)
        elif stage == "negotiating":
            _propose(who, deal, row, moment)
        elif stage == "notice":
            _priced(who, deal, row["stage"] == "notice", moment)
        elif stage == "performing":
            moment = _performed(who, deal, moment)
        elif stage == "won":
            deals.step(who.broker, deal, "win", moment)
    _talk(who, deal, row)
    return deal


def _propose(who: Cast, deal: Deal, row: dict[str, Any], moment: datetime) -> None:
    """The firm drafts the agreement from the deal and proposes it; a trial is laid so that it ends in so many days, and its sales count."""
    agreement = following.draft_agreement(who.firm, deal, moment)
    draft = agreements.draft_of(agreement)
    if "trial_ends" in row:
        trial = draft.terms["trial"]
        begins = add_months(now().date() + row["trial_ends"] * DAY, -trial["months"])
        terms = {**draft.terms, "effective": begins.isoformat(), "trial": {**trial, "sales_counted": True}}
        terms.pop("end", None)
        agreements.revise_agreement(who.firm, agreement, agreement.version, terms, draft.clauses, at=moment)
    agreements.propose_agreement(who.firm, agreement, moment)
    following.follow(agreement, moment)


def _priced(who: Cast, deal: Deal, by_agreement: bool, moment: datetime) -> None:
    """The institute says how the price was found; one that was agreed is published, and its notice began a few days ago."""
    holder, agreement = who.party(deal, "holder"), _agreement(deal)
    if not by_agreement:
        minutes = (BytesIO(f"{BASIS}\n".encode()), "minutes.txt")
        duties.record_pricing(holder, agreement, "demo", "listing", BASIS, ledger.day_of(agreement, moment), BASIS, minutes, moment)
        return
    recent = now() - 10 * DAY
    duties.record_pricing(holder, agreement, "demo", "agreement", BASIS, ledger.day_of(agreement, recent), BASIS, at=recent)
    notice = duties.publish_notice(holder, agreement, "demo", dict(deal.technology.abstract), False, UNRELATED, at=recent)
    if deal.state in Deal.TRANSITIONS["announce"].origin and notice.state == "published":
        deals.step(holder, deal, "announce", recent)


def _performed(who: Cast, deal: Deal, moment: datetime) -> datetime:
    """Both sign; a trial begins on its day, and without one the first payment comes. The moment of the last thing."""
    agreement, holder = _agreement(deal), who.party(deal, "holder")
    for person in (who.firm, holder):
        sign(person, agreement, moment)
    following.follow(agreement, moment)
    terms = ledger.terms_of(agreement)
    effective = terms.effective or ledger.day_of(agreement, moment)
    moment = max(moment, datetime.combine(effective, moment.timetz()) + DAY)
    if terms.trial:
        ledger.enter(who.firm, agreement, "trial_started", effective, "demo", moment)
    else:
        paid = payments.report_payment(
            who.firm, agreement, "demo", moment, amount=int(terms.entry_fee * 100), day=ledger.day_of(agreement, moment), reference=BASIS,
        )
        payments.confirm_payment(holder, paid, moment + DAY)
    following.follow(agreement, moment + DAY)
    ledger.refresh(agreement, now())
    return moment + DAY


def sign(person: Person, agreement: Agreement, moment: datetime) -> None:
    """Sign the agreement as it stands, with the code that would come by mail."""
    words = signing.text_to_sign(agreement, "agreement", agreement.version)
    asked = signing.ask_code(person, agreement, agreement.version, words.sha256, "agreement", moment)
    session.flush()  # the code hangs on the number of the signature
    signing.sign(person, asked, one_time.code_of(asked.public_id, asked.counter), words.sha256, moment + timedelta(minutes=1))


def _agreement(deal: Deal) -> Agreement:
    """The deal's agreement, which is there from the negotiation on."""
    if deal.agreement is None:
        raise LookupError(f"deal {deal.public_id} has no agreement yet")
    return deal.agreement


def _talk(who: Cast, deal: Deal, row: dict[str, Any]) -> None:
    """What its parties say to each other and promise."""
    for number, said in enumerate(row.get("said", ())):
        talk.post_message(who.party(deal, said["by"]), deal, "all", _both(said), f"demo{number}", now() - said["days"] * DAY)
    parties = {party.side: party.public_id for party in deal.parties}
    for number, task in enumerate(row.get("tasks", ())):
        due = tasks.day_of(now()) + task["due"] * DAY
        text = f"{task['zh']} / {task['en']}"
        tasks.set_task(who.party(deal, task["by"]), deal, "all", text, due, parties[task["to"]], f"demo{number}", now() - 5 * DAY)
