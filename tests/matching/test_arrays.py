"""Arrays are read by several threads at once."""

from __future__ import annotations

import gc
import sys
import threading
from pathlib import Path

import numpy as np

from marketplace.matching import arrays


def test_threads_read_arrays_at_once(tmp_path: Path) -> None:
    """The parser that NumPy uses is switched away from whenever a collection of garbage runs Python, as test tools make it do."""
    for number in range(4):
        np.save(tmp_path / f"{number}.npy", np.full((3, 2), number))
    wrong: list[str] = []

    def read(number: int) -> None:
        for _ in range(150):
            try:
                found = {int(load(tmp_path / f"{number}.npy")[0, 0]) for load in (arrays.mapped, arrays.read)}
            except SystemError as error:
                wrong.append(str(error))
            else:
                wrong.extend(map(str, found - {number}))

    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    gc.callbacks.append(busy := lambda *_: sum(range(200)))
    sys.setswitchinterval(1e-6)
    gc.set_threshold(5)
    try:
        threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        gc.callbacks.remove(busy)
        sys.setswitchinterval(interval)
        gc.set_threshold(*thresholds)
    assert wrong == []
