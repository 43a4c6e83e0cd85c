"""The way back for whoever has lost all second factors: asked, stopped, answered, waited for, used; and what others learn of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from marketplace.access import SYSTEM, VISITOR
from marketplace.db import now
from marketplace.errors import NotAllowed, Refused
from marketplace.people.factors import operations as factors
from marketplace.people.factors.models import Authenticator, Passkey, Recovery, RecoveryCode
from marketplace.people.models import Person
from marketplace.people.operations import change_password
from marketplace.people.recovery import operations
from marketplace.people.sessions.models import SignIn
from marketplace.record import Event
from tests import factories
from tests.factories import NOW, PASSWORD
from tests.people.conftest import link_in
from tests.people.test_factors import SIGN_IN, with_app

pytestmark = pytest.mark.usefixtures("app")
CALLED = "Called back through the switchboard of the works; she named the last three listings."


def lost(session, at=NOW, **values) -> tuple[Person, Recovery, list[str]]:
    """Somebody with an app who has asked, what he asked, and his recovery codes."""
    person, _, codes = with_app(session, **values)
    asked = operations.ask(VISITOR, person, "phone stolen", at)
    session.flush()
    return person, asked, codes


def put_back(session, by: timedelta) -> None:
    """Let the open request have been made earlier."""
    asked = session.scalars(select(Recovery)).one()
    session.execute(update(Recovery).values(asked=asked.asked - by, due=asked.due - by))
    session.commit()


def test_from_the_lost_phone_to_a_new_factor(client, session, letters):
    with_app(session, address="known@example.com", language="en")
    operator = factories.operator(language="en")
    elsewhere, room = (client.application.test_client() for _ in range(2))
    elsewhere.login(session.scalars(select(Person).where(Person.address == "known@example.com")).one())
    room.login(operator)
    session.commit()
    letters()
    step = client.post("/en/sign-in", data=SIGN_IN).location
    assert "/en/sign-in/recovery" in client.get(step).get_data(as_text=True)
    assert client.post("/en/sign-in/recovery", data={"reason": ""}).status_code == 422
    assert client.post("/en/sign-in/recovery", data={"reason": "phone stolen"}).status_code == 303
    assert "You asked on" in client.get("/en/sign-in/recovery").get_data(as_text=True)
    told, to_answer = letters()
    assert told.subject == "Somebody asks to get into your account without the second factor"
    assert (told.address, to_answer.subject) == ("known@example.com", "Somebody has lost the second factor and waits for you")
    assert "Lost second factors</a> <b>1</b>" in room.get("/en/desk").get_data(as_text=True)
    assert room.get("/en/operations/recoveries").status_code == 200
    path = link_in(to_answer)
    assert "phone stolen" in room.get(path).get_data(as_text=True)
    assert room.post(path, data={"answer": "allow"}).status_code == 422, "not without saying how"
    assert room.post(path, data={"checked": CALLED}).status_code == 422 and room.get(path).status_code == 200
    assert room.post(path, data={"answer": "allow", "checked": CALLED}).status_code == 303
    assert [mail.subject for mail in letters()] == ["You may sign in without the lost second factor"]
    assert client.post("/en/sign-in", data=SIGN_IN).location == "/en/sign-in/code", "three days are not over"
    put_back(session, timedelta(hours=72))
    assert client.post("/en/sign-in", data=SIGN_IN | {"next": "/en/needs"}).location == "/en/settings/second-factor"
    assert elsewhere.get("/en/desk").status_code == 303, "signed out elsewhere"
    assert client.get("/en/settings/second-factor").status_code == 200
    assert client.get("/en/desk").location == client.get("/en/settings").location == "/en/settings/second-factor", "nothing else opens"
    assert [mail.subject for mail in letters()] == ["Your second factors were replaced"]
    assert not any(session.scalar(select(func.count()).select_from(kind)) for kind in (Authenticator, Passkey, RecoveryCode))
    client.post("/en/sign-out")
    assert client.post("/en/sign-in", data=SIGN_IN).status_code == 303 and client.get("/en/desk").location == "/en/settings/second-factor", "nor later"
    client.post("/en/settings/second-factor/app/begin")
    totp = factors._totp(session.scalars(select(Authenticator)).one())
    assert client.post("/en/settings/second-factor/app", data={"code": totp.now()}).status_code == 200
    assert client.get("/en/desk").status_code == 200
    names = list(session.scalars(select(Event.name).where(Event.thing == "recovery").order_by(Event.id)))
    assert names == ["recovery.ask", "recovery.allow", "recovery.use"]


def test_the_mailed_link_stops_it_and_a_get_does_not(client, session, letters):
    lost(session, at=now(), language="en")
    session.commit()
    path = next(link_in(mail) for mail in letters() if mail.template == "recovery")
    assert client.get(path).status_code == 200 and session.scalars(select(Recovery.state)).one() == "asked"
    assert client.post(path).location == "/en/reset"
    assert session.scalars(select(Recovery.state)).one() == "cancelled"
    assert client.get(path).status_code == client.get("/en/recovery/forged").status_code == 422


@pytest.mark.parametrize("by", ["factor", "password"])
def test_who_shows_a_factor_or_sets_a_password_ends_it(session, by):
    person, asked, codes = lost(session)
    operations.decide(factories.operator(), asked, "allow", CALLED, NOW)
    if by == "factor":
        assert factors.shows_factor(VISITOR, person, codes[0], NOW)
    else:
        change_password(person, person, PASSWORD, "another long one", NOW)
    assert asked.state == "cancelled" and not operations.use(VISITOR, person, asked.due)


def test_it_takes_effect_from_three_days_on_and_for_two_weeks(session):
    person, asked, _ = lost(session)
    day = timedelta(days=1)
    assert asked.due - asked.asked == 3 * day
    assert not operations.use(VISITOR, person, asked.due), "nobody has allowed it"
    operations.decide(factories.operator(), asked, "allow", CALLED, NOW)
    for moment in (NOW, asked.due - timedelta(seconds=1), asked.due + 14 * day):
        assert not operations.use(VISITOR, person, moment)
    assert operations.use(VISITOR, person, asked.due) and asked.state == "used"
    assert not operations.use(VISITOR, person, asked.due), "once"


def test_a_passed_time_ends_it(session):
    _, asked, _ = lost(session, at=now() - timedelta(days=17, minutes=1))
    _, fresh, _ = lost(session, at=now())
    for _ in operations.lapse():
        session.commit()
    assert (asked.state, fresh.state) == ("cancelled", "asked")


def test_nobody_answers_his_own_and_what_was_allowed_can_be_refused(session):
    person, asked, _ = lost(session, is_operator=True)
    with pytest.raises(NotAllowed):
        operations.decide(person, asked, "allow", CALLED)
    with pytest.raises(NotAllowed):
        operations.decide(factories.broker(), asked, "allow", CALLED)
    with pytest.raises(Refused):
        operations.decide(factories.operator(), asked, "allow", "  ")
    other = factories.operator()
    operations.decide(other, asked, "allow", CALLED)
    assert operations.decide(other, asked, "refuse", "A colleague of hers says it was not her.").state == "refused"
    with pytest.raises(Refused):
        operations.decide(other, asked, "allow", CALLED)


def test_a_stranger_learns_nothing(client, session):
    _, asked, _ = lost(session)
    session.commit()
    assert client.get("/en/sign-in/recovery").location == "/en/sign-in"
    assert client.post("/en/sign-in/recovery", data={"reason": "x"}).location == "/en/sign-in"
    client.login(factories.person())
    there, missing = (client.get(f"/en/operations/recoveries/{key}") for key in (asked.public_id, "aaaaaaaaaaaaaaaa"))
    assert there.status_code == missing.status_code == client.get("/en/operations/recoveries").status_code == 403
    assert session.scalar(select(func.count()).select_from(Recovery)) == 1


def test_who_asks_twice_or_has_lost_nothing_is_told(session):
    person, _, _ = lost(session)
    for one in (person, factories.person()):
        with pytest.raises(Refused):
            operations.ask(VISITOR, one, "x")


def test_the_command_line_answers_the_only_operator(session):
    person, asked, _ = lost(session, is_operator=True)
    operations.decide(SYSTEM, asked, "allow", CALLED)
    assert not operations.use(VISITOR, person, NOW) and operations.use(VISITOR, person, asked.due)
    assert session.scalar(select(func.count()).select_from(SignIn)) == 0
