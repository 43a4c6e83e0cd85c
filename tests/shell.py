"""Commands of the program as a person runs them, and scripts of the tests: each in a process of its own, with its own folder and environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

WAIT = 300
"""Seconds after which a command is taken to hang."""


class Shell:
    """Commands in one data folder. They are divided from one process that has read the program (`tests/reader.py`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "MARKETPLACE_DATA": str(folder / "var"), "MARKETPLACE_ENCODERS": "none"}
        for name in ("DATABASE_URL", "SECRET_KEY", "MARKETPLACE_ENV", "MARKETPLACE_SMTP"):
            self.environment.pop(name, None)

    def run(self, *words: str, code: int = 0, **more: str) -> str:
        """What the command prints; its exit code is checked."""
        ended, out, errors = _read(words, {**self.environment, **more}, self.folder)
        assert ended == code, out + errors
        assert "Traceback" not in errors
        return out + (errors if code else "")


def script(text: str, environment: dict[str, str], *words: str) -> tuple[int, str]:
    """How a script ends that runs in a process of its own, a signal as a negative number; what it printed, or what it complained of if it did not end well."""
    ended, out, errors = _read(("-c", text, *words), environment, Path.cwd())
    return ended, errors if ended else out


def _read(words: tuple[str, ...], environment: dict[str, str], folder: Path) -> tuple[int, str, str]:
    """The exit code of one run, and what it wrote to each of its two outputs."""
    with TemporaryDirectory() as kept:
        said, told = Path(kept, "said"), Path(kept, "told")
        return _divided(words, environment, folder, said, told), said.read_text("utf-8"), told.read_text("utf-8")


def _divided(words: tuple[str, ...], environment: dict[str, str], folder: Path, said: Path, told: Path) -> int:
    reader = _reader()
    reader.stdin.write(json.dumps([words, environment, *map(str, (folder, said, told))]) + "\n")
    reader.stdin.flush()
    return int(reader.stdout.readline())


@cache
def _reader() -> subprocess.Popen:
    """The process that has read the program; its input closes with the tests, and so it ends."""
    return subprocess.Popen([sys.executable, "-m", "tests.reader"], cwd=Path(__file__).parent.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
