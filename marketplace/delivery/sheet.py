"""The one style sheet of the pages: of Bootstrap the rules that can apply to a page of ours, then our own rules.

Bootstrap is 232 kB of rules, of which pages use a tenth. A rule is kept when every class of its selector is used somewhere; a variable when a
kept rule asks for it; an animation when a kept rule names it. What is used is read off the templates, the scripts and the modules, so that
nobody keeps a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set

import tinycss2
from tinycss2.ast import AtRule, Node, QualifiedRule

_ATTRIBUTE = re.compile(r"""class(?:_|Name)?["']?\s*[=:]\s*(?:"([^"]*)"|'([^']*)')""")
_WORD = re.compile(r"[A-Za-z][\w-]*")
_WITH_HYPHEN = re.compile(r"[A-Za-z]\w*(?:-\w+)+")
_CLASS = re.compile(r"\.([A-Za-z][\w-]*)")
_EXCEPT = re.compile(r":not\([^)]*\)")
_ASKED = re.compile(r"var\((--[\w-]+)")
_ROOT, _MOVING = ":root", "keyframes"
_SCHEME = "[data-bs-theme"  # no page says a scheme: it is the browser's


def used(texts: Iterable[str]) -> set[str]:
    """Every word that may be a class: those of `class` attributes, and words with a hyphen wherever they stand."""
    found: set[str] = set()
    for text in texts:
        found.update(_WITH_HYPHEN.findall(text))
        for attribute in _ATTRIBUTE.findall(text):
            found.update(_WORD.findall("".join(attribute)))
    return found


def subset(css: str, classes: Set[str], beside: str = "") -> str:
    """The rules of a style sheet that can apply where only `classes` are used, in their order; `beside` is a sheet that may ask for its variables."""
    rules = list(_rules(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), classes))
    text = "".join(body for head, body in rules if head not in (_ROOT, _MOVING))
    found = []
    for head, body in rules:
        if head == _ROOT:
            found.append(f":root{{{_variables(body, text + beside)}}}")
        elif head != _MOVING or body.split("{")[0].split()[-1] in text:
            found.append(body)
    return "".join(found)


def licence(css: str) -> str:
    """The notice that has to stay with whatever is taken of a style sheet."""
    return "".join(re.findall(r"/\*!.*?\*/", css, re.DOTALL))


def without_comments(css: str) -> str:
    """A style sheet without its comments and the empty lines between rules."""
    return "\n".join(rule.serialize() for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True))


def _rules(nodes: list[Node], classes: Set[str]) -> Iterator[tuple[str, str]]:
    """(selector or kind, text) of each rule that is kept; of `:root` the text is what stands between its braces."""
    for node in nodes:
        if isinstance(node, QualifiedRule):
            head = ",".join(selector for selector in _selectors(node.prelude) if _applies(selector, classes))
            body = tinycss2.serialize(node.content)
            if head:
                yield head, body if head == _ROOT else f"{head}{{{body}}}"
        elif isinstance(node, AtRule) and node.lower_at_keyword == _MOVING:
            yield _MOVING, node.serialize()
        elif isinstance(node, AtRule) and node.content is not None:
            nested = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
            inner = "".join(f"{head}{{{body}}}" if head == _ROOT else body for head, body in _rules(nested, classes))
            if inner:
                yield "@", f"@{node.at_keyword}{tinycss2.serialize(node.prelude)}{{{inner}}}"


def _selectors(prelude: list[Node]) -> Iterator[str]:
    """The selectors of a rule, apart."""
    part: list[Node] = []
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            yield tinycss2.serialize(part).strip()
            part = []
        else:
            part.append(token)
    yield tinycss2.serialize(part).strip()


def _applies(selector: str, classes: Set[str]) -> bool:
    return _SCHEME not in selector and set(_CLASS.findall(_EXCEPT.sub("", selector))) <= classes


def _variables(body: str, text: str) -> str:
    """Of the variables of `:root` those that the text asks for, and those that these ask for."""
    declared = {one.name: one for one in tinycss2.parse_blocks_contents(body, skip_comments=True, skip_whitespace=True) if one.type == "declaration"}
    wanted, asked = set(), set(_ASKED.findall(text))
    while asked:
        wanted |= asked
        asked = {name for one in asked & declared.keys() for name in _ASKED.findall(tinycss2.serialize(declared[one].value))} - wanted
    return ";".join(one.serialize() for name, one in declared.items() if name in wanted or not name.startswith("--"))
