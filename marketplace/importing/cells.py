"""One cell: from its text to the value of a field, or what is wrong with it.

Numbers, dates, classes and codes are read strictly: a cell that cannot be read is refused, for a value dropped silently is
worse. A formula is never computed.
"""

from __future__ import annotations

import calendar
import html
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from marketplace.catalogue import numbers
from marketplace.catalogue.classification import FIELDS as FIELD_CODES
from marketplace.catalogue.classification import field_of_words, industry_code
from marketplace.catalogue.models import EXCLUSIVITIES, KINDS, LEGAL_STATUSES, MODES, PATENT_KINDS, VISIBILITIES
from marketplace.errors import N_, Refused
from marketplace.importing.formats import Format

LONGEST_KEY = 120
NO_DAY = frozenset({"1970-01-01", "1900-01-00", "1900-01-01", "0000-00-00", "9999-12-31"})
"""Days that spreadsheets and databases write where there is none."""

_HAN = re.compile(r"[㐀-䶿一-鿿]")
_LATIN = re.compile(r"[A-Za-z]")
_TAG = re.compile(r"</?(?:sub|sup|b|i|u|em|strong|p|br|span|div|font)\b[^<>]*>", re.IGNORECASE)
_GAPS = re.compile(r"[ \t\u00a0\u3000]+")
_NO_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff]")  # control, half characters, private use
_SEPARATORS = re.compile(r"\s*(?:;+|；|\||、|\n)\s*")
_LINES = re.compile(r"\s*\n\s*")
_GUARD = re.compile(r"'(?='*[=+\-@\t\r])")
_YEAR_FIRST = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})(?:\s*[-/.月]\s*(\d{1,2})\s*日?)?|(\d{4})(\d{2})(\d{2})", re.ASCII
)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", re.ASCII)
_YEAR_SHORT = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{2})", re.ASCII)
_MONTH_NAMED = re.compile(r"(?:(\d{1,2})[.-]?\s*)?([A-Za-z]{3,9})[.-]?\s*(?:(\d{1,2}),?\s+)?(\d{4}|\d{2})", re.ASCII)
_TIME = re.compile(r"[T ,]+\d{1,2}:\d{2}.*$", re.ASCII)
_SERIAL = re.compile(r"([23456]\d{4})(?:\.\d+)?", re.ASCII)
_EPOCH = date(1899, 12, 30)
_MONTHS = {
    name.casefold(): number for names in (calendar.month_name, calendar.month_abbr) for number, name in enumerate(names) if name
}
_LEGAL_FORMS = re.compile(
    r"(?:co\b.*|ltd|limited|inc|incorporated|llc|l\.l\.c|llp|lp|l\.p|corp|corporation|plc|gmbh|ag|kg|s\.?a\.?s?|s\.?r\.?l|s\.?p\.?a|b\.?v|n\.?v|k\.?k|"
    r"pty|oy|ab|a/s|jr|sr|ii|iii|iv)\.?(?:\s+(?:ltd|inc|kg)\.?)?", re.IGNORECASE,
)
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
    "invention": ("发明", "invention", "granted patent", "patent application", "utility"),  # a US "utility" patent is an invention
    "utility_model": ("实用新型", "utility model", "limited patent"),
    "design": ("外观", "design"),
}
_STATUS_WORDS = {
    "revoked": ("无效宣告", "全部无效", "宣告无效", "revoked", "invalidated"),
    "expired": ("届满", "期限届满", "expired"),
    "lapsed": (
        "失效", "无权", "终止", "未缴", "驳回", "撤回", "视撤", "放弃", "lapsed", "inactive", "discontinued", "ceased", "withdrawn", "rejected", "abandoned",
    ),
    "applied": ("审中", "在审", "公开", "实质审查", "申请", "pending", "applied", "application"),
    "in_force": ("有效", "有权", "授权", "active", "granted", "in force", "patented"),
}


def language_of(text: str) -> str:
    """The language a text is written in, told by its script: "zh" where Han characters carry it, else "en"."""
    return "zh" if len(_HAN.findall(text)) * 3 > len(_LATIN.findall(text)) else "en"


def literal(text: str) -> str:
    """A text as our own template wrote it: without control characters and the mark that keeps a spreadsheet from running it."""
    return _unguarded(_NO_TEXT.sub("", text.replace("\r\n", "\n")))


def _unguarded(text: str) -> str:
    return text[1:] if _GUARD.match(text) else text


def cleaned(text: str) -> str:
    """A text without markup, entities and gaps; also without the mark that keeps a spreadsheet from running a cell."""
    for _ in range(3):  # entities come escaped more than once
        text, before = html.unescape(text), text
        if text == before:
            break
    text = _NO_TEXT.sub("", _TAG.sub("", text))
    lines = [_GAPS.sub(" ", line).strip() for line in text.splitlines()]
    text = "\n".join(line for line in lines if line)
    return _unguarded(text)


def refuse_formula(cell: str) -> None:
    """Raise `Refused` for a formula, which is never computed."""
    if cell.startswith("="):
        raise Refused(N_("This cell holds a formula. Write its value instead."))


def entries(cell: str, how: Format = Format()) -> list[str]:
    """The entries of a list: one a line where there are lines, else set apart by what the format uses, or by ; | 、."""
    text = cell.replace("\r\n", "\n")
    by = how.separator or (_LINES if "\n" in text else _SEPARATORS)
    clean = literal if how.literal else cleaned
    return [found for found in (clean(part).strip() for part in by.split(text)) if found]


def parties(cell: str, how: Format = Format()) -> list[str]:
    """The organisations in a cell. A comma parts them only where each part is a whole name; "Co., Ltd." is none by itself."""
    found = entries(cell, how)
    if "\n" in cell:
        return found
    found = _glued(found)
    if how.separator:
        return found
    parts = _glued(_at_commas(found[0])) if len(found) == 1 else []
    return parts if len(parts) > 1 and all(_HAN.search(part) or " " in part for part in parts) else found


def people(cell: str, how: Format = Format()) -> list[str]:
    """The people in a cell: "TANNER, CHRISTOPHER" is one, "John Smith, Mary Jones" are two, "Smith, John, Jones, Mary" too,
    and 张三 李四 are two."""
    found = entries(cell, how)
    if "\n" in cell:
        return found
    if len(found) != 1 or how.separator:
        return _glued(found)
    parts = _glued(_at_commas(found[0]))
    if all(_HAN.search(part) for part in parts):
        return [name for part in parts for name in _chinese(part)]
    return _inverted(parts) if len(parts) > 1 else parts


def _at_commas(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,，]", text) if part.strip()]


def _glued(parts: list[str]) -> list[str]:
    """A part that is no name by itself (Ltd., Jr.) belongs to the one before it."""
    found: list[str] = []
    for part in parts:
        if found and _LEGAL_FORMS.fullmatch(part):
            found[-1] = f"{found[-1]}, {part}"
        else:
            found.append(part)
    return found


def _chinese(text: str) -> list[str]:
    """Chinese names set apart by spaces, where each is as long as a name is."""
    parts = text.split()
    return parts if len(parts) > 1 and all(re.fullmatch(r"[㐀-䶿一-鿿·]{2,4}", part) for part in parts) else [text]


def _inverted(parts: list[str]) -> list[str]:
    """Parts between commas: whole names, or family names each followed by its given names."""
    families, given = parts[::2], parts[1::2]
    short = all(" " not in family for family in families)
    initial = len(parts) == 2 and re.search(r"(?:^|\s)[A-Za-z]\.?$", parts[1])
    if len(parts) % 2 == 0 and (short or initial):
        return [f"{family}, {name}" for family, name in zip(families, given, strict=True)]
    return parts


def parse_day(text: str) -> date | None:
    """The day in a cell; None where it stands for none. Raises `Refused` when it is no day or could be two.

    Year first in any dress, a month by its English name, day and month in front of the year where only one reading is
    possible, and the serial numbers of spreadsheets (days since 1899-12-30).
    """
    text = _TIME.sub("", unicodedata.normalize("NFKC", text).strip())
    if not numbers.given(text) or text in NO_DAY:
        return None
    try:
        found = _day(text)
    except (ValueError, OverflowError):
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
    if match := _YEAR_SHORT.fullmatch(text):
        return _only_reading(text, *match.groups())
    if match := _MONTH_NAMED.fullmatch(text):
        return date(_year(match[4]), _MONTHS.get(match[2].casefold(), 0), int(match[1] or match[3] or 1))
    if match := _SERIAL.fullmatch(text):
        return _EPOCH + timedelta(int(match[1]))
    return None


def _year(typed: str) -> int:
    """A year of two digits lies between 1969 and 2068, as POSIX has it."""
    year = int(typed)
    return year if len(typed) == 4 else year + (2000 if year < 69 else 1900)


def _only_reading(text: str, first: str, second: str, third: str) -> date | None:
    """The day of three short numbers, where just one order of year, month and day makes one."""
    found = set()
    for year, month, day in ((first, second, third), (third, first, second), (third, second, first)):
        try:
            found.add(date(_year(year.zfill(2)), int(month), int(day)))
        except ValueError:
            continue
    if len(found) > 1:
        raise Refused(N_("“%(typed)s” can be read in two ways; write it like 2026-11-21."), typed=text)
    return found.pop() if found else None


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


def coded(codes: tuple[str, ...]) -> Callable[[str], str]:
    """How a cell is read that holds one of these codes."""

    def read(cell: str) -> str:
        text = unicodedata.normalize("NFKC", cell).strip().casefold()
        if text not in codes:
            raise Refused(N_("“%(typed)s” is not one of the codes %(codes)s."), typed=cell[:40], codes=", ".join(codes))
        return text

    return read


def _field(cell: str) -> str:
    code = cell.strip() if cell.strip() in FIELD_CODES else field_of_words(cell)
    if code is None:
        raise Refused(N_("There is no technology field “%(code)s”."), code=cell[:40])
    return code


def legal_status(cells: list[str]) -> str:
    """The one status that what several columns say comes to: the end of a right counts before its being in force."""
    found = {_worded(cell, LEGAL_STATUSES, _STATUS_WORDS) for cell in cells}
    return next((status for status in ("revoked", "expired", "lapsed", "in_force", "applied") if status in found), "unknown")


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(cell: str) -> int:
        text = unicodedata.normalize("NFKC", cell).strip()
        if not re.fullmatch(r"\d{1,6}", text, re.ASCII) or not least <= int(text) <= most:
            raise Refused(N_("This is a whole number from %(least)s to %(most)s, not “%(typed)s”."), least=least, most=most, typed=cell[:40])
        return int(text)

    return read


def _yes(cell: str) -> bool:
    text = unicodedata.normalize("NFKC", cell).strip().casefold()
    if text not in ("yes", "no", "是", "否", "true", "false", "1", "0"):
        raise Refused(N_("Write yes or no here, not “%(typed)s”."), typed=cell[:40])
    return text in ("yes", "是", "true", "1")


def _trl(cell: str) -> int:
    match = re.fullmatch(r"(?:trl)?\s*([1-9])\s*(?:级)?(?:/9)?", unicodedata.normalize("NFKC", cell).strip().casefold())
    if match is None:
        raise Refused(N_("Maturity is a whole number from 1 to 9, not “%(typed)s”."), typed=cell[:40])
    return int(match[1])


def _line(longest: int) -> Callable[[str], str | None]:
    def read(cell: str) -> str | None:
        text = " ".join(cleaned(cell).split())
        if len(text) > longest:
            raise Refused(N_("This text has %(found)s characters; at most %(most)s fit."), found=len(text), most=longest)
        return text or None

    return read


def _key(cell: str) -> str | None:
    if not numbers.given(cell):
        return None
    key = " ".join(cleaned(cell).split())
    if len(key) > LONGEST_KEY:
        raise Refused(N_("This reference number has more than %(most)s characters."), most=LONGEST_KEY)
    return key or None


def _terms(cell: str) -> dict[str, Any]:
    try:
        found = json.loads(literal(cell))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused(N_("These payment terms are not as our template writes them. Copy the cell of another technology, or leave it empty."))
    return found


def symbols(cell: str, how: Format = Format()) -> list[str]:
    """The IPC and CPC symbols in a cell, each once."""
    parts = [part.strip() for entry in entries(cell, how) for part in re.split(r"[;|,，、]+", entry)]
    return list(dict.fromkeys(numbers.ipc(part) for part in parts if numbers.given(part)))


def family(cell: str, how: Format = Format()) -> list[str]:
    """The publication numbers of a patent's family; one that is no number is left out, for families hold offices we cannot read."""
    found = []
    for entry in entries(cell, how):
        for part in re.split(r"[;|,，、]+", entry):
            try:
                number = numbers.publication(part)
            except Refused:
                continue
            found += [number.value] if number else []
    return list(dict.fromkeys(found))


def industries(cell: str, how: Format = Format()) -> list[str]:
    """The industry codes of GB/T 4754-2017 that a cell holds among its words."""
    typed = re.findall(r"(?<![A-Za-z0-9])[A-T]?\d{2,4}(?!\d)", unicodedata.normalize("NFKC", cell))
    found = [code for one in typed if (code := industry_code(one))]
    if not found and numbers.given(cell):
        raise Refused(N_("“%(typed)s” holds no industry code of GB/T 4754-2017, like C3484."), typed=cell[:40])
    return found


LISTED: Mapping[str, Callable[..., list[str]]] = {
    "owners": parties, "applicants": parties, "inventors": people, "ipc": symbols, "family": family, "industries": industries,
}
"""How the cells of a list are read: (cell, format) → entries."""

SINGLE: Mapping[str, Callable[[str], Any]] = {
    "public_id": _line(16),
    "source_key": _key,
    "application_number": numbers.application,
    "publication_number": numbers.publication,
    "kind": _kind,
    "patent_kind": lambda cell: _worded(cell, PATENT_KINDS, _PATENT_KIND_WORDS),
    "filed_on": parse_day,
    "granted_on": parse_day,
    "expires_on": parse_day,
    "listed_until": parse_day,
    "field": _field,
    "trl": _trl,
    "trl_scheme": _line(20),
    "visibility": coded(VISIBILITIES),
    "mode": coded(MODES),
    "exclusivity": coded(EXCLUSIVITIES),
    "territory": _line(40),
    "term_months": _whole(1, 600),
    "sublicensing": _yes,
    "nda_required": _yes,
    "terms": _terms,
}
"""How a cell that holds one value is read."""
