"""A whole genome: 20,000 variables x 500 samples of the sparse nonlinear model."""

from __future__ import annotations

from analytics.bayesian_networks.assessment.simulate import Setting
from benchmarks.bayes._apart import learn_simulated
from benchmarks.harness import Figure

VARIABLES, SAMPLES, SEED = 20_000, 500, 401


def run(small: bool) -> list[Figure]:
    """Time, memory and agreement with the true network."""
    learned = learn_simulated(Setting.NONLINEAR, 600 if small else VARIABLES, SAMPLES, SEED)
    return [
        Figure("genome_seconds", round(learned.seconds, 1), "s", "<= 360"),
        Figure("genome_peak_gb", round(learned.peak_gb, 2), "GB", "<= 4"),
        Figure("genome_directed_f1", round(learned.directed.f1, 4), "", ">= 0.85"),
        Figure("genome_directed_precision", round(learned.directed.precision, 4), ""),
        Figure("genome_directed_recall", round(learned.directed.recall, 4), ""),
        Figure("genome_skeleton_f1", round(learned.skeleton.f1, 4), ""),
        Figure("genome_edges", learned.edges, ""),
        Figure("genome_warm_up_seconds", round(learned.warm_up_seconds, 1), "s"),
    ]
