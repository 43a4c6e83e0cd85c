"""Where incoming mail lies: a Maildir that the site's mail server delivers into, or a folder on an IMAP server.

Both move what was read: to Done, or to Refused. The IMAP side needs six commands, which the standard library has; a further library
would save no code here. A Maildir is folders and files, and a move within it is one rename.
"""

from __future__ import annotations

import imaplib
import os
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

TIMEOUT = 20  # seconds for each answer of the server
BEGINNING = 64 * 1024  # bytes that hold the headers of a message
DONE, REFUSED = "Done", "Refused"


class Letter(Protocol):
    """One message in a mailbox."""

    size: int

    def read(self) -> bytes:
        """All of it."""

    def beginning(self) -> bytes:
        """As much of it as its headers need."""

    def put_away(self, refused: bool) -> None:
        """Move it to Done, or to Refused."""


@dataclass(frozen=True)
class FileLetter:
    """A file of a Maildir."""

    path: Path
    home: Path
    size: int

    def read(self) -> bytes:
        """All of it."""
        return self.path.read_bytes()

    def beginning(self) -> bytes:
        """As much of it as its headers need."""
        with self.path.open("rb") as file:
            return file.read(BEGINNING)

    def put_away(self, refused: bool) -> None:
        """One rename, so that it is in one of the two places whenever the process dies."""
        folder = self.home / f".{REFUSED if refused else DONE}"
        for part in ("cur", "new", "tmp"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        os.replace(self.path, folder / "cur" / f"{self.path.name.partition(':')[0]}:2,S")


@dataclass(frozen=True)
class ServerLetter:
    """A message on an IMAP server, by its UID. `alone`: the server can take away this one and no other (UIDPLUS, RFC 4315)."""

    server: imaplib.IMAP4
    uid: str
    folders: tuple[str, str]
    size: int
    alone: bool

    def read(self) -> bytes:
        """All of it, without marking it as read."""
        return _part(self.server.uid("FETCH", self.uid, "(BODY.PEEK[])"))

    def beginning(self) -> bytes:
        """As much of it as its headers need."""
        return _part(self.server.uid("FETCH", self.uid, f"(BODY.PEEK[]<0.{BEGINNING}>)"))

    def put_away(self, refused: bool) -> None:
        """Copy, then take away: a process that dies in between leaves two, of which the second is known by its Message-ID."""
        _ok(self.server.uid("COPY", self.uid, f'"{self.folders[refused]}"'))
        _ok(self.server.uid("STORE", self.uid, "+FLAGS", r"(\Deleted)"))
        _ok(self.server.uid("EXPUNGE", self.uid) if self.alone else self.server.expunge())


def _ok(answer: tuple[str, list]) -> list:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(f"the server answered {status}")
    return data


def _part(answer: tuple[str, list]) -> bytes:
    """The literal of an answer."""
    return next((bytes(part[1]) for part in _ok(answer) if isinstance(part, tuple)), b"")


@contextmanager
def opened(address: str, most: int) -> Iterator[list[Letter]]:
    """The oldest letters in the mailbox at `maildir:/path` or `imaps://user:password@host/FOLDER`. Raises OSError or IMAP4.error."""
    if urlsplit(address).scheme == "maildir":
        yield _in_maildir(Path(urlsplit(address).path), most)
        return
    server = _connected(address)
    try:
        yield _on_server(server, unquote(urlsplit(address).path.strip("/")) or "INBOX", most)
    finally:
        try:
            server.logout()
        except (OSError, imaplib.IMAP4.error):
            pass  # it is gone already


def _in_maildir(home: Path, most: int) -> list[Letter]:
    if not (home / "new").is_dir():
        raise FileNotFoundError(f"there is no Maildir at {home}")
    paths = [path for part in ("new", "cur") if (home / part).is_dir() for path in (home / part).iterdir()]
    files = sorted((path for path in paths if path.is_file() and not path.is_symlink()), key=lambda path: (path.stat().st_mtime, path.name))
    return [FileLetter(path, home, path.stat().st_size) for path in files[:most]]


def _connected(address: str) -> imaplib.IMAP4:
    """Signed in; never with a password that crosses a network unencrypted."""
    parts = urlsplit(address)
    host, context = parts.hostname or "", ssl.create_default_context()
    if parts.scheme == "imaps":
        server: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, parts.port or 993, ssl_context=context, timeout=TIMEOUT)
    else:
        server = imaplib.IMAP4(host, parts.port or 143, timeout=TIMEOUT)
    try:
        if parts.scheme == "imap" and (not _here(host) or "STARTTLS" in server.capabilities):
            server.starttls(context)
        _ok(server.login(unquote(parts.username or ""), unquote(parts.password or "")))
    except (OSError, imaplib.IMAP4.error):
        server.shutdown()  # once a minute a connection would stay open
        raise
    return server


def _here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _on_server(server: imaplib.IMAP4, folder: str, most: int) -> list[Letter]:
    _ok(server.select(f'"{folder}"'))
    listed = _ok(server.list('""', '""'))
    found = re.search(rb'"(.)"', listed[0] or b"") if listed else None
    between = found[1].decode() if found else "/"
    folders = (f"{folder}{between}{DONE}", f"{folder}{between}{REFUSED}")
    for name in folders:
        server.create(f'"{name}"')  # NO when it is there already
    uids = (_ok(server.uid("SEARCH", "UNDELETED"))[0] or b"").decode().split()
    alone = b"UIDPLUS" in b" ".join(_ok(server.capability())).upper()  # many servers say so only after the sign-in
    return [ServerLetter(server, uid, folders, _size(server, uid), alone) for uid in uids[:most]]


def _size(server: imaplib.IMAP4, uid: str) -> int:
    answer = b" ".join(part for part in _ok(server.uid("FETCH", uid, "(RFC822.SIZE)")) if isinstance(part, bytes))
    found = re.search(rb"RFC822\.SIZE (\d+)", answer)
    return int(found[1]) if found else 0
