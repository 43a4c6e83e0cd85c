"""Keys as text and as files, and what the site's own sealing key does: wrap secrets for the table, sign receipts.

The text of a key is a word that says what it is, and 32 bytes in base64. Files are made readable by their owner alone and never overwritten; the site's
own may get a second line, while one key is exchanged for another. From the site's key two others are derived (BLAKE2b): one wraps (`SecretBox`), one
signs (Ed25519). Pure but for the files it is told to read and make.
"""

from __future__ import annotations

import base64
import binascii
import errno
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from nacl.signing import SigningKey

from marketplace.calls.sealing.sealing import Broken

SITE, SECRET, PUBLIC, SHARE, SEALED = "techbridge-site-key", "techbridge-secret-key", "techbridge-public-key", "techbridge-share", "techbridge-sealed"
BYTES = 32


class NotAKey(ValueError):
    """What was given is no key of the kind asked for."""


def written(kind: str, raw: bytes) -> str:
    """Bytes as people copy them: what they are, and base64."""
    return f"{kind}:{base64.urlsafe_b64encode(raw).decode()}"


def taken(kind: str, text: str, size: int | None = BYTES) -> bytes:
    """The bytes of such a text. Raises `NotAKey` for another kind or another length."""
    word, _, rest = "".join(text.split()).partition(":")
    try:
        raw = base64.b64decode(rest.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise NotAKey(kind) from error
    if word != kind or size is not None and len(raw) != size:
        raise NotAKey(kind)
    return raw


def make_file(path: Path, text: str) -> None:
    """A new file, readable by its owner alone. Raises `FileExistsError`: a key is never overwritten."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


@dataclass(frozen=True)
class SiteKey:
    """The site's sealing key, as it stands in its file."""

    raw: bytes

    def __repr__(self) -> str:
        return "SiteKey(…)"

    def _derived(self, purpose: bytes) -> bytes:
        return hashlib.blake2b(key=self.raw, person=purpose, digest_size=BYTES).digest()

    def wrap(self, secret: bytes) -> str:
        """A secret as it may stand in the table."""
        return base64.b64encode(SecretBox(self._derived(b"wrap")).encrypt(secret)).decode()

    def unwrap(self, kept: str) -> bytes:
        """What `wrap` wrapped. Raises `Broken` for another key's."""
        try:
            return SecretBox(self._derived(b"wrap")).decrypt(base64.b64decode(kept))
        except (CryptoError, ValueError) as error:
            raise Broken("the site's sealing key does not open it") from error

    @property
    def signing(self) -> SigningKey:
        """What signs receipts."""
        return SigningKey(self._derived(b"receipt"))

    @property
    def public(self) -> str:
        """The public half of what signs receipts, in base64: it tells one sealing key from another, and nothing of it."""
        return base64.b64encode(bytes(self.signing.verify_key)).decode()


def site_key(path: Path, make: bool = False) -> SiteKey:
    """The first key in the file; with `make` a new one where there is no file. Raises `NotAKey` or `OSError`."""
    return site_keys(path, make)[0]


def site_keys(path: Path, make: bool = False) -> list[SiteKey]:
    """The keys in the file, a line each: one, and two while they are exchanged. A line that is none is passed over: the writing of a second one may have
    broken off. Raises `NotAKey` where there is none, or `OSError`."""
    if make and not path.exists():
        try:
            make_file(path, written(SITE, secrets.token_bytes(BYTES)))
        except FileExistsError:
            pass  # another process was quicker
    found = []
    for line in path.read_text(encoding="ascii", errors="replace").splitlines():
        try:
            found.append(SiteKey(taken(SITE, line)))
        except NotAKey:
            continue
    if not found:
        raise NotAKey(SITE)
    return found


def add_site_key(path: Path, key: SiteKey) -> bool:
    """Add the key as another line of the file, which keeps its owner and mode; False where it stands there. Raises `OSError`: then the file is as it was."""
    if key in site_keys(path):
        return False
    with path.open("r+b", buffering=0) as file:
        before = file.seek(0, os.SEEK_END)
        file.seek(max(0, before - 1))
        line = ("" if file.read(1) == b"\n" else "\n") + written(SITE, key.raw) + "\n"
        try:
            if file.write(line.encode()) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except OSError:
            file.truncate(before)
            raise
    return True
