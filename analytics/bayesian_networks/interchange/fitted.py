"""A fitted network as a table of edges: what each edge is worth and what its curve does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.curves.basis import Bases
from analytics.bayesian_networks.curves.fit import FittedNetwork, bases_of
from analytics.bayesian_networks.interchange.graph_table import GraphTable, from_network
from analytics.bayesian_networks.search.scores import bnrc_centred


def fitted_table(fitted: FittedNetwork, *, coordinates: int = 8, name: str = "network") -> GraphTable:
    """One row for each edge: source, target, freq, beta, edf, delta_bnrc, sign, mean_absolute_ecv.

    Args:
        fitted: the network with its curves.
        coordinates: of each curve, for the score.
        name: of the graph.

    Returns:
        `beta` is the smoothing β of the curve (1e12/n: a straight line); `edf` its effective degrees of freedom;
        `delta_bnrc` by how much BNRC-c of the child rises without the edge, smoothing kept (above 0: the edge is worth
        its cost); `sign` that of the mean slope; `mean_absolute_ecv` in units of the child.
    """
    samples = len(fitted.prepared.z)
    contributions = fitted.contributions(dtype=np.float32)
    return from_network(
        fitted.network,
        {
            "beta": fitted.fits.smoothing / samples,
            "edf": fitted.edf,
            "delta_bnrc": _score_changes(fitted, bases_of(fitted.prepared, coordinates)),
            "sign": np.sign(fitted.slopes(dtype=np.float32).mean(axis=1)).astype(np.int64),
            "mean_absolute_ecv": np.abs(contributions).mean(axis=1).astype(np.float64),
        },
        name,
    )


def _score_changes(fitted: FittedNetwork, bases: Bases) -> NDArray[np.float64]:
    starts = fitted.network.parent_starts
    changes = np.empty(fitted.network.count)
    for child in np.flatnonzero(np.diff(starts)).tolist():
        edges = range(starts[child], starts[child + 1])
        whole = _score(fitted, bases, child, list(edges))
        for edge, others in _each_left_out(list(edges)):
            changes[edge] = _score(fitted, bases, child, others) - whole
    return changes


def _each_left_out(edges: list[int]) -> Iterator[tuple[int, list[int]]]:
    for edge in edges:
        yield edge, [other for other in edges if other != edge]


def _score(fitted: FittedNetwork, bases: Bases, child: int, edges: list[int]) -> float:
    parents = fitted.network.parents[edges]
    ranks = bases.ranks[parents]
    y = fitted.prepared.z[:, child]
    return bnrc_centred(
        y - y.mean(),
        [np.asarray(bases.values[parent, :rank].T, np.float64) for parent, rank in zip(parents, ranks, strict=True)],
        [bases.penalties[parent, :rank] for parent, rank in zip(parents, ranks, strict=True)],
        fitted.fits.smoothing[edges].tolist(),
    )
