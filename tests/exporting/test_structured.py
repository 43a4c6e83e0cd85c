"""schema.org on public pages: an offer or a demand with what the page says, harmless whatever was typed, and on no other page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bs4 import BeautifulSoup

from tests import factories as make
from tests.exporting.conftest import NASTY

TRIAL = {"currency": "CNY", "trial": {"months": 6}, "conversion": {"price": "200000.00"}}


def scripts(client: Any, address: str) -> list[dict[str, Any]]:
    answer = client.get(address)
    assert answer.status_code == 200 and "script-src 'self';" in answer.headers["Content-Security-Policy"]
    page = BeautifulSoup(answer.get_data(as_text=True), "lxml")
    return [json.loads(script.string) for script in page.find_all("script", type="application/ld+json")]


@pytest.mark.parametrize(("lang", "tag"), [("zh", "zh-Hans"), ("en", "en")])
def test_a_technology_is_an_offer(client: Any, session: Any, lang: str, tag: str) -> None:
    holder = make.organisation(kind="institute", ror="03yrm5c26", website="https://institute.example")
    technology = make.technology(holder, publication_number="CN107345678B", application_number="201710601862.3", inventors=["张伟"],
                                 offer={"mode": "licence", "territory": "CN", "terms": TRIAL})
    [offer] = scripts(client, f"/{lang}/technologies/{technology.public_id}")
    address = f"http://127.0.0.1:5000/{lang}/technologies/{technology.public_id}"
    assert (offer["@context"], offer["@type"], offer["url"]) == ("https://schema.org", "Offer", address)
    item, seller = offer["itemOffered"], offer["seller"]
    assert "CreativeWork" in item["@type"] and item["name"] == technology.title[lang] and item["inLanguage"] == tag
    assert item["description"] == technology.abstract[lang] and item["creator"] == [{"@type": "Person", "name": "张伟"}]
    assert [(one["@type"], one["value"]) for one in item["identifier"]] == [("PropertyValue", "201710601862.3"), ("PropertyValue", "CN107345678B")]
    assert (seller["@type"], seller["name"], seller["sameAs"]) == ("Organization", holder.name[lang], "https://institute.example")
    assert offer["areaServed"]["identifier"] == "CN" and offer["availability"] == "https://schema.org/InStock"
    price = offer["priceSpecification"]
    assert (price["price"], price["priceCurrency"]) == ("0.00", "CNY")
    assert price["name"] == {"zh": "入门费", "en": "Entry fee"}[lang], "nothing at signing is not a price of nothing"
    assert {"zh": "20 万元", "en": "¥200,000"}[lang] in price["description"] == offer["description"]


def test_without_terms_no_price_is_said(client: Any, session: Any) -> None:
    for values in ({"offer": {"mode": "joint_development"}}, {}):
        [offer] = scripts(client, f"/en/technologies/{make.technology(**values).public_id}")
        assert offer["@type"] == "Offer" and "priceSpecification" not in offer and "price" not in offer


def test_a_known_entry_fee_is_said(client: Any, session: Any) -> None:
    technology = make.technology(offer={"mode": "assignment", "terms": {"currency": "CNY", "entry_fee": "300000.50"}})
    [offer] = scripts(client, f"/en/technologies/{technology.public_id}")
    assert offer["priceSpecification"]["price"] == "300000.50" and offer["businessFunction"].endswith("#Sell")


def test_a_negative_result_is_no_offer(client: Any, session: Any) -> None:
    [found] = scripts(client, f"/en/technologies/{make.technology(kind='negative_result').public_id}")
    assert found["@type"] == "CreativeWork" and "Offer" not in json.dumps(found)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_need_is_a_demand(client: Any, session: Any, lang: str) -> None:
    need = make.need(budget_min=10_000_000, budget_max=50_000_000, currency="CNY")
    [found] = scripts(client, f"/{lang}/needs/{need.public_id}")
    demand, firm, page = found["@graph"]
    assert demand["@type"] == "Demand" and demand["name"] == need.title[lang] and demand["description"] == need.problem[lang]
    assert (demand["priceSpecification"]["minPrice"], demand["priceSpecification"]["maxPrice"]) == ("100000.00", "500000.00")
    assert firm["@type"] == "Organization" and firm["seeks"] == page["mainEntity"] == {"@id": demand["@id"]}
    assert demand["availabilityEnds"] == "2027-06-30"


@pytest.mark.parametrize("values", [{"visibility": "members"}, {"state": "draft"}, {"state": "withdrawn"}])
@pytest.mark.parametrize("kind", ["technologies", "needs"])
def test_pages_that_are_not_public_carry_none(client: Any, session: Any, values: dict[str, str], kind: str) -> None:
    owner = make.person()
    listing = (make.technology if kind == "technologies" else make.need)(make.organisation(owner), **values)
    for reader in (owner, make.operator()):
        client.login(reader)
        assert scripts(client, f"/en/{kind}/{listing.public_id}") == []


def test_what_was_typed_cannot_end_the_script(client: Any, session: Any) -> None:
    technology = make.technology(title={"en": f"Laser {NASTY}"}, abstract={"en": "<!--<script>"}, inventors=["</script>"])
    need = make.need(title={"en": f"Burr {NASTY}"})
    [offer] = scripts(client, f"/en/technologies/{technology.public_id}")
    assert "</script><script>alert(1)" in offer["name"] and offer["itemOffered"]["creator"][0]["name"] == "</script>"
    [found] = scripts(client, f"/en/needs/{need.public_id}")
    assert "</script>" in found["@graph"][0]["name"]
    for address in (f"/en/technologies/{technology.public_id}", f"/en/needs/{need.public_id}"):
        assert "<script>alert" not in client.get(address).get_data(as_text=True)
