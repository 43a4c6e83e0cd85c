"""Accounts: sign up, confirm, sign in and out, reset, change of address and password, settings, technology managers."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import url_for
from sqlalchemy import func, select

from marketplace.access import VISITOR
from marketplace.db import now
from marketplace.errors import NotAllowed, Refused
from marketplace.people import operations
from marketplace.people.models import Person
from tests import factories
from tests.factories import PASSWORD
from tests.people.conftest import link_in

pytestmark = pytest.mark.usefixtures("app")

DATED = re.compile(r"<[^>]*csrf[^>]*>")  # forgery tokens carry the second in which they were made
NEW = {"name": "李工", "address": "Li@Example.com", "password": "three small boats"}


def count(session) -> int:
    return session.scalar(select(func.count()).select_from(Person))


def kept(session, **values) -> Person:
    """A person as a committed row, free of the session."""
    person = factories.person(**values)
    session.commit()
    session.refresh(person)
    list(person.memberships)
    session.expunge(person)
    return person


def found(session, address: str) -> Person:
    return session.scalars(select(Person).where(Person.address_key == address)).one()


def test_a_new_site_has_no_account(session):
    assert count(session) == 0


def test_password_fields_are_masked_long_and_open_to_managers(client, session):
    person = kept(session)
    fields = re.findall(r"<input[^>]*\bname=\"(?:password|present)\"[^>]*>", client.get("/en/sign-up").text + client.get("/en/sign-in").text)
    client.post("/en/sign-in", data={"address": person.address, "password": PASSWORD})
    fields += re.findall(r"<input[^>]*\bname=\"(?:password|present)\"[^>]*>", client.get("/en/settings/password").text)
    assert len(fields) == 4
    for field in fields:
        assert 'type="password"' in field and re.search(r'autocomplete="(?:current|new)-password"', field), field
        assert int(re.search(r'maxlength="(\d+)"', field)[1]) >= 64 and not re.search(r"\bon(?:paste|copy)\b|readonly", field), field


@pytest.mark.parametrize(("language", "subject"), [("zh", "请确认您的邮箱"), ("en", "Please confirm your mail address")])
def test_sign_up_confirm_and_come_back(client, session, letters, language, subject):
    client.get(f"/{language}/sign-up")
    answer = client.post(f"/{language}/sign-up", data=NEW)
    assert (answer.status_code, answer.location) == (303, f"/{language}/desk")
    person = found(session, "li@example.com")
    assert (person.language, person.confirmed, person.address) == (language, None, "Li@example.com")
    assert "boats" not in person.password_hash
    [mail] = letters()
    assert (mail.address, mail.subject, mail.language) == ("Li@example.com", subject, language)
    client.get(link_in(mail))
    assert found(session, "li@example.com").confirmed is None, "opening the link must not write"
    assert client.post(link_in(mail)).status_code == 303
    assert found(session, "li@example.com").confirmed is not None
    client.post(f"/{language}/sign-out")
    assert client.get(f"/{language}/desk").status_code == 303
    answer = client.post(f"/{language}/sign-in", data={"address": " LI@example.COM ", "password": NEW["password"]})
    assert answer.location == f"/{language}/desk"
    assert client.get(answer.location).status_code == 200


@pytest.mark.parametrize(("wrong", "message"), [
    ({"name": ""}, "请填写此项。"), ({"address": "li"}, "邮箱地址不正确"), ({"address": ""}, "请填写此项。"),
    ({"password": "short one"}, "密码至少 10 个字符"), ({"password": "Qwertyuiop"}, "太容易被猜到"),
    ({"password": "aaaabbbbaaaa"}, "太容易被猜到"),
    ({"password": "my li@example.com"}, "不要含有您的邮箱地址"), ({"name": "看 https://example.com"}, "名称中不能含有网址"),
])
def test_sign_up_refuses_beside_the_field_and_keeps_what_was_typed(client, session, wrong, message):
    before = count(session)
    answer = client.post("/zh/sign-up", data={**NEW, **wrong})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and message in page
    for field in ("name", "address"):
        assert {**NEW, **wrong}[field] in page
    assert NEW["password"] not in page
    assert count(session) == before


@pytest.mark.parametrize("typed", ["taken@example.com", "ＴＡＫＥＮ＠Example.com"])
def test_a_taken_address_is_answered_like_a_free_one_and_its_owner_is_told(client, session, letters, typed):
    owner, said = kept(session, address="taken@example.com"), []
    for address in (typed, "free@example.com"):
        up = client.post("/zh/sign-up", data={**NEW, "address": address})
        desk = client.get(up.location)
        client.post("/zh/sign-out")
        back = client.post("/zh/sign-in", data={"address": address, "password": NEW["password"]})
        again = client.get("/zh/settings").status_code
        client.post("/zh/sign-out")
        said.append((up.status_code, up.location, desk.status_code, back.status_code, back.location, again))
    assert said[0] == said[1] and said[0][0] == 303
    told = {mail.template: mail for mail in letters()}
    assert told["account_known"].address.lower() == "taken@example.com" and "/confirm/" not in told["account_known"].body
    assert told["confirm_address"].address == "free@example.com"
    assert operations.opened_by(VISITOR, "taken@example.com", PASSWORD).public_id == owner.public_id, "the owner's own password opens the owner's own account"
    beside = session.scalars(select(Person).where(Person.address_key != "taken@example.com", Person.address.ilike("taken@%"))).one()
    assert operations.is_beside(beside) and not beside.confirmed
    with pytest.raises(Refused):
        operations.confirm_address(VISITOR, operations.confirmation_token(beside, beside.address))


def test_of_accounts_that_are_not_confirmed_the_newest_opens_whoever_has_the_address(session):
    factories.person(address="taken@example.com")
    for address in ("taken@example.com", "free@example.com"):
        first, second = (operations.register(VISITOR, "李", address, f"three {size} boats") for size in ("small", "large"))
        session.flush()
        assert operations.opened_by(VISITOR, address, "three large boats").public_id == second.public_id
        with pytest.raises(Refused):
            operations.opened_by(VISITOR, address, "three small boats")
    operations.confirm_address(VISITOR, operations.confirmation_token(first, "free@example.com"))
    assert operations.opened_by(VISITOR, "free@example.com", "three small boats").public_id == first.public_id


def test_moving_to_a_taken_address_is_answered_alike_and_told_to_its_owner(session, letters):
    factories.person(address="taken@example.com")
    person = factories.person(address="own@example.com")
    operations.ask_address(person, person, PASSWORD, "taken@example.com")
    session.commit()
    told = {mail.template: mail.address for mail in letters()}
    assert told == {"account_known": "taken@example.com", "change_address_notice": "own@example.com"}
    person = found(session, "own@example.com")
    with pytest.raises(Refused):
        operations.confirm_address(VISITOR, operations.confirmation_token(person, "taken@example.com"))


def test_full_width_and_half_width_passwords_are_one(session):
    registered = operations.register(VISITOR, "李", "li@example.com", "ＡＢＣ１２３ boats")
    session.flush()
    assert operations.opened_by(VISITOR, "li@example.com", "ABC123 boats").public_id == registered.public_id


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(client, session, monkeypatch):
    factories.person(address="known@example.com")
    session.commit()
    work = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda self, *given: work.append(given[0][:9]) or verify(self, *given))
    pages = []
    for address in ("known@example.com", "nobody@example.com"):
        answer = client.post("/en/sign-in", data={"address": address, "password": "not the password"})
        assert answer.status_code == 422
        pages.append(DATED.sub("", answer.get_data(as_text=True).replace(address, "")))
    assert pages[0] == pages[1]
    assert work == ["$argon2id"] * 4, "the same work for both: the account of the address, and one beside it"


def test_signing_in_begins_a_new_session_and_keeps_the_pasted_problem(client, session, app):
    factories.person(address="known@example.com")
    session.commit()
    with client.session_transaction() as visitor:
        visitor.update(pasted="abcdefgh2345", planted="by somebody else")
    answer = client.post("/zh/sign-in", data={"address": "known@example.com", "password": PASSWORD})
    with app.test_request_context():
        assert answer.location == url_for("needs.adopt", lang="zh")
    with client.session_transaction() as own:
        assert "planted" not in own and "_user_id" in own


@pytest.mark.parametrize(("target", "goes"), [
    ("/zh/needs", "/zh/needs"), ("//evil.example", "/zh/desk"), ("https://evil.example", "/zh/desk"), ("/\\evil.example", "/zh/desk"),
])
def test_signing_in_leads_only_to_pages_of_this_site(client, session, target, goes):
    factories.person(address="known@example.com")
    session.commit()
    answer = client.post("/zh/sign-in", data={"address": "known@example.com", "password": PASSWORD, "next": target})
    assert answer.location == goes


def test_sign_out_needs_a_post(client, session):
    client.login(kept(session))
    assert client.get("/zh/sign-out").status_code == 405
    assert client.get("/zh/desk").status_code == 200
    assert client.post("/zh/sign-out").status_code == 303
    assert client.get("/zh/desk").location == "/zh/sign-in"


def test_a_closed_account_is_signed_out_everywhere(client, session):
    person = kept(session, address="gone@example.com")
    client.login(person)
    found(session, "gone@example.com").closed = now()
    session.commit()
    assert client.get("/zh/desk").status_code == 303
    assert client.post("/zh/sign-in", data={"address": "gone@example.com", "password": PASSWORD}).status_code == 422


def test_reset_says_the_same_to_everybody_and_works_once(client, session, letters):
    person = kept(session, address="known@example.com", language="en", confirmed=None)
    client.login(person)
    other = client.application.test_client()
    answers = [other.post("/en/reset", data={"address": address}) for address in ("nobody@example.com", "KNOWN@example.com")]
    assert answers[0].status_code == answers[1].status_code == 303 and answers[0].data == answers[1].data
    [mail] = letters()
    link = link_in(mail)
    assert mail.address == "known@example.com" and "Set a new password" in mail.subject
    assert other.get(link).status_code == 200
    assert other.post(link, data={"password": "short"}).status_code == 422
    assert other.post(link, data={"password": "a new and long one"}).location == "/en/desk"
    assert found(session, "known@example.com").confirmed is not None
    assert client.get("/en/desk").status_code == 303, "the old session has ended"
    assert other.get(link).status_code == 422, "used once"
    client.post("/en/sign-out")
    assert client.post("/en/sign-in", data={"address": "known@example.com", "password": PASSWORD}).status_code == 422
    assert client.post("/en/sign-in", data={"address": "known@example.com", "password": "a new and long one"}).status_code == 303


def test_a_reset_link_ends_after_an_hour_and_cannot_be_forged(session):
    person, other = factories.person(), factories.person()
    token = operations.reset_token(person)
    body, _, signature = token.rpartition(".")
    forged = f"{body}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"  # the first sign: the last one of a signature has bits that mean nothing
    assert operations.person_to_reset(token, now() + timedelta(minutes=59)) is person
    for bad, at in (
        (token, now() + timedelta(minutes=61)), (forged, now()), (token[3:], now()), ("", now()),
        (operations.confirmation_token(person, person.address), now()),
    ):
        with pytest.raises(Refused):
            operations.person_to_reset(bad, at)
    assert operations.person_to_reset(operations.reset_token(other), now()) is other


def test_changing_the_address_tells_both_and_moves_when_followed(client, session, letters):
    person = kept(session, address="old@example.com", language="en")
    client.login(person)
    data = {"address": "New@example.com", "password": PASSWORD}
    assert client.post("/en/settings/address", data={**data, "password": "wrong wrong"}).status_code == 422
    assert client.post("/en/settings/address", data=data).status_code == 303
    assert "New@example.com" in client.get("/en/settings/address").get_data(as_text=True)
    link, notice = letters()
    assert (link.address, notice.address) == ("New@example.com", "old@example.com")
    assert "/confirm/" not in notice.body, "the old address only gets a note"
    assert found(session, "old@example.com").new_address == "New@example.com"
    assert client.post(link_in(link)).status_code == 303
    moved = found(session, "new@example.com")
    assert (moved.public_id, moved.new_address) == (person.public_id, None)
    assert client.get("/en/settings").status_code == 200


def test_an_older_link_to_another_address_no_longer_moves_the_account(session):
    person = factories.person(address="old@example.com")
    operations.ask_address(person, person, PASSWORD, "first@example.com")
    first = operations.confirmation_token(person, "first@example.com")
    operations.ask_address(person, person, PASSWORD, "second@example.com")
    with pytest.raises(Refused):
        operations.confirm_address(VISITOR, first)
    with pytest.raises(Refused):
        operations.confirm_address(VISITOR, operations.confirmation_token(person, "second@example.com"), now() + timedelta(days=4))
    operations.confirm_address(VISITOR, operations.confirmation_token(person, "second@example.com"))
    assert person.address == "second@example.com"


def test_an_address_taken_meanwhile_is_refused(session):
    person = factories.person()
    operations.ask_address(person, person, PASSWORD, "wanted@example.com")
    factories.person(address="wanted@example.com")
    with pytest.raises(Refused):
        operations.confirm_address(VISITOR, operations.confirmation_token(person, "wanted@example.com"))


def test_a_new_password_keeps_this_session_and_ends_the_others(client, session):
    person = kept(session)
    client.login(person)
    elsewhere = client.application.test_client()
    elsewhere.login(person)
    wrong = client.post("/zh/settings/password", data={"present": "wrong wrong", "password": "a new and long one"})
    assert wrong.status_code == 422 and "当前密码不正确" in wrong.get_data(as_text=True)
    assert client.post("/zh/settings/password", data={"present": PASSWORD, "password": "a new and long one"}).status_code == 303
    assert client.get("/zh/settings").status_code == 200
    assert elsewhere.get("/zh/settings").status_code == 303


def test_settings_keep_the_language_and_refuse_a_stale_form(client, session):
    person = kept(session, address="a@example.com")
    client.login(person)
    form = {"name": "王工", "language": "en", "version": str(person.version_id)}
    assert client.post("/zh/settings", data=form).location == "/en/settings"
    assert found(session, "a@example.com").language == "en"
    assert client.post("/zh/settings", data={**form, "name": "别人"}).status_code == 409
    assert found(session, "a@example.com").name == "王工"
    assert client.post("/zh/language", data={"language": "zh"}).location == "/zh/desk"
    assert found(session, "a@example.com").language == "zh"
    client.post("/zh/language", data={"language": "xx"})
    assert found(session, "a@example.com").language == "zh"


def test_reading_in_the_other_language_writes_nothing_and_can_be_kept(client, session):
    client.login(kept(session, address="a@example.com", language="zh"))
    page = client.get("/en/desk").get_data(as_text=True)
    assert "Always show pages and mail in English" in page
    assert found(session, "a@example.com").language == "zh"


def test_ten_wrong_passwords_close_an_address_for_a_while(client, session, limits):
    factories.person(address="known@example.com")
    factories.person(address="other@example.com")
    session.commit()
    wrong = {"address": "known@example.com", "password": "not the password"}
    assert [client.post("/zh/sign-in", data=wrong).status_code for _ in range(10)] == [422] * 10
    assert client.post("/zh/sign-in", data={**wrong, "address": "KNOWN@example.com ", "password": PASSWORD}).status_code == 429
    assert client.post("/zh/sign-in", data={"address": "other@example.com", "password": PASSWORD}).status_code == 303


def test_signing_in_rightly_is_not_counted_against_an_address(client, session, limits):
    factories.person(address="known@example.com")
    session.commit()
    for _ in range(12):
        assert client.post("/zh/sign-in", data={"address": "known@example.com", "password": PASSWORD}).status_code == 303
        client.post("/zh/sign-out")


def test_one_place_cannot_try_address_after_address(client, limits):
    answers = [client.post("/zh/sign-in", data={"address": f"a{n}@example.com", "password": ""}).status_code for n in range(101)]
    assert answers == [422] * 100 + [429]


def test_asking_for_links_is_limited(client, session, limits, letters):
    factories.person(address="known@example.com")
    session.commit()
    answers = [client.post("/zh/reset", data={"address": "known@example.com"}).status_code for _ in range(6)]
    assert answers == [303] * 5 + [429]
    assert len(letters()) == 1, "links asked for before the first was written are one mail"


def test_the_confirming_link_can_be_sent_again(client, session, letters):
    client.login(kept(session, confirmed=None))
    assert "重新发送链接" in client.get("/zh/desk").get_data(as_text=True)
    assert client.post("/zh/confirm").status_code == 303
    assert len(letters()) == 1


def test_only_the_person_itself_changes_an_account(session):
    person, stranger, operator = factories.person(), factories.person(), factories.operator()
    for actor in (stranger, operator, VISITOR):
        with pytest.raises(NotAllowed):
            operations.edit_person(actor, person, "别人", "en")
        with pytest.raises(NotAllowed):
            operations.change_password(actor, person, PASSWORD, "a new and long one")
    with pytest.raises(NotAllowed):
        operations.register(person, "again", "again@example.com", "three small boats")


def test_the_operator_appoints_and_dismisses_technology_managers(client, session):
    factories.person(address="b@example.com", name="陈经理")
    factories.person(address="new@example.com", confirmed=None)
    client.login(kept(session, is_operator=True))
    url = "/zh/operations/brokers"
    client.get(url)
    for address, message in (("nobody@example.com", "还没有人用这个邮箱注册"), ("new@example.com", "还没有确认邮箱")):
        answer = client.post(url, data={"address": address})
        assert answer.status_code == 422 and message in answer.get_data(as_text=True)
    assert client.post(url, data={"address": "B@example.com"}).status_code == 303
    person = found(session, "b@example.com")
    assert person.is_broker
    assert "陈经理" in client.get(url).get_data(as_text=True)
    client.post(f"{url}/{person.public_id}/dismiss")
    assert not found(session, "b@example.com").is_broker


def test_nobody_else_appoints(client, session):
    person = kept(session, address="me@example.com")
    for signed_in in (False, True):
        if signed_in:
            client.login(person)
        assert client.get("/zh/operations/brokers").status_code == 403
        assert client.post("/zh/operations/brokers", data={"address": "me@example.com"}).status_code == 403
        assert client.post(f"/zh/operations/brokers/{person.public_id}/dismiss").status_code == 403


def test_outdated_hashes_are_renewed_when_their_owner_signs_in(session):
    person = factories.person()
    before = person.password_hash
    operations.let_in(VISITOR, operations.opened_by(VISITOR, person.address, PASSWORD), PASSWORD)
    assert person.password_hash != before
    assert operations.opened_by(VISITOR, person.address, PASSWORD).public_id == person.public_id
