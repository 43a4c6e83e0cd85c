"""The one table of settings, and what is made of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from marketplace import config
from marketplace.cli_settings import markdown, rows

ROOT = Path(__file__).parent.parent.parent


def test_the_document_is_the_table():
    assert (ROOT / "docs" / "settings.md").read_text("utf-8") == markdown(), "run `marketplace settings --markdown > docs/settings.md`"


def test_every_variable_that_is_read_stands_in_it():
    named = {variable for variable, _field, _meaning in rows()}
    source = Path(config.__file__).read_text("utf-8")
    asked = set(re.findall(r"environ(?:\.get\(|\[)\"([A-Z_]+)\"", source)) | set(re.findall(r"(?:_whole|_own_data)\(environ, \"([A-Z_]+)\"", source))
    assert asked - {"CREDENTIALS_DIRECTORY"} <= named


def test_a_secret_may_be_a_file_that_systemd_hands_over(tmp_path):
    (tmp_path / "SECRET_KEY").write_text("k" * 40 + "\n")
    found = config.read({"CREDENTIALS_DIRECTORY": str(tmp_path), "MARKETPLACE_DATA": str(tmp_path / "data")})
    assert found.secret == "k" * 40
    own = config.read({"CREDENTIALS_DIRECTORY": str(tmp_path), "MARKETPLACE_DATA": str(tmp_path / "data"), "SECRET_KEY": "e" * 40})
    assert own.secret == "e" * 40


@pytest.mark.parametrize(("variable", "value"), [
    ("MARKETPLACE_MONITOR_TOKEN", "short"), ("MARKETPLACE_LOGS", "xml"), ("MARKETPLACE_STOP_SECONDS", "0"), ("MARKETPLACE_ROOM_MB", "all"),
])
def test_a_wrong_one_is_named(variable, value, tmp_path):
    with pytest.raises(config.SettingsError) as refused:
        config.read({variable: value, "MARKETPLACE_DATA": str(tmp_path)})
    assert variable in str(refused.value)
