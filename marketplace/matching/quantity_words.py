"""The words around a quantity: direction, change, role, money, deadline; Chinese and English, as compiled patterns.

Data for quantities.py, kept apart so that a word can be added without reading the rules. Patterns that end in ``$`` are applied to
a short window before the number; the others are matched at one place or scanned once over the text. None backtracks over
more than a few dozen characters.
"""

from __future__ import annotations

import re

# Character for character, so that offsets hold: full-width to ASCII (Chinese punctuation kept), common traditional to simplified.
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code) not in "，。；：！？（）／～"}
PLAIN = str.maketrans(_WIDE | {0x3000: 32, 0xA0: 32, 0x2009: 32, 0x202F: 32, 0x2212: 45} | str.maketrans(
    "萬億兩個噸鐘時間內過達於點層數幾從頓換現轉減縮單價預錢塊餘來無斷還壓溫誤",
    "万亿两个吨钟时间内过达于点层数几从顿换现转减缩单价预钱块余来无断还压温误"))

_DOWN = "降低|减少|减小|缩短|下降|节省|节约|节能|压缩|砍掉|减轻|缩减|降|减|省|砍"
_UP = "提高|提升|增加|增长|增大|延长|上升|增产|提速|加快|增|升"
_AT_MOST = (
    "控制在|(?:不|别|勿|莫)(?:能|得|可|要|应|宜|许|准)?(?:超过|超出|超|大于|高于|多于|长于|大过|多过|到)|不足|不满"
    f"|小于(?:或?等于)?|低于|少于|短于|至多|最多|顶多|最大|最高|上限|限于|≤|⩽|≦|<=|<|±|(?:{_DOWN}|压|控|控制|掉|缩)(?:到|至|为)")
_AT_LEAST = (
    "(?:不|别|勿|莫)(?:能|得|可|要|应|宜|许|准)?(?:低于|少于|小于|短于)|大于(?:或?等于)?|高于|多于|长于|超过|至少|最少|最低|起码|达到"
    f"|(?<![雷马发到])达|超|(?<![经通不超越])过|下限|≥|⩾|≧|>=|>|(?:{_UP}|提|做)(?:到|至|为)")
_AT_MOST_EN = (
    r"(?:no|not) (?:more|longer|greater|higher|larger|later) than|not exceeding|not (?:to )?exceed|(?:less|fewer|lower|smaller|"
    r"shorter|cheaper|faster) than|at most|up to|max(?:imum)?\.?(?: of)?|under|below|within|inside|down to|capped? at"
    r"|(?:cut|reduced?|lower(?:ed)?|shorten(?:ed)?|drop(?:ped)?|brought|bring|get|decreased?)(?: it| them| this)? to")
_AT_LEAST_EN = (
    r"(?:no|not) (?:less|fewer|lower|smaller|shorter) than|at least|(?:more|greater|higher|larger|longer|better) than|over|above"
    r"|beyond|past|exceed(?:s|ing)?|min(?:imum)?\.?(?: of)?|reach(?:es|ing)?|achieves?|(?:raised?|increased?|improved?)(?: it)? to"
    r"|upwards of")
_ABOUT = r"大概在|大约|大概|约为|差不多|将近|接近|约|近|about|around|roughly|approximately|approx\.?|nearly|almost|some|a bit|~|≈"
_LINK = r"的|了|在|为|是|:|：|=|to|of|by|is|are|an?|the|just|only|仅|就|再|要|得|都|能|也|\s"
_TAIL = rf"(?=(?:\s?(?:{_ABOUT}|{_LINK})){{0,4}}\s?[-(（]?$)"
AT_MOST = re.compile(rf"(?:{_AT_MOST}|(?<![A-Za-z])(?:{_AT_MOST_EN})(?![A-Za-z])){_TAIL}", re.IGNORECASE)
AT_LEAST = re.compile(rf"(?:{_AT_LEAST}|(?<![A-Za-z])(?:{_AT_LEAST_EN})(?![A-Za-z])){_TAIL}", re.IGNORECASE)
# These say where something happens as often as what is wanted: no target without a cue.
WEAK = re.compile(r"^(?:over|above|beyond|past|more than|reach\w*|超|过|达|超过|达到)(?![A-Za-z])", re.IGNORECASE)
ABOUT = re.compile(rf"(?:{_ABOUT})\s?(?:an? |the )?$", re.IGNORECASE)
SUFFIX = re.compile(
    r"[ ]?(?:(?P<at_most>以内|之内|内(?![部径孔圈壁外衬饰蒙容])|以下|之下|以里|or (?:less|fewer|below|lower|under)|max(?:imum)?(?![A-Za-z])"
    r"|at most|tops(?![A-Za-z]))|(?P<at_least>以上|之上|往上|开外|起步|or (?:more|better|above|higher|over)|plus(?![A-Za-z])"
    r"|\+(?!\d)|at least|minimum|min(?![A-Za-z]))|(?P<about>左右|上下|来往|or so))")

CHANGE_WORD = re.compile(f"(?:{_DOWN}|{_UP})$")
_STEP = r"(?:了|约|近|至少|最少|不少于|不低于|超过|掉|个|\s){0,3}$"
_BY = r"\w*\b[^.;,\n]{0,32}\bby (?:\w+ ){0,3}$"
CHANGES = (
    ("down", re.compile(rf"(?:{_DOWN}){_STEP}")),
    ("up", re.compile(rf"(?:{_UP}){_STEP}")),
    ("down", re.compile(rf"\b(?:reduc|cut|lower|decreas|shorten|sav|drop|shrink|trim){_BY}", re.IGNORECASE)),
    ("up", re.compile(rf"\b(?:increas|improv|rais|extend|boost|lift){_BY}", re.IGNORECASE)),
)
CHANGE_AFTER = re.compile(
    r"\s(?:(?P<down>less|lower|fewer|shorter|cheaper|reduction|saving|smaller)|(?P<up>higher|faster|longer|increase|gain))(?![A-Za-z])")

RANGE = re.compile(r"\s?(?:-|–|—|~|～|至|到|to(?= )|or(?= )|±|(?P<both>and(?= )|和))\s?")
BETWEEN = re.compile(r"(?:介于|在|(?<![A-Za-z])between)\s?$", re.IGNORECASE)
FROM_TO = re.compile(r"(?:从|由|(?<![A-Za-z])from)\s?(\d{1,9}(?:\.\d{1,6})?)[^\d，。,;；\n]{0,12}?(?:到|至|为|to)\s?$", re.IGNORECASE)
SCALE_BEFORE = re.compile("(?<![A-Za-z])(pH|HRC|HV)值?[^A-Za-z\u4e00-\u9fff]{0,3}(?:(?:≤|≥|<|>|不低于|不超过|在|为)\\s?)?$")
FROM = re.compile(r"(?:从|由|(?<![A-Za-z])from)\s?$", re.IGNORECASE)
MOVED = re.compile(r"(?:降|减|缩|压|提|升|增|变|改|涨|cut|reduc|lower|rais|increas|short|bring|fell|drop|go)", re.IGNORECASE)
RATE_BEFORE = re.compile(
    r"(?:(?:每|一)(?P<time>小时|分钟|秒|天|日|个月|月|年)|(?<![今明去半\d一二三四五六七八九十])(?P<short>[年月日])(?=产|用|耗|需|处理|出))"
    r"(?:产量|产能|产|出|用|需|要|耗|处理|能|做|过|卖|各|大约|约|大概|就|超|不到|\s){0,3}$")
CURRENCY_SIGN = re.compile(r"(?:US\$|HK\$|\$|¥|￥|€|£|(?<![A-Za-z])(?:CNY|RMB|USD|EUR|GBP|JPY))\s?$")
CURRENCIES = {"US$": "USD", "$": "USD", "HK$": "HKD", "¥": "CNY", "￥": "CNY", "€": "EUR", "£": "GBP", "CNY": "CNY", "RMB": "CNY",
              "USD": "USD", "EUR": "EUR", "GBP": "GBP", "JPY": "JPY"}
MONEY_SCALE = re.compile(r"\s?(?:(?P<m>m|mn|million)|(?P<k>k|thousand)|(?P<b>bn|billion)|(?P<万>万)|(?P<亿>亿))(?![A-Za-z])", re.IGNORECASE)
MONEY_NEAR = re.compile(
    r"(?:预算|经费|单价|价格|报价|费用|转让费|许可费|投资|投入|出资|资金|成本|总价|价钱|价|费|设备|[单每][台套件只]|budget|price|cost)[^，。；,;.\n\d]{0,8}$",
    re.IGNORECASE)
BUDGET = re.compile("预算|经费|出资|资金|单价|价|费|budget|price|max", re.IGNORECASE)
ANGLE = re.compile("角|倾|旋|弯|坡|俯仰|方位|锥|相位|转动|angle|tilt|rotat|bend|slope|phase|azimuth|pitch", re.IGNORECASE)
DEADLINE_AFTER = re.compile(
    r"\s?(?:之?内|以内|之?前|后)?[，,\s]{0,2}(?:要|得|必须|能|可)?\s?"
    r"(?:交|出样|出图|出板|出结果|到货|完成|见效|上线|投产|验收|拿出|试用|装车|deliver|deadline|to deliver)")
DEADLINE_BEFORE = re.compile(
    r"(?:工期|交期|期限|交货|交付|限期|时限|deadline|deliver\w*|due|ready|prototype|results?|closes|starts?|needed|start-up)"
    r"[^，。；;.\n]{0,12}$", re.IGNORECASE)
WITHIN = re.compile(r"(?:之?内|以内)$|\b(?:with)?in (?:\w+ )?$", re.IGNORECASE)
LASTING = re.compile(
    r"寿命|保质|保鲜|质保|保修|存放|储存|贮|常温|免维护|耐候|稳定|连续|运行|使用|不坏|换一次|一遇|保持|life|shelf|warrant|stab|last|surviv|run|every|"
    r"after|old|stor|hole|crack|fail|back|wear|rot|裂|烂|坏|穿孔|返修", re.IGNORECASE)
_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
DATE = re.compile(
    r"(?:(?:19|20)\d{2}\s?年(?:\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?[日号])?)?"
    r"|(?<![\d.])(?:19|20)\d{2}[-/.](?:1[0-2]|0?[1-9])(?:[-/.](?:3[01]|[12]\d|0?[1-9]))?(?![\d.])"
    r"|[今明后本]年(?:\d{1,2}|[一二三四五六七八九十]{1,2})月(?:份|底)?|[今明本]?(?:年|月|季度)底|[今明本]年(?:年?内|初|[春夏秋冬](?!天)|(?=之?前|就?要|必须|得))|年[内初]|二[〇零][〇零一二三四五六七八九]{2}年"
    r"|(?<![个\d半数几十一二三四五六七八九])(?:1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月(?:份|底|初|中旬|\d{1,2}[日号])?"
    rf"|\b(?:by|before|until|in) (?:the end of |mid-|early |late )?(?:Q[1-4]|{_MONTH})\b(?: \d{{4}}\b)?"
    r"|\bend of (?:Q[1-4]|the year|year)\b|\bthis (?:year|quarter|month)\b|\bby (?:19|20)\d{2}\b)底?(?:之前|以前|前|之内|内)?")

CUE = re.compile(
    r"(?P<present>现在|目前|现状|当前|眼下|如今|原来|原先|以前|今天|一直|只有|只能|仅有|现用|至今|做到过|上不了|达不到|现(?=[\d一二三四五六七八九十])"
    r"|\b(?:now|today|currently|at present|presently|at the moment|so far|existing|stuck|ours|we (?:get|have|had|reach)|takes?)\b)"
    r"|(?P<target>希望|要求|想要|目标|需要|需求|指标|期望|诉求|争取|力争|想|求|最好|必须|应当|应|须|降到|降至|压到|缩到|缩短到|缩短至|减到|减至|提高到|提升到|提到"
    r"|升到|控制在|达到|\b(?:wants?|wanted|need(?:ed|s)?|target(?:s|ing)?|goal|must|should|requires?d?|aim(?:ing)?|looking for|spec|"
    r"shall|ideally)\b)", re.IGNORECASE)
TOO_MUCH = re.compile(r"[^，。；,.;\n]{0,6}?(?:太|不行|不够|嫌|受不了|\btoo\b)")
STOP = re.compile(r"[。！？!?;；\n]|(?<!max)(?<!min)(?<!approx)\.(?=\s|$)", re.IGNORECASE)
BREAK = re.compile(r"[，。；;、！？!?\n:：（）()\[\]【】“”\"「」,/·•|]|\.(?=\s|$)|\s[-–]\s|→")

_NOT_NAMES_ZH = """
要 都 也 就 还 只 才 能 可 应 须 必须 需 需要 希望 要求 得 是 为 在 约 大约 大概 到 达 做到 现在 目前 的 了 有 每
平均 最好 控制 保持 不 把 让 给 从 由 想 超 过 至 于 及 和 与 或 再 用 掉 压 降 升 已 已经 仅 只有 只能 差 里 上 下
后 前 中 时 一 处 共 全 最 太 现 将 会 使 请 请问 达到 不能 成 算 内 目标 指标 降低 减少 缩短 提高 提升 增加 当前
现状 原来 期望 诉求 以上 以下 以内 达不到 做 出 干 我们 大 求 整 等 按 多 少 不了 上不了 只好 才能
"""
_NOT_NAMES_EN = """
a an the is are was were be been being of to at in on by for from with and or but we our us it its they their this
that these those need needs want wants must should shall has have had get gets got goes go takes take took make
makes made do does did so about around roughly some only just now today currently still than then each every per
when if not no more less up down out hold holds keep keeps held stuck drop drops fell reach reaches which who what
over under below above within can could will would may might i you he she gives give given aiming aim wanted target
goal using used as into cut reduce reduced lower lowered raise raised increase increased bring brought improve
improved costs runs run adjustable max min long one two three bit after before past well sits sit shows show
possible ask asks differ late loses lose miss because bought between rmb cny usd eur next lived maximum minimum plus
also all
"""
# Words that are never (part of) the name of what is measured.
SKIP_ZH = frozenset(_NOT_NAMES_ZH.split())
STOP_EN = frozenset(_NOT_NAMES_EN.split())
