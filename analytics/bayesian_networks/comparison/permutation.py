"""Permutation tests of the difference of two groups for very many rows at once.

All relabellings of the samples are one matrix, so that the statistics of all rows (edges, variables) under all of them
are one matrix product, taken by blocks. Few samples: every relabelling is tried, and p is exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from analytics.common.counts import benjamini_hochberg
from warehouse.errors import AnalysisError

__all__ = ["PermutationTest", "permutation_test", "relabellings"]

Rows = NDArray[np.intp]

#: All relabellings are tried up to this many, or up to the number that is asked for.
_EXACT_UP_TO = 10_000

#: Bytes of the statistics of one block of rows.
_BLOCK_BYTES = 32 << 20

#: A statistic counts as equal to the observed one within this share of it: single precision, and double.
_EQUAL_SINGLE, _EQUAL_DOUBLE = 2e-5, 1e-9


@dataclass(frozen=True)
class PermutationTest:
    """The outcome, one value for each row.

    Args:
        difference: mean of the second group minus mean of the first.
        p: two-sided; of all relabellings the share whose |difference| is at least the observed one, or, where they
            are sampled, (b + 1) / (m + 1) (Phipson & Smyth 2010).
        q: p corrected for all rows (Benjamini & Hochberg 1995).
        relabellings: how many were tried.
        exact: whether these were all.
    """

    difference: NDArray[np.float64]
    p: NDArray[np.float64]
    q: NDArray[np.float64]
    relabellings: int
    exact: bool


def permutation_test(
    values: NDArray[np.floating],
    first: Rows,
    second: Rows,
    *,
    permutations: int = 1000,
    strata: NDArray[np.intp] | None = None,
    seed: int = 0,
) -> PermutationTest:
    """Test for every row whether the mean of the second group differs from that of the first.

    Args:
        values: rows x samples, such as ECv.
        first, second: columns of the two groups.
        permutations: how many relabellings are sampled where there are too many to try all.
        strata: of each sample; labels are exchanged within strata only (patients, batches; pairs are strata of two).
        seed: fixes the sample of relabellings.

    Raises:
        AnalysisError: fewer than one permutation, an empty group, or strata that leave nothing to exchange.
    """
    if permutations < 1:
        raise AnalysisError(f"{permutations} permutations: at least one is needed.")
    if not len(first) or not len(second):
        raise AnalysisError("A group of the comparison is empty.")
    columns = np.concatenate([first, second])
    weights, exact = relabellings(
        len(first), len(second), permutations, None if strata is None else strata[columns], seed
    )
    labels: NDArray[np.floating] = np.ascontiguousarray(weights.T, np.float64 if exact else np.float32)
    difference, count = np.empty(len(values)), np.empty(len(values), np.int64)
    size = max(1, _BLOCK_BYTES // (len(weights) * labels.itemsize))
    for start in range(0, len(values), size):
        part = slice(start, start + size)
        difference[part], count[part] = _block(values[part][:, columns], labels, len(first))
    p = count / len(weights) if exact else (count + 1) / (len(weights) + 1)
    q = benjamini_hochberg(p) if len(p) else p
    return PermutationTest(difference, p, q, len(weights), exact)


def _block(
    values: NDArray[np.floating], labels: NDArray[np.floating], firsts: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Observed differences of some rows, and how many relabellings reach them."""
    centred = values - values.mean(axis=1, keepdims=True, dtype=np.float64)
    observed = centred[:, firsts:].mean(axis=1) - centred[:, :firsts].mean(axis=1)
    statistics = centred.astype(labels.dtype) @ labels
    np.abs(statistics, out=statistics)
    slack = _EQUAL_DOUBLE if labels.dtype == np.float64 else _EQUAL_SINGLE
    spread = np.abs(centred).max(axis=1, initial=0.0)
    least = np.abs(observed) * (1 - slack) - slack * 1e-2 * spread
    return observed, np.count_nonzero(statistics >= least[:, None].astype(labels.dtype), axis=1)


def relabellings(
    first: int, second: int, permutations: int, strata: NDArray[np.intp] | None = None, seed: int = 0
) -> tuple[NDArray[np.float64], bool]:
    """The weights that turn values of all samples (the first group's before the second's) into differences of means.

    Args:
        first, second: sizes of the groups.
        permutations: how many to sample, where there are too many to take all.
        strata: of each sample.
        seed: fixes the sample.

    Returns:
        Relabellings x samples (−1/first and 1/second), and whether these are all there are.

    Raises:
        AnalysisError: there is only one.
    """
    second_now = np.r_[np.zeros(first, bool), np.ones(second, bool)]
    blocks = _blocks(np.zeros(first + second, np.intp) if strata is None else strata)
    total = math.prod(math.comb(len(block), int(second_now[block].sum())) for block in blocks)
    if total == 1:
        raise AnalysisError("The strata leave nothing to exchange: none has samples of both groups.")
    exact = total <= max(permutations, _EXACT_UP_TO)
    chosen = _all(blocks, second_now) if exact else _sampled(blocks, second_now, permutations, seed)
    return np.where(chosen, 1.0 / second, -1.0 / first), exact


def _blocks(strata: NDArray[np.intp]) -> list[Rows]:
    return [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]


def _all(blocks: list[Rows], second_now: NDArray[np.bool_]) -> NDArray[np.bool_]:
    choices = [list(combinations(block.tolist(), int(second_now[block].sum()))) for block in blocks]
    chosen = np.zeros((math.prod(map(len, choices)), len(second_now)), bool)
    for row, parts in enumerate(product(*choices)):
        for part in parts:
            chosen[row, list(part)] = True
    return chosen


def _sampled(blocks: list[Rows], second_now: NDArray[np.bool_], permutations: int, seed: int) -> NDArray[np.bool_]:
    random = np.random.default_rng(seed)
    chosen = np.empty((permutations, len(second_now)), bool)
    for block in blocks:
        labels = np.broadcast_to(second_now[block], (permutations, len(block)))
        chosen[:, block] = random.permuted(labels, axis=1)
    return chosen
