"""What clamd says of a file, and what we see without it."""

import io
import socket
import zipfile

import pytest
from click.testing import CliRunner

from marketplace import scanner
from marketplace.cli import main
from marketplace.config import SettingsError, read
from tests.catalogue.scanning.clamd import EICAR, running


@pytest.fixture
def file(tmp_path):
    def write(content: bytes):
        path = tmp_path / "file"
        path.write_bytes(content)
        return path

    return write


def packed(**members: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return made.getvalue()


def locked(content: bytes) -> bytes:
    """The archive with the mark of a password on its first member, in both places where it stands."""
    marked = bytearray(content)
    marked[6] |= 1
    marked[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(marked)


def free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return line.getsockname()[1]


def test_the_scanner_clears_and_finds(file):
    with running() as server:
        assert scanner.judge(file(b"a note " * 100_000), server.address) == scanner.Verdict("clean")
        assert scanner.judge(file(EICAR), server.address) == scanner.Verdict("infected", said="Eicar-Test-Signature")
        assert scanner.ping(server.address).startswith("ClamAV 1.4")
    assert server.heard == [b"zINSTREAM\0", b"zINSTREAM\0", b"zVERSION\0"]


def test_a_scanner_that_gives_no_verdict_leaves_the_file_in_quarantine(file):
    assert scanner.judge(file(b"a"), f"clamd://127.0.0.1:{free_port()}") == scanner.Verdict("quarantined", "unreachable")
    assert scanner.judge(file(b"a"), "clamd:///nowhere/clamd.ctl") == scanner.Verdict("quarantined", "unreachable")
    with running(broken=True) as server:
        assert scanner.judge(file(b"a"), server.address) == scanner.Verdict("quarantined", "unreachable")
    with running(limit=1000) as server:
        assert scanner.judge(file(b"a" * 2_000_000), server.address) == scanner.Verdict("quarantined", "too_large")


def test_a_scanner_that_never_answers_is_given_up(file, monkeypatch):
    monkeypatch.setattr(scanner, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        assert scanner.judge(file(b"a"), f"clamd://127.0.0.1:{deaf.getsockname()[1]}") == scanner.Verdict("quarantined", "unreachable")


@pytest.mark.parametrize(("content", "why"), [
    (b"a note", None), (b"x" * (scanner.CHUNK - 40) + EICAR, "test_string"), (packed(a_txt=b"fine"), None), (packed(a_txt=b"fine" + EICAR), "test_string"),
    (packed(inner_zip=packed(deep_zip=packed(a_txt=EICAR))), "test_string"), (packed(word__vbaProject_bin=b"x"), "macros"),
    (packed(inner_docx=packed(xl__vbaProject_bin=b"x")), "macros"), (locked(packed(a_txt=b"secret")), "locked"),
    (packed(a_txt=b"fine" * 500)[:40] + b"PK", "unreadable"), (packed(a=packed(b=packed(c=packed(d=b"x")))), "unreadable"),
    (packed(a_txt=b"fine" * 500).replace(b"\x08\x00", b"\x63\x00"), "unreadable"),
], ids=lambda value: "" if isinstance(value, bytes) else str(value))
def test_what_we_see_ourselves(file, content, why):
    assert scanner.own_look(file(content)) == why
    state = "quarantined" if why else "unscanned"
    assert scanner.judge(file(content), None) == scanner.Verdict(state, why)


def test_a_bomb_is_not_unpacked_to_its_end(file, monkeypatch):
    monkeypatch.setattr(scanner, "MOST_UNPACKED", 1_000_000)
    assert scanner.own_look(file(packed(a_txt=bytes(3_000_000)))) == "unreadable"


@pytest.mark.parametrize("address", ["clamd://", "http://host:1", "clamd://host:99999", "clamd://host/path", "host:3310"])
def test_a_wrong_address_is_refused(address, tmp_path):
    with pytest.raises(SettingsError, match="MARKETPLACE_SCANNER"):
        read({"MARKETPLACE_SCANNER": address, "MARKETPLACE_DATA": str(tmp_path)})


def test_check_says_whether_the_scanner_answers(tmp_path, monkeypatch):
    monkeypatch.setenv("MARKETPLACE_DATA", str(tmp_path))
    monkeypatch.setenv("MARKETPLACE_ENCODERS", "none")
    with running() as server:
        monkeypatch.setenv("MARKETPLACE_SCANNER", server.address)
        assert "ok  scanner    ClamAV 1.4" in CliRunner().invoke(main, ["check"]).output
    assert "BAD scanner    does not answer" in CliRunner().invoke(main, ["check"]).output
