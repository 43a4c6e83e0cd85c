"""Opening bytes as an upload: without a telling name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from marketplace.importing.readers import Table, open_table


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[bytes | str], Table]:
    """Write the bytes to a file and open it."""

    def open_bytes(data: bytes | str) -> Table:
        path = tmp_path / "upload"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return open_table(path)

    return open_bytes
