"""One row of a table of needs: from the cells under their headers to the values of a need, or what is wrong in which column.

A budget is taken as it stands in its column, with the unit that cell or header names; what a text says of money is not.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from marketplace.catalogue.classification import industry_code
from marketplace.db import LANGUAGES
from marketplace.errors import N_, Refused
from marketplace.importing import cells as reading
from marketplace.importing.formats import FORMATS, Format
from marketplace.importing.rows import ReadRow
from marketplace.needs.figures import MOST, is_figure, plain
from marketplace.needs.models import CASH, DIRECTIONS, PAYERS, WANTED_MODES
from marketplace.people import regions
from marketplace.terms.payment import MINOR_UNITS, to_minor

_MONEY = "人民币|元|圆|RMB|CNY|USD|EUR|JPY|KRW|[¥$€]"
_AMOUNT = re.compile(rf"(?:{_MONEY})?\s*(\d[\d,]*(?:\.\d+)?)\s*(百万|千万|[千万亿]|K|M)?\s*(?:{_MONEY})*", re.ASCII)
_SCALE = {"千": 3, "K": 3, "万": 4, "百万": 6, "M": 6, "千万": 7, "亿": 8}


def amount(cell: str, header: str = "") -> Decimal:
    """One amount of money: "300,000", "30 万元", or a bare number under a header that says 万元. Raises `Refused` otherwise."""
    text = unicodedata.normalize("NFKC", cell).strip().upper()
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise Refused(N_("“%(typed)s” is not one amount; write it like 300000."), typed=cell[:40])
    scale = match[2] or (re.search(r"[千万亿](?=元)", header) or [""])[0]
    found = Decimal(match[1].replace(",", "")).scaleb(_SCALE.get(scale, 0))
    if found > MOST:
        raise Refused(N_("“%(typed)s” is not one amount; write it like 300000."), typed=cell[:40])
    return found


def targets(cell: str) -> list[dict[str, Any]]:
    """The targets of our template, one a line: name in Chinese | in English | today | wanted | unit | direction."""
    found = []
    for line in csv.reader(io.StringIO(reading.literal(cell)), delimiter="|", skipinitialspace=True):
        if not line:
            continue
        parts = [part.strip() for part in line]
        if len(parts) != 6 or parts[5] not in DIRECTIONS:
            raise Refused(N_("Write a target as: name in Chinese | in English | today | wanted | unit | at_most, at_least or equal."))
        zh, en, today, wanted, unit, direction = parts
        names = {code: text for code, text in (("zh", zh), ("en", en)) if text}
        found.append({"quantity": names, "today": _figure(today), "wanted": _figure(wanted), "unit": unit, "direction": direction})
    return found


def _figure(text: str) -> str | None:
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not is_figure(value):
        raise Refused(N_("“%(typed)s” is not a number."), typed=text[:40])
    return plain(value)


def _modes(cell: str, how: Format) -> list[str]:
    read = reading.coded(WANTED_MODES)
    return [read(MODES_SAID.get(entry, entry)) for entry in reading.entries(cell, how)]


MODES_SAID = {
    "许可": "licence", "专利许可": "licence", "技术许可": "licence", "转让": "assignment", "技术转让": "assignment",
    "联合开发": "joint_development", "合作开发": "joint_development", "联合研发": "joint_development", "委托开发": "joint_development",
    "咨询": "consulting", "技术咨询": "consulting", "技术服务": "consulting",
    "揭榜挂帅": "open_call", "揭榜": "open_call", "众筹": "pooled", "众筹科研": "pooled",
}


def _industry(cell: str) -> str:
    match = re.match(r"[A-T]?\d{2,4}(?!\d)|[A-T](?![A-Za-z])", unicodedata.normalize("NFKC", cell).strip())
    code = industry_code(match[0]) if match else None
    if code is None:
        raise Refused(N_("“%(typed)s” holds no industry code of GB/T 4754-2017, like C3484."), typed=cell[:40])
    return code


def _region(cell: str) -> str:
    text = cell.strip()
    named = (code for language in LANGUAGES for code, name in regions.choices(language) if name == text)
    code = text if regions.is_region(text) else next(named, None)
    if code is None:
        raise Refused(N_("There is no region “%(typed)s”; write its name or its code."), typed=cell[:40])
    return code


def _currency(cell: str) -> str:
    text = {"人民币": "CNY", "RMB": "CNY", "元": "CNY", "美元": "USD", "欧元": "EUR"}.get(cell.strip(), cell.strip().upper())
    if text not in MINOR_UNITS:
        raise Refused(N_("“%(typed)s” is not one of the codes %(codes)s."), typed=cell[:40], codes=", ".join(MINOR_UNITS))
    return text


class NeedRow(ReadRow):
    """A row that speaks of a need."""

    texts = {"title": 200, "problem": 20_000, "place": 2000, "tried": 20_000, "constraints": 2000, "volume": 200, "teaser": 300}
    single = {
        "public_id": reading.SINGLE["public_id"], "source_key": reading.SINGLE["source_key"], "visibility": reading.SINGLE["visibility"],
        "nda_required": reading.SINGLE["nda_required"],
        "deadline": reading.parse_day, "targets": targets, "payer": reading.coded(PAYERS), "cash": reading.coded(CASH),
        "industry": _industry, "region": _region, "currency": _currency, "language": reading.coded(("zh", "en")),
    }
    listed = {"modes": _modes}
    never_empty = ("public_id", "visibility", "nda_required", "payer", "cash", "currency", "language")

    def __init__(self, cells: Mapping[str, str], columns: Mapping[str, str], how: Format) -> None:
        super().__init__(cells, columns, how)
        if not self.clears and not self.has("title") and not self.has("problem"):
            raise Refused(N_("This row has neither a title nor a problem."), field=self.header_of("problem") or self.header_of("title"))

    def value(self, field: str, language: str, cell: str) -> None:
        """A cell that is no text. Raises `Refused`."""
        if field in ("budget_min", "budget_max"):
            self.values[field] = amount(cell, self.header)
        else:
            super().value(field, language, cell)

    def whole(self) -> dict[str, Any]:
        """All values of the row, budgets in minor units."""
        values = self.values
        currency = values.get("currency", "CNY")
        for name in ("budget_min", "budget_max"):
            if values.get(name) is not None:
                values[name] = to_minor(values[name], currency)
        if not self.clears:
            spoken = values.get("problem") or values.get("title") or {}
            values.setdefault("language", "zh" if "zh" in spoken else "en")
            values.setdefault("title", {code: _heading(text) for code, text in values.get("problem", {}).items()})
            values.setdefault("problem", dict(values["title"]))
        return values


def _heading(text: str) -> str:
    line = text.strip().splitlines()[0]
    return line if len(line) <= 80 else line[:79].rstrip() + "…"


def read_need(cells: Mapping[str, str], columns: Mapping[str, str], format: str = "table") -> dict[str, Any]:
    """The values of one need, only those that are given, as `needs.operations.fill` takes them; `public_id` and `source_key`
    beside them. Raises `Refused` with the header as its field."""
    return NeedRow(cells, columns, FORMATS[format]).whole()
