"""The pages: the whole walk from the technology to the signed PDF as people click it, in both languages, and who may open what."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO

import pytest
from bs4 import BeautifulSoup

from marketplace.catalogue.attachments import store
from marketplace.db import now
from marketplace.licensing import ledger
from marketplace.licensing.models import Agreement, AgreementEvent, Signature
from marketplace.licensing.performing.models import Correction, Dispute
from marketplace.licensing.signing import operations as signing
from marketplace.licensing.signing.models import Paper, SignedText
from marketplace.people import one_time
from tests import factories
from tests.inspection import work
from tests.licensing.agreement.parties import TRIAL, parties, priced, proposed, signed

OFFER = {"mode": "licence", "exclusivity": "exclusive", "term_months": 36, "terms": {name: value for name, value in TRIAL.items() if name != "effective"}}


def filled(page, **changes):
    """What a browser would send back of the page's main form."""
    form = next(form for form in BeautifulSoup(page, "lxml").find_all("form", method="post") if not form.get("action"))
    data = {}
    for field in form.find_all(["input", "textarea", "select"]):
        name, kind = field.get("name"), field.get("type")
        if not name or kind in ("submit", "file") or kind in ("checkbox", "radio") and not field.has_attr("checked"):
            continue
        if field.name == "select":
            chosen = field.find("option", selected=True) or field.find("option")
            value = chosen["value"] if chosen else ""
        else:
            value = field.get_text() if field.name == "textarea" else field.get("value", "y")
        data.setdefault(name, []).append(value)
    return {**data, **changes}


def show(client, agreement, lang="zh"):
    return client.get(f"/{lang}/agreements/{agreement.public_id}").get_data(as_text=True)


def press_signed(client, session, agreement, person, what="sign"):
    """Sign through the pages, with the code that the mail would carry."""
    client.login(person)
    path = f"/zh/agreements/{agreement.public_id}/{what}"
    answer = client.post(path, data=filled(client.get(path).get_data(as_text=True)))
    assert answer.status_code == 303, answer.get_data(as_text=True)
    asked = session.query(Signature).filter_by(person_id=person.id).order_by(Signature.id.desc()).first()
    session.refresh(asked)
    page = client.get(answer.location).get_data(as_text=True)
    return client.post(answer.location, data=filled(page, code=one_time.code_of(asked.public_id, asked.counter)))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_from_the_technology_to_the_signed_text(client, session, lang):
    who = parties()
    technology = factories.technology(who.licensor, offer=OFFER)
    client.login(who.firm_member)
    address = f"/{lang}/technologies/{technology.public_id}"
    assert f"{address}/agreements/new" in client.get(address).get_data(as_text=True)
    page = client.get(f"{address}/agreements/new").get_data(as_text=True)
    sent = filled(page, propose="1", note="Hallo")
    answer = client.post(f"{address}/agreements/new", data=sent)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert client.post(f"{address}/agreements/new", data=sent).location == answer.location, "pressed twice"
    agreement = session.query(Agreement).one()
    assert agreement.state == "proposed" and agreement.versions[0].clauses["exclusivity"] == "exclusive"
    client.login(who.holder_member)
    edit = f"/{lang}/agreements/{agreement.public_id}/edit"
    answer = client.post(edit, data={**filled(client.get(edit).get_data(as_text=True)), "terms-entry_fee": "5000", "cure_days": "10"})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    versions = client.get(f"/{lang}/agreements/{agreement.public_id}/versions").get_data(as_text=True)
    assert "5,000" in versions and ("补救" in versions if lang == "zh" else "cure" in versions)
    priced(who, agreement, now())
    for person in (who.firm_signatory, who.holder_signatory):
        assert press_signed(client, session, agreement, person).status_code == 303
    session.refresh(agreement)
    assert agreement.state == "countersigned"
    work()
    page = show(client, agreement, lang)
    assert "200,000" in page and session.query(Paper).count() == 2
    paper = session.query(Paper).first()
    got = client.get(f"/{lang}/agreements/{agreement.public_id}/papers/{paper.public_id}")
    assert got.data.startswith(b"%PDF-") and got.headers["Content-Disposition"].startswith("attachment")
    got.close()
    plain = client.get(f"/{lang}/agreements/{agreement.public_id}/text/2.txt").data.decode()
    assert plain.startswith("技术许可协议") and client.get(f"/{lang}/agreements/{agreement.public_id}/text/2").status_code == 200
    for path in ("/agreements", "/agreements?status=on_trial&side=licensor", "/home"):
        found = client.get(f"/{lang}{path}")
        assert found.status_code in (200, 404), path


def test_both_texts_stay_when_two_propose_at_once(client, session):
    who = parties()
    agreement = proposed(who, {**TRIAL, "effective": now().date().isoformat()}, now())
    client.login(who.firm_member)
    edit = f"/zh/agreements/{agreement.public_id}/edit"
    mine = {**filled(client.get(edit).get_data(as_text=True)), "terms-entry_fee": "2222"}
    client.login(who.holder_member)
    assert client.post(edit, data={**filled(client.get(edit).get_data(as_text=True)), "terms-entry_fee": "1111"}).status_code == 303
    client.login(who.firm_member)
    answer = client.post(edit, data=mine)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409 and "1,111" in page and "2,222" in page and who.holder_member.name in page
    late = client.post(edit, data={**mine, "terms-effective": "2020-01-01"})
    assert late.status_code == 409 and "2,222" in late.get_data(as_text=True) and "生效日" in late.get_data(as_text=True), "what cannot be is said there too"
    again = client.post(edit, data=filled(page))
    session.refresh(agreement)
    assert again.status_code == 303 and agreement.version == 3


@pytest.mark.parametrize(("changes", "said"), [
    ({"terms-effective": ""}, "请填写"), ({"terms-effective": "2020-01-01"}, "生效日"), ({"terms-end": "2020-01-01"}, "早于"), ({"cure_days": "soon"}, "整数"),
    ({"terms-entry_fee": "10000000000000.01"}, "不能超过"), ({"acceptance-0-id": "x", "acceptance-0-deadline": "soon"}, ""),
    ({"audit_bears_cost_from": "500"}, ""),
])
def test_what_is_wrong_stands_beside_its_field(client, session, changes, said):
    who = parties()
    technology = factories.technology(who.licensor, offer=OFFER)
    client.login(who.firm_member)
    address = f"/zh/technologies/{technology.public_id}/agreements/new"
    answer = client.post(address, data={**filled(client.get(address).get_data(as_text=True)), **changes})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and said in page and "field-error" in page
    assert session.query(Agreement).count() == 0


def test_the_holder_drafts_for_a_firm_found_by_name(client, session):
    who = parties()
    client.login(who.holder_member)
    address = f"/zh/technologies/{who.technology.public_id}/agreements/new"
    page = client.get(address).get_data(as_text=True)
    assert client.post(address, data=filled(page, partner="没有这家")).status_code == 422
    answer = client.post(address, data=filled(page, partner=who.licensee.name["zh"]))
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert session.query(Agreement).one().licensee_id == who.licensee.id


def test_more_rows_and_presets_save_nothing(client, session):
    who = parties()
    client.login(who.firm_member)
    address = f"/zh/technologies/{who.technology.public_id}/agreements/new"
    page = client.get(address).get_data(as_text=True)
    for button in ({"more_acceptance": "1"}, {"terms-preset": "trial_then_pay"}, {"terms-add": "milestones"}):
        assert client.post(address, data=filled(page, **button)).status_code == 200
    assert session.query(Agreement).count() == 0


def test_strangers_find_nothing(client, session):
    who = parties()
    agreement = signed(who)
    work()
    text = session.query(SignedText).one()
    paths = ["", "/edit", "/versions", "/text/1", "/text/1.txt", "/sign", "/certificate", "/events/converted", "/corrections/new", "/disputes/new",
             f"/papers/{session.query(Paper).first().public_id}"]
    for person in (factories.operator(), factories.broker(), factories.organisation(factories.person()).memberships[0].person, None):
        if person:
            client.login(person)
        else:
            client.logout()
        for path in paths:
            assert client.get(f"/zh/agreements/{agreement.public_id}{path}").status_code in (303, 404), (person, path)
            assert client.get(f"/zh/agreements/{agreement.public_id}{path}").location is None or person is None
        page = client.get(f"/zh/verify/{text.sha256}").get_data(as_text=True)
        assert "是的" in page and agreement.public_id not in page and who.licensee.name["zh"] not in page


def test_a_wrong_code_is_counted_over_requests(client, session):
    who = parties()
    agreement = proposed(who, {**TRIAL, "effective": now().date().isoformat()}, now())
    client.login(who.firm_signatory)
    path = f"/zh/agreements/{agreement.public_id}/sign"
    enter = client.post(path, data=filled(client.get(path).get_data(as_text=True))).location
    asked = session.query(Signature).one()
    wrong = f"{(int(one_time.code_of(asked.public_id, 1)) + 1) % 10**6:06d}"
    assert client.post(enter, data=filled(client.get(enter).get_data(as_text=True), code=wrong)).status_code == 303
    assert "还可以试 4 次" in client.get(enter).get_data(as_text=True)
    session.refresh(asked)
    assert asked.tries == 1 and asked.signed is None
    assert client.post(enter, data=filled(client.get(enter).get_data(as_text=True), code="")).status_code == 422
    assert client.post(path, data={"number": "1", "sha256": "0" * 64}).status_code == 422


def test_events_corrections_and_disputes_through_the_pages(client, session):
    who = parties()
    at = now() - timedelta(days=1)
    agreement = signed(who, {**TRIAL, "effective": at.date().isoformat()}, at)
    client.login(who.firm_signatory)
    convert = f"/zh/agreements/{agreement.public_id}/events/converted"
    page = client.get(convert).get_data(as_text=True)
    assert "200,000" in page and "锁定" in page
    assert client.post(convert, data=filled(page, day="2099-01-01")).status_code == 422
    sent = filled(page)
    assert [client.post(convert, data=sent).status_code for _ in range(2)] == [303, 303]
    event = session.query(AgreementEvent).one()
    for kind in ("milestone_accepted", "bought_out", "terminated"):
        assert client.get(f"/zh/agreements/{agreement.public_id}/events/{kind}").status_code == 200
    ask = f"/zh/agreements/{agreement.public_id}/corrections/new?event={event.id}"
    assert client.post(ask, data=filled(client.get(ask).get_data(as_text=True), reason="日期有误")).status_code == 303
    asked = session.query(Correction).one()
    client.login(who.holder_member)
    assert "日期有误" in show(client, agreement)
    assert client.post(f"/zh/agreements/{agreement.public_id}/corrections/{asked.public_id}/agree").status_code == 303
    session.expire_all()
    assert agreement.standing.status == "on_trial" and list(ledger.faults(agreement)) == []
    new = f"/zh/agreements/{agreement.public_id}/disputes/new"
    answer = client.post(new, data=filled(client.get(new).get_data(as_text=True), subject="质量", text="达不到指标"))
    assert answer.status_code == 303
    assert "有争议" in show(client, agreement)
    assert client.post(answer.location, data=filled(client.get(answer.location).get_data(as_text=True), settlement="延长试用")).status_code == 303
    client.login(who.firm_member)
    page = client.get(answer.location).get_data(as_text=True)
    assert client.post(f"{answer.location}/settle", data={"settlement": "别的"}).status_code == 422
    assert client.post(f"{answer.location}/settle", data={"settlement": "延长试用"}).status_code == 303
    assert session.query(Dispute).one().state == "settled" and "延长试用" in page
    assert "有争议" not in show(client, agreement, "zh").split("<h2>")[0]


def test_a_certificate_through_the_pages(client, session):
    who = parties()
    at = now() - timedelta(days=1)
    agreement = signed(who, {**TRIAL, "effective": at.date().isoformat()}, at)
    client.login(who.firm_signatory)
    decline = f"/zh/agreements/{agreement.public_id}/events/declined"
    assert client.post(decline, data=filled(client.get(decline).get_data(as_text=True))).status_code == 303
    assert press_signed(client, session, agreement, who.firm_signatory, "certificate").status_code == 303
    work()
    assert session.query(Paper).count() == 4 and '停用证明 · <span lang="zh-Hans">中文</span>' in show(client, agreement)
    assert signing.signed_with(session.query(SignedText).filter_by(of="certificate").one().sha256)


def test_whether_something_was_signed_here_can_be_asked_with_the_file(client, session):
    who = parties()
    agreement = signed(who)
    work()
    data = store().path(session.query(Paper).first().sha256).read_bytes()
    sent = client.post("/zh/verify", data={"file": (BytesIO(data), "a.pdf")}, content_type="multipart/form-data")
    assert "是的" in client.get(sent.location).get_data(as_text=True)
    sent = client.post("/en/verify", data={"file": (BytesIO(data + b"x"), "a.pdf")}, content_type="multipart/form-data")
    assert "No, nothing" in client.get(sent.location).get_data(as_text=True)
    spaced = re.sub("(....)", r"\1 ", agreement.text_sha256).upper()
    assert client.post("/zh/verify", data={"sha256": spaced}).location.endswith(agreement.text_sha256)
    assert client.post("/zh/verify", data={"sha256": "abc"}).status_code == 422
    client.login(who.firm)
    assert agreement.public_id in client.get(f"/zh/verify/{agreement.text_sha256}").get_data(as_text=True)


def test_one_signature_alone_is_no_agreement_for_the_page_of_hashes(client, session):
    who = parties()
    agreement = proposed(who, {**TRIAL, "effective": now().date().isoformat()}, now())
    assert press_signed(client, session, agreement, who.firm_signatory).status_code == 303
    words = signing.text_to_sign(agreement)
    assert "没有" in client.get(f"/zh/verify/{words.sha256}").get_data(as_text=True)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_both_sides_calculate_with_the_terms_on_the_table(client, session, lang):
    who = parties()
    agreement = proposed(who, {**TRIAL, "effective": now().date().isoformat()}, now())
    address = f"/{lang}/simulator?agreement={agreement.public_id}"
    assert client.get(address).status_code == 404, "a visitor knows of no agreement"
    for person in (who.firm_member, who.holder_member):
        client.login(person)
        assert f"/{lang}/simulator?agreement={agreement.public_id}" in show(client, agreement, lang)
        page = client.get(address).get_data(as_text=True)
        assert "200,000" in page and f'href="/{lang}/agreements/{agreement.public_id}"' in page
        assert f'value="{now().date().isoformat()}"' in page
        sent = {"level": "300000", "growth": "0", "quarters": "8", "start": now().date().isoformat(), "margin": "30", "discount": "8"}
        assert client.post(address, data=sent).status_code == 200
