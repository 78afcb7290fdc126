"""How the benchmarks measure time and memory."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable


def seconds(work: Callable[[], object], rounds: int = 3) -> float:
    """Return how long it takes, the shortest of some rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def peak_memory(work: Callable[[], object]) -> float:
    """Return the peak of the memory that it allocates, in MiB."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20
