"""Compiled loops of the intervention simulation: one acyclic graph at a time, interventions in parallel.

An intervention is followed from its variables downwards in topological order. A variable's change in a particle is the
sum of what its changed parents now contribute less what they contributed before: the residual of the particle's row
is the same in both runs and cancels. Particles are in single precision: memory is what the loops wait for.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

#: Changed variables for which there is room at first.
_ROOM = 256

#: States of a variable: not met; waits, or its change is negligible; changed, and its change is in its slot.
_NOT_MET, _MET, _CHANGED = 0, 1, 2

#: A distance that no graph of variables has.
_FAR = 65535


class Layout(NamedTuple):
    """One graph as the kernels read it.

    Args:
        order, position: a topological order, and the place of each column in it.
        child_offsets, children: the children of each column.
        edge_offsets, parents: the edges of each child, by their parents.
    """

    order: NDArray[np.int32]
    position: NDArray[np.int32]
    child_offsets: NDArray[np.int64]
    children: NDArray[np.int32]
    edge_offsets: NDArray[np.int64]
    parents: NDArray[np.int32]


class EdgeCurves(NamedTuple):
    """The curves along the edges of one graph.

    Args:
        rows: of each edge, its curve: a place in `low` and `steps`; -1 = there is none.
        low: the low end of each curve's training range.
        steps: knot distances in a unit of the parent, of each curve.
        linear_outside: curves go on in a straight line outside of the training range.
        cubics: of each edge (edges x 4 x functions - 2); `curves_at` fills them.
        before: each edge's curve at the particles as they are (edges x particles); `curves_at` fills it.
    """

    rows: NDArray[np.int64]
    low: NDArray[np.float32]
    steps: NDArray[np.float32]
    linear_outside: bool
    cubics: NDArray[np.float32]
    before: NDArray[np.float32]


class Targets(NamedTuple):
    """What interventions set: number i sets the variables `columns[offsets[i]:offsets[i + 1]]` to these `levels`."""

    offsets: NDArray[np.int64]
    columns: NDArray[np.int32]
    levels: NDArray[np.float64]


class Changes(NamedTuple):
    """What interventions change, summed over graphs (interventions x variables).

    Args:
        total, squares: sum and sum of squares of the mean change over particles.
        rises, falls: in how many graphs the mean change is above and below 0.
        distance: the fewest edges from an intervened variable in any graph.
    """

    total: NDArray[np.float64]
    squares: NDArray[np.float64]
    rises: NDArray[np.uint16]
    falls: NDArray[np.uint16]
    distance: NDArray[np.uint16]


class _Front(NamedTuple):
    """How far one intervention was followed: of each variable its state, the slot of its change, its distance."""

    state: NDArray[np.uint8]
    slot: NDArray[np.int32]
    level: NDArray[np.uint16]
    heap: NDArray[np.int32]


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


@njit(cache=True)
def _add_edge(
    curves: EdgeCurves,
    edge: int,
    values: NDArray[np.float32],
    change: NDArray[np.float32],
    before: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Add what an edge contributes at changed values of its parent less what it contributed before."""
    row = curves.rows[edge]
    _add_curve(curves.cubics[edge], curves.low[row], curves.steps[row], values, change, before, out)
    if curves.linear_outside:
        _add_lines_outside(curves.cubics[edge], curves.low[row], curves.steps[row], values, change, out)


@njit(cache=True)
def _fill_edge(
    edge: int, parents: NDArray[np.int32], weights: NDArray[np.float64], values: NDArray[np.float32], curves: EdgeCurves
) -> None:
    row = curves.rows[edge]
    if row >= 0:
        nothing = np.zeros(values.shape[1], np.float32)
        _as_cubics(weights[row], curves.cubics[edge])
        curves.before[edge] = 0
        _add_edge(curves, edge, values[parents[edge]], nothing, nothing, curves.before[edge])


@njit(cache=True, parallel=True)
def curves_at(
    parents: NDArray[np.int32], weights: NDArray[np.float64], values: NDArray[np.float32], curves: EdgeCurves
) -> None:
    """Fill in the cubics of every edge's curve, and the curve at the particles as they are.

    Args:
        parents: of each edge.
        weights: of the splines (curves x functions).
        values: the particles (variables x particles), standardised.
        curves: their `cubics` and `before` are filled.
    """
    for edge in prange(curves.rows.size):
        _fill_edge(edge, parents, weights, values, curves)


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
def _wait_for_children(node: int, graph: Layout, front: _Front, waiting: int) -> int:
    """Let the children that were not met yet wait, by their place in the order."""
    for child in graph.children[graph.child_offsets[node] : graph.child_offsets[node + 1]]:
        if front.state[child] == _NOT_MET:
            front.state[child] = _MET
            waiting = _push(front.heap, waiting, graph.position[child])
    return waiting


@njit(cache=True)
def _start(
    targets: NDArray[np.int32],
    levels: NDArray[np.float64],
    values: NDArray[np.float32],
    front: _Front,
    change: NDArray[np.float32],
) -> None:
    """Set the variables of an intervention; their changes take the first slots."""
    for number in range(targets.size):
        target = targets[number]
        front.state[target], front.slot[target] = _CHANGED, number
        for particle in range(values.shape[1]):
            change[number, particle] = levels[number] - values[target, particle]


@njit(cache=True)
def _enlarged(change: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same changes, with room for as many more."""
    larger = np.empty((2 * change.shape[0], change.shape[1]), np.float32)
    larger[: change.shape[0]] = change
    return larger


@njit(cache=True)
def _add_parents(
    node: int,
    graph: Layout,
    curves: EdgeCurves,
    values: NDArray[np.float32],
    front: _Front,
    change: NDArray[np.float32],
    out: NDArray[np.float32],
) -> int:
    """The change of a variable by its changed parents; gives the smallest distance of these."""
    out[:] = 0
    nearest = _FAR
    for edge in range(graph.edge_offsets[node], graph.edge_offsets[node + 1]):
        parent = graph.parents[edge]
        if front.state[parent] == _CHANGED:
            nearest = min(nearest, front.level[parent])
            _add_edge(curves, edge, values[parent], change[front.slot[parent]], curves.before[edge], out)
    return nearest


@njit(cache=True)
def _record(changes: Changes, number: int, node: int, mean: float, level: int) -> None:
    """Add the mean change of a variable in one graph."""
    changes.total[number, node] += mean
    changes.squares[number, node] += mean * mean
    changes.rises[number, node] += mean > 0
    changes.falls[number, node] += mean < 0
    changes.distance[number, node] = min(changes.distance[number, node], level)


@njit(cache=True)
def _follow(
    number: int,
    graph: Layout,
    curves: EdgeCurves,
    values: NDArray[np.float32],
    targets: Targets,
    negligible: float,
    changes: Changes,
) -> None:
    """Follow one intervention through one graph and add what it changes."""
    set_ = targets.columns[targets.offsets[number] : targets.offsets[number + 1]]
    levels = targets.levels[targets.offsets[number] : targets.offsets[number + 1]]
    variables = graph.position.size
    front = _Front(
        np.zeros(variables, np.uint8),
        np.empty(variables, np.int32),
        np.zeros(variables, np.uint16),
        np.empty(variables + 1, np.int32),
    )
    change = np.empty((max(_ROOM, set_.size + 1), values.shape[1]), np.float32)
    _start(set_, levels, values, front, change)
    waiting, used = 0, set_.size
    for target in set_:
        waiting = _wait_for_children(target, graph, front, waiting)
    while waiting:
        waiting = _pop(front.heap, waiting)
        node = graph.order[front.heap[waiting]]
        if used == change.shape[0]:
            change = _enlarged(change)
        nearest = _add_parents(node, graph, curves, values, front, change, change[used])
        size, mean = _size(change[used])
        if size <= negligible:
            continue
        front.state[node], front.slot[node], front.level[node] = _CHANGED, used, nearest + 1
        used += 1
        _record(changes, number, node, mean, front.level[node])
        waiting = _wait_for_children(node, graph, front, waiting)


@njit(cache=True, parallel=True)
def follow_all(
    graph: Layout,
    curves: EdgeCurves,
    values: NDArray[np.float32],
    targets: Targets,
    negligible: float,
    changes: Changes,
) -> None:
    """Follow every intervention through one graph.

    Args:
        graph: acyclic.
        curves: as `curves_at` filled them.
        values: the particles (variables x particles), standardised.
        targets: what each intervention sets.
        negligible: a change whose root mean square over particles is at most this ends there.
        changes: what each intervention changes in this graph is added.
    """
    for number in prange(targets.offsets.size - 1):
        _follow(number, graph, curves, values, targets, negligible, changes)
