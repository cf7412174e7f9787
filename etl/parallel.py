"""Reading many small documents on several processes: batch by batch, with one result whatever the number of workers.

Where the work is done:

| asked for | done by |
|---|---|
| nothing, and few documents | this process |
| nothing, and many documents | processes of this machine: of Dask where its extra is installed, else a plain pool |
| the address of a Dask scheduler | its workers, which must see the files under the same paths |

Processes are started afresh, not forked: a script that builds needs `if __name__ == "__main__":`.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from multiprocessing import get_context
from typing import Any

from etl.locate import FoundFile
from etl.reading import ManyRead, read_many
from etl.rows import Options
from etl.source import SourceFile
from warehouse.errors import BuildError

#: Documents that are parsed and checked together.
BATCH_SIZE = 500

#: From here on, starting processes takes less time than they save.
MANY = 2_000

#: Batches that wait for each worker, so that none of them idles and few results are held.
_AHEAD = 2

#: How long a Dask scheduler may take to answer, and its first worker to come.
_CONNECT_S, _WORKER_S = 10, 60


@dataclass(frozen=True)
class Workers:
    """Where documents are read.

    Args:
        processes: how many of this machine; None = one for each core where there are many documents; 1 = this one.
        scheduler: the address of a Dask scheduler (`tcp://host:8786`) whose workers read instead.
        batch_size: documents in a batch.
    """

    processes: int | None = None
    scheduler: str | None = None
    batch_size: int = BATCH_SIZE

    def wanted(self, documents: int) -> int:
        """How many processes of this machine a number of documents is worth."""
        batches = -(-documents // self.batch_size)
        enough = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        processes = self.processes or (enough if documents >= MANY else 1)
        return max(1, min(processes, batches))


def read_in_batches(
    files: Sequence[FoundFile], part: SourceFile, options: Options, withdrawn: set[str], workers: Workers
) -> Iterator[ManyRead]:
    """Read the files of one part, in their order, batch by batch; a few batches are under way at any time.

    Args:
        files: the files.
        part: what they are; its format is a `BatchFormat`.
        options: what the user chose.
        withdrawn: what earlier parts of the source say is withdrawn; what these files say is added at the end.
        workers: where they are read.

    Raises:
        BuildError: a worker was lost, or there is no Dask where one was asked for.
    """
    # Which file is what was found out already, and how may be no function that another process can be told of.
    told = replace(part, belongs=None, pins=())
    known, found = set(withdrawn), set[str]()
    with _executor(workers, len(files)) as (executor, at_once):

        def start(batch: Sequence[FoundFile]) -> tuple[Sequence[FoundFile], Future[ManyRead]]:
            return batch, executor.submit(read_many, batch, told, options, known)

        batches = _batches(files, workers.batch_size)
        under_way = deque(start(batch) for batch in islice(batches, at_once))
        while under_way:
            read = _result(*under_way.popleft())
            for ledger in read.ledgers:
                found |= ledger.withdrawn
            yield read
            under_way.extend(start(batch) for batch in islice(batches, 1))
    withdrawn |= found


def _batches(files: Sequence[FoundFile], size: int) -> Iterator[Sequence[FoundFile]]:
    return (files[start : start + size] for start in range(0, len(files), size))


def _result(batch: Sequence[FoundFile], future: Future[ManyRead]) -> ManyRead:
    """The result of a batch; a fault of it names its files."""
    try:
        return future.result()
    except (BrokenExecutor, CancelledError) as error:
        raise _lost(batch) from error
    except Exception as error:
        if type(error).__name__ == "KilledWorker":
            raise _lost(batch) from error
        raise


def _lost(batch: Sequence[FoundFile]) -> BuildError:
    return BuildError(
        f"A worker was lost while {len(batch)} files of {batch[0].source} were read: "
        f"{batch[0].name} to {batch[-1].name}.",
        "Was the memory enough? Build with fewer processes (TARGETGRAPH_BUILD_PROCESSES).",
    )


@contextmanager
def _executor(workers: Workers, documents: int) -> Iterator[tuple[Executor, int]]:
    """What runs the batches, and how many of them at a time."""
    processes = workers.wanted(documents)
    if workers.scheduler is not None:
        with _client(workers.scheduler) as client:
            yield client.get_executor(), _AHEAD * max(1, sum(client.nthreads().values()))
    elif processes == 1:
        yield _Here(), 1
    elif find_spec("distributed") is not None:
        with _local_cluster(processes) as client:
            yield client.get_executor(), _AHEAD * processes
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            yield pool, _AHEAD * processes


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
        raise BuildError(f"There is no Dask scheduler at {address}: {error}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_WORKER_S)
        except TimeoutError as error:
            raise BuildError(f"The Dask scheduler at {address} has no worker.", "Start `dask worker`.") from error
        yield client


def _distributed() -> Any:
    try:
        return import_module("distributed")
    except ImportError as error:
        hint = "pip install 'targetgraph[dask]'"
        raise BuildError("A Dask scheduler was named, and the extra `dask` is not installed.", hint) from error
