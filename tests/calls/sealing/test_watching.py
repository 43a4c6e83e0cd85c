"""The daily look at keys: what it finds, and that the operators hear of it once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.access import SYSTEM
from marketplace.alerts.delivery import close_address
from marketplace.alerts.models import Mail
from marketplace.calls.sealing import operations, watching
from marketplace.db import now
from marketplace.db import session as db_session
from marketplace.errors import NotAllowed
from marketplace.record import Event
from tests.calls.proposals.cast import cast
from tests.calls.proposals.test_keys import held, site  # noqa: F401 - `site` is a fixture
from tests.inspection import work


def look() -> None:
    """The day's look, in the test's transaction."""
    for _ in watching.look_at_keys():
        db_session.flush()
    work()


def happened() -> list[str]:
    return [event.name for event in db_session.scalars(select(Event).where(Event.name.in_(("open_call.key_trouble", "open_call.key_well"))).order_by(Event.id))]


def told(who) -> list[str]:
    return [mail.subject for mail in db_session.scalars(select(Mail).where(Mail.person_id == who.id, Mail.template == "proposal").order_by(Mail.id))]


def test_a_key_that_does_not_open_is_told_once_and_again_when_it_came_back(client, site, tmp_path) -> None:  # noqa: F811
    world = cast()
    look()
    assert happened() == [] and watching.trouble_of(operations.key_of(world.call)) is None
    site(sealing_key=tmp_path / "another.key")
    look()
    look()
    assert happened() == ["open_call.key_trouble"] and len(told(world.operator)) == 1 and told(world.owner) == []
    client.login(world.operator)
    desk = client.get("/en/desk").get_data(as_text=True)
    assert "No sealing key here opens this call" in desk and world.call.public_id in desk
    client.login(world.owner)
    assert "No sealing key" not in client.get("/en/desk").get_data(as_text=True)
    site(sealing_key=tmp_path / "site.key")
    look()
    assert happened()[-1] == "open_call.key_well" and len(told(world.operator)) == 1
    site(sealing_key=tmp_path / "another.key")
    look()
    assert len(told(world.operator)) == 2


def test_a_loss_that_was_told_at_the_opening_is_not_told_again(site, tmp_path) -> None:  # noqa: F811
    world = cast(now() - timedelta(minutes=30))
    world.call.state = "closed"
    site(sealing_key=tmp_path / "another.key")
    operations.lose(SYSTEM, operations.key_of(world.call))
    look()
    assert happened() == [] and operations.key_of(world.call).trouble == "shut" and len(told(world.operator)) == 1


@pytest.mark.parametrize(("hours", "closed", "found"), [(100, 2, None), (71, 1, None), (71, 2, "holders"), (-1, 2, "holders"), (-25, 0, "shares")])
def test_holders_who_cannot_be_reached_are_missed_near_the_deadline(site, hours: int, closed: int, found: str | None) -> None:  # noqa: F811
    world, _secrets = held(2, 3)
    deadline = world.call.deadline
    for number in range(closed):
        close_address(f"notary{number}@example.com", "5.1.1", now())
    assert watching.trouble_of(operations.key_of(world.call), deadline - timedelta(hours=hours)) == found


def test_a_mail_that_came_back_counts_until_one_goes_through(site) -> None:  # noqa: F811
    world, _secrets = held(1, 1)
    key = operations.key_of(world.call)
    work()
    letter = db_session.scalars(select(Mail).where(Mail.address == "notary0@example.com").order_by(Mail.id.desc())).first()
    letter.state = "refused"
    db_session.flush()
    assert watching.trouble_of(key) == "holders"
    letter.state = "sent"
    db_session.flush()
    assert watching.trouble_of(key) is None


def test_holders_are_told_of_by_mail_and_people_do_not_look(site) -> None:  # noqa: F811
    world, _secrets = held(2, 2)
    close_address("notary0@example.com", "5.1.1", now())
    db_session.flush()
    look()
    assert operations.key_of(world.call).trouble == "holders" and len(told(world.operator)) == 1
    with pytest.raises(NotAllowed):
        watching.troubled(world.owner)
    assert [key.call_id for key in watching.troubled(world.operator)] == [world.call.id]


def test_the_key_that_signs_is_entered_without_an_exchange(site) -> None:  # noqa: F811
    operations.site_keys()
    look()
    assert [row.public for row in operations.receipt_keys()] == [operations.site_key().public]
