"""A small server on a port of this machine that speaks clamd's protocol: it finds what carries the test string."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" + rb"$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
LIMIT = 25 * 1024 * 1024


class Clamd(socketserver.BaseRequestHandler):
    """One connection: one command, ended by NUL."""

    def handle(self) -> None:
        command = b""
        while not command.endswith(b"\0") and (byte := self.request.recv(1)):
            command += byte
        self.server.heard.append(command)
        if command == b"zVERSION\0":
            self.request.sendall(b"ClamAV 1.4.3/27777/Mon Nov  2 09:00:00 2026\0")
        elif command == b"zINSTREAM\0":
            self.request.sendall(self._verdict())

    def _verdict(self) -> bytes:
        content = b""
        while size := int.from_bytes(self._exactly(4)):
            content += self._exactly(size)
            if len(content) > self.server.limit:
                return b"INSTREAM size limit exceeded. ERROR\0"
        if self.server.broken:
            return b"stream: Can't allocate memory ERROR\0"
        return b"stream: Eicar-Test-Signature FOUND\0" if EICAR[-41:-7] in content else b"stream: OK\0"

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size and (more := self.request.recv(size - len(found))):
            found += more
        return found


@contextmanager
def running(limit: int = LIMIT, broken: bool = False) -> Iterator[socketserver.ThreadingTCPServer]:
    """The server, and its address as `address`."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Clamd) as server:
        server.daemon_threads = True
        server.heard, server.limit, server.broken = [], limit, broken
        server.address = f"clamd://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
