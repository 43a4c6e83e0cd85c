"""The registration pack: form data as a table and on paper, the contract as it was signed, what is what, and the hashes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select

from marketplace.access import Actor, require
from marketplace.catalogue.attachments import store
from marketplace.db import LANGUAGES, session
from marketplace.errors import N_, Refused
from marketplace.licensing.duties import archive
from marketplace.licensing.duties.models import Registration
from marketplace.licensing.duties.recordals import recordal_of
from marketplace.licensing.duties.registration import form_data
from marketplace.licensing.models import Agreement
from marketplace.licensing.signing import papers
from marketplace.licensing.signing.models import SignedText
from marketplace.licensing.signing.operations import papers_of
from marketplace.licensing.text import Text
from marketplace.terms.words import Tongue

HEADS = {"zh": ("项目", "内容"), "en": ("Field", "Value")}
TITLES = {"zh": "技术合同登记表数据", "en": "Form data of the registration"}
RECORDAL = {
    "zh": ("专利实施许可合同备案", "生效日", "备案期限届满日", "备案号", "备案日"),
    "en": ("Recordal of the licence", "Effect", "Recorded at the latest on", "Number of the recordal", "Recorded on"),
}
README = """技术合同登记材料包 · Registration pack of a technology contract
协议 Agreement {agreement}

form-data.xlsx      登记表数据（中文、英文各一表） · form data, one sheet a language
form-data-zh.pdf    登记表数据（中文） · form data in Chinese
form-data-en.pdf    登记表数据（英文） · form data in English
contract-*.pdf      签署的合同（签署后才有） · the signed contract, once it is signed
contract.txt        签署的合同原文，其 SHA-256 即双方所签 · the very text whose hash both sides signed
SHA256SUMS          以上各文件的校验值（sha256sum --check SHA256SUMS） · hashes of these files

依据 Source: {source_zh}
{source_en}
登记机构的表格可能有出入，请核对后提交。 · The form of your office may differ: compare before you hand it in.
"""


def pack(actor: Actor, agreement: Agreement, registration: Registration, lang: str = "zh") -> bytes:
    """The zip, the same bytes for the same agreement and form. Refused, with what is missing in a language, while a required field is empty.

    Raises `OSError` where Debian's Pango is missing.
    """
    require(actor, "contract_registration.read", registration)
    lacking = form_data.missing(agreement, registration)
    if lacking:
        raise Refused(N_("The pack is not complete yet. Missing: %(labels)s"), labels=("、" if lang == "zh" else ", ").join(label[lang] for label in lacking))
    target = io.BytesIO()
    archive.zipped(target, _files(agreement, registration), moment_of(agreement))
    return target.getvalue()


def moment_of(agreement: Agreement) -> datetime:
    """The moment that stands in the files: of the signature, else of the agreement's creation."""
    return agreement.signed or agreement.created


def rows(agreement: Agreement, registration: Registration, lang: str) -> list[tuple[str, str]]:
    """The form, and below it the recordal of a patent licence."""
    found, recordal, tongue = form_data.rows(agreement, registration, lang), recordal_of(agreement), Tongue(lang, registration.currency)
    if recordal is None:
        return found
    title, effect, due, number, day = RECORDAL[lang]
    recorded = tongue.day(recordal.recorded_on) if recordal.recorded_on else ""
    values = ((effect, tongue.day(recordal.effective)), (due, tongue.day(recordal.due)), (number, recordal.number or ""), (day, recorded))
    return [*found, *((f"{title}：{name}" if lang == "zh" else f"{title}: {name}", value) for name, value in values)]


def _files(agreement: Agreement, registration: Registration) -> Iterator[tuple[str, bytes]]:
    source = form_data.DATA["source"]
    yield "README.txt", README.format(agreement=agreement.public_id, source_zh=source["zh"], source_en=source["en"]).encode()
    filled = {lang: rows(agreement, registration, lang) for lang in LANGUAGES}
    sheets = ((TITLES[lang], (36, 90), [HEADS[lang], *filled[lang]]) for lang in LANGUAGES)
    yield "form-data.xlsx", archive.workbook(sheets, moment_of(agreement))
    for lang in LANGUAGES:
        yield f"form-data-{lang}.pdf", papers.printed(
            "registration.html", lang, title=TITLES[lang], rows=filled[lang], agreement=agreement, source=source[lang],
            kind=form_data.KINDS[registration.kind][lang],
        )
    yield from _contract(agreement)


def _contract(agreement: Agreement) -> Iterator[tuple[str, bytes]]:
    """The contract as it was signed; nothing before that."""
    kept = session.scalar(select(SignedText).where(SignedText.agreement_id == agreement.id, SignedText.of == "agreement",
                                                   SignedText.number == agreement.version))
    if agreement.state != "countersigned" or kept is None:
        return
    for paper in papers_of(agreement):
        if paper.text.of == "agreement":
            yield f"contract-{paper.language}.pdf", store().path(paper.sha256).read_bytes()
    yield "contract.txt", Text(kept.zh, kept.en).canonical.encode()
