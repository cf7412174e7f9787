"""Reading many small documents on several processes: batch by batch, with one result whatever the number of workers.

Where the work is done:

| asked for | done by |
|---|---|
| nothing, and few documents | this process |
| nothing, and many documents | processes of this machine: of Dask where its extra is installed, else a plain pool |
| the address of a Dask scheduler | its workers, which must see the files under the same paths |
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from etl.locate import FoundFile
from etl.reading import ManyRead, read_many
from etl.rows import Options
from etl.source import SourceFile
from warehouse.errors import BuildError
from warehouse.workers import executor as workers_of
from warehouse.workers import result_of

#: Documents that are parsed and checked together.
BATCH_SIZE = 500

#: From here on, starting processes takes less time than they save.
MANY = 2_000


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
        BuildError: a worker was lost.
        WorkersError: there is no Dask where one was asked for.
    """
    # Which file is what was found out already, and how may be no function that another process can be told of.
    told = replace(part, belongs=None, pins=())
    known, found = set(withdrawn), set[str]()
    with workers_of(workers.wanted(len(files)), workers.scheduler) as (executor, at_once):

        def start(batch: Sequence[FoundFile]) -> tuple[Sequence[FoundFile], Future[ManyRead]]:
            return batch, executor.submit(read_many, batch, told, options, known)

        batches = _batches(files, workers.batch_size)
        under_way = deque(start(batch) for batch in islice(batches, at_once))
        while under_way:
            batch, future = under_way.popleft()
            read = result_of(future, partial(_lost, batch))
            for ledger in read.ledgers:
                found |= ledger.withdrawn
            yield read
            under_way.extend(start(batch) for batch in islice(batches, 1))
    withdrawn |= found


def _batches(files: Sequence[FoundFile], size: int) -> Iterator[Sequence[FoundFile]]:
    return (files[start : start + size] for start in range(0, len(files), size))


def _lost(batch: Sequence[FoundFile]) -> BuildError:
    return BuildError(
        f"A worker was lost while {len(batch)} files of {batch[0].source} were read: "
        f"{batch[0].name} to {batch[-1].name}.",
        "Was the memory enough? Build with fewer processes (TARGETGRAPH_BUILD_PROCESSES).",
    )
