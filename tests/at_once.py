"""Several at the same moment: each in a thread and a transaction of its own, as requests are. For tests on a database of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from marketplace.db import session, to_write

LONGEST = 60  # seconds that one of them may take before the test gives up


def _together(acts: tuple[Callable[[], Any], ...]) -> list[tuple[Any, Exception | None]]:
    """What each gave, and what it raised. They start together; what was refused leaves nothing."""
    gate, ends = threading.Barrier(len(acts)), [(None, AssertionError("it did not end"))] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            with to_write():
                gate.wait(LONGEST)
                given = act()
                session.commit()
            ends[place] = given, None
        except Exception as error:  # whatever it is, the test looks at it
            session.rollback()
            ends[place] = None, error
        finally:
            session.remove()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONGEST)
    session.rollback()  # what this thread saw before is old
    return ends


def at_once(*acts: Callable[[], Any]) -> list[Exception | None]:
    """Do these at the same moment; what each raised, None where it was well."""
    return [error for _given, error in _together(acts)]


def given_at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do these at the same moment; what each gave, or what it raised."""
    return [given if error is None else error for given, error in _together(acts)]


def ends_at_once(*acts: Callable[[], Any]) -> list[str]:
    """Do these at the same moment; what became of each: "done", or the name of what refused it."""
    return ["done" if error is None else type(error).__name__ for error in at_once(*acts)]
