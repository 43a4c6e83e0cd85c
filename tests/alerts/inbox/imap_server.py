"""A real IMAP server on a port of this machine: Debian's Dovecot, with one mailbox in a folder of the test's own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HOW = "Dovecot is missing: `make prove` installs it where it may; as root: apt-get install dovecot-imapd"
USER, PASSWORD = "inbox", "a/pass@word"
CONFIG = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
mail_location = maildir:{home}/Maildir
first_valid_uid = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


@dataclass(frozen=True)
class Server:
    """A running server: its address for the setting, and the Maildir that its INBOX is."""

    address: str
    maildir: Path

    def deliver(self, name: str, raw: bytes) -> None:
        """Put a message in, as a mail server does."""
        (self.maildir / "tmp" / name).write_bytes(raw)
        _own(self.maildir / "tmp" / name)
        (self.maildir / "tmp" / name).rename(self.maildir / "new" / name)

    def held(self, folder: str = "") -> list[str]:
        """The names of the messages of a folder below the INBOX; of the INBOX itself without a name."""
        place = self.maildir / (f".INBOX.{folder}" if folder else "")
        return sorted(path.name.partition(",")[0].partition(":")[0] for part in ("new", "cur") if (place / part).is_dir() for path in (place / part).iterdir())


def _account() -> pwd.struct_passwd:
    """Whose mailbox it is: nobody's, where root runs the test, because Dovecot hands root no mail."""
    return pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())


def _own(path: Path) -> None:
    if os.getuid() == 0:
        os.chown(path, _account().pw_uid, _account().pw_gid)


@contextmanager
def running(home: Path) -> Iterator[Server]:
    """The server, with an empty mailbox."""
    program = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
    assert program, HOW
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for part in ("", "Maildir", "Maildir/new", "Maildir/cur", "Maildir/tmp"):
        (home / part).mkdir(exist_ok=True)
        _own(home / part)
    account = _account()
    group = "nogroup" if os.getuid() == 0 else str(account.pw_gid)
    values = {"home": home, "port": port, "user": account.pw_name, "group": group, "uid": account.pw_uid, "gid": account.pw_gid, "password": PASSWORD}
    (home / "dovecot.conf").write_text(CONFIG.format(**values))
    server = subprocess.Popen([program, "-F", "-c", str(home / "dovecot.conf")])
    try:
        _wait(port, server, home)
        yield Server(f"imap://{USER}:a%2Fpass%40word@127.0.0.1:{port}/INBOX", home / "Maildir")
    finally:
        server.terminate()
        server.wait(20)


def _wait(port: int, server: subprocess.Popen, home: Path) -> None:
    for _attempt in range(100):
        assert server.poll() is None, (home / "log").read_text() if (home / "log").exists() else "Dovecot ended"
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
                assert line.recv(99).startswith(b"* OK")
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("Dovecot did not answer")
