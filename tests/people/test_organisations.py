"""Organisations and the seats in them: registering without duplicates, members, invitations, requests, verification."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from marketplace.access import SYSTEM, VISITOR
from marketplace.db import now
from marketplace.errors import NotAllowed, Refused
from marketplace.people import operations as people
from marketplace.people import organisations
from marketplace.people.models import Invitation, JoinRequest, Membership, Organisation, Person
from marketplace.record import Event
from tests import factories
from tests.people.conftest import link_in

pytestmark = pytest.mark.usefixtures("app")

CODE, OTHER_CODE, ROR = "91110000600037341L", "12100000400002259P", "03yrm5c26"
FORM = {
    "kind": "enterprise", "name_zh": "宁波启明阀门有限公司", "name_en": "", "names": "启明阀门\n启明阀门\n", "region": "330000",
    "credit_code": "", "ror": "", "size": "small", "website": "qiming.example.com", "about_zh": "做阀门的。", "about_en": "", "seen": "",
}


def count(session, model=Organisation) -> int:
    return session.scalar(select(func.count()).select_from(model))


def free(session, person: Person) -> Person:
    """The person as a committed row, free of the session."""
    session.commit()
    session.refresh(person)
    list(person.memberships)
    session.expunge(person)
    return person


def found(session, public_id: str) -> Organisation:
    return session.scalars(select(Organisation).where(Organisation.public_id == public_id)).one()


@pytest.fixture
def cast(session):
    """The people who stand in some relation to one organisation, and its public id."""
    everybody = {
        "owner": factories.person(name="欧阳"), "member": factories.person(name="孟媛"), "stranger": factories.person(name="生人"),
        "operator": factories.operator(name="管理"), "broker": factories.broker(name="经理"),
    }
    names = {"zh": "甲乙机床厂", "en": "Jiayi Lathe Plant"}
    works = factories.organisation(everybody["owner"], name=names, state="unverified", evidence="内部材料")
    factories.membership(everybody["member"], works)
    everybody = {role: free(session, person) for role, person in everybody.items()}
    session.refresh(works)
    return {**everybody, "visitor": None, "id": works.public_id}


def as_role(client, cast, role):
    client.logout()
    if cast[role] is not None:
        client.login(cast[role])
    return client


def seat(session, cast, role) -> Membership | None:
    return session.scalar(select(Membership).where(Membership.person_id == cast[role].id))


# registering


@pytest.mark.parametrize("language", ["zh", "en"])
def test_registering_an_organisation_makes_its_first_owner(client, session, language):
    client.login(free(session, factories.person(address="li@example.com")))
    client.get(f"/{language}/organisations/new")
    answer = client.post(f"/{language}/organisations/new", data={**FORM, "credit_code": "9111 0000 6000 3734 1l"})
    assert answer.status_code == 303
    made = session.scalars(select(Organisation)).one()
    assert answer.location == f"/{language}/organisations/{made.public_id}"
    assert (made.name, made.names, made.state) == ({"zh": "宁波启明阀门有限公司"}, ["启明阀门"], "unverified")
    assert (made.credit_code, made.website, made.ror, made.size) == (CODE, "https://qiming.example.com", None, "small")
    assert [(seat.person.address_key, seat.role) for seat in made.memberships] == [("li@example.com", "owner")]
    assert "宁波启明阀门有限公司" in client.get(answer.location).get_data(as_text=True)
    assert "宁波启明阀门有限公司" in client.get(f"/{language}/desk").get_data(as_text=True)


@pytest.mark.parametrize(("wrong", "message"), [
    ({"name_zh": " ", "name_en": ""}, "请至少用一种语言填写名称"), ({"region": ""}, "请选择地区"),
    ({"credit_code": "91110000600037341M"}, "最后一位校验不符"),
    ({"credit_code": "1234"}, "共 18 位"), ({"ror": "03yrm5c27"}, "最后两位校验不符"),
    ({"ror": "abc"}, "ROR 编号形如"), ({"website": "javascript:alert(1)"}, "网址不正确"),
    ({"website": "http://[broken"}, "网址不正确"), ({"website": "no where"}, "网址不正确"),
    ({"name_en": "Visit www.example.com now"}, "名称中不能含有网址"), ({"kind": "nonsense"}, ""),
    ({"region": "999999"}, ""), ({"name_zh": "长" * 121}, ""),
])
def test_a_wrong_field_is_refused_beside_it_and_nothing_is_lost(client, session, wrong, message):
    client.login(free(session, factories.person()))
    answer = client.post("/zh/organisations/new", data={**FORM, **wrong})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and message in page and "field-error" in page
    assert "做阀门的。" in page and "启明阀门" in page
    assert count(session) == 0


@pytest.mark.parametrize(("registered", "typed"), [
    ({"name": {"zh": "浙江大学", "en": "Zhejiang University"}, "names": ["浙大"]}, {"name_zh": "浙大"}),
    ({"name": {"zh": "中国科学院化学研究所"}, "names": []}, {"name_zh": "中科院化学所"}),
    ({"name": {"zh": "苏州铭锐医疗器械有限公司"}, "names": []}, {"name_zh": "铭锐医疗器械"}),
    ({"name": {"en": "Norrsund Institute of Technology"}, "names": []}, {"name_zh": "", "name_en": "Norrsund Inst. of Technology"}),
])
def test_a_variant_of_a_registered_name_is_proposed_for_joining_first(client, session, registered, typed):
    there = factories.organisation(**registered)
    factories.organisation(name={"zh": "毫不相干食品厂"})
    client.login(free(session, factories.person()))
    session.refresh(there)
    public_id = there.public_id
    form = {**FORM, "names": "", "website": "", **typed}
    answer = client.post("/zh/organisations/new", data=form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200 and "是下面的机构吗？" in page and f"/zh/organisations/{public_id}/join" in page
    assert "毫不相干" not in page and "做阀门的。" in page
    assert count(session) == 2
    assert f'name="seen" type="hidden" value="{public_id}"' in page
    assert client.post("/zh/organisations/new", data={**form, "seen": public_id}).status_code == 303
    assert count(session) == 3


@pytest.mark.parametrize(("registered", "typed"), [
    ({"zh": "浙江大学"}, {"name_zh": "浙江工业大学"}),
    ({"en": "Jiangsu University"}, {"name_zh": "", "name_en": "Jiangsu Normal University"}),
])
def test_another_organisation_with_half_the_name_is_not_proposed(client, session, registered, typed):
    factories.organisation(name=registered)
    client.login(free(session, factories.person()))
    assert client.post("/zh/organisations/new", data={**FORM, "names": "", **typed}).status_code == 303


def test_saying_no_to_one_proposal_does_not_say_no_to_another(client, session):
    first = factories.organisation(name={"zh": "浙江大学"})
    factories.organisation(name={"zh": "南京理工大学"})
    client.login(free(session, factories.person()))
    session.refresh(first)
    answer = client.post("/zh/organisations/new", data={**FORM, "names": "", "name_zh": "南京理工大学", "seen": first.public_id})
    assert answer.status_code == 200 and "是下面的机构吗？" in answer.get_data(as_text=True)


def test_what_is_registered_edited_or_gone_counts_at_once(client, session):
    client.login(free(session, factories.person()))
    form = {**FORM, "names": ""}
    assert client.post("/zh/organisations/new", data=form).status_code == 303
    assert client.post("/zh/organisations/new", data=form).status_code == 200, "registered a moment ago"
    made = session.scalars(select(Organisation)).one()
    made.name = {"zh": "别的什么研究院"}
    session.commit()
    assert client.post("/zh/organisations/new", data=form).status_code == 303, "the old name is free"


@pytest.mark.parametrize(("field", "typed"), [("credit_code", "91110000 600037341l"), ("ror", "https://ror.org/03yrm5c26")])
def test_the_same_code_is_never_registered_twice(client, session, field, typed):
    there = factories.organisation(name={"zh": "完全不同的名字"}, credit_code=CODE, ror=ROR)
    client.login(free(session, factories.person()))
    session.refresh(there)
    public_id = there.public_id
    for seen in ("", public_id):
        answer = client.post("/zh/organisations/new", data={**FORM, field: typed, "seen": seen})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422 and "已经登记过" in page and f"/zh/organisations/{public_id}/join" in page
    assert count(session) == 1


def test_visitors_register_nothing(client, session):
    assert client.get("/zh/organisations/new").status_code == 403
    assert client.post("/zh/organisations/new", data=FORM).status_code == 403
    assert count(session) == 0


def test_the_system_registers_without_an_owner(session):
    made = organisations.create_organisation(SYSTEM, kind="institute", name={"en": "Norrsund Institute"}, region="SE")
    assert made.memberships == [] and made.names == []


# editing and reading


def test_owners_edit_and_a_stale_form_is_refused(client, session, cast):
    as_role(client, cast, "owner")
    url = f"/zh/organisations/{cast['id']}/edit"
    version = str(found(session, cast["id"]).version_id)
    client.get(url)
    form = {**FORM, "name_zh": "甲乙精密机床厂", "version": version}
    assert client.post(url, data=form).status_code == 303
    assert found(session, cast["id"]).name == {"zh": "甲乙精密机床厂"}
    assert client.post(url, data={**form, "name_zh": "后来的人"}).status_code == 409
    assert found(session, cast["id"]).name == {"zh": "甲乙精密机床厂"}


def test_an_edit_says_what_changed_and_nothing_personal(session):
    owner = factories.person()
    works = organisations.create_organisation(owner, kind="enterprise", name={"zh": "甲"}, region="330000")
    organisations.edit_organisation(owner, works, kind="enterprise", name={"zh": "乙"}, region="330000")
    organisations.edit_organisation(owner, works, kind="enterprise", name={"zh": "乙"}, region="330000")
    session.flush()
    events = session.scalars(select(Event).where(Event.name == "organisation.edit")).all()
    assert [event.facts for event in events] == [{"changed": ["name"]}]


@pytest.mark.parametrize("state", ["pending", "verified"])
@pytest.mark.parametrize(("field", "value"), [("name", {"zh": "改名"}), ("credit_code", OTHER_CODE), ("ror", None)])
def test_what_is_verified_stays_as_it_was_unless_the_operator_changes_it(session, state, field, value):
    owner, operator = factories.person(), factories.operator()
    values = {"kind": "institute", "name": {"zh": "原名"}, "credit_code": CODE, "ror": ROR, "region": "330000"}
    works = factories.organisation(owner, state=state, **values)
    organisations.edit_organisation(owner, works, **{**values, "region": "320000", "about": {"zh": "可以改"}})
    with pytest.raises(Refused):
        organisations.edit_organisation(owner, works, **{**values, field: value})
    organisations.edit_organisation(operator, works, **{**values, field: value})
    assert getattr(works, field) == value


def test_everybody_reads_the_page_and_nothing_internal(client, cast):
    for role in ("visitor", "stranger"):
        page = as_role(client, cast, role).get(f"/en/organisations/{cast['id']}").get_data(as_text=True)
        assert "Jiayi Lathe Plant" in page and "Zhejiang" in page
        assert "内部材料" not in page and "@example.com" not in page.replace("@example.com · ", "") and "members" not in page
    assert client.get("/en/organisations/nonsense2345").status_code == 404


STATUS = {
    # method, path under the organisation, form → who gets through (303 or 200); everybody else is refused with 403
    ("get", "/edit"): {"owner", "operator"},
    ("post", "/edit"): {"owner", "operator"},
    ("get", "/members"): {"owner", "member", "operator"},
    ("post", "/members"): {"owner"},
    ("get", "/members/{member}"): {"owner", "operator"},
    ("post", "/members/{member}"): {"owner", "operator"},
    ("post", "/members/{member}/remove"): {"owner", "operator", "member"},
    ("get", "/join"): {"owner", "member", "stranger", "operator", "broker"},
    ("get", "/verification"): {"owner"},
    ("post", "/verification"): {"owner"},
}
FORMS = {
    "/edit": FORM, "/members": {"address": "new@example.com", "role": "member"}, "/members/{member}": {"role": "signatory"},
    "/verification": {"evidence": "看网站"},
}


@pytest.mark.parametrize("role", ["visitor", "stranger", "member", "owner", "broker", "operator"])
@pytest.mark.parametrize(("method", "path"), list(STATUS))
def test_who_may_do_what_to_an_organisation(client, cast, method, path, role):
    as_role(client, cast, role)
    url = f"/zh/organisations/{cast['id']}" + path.format(member=cast["member"].public_id)
    status = client.open(url, method=method.upper(), data=FORMS.get(path) if method == "post" else None).status_code
    assert status == ((200 if method == "get" else 303) if role in STATUS[method, path] else 403)


# members


def test_members_see_names_and_owners_also_addresses(client, cast):
    url = f"/zh/organisations/{cast['id']}/members"
    page = as_role(client, cast, "member").get(url).get_data(as_text=True)
    assert "欧阳" in page and cast["owner"].address not in page and "退出机构" in page
    assert cast["member"].address in as_role(client, cast, "owner").get(url).get_data(as_text=True)


def test_the_last_owner_stays(client, session, cast):
    as_role(client, cast, "owner")
    own = f"/zh/organisations/{cast['id']}/members/{cast['owner'].public_id}"
    other = f"/zh/organisations/{cast['id']}/members/{cast['member'].public_id}"
    answer = client.post(own, data={"role": "member"})
    assert answer.status_code == 422 and "最后一位负责人" in answer.get_data(as_text=True)
    assert client.post(f"{own}/remove").status_code == 422
    assert seat(session, cast, "owner").role == "owner"
    assert client.post(other, data={"role": "owner"}).status_code == 303
    assert client.post(own, data={"role": "member"}).status_code == 303
    assert client.post(other, data={"role": "member"}).status_code == 403, "no longer an owner"
    assert (seat(session, cast, "owner").role, seat(session, cast, "member").role) == ("member", "owner")


def test_a_closed_account_does_not_count_as_an_owner(session):
    first, second = factories.person(), factories.person()
    works = factories.organisation(first, second)
    second.closed = now()
    session.flush()
    with pytest.raises(Refused):
        organisations.remove_member(first, organisations.membership_of(first, works))


def test_members_leave_and_owners_remove(client, session, cast):
    url = f"/zh/organisations/{cast['id']}/members/{cast['member'].public_id}/remove"
    assert as_role(client, cast, "member").post(url).location == "/zh/desk"
    assert seat(session, cast, "member") is None
    assert client.get(f"/zh/organisations/{cast['id']}/members").status_code == 403
    assert client.post(url).status_code == 404


# invitations


def invite(client, cast, address="guest@example.com", role="signatory", language="zh"):
    return as_role(client, cast, "owner").post(f"/{language}/organisations/{cast['id']}/members", data={"address": address, "role": role})


@pytest.mark.parametrize(("language", "subject"), [("zh", "邀请您加入甲乙机床厂"), ("en", "Invitation to join Jiayi Lathe Plant")])
def test_an_invitation_is_mailed_accepted_and_used_once(client, session, cast, letters, language, subject):
    guest = free(session, factories.person(address="guest@example.com", language=language, confirmed=None))
    assert invite(client, cast, "Guest@Example.com").status_code == 303
    [mail] = letters()
    link = link_in(mail)
    assert (mail.address, mail.subject) == ("guest@example.com", subject) and link.startswith(f"/{language}/")
    client.logout()
    page = client.get(link).get_data(as_text=True)
    assert f"sign-up?next={link}" in page
    assert client.post(link).status_code == 403
    as_role(client, cast, "stranger")
    assert f'action="{link}"' not in (page := client.get(link).get_data(as_text=True)) and page.count("<form") == 1, "the way out alone"
    assert client.post(link).status_code == 422
    client.logout()
    client.login(guest)
    assert client.get(link).status_code == 200
    assert session.scalar(select(Invitation.state)) == "open", "reading it takes no seat"
    assert client.post(link).status_code == 303
    person = session.scalars(select(Person).where(Person.address_key == "guest@example.com")).one()
    assert [(membership.role, membership.organisation.public_id) for membership in person.memberships] == [("signatory", cast["id"])]
    assert person.confirmed is not None, "the link came by mail"
    assert client.get(link).status_code == client.post(link).status_code == 422


def test_signing_up_from_an_invitation_leads_back_to_it(client, cast, letters):
    invite(client, cast)
    link = link_in(letters()[0])
    client.logout()
    data = {"name": "新人", "address": "guest@example.com", "password": "three small boats", "next": link}
    answer = client.post("/zh/sign-up", data=data)
    assert answer.location == link
    assert client.post(link).status_code == 303


def test_an_invitation_ends_after_fourteen_days_or_when_withdrawn(session):
    owner, guest = factories.person(), factories.person()
    works = factories.organisation(owner)
    first = organisations.invite(owner, works, guest.address, "member")
    token = organisations.invitation_token(first)
    with pytest.raises(Refused):
        organisations.accept_invitation(guest, token, now() + timedelta(days=14, minutes=1))
    with pytest.raises(Refused):
        organisations.accept_invitation(guest, token + "x")
    with pytest.raises(NotAllowed):
        organisations.withdraw_invitation(guest, first)
    with pytest.raises(Refused) as twice:
        organisations.invite(owner, works, guest.address, "member")
    assert twice.value.field == "address"
    second = organisations.invite(owner, works, guest.address, "member", at=now() + timedelta(days=15))
    assert (first.state, second.state) == ("withdrawn", "open")
    organisations.withdraw_invitation(owner, second)
    session.flush()
    with pytest.raises(Refused):
        organisations.accept_invitation(guest, organisations.invitation_token(second))
    assert guest.seats == {}


def test_invitations_wait_on_the_desk_of_a_confirmed_address_only(client, session, cast, letters):
    invite(client, cast)
    person = free(session, factories.person(address="guest@example.com", confirmed=None))
    client.logout()
    client.login(person)
    assert "甲乙机床厂" not in client.get("/zh/desk").get_data(as_text=True)
    session.execute(Person.__table__.update().where(Person.id == person.id).values(confirmed=now()))
    session.commit()
    page = client.get("/zh/desk").get_data(as_text=True)
    assert "有机构邀请您加入" in page and "/zh/invitations/" in page


def test_members_cannot_be_invited_again_and_the_unconfirmed_invite_nobody(session):
    owner = factories.person()
    works = factories.organisation(owner)
    with pytest.raises(Refused):
        organisations.invite(owner, works, owner.address.upper(), "member")
    owner.confirmed = None
    with pytest.raises(Refused):
        organisations.invite(owner, works, "guest@example.com", "member")


def test_owners_withdraw_through_the_page(client, session, cast):
    invite(client, cast)
    url = f"/zh/invitations/{session.scalar(select(Invitation.public_id))}/withdraw"
    assert as_role(client, cast, "member").post(url).status_code == 403
    as_role(client, cast, "owner")
    assert "guest@example.com" in client.get(f"/zh/organisations/{cast['id']}/members").get_data(as_text=True)
    assert client.post(url).status_code == 303
    assert session.scalar(select(Invitation.state)) == "withdrawn"
    assert client.post(url).status_code == 422


# requests to join


def test_asking_to_join_is_answered_by_an_owner(client, session, cast, letters):
    url = f"/zh/organisations/{cast['id']}/join"
    as_role(client, cast, "stranger").get(url)
    assert client.post(url, data={"message": "我是设备科的。"}).status_code == 303
    again = client.post(url, data={"message": "再问一次"})
    assert again.status_code == 422 and "已经提交过申请" in again.get_data(as_text=True) and "再问一次" in again.get_data(as_text=True)
    [mail] = letters()
    assert mail.address == cast["owner"].address and "生人 申请加入甲乙机床厂" in mail.subject
    assert "等待负责人答复" in client.get("/zh/desk").get_data(as_text=True)
    answer_url = f"/zh/requests/{session.scalar(select(JoinRequest.public_id))}/accept"
    for role in ("stranger", "member", "broker", "visitor"):
        assert as_role(client, cast, role).post(answer_url).status_code == 403
    as_role(client, cast, "owner")
    assert "生人" in client.get("/zh/desk").get_data(as_text=True)
    assert "我是设备科的。" in client.get(link_in(mail)).get_data(as_text=True)
    assert client.post(answer_url).status_code == 303
    assert client.post(answer_url).status_code == 422
    assert seat(session, cast, "stranger").role == "member"
    [mail] = letters()
    assert (mail.address, mail.subject) == (cast["stranger"].address, "您已成为甲乙机床厂的成员")
    assert client.get(link_in(mail)).status_code == 200
    assert as_role(client, cast, "stranger").post(url).status_code == 422


def test_a_declined_request_can_be_repeated_after_a_week(session):
    owner, stranger = factories.person(), factories.person()
    works = factories.organisation(owner)
    asked = organisations.ask_to_join(stranger, works)
    organisations.refuse_request(owner, asked)
    session.flush()
    assert stranger.seats == {}
    with pytest.raises(Refused):
        organisations.ask_to_join(stranger, works, at=now() + timedelta(days=6))
    assert organisations.ask_to_join(stranger, works, at=now() + timedelta(days=8)).state == "asked"


def test_joining_needs_a_confirmed_address(session):
    with pytest.raises(Refused):
        organisations.ask_to_join(factories.person(confirmed=None), factories.organisation())
    with pytest.raises(NotAllowed):
        organisations.ask_to_join(VISITOR, factories.organisation())


# verification


def ask(client, cast):
    return as_role(client, cast, "owner").post(f"/zh/organisations/{cast['id']}/verification", data={"evidence": "见官网“联系我们”"})


def test_the_operator_verifies(client, session, cast, letters):
    assert "申请认证" in as_role(client, cast, "owner").get("/zh/desk").get_data(as_text=True)
    client.get(f"/zh/organisations/{cast['id']}/verification")
    assert ask(client, cast).status_code == 303
    assert found(session, cast["id"]).state == "pending"
    as_role(client, cast, "operator")
    assert "甲乙机床厂" in client.get("/zh/operations/organisations").get_data(as_text=True)
    url = f"/zh/operations/organisations/{cast['id']}"
    page = client.get(url).get_data(as_text=True)
    assert "见官网“联系我们”" in page and "欧阳" in page
    version = str(found(session, cast["id"]).version_id)
    assert client.post(url, data={"answer": "verify", "version": version}).status_code == 303
    assert found(session, cast["id"]).verified is not None
    [mail] = letters()
    assert (mail.address, mail.subject) == (cast["owner"].address, "甲乙机床厂已通过认证")
    client.logout()
    assert "已认证" in client.get(link_in(mail)).get_data(as_text=True)


def test_a_refusal_needs_a_reason_which_reaches_the_owners(client, session, cast, letters):
    ask(client, cast)
    url = f"/zh/operations/organisations/{cast['id']}"
    as_role(client, cast, "operator")
    answer = client.post(url, data={"answer": "refuse", "reason": " "})
    assert answer.status_code == 422 and "请写明原因" in answer.get_data(as_text=True)
    assert client.post(url, data={"answer": "nonsense", "reason": "x"}).status_code == 422
    assert found(session, cast["id"]).state == "pending"
    assert client.post(url, data={"answer": "refuse", "reason": "代码与名称不符"}).status_code == 303
    [mail] = letters()
    assert "代码与名称不符" in mail.body
    as_role(client, cast, "owner")
    assert "代码与名称不符" in client.get(link_in(mail)).get_data(as_text=True)
    assert ask(client, cast).status_code == 303
    assert found(session, cast["id"]).answer is None


def test_an_organisation_changed_meanwhile_is_not_verified_blindly(client, session, cast):
    ask(client, cast)
    works = found(session, cast["id"])
    version = str(works.version_id)
    works.about = {"zh": "刚改过"}
    session.commit()
    answer = as_role(client, cast, "operator").post(
        f"/zh/operations/organisations/{cast['id']}", data={"answer": "verify", "version": version})
    assert answer.status_code == 409
    assert found(session, cast["id"]).state == "pending"


def test_the_badge_can_be_taken_back(session):
    owner, operator = factories.person(), factories.operator()
    works = factories.organisation(owner)
    assert owner.is_verified
    with pytest.raises(NotAllowed):
        organisations.revoke_verification(owner, works, "不要了")
    organisations.revoke_verification(operator, works, "执照已注销")
    assert (works.state, works.answer, works.verified) == ("unverified", "执照已注销", None) and not owner.is_verified


@pytest.mark.parametrize("role", ["visitor", "stranger", "member", "owner", "broker"])
def test_only_operators_see_the_queue(client, cast, role):
    as_role(client, cast, role)
    assert client.get("/zh/operations/organisations").status_code == 403
    url = f"/zh/operations/organisations/{cast['id']}"
    assert client.get(url).status_code == client.post(url, data={"answer": "verify"}).status_code == 403


def test_the_operator_sees_other_registers_of_the_same_name(client, session, cast):
    factories.organisation(name={"zh": "甲乙机床厂有限公司"}, region="320000")
    session.commit()
    page = as_role(client, cast, "operator").get(f"/zh/operations/organisations/{cast['id']}").get_data(as_text=True)
    assert "甲乙机床厂有限公司" in page and "相似度" in page


def test_an_unconfirmed_owner_is_told_to_confirm_first(session):
    owner = factories.person(confirmed=None)
    works = factories.organisation(owner, state="unverified")
    with pytest.raises(Refused):
        organisations.ask_verification(owner, works, "看网站")
    assert works.state == "unverified" and people.require_confirmed(SYSTEM) is None
