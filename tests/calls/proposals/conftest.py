"""What the tests of proposals share."""

from __future__ import annotations

from tests.calls.proposals.served import site

__all__ = ["site"]
