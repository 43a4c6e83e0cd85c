"""Where the processes of the drilled site are hatched: one process that has read the program once, and forks for each unit that is to be started.

Reading the program costs seven seconds of a processor, everything else of a start half a second; 300 deaths would otherwise be half an hour of reading.
What runs in the fork is what the units of packaging/ run: gunicorn with `marketplace.server`, and `marketplace worker`. No settings are read, and no
database is opened, before the fork. A line of JSON on the standard input asks for one; its process id is the answer.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from importlib import import_module
from typing import Any

import gunicorn.app.wsgiapp
import gunicorn.workers.gthread

import marketplace.cli

BEFORE = ("marketplace.serving",)


def hatch(asked: dict[str, Any]) -> None:
    """In the fork: become the unit."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.environ.clear()
    os.environ.update(asked["environment"])
    log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for number in (1, 2):
        os.dup2(log, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv[:] = asked["command"][2:]
    sys.path[:0] = asked["environment"]["PYTHONPATH"].split(os.pathsep)
    try:
        if sys.argv[0] == "gunicorn":
            gunicorn.app.wsgiapp.run()
        else:
            sys.argv[0] = "marketplace"
            marketplace.cli.main()
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 1)
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    os._exit(1)


def main() -> None:
    """Hatch whatever is asked for."""
    for name in BEFORE:
        import_module(name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead leave nothing behind
    print("ready", flush=True)
    for line in sys.stdin:
        number = os.fork()
        if not number:
            hatch(json.loads(line))
        print(number, flush=True)


if __name__ == "__main__":
    main()
