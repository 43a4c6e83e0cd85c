"""A mail as text in lines and as a page: the same words in the same order, readable by day and by night."""

from __future__ import annotations

import re

import pytest
from lxml import html as markup
from sqlalchemy import select

from marketplace.alerts import letters, operations
from marketplace.alerts.models import Mail
from marketplace.design.contrast import ratio
from tests import factories, inspection

SITE = "https://techbridge.example.com"
LONG = {
    "zh": "样件已经收到，先做拉伸和弯曲各十根，下周给数据。另外想问清楚：如果弯曲次数达不到约定的要求，能不能先按阶段性结果结算（见第三页），剩下的以后再算？",
    "en": "The samples have come; ten go to the tensile test and ten to bending. Please say whether the rest can be settled with the second batch, as agreed.",
}


def joined(flowed: str) -> str:
    """The text as a reader shows it that knows RFC 3676."""
    stuffed = [line[1:] if line.startswith(" ") else line for line in flowed.split("\n")]
    return "".join(line[:-1] if line.endswith(" ") and line != letters.SIGNATURE else f"{line}\n" for line in stuffed).removesuffix("\n")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_line_is_wider_than_a_terminal_and_a_reader_joins_them_again(language):
    address = f"{SITE}/{language}/confirm/{'a' * 90}"
    text = f"{LONG[language]}\n\n{address}\n\n> quoted\n  inner\n{letters.SIGNATURE}\nTechBridge\n"
    lines = letters.flowed(text).split("\n")
    assert all(letters.columns(line.rstrip()) <= letters.WIDTH for line in lines if address not in line) and len(lines) > text.count("\n") + 1
    assert address in lines and letters.SIGNATURE in lines
    assert not any(line.lstrip()[:1] in ("，", "。", "）", ",", ".") for line in lines)
    assert joined("\n".join(lines)) == text


def test_what_somebody_typed_is_text_and_never_a_button():
    typed = "<b>x</b>\nhttps://elsewhere.example/pay\n\n" + f"{SITE}.elsewhere.example/zh/pay"
    parts = letters.blocks(f"Hello,\n\n{typed}\n\n{SITE}/en/deals/abc\n\n-- \nTechBridge · {SITE}\n", "en", SITE)
    assert [part.kind for part in parts] == ["text", "text", "text", "go", "footer"]
    assert "&lt;b&gt;" in parts[1].lines[0] and parts[3].lines == (f"{SITE}/en/deals/abc",)


def test_each_part_says_its_language():
    parts = letters.blocks(f"您好：\n\n{LONG['en']}\n\n{LONG['zh']}", "zh", SITE)
    assert [part.lang for part in parts] == ["", "en", ""]
    assert [part.lang for part in letters.blocks(f"Hello,\n\n{LONG['zh']}\n\nMilling of 钳子", "en", SITE)] == ["", "zh", ""]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_mail_leaves_as_text_and_as_a_page(session, box, language):
    person = factories.person(language=language, name="Kim")
    operations.to_person("deal_message", person, "/deals/abc", writer="机加车间主 Workshop", side="firm", readers=["holder", "broker"], by_mail=False,
                         title="Milling", text=f"{LONG['zh']}\n\n{LONG['en']}", files=["a.pdf"], left_out=1)
    inspection.work()
    [sent] = box.mails
    assert [part.get_content_type() for part in sent.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    plain, page = (sent.get_body((kind,)).get_content() for kind in ("plain", "html"))
    read = markup.document_fromstring(page)
    assert read.get("lang") == operations.TAGS[language] and read.findtext(".//title") == sent["Subject"] == session.scalars(select(Mail)).one().subject
    assert read.xpath("//meta[@name='color-scheme']/@content") == ["light dark"] and "prefers-color-scheme: dark" in page
    assert all(address.startswith(("https://", "http://")) for address in read.xpath("//a/@href")) and f"/{language}/deals/abc" in read.xpath("//a/@href")[0]
    assert not read.xpath("//img | //link | //script | //@style")
    other = "en" if language == "zh" else "zh"
    assert [one.get("lang") for one in read.xpath("//p[@lang]")] == [operations.TAGS[other]]
    said = "".join(read.find("body").itertext())
    words = re.findall(r"\w+", joined(plain.replace("\r\n", "\n")))
    assert set(words) <= set(re.findall(r"\w+", said)), "the page leaves nothing out"
    for ground, ink in re.findall(r"background: (#\w{6}); color: (#\w{6})", page):
        assert ratio(ground, ink) >= 4.5
