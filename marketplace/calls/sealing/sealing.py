"""Sealed files: encrypted while they arrive, to a public key; opened chunk by chunk, or not at all.

A sealed file is MAGIC, the file's own key in a sealed box of libsodium (X25519, XSalsa20-Poly1305: `crypto_box_seal`), the header of a secret
stream, and chunks of it (`crypto_secretstream_xchacha20poly1305`, each CHUNK bytes of plain text and 17 more; the last one carries the mark of the
end). A chunk that was changed, moved, doubled or cut off is refused. The *context* (which proposal, which part) is bound into every chunk, so that
a file put in another's place does not open. Pure: libsodium through PyNaCl, no database, no file names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

MAGIC = b"TBSEAL1\n"
CHUNK = 64 * 1024
KEY = bindings.crypto_secretstream_xchacha20poly1305_KEYBYTES
BOXED = KEY + bindings.crypto_box_SEALBYTES
HEADER = bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES
MORE = bindings.crypto_secretstream_xchacha20poly1305_ABYTES
GOES_ON = bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
ENDS = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL


class Broken(ValueError):
    """What was given is no sealed file of this key and context, or not the whole of it, or not as it was."""


def new_pair() -> tuple[bytes, bytes]:
    """A fresh pair of keys: (secret, public), 32 bytes each."""
    made = PrivateKey.generate()
    return bytes(made), bytes(made.public_key)


def public_of(secret: bytes) -> bytes:
    """The public half that belongs to a secret one."""
    return bytes(PrivateKey(secret).public_key)


def box(text: bytes, public: bytes) -> bytes:
    """A few bytes, sealed to a public key."""
    return SealedBox(PublicKey(public)).encrypt(text)


def unbox(sealed: bytes, secret: bytes) -> bytes:
    """What `box` sealed. Raises `Broken`."""
    try:
        return SealedBox(PrivateKey(secret)).decrypt(sealed)
    except (CryptoError, ValueError, TypeError) as error:
        raise Broken("this key does not open it") from error


class Sealer:
    """Writes what it is given to `target`, sealed to the public key; nothing reaches the target in the clear.

    `size` and `sha256` are those of the plain text, `sealed_sha256` that of what was written; they are final after `close`, without which the file
    does not open.
    """

    def __init__(self, target: BinaryIO, public: bytes, context: bytes) -> None:
        self._target, self._context, self._waiting, self._closed = target, context, bytearray(), False
        self._plain, self._sealed, self.size = hashlib.sha256(), hashlib.sha256(), 0
        key = bindings.crypto_secretstream_xchacha20poly1305_keygen()
        self._state = bindings.crypto_secretstream_xchacha20poly1305_state()
        header = bindings.crypto_secretstream_xchacha20poly1305_init_push(self._state, key)
        self._put(MAGIC + box(key, public) + header)

    def write(self, data: bytes) -> int:
        """Take some of the plain text."""
        self._waiting += data
        self._plain.update(data)
        self.size += len(data)
        while len(self._waiting) > CHUNK:  # one chunk is held back: the last one is marked
            self._push(bytes(self._waiting[:CHUNK]), GOES_ON)
            del self._waiting[:CHUNK]
        return len(data)

    def close(self) -> None:
        """Write the last chunk with its mark; the target is left open."""
        if not self._closed:
            self._closed = True
            self._push(bytes(self._waiting), ENDS)
            self._waiting.clear()

    def _push(self, chunk: bytes, tag: int) -> None:
        self._put(bindings.crypto_secretstream_xchacha20poly1305_push(self._state, chunk, self._context, tag))

    def _put(self, data: bytes) -> None:
        self._sealed.update(data)
        self._target.write(data)

    @property
    def sha256(self) -> str:
        """The hash of the plain text, in hex."""
        return self._plain.hexdigest()

    @property
    def sealed_sha256(self) -> str:
        """The hash of the sealed file, in hex."""
        return self._sealed.hexdigest()


def unsealed(source: BinaryIO, secret: bytes, context: bytes) -> Iterator[bytes]:
    """The plain text, chunk by chunk. Raises `Broken`, perhaps only at the end: use nothing of it before the last chunk has come."""
    head = source.read(len(MAGIC) + BOXED + HEADER)
    if len(head) != len(MAGIC) + BOXED + HEADER or not head.startswith(MAGIC):
        raise Broken("not a sealed file")
    boxed, header = head[len(MAGIC):len(MAGIC) + BOXED], head[len(MAGIC) + BOXED:]
    key = unbox(boxed, secret)
    if len(key) != KEY:
        raise Broken("not a sealed file")
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, header, key)
    tag = GOES_ON
    while tag != ENDS:
        chunk = source.read(CHUNK + MORE)
        if len(chunk) < MORE:
            raise Broken("cut off")
        try:
            plain, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, chunk, context)
        except (CryptoError, RuntimeError) as error:
            raise Broken("changed") from error
        yield plain
    if source.read(1):
        raise Broken("something follows the end")
