"""The permutation test of ΔECv: 60,000 edges x 500 samples, 1,000 relabellings; beside SciPy's on a part of the edges.

Nothing differs between the groups, so that the share of p-values up to 0.05 must be 0.05.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.comparison.permutation import permutation_test
from benchmarks.harness import Figure

_GOAL_SECONDS = 5
_EDGES, _SAMPLES, _RELABELLINGS = 60_000, 500, 1000
#: SciPy's test takes a row at a time; its time grows with the rows.
_PEER_EDGES = 200


def run(small: bool) -> list[Figure]:
    """Time the test, and see that it is right where nothing differs."""
    edges = 2_000 if small else _EDGES
    random = np.random.default_rng(0)
    values = random.standard_normal((edges, _SAMPLES), np.float32)
    order = random.permutation(_SAMPLES)
    first, second = order[: _SAMPLES // 2 - 30], order[_SAMPLES // 2 - 30 :]
    start = time.perf_counter()
    test = permutation_test(values, first, second, permutations=_RELABELLINGS)
    seconds = time.perf_counter() - start
    peer_seconds, peer_p = _scipy(values[:_PEER_EDGES], first, second)
    difference = float(np.abs(peer_p - test.p[:_PEER_EDGES]).mean())
    name = f"SciPy's permutation_test on {_PEER_EDGES} edges, times {edges / _PEER_EDGES:g}"
    return [
        Figure(
            "permutation_seconds",
            seconds,
            "s",
            f"<= {_GOAL_SECONDS}",
            name,
            peer_seconds * edges / _PEER_EDGES,
        ),
        Figure("permutation_null_share_up_to_005", float((test.p <= 0.05).mean()), "share"),
        Figure("permutation_mean_difference_of_p_from_scipy", difference, ""),
    ]


def _scipy(
    values: NDArray[np.float32], first: NDArray[np.intp], second: NDArray[np.intp]
) -> tuple[float, NDArray[np.float64]]:
    from scipy import stats

    def statistic(x: NDArray[np.float64], y: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
        return np.asarray(y.mean(axis=axis) - x.mean(axis=axis))

    start = time.perf_counter()
    p = [
        stats.permutation_test(
            (row[first].astype(float), row[second].astype(float)),
            statistic,
            vectorized=True,
            n_resamples=_RELABELLINGS,
            rng=np.random.default_rng(1),
        ).pvalue
        for row in values
    ]
    return time.perf_counter() - start, np.array(p)
