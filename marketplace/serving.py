"""The worker of gunicorn that knows when each request began: `gunicorn --worker-class marketplace.serving.Worker`.

Gunicorn's threaded worker hands a new connection to a thread at once, where it waits for its first byte; while all threads are busy with uploads nobody
would notice when that came. Here every connection waits at the main loop, which notes the moment, and goes to a thread afterwards. The next request
on a connection that is kept alive gets a moment of its own.

It also chooses when the interpreter looks for rubbish that holds itself (docs/decisions/0029-the-collector-between-requests.md).
"""

from __future__ import annotations

import gc
import socket
import struct
import sys
import time
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from marketplace.arrival import first_byte

SILENCE = 60  # seconds without a byte, after which a connection in the middle of a request is given up
PATIENCE = 10  # seconds for the first byte on a new connection
LINGER, LINGER_BYTES = 20, 1 << 30  # seconds and bytes for which the rest of a refused upload is taken in and thrown away
ANYWHERE = sys.version_info < (3, 12)  # the interpreter collects in the midst of making an object, and lets other threads in at that


def collect() -> None:
    """Look for rubbish if as much was made as the interpreter itself waits for: of the oldest generation of which that is true, and of all younger ones."""
    due = [generation for generation, (made, waits) in enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)) if made > waits > 0]
    if due:
        gc.collect(due[-1])


class Worker(ThreadWorker):
    """Gunicorn's threaded worker, with a moment for each first byte, and one for the collector after each request."""

    def run(self) -> None:
        """Serve. Where the interpreter would collect anywhere it does so after requests only."""
        if ANYWHERE:
            gc.disable()
        super().run()

    def accept(self, listener: socket.socket) -> None:
        """Take a connection, and wait for its first byte without a thread."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SILENCE, 0))
        self.nr_conns += 1
        conn = TConn(self.cfg, client, address, listener.getsockname())
        conn.timeout = time.monotonic() + PATIENCE
        self.pending_conns.append(conn)
        self.poller.register(client, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def on_pending_socket_readable(self, conn: Any, client: socket.socket) -> None:
        """The first byte on a new connection has come."""
        self._note(conn)
        super().on_pending_socket_readable(conn, client)

    def on_client_socket_readable(self, conn: Any, client: socket.socket) -> None:
        """The first byte of the next request on a connection that was kept alive has come."""
        self._note(conn)
        super().on_client_socket_readable(conn, client)

    def _note(self, conn: Any) -> None:
        """With TLS the first bytes are those of the handshake: then the moment is when the application is called."""
        conn.first_byte = None if self.cfg.is_ssl else time.time()

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Hand the moment to the application, once: what follows in the same buffer has none of its own."""
        first_byte.set(getattr(conn, "first_byte", None))
        conn.first_byte = None
        try:
            return super().handle_request(req, conn)
        finally:
            if ANYWHERE:
                collect()

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        """Take in what of an upload still comes after it was refused: else its sender finds a broken connection, and never reads why."""
        ended = conn.parser.finish_body(deadline=time.monotonic() + LINGER, max_bytes=LINGER_BYTES)
        return bool(keepalive and ended)

    def _cap_keepalive(self, deadline: float) -> None:
        """A stopping worker waits no longer for first bytes than for further requests."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)
