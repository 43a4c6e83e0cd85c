"""Who takes part in a deal: invitations and what becomes of them, owners, removal, and the broker's successor."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.alerts.models import Mail
from marketplace.db import now, session
from marketplace.deals.models import Party
from marketplace.deals.operations import by_public_id
from marketplace.deals.parties import operations
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.people.organisations import remove_member
from tests import factories
from tests.factories import NOW
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")


def owner(house):
    return house.memberships[0].person


def test_an_invitation_says_what_has_become_of_it():
    deal, invited = factories.deal(stage="introduced"), factories.person(confirmed=None)
    party = operations.invite(owner(deal.firm), deal, "firm", invited.address.upper(), "工艺", at=NOW)
    token = operations.token_of(party)
    with pytest.raises(Refused, match="invited already"):
        operations.invite(deal.broker, deal, "firm", invited.address, at=NOW)
    with pytest.raises(Refused, match="another address"):
        operations.accept(factories.person(), token, NOW)
    with pytest.raises(Refused, match="expired"):
        operations.accept(invited, token, NOW + timedelta(days=14))
    operations.accept(invited, token, NOW)
    assert party.state == "active" and invited.confirmed and by_public_id(invited, deal.public_id) is deal
    for again in (factories.person(), owner(deal.holder)):
        with pytest.raises(Refused, match="used already"):
            operations.accept(again, token, NOW)
    with pytest.raises(Refused, match="already"):
        operations.accept(invited, token, NOW)
    operations.remove(deal.broker, party, "换人", NOW)
    with pytest.raises(NotFound):
        operations.accept(invited, token, NOW)
    with pytest.raises(NotFound):
        by_public_id(invited, deal.public_id)


def test_an_invitation_is_taken_back_declined_or_run_out():
    deal, invited = factories.deal(stage="introduced"), factories.person()
    party = operations.invite(deal.broker, deal, "holder", invited.address, at=NOW)
    operations.remove(owner(deal.holder), party, at=NOW)
    with pytest.raises(Refused, match="taken back"):
        operations.accept(invited, operations.token_of(party), NOW)
    second = operations.invite(deal.broker, deal, "holder", invited.address, at=NOW)
    operations.decline(invited, operations.token_of(second), NOW)
    with pytest.raises(Refused, match="declined"):
        operations.accept(invited, operations.token_of(second), NOW)
    third = operations.invite(deal.broker, deal, "guest", invited.address, at=NOW)
    fourth = operations.invite(deal.broker, deal, "guest", invited.address, at=NOW + timedelta(days=15))
    assert third.state == "removed" and fourth.state == "invited"


def test_who_may_invite_for_which_side():
    deal = factories.deal()
    assert operations.may_invite(owner(deal.firm), deal) == ["firm"] and operations.may_invite(deal.broker, deal) == ["firm", "holder"]
    with pytest.raises(Refused, match="for this side"):
        operations.invite(owner(deal.firm), deal, "holder", "x@example.com", at=NOW)
    known = factories.deal(stage="introduced")
    assert operations.may_invite(owner(known.firm), known) == ["firm", "guest"]
    with pytest.raises(NotAllowed):
        operations.invite(factories.broker(), deal, "firm", "x@example.com", at=NOW)
    assert operations.may_invite(deal.broker, factories.deal(leading=deal.broker, stage="lost")) == []


def test_the_broker_stays_and_so_does_the_last_of_a_side():
    deal = factories.deal(stage="evaluation")
    broker, firm, _holder = deal.parties
    with pytest.raises(Refused, match="handed over"):
        operations.remove(deal.broker, broker, "weg", NOW)
    with pytest.raises(Refused, match="Nobody else takes part"):
        operations.remove(deal.broker, firm, "weg", NOW)
    with pytest.raises(NotAllowed):
        operations.remove(owner(deal.holder), firm, "weg", NOW)
    other = factories.person()
    factories.membership(other, deal.firm, "owner")
    operations.join(other, deal, NOW)
    session.expire(deal, ["parties"])
    with pytest.raises(Refused, match="Say why"):
        operations.remove(deal.broker, firm, "", NOW)
    operations.remove(firm.person, firm, "", NOW)
    assert firm.state == "removed"
    with pytest.raises(NotAllowed):
        operations.join(factories.person(), deal, NOW)


def test_whoever_leaves_an_organisation_leaves_its_deals():
    deal, member = factories.deal(stage="introduced"), factories.person()
    seat = factories.membership(member, deal.firm)
    party = operations.invite(deal.broker, deal, "firm", member.address, at=now())
    operations.accept(member, operations.token_of(party))
    remove_member(owner(deal.firm), seat)
    work()
    assert session.get_one(Party, party.id).state == "removed"
    with pytest.raises(NotFound):
        by_public_id(member, deal.public_id)
    mail = session.scalars(select(Mail).where(Mail.template == "party_removed", Mail.person_id == member.id)).one()
    assert deal.public_id not in mail.body


def test_a_deal_is_handed_over_within_the_agency():
    agency, leading, successor = factories.organisation(kind="agency"), factories.broker(), factories.broker()
    for one in (leading, successor):
        factories.membership(one, agency)
    deal = factories.deal(leading=leading, agency=agency)
    with pytest.raises(Refused, match="same agency"):
        operations.offer(leading, deal, factories.broker(), NOW)
    party = operations.offer(leading, deal, successor, NOW)
    with pytest.raises(NotFound):
        by_public_id(successor, deal.public_id)
    operations.accept(successor, operations.token_of(party), NOW)
    assert deal.broker is successor and by_public_id(successor, deal.public_id) is deal
    with pytest.raises(NotFound):
        by_public_id(leading, deal.public_id)


def test_the_owner_of_the_agency_gives_a_deal_away_when_its_broker_has_left():
    boss, leading, successor = factories.person(), factories.broker(), factories.broker()
    agency = factories.organisation(boss, kind="agency")
    seat = factories.membership(leading, agency)
    factories.membership(successor, agency)
    deal = factories.deal(leading=leading, agency=agency)
    with pytest.raises(Refused, match="still there"):
        operations.reassign(boss, deal, successor, NOW)
    assert operations.left_behind(boss) == []
    remove_member(boss, seat)
    assert operations.left_behind(boss) == [deal]
    with pytest.raises(NotFound):
        by_public_id(boss, deal.public_id)
    with pytest.raises(NotAllowed):
        operations.reassign(factories.person(), deal, successor, NOW)
    operations.reassign(boss, deal, successor, NOW)
    assert deal.broker is successor


def test_the_pages_of_handing_over(client):
    boss, leading, successor = factories.person(), factories.broker(), factories.broker()
    agency = factories.organisation(boss, kind="agency")
    seat = factories.membership(leading, agency)
    factories.membership(successor, agency)
    deal = factories.deal(leading=leading, agency=agency)
    client.login(leading)
    address = f"/zh/deals/{deal.public_id}/parties"
    assert successor.name in client.get(f"{address}/successor").get_data(as_text=True)
    assert client.post(f"{address}/successor", data={"successor": successor.public_id}).status_code == 303
    client.login(boss)
    assert client.post(f"{address}/reassign", data={"successor": successor.public_id}).status_code == 422
    session.delete(session.merge(seat))
    session.commit()
    assert leading.name in client.get("/zh/deals").get_data(as_text=True)
    assert client.get(f"/zh/deals/{deal.public_id}").status_code == 404
    client.login(factories.broker())
    assert client.post(f"{address}/reassign", data={"successor": successor.public_id}).status_code == 404
