"""Registration: which kind and side are proposed, what is missing, and a pack that is the same each time."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook

from marketplace.catalogue.attachments import store
from marketplace.errors import NotAllowed, Refused
from marketplace.licensing.duties.registration import form_data, operations, pack
from marketplace.licensing.signing.models import Paper, SignedText
from tests import factories
from tests.factories import NOW
from tests.licensing.agreement.parties import parties, proposed, signed

pytestmark = pytest.mark.usefixtures("app")
ADDRESSES = {"licensor": "杭州市某路1号", "licensee": "=HYPERLINK(\"x\")"}
CODES = {"licensor": "12100000400002259P", "licensee": "91110000600037341L"}


def prepared(who, agreement, **values):
    said = {"kind": "licence", "side": "licensor", "total": 25_000_000, "technology_amount": 20_000_000, "addresses": ADDRESSES,
            "details": {"contact": "王五 0571-0000", "nothing": "x"}}
    return operations.prepare_registration(who.holder_member, agreement, **{**said, **values}, at=NOW)


def coded(who):
    for side, code in CODES.items():
        getattr(who, side).credit_code = code
    return who


def opened(content):
    archive = zipfile.ZipFile(io.BytesIO(content))
    return {name: archive.read(name) for name in archive.namelist()}


def test_five_kinds_each_with_its_fields():
    assert list(form_data.KINDS) == ["development", "transfer", "licence", "consulting", "service"]
    assert form_data.DATA["unverified"] and set(form_data.DATA["source"]) == {"zh", "en"}
    own = {kind: {field["code"] for field in form_data.fields_of(kind) if "kinds" in field} for kind in form_data.KINDS}
    assert all(own.values()) and len({frozenset(codes) for codes in own.values()}) == 5
    codes = [field["code"] for field in form_data.FIELDS]
    assert len(codes) == len(set(codes)) and all(set(field["label"]) == {"zh", "en"} for field in form_data.FIELDS)


@pytest.mark.parametrize(("mode", "kind"), [("licence", "licence"), ("assignment", "transfer"), ("joint_development", "development"), (None, "licence")])
def test_the_kind_follows_from_the_offer_and_the_seller_registers_but_for_imports(mode, kind):
    who = parties(technology=factories.technology(None, offer={"mode": mode} if mode else None)) if mode else parties()
    agreement = factories.agreement(technology=who.technology)
    assert form_data.proposed_kind(agreement) == kind and form_data.registering_side(agreement) == "licensor"
    agreement.licensor.region = "DE"
    assert form_data.registering_side(agreement) == "licensee"


def test_the_pack_is_refused_with_what_is_missing():
    who = parties()
    agreement = signed(who)
    made = prepared(who, agreement, addresses={}, details={})
    with pytest.raises(Refused) as refused:
        pack.pack(who.holder_member, agreement, made)
    assert "卖方通讯地址、买方通讯地址、联系人与电话、卖方统一社会信用代码、买方统一社会信用代码" in str(refused.value)
    consulting = prepared(coded(who), agreement, kind="consulting")
    assert [label["en"] for label in form_data.missing(agreement, consulting)] == ["What is asked, and what is expected"]


def test_the_same_form_gives_the_same_bytes_and_every_hash_is_right(session):
    who = coded(parties())
    agreement = signed(who)
    (kept,) = session.query(SignedText).filter_by(agreement_id=agreement.id)
    for lang in ("zh", "en"):
        printed = store().keep(io.BytesIO(f"%PDF-{lang}".encode()), 1000, lambda _path: None)
        session.add(Paper(text_id=kept.id, language=lang, sha256=printed.sha256, size=printed.size, created=NOW))
    made = prepared(who, agreement)
    session.flush()
    content = pack.pack(who.firm_member, agreement, made)
    assert content == pack.pack(who.holder_member, agreement, made), "nothing in it tells when it was made"
    files = opened(content)
    assert set(files) == {"README.txt", "form-data.xlsx", "form-data-zh.pdf", "form-data-en.pdf", "contract-zh.pdf", "contract-en.pdf", "contract.txt",
                          "SHA256SUMS"}
    sums = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "SHA256SUMS"}
    assert sums["contract.txt"] == agreement.text_sha256, "the text is the very one that was signed"
    book = load_workbook(io.BytesIO(files["form-data.xlsx"]))
    rows = dict(row[:2] for row in book.worksheets[0].iter_rows(values_only=True))
    assert rows["合同类别"] == "技术许可合同" and rows["技术交易额"] == "CNY 200000.00" and rows["买方统一社会信用代码"] == CODES["licensee"]
    assert rows["买方通讯地址"].startswith("'="), "what is typed is no formula"
    assert files["contract-zh.pdf"] == b"%PDF-zh" and files["form-data-en.pdf"].startswith(b"%PDF")
    assert "Technology amount" in [row[0].value for row in book.worksheets[1].iter_rows()]
    operations.enter_registration(who.holder_member, made, "2026330000000001", NOW.date(), at=NOW + timedelta(hours=1))
    with pytest.raises(Refused, match="stays as it was"):
        prepared(who, agreement)


def test_before_signing_the_pack_has_no_contract_and_no_number():
    who = coded(parties())
    agreement = proposed(who)
    made = prepared(who, agreement)
    assert list(pack._contract(agreement)) == [] and form_data.missing(agreement, made) == []
    assert dict(pack.rows(agreement, made, "zh"))["合同签订日期"] == "尚未签署"
    with pytest.raises(Refused, match="not signed"):
        operations.enter_registration(who.holder_member, made, "1", NOW.date(), at=NOW)


def test_amounts_days_and_strangers_are_refused():
    who = coded(parties())
    agreement = signed(who)
    with pytest.raises(Refused, match="part of the total"):
        prepared(who, agreement, technology_amount=25_000_001)
    made = prepared(who, agreement)
    assert made.details == {"contact": "王五 0571-0000"}
    with pytest.raises(Refused, match="future"):
        operations.enter_registration(who.holder_member, made, "1", date(2030, 1, 1), at=NOW)
    for person in (factories.person(), factories.operator(), factories.broker()):
        for act in (lambda who=person: pack.pack(who, agreement, made), lambda who=person: operations.enter_registration(who, made, "1", NOW.date(), at=NOW)):
            with pytest.raises(NotAllowed):
                act()
