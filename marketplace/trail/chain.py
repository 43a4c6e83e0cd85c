"""How a row of the log becomes a link: one way of writing it, one hash over it and the link before. Pure.

`hash = SHA-256(canonical([position, hash before, name of the table, row]))`. Texts within the facts of a row stand in it as HMAC-SHA-256 under the link's
own salt, written `veiled:…`: an erased text is replaced in the table by just that, the salt is deleted, and the hash stays what it was.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

MARK = "veiled:"
BEGINNING = "0" * 64
"""What the first link has before it."""


def canonical(value: Any) -> bytes:
    """The one way in which a value is written before it is hashed, the same whichever database kept it."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    """The value as JSON: moments in UTC, and 2.0 as 2, for PostgreSQL keeps 1e3 as 1000."""
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def digest(salt: bytes, value: Any) -> str:
    """What stands for a value that must not be read here: whoever has value and salt can show that it was this one."""
    return MARK + hmac.digest(salt, canonical(value), "sha256").hex()[:32]


def veiled(value: Any, salt: bytes | None) -> Any:
    """The value with each text in it as its digest. Texts that are digests stay; without a salt all are taken for such."""
    if isinstance(value, Mapping):
        return {name: veiled(part, salt) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [veiled(part, salt) for part in value]
    if isinstance(value, str) and salt and not value.startswith(MARK):
        return digest(salt, value)
    return value


def next_hash(position: int, before: str, table: str, row: Mapping[str, Any]) -> str:
    """The hash of the link at a position, 64 hexadecimal digits."""
    return hashlib.sha256(canonical([position, before, table, row])).hexdigest()
