"""The published route (neighbour node sampling and repeat) beside the whole-genome search, on the same data."""

from __future__ import annotations

import time

from analytics.bayesian_networks.assessment import metrics
from analytics.bayesian_networks.assessment.simulate import simulate
from analytics.bayesian_networks.data.dataset import prepare
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.search.learn import learn
from analytics.bayesian_networks.search.nnsr import NnsrOptions, nnsr
from analytics.bayesian_networks.search.options import LearningOptions
from benchmarks.harness import Figure

VARIABLES, SAMPLES, SEED, ITERATIONS, FREQUENT = 2000, 500, 301, 2000, 0.3


def run(small: bool) -> list[Figure]:
    """How far both agree on frequent edges, how near each is to the true network, and seconds."""
    variables, sampling = (60, NnsrOptions(size=20, iterations=100, fewest_together=5)) if small else (VARIABLES, None)
    simulation = simulate("nonlinear", variables, SAMPLES, seed=SEED)
    prepared, options = prepare(simulation.dataset()), LearningOptions()
    start = time.perf_counter()
    whole = learn(prepared, options)
    middle = time.perf_counter()
    compiled = nnsr(prepared, options, sampling=sampling or NnsrOptions(iterations=ITERATIONS))
    end = time.perf_counter()
    frequent = compiled.network.with_frequency_at_least(FREQUENT)
    agreement = metrics.jaccard(frequent, whole)
    return [
        Figure("nnsr_jaccard", agreement, "", ">= 0.6"),
        Figure("nnsr_seconds", end - middle, "s", None, "order search", middle - start),
        Figure("nnsr_small_networks", compiled.iterations, ""),
        Figure("nnsr_settled", float(compiled.settled), ""),
        *_f1("nnsr_directed_f1", frequent, whole, simulation.network),
    ]


def _f1(metric: str, frequent: Network, whole: Network, true: Network) -> list[Figure]:
    ours, other = (metrics.directed_agreement(found, true).f1 for found in (frequent, whole))
    return [Figure(metric, ours, "", None, "order search", other)]
