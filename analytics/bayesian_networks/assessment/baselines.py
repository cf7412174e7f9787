"""What a simulated intervention must beat: correlation, the slope's sign, a random network of the same degrees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from analytics.bayesian_networks.curves.fit import FitOptions, fit
from analytics.bayesian_networks.data.dataset import Prepared
from analytics.bayesian_networks.interventions.simulation import Intervention
from analytics.bayesian_networks.network import Network

__all__ = ["by_correlation", "by_slopes", "shuffled"]

Floats = NDArray[np.float64]

#: Attempts to exchange the parents of two edges, for each edge.
_EXCHANGES = 20


def by_correlation(
    prepared: Prepared, interventions: Sequence[Intervention], rows: NDArray[np.intp] | None = None
) -> Floats:
    """Pearson correlation with the variables set, times how far they are set from the mean (interventions x columns).

    Args:
        prepared: the data.
        interventions: what is set; the terms of several variables are added.
        rows: the rows that correlation and mean are taken over; None = all.
    """
    z = prepared.z if rows is None else prepared.z[rows]
    centred = z - z.mean(axis=0)
    deviation = centred.std(axis=0)
    deviation[deviation == 0] = 1.0
    scaled = centred / deviation
    predicted = np.zeros((len(interventions), z.shape[1]))
    for number, one in enumerate(interventions):
        for column, level in _levels(prepared, one).items():
            shift = (level - z[:, column].mean()) / deviation[column]
            predicted[number] += scaled.T @ scaled[:, column] / len(z) * shift
        predicted[number, list(_levels(prepared, one))] = 0.0
    return predicted


def by_slopes(
    prepared: Prepared,
    graphs: Sequence[Network],
    interventions: Sequence[Intervention],
    options: FitOptions = FitOptions(),  # noqa: B008
    *,
    levels: int = 3,
) -> Floats:
    """Mean slopes of fitted curves, multiplied along every path of at most `levels` edges, averaged over graphs.

    Args:
        prepared: the data that curves are fitted on.
        graphs: acyclic networks.
        interventions: what is set.
        options: how curves are fitted.
        levels: the longest path.

    Returns:
        Standardised predictions (interventions x columns); 0 where no path leads.
    """
    from scipy.sparse import csr_array

    count = len(prepared.columns)
    start = np.zeros((len(interventions), count))
    for number, one in enumerate(interventions):
        for column, level in _levels(prepared, one).items():
            start[number, column] = level - prepared.z[:, column].mean()
    total = np.zeros_like(start)
    for graph in graphs:
        fitted = fit(prepared, graph, options)
        network = fitted.network
        size = prepared.scale[network.parents] / prepared.scale[network.children]
        slopes = fitted.slopes().mean(axis=1) * size
        direct = csr_array((slopes, (network.parents, network.children)), shape=(count, count))
        reached = start
        for _ in range(levels):
            reached = reached @ direct
            reached[start != 0] = 0.0
            total += reached
    return total / len(graphs)


def shuffled(network: Network, seed: int = 0) -> Network:
    """A random acyclic network with the same number of parents and of children of every variable.

    Pairs of edges exchange their parents while the topological order of the network holds.
    """
    order = network.topological_order()
    place = np.empty_like(order)
    place[order] = np.arange(len(order), dtype=order.dtype)
    random = np.random.default_rng(seed)
    parents = network.parents.copy()
    attempts = random.integers(0, max(network.count, 1), (_EXCHANGES * network.count, 2))
    _exchange(parents, network.children, network.parent_starts, place, attempts)
    return Network.of_edges(network.variables, parents.tolist(), network.children.tolist())


@njit(cache=True)
def _exchange(
    parents: NDArray[np.int32],
    children: NDArray[np.int32],
    starts: NDArray[np.int64],
    place: NDArray[np.int32],
    attempts: NDArray[np.int64],
) -> None:
    for attempt in range(attempts.shape[0]):
        first, second = attempts[attempt]
        one, other = parents[first], parents[second]
        child, other_child = children[first], children[second]
        if one == other or place[other] >= place[child] or place[one] >= place[other_child]:
            continue
        taken = False
        for edge in range(starts[child], starts[child + 1]):
            taken |= parents[edge] == other
        for edge in range(starts[other_child], starts[other_child + 1]):
            taken |= parents[edge] == one
        if not taken:
            parents[first], parents[second] = other, one


def _levels(prepared: Prepared, intervention: Intervention) -> dict[int, float]:
    """The columns that are set, and their standardised values."""
    position = {name: number for number, name in enumerate(prepared.columns)}
    columns = {position[name]: value for name, value in intervention.values.items()}
    return {column: (value - prepared.mean[column]) / prepared.scale[column] for column, value in columns.items()}
