"""What a network leaves of every child: residuals of least squares on its parents' curves."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from analytics.bayesian_networks.search.candidates import Edges
from analytics.bayesian_networks.search.screening import Columns
from analytics.bayesian_networks.search.threads import Run

#: Children whose residuals are one task.
_CHILDREN_AT_ONCE = 256


def residuals(data: Columns, edges: Edges, run: Run) -> NDArray[np.float32]:
    """The residuals of every child (samples x columns), each of length one."""
    children = np.ascontiguousarray(data.children.T)
    left = np.empty_like(children)
    edges_sizes = edges.sizes.astype(np.int32)

    def one(start: int) -> None:
        end = min(start + _CHILDREN_AT_ONCE, data.count)
        _residuals(data.coordinates, children, edges.starts, edges.parents, edges_sizes, start, end, left)

    run(one, range(0, data.count, _CHILDREN_AT_ONCE))
    return np.asarray(left.T)


@njit(cache=True, nogil=True)
def _residuals(
    coordinates: NDArray[np.float32],
    children: NDArray[np.float32],
    starts: NDArray[np.int64],
    parents: NDArray[np.int32],
    sizes: NDArray[np.int32],
    begin: int,
    end: int,
    left: NDArray[np.float32],
) -> None:
    for child in range(begin, end):
        rows = 0
        for edge in range(starts[child], starts[child + 1]):
            rows += sizes[edge]
        rest = children[child].copy()
        if rows > 0:
            design = np.empty((rows, coordinates.shape[2]), np.float32)
            row = 0
            for edge in range(starts[child], starts[child + 1]):
                for coordinate in range(sizes[edge]):
                    design[row] = coordinates[parents[edge], coordinate]
                    row += 1
            gram = np.dot(design, design.T).astype(np.float64)
            for row in range(rows):
                # Collinear parents are no error here: any of the fits leaves the same.
                gram[row, row] += 1e-4
            weights = np.linalg.solve(gram, np.dot(design, rest).astype(np.float64))
            rest -= np.dot(weights.astype(np.float32), design)
        length = np.sqrt(np.sum(rest * rest))
        left[child] = 0
        if length > 1e-4:
            left[child] = rest / length
