"""Sufficient statistics: products of the coordinates of each child's candidates, and with the child."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from analytics.bayesian_networks.search.screening import Columns
from analytics.bayesian_networks.search.threads import Run

#: Children whose Gram matrices are one task.
_CHILDREN_AT_ONCE = 256


def gram_sizes(counts: NDArray[np.int32], width: int) -> NDArray[np.int64]:
    """How many numbers each child's Gram matrix takes: the blocks on and above the diagonal."""
    whole = counts.astype(np.int64)
    return np.asarray(width * width * whole * (whole + 1) // 2)


def compute_grams(
    data: Columns, candidates: NDArray[np.int32], counts: NDArray[np.int32], run: Run
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]:
    """The Gram matrices of all children, where each starts, and the products with the children.

    Args:
        data: the columns.
        candidates: of each child (children x most), -1 behind the last.
        counts: candidates of each child.
        run: what runs the tasks.
    """
    width = data.coordinates.shape[1]
    ends = np.cumsum(gram_sizes(counts, width))
    gram = np.empty(int(ends[-1]), np.float32)
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    projections = np.zeros((data.count, candidates.shape[1], width), np.float32)
    children = np.ascontiguousarray(data.children.T)

    def one(part: slice) -> None:
        _grams(data.coordinates, children, candidates, counts, part.start, part.stop, gram, starts, projections)

    stops = range(0, data.count, _CHILDREN_AT_ONCE)
    run(one, [slice(start, min(start + _CHILDREN_AT_ONCE, data.count)) for start in stops])
    return gram, starts, projections


@njit(cache=True, nogil=True)
def _grams(
    coordinates: NDArray[np.float32],
    children: NDArray[np.float32],
    candidates: NDArray[np.int32],
    counts: NDArray[np.int32],
    begin: int,
    end: int,
    gram: NDArray[np.float32],
    starts: NDArray[np.int64],
    projections: NDArray[np.float32],
) -> None:
    width, samples = coordinates.shape[1], coordinates.shape[2]
    gathered = np.empty((candidates.shape[1] * width, samples), np.float32)
    products = np.empty((candidates.shape[1] * width) ** 2, np.float32)
    for child in range(begin, end):
        count = counts[child]
        if count == 0:
            continue
        rows = count * width
        for slot in range(count):
            gathered[slot * width : (slot + 1) * width] = coordinates[candidates[child, slot]]
        stacked = gathered[:rows]
        square = products[: rows * rows].reshape(rows, rows)
        np.dot(stacked, stacked.T, square)
        with_child = np.dot(stacked, children[child])
        at = starts[child]
        for slot in range(count):
            for coordinate in range(width):
                row = slot * width + coordinate
                projections[child, slot, coordinate] = with_child[row]
                for column in range(slot * width, rows):
                    gram[at] = square[row, column]
                    at += 1
