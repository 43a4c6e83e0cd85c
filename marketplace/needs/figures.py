"""Figures of targets: which numbers can be kept, and how they are written."""

from __future__ import annotations

from decimal import Decimal

MOST = Decimal(10) ** 12
FINEST = 20  # places after the point; a number that takes a page to write is none


def is_figure(value: Decimal) -> bool:
    """Whether a number is finite, of at most `MOST` to either side of nothing, and written with at most `FINEST` places."""
    return value.is_finite() and value.copy_abs() <= MOST and -int(value.as_tuple().exponent) <= FINEST


def plain(value: Decimal) -> str:
    """A figure as it is kept: without an exponent, no idle zeros."""
    return format(value.normalize(), "f")
