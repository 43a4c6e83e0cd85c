"""What the drills of `prove.py` share: the command line, a served site, pytest, a report in docs/proof/."""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PROOF = ROOT / "docs" / "proof"


def marketplace(*words: str, data: Path) -> Any:
    """What a command prints, read as JSON where it asks for that."""
    done = subprocess.run(
        [sys.executable, "-m", "marketplace.cli", *words], capture_output=True, text=True, check=True,
        env={**os.environ, "MARKETPLACE_DATA": str(data)},
    )
    return json.loads(done.stdout) if "--json" in words else done.stdout


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(data: Path, command: Sequence[str] = ("-m", "marketplace.cli", "serve", "--port", "{port}"), **environment: str) -> Iterator[str]:
    """A running site; its address. `command`: what Python runs, with the port in the place of {port}."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, *(word.format(port=port) for word in command)],
        env={**os.environ, "MARKETPLACE_DATA": str(data), **environment}, stdout=subprocess.DEVNULL, cwd=ROOT,
    )
    try:
        for _attempt in range(1500):
            try:
                urllib.request.urlopen(f"{address}/en/how", timeout=5)
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.kill()  # its worker is in the middle of something long
            server.wait()


def passed(*words: str) -> str:
    """What pytest says at the end of these tests."""
    done = subprocess.run([sys.executable, "-m", "pytest", "-v", "--no-header", *words], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.strip().splitlines()[-1].strip("= ")


def write(name: str, title: str, lines: list[str]) -> None:
    """One report."""
    PROOF.mkdir(parents=True, exist_ok=True)
    head = f"Written by `make prove` on {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}. One run."
    (PROOF / f"{name}.md").write_text("\n".join([f"# {title}", "", head, "", *lines]), encoding="utf-8")
    print(f"written: docs/proof/{name}.md")
