"""What the tests of calls share: an index of one test alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from marketplace.matching import operations as matching


@pytest.fixture
def fresh_index(app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An index of this test alone, without encoders: words and the dictionary decide."""
    matching.index.cache_clear()
    found = matching.index()
    for name, value in (("folder", tmp_path), ("_view", None), ("_generation", None), ("_seen", None)):
        monkeypatch.setattr(found, name, value)
    yield
    matching.index.cache_clear()
