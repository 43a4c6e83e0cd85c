"""The text of a non-disclosure agreement from our template, in both languages: the same facts, the same text, the same hash.

Who has no access to a blind listing must not learn whose it is, and an NDA comes before the access. So the owner may stay unnamed in
it: the text binds itself to the name by a hash (`concealed`), and name and random value are told with the grant.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from marketplace.db import LANGUAGES

DATA: dict[str, Any] = tomllib.loads(files("marketplace.people.grants").joinpath("nda.toml").read_text(encoding="utf-8"))
RULE = "-" * 40


def written(facts: Mapping[str, Any]) -> tuple[str, str]:
    """The text in Chinese and in English. Facts: number, listing, purpose, years, asking {zh, en}, and owner {zh, en} or digest."""
    zh, en = ("\n\n".join(_parts(facts, language)) for language in LANGUAGES)
    return zh, en


def _parts(facts: Mapping[str, Any], language: str) -> list[str]:
    says = DATA["says"][language]
    owner = facts["owner"][language] if facts.get("owner") else says["concealed"].format(digest=facts["digest"])
    head = [says["title"], says["number"].format(number=facts["number"]), says["note"]]
    parties = [says["disclosing"].format(owner=owner), says["receiving"].format(asking=facts["asking"][language])]
    places = {name: facts[name] for name in ("listing", "purpose", "years")}
    articles = [f"{place}. {article['title'][language]}\n{article[language].format(**places)}" for place, article in enumerate(DATA["article"], 1)]
    return ["\n".join((*head, *parties)), *articles]


def canonical(zh: str, en: str) -> str:
    """The one file that is hashed: Chinese, a line of dashes, English; lines end with a line feed alone."""
    return f"{zh}\n\n{RULE}\n\n{en}\n"


def hash_of(zh: str, en: str) -> str:
    """The SHA-256 of the canonical form's UTF-8 bytes, in hex: what is signed."""
    return hashlib.sha256(canonical(zh, en).encode()).hexdigest()


def concealed(name: str, code: str, nonce: str) -> str:
    """The value that stands for an unnamed party: whoever is told name, code and nonce can compute it again."""
    return hashlib.sha256(f"{name}|{code}|{nonce}".encode()).hexdigest()
