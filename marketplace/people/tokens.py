"""Tokens of the links we mail: signed, dated, and bound to something that changes once they are used.

A token names a thing by its public id and holds a digest of what it is bound to: a reset to the password hash it is to
replace, a confirmation to the address it was mailed to, an invitation to its address. It holds no personal data, because
addresses of pages end up in logs. Pure, but for the secret that `configure` sets.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadData, URLSafeTimedSerializer

from marketplace.errors import N_, Refused

LIFE = {
    "reset": timedelta(hours=1), "address": timedelta(days=3), "invitation": timedelta(days=14), "party": timedelta(days=365),
    "unsubscribe": timedelta(days=36_500), "calendar": timedelta(days=36_500),
    "recovery": timedelta(days=30), "half": timedelta(minutes=10), "device": timedelta(days=365),
}
"""A party's row says when its invitation ends; its link stays readable, so that whoever comes late is told so."""

_secret: list[str] = []


@dataclass(frozen=True)
class Claim:
    """What a valid token says: which thing, and the digest of what it is bound to."""

    public_id: str
    digest: str

    def is_bound_to(self, value: str) -> bool:
        """Whether the token was made for this value."""
        return hmac.compare_digest(self.digest, _digest(value))


def configure(secret: str) -> None:
    """Set the secret that signs tokens; `create_app` does this, by way of the pages of people."""
    _secret[:] = [secret]


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:32]


def _signer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_secret[0], salt=f"people.{purpose}", signer_kwargs={"digest_method": hashlib.sha256})


def make(purpose: str, public_id: str, bound_to: str) -> str:
    """A token for one of the purposes of LIFE, dated now."""
    return _signer(purpose).dumps([public_id, _digest(bound_to)])


def read(purpose: str, token: str, at: datetime) -> Claim:
    """What the token says. Refused when it was not made by us for this purpose, or is older than its life at that moment."""
    try:
        values, made = _signer(purpose).loads(token, return_timestamp=True)
    except BadData as error:
        raise gone() from error
    if at - made > LIFE[purpose]:
        raise gone()
    return Claim(*values)


def gone() -> Refused:
    """The one answer to a link that is wrong, too old or used up."""
    return Refused(N_("This link is no longer valid: it is too old, has been used, or was cut off. Ask for a new one."))
