"""Whole numbers that a page writes for itself, as a browser sends them back."""

from __future__ import annotations

import pytest

from marketplace.fields import number_in


@pytest.mark.parametrize(("text", "number"), [
    ("0", 0), ("12", 12), ("007", 7), ("9" * 9, 999_999_999), ("9" * 10, None), ("²", None), ("１", None), ("-1", None), (" 1", None), ("", None), (None, None),
])
def test_a_number_is_digits_and_not_too_many(text: str | None, number: int | None) -> None:
    assert number_in(text) == number
