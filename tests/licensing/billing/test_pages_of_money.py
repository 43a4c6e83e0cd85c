"""The pages of money, each as its readers see it and closed to everybody else; each form through to its end."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from marketplace.db import session
from marketplace.licensing.billing import operations, payments
from marketplace.licensing.billing.models import BankLine, Invoice, Payment
from tests import factories
from tests.factories import NOW
from tests.inspection import work

KEY = "milestone:pilot"


@pytest.fixture
def owing(two):
    """The milestone and a royalty are owed and billed, a payment is reported, a bank line waits."""
    two.reach()
    factories.event(two.agreement, "statement", "2026-07-10", period="2026-04-01", gross="1000000", deductions={"运费": "1000"})
    operations.issue(two.officer, two.agreement, KEY, NOW)
    operations.issue(two.officer, two.agreement, "royalty:2026-04-01", NOW)
    payments.report_payment(two.owner, two.agreement, "first", NOW, amount=1_000_000, day=NOW.date(), reference="part")
    return two


def addresses(two) -> dict[str, str]:
    """Every page of money that can be read."""
    invoice = operations.last_invoice(two.agreement, KEY)
    payment = payments.payments_of(two.agreement)[0]
    money, agreement = f"/money/{two.institute.public_id}", f"/agreements/{two.agreement.public_id}"
    return {
        "money": money, "invoices": f"{money}/invoices", "arrears": f"{money}/arrears", "bank": f"{money}/bank", "profile": f"{money}/profile",
        "csv": f"{money}/invoices-2026.csv", "payments csv": f"{money}/payments-2026.csv", "zip": f"{money}/2026.zip",
        "invoice": f"/invoices/{invoice.public_id}", "xml": f"/invoices/{invoice.public_id}.xml", "pdf": f"/invoices/{invoice.public_id}.pdf",
        "agreement": f"{agreement}/billing", "new payment": f"{agreement}/payments/new", "payment": f"/payments/{payment.public_id}",
    }


OF_ONE_SIDE = {"money", "invoices", "arrears", "bank", "profile", "csv", "payments csv", "zip"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_opens_for_the_licensor(client, owing, language):
    client.login(owing.officer)
    for name, address in addresses(owing).items():
        assert client.get(f"/{language}{address}").status_code == 200, name


def test_the_licensee_reads_what_is_of_both_sides_alone(client, owing):
    client.login(owing.owner)
    for name, address in addresses(owing).items():
        assert client.get(f"/en{address}").status_code == (403 if name in OF_ONE_SIDE else 200), name


def test_there_is_no_money_before_both_have_signed(client, owing):
    proposed = factories.agreement(owing.institute, owing.firm, state="proposed")
    client.login(owing.officer)
    assert client.get(f"/en/agreements/{proposed.public_id}/billing").status_code == 404


def test_everybody_else_finds_nothing(client, owing):
    for who in (None, factories.person(), factories.operator(), factories.broker()):
        client.logout()
        if who is not None:
            client.login(who)
        for name, address in addresses(owing).items():
            status = client.get(f"/en{address}").status_code
            assert status in ((403, 303) if name in OF_ONE_SIDE else (404, 303)), (name, who)


def test_each_reader_reads_in_their_own_language(client, owing):
    client.login(owing.owner)
    for language, mine, theirs in (("en", "Test Works", "测试企业"), ("zh", "测试企业", "Test Works")):
        for name in ("invoice", "agreement", "payment"):
            page = client.get(f"/{language}{addresses(owing)[name]}").get_data(as_text=True)
            assert (mine if name != "payment" else {"en": "Licence agreement", "zh": "许可协议"}[language]) in page
            assert theirs not in page, (language, name)


def test_a_signatory_reads_and_a_member_does_not_say_how_the_organisation_bills(client, owing):
    for role, status in (("member", 403), ("signatory", 403)):
        person = factories.person()
        factories.membership(person, owing.institute, role)
        client.login(person)
        assert client.get(f"/en{addresses(owing)['money']}").status_code == 200
        assert client.get(f"/en{addresses(owing)['profile']}").status_code == status


def test_the_agreement_shows_its_money(client, owing):
    client.login(owing.owner)
    page = client.get(f"/en/agreements/{owing.agreement.public_id}").get_data(as_text=True)
    assert "Milestone fee" in page and operations.last_invoice(owing.agreement, KEY).reference in page and "Issue the invoice" not in page


def test_a_payment_is_reported_with_its_proof_and_confirmed(client, owing):
    client.login(owing.owner)
    new = addresses(owing)["new payment"]
    data = {"key": "k", "amount": "4万", "day": "2026-11-02", "obligation": KEY, "reference": "rest", "file": (io.BytesIO(b"%PDF-1.4 x"), "proof.pdf")}
    answer = client.post(f"/en{new}", data=data)
    assert answer.status_code == 303
    payment = session.scalars(select(Payment).where(Payment.key == "k")).one()
    assert (payment.amount, payment.obligation_key) == (4_000_000, KEY)
    page = client.get(answer.location).get_data(as_text=True)
    assert "What it will pay" in page and "proof.pdf" in page and "Confirm that" not in page
    again = client.post(f"/en{new}", data={**data, "file": (io.BytesIO(b"%PDF-1.4 x"), "proof.pdf")})
    assert again.location == answer.location and len(payments.payments_of(owing.agreement)) == 2
    client.login(owing.officer)
    assert "Confirm that" in client.get(answer.location).get_data(as_text=True) and client.get(f"{answer.location}.pdf").status_code == 404
    assert client.post(f"{answer.location}/confirm").status_code == 303
    assert client.post(f"{answer.location}/confirm").status_code == 422
    session.expire_all()
    assert payment.state == "confirmed" and operations.obligation_of(owing.agreement, KEY).unpaid == 1_000_000
    assert f"{answer.location}.pdf" in client.get(answer.location).get_data(as_text=True)
    client.login(owing.owner)
    receipt = client.get(f"{answer.location}.pdf")
    text = PdfReader(io.BytesIO(receipt.data)).pages[0].extract_text()
    assert receipt.mimetype == "application/pdf"
    assert all(said in text for said in ("¥40,000", "November 2, 2026", "Test Works", "rest", owing.agreement.text_sha256[:20]))
    client.login(factories.person())
    assert client.get(f"{answer.location}.pdf").status_code == 404


def test_a_form_that_is_refused_says_why_beside_the_field(client, owing):
    client.login(owing.owner)
    address = f"/zh{addresses(owing)['new payment']}"
    for data, marked in (({"amount": "x", "day": "2026-11-02"}, "amount"), ({"amount": "1.001", "day": "2026-11-02"}, "amount"), ({"amount": "1"}, "day"),
                         ({"amount": "10000", "day": "2026-11-02", "reference": "Part"}, "again")):
        answer = client.post(address, data={"key": "k2", **data})
        assert answer.status_code == 422
        assert f'id="{marked}-note"' in answer.get_data(as_text=True)
    assert client.post(address, data={"key": "k3", "amount": "10000", "day": "2026-11-02", "reference": "Part", "again": "y"}).status_code == 303


def test_rejecting_needs_a_reason(client, owing):
    client.login(owing.officer)
    address = f"/en{addresses(owing)['payment']}"
    assert client.post(f"{address}/reject", data={"reason": ""}).status_code == 422
    assert client.post(f"{address}/reject", data={"reason": "not in our account"}).status_code == 303
    assert "not found by the licensor" in client.get(address).get_data(as_text=True)


def test_an_invoice_is_cancelled_and_issued_anew_by_buttons(client, owing):
    client.login(owing.officer)
    invoice = addresses(owing)["invoice"]
    assert client.post(f"/en{invoice}/cancel", data={"reason": ""}).status_code == 422
    mirror = client.post(f"/en{invoice}/cancel", data={"reason": "wrong address"}).location
    assert "Cancellation" in client.get(mirror).get_data(as_text=True)
    billing = f"/en{addresses(owing)['agreement']}"
    assert "Issue the invoice" in client.get(billing).get_data(as_text=True)
    first = client.post(f"{billing}/issue", data={"key": KEY}).location
    assert client.post(f"{billing}/issue", data={"key": KEY}).location == first
    note = client.post(f"{billing}/issue", data={"key": "interest"})
    assert note.status_code == 303 and client.post(f"{billing}/issue", data={"key": "interest"}).status_code == 422
    assert client.get(note.location).status_code == 200 and client.get(note.location + ".pdf").data.startswith(b"%PDF")
    assert session.query(Invoice).count() == 5


def test_a_tax_invoice_number_is_noted(client, owing):
    client.login(owing.officer)
    invoice = f"/zh{addresses(owing)['invoice']}"
    assert client.post(f"{invoice}/tax-number", data={"number": "<x>"}).status_code == 422
    assert client.post(f"{invoice}/tax-number", data={"number": "24332000000012345678"}).status_code == 303
    assert "24332000000012345678" in client.get(invoice).get_data(as_text=True)


def test_how_an_organisation_bills_is_kept_and_a_second_editor_is_told(client, owing):
    client.login(owing.officer)
    address = f"/en{addresses(owing)['profile']}"
    data = {"address_zh": "杭州", "zone": "Europe/Berlin", "automatic": "y", "version": ""}
    assert client.post(address, data={**data, "zone": "Mars"}).status_code == 422
    assert client.post(address, data=data).status_code == 303
    session.expire_all()
    assert operations.profile_of(owing.institute.id).address == {"zh": "杭州"}
    version = str(operations.profile_of(owing.institute.id).version_id)
    assert client.post(address, data={**data, "version": version, "address_zh": "上海"}).status_code == 303
    assert client.post(address, data={**data, "version": version, "address_zh": "北京"}).status_code == 409


def test_a_bank_statement_is_brought_and_each_line_finds_its_place(client, owing):
    client.login(owing.officer)
    reference = operations.last_invoice(owing.agreement, "royalty:2026-04-01").reference
    text = (f"日期,流水号,付款人,金额,摘要\n2026-11-01,T1,甲,29970,{reference}\n2026-11-01,T2,乙,1.00,别的\n2026-11-01,T3,丙,7.00,许可\n"
            "2026-11-02,T4,丁,10000,part\nx,T5,戊,1,\n")
    bank = f"/zh{addresses(owing)['bank']}"
    answer = client.post(bank, data={"file": (io.BytesIO(text.encode("gb18030")), "对账单.csv"), "currency": "CNY"})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    page = client.get(answer.location).get_data(as_text=True)
    assert reference in page
    lines = {line.transaction: line.public_id for line in session.scalars(select(BankLine))}
    assert client.post(f"{bank}/{lines['T1']}/take", data={"what": f"invoice:{reference}", "sure": "1"}).location.endswith("/bank")
    assert client.post(f"{bank}/{lines['T1']}/take", data={"what": f"invoice:{reference}", "sure": "1"}).status_code == 422
    assert client.post(f"{bank}/{lines['T2']}/aside").status_code == 303
    chosen = client.post(f"{bank}/{lines['T3']}/take", data={"what": f"agreement:{owing.agreement.public_id}"})
    assert client.get(chosen.location).status_code == 200
    reported = session.scalars(select(Payment).where(Payment.key == "first")).one()
    assert client.post(f"{bank}/{lines['T4']}/take", data={"what": f"payment:{reported.public_id}"}).status_code == 303
    for nonsense in ("invoice:nothing", "agreement:nothing", "payment:nothing", ""):
        assert client.post(f"{bank}/{lines['T2']}/take", data={"what": nonsense}).status_code in (404, 422)
    assert client.post(bank, data={"file": (io.BytesIO(b"a,b\n1,2\n"), "x.csv"), "currency": "CNY"}).status_code == 422
    session.expire_all()
    assert operations.obligation_of(owing.agreement, "royalty:2026-04-01").unpaid == 0


def test_the_desk_shows_what_is_due_and_what_to_confirm(client, owing):
    client.login(owing.owner)
    assert "¥50,000" in client.get("/en/desk").get_data(as_text=True)
    client.login(owing.officer)
    assert "Has this payment come?" in client.get("/en/desk").get_data(as_text=True)


def test_lists_are_filtered_and_paged(client, owing):
    client.login(owing.officer)
    invoices = f"/en{addresses(owing)['invoices']}"
    reference = operations.last_invoice(owing.agreement, KEY).reference
    shown = {"": True, "?state=live&year=2026": True, "?state=cancelled": False, "?side=licensee": False, "?page=2": False, "?year=x": True}
    for query, there in shown.items():
        assert (reference in client.get(invoices + query).get_data(as_text=True)) is there, query


def test_mail_goes_to_the_other_side_in_its_language(client, owing):
    work()
    client.login(owing.officer)
    outbox = client.get("/en/dev/outbox").get_data(as_text=True)
    assert "Invoice" in outbox and "有一笔" in outbox
