"""Passwords: which are good enough, how they are kept (argon2id), and a comparison that takes as long for nobody.

Length is the rule that helps (NIST SP 800-63B: no rules of composition, no forced change); beyond it only what an attacker tries first is refused: the
address itself, the 30,000 passwords most found in breaches (the list of the package zxcvbn), these with a few signs around them or with digits for letters,
what zxcvbn takes to be guessed soon, and the habits of Chinese keyboards in `COMMON`. Full-width and half-width forms of one character count as the same,
because input methods mix them.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterable

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from marketplace.errors import N_, Refused

SHORTEST = 10
LONGEST = 200
TELLING = 4  # a part of the address this long gives a password away
FEWEST_DIFFERENT = 4
FEWEST_GUESSES = 6.5  # as a power of ten: so many an attacker may try online against one account in a year, by our limits, many times over
LOOKED_AT = 72  # signs that the estimate reads; it takes longer than in proportion
AROUND = 6  # signs before and after a password of the list that make no other one of it
PLAIN = str.maketrans("@4301!57$", "aaeoiists")
BREACHED = frozenset(FREQUENCY_LISTS["passwords"])
OURS = ("techbridge", "kejiqiao", "keqiao")
COMMON = frozenset(
    (
        "1234567890", "0123456789", "0987654321", "9876543210", "12345678910", "123456789a", "a123456789",
        "1234567890a", "1q2w3e4r5t", "1qaz2wsx3edc", "q1w2e3r4t5", "qwertyuiop", "qwerty1234", "qwerty12345",
        "qwerty123456", "asdfghjkl1", "zxcvbnm123", "abcd123456", "abcdefghij", "abcde12345", "aa12345678",
        "abc1234567", "abc123456789", "password12", "password123", "password1234", "passw0rd12", "passw0rd123",
        "mypassword", "iloveyou12", "iloveyou123", "administrator", "admin12345", "admin123456", "welcome123",
        "welcome1234", "letmein123", "letmein1234", "changeme123", "woaini1314", "woaini1314520", "5201314520",
        "woaini520520", "woaini123456", "1314520520", "1357924680", "147258369a", "1472583690", "7894561230",
        "qazwsxedcr", "asd123456789", "qwe123456789", "zxc123456789", "techbridge", "techbridge1", "techbridge123",
        "mima123456", "root123456", "test123456", "user123456", "guest12345", "dragon1234", "football123",
        "baseball123", "sunshine123", "princess123",
    )
)

STRENGTH = profiles.RFC_9106_LOW_MEMORY  # 64 MiB, three passes, four lanes: the second choice of RFC 9106, section 4, for where 2 GiB are too much
_hasher = PasswordHasher.from_parameters(STRENGTH)


def _same(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def hashed(password: str) -> str:
    """The argon2id hash to keep, with its salt and parameters in it."""
    return _hasher.hash(_same(password))


_NOBODY = hashed(secrets.token_urlsafe())


def matches(password: str, kept: str | None) -> bool:
    """Whether the password is the one kept; with None the same work is done and the answer is no."""
    try:
        return _hasher.verify(kept or _NOBODY, _same(password)) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(kept)


def check(password: str, address: str) -> None:
    """Refuse a password that is too short, contains the address, or is one of the first to be guessed."""
    plain = _same(password).lower()
    parts = {part for part in (address.lower(), address.lower().partition("@")[0]) if len(part) >= TELLING}
    if len(plain) < SHORTEST:
        raise Refused(
            N_("Use at least %(count)s characters. Several words together are easy to keep in mind."), field="password", count=SHORTEST
        )
    if len(plain) > LONGEST:
        raise Refused(N_("Use at most %(count)s characters."), field="password", count=LONGEST)
    if any(part in plain for part in parts):
        raise Refused(N_("Do not use your mail address in the password."), field="password")
    if len(set(plain)) < FEWEST_DIFFERENT or is_known(plain) or guesses(plain, parts) < FEWEST_GUESSES:
        raise Refused(N_("This password is among the first that anybody would try. Choose another."), field="password")


def is_known(plain: str) -> bool:
    """Whether a password in small letters stands in the lists, as it is or with a few signs around it or digits for letters."""
    if plain in COMMON or plain in BREACHED:
        return True
    cores = {re.sub(r"^[\W\d_]+|[\W\d_]+$", "", form) for form in (plain, re.sub(r"[\W\d_]+$", "", plain).translate(PLAIN))}
    return any(len(core) >= len(plain) - AROUND and core in BREACHED for core in cores if len(core) >= TELLING)


def guesses(plain: str, about: Iterable[str] = ()) -> float:
    """How many guesses zxcvbn takes it to stand, as a power of ten, from an attacker who knows the site and these words about its owner."""
    return zxcvbn(plain[:LOOKED_AT], user_inputs=[*OURS, *about])["guesses_log10"]
