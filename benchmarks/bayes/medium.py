"""A thousand variables x 500 samples of the sparse nonlinear model, five seeds that nothing was tuned on."""

from __future__ import annotations

import numpy as np

from analytics.bayesian_networks.assessment.simulate import Setting
from benchmarks.bayes._apart import learn_simulated
from benchmarks.harness import Figure

VARIABLES, SAMPLES, SEEDS = 1_000, 500, (501, 502, 503, 504, 505)


def run(small: bool) -> list[Figure]:
    """The worst of all seeds against the goal, and the mean."""
    variables, seeds = (60, SEEDS[:2]) if small else (VARIABLES, SEEDS)
    every = [learn_simulated(Setting.NONLINEAR, variables, SAMPLES, seed) for seed in seeds]
    directed = [learned.directed.f1 for learned in every]
    return [
        Figure("medium_directed_f1", round(min(directed), 4), "", ">= 0.9"),
        Figure("medium_directed_f1_mean", round(float(np.mean(directed)), 4), ""),
        Figure("medium_skeleton_f1_mean", round(float(np.mean([learned.skeleton.f1 for learned in every])), 4), ""),
        Figure("medium_seconds", round(max(learned.seconds for learned in every), 1), "s", "<= 60"),
        Figure("medium_peak_gb", round(max(learned.peak_gb for learned in every), 2), "GB"),
    ]
