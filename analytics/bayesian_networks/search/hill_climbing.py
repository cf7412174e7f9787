"""Greedy hill climbing over graphs: add, delete or turn round one edge at a time (Heckerman et al. 1995).

The variables are visited in random sequence; each takes the best change of its own parents that improves the score, and
so on until no variable finds one. The climb is repeated from several sequences, and the best graph is kept. Scores come
from the same sufficient statistics as those of the order search (`parents.py`), and every edge enters through a
topological order that is kept up to date (`acyclic.py`), so that the graph is acyclic after every move.

Columns of one categorical variable are one unit of the order: edges between columns are edges between their units.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from analytics.bayesian_networks.data.dataset import Prepared
from analytics.bayesian_networks.interventions.contrasts import Contrasts
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.search.acyclic import (
    Dag,
    closes_cycle,
    has_edge,
    insert,
    new_dag,
    remove,
    reversal_closes_cycle,
)
from analytics.bayesian_networks.search.candidates import Edges
from analytics.bayesian_networks.search.experiments import check_contrasts, check_intervened, leave_out, weigh
from analytics.bayesian_networks.search.first_screen import screen_candidates
from analytics.bayesian_networks.search.options import LearningOptions
from analytics.bayesian_networks.search.order_search import Found, new_scratch
from analytics.bayesian_networks.search.parents import Problem, Scratch, candidate, costs_of, factor, score_of
from analytics.bayesian_networks.search.problem import material, most_candidates, problem_of
from analytics.bayesian_networks.search.threads import Run, on_threads
from warehouse.progress import SILENT, Progress

#: Sequences that the climb starts from unless it is said otherwise.
RESTARTS = 3

#: What a move must gain, in units of −2 log likelihood: less may be rounding, and moves could then go round in circles.
_WORTH_WHILE = 0.1

#: Sweeps after which a climb ends in any case.
_MOST_SWEEPS = 200

_NOTHING, _ADD, _CHANGE, _TURN = 0, 1, 2, 3


class Units(NamedTuple):
    """Which columns belong to one variable.

    Args:
        unit_of: the unit of each column.
        start, columns: the columns of unit u are `columns[start[u]:start[u + 1]]`.
    """

    unit_of: NDArray[np.int32]
    start: NDArray[np.int32]
    columns: NDArray[np.int32]


class Parents(NamedTuple):
    """The parents of every column while the graph changes.

    Args:
        counts: how many each one has.
        slots: which of its candidates they are (columns x most).
        sizes: coordinates of their curves (columns x most).
        awake: columns for which a move may have become worth while since they were looked at.
    """

    counts: NDArray[np.int64]
    slots: NDArray[np.int64]
    sizes: NDArray[np.int64]
    awake: NDArray[np.bool_]


class Move(NamedTuple):
    """A change of one column's parents.

    Args:
        kind: nothing, a new parent, another number of coordinates (0 = the parent is dropped), or an edge turned round.
        place: that in the list of parents.
        slot, size: the parent, and its coordinates.
        back, back_size: where an edge is turned round, the same of the new edge.
        gain: by how much the score falls.
    """

    kind: int
    place: int
    slot: int
    size: int
    back: int
    back_size: int
    gain: float


def units_of(origin: NDArray[np.int32]) -> Units:
    """Group the columns by the variable that they come from."""
    _, unit_of = np.unique(origin, return_inverse=True)
    columns = np.argsort(unit_of, kind="stable").astype(np.int32)
    start = np.searchsorted(unit_of[columns], np.arange(unit_of.max() + 2)).astype(np.int32)
    return Units(unit_of.astype(np.int32), start, columns)


def no_parents(columns: int, maximum_parents: int) -> Parents:
    """The empty graph."""
    shape = (columns, maximum_parents)
    return Parents(
        np.zeros(columns, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.ones(columns, np.bool_)
    )


def room_for_edges(problem: Problem, units: Units) -> Dag:
    """A graph of units without edges, with room for the most that a climb can hold."""
    return new_dag(len(units.start) - 1, len(units.unit_of) * problem.maximum_parents + 1)


@njit(cache=True, nogil=True)
def _slot_of(problem: Problem, child: int, parent: int) -> int:
    """The slot in which a column is a candidate of another; -1 = it is none."""
    for slot in range(np.int64(problem.counts[child])):
        if problem.candidates[child, slot] == parent:
            return slot
    return -1


@njit(cache=True, nogil=True)
def _edges_between(problem: Problem, parents: Parents, units: Units, start: int, end: int) -> int:
    """How many edges lead from the columns of one unit to those of another."""
    count = 0
    for at in range(units.start[end], units.start[end + 1]):
        child = units.columns[at]
        for index in range(parents.counts[child]):
            parent = problem.candidates[child, parents.slots[child, index]]
            count += units.unit_of[parent] == start
    return count


@njit(cache=True, nogil=True)
def _may_add(dag: Dag, units: Units, parent: int, child: int) -> bool:
    start, end = units.unit_of[parent], units.unit_of[child]
    return has_edge(dag, start, end) or not closes_cycle(dag, start, end)


@njit(cache=True, nogil=True)
def _may_turn(problem: Problem, parents: Parents, units: Units, dag: Dag, parent: int, child: int) -> bool:
    start, end = units.unit_of[parent], units.unit_of[child]
    if _edges_between(problem, parents, units, start, end) > 1:
        return False
    return not reversal_closes_cycle(dag, start, end)


@njit(cache=True, nogil=True)
def _gain_of(problem: Problem, parents: Parents, child: int, slot: int, scratch: Scratch) -> tuple[int, float]:
    """By how much one more parent improves the score, and with how many coordinates; 0 = it cannot enter."""
    count = parents.counts[child]
    if count >= problem.maximum_parents:
        return 0, -np.inf
    slots, sizes = parents.slots[child], parents.sizes[child]
    used, left, determinant = factor(problem, child, slots, sizes, count, -1, scratch)
    costs = costs_of(problem, child, slots, sizes, count)
    now = score_of(problem, count, used, left, determinant, costs)
    size, value = candidate(problem, child, slot, used, left, determinant, count, costs, False, scratch)
    return (size, now - value) if size > 0 else (0, -np.inf)


@njit(cache=True, nogil=True)
def _best_addition(
    problem: Problem, parents: Parents, units: Units, dag: Dag, inside: NDArray[np.bool_], child: int, scratch: Scratch
) -> Move:
    count = parents.counts[child]
    best = Move(_NOTHING, -1, -1, 0, -1, 0, _WORTH_WHILE)
    if count >= problem.maximum_parents:
        return best
    slots, sizes = parents.slots[child], parents.sizes[child]
    used, left, determinant = factor(problem, child, slots, sizes, count, -1, scratch)
    costs = costs_of(problem, child, slots, sizes, count)
    now = score_of(problem, count, used, left, determinant, costs)
    for slot in range(np.int64(problem.counts[child])):
        parent = problem.candidates[child, slot]
        if parent < 0 or not inside[parent] or (slots[:count] == slot).any():
            continue
        size, value = candidate(problem, child, slot, used, left, determinant, count, costs, False, scratch)
        if size > 0 and now - value > best.gain and _may_add(dag, units, parent, child):
            best = Move(_ADD, count, slot, size, -1, 0, now - value)
    return best


@njit(cache=True, nogil=True)
def _best_move(
    problem: Problem, parents: Parents, units: Units, dag: Dag, inside: NDArray[np.bool_], child: int, scratch: Scratch
) -> Move:
    """The best change of a column's parents; its kind is nothing if none improves the score."""
    best = _best_addition(problem, parents, units, dag, inside, child, scratch)
    count, slots, sizes = parents.counts[child], parents.slots[child], parents.sizes[child]
    used, left, determinant = factor(problem, child, slots, sizes, count, -1, scratch)
    now = score_of(problem, count, used, left, determinant, costs_of(problem, child, slots, sizes, count))
    for index in range(count):
        slot, old = slots[index], sizes[index]
        used, left, determinant = factor(problem, child, slots, sizes, count, index, scratch)
        sizes[index] = 0
        others = costs_of(problem, child, slots, sizes, count)
        sizes[index] = old
        without = score_of(problem, count - 1, used, left, determinant, others)
        size, value = candidate(problem, child, slot, used, left, determinant, count - 1, others, True, scratch)
        if size != old and now - value > best.gain:
            best = Move(_CHANGE, index, slot, size, -1, 0, now - value)
        parent = problem.candidates[child, slot]
        back = _slot_of(problem, parent, child)
        if back >= 0:
            back_size, gain = _gain_of(problem, parents, parent, back, scratch)
            gain += now - without
            if gain > best.gain and _may_turn(problem, parents, units, dag, parent, child):
                best = Move(_TURN, index, slot, 0, back, back_size, gain)
    return best


@njit(cache=True, nogil=True)
def _drop(problem: Problem, parents: Parents, units: Units, dag: Dag, child: int, index: int) -> None:
    parent = problem.candidates[child, parents.slots[child, index]]
    parents.counts[child] -= 1
    for at in range(index, parents.counts[child]):
        parents.slots[child, at] = parents.slots[child, at + 1]
        parents.sizes[child, at] = parents.sizes[child, at + 1]
    start, end = units.unit_of[parent], units.unit_of[child]
    if _edges_between(problem, parents, units, start, end) == 0:
        remove(dag, start, end)


@njit(cache=True, nogil=True)
def _enter(problem: Problem, parents: Parents, units: Units, dag: Dag, child: int, slot: int, size: int) -> None:
    start, end = units.unit_of[problem.candidates[child, slot]], units.unit_of[child]
    if not has_edge(dag, start, end):
        insert(dag, start, end)
    parents.slots[child, parents.counts[child]] = slot
    parents.sizes[child, parents.counts[child]] = size
    parents.counts[child] += 1


@njit(cache=True, nogil=True)
def _wake(problem: Problem, parents: Parents, child: int) -> None:
    """A column whose parents changed is looked at again, and so are its children: turning them round has a new gain."""
    parents.awake[child] = True
    for slot in range(np.int64(problem.counts[child])):
        other = problem.candidates[child, slot]
        if other >= 0:
            parents.awake[other] = True


@njit(cache=True, nogil=True)
def move(
    problem: Problem, parents: Parents, units: Units, dag: Dag, inside: NDArray[np.bool_], child: int, scratch: Scratch
) -> float:
    """Make the best move of one column; gives by how much the score fell, 0 if there is none."""
    best = _best_move(problem, parents, units, dag, inside, child, scratch)
    parents.awake[child] = False
    if best.kind == _NOTHING:
        return 0.0
    if best.kind == _ADD:
        _enter(problem, parents, units, dag, child, best.slot, best.size)
    elif best.kind == _CHANGE and best.size > 0:
        parents.sizes[child, best.place] = best.size
    else:
        _drop(problem, parents, units, dag, child, best.place)
    _wake(problem, parents, child)
    if best.kind == _TURN:
        parent = problem.candidates[child, best.slot]
        _enter(problem, parents, units, dag, parent, best.back, best.back_size)
        _wake(problem, parents, parent)
    return float(best.gain)


@njit(cache=True, nogil=True)
def climb_from(
    problem: Problem,
    parents: Parents,
    units: Units,
    dag: Dag,
    inside: NDArray[np.bool_],
    sequence: NDArray[np.int32],
    scratch: Scratch,
) -> int:
    """Make moves until none improves the score; the columns in `sequence` take turns. Gives the number of moves."""
    moves, everyone = 0, True
    for _ in range(_MOST_SWEEPS):
        before = moves
        for child in sequence:
            if everyone or parents.awake[child]:
                moves += move(problem, parents, units, dag, inside, child, scratch) > 0
        if moves > before:
            everyone = False
        elif everyone:
            break
        else:
            # Moves elsewhere may have made one possible that would have closed a cycle: all are looked at once more.
            everyone = True
    return moves


@njit(cache=True, nogil=True)
def total_score(problem: Problem, parents: Parents, scratch: Scratch) -> float:
    """The score of the graph: the sum over all columns."""
    total = 0.0
    for child in range(parents.counts.shape[0]):
        count, slots, sizes = parents.counts[child], parents.slots[child], parents.sizes[child]
        used, left, determinant = factor(problem, child, slots, sizes, count, -1, scratch)
        costs = costs_of(problem, child, slots, sizes, count)
        total += score_of(problem, count, used, left, determinant, costs)
    return total


def learn_hill_climbing(
    prepared: Prepared,
    options: LearningOptions | None = None,
    progress: Progress = SILENT,
    checkpoint: Path | None = None,
    *,
    candidates: NDArray[np.int32] | None = None,
    intervened: NDArray[np.bool_] | None = None,
    contrasts: Contrasts | None = None,
) -> Network:
    """Learn a network by greedy hill climbing among screened candidates.

    Args:
        prepared: the columns.
        options: score, functions, candidates, parents, restarts (None = three), seed, threads.
        progress: is told how far screening and climbing are.
        checkpoint: is not needed: a climb among 20,000 variables takes minutes, nearly all of it for the screen.
        candidates: those of an earlier screen (`screen_candidates`), instead of a new one.
        intervened: samples x columns, where an experiment set a value (`learn`).
        contrasts: what experiments say of the directions of edges.

    Returns:
        An acyclic network of the columns.
    """
    options = with_lists(options or LearningOptions(), len(prepared.columns))
    candidates = candidates if candidates is not None else screen_candidates(prepared, options, progress)
    with on_threads(options.threads) as run:
        problem = screened_problem(prepared, options, run, candidates, intervened, contrasts)
        restarts = options.restarts or RESTARTS
        found = climb(problem, prepared.origin, run, seed=options.seed, restarts=restarts, progress=progress)
    return network_of(found.edges, prepared.columns)


def with_lists(options: LearningOptions, columns: int) -> LearningOptions:
    """The same options with a list of candidates for each column, however few columns there are."""
    return replace(options, candidates=most_candidates(columns, options))


def screened_problem(
    prepared: Prepared,
    options: LearningOptions,
    run: Run,
    candidates: NDArray[np.int32],
    intervened: NDArray[np.bool_] | None = None,
    contrasts: Contrasts | None = None,
) -> Problem:
    """The sufficient statistics of candidates that a screen gave (`first_screen.screen_candidates`)."""
    # A screen that kept all pairs has gaps where a pair is not allowed.
    gaps_last = np.argsort(candidates < 0, axis=1, kind="stable")
    lists = np.ascontiguousarray(np.take_along_axis(candidates, gaps_last, axis=1))
    source = material(prepared, options)
    problem = problem_of(source, lists, False, options, run)
    if intervened is not None:
        check_intervened(intervened, prepared.columns, len(prepared.z))
        problem = leave_out(problem, source.columns, lists, intervened)
    if contrasts is not None:
        check_contrasts(contrasts, prepared.columns)
        problem = weigh(problem, lists, contrasts, options.penalty_of_an_edge(len(prepared.columns)))
    return problem


def climb(
    problem: Problem,
    origin: NDArray[np.int32],
    run: Run,
    *,
    seed: int = 0,
    restarts: int = RESTARTS,
    progress: Progress = SILENT,
) -> Found:
    """The best graph of several climbs from the empty one, each with a sequence of its own.

    Args:
        problem: candidates and what the scores are computed from.
        origin: the variable that each column comes from.
        run: what runs the climbs, on threads; the result does not depend on how many.
        seed: fixes the result.
        restarts: how many climbs.
        progress: is told how many are done.
    """
    units = units_of(origin)
    found: list[Found | None] = [None] * restarts

    with progress.task("Climbing", restarts, "climbs") as told:

        def one(start: int) -> None:
            found[start] = _climb_once(problem, units, np.random.default_rng([seed, start]))
            told.advance(1)

        run(one, range(restarts))
    return min((result for result in found if result is not None), key=lambda result: result.score)


def _climb_once(problem: Problem, units: Units, random: np.random.Generator) -> Found:
    columns = len(units.unit_of)
    parents, dag, scratch = (
        no_parents(columns, problem.maximum_parents),
        room_for_edges(problem, units),
        new_scratch(problem),
    )
    sequence = random.permutation(columns).astype(np.int32)
    climb_from(problem, parents, units, dag, np.ones(columns, np.bool_), sequence, scratch)
    return Found(dag.at.copy(), total_score(problem, parents, scratch), edges_of(problem, parents))


def edges_of(problem: Problem, parents: Parents) -> Edges:
    """The parents of every column, ascending, and the coordinates of their curves."""
    children, places = np.nonzero(np.arange(parents.slots.shape[1]) < parents.counts[:, None])
    columns = problem.candidates[children, parents.slots[children, places]]
    order = np.lexsort((columns, children))
    starts = np.concatenate([[0], np.cumsum(parents.counts)]).astype(np.int64)
    return Edges(starts, columns[order], parents.sizes[children, places][order].astype(np.int32))


def network_of(edges: Edges, columns: tuple[str, ...]) -> Network:
    """The network of these edges."""
    children = np.repeat(np.arange(len(columns), dtype=np.int32), np.diff(edges.starts))
    return Network(columns, edges.parents, children, np.ones(len(children)))
