"""Technology fields, industries and patent classes: codes with their names in both languages.

Fields are the 35 of WIPO's technology concordance in five sectors; industries are GB/T 4754-2017, a letter and two to
four digits; the way from an IPC symbol to a field is an approximation of the concordance (see `classification.toml`).
A code we hold no name for is called by the nearest level above it that has one.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_DATA: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))

SECTORS: dict[str, dict[str, str]] = {row["code"]: row for row in _DATA["sector"]}
FIELDS: dict[str, dict[str, Any]] = {row["code"]: row for row in _DATA["field"]}
INDUSTRIES: dict[str, dict[str, str]] = {
    code: {"zh": names[0], "en": names[1]}
    for level in ("sections", "divisions", "classes")
    for code, names in _DATA[level].items()
}
_SECTION_OF = {code[1:3]: code[0] for code in _DATA["divisions"]}
_FIELD_OF_PREFIX = {prefix: code for code, row in FIELDS.items() for prefix in row["ipc"]}
_SYMBOL = re.compile(r"([A-HY]\d{2}[A-Z]?)\s*(\d{0,4})")


def _plain(words: str) -> str:
    """Words without case, width and punctuation, for comparing."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", words).casefold()))


_FIELD_OF_WORDS = {
    _plain(words): code
    for code, row in FIELDS.items()
    for words in (*row["words"], row["zh"], row["en"], code, code.replace("_", " "))
}


def field_name(code: str | None, language: str) -> str:
    """The field's name in the language; an unknown code names itself, none is empty."""
    if not code:
        return ""
    return FIELDS[code][language] if code in FIELDS else code


def sector_of(field: str) -> str | None:
    """The sector a field belongs to."""
    return FIELDS[field]["sector"] if field in FIELDS else None


def field_of_words(words: str) -> str | None:
    """The field meant by a name, a code or a common category word; None when it is none we know."""
    return _FIELD_OF_WORDS.get(_plain(words))


def field_of_ipc(symbols: Iterable[str]) -> str | None:
    """The field most of the IPC or CPC symbols point to; the first symbol decides a tie, none known gives None."""
    found = [field for field in (_field_of_symbol(symbol) for symbol in symbols) if field]
    return Counter(found).most_common(1)[0][0] if found else None


def _field_of_symbol(symbol: str) -> str | None:
    match = _SYMBOL.match(unicodedata.normalize("NFKC", symbol).strip().upper())
    if not match:
        return None
    subclass, group = match.groups()
    candidates = [subclass + group.lstrip("0")] if group else []
    for prefix in (*candidates, subclass, subclass[:3]):
        if prefix in _FIELD_OF_PREFIX:
            return _FIELD_OF_PREFIX[prefix]
    return None


def industry_code(text: str) -> str | None:
    """The canonical code of an industry as typed ("c3484", "3484", "34", "C"); None when there is no such division."""
    match = re.fullmatch(r"([A-T]?)(\d{0,4})", unicodedata.normalize("NFKC", text).strip().upper())
    if not match or len(match[2]) == 1 or not (match[1] or match[2]):
        return None
    letter, digits = match.groups()
    if not digits:
        return letter
    section = _SECTION_OF.get(digits[:2])
    return section + digits if section and letter in ("", section) else None


def industry_ancestors(code: str) -> tuple[str, ...]:
    """The code with every level above it, widest first: "C3484" → ("C", "C34", "C348", "C3484")."""
    return (code[:1], *(code[:end] for end in range(3, len(code) + 1)))


def industry_name(code: str | None, language: str) -> str:
    """The industry's name in the language, or that of the nearest level above which has one; "" for none."""
    if not code:
        return ""
    for level in reversed(industry_ancestors(code)):
        if level in INDUSTRIES:
            return INDUSTRIES[level][language]
    return code


def field_choices(language: str) -> dict[str, list[tuple[str, str]]]:
    """Fields for a select, grouped by the sector's name."""
    groups: dict[str, list[tuple[str, str]]] = {row[language]: [] for row in SECTORS.values()}
    for code, row in FIELDS.items():
        groups[SECTORS[row["sector"]][language]].append((code, row[language]))
    return groups


def industry_choices(language: str) -> list[tuple[str, str]]:
    """Industries we hold names for, for a select: (code, code and name), in order of code."""
    return [(code, f"{code} {INDUSTRIES[code][language]}") for code in sorted(INDUSTRIES)]
