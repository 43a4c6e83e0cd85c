"""What states, kinds and columns of the register are called in its files, in both languages; files are made by a job, without a reader."""

from __future__ import annotations

Words = dict[str, str]


def _both(zh: str, en: str) -> Words:
    return {"zh": zh, "en": en}


TITLES = {
    "decisions": _both("决策记录", "Decisions"), "assets": _both("资产台账", "Asset register"), "minutes": _both("会议纪要等文件", "Minutes and papers"),
}
STATE_NAMES = {
    "in_hand": _both("在库", "in hand"), "on_offer": _both("已挂出", "on offer"), "in_trial": _both("试用中", "in trial"),
    "licensed": _both("已许可", "licensed"), "assigned": _both("已转让", "assigned"), "lapsed": _both("已失效", "lapsed"),
    "written_off": _both("已核销", "written off"),
}
WAYS = {
    "own_research": _both("自主研发", "own research"), "state_project": _both("财政项目形成", "publicly funded project"),
    "commissioned": _both("受托开发", "commissioned research"), "joint": _both("合作开发", "joint research"), "purchased": _both("购入", "purchased"),
    "donated": _both("受赠", "donated"), "other": _both("其他", "other"),
}
KINDS = {
    "pricing": _both("定价", "pricing"), "notice": _both("公示结果", "outcome of a notice"), "licence": _both("许可", "licence"),
    "assignment": _both("转让", "assignment"), "write_off": _both("核销", "write-off"), "income_policy": _both("收益分配办法", "income policy"),
    "income_split": _both("收益分配", "income split"), "recordal": _both("备案", "recordal"), "registration": _both("合同登记", "registration"),
    "publication": _both("发布", "publication"), "withdrawal": _both("撤下", "withdrawal"), "valuation": _both("评估", "valuation"),
    "other": _both("其他", "other"),
}
DECISIONS = (
    _both("日期", "Day"), _both("决策事项", "Decision"), _both("成果", "Technology"), _both("编号", "Number"), _both("决策机构或人", "Decided by"),
    _both("经办人", "Entered by"), _both("依据", "Basis"), _both("内容", "Facts"), _both("会议纪要等及其 SHA-256", "Minutes and their SHA-256"),
    _both("撤销的记录", "Voids"), _both("录入时刻", "Entered at"), _both("记录编号", "Id"), _both("链式校验值", "Hash in the chain"),
)
ASSETS = (
    _both("编号", "Id"), _both("成果", "Technology"), _both("类型", "Kind"), _both("申请号", "Application number"),
    _both("公开号", "Publication number"), _both("取得方式", "Acquired by"), _both("取得日期", "Acquired on"), _both("成本", "Cost"),
    _both("币种", "Currency"), _both("状态", "State"), _both("备注", "Note"),
)
MINUTES = (
    _both("压缩包内的文件", "File in this archive"), _both("原文件名", "Name"), _both("字节数", "Size in bytes"), _both("SHA-256", "SHA-256"),
    _both("所属决策的记录编号", "Ids of the decisions"), _both("情况", "State"),
)
MINUTE_STATES = {
    "included": _both("已收录", "included"), "held_back": _both("因安全检查未放行，未收录", "held back by the check of uploads, not included"),
    "missing": _both("本站已无此文件，未收录", "missing on this site, not included"),
    "damaged": _both("内容与校验值不符，未收录", "its bytes are not those of its hash, not included"),
    "left_out": _both("超出压缩包容量，未收录；请缩短起止日期再导出", "beyond what one archive holds, not included; export fewer days"),
}
