"""One-time codes for signing: derived by HOTP (RFC 4226) from the site's secret, what is signed with it, the signature's public id and its counter.

So a code is nowhere stored: whoever reads the database or a copy of it cannot sign. Pure, but for the secret that `configure` sets.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata

from pyotp import HOTP

DIGITS = 6

_secret: list[str] = []


def configure(secret: str) -> None:
    """Set the secret from which codes are derived; `create_app` does this, by way of the pages of people."""
    _secret[:] = [secret]


def code_of(public_id: str, counter: int, purpose: str = "signature") -> str:
    """The code of a signature for one asking; what is signed under another `purpose` has other codes."""
    key = hmac.new(_secret[0].encode(), f"{purpose}:{public_id}".encode(), hashlib.sha256).digest()
    return HOTP(base64.b32encode(key).decode(), digits=DIGITS).at(counter)


def is_right(typed: str, public_id: str, counter: int, purpose: str = "signature") -> bool:
    """Whether this is the code, typed with or without spaces and in whatever width."""
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", typed))
    return hmac.compare_digest(plain.encode(), code_of(public_id, counter, purpose).encode())
