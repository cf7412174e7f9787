"""Counting the paths between two nodes by type: no node twice, up to four steps, met in the middle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.interactive.paths.network import Codes, Integers, Network, numbered
from warehouse.errors import QuestionMemoryError

LONGEST = 4
#: Steps that one end may open; two of the largest hubs of a build of all sources open about two million each.
MOST_STEPS = 30_000_000


@dataclass(frozen=True)
class Counted:
    """How many paths of each type lie between two nodes.

    Args:
        types: the kinds of the steps, types x length, sorted.
        counts: paths of each type.
    """

    types: Codes
    counts: Integers


@dataclass(frozen=True)
class _Fan:
    """The walks of one or two steps from an end.

    Args:
        ends: the node where each walk ends.
        types: the kinds of its steps as places in `kinds`.
        kinds: the kinds of steps, from the end of the path outwards: kinds x steps.
        via: the first node of each walk of two steps, its end where it has one.
    """

    ends: NDArray[np.int32]
    types: Integers
    kinds: Codes
    via: NDArray[np.int32]

    def within(self, nodes: NDArray[np.bool_], of: NDArray[np.int32]) -> _Fan:
        """The walks of which `of` (their ends, or their first nodes) is marked."""
        kept = nodes[of]
        return _Fan(self.ends[kept], self.types[kept], self.kinds, self.via[kept])


def count_paths(network: Network, source: int, target: int, length: int) -> Counted:
    """Count the paths of a length between two nodes.

    Args:
        network: the steps.
        source: the number of the first node.
        target: that of the last, another one.
        length: steps, one to four.

    Raises:
        QuestionMemoryError: the two ends open more than `MOST_STEPS` steps.
    """
    if length == 1:
        near = network.graph.beside(source)
        codes = network.codes[near][network.graph.neighbours[near] == target]
        return _counted(codes[:, None], np.ones(codes.size, np.int64))
    first, last = _near(network, source, target), _near(network, target, source)
    if length == 2:
        return _joined(network, first, last)
    wider = _far(network, first, source, target)
    if length == 3:
        return _joined(network, wider, last)
    return _joined(network, wider, _far(network, last, source, target), sharing=True)


def _near(network: Network, node: int, other: int) -> _Fan:
    """The neighbours of one end, without the other."""
    near = network.graph.beside(node)
    ends, codes = network.graph.neighbours[near], network.codes[near]
    kept = ends != other
    kinds, types = np.unique(codes[kept], return_inverse=True)
    return _Fan(ends[kept], types, kinds[:, None], ends[kept])


def _far(network: Network, fan: _Fan, source: int, target: int) -> _Fan:
    """One step further, never to either end."""
    sizes = network.graph.degrees[fan.ends]
    if int(sizes.sum()) > MOST_STEPS:
        raise QuestionMemoryError(
            f"The paths open {int(sizes.sum()):,} steps, more than {MOST_STEPS:,}.",
            "Ask for shorter paths, or for fewer relationship types.",
        )
    places, walks = network.graph.expand(fan.ends)
    ends, codes = network.graph.neighbours[places], network.codes[places]
    kept = (ends != source) & (ends != target)
    ends, walks, codes = ends[kept], walks[kept], codes[kept]
    keys, types = numbered(fan.types[walks] * len(network.steps) + codes, len(fan.kinds) * len(network.steps))
    before, step = np.divmod(keys, len(network.steps))
    kinds = np.column_stack([fan.kinds[before], step.astype(np.int32)])
    return _Fan(ends, types, kinds, fan.via[walks])


def _joined(network: Network, first: _Fan, last: _Fan, *, sharing: bool = False) -> Counted:
    """The paths whose two halves end at one node; with `sharing` the halves must not share their first nodes."""
    marks = np.zeros(network.nodes.size, np.bool_)
    marks[last.ends] = True
    first = first.within(marks, first.ends)
    marks[:] = False
    marks[first.ends] = True
    last = last.within(marks, last.ends)
    product = _product(first, last, (first.ends.astype(np.int64), last.ends.astype(np.int64)), network.nodes.size)
    if sharing:
        marks[:] = False
        marks[np.intersect1d(first.via, last.via)] = True
        first, last = first.within(marks, first.via), last.within(marks, last.via)
        product -= _product(first, last, *_pairs(network, first, last))
    left, right = np.nonzero(product)
    back = network.reverse[last.kinds[right][:, ::-1]]
    return _counted(np.column_stack([first.kinds[left], back]), product[left, right])


def _pairs(network: Network, first: _Fan, last: _Fan) -> tuple[tuple[Integers, Integers], int]:
    """First node and end of each walk of both halves as one number from 0, and how many numbers there are."""
    size = np.int64(network.nodes.size)
    left, right = first.via * size + first.ends, last.via * size + last.ends
    keys, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    return (places[: left.size], places[left.size :]), keys.size


def _product(first: _Fan, last: _Fan, ends: tuple[Integers, Integers], beyond: int) -> Integers:
    """Pairs of walks that agree in a key from 0 to `beyond`, by the types of both."""
    from scipy import sparse

    left, right = ends
    keys, places = numbered(np.concatenate([left, right]), beyond)
    shape = len(first.kinds), len(last.kinds), keys.size
    a = sparse.csr_array((np.ones(left.size, np.int64), (first.types, places[: left.size])), (shape[0], shape[2]))
    b = sparse.csr_array((np.ones(right.size, np.int64), (places[left.size :], last.types)), (shape[2], shape[1]))
    product: Integers = (a @ b).toarray()
    return product


def _counted(types: Codes, counts: Integers) -> Counted:
    """Types once each, sorted, with the sums of their counts."""
    unique, places = np.unique(types, axis=0, return_inverse=True)
    summed = np.bincount(places.ravel(), counts, minlength=len(unique)).astype(np.int64)
    return Counted(unique.astype(np.int32), summed)
