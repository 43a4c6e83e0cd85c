"""Whether buyer and institute may be related: hints for whoever answers the question, from names, seats and addresses. Pure.

A hint proves nothing. It is shown beside the answer, so that an institute that says "no" has seen what speaks for "yes".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

OPEN_DOMAINS = frozenset({
    "qq.com", "163.com", "126.com", "yeah.net", "foxmail.com", "sina.com", "sina.cn", "sohu.com", "aliyun.com", "139.com", "189.cn",
    "example.com", "example.org", "example.net",  # set aside for examples (RFC 2606)
    "gmail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "proton.me", "protonmail.com",
})
"""Domains at which anybody may have an address: they say nothing of where somebody works."""


@dataclass(frozen=True, slots=True)
class Someone:
    """A person of an organisation as far as hints look: a key that is the same for the same person, name, mail address."""

    key: int
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class House:
    """An organisation as far as hints look: its people, its website, its codes."""

    people: tuple[Someone, ...]
    website: str = ""
    codes: tuple[str, ...] = ()


def plain(name: str) -> str:
    """A name without width, case and spaces, so that 张 三 is 张三."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def hints(institute: House, buyer: House, inventors: Iterable[str]) -> list[tuple[str, str]]:
    """What speaks for a relation as (code, whom or what): same_person, inventor, same_code, same_domain; each once, in order."""
    staff = {one.key for one in institute.people}
    invented = {plain(name): name for name in inventors if plain(name)}
    found = [("same_person", one.name) for one in buyer.people if one.key in staff]
    found += [("inventor", one.name) for one in buyer.people if plain(one.name) in invented]
    found += [("same_code", code) for code in buyer.codes if code and code in institute.codes]
    found += [("same_domain", domain) for domain in sorted(_domains(institute) & _domains(buyer))]
    return list(dict.fromkeys(found))


def _domains(house: House) -> set[str]:
    """The domains of its website and of its people's addresses, without those open to all."""
    typed = house.website.strip()
    host = (urlsplit(typed if "//" in typed else f"//{typed}").hostname or "").removeprefix("www.") if typed else ""
    return ({one.address.rpartition("@")[2].lower() for one in house.people} | {host}) - OPEN_DOMAINS - {""}
