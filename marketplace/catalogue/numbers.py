"""Patent numbers, IPC symbols and the life of a patent: read as people type them, checked, and brought into one form.

Canonical forms: a Chinese application "201710601862.3" (domain rule: weights 2…9, 2…5, sum modulo 11, 10 is X), a US
serial number "US11/213604", a PCT application "PCT/CN2017/093456"; a publication is office, number and kind code
without spaces, "CN107345678B", "US7438030". A number without an office in front is read as Chinese where its check
digit or year and kind say so, as US where it is grouped like one, and is otherwise kept as typed. What is wrong is
said in a `Refused`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from marketplace.errors import N_, Refused

NOT_GIVEN = frozenset(
    {"", "0", "/", "/0", "-", "--", "—", "N/A", "NA", "NONE", "NULL", "NIL", "TBD", "无", "暂无", "未知", "空"}
)
"""What people write where there is no number."""

LONGEST = 32

_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_KIND_OF_DIGIT = {"1": "invention", "2": "utility_model", "3": "design", "8": "invention", "9": "utility_model"}
_KIND_OF_LETTER = {"U": "utility_model", "Y": "utility_model", "S": "design"}
_CHINESE = re.compile(r"(ZL|CN)?(\d{12}|\d{8})([\dX])?", re.ASCII)
_PCT = re.compile(r"PCT/?([A-Z]{2})(\d{4}|\d{2})/?(\d{5,6})", re.ASCII)
_US_SERIAL = re.compile(r"(?:US)?(\d{2})/(\d{1,3})/?(\d{3})|(?:US)?(\d{2})/(\d{4,6})", re.ASCII)
_JAPANESE = re.compile(r"(?:JP|特願|特愿)(\d{4})-?(\d{1,6})", re.ASCII)
_PUBLICATION = re.compile(r"(CN|US|EP|WO|JP|KR|DE|GB|FR|CA|AU|TW|RU|IN)(RE|D|PP|H|S|T|I|M|WO)?(\d{4,13})([A-Z]\d?)?", re.ASCII)
_JAPANESE_PUBLICATION = re.compile(r"(特開|特开|特許第?|特许第?)(\d{4})?(\d{6,7})号?公?报?報?", re.ASCII)
_SHORTENED = re.compile(r"\d(\.\d+)?E\+?\d+", re.ASCII)
_FORM = {
    "CN": (re.compile(r"\d{7,9}"), "ABCUSY", N_("A Chinese publication number is CN, 7 to 9 digits and a letter A, B, C, U, S or Y.")),
    "EP": (re.compile(r"\d{7}"), "AB", N_("A European publication number is EP, 7 digits and A or B with a digit.")),
    "WO": (re.compile(r"\d{7,8}|\d{10}"), "A", N_("An international publication number is WO, the year, 6 digits and A with a digit.")),
    "US": (re.compile(r"\d{4,8}|\d{10,11}"), "ABCEFHIJKOPS", N_("A US number is US, 4 to 8 digits (11 for an application) and a letter.")),
}
_US_PATENT = re.compile(r"(RE|D|PP|H)?(\d{7,8})|(RE|D|PP|H)(\d{4,6})", re.ASCII)
_AS_TYPED = re.compile(r"[0-9A-Z一-鿿][0-9A-Z一-鿿 ./,()-]*")
_IPC = re.compile(r"([A-HY]\d{2}[A-Z])[ -]*0{0,3}(\d{1,4})/(\d{2,6})", re.ASCII)
_IPC_FIXED = re.compile(r"([A-HY]\d{2}[A-Z])(\d{4})(\d{6})", re.ASCII)
_PUBLISHED_AS = {"CN": ("", "A", "B", "C", "U", "Y", "S"), "EP": ("", "A1", "A2", "A3", "A4", "A8", "A9", "B1", "B2", "B3", "B8", "B9")}
_DESIGN_REFORM = date(2021, 6, 1)


@dataclass(frozen=True)
class Number:
    """A number in canonical form, the office that gave it ("" when unknown) and the kind of patent it tells."""

    value: str
    office: str = ""
    patent_kind: str | None = None


def check_digit(digits: str) -> str:
    """The check digit of a Chinese application number, from its 8 or 12 digits."""
    rest = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False)) % 11
    return "X" if rest == 10 else str(rest)


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).upper().split())


def given(text: str) -> bool:
    """Whether anything but a word for "none" is written here."""
    return _folded(text) not in NOT_GIVEN


def application(text: str) -> Number | None:
    """The application or serial number in canonical form; None when none is given. Raises `Refused` with what is wrong."""
    typed = _folded(text)
    if typed in NOT_GIVEN:
        return None
    tight = re.sub(r"[\s,]", "", typed)
    for read in (_chinese, _pct, _us_serial, _japanese):
        number = read(tight)
        if number:
            return number
    if tight.startswith("EP") and re.fullmatch(r"EP\d{8}\.?\d?", tight):
        return Number(tight[:10] + ("." + tight[-1] if len(tight.replace(".", "")) == 11 else ""), "EP")
    return Number(_as_typed(typed))


def _chinese(tight: str) -> Number | None:
    """A Chinese application number, or None when it cannot be meant as one; a wrong check digit is refused."""
    match = _CHINESE.fullmatch(re.sub(r"[.·・。\-_]", "", tight))
    if not match:
        if tight.startswith("ZL") or re.fullmatch(r"[0-9.]+X", tight):
            raise Refused(
                N_(
                    "A Chinese patent number has 12 digits (8 before October 2003) and a check digit; this one does not."
                )
            )
        return None
    prefix, digits, check = match.groups()
    if not _plausible(digits) or (len(digits) == 8 and not prefix and not check):
        if prefix or re.fullmatch(r"[0-9]{12}\.[0-9X]", tight):
            raise Refused(N_("The year or the kind digit of this Chinese application number cannot be right."))
        return None
    right = check_digit(digits)
    if check and check != right:
        raise Refused(
            N_(
                "The check digit of this Chinese application number is wrong: %(digits)s would end in .%(right)s, "
                "not .%(typed)s. "
                "Compare it with the certificate."
            ),
            digits=digits,
            right=right,
            typed=check,
        )
    return Number(f"{digits}.{right}", "CN", _KIND_OF_DIGIT[digits[4 if len(digits) == 12 else 2]])


def _plausible(digits: str) -> bool:
    """Whether year and kind digit can be a Chinese application's: filed since April 1985, 12 digits since October 2003."""
    if len(digits) == 12:
        return 2003 <= int(digits[:4]) <= 2099 and digits[4] in _KIND_OF_DIGIT
    return (int(digits[:2]) >= 85 or int(digits[:2]) <= 3) and digits[2] in _KIND_OF_DIGIT


def _pct(tight: str) -> Number | None:
    match = _PCT.fullmatch(tight)
    return Number(f"PCT/{match[1]}{match[2]}/{match[3]:0>6}", "WO", "invention") if match else None


def _us_serial(tight: str) -> Number | None:
    match = _US_SERIAL.fullmatch(tight)
    if not match:
        return None
    series, serial = (match[1], match[2] + match[3]) if match[1] else (match[4], match[5])
    return Number(f"US{series}/{serial:0>6}", "US")


def _japanese(tight: str) -> Number | None:
    match = _JAPANESE.fullmatch(tight)
    return Number(f"JP{match[1]}-{match[2]:0>6}", "JP") if match else None


def _as_typed(typed: str) -> str:
    if _SHORTENED.fullmatch(typed):
        raise Refused(N_("A spreadsheet has shortened this number to %(typed)s. Format the column as text and enter the number again."), typed=typed)
    if len(typed) > LONGEST:
        raise Refused(N_("A patent number has at most %(longest)s characters."), longest=LONGEST)
    if not _AS_TYPED.fullmatch(typed) or not any(character.isdigit() for character in typed):
        raise Refused(N_("“%(typed)s” is not a patent number."), typed=typed)
    return typed


def publication(text: str) -> Number | None:
    """The publication or patent number in canonical form; None when none is given. Raises `Refused` with what is wrong.

    Seven or eight digits without an office are read as a US patent, the only office that prints its numbers bare.
    """
    typed = _folded(text)
    if typed in NOT_GIVEN:
        return None
    tight = re.sub(r"[\s,./-]", "", typed)
    match = _PUBLICATION.fullmatch(tight)
    if match:
        office, series, digits, kind = (part or "" for part in match.groups())
        _check_form(office, digits, kind)
        return Number(
            office + series + digits + kind, office, _KIND_OF_LETTER.get(kind[:1]) if office == "CN" else None
        )
    match = _JAPANESE_PUBLICATION.fullmatch(tight)
    if match:
        return Number(f"JP{match[2] or ''}{match[3]}{'A' if match[1][1] in '開开' else 'B'}", "JP")
    match = _US_PATENT.fullmatch(tight)
    if match:
        return Number("US" + tight, "US", "design" if tight.startswith("D") else None)
    return Number(_as_typed(typed))


def _check_form(office: str, digits: str, kind: str) -> None:
    """Refuse digits and kind codes that the office does not give (WIPO ST.16 and the offices' own numbering, from memory)."""
    if office in _FORM:
        form, letters, message = _FORM[office]
        if not form.fullmatch(digits) or (kind and kind[0] not in letters):
            raise Refused(message)


def is_granted(publication: str) -> bool:
    """Whether a publication in canonical form is that of a granted right, by its kind code (WIPO ST.16).

    The US printed granted patents as A until 2000: seven digits then, eleven for an application.
    """
    match = _PUBLICATION.fullmatch(publication)
    if match is None:
        return True
    office, _series, digits, kind = (part or "" for part in match.groups())
    if office == "WO":
        return False
    if office == "US" and kind in ("", "A"):
        return len(digits) < 9
    return not kind.startswith("A")


def stem(publication: str) -> str:
    """A publication number without its kind code where that alone tells an application from its patent (China, Europe)."""
    match = _PUBLICATION.fullmatch(publication)
    return publication[: match.end(3)] if match and match[1] in _PUBLISHED_AS else publication


def same_publication(publication: str) -> list[str]:
    """The numbers under which the same application may have been published."""
    match = _PUBLICATION.fullmatch(publication)
    kinds = _PUBLISHED_AS.get(match[1], ()) if match else ()
    return list(dict.fromkeys((publication, *(stem(publication) + kind for kind in kinds))))


def expiry(patent_kind: str | None, filed_on: date | None) -> date | None:
    """When the right ends, counted from filing: 20 years for an invention, 10 for a utility model, for a design 15
    when filed from 2021-06-01 and 10 before (patent law, article 42). None when kind or day is not known."""
    if filed_on is None or patent_kind is None:
        return None
    years = {"invention": 20, "utility_model": 10, "design": 15 if filed_on >= _DESIGN_REFORM else 10}[patent_kind]
    try:
        return filed_on.replace(year=filed_on.year + years)
    except ValueError:  # filed on 29 February
        return filed_on.replace(year=filed_on.year + years, day=28)


def ipc(text: str) -> str:
    """An IPC or CPC symbol in canonical form, "B23C 3/00"; a version in brackets is dropped. Raises `Refused` when it
    is none."""
    typed = re.sub(r"\(.*?\)", "", _folded(text)).strip()
    typed = re.sub(r"(?<=\d)\s*[A-Z]{1,2}$", "", typed)  # "B23C 3/00 (2006.01) I": I and N say invention or additional
    fixed = _IPC_FIXED.fullmatch(typed)
    if fixed:
        return f"{fixed[1]} {int(fixed[2])}/{fixed[3].rstrip('0'):0<2}"
    match = _IPC.fullmatch(typed)
    if not match:
        raise Refused(N_("“%(typed)s” is not an IPC symbol; one looks like B23C 3/00."), typed=text.strip()[:40])
    return f"{match[1]} {match[2]}/{match[3]}"
