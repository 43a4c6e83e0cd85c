"""The comparable form of an organisation's name: pieces of plain words, in Latin letters or Chinese.

People write "Dept. of Chem., Univ. of Science & Technol. (USTC), Hefei", 浙大, 苏州铭锐医疗器械有限公司 or "Zhejiang Daxue". Here a text is
folded (width, case, accents, traditional characters), abbreviations are written out, other languages' words for
university, institute and hospital become one word, and the text is split into pieces, so that what could be an
organisation's own name is told from departments, places and addresses. Pure, and never raises.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import opencc
import rjieba
from pypinyin import lazy_pinyin

LONGEST = 600  # characters read of one name; longer ones are not names
_simplified = opencc.OpenCC("t2s")
_HAN = "一-鿿㐀-䶿"
HAN = re.compile(f"[{_HAN}]")

# word: its other spellings, abbreviations and translations.
_WORDS = """
university: univ universitat universitaet universitats universite universita universidad universidade universiteit universitet
  universitetet universitetas universiti universitas uniwersytet univerzita univerza univerzitet universitatea universitate uni
  unversity univeristy yliopisto egyetem universitesi daxue universities universitario universitaria universitaire universitares
institute: inst institut instituto istituto instituut institutet instytut ustav enstitusu yanjiusuo institutes intezet insitut
college: coll xueyuan colegio collegium kolej
school: sch escola escuela ecole scuola schule
hospital: hosp hopital hopitaux klinikum hospitalet ospedale sygehus sjukhus ziekenhuis yiyuan hastanesi hospitals clinic uniklinik
academy: acad academia akademie academie akademia akademi accademia
department: dept dep departement departamento dipartimento departament departments fachbereich bolumu depto
faculty: fac facultad faculdade facolta faculte fakultat fakultaet fakultesi wydzial fakulta
laboratory: lab labs laboratories laboratoire laboratorio laboratorium
center: centre centro zentrum centres centers centrum merkezi
technology: tech technol technological technologie technologies technique technologico teknologi tecnologico tecnologica technische
  technical polytechnic polytechnique politecnico politecnica technischen teknik tecnologia politechnika tekniske tekniska technicka
science: sci sciences scientific scientifique wissenschaften ciencias ciencia scienze keji kexue
engineering: eng engn engr ingenieria engenharia ingenierie
medicine: med medical medizin medica medicina medecine medisch medizinische medicale tip
national: natl nat nacional nationale nazionale nationaal
federal: federale
state: estadual estatal
research: res recherche investigacion pesquisa ricerca forschung recherches
international: intl int internacional
foundation: fdn fundacao fundacion fondazione stiftung
saint: st sankt
mount: mt
association: assoc assn
agriculture: agr agric agricultural agricola
industry: ind industrial industries
pharmacy: pharm pharmaceutical pharmaceuticals
biology: biol biological
chemistry: chem chemical
physics: phys physical
mechanics: mech mechanical
electronics: elect electronic elec electrical
health: hlth saude salud sante
munich: munchen muenchen
cologne: koln koeln
vienna: wien
zurich: zuerich
rome: roma
milan: milano
turin: torino
naples: napoli
florence: firenze
venice: venezia
padua: padova
prague: praha
moscow: moskva moskovskii
lisbon: lisboa
seville: sevilla
geneva: geneve
brussels: bruxelles brussel
antwerp: antwerpen
ghent: gent
copenhagen: kobenhavn
gothenburg: goteborg
warsaw: warszawa warszawski
cracow: krakow
athens: athina
bucharest: bucuresti
belgrade: beograd
beijing: peking
guangzhou: canton
nanjing: nanking
suzhou: soochow
tsinghua: qinghua
"""
SPELLED = {
    spelling: line.partition(":")[0]
    for line in re.sub("\n  ", " ", _WORDS.strip()).splitlines()
    for spelling in line.partition(":")[2].split()
}
_LEGAL = "co ltd limited inc incorporated corp corporation llc llp plc gmbh ag sa srl spa bv nv oy ab kk pte pty company kg ev mbh"
_STOP = """of the and at in for de la le les du des del della di da do dos das el en et y e a an der die das und fur zu van von den het i on
to from p r"""
_HEADS = "university institute college hospital academy school"
_UNITS = """department faculty division section laboratory program programme unit group chair office branch discipline team graduate
postgraduate klinik clinique servico service"""
_COUNTRIES = """china prc usa uk australia canada germany deutschland france italy italia spain japan korea india brazil brasil netherlands
belgium switzerland sweden norway denmark finland poland austria turkey turkiye iran israel egypt mexico russia taiwan singapore ireland
portugal greece england scotland wales us states kingdom united republic peoples pr"""
# A word beside the name that makes it another organisation's: Jiangsu (Normal) University, University of Alabama Hospital.
_CHANGING = """technology science medicine normal education agriculture engineering hospital press economics finance arts chinese
traditional foreign studies petroleum mining forestry aeronautics astronautics national state federal catholic metropolitan international
polytechnic health veterinary business law women open north south east west northern southern eastern western new central institute
college school university city chemistry textile electronics information post telecommunications communication commerce industry
posts culture nationalities politics autonomous pontifical"""
# Chinese companies often bear their city in front and leave it out again.
_CITIES = """beijing shanghai shenzhen guangzhou suzhou hangzhou nanjing wuxi ningbo changzhou dongguan foshan wuhan chengdu chongqing xian
tianjin qingdao jinan dalian shenyang xiamen fuzhou hefei changsha zhengzhou wenzhou taizhou shaoxing jiaxing jiangsu zhejiang guangdong
shandong fujian hunan hubei sichuan henan hebei anhui"""
CITIES = frozenset(_CITIES.split())
LEGAL, STOP, HEADS = frozenset(_LEGAL.split()), frozenset(_STOP.split()), frozenset(_HEADS.split())
UNITS, COUNTRIES, CHANGING = frozenset(_UNITS.split()), frozenset(_COUNTRIES.split()), frozenset(_CHANGING.split())

_SPLIT = re.compile(r"[,;|/\n\t:，；、]+|\s[-–—]\s|[()（）\[\]{}]+")
_UNIT_OF = r"(?:graduate |medical )?(?:school|college|faculty|department|dept\.?|institute|cent(?:er|re)|division|hospital) (?:of|for) "
# An organisation's name can begin or end inside a piece: "... Marketing The University of Melbourne", "University of
# Tasmania School of Pharmacy", "School of Materials at Chongqing Jiaotong University".
_BEGINS = re.compile(r"\s(?=univ[a-z]*\.? of )|\s(?=the (?:[a-z]+ ){0,2}univ)|\sat (?:the )?(?=.{2,40}univ)")
_LEADS = re.compile(
    r"(?:\W*[a-z]+\W+){3}\w|\W*(?:\d+\s*)?(?:from the )?(?:department|dept|school|faculty|division|inst|lab|cent|college|programm?e?)")
_ENDS = re.compile(rf"(?<=[a-z.])\s(?={_UNIT_OF})")
_ACRONYM = re.compile(r"(?<![\w.])[A-Z][A-Z&-]{1,7}(?!\w)")
_LETTERS = str.maketrans({"ß": "ss", "ı": "i", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "Æ": "AE", "đ": "d"})


@dataclass(frozen=True)
class Piece:
    """Part of a text: its words, whether it names a unit inside an organisation, is an acronym, is Chinese.

    ``derived`` is a Chinese piece said in Latin letters, 浙江大学 as (zhejiang, university): it is compared with Latin pieces only.
    """

    words: tuple[str, ...]
    unit: bool = False
    acronym: bool = False
    chinese: bool = False
    derived: bool = False


def fold(text: str) -> str:
    """One width, lower case, simplified characters, no accents, "&" and "U." written out."""
    text = unicodedata.normalize("NFKC", html.unescape(text[:LONGEST]).encode("utf-8", "replace").decode())
    text = _simplified.convert(text) if HAN.search(text) else text
    text = re.sub(r"(?<=[a-z]{4})(?=[A-Z][a-z]{3})", " ", text.translate(_LETTERS))
    text = re.sub(r"\b(\w)\s?&\s?(\w)\b", r"\1\2", text)
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    bare = re.sub("[’‘`´'“”\"]", "", bare.casefold()).replace("&", " and ")
    bare = re.sub(r"\bu\.(?=[\s,;]|$)", "university", re.sub(r"[^\S\n]+", " ", bare))
    return bare.replace("jiao tong", "jiaotong").replace("xi an ", "xian ")


@lru_cache(maxsize=8192)
def pieces(text: str) -> tuple[Piece, ...]:
    """The pieces of a text in its order; the tuple is empty for a text without letters."""
    acronyms = {fold(word) for word in _ACRONYM.findall(html.unescape(text[:LONGEST]))}
    found: dict[Piece, None] = {}
    for part in _SPLIT.split(_scripts_apart(fold(text))):
        for inner in _inner(part.strip()):
            piece = _piece(inner, acronyms)
            if piece:
                found[piece] = None
                if piece.chinese:
                    found[Piece(_latin_words(piece.words[0]), derived=True)] = None
    return tuple(found)


def _inner(part: str) -> list[str]:
    """A piece split where a university's name begins after other words or, once it has begun, where the name of a unit does."""
    begin = next((match for match in _BEGINS.finditer(part) if _LEADS.match(part[: match.start()])), None)
    rest = [part[: begin.start()], part[begin.end():]] if begin else [part]
    name = rest[-1]
    return rest[:-1] + (_ENDS.split(name) if "univ" in name[: name.find(" of ", 12)] else [name])


def _scripts_apart(text: str) -> str:
    """Latin and Chinese words apart, so that "浙江大学Zhejiang University" is two pieces."""
    if not HAN.search(text):
        return text
    text = re.sub(f"[(（]([{_HAN}]{{2,6}})[)）](?=[{_HAN}])", r"\1", text)
    text = re.sub(f"([{_HAN})）])\\s*(?=[a-z])", r"\1,", re.sub(f"([a-z)）])\\s*(?=[{_HAN}])", r"\1,", text))
    return re.sub(f"(?<=[{_HAN}])\\s+(?=[{_HAN}])", ",", text)


def _piece(text: str, acronyms: set[str]) -> Piece | None:
    if HAN.search(text):
        return Piece(("".join(re.findall(r"\w", text)),), chinese=True)
    raw = re.findall(r"[^\W\d_]+", text)
    while len(raw) > 3 and raw[-1] in COUNTRIES and raw[-2] not in STOP and raw[-2] not in ("south", "western", "new"):
        raw.pop()
    # Each word once: "University of Oxford Oxford" says no more than without the second Oxford.
    spelled = (SPELLED.get(word, word) for word in raw)
    words = tuple(dict.fromkeys(word for word in spelled if word not in STOP and word not in LEGAL))
    if not words or all(word in COUNTRIES for word in words):
        return None
    return Piece(words, SPELLED.get(raw[0], raw[0]) in UNITS, len(raw) == 1 and raw[0] in acronyms)


# ---- Chinese names

_ZH_LEGAL = re.compile("(?:集团)?(?:股份)?(?:有限)?(?:责任)?公司$|(?:集团|股份)$|有限合伙$|(?<=.{4})厂$")
_ZH_BEGINNINGS = {"中科院": "中国科学院", "社科院": "中国社会科学院", "农科院": "中国农业科学院"}
# Known short forms that no rule yields; the others (浙大, 哈工大) are read from the words of the full name.
_ZH_SHORT = {
    "中科大": "中国科学技术大学", "科大": "中国科学技术大学", "国科大": "中国科学院大学", "成电": "电子科技大学",
    "西电": "西安电子科技大学",
    "中大": "中山大学", "华科": "华中科技大学", "人大": "中国人民大学", "北航": "北京航空航天大学",
    "南航": "南京航空航天大学", "南理工": "南京理工大学",
    "哈工大": "哈尔滨工业大学", "哈工程": "哈尔滨工程大学",
}
_ZH_WORDS = """大学 学院 研究院 研究所 科学院 工程院 科学 技术 工业 工程 师范 理工 科技 医科 医学 医药 中医药 农业 农林 林业 航空 航天 交通
海洋 石油 化工 矿业 地质 电子 邮电 电力 财经 经济 贸易 外国语 政法 民族 体育 音乐 美术 职业 医院 附属 第一 第二 第三 人民 中国 国家
国防 化学 物理 数学 材料 机械 光学 精密 生物 微生物 植物 动物 生态 环境 能源 信息 软件 自动化 计算 半导体 金属 有色 陶瓷 纳米 医疗
器械 仪器 设备 装备 制造 智能 控股 电器 电气 药业 制药 食品 新材料 新能源 网络 通信 系统 实验室 中心 分校 开发 集团 华东 华南 华中
华北 西北 西南 东北 东南 中南"""
_ZH_PARTS = re.compile("(" + "|".join(sorted(_ZH_WORDS.split(), key=len, reverse=True)) + ")")
ZH_GENERIC = frozenset(_ZH_WORDS.split())


@lru_cache(maxsize=65536)
def chinese_core(name: str) -> tuple[str, bool]:
    """A Chinese name as it is compared, and whether it is a company's: without legal form, and then without the place before it."""
    name = _ZH_SHORT.get(name, name)
    for short, long in _ZH_BEGINNINGS.items():
        if name.startswith(short):
            name = long + name[len(short):]
    bare = _ZH_LEGAL.sub("", name)
    return (_without_place(bare), True) if bare != name and len(bare) > 1 else (name, False)


def _without_place(name: str) -> str:
    """苏州市铭锐医疗器械 → 铭锐医疗器械, 铭锐（苏州）科技 → 铭锐科技: place words go as long as two characters are left."""
    tagged = rjieba.tag(name)
    kept = "".join(word for at, (word, tag) in enumerate(tagged) if tag != "ns" or (at and tagged[at - 1][1] != "ns" and len(word) < 2))
    return kept if len(kept) > 1 else name


@lru_cache(maxsize=65536)
def chinese_words(name: str) -> tuple[str, ...]:
    """The words of a Chinese name, the usual words of institutions apart: 哈尔滨 工业 大学."""
    found: list[str] = []
    for part in _ZH_PARTS.split(name):
        found += [part] if part in ZH_GENERIC else rjieba.cut(part)
    return tuple(word for word in found if word)


@lru_cache(maxsize=65536)
def is_place(word: str) -> bool:
    """Whether a Chinese word is a place name: 浙江 alone never stands for 浙江大学."""
    return [tag for _, tag in rjieba.tag(word)] == ["ns"]


def _latin_words(name: str) -> tuple[str, ...]:
    words = ("".join(lazy_pinyin(word)) for word in chinese_words(chinese_core(name)[0]))
    return tuple(dict.fromkeys(SPELLED.get(word, word) for word in words))
