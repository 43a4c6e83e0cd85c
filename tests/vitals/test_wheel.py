"""The wheel carries all that runs: put into an empty environment, it makes its database and answers from any folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.slow


def ran(*words, folder: Path, **more: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MARKETPLACE_", "DATABASE_", "PYTHONPATH"))}
    return subprocess.run(list(map(str, words)), cwd=folder, env={**kept, **more}, check=True, capture_output=True, text=True, timeout=300).stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment with the wheel in it. What it stands on is lent by the environment of the tests, the program itself is not."""
    folder = tmp_path_factory.mktemp("wheel")
    ran(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, ROOT, folder=folder)
    ran(sys.executable, "-m", "venv", "--without-pip", folder / "venv", folder=folder)
    python = folder / "venv" / "bin" / "python"
    place = Path(ran(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=folder).strip())
    (wheel,) = folder.glob("*.whl")
    ran(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", place, wheel, folder=folder)
    (place / "lent.pth").write_text(sysconfig.get_path("purelib"))
    return python


def test_it_runs_from_any_folder(installed, tmp_path):
    more = {"MARKETPLACE_ENCODERS": "none"}
    where = Path(ran(installed, "-c", "import marketplace; print(marketplace.__file__)", folder=tmp_path, **more).strip())
    assert where.is_relative_to(installed.parent.parent)
    assert "up to date" in ran(installed, "-m", "marketplace.cli", "upgrade", folder=tmp_path, **more)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MARKETPLACE_", "DATABASE_", "PYTHONPATH"))}
    server = subprocess.Popen([installed, "-m", "marketplace.cli", "serve", "--no-worker", "--port", str(port)], cwd=tmp_path, env={**kept, **more})
    try:
        for _attempt in range(240):
            with suppress(urllib.error.URLError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5)
                break
            time.sleep(0.5)
        for path, held in (("/zh/", "科"), ("/en/", "TechBridge"), ("/static/site.css", "--"), ("/static/techbridge.js", "use strict")):
            assert held in urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60).read().decode(), path
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(90) == 0
