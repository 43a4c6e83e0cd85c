"""Units as they are written in Chinese and English, one name for each, and conversion between them by pint.

The name (``unit`` elsewhere) is what pint reads, or one of our own: piece (anything counted), turn (of a shaft, kept apart
from the radian so that 3,000 rpm is never compared with 50 Hz), fold (倍), px, pH, HRC and their like, which convert to
nothing but themselves. A user's text is never given to pint's parser: only names of this table are.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

import pint

# name (with a factor where the spelling is not the unit itself) | spellings; English ones also in the plural.
_TABLE = """
mm | 毫米 ㎜ mm millimetre millimeter | 公厘
0.01 mm | 丝
cm | 厘米 公分 ㎝ cm centimetre centimeter
um | 微米 μm µm um micrometre micrometer micron
nm | 纳米 nm nanometre nanometer
angstrom | 埃 Å angstrom
m | 米 公尺 m metre meter
km | 公里 千米 ㎞ km kilometre kilometer
inch | 英寸 inch inches
foot | 英尺 ft foot feet
mm**2 | 平方毫米 mm2 mm² mm^2
cm**2 | 平方厘米 cm2 cm² cm^2
m**2 | 平方米 平米 ㎡ m2 m² m^2
mu | 亩 mu
hectare | 公顷 ha hectare
mm**3 | 立方毫米 mm3 mm³ mm^3
cm**3 | 立方厘米 cm3 cm³ cm^3 cc
m**3 | 立方米 立方 ㎥ m3 m³ m^3
L | 升 公升 L l litre liter
mL | 毫升 mL ml millilitre milliliter
uL | 微升 μL µL uL
kg | 公斤 千克 ㎏ kg kilogram kilogramme kilo
0.5 kg | 斤
g | 克 g gram gramme
mg | 毫克 mg milligram
ug | 微克 μg µg ug microgram
t | 吨 噸 t tonne ton
lb | 磅 lb lbs pound
s | 秒钟 秒 s sec second
ms | 毫秒 ms millisecond
us | 微秒 μs µs us microsecond
ns | 纳秒 ns nanosecond
min | 分钟 min mins minute
h | 小时 钟头 h hr hrs hour
day | 天 工作日 日 day
week | 周 星期 礼拜 week
month | 月 month
3 month | 季度 quarter
year | 年 yr yrs year
degC | ℃ °C ºC 摄氏度 deg\u00a0C degC
degF | ℉ °F 华氏度
K | K 开尔文 kelvin
degree | ° 度 degree deg
Pa*m**3 | Pa·m3 Pa·m³ Pa*m3
Pa | 帕斯卡 帕 Pa pascal
hPa | 百帕 hPa
kPa | 千帕 kPa kilopascal
MPa | 兆帕 MPa Mpa megapascal
GPa | 吉帕 GPa
bar | 巴 bar
mbar | 毫巴 mbar
atm | 大气压 atm
psi | psi
N | 牛顿 N newton
kN | 千牛 kN
N*m | 牛米 牛·米 N·m Nm N.m N*m
J | 焦耳 焦 J joule
kJ | 千焦 kJ kilojoule
MJ | 兆焦 MJ megajoule
kW*h | 千瓦时 度电 kWh kW·h
W*h | 瓦时 Wh
MW*h | 兆瓦时 MWh
W | 瓦 W watt
mW | 毫瓦 mW milliwatt
kW | 千瓦 kW kilowatt
MW | 兆瓦 MW megawatt
GW | 吉瓦 GW gigawatt
metric_horsepower | 马力 hp horsepower
V | 伏特 伏 V volt
mV | 毫伏 mV millivolt
kV | 千伏 kV kilovolt
A | 安培 安 A amp ampere
mA | 毫安 mA milliamp
uA | 微安 μA µA uA
A*h | 安时 Ah
mA*h | 毫安时 mAh
ohm | 欧姆 欧 Ω Ω ohm
kohm | 千欧 kΩ
Mohm | 兆欧 MΩ
uF | 微法 μF µF uF
T | 特斯拉 T tesla
mT | 毫特 mT
Hz | 赫兹 赫 Hz hertz
kHz | 千赫兹 千赫 kHz kilohertz
MHz | 兆赫兹 兆赫 MHz megahertz
GHz | 吉赫 GHz gigahertz
mol | 摩尔 mol mole
lux | 勒克斯 lux lx
MB | 兆字节 MB megabyte
GB | GB gigabyte
TB | TB terabyte
percent | % ％ 个点 百分点 percent per\u00a0cent percentage\u00a0point
permille | ‰
ppm | ppm
ppb | ppb
dB | dB(A) dB 分贝 decibel
dBm | dBm
px | 像素 px pixel
fold | 倍 fold times
rpm | rpm 转/分钟 转/分 转每分钟 转每分 r/min rev/min RPM
rps | 转/秒 转每秒 r/s rev/s revs/s
mPa*s | mPa·s mPa.s mPas cP
W/(m*K) | W/(m·K) W/m·K W/mK W/(m.K)
g/cm**3 | g/cc
km/h | km/h kph 码
m/s**2 | m/s2 m/s² m/s^2
mesh | 目 mesh
HRC | HRC
HV | HV
HB | HB HBW
pH | pH
CNY | 元钱 块钱 元 块 圆 yuan RMB rmb CNY
USD | 美元 美金 美刀 dollar USD bucks buck
0.1 CNY | 毛钱 毛
0.01 USD | cent
EUR | 欧元 euro EUR
GBP | 英镑 GBP
JPY | 日元 日圆 JPY yen
piece | 件 个 個 把 套 台 支 只 片 根 条 张 块儿 盒 瓶 桶 辆 颗 粒 枚 批 次 遍 趟 路 通道 工位 人 户 家 棵 株 头 匹 卷 行 孔 站 组 锅 炉
piece | piece pcs pc part unit item set channel row machine person people tree nozzle sensor cycle time shot well site station
piece | worker operator wafer sample device bag bottle cell batch batches trip step
"""
MONEY = ("CNY", "USD", "EUR", "GBP", "JPY")
CALENDAR = ("week", "month", "year")
CALENDAR_WORDS = {"小时": "h", "分钟": "min", "秒": "s", "天": "day", "日": "day", "月": "month", "年": "year"}
TIMES = ("s", "min", "h", "day", "week", "month", "year")
_ONE_LETTER = set("mLlgtshKVAWNJT")
_SHOWN = {
    "um": "µm", "ug": "µg", "uL": "µL", "us": "µs", "uA": "µA", "uF": "µF", "percent": "%", "permille": "‰", "degC": "℃",
    "degF": "℉", "ohm": "Ω", "kohm": "kΩ", "Mohm": "MΩ", "degree": "°", "angstrom": "Å", "metric_horsepower": "hp",
    "**2": "²", "**3": "³", "*": "·",
}
_ZH = {
    "day": "天", "week": "周", "month": "个月", "year": "年", "h": "小时", "fold": "倍", "px": "像素", "piece": "个",
    "rpm": "转/分", "rps": "转/秒", "mu": "亩", "metric_horsepower": "马力", "hectare": "公顷",
    "CNY": "元", "USD": "美元", "EUR": "欧元", "GBP": "英镑",
    "JPY": "日元", "foot": "英尺", "inch": "英寸", "lb": "磅",
}
_EN = {"px": "px", "rps": "r/s", "fold": "times", "piece": "pcs", "foot": "ft", "inch": "in"}
_PLURAL_EN = ("day", "week", "month", "year", "hectare")


def _read_table() -> dict[str, tuple[float, str]]:
    """Spelling → (factor, name), from the table above; English words also with an s."""
    spellings: dict[str, tuple[float, str]] = {}
    for line in _TABLE.strip().splitlines():
        name, _, written = line.partition(" | ")
        factor, _, unit = name.rpartition(" ")
        for spelling in written.replace("|", " ").split(" "):
            meaning = (float(factor or 1), unit)
            spelling = spelling.replace("\u00a0", " ")
            if spelling:
                spellings[spelling] = meaning
                if re.fullmatch("[a-z][a-z ]{2,}", spelling) and spelling not in ("rpm", "psi", "ppm", "ppb", "mol"):
                    spellings.setdefault(spelling + "s", meaning)
    return spellings


SPELLINGS = _read_table()
_LONGEST = max(map(len, SPELLINGS))
_FIRST = frozenset(spelling[0] for spelling in SPELLINGS) | {"个"}
# 一块板, 三天线, 两年级, 5米粉, 两元件, three day-labourers: a unit that begins another word is none.
_OTHER_WORD = re.compile(
    "元[件素器]|块[一-鿿](?<![的钱左上以之内多一每])|天线|年级|米[粉饭]|度电梯|人工|个性|月[亮饼]|次方|毛[刺坯面利]|day-")
_PER = re.compile(r"\s?(?:/|每一|每)\s?|\s?(?:per|an?|each|every)\s(?:square |cubic )?")


def _spelling_at(text: str, position: int) -> str:
    """The longest spelling of a unit at this place that does not run on into a word, or ""."""
    if text[position:position + 1] not in _FIRST or _OTHER_WORD.match(text, position):
        return ""
    for length in range(min(_LONGEST, len(text) - position), 0, -1):
        spelling = text[position:position + length]
        if spelling in SPELLINGS and not (_latin(spelling[-1]) and _RUNS_ON.match(text, position + length)):
            return spelling
    return ""


_RUNS_ON = re.compile("[A-Za-z0-9µμΩ²³]|[·*⋅][A-Za-z]")


def _latin(letter: str) -> bool:
    return letter.isascii() and letter.isalnum() or letter in "Ω²³"


@dataclass(frozen=True)
class Unit:
    """A unit as read at one place: ``name`` after multiplying by ``factor``, ``written`` there, ending at ``end``."""

    factor: float
    name: str
    written: str
    end: int


def unit_at(text: str, position: int, figures: bool = True) -> Unit | None:
    """The unit written at this place, rates included ("m/s", "吨每小时", "tonnes a day"); None where there is none.

    ``figures`` says that digits stand before it: one-letter signs (5 m, 3 t) are read only then.
    """
    start = position
    if text[start:start + 1] in (" ", "-") and text[start + 1:start + 2].strip("("):
        start += 1
    inner = _spelling_at(text, start + 1) if text[start:start + 1] == "个" else ""
    start += bool(inner)
    spelling = inner or _spelling_at(text, start)
    if not spelling or (spelling in _ONE_LETTER and (not figures or text[start - 1] == "-")):
        return None
    return per(text, Unit(*SPELLINGS[spelling], spelling, start + len(spelling)))


def per(text: str, unit: Unit) -> Unit:
    """The unit with what follows as its denominator, where something does: yuan, then "/kg"."""
    sign = _PER.match(text, unit.end)
    below = sign and _spelling_at(text, sign.end())
    if not below or SPELLINGS[below][1] in MONEY or "/" in unit.name + SPELLINGS[below][1]:
        return unit
    factor, name = SPELLINGS[below]
    power = "**2" if "square" in sign[0] else "**3" if "cubic" in sign[0] else ""
    written = f"{unit.written}/{below if not below.isascii() else name}"
    return Unit(unit.factor / factor, f"{unit.name}/{name}{power}", written, sign.end() + len(below))


def rate_at(text: str, position: int) -> Unit | None:
    """A bare denominator behind a number, of things counted: "a hundred per hour", "3,000 a year"."""
    unit = per(text, Unit(1.0, "piece", "", position))
    return unit if unit.end > position and unit.name.partition("/")[2] in TIMES else None


def is_money(unit: str) -> bool:
    """True for a currency or an amount per something in one."""
    return unit.partition("/")[0] in MONEY


def shown(unit: str, written: str, lang: str) -> str:
    """The unit as a reader of ``lang`` ("zh" or "en") knows it; what is counted keeps the word it was counted with."""
    said = written.partition("/")[0]
    if unit.partition("/")[0] == "piece" and said and (lang == "zh") == bool(re.search("[一-鿿]", said)):
        thing, _, below = written.partition("/")
        return "/".join([thing, (_ZH if lang == "zh" else _EN).get(below, below)]) if below else thing
    names = _ZH if lang == "zh" else _EN
    return "/".join(names.get(part) or _symbol(part) for part in unit.split("/"))


def _symbol(name: str) -> str:
    if name in _SHOWN:
        return _SHOWN[name]
    for plain, pretty in (("**2", "²"), ("**3", "³"), ("*", "·")):
        name = name.replace(plain, pretty)
    return name


def read(written: str) -> Unit | None:
    """The unit that somebody typed, read whole; None where it is none that we know."""
    found = unit_at(f"1 {written}", 1)
    return found if found and found.end == len(written) + 2 else None


def in_words(written: str, value: str | None, lang: str) -> str:
    """A unit that somebody typed beside a value, as a reader of ``lang`` knows it: day as 天 or days; one that we do not know stays as typed."""
    found = read(written.strip())
    if found is None or found.factor != 1:
        return written
    told = shown(found.name, found.written, lang)
    try:
        return plural(found.name, float(value or 0), told) if lang == "en" else told
    except ValueError:
        return told


def plural(unit: str, value: float, shown_unit: str) -> str:
    """English words for time take their s: 3 months, 1 month."""
    return shown_unit + "s" if unit in _PLURAL_EN and value != 1 else shown_unit


@functools.cache
def _registry() -> pint.UnitRegistry:
    registry = pint.UnitRegistry(on_redefinition="ignore")  # a turn of a shaft is no angle here, and per mille has its definition at hand
    for name in ("piece", "shaft_turn", "fold", "px_"):
        registry.define(f"{name} = [{name}]")
    for definition in ("permille = 0.001", "rpm_ = shaft_turn / minute", "rps = shaft_turn / second", "mu_ = 2000 / 3 * meter ** 2"):
        registry.define(definition)
    return registry


@functools.cache
def _pint_unit(name: str) -> pint.Unit:
    return _registry().Unit(re.sub(r"\b(rpm|px|mu)\b", r"\1_", name))


def convert(value: float, unit: str, to: str) -> float | None:
    """The value in another unit, or None where the two measure different things (money included: no rates here)."""
    if unit == to:
        return value
    if "dB" in unit + to or is_money(unit) or is_money(to) or not unit or not to:
        return None
    try:
        return float(_registry().Quantity(value, _pint_unit(unit)).to(_pint_unit(to)).magnitude)
    except (pint.PintError, OverflowError):
        return None
