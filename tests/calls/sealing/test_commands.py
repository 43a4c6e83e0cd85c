"""The commands of keys and receipts, and the settings that guard the sealing key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from marketplace.calls.sealing import keys, receipts, shares
from marketplace.calls.sealing.bench import bench_sealing
from marketplace.calls.sealing.sealing import box
from marketplace.cli_calls import calls_group
from marketplace.config import SettingsError, read

PRODUCTION = {"MARKETPLACE_ENV": "production", "SECRET_KEY": "wJ3tq0nVZc7Yb-R5uKfXg2LhS8dPaEmT_oQi1yNvD4k"}


def run(*words: str, code: int = 0) -> Result:
    found = CliRunner().invoke(calls_group, words)
    assert found.exit_code == code, found.output
    return found


def faults(tmp_path: Path, **environ: str) -> str:
    with pytest.raises(SettingsError) as found:
        read({"MARKETPLACE_DATA": str(tmp_path / "var"), **environ})
    return str(found.value)


def test_the_sealing_key_stands_outside_the_data_and_is_nobody_elses(tmp_path: Path) -> None:
    made, inside = tmp_path / "keys" / "site.key", tmp_path / "var" / "site.key"
    run("new-sealing-key", str(made))
    run("new-sealing-key", str(made), code=2)
    assert read({"MARKETPLACE_DATA": str(tmp_path / "var"), **PRODUCTION, "MARKETPLACE_SEALING_KEY": str(made)}).sealing_key == made
    assert "must name a file" in faults(tmp_path, **PRODUCTION)
    assert "no file" in faults(tmp_path, **PRODUCTION, MARKETPLACE_SEALING_KEY=str(tmp_path / "missing"))
    run("new-sealing-key", str(inside))
    for more in ({}, PRODUCTION):
        assert "data folder" in faults(tmp_path, **more, MARKETPLACE_SEALING_KEY=str(inside))
    made.chmod(0o640)
    assert "chmod 600" in faults(tmp_path, **PRODUCTION, MARKETPLACE_SEALING_KEY=str(made))
    made.chmod(0o600)
    made.write_text("nonsense")
    assert "holds no sealing key" in faults(tmp_path, **PRODUCTION, MARKETPLACE_SEALING_KEY=str(made))


def test_in_development_it_is_made_beside_the_data_folder(tmp_path: Path) -> None:
    settings = read({"MARKETPLACE_DATA": str(tmp_path / "var")})
    assert settings.sealing_key == tmp_path / "var.sealing-key" and not settings.sealing_key.exists()


def test_other_settings_of_sealing(tmp_path: Path) -> None:
    public = run("new-recovery-key", str(tmp_path / "offline.key")).output.strip().partition("=")[2]
    found = read({"MARKETPLACE_DATA": str(tmp_path), "MARKETPLACE_RECOVERY_KEY": public, "MARKETPLACE_PROXIES": "127.0.0.1, ::1,unix"})
    assert found.recovery_key == public and found.proxies == ("127.0.0.1", "::1", "unix") and found.upload_minutes == 15
    assert "RECOVERY" in faults(tmp_path, MARKETPLACE_RECOVERY_KEY="nonsense")
    assert "PROXIES" in faults(tmp_path, MARKETPLACE_PROXIES="proxy.example.org")
    assert "MINUTES" in faults(tmp_path, MARKETPLACE_UPLOAD_MINUTES="0")


def test_a_holder_opens_his_share_at_home(tmp_path: Path) -> None:
    file, other = tmp_path / "holder.key", tmp_path / "other.key"
    public = keys.taken(keys.PUBLIC, run("new-holder-key", str(file)).output)
    run("new-holder-key", str(other))
    share = shares.divide(b"k" * 32, 1, 1)[0]
    sealed = keys.written(keys.SEALED, box(share, public))
    assert keys.taken(keys.SHARE, run("share", "--key", str(file), sealed).output, shares.SIZE) == share
    run("share", "--key", str(other), sealed, code=2)
    run("share", "--key", str(file), "nonsense", code=2)
    assert keys.taken(keys.SECRET, run("share", "--key", str(file), keys.written(keys.SEALED, box(b"s" * 32, public))).output) == b"s" * 32


def test_a_receipt_is_verified_with_its_files(tmp_path: Path) -> None:
    plan, other, paper = tmp_path / "plan.pdf", tmp_path / "other.pdf", tmp_path / "receipt.json"
    plan.write_bytes(b"plan")
    other.write_bytes(b"another")
    key = keys.site_key(tmp_path / "site.key", make=True).signing
    hashes = {"size": 4, "sha256": "2c6620e5d2a1a9be0f07e9ca6ed0bbfbb3a4e1d8f0f9a15d7b9d54bbe1b2c3d4"}
    named = {"name": "plan.pdf", "size": 4, "sha256": _sha256(plan)}
    content = {"id": "x", "call": "c", "version": 1, "first_byte": "t", "deadline": "d", "text": hashes, "files": [named]}
    signed = receipts.signed(content, key)
    paper.write_text(json.dumps(signed), encoding="utf-8")
    assert "Genuine" in run("verify-receipt", str(paper), str(plan)).output
    assert json.loads(run("verify-receipt", str(paper), str(plan), "--key", signed["key"], "--json").output)["files"] == {str(plan): "plan.pdf"}
    assert "NOT in the receipt" in run("verify-receipt", str(paper), str(plan), str(other), code=1).output
    paper.write_text(json.dumps(signed).replace('"version": 1', '"version": 2'), encoding="utf-8")
    run("verify-receipt", str(paper), code=1)


def _sha256(path: Path) -> str:
    return receipts.hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_bench_gives_both_rates(tmp_path: Path) -> None:
    found = bench_sealing(1, tmp_path, lambda _words: None)
    assert found["sealing"] > 0 and found["sealing_to_bare"] > 0 and not list(tmp_path.iterdir())
