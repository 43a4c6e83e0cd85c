"""Identity codes of organisations: the unified social credit code and the ROR identifier, read as people type them.

A code is checked when it is entered, so that what stands in the register has a right check digit; whether it belongs to
the organisation is the operator's verification. Pure; both refuse with the reason, for the field of that name.
"""

from __future__ import annotations

import re
import unicodedata

from stdnum.cn import uscc

from marketplace.errors import N_, Refused

CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
ROR = re.compile(r"0[0-9a-hjkmnp-tv-z]{6}[0-9]{2}")
CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def _typed(text: str) -> str:
    """Full-width characters made plain, spaces and dashes of any kind taken out."""
    return re.sub(r"[\s\-–—_.]", "", unicodedata.normalize("NFKC", text))


def credit_code(text: str) -> str:
    """The code in its 18 characters. Refused when it has another length, a letter that cannot occur, or a wrong check digit.

    The formula is python-stdnum's; its own check is not asked, because it refuses letters in the first eight places,
    which valid codes may have.
    """
    code = _typed(text).upper()
    if not CREDIT_CODE.fullmatch(code):
        raise Refused(
            N_("A unified social credit code has 18 digits and capital letters, without I, O, S, V and Z."), field="credit_code"
        )
    if uscc.calc_check_digit(code[:17]) != code[17]:
        raise Refused(N_("The last character does not fit the others: compare the code with the certificate."), field="credit_code")
    return code


def region_of(code: str | None) -> str | None:
    """The province-level region in which a credit code was given out; None where its third to eighth place are no digits."""
    return code[2:4] + "0000" if code and code[2:8].isdigit() else None


def ror(text: str) -> str:
    """The identifier in its 9 characters, also when typed as an address. Refused when malformed or with a wrong check digit.

    The two last digits are ISO 7064 mod 97-10 over the number that the middle six write in Crockford's base 32.
    """
    code = unicodedata.normalize("NFKC", text).strip().lower().rstrip("/").rsplit("/", 1)[-1]
    if not ROR.fullmatch(code):
        raise Refused(N_("A ROR identifier looks like 03yrm5c26: a zero, six letters or digits, two digits."), field="ror")
    number = 0
    for character in code[:7]:
        number = number * 32 + CROCKFORD.index(character)
    if 98 - number * 100 % 97 != int(code[7:]):
        raise Refused(N_("The last two digits do not fit the others: copy the identifier again from ror.org."), field="ror")
    return code
