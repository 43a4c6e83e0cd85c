"""The chain over the log: whoever removes, changes, puts in or moves a row by hand is noticed, and an erased text is not a changed row."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, insert, select, text, update

from marketplace.access import SYSTEM
from marketplace.cli_check import CHECKS
from marketplace.db import Base, now, session
from marketplace.people.grants.models import AccessEntry
from marketplace.record import Event, record
from marketplace.trail import altering, chain, chaining
from marketplace.trail.models import Alteration, Anchor, Link
from tests import factories

EARLIER = timedelta(hours=3)


def logged(count: int = 6) -> list[int]:
    """Events of somebody's organisation, chained some hours ago."""
    organisation = factories.organisation()
    events = [record(organisation, "edit", SYSTEM, now() - EARLIER, note=f"text {number}", share=number / 2) for number in range(count)]
    session.commit()
    while chaining.link(now() - EARLIER):
        continue
    return [one.id for one in events]


def found() -> str:
    session.commit()
    return "; ".join(chaining.faults())


def test_a_whole_chain_is_well_and_grows_batch_by_batch(app):
    ids = logged()
    before = chaining.head()
    assert before.position >= len(ids) and found() == ""
    factories.organisation()
    session.commit()
    record(session.get_one(Event, ids[0]), "noted", SYSTEM)
    session.commit()
    assert chaining.tail().rows
    assert chaining.link() and chaining.link() == 0 and chaining.tail().rows == 0
    assert chaining.head().position > before.position and found() == ""
    assert f"{chaining.head().position} links" in CHECKS["trail"](app.config["SETTINGS"], True)


@pytest.mark.parametrize("what, told", [
    ("removed", "is gone, which link"), ("changed", "is not what link"), ("link removed", "is gone"), ("links moved", "is not what link"),
    ("link changed", "is not what link"), ("reader changed", "access_entry .* is not what link"), ("alteration changed", "alteration .* is not what link"),
])
def test_what_was_done_by_hand_is_noticed(app, what, told):
    listing = factories.technology(visibility="blind")
    session.add(AccessEntry(thing="technology", thing_id=listing.id, owner_id=listing.organisation_id, person_id=factories.person().id, what="page", at=now()))
    ids = logged()
    places = dict(session.execute(select(Link.source_id, Link.position).where(Link.source == "event")).all())
    first, second = (places[one] for one in ids[2:4])
    if what == "links moved":
        pair = {one.position: (one.source_id, one.salt) for one in session.scalars(select(Link).where(Link.position.in_((first, second))))}
        session.execute(update(Link).where(Link.position == first).values(source_id=0))
        session.execute(update(Link).where(Link.position == second).values(source_id=pair[first][0], salt=pair[first][1]))
        session.execute(update(Link).where(Link.position == first).values(source_id=pair[second][0], salt=pair[second][1]))
    session.execute({
        "removed": delete(Event).where(Event.id == ids[2]),
        "changed": update(Event).where(Event.id == ids[2]).values(at=now()),
        "link removed": delete(Link).where(Link.position == first),
        "link changed": update(Link).where(Link.position == first).values(hash="0" * 64),
        "links moved": select(1),
        "reader changed": update(AccessEntry).values(person_id=factories.person().id),
        "alteration changed": update(Alteration).values(actor_kind="visitor"),
    }[what])
    with pytest.raises(ValueError, match=told):
        session.commit()
        CHECKS["trail"](app.config["SETTINGS"], True)


def test_a_row_put_in_between_is_noticed_and_never_chained(app):
    ids = logged()
    session.execute(delete(Link).where(Link.position > chaining.head().position - 1))
    session.execute(delete(Event).where(Event.id == ids[-2]))
    session.rollback()
    gap = session.scalar(select(func.max(Event.id))) + 50
    thing = factories.organisation()
    same = {"name": "organisation.edit", "thing": "organisation", "thing_id": thing.id, "actor_kind": "system", "facts": {}}
    session.execute(insert(Event).values(id=gap, at=now() - EARLIER, **same))
    session.commit()
    chaining.link(now() - EARLIER)
    session.execute(insert(Event).values(id=gap - 9, at=now(), **same))
    session.commit()
    chaining.link()
    assert f"event {gap - 9} was put in afterwards" in found()


def test_a_chain_cut_short_with_its_anchors_is_noticed_by_the_anchor_that_was_mailed(app):
    logged()
    chaining.anchor()
    session.commit()
    kept = session.scalars(select(Anchor)).one()
    paper, position = json.dumps(kept.paper), kept.position
    assert chaining.against(paper) is None and found() == ""
    forged = json.dumps({**kept.paper, "receipt": {**kept.paper["receipt"], "position": position - 1}})
    assert "was changed" in chaining.against(forged)
    session.execute(update(Link).where(Link.position == position).values(hash="f" * 64))
    assert "is not the one that was anchored" in chaining.against(paper) and "is not what link" in found()
    last = session.scalars(select(Link).where(Link.position == position)).one()
    session.execute(text(f"delete from {last.source} where id = {last.source_id}"))
    session.execute(delete(Link).where(Link.position == position))
    assert "does not pass through the anchor" in found()
    session.execute(delete(Anchor))
    assert found() == "", "a copy of the database alone does not show it"
    assert f"ends before link {position}" in chaining.against(paper)


def test_an_erased_text_leaves_the_chain_whole_and_cannot_be_tried(app):
    ids = logged()
    assert chaining.erase("event", ids[:2]) == 2
    session.commit()
    session.expire_all()
    kept = session.get_one(Event, ids[0])
    assert kept.facts["note"].startswith(chain.MARK) and kept.facts["share"] == 0 and found() == ""
    assert session.scalar(select(Link.salt).where(Link.source == "event", Link.source_id == ids[0])) is None
    session.execute(update(Event).where(Event.id == ids[0]).values(facts={**kept.facts, "note": "another"}))
    assert "is not what link" in found()


def test_numbers_are_written_alike_whichever_database_kept_them():
    assert chain.canonical({"b": 2.0, "a": [1e3, 0.5, "ü"]}) == '{"a":[1000,0.5,"ü"],"b":2}'.encode()


def test_tables_without_alterations_are_tables():
    assert Base.metadata.tables.keys() >= altering.UNTOLD
    assert not altering.UNTOLD & {"technology", "need", "deal", "agreement", "access_grant", "membership", "person", "organisation", "invoice", "payment"}
