"""Keys: with the site, with people outside, offline; what happens when they are lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.access import SYSTEM, VISITOR
from marketplace.alerts.models import Mail
from marketplace.alerts.proposals import shares_wanted
from marketplace.calls.proposals import opening
from marketplace.calls.proposals.models import Proposal
from marketplace.calls.sealing import keys, operations
from marketplace.calls.sealing.models import CallKey, KeyHolder
from marketplace.calls.sealing.sealing import new_pair, unbox
from marketplace.db import now
from marketplace.db import session as db_session
from marketplace.errors import NotAllowed, Refused
from tests.calls.proposals.cast import Cast, cast, handed_in
from tests.inspection import work

OFFLINE = new_pair()


@pytest.fixture
def site(session, tmp_path, monkeypatch):
    """Change the settings of keys for this test: `site(sealing_key=…)`."""
    def change(**values):
        monkeypatch.setattr(operations, "_settings", [replace(operations.settings(), **values)])
    change(sealing_key=tmp_path / "site.key")
    return change


def waiting(**values) -> Cast:
    """A closed call with one proposal whose time has come."""
    world = cast(now() - timedelta(minutes=20), **values)
    handed_in(world.solver, world.institute, world.call)
    world.call.state = "closed"
    db_session.flush()
    return world


def opened(world: Cast) -> str:
    opening.await_opening(world.call.id)
    work()
    return db_session.query(Proposal).one().state


def told(text: str) -> set[str]:
    return {mail.address for mail in db_session.scalars(select(Mail)) if text in mail.body}


def test_a_key_is_made_once_and_is_useless_without_the_file(site, tmp_path) -> None:
    world = cast()
    key = operations.key_of(world.call)
    assert operations.make_key(SYSTEM, world.call) is key and len(operations.secret_of(key)) == 32
    site(sealing_key=tmp_path / "other.key")
    with pytest.raises(operations.Shut):
        operations.secret_of(key)
    with pytest.raises(NotAllowed):
        operations.make_key(world.owner, world.call)


def test_the_key_lost_and_no_other_everybody_is_told_once(client, site, tmp_path) -> None:
    world = waiting()
    site(sealing_key=tmp_path / "another.key")
    assert opened(world) == "sealed"
    assert opened(world) == "sealed"
    assert {world.solver.address, world.owner.address, world.operator.address} <= {mail.address for mail in db_session.scalars(select(Mail))}
    client.login(world.owner)
    page = client.get(f"/en/open-calls/{world.call.public_id}/proposals").get_data(as_text=True)
    assert "cannot be opened" in page and "Put the call out again" in page
    client.login(world.solver)
    proposal = db_session.query(Proposal).one()
    assert "cannot be opened" in client.get(f"/en/proposals/{proposal.public_id}").get_data(as_text=True)
    assert client.get(f"/en/proposals/{proposal.public_id}/receipts/{proposal.versions[0].public_id}").status_code == 200
    assert db_session.query(Mail).filter(Mail.person_id == world.solver.id, Mail.template == "proposal").count() <= 2


def test_the_file_brought_back_opens_the_call(site, tmp_path) -> None:
    world = waiting()
    site(sealing_key=tmp_path / "another.key")
    assert opened(world) == "sealed" and operations.key_of(world.call).lost
    site(sealing_key=tmp_path / "site.key")
    assert opened(world) == "opened" and operations.key_of(world.call).lost is None


def test_the_recovery_key_opens_when_the_sealing_key_is_lost(site, tmp_path) -> None:
    site(recovery_key=keys.written(keys.PUBLIC, OFFLINE[1]))
    world = waiting()
    site(sealing_key=tmp_path / "another.key")
    assert opened(world) == "sealed"
    key = operations.key_of(world.call)
    text = operations.with_recovery_key(key, OFFLINE[0])
    for wrong in (keys.written(keys.SECRET, new_pair()[0]), "nonsense"):
        with pytest.raises(Refused):
            operations.recover(SYSTEM, world.call, wrong)
    with pytest.raises(NotAllowed):
        operations.recover(world.operator, world.call, text)
    operations.recover(SYSTEM, world.call, text)
    assert opened(world) == "opened"
    with pytest.raises(Refused):
        operations.with_recovery_key(key, new_pair()[0])


def test_recovery_is_for_after_the_deadline_and_never_for_key_holders(site) -> None:
    site(recovery_key=keys.written(keys.PUBLIC, OFFLINE[1]))
    world = cast()
    with pytest.raises(Refused):
        operations.recover(SYSTEM, world.call, operations.with_recovery_key(operations.key_of(world.call), OFFLINE[0]))
    other, _holders = held(2, 3)
    assert operations.key_of(other.call).recovery is None
    with pytest.raises(Refused):
        operations.recover(SYSTEM, other.call, "anything", now() + timedelta(days=9))


def held(needed: int, people: int) -> tuple[Cast, list[bytes]]:
    """A call whose key is divided among people; their secret keys."""
    world = cast(now() - timedelta(minutes=20), state="draft")
    pairs = [new_pair() for _ in range(people)]
    named = [operations.Named(f"公证人{n}", f"notary{n}@example.com", keys.written(keys.PUBLIC, public)) for n, (_secret, public) in enumerate(pairs)]
    operations.name_holders(world.owner, world.call, named, needed)
    world.call.state = "published"
    operations.make_key(SYSTEM, world.call)
    handed_in(world.solver, world.institute, world.call)
    world.call.state = "closed"
    db_session.flush()
    return world, [secret for secret, _public in pairs]


def share(holder: KeyHolder, secret: bytes) -> str:
    """What the holder's own machine prints."""
    return keys.written(keys.SHARE, unbox(keys.taken(keys.SEALED, holder.sealed, None), secret))


def test_holders_open_together_and_the_site_alone_cannot(client, site) -> None:
    world, secrets = held(2, 3)
    key = db_session.query(CallKey).one()
    assert key.wrapped is None and key.needed == 2 and opened(world) == "sealed" and key.lost is None
    holders = operations.holders_of(world.call)
    address = f"/en/key-holders/{holders[2].public_id}"
    assert holders[2].sealed in client.get(address).get_data(as_text=True)
    assert client.post(address, data={"share": share(holders[0], secrets[0])}).status_code == 422
    assert client.post(address, data={"share": "techbridge-share:AAAA"}).status_code == 422
    assert client.post(address, data={"share": share(holders[2], secrets[2])}).status_code == 303
    work()
    assert db_session.query(Proposal).one().state == "sealed" and operations.lacking(world.call) == 1
    operations.bring_share(VISITOR, holders[0], share(holders[0], secrets[0]))
    work()
    assert db_session.query(Proposal).one().state == "opened"


def test_holders_bring_their_shares_again_when_the_sealing_key_was_lost(site, tmp_path) -> None:
    world, secrets = held(1, 2)
    holder = operations.holders_of(world.call)[0]
    operations.bring_share(VISITOR, holder, share(holder, secrets[0]))
    site(sealing_key=tmp_path / "another.key")
    assert operations.lacking(world.call) == 1 and opened(world) == "sealed" and operations.key_of(world.call).lost is None
    operations.bring_share(VISITOR, holder, share(holder, secrets[0]))
    assert opened(world) == "opened"


def test_a_share_before_the_deadline_is_refused(site) -> None:
    world, secrets = held(1, 1)
    world.call.deadline = now() + timedelta(hours=1)
    holder = operations.holders_of(world.call)[0]
    with pytest.raises(Refused):
        operations.bring_share(VISITOR, holder, share(holder, secrets[0]))
    assert operations.lacking(world.call) == 1


def test_holders_are_asked_by_mail_in_both_languages(site) -> None:
    world, _secrets = held(2, 3)
    work()
    shares_wanted(world.call.id)
    db_session.flush()
    wanted = [mail for mail in db_session.scalars(select(Mail)) if mail.template == "key_holder"]
    assert len([mail for mail in wanted if mail.address == "notary1@example.com"]) >= 2
    assert {mail.language for mail in wanted} == {"zh", "en"}


def test_a_call_whose_key_cannot_be_made_is_not_published(site, tmp_path) -> None:
    world = cast(state="draft")
    assert operations._lacks_key(world.call, now()) == []
    world.call.key_holders = 2
    assert operations._lacks_key(world.call, now())[0].field == "key_holders"
    world.call.key_holders = None
    (tmp_path / "bad.key").write_text("nonsense")
    site(sealing_key=tmp_path / "bad.key")
    assert operations._lacks_key(world.call, now())
    with pytest.raises(Refused):
        operations.make_key(SYSTEM, world.call)


def test_holders_are_named_on_the_page_of_a_draft(client, site) -> None:
    world = cast(state="draft")
    client.login(world.owner)
    address = f"/en/open-calls/{world.call.public_id}/key-holders"
    row = {"holders-0-name": "Notary", "holders-0-address": "notary@example.com", "needed": "1"}
    assert client.post(address, data={**row, "holders-0-public": "nonsense"}).status_code == 422
    assert client.post(address, data=row).status_code == 422
    good = keys.written(keys.PUBLIC, new_pair()[1])
    twice = {"holders-1-name": "Other", "holders-1-address": "o@example.com", "holders-1-public": good}
    assert client.post(address, data={**row, "holders-0-public": good, **twice}).status_code == 422
    assert client.post(address, data={**row, "holders-0-public": good, "needed": "2"}).status_code == 422
    assert client.post(address, data={**row, "holders-0-public": good}).status_code == 303
    assert world.call.key_holders == 1 and good in client.get(address).get_data(as_text=True)
    client.login(world.solver)
    assert client.get(address).status_code == 404
    world.call.state = "published"
    with pytest.raises(Refused):
        operations.name_holders(world.owner, world.call, [], 0)


def test_anybody_may_see_the_key_of_receipts(client, site) -> None:
    assert "Ed25519" in client.get("/zh/receipts/key").get_data(as_text=True)
