"""The labelled parts of a text, as forms and templates for needs have them: 需求描述：…, 一、现状, Budget: …

A label counts where a line or a sentence begins with it and a colon follows, or where it is a line of its own. Only the
whole label counts, so that a sentence that happens to begin with 目标 is no section.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

LONGEST_LABEL = 34

# the field of the need, or what else the part is about | its labels, as patterns of the whole label without blanks
_TABLE = """
title | (?:项目|需求|课题|难题|技术需求|技术难题|技术)?(?:名称|标题|题目) | 标题 | title | subject | nameoftheneed
problem | (?:企业)?(?:技术)?(?:需求|难题|问题|痛点|难点|项目)(?:描述|简述|说明|内容|概述|概况|简介|详情|背景及内容)?
  | (?:主要)?(?:存在)?的?(?:主要)?(?:技术)?问题 | (?:the)?problem(?:statement|description)? | (?:the)?(?:need|challenge) | description
background | (?:目前|当前|技术|项目|工艺|企业)?的?(?:现状|背景)(?:描述|情况|及问题)? | (?:目前|当前|现有)的?(?:情况|状况|工艺|技术)
  | (?:企业|公司|单位)(?:简介|概况|介绍) | (?:project)?background | (?:current|present)(?:situation|state|process|status) | today
  | context | aboutus | aboutthecompany
tried
  | (?:此前|之前|前期)?(?:已|已经|曾)?(?:尝试|试过|做过|采取)(?:过)?的?(?:方案|方法|办法|措施|工作|途径)?(?:及|和|与)?(?:效果|结果|失败原因)?
  | (?:前期|已有|已开展的?)(?:工作|措施|研究)(?:基础)? | alreadytried | tried(?:sofar)?
  | (?:what)?(?:wehave|was|hasbeen|we)?(?:already)?tried(?:sofar)?(?:andwhyitfailed)? | (?:previous)?attempts | previouswork
targets | (?:主要)?(?:技术|考核|性能|预期|经济|验收|量化)*(?:指标|目标)(?:要求)? | (?:技术|性能|参数)要求
  | (?:预期|期望)(?:达到的?)?(?:目标|效果|成果|指标) | 技术参数 | 参数
  | (?:measurable|technical)?(?:targets?|goals?|requirements?|specifications?) | acceptance(?:criteria)? | wanted
constraints | (?:约束|限制|边界|使用|现场)(?:条件|因素|要求)? | 不(?:能|可|得)(?:改动|改变|变动)的?(?:条件|内容|地方)? | constraints?
  | limits? | limitations? | mustnotchange | whatmustnotchange | boundaryconditions?
volume | (?:年)?(?:产量|用量|产能|需求量|批量)(?:规模)? | (?:生产|应用)规模 | (?:涉及)?(?:数量|体量) | (?:annual)?volumes?(?:atstake)?
  | (?:annual)?quantit(?:y|ies) | annualoutput
place | (?:发生)?(?:部位|位置|工序|环节|工位) | (?:应用|使用|发生|实施)?(?:场景|场合|场所|地点) | where(?:ithappens)? | place | machine
  | line | process
budget | (?:项目|研发|合作|拟投入|计划投入|预计投入|投入|开发)?(?:总)?(?:预算|经费|资金|费用|金额)(?:预算|范围|投入|情况|总额|上限)?
  | 拟(?:投入|出资) | (?:project)?budget(?:range)? | funding | funds?available
deadline | (?:完成|截止|截至|交付|解决|项目|希望完成|期望完成|需求|要求完成)?(?:期限|时限|时间|日期|工期|周期|进度|时间要求|进度要求)
  | deadline | (?:solved|finished|needed|wanted|due)by | due(?:date)? | timeline | timing | schedule
modes | (?:拟|期望|希望|意向)?的?(?:采用)?的?(?:产学研)?(?:合作|解决|对接|技术获取)(?:方式|模式|形式|意向|途径)
  | (?:mode|form|way)s?of(?:cooperation|collaboration|working(?:together)?)
  | (?:preferred)?(?:cooperation|collaboration|partnership)(?:mode|form)?s? | modes?
industry | (?:所属|所在)?(?:国民经济)?(?:行业|产业)(?:领域|分类|类别|代码)? | industry(?:code|sector)? | sector
region | (?:企业|单位|所属|所在|项目)?(?:所在)?(?:地区|地域|区域|省份|省市|所在地) | region | province | location
other | (?:企业|单位|公司|申报单位|需求单位|需求方|机构)(?:名称|全称|地址|性质|规模)? | 联系(?:人|方式|电话|地址)(?:及电话|姓名)? | 姓名
  | 职务 | 电话 | 手机 | 邮箱 | 电子邮箱 | 传真 | 地址 | 网址 | 微信 | 填表(?:日期|时间|人) | 填报(?:日期|时间|人) | 统一社会信用代码
  | 备注 | 其他(?:说明)? | 附件 | 关键词 | company | contact(?:person|details)? | name | phone | tel | e-?mail | address | date | notes?
  | remarks? | keywords? | attachments?
"""
_LABELS = [row.split(" | ") for row in _TABLE.strip().replace("\n  |", " |").split("\n")]
_PATTERN = re.compile("|".join(f"(?P<{code}>{'|'.join(labels)})" for code, *labels in _LABELS), re.IGNORECASE)
_BULLET = (
    r"[ \t]*(?:[#•·*]+[ \t]*|[-–—][ \t]+)?(?:[（(](?:[一二三四五六七八九十]{1,3}|\d{1,2})[)）]"
    r"|(?:[一二三四五六七八九十]{1,3}|\d{1,2})[ \t]?[、.．)）])?[ \t]*[【\[*]*"
)
_START = re.compile(rf"(?:(?<=\n)|(?<=\A)|(?<=[。；;!！])|(?<=\.\s)){_BULLET}")
_COLON = re.compile(r"[ \t]*[】\]*]*[ \t]*(?:[:：]|(?<=】))[ \t]*")
_ALONE = re.compile(r"[ \t]*[】\]*]*[ \t]*(?=\n|\Z)")
_ASIDE = re.compile(r"[（(]([^（()）\n]{0,20})[)）]")
_NUMBERED = re.compile(r"^[ \t]*[一二三四五六七八九十]{1,3}[、.．][^\n。；;：:]{1,20}$", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """A labelled part: `text` is ``source[start:end]``, `begins` where its label does; `aside` stands in brackets behind
    the label (预算（万元） → 万元)."""

    code: str
    text: str
    begins: int
    start: int
    end: int
    aside: str = ""


@lru_cache(maxsize=8)
def sections(text: str) -> tuple[Section, ...]:
    """The labelled parts of a text in their order, none inside another."""
    marks = sorted({mark[1]: mark for mark in (*_numbered(text), *reversed(_labels(text)))}.values())  # a known label goes before a number
    found = []
    for place, (begins, start, code, aside) in enumerate(marks):
        end = marks[place + 1][0] if place + 1 < len(marks) else len(text)
        body = text[start:end]
        body = body[: _stop(text[begins:start], body, code)]
        start, end = start + len(body) - len(body.lstrip()), start + len(body.rstrip())
        found.append(Section(code, text[start:end], begins, start, max(start, end), aside))
    return tuple(found)


def section_at(text: str, position: int) -> Section | None:
    """The section that this place of the text stands in."""
    place = bisect_right(_begins(text), position) - 1
    found = sections(text)[place] if place >= 0 else None
    return found if found is not None and position <= found.end else None


def _stop(label: str, body: str, code: str) -> int:
    """How much of what follows a label belongs to it: of a title its line; where it goes on behind the label, up to an empty line."""
    behind = "\n" not in label and body[:1] != "\n"
    stop = body.find("\n", len(body) - len(body.lstrip())) if code == "title" else body.find("\n\n") if behind else -1
    return stop if stop >= 0 else len(body)


@lru_cache(maxsize=8)
def _begins(text: str) -> tuple[int, ...]:
    return tuple(one.begins for one in sections(text))


def label_code(label: str) -> str:
    """What a label stands for; "" for one that is not known."""
    plain = re.sub(r"[\s、]|[（(][^（()）]*[)）]", "", unicodedata.normalize("NFKC", label))
    match = _PATTERN.fullmatch(plain)
    return match.lastgroup or "" if match else ""


def _labels(text: str) -> list[tuple[int, int, str, str]]:
    """Where known labels begin, where their content does, what they stand for, and what is in brackets behind them."""
    found = _cells(text)
    for match in _START.finditer(text):
        line = text[match.end() : match.end() + LONGEST_LABEL].split("\n", 1)[0]
        begins_line = match.start() == 0 or text[match.start() - 1] == "\n"
        for length in _lengths(line):
            code, label = label_code(line[:length]), line[:length]
            after = code and (_COLON.match(text, match.end() + length) or (begins_line and _ALONE.match(text, match.end() + length)))
            if after:
                aside = _ASIDE.search(label)
                found.append((match.start(), after.end(), code, aside[1] if aside else ""))
                break
    return found


def _cells(text: str) -> list[tuple[int, int, str, str]]:
    """Rows of a table whose cells are label and value in turn; such a section ends with its cell, the last with its row."""
    found, start = [], 0
    for line in text.split("\n"):
        cells = line.split("\t")
        codes = [label_code(cell) for cell in cells]
        if len(cells) > 1 and len(cells) % 2 == 0 and all(codes[::2]) and not any(codes[1::2]):
            at = start
            for label, value, code in zip(cells[::2], cells[1::2], codes[::2], strict=True):
                aside = _ASIDE.search(label)
                found.append((at, at + len(label) + 1, code, aside[1] if aside else ""))
                at += len(label) + len(value) + 2
            found.append((start + len(line), start + len(line) + 1, "", ""))
        start += len(line) + 1
    return found


def _lengths(line: str) -> list[int]:
    """The lengths at which a label may end: before a colon, a tab or a closing bracket, or with the line."""
    ends = [match.start() for match in re.finditer(r"[ \t]*[:：】\]]", line)]
    return [length for length in (*ends, len(line.rstrip("*】] \t"))) if length]


def _numbered(text: str) -> list[tuple[int, int, str, str]]:
    """Numbered headings of a Chinese text, which end the section before them whatever they are called."""
    return [(match.start(), match.end(), "other", "") for match in _NUMBERED.finditer(text)]
