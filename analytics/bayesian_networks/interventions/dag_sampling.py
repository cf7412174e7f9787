"""Acyclic graphs to follow interventions in: the replicates of an ensemble, or draws from edge frequencies.

A learned ensemble holds acyclic graphs already. A published network (NNSR; an edge table) has frequencies and cycles:
for each pair of variables none, one or the other direction is drawn with its frequency, and the drawn edges enter by
falling frequency, slightly disturbed, each unless it would close a cycle. In what comes out
an edge on many cycles is rarer than its frequency says.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit
from numpy.typing import NDArray

from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.search.acyclic import Dag, insert, new_dag
from warehouse.errors import AnalysisError
from warehouse.progress import SILENT, Progress

__all__ = ["replicates", "sample_graphs"]

#: Frequencies of both directions of a pair may exceed 1 by rounding.
_ROUNDING = 1e-6


def replicates(networks: Sequence[Network], count: int | None = None) -> tuple[Network, ...]:
    """The first `count` graphs of an ensemble (None = all), after a look that each is acyclic.

    Raises:
        AnalysisError: there are fewer, they are over different variables, or one has a cycle (named, with its number).
    """
    wanted = len(networks) if count is None else count
    if not 1 <= wanted <= len(networks):
        raise AnalysisError(f"{wanted} graphs are asked for; the ensemble has {len(networks)} replicates.")
    for number, network in enumerate(networks[:wanted], 1):
        if network.variables != networks[0].variables:
            raise AnalysisError(f"Replicate {number} is over other variables than the first.")
        if not network.is_acyclic():
            try:
                network.topological_order()
            except AnalysisError as error:
                raise AnalysisError(f"Replicate {number}: {error.message}", error.hint) from error
    return tuple(networks[:wanted])


def sample_graphs(
    frequencies: Network,
    count: int,
    *,
    seed: int = 0,
    disturbance: float = 0.05,
    maximum_parents: int | None = None,
    threads: int | None = None,
    progress: Progress = SILENT,
) -> tuple[Network, ...]:
    """Draw acyclic graphs from the frequencies of edges.

    Args:
        frequencies: edges with their share of networks; cycles do not matter.
        count: how many graphs; 50 to 100 show the spread.
        seed: fixes them; graph i is the same whatever `count` is.
        disturbance: scale of the Gumbel noise on the frequencies by which edges enter.
        maximum_parents: of one variable; the ones that enter first stay.
        threads: how many are used; they do not change the graphs.
        progress: told of each graph.

    Returns:
        Graphs whose edges carry the frequency of the network they were drawn from.

    Raises:
        AnalysisError: numbers out of range.

    Example:
        >>> network = Network.of_names(["a", "b"], {("a", "b"): 0.5, ("b", "a"): 0.5})
        >>> [graph.edges() for graph in sample_graphs(network, 2, seed=3)]
        [(('a', 'b'),), (('b', 'a'),)]
    """
    if count < 1 or disturbance < 0 or (maximum_parents is not None and maximum_parents < 1):
        raise AnalysisError("At least one graph and one parent, and no negative disturbance, can be asked for.")
    pairs = _Pairs(frequencies)

    def one(number: int) -> Network:
        random = np.random.default_rng([seed, number])
        return _graph(frequencies, pairs.draw(random), disturbance, maximum_parents, random)

    graphs = []
    with progress.task("sample graphs", total=count, unit="graphs") as task, ThreadPoolExecutor(threads) as threaded:
        for graph in threaded.map(one, range(count)):
            graphs.append(graph)
            task.advance()
    return tuple(graphs)


class _Pairs:
    """The unordered pairs that have an edge, and the edge of each direction (-1 = none)."""

    def __init__(self, network: Network) -> None:
        lower = np.minimum(network.parents, network.children).astype(np.int64)
        upper = np.maximum(network.parents, network.children)
        keys, pair = np.unique(lower * len(network.variables) + upper, return_inverse=True)
        upwards = network.parents < network.children
        self.edges = np.full((2, len(keys)), -1, np.int64)
        self.edges[0, pair[upwards]] = np.flatnonzero(upwards)
        self.edges[1, pair[~upwards]] = np.flatnonzero(~upwards)
        shares = np.where(self.edges >= 0, network.frequency[self.edges], 0.0)
        total = shares.sum(axis=0)
        # Two directions that exceed one network each share it; the third way, no edge, is what is left.
        self.shares = shares / np.where(total > 1 + _ROUNDING, total, 1.0)

    def draw(self, random: np.random.Generator) -> NDArray[np.int64]:
        """One direction, or none, of every pair: the edges drawn."""
        number = random.random(self.shares.shape[1])
        up = number < self.shares[0]
        down = ~up & (number < self.shares.sum(axis=0))
        return np.concatenate([self.edges[0, up], self.edges[1, down]])


def _graph(
    network: Network,
    edges: NDArray[np.int64],
    disturbance: float,
    maximum_parents: int | None,
    random: np.random.Generator,
) -> Network:
    edges = np.sort(edges)
    weight = network.frequency[edges]
    if disturbance:
        weight = weight + random.gumbel(0.0, disturbance, len(edges))
    entering = edges[np.argsort(-weight, kind="stable")]
    count = len(network.variables)
    inserted = np.zeros(len(entering), np.bool_)
    most = count if maximum_parents is None else maximum_parents
    dag = new_dag(count, max(len(entering), 1))
    _insert_capped(dag, network.parents[entering], network.children[entering], most, inserted)
    kept = np.sort(entering[inserted])
    return Network(network.variables, network.parents[kept], network.children[kept], network.frequency[kept])


@njit(cache=True, nogil=True)
def _insert_capped(
    dag: Dag, parents: NDArray[np.int32], children: NDArray[np.int32], most: int, inserted: NDArray[np.bool_]
) -> None:
    """Insert edges in the given sequence, each unless it closes a cycle or its child has enough parents."""
    counts = np.zeros(dag.place.size, np.int32)
    for index in range(parents.size):
        child = children[index]
        if counts[child] < most:
            inserted[index] = insert(dag, parents[index], child)
            counts[child] += inserted[index]
