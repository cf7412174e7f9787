"""Candidate parents of every child: all pairs are screened by the score of a single parent.

In orthonormal coordinates a parent's fit with q coordinates is the sum of the first q squared products with the child,
so that one matrix product gives all children, all curves and all sizes of a block of parents. What is left of the
child's variance, weighted by the price of q coordinates, is compared without logarithms; only the best candidates of
each child are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from analytics.bayesian_networks.search.threads import Run
from warehouse.progress import SILENT, Progress

#: Parents and children of one matrix product; together they stay in the cache of one core.
PARENTS_AT_ONCE, CHILDREN_AT_ONCE = 64, 1024


@dataclass(frozen=True)
class Columns:
    """What is known of every column before candidates are looked for.

    Args:
        coordinates: orthonormal coordinates (columns x coordinates x samples), float32.
        children: what is explained (samples x columns), float32: centred, of length one.
        fewest: the fewest coordinates that a curve of each column has.
        tiers: of each column (`Dataset.tiers`).
        origin: the variable that each column comes from.
    """

    coordinates: NDArray[np.float32]
    children: NDArray[np.float32]
    fewest: NDArray[np.int8]
    tiers: NDArray[np.int16]
    origin: NDArray[np.int32]

    @property
    def samples(self) -> int:
        """n."""
        return len(self.children)

    @property
    def count(self) -> int:
        """p."""
        return len(self.coordinates)


@dataclass(frozen=True)
class Candidates:
    """Candidate parents of every child, best first.

    Args:
        columns: their indices (children x most); -1 behind the last one.
        left: the weighted share of the child's variance that each one leaves; smaller is better.
    """

    columns: NDArray[np.int32]
    left: NDArray[np.float32]

    @property
    def counts(self) -> NDArray[np.int32]:
        """How many each child has."""
        return np.asarray((self.columns >= 0).sum(axis=1), dtype=np.int32)


@njit(cache=True, nogil=True, fastmath=True)
def _keep_best(
    products: NDArray[np.float32],
    prices: NDArray[np.float32],
    fewest: NDArray[np.int8],
    parent_start: int,
    child_start: int,
    tiers: NDArray[np.int16],
    origin: NDArray[np.int32],
    columns: NDArray[np.int32],
    left: NDArray[np.float32],
    remaining: NDArray[np.float32],
) -> None:
    """Merge a block of parents (products: parents·coordinates x children) into the children's lists."""
    sizes, children = prices.shape[0], products.shape[1]
    most = columns.shape[1]
    value = np.empty(children, np.float32)
    for index in range(products.shape[0] // sizes):
        parent = parent_start + index
        remaining[:children] = 1
        value[:] = np.inf
        for size in range(sizes):
            row, price = products[index * sizes + size], prices[size]
            if size + 1 >= fewest[parent]:
                for child in range(children):
                    remaining[child] -= row[child] * row[child]
                    value[child] = min(value[child], remaining[child] * price)
            else:
                for child in range(children):
                    remaining[child] -= row[child] * row[child]
        for child in range(children):
            if value[child] < left[child, most - 1]:
                whole = child_start + child
                if origin[whole] == origin[parent] or tiers[whole] <= 0 or tiers[parent] > tiers[whole]:
                    continue
                place = most - 1
                while place > 0 and left[child, place - 1] > value[child]:
                    left[child, place] = left[child, place - 1]
                    columns[child, place] = columns[child, place - 1]
                    place -= 1
                left[child, place] = value[child]
                columns[child, place] = parent


def screen(
    data: Columns,
    targets: NDArray[np.float32],
    most: int,
    run: Run,
    *,
    coordinates: int | None = None,
    progress: Progress = SILENT,
    name: str = "Screening",
) -> Candidates:
    """The best candidates of every child by their own.

    Args:
        data: the columns.
        targets: what is explained instead of the children: their residuals, say (samples x columns; length one).
        most: how many are kept.
        run: what runs the tasks.
        coordinates: the most coordinates of a curve that are looked at.
        progress: where it is told how far it is.
        name: of the task that is told.
    """
    width = min(coordinates or data.coordinates.shape[1], data.coordinates.shape[1])
    samples, count = targets.shape
    # A parent with q coordinates is worth keeping if n·log of what it leaves, plus q·log n, is below zero.
    prices = np.exp(np.arange(1, width + 1) * np.log(samples) / samples).astype(np.float32)
    columns = np.full((count, most), -1, np.int32)
    left = np.ones((count, most), np.float32)

    with progress.task(name, count, "variables") as told:

        def one(part: slice) -> None:
            _screen_block(data, targets[:, part], part, prices, columns[part], left[part])
            told.advance(len(range(*part.indices(count))))

        run(one, [slice(start, start + CHILDREN_AT_ONCE) for start in range(0, count, CHILDREN_AT_ONCE)])
    return Candidates(columns, left)


def _screen_block(
    data: Columns,
    targets: NDArray[np.float32],
    part: slice,
    prices: NDArray[np.float32],
    columns: NDArray[np.int32],
    left: NDArray[np.float32],
) -> None:
    samples, children = targets.shape
    targets = np.ascontiguousarray(targets)
    width = len(prices)
    buffer = np.empty((PARENTS_AT_ONCE * width, children), np.float32)
    remaining = np.empty(children, np.float32)
    for start in range(0, data.count, PARENTS_AT_ONCE):
        block = data.coordinates[start : start + PARENTS_AT_ONCE, :width].reshape(-1, samples)
        products = np.matmul(block, targets, out=buffer[: len(block)])
        _keep_best(
            products, prices, data.fewest, start, part.start, data.tiers, data.origin, columns, left, remaining
        )  # fmt: skip
