"""A language that nobody speaks, and a reader who hears whether a page speaks it.

Its catalogue holds every message between marks, as in ⟦Sign in⟧. What a page shows outside the marks, and outside of what says that it is in another language,
stands in no catalogue: nobody could translate it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Set
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes
from lxml import html as markup
from lxml.html import HtmlElement

CODE = "eo"
LOCALE = Locale(CODE)
OPEN, SHUT = "⟦", "⟧"
SPOKEN = {"aria-label", "title", "placeholder", "alt", "aria-valuetext", "aria-description", "data-said"}
SILENT = {"script", "style", "template", "code", "kbd", "noscript"}
APART = {
    "address", "article", "aside", "blockquote", "body", "button", "caption", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer",
    "form", "h1", "h2", "h3", "h4", "header", "label", "legend", "li", "main", "nav", "ol", "optgroup", "option", "p", "pre", "section", "select", "summary",
    "table", "tbody", "td", "text", "textarea", "th", "thead", "title", "tr", "ul",
}
"""Elements across whose edge no sentence runs."""
WITHIN = {"button", "label", "select", "textarea"}
"""Those of them that may stand within a sentence, which goes on behind them."""
OF_CLDR = {
    word.casefold()
    for table in (LOCALE.months, LOCALE.days) for width in table["format"].values() for name in width.values() for word in re.findall(r"\w+", name)
}
NAMES = {"techbridge", "pdf", "excel", "xlsx", "csv", "atom", "json", "xml", "trl", "utc", "sha", "ubl", "bibtex", "ris", "nda", "ipc", "api", "english",
         "kb", "mb", "mm", "min", "mg", "zip"}
"""What is called the same in every language, and units."""
Run = list[tuple[str, bool | None]]
"""A text that is read in one go: its pieces, each with whether it is in the language of the page; None where it is unknown."""
_MARK = re.compile(f"([{OPEN}{SHUT}])")
_WORD = re.compile(r"[A-Za-zÀ-ž]{2,}")
_CODE = re.compile(r"[\w.-]*@[\w.-]+|https?://\S*|[A-Z]{2,5}\b|[A-Z]+\w*\d[\w.]*|(?:Asia|Europe|America)/\w+|\w*…?\.\w{3,4}\b|\w*\d\w*|/\w+\S*")


def catalogues(package: Path, folder: Path) -> Path:
    """A folder of translations as the site's own, with the language that nobody speaks beside them."""
    shutil.copytree(package, folder)
    with (package / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        known = read_po(file)
    made = Catalog(locale=LOCALE)
    for message in known:
        if message.id:
            several = isinstance(message.id, (list, tuple))
            ids = list(message.id) if several else [message.id]
            told = [f"{OPEN}{one}{SHUT}" for one in ids]
            made.add(tuple(ids) if several else ids[0], string=tuple(told) if several else told[0], flags=message.flags, context=message.context)
    place = folder / CODE / "LC_MESSAGES"
    place.mkdir(parents=True)
    with (place / "messages.mo").open("wb") as file:
        write_mo(file, made)
    return folder


def unspoken(html: str, known: Set[str] = frozenset()) -> list[str]:
    """What a page says outside of its catalogue, and what of its catalogue it says as if it were another language; empty when there is neither.

    Texts are Chinese on these pages: what holds a Chinese character is one. `known` are words of users that say no language.
    """
    page = markup.document_fromstring(html)
    runs: list[Run] = []
    _gather(page, page.get("lang", ""), page.get("lang", ""), [], runs)
    return [fault for run in runs for fault in _faults(run, known)]


def _faults(run: Run, known: Set[str]) -> Iterator[str]:
    depth, outside = 0, ""
    for text, own in run:
        kept = ""
        for piece in _MARK.split(text):
            kept += piece if depth == 0 and own and piece not in (OPEN, SHUT) else " "
            depth = depth + 1 if piece == OPEN else max(0, depth - (piece == SHUT))
        outside += " " if HAN.search(kept) else kept
        if own is False and OPEN in text:
            yield f"of the catalogue, but said to be another language: {text.strip()[:60]!r}"
    left = _CODE.sub(" ", outside)
    if any(word.casefold() not in OF_CLDR | NAMES | known for word in _WORD.findall(left)):
        yield f"in no catalogue: {' '.join(left.split())[:90]!r}"


def _gather(element: HtmlElement, page: str, language: str, run: Run, done: list[Run]) -> None:
    """Put the runs of an element into `done`; what stands within a sentence of its parent into that one's `run`."""
    if not isinstance(element.tag, str) or element.tag in SILENT or {"mark-name", "brand"} & set((element.get("class") or "").split()):
        return
    language = element.get("lang", language)
    own, apart = (language == page) if language else None, element.tag in APART
    done.extend([(element.get(name, ""), own)] for name in SPOKEN & set(element.attrib))
    if element.tag == "input" and element.get("type") == "submit":
        done.append([(element.get("value", ""), own)])
    inside: Run = [] if apart else run
    if element.text and element.tag != "textarea":
        inside.append((element.text, own))
    for child in element:
        if child.tag in APART - WITHIN:
            done.append(inside[:])
            inside.clear()
        _gather(child, page, language, inside, done)
        if child.tail:
            inside.append((child.tail, own))
    if apart:
        done.append(inside)


HAN = re.compile(r"(?<!\d)[\u4e00-\u9fff]+")  # 20万 is how an amount may be typed in either language
SENTENCE = re.compile(r"[A-Za-z]+(?:[ ’'-][A-Za-z]+){3,}")
UNMARKED = SILENT | {"option", "textarea", "title"}
"""What takes no mark inside, or none that anybody hears."""


def misspoken(html: str) -> list[str]:
    """Texts said to be in the wrong one of two languages: Chinese characters as English, four English words without a Chinese one as Chinese."""
    page = markup.document_fromstring(html)
    return [f"said to be {language}: {' '.join(text.split())[:70]!r}" for text, language in _read(page, "") if _is_wrong(text, language)]


def _is_wrong(text: str, language: str) -> bool:
    han, sentence = HAN.search(text), SENTENCE.search(text)
    return bool(han if language.startswith("en") else sentence and not han and language.startswith("zh"))


def _read(element: HtmlElement, language: str) -> Iterator[tuple[str, str]]:
    """The texts of a page, each with the language that the nearest element around it names. The text of a contract stands as it was signed."""
    if not isinstance(element.tag, str) or element.tag in UNMARKED or {"mark-name", "brand", "contract"} & set((element.get("class") or "").split()):
        return
    language = element.get("lang", language)
    yield from ((element.get(name, ""), language) for name in SPOKEN)
    yield element.text or "", language
    for child in element:
        yield from _read(child, language)
        yield child.tail or "", language


TEMPLATES = Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)
PROPER = NAMES | {"docdb", "epodoc", "ror", "science", "noindex", "width", "device", "initial", "scale", "light", "dark", "lang"}
"""What templates write out: names, and what is for programmes."""
_UNREAD = re.compile(r"<(script|style|code|kbd)\b.*?</\1>|<[^>]*\sclass=\"(?:brand|mark-name)\"[^>]*>.*?</(?:p|a)>", re.DOTALL)
_READ = re.compile(rf'\s(?:{"|".join(sorted(SPOKEN))}|content)="([^"]*)"')


def spelled_out(template: str) -> list[str]:
    """Words that a template holds itself instead of asking its catalogue for them: pages, mails and papers in each of their branches, without a run."""
    whole = "".join(_written(part) for output in TEMPLATES.parse(template).find_all(nodes.Output) for part in output.nodes)
    read = _UNREAD.sub(" ", whole)
    told = [*_READ.findall(read), *re.sub(r"<[^>]*>", "\n", read).split("\n")]
    return [text.strip() for text in told if any(word.casefold() not in PROPER for word in _WORD.findall(text)) or HAN.search(text.replace("中文", ""))]


def _written(part: nodes.Node) -> str:
    return part.data if isinstance(part, nodes.TemplateData) else " ".join(_constants(part)) or "0"


def _constants(part: nodes.Node | None) -> Iterator[str]:
    """The texts that an expression may come to by itself; what it hands to a function or compares with is none."""
    if isinstance(part, nodes.Const) and isinstance(part.value, str):
        yield part.value
    elif isinstance(part, nodes.CondExpr):
        yield from (*_constants(part.expr1), *_constants(part.expr2))
    elif isinstance(part, (nodes.Or, nodes.And, nodes.Add)):
        yield from (*_constants(part.left), *_constants(part.right))
    elif isinstance(part, (nodes.Filter, nodes.Getitem, nodes.Getattr)) or isinstance(part, nodes.Call) and isinstance(part.node, nodes.Getattr):
        yield from _constants(part.node)
    elif isinstance(part, nodes.Dict):
        yield from (text for pair in part.items for text in _constants(pair.value))
    elif isinstance(part, (nodes.Concat, nodes.List, nodes.Tuple)):
        yield from (text for each in part.iter_child_nodes() for text in _constants(each))
