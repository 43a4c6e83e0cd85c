"""One row of a table: from the cells under their headers to the values of a technology, or what is wrong in which
column.

Texts are put into the language they are written in, told by their script. Numbers, dates, classes and codes are read
strictly: a cell that cannot be read rejects its row, with the column and the reason, for a value dropped silently is
worse. A formula is kept as text in a text and refused elsewhere; it is never computed.
"""

from __future__ import annotations

import calendar
import html
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from marketplace.catalogue import numbers
from marketplace.catalogue.classification import FIELDS as FIELD_CODES
from marketplace.catalogue.classification import field_of_words, industry_code
from marketplace.catalogue.models import KINDS, LEGAL_STATUSES, PATENT_KINDS
from marketplace.errors import N_, Refused

TEXTS = ("title", "abstract", "advantages", "applications")
LISTS = frozenset({"keywords", "category", "owners", "inventors", "ipc", "industries"})
DAYS = ("filed_on", "granted_on", "expires_on")
FIELDS = (
    "title",
    "abstract",
    "advantages",
    "applications",
    "keywords",
    "category",
    "application_number",
    "publication_number",
    "kind",
    "patent_kind",
    "legal_status",
    "filed_on",
    "granted_on",
    "expires_on",
    "owners",
    "inventors",
    "ipc",
    "industries",
    "trl",
    "source_key",
    "title_zh",
    "title_en",
    "abstract_zh",
    "abstract_en",
)
"""What a column may mean, in the order in which it is offered."""

LONGEST = {"title": 300, "abstract": 20_000, "advantages": 20_000, "applications": 20_000}
LONGEST_KEY = 120
NO_DAY = frozenset({"1970-01-01", "1900-01-00", "1900-01-01", "0000-00-00", "9999-12-31"})
"""Days that spreadsheets and databases write where there is none."""

_HAN = re.compile(r"[㐀-䶿一-鿿]")
_LATIN = re.compile(r"[A-Za-z]")
_TAG = re.compile(r"</?(?:sub|sup|b|i|em|strong|p|br|span)\b[^<>]*>", re.IGNORECASE)
_GAPS = re.compile(r"[ \t\u00a0\u3000]+")
_NO_TEXT = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff]"
)  # control, half characters, private use
_SEPARATORS = re.compile(r"\s*(?:;+|；|\||、|\n)\s*")
_YEAR_FIRST = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})(?:\s*[-/.月]\s*(\d{1,2})\s*日?)?(?:[T ]\d{1,2}:.*)?|(\d{4})(\d{2})(\d{2})", re.ASCII
)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", re.ASCII)
_MONTH_NAMED = re.compile(r"(?:(\d{1,2})\.?\s+)?([A-Za-z]{3,9})\.?\s+(?:(\d{1,2}),?\s+)?(\d{4})", re.ASCII)
_SERIAL = re.compile(r"([23456]\d{4})(?:\.\d+)?", re.ASCII)
_EPOCH = date(1899, 12, 30)
_MONTHS = {
    name.casefold(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
}

_KIND_WORDS = {
    "patent": ("专利", "授权专利", "发明专利"),
    "patent_application": ("专利申请", "application"),
    "know_how": ("技术秘密", "专有技术", "know how", "非专利技术"),
    "software": ("软件", "软件著作权"),
    "prototype": ("样机", "新产品", "新装置"),
    "data_set": ("数据集", "dataset"),
    "open_source": ("开源", "open source"),
    "negative_result": ("负结果", "negative result"),
}
_PATENT_KIND_WORDS = {
    "invention": (
        "发明",
        "invention",
        "granted patent",
        "patent application",
        "utility",
    ),  # a US "utility" patent is an invention
    "utility_model": ("实用新型", "utility model", "limited patent"),
    "design": ("外观", "design"),
}
_STATUS_WORDS = {
    "revoked": ("无效宣告", "全部无效", "revoked", "invalidated"),
    "expired": ("届满", "期限届满", "expired"),
    "lapsed": (
        "失效",
        "无权",
        "终止",
        "未缴",
        "驳回",
        "撤回",
        "放弃",
        "lapsed",
        "inactive",
        "discontinued",
        "ceased",
        "withdrawn",
        "rejected",
        "abandoned",
    ),
    "applied": ("审中", "在审", "公开", "实质审查", "申请", "pending", "applied", "application"),
    "in_force": ("有效", "有权", "授权", "active", "granted", "in force", "patented"),
}


def read_row(cells: Mapping[str, str], columns: Mapping[str, str]) -> dict[str, Any]:
    """The values of one row, only those that are given, as `operations.fill` takes them.

    `cells` are texts by header, `columns` says which field each header means. Raises `Refused` with the header as its
    field.
    """
    values: dict[str, Any] = {}
    for header, field in columns.items():
        cell = cells.get(header, "").strip()
        if not cell:
            continue
        try:
            _read_cell(values, field, cell)
        except Refused as problem:
            problem.field = header
            raise
    if not any(values.get("title", {}).values()):
        header = next((header for header, field in columns.items() if field.startswith("title")), None)
        raise Refused(N_("This row has no title."), field=header)
    values.setdefault("kind", _kind_of(values))
    return values


def _read_cell(values: dict[str, Any], field: str, cell: str) -> None:
    name, _, language = field.partition("_") if field.endswith(("_zh", "_en")) else (field, "", "")
    if name in TEXTS:
        _add_text(values, name, language, cell)
    elif cell.startswith("="):
        raise Refused(N_("This cell holds a formula. Write its value instead."))
    elif field in ("keywords", "category"):
        _add_words(values, field, cell)
    elif field in LISTS:
        known = values.setdefault(field, [])
        known += [entry for entry in _READERS[field](cell) if entry not in known]
    else:
        _add_value(values, field, _READERS[field](cell))


def _add_value(values: dict[str, Any], field: str, value: Any) -> None:
    if isinstance(value, numbers.Number):
        if value.patent_kind:
            values.setdefault("patent_kind", value.patent_kind)
        value = value.value
    if value is not None:
        values[field] = value


def language_of(text: str) -> str:
    """The language a text is written in, told by its script: "zh" where Han characters carry it, else "en"."""
    return "zh" if len(_HAN.findall(text)) * 3 > len(_LATIN.findall(text)) else "en"


def cleaned(text: str) -> str:
    """A text without markup, entities and gaps; also without the quote mark that keeps a spreadsheet from running a
    cell."""
    for _ in range(3):  # entities come escaped more than once
        text, before = html.unescape(text), text
        if text == before:
            break
    text = _TAG.sub("", text)
    text = _NO_TEXT.sub("", text)
    lines = [_GAPS.sub(" ", line).strip() for line in text.splitlines()]
    text = "\n".join(line for line in lines if line)
    return text[1:] if re.match(r"'[=+\-@]", text) else text


def _add_text(values: dict[str, Any], name: str, language: str, cell: str) -> None:
    text = cleaned(cell)
    if name == "title":
        text = " ".join(text.split())
    if len(text) > LONGEST[name]:
        raise Refused(
            N_("This text has %(found)s characters; at most %(most)s fit."), found=len(text), most=LONGEST[name]
        )
    if text:
        values.setdefault(name, {}).setdefault(language or language_of(text), text)


def _add_words(values: dict[str, Any], field: str, cell: str) -> None:
    """Keywords by their language; of a category also the technology field that it means."""
    for words in _entries(cell):
        code = field_of_words(words) if field == "category" else None
        if code:
            values.setdefault("field", code)
        if words not in FIELD_CODES:
            known = values.setdefault("keywords", {}).setdefault(language_of(words), [])
            known += [words] if words not in known else []


def _entries(cell: str) -> list[str]:
    return [entry for entry in _SEPARATORS.split(cleaned(cell)) if entry]


def names(cell: str) -> list[str]:
    """The names in a cell: set apart by ; | 、 or line; by commas only where each part is a whole name by itself."""
    entries = _entries(cell)
    if len(entries) == 1:
        parts = [part.strip() for part in re.split(r"[,，]", entries[0]) if part.strip()]
        if len(parts) > 1 and all(_HAN.search(part) or " " in part for part in parts):
            return parts
    return entries


def parse_day(text: str) -> date | None:
    """The day in a cell; None where it stands for none. Raises `Refused` when it is no day or could be two.

    Year first in any dress, a month by its English name, day and month in front of the year where only one reading is
    possible, and the serial numbers of spreadsheets (days since 1899-12-30).
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if not numbers.given(text) or text[:10] in NO_DAY:
        return None
    try:
        found = _day(text)
    except ValueError:
        found = None
    if found is None or not 1900 <= found.year <= 2100:
        raise Refused(N_("“%(typed)s” is not a date; write it like 2026-11-21."), typed=text[:40])
    return found


def _day(text: str) -> date | None:
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = (match[1], match[2], match[3]) if match[1] else (match[4], match[5], match[6])
        return date(int(year), int(month), int(day or 1))
    if match := _YEAR_LAST.fullmatch(text):
        first, second, year = (int(part) for part in match.groups())
        if first <= 12 and second <= 12 and first != second:
            raise Refused(N_("“%(typed)s” can be read in two ways; write it like 2026-11-21."), typed=text)
        month, day = (first, second) if second > 12 else (second, first)
        return date(year, month, day)
    if match := _MONTH_NAMED.fullmatch(text):
        return date(int(match[4]), _MONTHS.get(match[2].casefold(), 0), int(match[1] or match[3] or 1))
    if match := _SERIAL.fullmatch(text):
        return _EPOCH + timedelta(int(match[1]))
    return None


def _worded(cell: str, codes: tuple[str, ...], words: Mapping[str, tuple[str, ...]]) -> str | None:
    """The code a cell means: itself, or the one of whose words it is or holds; the longest word wins."""
    text = unicodedata.normalize("NFKC", cell).strip().casefold()
    if text in codes:
        return text
    held = [(len(word), code) for code, known in words.items() for word in known if word in text]
    return max(held)[1] if held else None


def _kind(cell: str) -> str:
    found = _worded(cell, KINDS, _KIND_WORDS)
    if found is None:
        raise Refused(N_("“%(typed)s” is no kind of technology that we know."), typed=cell[:40])
    return found


def _patent_kind(cell: str) -> str | None:
    return _worded(cell, PATENT_KINDS, _PATENT_KIND_WORDS)


def _legal_status(cell: str) -> str:
    return _worded(cell, LEGAL_STATUSES, _STATUS_WORDS) or "unknown"


def _trl(cell: str) -> int | None:
    match = re.fullmatch(r"(?:trl)?\s*([1-9])\s*(?:级)?(?:/9)?", unicodedata.normalize("NFKC", cell).strip().casefold())
    if match is None:
        raise Refused(N_("Maturity is a whole number from 1 to 9, not “%(typed)s”."), typed=cell[:40])
    return int(match[1])


def _key(cell: str) -> str | None:
    if not numbers.given(cell):
        return None
    key = " ".join(cleaned(cell).split())
    if len(key) > LONGEST_KEY:
        raise Refused(N_("This reference number has more than %(most)s characters."), most=LONGEST_KEY)
    return key or None


def _symbols(cell: str) -> list[str]:
    parts = [part.strip() for part in re.split(r"[;；|,，、\n]+", cell) if part.strip()]
    return [numbers.ipc(part) for part in parts if numbers.given(part)]


def _industries(cell: str) -> list[str]:
    found = [
        code
        for typed in re.findall(r"(?<![A-Za-z0-9])[A-T]?\d{2,4}(?!\d)", unicodedata.normalize("NFKC", cell))
        if (code := industry_code(typed))
    ]
    if not found and numbers.given(cell):
        raise Refused(N_("“%(typed)s” holds no industry code of GB/T 4754-2017, like C3484."), typed=cell[:40])
    return found


def _kind_of(values: Mapping[str, Any]) -> str:
    """What a technology is where the file does not say: a patent when it has a patent's number, else an application,
    else know-how."""
    publication = values.get("publication_number")
    if publication and not re.search(r"\dA\d?$", publication):
        return "patent"
    if publication or values.get("application_number"):
        return "patent" if values.get("granted_on") else "patent_application"
    return "know_how"


_READERS: dict[str, Any] = {
    "application_number": numbers.application,
    "publication_number": numbers.publication,
    "kind": _kind,
    "patent_kind": _patent_kind,
    "legal_status": _legal_status,
    "filed_on": parse_day,
    "granted_on": parse_day,
    "expires_on": parse_day,
    "owners": names,
    "inventors": names,
    "ipc": _symbols,
    "industries": _industries,
    "trl": _trl,
    "source_key": _key,
}
