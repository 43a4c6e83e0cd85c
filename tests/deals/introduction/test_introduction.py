"""The introduction: who answers for which side, under which fee, and what each side learns before and after."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from marketplace.alerts.models import Mail
from marketplace.db import session
from marketplace.deals import operations as deals
from marketplace.deals.consents import agreed_by_both, fee_in_force, fee_on_table
from marketplace.deals.fees.operations import Wanted, set_fee
from marketplace.deals.introduction import operations
from marketplace.errors import NotAllowed, Refused
from tests import factories
from tests.factories import NOW
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")
FIVE = Wanted("percent", of="received", rate=50_000, payer="holder", moment="each_payment")


def owner(house):
    return house.memberships[0].person


def blind_deal():
    """A deal about a technology that is blind, whose sides have not been introduced; each side has its owner in it."""
    holder = factories.organisation(factories.person(name="王工程师", address="holder@secret.example"), kind="institute",
                                   name={"zh": "机密研究院", "en": "Secret Institute"})
    technology = factories.technology(
        holder, visibility="blind", teaser={"zh": "某种去毛刺装置", "en": "Some deburring device"}, title={"zh": "磁粒研磨机密题目", "en": "Classified title"},
        abstract={"zh": "机密摘要全文", "en": "Classified abstract"}, application_number="201710601862.3",
    )
    return factories.deal(factories.match(factories.need(factories.organisation(factories.person(name="李采购", address="firm@buyer.example"))), technology))


SECRETS = ("王工程师", "holder@secret.example", "机密研究院", "Secret Institute", "磁粒研磨", "Classified", "机密摘要", "201710601862")


def test_a_changed_fee_takes_the_agreement_of_both_sides_back():
    deal = factories.deal()
    set_fee(deal.broker, deal, FIVE, NOW)
    for side, house in (("firm", deal.firm), ("holder", deal.holder)):
        operations.answer(owner(house), deal, side, True, 1, at=NOW)
    assert agreed_by_both(fee_on_table(deal)) and fee_in_force(deal).revision == 1
    set_fee(deal.broker, deal, Wanted("fixed", amount=100, payer="holder", moment="signing"), NOW)
    assert not agreed_by_both(fee_on_table(deal)) and fee_in_force(deal).revision == 1
    with pytest.raises(Refused, match="Both sides"):
        deals.step(deal.broker, deal, "introduce", NOW)
    with pytest.raises(Refused, match="changed in the meantime"):
        operations.answer(owner(deal.firm), deal, "firm", True, 1, at=NOW)
    operations.answer(owner(deal.firm), deal, "firm", False, 2, "price", at=NOW)
    operations.answer(owner(deal.holder), deal, "holder", True, 2, at=NOW)
    assert fee_in_force(deal).revision == 1
    operations.answer(owner(deal.firm), deal, "firm", True, 2, at=NOW)
    assert fee_in_force(deal).revision == 2


def test_after_the_introduction_the_fee_stays_until_both_agree_and_a_waiver_counts_at_once():
    deal = factories.deal(stage="evaluation")
    set_fee(deal.broker, deal, FIVE, NOW)
    for side, house in (("firm", deal.firm), ("holder", deal.holder)):
        operations.answer(owner(house), deal, side, True, 1, at=NOW)
    set_fee(deal.broker, deal, Wanted("percent", of="received", rate=90_000, payer="firm", moment="each_payment"), NOW)
    assert fee_in_force(deal).revision == 1
    set_fee(deal.broker, deal, Wanted("none"), NOW)
    assert fee_in_force(deal).kind == "none"


def test_who_answers_for_whom_and_how():
    deal = factories.deal()
    with pytest.raises(Refused, match="nothing to agree"):
        operations.answer(owner(deal.firm), deal, "firm", True, 1, at=NOW)
    with pytest.raises(Refused, match="Say first"):
        operations.ask_consents(deal.broker, deal, NOW)
    set_fee(deal.broker, deal, FIVE, NOW)
    for wrong in (owner(deal.holder), deal.broker, factories.person()):
        with pytest.raises(NotAllowed):
            operations.answer(wrong, deal, "firm", True, 1, at=NOW)
    for code, text in (("", ""), ("other", ""), ("nonsense", "")):
        with pytest.raises(Refused):
            operations.answer(owner(deal.firm), deal, "firm", False, 1, code, text, NOW)
    newcomer = factories.person()
    factories.membership(newcomer, deal.firm, "owner")
    operations.answer(newcomer, deal, "firm", True, 1, at=NOW)
    session.expire(deal, ["parties"])
    assert newcomer.id in deal.people["firm"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_before_the_introduction_nobody_learns_who_is_behind_a_blind_listing(client, lang):
    deal = blind_deal()
    address = f"/{lang}/deals/{deal.public_id}"
    set_fee(deal.broker, deal, FIVE, NOW)
    operations.ask_consents(deal.broker, deal, NOW)
    operations.answer(owner(deal.holder), deal, "holder", True, 1, text="我们同意", at=NOW)
    work()
    for reader in (owner(deal.firm), deal.broker):
        client.login(reader)
        for path in (address, f"{address}/introduction", f"{address}?kind=people", f"/{lang}/deals", f"/{lang}/deals/board",
                     f"/{lang}/deals?q=磁粒", f"/{lang}/deals?q=机密"):
            page = client.get(path).get_data(as_text=True)
            shown = [secret for secret in SECRETS if secret in page.replace('value="磁粒"', "").replace('value="机密"', "")]
            assert not shown, (reader.name, path, shown)
        if reader is not deal.broker:
            assert client.get(f"{address}/lose").status_code == 200
        mails = session.scalars(select(Mail).where(Mail.person_id == reader.id))
        assert not [mail for mail in mails if any(secret in mail.body + mail.subject for secret in SECRETS)]
    client.login(owner(deal.holder))
    page = client.get(address).get_data(as_text=True)
    assert ("磁粒研磨" if lang == "zh" else "Classified") in page and "李采购" not in page and "firm@buyer.example" not in page


def test_after_the_introduction_both_are_named_and_reached_but_the_text_stays_blind(client):
    deal = blind_deal()
    set_fee(deal.broker, deal, FIVE, NOW)
    for side, house in (("firm", deal.firm), ("holder", deal.holder)):
        operations.answer(owner(house), deal, side, True, 1, at=NOW)
    deals.step(deal.broker, deal, "introduce", NOW)
    client.login(owner(deal.firm))
    page = client.get(f"/zh/deals/{deal.public_id}").get_data(as_text=True)
    assert "机密研究院" in page and "holder@secret.example" in page and "王工程师" in page
    assert not [secret for secret in ("磁粒研磨", "机密摘要", "201710601862") if secret in page]


def test_a_question_is_mailed_to_both_sides_and_the_answer_to_the_broker():
    deal = factories.deal()
    set_fee(deal.broker, deal, FIVE, NOW)
    operations.ask_consents(deal.broker, deal, NOW)
    operations.answer(owner(deal.firm), deal, "firm", False, 1, "timing", at=NOW)
    work()
    mails = list(session.scalars(select(Mail).where(Mail.template == "deal").order_by(Mail.id)))
    assert {mail.person_id for mail in mails if "/introduction" in mail.body} == {owner(deal.firm).id, owner(deal.holder).id}
    assert [mail.person_id for mail in mails if "时机" in mail.body] == [deal.broker_id]
