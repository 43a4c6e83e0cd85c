"""The demo grown to the size of a large site: invented technologies, needs and deals by the hundred thousand, for measuring under load.

Listings go straight into the tables, with their offers, first revisions and events, as an import of years would have left them; their texts are those of
`matching.synthetic`, in Chinese, in English, and in every third both. Deals go through the operations that people use, with days of their own. Whatever
has been grown is counted first, so that a run that was broken off goes on where it was. Accounts have the password of the demo and addresses of their own:
firm1@grown.example, holder1@grown.example, broker1@grown.example and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from argon2 import PasswordHasher
from sqlalchemy import func, insert, select

from marketplace.catalogue import operations as catalogue
from marketplace.catalogue.classification import FIELDS, INDUSTRIES
from marketplace.catalogue.models import Offer, Technology
from marketplace.catalogue.numbers import check_digit
from marketplace.db import now, session
from marketplace.deals import operations as deals
from marketplace.deals.fees.operations import Wanted, set_fee
from marketplace.deals.introduction import operations as introduction
from marketplace.deals.models import Deal
from marketplace.deals.talk import operations as talk
from marketplace.demo import PASSWORD
from marketplace.jobs import Job, supersede
from marketplace.matching import operations as matching
from marketplace.matching.documents import full_document, open_document
from marketplace.matching.models import Match, Scoring
from marketplace.matching.passages import passages_of, reading
from marketplace.matching.semantic import Encoders
from marketplace.matching.synthetic import TOPICS, Corpus, Standing
from marketplace.needs import operations as needs
from marketplace.needs.models import Need
from marketplace.people.models import Membership, Organisation, Person
from marketplace.people.regions import PROVINCES
from marketplace.record import Event, Revision

FIRMS, HOLDERS, BROKERS = 600, 300, 40
HOUSE = {"firm": ("enterprise", "有限公司", "Works"), "holder": ("institute", "研究所", "Institute"), "broker": ("agency", "技术转移中心", "Transfer")}
HOST = "grown.example"
SOURCE = "grown"
AT_ONCE = 1_000
DEALS_AT_ONCE = 20
PAIRED = 10  # matches of a need
BOTH = 3  # every third listing is in both languages
ENGLISH = 5  # of the others, every fifth is English
BLIND, MEMBERS = 0.02, 0.1
OFFERED = 0.8
DAYS = 700  # over which the listings came in
SAID = ("样件已经寄出，请查收。", "The samples are on their way.", "上周的试验数据见附件，毛刺明显少了。", "When can your people come to see the line?")

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Growing:
    """A site that is being grown. Nothing here commits: each part yields how many are there after every batch, and the caller commits."""

    seed: int = 20261123

    @cached_property
    def corpus(self) -> Corpus:
        """Where the texts come from."""
        return Corpus(self.seed)

    @cached_property
    def offers(self) -> list[dict[str, Any]]:
        """The terms of the demo's own offers, which those of the grown technologies repeat."""
        return [catalogue.offer_of(row) or {} for row in session.scalars(select(Technology).join(Offer).where(Technology.source.is_(None)).limit(60))]

    def people(self) -> Iterator[int]:
        """Firms, institutes and agencies with an owner each; the owners of the agencies are technology managers."""
        there = session.scalar(select(func.count()).select_from(Person).where(Person.address_key.like(f"%@{HOST}")))
        if there:
            return
        moment, secret, regions = now() - timedelta(days=DAYS), PasswordHasher().hash(PASSWORD), list(PROVINCES)
        for role, count in (("firm", FIRMS), ("holder", HOLDERS), ("broker", BROKERS)):
            kind, chinese, english = HOUSE[role]
            for number in range(1, count + 1):
                words = self.corpus.topics[number].words
                house = Organisation(
                    kind=kind, name={"zh": f"{words['zh'][0]}{number}{chinese}", "en": f"{words['en'][0].title()} {english} {number}"}, names=[], about={},
                    region=regions[number % len(regions)], size="medium", state="verified", verified=moment, created=moment,
                )
                person = Person(
                    name=f"{role} {number}", address=f"{role}{number}@{HOST}", address_key=f"{role}{number}@{HOST}", language=("zh", "en")[number % 5 == 0],
                    confirmed=moment, created=moment, password_hash=secret, is_broker=role == "broker",
                )
                session.add_all([house, Membership(person=person, organisation=house, role="owner", created=moment)])
            session.flush()
            yield count

    def technologies(self, wanted: int) -> Iterator[int]:
        """Technologies until the site has so many, with offers, revisions and events."""
        there = session.scalar(select(func.count()).select_from(Technology)) or 0
        first = session.scalar(select(func.count()).select_from(Technology).where(Technology.source == SOURCE)) or 0
        houses = _houses("holder")
        for start in range(first, first + max(0, wanted - there), AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, first + wanted - there))
            _kept_technologies([self._technology(number, houses) for number in numbers])
            yield there + numbers.stop - first

    def needs(self, wanted: int) -> Iterator[int]:
        """Needs until the site has so many, with revisions and events."""
        there = session.scalar(select(func.count()).select_from(Need)) or 0
        first = session.scalar(select(func.count()).select_from(Need).where(Need.source_key.like(f"{SOURCE}-%"))) or 0
        houses = _houses("firm")
        for start in range(first, first + max(0, wanted - there), AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, first + wanted - there))
            _kept_needs([self._need(number, houses) for number in numbers])
            yield there + numbers.stop - first

    def _texts(self, number: int, chance: np.random.Generator) -> tuple[dict[str, str], dict[str, str]]:
        """Title and body in the languages of the listing of this number; its topic is the number's remainder by their count."""
        languages = ("zh", "en") if number % BOTH == 0 else ("en",) if number % ENGLISH == 0 else ("zh",)
        said = {language: self.corpus.passage(number % TOPICS, language, chance) for language in languages}
        return {code: title for code, (title, _) in said.items()}, {code: body for code, (_, body) in said.items()}

    def _shown(self, number: int, chance: np.random.Generator) -> dict[str, Any]:
        """Who may see it; a blind one has a teaser."""
        drawn = float(chance.random())
        if drawn >= BLIND:
            return {"visibility": "members" if drawn < BLIND + MEMBERS else "public", "teaser": {}, "nda_required": False}
        return {"visibility": "blind", "teaser": {"zh": self.corpus.passage(number % TOPICS, "zh", chance)[0]}, "nda_required": False}

    def _technology(self, number: int, houses: Sequence[int]) -> dict[str, Any]:
        chance = np.random.default_rng((self.seed, 1, number))
        moment = now() - timedelta(days=int(chance.integers(1, DAYS)), seconds=int(chance.integers(86_400)))
        title, abstract = self._texts(number, chance)
        field = list(FIELDS)[int(chance.integers(len(FIELDS)))]
        digits = f"20{10 + number % 15}1{number % 10_000_000:07d}"
        patent = chance.random() < 0.6
        return {
            "organisation_id": houses[int(chance.integers(len(houses)))], "kind": "patent" if patent else "know_how", "state": "published", "revision": 1,
            "title": title, "abstract": abstract, "advantages": {}, "applications": {}, "keywords": {}, "family": [], "parties": {},
            "application_number": f"{digits}.{check_digit(digits)}" if patent else None, "owners": [], "inventors": ["周砚秋", "闻人澈"], "ipc": [],
            "field": field, "industries": [_industry(chance)], "trl": int(chance.integers(1, 10)), "source": SOURCE, "source_key": str(number),
            "title_hash": catalogue.hash_of(title), "published": moment, "created": moment, "updated": moment, "version_id": 1,
            **self._shown(number, chance),
            "offer": self.offers[number % len(self.offers)] if self.offers and chance.random() < OFFERED else None,
        }

    def _need(self, number: int, houses: Sequence[int]) -> dict[str, Any]:
        chance = np.random.default_rng((self.seed, 2, number))
        moment = now() - timedelta(days=int(chance.integers(1, 300)), seconds=int(chance.integers(86_400)))
        title, problem = self._texts(number, chance)
        low = int(chance.integers(5, 50)) * 1_000_000
        return {
            "organisation_id": houses[int(chance.integers(len(houses)))], "state": "matched", "revision": 1, "language": "zh" if "zh" in title else "en",
            "title": title, "problem": problem, **{name: {} for name in ("place", "tried", "constraints", "volume", "questions")}, "targets": [],
            "question_targets": [], "budget_min": low, "budget_max": 2 * low, "currency": "CNY", "payer": "firm", "cash": "committed",
            "modes": ["licence"], "industry": _industry(chance), "region": list(PROVINCES)[int(chance.integers(len(PROVINCES)))],
            "grade": ("declared", "declared", "distilled")[number % 3], "source_key": f"{SOURCE}-{number}", "published": moment,
            "listed_until": (moment + needs.LISTED).date(), "created": moment, "updated": moment, "version_id": 1, **self._shown(number, chance),
        }

    def encode(self) -> Iterator[int]:
        """Put the vectors of the grown texts into the store of the fast encoder, drawn around real ones instead of read: 100,000 texts take it half an hour."""
        index = matching.index()
        real, store = index.encoders.fast, index.encoders.store
        if real is None:
            return
        drawn = Encoders(Standing(real, self.corpus, lambda texts: index.encoders.stored(real, texts)), None, store)
        done = 0
        for model, own in ((Technology, Technology.source == SOURCE), (Need, Need.source_key.like(f"{SOURCE}-%"))):
            last = 0
            while rows := list(session.scalars(select(model).where(model.id > last, own).order_by(model.id).limit(AT_ONCE))):
                last, done = rows[-1].id, done + len(rows)
                documents = [made(row) for row in rows for made in {open_document, full_document if row.visibility == "blind" else open_document}]
                drawn.read([reading(each.title, each.body) for document in documents for each in passages_of(document)])
                session.expunge_all()
                yield done

    def matches(self) -> Iterator[int]:
        """Pair each grown need with technologies of its topic, with a scoring each, as the worker's pass over all would keep them in the end."""
        version, done = matching.index().version or "none", 0
        without = select(Need.id, Need.source_key, Need.published).where(
            Need.source_key.like(f"{SOURCE}-%"), ~select(Match.id).where(Match.need_id == Need.id).exists())
        while rows := session.execute(without.order_by(Need.id).limit(AT_ONCE)).all():
            topics = {row.id: int(row.source_key.rpartition("-")[2]) % TOPICS for row in rows}
            wanted = sorted({str(topic + TOPICS * at) for topic in topics.values() for at in range(PAIRED)})
            keys = {int(key): found for start in range(0, len(wanted), AT_ONCE) for key, found in session.execute(
                select(Technology.source_key, Technology.id).where(Technology.source == SOURCE, Technology.source_key.in_(wanted[start : start + AT_ONCE])))}
            _kept_matches([(row.id, keys[number], row.published) for row in rows
                           for number in range(topics[row.id], topics[row.id] + TOPICS * PAIRED, TOPICS) if number in keys], version)
            done += len(rows)
            yield done
            if not keys:
                return

    def deals(self, wanted: int) -> Iterator[int]:
        """Deals until the site has so many, each as far as its number says, led by the technology managers in turn."""
        there = session.scalar(select(func.count()).select_from(Deal)) or 0
        with_one = select(Deal.id).where(Deal.need_id == Need.id).exists()
        open_ = select(Match).join(Need).join(Technology).where(
            Need.source_key.like(f"{SOURCE}-%"), ~with_one, Need.visibility == "public", Technology.visibility == "public", Match.current,
        ).order_by(Match.id)
        while there < wanted:
            first: dict[int, Match] = {}
            for match in session.scalars(open_.limit(PAIRED * DEALS_AT_ONCE)).unique():
                first.setdefault(match.need_id, match)
            if not first:
                return
            for match in list(first.values())[: wanted - there]:
                _deal(match, there)
                there += 1
            yield there
            session.expunge_all()


def grow(technologies: int, count_needs: int, count_deals: int) -> Iterator[tuple[str, int]]:
    """All parts in their order, each with how many are there by now; the index is built where the rows of the listings stand. The caller commits."""
    began, site = now(), Growing()
    parts = (("people", site.people()), ("technologies", site.technologies(technologies)), ("needs", site.needs(count_needs)), ("vectors", site.encode()))
    for name, part in parts:
        for done in part:
            yield name, done
    if matching.index().count("technology") < technologies:
        matching.reindex()
        yield "index", matching.index().count()
    for name, part in (("matches", site.matches()), ("deals", site.deals(count_deals))):
        for done in part:
            yield name, done
    kinds = session.scalars(select(Job.kind).where(Job.state == "queued").distinct()).all()
    yield "jobs left out", supersede(kinds, now()) if began else 0


def _industry(chance: np.random.Generator) -> str:
    codes = [code for code in INDUSTRIES if len(code) == 3]
    return codes[int(chance.integers(len(codes)))]


def _houses(role: str) -> list[int]:
    """The organisations of this role's accounts, in the order of their ids."""
    own = select(Membership.organisation_id).join(Person).where(Person.address_key.like(f"{role}%@{HOST}"))
    return sorted(session.scalars(own))


def _kept_technologies(rows: Rows) -> None:
    offers = [row.pop("offer") for row in rows]
    ids = session.scalars(insert(Technology).returning(Technology.id, sort_by_parameter_order=True), rows).all()
    kept = [{**offer, "technology_id": key, "revision": 1, "version_id": 1} for key, offer in zip(ids, offers, strict=True) if offer]
    if kept:
        whole = dict.fromkeys(catalogue.OFFER) | {"field_of_use": {}, "sublicensing": False, "exclusive_in_force": False}
        session.execute(insert(Offer), [whole | offer for offer in kept])
    contents = [{**catalogue.content(Technology(**row)), "offer": offer} for row, offer in zip(rows, offers, strict=True)]
    _told("technology", ids, rows, contents)


def _kept_needs(rows: Rows) -> None:
    ids = session.scalars(insert(Need).returning(Need.id, sort_by_parameter_order=True), rows).all()
    _told("need", ids, rows, [needs.content(Need(**row)) for row in rows])


def _told(thing: str, ids: Sequence[int], rows: Rows, contents: Sequence[dict[str, Any]]) -> None:
    """A first revision and the event of its publishing for each listing; nothing follows from them."""
    moments = [row["published"] for row in rows]
    session.execute(insert(Revision), [{"thing": thing, "thing_id": key, "number": 1, "at": at, "content": content, "changed": []}
                                       for key, at, content in zip(ids, moments, contents, strict=True)])
    session.execute(insert(Event), [{"name": f"{thing}.publish", "thing": thing, "thing_id": key, "at": at, "actor_kind": "system",
                                     "facts": {"origin": "draft", "target": "published"}} for key, at in zip(ids, moments, strict=True)])


def _kept_matches(pairs: Sequence[tuple[int, int, datetime]], version: str) -> None:
    chance = np.random.default_rng(pairs[0][0] if pairs else 0).beta(1, 4, len(pairs))
    scores = np.log(chance / (1 - chance)).tolist()
    rows = [{"need_id": need, "technology_id": technology, "score": score, "probability": probability, "current": True, "firm": "new", "holder": "new",
             "created": moment, "version_id": 1} for (need, technology, moment), score, probability in zip(pairs, scores, chance.tolist(), strict=True)]
    if not rows:
        return
    ids = session.scalars(insert(Match).returning(Match.id, sort_by_parameter_order=True), rows).all()
    session.execute(insert(Scoring), [
        {"match_id": key, "need_revision": 1, "technology_revision": 1, "index_version": version[:80], "score": row["score"], "base": -3.0,
         "contributions": [["words", row["score"] + 2.0], ["meaning_title", 1.2], ["region", -0.2]], "at": row["created"]}
        for key, row in zip(ids, rows, strict=True)])


def _owner(house: int) -> Person:
    return session.scalars(select(Person).join(Membership).where(Membership.organisation_id == house).order_by(Person.id).limit(1)).one()


def _deal(match: Match, number: int) -> Deal:
    """A deal from a match: every fifth waits for a technology manager, every fifth is a lead or found worth while, the others are introduced, some given up."""
    moment = now() - timedelta(days=40 + number % 300)
    match.created = min(match.created, moment)  # found before the deal was opened
    firm, holder = _owner(match.need.organisation_id or 0), _owner(match.technology.organisation_id)
    if number % 5 == 0:
        return deals.ask(firm, "firm", match.technology, match.need, match.need.organisation, SAID[0], moment)
    broker = session.scalars(select(Person).where(Person.address_key == f"broker{1 + number % BROKERS}@{HOST}")).one()
    deal = deals.open_deal(broker, match, moment)
    if number % 5 == 1:
        return deal
    day = timedelta(days=1)
    deals.step(broker, deal, "qualify", moment + day)
    set_fee(broker, deal, Wanted(kind="none"), moment + day)
    introduction.ask_consents(broker, deal, moment + 2 * day)
    for side, person in (("firm", firm), ("holder", holder)):
        introduction.answer(person, deal, side, True, 1, at=moment + 3 * day)
    if number % 5 == 2:
        return deal
    deals.step(broker, deal, "introduce", moment + 4 * day)
    for at, text in enumerate(SAID):
        talk.post_message((firm, holder, broker)[at % 3], deal, "all", text, f"{SOURCE}{at}", moment + (5 + at) * day)
    if number % 5 == 3:
        return deal
    deals.step(broker, deal, "evaluate", moment + 10 * day)
    return deals.lose(broker, deal, "price", "", moment + 20 * day) if number % 25 == 4 else deal
