"""The clauses of an agreement beside its payment terms: which there are, what they may say, and what each says in the contract.

Codes, words and sentences are data (`clauses.toml`); here is how a value is checked, written in a language, and made a
sentence. A clause that is left out has its default where it has one, else it says nothing. Pure.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Any

from marketplace.errors import N_
from marketplace.terms.reading import Node, TermsError
from marketplace.terms.words import Tongue

DATA: dict[str, Any] = tomllib.loads(files("marketplace.licensing").joinpath("clauses.toml").read_text("utf-8"))
LANGUAGES = ("zh", "en")
LONGEST = 10_000
MOST_ACCEPTANCES = 20
ACCEPTANCE = ("id", "metric", "target", "method", "tester", "deadline")
UNITS = {"days": "day", "months": "month"}

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: where its value stands, in which article, how it is typed, its words and its sentences by language."""

    path: str
    article: str
    kind: str
    label: dict[str, str]
    choices: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    default: Any = None
    says: dict[str, str] | None = None
    says_not: dict[str, str] | None = None
    says_many: dict[str, str] | None = None
    unsaid: dict[str, str] | None = None
    needs: str | None = None
    open: bool = False

    @property
    def name(self) -> str:
        """The path as the name of a form's field."""
        return self.path.replace(".", "_")


CLAUSES = tuple(Clause(**values) for values in DATA["clause"])


def value_at(values: Values, path: str) -> Any:
    """The value under a path, None where there is none."""
    found: Any = values
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def put(values: dict[str, Any], path: str, value: Any) -> None:
    """Set the value under a path."""
    *groups, key = path.split(".")
    for group in groups:
        values = values.setdefault(group, {})
    values[key] = value


def defaults() -> dict[str, Any]:
    """What the clauses say unless somebody says otherwise."""
    found: dict[str, Any] = {}
    for clause in CLAUSES:
        if clause.default is not None:
            put(found, clause.path, copy.copy(clause.default))
    return found


def canonical(values: Any) -> dict[str, Any]:
    """The clauses checked, empty ones left out. Raises `TermsError` with the path of what is wrong, such as `clauses.cure_days`."""
    node = Node(values, "clauses").keys(*{clause.path.split(".")[0] for clause in CLAUSES}, "acceptance")
    found: dict[str, Any] = {}
    for clause in CLAUSES:
        value = value_at(node.value, clause.path)
        if value not in (None, "", {}, []):
            put(found, clause.path, _checked(clause, Node(value, f"clauses.{clause.path}")))
    acceptances = [_acceptance(inner) for inner in Node(values.get("acceptance", []), "clauses.acceptance").items()]
    names = [one["id"] for one in acceptances]
    if len(set(names)) < len(names) or len(names) > MOST_ACCEPTANCES:
        raise TermsError("clauses.acceptance", N_("This name is used twice in the list."))
    if acceptances:
        found["acceptance"] = acceptances
    return found


def _checked(clause: Clause, node: Node) -> Any:
    if clause.kind == "flag":
        return node.flag()
    if clause.kind == "text":
        return _both(node)
    if clause.kind == "rate":
        return f"{node.rate():f}"
    if clause.kind == "codes":
        return [inner.one_of(tuple(clause.choices)) for inner in node.items()]
    if clause.kind == "choice":
        return node.text()[:40] if clause.open else node.one_of(tuple(clause.choices))
    return node.whole()


def _both(node: Node) -> dict[str, str]:
    """A text in one or both languages."""
    node.keys(*LANGUAGES)
    found = {lang: node.at(lang).text().strip() for lang in LANGUAGES if node.value.get(lang)}
    for lang, text in found.items():
        if len(text) > LONGEST:
            node.at(lang).refuse(N_("This is too long."))
    return {lang: text for lang, text in found.items() if text}


def _acceptance(node: Node) -> dict[str, Any]:
    node.keys(*ACCEPTANCE)
    name = node.at("id")
    if not name.text().strip():
        name.refuse(N_("Fill this in."))
    found: dict[str, Any] = {"id": name.value.strip(), "metric": node.maybe("metric", _both, {})}
    found |= {key: node.at(key).text().strip()[:300] for key in ("target", "method", "tester") if node.value.get(key)}
    if node.value.get("deadline"):
        found["deadline"] = node.at("deadline").day().isoformat()
    return found


def in_language(text: Any, lang: str) -> str:
    """The text in the language, else in the other; lines that people typed stay apart from the lines of the contract."""
    if not isinstance(text, Mapping):
        return ""
    chosen = next((text[code] for code in (lang, *LANGUAGES) if text.get(code)), "")
    lines = [" ".join(line.split()) for line in chosen.splitlines()]
    return "\n  ".join(line for line in lines if line)


def shown(clause: Clause, value: Any, lang: str) -> str:
    """A value as a language writes it; empty for none."""
    tongue = Tongue(lang, "CNY")
    if value in (None, "", {}, []):
        return ""
    if clause.kind == "flag":
        return DATA["terms"][lang]["yes" if value else "no"]
    if clause.kind == "text":
        return in_language(value, lang)
    if clause.kind == "rate":
        return tongue.rate(Decimal(value))
    if clause.kind in ("choice", "codes"):
        codes = value if isinstance(value, list) else [value]
        return tongue.listed([clause.choices[code]["name"][lang] if code in clause.choices else str(code) for code in codes])
    return tongue.count(UNITS[clause.kind], value) if clause.kind in UNITS else str(value)


def sentences(values: Values, article: str, lang: str) -> Iterator[str]:
    """What the clauses of an article say in the contract."""
    for clause in CLAUSES:
        if clause.article == article and (clause.needs is None or value_at(values, clause.needs)):
            yield from (text for text in _said(clause, value_at(values, clause.path), lang) if text)


def _said(clause: Clause, value: Any, lang: str) -> Iterator[str]:
    if clause.kind in ("choice", "codes") and not clause.open:
        codes = value if isinstance(value, list) else [value] if value else []
        yield from (clause.choices[code]["says"][lang] for code in codes)
    elif value in (None, "", {}) or value is False:
        template = clause.says_not if value is False else clause.unsaid
        yield template[lang] if template else ""
    elif clause.says:
        many = clause.says_many if clause.says_many and value != 1 else clause.says
        yield many[lang].replace("{value}", shown(clause, value, lang))


def acceptances(values: Values, lang: str) -> Iterator[str]:
    """What is to be accepted, a sentence each."""
    says, tongue = DATA["says"][lang], Tongue(lang, "CNY")
    for one in values.get("acceptance", ()):
        parts = [says["acceptance"].format(id=_line(one["id"]), metric=in_language(one.get("metric"), lang) or _line(one["id"]))]
        parts += [says[f"acceptance_{key}"].replace("{" + key + "}", _line(one[key])) for key in ("target", "method", "tester") if one.get(key)]
        if one.get("deadline"):
            parts.append(says["acceptance_deadline"].format(day=tongue.day(date.fromisoformat(one["deadline"]))))
        yield tongue.sentence(parts).strip()


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text)
