"""How long it takes to notice and to tell: many saved searches, many technologies that come in at once.

*Noticing* is the job as it runs, from the rows of the arrivals to what is written for each subscription; *telling* is every digest that
follows. *Bare* is Tantivy alone, asked the same queries, built beforehand, of the same documents in memory. *Each alone* is the way that
was not taken: every search asked of the whole index among the new keys, measured on a sample and multiplied.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import func, insert, select, update

from marketplace.access import SYSTEM
from marketplace.alerts.models import Mail
from marketplace.alerts.subscriptions import digests, noticing
from marketplace.alerts.subscriptions.models import Arrival, Noticed, Subscription
from marketplace.alerts.subscriptions.operations import follow_search
from marketplace.catalogue.models import Technology
from marketplace.db import now, session
from marketplace.matching import arrivals, keywords
from marketplace.matching import operations as matching
from marketplace.matching.documents import technology_document
from marketplace.matching.passages import Document
from marketplace.matching.synthetic import TERMS, Corpus
from marketplace.people.models import Organisation, Person

A_PERSON = 5  # subscriptions of one person
TOPICS = 200  # fewer than there are, so that searches find something
SAMPLE = 200  # searches asked of the whole index
ONLY_FILTERS = 0.3  # share of searches without words

Committing = Callable[[Iterator[None]], None]


def _searches(corpus: Corpus, count: int) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Words of a topic, one to three, with a filter for a part of them; or filters alone."""
    chance = np.random.default_rng(corpus.seed)
    for _ in range(count):
        topic, language = corpus.topics[int(chance.integers(len(corpus.topics)))], "zh" if chance.random() < 0.8 else "en"
        own = topic.words[language]
        words = [own[int(at)] for at in chance.integers(0, len(own), int(chance.integers(1, 4)))]
        filters = {"maturity": [str(int(chance.integers(1, 10)))]} if chance.random() < 0.5 else {}
        if chance.random() < ONLY_FILTERS:
            yield "", {"maturity": [str(int(chance.integers(1, 10)))], "language": [language], "terms": [TERMS[int(chance.integers(len(TERMS)))]]}
        else:
            yield ("" if language == "zh" else " ").join(words), filters


def _people(count: int) -> list[Person]:
    moment = now()
    rows = [{
        "public_id": f"p{number:011}", "name": f"Person {number}", "address": f"p{number}@example.com", "address_key": f"p{number}@example.com",
        "password_hash": "x", "language": "zh", "created": moment, "confirmed": moment, "is_operator": False, "is_broker": False, "version_id": 1,
    } for number in range(count)]
    session.execute(insert(Person), rows)
    return list(session.scalars(select(Person)))


def _listed(documents: Sequence[Document]) -> list[Technology]:
    """The documents as rows of the catalogue."""
    moment = now()
    house = Organisation(kind="institute", name={"zh": "东岭大学"}, region="330000", created=moment, state="verified", about={})
    rows = [Technology(
        organisation=house, kind="patent", state="published", visibility="public", title={code: text[0] for code, text in each.passages.items()},
        abstract={code: text[1] for code, text in each.passages.items()}, advantages={}, applications={}, keywords={}, teaser={},
        trl=int(each.facets["maturity"][0]), title_hash=f"{each.key}", revision=1, published=moment, created=moment, updated=moment,
    ) for each in documents]
    session.add_all(rows)
    session.flush()  # an arrival names them by their ids
    session.add_all(Arrival(thing="technology", thing_id=row.id, at=moment) for row in rows)
    return rows


def bench_alerts(subscriptions: int, technologies: int, catalogue: int, committing: Committing, say: Callable[[str], None]) -> dict[str, Any]:
    """Seconds of noticing and telling, and what bare Tantivy takes for the same queries."""
    corpus = Corpus(topics=TOPICS)
    say("catalogue")
    matching.index().rebuild(corpus.technologies(catalogue, first=technologies))
    say("subscriptions")
    people = _people(-(-subscriptions // A_PERSON))
    for number, (words, filters) in enumerate(_searches(corpus, subscriptions)):
        follow_search(people[number // A_PERSON], "technology", words, filters, words or "-")
    rows = _listed(list(corpus.technologies(technologies)))
    committing(iter([None]))
    matching.index().update([technology_document(row) for row in rows])
    seconds = _engine(rows)
    say("noticing")
    seconds["noticing"] = _timed(lambda: committing(noticing.notice()))
    noticed = session.scalar(select(func.count()).select_from(Noticed))
    session.execute(update(Subscription).where(Subscription.due.is_not(None)).values(due=now()))
    say("telling")
    seconds["telling"] = _timed(lambda: committing(_told()))
    mails = session.scalar(select(func.count()).select_from(Mail))
    return {
        "subscriptions": subscriptions, "searches": len(noticing.searches()), "technologies": technologies, "catalogue": catalogue, "noticed": noticed,
        "mails": mails, "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "ratio": round(seconds["noticing"] / seconds["bare"], 2), "ratio_of_searching": round(seconds["searching"] / seconds["bare"], 2),
    }


def _told() -> Iterator[None]:
    for person_id in session.scalars(select(Subscription.person_id).where(Subscription.due.is_not(None)).distinct()).all():
        digests.digest(person_id)
        yield


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _engine(rows: Sequence[Technology]) -> dict[str, float]:
    """The searching alone, as the job does it; bare; and each search alone of the whole index."""
    asked = noticing.searches()
    view = matching.index().view()
    came = arrivals.Arrivals([technology_document(row) for row in rows], view.searcher if view else None)
    queries = [keywords.query(came.counts, one.words, keywords.Filter(one.listing, one.filters, {})) for one in asked]
    bare = _timed(lambda: [came.few.keys(query, 0, len(rows), True) for query in queries if query is not None])
    searching = _timed(lambda: noticing.found_by(asked, rows))
    keys, sample = [str(row.id) for row in rows], asked[:: max(1, len(asked) // SAMPLE)]
    alone = _timed(lambda: [matching.found(SYSTEM, one.listing, one.words, {**one.filters, "key": keys}, len(keys)) for one in sample])
    return {"bare": bare, "searching": searching, "each_alone": alone * len(asked) / len(sample)}
