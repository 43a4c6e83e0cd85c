"""The contract as readable text in both languages, made from facts, terms and clauses alone: the same input, the same text.

The canonical form is one UTF-8 file: the Chinese text, a line of dashes, the English text. Its SHA-256 is what is signed, so
that anybody can check a copy with an ordinary tool. Pages and PDF show this text and no other. Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

from marketplace.licensing.clauses import DATA, LANGUAGES, Values, acceptances, in_language, sentences
from marketplace.terms.payment import Terms
from marketplace.terms.schedule import Obligation, schedule
from marketplace.terms.words import PRECISION, Tongue, sentence

RULE = "-" * 40
HEADING = re.compile(r"[0-9]+\. ")

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be signed, in both languages; lines end with a line feed alone."""

    zh: str
    en: str

    @property
    def canonical(self) -> str:
        """The one file that is hashed."""
        return f"{self.zh}\n\n{RULE}\n\n{self.en}\n"

    @property
    def sha256(self) -> str:
        """The hash of the canonical form's UTF-8 bytes, in hex."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()


def contract(facts: Facts, number: int, terms: Terms, clauses: Values) -> Text:
    """The whole agreement. Raises `TermsError` where its schedule leads past the calendar."""
    return Text(*("\n\n".join(_contract(facts, number, terms, clauses, lang)) for lang in LANGUAGES))


def certificate(facts: Facts, since: date) -> Text:
    """The certificate of non-use: what the licensee certifies once the trial or the licence is over."""
    return Text(*("\n\n".join(_certificate(facts, since, lang)) for lang in LANGUAGES))


def _contract(facts: Facts, number: int, terms: Terms, clauses: Values, lang: str) -> Iterator[str]:
    says = DATA["says"][lang]
    yield "\n".join((says["title"], in_language(facts["technology"]["title"], lang), says["number"].format(public_id=facts["public_id"], number=number)))
    place = 0
    for article in DATA["article"]:
        if "only_with" in article and not getattr(terms, article["only_with"]):
            continue
        lines = [*_fixed(article["code"], facts, terms, clauses, lang), *sentences(clauses, article["code"], lang)]
        lines += _closing(article["code"], terms, lang)
        if lines:
            place += 1
            yield "\n".join((f"{place}. {article['title'][lang]}", *lines))


def _fixed(code: str, facts: Facts, terms: Terms, clauses: Values, lang: str) -> Iterator[str]:
    """What an article begins with, whatever its clauses say."""
    says = DATA["says"][lang]
    if code == "parties":
        yield from (_party(facts[side], side, lang) for side in ("licensor", "licensee"))
    elif code == "technology":
        yield from _technology(facts["technology"], lang)
    elif code == "scope":
        yield says["grant"]
    elif code == "payment":
        yield sentence(terms, lang)
    elif code == "acceptance":
        yield from acceptances(clauses, lang)
    elif code == "form":
        yield from (says["days"].format(zone=facts["zone"]), says["form"])
    elif code == "law":
        yield says["law"]


def _closing(code: str, terms: Terms, lang: str) -> Iterator[str]:
    """What an article ends with: the fees one by one after the terms of payment."""
    if code == "payment":
        yield from _fees(terms, lang)


def _party(party: Mapping[str, Any], side: str, lang: str) -> str:
    says = DATA["says"][lang]
    named = says[side].format(name=in_language(party["name"], lang))
    codes = [says[key].format(code=party[name]) for key, name in (("code", "credit_code"), ("ror", "ror")) if party.get(name)]
    return named + "".join(f"（{code}）" if lang == "zh" else f" ({code})" for code in codes[:1])


def _technology(technology: Mapping[str, Any], lang: str) -> Iterator[str]:
    says = DATA["says"][lang]
    yield says["technology"].format(title=in_language(technology["title"], lang))
    if technology.get("kind") in DATA["kinds"][lang]:
        yield says["kind"].format(kind=DATA["kinds"][lang][technology["kind"]])
    for key in ("application_number", "publication_number"):
        if technology.get(key):
            yield says[key].format(value=technology[key])
    if technology.get("owners"):
        yield says["owners"].format(value="; ".join(" ".join(str(owner).split()) for owner in technology["owners"]))


def _fees(terms: Terms, lang: str) -> Iterator[str]:
    """The fixed fees as the schedule has them on the day of effect, before anything has happened."""
    assert terms.effective is not None
    owed = [one for one in schedule(terms, (), terms.effective).obligations if one.amount]
    if owed:
        yield DATA["says"][lang]["fees"]
        with localcontext(prec=PRECISION):
            yield from (f"  {_fee(one, Tongue(lang, terms.currency))}" for one in owed)


def _fee(owed: Obligation, tongue: Tongue) -> str:
    says = DATA["says"][tongue.lang]
    name = DATA["fees"][tongue.lang][owed.kind]
    own = owed.id.partition(":")[2]
    if own and own != "1":
        name += f"“{own}”" if tongue.lang == "zh" else f" “{own}”"
    when = says["fee_later"]
    if owed.due:
        when = says["fee_due"].format(day=tongue.day(owed.due))
    elif owed.expected:
        when = says["fee_expected"].format(day=tongue.day(owed.expected))
    text = says["fee"].format(what=name, amount=tongue.money(owed.amount or Decimal(0)), when=when)
    return " ".join((text[:1].upper() + text[1:]).split())


def _certificate(facts: Facts, since: date, lang: str) -> Iterator[str]:
    says = DATA["says"][lang]
    names = {side: in_language(facts[side]["name"], lang) for side in ("licensor", "licensee")}
    yield says["certificate_title"]
    yield says["certificate_of"].format(public_id=facts["public_id"], technology=in_language(facts["technology"]["title"], lang))
    yield says["certificate"].format(**names, day=Tongue(lang, "CNY").day(since))


def parts(text: str) -> list[tuple[str, list[str]]]:
    """A text for showing: its blocks as (heading, lines); the first block and what has no heading have an empty one."""
    found = []
    for block in text.split("\n\n"):
        first, *lines = block.split("\n")
        found.append((first, lines) if HEADING.match(first) else ("", [first, *lines]))
    return found
