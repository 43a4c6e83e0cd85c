"""Invoices as UBL 2.1 XML, Invoice and CreditNote (OASIS Universal Business Language 2.1, 2013), for bookkeeping programs. Pure.

A mirror is a CreditNote with positive amounts, as UBL wants it, and names the invoice that it cancels. Tax is not computed
here: what the agreement says of it stands as a note. The elements stand in the order of the schema, which is fixed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

ROOT = "urn:oasis:names:specification:ubl:schema:xsd:"
CAC, CBC = f"{ROOT}CommonAggregateComponents-2", f"{ROOT}CommonBasicComponents-2"
COMMERCIAL, CREDIT = "380", "381"  # UNTDID 1001: commercial invoice, credit note
BANK_TRANSFER = "30"  # UNTDID 4461: credit transfer
ONE = "C62"  # UNECE Recommendation 20: one piece
COUNTRY = "CN"
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Party:
    """Who bills or is billed: the name, the social credit code and the address, as they stand on the invoice."""

    name: str
    code: str | None = None
    address: str = ""


@dataclass(frozen=True)
class Document:
    """What an invoice states, in one language; `amount` is what the invoice says, less than nothing on a mirror."""

    reference: str
    issued: date
    due: date | None
    currency: str
    amount: Decimal
    issuer: Party
    customer: Party
    agreement: str
    title: str
    item: str
    reason: str
    tax_note: str = ""
    period: tuple[date, date] | None = None
    cancels: tuple[str, date] | None = None
    account: Mapping[str, Any] = field(default_factory=dict)


def xml(document: Document) -> bytes:
    """The invoice, or the credit note for a mirror, as XML in UTF-8."""
    credit = document.cancels is not None
    name = "CreditNote" if credit else "Invoice"
    root = etree.Element(etree.QName(f"{ROOT}{name}-2", name), nsmap={None: f"{ROOT}{name}-2", "cac": CAC, "cbc": CBC})
    _head(root, document, credit)
    if document.period:
        period = _part(root, "InvoicePeriod")
        _text(period, "StartDate", document.period[0].isoformat())
        _text(period, "EndDate", document.period[1].isoformat())
    if document.cancels:
        cancelled = _part(_part(root, "BillingReference"), "InvoiceDocumentReference")
        _text(cancelled, "ID", document.cancels[0])
        _text(cancelled, "IssueDate", document.cancels[1].isoformat())
    contract = _part(root, "ContractDocumentReference")
    _text(contract, "ID", document.agreement)
    _text(contract, "DocumentDescription", document.title)
    _party(_part(root, "AccountingSupplierParty"), document.issuer)
    _party(_part(root, "AccountingCustomerParty"), document.customer)
    _means(root, document, credit)
    _total(root, document)
    _line(root, document, credit)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _part(parent: Any, name: str) -> Any:
    return etree.SubElement(parent, etree.QName(CAC, name))


def _text(parent: Any, name: str, text: str, **attributes: str) -> None:
    made = etree.SubElement(parent, etree.QName(CBC, name), **attributes)
    made.text = _UNPRINTABLE.sub("", text)


def _amount(parent: Any, name: str, document: Document) -> None:
    _text(parent, name, f"{abs(document.amount):f}", currencyID=document.currency)


def _head(root: Any, document: Document, credit: bool) -> None:
    _text(root, "UBLVersionID", "2.1")
    _text(root, "ID", document.reference)
    _text(root, "IssueDate", document.issued.isoformat())
    if document.due and not credit:
        _text(root, "DueDate", document.due.isoformat())
    _text(root, "CreditNoteTypeCode" if credit else "InvoiceTypeCode", CREDIT if credit else COMMERCIAL)
    for note in (document.reason, document.tax_note):
        if note:
            _text(root, "Note", note)
    _text(root, "DocumentCurrencyCode", document.currency)
    if not credit:
        _text(root, "BuyerReference", document.agreement)


def _party(parent: Any, party: Party) -> None:
    made = _part(parent, "Party")
    if party.code:
        _text(_part(made, "PartyIdentification"), "ID", party.code, schemeName="USCC")
    _text(_part(made, "PartyName"), "Name", party.name)
    address = _part(made, "PostalAddress")
    if party.address:
        _text(_part(address, "AddressLine"), "Line", party.address)
    _text(_part(address, "Country"), "IdentificationCode", COUNTRY)
    legal = _part(made, "PartyLegalEntity")
    _text(legal, "RegistrationName", party.name)
    if party.code:
        _text(legal, "CompanyID", party.code, schemeName="USCC")


def _means(root: Any, document: Document, credit: bool) -> None:
    """Where to pay and with which reference; a credit note is not paid."""
    if credit:
        return
    means = _part(root, "PaymentMeans")
    _text(means, "PaymentMeansCode", BANK_TRANSFER)
    _text(means, "PaymentID", document.reference)
    if document.account.get("account"):
        account = _part(means, "PayeeFinancialAccount")
        _text(account, "ID", document.account["account"])
        if document.account.get("account_name"):
            _text(account, "Name", document.account["account_name"])
        if document.account.get("bank"):
            _text(_part(account, "FinancialInstitutionBranch"), "Name", document.account["bank"])


def _total(root: Any, document: Document) -> None:
    total = _part(root, "LegalMonetaryTotal")
    _amount(total, "LineExtensionAmount", document)
    _amount(total, "PayableAmount", document)


def _line(root: Any, document: Document, credit: bool) -> None:
    line = _part(root, "CreditNoteLine" if credit else "InvoiceLine")
    _text(line, "ID", "1")
    _text(line, "CreditedQuantity" if credit else "InvoicedQuantity", "1", unitCode=ONE)
    _amount(line, "LineExtensionAmount", document)
    item = _part(line, "Item")
    if document.reason:
        _text(item, "Description", document.reason)
    _text(item, "Name", document.item)
    _amount(_part(line, "Price"), "PriceAmount", document)
