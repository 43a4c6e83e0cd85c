"""Regions: the province-level codes of GB/T 2260 (six digits) at home, ISO 3166-1 alpha-2 codes abroad.

One list serves organisations, needs and filters, so that a region has one code and one name everywhere. The province
names are data below; names of countries come from Babel (Unicode CLDR). Pure.
"""

from __future__ import annotations

from functools import cache

from babel import Locale

from marketplace.languages import LOCALES

PROVINCES: dict[str, tuple[str, str]] = {
    "110000": ("北京市", "Beijing"), "120000": ("天津市", "Tianjin"), "130000": ("河北省", "Hebei"),
    "140000": ("山西省", "Shanxi"), "150000": ("内蒙古自治区", "Inner Mongolia"), "210000": ("辽宁省", "Liaoning"),
    "220000": ("吉林省", "Jilin"), "230000": ("黑龙江省", "Heilongjiang"), "310000": ("上海市", "Shanghai"),
    "320000": ("江苏省", "Jiangsu"), "330000": ("浙江省", "Zhejiang"), "340000": ("安徽省", "Anhui"),
    "350000": ("福建省", "Fujian"), "360000": ("江西省", "Jiangxi"), "370000": ("山东省", "Shandong"),
    "410000": ("河南省", "Henan"), "420000": ("湖北省", "Hubei"), "430000": ("湖南省", "Hunan"),
    "440000": ("广东省", "Guangdong"), "450000": ("广西壮族自治区", "Guangxi"), "460000": ("海南省", "Hainan"),
    "500000": ("重庆市", "Chongqing"), "510000": ("四川省", "Sichuan"), "520000": ("贵州省", "Guizhou"),
    "530000": ("云南省", "Yunnan"), "540000": ("西藏自治区", "Tibet"), "610000": ("陕西省", "Shaanxi"),
    "620000": ("甘肃省", "Gansu"), "630000": ("青海省", "Qinghai"), "640000": ("宁夏回族自治区", "Ningxia"),
    "650000": ("新疆维吾尔自治区", "Xinjiang"), "710000": ("台湾省", "Taiwan"),
    "810000": ("香港特别行政区", "Hong Kong"), "820000": ("澳门特别行政区", "Macao"),
}
# what CLDR lists among territories and ISO 3166-1 does not: groupings, parts, and codes for private use
NO_COUNTRY = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"])
AT_HOME = frozenset(("CN", "TW", "HK", "MO"))  # these have province codes


@cache
def _countries(language: str) -> dict[str, str]:
    territories = Locale.parse(LOCALES[language]).territories
    codes = (code for code in territories if len(code) == 2 and code.isalpha())
    return {code: territories[code] for code in codes if code not in NO_COUNTRY and code not in AT_HOME}


def _reading_order(word: str) -> bytes:
    """The order a reader expects: GB 18030 has common Chinese characters by their sound, Latin ones by the alphabet."""
    return word.encode("gb18030")


def is_region(code: str) -> bool:
    """Whether there is a region with this code."""
    return code in PROVINCES or code in _countries("en")


def name(code: str | None, language: str) -> str:
    """The region's name in the language; a code that is not ours is shown as it is, none as nothing."""
    if code in PROVINCES:
        return PROVINCES[code][0 if language == "zh" else 1]
    return _countries(language).get(code or "", code or "")


@cache
def choices(language: str) -> tuple[tuple[str, str], ...]:
    """(code, name) of all regions: provinces in the order of the standard, then countries by name."""
    home = [(code, name(code, language)) for code in PROVINCES]
    abroad = sorted(_countries(language).items(), key=lambda pair: _reading_order(pair[1]))
    return (*home, *abroad)
