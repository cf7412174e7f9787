"""The candidates of every child: from screens and from the network that was found so far.

An order that is still wrong needs more parents than the true one: parents of children and of parents. Without these
among the candidates the score of such an order is too bad, and the search stops at it. So the neighbours of neighbours
in the network are candidates too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: Neighbours of neighbours that are entered, at most, for each child.
_FAR = 12


@dataclass(frozen=True)
class Edges:
    """Parents of all children, one child after the other.

    Args:
        starts: where each child's parents start; one more than there are children.
        parents: columns.
        sizes: coordinates of each parent's curve.
    """

    starts: NDArray[np.int64]
    parents: NDArray[np.int32]
    sizes: NDArray[np.int32]


def first_candidates(screened: NDArray[np.int32], tiers: NDArray[np.int16], most: int) -> NDArray[np.int32]:
    """The candidates that a first screen gives: best first, each also the other way round while there is room."""
    columns = np.full((len(screened), most), -1, np.int32)
    _merge(np.full((len(screened), 1), -1, np.int32), screened, tiers, columns)
    return columns


def next_candidates(
    candidates: NDArray[np.int32],
    edges: Edges,
    screened: NDArray[np.int32],
    tiers: NDArray[np.int16],
    origin: NDArray[np.int32],
) -> NDArray[np.int32]:
    """The candidates after a search: neighbours in the network, then what a screen of its residuals found, then the
    parents of neighbours, then what there was before.

    Args:
        candidates: those that the search had (children x most).
        edges: what it found.
        screened: new ones, best first (children x any); -1 = none.
        tiers, origin: of the columns.
    """
    near = np.full_like(candidates, -1)
    far = np.full((len(candidates), _FAR), -1, np.int32)
    _around(edges.starts, edges.parents, tiers, origin, near, far)
    columns = np.full_like(candidates, -1)
    _merge(near, np.concatenate([screened, far, candidates], axis=1), tiers, columns)
    return columns


@njit(cache=True, nogil=True)
def _around(
    starts: NDArray[np.int64],
    parents: NDArray[np.int32],
    tiers: NDArray[np.int16],
    origin: NDArray[np.int32],
    near: NDArray[np.int32],
    far: NDArray[np.int32],
) -> None:
    """Write the neighbours of each column, and the parents of these, as candidates that are allowed."""
    count = near.shape[0]
    used, used_far = np.zeros(count, np.int32), np.zeros(count, np.int32)
    for child in range(count):
        for parent in parents[starts[child] : starts[child + 1]]:
            _enter(child, parent, tiers, origin, near, used)
    for child in range(count):
        for parent in parents[starts[child] : starts[child + 1]]:
            _enter(parent, child, tiers, origin, near, used)
    for column in range(count):
        for neighbour in near[column, : used[column]]:
            for other in parents[starts[neighbour] : starts[neighbour + 1]]:
                _enter(column, other, tiers, origin, far, used_far)


@njit(cache=True, nogil=True)
def _merge(
    old: NDArray[np.int32], new: NDArray[np.int32], tiers: NDArray[np.int16], columns: NDArray[np.int32]
) -> None:
    """Join candidates that stay with new ones, while there is room; a child is also a candidate of its new candidates.

    The best candidates of all children come first, so that late ones are left out everywhere.
    """
    counts = np.zeros(old.shape[0], np.int32)
    nothing = np.arange(old.shape[0]).astype(np.int32)
    for child in range(old.shape[0]):
        for parent in old[child]:
            if parent >= 0:
                _enter(child, parent, tiers, nothing, columns, counts)
    for rank in range(new.shape[1]):
        for child in range(old.shape[0]):
            parent = new[child, rank]
            if parent >= 0:
                _enter(child, parent, tiers, nothing, columns, counts)
                _enter(parent, child, tiers, nothing, columns, counts)


@njit(cache=True, nogil=True)
def _enter(
    child: int,
    parent: int,
    tiers: NDArray[np.int16],
    origin: NDArray[np.int32],
    columns: NDArray[np.int32],
    counts: NDArray[np.int32],
) -> None:
    """Append a candidate if it is allowed, not there yet, and there is room."""
    if counts[child] == columns.shape[1] or origin[child] == origin[parent]:
        return
    if tiers[parent] > tiers[child] or tiers[child] <= 0:
        return
    for slot in range(counts[child]):
        if columns[child, slot] == parent:
            return
    columns[child, counts[child]] = parent
    counts[child] += 1
