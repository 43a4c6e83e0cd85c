"""A secret key divided among people, so that any `needed` of them have it together and fewer have nothing.

Shamir's scheme of PyCryptodome over 128-bit halves of the key; a share is its number and both halves, 33 bytes. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from Crypto.Protocol.SecretSharing import Shamir

HALF = 16
SIZE = 1 + 2 * HALF
MOST = 20


class NotAShare(ValueError):
    """What was given is no share, or the shares do not belong together."""


def divide(secret: bytes, needed: int, people: int) -> list[bytes]:
    """A share for each of the people. Raises `ValueError` where the numbers make no sense."""
    if len(secret) != 2 * HALF or not 1 <= needed <= people <= MOST:
        raise ValueError("a key of 32 bytes, and as many people as are needed, 20 at most")
    first, second = (Shamir.split(needed, people, part) for part in (secret[:HALF], secret[HALF:]))
    return [bytes([number]) + one + other for (number, one), (_same, other) in zip(first, second, strict=True)]


def join(shares: Sequence[bytes]) -> bytes:
    """The key of these shares. Of too few, or of another key's, comes another key: compare its public half."""
    if not shares or any(len(share) != SIZE for share in shares) or len({share[0] for share in shares}) != len(shares):
        raise NotAShare("each share once, whole")
    halves = (slice(1, 1 + HALF), slice(1 + HALF, SIZE))
    return b"".join(Shamir.combine([(share[0], share[half]) for share in shares]) for half in halves)
