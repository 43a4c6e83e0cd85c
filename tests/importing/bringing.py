"""Files brought in from beginning to end, as the jobs do it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from marketplace.db import session
from marketplace.importing import operations, releasing
from marketplace.importing.models import ImportRun


def import_file(actor: Any, organisation: Any, path: Path, **options: Any) -> ImportRun:
    """A file that was read, and published where that was asked for."""
    run = operations.bring(actor, organisation, [path], **options)
    list(operations.read_rows(actor, run))
    if run.state == "publishing":
        list(releasing.publish_rows(actor, run))
    session.flush()
    return run
