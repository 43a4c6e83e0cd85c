"""The pages of risk sharing through the browser's eyes: one walk with everybody, what each sees, forms refused and sent twice."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select

from marketplace.db import now, session
from marketplace.licensing import ledger
from marketplace.licensing.models import AgreementEvent
from marketplace.licensing.risk import claiming, entries, operations
from marketplace.licensing.risk.models import Claim, Guarantee, GuaranteeEntry
from tests import factories
from tests.licensing.risk.cases import filed, in_force, offered, parties, requested, settled

pytestmark = pytest.mark.usefixtures("app")

COVER = {
    "share": "80", "maximum": "10万", "kinds": ["milestone", "royalty"], "rank": "1", "after_days": "30", "within_days": "365", "recourse": "y",
    "recourse_share": "100", "recourse_days": "30", "premium_payer": "licensee", "premium_first": "1,000", "premium_amount": "500",
    "premium_every": "12", "premium_times": "2", "conditions_zh": "书面催告后方可索赔。",
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_whole_walk(client, language):
    of = parties(language=language)
    today = ledger.day_of(of.agreement, now()).isoformat()
    client.login(of.institute)
    new = f"/{language}/agreements/{of.agreement.public_id}/guarantees/new"
    client.get(new)
    asked = {**COVER, "guarantor": of.company.public_id, "kind": "guarantor", "protects": "licensor", "key": "k1", "note": "请尽快答复"}
    answer = client.post(new, data=asked)
    assert answer.status_code == 303 and client.post(new, data=asked).location == answer.location
    page = answer.location
    client.get(f"/{language}/agreements/{of.agreement.public_id}")
    assert page in client.get(f"/{language}/agreements/{of.agreement.public_id}/guarantees").get_data(as_text=True)
    client.login(of.guarantor)
    assert page in client.get(f"/{language}/desk").get_data(as_text=True)
    client.get(page)
    client.get(f"{page}/offer")
    assert client.post(f"{page}/offer", data={**COVER, "share": "75"}).status_code == 303
    guarantee = session.scalars(select(Guarantee)).one()
    for person in (of.institute, of.firm):
        client.login(person)
        assert page in client.get(f"/{language}/desk").get_data(as_text=True)
        client.get(page)
        assert client.post(f"{page}/accept", data={"sha256": operations.version_of(guarantee).sha256}).status_code == 303
    session.expire_all()
    guarantee = session.scalars(select(Guarantee)).one()
    assert guarantee.state == "in_force" and guarantee.since is not None
    guarantee.since = guarantee.since.replace(year=2026, month=1, day=1)
    session.commit()
    client.login(of.institute)
    client.get(f"{page}/claims/new")
    twice = [client.post(f"{page}/claims/new", data={"obligations": ["milestone:pilot"], "reason": "催告两次，未付。", "key": "c1"}) for _ in range(2)]
    claim = twice[0].location
    assert twice[1].location == claim and session.query(Claim).count() == 1
    client.post(claim, data={"file": (io.BytesIO("催告函".encode()), "letter.txt")}, content_type="multipart/form-data")
    assert "letter.txt" in client.get(claim).get_data(as_text=True)
    client.login(of.guarantor)
    client.get(f"{claim}/refuse")
    assert client.post(f"{claim}/refuse", data={"answer": ""}).status_code == 422
    assert client.post(f"{claim}/accept").status_code == 303
    client.get(f"{claim}/pay")
    assert client.post(f"{claim}/pay", data={"day": today, "reference": "A-1"}).status_code == 303
    client.login(of.institute)
    client.get(claim)
    assert [client.post(f"{claim}/settle").status_code for _ in range(2)] == [303, 303]
    assert session.query(AgreementEvent).filter_by(type="payment").count() == 1
    client.login(of.firm)
    shown = client.get(claim).get_data(as_text=True)
    assert "37,500" in shown
    assert claim in client.get(f"/{language}/desk").get_data(as_text=True)
    client.login(of.guarantor)
    client.get(f"{claim}/repayments/new")
    paid = {"amount": "500", "day": today, "key": "r1"}
    assert [client.post(f"{claim}/repayments/new", data=paid).status_code for _ in range(2)] == [303, 303]
    assert client.post(f"{claim}/repayments/new", data={**paid, "amount": "37,001", "key": "r2"}).status_code == 422
    client.get(f"{page}/premiums/new")
    assert client.post(f"{page}/premiums/new", data={"amount": "1000", "day": today, "key": "p1"}).status_code == 303
    client.get(page)
    entry = session.scalars(select(GuaranteeEntry).where(GuaranteeEntry.kind == "repayment")).one()
    back = f"/{language}/guarantee-entries/{entry.public_id}/take-back"
    client.get(back)
    assert client.post(back, data={"reason": "误记"}).status_code == 303
    mine = client.get(f"/{language}/guarantees").get_data(as_text=True)
    assert "37,500" in mine and "100,000" in mine
    client.login(of.institute)
    client.get(f"{claim}/reopen")
    assert client.post(f"{claim}/reopen", data={"reason": "退票"}).status_code == 303
    client.get(claim)
    session.expire_all()
    assert entries.outstanding(session.scalars(select(Claim)).one()) == 0


def pages(of, guarantee, claim):
    root = f"/zh/guarantees/{guarantee.public_id}"
    case = f"/zh/claims/{claim.public_id}"
    sides = [f"/zh/agreements/{of.agreement.public_id}/guarantees", f"/zh/agreements/{of.agreement.public_id}/guarantees/new"]
    posts = [
        *(f"{root}/{verb}" for verb in ("accept", "decline", "withdraw", "release", "claims/new", "premiums/new", "offer", "change")),
        *(f"{case}/{verb}" for verb in ("accept", "withdraw", "settle", "deny", "refuse", "pay", "reopen", "repayments/new")),
    ]
    return sides, [root, case], posts


def test_default_deny_on_every_page(client):
    of = parties()
    guarantee = in_force(of)
    claim = settled(of, guarantee)
    sides, shown, posts = pages(of, guarantee, claim)
    state = (guarantee.state, claim.state)
    for person in (None, factories.person(), factories.operator(), factories.broker()):
        client.logout() if person is None else client.login(person)
        gone = {404} if person else {303, 404}
        for page in (*sides, *shown):
            assert client.get(page).status_code in gone, page
        for page in posts:
            assert client.post(page, data={"reason": "x", "answer": "x", "amount": "1", "day": "2026-11-02"}).status_code in gone, page
    client.login(of.guarantor)
    for page in (*sides, f"/zh/agreements/{of.agreement.public_id}"):
        assert client.get(page).status_code == 404, page
    assert [client.get(page).status_code for page in shown] == [200, 200]
    session.expire_all()
    assert (guarantee.state, claim.state) == state


def test_the_guarantor_sees_title_sides_and_what_it_covers(client):
    of = parties()
    guarantee = in_force(of, kinds=["milestone"])
    client.login(of.guarantor)
    page = client.get(f"/zh/guarantees/{guarantee.public_id}").get_data(as_text=True)
    assert of.agreement.title["zh"] in page and of.agreement.licensor.name["zh"] in page and "节点款" in page
    assert "royalty" not in page and of.agreement.public_id not in page
    client.login(of.firm)
    assert f"/zh/agreements/{of.agreement.public_id}" in client.get(f"/zh/guarantees/{guarantee.public_id}").get_data(as_text=True)


@pytest.mark.parametrize("wrong", [
    {"share": "180"}, {"maximum": "viel"}, {"kinds": []}, {"rank": "0"}, {"after_days": "x"}, {"within_days": "0"}, {"until": "2020-01-01"},
    {"recourse_share": "0"}, {"premium_first": "-1"}, {"premium_first": "", "premium_amount": ""}, {"premium_every": "0"}, {"guarantor": ""},
    {"deductible": "1000000"}, {"premium_amount": "1.234"},
])
def test_a_refused_request_shows_its_error_beside_the_field_and_keeps_what_was_typed(client, wrong):
    of = parties()
    client.login(of.institute)
    answer = client.post(f"/zh/agreements/{of.agreement.public_id}/guarantees/new", data={
        **COVER, "guarantor": of.company.public_id, "kind": "fund", "protects": "licensor", **wrong})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and page.count('class="field-error"') == 1 and "书面催告后方可索赔。" in page
    assert session.query(Guarantee).count() == 0


def test_the_form_of_an_offer_says_what_was_asked_for(client):
    of = parties()
    guarantee = requested(of, deductible="500.50", until="2027-01-31", premium={
        "payer": "licensor", "terms": {"currency": "CNY", "entry_fee": "10", "deferred": [{"id": "1", "amount": "20", "months": 6}]}})
    before = operations.version_of(guarantee).terms
    client.login(of.guarantor)
    form = client.get(f"/zh/guarantees/{guarantee.public_id}/offer").get_data(as_text=True)
    for typed in ('value="80"', 'value="100,000"', 'value="500.50"', 'value="2027-01-31"', 'value="20.00"', 'value="6"'):
        assert typed in form
    client.post(f"/zh/guarantees/{guarantee.public_id}/offer", data={
        "share": "80", "maximum": "100,000", "deductible": "500.50", "kinds": ["milestone", "royalty"], "rank": "1", "after_days": "30",
        "within_days": "365", "until": "2027-01-31", "recourse": "y", "recourse_share": "100", "recourse_days": "30", "premium_payer": "licensor",
        "premium_first": "10.00", "premium_amount": "20.00", "premium_every": "6", "premium_times": "1"})
    session.expire_all()
    assert operations.version_of(guarantee).terms == before and guarantee.version == 2


def test_two_people_change_the_offer_from_the_same_page(client):
    of = parties()
    guarantee = offered(of)
    session.commit()
    client.login(of.guarantor)
    data = {**COVER, "version": str(guarantee.version_id)}
    assert client.post(f"/zh/guarantees/{guarantee.public_id}/offer", data=data).status_code == 303
    assert client.post(f"/zh/guarantees/{guarantee.public_id}/offer", data={**data, "share": "10"}).status_code == 409
    session.expire_all()
    assert guarantee.version == 3


def test_an_offer_changed_after_it_was_read_is_not_accepted(client):
    of = parties()
    guarantee = offered(of)
    read = operations.version_of(guarantee).sha256
    client.login(of.guarantor)
    client.post(f"/zh/guarantees/{guarantee.public_id}/offer", data=COVER)
    client.login(of.institute)
    assert client.post(f"/zh/guarantees/{guarantee.public_id}/accept", data={"sha256": read}).status_code == 422


def test_a_claim_of_nothing_says_so(client):
    of = parties(overdue=False)
    guarantee = in_force(of)
    client.login(of.institute)
    assert client.get(f"/zh/guarantees/{guarantee.public_id}/claims/new").status_code == 200
    gone = {"obligations": ["milestone:pilot"], "reason": "未付", "key": "a"}
    assert client.post(f"/zh/guarantees/{guarantee.public_id}/claims/new", data=gone).status_code == 422
    assert session.query(Claim).count() == 0


def test_a_file_beside_a_claim_goes_to_the_three_alone(client):
    of = parties()
    claim = filed(of, in_force(of))
    client.login(of.institute)
    page = f"/zh/claims/{claim.public_id}"
    client.post(page, data={"file": (io.BytesIO(b"proof"), "proof.txt")}, content_type="multipart/form-data")
    link = next(part for part in client.get(page).get_data(as_text=True).split('"') if f"{page}/files/" in part)
    for person, status in ((of.guarantor, 200), (of.firm, 200), (factories.operator(), 404), (factories.person(), 404)):
        client.login(person)
        answer = client.get(link)
        assert answer.status_code == status
        answer.close()
    client.login(of.firm)
    assert client.post(page, data={"file": (io.BytesIO(b"x"), "x.txt")}, content_type="multipart/form-data").status_code == 403
    assert claiming.by_public_id(of.institute, claim.public_id) is claim
