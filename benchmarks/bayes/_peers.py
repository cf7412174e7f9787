"""Learners side by side: each in a process of its own, on the same data, on one thread, within a time limit.

`python -m benchmarks.bayes._peers LEARNER INPUT OUTPUT` is that process. What is timed is the learning alone, without
imports and without reading the data; ours has its compiled modules from an earlier run, as on a user's machine.

BOSS and PC leave some edges undirected: such an edge counts as directed rightly wherever the pair is joined in the true
network, which is in their favour.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.assessment import metrics
from analytics.bayesian_networks.network import Network

Edges = NDArray[np.int64]

#: What holds every library to one thread.
_ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}


@dataclass(frozen=True)
class Outcome:
    """What a learner found.

    Args:
        edges: parents and children (edges x 2).
        undirected: pairs whose direction it left open (pairs x 2).
        seconds: of learning.
    """

    edges: Edges
    undirected: Edges
    seconds: float

    def network(self, true: Network) -> Network:
        """As a network; pairs left open are directed as in the true one where it joins them."""
        known = set(zip(true.parents.tolist(), true.children.tolist(), strict=True))
        opened = [(j, k) if (j, k) in known else (k, j) for k, j in self.undirected.tolist()]
        every = sorted({*map(tuple, self.edges.tolist()), *opened})
        return Network.of_edges(true.variables, [k for k, _ in every], [j for _, j in every])


@dataclass(frozen=True)
class Marks:
    """How near an outcome is to the true network."""

    directed_f1: float
    skeleton_f1: float
    distance: int
    seconds: float


def learn_apart(learner: str, limit_s: float, **data: Any) -> Outcome | None:
    """Run a learner in a process of its own; None if it did not end within the limit.

    Args:
        learner: one of `LEARNERS`.
        limit_s: for the whole process.
        data: arrays that the learner reads: `values`, and others that it may need.

    Raises:
        subprocess.CalledProcessError: it failed; its error output is attached as a note.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, result = Path(folder) / "given.npz", Path(folder) / "result.npz"
        np.savez(given, **data)
        command = [sys.executable, "-m", "benchmarks.bayes._peers", learner, str(given), str(result)]
        try:
            subprocess.run(
                command, check=True, timeout=limit_s, capture_output=True, text=True, env={**os.environ, **_ONE_THREAD}
            )
        except subprocess.TimeoutExpired:
            return None
        except subprocess.CalledProcessError as error:
            error.add_note(error.stderr[-2000:])
            raise
        with np.load(result) as stored:
            return Outcome(stored["edges"], stored["undirected"], float(stored["seconds"]))


def marks(outcome: Outcome, true: Network) -> Marks:
    """Compare an outcome with the true network."""
    found = outcome.network(true)
    return Marks(
        metrics.directed_agreement(found, true).f1,
        metrics.skeleton_agreement(found, true).f1,
        metrics.structural_hamming_distance(found, true),
        outcome.seconds,
    )


def _as_edges(pairs: Any) -> Edges:
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def _of_network(network: Network) -> tuple[Edges, Edges]:
    return np.column_stack([network.parents, network.children]).astype(np.int64), _as_edges([])


def _dataset(data: Any) -> Any:
    from analytics.bayesian_networks.data.dataset import Dataset

    count = data["values"].shape[1]
    names = [f"x{column}" for column in range(count)]
    tiers = dict(zip(names, data["tiers"].tolist(), strict=True)) if "tiers" in data else None
    kinds = dict.fromkeys(names, "categorical") if "discrete" in data else None
    return Dataset.of(data["values"], names, tiers=tiers, kinds=kinds)


def _ours(data: Any) -> Callable[[], tuple[Edges, Edges]]:
    from analytics.bayesian_networks.data.dataset import prepare
    from analytics.bayesian_networks.search.learn import learn
    from analytics.bayesian_networks.search.options import LearningOptions

    prepared, options = prepare(_dataset(data)), LearningOptions(threads=1)
    intervened = data.get("intervened")
    learn(prepared.with_rows(np.arange(40)), options)  # loads the compiled modules
    return lambda: _of_network(learn(prepared, options, intervened=intervened))


def _ours_lines(data: Any) -> Callable[[], tuple[Edges, Edges]]:
    from analytics.bayesian_networks.data.dataset import prepare
    from analytics.bayesian_networks.search.learn import learn
    from analytics.bayesian_networks.search.options import LearningOptions

    prepared, options = prepare(_dataset(data)), LearningOptions(functions="linear", threads=1)
    learn(prepared.with_rows(np.arange(40)), options)
    return lambda: _of_network(learn(prepared, options))


def _ours_climbing(data: Any) -> Callable[[], tuple[Edges, Edges]]:
    from analytics.bayesian_networks.data.dataset import prepare
    from analytics.bayesian_networks.search.hill_climbing import learn_hill_climbing
    from analytics.bayesian_networks.search.options import LearningOptions

    prepared, options = prepare(_dataset(data)), LearningOptions(threads=1)
    learn_hill_climbing(prepared.with_rows(np.arange(40)), options)
    return lambda: _of_network(learn_hill_climbing(prepared, options))


def _ours_discrete(data: Any) -> Callable[[], tuple[Edges, Edges]]:
    from analytics.bayesian_networks.search.discrete import DiscreteOptions, learn_discrete

    dataset, options = _dataset(data), DiscreteOptions(threads=1)
    few = _dataset({"values": np.random.default_rng(0).integers(0, 2, (50, 5)).astype(float), "discrete": True})
    learn_discrete(few, options)
    return lambda: _of_network(learn_discrete(dataset, options))


def _of_causal_learn(graph: Any) -> tuple[Edges, Edges]:
    """Edges of its matrix of end marks: -1 at i and 1 at j is i -> j; -1 at both is i - j; 1 at both is left out."""
    ends = graph.graph
    directed = [(i, j) for i, j in zip(*np.nonzero((ends == -1) & (ends.T == 1)), strict=True)]
    undirected = [(i, j) for i, j in zip(*np.nonzero((ends == -1) & (ends.T == -1)), strict=True) if i < j]
    both = [(i, j) for i, j in zip(*np.nonzero((ends == 1) & (ends.T == 1)), strict=True) if i < j]
    return _as_edges(directed), _as_edges(undirected + both)


def _boss(data: Any) -> Callable[[], tuple[Edges, Edges]]:
    import random

    from causallearn.search.PermutationBased.BOSS import boss

    random.seed(0)
    np.random.seed(0)
    return lambda: _of_causal_learn(boss(data["values"], verbose=False))


def _pc(data: Any) -> Callable[[], tuple[Edges, Edges]]:
    from causallearn.search.ConstraintBased.PC import pc

    test = "chisq" if "discrete" in data else "fisherz"
    return lambda: _of_causal_learn(pc(data["values"], 0.01, test, show_progress=False).G)


def _pgmpy(data: Any) -> Callable[[], tuple[Edges, Edges]]:
    import pandas as pd
    from pgmpy.causal_discovery import HillClimbSearch

    discrete = "discrete" in data
    frame = pd.DataFrame(data["values"]).rename(columns=lambda column: f"x{column}")
    if discrete:
        frame = frame.astype(int).astype("category")
    score = "bic-d" if discrete else "bic-g"
    search = HillClimbSearch(scoring_method=score, return_type="dag", show_progress=False)

    def work() -> tuple[Edges, Edges]:
        search.fit(frame)
        pairs = [(int(str(parent)[1:]), int(str(child)[1:])) for parent, child in search.causal_graph_.edges()]
        return _as_edges(pairs), _as_edges([])

    return work


#: Each reads the data and gives what is timed.
LEARNERS: dict[str, Callable[[Any], Callable[[], tuple[Edges, Edges]]]] = {
    "ours": _ours,
    "ours_lines": _ours_lines,
    "ours_climbing": _ours_climbing,
    "ours_discrete": _ours_discrete,
    "boss": _boss,
    "pc": _pc,
    "pgmpy": _pgmpy,
}


def _child(learner: str, given: str, result: str) -> None:
    warnings.simplefilter("ignore")
    with np.load(given) as stored:
        data = dict(stored)
    work = LEARNERS[learner](data)
    start = time.perf_counter()
    edges, undirected = work()
    seconds = time.perf_counter() - start
    np.savez(result, edges=edges, undirected=undirected, seconds=seconds)


if __name__ == "__main__":
    _child(*sys.argv[1:])
