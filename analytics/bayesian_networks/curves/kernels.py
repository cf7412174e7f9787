"""Compiled loops of the additive fits: one task is one child with all its parents.

A task costs q(q − 1)/2 blocks of r x r dot products and a Cholesky factor of q·r columns; nothing depends on another
task, so results do not depend on the number of threads.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

#: Added to the unit diagonal: parents that say the same (indicators of one category) share their weight.
_RIDGE = 1e-9

#: A residual sum of squares is not taken for smaller than this share of the child's own: guards the logarithm.
_SMALLEST_SHARE = 1e-12


@njit(cache=True, fastmath={"reassoc", "contract", "nsz"}, inline="never")
def _dot(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    total = a[0] * b[0]
    for i in range(1, a.size):
        total += a[i] * b[i]
    return float(total)


@njit(cache=True)
def _joint(
    values: NDArray[np.floating],
    parents: NDArray[np.int32],
    ranks: NDArray[np.int16],
    starts: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Inner products of all coordinates of all parents; those of one parent are orthonormal."""
    size = starts[-1]
    gram = np.zeros((size, size))
    for a in range(size):
        gram[a, a] = 1.0
    for k in range(parents.size):
        for m in range(k):
            for a in range(ranks[parents[k]]):
                for b in range(ranks[parents[m]]):
                    product = _dot(values[parents[k], a], values[parents[m], b])
                    gram[starts[k] + a, starts[m] + b] = product
                    gram[starts[m] + b, starts[k] + a] = product
    return gram


@njit(cache=True)
def _solve(
    gram: NDArray[np.float64], weights: NDArray[np.float64], right: NDArray[np.float64], factor: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Solve (gram + diag(weights)) x = right by Cholesky; `factor` is scratch of gram's shape."""
    size = right.size
    for i in range(size):
        for j in range(i + 1):
            total = gram[i, j]
            if i == j:
                total += weights[i] + _RIDGE
            for k in range(j):
                total -= factor[i, k] * factor[j, k]
            if i == j:
                factor[i, i] = math.sqrt(max(total, _RIDGE))
            else:
                factor[i, j] = total / factor[j, j]
    solution = right.copy()
    for i in range(size):
        for k in range(i):
            solution[i] -= factor[i, k] * solution[k]
        solution[i] /= factor[i, i]
    for i in range(size - 1, -1, -1):
        for k in range(i + 1, size):
            solution[i] -= factor[k, i] * solution[k]
        solution[i] /= factor[i, i]
    return solution


@njit(cache=True)
def _choose(
    projections: NDArray[np.float64],
    remaining: float,
    penalties: NDArray[np.float64],
    grid: NDArray[np.float64],
    n: int,
    taken: float,
) -> float:
    """The n·β with the smallest sBIC of one parent on what the others leave.

    Few samples let a rough curve fit everything: the degrees of freedom of the whole child are charged as in the
    corrected AIC (Hurvich & Tsai 1989) beside their log n; with hundreds of samples this is next to nothing.

    Args:
        projections: of the partial residual on the parent's coordinates.
        remaining: sum of squares of the partial residual.
        penalties: roughness of the coordinates.
        grid: to choose from.
        n: samples.
        taken: degrees of freedom of the other parents.
    """
    best, best_score = float(grid[-1]), np.inf
    for g in range(grid.size):
        rss, edf = remaining, 0.0
        for m in range(projections.size):
            shrinkage = 1.0 / (1.0 + grid[g] * penalties[m]) if penalties[m] > 0 else 1.0
            rss -= (2 * shrinkage - shrinkage * shrinkage) * projections[m] * projections[m]
            edf += shrinkage
        # Intercept and variance are estimated too.
        spent = edf + taken + 2.0
        if spent < n - 1.0:
            score = n * math.log(max(rss, _SMALLEST_SHARE * n)) + edf * math.log(n)
            score += 2.0 * spent * (spent + 1.0) / (n - spent - 1.0)
            if score < best_score - 1e-9:
                best, best_score = float(grid[g]), score
    return best


@njit(cache=True)
def _degrees(penalties: NDArray[np.float64], rank: int, smoothing: float) -> float:
    """Effective degrees of freedom of one parent's curve."""
    total = 0.0
    for m in range(rank):
        total += 1.0 / (1.0 + smoothing * penalties[m]) if penalties[m] > 0 else 1.0
    return total


@njit(cache=True)
def _penalise(
    weights: NDArray[np.float64],
    parents: NDArray[np.int32],
    ranks: NDArray[np.int16],
    starts: NDArray[np.int64],
    penalties: NDArray[np.float64],
    smoothing: NDArray[np.float64],
) -> None:
    for k in range(parents.size):
        for m in range(ranks[parents[k]]):
            roughness = penalties[parents[k], m]
            weights[starts[k] + m] = smoothing[k] * roughness if roughness > 0 else 0.0


@njit(cache=True)
def fit_task(
    values: NDArray[np.floating],
    penalties: NDArray[np.float64],
    ranks: NDArray[np.int16],
    child: NDArray[np.floating],
    parents: NDArray[np.int32],
    grid: NDArray[np.float64],
    sweeps: int,
    coefficients: NDArray[np.float64],
    smoothing: NDArray[np.float64],
) -> float:
    """Fit one child: what `fit_tasks` does for each of its tasks, for compiled code that has one at hand.

    The smoothing of each parent is chosen alone first, then on the partial residuals of the joint fit; every solution
    for given smoothing is exact.

    Args:
        values, penalties, ranks: as in `fit_tasks`.
        child: its column, in the precision of `values`.
        parents: columns, at least one.
        grid, sweeps: as in `fit_tasks`.
        coefficients, smoothing: filled, one row for each parent.

    Returns:
        The residual sum of squares.
    """
    count, n = parents.size, child.size
    starts = np.zeros(count + 1, np.int64)
    for k in range(count):
        starts[k + 1] = starts[k] + ranks[parents[k]]
    size = starts[count]
    right = np.empty(size)
    for k in range(count):
        for m in range(ranks[parents[k]]):
            right[starts[k] + m] = _dot(values[parents[k], m], child)
    own = _dot(child, child)
    for k in range(count):
        part = slice(starts[k], starts[k + 1])
        smoothing[k] = _choose(right[part], own, penalties[parents[k]], grid, n, float(count - 1))
    gram = _joint(values, parents, ranks, starts)
    weights, factor = np.zeros(size), np.zeros((size, size))
    _penalise(weights, parents, ranks, starts, penalties, smoothing)
    solution = _solve(gram, weights, right, factor)
    for _ in range(sweeps if count > 1 else 0):
        changed = False
        for k in range(count):
            others = 0.0
            for m in range(count):
                if m != k:
                    others += _degrees(penalties[parents[m]], ranks[parents[m]], smoothing[m])
            changed |= _revise(k, gram, right, solution, own, penalties[parents[k]], grid, n, others, starts, smoothing)
        if not changed:
            break
        _penalise(weights, parents, ranks, starts, penalties, smoothing)
        solution = _solve(gram, weights, right, factor)
    for k in range(count):
        for m in range(ranks[parents[k]]):
            coefficients[k, m] = solution[starts[k] + m]
    return float(max(own - 2 * _dot(solution, right) + _dot(solution, gram @ solution), 0.0))


@njit(cache=True)
def _revise(
    k: int,
    gram: NDArray[np.float64],
    right: NDArray[np.float64],
    solution: NDArray[np.float64],
    own: float,
    penalties: NDArray[np.float64],
    grid: NDArray[np.float64],
    n: int,
    edf_of_others: float,
    starts: NDArray[np.int64],
    smoothing: NDArray[np.float64],
) -> bool:
    """Choose one parent's smoothing again on the partial residual, and its coefficients with it; whether it changed."""
    low, high = starts[k], starts[k + 1]
    others = solution.copy()
    others[low:high] = 0.0
    taken = gram @ others
    remaining = own - 2 * _dot(others, right) + _dot(others, taken)
    partial = right[low:high] - taken[low:high]
    chosen = _choose(partial, max(remaining, 0.0), penalties, grid, n, edf_of_others)
    changed = chosen != smoothing[k]
    smoothing[k] = chosen
    for m in range(high - low):
        solution[low + m] = partial[m] / (1.0 + chosen * penalties[m]) if penalties[m] > 0 else partial[m]
    return bool(changed)


@njit(cache=True, parallel=True)
def fit_tasks(
    values: NDArray[np.floating],
    penalties: NDArray[np.float64],
    ranks: NDArray[np.int16],
    z: NDArray[np.floating],
    children: NDArray[np.int32],
    offsets: NDArray[np.int64],
    parents: NDArray[np.int32],
    grid: NDArray[np.float64],
    sweeps: int,
    coefficients: NDArray[np.float64],
    smoothing: NDArray[np.float64],
    rss: NDArray[np.float64],
) -> None:
    """Fit many children (tasks); task t has the parents `parents[offsets[t]:offsets[t + 1]]`.

    Args:
        values: orthonormal coordinates (columns x coordinates x samples).
        penalties: their roughness (columns x coordinates).
        ranks: how many coordinates each column has.
        z: the columns (columns x samples).
        children, offsets, parents: the tasks.
        grid: n·β to choose from, all above 0; a very large one is a straight line.
        sweeps: how often smoothing is chosen again jointly.
        coefficients, smoothing: filled, one row for each parent of each task.
        rss: filled, one for each task.
    """
    for t in prange(children.size):
        low, high = offsets[t], offsets[t + 1]
        child = z[children[t]]
        if low == high:
            rss[t] = _dot(child, child)
        else:
            rss[t] = fit_task(
                values,
                penalties,
                ranks,
                child,
                parents[low:high],
                grid,
                sweeps,
                coefficients[low:high],
                smoothing[low:high],
            )


@njit(cache=True, inline="always")
def _spline(weights: NDArray[np.float64], position: float) -> float:
    """A cubic spline at a position in knot distances from the low end."""
    first = min(max(int(position), 0), weights.size - 4)
    t = position - first
    s = 1.0 - t
    return float(
        s * s * s * weights[first]
        + ((3.0 * t - 6.0) * t * t + 4.0) * weights[first + 1]
        + ((3.0 * s - 6.0) * s * s + 4.0) * weights[first + 2]
        + t * t * t * weights[first + 3]
    ) * (1.0 / 6.0)


@njit(cache=True, inline="always")
def _spline_slope(weights: NDArray[np.float64], position: float) -> float:
    first = min(max(int(position), 0), weights.size - 4)
    t = position - first
    s = 1.0 - t
    return 0.5 * float(
        -s * s * weights[first]
        + (3.0 * t - 4.0) * t * weights[first + 1]
        + (4.0 - 3.0 * s) * s * weights[first + 2]
        + t * t * weights[first + 3]
    )


@njit(cache=True)
def evaluate_edge(
    weights: NDArray[np.float64],
    constant: float,
    low: float,
    high: float,
    x: NDArray[np.floating],
    linear_outside: bool,
    derivative: bool,
    out: NDArray[np.floating],
) -> None:
    """The function of one edge: what `evaluate_edges` does for each of its edges."""
    steps = (weights.size - 3) / (high - low)
    for i in range(x.size):
        value = float(x[i])
        inside = min(max(value, low), high)
        position = (inside - low) * steps
        slope = 0.0
        if derivative or (linear_outside and value != inside):
            slope = _spline_slope(weights, position) * steps
        if derivative:
            out[i] = slope if linear_outside or value == inside else 0.0
        else:
            out[i] = _spline(weights, position) + constant + slope * (value - inside)


@njit(cache=True, parallel=True)
def evaluate_edges(
    weights: NDArray[np.float64],
    constants: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    rows: NDArray[np.int32],
    x: NDArray[np.floating],
    linear_outside: bool,
    derivative: bool,
    out: NDArray[np.floating],
) -> None:
    """The function of every edge, or its derivative, at values of its parent.

    Args:
        weights: of the splines (edges x functions).
        constants: added to each edge's spline: centres it (edges).
        low, high: the range of each edge's parent (edges).
        rows: which row of `x` holds the values of each edge's parent (edges).
        x: standardised values (rows x samples).
        linear_outside: go on in a straight line outside of the range, not at the value of its end.
        derivative: the derivative instead of the function.
        out: filled (edges x samples).
    """
    for e in prange(weights.shape[0]):
        evaluate_edge(weights[e], constants[e], low[e], high[e], x[rows[e]], linear_outside, derivative, out[e])
