"""Threads of the learner: each task on one thread, matrix products inside a task on that thread alone.

A library of matrix products that used several threads itself would compete with ours, and its sums would depend on
how many it used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

# The kernels take their matrix products from scipy: it must be there before its threads are limited.
import scipy.linalg.blas  # noqa: F401
from threadpoolctl import threadpool_limits

Run = Callable[[Callable[[Any], None], Iterable[Any]], None]


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def on_threads(count: int | None = None) -> Iterator[Run]:
    """Give what runs a function on each of several tasks, on so many threads (None = one for each core)."""
    threads = count or cores()
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:

        def run(function: Callable[[Any], None], tasks: Iterable[Any]) -> None:
            if threads == 1:
                for task in tasks:
                    function(task)
            else:
                for _ in pool.map(function, tasks):
                    pass

        yield run
