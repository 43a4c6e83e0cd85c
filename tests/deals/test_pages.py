"""The pages of deals: from a match to the signed agreement, by the buttons that each actor sees."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.alerts.models import Mail
from marketplace.db import now, session
from marketplace.deals.fees.models import FeeDue
from marketplace.deals.models import Deal
from marketplace.licensing import ledger
from marketplace.licensing.models import Agreement
from marketplace.matching.desk.brokers import own_answer
from tests import factories
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")
FEE = {"kind": "percent", "rate": "5", "of": "received", "currency": "CNY", "payer": "both", "firm_share": "40", "moment": "each_payment",
       "due_days": "30", "cap": "20万", "amount": ""}


@pytest.fixture(params=["zh", "en"])
def lang(request):
    return request.param


def pair():
    firm, holder = factories.organisation(factories.person()), factories.organisation(factories.person(), kind="institute")
    return factories.match(factories.need(firm), factories.technology(holder))


def owner(house):
    return house.memberships[0].person


def test_from_a_match_to_the_signed_agreement_by_buttons(client, lang):
    broker, match = factories.broker(), pair()
    firm, holder = match.need.organisation, match.technology.organisation
    client.login(broker)
    assert f"/matches/{match.public_id}/deal" in client.get(f"/{lang}/matches/{match.public_id}").get_data(as_text=True)
    answer = client.post(f"/{lang}/matches/{match.public_id}/deal")
    assert answer.status_code == 303
    deal = session.scalars(select(Deal)).one()
    address = f"/{lang}/deals/{deal.public_id}"
    assert client.get(address).status_code == 200 and own_answer(broker, match) == "introduced"
    page = client.get(f"/{lang}/matches/{match.public_id}").get_data(as_text=True)
    assert f'href="{address}"' in page and f"/matches/{match.public_id}/deal" not in page
    assert client.post(f"{address}/step", data={"verb": "qualify"}).status_code == 303
    session.refresh(match.need)
    assert match.need.state == "in_deal"
    assert client.post(f"{address}/step", data={"verb": "introduce"}).status_code == 422
    assert client.get(f"{address}/fee").status_code == 200
    assert client.post(f"{address}/fee", data={**FEE, "rate": "five"}).status_code == 422
    assert client.post(f"{address}/fee", data=FEE).status_code == 303
    assert client.post(f"{address}/introduction/ask").status_code == 303
    work()
    assert {mail.person_id for mail in session.scalars(select(Mail).where(Mail.template == "deal"))} == {owner(firm).id, owner(holder).id}
    for side, house in (("firm", firm), ("holder", holder)):
        client.login(owner(house))
        page = client.get(f"{address}/introduction").get_data(as_text=True)
        assert "40" in page and "200,000" in page.replace("20万", "200,000").replace("¥200,000", "200,000")
        client.post(f"{address}/introduction", data={"side": side, "revision": "1", "agreed": "yes", "code": ""})
        assert client.get(address).status_code == 200
    client.login(broker)
    assert client.post(f"{address}/step", data={"verb": "introduce"}).status_code == 303
    assert client.post(f"{address}/step", data={"verb": "evaluate", "from": "board"}).status_code == 303
    for place in ("", "/board"):
        assert client.get(f"/{lang}/deals{place}").status_code == 200
    client.login(owner(firm))
    answer = client.post(f"{address}/agreement")
    assert answer.status_code == 303
    session.refresh(deal)
    agreement = deal.agreement
    assert agreement.licensee_id == firm.id and agreement.versions[0].clauses["broker_fee"]["rate"] == "0.05"
    assert client.post(f"/{lang}/agreements/{agreement.public_id}/propose").status_code == 303
    work()
    assert session.get_one(Deal, deal.id).state == "negotiating"
    page = client.get(address).get_data(as_text=True)
    assert owner(holder).address in page and "timeline" in page


def test_a_deal_follows_its_agreement_to_the_fee(client, lang):
    made = factories.agreement()
    match = factories.match(factories.need(made.licensee), made.technology)
    deal = factories.deal(match, stage="evaluation", agreement=made)
    client.login(deal.broker)
    address = f"/{lang}/deals/{deal.public_id}"
    client.post(f"{address}/fee", data=FEE)
    for side, house in (("firm", made.licensee), ("holder", made.licensor)):
        client.login(owner(house))
        assert client.post(f"{address}/introduction", data={"side": side, "revision": "1", "agreed": "yes", "code": ""}).status_code == 303
    ledger.enter(owner(made.licensor), made, "payment", now().date() - timedelta(days=1), "one", amount="1000")
    work()
    deal = session.get_one(Deal, deal.id)
    assert deal.state == "performing"
    dues = list(session.scalars(select(FeeDue).order_by(FeeDue.payer)))
    assert [(due.payer, due.amount) for due in dues] == [("firm", 2000), ("holder", 3000)]
    client.login(deal.broker)
    assert client.get(address).status_code == 200
    assert client.post(f"{address}/fee/{dues[0].key}/received", data={"day": now().date().isoformat()}).status_code == 303
    page = client.get(f"{address}?kind=fee").get_data(as_text=True)
    assert client.post(f"{address}/fee/{dues[0].key}/taken-back").status_code == 303 and page
    assert client.post(f"{address}/step", data={"verb": "win"}).status_code == 303
    assert session.get_one(Agreement, made.id).state == "countersigned"


def test_a_firm_asks_for_an_introduction_and_a_broker_takes_it(client, lang):
    firm, technology = factories.organisation(factories.person()), factories.technology()
    need = factories.need(firm)
    client.login(owner(firm))
    assert "introduction" in client.get(f"/{lang}/technologies/{technology.public_id}").get_data(as_text=True)
    address = f"/{lang}/technologies/{technology.public_id}/introduction"
    assert client.get(address).status_code == 200
    asked = {"organisation": firm.public_id, "own": need.public_id, "message": "我们急需"}
    assert client.post(address, data=asked).status_code == 303
    assert client.post(address, data=asked).status_code == 422
    deal = session.scalars(select(Deal)).one()
    assert deal.broker_id is None and deal.need_id == need.id
    broker = factories.broker()
    client.login(broker)
    assert client.get(f"/{lang}/deals/{deal.public_id}").status_code == 404
    assert "我们急需" in client.get(f"/{lang}/deals/leads").get_data(as_text=True)
    assert client.post(f"/{lang}/deals/leads/{deal.public_id}/take").status_code == 303
    client.login(factories.broker())
    answer = client.post(f"/{lang}/deals/leads/{deal.public_id}/take")
    assert answer.status_code == 422 and client.get(f"/{lang}/deals/leads").status_code == 200


def test_losing_needs_a_reason_and_everybody_reads_it(client, lang):
    deal = factories.deal(stage="evaluation")
    client.login(deal.broker)
    address = f"/{lang}/deals/{deal.public_id}"
    assert client.get(f"{address}/lose").status_code == 200
    assert client.post(f"{address}/lose", data={"code": "", "text": ""}).status_code == 422
    assert client.post(f"{address}/lose", data={"code": "other", "text": ""}).status_code == 422
    assert client.post(f"{address}/lose", data={"code": "other", "text": "资金没有到位"}).status_code == 303
    work()
    for party in session.get_one(Deal, deal.id).parties:
        client.login(party.person)
        assert "资金没有到位" in client.get(address).get_data(as_text=True)
    assert session.query(Mail).filter_by(template="deal").count() == 2


def test_people_of_a_deal_by_their_pages(client, lang):
    deal = factories.deal(stage="introduced")
    helper = factories.person()
    client.login(owner(deal.firm))
    address = f"/{lang}/deals/{deal.public_id}"
    assert client.get(f"{address}/parties/invite").status_code == 200
    assert client.post(f"{address}/parties/invite", data={"address": "nobody", "side": "firm"}).status_code == 422
    assert client.post(f"{address}/parties/invite", data={"address": helper.address, "side": "holder"}).status_code == 422
    assert client.post(f"{address}/parties/invite", data={"address": helper.address, "side": "firm", "duty": "工艺"}).status_code == 303
    work()
    mail = session.scalars(select(Mail).where(Mail.template == "party_invited")).one()
    link = next(line for line in mail.body.splitlines() if "/deals/invitations/" in line)
    path = "/" + lang + "/deals" + link.partition("/deals")[2]
    client.logout()
    assert client.get(path).status_code == 200
    client.login(factories.person())
    assert client.get(path).status_code == 200 and client.post(path).status_code == 422
    client.login(helper)
    assert client.get(path).status_code == 200 and client.post(path).status_code == 303
    assert client.get(address).status_code == 200 and client.get(path).status_code == 303
    assert client.post(f"{address}/parties/me", data={"duty": "工艺", "phone": "+86 571 8888"}).status_code == 303
    client.login(deal.broker)
    assert client.get(path).status_code == 422
    party = next(one for one in session.get_one(Deal, deal.id).parties if one.person_id == helper.id)
    remove = f"{address}/parties/{party.public_id}/remove"
    assert "+86 571 8888" in client.get(address).get_data(as_text=True) and client.get(remove).status_code == 200
    assert client.post(remove, data={"reason": ""}).status_code == 422
    assert client.post(remove, data={"reason": "换人"}).status_code == 303
    client.login(helper)
    for gone in (address, path, f"{address}/introduction", f"{address}/fee", f"{address}/parties/invite"):
        assert client.get(gone).status_code == 404, gone
