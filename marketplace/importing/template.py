"""Our own template, for technologies and for needs: what is written with it comes back without loss.

Every field has its column under a header in both languages; codes stay codes, explained on a second sheet; a list stands
in its cell an entry a line; the payment terms as the data they are, with their words beside them for reading.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from tempfile import TemporaryFile
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from marketplace.catalogue.classification import FIELDS, INDUSTRIES
from marketplace.catalogue.models import EXCLUSIVITIES, KINDS, LEGAL_STATUSES, MODES, PATENT_KINDS, VISIBILITIES, Technology
from marketplace.catalogue.operations import offer_of
from marketplace.db import LANGUAGES
from marketplace.importing.fields import LISTINGS, harmless
from marketplace.needs.models import CASH, DIRECTIONS, PAYERS, WANTED_MODES, Need
from marketplace.terms.payment import MINOR_UNITS, from_minor, parse
from marketplace.terms.words import sentence

BY_SCRIPT = frozenset({
    "title", "abstract", "advantages", "applications", "keywords", "category", "applicants", "problem", "place", "tried", "constraints", "volume",
})
"""Fields of foreign tables, whose language is told by their script; the template has a column for each language instead."""
COLUMNS = {kind: tuple(name for name in listing.headers if name not in BY_SCRIPT) for kind, listing in LISTINGS.items()}
READ_ONLY = "付款条件（文字，仅供阅读） Payment terms (words, for reading)"
SHEETS = {"technology": "成果 Technologies", "need": "需求 Needs"}
CODES_SHEET = "代码 Codes"
WIDE = frozenset({"title", "abstract", "advantages", "applications", "problem", "tried", "terms"})
DROPDOWN_ROWS = 20_000

_OFFER = ("mode", "exclusivity", "territory", "term_months", "sublicensing", "terms", "field_of_use")
_PARTED = re.compile(r"[;；|、,，]|[㐀-鿿] +[㐀-鿿]")

CODES: dict[str, dict[str, tuple[str, ...]]] = {
    "technology": {
        "kind": KINDS, "patent_kind": PATENT_KINDS, "legal_status": LEGAL_STATUSES, "visibility": VISIBILITIES, "mode": MODES,
        "nda_required": ("yes", "no"), "exclusivity": EXCLUSIVITIES, "sublicensing": ("yes", "no"), "field": tuple(FIELDS), "industries": tuple(INDUSTRIES),
    },
    "need": {
        "currency": tuple(MINOR_UNITS), "payer": PAYERS, "cash": CASH, "modes": WANTED_MODES, "direction": DIRECTIONS, "visibility": VISIBILITIES,
        "nda_required": ("yes", "no"),
        "language": LANGUAGES, "industry": tuple(INDUSTRIES),
    },
}
"""The codes of each column, for the second sheet; those of columns that take one of few are offered in the cells."""


def cells_of(thing: Technology | Need) -> list[str]:
    """A listing as the cells of its row, without the words for reading."""
    kind = "need" if isinstance(thing, Need) else "technology"
    value = _need_value if kind == "need" else _technology_value
    return [_cell(value(thing, name)) for name in COLUMNS[kind]]


def _technology_value(technology: Technology, name: str) -> Any:
    stem, _, language = name.rpartition("_") if name.endswith(("_zh", "_en")) else (name, "", "")
    if stem in _OFFER:
        offer = offer_of(technology) or {}
        value = offer.get(stem)
        return (value or {}).get(language) if language else value
    if name == "expires_on" and technology.expiry_computed:
        return None  # so that it goes on being computed
    value = getattr(technology, stem)
    return value.get(language) if language else value


def _need_value(need: Need, name: str) -> Any:
    stem, _, language = name.rpartition("_") if name.endswith(("_zh", "_en")) else (name, "", "")
    if name in ("budget_min", "budget_max"):
        minor = getattr(need, name)
        return None if minor is None else format(from_minor(minor, need.currency), "f")
    if name == "targets":
        return _targets(need.targets)
    value = getattr(need, stem)
    return value.get(language) if language else value


def _targets(targets: Iterable[Mapping[str, Any]]) -> str:
    """A target a line, its parts set apart by |."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter="|", lineterminator="\n")
    for one in targets:
        names = [one["quantity"].get(code, "") for code in LANGUAGES]
        writer.writerow([*names, one.get("today") or "", one.get("wanted") or "", one.get("unit") or "", one["direction"]])
    return buffer.getvalue().rstrip("\n")


def _cell(value: Any) -> str:
    if value is None or value == {} or value == []:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "\n".join(value) + ("\n" if len(value) == 1 and _PARTED.search(value[0]) else "")
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value.isoformat() if isinstance(value, date) else str(value)


def _words(thing: Any, language: str) -> list[str]:
    """The payment terms in words, for a technology."""
    if not isinstance(thing, Technology):
        return []
    terms = thing.offer.terms if thing.offer else None
    return [sentence(parse(terms, template=True), language) if terms else ""]


def headers(kind: str) -> list[str]:
    """The headers of the template, the column for reading included."""
    return [LISTINGS[kind].headers[name] for name in COLUMNS[kind]] + ([READ_ONLY] if kind == "technology" else [])


def csv_lines(kind: str, things: Iterable[Any], language: str) -> Iterator[str]:
    """The template as csv with a byte order mark, a listing a row."""
    buffer = io.StringIO("\ufeff")
    buffer.seek(1)
    writer = csv.writer(buffer)
    writer.writerow(headers(kind))
    for thing in things:
        writer.writerow([harmless(cell) for cell in (*cells_of(thing), *_words(thing, language))])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def written(kind: str, things: Iterable[Any], language: str) -> IO[bytes]:
    """The template as a workbook with these listings: a file at its beginning, that vanishes when it is closed."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(SHEETS[kind])
    sheet.freeze_panes = "C2"
    for number, name in enumerate((*COLUMNS[kind], "terms"), 1):
        sheet.column_dimensions[get_column_letter(number)].width = 44 if name.removesuffix("_zh").removesuffix("_en") in WIDE else 18
    _offer_codes(sheet, kind)
    sheet.append([_headed(sheet, text) for text in headers(kind)])
    for thing in things:
        sheet.append([_written(sheet, harmless(cell)) if cell else None for cell in (*cells_of(thing), *_words(thing, language))])
    codes = book.create_sheet(CODES_SHEET)
    codes.append(["列 Column", "代码 Code", "中文", "English"])
    for row in _explained(kind):
        codes.append(row)
    file = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    book.save(file)
    file.seek(0)
    return file


def _headed(sheet: Any, text: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=text)
    cell.font, cell.fill, cell.alignment = Font(bold=True), PatternFill("solid", fgColor="E7EFE9"), Alignment(wrap_text=True, vertical="top")
    return cell


def _written(sheet: Any, text: str) -> WriteOnlyCell:
    """A cell of text, whatever it looks like: no date, no number, no formula is made of it."""
    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", text))
    cell.data_type, cell.number_format = "s", "@"
    if "\n" in text:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _offer_codes(sheet: Any, kind: str) -> None:
    """Cells that take one of a few codes offer them."""
    for name, codes in CODES[kind].items():
        listed = ",".join(codes)
        if name in COLUMNS[kind] and name != "modes" and len(listed) <= 250:
            letter = get_column_letter(COLUMNS[kind].index(name) + 1)
            choice = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
            choice.add(f"{letter}2:{letter}{DROPDOWN_ROWS}")
            sheet.data_validations.append(choice)


def _explained(kind: str) -> Iterator[list[str]]:
    from_codes = {"field": FIELDS, "industries": INDUSTRIES, "industry": INDUSTRIES}
    for name, codes in CODES[kind].items():
        header = LISTINGS[kind].headers.get(name, LISTINGS[kind].headers.get("targets", name))
        for code in codes:
            named = from_codes[name][code] if name in from_codes else MEANINGS.get(code, {})
            yield [header, code, named.get("zh", ""), named.get("en", code.replace("_", " "))]


MEANINGS: dict[str, dict[str, str]] = {
    code: {"zh": zh} for code, zh in (
        ("patent", "专利"), ("patent_application", "专利申请"), ("know_how", "技术秘密"), ("software", "软件"), ("prototype", "样机"),
        ("data_set", "数据集"), ("open_source", "开源成果"), ("negative_result", "负结果"), ("invention", "发明"),
        ("utility_model", "实用新型"), ("design", "外观设计"), ("applied", "申请中"), ("in_force", "有效"), ("lapsed", "失效"),
        ("expired", "届满"), ("revoked", "无效"), ("unknown", "不明"), ("public", "公开"), ("members", "仅认证机构和技术经理人"), ("blind", "隐名，申请后查阅"),
        ("licence", "许可"), ("open_licence", "开放许可"), ("assignment", "转让"), ("equity", "作价入股"), ("joint_development", "联合开发"),
        ("ordinary", "普通许可"), ("sole", "排他许可"), ("exclusive", "独占许可"), ("yes", "是"), ("no", "否"), ("firm", "企业自筹"),
        ("group", "集团"), ("customer", "客户"), ("public_funds", "财政资金"), ("undecided", "未定"), ("committed", "已落实"),
        ("planned", "已计划"), ("none", "尚无"), ("consulting", "技术咨询"), ("open_call", "揭榜挂帅"), ("pooled", "众筹科研"),
        ("at_most", "不超过"), ("at_least", "不低于"), ("equal", "等于"), ("zh", "中文"), ("en", "英文"),
    )
}
"""What the codes mean in Chinese; in English they say it themselves. A file for both languages has no reader to translate for."""
