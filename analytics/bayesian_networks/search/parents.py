"""Parents of one child among allowed candidates: grow and shrink on sufficient statistics, remembered in trees.

Each child has candidates, a matrix of products of their coordinates (the Gram matrix) and the products with
the child: the samples are not read again. Parents are added greedily, each with the number of coordinates that the
score prefers given the others, and then dropped or refitted one by one while that helps. The choice depends only on
which candidates are allowed. As in the grow-shrink trees of BOSS (Andrews et al. 2023), a node of a child's tree stands
for parents in the order in which they were added and keeps all further candidates by their gain, so that one
computation answers every set of allowed candidates that leads to it.

The kernels release the interpreter's lock. Children are divided among arenas that no two threads work on at a time, so
the result does not depend on the number of threads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: A coordinate whose variance given the other parents is less than this share is not used.
_COLLINEAR = 0.02

#: The smallest share of the variance that a fit may leave.
EXACT = 1e-5

#: A change of a score that is smaller is none: it is rounding.
TOLERANCE = 1e-4


class Problem(NamedTuple):
    """What the scores are computed from; columns are children, candidates are counted in slots.

    Args:
        samples: n.
        candidates: of each child (children x slots); -1 = none, or not allowed.
        counts: slots of each child that are in its matrix.
        gram: all children's Gram matrices: for each candidate the rows of its coordinates, from its own block onwards.
        gram_start: where each child's matrix starts.
        projections: products of the candidates' coordinates with the child (children x slots x coordinates).
        ridge: penalty of each coordinate (children x slots x coordinates, or 1 x 1 x coordinates for all).
        costs: what a parent with 1, 2, ... coordinates costs (as `ridge`).
        fewest: the fewest coordinates of each candidate (children x slots).
        determinant: 1 if the score has the joint determinant (BNRC-c), else 0.
        maximum_parents: of one child.
        maximum_coordinates: of all parents of one child together.
    """

    samples: float
    candidates: NDArray[np.int32]
    counts: NDArray[np.int32]
    gram: NDArray[np.float32]
    gram_start: NDArray[np.int64]
    projections: NDArray[np.float32]
    ridge: NDArray[np.float32]
    costs: NDArray[np.float64]
    fewest: NDArray[np.int8]
    determinant: int
    maximum_parents: int
    maximum_coordinates: int


class Trees(NamedTuple):
    """The trees of one arena's children; node i < children is the root of the i-th child.

    Args:
        used: nodes and entries in use.
        above: the node to which a parent was added; -1 at a root.
        slot, size: that parent and its coordinates.
        first, entries: where a node's further candidates are, best first; -1 entries = not computed yet.
        score: of the node's parents as they were added.
        best: the score after parents were dropped and refitted.
        sizes: coordinates of each parent, in the order of addition, after that; 0 = dropped. -1 = not computed yet.
        entry_slot, entry_size, entry_node: of a further candidate; -1 = its node was not made yet.
    """

    used: NDArray[np.int64]
    above: NDArray[np.int32]
    slot: NDArray[np.int16]
    size: NDArray[np.int8]
    first: NDArray[np.int64]
    entries: NDArray[np.int16]
    score: NDArray[np.float64]
    best: NDArray[np.float64]
    sizes: NDArray[np.int8]
    entry_slot: NDArray[np.int16]
    entry_size: NDArray[np.int8]
    entry_node: NDArray[np.int32]


class Scratch(NamedTuple):
    """Working memory of one thread: rows of the factor, products with the child, and the path that is looked at."""

    rows: NDArray[np.float32]
    projected: NDArray[np.float32]
    block: NDArray[np.float32]
    target: NDArray[np.float32]
    slots: NDArray[np.int64]
    sizes: NDArray[np.int64]
    gains: NDArray[np.float64]


def new_trees(children: int, depth: int, nodes: int, entries: int) -> Trees:
    """Empty trees of one arena: their roots only."""
    return Trees(
        np.array([children, 0], np.int64),
        np.full(nodes, -1, np.int32),
        np.full(nodes, -1, np.int16),
        np.zeros(nodes, np.int8),
        np.zeros(nodes, np.int64),
        np.full(nodes, -1, np.int16),
        np.zeros(nodes),
        np.zeros(nodes),
        np.full((nodes, depth), -1, np.int8),
        np.zeros(entries, np.int16),
        np.zeros(entries, np.int8),
        np.full(entries, -1, np.int32),
    )


def grown(trees: Trees) -> Trees:
    """The same trees with room for twice as many nodes and entries."""
    larger = new_trees(int(trees.used[0]), trees.sizes.shape[1], 2 * len(trees.above), 2 * len(trees.entry_slot))
    for name in Trees._fields:
        old: NDArray[np.generic] = getattr(trees, name)
        getattr(larger, name)[: len(old)] = old
    return larger


@njit(cache=True, nogil=True, fastmath=True)
def _row(
    gram: NDArray[np.float32],
    start: int,
    candidates: int,
    width: int,
    slot: int,
    coordinate: int,
    out: NDArray[np.float32],
) -> None:
    """Copy one row of a child's Gram matrix."""
    for before in range(slot):
        block = start + width * width * (candidates * before - before * (before - 1) // 2)
        step = (candidates - before) * width
        column = (slot - before) * width + coordinate
        for other in range(width):
            out[before * width + other] = gram[block + other * step + column]
    length = (candidates - slot) * width
    block = start + width * width * (candidates * slot - slot * (slot - 1) // 2) + coordinate * length
    for column in range(length):
        out[slot * width + column] = gram[block + column]


@njit(cache=True, nogil=True, fastmath=True)
def factor(
    problem: Problem,
    child: int,
    slots: NDArray[np.int64],
    sizes: NDArray[np.int64],
    parents: int,
    skipped: int,
    scratch: Scratch,
) -> tuple[int, float, float]:
    """Factor the Gram matrix of parents (without the skipped one) against all candidates.

    Returns the coordinates in the factor, the share of the variance that is left, and the log determinant.
    """
    width = problem.projections.shape[2]
    candidates = problem.counts[child]
    total = candidates * width
    rows, projected = scratch.rows, scratch.projected
    penalised = child if problem.ridge.shape[0] > 1 else 0
    used, left, determinant = 0, 1.0, 0.0
    for index in range(parents):
        if index == skipped:
            continue
        slot = slots[index]
        penalty = problem.ridge[penalised, slot if problem.ridge.shape[1] > 1 else 0]
        for coordinate in range(sizes[index]):
            here = slot * width + coordinate
            row = rows[used]
            _row(problem.gram, problem.gram_start[child], candidates, width, slot, coordinate, row)
            value = problem.projections[child, slot, coordinate]
            for other in range(used):
                factor = rows[other, here]
                for column in range(total):
                    row[column] -= factor * rows[other, column]
                value -= factor * projected[other]
            pivot = row[here] + penalty[coordinate]
            if pivot > _COLLINEAR:
                determinant += np.log(pivot)
                scale = 1 / np.sqrt(pivot)
                for column in range(total):
                    row[column] *= scale
                projected[used] = value * scale
                left -= projected[used] ** 2
                used += 1
    return used, left, determinant


@njit(cache=True, nogil=True, fastmath=True)
def score_of(problem: Problem, parents: int, used: int, left: float, determinant: float, costs: float) -> float:
    """The score of a child: the share of its variance that is left, and what its parents cost.

    Chance fits the better the fewer samples are left over for a coordinate, so costs grow as those of Akaike's
    criterion do for small samples (Hurvich & Tsai 1989); equivalent graphs keep equal scores.
    """
    n, joint = problem.samples, problem.determinant
    likelihood = (n - joint * (2 + parents)) * np.log(max(left, EXACT))
    if joint:
        return float(likelihood + determinant + costs)
    return float(likelihood + costs * n / max(n - used - 2, 1.0))


@njit(cache=True, nogil=True, fastmath=True)
def candidate(
    problem: Problem,
    child: int,
    slot: int,
    used: int,
    left: float,
    determinant: float,
    parents: int,
    costs: float,
    keep_none: bool,
    scratch: Scratch,
) -> tuple[int, float]:
    """The best number of coordinates of one more parent, and the score with it; `costs` are those of the others.

    With `keep_none`, no coordinate at all is one of the choices.
    """
    width = problem.projections.shape[2]
    rows, projected, block, target = scratch.rows, scratch.projected, scratch.block, scratch.target
    at = slot * width
    candidates = problem.counts[child]
    start = problem.gram_start[child] + width * width * (candidates * slot - slot * (slot - 1) // 2)
    step = (candidates - slot) * width
    for i in range(width):
        target[i] = problem.projections[child, slot, i]
        for j in range(width):
            block[i, j] = problem.gram[start + i * step + j]
    for row in range(used):
        value = projected[row]
        for i in range(width):
            factor = rows[row, at + i]
            target[i] -= factor * value
            for j in range(width):
                block[i, j] -= factor * rows[row, at + j]
    penalised = child if problem.ridge.shape[0] > 1 else 0
    which = slot if problem.ridge.shape[1] > 1 else 0
    best_size, best = -1, np.inf
    if keep_none:
        best_size, best = 0, score_of(problem, parents, used, left, determinant, costs)
    room = min(width, problem.maximum_coordinates - used)
    for i in range(room):
        pivot = block[i, i] + problem.ridge[penalised, which, i]
        if pivot > _COLLINEAR:
            # A right-looking factor of the small block; what is left of the child's variance falls with each step.
            determinant += np.log(pivot)
            value = target[i] / pivot
            left -= value * target[i]
            for j in range(i + 1, width):
                factor = block[i, j] / pivot
                target[j] -= block[i, j] * value
                for k in range(j, width):
                    block[j, k] -= factor * block[i, k]
        if i + 1 >= problem.fewest[child, slot]:
            price = costs + problem.costs[penalised, which, i]
            score = score_of(problem, parents + 1, used + i + 1, left, determinant, price)
            if score < best - TOLERANCE:
                best_size, best = i + 1, score
    return best_size, best


@njit(cache=True, nogil=True, fastmath=True)
def costs_of(problem: Problem, child: int, slots: NDArray[np.int64], sizes: NDArray[np.int64], parents: int) -> float:
    """What the parents cost by their coordinates."""
    penalised = child if problem.ridge.shape[0] > 1 else 0
    total = 0.0
    for index in range(parents):
        if sizes[index] > 0:
            total += problem.costs[penalised, slots[index] if problem.ridge.shape[1] > 1 else 0, sizes[index] - 1]
    return total


@njit(cache=True, nogil=True)
def _has(slots: NDArray[np.int64], parents: int, slot: int) -> bool:
    found = False
    for index in range(parents):
        found |= slots[index] == slot
    return found


@njit(cache=True, nogil=True, fastmath=True)
def _expand(problem: Problem, trees: Trees, child: int, node: int, parents: int, scratch: Scratch) -> None:
    """Find which candidates improve a node's parents, and keep them, best first."""
    slots, sizes, gains = scratch.slots, scratch.sizes, scratch.gains
    used, left, determinant = factor(problem, child, slots, sizes, parents, -1, scratch)
    costs = costs_of(problem, child, slots, sizes, parents)
    score = score_of(problem, parents, used, left, determinant, costs)
    trees.score[node] = score
    start, found = trees.used[1], 0
    for slot in range(problem.counts[child] if parents < problem.maximum_parents else 0):
        if problem.candidates[child, slot] < 0 or _has(slots, parents, slot):
            continue
        size, value = candidate(problem, child, slot, used, left, determinant, parents, costs, False, scratch)
        gain = score - value
        if size > 0 and gain > TOLERANCE:
            place = found
            while place > 0 and gains[place - 1] < gain:
                gains[place] = gains[place - 1]
                trees.entry_slot[start + place] = trees.entry_slot[start + place - 1]
                trees.entry_size[start + place] = trees.entry_size[start + place - 1]
                place -= 1
            gains[place] = gain
            trees.entry_slot[start + place] = slot
            trees.entry_size[start + place] = size
            trees.entry_node[start + found] = -1
            found += 1
    trees.first[node] = start
    trees.entries[node] = found
    trees.used[1] += found


@njit(cache=True, nogil=True, fastmath=True)
def _shrink(problem: Problem, trees: Trees, child: int, node: int, parents: int, scratch: Scratch) -> None:
    """Drop parents, or change their coordinates, one at a time while the score falls."""
    slots, sizes = scratch.slots, scratch.sizes
    best = trees.score[node]
    changed, sweeps = parents > 1, 0
    while changed and sweeps < 2 * parents:
        changed, sweeps = False, sweeps + 1
        for index in range(parents - 1, -1, -1):
            if sizes[index] == 0:
                continue
            old, remaining = sizes[index], 0
            for other in range(parents):
                remaining += other != index and sizes[other] > 0
            sizes[index] = 0
            used, left, determinant = factor(problem, child, slots, sizes, parents, index, scratch)
            costs = costs_of(problem, child, slots, sizes, parents)
            size, value = candidate(
                problem, child, slots[index], used, left, determinant, remaining, costs, True, scratch
            )
            if size != old and value < best - TOLERANCE:
                best, old, changed = value, size, True
            sizes[index] = old
    trees.best[node] = best
    for index in range(parents):
        trees.sizes[node, index] = sizes[index]
    if parents < trees.sizes.shape[1]:
        trees.sizes[node, parents] = 0
    if parents == 0:
        trees.sizes[node, 0] = 0


@njit(cache=True, nogil=True, fastmath=True)
def _path(trees: Trees, node: int, scratch: Scratch) -> int:
    """Write the parents of a node, in the order of addition, to the scratch; gives how many."""
    parents, at = 0, node
    while trees.above[at] >= 0:
        parents += 1
        at = trees.above[at]
    at = node
    for index in range(parents - 1, -1, -1):
        scratch.slots[index] = trees.slot[at]
        scratch.sizes[index] = trees.size[at]
        at = trees.above[at]
    return parents


@njit(cache=True, nogil=True)
def parents_of_leaf(trees: Trees, leaf: int, scratch: Scratch) -> int:
    """Write a leaf's parents that were not dropped to the scratch (slots, sizes); gives how many."""
    parents = _path(trees, leaf, scratch)
    kept = 0
    for index in range(parents):
        if trees.sizes[leaf, index] > 0:
            scratch.slots[kept] = scratch.slots[index]
            scratch.sizes[kept] = trees.sizes[leaf, index]
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def _follow(trees: Trees, node: int, entry: int) -> int:
    """The node of a further candidate, made when it is first met."""
    following = trees.entry_node[entry]
    if following < 0:
        following = trees.used[0]
        trees.used[0] += 1
        trees.above[following] = node
        trees.slot[following] = trees.entry_slot[entry]
        trees.size[following] = trees.entry_size[entry]
        trees.entries[following] = -1
        trees.sizes[following, 0] = -1
        trees.entry_node[entry] = following
    return int(following)


@njit(cache=True, nogil=True)
def _has_room(problem: Problem, trees: Trees, scratch: Scratch) -> bool:
    most = problem.maximum_parents + 1
    nodes = trees.used[0] + most <= trees.above.shape[0]
    return bool(nodes and trees.used[1] + most * scratch.gains.shape[0] <= trees.entry_slot.shape[0])


@njit(cache=True, nogil=True)
def _select(
    problem: Problem, trees: Trees, child: int, root: int, allowed: NDArray[np.uint64], scratch: Scratch
) -> int:
    """The leaf at which the growing of an allowed set ends, expanded and shrunk; -1 = there is no more room."""
    if not _has_room(problem, trees, scratch):
        return -1
    node = root
    while True:
        if trees.entries[node] < 0:
            _expand(problem, trees, child, node, _path(trees, node, scratch), scratch)
        start, following = trees.first[node], -1
        for entry in range(start, start + trees.entries[node]):
            slot = trees.entry_slot[entry]
            if (allowed[slot >> 6] >> np.uint64(slot & 63)) & np.uint64(1):
                following = _follow(trees, node, entry)
                break
        if following < 0:
            break
        node = following
    if trees.sizes[node, 0] < 0:
        _shrink(problem, trees, child, node, _path(trees, node, scratch), scratch)
    return node


@njit(cache=True, nogil=True)
def answer(
    problem: Problem,
    trees: Trees,
    scratch: Scratch,
    arena: int,
    arenas: int,
    children: NDArray[np.int32],
    allowed: NDArray[np.uint64],
    begin: int,
    scores: NDArray[np.float64],
    leaves: NDArray[np.int32],
) -> int:
    """Answer the questions whose children belong to one arena: score and leaf of (child, allowed candidates).

    Returns how many questions were looked at; fewer than there are if the trees have no more room.
    """
    for question in range(begin, children.shape[0]):
        child = children[question]
        if child % arenas != arena:
            continue
        leaf = _select(problem, trees, child, child // arenas, allowed[question], scratch)
        if leaf < 0:
            return question
        scores[question] = trees.best[leaf]
        leaves[question] = leaf
    return len(children)
