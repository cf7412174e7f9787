"""Where work over many parts is done: this process, processes of this machine, or the workers of a Dask scheduler.

Processes are started afresh, not forked: a script that uses them needs `if __name__ == "__main__":`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from typing import Any, TypeVar

from warehouse.errors import TargetGraphError, WorkersError
from warehouse.extras import require_extra

Result = TypeVar("Result")

#: Parts that wait for each worker, so that none of them idles and few results are held.
_AHEAD = 2

#: How long a Dask scheduler may take to answer, and its first worker to come.
_CONNECT_S, _WORKER_S = 10, 60


@contextmanager
def executor(processes: int, scheduler: str | None = None, *, dask_here: bool = True) -> Iterator[tuple[Executor, int]]:
    """What runs the parts, and how many of them are handed to it at a time.

    Args:
        processes: of this machine; 1 = this process.
        scheduler: the address of a Dask scheduler (`tcp://host:8786`) whose workers are used instead.
        dask_here: several processes of this machine are Dask's where it is installed; a plain pool serves parts better
            whose arguments are large arrays.

    Raises:
        WorkersError: there is no such scheduler, or it has no worker.
        MissingExtraError: Dask is not installed.
    """
    if scheduler is not None:
        with _client(scheduler) as client:
            yield client.get_executor(pure=False), _AHEAD * max(1, sum(client.nthreads().values()))
    elif processes == 1:
        yield _Here(), 1
    elif dask_here and find_spec("distributed") is not None:
        with _local_cluster(processes) as client:
            yield client.get_executor(pure=False), _AHEAD * processes
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            yield pool, _AHEAD * processes


def result_of(future: Future[Result], lost: Callable[[], TargetGraphError]) -> Result:
    """What came of a part; where its worker died, the error that `lost` makes."""
    try:
        return future.result()
    except (BrokenExecutor, CancelledError) as error:
        raise lost() from error
    except Exception as error:
        # Dask's own error for it, which cannot be named where Dask is not installed.
        if type(error).__name__ == "KilledWorker":
            raise lost() from error
        raise


class _Here(Executor):
    """Runs everything in this process, at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it and give what came of it; what it raises is raised here."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@contextmanager
def _local_cluster(processes: int) -> Iterator[Any]:
    """A client of a new Dask cluster on this machine."""
    dask = _distributed()
    # Several processes that each used all cores would stand in each other's way.
    environment = {"POLARS_MAX_THREADS": "1"}
    made = dask.LocalCluster(
        n_workers=processes, threads_per_worker=1, dashboard_address="127.0.0.1:0", env=environment, memory_limit=0
    )
    with made as cluster, dask.Client(cluster) as client:
        yield client


@contextmanager
def _client(address: str) -> Iterator[Any]:
    """A client of a Dask scheduler that runs already."""
    dask = _distributed()
    try:
        client = dask.Client(address, timeout=_CONNECT_S)
    except (OSError, ValueError) as error:
        raise WorkersError(f"There is no Dask scheduler at {address}: {error}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_WORKER_S)
        except TimeoutError as error:
            raise WorkersError(f"The Dask scheduler at {address} has no worker.", "Start `dask worker`.") from error
        yield client


def _distributed() -> Any:
    require_extra("dask", "A Dask scheduler")
    return import_module("distributed")
