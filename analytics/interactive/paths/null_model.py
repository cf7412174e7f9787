"""How many paths of a type are expected between two nodes if all nodes keep their steps of each kind, and nothing else.

The configuration model (Molloy and Reed 1995), kind by kind. The neighbours of the two end nodes are drawn without
repetition: a node that d' steps of a kind reach is among the d neighbours with the chance 1 - exp(-z d'), where z is
such that the chances add up to d. What lies between follows from sums over the degrees. Mean and variance of the number
of paths come in closed form, and a negative binomial distribution with that mean and variance gives the p-value. Paths
share nodes and so are not independent, which is why the variance exceeds the mean. Where a few hubs are linked with
nearly everything, the sums overstate what can be between them: p-values are then too large, never too small.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analytics.interactive.paths.network import Codes, Integers, Network

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Expected:
    """What the null model says of some types of paths between two nodes.

    Args:
        mean: expected number of paths of each type.
        variance: its variance.
        possible: how many types of that length could have a path at all, those that were asked among them.
    """

    mean: Floats
    variance: Floats
    possible: int


def tail(count: Floats, mean: Floats, variance: Floats) -> Floats:
    """The chance of at least so many paths: negative binomial, or Poisson where the variance is not above the mean."""
    from scipy import special

    with np.errstate(divide="ignore", invalid="ignore"):
        wide = variance > mean * (1 + 1e-9)
        size = mean**2 / (variance - mean)
        spread = special.betainc(count, size, 1 - mean / variance)
        chance = np.where(wide, spread, special.gammainc(count, mean))
    found: Floats = np.where(count > 0, np.where(mean > 0, chance, 0.0), 1.0)
    return found


@dataclass(frozen=True)
class _Fan:
    """What the steps of one node may reach.

    Args:
        kinds: the kinds of steps that leave the node.
        odds: for every kind the factor z of the chances.
        nodes: for each kind the nodes that such a step may reach.
        chances: for each kind the chance of each of these to be reached.
        steps: mean number of steps of every kind that leave the reached nodes: all kinds x all kinds.
        variance: its variance.
    """

    kinds: Codes
    odds: Floats
    nodes: tuple[Integers, ...]
    chances: tuple[Floats, ...]
    steps: Floats
    variance: Floats


class NullModel:
    """The null model of a network.

    Args:
        network: its degrees are kept.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._counts = np.maximum(network.counts, 1).astype(float)
        self._fan = lru_cache(maxsize=256)(self._open)
        self._behind = lru_cache(maxsize=None)(self._steps_behind)

    def expect(self, source: int, target: int, types: Codes) -> Expected:
        """Mean and variance for types of paths between two nodes.

        Args:
            source: the number of the first node.
            target: that of the last.
            types: the kinds of the steps, paths x steps; one to four steps.
        """
        match types.shape[1]:
            case 1:
                return self._direct(source, target, types)
            case 2:
                return self._over_one(source, target, types)
            case 3:
                return self._over_two(source, target, types)
            case _:
                return self._over_three(source, target, types)

    def _direct(self, source: int, target: int, types: Codes) -> Expected:
        mean = self._chances_of(source, target)
        asked = mean[types[:, 0]]
        return Expected(asked, asked, int(np.count_nonzero(mean)))

    def _over_one(self, source: int, target: int, types: Codes) -> Expected:
        first, last = self._fan(source), self._fan(target)
        mean = np.zeros((len(self._counts), len(self._counts)))
        arriving = np.zeros((self._network.nodes.size, last.kinds.size))
        for place, (nodes, chances) in enumerate(zip(last.nodes, last.chances, strict=True)):
            arriving[nodes, place] = chances
        arriving[source] = 0
        for kind, nodes, chances in zip(first.kinds, first.nodes, first.chances, strict=True):
            mean[kind, self._network.reverse[last.kinds]] = chances @ arriving[nodes]
        asked = mean[types[:, 0], types[:, 1]]
        return Expected(asked, asked, int(np.count_nonzero(mean)))

    def _over_two(self, source: int, target: int, types: Codes) -> Expected:
        (a, a_square), (b, b_square) = self._leaving(source, target), self._arriving(target, source)
        c1, c2, c3 = types.T
        share = 1 / self._counts[c2]
        mean = a[c1, c2] * b[c2, c3] * share
        spread = a_square[c1, c2] * b_square[c2, c3] * share**2 - mean**2
        return Expected(mean, mean + spread, int(((a > 0).astype(int) @ (b > 0).astype(int)).sum()))

    def _over_three(self, source: int, target: int, types: Codes) -> Expected:
        (a, a_square), (b, b_square) = self._leaving(source, target), self._arriving(target, source)
        turns, left, right = (of_all[self._network.reverse] for of_all in self._turns)
        c1, c2, c3, c4 = types.T
        one, other = 1 / self._counts[c2], 1 / self._counts[c3]
        k = turns[c2, c3] * one * other
        mean = a[c1, c2] * b[c3, c4] * k
        spread = (
            a_square[c1, c2] * b[c3, c4] * left[c2, c3] * one**2 * other
            + a[c1, c2] * b_square[c3, c4] * right[c2, c3] * one * other**2
            + a_square[c1, c2] * b_square[c3, c4] * k**2
            - mean**2
        )
        chains = (a > 0).astype(int) @ (turns > 0).astype(int) @ (b > 0).astype(int)
        return Expected(mean, mean + spread, int(chains.sum()))

    @cached_property
    def _turns(self) -> tuple[Floats, Floats, Floats]:
        """Sums over all nodes of d(a) d(b), d(a)² d(b) and d(a) d(b)², for all kinds a and b of steps that leave them.

        A path does not leave by the step on which it came, so of one kind the first counts d (d - 1).
        """
        degrees = self._network.degrees
        squares = degrees * degrees
        pairs = (degrees.T @ degrees).astype(float)
        pairs[np.diag_indices_from(pairs)] -= degrees.sum(axis=0, dtype=float)
        left = (squares.T @ degrees).astype(float)
        return pairs, left, left.T.copy()

    @cached_property
    def _reachable(self) -> list[Integers]:
        """For each kind of step the nodes at which it may end."""
        return [np.flatnonzero(self._network.degrees[:, back]) for back in self._network.reverse]

    def _steps_behind(self, kind: int) -> tuple[csr_array, csr_array]:
        """How many steps of each kind leave the nodes where a kind may end, kinds x nodes, and the squares of that."""
        # Most nodes have steps of few kinds.
        further = self._sparse[self._reachable[kind]].T.tocsr()
        return further, further.power(2)

    @cached_property
    def _sparse(self) -> csr_array:
        from scipy import sparse

        return sparse.csr_array(self._network.degrees.astype(float))

    def _open(self, node: int) -> _Fan:
        degrees, back = self._network.degrees, self._network.reverse
        kinds = np.flatnonzero(degrees[node]).astype(np.int32)
        steps, variance = np.zeros((2, len(self._counts), len(self._counts)))
        odds = np.zeros(len(self._counts))
        reached, found = [], []
        for kind in kinds.tolist():
            nodes = self._reachable[kind]
            rates = degrees[nodes, back[kind]].astype(float)
            rates[nodes == node] = 0
            odds[kind] = _odds(rates, float(degrees[node, kind]))
            chances = -np.expm1(-odds[kind] * rates)
            further, squared = self._behind(kind)
            steps[kind] = further @ chances
            variance[kind] = squared @ (chances * (1 - chances))
            reached.append(nodes)
            found.append(chances)
        return _Fan(kinds, odds, tuple(reached), tuple(found), steps, variance)

    def _chances_of(self, node: int, other: int) -> Floats:
        """The chance that a step of each kind leads from one node to another."""
        reaching = self._network.degrees[other, self._network.reverse].astype(float)
        chances: Floats = -np.expm1(-self._fan(node).odds * reaching)
        return chances

    def _leaving(self, node: int, other: int) -> tuple[Floats, Floats]:
        """Mean, and mean of the square, of the steps that leave what is reached from a node, the other end left out."""
        fan, degrees = self._fan(node), self._network.degrees[other].astype(float)
        chances = self._chances_of(node, other)[:, None]
        mean = np.maximum(fan.steps - chances * degrees, 0)
        variance = np.maximum(fan.variance - chances * (1 - chances) * degrees**2, 0)
        return mean, variance + mean**2

    def _arriving(self, node: int, other: int) -> tuple[Floats, Floats]:
        """The same at the other end, in the direction of the path: the kind that arrives, then the last kind."""
        back = self._network.reverse
        mean, square = self._leaving(node, other)
        return mean[back][:, back].T, square[back][:, back].T


def _odds(rates: Floats, wanted: float) -> float:
    """The factor z for which the chances 1 - exp(-z rate) add up to the wanted number; Newton's method, from below."""
    values, counts = np.unique(rates[rates > 0], return_counts=True)
    if wanted >= counts.sum():
        # Everything is reached: a factor at which no chance differs from one.
        return 700.0 / float(values[0]) if values.size else 0.0
    z = 0.0
    for _ in range(50):
        missed = np.exp(-z * values)
        lacking = wanted - counts @ (1 - missed)
        z += lacking / (counts @ (values * missed))
        if lacking <= 1e-9 * wanted:
            break
    return z
