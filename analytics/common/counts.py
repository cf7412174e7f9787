"""The statistics of counts: the hypergeometric tail, corrections for many tests, an interval of a share.

All functions take and give arrays; none of them needs more than NumPy.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Below this the remainder of Stirling's formula is tabulated, above it its series has converged to double precision.
_SERIES_FROM = 16
_STIRLING_REMAINDER = np.array(
    [0.0]
    + [math.lgamma(n + 1) - (n + 0.5) * math.log(n) + n - 0.5 * math.log(2 * math.pi) for n in range(1, _SERIES_FROM)]
)


def hypergeometric_tail(hits: ArrayLike, drawn: ArrayLike, marked: ArrayLike, population: ArrayLike) -> Floats:
    """The probability of at least so many hits when things are drawn without replacement.

    The first term is computed by the saddle-point form of the binomial (Loader 2000), which loses no digits in large
    factorials; the others follow from it by their ratios. Relative error about 1e-14.

    Args:
        hits: marked things among those drawn.
        drawn: how many are drawn.
        marked: how many of the population are marked.
        population: how many there are.

    Raises:
        ValueError: a count is negative, or more are drawn or marked than there are.

    >>> float(hypergeometric_tail(2, 3, 4, 10).round(12))
    0.333333333333
    """
    k, n, m, total = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(x, np.int64)) for x in (hits, drawn, marked, population))
    )
    if (np.minimum(np.minimum(k, n), m) < 0).any() or (np.maximum(n, m) > total).any():
        raise ValueError("counts are not negative, and no more are drawn or marked than there are")
    k, n, m, total = (array.ravel() for array in (k, n, m, total))
    lowest, highest = np.maximum(0, n + m - total), np.minimum(n, m)
    tail = np.where(k <= lowest, 1.0, 0.0)
    inside = np.flatnonzero((k > lowest) & (k <= highest))
    if inside.size:
        tail[inside] = _inner_tail(k[inside], n[inside], m[inside], total[inside])
    shape = np.broadcast_shapes(*(np.shape(x) for x in (hits, drawn, marked, population)))
    return tail.reshape(shape)


def _inner_tail(k: NDArray[np.int64], n: NDArray[np.int64], m: NDArray[np.int64], total: NDArray[np.int64]) -> Floats:
    """Sum from the hits on where that is the shorter side of the mode, else one minus the sum below them."""
    mode = (n + 1) * (m + 1) // (total + 2)
    upper = k > mode
    tail = np.empty(k.shape)
    tail[upper] = _sum_terms(k[upper], n[upper], m[upper], total[upper], upwards=True)
    lower = ~upper
    tail[lower] = 1.0 - _sum_terms(k[lower] - 1, n[lower], m[lower], total[lower], upwards=False)
    return np.clip(tail, 0.0, 1.0)


def _sum_terms(
    first: NDArray[np.int64], n: NDArray[np.int64], m: NDArray[np.int64], total: NDArray[np.int64], *, upwards: bool
) -> Floats:
    """The sum of the probabilities from `first` away from the mode; each is smaller than the one before it."""
    term = _probability(first, n, m, total)
    summed, k = term.copy(), first.astype(float)
    drawn, marked, others = n.astype(float), m.astype(float), (total - m - n).astype(float)
    active = np.flatnonzero(term > 0)
    while active.size:
        x, a, b, c = k[active], drawn[active], marked[active], others[active]
        if upwards:
            ratio = (a - x) * (b - x) / ((x + 1) * (c + x + 1))
            k[active] = x + 1
        else:
            ratio = x * (c + x) / ((a - x + 1) * (b - x + 1))
            k[active] = x - 1
        term[active] *= ratio
        summed[active] += term[active]
        active = active[term[active] > summed[active] * 1e-17]
    return summed


def _probability(k: NDArray[np.int64], n: NDArray[np.int64], m: NDArray[np.int64], total: NDArray[np.int64]) -> Floats:
    """P(k) as a quotient of three binomials with one common share, so that each has full precision."""
    share = n / total
    return np.asarray(
        np.exp(_log_binomial(k, m, share) + _log_binomial(n - k, total - m, share) - _log_binomial(n, total, share))
    )


def _log_binomial(k: NDArray[np.int64], n: NDArray[np.int64], share: Floats) -> Floats:
    """The logarithm of the binomial probability of `k` of `n`."""
    result = np.zeros(k.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        none, all_ = k == 0, k == n
        result = np.where(none, n * np.log1p(-share), result)
        result = np.where(all_ & ~none, n * np.log(share), result)
        result = np.where(n == 0, 0.0, result)
        between = ~(none | all_)
        x, size, p = k[between].astype(float), n[between].astype(float), share[between]
        remainder = _stirling(size) - _stirling(x) - _stirling(size - x)
        deviance = _deviance(x, size * p) + _deviance(size - x, size * (1 - p))
        result[between] = remainder - deviance + 0.5 * np.log(size / (2 * math.pi * x * (size - x)))
    return result


def _stirling(n: Floats) -> Floats:
    """log(n!) less Stirling's formula."""
    small = n < _SERIES_FROM
    table = _STIRLING_REMAINDER[np.where(small, n, 0).astype(np.int64)]
    x = np.where(small, _SERIES_FROM, n)
    square = x * x
    series = (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / x
    return np.where(small, table, series)


def _deviance(x: Floats, mean: Floats) -> Floats:
    """x log(x / mean) + mean − x, without cancellation where both are close."""
    difference = x - mean
    ratio = difference / (x + mean)
    close = np.abs(ratio) < 0.1
    squared = ratio * ratio
    series, power = difference * ratio, 2 * x * ratio
    for step in range(1, 12):
        power = power * squared
        series = series + power / (2 * step + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        direct = x * np.log(x / mean) + mean - x
    return np.where(close, series, direct)


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Adjusted p-values that control the false discovery rate (Benjamini and Hochberg 1995), in the given order."""
    values = np.asarray(p, float)
    order = np.argsort(values, kind="stable")
    count = values.size
    steps = values[order] * count / np.arange(1, count + 1)
    return _in_given_order(np.minimum.accumulate(steps[::-1])[::-1], order)


def holm(p: ArrayLike) -> Floats:
    """Adjusted p-values that control the family-wise error rate (Holm 1979), in the given order."""
    values = np.asarray(p, float)
    order = np.argsort(values, kind="stable")
    steps = values[order] * np.arange(values.size, 0, -1)
    return _in_given_order(np.maximum.accumulate(steps), order)


def bonferroni(p: ArrayLike) -> Floats:
    """p-values times their number, at most one."""
    values = np.asarray(p, float)
    adjusted: Floats = np.minimum(values * values.size, 1.0)
    return adjusted


def _in_given_order(adjusted: Floats, order: NDArray[np.intp]) -> Floats:
    result = np.empty_like(adjusted)
    result[order] = np.minimum(adjusted, 1.0)
    return result


def wilson_interval(hits: ArrayLike, drawn: ArrayLike, z_score: float = 1.959963984540054) -> tuple[Floats, Floats]:
    """The interval of a share (Wilson 1927): lower and upper end, 95 % unless another z-score is given."""
    k, n = np.asarray(hits, float), np.asarray(drawn, float)
    share, square = k / n, z_score * z_score
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = z_score / (1 + square / n) * np.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0)
