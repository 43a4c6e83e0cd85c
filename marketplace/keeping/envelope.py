"""An archive as a stream of bytes: packed with gzip, and sealed under a passphrase where one is given. Pure but for the stream it is handed.

Sealed: a first line that says so, a salt, then frames of at most 1 MiB, each with its length before it, sealed by XChaCha20-Poly1305 as libsodium's
secretstream does it: a frame that is changed, left out, moved or missing at the end is noticed. The key comes from the passphrase by Argon2id, with
256 MiB and three passes.
"""

from __future__ import annotations

import gzip
import io
import secrets
import struct
from typing import BinaryIO

from nacl import bindings as sodium
from nacl import pwhash

PLAIN, SEALED = b"techbridge-backup-1 plain\n", b"techbridge-backup-1 sealed\n"
FRAME = 1 << 20
SALT = pwhash.argon2id.SALTBYTES
LEVEL = 3
SHORTEST = 20
OPS, MEMORY = pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.MEMLIMIT_MODERATE


class Spoilt(ValueError):
    """The archive cannot be read: it is none, it was changed, it is cut short, or the passphrase is another."""


def _key(passphrase: bytes, salt: bytes) -> bytes:
    return pwhash.argon2id.kdf(sodium.crypto_secretstream_xchacha20poly1305_KEYBYTES, passphrase, salt, opslimit=OPS, memlimit=MEMORY)


class _Sealing(io.RawIOBase):
    """Takes bytes, and writes them sealed; `finish` writes the last frame, without which the archive counts as cut short."""

    def __init__(self, into: BinaryIO, passphrase: bytes) -> None:
        salt = secrets.token_bytes(SALT)
        self._state, self._into, self._held = sodium.crypto_secretstream_xchacha20poly1305_state(), into, bytearray()
        opening = sodium.crypto_secretstream_xchacha20poly1305_init_push(self._state, _key(passphrase, salt))
        into.write(SEALED + salt + opening)

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._held += data
        while len(self._held) > FRAME:
            self._push(bytes(self._held[:FRAME]), sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE)
            del self._held[:FRAME]
        return len(data)

    def finish(self) -> None:
        """Write what is held, as the last frame."""
        self._push(bytes(self._held), sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL)

    def _push(self, data: bytes, tag: int) -> None:
        sealed = sodium.crypto_secretstream_xchacha20poly1305_push(self._state, data, tag=tag)
        self._into.write(struct.pack(">I", len(sealed)) + sealed)


class _Opening(io.RawIOBase):
    """Gives the bytes that were sealed. Raises `Spoilt` at the first frame that is not what was written."""

    def __init__(self, source: BinaryIO, passphrase: bytes) -> None:
        salt, opening = source.read(SALT), source.read(sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES)
        self._state, self._source, self._held, self._ended = sodium.crypto_secretstream_xchacha20poly1305_state(), source, b"", False
        if len(opening) < sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES:
            raise Spoilt("the archive is cut short")
        sodium.crypto_secretstream_xchacha20poly1305_init_pull(self._state, opening, _key(passphrase, salt))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        if not self._held and not self._ended:
            self._held = self._pull()
        taken = self._held[: len(buffer)]
        buffer[: len(taken)], self._held = taken, self._held[len(taken):]
        return len(taken)

    def _pull(self) -> bytes:
        length = self._source.read(4)
        if len(length) < 4:
            raise Spoilt("the archive is cut short")
        size = struct.unpack(">I", length)[0]
        sealed = self._source.read(size) if size <= FRAME + sodium.crypto_secretstream_xchacha20poly1305_ABYTES else b""
        try:
            plain, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(self._state, sealed)
        except (RuntimeError, ValueError) as error:
            raise Spoilt("the passphrase is another, or the archive was changed or cut short") from error
        self._ended = tag == sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
        return plain if plain or self._ended else self._pull()


class Writing:
    """What an archive is written into: packs, and seals where a passphrase is given."""

    def __init__(self, into: BinaryIO, passphrase: bytes | None) -> None:
        self._sealing = _Sealing(into, passphrase) if passphrase else None
        if not passphrase:
            into.write(PLAIN)
        self._packed = gzip.GzipFile(fileobj=self._sealing or into, mode="wb", compresslevel=LEVEL, mtime=0)  # type: ignore[arg-type]
        self.write = self._packed.write

    def finish(self) -> None:
        """Write what is still held; without this the archive counts as cut short."""
        self._packed.close()
        if self._sealing:
            self._sealing.finish()


def opened(source: BinaryIO, passphrase: bytes | None) -> BinaryIO:
    """The bytes that were written, from an archive. Raises `Spoilt`."""
    first = source.readline(64)
    if first == SEALED:
        if not passphrase:
            raise Spoilt("the archive is sealed: name the file of its passphrase")
        source = io.BufferedReader(_Opening(source, passphrase), FRAME)  # type: ignore[assignment, type-var]
    elif first != PLAIN:
        raise Spoilt("this is no backup of this program")
    return gzip.GzipFile(fileobj=source, mode="rb")  # type: ignore[return-value]
