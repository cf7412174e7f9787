"""Simulated data that break an assumption of the model, beside BOSS, PC and pgmpy's hill climbing.

Every learner has its defaults (PC: Fisher's z, alpha 0.01), one thread and the same data. Settings and sizes were fixed
before the seeds were drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analytics.bayesian_networks.assessment.simulate import Setting, simulate
from benchmarks.bayes._peers import Marks, learn_apart, marks
from benchmarks.harness import Figure

SETTINGS = tuple(setting for setting in Setting if setting is not Setting.DISCRETE)
SAMPLES, LIMIT_S = 500, 150.0
SEEDS = (201, 202, 203)

#: Variables, and the learners that can bear so many.
SIZES = {20: ("ours", "ours_climbing", "boss", "pc", "pgmpy"), 100: ("ours", "ours_climbing", "boss", "pc")}
_SMALL_SIZES = {12: ("ours", "ours_climbing", "boss", "pc", "pgmpy")}


def run(small: bool) -> list[Figure]:
    """Directed and skeleton F1 of every learner: mean, lowest and highest of the seeds; seconds."""
    figures = []
    for variables, learners in (_SMALL_SIZES if small else SIZES).items():
        for setting in SETTINGS[:1] if small else SETTINGS:
            found = {
                learner: _all_marks(learner, setting, variables, SEEDS[:1] if small else SEEDS) for learner in learners
            }
            figures += _figures(f"misspecified_{setting.replace('-', '_')}_{variables}", found)
    return figures


def _all_marks(learner: str, setting: Setting, variables: int, seeds: Sequence[int]) -> list[Marks]:
    """Of the seeds for which the learner ended within the limit."""
    every = []
    for seed in seeds:
        simulation = simulate(setting, variables, SAMPLES, seed=seed)
        outcome = learn_apart(learner, LIMIT_S, values=simulation.values)
        every += [marks(outcome, simulation.network)] if outcome else []
    return every


def _figures(prefix: str, found: dict[str, list[Marks]]) -> list[Figure]:
    means = {name: float(np.mean([m.directed_f1 for m in of_one])) for name, of_one in found.items() if of_one}
    peers = {name: mean for name, mean in means.items() if not name.startswith("ours")}
    best = max(peers, key=lambda name: peers[name], default=None)
    figures = []
    for name, of_one in found.items():
        if not of_one:
            figures.append(Figure(f"{prefix}_{name}_seconds_at_least", LIMIT_S, "s"))
            continue
        directed = [m.directed_f1 for m in of_one]
        beside = (best, peers[best]) if best and name.startswith("ours") else (None, None)
        figures += [
            Figure(f"{prefix}_{name}_directed_f1", means[name], "", None, *beside),
            Figure(f"{prefix}_{name}_directed_f1_lowest", min(directed), ""),
            Figure(f"{prefix}_{name}_directed_f1_highest", max(directed), ""),
            Figure(f"{prefix}_{name}_skeleton_f1", float(np.mean([m.skeleton_f1 for m in of_one])), ""),
            Figure(f"{prefix}_{name}_seconds", float(np.mean([m.seconds for m in of_one])), "s"),
        ]
    return figures
