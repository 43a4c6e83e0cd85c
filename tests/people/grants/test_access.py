"""Access to blind listings: asked for, answered, ended; and the operator's look."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.access import may
from marketplace.alerts.models import Mail
from marketplace.db import now
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.people.grants import operations
from marketplace.people.models import AccessGrant
from tests import factories
from tests.inspection import work

PURPOSE = "评估能否用于我厂的铣床改造"


@pytest.fixture
def secret(session):
    owner = factories.organisation(factories.person(language="en"), kind="institute", name={"zh": "秘密研究院", "en": "Hidden Institute"})
    teaser, title = {"zh": "一种铣削装置", "en": "A milling device"}, {"zh": "深藏不露的标题", "en": "Buried title"}
    return factories.technology(owner, visibility="blind", teaser=teaser, title=title)


@pytest.fixture
def reader(session):
    who = factories.person(language="en")
    factories.organisation(who, name={"zh": "读者厂", "en": "Reader Works"})
    return who


def owner_of(listing):
    return listing.organisation.memberships[0].person


def asked(reader, secret) -> AccessGrant:
    return operations.ask_access(reader, secret, reader.organisations[0], PURPOSE)


def mails(session):
    work()
    return [(mail.person_id, mail.subject, mail.body) for mail in session.scalars(select(Mail).order_by(Mail.id))]


def test_asked_granted_ended(session, secret, reader):
    grant = asked(reader, secret)
    assert not may(reader, "listing.read_in_full", secret)
    operations.grant_access(owner_of(secret), grant)
    assert may(reader, "listing.read_in_full", secret)
    assert timedelta(days=179) < grant.until - now() <= timedelta(days=180)
    grant.until = now() - timedelta(seconds=1)
    session.flush()
    assert not may(reader, "listing.read_in_full", secret)


def test_revoked_at_once_and_extended(session, secret, reader):
    grant = asked(reader, secret)
    owner = owner_of(secret)
    with pytest.raises(Refused):
        operations.extend_access(owner, grant, now() + timedelta(days=5))
    operations.grant_access(owner, grant, now() + timedelta(days=3))
    operations.extend_access(owner, grant, now() + timedelta(days=300))
    assert grant.until > now() + timedelta(days=299)
    operations.revoke_access(owner, grant, "项目已结束")
    session.flush()
    assert not may(reader, "listing.read_in_full", secret) and grant.answer == "项目已结束"


@pytest.mark.parametrize("days", [0, -1, 732])
def test_an_end_lies_ahead_and_within_two_years(secret, reader, days):
    with pytest.raises(Refused) as refused:
        operations.grant_access(owner_of(secret), asked(reader, secret), now() + timedelta(days=days))
    assert refused.value.field == "until"


def test_what_cannot_be_asked_for(session, secret, reader):
    house = reader.organisations[0]
    for listing, words in ((factories.technology(), "open already"), (factories.technology(visibility="blind", state="withdrawn"), None)):
        with pytest.raises((Refused, NotFound), match=words):
            operations.ask_access(reader, listing, house, PURPOSE)
    with pytest.raises(Refused, match="own organisation"):
        operations.ask_access(owner_of(secret), secret, secret.organisation, PURPOSE)
    with pytest.raises(NotFound):
        operations.ask_access(reader, secret, factories.organisation(), PURPOSE)
    with pytest.raises(Refused, match="Say what you want"):
        operations.ask_access(reader, secret, house, " 看看 ")
    asked(reader, secret)
    with pytest.raises(Refused, match="asked already"):
        asked(reader, secret)


def test_a_refusal_rests_a_week(session, secret, reader):
    grant = asked(reader, secret)
    with pytest.raises(Refused, match="Say why"):
        operations.refuse_access(owner_of(secret), grant, " ")
    operations.refuse_access(owner_of(secret), grant, "与贵方竞争")
    session.flush()
    with pytest.raises(Refused, match="after a week"):
        asked(reader, secret)
    assert operations.ask_access(reader, secret, reader.organisations[0], PURPOSE, now() + timedelta(days=8)).state == "asked"


def test_only_the_owner_answers_and_only_the_two_sides_read(secret, reader):
    grant = asked(reader, secret)
    for who in (reader, factories.operator(), factories.broker(), factories.person()):
        with pytest.raises(NotAllowed):
            operations.grant_access(who, grant)
        if who is not reader:
            with pytest.raises(NotFound):
                operations.by_public_id(who, grant.public_id)


def test_mails_tell_the_asking_side_neither_title_nor_owner(session, secret, reader):
    grant = asked(reader, secret)
    operations.grant_access(owner_of(secret), grant)
    operations.revoke_access(owner_of(secret), grant, "done with it")
    told = mails(session)
    to_owner, to_reader = ([mail for mail in told if mail[0] == who.id] for who in (owner_of(secret), reader))
    assert to_reader and not any("Buried" in body or "Hidden" in body or "Buried" in subject for _who, subject, body in to_reader)
    assert all("Buried title" in body for _who, _subject, body in to_owner)


def test_an_operator_looks_only_for_a_written_reason_and_the_owner_hears_of_it(client, session, secret):
    operator = factories.operator(language="en")
    assert not may(operator, "listing.read_in_full", secret)
    client.login(operator)
    address = f"/en/access/technology/{secret.public_id}/look"
    assert client.get(address).status_code == 200
    assert client.post(address, data={"reason": "short"}).status_code == 422
    assert client.post(address, data={"reason": "a complaint about this listing"}).status_code == 303
    session.expire_all()
    assert may(operator, "listing.read_in_full", secret) and not may(factories.operator(), "listing.read_in_full", secret)
    (told,) = [mail for mail in mails(session) if mail[0] == owner_of(secret).id]
    assert "a complaint about this listing" in told[2] and operator.name in told[2] and "Buried title" in told[2]
    look = operator.looks_into("technology", secret.id)
    look.at, look.until = look.at - timedelta(days=2), now() - timedelta(seconds=1)
    session.flush()
    assert not may(operator, "listing.read_in_full", secret)
    client.login(factories.broker())
    assert client.get(address).status_code == 403


def test_the_walk_through_the_pages(client, session, secret, reader):
    client.login(reader)
    page = client.get(f"/en/access/technology/{secret.public_id}").get_data(as_text=True)
    assert "A milling device" in page and "Buried" not in page and "Hidden" not in page
    answer = client.post(f"/en/access/technology/{secret.public_id}", data={"organisation": reader.organisations[0].public_id, "purpose": PURPOSE})
    assert answer.status_code == 303
    for address in (answer.location, answer.location.replace("/en/", "/zh/"), "/zh/access"):
        page = client.get(address).get_data(as_text=True)
        assert "Buried" not in page and "深藏" not in page and "Hidden" not in page and "秘密研究院" not in page
    assert client.post(answer.location, data={"verb": "grant", "until": "2026-12-24"}).status_code == 403
    client.login(owner_of(secret))
    page = client.get("/zh/access").get_data(as_text=True)
    assert "读者厂" in page and "深藏不露的标题" in page
    assert "<b>1</b>" in client.get("/en/desk").get_data(as_text=True)
    assert PURPOSE in client.get(answer.location).get_data(as_text=True)
    version = session.scalars(select(AccessGrant)).one().version_id
    assert client.post(answer.location, data={"verb": "grant", "until": "2000-01-01", "version": version}).status_code == 422
    until = (now() + timedelta(days=30)).date()
    assert client.post(answer.location, data={"verb": "grant", "until": until.isoformat(), "version": version}).status_code == 303
    assert client.post(answer.location, data={"verb": "revoke", "reason": "x", "version": version}).status_code == 409
    client.login(reader)
    page = client.get(answer.location).get_data(as_text=True)
    assert "Hidden Institute" in page and "access given" in page
    client.login(owner_of(secret))
    assert client.post(answer.location, data={"verb": "revoke", "reason": "任务完成", "version": version + 1}).status_code == 303
    client.login(reader)
    assert "任务完成" in client.get(answer.location).get_data(as_text=True)


def test_who_is_not_of_the_two_sides_gets_no_page(client, secret, reader):
    grant = asked(reader, secret)
    operations.grant_access(owner_of(secret), grant)
    for who in (factories.operator(), factories.broker()):
        client.login(who)
        for path in ("", "/nda", "/sign", "/nda.txt", "/nda.pdf", "/signatures/x"):
            assert client.get(f"/en/access/{grant.public_id}{path}").status_code == 404
        assert client.get(f"/en/access/log/{secret.organisation.public_id}").status_code == 403
        assert client.get(f"/en/access/log/{secret.organisation.public_id}.csv").status_code == 403


def test_a_listing_that_is_not_blind_has_nothing_to_ask_for(client, reader):
    client.login(reader)
    assert client.get(f"/en/access/technology/{factories.technology().public_id}").status_code == 404
    assert client.get("/en/access/need/nothing").status_code == 404


def test_the_owner_reads_the_log_as_page_and_file(client, session, secret, reader):
    operations.grant_access(owner_of(secret), asked(reader, secret))
    from_log = factories.need(secret.organisation, visibility="blind", teaser={"zh": "另一条"}, title={"zh": "另一个标题"})
    for listing, what, about in ((secret, "page", None), (secret, "file", "=cmd.pdf"), (from_log, "page", None)):
        session.add(operations.AccessEntry(
            thing=listing.__tablename__, thing_id=listing.id, owner_id=secret.organisation_id, person_id=reader.id,
            organisation_id=reader.organisations[0].id, what=what, about=about, at=now(),
        ))
    client.login(owner_of(secret))
    address = f"/zh/access/log/{secret.organisation.public_id}"
    page = client.get(address).get_data(as_text=True)
    assert page.index("另一个标题") < page.index("=cmd.pdf") and reader.name in page and "读者厂" in page
    page = client.get(f"{address}?of=technology&listing={secret.public_id}").get_data(as_text=True)
    assert "另一个标题" not in page and "=cmd.pdf" in page
    file = client.get(f"{address}.csv").get_data(as_text=True)
    assert file.count("\n") == 4 and "'=cmd.pdf" in file and "另一个标题" in file


def test_who_has_asked_is_led_to_the_request(client, session, secret, reader):
    grant = asked(reader, secret)
    client.login(reader)
    answer = client.get(f"/en/access/technology/{secret.public_id}")
    assert answer.status_code == 303 and answer.location.endswith(f"/access/{grant.public_id}")
    operations.refuse_access(owner_of(secret), grant, "与贵方竞争")
    assert client.get(f"/en/access/technology/{secret.public_id}").status_code == 200


def test_whoever_acts_for_nobody_is_led_to_register(client, secret):
    client.login(factories.person())
    assert client.get(f"/en/access/technology/{secret.public_id}").location.endswith("/organisations/new")
    client.login(factories.operator())
    assert client.get(f"/en/access/technology/{secret.public_id}").location.endswith("/look")
    client.logout()
    assert "sign-in" in client.get(f"/en/access/technology/{secret.public_id}").location
