"""What is proposed of a text, exactly: realistic texts in both languages, with the traps in which more is assumed than said."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from marketplace.errors import Refused
from marketplace.importing.need_file.proposals import Proposal, proposals, taken, title_of
from marketplace.importing.need_file.sections import sections

SIGNS = {"at_most": "≤", "at_least": "≥", "equal": "="}


@dataclass(frozen=True)
class Case:
    """A text, its title, and what is proposed of it, said shortly."""

    name: str
    text: str
    title: str
    found: tuple[str, ...]


def short(one: Proposal) -> str:
    """A proposal in one line: amounts in minor units, targets with today's value in brackets."""
    if one.kind == "target":
        return "target " + ", ".join(
            f"{next(iter(row['quantity'].values()))} {SIGNS[row['direction']]} {row['wanted']} {row['unit']}" + (f" ({row['today']})" if row["today"] else "")
            for row in one.value)
    if one.kind == "budget":
        low, high, currency = one.value
        return f"budget {currency} {'' if low is None else low}..{'' if high is None else high}"
    return f"{one.kind} {one.value}"


CASES = [
    Case("a labelled text; the price of a machine and figures of a trial are no targets", """医用钳薄壁件铣削毛刺过大

需求描述：我厂生产腹腔镜手术钳，材料为17-4PH不锈钢，壁厚不超过0.5 mm。目前毛刺高度0.05 mm，一把钳子要铣四十分钟，良率92%。
已尝试的方案：换过三种刀具，转速提高到12000 rpm，良率达到95%，但刀具寿命只有30件。
技术指标：
毛刺高度≤0.02 mm
单件加工时间不超过25分钟
良率不低于98%
约束条件：材料不能更换，现有五轴机床（2019年花180万元购入）继续使用。
年产量：3万把
预算：30-50万元
期限：2027年6月底前
合作方式：技术许可或联合开发
所属行业：C358 医疗仪器设备及器械制造
地区：浙江省宁波市""", "医用钳薄壁件铣削毛刺过大", (
        "tried 换过三种刀具，转速提高到12000 rpm，良率达到95%，但刀具寿命只有30件。",
        "constraints 材料不能更换，现有五轴机床（2019年花180万元购入）继续使用。",
        "volume 3万把", "target 毛刺高度 ≤ 0.02 mm", "target 单件加工时间 ≤ 25 min", "target 良率 ≥ 98 %",
        "budget CNY 30000000..50000000", "deadline 2027-06-30", "mode licence", "mode joint_development", "industry C358", "region 330000")),
    Case("free Chinese text; a fine is no budget", "我们是江苏一家做印染的企业，目前吨布耗水80吨，去年罚款就交了30万元。希望把吨布耗水从80吨降到50吨以下，"
         "染色一次成功率要求达到95%以上。费用控制在120万元以内，2027年底前见效。", "我们是江苏一家做印染的企业", (
             "target 吨布耗水 ≤ 50 t (80)", "target 成功率 ≥ 95 %", "budget CNY ..120000000", "deadline 2027-12-31", "region 320000")),
    Case("a labelled English text; a way that is not wanted", """Coating peels from aluminium housings

Problem
Our anodised aluminium housings lose their coating after 300 hours in salt spray. The line was bought for EUR 1.2 million in 2021. Rejects are at 6% today.

What we tried
We tried two primers; salt spray life reached 400 hours at most.

Targets
- salt spray life: at least 1,000 hours
- Reject rate must fall from 6% to below 2%
- coating thickness 20–25 µm

Constraints
No chromium VI. Bath temperature must stay below 60 °C.

Budget: EUR 80,000 to 120,000. Deadline: 30 June 2027.
Cooperation: joint development; we do not want a licence.
Location: Germany""", "Coating peels from aluminium housings", (
        "tried We tried two primers; salt spray life reached 400 hours at most.", "constraints No chromium VI. Bath temperature must stay below 60 °C.",
        "target salt spray life ≥ 1000 h", "target Reject rate ≤ 2 % (6)", "target coating thickness ≥ 20 µm, coating thickness ≤ 25 µm",
        "budget EUR 8000000..12000000", "deadline 2027-06-30", "mode joint_development", "region DE")),
    Case("a budget that is not decided", "预算未定。去年买的检测设备花了80万，效果不好。需要在线检测，漏检率低于0.1%，检测速度不低于每分钟200件。",
         "去年买的检测设备花了80万", ("target 漏检率 ≤ 0.1 %", "target 检测速度 ≥ 200 件/min")),
    Case("not decided, and a sum in the same sentence", "预算未定，去年买的设备花了80万。", "去年买的设备花了80万", ()),
    Case("two budgets", "项目分两期，一期预算20万元，二期预算60万元。要求能耗降低30%。", "项目分两期", (
        "target 能耗降低 ≥ 30 %", "budget CNY ..20000000", "budget CNY ..60000000")),
    Case("months from an unknown start; a share of costs", "We are a mill based in Hangzhou, Zhejiang. Energy makes up 35% of our costs. We need to cut steam "
         "consumption by 20%. We can pay up to USD 50k. Results within 12 months.", "We are a mill based in Hangzhou",
         ("target steam consumption reduction ≥ 20 %", "budget USD ..5000000", "region 330000")),
    Case("a form with a table of targets", """企业技术需求征集表
企业名称：某某公司
需求名称	高盐废水零排放	预算（万元）	150
指标	单位	现状	目标
COD	mg/L	800	≤50
回用率	%	60	≥90
结晶盐纯度	%		≥98.5
联系人：张三
电话：13800000000""", "高盐废水零排放", (
        "target COD ≤ 50 mg/L (800)", "target 回用率 ≥ 90 % (60)", "target 结晶盐纯度 ≥ 98.5 %", "budget CNY ..150000000")),
    Case("numbered headings; the background has prices and shares; a span of months", """一、项目背景
公司2018年引进的生产线价值2000万元，良率达到90%。
二、技术需求
解决电池极片涂布厚度不均问题，面密度偏差控制在±1%以内。
三、拟投入资金
不超过 80 万
四、完成时间
2026年9月—2027年8月
五、合作方式
不接受转让，可揭榜挂帅。""", "解决电池极片涂布厚度不均问题", (
        "target 面密度偏差 ≤ 1 %", "budget CNY ..80000000", "deadline 2027-08-31", "mode open_call")),
    Case("a competitor's price, an open budget, a day to answer by", "Need: automatic sorting of mixed textile waste. Today one person sorts 60 kg/h. "
        "Throughput should reach "
         "500 kg/h with a purity of at least 95%. A competitor's machine costs USD 400,000. Budget is open. Please reply by 5 March 2027.",
         "automatic sorting of mixed textile waste", ("target Throughput ≥ 500 kg/h", "target purity ≥ 95 %")),
    Case("months from a known day; the code of an industry", "Panels warp.\nBudget RMB 300,000 to 500,000; a machine of the kind costs RMB 2 million. "
        "Needed within 12 months from "
         "1 September 2026. We would like joint development or a licence. Industry: GB/T 4754 C2031.", "Panels warp", (
             "budget CNY 30000000..50000000", "deadline 2027-09-01", "mode licence", "mode joint_development", "industry C20")),
    Case("a deadline without a year", "茶叶烘干温度不稳定，含水率忽高忽低。现在含水率8%左右，想降到5%以下，温差最好在±2℃。愿意出20万元左右，明年6月底前搞定。",
         "茶叶烘干温度不稳定", ("target 含水率 ≤ 5 % (8)", "target 温差 ≤ 2 ℃", "budget CNY ..20000000")),
    Case("a price for each piece, a registered capital", "冷库能耗太高。预算不超过80万元，其中设备单价不得超过5万元。注册资金1000万元。工期：2027年上半年。",
         "冷库能耗太高", ("budget CNY ..80000000", "deadline 2027-06-30")),
    Case("a workshop's letter", "各位老师好，我们是一家做汽车内饰的小厂，位于安徽芜湖。皮革包覆件缝线歪斜，返工率一直在7%上下，去年光返工就损失了60多万元。"
         "试过加导向轮，返工率降到5%，但换型太慢。希望返工率控制在1.5%以下，换型时间不超过10分钟。预算大概40万，最好2027年3月前能上线。可以接受技术许"
         "可，也可以联合开发。",
         "各位老师好", ("target 返工率 ≤ 1.5 %", "target 换型时间 ≤ 10 min", "budget CNY ..40000000", "deadline 2027-03-31", "mode licence",
                     "mode joint_development", "region 340000")),
    Case("an English letter with two currencies", "We make ceramic tiles in Foshan. Kiln exit temperature differs by 18 °C across the belt. Our "
        "supplier quoted USD 250,000 for a new burner "
         "set, which is too much. We want a spread of less than 5 °C and gas use cut by at least 8 %. Funds of RMB 600,000 are set aside. It has to "
         "be running by the end of September 2027.",
         "We make ceramic tiles in Foshan", ("target spread ≤ 5 ℃", "target gas use reduction ≥ 8 %", "budget CNY ..60000000", "deadline 2027-09-30")),
    Case("a university form", """技术难题名称：海参苗种高密度养殖水质调控
所属行业：渔业（GB/T 4754：A0411）
现状：育苗池氨氮0.8 mg/L，成活率45%。
存在问题：换水量大，每天换水60%。
已采取的措施及效果：投加益生菌，氨氮降至0.5 mg/L，成活率没有变化。
预期目标：氨氮低于0.2 mg/L；成活率70%以上；日换水量降低到20%以内
拟投入资金：80万元（其中首付20万元）
合作方式：委托开发、技术咨询
完成期限：2028年12月31日
企业所在地：山东威海""", "海参苗种高密度养殖水质调控", (
        "tried 投加益生菌，氨氮降至0.5 mg/L，成活率没有变化。", "target 氨氮 ≤ 0.2 mg/L", "target 成活率 ≥ 70 %", "target 日换水量 ≤ 20 %",
        "budget CNY ..80000000", "deadline 2028-12-31", "mode consulting", "industry A0411", "region 370000")),
    Case("nothing but a story", "The conveyor squeals every morning until it is warm. We replaced the rollers twice and changed the grease; the noise "
        "came back after 3 weeks each time. "
         "The line stands still for about 40 minutes a day, which costs us some EUR 1,200.", "The conveyor squeals every morning until…", ()),
    Case("an English form with a table", """Title: Faster curing of composite panels
Background: Autoclave from 2016, price EUR 900,000. Cycle is 240 min.
Parameter\tToday\tTarget
Cycle time (min)\t240\t≤ 90
Porosity\t2.5 %\tbelow 1 %
Previous attempts: microwave heating gave uneven curing.
Annual volume: 12,000 panels
Must not change: resin system, tooling
Funding: between EUR 150,000 and EUR 200,000
Timeline: Q4 2027
Cooperation: licence or purchase of the patent""", "Faster curing of composite panels", (
        "tried microwave heating gave uneven curing.", "constraints resin system, tooling", "volume 12,000 panels",
        "target Cycle time ≤ 90 min (240)", "target Porosity ≤ 1 % (2.5)", "budget EUR 15000000..20000000", "deadline 2027-12-31", "mode licence",
        "mode assignment")),
    Case("what others reach is not what is wanted", "进口轴承寿命可达20000小时，国产的只有8000小时。我公司需要提高寿命，具体指标面议。项目经费由集团承"
        "担，金额未定。2026年已投入研发费用300万元。",
         "进口轴承寿命可达20000小时", ()),
    Case("a table-like list under one heading", """项目名称：铝压铸件X射线缺陷自动判定
企业基本情况：我司成立于2009年，年产值3.2亿元，位于重庆两江新区。
问题：人工看片，每班漏判约2%，误判率超过15%。
目前做法：两名质检员轮流看片，单件用时40秒。
希望达到的目标：漏判率低于0.1%，误判率不高于3%，单件判定时间小于2秒
预算情况：首期不超过50万元
时间要求：2027年8月前上线""", "铝压铸件X射线缺陷自动判定", (
        "target 漏判率 ≤ 0.1 %", "target 误判率 ≤ 3 %", "target 单件判定时间 ≤ 2 s", "budget CNY ..50000000", "deadline 2027-08-31", "region 500000",)),
    Case("a price for each kilogram; a title that is a label", """Title: Removing odour from recycled polypropylene

We compound 8,000 tonnes a year of recycled PP near Wuhan, Hubei.
VOC content is 180 ppm at present; our customer demands no more than 50 ppm by 1 October 2027.
Vacuum degassing was tried and brought it to 110 ppm. Any additive must cost less than EUR 0.10 per kg.
We have set aside USD 120,000 for the work and are open to a licence or consulting.""", "Removing odour from recycled polypropylene", (
        "budget USD ..12000000", "deadline 2027-10-01", "mode licence", "mode consulting",)),
    Case("a quoted price, money that is only applied for", """\
水泥窑尾烟气脱硝氨逃逸高，现在氨逃逸8~10 ppm，环保要求2027年1月1日起执行3 ppm以下。
想找一种催化剂，反应温度窗口200-260℃，寿命不低于3年。
经费：自筹100万元，申请政府资助50万元。不考虑SCR整体改造（报价1200万元）。""", "水泥窑尾烟气脱硝氨逃逸高", (
        "target 反应温度窗口 ≥ 200 ℃, 反应温度窗口 ≤ 260 ℃", "target 寿命 ≥ 3 年", "budget CNY ..100000000",)),
    Case("months from a day that is not known", """Challenge: bearing failure prediction
Current state: sensors on 40 machines, false alarms 30 % of all alarms
Goals: false alarms under 5 %, warning time at least 72 hours, retrofit cost no more than EUR 300 per machine
Budget: to be agreed
Deadline: within 9 months after signing
Cooperation: open call""", "bearing failure prediction", (
        "target false alarms ≤ 5 %", "target warning time ≥ 72 h", "mode open_call",)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_proposals_of_a_text(case: Case) -> None:
    found = proposals(case.text)
    assert [short(one) for one in found] == list(case.found)
    assert title_of(case.text) == case.title


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_quote_stands_in_the_text(case: Case) -> None:
    for one in proposals(case.text):
        assert one.quote and one.quote in case.text
    assert len({one.key for one in proposals(case.text)}) == len(case.found)


def of(text: str) -> list[str]:
    return [short(one) for one in proposals(text)]


@pytest.mark.parametrize(("text", "found"), [
    ("预算30-50万元", ["budget CNY 30000000..50000000"]),
    ("预算：不超过 80 万", ["budget CNY ..80000000"]),
    ("budget 300,000 RMB", ["budget CNY ..30000000"]),
    ("Budget: EUR 20k", ["budget EUR ..2000000"]),
    ("经费至少100万元", ["budget CNY 100000000.."]),
    ("预算500万日元", ["budget JPY ..5000000"]),
    ("预算（万元）：50-80", ["budget CNY 50000000..80000000"]),
    ("预算：50", []), ("Budget: 300,000", []), ("预算每年20万元", []), ("项目预算待定", []), ("budget to be decided; we lost USD 2 million last year", []),
    ("设备投资5000万元", []), ("年销售收入2亿元", []), ("Budget: GBP 20,000", []),
])
def test_budgets(text: str, found: list[str]) -> None:
    assert of(text) == found


@pytest.mark.parametrize(("text", "found"), [
    ("2027年6月底前完成", ["deadline 2027-06-30"]), ("需在2027-06-15前交付", ["deadline 2027-06-15"]), ("截止日期：2027/3/1", ["deadline 2027-03-01"]),
    ("by 30 June 2027", ["deadline 2027-06-30"]), ("Deadline: March 5, 2027", ["deadline 2027-03-05"]), ("by the end of 2027", ["deadline 2027-12-31"]),
    ("自2026年10月1日起12个月内完成", ["deadline 2027-10-01"]), ("Deadline: Q2 2027", ["deadline 2027-06-30"]),
    ("2027年第三季度前投产", ["deadline 2027-09-30"]),
    ("within 12 months", []), ("6月底前完成", []), ("自2026年10月起12个月内完成", []), ("公司成立于2010年5月", []), ("2027年6月初完成", []),
    ("2027年2月30日前完成", []),
    ("2025年3月完成了一期改造", []), ("The line was installed by March 2021", []),
])
def test_deadlines(text: str, found: list[str]) -> None:
    assert of(text) == found


@pytest.mark.parametrize(("text", "found"), [
    ("Must not exceed 5 % scrap rate", ["target scrap rate ≤ 5 %"]),
    ("目前良率达到92%。", []), ("我们曾把能耗降到3 kWh。", []), ("同行的设备精度达到0.01 mm。", []), ("The mill was running at 95 % availability.", []),
    ("板厚不超过3 mm的工件很多。", []), ("已尝试：\n希望良率达到99%，没有做到。", ["tried 希望良率达到99%，没有做到。"]),
    ("把毛刺高度从0.05 mm降到0.02 mm", ["target 毛刺高度 ≤ 0.02 mm (0.05)"]),
    ("Targets:\nburr height: 0.05 mm today, at most 0.02 mm wanted", ["target burr height ≤ 0.02 mm (0.05)"]),
])
def test_targets(text: str, found: list[str]) -> None:
    assert of(text) == found


@pytest.mark.parametrize("text", ["已尝试的方案：无", "约束条件：暂无", "Tried: n/a", "年产量：待定", "Constraints: none", "产量：" + "多" * 201])
def test_empty_sections_say_nothing(text: str) -> None:
    assert proposals(text) == []


@pytest.mark.parametrize(("text", "codes"), [
    ("目标是把毛刺降低。", []), ("一、现状\n每天停机。\n二、其他想法\n无", ["background", "other"]), ("1. 问题描述：甲\n2. 技术指标：乙", ["problem",
    "targets"]),
    ("【技术指标】\n甲", ["targets"]), ("问题描述：甲。预算：20万元。", ["problem", "budget"]), ("Problem: a. Budget: USD 5k.", ["problem", "budget"]),
    ("The problem is old: it stays.", []),
])
def test_sections_begin_with_a_whole_label(text: str, codes: list[str]) -> None:
    assert [one.code for one in sections(text)] == codes


@pytest.mark.parametrize(("text", "heading", "title"), [
    ("铸件气孔多\n气孔率达到8%，返工很多。", "", "铸件气孔多"), ("正文很长。", "真正的标题", "真正的标题"), ("技术需求表\n项目名称：低温烘干", "技术需求表",
    "低温烘干"),
    ("我们的铸件" * 20 + "。", "", ("我们的铸件" * 20)[:40] + "…"), ("x", "", "x"),
])
def test_titles(text: str, heading: str, title: str) -> None:
    assert title_of(text, heading) == title


def test_what_is_taken_is_what_was_chosen() -> None:
    found = proposals(CASES[5].text)
    assert taken([], "zh") == {"targets": [], "modes": []}
    assert taken(found[:2], "zh") == {"targets": found[0].value, "modes": [], "budget_min": None, "budget_max": 20_000_000, "currency": "CNY"}
    with pytest.raises(Refused) as refused:
        taken(found, "zh")
    assert refused.value.field == "ticked"




@pytest.mark.parametrize("text", ["", "\n", "：",
"\t" * 50, "预算" * 3000, "1" * 5000, "从1到" * 2000, "（" * 5000, "- " * 5000, "2027年" * 2000, "一、\n" * 2000])
def test_odd_texts_are_read_without_complaint(text: str) -> None:
    proposals(text)
    title_of(text)
