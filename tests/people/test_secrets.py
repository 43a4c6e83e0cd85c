"""The site's secret in production, and passwords that stand in the lists of breaches."""

from __future__ import annotations

import pytest

from marketplace import config
from marketplace.errors import Refused
from marketplace.people import passwords


@pytest.mark.parametrize("secret", [
    "", "x" * 40, "abc" * 20, "change-me-please-change-me-please-1", "your-secret-key-goes-here-12345678", "techbridge2026techbridge2026-2026",
    "correcthorsebatterystaplecorrecthorse", "0123456789abcdef0123456789abcdef",
])
def test_a_secret_that_can_be_guessed_is_refused_in_production(secret):
    with pytest.raises(config.SettingsError) as refused:
        config.read({"MARKETPLACE_ENV": "production", "SECRET_KEY": secret})
    assert any("SECRET_KEY" in fault for fault in refused.value.faults)
    assert secret not in str(refused.value) or not secret


def test_a_secret_that_was_drawn_is_taken():
    for drawn in ("wJ3tq0nVZc7Yb-R5uKfXg2LhS8dPaEmT_oQi1yNvD4k", "9f1c4e7ab02d8835f6e1d90c7b3a44528ee0f71b6c2d9a83"):
        with pytest.raises(config.SettingsError) as refused:
            config.read({"MARKETPLACE_ENV": "production", "SECRET_KEY": drawn})
        assert not any("SECRET_KEY" in fault for fault in refused.value.faults)


@pytest.mark.parametrize("password", ["Password2024!", "P@ssw0rd123!", "!!qwerty!!12", "iloveyou2024", "TechBridge2026", "woaini1314520", "qwertyuiop"])
def test_what_stands_in_breaches_is_refused_also_in_disguise(password):
    with pytest.raises(Refused):
        passwords.check(password, "li@example.com")


@pytest.mark.parametrize("password", ["three small boats", "三条小船在河上慢慢走", "dragon-7351-0092-8817", "x7Kq0vZc7Yb", "                a b c d"])
def test_length_alone_makes_a_password(password):
    passwords.check(password, "li@example.com")


def test_the_list_is_long_enough():
    assert len(passwords.BREACHED) >= 10_000
