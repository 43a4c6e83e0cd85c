"""What a writing says, as proposals for a need: a value for a field, and the words it was read from, exactly.

Nothing here is filled in by itself. A proposal is known by a digest of what it says, so that what a person ticked on a
page is that very value, or nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from marketplace.catalogue.classification import INDUSTRIES, industry_ancestors, industry_code
from marketplace.errors import N_, Refused
from marketplace.importing.need_file.budgets import budgets
from marketplace.importing.need_file.deadlines import deadlines
from marketplace.importing.need_file.sections import label_code, sections
from marketplace.importing.need_file.targets import quote_at, targets
from marketplace.matching import text as cut
from marketplace.needs.operations import TITLE_LENGTH
from marketplace.people.regions import PROVINCES, choices

LONGEST_TITLE = {"zh": 80, "en": 120}  # a need holds 120 of either
LONGEST = {"tried": 20_000, "constraints": 2000, "place": 2000, "volume": 200}
ONE_EACH = ("budget", "deadline", "region", "industry", "place", "volume")
MOST = 60  # a page of them; no text of one need has more
SECTIONS = ("place", "tried", "constraints", "volume")

_NOTHING = re.compile(
    r"[\s。.、/\\—–-]*(?:无|暂无|没有|未定|待定|暂未.{0,4}|不限|none|n\s?/?\s?a|tbd|to be (?:decided|defined|determined)"
    r"|nothing(?: yet)?|not yet|open)?[\s。.]*", re.IGNORECASE)
_END = re.compile(r"[。；;！!？?\n]|\.(?=\s|$)")
_CLAUSE_END = re.compile(r"[，。；;：:！!？?\n]|,(?!\d)|\.(?=\s|$)")
_MONEY = re.compile("\\s*(?:预算|经费|budget)", re.IGNORECASE)
_FORM = re.compile(
    "(?:企业|公司|单位|技术|需求|难题|信息|项目|产学研|合作|征集|登记|调查|申报|填报|情况|表|书|单|一览|[（(]附件\\d?[)）]"
    "|附件\\d?|[:：])+|technology need(?:s)?(?: form)?|needs? form", re.IGNORECASE)
_MODES = {
    "licence": re.compile(r"许可(?!证)|授权使用|\blicen[cs](?:e|ing)\b", re.IGNORECASE),
    "assignment": re.compile(
        r"(?:技术|专利|成果)(?:的)?(?:转让|受让|收购|购买)|买断|\bassign(?:ment)?\b|\b(?:buy|purchase|acquire) (?:of )?(?:the "
        r"|a )?(?:patent|technology|rights)", re.IGNORECASE),
    "joint_development": re.compile(
        r"(?:联合|合作|共同)(?:开发|研发|研究|攻关|研制)|\bjoint(?:ly)? (?:development|develop|research|r&d)"
        r"|\bco-?develop(?:ment)?", re.IGNORECASE),
    "consulting": re.compile(r"(?:技术)?咨询|技术顾问|\bconsult(?:ing|ancy)\b", re.IGNORECASE),
    "open_call": re.compile(r"揭榜挂帅|\bopen call\b", re.IGNORECASE),
    "pooled": re.compile(r"众筹|\bpooled\b", re.IGNORECASE),
}
_MODE_CUE = re.compile(
    r"合作|希望|愿意|可以|可采用|接受|意向|均可|都可|寻求|方式|\b(?:prefer|open to|would like|want|looking for|seek|accept"
    r"|ready|willing|happy|either|by way of|under)", re.IGNORECASE)
_NOT = re.compile(r"不|非|无需|勿|拒|除|已|曾|没有|\b(?:no|not|never|without|rather than|except|neither|nor|had|was|were)\b|n't\b", re.IGNORECASE)
_SEATED = re.compile(
    r"位于|地处|坐落|我(?:们|司|厂|公司)是|本(?:公司|厂)是|(?:我厂|公司|工厂|厂区|车间|项目)(?:设)?在|\b(?:based|located"
    r"|situated) in\b|\bour (?:plant|factory|works|mill|site|workshop)s? (?:is |are )?in\b", re.IGNORECASE)
_INDUSTRY = re.compile(r"(?<![A-Za-z0-9])([A-T]\d{2,4})(?![\dA-Za-z])")
_INDUSTRY_CUE = re.compile("4754|行业|产业|industry", re.IGNORECASE)


@dataclass(frozen=True)
class Proposal:
    """A value for a field of a need: `kind` is what it is about, `value` as a need holds it, `quote` stands in the text."""

    kind: str
    value: Any
    quote: str

    @property
    def day(self) -> date:
        """The day that a deadline is."""
        return date.fromisoformat(self.value)

    @property
    def key(self) -> str:
        """A digest of what is proposed and of the words it was read from."""
        said = json.dumps([self.kind, self.value, self.quote], ensure_ascii=False, default=str, sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def title_of(text: str, heading: str = "") -> str:
    """The title a text has: what it is labelled with, its heading, its first line where that is short, else its first clause."""
    language = cut.language(text)
    for candidate in (*_labelled_titles(text), heading, *_opening(text)):
        line = " ".join(candidate.split()).strip("#•【】 ")
        if line and len(line) <= LONGEST_TITLE[language] and not _FORM.fullmatch(line) and not label_code(line.rstrip("：:")):
            return line
    body = next((one.text for one in sections(text) if one.code == "problem" and one.text), text).strip()
    clauses = [clause.strip() for clause in _CLAUSE_END.split(body) if clause.strip()]
    clause = next((one for one in clauses if not _MONEY.match(one)), body.split("\n")[0])
    return clause[:TITLE_LENGTH] + ("…" if len(clause) > TITLE_LENGTH else "")


def _labelled_titles(text: str) -> Iterator[str]:
    return (one.text.split("\n")[0] for one in sections(text) if one.code == "title" and one.text)


def _opening(text: str) -> Iterator[str]:
    """The first two lines of the text that could be a title: no label, no sentence."""
    labels, at = {one.begins for one in sections(text)}, 0
    for line in text.split("\n")[:2]:
        begins, at = at, at + len(line) + 1
        if begins not in labels and line.strip() and not _END.search(line.strip()) and not re.search(r"[：:\t，,]", line):
            yield line


def proposals(text: str) -> list[Proposal]:
    """Everything a text says for the fields of a need beside title and problem, in the order of the need's form."""
    found = [
        *_sections(text),
        *(Proposal("target", list(one.rows), one.quote) for one in targets(text)),
        *(Proposal("budget", [one.low, one.high, one.currency], one.quote) for one in budgets(text)),
        *(Proposal("deadline", one.day.isoformat(), one.quote) for one in deadlines(text)),
        *_modes(text), *_industries(text), *_regions(text),
    ]
    return list({one.key: one for one in found}.values())[:MOST]


def _sections(text: str) -> Iterator[Proposal]:
    for name in SECTIONS:
        for one in sections(text):
            if one.code == name and not _NOTHING.fullmatch(one.text) and len(one.text) <= LONGEST[name]:
                yield Proposal(name, one.text, one.text)


def _modes(text: str) -> Iterator[Proposal]:
    """Ways of working together that are asked for: in a section of their own, or in a sentence that speaks of wanting."""
    found: dict[str, str] = {}
    own = [(one.start, one.end) for one in sections(text) if one.code == "modes"]
    silent = [(one.start, one.end) for one in sections(text) if one.code in ("tried", "background", "other", "title")]
    for code, pattern in _MODES.items():
        for match in pattern.finditer(text):
            labelled = any(start <= match.start() < end for start, end in own)
            quote = quote_at(text, match.start(), match.end())
            clause = _CLAUSE_END.split(text[max(0, match.start() - 30) : match.start()])[-1]
            unasked = any(start <= match.start() < end for start, end in silent) or not _MODE_CUE.search(quote)
            if not _NOT.search(clause) and (labelled or not unasked):
                found.setdefault(code, quote)
    if own:  # a bare 转让 says what is meant only under its heading
        start, end = own[0]
        bare = re.search("转让|购买", text[start:end])
        if bare and not _NOT.search(text[start : start + bare.start()]):
            found.setdefault("assignment", quote_at(text, start + bare.start(), start + bare.end()))
    return (Proposal("mode", code, found[code]) for code in _MODES if code in found)


def _industries(text: str) -> Iterator[Proposal]:
    """Industries that the text names by their code, where it says that this is one."""
    for match in _INDUSTRY.finditer(text):
        quote = quote_at(text, match.start(), match.end())
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.end() + 20]
        code = industry_code(match[1])
        named = [level for level in industry_ancestors(code) if len(level) > 1 and level in INDUSTRIES] if code else []
        if named and _INDUSTRY_CUE.search(line):
            yield Proposal("industry", named[-1], quote)  # a form lists the levels that we hold names for


def _regions(text: str) -> Iterator[Proposal]:
    """The region a text gives as its own: in a section of its own, or where the firm says that it is seated there."""
    for one in sections(text):
        if one.code == "region":
            yield from (Proposal("region", code, text[one.begins : one.end].strip()) for code in _named_regions(one.text, abroad=True))
    for match in _SEATED.finditer(text):
        rest = _CLAUSE_END.split(text[match.end() : match.end() + 30])
        near = rest[0] + ("," + rest[1] if len(rest) > 1 and match[0].isascii() else "")
        for code in _named_regions(near, abroad=False):
            yield Proposal("region", code, quote_at(text, match.start(), match.end()))


def _named_regions(words: str, abroad: bool) -> list[str]:
    """The codes of the provinces in some words, full or short; of countries too where the words are known to be a place."""
    found = [
        code for code, (chinese, english) in PROVINCES.items()
        if _short(chinese) in words or re.search(rf"\b{english}\b", words, re.IGNORECASE)
    ]
    if found or not abroad:
        return found
    named = {name: code for language in ("zh", "en") for code, name in choices(language)}
    return [named[words.strip("。. ")]] if words.strip("。. ") in named else []


def _short(name: str) -> str:
    return name[:3] if name.startswith(("内蒙古", "黑龙江")) else name[:2]


# ---- what was ticked

def taken(chosen: list[Proposal], language: str) -> dict[str, Any]:
    """The fields of a need that the ticked proposals give. Raises `Refused` where two of them would be the same field."""
    for kind in ONE_EACH:
        if sum(one.kind == kind for one in chosen) > 1:
            raise Refused(N_("Tick one budget, one deadline, one region and one industry at most, and one text for each field."), field="ticked")
    values: dict[str, Any] = {"targets": [], "modes": []}
    for one in chosen:
        if one.kind == "target":
            values["targets"] = values["targets"] + one.value
        elif one.kind == "mode":
            values["modes"] = [*values["modes"], one.value]
        elif one.kind == "budget":
            values["budget_min"], values["budget_max"], values["currency"] = one.value
        elif one.kind == "deadline":
            values["deadline"] = one.day
        elif one.kind in LONGEST:
            values[one.kind] = {language: "\n".join(filter(None, (values.get(one.kind, {}).get(language), one.value)))}
        else:
            values[one.kind] = one.value
    return values
