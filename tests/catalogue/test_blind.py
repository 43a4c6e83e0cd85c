"""Writing, publishing and opening a blind listing: the teaser that it needs, who sees the draft, what is logged, what files keep."""

from __future__ import annotations

import re
from typing import Any

import pytest

from marketplace.access import SYSTEM
from marketplace.catalogue.models import Technology
from marketplace.db import session
from marketplace.importing import template
from marketplace.importing.rows import read_row
from marketplace.importing.technologies import TechnologyBatch
from marketplace.needs.models import Need
from marketplace.people.grants.models import AccessEntry
from marketplace.record import Revision
from tests import factories

TECHNOLOGY = {"kind": "know_how", "title_zh": "超磁致伸缩去毛刺方法", "abstract_zh": "手术钳毛刺由蜂鸟刃口去除。", "visibility": "blind"}
NEED = {
    "title_zh": "手术钳毛刺去不干净", "problem_zh": "手术钳铣完毛刺太多，去毛刺太慢。", "tried_zh": "手工磨", "language": "zh", "currency": "CNY",
    "payer": "undecided", "cash": "none", "industry": "C35", "modes": "licence", "visibility": "blind",
    **{f"targets-{n}-direction": "at_most" for n in range(3)},
}
TEASER = "给小零件修边的新办法"


def typed(noun: str, house: Any, **values: str) -> tuple[str, dict[str, str]]:
    """The address of the form and what is typed into it."""
    fields = {**(TECHNOLOGY if noun == "technology" else NEED), "organisation": house.public_id, "post": "1", **values}
    return ("/en/technologies/new" if noun == "technology" else "/en/needs/new"), fields


@pytest.fixture
def house(client: Any) -> Any:
    """A verified organisation whose owner is signed in."""
    owner = factories.person(language="en")
    client.login(owner)
    return factories.organisation(owner, name={"zh": "隐匿研究所", "en": "Hidden Institute"})


@pytest.mark.parametrize("noun", ["technology", "need"])
def test_published_with_its_teaser_and_refused_beside_it(client: Any, house: Any, noun: str) -> None:
    title = (TECHNOLOGY if noun == "technology" else NEED)["title_zh"]
    for teaser, said in (("", "Write a teaser"), ("隐匿研究所的新办法", "names"), (f"不说，只说 {title}", "repeats")):
        path, values = typed(noun, house, teaser_zh=teaser)
        answer = client.post(path, data=values)
        assert answer.status_code == 422 and said in answer.get_data(as_text=True), (teaser, re.findall("field-error[^<]*", answer.get_data(as_text=True)))
    path, values = typed(noun, house, teaser_zh=TEASER, nda_required="y")
    answer = client.post(path, data=values)
    assert answer.status_code == 303
    listing = session.query(Technology if noun == "technology" else Need).one()
    assert (listing.state, listing.visibility, listing.teaser, listing.nda_required) == ("published", "blind", {"zh": TEASER}, True)
    kept = session.query(Revision).filter_by(thing=noun, thing_id=listing.id).order_by(Revision.number.desc()).first().content
    assert kept["teaser"] == {"zh": TEASER} and kept["nda_required"] is True
    own = client.get(answer.location).get_data(as_text=True)
    assert "Confidential" in own and listing.titled("zh")[0] in own
    client.logout()
    page = client.get(answer.location).get_data(as_text=True)
    assert TEASER in page and "noindex" in page and "non-disclosure agreement" in page and "enterprise" in page
    assert listing.titled("zh")[0] not in page and "隐匿" not in page and "Hidden" not in page


def test_an_open_listing_may_not_become_blind_without_a_teaser(client: Any, house: Any) -> None:
    for noun, listing in (("technologies", factories.technology(house)), ("needs", factories.need(house))):
        fields = {**(TECHNOLOGY if noun == "technologies" else NEED), "organisation": house.public_id}
        answer = client.post(f"/en/{noun}/{listing.public_id}/edit", data=fields)
        assert answer.status_code == 422 and "Write a teaser" in answer.get_data(as_text=True)
    failed = factories.technology(house, kind="negative_result")
    answer = client.post(f"/en/technologies/{failed.public_id}/edit", data={**TECHNOLOGY, "kind": "negative_result", "teaser_zh": TEASER})
    assert answer.status_code == 422 and "cannot be a blind listing" in answer.get_data(as_text=True)


def test_a_blind_draft_is_for_its_own_people_alone(client: Any, house: Any) -> None:
    drafts = [make(house, state="draft", visibility="blind", teaser={"zh": TEASER}) for make in (factories.technology, factories.need)]
    pages = [f"/en/{noun}/{draft.public_id}" for noun, draft in zip(("technologies", "needs"), drafts, strict=True)]
    assert [client.get(page).status_code for page in pages] == [200, 200]
    for person in (None, factories.person(), factories.broker(), factories.operator()):
        client.logout()
        if person:
            client.login(person)
        assert [client.get(page).status_code for page in pages] == [404, 404]


def test_openings_are_logged_for_whoever_was_given_access(client: Any, house: Any) -> None:
    listing = factories.technology(house, visibility="blind", teaser={"zh": TEASER})
    client.get(f"/en/technologies/{listing.public_id}")
    reader = factories.person()
    factories.access_grant(listing, factories.organisation(reader))
    client.logout()
    client.get(f"/en/technologies/{listing.public_id}")
    client.login(reader)
    assert "Confidential" in client.get(f"/en/technologies/{listing.public_id}").get_data(as_text=True)
    client.get(f"/en/technologies/{listing.public_id}.bib")
    assert [(row.what, row.person_id) for row in session.query(AccessEntry).order_by(AccessEntry.id)] == [("page", reader.id), ("export", reader.id)]


def test_the_operator_may_take_a_blind_listing_off_without_reading_it(client: Any, house: Any) -> None:
    listing = factories.technology(house, visibility="blind", teaser={"zh": TEASER})
    client.logout()
    client.login(factories.operator())
    page = client.get(f"/en/technologies/{listing.public_id}").get_data(as_text=True)
    assert TEASER in page and listing.titled("en")[0] not in page and "/withdraw" in page
    answer = client.post(f"/en/technologies/{listing.public_id}/withdraw")
    assert answer.location.endswith("/en/technologies") and client.get(f"/en/technologies/{listing.public_id}").status_code == 404


def test_the_template_carries_the_teaser_there_and_back(client: Any, house: Any) -> None:
    listing = factories.technology(house, visibility="blind", teaser={"zh": TEASER, "en": "A new way"}, nda_required=True, application_number="201710601862.3")
    cells = dict(zip(template.COLUMNS["technology"], template.cells_of(listing), strict=True))
    assert (cells["visibility"], cells["teaser_zh"], cells["teaser_en"], cells["nda_required"]) == ("blind", TEASER, "A new way", "yes")
    headers = dict(zip(template.headers("technology"), template.COLUMNS["technology"], strict=False))
    read = read_row({header: cells[name] for header, name in headers.items()}, headers, "template")
    assert (read["visibility"], read["teaser"], read["nda_required"]) == ("blind", {"zh": TEASER, "en": "A new way"}, True)
    foreign = factories.technology(visibility="blind", teaser={"zh": TEASER}, application_number="95115608.X")
    run = factories.import_run(house, state="reading")
    batch = TechnologyBatch(SYSTEM, run)
    batch.look_up([{"application_number": "95115608.X", "title": {"zh": "别的"}}])
    assert not batch.elsewhere and foreign.id
