"""How near a learned network comes to a known one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.network import Network
from analytics.common.metrics import auroc, average_precision
from warehouse.errors import AnalysisError

Edges = NDArray[np.int64]


@dataclass(frozen=True)
class Agreement:
    """Edges found against edges that are true.

    Args:
        precision: share of the found edges that are true; 1 if none was found.
        recall: share of the true edges that were found; 1 if there is none.
    """

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def _edges(network: Network) -> Edges:
    """One number for each directed edge."""
    return network.parents.astype(np.int64) * len(network.variables) + network.children


def _pairs(network: Network) -> Edges:
    """One number for each unordered pair that is joined, ascending."""
    low, high = np.minimum(network.parents, network.children), np.maximum(network.parents, network.children)
    return np.unique(low.astype(np.int64) * len(network.variables) + high)


def _same_variables(found: Network, true: Network) -> None:
    if found.variables != true.variables:
        raise AnalysisError(
            "The two networks have different variables, or the same in another sequence.",
            "Bring both to one list of variables (Network.of_names).",
        )


def _agreement(found: Edges, true: Edges) -> Agreement:
    common = len(np.intersect1d(found, true))
    precision = common / len(found) if len(found) else 1.0
    return Agreement(precision, common / len(true) if len(true) else 1.0)


def skeleton_agreement(found: Network, true: Network) -> Agreement:
    """Precision and recall of the pairs that are joined, whatever the direction.

    Raises:
        AnalysisError: the networks have different variables.
    """
    _same_variables(found, true)
    return _agreement(_pairs(found), _pairs(true))


def directed_agreement(found: Network, true: Network) -> Agreement:
    """Precision and recall of the edges with their direction.

    Raises:
        AnalysisError: the networks have different variables.
    """
    _same_variables(found, true)
    return _agreement(_edges(found), _edges(true))


def jaccard(first: Network, second: Network) -> float:
    """Directed edges that both have, as a share of those that either has; 1 if neither has any.

    Raises:
        AnalysisError: the networks have different variables.
    """
    _same_variables(first, second)
    one, other = _edges(first), _edges(second)
    either = len(np.union1d(one, other))
    return len(np.intersect1d(one, other)) / either if either else 1.0


def structural_hamming_distance(found: Network, true: Network) -> int:
    """Pairs whose connection differs: an edge too many, one missing, or one turned round (Tsamardinos et al. 2006).

    Example:
        >>> true = Network.of_names("abc", [("a", "b"), ("b", "c")])
        >>> structural_hamming_distance(Network.of_names("abc", [("b", "a")]), true)
        2

    Raises:
        AnalysisError: the networks have different variables.
    """
    _same_variables(found, true)
    return _different_pairs(_edges(found), _edges(true), len(true.variables))


def equivalence_class_distance(found: Network, true: Network) -> int:
    """The structural Hamming distance between the classes of graphs that data alone cannot tell apart (CPDAGs).

    Raises:
        AnalysisError: the networks have different variables, or one of them has a cycle.
    """
    _same_variables(found, true)
    return _different_pairs(completed(found), completed(true), len(true.variables))


def _different_pairs(found: Edges, true: Edges, variables: int) -> int:
    differing = np.setxor1d(found, true)
    parents, children = differing // variables, differing % variables
    return len(np.unique(np.minimum(parents, children) * variables + np.maximum(parents, children)))


def completed(network: Network) -> Edges:
    """The completed partially directed graph of an acyclic network, as numbers parent · variables + child.

    An edge that has both directions among the equivalent graphs is given twice, once each way. Unshielded colliders are
    directed, then Meek's first three rules (1995) until nothing changes.

    Raises:
        AnalysisError: the network has a cycle.
    """
    network.topological_order()
    joined = _joined(network)
    into = _colliders(network, joined)
    undirected = {(k, j) for j in range(len(joined)) for k in joined[j] if k < j}
    undirected -= {(min(k, j), max(k, j)) for j, parents in enumerate(into) for k in parents}
    _meek(joined, into, undirected)
    count = len(joined)
    directed = [k * count + j for j, parents in enumerate(into) for k in parents]
    both = [edge for k, j in undirected for edge in (k * count + j, j * count + k)]
    return np.array(sorted(directed + both), np.int64)


def _joined(network: Network) -> list[set[int]]:
    joined: list[set[int]] = [set() for _ in network.variables]
    for k, j in zip(network.parents.tolist(), network.children.tolist(), strict=True):
        joined[k].add(j)
        joined[j].add(k)
    return joined


def _colliders(network: Network, joined: list[set[int]]) -> list[set[int]]:
    """Of each variable, the parents that have another parent with which they are not joined."""
    into: list[set[int]] = []
    for parents in network.parent_lists():
        everyone = set(parents)
        into.append({k for k in parents if everyone - joined[k] - {k}})
    return into


def _meek(joined: list[set[int]], into: list[set[int]], undirected: set[tuple[int, int]]) -> None:
    changed = True
    while changed:
        changed = False
        for low, high in sorted(undirected):
            for k, j in ((low, high), (high, low)):
                if _must_point(k, j, joined, into):
                    into[j].add(k)
                    undirected.discard((low, high))
                    changed = True
                    break


def _must_point(k: int, j: int, joined: list[set[int]], into: list[set[int]]) -> bool:
    """Whether the undirected edge k - j must be k -> j, by one of Meek's first three rules."""
    if into[k] - joined[j] - {j}:
        return True
    between = joined[k] & into[j]
    if any(k in into[middle] for middle in between):
        return True
    open_ones = sorted(middle for middle in between if k not in into[middle] and middle not in into[k])
    return any(second not in joined[first] for first in open_ones for second in open_ones if first < second)


@dataclass(frozen=True)
class Ranking:
    """How well a ranking of possible edges puts the true ones first.

    Args:
        auroc: probability that a true edge stands before one that is not true; 0.5 by chance.
        aupr: area under the precision-recall curve; by chance the share of true edges.
    """

    auroc: float
    aupr: float


def ranking(scores: NDArray[np.floating], true: NDArray[np.bool_]) -> Ranking:
    """Areas under the curves of a ranking; equal scores count half each (AUROC), or share one precision (AUPR).

    Args:
        scores: of each possible edge, greater = more certain.
        true: whether each one is true.

    Raises:
        AnalysisError: lengths differ, a score is missing, or all or none of the edges are true.
    """
    return Ranking(auroc(scores, true), average_precision(scores, true))


def edge_ranking(found: Network, true: Network, *, directed: bool = True) -> Ranking:
    """The ranking of all ordered pairs (or unordered ones) by frequency; pairs that were not found come last.

    Raises:
        AnalysisError: the networks have different variables.
    """
    _same_variables(found, true)
    count = len(true.variables)
    scores, truth = np.zeros((count, count)), np.zeros((count, count), np.bool_)
    scores[found.parents, found.children] = found.frequency
    truth[true.parents, true.children] = True
    if not directed:
        pairs = np.triu_indices(count, 1)
        return ranking(np.maximum(scores, scores.T)[pairs], (truth | truth.T)[pairs])
    possible = ~np.eye(count, dtype=np.bool_)
    return ranking(scores[possible], truth[possible])
