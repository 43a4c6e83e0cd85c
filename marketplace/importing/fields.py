"""The fields a column or an element of a file may mean, and the header each has in our own template.

A header says the same in both languages, so that one template serves everybody; `HEADERS` is also how a document that
has no headers of its own (XML, JSON) is laid out as a table, whose rejected rows come back as a file to be mended.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

HEADERS: dict[str, str] = {
    "public_id": "科桥编号 TechBridge ID",
    "source_key": "自编号 Your reference",
    "kind": "成果类型 Kind",
    "title": "标题 Title",
    "title_zh": "标题（中文） Title (Chinese)",
    "title_en": "标题（英文） Title (English)",
    "abstract": "摘要 Abstract",
    "abstract_zh": "摘要（中文） Abstract (Chinese)",
    "abstract_en": "摘要（英文） Abstract (English)",
    "advantages": "优势 Advantages",
    "advantages_zh": "优势（中文） Advantages (Chinese)",
    "advantages_en": "优势（英文） Advantages (English)",
    "applications": "应用领域 Applications",
    "applications_zh": "应用领域（中文） Applications (Chinese)",
    "applications_en": "应用领域（英文） Applications (English)",
    "keywords": "关键词 Keywords",
    "keywords_zh": "关键词（中文） Keywords (Chinese)",
    "keywords_en": "关键词（英文） Keywords (English)",
    "application_number": "申请号 Application number",
    "publication_number": "公开（公告）号 Publication number",
    "family": "同族专利 Patent family",
    "patent_kind": "专利类型 Kind of patent",
    "legal_status": "法律状态 Legal status",
    "filed_on": "申请日 Filing date",
    "granted_on": "授权日 Grant date",
    "expires_on": "失效日 Expiry date",
    "owners": "权利人 Owners",
    "applicants": "申请人 Applicants",
    "inventors": "发明人 Inventors",
    "ipc": "分类号 IPC or CPC",
    "category": "类别 Category",
    "field": "技术领域 Technology field",
    "industries": "行业 Industries",
    "trl": "技术成熟度 TRL",
    "trl_scheme": "成熟度标准 TRL scale",
    "visibility": "可见范围 Visibility",
    "teaser_zh": "隐名简介（中文） Teaser (Chinese)",
    "teaser_en": "隐名简介（英文） Teaser (English)",
    "nda_required": "须先签保密协议 NDA before access",
    "listed_until": "展示至 Listed until",
    "mode": "转化方式 Transfer mode",
    "exclusivity": "许可类型 Exclusivity",
    "field_of_use_zh": "许可领域（中文） Field of use (Chinese)",
    "field_of_use_en": "许可领域（英文） Field of use (English)",
    "territory": "许可地域 Territory",
    "term_months": "期限（月） Term in months",
    "sublicensing": "可再许可 Sublicensing",
    "terms": "付款条件（数据） Payment terms (data)",
}
DOCUMENT = (
    "source_key", "title", "title_zh", "title_en", "abstract", "abstract_zh", "abstract_en", "keywords", "application_number", "publication_number",
    "family", "kind", "patent_kind", "legal_status", "filed_on", "granted_on", "expires_on", "owners", "applicants", "inventors", "ipc", "category",
)
"""The fields that documents without headers (XML, JSON) are laid out in."""

NEED_HEADERS: dict[str, str] = {
    "public_id": "科桥编号 TechBridge ID",
    "source_key": "自编号 Your reference",
    "title": "标题 Title",
    "title_zh": "标题（中文） Title (Chinese)",
    "title_en": "标题（英文） Title (English)",
    "problem": "问题 Problem",
    "problem_zh": "问题（中文） Problem (Chinese)",
    "problem_en": "问题（英文） Problem (English)",
    "place": "应用场合 Where it happens",
    "place_zh": "应用场合（中文） Where it happens (Chinese)",
    "place_en": "应用场合（英文） Where it happens (English)",
    "tried": "已尝试及失败原因 What was tried",
    "tried_zh": "已尝试及失败原因（中文） What was tried (Chinese)",
    "tried_en": "已尝试及失败原因（英文） What was tried (English)",
    "constraints": "约束条件 Constraints",
    "constraints_zh": "约束条件（中文） Constraints (Chinese)",
    "constraints_en": "约束条件（英文） Constraints (English)",
    "volume": "涉及产量 Volume at stake",
    "volume_zh": "涉及产量（中文） Volume at stake (Chinese)",
    "volume_en": "涉及产量（英文） Volume at stake (English)",
    "targets": "指标 Targets",
    "budget_min": "预算下限 Budget from",
    "budget_max": "预算上限 Budget up to",
    "currency": "币种 Currency",
    "payer": "出资方 Payer",
    "cash": "资金落实 Cash",
    "deadline": "截止日期 Deadline",
    "modes": "合作方式 Wanted modes",
    "industry": "行业 Industry",
    "region": "地区 Region",
    "visibility": "可见范围 Visibility",
    "teaser_zh": "隐名简介（中文） Teaser (Chinese)",
    "teaser_en": "隐名简介（英文） Teaser (English)",
    "nda_required": "须先签保密协议 NDA before access",
    "language": "填写语言 Language",
}

EXAMPLE_HEADER = "示例 Example"
"""The column by which the example spreadsheet is known: a file that has it is not brought in."""

SEVERAL = frozenset({"keywords", "category", "owners", "applicants", "inventors", "ipc", "industries", "family", "legal_status"})
"""Fields that may be put together from several columns."""


def plain(header: str) -> str:
    """A header without case, width and punctuation; words stay apart."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", header).casefold()))


@dataclass(frozen=True)
class Listing:
    """What a file may hold: the header of each field in our template, and the fields of which one must be there."""

    headers: Mapping[str, str]
    one_of: frozenset[str]
    several: frozenset[str] = frozenset()

    def field_of(self) -> dict[str, str]:
        """Plain header of the template → field."""
        return {plain(header): name for name, header in self.headers.items()}


LISTINGS: dict[str, Listing] = {
    "technology": Listing(HEADERS, frozenset({"title", "title_zh", "title_en", "public_id"}), SEVERAL),
    "need": Listing(NEED_HEADERS, frozenset({"title", "title_zh", "title_en", "problem", "problem_zh", "problem_en", "public_id"}), frozenset({"modes"})),
}


def harmless(cell: str) -> str:
    """A cell that no spreadsheet runs: an apostrophe stands before what would begin a formula. `cells.literal` takes it off."""
    return f"'{cell}" if re.match(r"'*[=+\-@\t\r]", cell) else cell
