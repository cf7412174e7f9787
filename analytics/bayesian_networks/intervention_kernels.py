"""Compiled loops of the intervention simulation: one acyclic graph at a time, interventions in parallel.

An intervention is followed from its variables downwards in topological order. A variable's change in a particle is the
sum of what its changed parents now contribute less what they contributed before: the residual of the particle's row
is the same in both runs and cancels.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from analytics.bayesian_networks.fit_kernels import _spline, _spline_slope

#: Changed variables for which there is room at first.
_ROOM = 256

#: States of a variable: not met; waits, or its change is negligible; changed, and its change is in its slot.
_NOT_MET, _MET, _CHANGED = 0, 1, 2


@njit(cache=True)
def reachable(children: NDArray[np.int32], offsets: NDArray[np.int64], starts: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Every variable below the starts, without these unless they lie below another."""
    seen = np.zeros(offsets.size - 1, np.bool_)
    below = np.zeros(offsets.size - 1, np.bool_)
    stack = np.empty(offsets.size - 1, np.int32)
    size = 0
    for start in starts:
        if not seen[start]:
            seen[start] = True
            stack[size] = start
            size += 1
    while size:
        size -= 1
        node = stack[size]
        for child in children[offsets[node] : offsets[node + 1]]:
            below[child] = True
            if not seen[child]:
                seen[child] = True
                stack[size] = child
                size += 1
    return below


@njit(cache=True, inline="always")
def _curve(weights: NDArray[np.float64], low: float, high: float, value: float, linear_outside: bool) -> float:
    steps = (weights.size - 3) / (high - low)
    inside = min(max(value, low), high)
    position = (inside - low) * steps
    result = _spline(weights, position)
    if linear_outside and value != inside:
        result += _spline_slope(weights, position) * steps * (value - inside)
    return result


@njit(cache=True, parallel=True)
def curves_at(
    rows: NDArray[np.int64],
    parents: NDArray[np.int32],
    weights: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    values: NDArray[np.float64],
    linear_outside: bool,
    out: NDArray[np.float64],
) -> None:
    """The curve of every edge at the particles as they are (edges x particles); an edge without a curve has row -1."""
    for edge in prange(rows.size):
        row = rows[edge]
        if row >= 0:
            for particle in range(values.shape[1]):
                value = values[parents[edge], particle]
                out[edge, particle] = _curve(weights[row], low[row], high[row], value, linear_outside)


@njit(cache=True, inline="always")
def _push(heap: NDArray[np.int32], size: int, item: int) -> int:
    at = size
    while at > 0:
        above = (at - 1) // 2
        if heap[above] <= item:
            break
        heap[at] = heap[above]
        at = above
    heap[at] = item
    return size + 1


@njit(cache=True, inline="always")
def _pop(heap: NDArray[np.int32], size: int) -> int:
    """Take the smallest item out; it is left behind the end."""
    smallest, item = heap[0], heap[size - 1]
    size -= 1
    at = 0
    while 2 * at + 1 < size:
        below = 2 * at + 1
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if heap[below] >= item:
            break
        heap[at] = heap[below]
        at = below
    heap[at] = item
    heap[size] = smallest
    return size


@njit(cache=True)
def _pass_on(
    weights: NDArray[np.float64],
    low: float,
    high: float,
    values: NDArray[np.float64],
    change: NDArray[np.float64],
    before: NDArray[np.float64],
    linear_outside: bool,
    out: NDArray[np.float64],
) -> None:
    """Add what a changed parent now contributes less what it contributed before, in every particle."""
    for particle in range(out.size):
        now = _curve(weights, low, high, values[particle] + change[particle], linear_outside)
        out[particle] += now - before[particle]


@njit(cache=True)
def _size(change: NDArray[np.float64]) -> tuple[float, float]:
    """The root of the mean square and the mean."""
    squares, total = 0.0, 0.0
    for particle in range(change.size):
        squares += change[particle] * change[particle]
        total += change[particle]
    return math.sqrt(squares / change.size), total / change.size


@njit(cache=True)
def _wait_for_children(
    node: int,
    child_offsets: NDArray[np.int64],
    children: NDArray[np.int32],
    position: NDArray[np.int32],
    state: NDArray[np.uint8],
    heap: NDArray[np.int32],
    waiting: int,
) -> int:
    """Let the children that were not met yet wait, by their place in the order."""
    for child in children[child_offsets[node] : child_offsets[node + 1]]:
        if state[child] == _NOT_MET:
            state[child] = _MET
            waiting = _push(heap, waiting, position[child])
    return waiting


@njit(cache=True)
def _follow(
    order: NDArray[np.int32],
    position: NDArray[np.int32],
    child_offsets: NDArray[np.int64],
    children: NDArray[np.int32],
    edge_offsets: NDArray[np.int64],
    parents: NDArray[np.int32],
    rows: NDArray[np.int64],
    weights: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    values: NDArray[np.float64],
    before: NDArray[np.float64],
    targets: NDArray[np.int32],
    levels: NDArray[np.float64],
    negligible: float,
    linear_outside: bool,
    total: NDArray[np.float64],
    squares: NDArray[np.float64],
    rises: NDArray[np.uint16],
    falls: NDArray[np.uint16],
    distance: NDArray[np.uint16],
) -> None:
    """Follow one intervention through one graph and add what it changes to the rows of the accumulators."""
    particles = values.shape[1]
    state = np.zeros(position.size, np.uint8)
    slot = np.empty(position.size, np.int32)
    level = np.zeros(position.size, np.uint16)
    heap = np.empty(position.size + 1, np.int32)
    change = np.empty((max(_ROOM, targets.size + 1), particles))
    waiting, used = 0, 0
    for number in range(targets.size):
        target = targets[number]
        state[target], slot[target] = _CHANGED, used
        for particle in range(particles):
            change[used, particle] = levels[number] - values[target, particle]
        used += 1
    for target in targets:
        waiting = _wait_for_children(target, child_offsets, children, position, state, heap, waiting)
    while waiting:
        waiting = _pop(heap, waiting)
        node = order[heap[waiting]]
        if used == change.shape[0]:
            larger = np.empty((2 * used, particles))
            larger[:used] = change
            change = larger
        mine = change[used]
        mine[:] = 0.0
        nearest = 65535
        for edge in range(edge_offsets[node], edge_offsets[node + 1]):
            parent, row = parents[edge], rows[edge]
            if state[parent] == _CHANGED:
                nearest = min(nearest, level[parent])
                now, then = values[parent], before[edge]
                _pass_on(weights[row], low[row], high[row], now, change[slot[parent]], then, linear_outside, mine)
        size, mean = _size(mine)
        if size <= negligible:
            continue
        state[node], slot[node], level[node] = _CHANGED, used, nearest + 1
        used += 1
        total[node] += mean
        squares[node] += mean * mean
        rises[node] += mean > 0
        falls[node] += mean < 0
        distance[node] = min(distance[node], level[node])
        waiting = _wait_for_children(node, child_offsets, children, position, state, heap, waiting)


@njit(cache=True, parallel=True)
def follow_all(
    order: NDArray[np.int32],
    position: NDArray[np.int32],
    child_offsets: NDArray[np.int64],
    children: NDArray[np.int32],
    edge_offsets: NDArray[np.int64],
    parents: NDArray[np.int32],
    rows: NDArray[np.int64],
    weights: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    values: NDArray[np.float64],
    before: NDArray[np.float64],
    target_offsets: NDArray[np.int64],
    targets: NDArray[np.int32],
    levels: NDArray[np.float64],
    negligible: float,
    linear_outside: bool,
    total: NDArray[np.float64],
    squares: NDArray[np.float64],
    rises: NDArray[np.uint16],
    falls: NDArray[np.uint16],
    distance: NDArray[np.uint16],
) -> None:
    """Follow every intervention through one graph.

    Args:
        order, position: a topological order, and the place of each variable in it.
        child_offsets, children: the children of each variable.
        edge_offsets, parents: the edges of each child, by their parents.
        rows: of each edge, its curve: a row of `weights`, `low` and `high`.
        values: the particles (variables x particles), standardised.
        before: the curve of each edge at the particles (`curves_at`).
        target_offsets, targets, levels: of each intervention, its variables and the values they are set to.
        negligible: a change whose root mean square over particles is at most this ends there.
        linear_outside: curves go on in a straight line outside of the training range.
        total, squares: sum and sum of squares over graphs of the mean change (interventions x variables).
        rises, falls: in how many graphs the mean change is above and below 0.
        distance: the fewest edges from an intervened variable in any graph.
    """
    for number in prange(target_offsets.size - 1):
        part = slice(target_offsets[number], target_offsets[number + 1])
        _follow(
            order,
            position,
            child_offsets,
            children,
            edge_offsets,
            parents,
            rows,
            weights,
            low,
            high,
            values,
            before,
            targets[part],
            levels[part],
            negligible,
            linear_outside,
            total[number],
            squares[number],
            rises[number],
            falls[number],
            distance[number],
        )
