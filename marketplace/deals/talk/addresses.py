"""Reply addresses: `reply+TOKEN@host` names a party and an audience, and is signed, so that an answer finds its thread and nobody can make one up.

A token is 30 characters of a-z and 2-9, the same in either case, because mail servers may change the case: the party's public id (13; of older parties
12), one letter for the audience, and 80 bits of an HMAC. It holds no personal data. Pure, but for the secret and the address that `configure` sets.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parseaddr
from urllib.parse import urlsplit

LETTERS = {"a": "all", "f": "firm_broker", "h": "holder_broker", "g": "firm", "k": "holder", "b": "broker"}
_LETTER = {audience: letter for letter, audience in LETTERS.items()}
SIGNATURE = 16


@dataclass(frozen=True)
class Site:
    """The key that signs, the address that answers go to (none: no reply by mail), the one that mails come from, and that of the site."""

    key: bytes
    replies: str | None
    sender: str
    site: str


@dataclass(frozen=True)
class Token:
    """What a valid token says: the party's public id, and the audience of the thread."""

    party: str
    audience: str


_site: list[Site] = []


def configure(secret: str, replies: str | None, sender: str, site: str) -> None:
    """Set the secret and the addresses; `create_app` does this by way of the pages."""
    key = hmac.new(secret.encode(), b"deals.talk.reply", hashlib.sha256).digest()
    _site[:] = [Site(key, replies.lower() if replies else None, parseaddr(sender)[1], site)]


def are_configured() -> bool:
    """Whether the site takes answers by mail."""
    return _site[0].replies is not None


def _signature(body: str) -> str:
    digest = hmac.new(_site[0].key, body.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:SIGNATURE]


def reply_address(party: str, audience: str) -> str | None:
    """Where this party answers in this thread; None where the site takes no answers by mail."""
    replies = _site[0].replies
    if replies is None:
        return None
    local, _, host = replies.rpartition("@")
    body = party + _LETTER[audience]
    return f"{local}+{body}{_signature(body)}@{host}"


def organiser_address(party: str, audience: str) -> str:
    """Where a calendar programme sends this party's answer to an invitation; without answers by mail, whom the mail came from."""
    return reply_address(party, audience) or _site[0].sender


def stand_in(party: str) -> str:
    """An address that names a party to others in a calendar without giving his own away; no mail arrives there."""
    replies = _site[0].replies
    return f"participant+{party}@{replies.rpartition('@')[2] if replies else urlsplit(_site[0].site).hostname}"


def page_address(language: str, path: str) -> str:
    """The whole address of a page of this site, for what leaves it."""
    return f"{_site[0].site}/{language}{path}"


def token_in(addresses: Iterable[str]) -> str | None:
    """The token of the first reply address among these, whether it is valid or not; None when none is one of ours."""
    replies = _site[0].replies
    if replies is None:
        return None
    local, _, host = replies.rpartition("@")
    ours = re.compile(rf"{re.escape(local)}\+([a-z0-9]+)@{re.escape(host)}", re.ASCII)
    return next((found[1] for address in addresses if (found := ours.fullmatch(address.strip().lower()))), None)


def read(token: str) -> Token | None:
    """What a token says; None when it was not made by us."""
    body, signature = token[:-SIGNATURE], token[-SIGNATURE:]
    if not body or not token.isascii() or not hmac.compare_digest(signature, _signature(body)) or body[-1] not in LETTERS:
        return None
    return Token(body[:-1], LETTERS[body[-1]])
