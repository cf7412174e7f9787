"""What stands beside a ΔECv: intervals from replicates, whether it is more than its parent's shift, hubs.

The tests by permutation are in `permutation.py`.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.comparison.delta_ecv import between_groups
from analytics.bayesian_networks.comparison.permutation import PermutationTest, permutation_test
from analytics.bayesian_networks.curves.fit import FitOptions, FittedNetwork, fit
from analytics.bayesian_networks.data.dataset import Prepared
from analytics.bayesian_networks.data.groups import Contrast
from analytics.bayesian_networks.network import Network

__all__ = ["Hubs", "Intervals", "Replicate", "Specificity", "bootstrap_intervals", "hubs", "specificity"]

Floats = NDArray[np.float64]

#: Fewer replicates that hold an edge give no interval.
_FEWEST_REPLICATES = 10

#: An expected difference below this gives no ratio.
_NOTHING = 1e-9


@dataclass(frozen=True)
class Replicate:
    """One network of an ensemble.

    Args:
        network: learned from `rows`.
        rows: the resampled rows of the training samples; they may repeat.
    """

    network: Network
    rows: NDArray[np.intp]


@dataclass(frozen=True)
class Intervals:
    """Percentile intervals of the signed difference of every edge.

    Args:
        lower, upper: the ends; NaN where fewer than ten replicates hold the edge.
        held: how many replicates hold it.
    """

    lower: Floats
    upper: Floats
    held: NDArray[np.int64]


def bootstrap_intervals(
    prepared: Prepared,
    network: Network,
    replicates: Sequence[Replicate],
    contrast: Contrast,
    *,
    level: float = 0.95,
    options: FitOptions | None = None,
) -> Intervals:
    """How much the difference of every edge varies from replicate to replicate.

    Every replicate's own network is fitted to its own rows, and the difference is taken between the rows that belong
    to the groups: structure, curves and groups vary together. An edge's interval is over the replicates that hold it.

    Args:
        prepared: the training columns.
        network: the edges that intervals are wanted of, over `prepared.columns`.
        replicates: the ensemble.
        contrast: the two groups, as rows of the training samples.
        level: of the interval.
        options: of the fits; None = the defaults.
    """
    width = len(prepared.columns)
    keys = network.children.astype(np.int64) * width + network.parents
    differences = np.full((len(replicates), len(keys)), np.nan)
    for row, replicate in enumerate(replicates):
        difference = _difference(prepared, replicate, contrast, options or FitOptions())
        if difference is not None:
            theirs = replicate.network.children.astype(np.int64) * width + replicate.network.parents
            _, ours, of_theirs = np.intersect1d(keys, theirs, assume_unique=True, return_indices=True)
            differences[row, ours] = difference[of_theirs]
    held = np.isfinite(differences).sum(axis=0)
    tail = 50.0 * (1 - level)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        lower, upper = np.nanpercentile(differences, [tail, 100 - tail], axis=0) if len(keys) else (np.empty(0),) * 2
    few = held < _FEWEST_REPLICATES
    return Intervals(np.where(few, np.nan, lower), np.where(few, np.nan, upper), held)


def _difference(prepared: Prepared, replicate: Replicate, contrast: Contrast, options: FitOptions) -> Floats | None:
    """Differences of a replicate's edges; NaN where a column is constant in its rows. None: a group is empty."""
    members = [np.flatnonzero(np.isin(replicate.rows, rows)) for rows in (contrast.first, contrast.second)]
    if not all(len(rows) for rows in members):
        return None
    resampled = prepared.with_rows(replicate.rows)
    place = {name: i for i, name in enumerate(resampled.columns)}
    known = np.array([name in place for name in replicate.network.variables])
    kept = known[replicate.network.parents] & known[replicate.network.children]
    part = Network(
        replicate.network.variables,
        replicate.network.parents[kept],
        replicate.network.children[kept],
        replicate.network.frequency[kept],
    )
    fitted = fit(resampled, part, options)
    # Leaving columns out keeps the order of the edges.
    difference = np.full(len(kept), np.nan)
    difference[kept] = between_groups(fitted.contributions(dtype=np.float32), *members)
    return difference


@dataclass(frozen=True)
class Specificity:
    """Whether a difference of contributions is more, or less, than the shift of its parent.

    The curve of an edge is the same for all samples, so its ΔECv follows the parent. `ratio` compares it with what a
    straight line of the curve's mean slope gives; `residual` is what no parent of the child accounts for: a change that
    ECv cannot see.

    Args:
        parent_shift, child_shift: difference of the group means of the edge's parent and child, in their units.
        expected: |mean slope| · |parent shift|, in units of the child.
        ratio: ΔECv / expected: 1 for a straight line; NaN where the expected difference is below 1e-9.
        residual: the test of the child's residual between the groups, for every variable of the network.
    """

    parent_shift: Floats
    child_shift: Floats
    expected: Floats
    ratio: Floats
    residual: PermutationTest


def specificity(
    fitted: FittedNetwork,
    contrast: Contrast,
    difference: Floats,
    *,
    permutations: int = 1000,
    strata: NDArray[np.intp] | None = None,
    seed: int = 0,
) -> Specificity:
    """Compare every edge's difference with the shift of its parent, and test the residual of every variable.

    Args:
        fitted: the network.
        contrast: the two groups.
        difference: signed, of every edge.
        permutations, strata, seed: of the test of the residuals (`permutation_test`).
    """
    network, prepared = fitted.network, fitted.prepared
    z = prepared.z
    shift = (z[contrast.second].mean(axis=0) - z[contrast.first].mean(axis=0)) * prepared.scale
    both = np.concatenate([contrast.first, contrast.second])
    slope = fitted.slopes(z[both], dtype=np.float32).mean(axis=1, dtype=np.float64)
    expected = np.abs(slope * shift[network.parents])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(expected > _NOTHING, np.abs(difference) / expected, np.nan)
    residual = permutation_test(
        fitted.residuals(), contrast.first, contrast.second, permutations=permutations, strata=strata, seed=seed
    )
    return Specificity(shift[network.parents], shift[network.children], expected, ratio, residual)


@dataclass(frozen=True)
class Hubs:
    """How much of the difference goes out from each variable.

    Args:
        outgoing: sum of ΔECv over the edges that leave it.
        targets: how many edges leave it.
        downstream: sum of ΔECv over all edges that can be reached from it.
        reached: how many variables can be reached from it.
        order: variables by falling `downstream`, then `outgoing`, then number: master regulators first.
    """

    outgoing: Floats
    targets: NDArray[np.int64]
    downstream: Floats
    reached: NDArray[np.int64]
    order: NDArray[np.intp]

    def first(self, count: int) -> list[int]:
        """The first variables in the order, of those that edges leave at all."""
        return [node for node in self.order[:count].tolist() if self.targets[node]]


def hubs(network: Network, delta: Floats, *, levels: int = 3) -> Hubs:
    """Rank the variables of a network by the difference that goes out from them.

    Args:
        network: the edges that count: a subnetwork, or all.
        delta: ΔECv of each.
        levels: how many edges downstream are followed.
    """
    count = len(network.variables)
    outgoing = np.bincount(network.parents, np.abs(delta), count).astype(np.float64)
    targets = np.bincount(network.parents, minlength=count).astype(np.int64)
    downstream, reached = np.zeros(count), np.zeros(count, np.int64)
    for node in np.flatnonzero(targets).tolist():
        within = _reach(network, node, levels)
        reached[node] = len(within) - 1
        # Edges that leave what is nearer than the last level.
        downstream[node] = sum(outgoing[other] for other, level in within.items() if level < levels)
    order = np.lexsort((np.arange(count), -outgoing, -downstream))
    return Hubs(outgoing, targets, downstream, reached, order)


def _reach(network: Network, start: int, levels: int) -> dict[int, int]:
    """The variables that can be reached, with their distance."""
    distance, waiting = {start: 0}, deque([start])
    while waiting:
        node = waiting.popleft()
        if distance[node] == levels:
            continue
        for child in network.children_of(node).tolist():
            if child not in distance:
                distance[child] = distance[node] + 1
                waiting.append(child)
    return distance
