"""What is left of an answer by mail: the words of the one who wrote it, whatever mail programme he uses, in both languages."""

from __future__ import annotations

import time
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.deals.talk import incoming
from marketplace.deals.talk.cutting import cut

ANSWER = "好的，周四寄出。\n\n何工"
ENGLISH = "Thanks, I will send it on Thursday.\n\n- two samples\n- one drawing\n\nBest regards\nKim"
QUOTED = ["##- 请在本行以上填写回复 -##", "", "Kim（企业方）写给：全体参与人", "", "周五前请寄样品。"]
BELOW = "\n".join(QUOTED)
MARKED = "\n".join(f"> {line}".rstrip() for line in QUOTED)

ABOVE = {
    "gmail en": f"On Mon, Nov 2, 2026 at 5:03 PM TechBridge <mail@example.com> wrote:\n\n{MARKED}",
    "gmail en broken": f"On Mon, Nov 2, 2026 at 5:03 PM TechBridge Marketplace\n<mail@example.com> wrote:\n\n{MARKED}",
    "gmail zh": f"TechBridge <mail@example.com> 于2026年11月2日周一 17:03写道：\n\n{MARKED}",
    "apple zh": f"在 2026年11月2日，17:03，TechBridge <mail@example.com> 写道：\n\n{MARKED}",
    "apple en": f"> On 2 Nov 2026, at 17:03, TechBridge <mail@example.com> wrote:\n>\n{MARKED}",
    "thunderbird zh": f"在 2026/11/2 17:03, TechBridge 写道:\n{MARKED}",
    "163": f"在 2026-11-02 17:03:00，\"TechBridge\" <mail@example.com> 写道：\n\n{BELOW}",
    "163 new": f"---- 回复的原邮件 ----\n| 发件人 | TechBridge<mail@example.com> |\n| 日期 | 2026年11月02日 17:03 |\n\n{BELOW}",
    "qq": "------------------\u00a0原始邮件\u00a0------------------\n发件人: \"TechBridge\" <mail@example.com>;\n"
          f"发送时间: 2026年11月2日(星期一) 下午5:03\n\n{BELOW}",
    "outlook zh": f"{'_' * 32}\n发件人: TechBridge <mail@example.com>\n发送时间: 2026年11月2日 17:03\n收件人: 何工\n主题: 交易\n\n{BELOW}",
    "outlook en": f"From: TechBridge <mail@example.com>\nSent: Monday, November 2, 2026 5:03 PM\nTo: Kim\nSubject: Deal\n\n{BELOW}",
    "outlook bold": f"*From:* TechBridge <mail@example.com>\n*Sent:* Monday\n*To:* Kim\n\n{BELOW}",
    "old outlook": f"-----Original Message-----\nFrom: TechBridge\nSent: Monday\n\n{BELOW}",
    "german": f"Am 02.11.2026 um 17:03 schrieb TechBridge <mail@example.com>:\n{MARKED}",
    "only our line": BELOW,
    "nothing": "",
}


@pytest.mark.parametrize("answer", [ANSWER, ENGLISH], ids=["zh", "en"])
@pytest.mark.parametrize("case", ABOVE)
def test_what_a_programme_puts_below_an_answer_is_cut(case, answer):
    assert cut(f"{answer}\n\n{ABOVE[case]}") == answer
    assert cut(f"{answer}\r\n\r\n{ABOVE[case]}".replace("\n", "\r\n").replace("\r\r", "\r")) == answer


@pytest.mark.parametrize("device", ["Sent from my iPhone", "发自我的iPhone", "发自我的 iPad", "从我的华为手机发送", "Get Outlook for iOS", "来自我的小米手机"])
def test_what_a_device_adds_is_cut(device):
    assert cut(f"{ANSWER}\n\n{device}\n\n{ABOVE['apple zh']}") == ANSWER


def test_a_signature_below_two_dashes_is_cut_and_nothing_else_is_taken_for_one():
    assert cut(f"{ANSWER}\n-- \n何工\n13800000000") == ANSWER
    for whole in (ENGLISH, "Thanks, done.", "谢谢，\n已收到。", "On 12 May he wrote:\nnothing", "发件人写错了", "From: my point of view it is fine.",
                  "价格 -- 如前所述 -- 不变。", "- 第一\n- 第二", "我在信里写道：\n价格不变。"):
        assert cut(whole) == whole


def test_answers_below_and_between_what_is_quoted_are_kept():
    assert cut(f"{ABOVE['gmail zh']}\n\n好的，可以。") == "好的，可以。"
    between = "On Mon, Nov 2, 2026 at 5:03 PM T <a@b.cn> wrote:\n> When?\n\nOn Friday.\n\n> Where?\n\nAt ours.\n"
    assert cut(between) == "On Friday.\n\nAt ours."
    under = f"{ABOVE['qq']}\n\n好的"
    assert "好的" in cut(under)  # nothing stands above: rather the whole than nothing


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r"), max_size=60), max_size=12).map("\n".join))
def test_cutting_never_fails_and_adds_nothing(text):
    kept = cut(text)
    assert set(kept) <= set(text.replace("\u2028", "\n").replace("\u2029", "\n").replace("\u00a0", " ")) | set(" \n")
    assert cut(kept) == kept or len(cut(kept)) <= len(kept)


@pytest.mark.parametrize("line", ["On " * 40_000, "> " * 60_000, "-" * 200_000, "From: a\n" * 20_000, "写道：\n" * 30_000, "a\n\n\n" * 40_000],
                         ids=["on", "quoted", "dashes", "from", "wrote", "empty"])  # else half a million characters are the name of a test
def test_no_text_takes_long(line):
    began = time.process_time()  # of this process: on a busy machine the clock on the wall says nothing
    cut(line)
    assert time.process_time() - began < 2


def test_html_alone_is_read_as_text_and_its_quotes_are_cut():
    mail = EmailMessage()
    mail["From"], mail["To"] = "a@example.com", "b@example.com"
    mail.set_content(
        "<html><head><style>p{}</style><title>x</title></head><body><p>好的，<b>周四</b>寄出。<br>何工</p><!-- c -->"
        "<div class='gmail_quote'><div>TechBridge &lt;mail@example.com&gt; 于2026年11月2日周一 17:03写道：<br></div>"
        "<blockquote><p>周五前请寄样品。</p><blockquote>更早</blockquote></blockquote></div><script>alert(1)</script></body></html>", subtype="html")
    assert incoming.read(mail.as_bytes()).text == "好的，周四寄出。\n何工"


@pytest.mark.parametrize(("declared", "encoded"), [("gb2312", "gb18030"), ("gbk", "gb18030"), ("utf-8", "utf-8"), ("x-unknown", "utf-8")])
def test_chinese_encodings_are_read(declared, encoded):
    raw = f"From: a@example.com\r\nTo: b@example.com\r\nContent-Type: text/plain; charset={declared}\r\n\r\n".encode() + "镕基好，㎡没问题".encode(encoded)
    assert incoming.read(raw).text == "镕基好，㎡没问题"


@given(st.binary(max_size=400) | st.builds(
    lambda text, body: f"From: {text}\r\nContent-Type: {text}\r\nTo: {text}\r\n\r\n".encode("utf-8", "surrogatepass") + body,
    st.text(max_size=120), st.binary(max_size=200)))
def test_no_mail_makes_the_reader_fail(raw):
    found = incoming.read(raw)
    assert len(found.key) == 64 and "\x00" not in found.text


def test_files_are_counted_and_pictures_of_the_text_are_not():
    mail = EmailMessage()
    mail["From"], mail["To"] = "a@example.com", "b@example.com"
    mail.set_content("见附件")
    mail.add_alternative("<p>见附件<img src='cid:logo'></p>", subtype="html")
    mail.get_payload()[1].add_related(b"x", "image", "png", cid="<logo>")
    mail.add_attachment(b"x" * 9, maintype="application", subtype="pdf", filename="报价.pdf")
    mail.add_attachment("a,b", subtype="csv", filename="a.csv")
    found = incoming.read(mail.as_bytes())
    assert (found.text, [(file.name, len(file.content)) for file in found.files]) == ("见附件", [("报价.pdf", 9), ("a.csv", 4)])


@pytest.mark.parametrize("header", [
    "Auto-Submitted: auto-replied", "Precedence: bulk", "X-Autoreply: yes", "Return-Path: <>", "Subject: 自动回复：我在休假", "Subject: Automatic reply: away",
    "Subject: =?utf-8?b?6Ieq5Yqo5Zue5aSN?=",
])
def test_programmes_are_recognised(header):
    assert incoming.read(f"{header}\r\nFrom: a@example.com\r\n\r\nx".encode()).is_automatic
    assert not incoming.read(b"Auto-Submitted: no\r\nSubject: Re: x\r\nFrom: a@example.com\r\n\r\nx").is_automatic
