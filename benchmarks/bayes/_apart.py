"""Our learner in a process of its own, with its time and the peak of the memory of the whole process.

`python -m benchmarks.bayes._apart INPUT OUTPUT` is that process. Time is that of preparing and learning, on all cores;
reading the data and importing are apart. Compiled modules are kept from one run to the next, as on a user's machine: a
small problem is learned first, so that no compiling is timed; `compile_seconds` is what that took.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analytics.bayesian_networks.assessment import metrics
from analytics.bayesian_networks.assessment.simulate import Setting, simulate
from analytics.bayesian_networks.network import Network
from benchmarks.harness import run_command


@dataclass(frozen=True)
class Learned:
    """What learning took, and how near the network is to the true one.

    Args:
        seconds: of preparing and learning.
        warm_up_seconds: of the small problem before it.
        peak_gb: of the process.
        edges: how many were found.
        directed, skeleton: agreement with the true network.
    """

    seconds: float
    warm_up_seconds: float
    peak_gb: float
    edges: int
    directed: metrics.Agreement
    skeleton: metrics.Agreement


def learn_simulated(setting: Setting, variables: int, samples: int, seed: int) -> Learned:
    """Simulate data here and learn them in another process."""
    simulation = simulate(setting, variables, samples, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        given, result = Path(folder) / "given.npy", Path(folder) / "result.npz"
        np.save(given, simulation.values)
        finished = run_command([sys.executable, "-m", "benchmarks.bayes._apart", str(given), str(result)])
        with np.load(result) as stored:
            found = Network.of_edges(simulation.network.variables, stored["parents"], stored["children"])
    told = json.loads(finished.output.splitlines()[-1])
    directed = metrics.directed_agreement(found, simulation.network)
    skeleton = metrics.skeleton_agreement(found, simulation.network)
    return Learned(told["seconds"], told["warm_up_seconds"], finished.peak_gb, found.count, directed, skeleton)


def _child(given: str, result: str) -> None:
    from analytics.bayesian_networks.data.dataset import Dataset, prepare
    from analytics.bayesian_networks.search.learn import learn
    from analytics.bayesian_networks.search.options import LearningOptions

    start = time.perf_counter()
    few = np.random.default_rng(0).standard_normal((50, 30))
    for candidates in (None, 10):
        learn(prepare(Dataset.of(few)), LearningOptions(candidates=candidates))
    warm_up = time.perf_counter() - start
    values = np.load(given)
    start = time.perf_counter()
    network = learn(prepare(Dataset.of(values)))
    seconds = time.perf_counter() - start
    np.savez(result, parents=network.parents, children=network.children)
    print(json.dumps({"seconds": seconds, "warm_up_seconds": warm_up}))


if __name__ == "__main__":
    _child(*sys.argv[1:])
