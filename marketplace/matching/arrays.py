"""Reading arrays from files, safely from several threads, and joining thousands of files.

NumPy parses the head of a file with `ast.literal_eval`, and CPython before 3.12 counts the depth of that parser in one place
for all threads: two at once raise SystemError (CPython issue 106905). One thread at a time reads a head.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
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


def join(files: Sequence[Path], target: Path) -> None:
    """Write the arrays of files, one after another, as one.

    Few files are open at a time: a mapped one takes a descriptor, of which a process usually has 1,024, and an index of
    millions is joined from thousands of segments.
    """
    lengths = [len(mapped(file)) for file in files]
    first = mapped(files[0])
    shape = (sum(lengths), *first.shape[1:])
    if not all(shape):
        np.save(target, np.zeros(shape, first.dtype))
        return
    whole = np.lib.format.open_memmap(target, "w+", first.dtype, shape)
    at = 0
    for file, length in zip(files, lengths, strict=True):
        whole[at : at + length] = mapped(file)
        at += length
    whole.flush()


def join_ends(files: Sequence[Path], target: Path) -> None:
    """The same for arrays that say where each row's part of another array ends, with a 0 before the first."""
    parts, at = [np.zeros(1, np.int64)], 0
    for file in files:
        ends = read(file)
        parts.append(ends[1:].astype(np.int64) + at)
        at += int(ends[-1])
    np.save(target, np.concatenate(parts))
