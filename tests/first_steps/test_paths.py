"""First steps: each user's path as the data say it, one thing at a time on the desk, hidden for good by one button."""

from __future__ import annotations

from dataclasses import replace

import pytest

from marketplace.access import VISITOR
from marketplace.db import session
from marketplace.deals.worklist import operations as worklist
from marketplace.errors import NotAllowed
from marketplace.first_steps import words
from marketplace.first_steps.paths import path_of
from marketplace.people import operations as people
from tests import factories
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def now_of(settings):
    """The code of the step that somebody is to do now; None without a path."""

    def code(person, **values):
        session.flush()
        session.refresh(person)
        path = path_of(person, replace(settings, **values))
        return path.now.code if path else None

    return code


def test_a_firm_walks_from_its_address_to_an_introduction(now_of):
    owner = factories.person(confirmed=None)
    assert now_of(owner) == "confirm"
    owner.confirmed = factories.NOW
    assert now_of(owner) == "organisation"
    firm = factories.organisation(owner)
    assert now_of(owner) == "need"
    need = factories.need(firm, state="draft")
    assert now_of(owner) == "publish"
    need.state = "published"
    match = factories.match(need)
    assert now_of(owner) == "look"
    match.firm = "shortlisted"
    assert now_of(owner) == "introduction"
    factories.deal(match)
    assert now_of(owner) is None


def test_a_need_written_before_the_organisation_is_ticked_already(now_of):
    owner = factories.person()
    factories.need(None, organisation=None, author_id=owner.id, state="draft")
    assert now_of(owner) == "organisation"
    factories.organisation(owner)
    assert now_of(owner) == "publish"


def test_an_institute_walks_from_verification_to_its_first_answer(now_of):
    officer = factories.person()
    house = factories.organisation(officer, kind="institute", state="unverified")
    assert now_of(officer) == "verification"
    house.state = "pending"
    assert now_of(officer) == "technology"
    technology = factories.technology(house, state="draft")
    assert now_of(officer) == "terms"
    technology.offer = factories.technology(offer={"mode": "licence"}).offer
    assert now_of(officer) == "show"
    technology.state = "published"
    match = factories.match(None, technology)
    assert now_of(officer) == "reply"
    match.holder = "declined"
    assert now_of(officer) is None


def test_a_technology_manager_walks_from_his_specialty_to_a_deal(now_of):
    broker = factories.broker()
    assert now_of(broker) == "specialty"
    worklist.set_specialty(broker, ["C35"], [], [])
    assert now_of(broker) == "pair"
    factories.deal(leading=broker)
    assert now_of(broker) is None


def test_an_operator_is_told_what_the_site_lacks(now_of):
    operator = factories.operator()
    assert now_of(operator) == "mail"
    assert now_of(operator, smtp="smtp://mail.example") == "scanner"
    ready = {"smtp": "smtp://mail.example", "scanner": "clamd://scanner.example:3310"}
    assert now_of(operator, **ready) == "verify"
    factories.organisation()
    assert now_of(operator, **ready) == "invite"
    factories.broker()
    assert now_of(operator, **ready) is None


def test_a_service_provider_ends_with_what_it_offers(now_of):
    host = factories.person()
    house = factories.organisation(host, kind="service_provider")
    assert now_of(host) == "resource"
    factories.facility(house)
    assert now_of(host) is None


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_desk_shows_one_button_and_hides_the_path_for_good(client, lang):
    owner = factories.person()
    factories.organisation(owner)
    client.login(owner)
    page = client.get(f"/{lang}/desk").get_data(as_text=True)
    part = page[page.index('id="first-steps"') : page.index("</section>", page.index('id="first-steps"'))]
    assert part.count("btn-primary") == 1 and part.count('class="done"') == 2 and 'aria-current="step"' in part
    assert client.post(f"/{lang}/desk/first-steps/hide").status_code == 303
    work()
    assert 'id="first-steps"' not in client.get(f"/{lang}/desk").get_data(as_text=True)
    hidden = owner.first_steps_hidden
    people.hide_first_steps(owner, owner)
    assert owner.first_steps_hidden == hidden is not None


def test_each_button_of_each_path_leads_to_a_page_that_opens(client):
    walkers = [factories.person(confirmed=None), factories.person(), factories.broker(), factories.operator()]
    factories.organisation(walkers[1], kind="institute", state="unverified")
    for person in walkers:
        client.login(person)
        page = client.get("/en/desk").get_data(as_text=True)
        part = page[page.index('class="now"') : page.index("</section>", page.index('class="now"'))]
        if person.confirmed:
            address = part.split('class="btn btn-primary" href="')[1].split('"')[0]
            assert client.get(address).status_code == 200, address


def test_nobody_hides_the_path_of_another():
    with pytest.raises(NotAllowed):
        people.hide_first_steps(VISITOR, factories.person())


def test_each_step_is_named_explained_and_has_its_button():
    assert set(words.NAMES) == set(words.WHY) == set(words.BUTTONS)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hard_fields_have_their_help_beside_them(client, lang):
    owner = factories.person()
    house = factories.organisation(owner, state="unverified")
    client.login(owner)
    for address, helps in (("needs/new", 3), ("technologies/new", 3), (f"organisations/{house.public_id}/verification", 1)):
        assert client.get(f"/{lang}/{address}").get_data(as_text=True).count('<details class="help">') == helps, address
