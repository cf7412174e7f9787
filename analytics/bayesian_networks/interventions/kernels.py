"""Compiled loops of the intervention simulation: one acyclic graph at a time, interventions in parallel.

An intervention is followed from its variables downwards in topological order. A variable's change in a particle is the
sum of what its changed parents now contribute less what they contributed before: the residual of the particle's row
is the same in both runs and cancels. Particles are in single precision: memory is what the loops wait for.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

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


@njit(cache=True)
def _as_cubics(weights: NDArray[np.float64], out: NDArray[np.float32]) -> None:
    """A spline as one cubic for each knot distance (4 x pieces), and a last one that is the straight line beyond."""
    pieces = weights.size - 3
    for piece in range(pieces + 1):
        first, second, third = weights[piece], weights[piece + 1], weights[piece + 2]
        out[0, piece] = (first + 4.0 * second + third) / 6.0
        out[1, piece] = (third - first) / 2.0
        out[2, piece], out[3, piece] = 0.0, 0.0
        if piece < pieces:
            out[2, piece] = (first - 2.0 * second + third) / 2.0
            out[3, piece] = (weights[piece + 3] - first + 3.0 * (second - third)) / 6.0


@njit(cache=True, fastmath=True, error_model="numpy")
def _add_curve(
    cubics: NDArray[np.float32],
    low: float,
    steps: float,
    values: NDArray[np.float32],
    change: NDArray[np.float32],
    before: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Add a curve at changed values less what it was before, in every particle.

    It stays at its ends outside of the training range. The loop is without branches, for vector instructions.
    """
    constant, linear, square, cube = cubics[0], cubics[1], cubics[2], cubics[3]
    last = np.float32(cubics.shape[1] - 1)
    for particle in range(out.size):
        position = min(max((values[particle] + change[particle] - low) * steps, np.float32(0.0)), last)
        whole = np.int32(position)
        t = position - np.float32(whole)
        piece = np.uint32(whole)
        curve = ((cube[piece] * t + square[piece]) * t + linear[piece]) * t + constant[piece]
        out[particle] += curve - before[particle]


@njit(cache=True)
def _add_lines_outside(
    cubics: NDArray[np.float32],
    low: float,
    steps: float,
    values: NDArray[np.float32],
    change: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Add what straight lines on from the ends of the training range have beyond the ends."""
    last = cubics.shape[1] - 1
    for particle in range(out.size):
        position = (values[particle] + change[particle] - low) * steps
        if position < 0:
            out[particle] += cubics[1, 0] * position
        elif position > last:
            out[particle] += cubics[1, last] * (position - last)


@njit(cache=True, parallel=True)
def curves_at(
    rows: NDArray[np.int64],
    parents: NDArray[np.int32],
    weights: NDArray[np.float64],
    low: NDArray[np.float32],
    steps: NDArray[np.float32],
    values: NDArray[np.float32],
    linear_outside: bool,
    cubics: NDArray[np.float32],
    before: NDArray[np.float32],
) -> None:
    """The cubics of every edge's curve, and the curve at the particles as they are.

    Args:
        rows: of each edge, its curve: a row of `weights`, `low` and `steps`; -1 = there is none.
        parents: of each edge.
        weights: of the splines (curves x functions).
        low: the low end of each curve's training range.
        steps: knot distances in a unit of the parent, of each curve.
        values: the particles (variables x particles), standardised.
        linear_outside: curves go on in a straight line outside of the training range.
        cubics: filled (edges x 4 x functions - 2).
        before: filled (edges x particles).
    """
    nothing = np.zeros(values.shape[1], np.float32)
    for edge in prange(rows.size):
        row = rows[edge]
        if row >= 0:
            now = values[parents[edge]]
            _as_cubics(weights[row], cubics[edge])
            before[edge] = 0
            _add_curve(cubics[edge], low[row], steps[row], now, nothing, nothing, before[edge])
            if linear_outside:
                _add_lines_outside(cubics[edge], low[row], steps[row], now, nothing, before[edge])


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


@njit(cache=True, fastmath=True)
def _size(change: NDArray[np.float32]) -> tuple[float, float]:
    """The root of the mean square and the mean."""
    squares, total = 0.0, 0.0
    for particle in range(change.size):
        value = float(change[particle])
        squares += value * value
        total += value
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
    low: NDArray[np.float32],
    steps: NDArray[np.float32],
    values: NDArray[np.float32],
    cubics: NDArray[np.float32],
    before: NDArray[np.float32],
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
    change = np.empty((max(_ROOM, targets.size + 1), particles), np.float32)
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
            larger = np.empty((2 * used, particles), np.float32)
            larger[:used] = change
            change = larger
        mine = change[used]
        mine[:] = 0
        nearest = 65535
        for edge in range(edge_offsets[node], edge_offsets[node + 1]):
            parent, row = parents[edge], rows[edge]
            if state[parent] == _CHANGED:
                nearest = min(nearest, level[parent])
                now, theirs = values[parent], change[slot[parent]]
                _add_curve(cubics[edge], low[row], steps[row], now, theirs, before[edge], mine)
                if linear_outside:
                    _add_lines_outside(cubics[edge], low[row], steps[row], now, theirs, mine)
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
    low: NDArray[np.float32],
    steps: NDArray[np.float32],
    values: NDArray[np.float32],
    cubics: NDArray[np.float32],
    before: NDArray[np.float32],
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
        rows, low, steps, values: as in `curves_at`.
        cubics, before: what that filled.
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
            low,
            steps,
            values,
            cubics,
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
