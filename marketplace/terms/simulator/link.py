"""What was typed into the simulator as one short word of an address, so that a calculation can be sent to somebody.

The word is the typed values as JSON, compressed, in the letters of addresses. It carries nothing but what a form would
send, and is checked like one; a word that is damaged, or that would unpack to more than a form holds, is refused.
"""

from __future__ import annotations

import binascii
import json
import re
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence

from marketplace.errors import N_, Refused

LONGEST = 2_000
"""Characters of a link's word: longer addresses are cut by mail programs and proxies."""

LARGEST, MOST_VALUES, LONGEST_VALUE = 100_000, 3_000, 100

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,60}")

DAMAGED = N_("This link to a calculation is damaged. Ask for it again, or start anew in the simulator.")


def packed(values: Mapping[str, Sequence[str]]) -> str | None:
    """The word for typed values; None where it would be too long."""
    plain = json.dumps(values, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    word = urlsafe_b64encode(zlib.compress(plain, 9)).rstrip(b"=").decode()
    return word if len(word) <= LONGEST else None


def unpacked(word: str) -> dict[str, list[str]]:
    """The typed values of a word. Raises `Refused`."""
    try:
        if len(word) > LONGEST:
            raise ValueError
        opener = zlib.decompressobj()
        plain = opener.decompress(urlsafe_b64decode(word.encode("ascii") + b"=" * (-len(word) % 4)), LARGEST)
        if opener.unconsumed_tail or not opener.eof:
            raise ValueError
        return _checked(json.loads(plain.decode()))
    except (ValueError, zlib.error, binascii.Error, RecursionError) as error:
        raise Refused(DAMAGED) from error


def _checked(values: object) -> dict[str, list[str]]:
    if not isinstance(values, dict) or not all(_NAME.fullmatch(name) and isinstance(cells, list) for name, cells in values.items()):
        raise ValueError
    cells = [cell for some in values.values() for cell in some]
    if len(cells) > MOST_VALUES or not all(isinstance(cell, str) and len(cell) <= LONGEST_VALUE for cell in cells):
        raise ValueError
    return values
