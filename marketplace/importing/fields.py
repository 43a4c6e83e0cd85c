"""The fields a column or an element of a file may mean, and the header each has in our own template.

A header says the same in both languages, so that one template serves everybody; `HEADERS` is also how a document that
has no headers of its own (XML, JSON) is laid out as a table, whose rejected rows come back as a file to be mended.
"""

from __future__ import annotations

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
FIELD_OF_HEADER = {header: field for field, header in HEADERS.items()}

DOCUMENT = (
    "source_key", "title", "title_zh", "title_en", "abstract", "abstract_zh", "abstract_en", "keywords", "application_number", "publication_number",
    "family", "kind", "patent_kind", "legal_status", "filed_on", "granted_on", "expires_on", "owners", "applicants", "inventors", "ipc", "category",
)
"""The fields that documents without headers (XML, JSON) are laid out in."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: str) -> str:
    """A text for a cell of a table that goes out: no spreadsheet runs it as a formula, whoever typed it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
