"""What holds for every page: languages, errors, the one commit point, forgery protection, headers."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from flask_babel import force_locale

from marketplace.access import ACTIONS, SYSTEM, VISITOR, may, readable, require, visible_to
from marketplace.db import session as db_session
from marketplace.errors import NotAllowed
from marketplace.needs.models import Need, PastedProblem
from marketplace.people.sessions.operations import begin
from tests import factories
from tests.inspection import faults, playing

pytestmark = pytest.mark.usefixtures("app")


@pytest.mark.parametrize(("wanted", "lands"), [("zh-CN,zh;q=0.9", "/zh/"), ("en-GB,en", "/en/"), ("fr", "/zh/"), ("", "/zh/"), ("zh-TW", "/zh/")])
def test_the_browser_chooses_the_language(client, wanted, lands):
    assert client.get("/", headers={"Accept-Language": wanted}).location == lands


def test_the_account_keeps_the_language(client):
    client.login(factories.person(language="en"))
    assert client.get("/", headers={"Accept-Language": "zh-CN"}).location == "/en/"


def test_every_page_names_its_twin_in_the_other_language(client):
    page = client.get("/en/technologies?field=optics&field=polymers&q=a+b").get_data(as_text=True)
    assert 'hreflang="zh-Hans" href="http://127.0.0.1:5000/zh/technologies?field=optics&amp;field=polymers&amp;q=a+b"' in page
    assert '<html lang="en">' in page


@pytest.mark.parametrize("address", ["/zh/nothing", "/en/nothing", "/nothing", "/zh/technologies/../../etc/passwd", "/fr/needs", "/en/needs/xyz"])
def test_unknown_addresses_have_their_page(client, address):
    answer = client.get(address)
    assert answer.status_code == 404
    assert "404" in answer.get_data(as_text=True)


def test_a_forbidden_thing_has_its_page(client):
    need = factories.need()
    client.login(factories.person())
    answer = client.get(f"/en/needs/{need.public_id}/history")
    assert answer.status_code == 403 and "Not open to you" in answer.get_data(as_text=True)


def test_the_wrong_method_is_told(client):
    assert client.get("/en/needs/whatever/publish").status_code in (404, 405)


def test_a_programme_gets_its_errors_as_json(client):
    answer = client.get("/en/nothing", headers={"Accept": "application/json"})
    assert answer.status_code == 404 and answer.json["error"]


def test_headers_of_every_answer(client):
    headers = client.get("/en/").headers
    assert "script-src 'self'" in headers["Content-Security-Policy"] and "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_pages_hold_no_inline_script_or_style(client):
    for address in ("/zh/", "/en/technologies", "/en/needs", "/en/how", "/en/sign-in", "/en/sign-up"):
        page = client.get(address).get_data(as_text=True)
        assert " style=" not in page and "<style" not in page and "onclick=" not in page
        assert "<script>" not in page


def test_nothing_is_fetched_from_elsewhere(client):
    page = client.get("/zh/").get_data(as_text=True)
    assert 'src="http' not in page
    assert set(re.findall(r'<(\w+) [^>]*href="http', page)) <= {"link"} and set(re.findall(r'rel="(\w+)"[^>]*href="http', page)) == {"alternate"}


def test_posts_without_token_are_refused(client, app: Flask, session):
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = client.post("/zh/", data={"problem": "毛刺太多"})
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert answer.status_code in (400, 422)
    assert session.query(PastedProblem).count() == 0


def test_a_get_never_writes(client, app: Flask, session):
    before = session.query(Need).count()

    def sneaky() -> Response:
        factories.session.add(Need(title={}, problem={}, place={}, tried={}, constraints={}, volume={}, targets=[], modes=[], questions={},
                                   created=factories.NOW, updated=factories.NOW, state="draft"))
        factories.session.flush()
        return Response("done", mimetype="text/plain")

    app.view_functions["matching.how"], kept = sneaky, app.view_functions["matching.how"]
    try:
        assert client.get("/en/how").data == b"done"
    finally:
        app.view_functions["matching.how"] = kept
    assert session.query(Need).count() == before


def test_what_fails_on_the_way_leaves_nothing(client, app: Flask, session):
    def broken() -> str:
        factories.need()
        raise RuntimeError("on purpose")

    app.view_functions["matching.front"], kept = broken, app.view_functions["matching.front"]
    try:
        answer = client.post("/en/", data={"problem": "x"})
    finally:
        app.view_functions["matching.front"] = kept
    assert answer.status_code == 500 and "Nothing was saved" in answer.get_data(as_text=True)
    assert "on purpose" not in answer.get_data(as_text=True)
    assert session.query(Need).count() == 0


def test_what_is_not_listed_is_denied_to_everybody():
    for who in (VISITOR, SYSTEM, factories.operator(), factories.broker(), factories.person()):
        assert not may(who, "need.obliterate")
        with pytest.raises(NotAllowed):
            require(who, "need.obliterate")


def test_the_table_names_known_relations_only():
    known = {"anyone", "visitor", "user", "verified", "broker", "operator", "system", "self", "member", "owner", "signatory", "author",
             "reader", "teaser_reader", "broker_reader", "moderator", "firm", "holder", "licensor", "licensee", "guarantor", "protected", "counterparty",
             "subject", "host", "asker", "owner_side", "asking_side", "firm_house_owner", "holder_house_owner", "own_side_party", "agency_owner", "call_side",
             "team_side", "user_side", "call_side_owner", "call_side_signatory", "pledger", "past_pledger", "pledger_owner", "pledger_signatory", "concerned"}
    known |= {f"{side}_party" for side in ("firm", "holder", "broker", "guest", "writing", "concerned", "arranging", "invited")}
    houses = ("licensor", "licensee", "guarantor", "protected", "owner_side", "asking_side", "team_side", "user_side")
    known |= {f"{side}_{role}" for side in houses for role in ("owner", "signatory")}
    for action, who in ACTIONS.items():
        assert who and who <= known, action


def test_visible_to_is_the_twin_of_reading(session):
    firm_owner, stranger, verified = factories.person(), factories.person(), factories.person()
    firm = factories.organisation(firm_owner)
    factories.organisation(verified)
    unverified = factories.person()
    factories.organisation(unverified, state="unverified")
    states = ("draft", "submitted", "published", "matched", "in_deal", "solved", "withdrawn", "expired")
    listings = [factories.need(firm, state=state, visibility=visibility) for state in states for visibility in ("public", "members", "blind")]
    listings.append(factories.need(None, state="draft"))
    listings[-1].organisation, listings[-1].organisation_id, listings[-1].author_id = None, None, stranger.id
    listings += [factories.technology(firm, state=state, visibility=visibility)
                 for state in ("draft", "published", "withdrawn", "expired") for visibility in ("public", "members", "blind")]
    session.flush()
    actors = (VISITOR, SYSTEM, stranger, firm_owner, verified, unverified, factories.broker(), factories.operator())
    for who in actors:
        for listing in listings:
            model = type(listing)
            found = session.query(model).filter(model.id == listing.id, visible_to(who, model)).count() == 1
            assert found == may(who, "listing.read", listing), (who, model.__name__, listing.state, listing.visibility)
    public, members, blind = listings[6:9]
    assert readable(VISITOR, public) and not readable(VISITOR, members) and not readable(VISITOR, blind)
    assert may(VISITOR, "listing.read", blind) and not any(may(who, "listing.read_in_full", blind) for who in actors if who not in (SYSTEM, firm_owner))


@pytest.mark.parametrize(("html", "fault"), [
    ("<html lang=zh-Hans><title>a</title><h1>x</h1><h1>y</h1>", "2 h1"),
    ("<html lang=zh-Hans><title> · b</title><h1>x</h1>", "no title"),
    ("<html lang=zh-Hans><title>a</title><h1 id=a>x</h1><p id=a>", "id twice"),
    ("<html lang=zh-Hans><title>a</title><h1>x</h1><input name=q>", "without label"),
    ("<html lang=zh-Hans><title>a</title><h1>x</h1><p>this was never translated</p>", "untranslated"),
])
def test_the_inspection_finds_what_it_looks_for(html, fault):
    assert any(fault in found for found in faults(html))


def test_an_answer_made_while_it_is_sent_still_reads_the_database(app: Flask):
    """As on a server: the request has ended when the file is read. The session of the reader is none of the test's."""
    owner = factories.person()
    organisation = factories.organisation(owner)
    factories.technology(organisation, title={"zh": "流式导出的成果"})
    begin(SYSTEM, owner, "password")
    name, public_id = owner.get_id(), organisation.public_id
    db_session.commit()
    with playing():
        browser = FlaskClient(app, app.response_class)
        with browser.session_transaction() as kept:
            kept["_user_id"], kept["_fresh"] = name, True
        for path in (f"/zh/imports/template.csv?organisation={public_id}", f"/zh/money/{public_id}/invoices-2026.csv"):
            answer = browser.get(path)
            assert answer.status_code == 200 and answer.get_data()
            assert ("template" not in path) or "流式导出的成果" in answer.get_data(as_text=True)
            answer.close()


def test_a_moment_is_shown_to_the_minute_in_the_sites_zone_and_kept_in_full(app: Flask):
    moment = datetime(2026, 10, 3, 16, 14, 15, tzinfo=UTC)
    shown, day = app.jinja_env.filters["moment"], app.jinja_env.filters["day"]
    with app.test_request_context():
        for locale, words, long in (("zh_Hans_CN", "2026年10月4日 00:14", "2026年10月4日"), ("en", "Oct 4, 2026, 00:14", "October 4, 2026")):
            with force_locale(locale):
                assert shown(moment) == f'<time datetime="2026-10-04T00:14:15+08:00">{words}</time>'
                assert day(moment) == long and shown(None) == ""
                assert app.jinja_env.from_string("{{ _('%(moment)s', moment=value | moment) }}").render(value=moment) == shown(moment)
