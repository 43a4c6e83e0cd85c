"""The access log of blind listings: what is written, for whom, and that nothing opens that could not be written."""

import pytest
from flask import Response
from sqlalchemy import select

from marketplace import web
from marketplace.access import SYSTEM, VISITOR
from marketplace.people.grants.log import opened
from marketplace.people.grants.models import AccessEntry
from marketplace.web import actor
from tests import factories


@pytest.fixture
def secret(session):
    return factories.technology(factories.organisation(factories.person(), kind="institute"), visibility="blind", teaser={"zh": "一种装置"})


def entries(session):
    session.expire_all()
    return session.scalars(select(AccessEntry).order_by(AccessEntry.id)).all()


@pytest.fixture
def reading(app, secret):
    """A page that opens the listing, put in the place of another."""
    kept = app.view_functions["matching.how"]

    def page() -> Response:
        opened(actor(), factories.session.merge(secret), "page")
        opened(actor(), factories.session.merge(secret), "page")
        return Response("the whole secret", mimetype="text/plain")

    app.view_functions["matching.how"] = page
    yield page
    app.view_functions["matching.how"] = kept


def test_an_opening_outlives_the_request_that_only_reads(client, session, secret, reading):
    reader = factories.person()
    firm = factories.organisation(reader)
    factories.access_grant(secret, firm)
    client.login(reader)
    assert client.get("/en/how").data == b"the whole secret"
    (entry,) = entries(session)
    assert (entry.person_id, entry.organisation_id, entry.owner_id, entry.what) == (reader.id, firm.id, secret.organisation_id, "page")


def test_what_cannot_be_logged_is_not_opened(client, session, secret, reading, monkeypatch):
    reader = factories.person()
    factories.access_grant(secret, factories.organisation(reader))
    client.login(reader)

    def full(_changed: bool, notes: list[object]) -> None:
        assert notes
        raise OSError("the disk is full")

    monkeypatch.setattr(web, "_end", full)
    answer = client.get("/en/how")
    assert answer.status_code == 500 and b"secret" not in answer.data
    assert entries(session) == []


def test_owners_the_system_and_those_who_see_the_teaser_alone_are_not_logged(session, secret):
    owner = secret.organisation.memberships[0].person
    late = factories.organisation(factories.person())
    factories.access_grant(secret, late, until=factories.NOW.replace(year=2020))
    for who in (owner, SYSTEM, VISITOR, factories.person(), factories.operator(), factories.broker(), late.memberships[0].person):
        opened(who, secret, "page")
    session.flush()
    assert entries(session) == []


def test_what_is_not_blind_is_not_logged(session):
    opened(factories.person(), factories.technology(), "page")
    session.flush()
    assert entries(session) == []


def test_the_words_of_the_log_are_known(session, secret):
    with pytest.raises(ValueError):
        opened(factories.person(), secret, "telepathy")
