"""Reading arrays from files, safely from several threads.

NumPy parses the head of a file with `ast.literal_eval`, and CPython before 3.12 counts the depth of that parser in one place
for all threads: two at once raise SystemError (CPython issue 106905). One thread at a time reads a head.
"""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_one_at_a_time = threading.Lock()


def mapped(file: Path) -> NDArray:
    """The array in `file`, mapped read-only. FileNotFoundError, ValueError if it is not an array."""
    with _one_at_a_time:
        return np.load(file, mmap_mode="r")


def read(file: Path) -> NDArray:
    """The array in `file`, in memory. FileNotFoundError, ValueError if it is not an array."""
    with _one_at_a_time:
        return np.load(file)
