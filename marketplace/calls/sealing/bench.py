"""How fast sealing and opening are: beside a bare copy of the same bytes to the same disk, in the same run. Pure but for the folder it is given."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from marketplace.calls.sealing.sealing import Sealer, new_pair, unsealed

PIECE = 64 * 1024  # what a server reads of a request at once
BIT = secrets.token_bytes(PIECE)


def bench_sealing(megabytes: int, folder: Path, say: Callable[[str], None]) -> dict[str, float | int]:
    """Write so many MB bare, then sealed; open them again. Everything is synced to the disk. Rates in MB/s."""
    secret, public = new_pair()
    pieces = megabytes * 1024 * 1024 // PIECE
    say("bare")
    bare = _timed(lambda: _written(folder / "bare", pieces, None))
    say("sealed")
    sealed = _timed(lambda: _written(folder / "sealed", pieces, public))
    say("opened")
    opened = _timed(lambda: _opened(folder / "sealed", folder / "opened", secret))
    for name in ("bare", "sealed", "opened"):
        (folder / name).unlink()
    return {
        "megabytes": megabytes, "bare_copy": round(megabytes / bare, 1), "sealing": round(megabytes / sealed, 1), "opening": round(megabytes / opened, 1),
        "sealing_to_bare": round(sealed / bare, 2), "opening_to_bare": round(opened / bare, 2),
    }


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _written(path: Path, pieces: int, public: bytes | None) -> None:
    with path.open("wb") as file:
        target = Sealer(file, public, b"bench") if public else file
        for _ in range(pieces):
            target.write(BIT)
        if isinstance(target, Sealer):
            target.close()
        file.flush()
        os.fsync(file.fileno())


def _opened(source: Path, path: Path, secret: bytes) -> None:
    with source.open("rb") as sealed, path.open("wb") as file:
        for chunk in unsealed(sealed, secret, b"bench"):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
