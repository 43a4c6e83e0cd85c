"""A process that reads the program and its dictionary once, and divides itself for each command or script that is asked of it.

Reading both takes seven seconds of a processor, nearly all commands in the tests well under one. A child has done nothing yet: no settings, database or index
are open in this process. It is told by a line of JSON (words, environment, folder, where to write) and answers the exit code. The library's forkserver will
not do: in Python 3.11 it reads no modules from the folder of the tests, and keeps silent about it.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from multiprocessing import get_context

from marketplace.cli import main
from marketplace.matching.bridge import dictionary
from tests.shell import WAIT


def serve() -> None:
    """Answer until the input ends."""
    dictionary("zh")
    gc.freeze()  # so that the children share these pages
    divide = get_context("fork").Process
    for line in sys.stdin:
        child = divide(target=_become, args=json.loads(line))
        child.start()
        child.join(WAIT)
        if child.is_alive():
            child.kill()
            child.join()
        print(child.exitcode, flush=True)


def _become(words: list[str], environment: dict[str, str], folder: str, said: str, told: str) -> None:
    """Run one command, as if it had been started with this environment in this folder."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, path in ((1, said), (2, told)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    if words[0] == "-c":
        sys.argv = ["-c", *words[2:]]
        exec(words[1], {"__name__": "__main__"})
    else:
        sys.argv = ["marketplace", *words]
        main()


if __name__ == "__main__":
    serve()
