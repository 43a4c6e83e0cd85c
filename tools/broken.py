"""The application with a fault put in on purpose, so that the count of `faults.py` is seen to find it: `python tools/faults.py 12 --broken early-commit`.

early-commit: what a move did is committed before its event is written. A kill between the two leaves a state without its event.
"""

from __future__ import annotations

import os
import time
from typing import Any

from marketplace import record
from marketplace.db import session
from marketplace.wsgi import app

__all__ = ["app"]
_whole = record.record


def _late(thing: Any, verb: str, *rest: Any, **facts: Any) -> record.Event:
    """The event of a move, after its state was committed and a moment has passed."""
    if "target" in facts:
        session.commit()
        time.sleep(0.4)
    return _whole(thing, verb, *rest, **facts)


if os.environ.get("FAULTS_BROKEN") == "early-commit":
    record.record = _late
