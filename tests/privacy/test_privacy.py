"""Personal data: every table that names a person has its row, the copy holds what is kept and no secret, an erasure leaves no name, and age ends things."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import String, func, select

from marketplace.alerts.models import Mail, Undeliverable
from marketplace.alerts.subscriptions.models import Subscription
from marketplace.db import Base
from marketplace.deals.models import Party
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.jobs import Job, run_all
from marketplace.people.models import Invitation, Membership, Person
from marketplace.people.operations import opened_by
from marketplace.people.sessions.operations import begin, by_session
from marketplace.privacy.kinds import KINDS, OF_TABLE
from marketplace.privacy.operations import copy_of, erase, erase_for, erase_own, sweep
from marketplace.privacy.words import GROUND_WORDS, KEPT_WORDS, KIND_WORDS, LEFT_WORDS
from marketplace.record import Event, record
from marketplace.trail import chaining
from marketplace.trail.chain import MARK, digest
from marketplace.trail.models import Alteration
from tests import factories

pytestmark = pytest.mark.usefixtures("app")
NOT_PERSONS = {"organisation": "the address of an organisation"}


def test_every_table_that_names_a_person_stands_in_one_kind() -> None:
    naming = {
        table.name for table in Base.metadata.tables.values()
        if any(key.column.table.name == "person" for key in table.foreign_keys) or {"address", "address_key", "phone"} & set(table.c.keys())
    } | {"person"}
    assert naming - set(NOT_PERSONS) <= set(OF_TABLE), "say in marketplace/privacy/kinds.py what kind of personal data this is"
    assert len(OF_TABLE) == sum(len(kind.tables) for kind in KINDS) and set(OF_TABLE) <= set(Base.metadata.tables)
    assert {kind.code for kind in KINDS} == set(KIND_WORDS) == set(KEPT_WORDS)
    assert {kind.ground for kind in KINDS} <= set(GROUND_WORDS) and {kind.left for kind in KINDS} == set(LEFT_WORDS)


def someone(session) -> Person:
    """Somebody with a seat, mails, something followed, a need and a part in a deal."""
    person, colleague = factories.person(name="林晓梅", address="lin@example.com"), factories.person()
    house = factories.organisation(colleague, person)
    factories.need(house, author_id=person.id)
    deal = factories.deal()
    common = {"language": "zh", "subject": "你好", "body": "林晓梅", "created": factories.NOW}
    session.add_all([
        Mail(person_id=person.id, address=person.address, template="digest", message_id="<a@b>", state="sent", **common),
        Undeliverable(address_key=person.address_key, status="5.1.1", since=factories.NOW),
        Subscription(person_id=person.id, kind="search", listing="technology", words="去毛刺", filters={}, signature="s" * 64, name="去毛刺", pace="daily",
                     weekday=0, hour=8, zone="Asia/Shanghai", created=factories.NOW),
        Party(deal_id=deal.id, side="guest", person_id=person.id, address_key=person.address_key, phone="13800000000", duty="翻译", language="zh",
              state="active", created=factories.NOW),
    ])
    session.flush()
    return person


def test_the_copy_has_what_is_kept_in_both_languages_and_no_secret(client, session) -> None:
    person = someone(session)
    client.login(person)
    answer = client.get("/zh/settings/data.zip")
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "private, no-store"
    archive = zipfile.ZipFile(io.BytesIO(answer.get_data()))
    data, text = json.loads(archive.read("data.json")), archive.read("data.txt").decode("utf-8-sig")
    kinds = data["kinds"]
    assert kinds["account"]["tables"]["person"][0]["name"] == "林晓梅" and kinds["own"]["tables"]["subscription"][0]["words"] == "去毛刺"
    assert kinds["contact"]["tables"]["party"][0]["phone"] == "13800000000"
    assert kinds["listings"]["tables"]["need"][0]["as"] == "author" and "problem" not in kinds["listings"]["tables"]["need"][0]
    assert set(kinds["seats"]["label"]) == {"zh", "en"} and kinds["seats"]["label"]["zh"] != kinds["seats"]["label"]["en"]
    assert kinds["seats"]["label"]["zh"] in text and kinds["seats"]["label"]["en"] in text and "林晓梅" in text
    assert "argon2" not in text + json.dumps(data) and "password" not in json.dumps(data["kinds"]["account"]["tables"])


def test_nobody_else_gets_the_copy_or_erases(session) -> None:
    person = someone(session)
    for other in (factories.person(), factories.operator()):
        with pytest.raises((NotAllowed, NotFound)):
            list(copy_of(other, person))
    with pytest.raises((NotAllowed, NotFound)):
        erase(factories.person(), person)
    with pytest.raises((NotAllowed, NotFound)):
        erase_for(person, person.address)


def test_after_an_erasure_the_name_stands_nowhere(session) -> None:
    person = someone(session)
    begin(person, person, "password")
    name, key = person.get_id(), person.address_key
    with pytest.raises(Refused):
        erase_own(person, person, "not the password")
    erase_own(person, person, factories.PASSWORD)
    session.flush()
    session.expire_all()
    for table in Base.metadata.tables.values():
        texts = [column for column in table.c if isinstance(column.type, String)]
        for row in session.execute(select(*texts)) if texts else ():
            assert not any(part in str(value) for value in row for part in ("林晓梅", "lin@example.com", "13800000000")), (table.name, row)
    assert by_session(name) is None and session.scalar(select(func.count()).select_from(Membership).where(Membership.person_id == person.id)) == 0
    assert session.scalar(select(Event.name).where(Event.thing == "person", Event.thing_id == person.id).order_by(Event.id.desc())) == "person.erase"
    with pytest.raises(Refused):
        opened_by(person, key, factories.PASSWORD)
    with pytest.raises(Refused):
        erase(factories.operator(), person)


def test_after_an_erasure_nobody_can_try_a_name_against_the_log(session) -> None:
    person, other = someone(session), factories.person(name="Wei Lan")
    first, second = person.id, other.id
    for one in (person, other):
        session.commit()
        one.name = f"{one.name} II"
        record(one, "identity_joined", one, issuer="https://id.example.com")
        session.commit()
    erase_own(person, person, factories.PASSWORD)
    session.commit()
    run_all(["privacy.forget"])
    changed = select(Alteration).where(Alteration.thing == "person", Alteration.verb == "changed").order_by(Alteration.id)
    erased, kept = (list(session.scalars(changed.where(Alteration.thing_id == one))) for one in (first, second))
    assert len(erased) == 2 and not any(one.salt for one in erased), "of the change before, and of the one that the erasure made"
    assert [one.fields["name"][0] for one in kept] == [digest(bytes.fromhex(kept[0].salt), "Wei Lan")]
    joined = session.scalars(select(Event).where(Event.name == "person.identity_joined").order_by(Event.id)).all()
    assert joined[0].facts["issuer"].startswith(MARK) and joined[1].facts["issuer"] == "https://id.example.com"
    assert chaining.tail().rows == 0 and list(chaining.faults()) == []


def test_nobody_leaves_others_alone(session) -> None:
    owner, colleague = factories.person(), factories.person()
    factories.membership(colleague, factories.organisation(owner))
    session.expire_all()
    with pytest.raises(Refused, match="owner"):
        erase(owner, owner)
    broker = factories.broker()
    factories.deal(leading=broker)
    with pytest.raises(Refused, match="open deals"):
        erase(broker, broker)


def test_the_pages(client, session) -> None:
    person = someone(session)
    for path in ("/zh/privacy", "/en/privacy"):
        assert client.get(path).status_code == 200
    assert client.get("/zh/settings/data").status_code == 303
    client.login(person)
    for path in ("/zh/settings/data", "/en/settings/data", "/zh/settings/erase"):
        assert client.get(path).status_code == 200
    assert client.get("/en/operations/erasures").status_code == 403
    assert client.post("/en/settings/erase", data={"password": "wrong", "sure": "y"}).status_code == 422
    assert client.post("/en/settings/erase", data={"password": factories.PASSWORD}).status_code == 422
    assert client.post("/en/settings/erase", data={"password": factories.PASSWORD, "sure": "y"}).status_code == 303
    assert client.get("/zh/settings").status_code == 303


def test_an_operator_erases_whoever_asked(client, session) -> None:
    person = someone(session)
    client.login(factories.operator())
    assert client.post("/en/operations/erasures", data={"address": "nobody@example.com", "sure": "y"}).status_code == 422
    assert client.post("/en/operations/erasures", data={"address": "LIN@example.com", "sure": "y"}).status_code == 303
    session.expire_all()
    assert session.get_one(Person, person.id).closed and session.get_one(Person, person.id).name.startswith("#")


def test_what_has_reached_its_age_goes_and_nothing_else(session) -> None:
    at, house = factories.NOW + timedelta(days=4000), factories.organisation(factories.person())
    mails = {"language": "zh", "subject": "x", "body": "", "address": "a@example.com", "template": "digest"}
    kept = [
        Mail(message_id="<new@b>", state="sent", created=at - timedelta(days=300), **mails),
        Mail(message_id="<waits@b>", state="queued", created=at - timedelta(days=900), **mails),
        Job(kind="x", values={}, due=at, state="done", created=at, ended=at - timedelta(days=29)),
        Job(kind="x", values={}, due=at, state="queued", created=at - timedelta(days=900)),
        Invitation(organisation_id=house.id, address_key="n@example.com", role="member", expires=at - timedelta(days=89), created=at),
    ]
    gone = [
        Mail(message_id="<old@b>", state="sent", created=at - timedelta(days=366), **mails),
        Job(kind="x", values={}, due=at, state="done", created=at, ended=at - timedelta(days=31)),
        Invitation(organisation_id=house.id, address_key="o@example.com", role="member", expires=at - timedelta(days=91), created=at),
        Undeliverable(address_key="u@example.com", status="5.1.1", since=at - timedelta(days=731)),
    ]
    unused, new = factories.person(confirmed=None, created=at - timedelta(days=366)), factories.person(confirmed=None, created=at - timedelta(days=364))
    session.add_all(gone + kept)  # so that the numbers of what goes are not given again
    session.flush()
    left = [(type(one), one.id) for one in kept]
    went = [(type(one), one.id) for one in gone]
    for _ in sweep(at):
        session.flush()
    session.expire_all()
    assert all(session.get(*one) is not None for one in left) and not any(session.get(*one) for one in went)
    assert unused.closed is not None and new.closed is None


def test_the_page_for_operators_says_the_same() -> None:
    text = (Path(__file__).parents[2] / "docs/privacy.md").read_text(encoding="utf-8")
    for kind in KINDS:
        row = next(line for line in text.splitlines() if line.startswith(f"| {KIND_WORDS[kind.code]._args[0]} |"))
        assert all(f"`{table}`" in row for table in kind.tables) and KEPT_WORDS[kind.code]._args[0] in row and LEFT_WORDS[kind.left]._args[0] in row
