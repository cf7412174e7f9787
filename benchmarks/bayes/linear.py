"""Linear data of 160 and 320 variables beside causal-learn's BOSS, on the same data and one thread each.

Straight lines with normal noise leave the direction of some edges open: every network is compared by its equivalence
class, and an edge that the class leaves open counts as directed rightly wherever the pair is joined, for all learners.
`linear_N` is our default, which chooses between line and curve for each edge; `linear_N_lines` takes lines only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analytics.bayesian_networks.assessment.metrics import completed
from analytics.bayesian_networks.assessment.simulate import Setting, simulate
from analytics.bayesian_networks.network import Network
from benchmarks.bayes._peers import Marks, Outcome, learn_apart, marks
from benchmarks.harness import Figure

SAMPLES, LIMIT_S = 500, 900.0
#: Variables, and the seeds of each size.
SIZES = {160: (601, 602, 603), 320: (604, 605)}
_SMALL_SIZES = {30: (601,)}
_OURS = {"": "ours", "_lines": "ours_lines"}


def run(small: bool) -> list[Figure]:
    """Agreement and seconds, means over the seeds, and how far we are behind BOSS."""
    figures = []
    for variables, seeds in (_SMALL_SIZES if small else SIZES).items():
        boss = _means("boss", variables, seeds)
        figures += [
            Figure(f"linear_{variables}_boss_directed_f1", boss.directed_f1, ""),
            Figure(f"linear_{variables}_boss_skeleton_f1", boss.skeleton_f1, ""),
            Figure(f"linear_{variables}_boss_seconds", boss.seconds, "s"),
        ]
        for suffix, learner in _OURS.items():
            figures += _beside(f"linear_{variables}{suffix}", _means(learner, variables, seeds), boss)
    return figures


def _beside(prefix: str, ours: Marks, boss: Marks) -> list[Figure]:
    return [
        *(
            Figure(f"{prefix}_{name}", mine, "", f">= {peer - 0.01:.4f}", "BOSS", peer)
            for name, mine, peer in (
                ("directed_f1", ours.directed_f1, boss.directed_f1),
                ("skeleton_f1", ours.skeleton_f1, boss.skeleton_f1),
            )
        ),
        Figure(f"{prefix}_seconds", ours.seconds, "s", f"<= {boss.seconds:.4f}", "BOSS", boss.seconds),
    ]


def _means(learner: str, variables: int, seeds: Sequence[int]) -> Marks:
    every = []
    for seed in seeds:
        simulation = simulate(Setting.LINEAR, variables, SAMPLES, seed=seed)
        outcome = learn_apart(learner, LIMIT_S, values=simulation.values)
        if outcome is None:
            raise TimeoutError(f"{learner} did not end within {LIMIT_S} s on {variables} variables")
        every.append(
            marks(outcome if learner == "boss" else _as_class(outcome, simulation.network), simulation.network)
        )
    mean = {
        name: round(float(np.mean([getattr(m, name) for m in every])), 4) for name in ("directed_f1", "skeleton_f1")
    }
    return Marks(**mean, distance=0, seconds=round(float(np.mean([m.seconds for m in every])), 1))


def _as_class(outcome: Outcome, true: Network) -> Outcome:
    """What straight lines can tell of an acyclic network: the edges that its equivalence class directs."""
    network = outcome.network(true)
    count = len(network.variables)
    pairs = {(int(edge // count), int(edge % count)) for edge in completed(network)}
    both = {(k, j) for k, j in pairs if (j, k) in pairs}
    undirected = np.array(sorted((k, j) for k, j in both if k < j), np.int64).reshape(-1, 2)
    return replace(outcome, edges=np.array(sorted(pairs - both), np.int64).reshape(-1, 2), undirected=undirected)
