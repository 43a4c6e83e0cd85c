"""The page of the trail: the operator reads who did what, with before and after; texts and names only as digests; nobody else sees it."""

from __future__ import annotations

import json

from sqlalchemy import select, update

from marketplace import jobs
from marketplace.alerts.models import Mail
from marketplace.db import now, session
from marketplace.people.models import Organisation, Person
from marketplace.record import Event, move
from marketplace.trail import chaining
from marketplace.trail.models import Alteration, Anchor
from tests import factories


def altered(thing: str) -> list[Alteration]:
    return list(session.scalars(select(Alteration).where(Alteration.thing == thing).order_by(Alteration.id)))


def test_a_change_stands_beside_its_event_with_before_and_after_and_names_only_as_digests(client):
    person = factories.person(name="赵丁")
    session.commit()
    client.login(person)
    client.post("/en/settings", data={"name": "钱戊", "tongue": "en", "language": "en"})
    found = altered("person")[-1]
    event = session.get_one(Event, found.event_id)
    assert (event.thing, event.actor_id, found.actor_id, found.verb, found.thing_id) == ("person", person.id, person.id, "changed", person.id)
    before, after = found.fields["name"]
    assert before != after and before.startswith("veiled:") and "钱" not in json.dumps(found.fields, ensure_ascii=False)


def test_a_step_shows_its_states_and_many_flushes_are_one_alteration(app):
    owner = factories.person()
    technology = factories.technology(factories.organisation(owner), state="draft", visibility="members")
    session.commit()
    technology.visibility = "public"
    session.flush()
    technology.visibility = "blind"
    move(technology, "publish", owner, now())
    session.commit()
    found = altered("technology")[-1]
    assert found.fields["state"] == ["draft", "published"] and found.fields["visibility"] == ["members", "blind"]
    assert session.get_one(Event, found.event_id).name == "technology.publish"


def test_what_no_event_tells_of_is_told_and_what_was_taken_back_is_not(app):
    house = factories.organisation()
    session.commit()
    count = len(altered("organisation"))
    house.state = "refused"
    session.flush()
    session.rollback()
    with session.begin_nested() as inner:
        house.state = "refused"
        session.flush()
        inner.rollback()
    session.commit()
    assert len(altered("organisation")) == count
    session.execute(update(Organisation).values(region="330000"))
    session.commit()
    swept = altered("organisation")[-1]
    assert (swept.verb, swept.thing_id, list(swept.fields), swept.event_id, swept.actor_kind) == ("swept", None, ["region"], None, "system")
    session.delete(factories.person())
    session.commit()


def test_the_operator_reads_filters_and_downloads_it_and_nobody_else(client):
    operator = factories.person(is_operator=True)
    owner = factories.person()
    technology, key = factories.technology(factories.organisation(owner), state="draft"), owner.id
    session.commit()
    move(technology, "publish", owner, now())
    session.commit()
    chaining.link()
    session.commit()
    client.login(operator)
    page = client.get("/en/operations/trail?thing=technology")
    assert page.status_code == 200 and "technology.publish" in page.text and "state: draft → published" in page.text
    assert "technology.publish" not in client.get("/en/operations/trail?thing=need").text
    assert client.get("/zh/operations/trail?kind=alone&since=2020-01-01&number=nonsense").status_code == 200
    assert client.get("/en/operations/trail?kind=readings&person=nobody").status_code == 200
    rows = [json.loads(line) for line in client.get("/en/operations/trail.jsonl?thing=technology").text.splitlines()]
    assert rows[0]["name"] == "technology.publish" and rows[0]["facts"]["target"] == "published"
    assert client.get("/en/operations/trail/anchor").status_code == 404
    client.login(session.get_one(Person, key))
    for path in ("", ".jsonl", "/anchor"):
        assert client.get(f"/en/operations/trail{path}").status_code == 403


def test_the_anchor_goes_to_the_operators_by_mail_once_for_each_end(client, app):
    operator = factories.person(is_operator=True)
    address = operator.address
    session.commit()
    chaining.link()
    chaining.anchor()
    chaining.anchor()
    session.commit()
    jobs.run_all(only=("alerts.anchored",))
    mail = session.scalars(select(Mail).where(Mail.template == "anchor")).one()
    kept = session.scalars(select(Anchor)).one()
    assert mail.address == address and kept.paper["signature"] in mail.body
    client.login(session.scalars(select(Person).where(Person.is_operator)).one())
    assert client.get("/en/operations/trail/anchor").json == kept.paper
