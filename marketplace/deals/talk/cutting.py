"""What somebody wrote in an answer by mail, without the mail it quotes and without the signature.

The libraries for this were tried: mail-parser-reply 1.36 never finds a Chinese attribution (its pattern forbids what it asks for), cuts everything
after "Thanks," or a line that begins with a hyphen, and uses patterns that backtrack. So these are our own rules, one line at a time, in time
linear in the text, and careful: where nothing would be left, the whole text stays, and no farewell is taken for a signature.
"""

from __future__ import annotations

import re

LONGEST_LINE = 400
MARK = re.compile(r"##-.{0,80}-##")
"""The line that our mails put above what they quote; see templates/mail/deal_message.txt."""

_BLANKS = str.maketrans({"\u00a0": " ", "\u200b": None, "\ufeff": None, "\u2028": "\n", "\u2029": "\n"})
_WROTE = re.compile(r"(?:\bwrote|\bwrites|\bschrieb\b.{0,120}|\ba écrit ?|写道|寫道|写到)\s*[:：]$", re.IGNORECASE)
_DATED = re.compile(r"@|\d{4}\s*[年./-]|\b\d{4}\b")
_SEPARATOR = re.compile(
    r"^[-_=*\s]{2,}\s*(?:original message|forwarded message|reply message|ursprüngliche nachricht|回复的原邮件|原始邮件|原邮件|邮件原件|转发的?邮件|原始郵件)"
    r"\s*[-_=*\s]{2,}$", re.IGNORECASE)
_HEAD = re.compile(r"^[*|\s]*(?:from|von|de|发件人|寄件者|寄件人|發件人)[*|\s]*[:：|]", re.IGNORECASE)
_HEADER = re.compile(
    r"^[*|\s]*(?:sent|date|to|subject|cc|gesendet|an|betreff|发送时间|发送日期|发件日期|日期|时间|收件人|主题|抄送|抄送人|寄件日期|收件者|主旨)[*|\s]*[:：|]", re.IGNORECASE)
_DEVICE = re.compile(
    r"^(?:sent from (?:my )?.{1,60}|get outlook for .{1,40}|sent with .{1,40}|发自我?的?\s?.{1,40}|(?:从|由)我的.{1,30}发送|来自我的.{1,30}|获取 ?outlook.{0,30}"
    r"|von meinem .{1,30} gesendet)$", re.IGNORECASE)


def cut(text: str) -> str:
    """The words of the answer alone; the whole text where the rules would leave nothing but quotes of no known kind; empty when there are none."""
    lines = [line.rstrip() for line in text.translate(_BLANKS).replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    start, end = _boundary(lines)
    if start is None or end is None:
        return _own(lines)
    below = lines[end:]
    if next((line for line in below if line), "").startswith(">"):
        return _own(lines[:start] + below)  # what is not quoted below may be the answer: some write under each paragraph
    return _own(lines[:start]) or _own([line for line in lines if not MARK.search(line)])


def _boundary(lines: list[str]) -> tuple[int | None, int | None]:
    """The first line that only announces a quoted mail, and the first line after it; (None, None) when there is none."""
    for place, line in enumerate(lines):
        if len(line) > LONGEST_LINE:
            continue
        if MARK.search(line) or _SEPARATOR.match(line) or _is_head(lines, place):
            return _with_attribution(lines, place), place + 1
        taken = _attribution(lines, place)
        if taken:
            return place, place + taken
    return None, None


def _attribution(lines: list[str], place: int) -> int:
    """How many lines from here are "On … wrote:"; mail programs break it into up to three. 0 when they are not."""
    if lines[place].startswith(">"):
        return 0
    for count in (1, 2, 3):
        part = lines[place : place + count]
        if len(part) < count or not all(part):
            return 0
        joined = " ".join(part)
        if len(joined) <= LONGEST_LINE and _WROTE.search(joined):
            begins = count == 1 or re.match(r"(?:on|am|le|在|于)\b|.{0,40}\d{4}|.{0,80}<", part[0].strip(), re.IGNORECASE)
            return count if begins and _DATED.search(joined) else 0
    return 0


def _is_head(lines: list[str], place: int) -> bool:
    """Whether a block "From: … Sent: … To: …" begins here."""
    following = [line for line in lines[place + 1 : place + 7] if line][:4]
    return bool(_HEAD.match(lines[place])) and any(_HEADER.match(line) for line in following)


def _with_attribution(lines: list[str], place: int) -> int:
    """Where what stands directly above the quoted mail and belongs to it begins: an attribution, a line of dashes."""
    start = place
    while start and (not lines[start - 1] or set(lines[start - 1]) <= set("-_=*> ")):
        start -= 1
    for count in (1, 2, 3):
        if start >= count and _attribution(lines, start - count) == count:
            return start - count
    return start


def _own(lines: list[str]) -> str:
    """The lines that quote nothing, up to the signature, without what the device adds."""
    kept = [line for line in lines if not line.startswith(">")]
    if "--" in kept:
        kept = kept[: kept.index("--")]
    while kept and (not kept[-1] or _DEVICE.match(kept[-1].strip())):
        kept.pop()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
