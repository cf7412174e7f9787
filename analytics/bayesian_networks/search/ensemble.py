"""Ensembles: the network learned again on resampled rows, and how often each edge comes back (Friedman et al. 1999).

Each replicate is a genuine acyclic network. Candidates are screened once, on all rows. Replicates run in this process,
on processes of this machine or on the workers of a Dask scheduler; each draws from a stream of its own, so that the
result is the same wherever and in whatever sequence they run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.data.dataset import Prepared
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.search.checkpoints import Checkpoint, key_of
from analytics.bayesian_networks.search.first_screen import screen_candidates
from analytics.bayesian_networks.search.learn import learn
from analytics.bayesian_networks.search.options import LearningOptions
from analytics.bayesian_networks.search.threads import cores
from warehouse.errors import AnalysisError
from warehouse.progress import SILENT, Progress
from warehouse.workers import executor as workers_of
from warehouse.workers import result_of


@dataclass(frozen=True)
class Ensemble:
    """Networks of resampled rows.

    Args:
        networks: one for each replicate, acyclic.
        frequencies: all their edges, each with the share of the networks that have it.
    """

    networks: tuple[Network, ...]
    frequencies: Network


@dataclass(frozen=True)
class Resampling:
    """How rows are drawn for one replicate.

    Args:
        seed: of the ensemble.
        share: of the rows that are drawn without replacement; None = as many as there are, with replacement (Efron's
            bootstrap).
    """

    seed: int = 0
    share: float | None = None

    def rows(self, samples: int, replicate: int) -> NDArray[np.intp]:
        """The rows of a replicate."""
        random = np.random.default_rng([self.seed, replicate])
        if self.share is None:
            return np.sort(random.integers(samples, size=samples))
        return np.sort(random.permutation(samples)[: max(2, round(self.share * samples))])


def learn_ensemble(
    prepared: Prepared,
    options: LearningOptions | None = None,
    replicates: int = 100,
    *,
    seed: int = 0,
    share: float | None = None,
    processes: int = 1,
    scheduler: str | None = None,
    progress: Progress = SILENT,
    checkpoint: Path | None = None,
) -> Ensemble:
    """Learn one network for each of several resamples of the rows.

    Args:
        prepared: standardised columns.
        options: of learning; `options.seed` is the search's, the same for every replicate.
        replicates: how many.
        seed: fixes the rows of all replicates.
        share: of the rows that each replicate takes without replacement; None = bootstrap.
        processes: of this machine that replicates run on; more than one needs `if __name__ == "__main__":` in a script.
        scheduler: the address of a Dask scheduler (`tcp://host:8786`) whose workers are used instead.
        progress: where it is told how far it is.
        checkpoint: a folder that keeps each finished replicate, and each unfinished one of this machine; a run that was
            interrupted goes on from it. It stays, so that more replicates can be added.

    Raises:
        AnalysisError: numbers out of range, a checkpoint of another run, a worker lost.
        WorkersError: no Dask where it was asked for.
    """
    options = options or LearningOptions()
    _check(replicates, share, processes)
    resampling = Resampling(seed, share)
    jobs = _Jobs(prepared, options, resampling, checkpoint, local=scheduler is None)
    found: dict[int, Network] = {}
    with progress.task("Replicates", replicates, "networks") as told:
        for replicate in range(replicates):
            kept = jobs.finished(replicate)
            if kept is not None:
                found[replicate] = kept
                told.advance()
        missing = [replicate for replicate in range(replicates) if replicate not in found]
        if missing:
            candidates = screen_candidates(prepared, options, progress)
            with workers_of(processes, scheduler, dask_here=False) as (executor, at_once):
                for replicate, network in jobs.run(executor, at_once, missing, candidates, processes):
                    found[replicate] = network
                    told.advance()
    networks = tuple(found[replicate] for replicate in range(replicates))
    return Ensemble(networks, frequencies_of(networks))


def frequencies_of(networks: tuple[Network, ...]) -> Network:
    """All edges of several networks of the same variables, each with the share of the networks that have it."""
    count = len(networks[0].variables)
    edges = np.concatenate([network.children.astype(np.int64) * count + network.parents for network in networks])
    unique, times = np.unique(edges, return_counts=True)
    parents, children = (unique % count).astype(np.int32), (unique // count).astype(np.int32)
    return Network(networks[0].variables, parents, children, times / len(networks))


def _check(replicates: int, share: float | None, processes: int) -> None:
    if replicates < 1:
        raise AnalysisError(f"replicates is {replicates}; it must be at least 1.")
    if processes < 1:
        raise AnalysisError(f"processes is {processes}; it must be at least 1.")
    if share is not None and not 0 < share <= 1:
        raise AnalysisError(f"share is {share}; it must lie between 0 and 1.")


class _Jobs:
    """The replicates of one ensemble, and where they are kept."""

    def __init__(
        self, prepared: Prepared, options: LearningOptions, resampling: Resampling, folder: Path | None, local: bool
    ) -> None:
        self._prepared, self._options, self._resampling = prepared, options, resampling
        self._folder, self._local = folder, local
        self._key = f"{key_of(prepared, options)} {resampling.seed} {resampling.share}" if folder else ""

    def _kept(self, replicate: int) -> Checkpoint:
        path = self._folder / f"replicate-{replicate:05}.npz" if self._folder else None
        return Checkpoint(path, f"{self._key} {replicate}")

    def finished(self, replicate: int) -> Network | None:
        """A replicate that an earlier run finished."""
        state = self._kept(replicate).load()
        if state is None:
            return None
        parents, children = state["parents"].astype(np.int32), state["children"].astype(np.int32)
        return Network(self._prepared.columns, parents, children, np.ones(len(parents)))

    def run(
        self, executor: Executor, at_once: int, missing: list[int], candidates: NDArray[np.int32], processes: int
    ) -> Iterator[tuple[int, Network]]:
        """Run the replicates that are missing, a few at a time, and keep each one that ends."""
        options = self._options
        if options.threads is None and processes > 1:
            options = replace(options, threads=max(1, cores() // processes))

        def start(replicate: int) -> tuple[int, Future[Network]]:
            own = None
            if self._folder is not None and self._local:
                own = self._folder / f"replicate-{replicate:05}.unfinished.npz"
            task = (self._prepared, options, self._resampling, replicate, candidates, own)
            return replicate, executor.submit(_replicate, *task)

        waiting = iter(missing)
        under_way = deque(start(replicate) for replicate in islice(waiting, at_once))
        while under_way:
            replicate, future = under_way.popleft()
            network = result_of(future, partial(_lost, replicate))
            self._kept(replicate).save({"parents": network.parents, "children": network.children}, now=True)
            yield replicate, network
            under_way.extend(start(following) for following in islice(waiting, 1))


def _replicate(
    prepared: Prepared,
    options: LearningOptions,
    resampling: Resampling,
    replicate: int,
    candidates: NDArray[np.int32],
    checkpoint: Path | None,
) -> Network:
    """Learn one replicate; runs on a worker."""
    rows = resampling.rows(len(prepared.z), replicate)
    # Columns that are constant in these rows stay: candidates count columns of the whole.
    drawn = replace(prepared, z=np.asfortranarray(prepared.z[rows]), imputed=np.asfortranarray(prepared.imputed[rows]))
    return learn(drawn, options, checkpoint=checkpoint, candidates=candidates)


def _lost(replicate: int) -> AnalysisError:
    return AnalysisError(
        f"A worker was lost while replicate {replicate} was learned.", "Was the memory enough? Use fewer processes."
    )
