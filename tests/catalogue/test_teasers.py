"""Teasers: what gives a blind listing away is refused, and what does not is not."""

from __future__ import annotations

import pytest

from marketplace.catalogue.teasers import LONGEST, Secrets, check
from marketplace.errors import Refused

SECRETS = Secrets(
    titles={"zh": "超磁致伸缩去毛刺方法", "en": "Magnetostrictive deburring of forceps"},
    texts=[{"zh": "手术钳的毛刺由蜂鸟形刃口一次去除，刃口寿命达到三万件以上。",
            "en": "A hummingbird edge takes the burr of surgical forceps off in a single stroke without any coolant."}],
    names=["浙江隐匿研究所", "Hidden Institute", "王小明", "AI"], numbers=["201710601862.3", "CN107345678B", "US20050123456A1", None, "12"],
)


@pytest.mark.parametrize(("language", "text", "said"), [
    ("zh", "我们的超磁致伸缩 去毛刺方法很好", "repeats the title"),
    ("en", "MAGNETOSTRICTIVE deburring of  forceps, ready to use", "repeats the title"),
    ("zh", "浙江隐匿研究所的新办法", "names"),
    ("en", "From the hidden institute: a new way", "names"),
    ("zh", "王小明团队的新办法", "names"),
    ("zh", "专利号 ZL 2017 1 0601862.3 的新办法", "number"),
    ("zh", "申请号２０１７１０６０１８６２", "number"),
    ("en", "See CN 107345678 A", "number"),
    ("en", "See US 2005/0123456", "number"),
    ("zh", "手术钳的毛刺由蜂鸟形刃口一次去除。", "from the full text"),
    ("zh", "刃口一次去除刃口寿命达到三万件以上", "from the full text"),
    ("en", "It takes the burr of surgical forceps off in a single stroke.", "from the full text"),
    ("zh", "长" * (LONGEST + 1), "at most"),
])
def test_what_gives_it_away_is_refused_beside_its_language(language: str, text: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        check({language: text}, SECRETS)
    assert refused.value.field == f"teaser_{language}" and said in refused.value.message


@pytest.mark.parametrize(("language", "text"), [
    ("zh", "一种修边的新办法，寿命提高三倍，适合医疗器械的小零件，已有样机。"),
    ("zh", "手术钳的毛刺由蜂鸟形"),
    ("en", "A new way to trim small parts of surgical instruments; said again: no coolant, 3 times the life, 2017 to 2025."),
    ("en", "The burr of surgical forceps is taken off faster."),
    ("zh", "长" * LONGEST), ("zh", ""),
])
def test_what_says_nothing_of_it_is_taken(language: str, text: str) -> None:
    check({language: text}, SECRETS)
