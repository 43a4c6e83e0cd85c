"""Receipts: what was handed in, as hashes, when its first and last byte came, signed by the site. Pure.

A receipt is JSON: {"receipt": {…}, "signature": base64, "key": base64}. The signature (Ed25519) is over `receipt` with sorted keys and without spaces. Whoever
has the file and the site's public key can check it without the site.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

FORMAT = "techbridge-receipt-1"


class Forged(ValueError):
    """The receipt is none, or was changed, or another site signed it."""


def canonical(value: Any) -> bytes:
    """The one way in which a value is written before it is hashed or signed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def signed(receipt: dict[str, Any], key: SigningKey) -> dict[str, Any]:
    """The receipt with its signature."""
    content = {"format": FORMAT, **receipt}
    return {"receipt": content, "signature": _text(key.sign(canonical(content)).signature), "key": _text(bytes(key.verify_key))}


def verified(text: str, key: str | None = None) -> dict[str, Any]:
    """What the receipt says. Raises `Forged`. Without `key` (base64) the one it carries is used: then compare it with the site's."""
    try:
        found = json.loads(text)
        content, own = found["receipt"], found["key"]
        if content["format"] != FORMAT:
            raise Forged("another format")
        VerifyKey(base64.b64decode(key or own)).verify(canonical(content), base64.b64decode(found["signature"]))
    except (KeyError, TypeError, ValueError, binascii.Error, BadSignatureError) as error:
        raise Forged("not a receipt of this site, or it was changed") from error
    return content


def key_of(text: str) -> str:
    """The public key that a verified receipt carries."""
    return str(json.loads(text)["key"])


def matched(content: dict[str, Any], files: Iterable[Path]) -> dict[str, str | None]:
    """File name → what the receipt calls it, by its hash; None for one that the receipt does not know."""
    names = {content["text"]["sha256"]: "text", **{one["sha256"]: one["name"] for one in content["files"]}}
    found = {}
    for path in files:
        with path.open("rb") as file:
            found[str(path)] = names.get(hashlib.file_digest(file, "sha256").hexdigest())
    return found


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
