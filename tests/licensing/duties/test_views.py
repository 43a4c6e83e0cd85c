"""The pages of duties as people click them, in both languages; what outsiders are shown; who may open what; the mails."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from marketplace.alerts.models import Mail
from marketplace.db import now
from marketplace.licensing.duties import operations, recordals
from marketplace.licensing.duties.models import Decision, EvidenceExport, Notice, Pricing, Recordal, Registration
from marketplace.licensing.duties.register import operations as register
from tests import factories
from tests.inspection import ENGLISH_RUN
from tests.licensing.agreement.parties import TRIAL, parties, priced, signed, work_on
from tests.licensing.agreement.test_views import filled
from tests.licensing.duties.parties import negotiated, published

PAPER = {"zh": "会议纪要", "en": "minutes"}


def file(name="minutes.txt", content=b"agreed"):
    return io.BytesIO(content), name


def page(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return BeautifulSoup(answer.get_data(as_text=True), "lxml").get_text(" ", strip=True) if answer.mimetype == "text/html" else answer


def send(client, path, **changes):
    return client.post(path, data=filled(client.get(path).get_data(as_text=True), **changes))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_from_the_price_to_the_answer_of_an_objection(client, session, lang):
    who = parties()
    agreement = negotiated(who, {**TRIAL, "effective": now().date().isoformat()}, now(), mode=None)
    show = f"/{lang}/agreements/{agreement.public_id}"
    client.login(who.holder_member)
    assert ("目前还不能签署" if lang == "zh" else "It cannot be signed yet") in page(client, show)
    answer = send(client, f"{show}/pricing", decided_by="院务会", minutes=file())
    assert answer.status_code == 303 and answer.location.endswith("/notice")
    answer = send(client, f"{show}/notice")
    assert answer.status_code == 422, "whether the buyer is related must be said"
    sent = filled(client.get(f"{show}/notice").get_data(as_text=True), related="no", days="15")
    answer = client.post(f"{show}/notice", data=sent)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert client.post(f"{show}/notice", data=sent).location == answer.location, "pressed twice"
    notice = session.query(Notice).one()
    address = f"/{lang}/notices/{notice.public_id}"
    client.logout()
    said = page(client, address)
    assert who.licensor.called(lang) in said and who.licensee.called(lang) not in said, "the buyer is not named outside"
    assert notice.public_id in client.get(f"/{lang}/notices").get_data(as_text=True)
    assert client.get(f"{address}/object").status_code == 303, "whoever objects signs in"
    objector = factories.person()
    client.login(objector)
    answer = send(client, f"{address}/object", text="价格偏低", file=file())
    assert answer.status_code == 303 and "价格偏低" in page(client, answer.location)
    assert client.post(answer.location, data={"verdict": "rejected", "reasons": "x"}).status_code == 403
    objection = answer.location
    client.login(who.firm_member)
    said = page(client, address)
    assert who.licensee.called(lang) in said and objector.name not in said and ("因异议暂停计时" if lang == "zh" else "An objection stops the clock") in said
    assert client.get(objection).status_code == 404, "who objects, and what, stays with the institute"
    client.login(who.holder_signatory)
    assert objector.name in page(client, objection)
    assert send(client, objection, verdict="rejected", reasons="").status_code == 422
    assert send(client, objection, verdict="rejected", reasons="经核查不成立").status_code == 303
    assert session.get(Notice, notice.id).runs_until == notice.published_on + timedelta(days=15)
    client.login(objector)
    assert "经核查不成立" in page(client, objection) and "经核查不成立" not in page(client, address)
    client.login(who.holder_member)
    assert send(client, f"{address}/paper", received_from="老校友", text="信").status_code == 303
    assert client.post(f"{address}/withdraw").status_code == 303 and session.get(Notice, notice.id).state == "withdrawn"


def test_a_blind_technology_is_published_inside_the_institute_alone(client):
    who = parties()
    who.technology.visibility, who.technology.title = "blind", {"zh": "绝密装置", "en": "Secret device"}
    factories.access_grant(who.technology, who.licensee)
    notice = published(who, negotiated(who, at=now()), now())
    for person in (None, factories.person(), factories.operator(), factories.broker()):
        client.logout() if person is None else client.login(person)
        assert "绝密装置" not in page(client, "/zh/notices")
        page(client, f"/zh/notices/{notice.public_id}", 404)
        assert client.get(f"/zh/notices/{notice.public_id}/object").status_code in (303, 404)
    client.login(who.holder_member)
    assert "绝密装置" in page(client, f"/zh/notices/{notice.public_id}") and "仅在单位内部公示" in page(client, f"/zh/notices/{notice.public_id}")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_recordal_and_registration_through_the_pages(client, session, lang):
    who = parties()
    agreement = signed(who)
    recordals.begin_recordal(agreement.id)
    session.flush()
    show = f"/{lang}/agreements/{agreement.public_id}"
    client.login(who.holder_member)
    assert session.query(Recordal).one().due.isoformat() == "2027-02-02" and "2027" in page(client, show)
    assert send(client, f"{show}/recordal/file", filed_on="2026-11-02", file=file()).status_code == 303
    assert send(client, f"{show}/recordal/record", number="X1", recorded_on="2026-11-02", file=file("c.txt")).status_code == 303
    assert "X1" in page(client, show) and session.query(Recordal).one().state == "recorded"
    form = f"{show}/registration"
    assert "250000" in client.get(form).get_data(as_text=True), "the total is proposed from the agreement"
    assert send(client, form, technology_amount="abc").status_code == 422
    assert send(client, form, technology_amount="300000").status_code == 422
    assert send(client, form, technology_amount="20万", seller_address="甲路", buyer_address="乙路", asked_contact="王五").status_code == 303
    assert session.query(Registration).one().technology_amount == 20_000_000
    assert ("卖方统一社会信用代码" if lang == "zh" else "Seller's unified social credit code") in page(client, form)
    assert client.get(f"{form}/pack.zip").status_code == 422
    assert send(client, f"{form}/number", number="2026330000000001", registered_on="2026-11-02").status_code == 303
    assert "2026330000000001" in page(client, form)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_register_through_the_pages(client, session, lang):
    who = parties()
    who.technology.application_number = "2017106018623"
    client.login(who.holder)
    root = f"/{lang}/organisations/{who.licensor.public_id}"
    assert f"{root}/register" in client.get(root).get_data(as_text=True)
    assert who.technology.titled(lang)[0] in page(client, f"{root}/register?state=on_offer")
    assert who.technology.titled(lang)[0] not in page(client, f"{root}/register?state=lapsed")
    asset = f"{root}/register/{who.technology.public_id}"
    assert send(client, asset, cost="1,234.50", acquired_on="2020-01-31").status_code == 303
    assert register.asset_of(who.technology).cost == 123450
    assert send(client, f"{root}/decisions/new", kind="write_off", decided_by="党委会", basis="x").status_code == 422
    sent = {"kind": "write_off", "decided_by": "党委会", "basis": "第5号决议", "technology": "2017106018623", "minutes": file()}
    assert send(client, f"{root}/decisions/new", **sent).status_code == 303
    (made,) = session.query(Decision).filter_by(kind="write_off")
    said = page(client, f"{root}/decisions")
    assert "第5号决议" in said and "minutes.txt" in said and ("已核销" if lang == "zh" else "written off") in page(client, asset)
    assert send(client, f"/{lang}/decisions/{made.public_id}/void", basis="记错").status_code == 303
    assert register.counts(who.licensor, now().date())["written_off"] == 0
    assert page(client, f"{root}/decisions?first=2030-01-01&last=nonsense")
    answer = send(client, f"{root}/register/evidence")
    assert answer.status_code == 303
    export = session.query(EvidenceExport).one()
    assert client.get(f"/{lang}/evidence/{export.public_id}.zip").status_code == 404, "not made yet"
    if lang == "en":  # a PDF takes its time
        work_on("duties.make_evidence")
        answer = client.get(f"/{lang}/evidence/{export.public_id}.zip")
        assert answer.status_code == 200 and "register.pdf" in zipfile.ZipFile(io.BytesIO(answer.get_data())).namelist()
        answer.close()
        assert session.get(EvidenceExport, export.id).sha256 in page(client, f"{root}/register/evidence")
    for person in (who.holder_member, who.firm, factories.operator(), factories.broker(), factories.person()):
        client.login(person)
        for path in (f"{root}/register", asset, f"{root}/decisions", f"{root}/decisions/new", f"{root}/register/evidence",
                     f"/{lang}/evidence/{export.public_id}.zip", f"/{lang}/decisions/{made.public_id}/void"):
            page(client, path, 404)


def test_every_page_of_an_agreements_duties_is_closed_to_others(client, session):
    who = parties()
    agreement = negotiated(who)
    priced(who, agreement)
    published_of = session.query(Pricing).order_by(Pricing.id.desc()).first()
    (minutes,) = operations.attachments.attachments_of(published_of)
    root = f"/en/agreements/{agreement.public_id}"
    paths = [f"{root}/pricing", f"{root}/notice", f"{root}/pricing/files/{minutes.public_id}", f"{root}/recordal/file", f"{root}/registration",
             f"{root}/registration/pack.zip", f"{root}/registration/number"]
    for person in (factories.person(), factories.operator(), factories.broker()):
        client.login(person)
        assert {client.get(path).status_code for path in paths} == {404}
    client.login(who.firm_member)
    assert [client.get(path).status_code for path in paths[:3]] == [403, 403, 403], "the minutes are the institute's"
    client.login(who.holder_member)
    answer = client.get(paths[2])
    assert answer.get_data() == "挂牌结果".encode()
    answer.close()
    client.logout()
    assert {client.get(path).status_code for path in paths} == {303}


def test_mails_of_a_notice_reach_both_sides_and_the_objector_in_their_language(session):
    who = parties()
    who.firm_member.language = "en"
    agreement = negotiated(who)
    kinds = ["alerts.notice_published", "alerts.notice_objected", "alerts.objection_answered", "alerts.notice_over"]
    work_on(*kinds)
    session.query(Mail).delete()
    notice = published(who, agreement)
    work_on(*kinds)
    objector = factories.person()
    made = operations.object_to(objector, session.get(Notice, notice.id), "k", "秘密的内容", None, factories.NOW)
    work_on(*kinds)
    operations.answer_objection(who.holder_signatory, made, True, "成立", factories.NOW)
    work_on(*kinds)
    mails = session.query(Mail).order_by(Mail.id).all()
    assert "秘密的内容" not in "".join(mail.body for mail in mails)
    assert [mail.template for mail in mails if mail.person_id == objector.id] == ["objection_answered"]
    subjects = [mail.subject.split(":")[0] for mail in mails if mail.person_id == who.firm_member.id]
    assert subjects == ["The price is published", "An objection stops the notice", "An objection to the price was right"]
    for mail in mails:
        assert mail.language == "en" or not ENGLISH_RUN.search(mail.subject + mail.body.split("http")[0]), mail.body
