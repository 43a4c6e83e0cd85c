"""Whether a file may be handed on: what a virus scanner says of it, and what we see ourselves without one.

The scanner is clamd of ClamAV, spoken to as its manual says (clamd(8), commands zINSTREAM and zPING). The kept client library
(clamav-client) is under the GPL 2.0 alone, which this product cannot take in; the older ones are for other Pythons or for asyncio.
Our own look finds the industry's test string, macros, and archives nobody can look into; it is no substitute for a scanner.
"""

from __future__ import annotations

import socket
import time
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO
from urllib.parse import urlsplit

CHUNK = 256 * 1024
PATIENCE = 5.0  # seconds for one answer of the scanner
LONGEST = 10.0  # seconds for all of a file: the database waits meanwhile, and gives others up after fifteen
PORT = 3310
TEST_STRING = b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$"  # the second half of the test string; the repository holds no whole one
DEEPEST = 3  # archives within archives
MOST_MEMBERS = 10_000
MOST_UNPACKED = 256 * 1024 * 1024
ARCHIVE = b"PK\x03\x04"
DAMAGED = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)


@dataclass(frozen=True)
class Verdict:
    """What is known of a file: `state` is clean, unscanned, quarantined or infected; `why` a code of WHYS; `said` the scanner's name of the find."""

    state: str
    why: str | None = None
    said: str | None = None


WHYS = ("test_string", "macros", "locked", "unreadable", "unreachable", "too_large")


class ScannerSilent(Exception):
    """The scanner gave no verdict; `why` says whether it could not be reached or found the file too large."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def address_faults(address: str) -> list[str]:
    """What is wrong with the address of a scanner, in words for whoever runs the site."""
    try:
        parts = urlsplit(address)
        right = parts.scheme == "clamd" and bool(parts.hostname) != (len(parts.path) > 1) and (parts.port or PORT) > 0
    except ValueError:
        right = False
    return [] if right else ["MARKETPLACE_SCANNER must look like clamd://host:3310 or clamd:///run/clamav/clamd.ctl"]


def judge(path: Path, address: str | None) -> Verdict:
    """What the scanner says of the file, if there is one, and what we see ourselves."""
    found = None
    try:
        found = _scan(path, address) if address else None
    except ScannerSilent as silent:
        return Verdict("quarantined", own_look(path) or silent.why)
    if found:
        return Verdict("infected", said=found[:100])
    why = own_look(path)
    return Verdict("quarantined", why) if why else Verdict("clean" if address else "unscanned")


def ping(address: str) -> str:
    """What the scanner calls itself. Raises `ScannerSilent` when it does not answer."""
    try:
        with _connected(address) as line:
            line.sendall(b"zVERSION\0")
            return _reply(line) or "clamd"
    except OSError as error:
        raise ScannerSilent("unreachable") from error


def _connected(address: str) -> socket.socket:
    parts = urlsplit(address)
    if parts.hostname:
        return socket.create_connection((parts.hostname, parts.port or PORT), timeout=PATIENCE)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(PATIENCE)
        line.connect(parts.path)
    except OSError:
        line.close()
        raise
    return line


def _reply(line: socket.socket) -> str:
    """One answer, which ends with NUL."""
    said = b""
    while not said.endswith(b"\0") and len(said) < 4096 and (more := line.recv(4096)):
        said += more
    return said.rstrip(b"\0").decode(errors="replace").strip()


def _scan(path: Path, address: str) -> str | None:
    """The name of what the scanner found in the file; None when it found nothing. Raises `ScannerSilent` without a verdict."""
    end = time.monotonic() + LONGEST
    try:
        with _connected(address) as line, path.open("rb") as file:
            try:
                line.sendall(b"zINSTREAM\0")
                while chunk := file.read(CHUNK):
                    if time.monotonic() > end:
                        raise ScannerSilent("unreachable")
                    line.sendall(len(chunk).to_bytes(4) + chunk)
                line.sendall(bytes(4))
            except (BrokenPipeError, ConnectionResetError):
                pass  # a scanner that has heard too much answers and hangs up
            said = _reply(line)
    except OSError as error:
        raise ScannerSilent("unreachable") from error
    if said.endswith(" FOUND"):
        return said.removeprefix("stream: ").removesuffix(" FOUND")
    if said.endswith("OK"):
        return None
    raise ScannerSilent("too_large" if "size limit" in said else "unreachable")


def own_look(path: Path) -> str | None:
    """A code of WHYS for what speaks against handing the file on; None when we see nothing."""
    with path.open("rb") as file:
        if _holds(iter(lambda: file.read(CHUNK), b"")):
            return "test_string"
        file.seek(0)
        return _look_into(file, 1, [MOST_UNPACKED]) if file.read(4) == ARCHIVE else None


def _holds(chunks: Iterator[bytes]) -> bool:
    """Whether the test string stands in the stream, also across two chunks."""
    tail = b""
    for chunk in chunks:
        if TEST_STRING in tail + chunk:
            return True
        tail = chunk[-len(TEST_STRING):]
    return False


def _look_into(file: IO[bytes], depth: int, left: list[int]) -> str | None:
    """Look into an archive, member by member; `left` is how many bytes may still be unpacked."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if depth > DEEPEST or len(members) > MOST_MEMBERS:
                return "unreadable"
            if any(member.flag_bits & 1 for member in members):
                return "locked"
            if any(member.filename.lower().endswith("vbaproject.bin") for member in members):
                return "macros"
            for member in members:
                with archive.open(member) as unpacked:
                    if why := _look_at_member(unpacked, depth, left):
                        return why
    except DAMAGED:
        return "unreadable"
    return None


def _look_at_member(unpacked: IO[bytes], depth: int, left: list[int]) -> str | None:
    with SpooledTemporaryFile(max_size=4 * 1024 * 1024) as copy:
        while chunk := unpacked.read(CHUNK):
            left[0] -= len(chunk)
            if left[0] < 0:
                return "unreadable"
            copy.write(chunk)
        copy.seek(0)
        if _holds(iter(lambda: copy.read(CHUNK), b"")):
            return "test_string"
        copy.seek(0)
        if copy.read(4) == ARCHIVE:
            return _look_into(copy, depth + 1, left)
    return None
