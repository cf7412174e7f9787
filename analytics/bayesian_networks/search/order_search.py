"""The search over orders of variables: best moves until none is left, from one or several orders.

As in BOSS (Andrews et al. 2023), each variable in turn is moved to its best place, in random sequence, until no move
improves the score. Several variables are asked for at a time; a move that another one of the same batch has overtaken
is asked for again. Batches depend on the number of variables only, so that results do not depend on threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.search.candidates import Edges
from analytics.bayesian_networks.search.moves import Links, Order, Questions, allow, ask, move
from analytics.bayesian_networks.search.parents import (
    Problem,
    Scratch,
    Trees,
    answer,
    grown,
    new_trees,
    parents_of_leaf,
)
from analytics.bayesian_networks.search.threads import Run

#: Variables for each arena and for each place in a batch, and the most of both.
_CHILDREN_OF_AN_ARENA, _MOST_ARENAS = 64, 16
_UNITS_OF_A_BATCH, _LARGEST_BATCH = 128, 256

#: Room for nodes and entries that each child's tree starts with.
_NODES_OF_A_CHILD, _ENTRIES_OF_A_CHILD = 12, 40


@dataclass(frozen=True)
class Found:
    """The best order that a search found.

    Args:
        order: units from first to last.
        score: the sum over all columns.
        edges: parents of each column, ascending.
    """

    order: NDArray[np.int32]
    score: float
    edges: Edges


def link(candidates: NDArray[np.int32], origin: NDArray[np.int32], tiers: NDArray[np.int16]) -> Links:
    """Find who is a neighbour of whom.

    Args:
        candidates: of each column (columns x slots); -1 = none.
        origin: the variable of each column; columns of one variable move together.
        tiers: of the columns.
    """
    _, index = np.unique(origin, return_inverse=True)
    unit_of = index.astype(np.int32)
    count = int(unit_of.max()) + 1
    columns = np.argsort(unit_of, kind="stable").astype(np.int32)
    column_start = np.searchsorted(unit_of[columns], np.arange(count + 1)).astype(np.int32)
    index_in_unit = np.empty(len(columns), np.int32)
    index_in_unit[columns] = np.arange(len(columns)) - column_start[unit_of[columns]]
    child, slot = np.nonzero(candidates >= 0)
    same = tiers[child] == tiers[candidates[child, slot]]
    child, slot = child[same].astype(np.int32), slot[same].astype(np.int32)
    pair = unit_of[child].astype(np.int64) * count + unit_of[candidates[child, slot]]
    sequence = np.lexsort((slot, child, pair))
    child, slot, pair = child[sequence], slot[sequence], pair[sequence]
    mirrored = pair % count * count + pair // count
    pairs = np.unique(np.concatenate([pair, mirrored]))
    return Links(
        candidates,
        unit_of,
        column_start,
        columns,
        np.searchsorted(pairs, np.arange(count + 1, dtype=np.int64) * count).astype(np.int32),
        (pairs % count).astype(np.int32),
        np.searchsorted(pairs, pairs % count * count + pairs // count).astype(np.int32),
        np.searchsorted(pair, np.append(pairs, count * count)).astype(np.int32),
        child,
        index_in_unit[child],
        slot,
    )


class OrderSearch:
    """Searches orders on one problem; what was computed for one order serves the next.

    Args:
        problem: what the scores are computed from.
        links: who is a candidate of whom.
        tiers: of the columns.
        run: what runs tasks on threads.
    """

    def __init__(self, problem: Problem, links: Links, tiers: NDArray[np.int16], run: Run) -> None:
        self._problem, self._links, self._tiers, self._run = problem, links, tiers, run
        self._unit_tiers = tiers[links.columns[links.column_start[:-1]]]
        columns = len(tiers)
        self._arenas = min(max(columns // _CHILDREN_OF_AN_ARENA, 1), _MOST_ARENAS)
        self._trees = [self._plant(arena, columns) for arena in range(self._arenas)]
        self._scratch = [new_scratch(problem) for _ in range(self._arenas)]
        most = int(np.diff(links.column_start).max()) * 2 if columns else 0
        self._questions_of_a_unit = most * np.diff(links.neighbour_start) + most

    def _plant(self, arena: int, columns: int) -> Trees:
        children = len(range(arena, columns, self._arenas))
        most = (self._problem.maximum_parents + 1) * (self._problem.projections.shape[1] + 1)
        nodes, entries = _NODES_OF_A_CHILD * children + most, _ENTRIES_OF_A_CHILD * children + most
        return new_trees(children, self._problem.maximum_parents, nodes, entries)

    def random_order(self, random: np.random.Generator) -> NDArray[np.int32]:
        """A random order of the units, lower tiers first."""
        order = random.permutation(len(self._unit_tiers)).astype(np.int32)
        return order[np.argsort(self._unit_tiers[order], kind="stable")]

    def start(self, units: NDArray[np.int32]) -> Order:
        """Look at an order: the parents that every column would have in it."""
        count, (columns, slots) = len(units), self._links.candidates.shape
        words = -(-slots // 64)
        place = np.empty(count, np.int32)
        place[units] = np.arange(count, dtype=np.int32)
        order = Order(
            units.copy(),
            place,
            np.zeros((columns, words), np.uint64),
            np.zeros(columns),
            np.zeros(columns, np.int32),
            np.ones(count, np.bool_),
        )
        allow(self._links, self._tiers, order)
        everything = np.arange(columns, dtype=np.int32)
        self._answer(Questions(everything, order.allowed, order.scores, order.leaves))
        return order

    def shaken(self, units: NDArray[np.int32], settled: Order, count: int, random: np.random.Generator) -> Order:
        """An order in which some units stand elsewhere; only what that concerns is looked at again.

        Args:
            units: the order that is shaken; lower tiers stay first.
            settled: this order after a search; is not changed.
            count: how many units are moved.
            random: decides which, and where to.
        """
        positions = np.arange(len(units), dtype=np.float64)
        chosen = random.integers(len(units), size=count)
        reach = len(units) / 3 + 1
        positions[chosen] += random.uniform(-reach, reach, size=count)
        shaken = units[np.lexsort((positions, self._unit_tiers[units]))]
        order = self.start(shaken)
        concerned = self._links.unit_of[np.flatnonzero((order.allowed != settled.allowed).any(axis=1))]
        order.stirred[:] = False
        order.stirred[concerned] = True
        for unit in np.unique(concerned):
            start, end = self._links.neighbour_start[unit : unit + 2]
            order.stirred[self._links.neighbours[start:end]] = True
        return order

    def sweep(
        self, order: Order, random: np.random.Generator, watch: Callable[[int], None] = lambda _: None
    ) -> tuple[int, float]:
        """Move every unit for which a move may be worth while to its best place, in random sequence.

        Args:
            order: is changed.
            random: decides the sequence.
            watch: is told how many units have been looked at.

        Returns:
            How many were moved, and by how much the score fell (negative).
        """
        waiting = random.permutation(np.flatnonzero(order.stirred)).astype(np.int32)
        size = min(max(len(order.units) // _UNITS_OF_A_BATCH, 1), _LARGEST_BATCH)
        moved, change = 0, 0.0
        while len(waiting):
            units, waiting = waiting[:size], waiting[size:]
            more, better, again = self._move(order, units)
            moved, change = moved + more, change + better
            watch(len(units) - len(again))
            waiting = np.concatenate([again, waiting])
        return moved, change

    def _move(self, order: Order, units: NDArray[np.int32]) -> tuple[int, float, NDArray[np.int32]]:
        most = int(self._questions_of_a_unit[units].sum())
        questions = _room_for(most, order.allowed.shape[1])
        starts = np.zeros(len(units), np.int64)
        count = ask(self._links, order, units, questions, starts)
        asked = Questions(
            questions.children[:count], questions.allowed[:count], questions.scores[:count], questions.leaves[:count]
        )
        self._answer(asked)
        put_off = np.zeros(len(units), np.bool_)
        moved, change = move(self._links, order, units, questions, starts, put_off)
        return moved, change, units[put_off]

    def _answer(self, questions: Questions) -> None:
        def one(arena: int) -> None:
            begin = 0
            while begin < len(questions.children):
                trees = self._trees[arena]
                begin = answer(
                    self._problem, trees, self._scratch[arena], arena, self._arenas,
                    questions.children, questions.allowed, begin, questions.scores, questions.leaves,
                )  # fmt: skip
                if begin < len(questions.children):
                    self._trees[arena] = grown(trees)

        self._run(one, range(self._arenas))

    def found(self, order: Order) -> Found:
        """Read the parents of every column."""
        scratch = self._scratch[0]
        starts = np.zeros(len(order.leaves) + 1, np.int64)
        parents, sizes = [np.empty(0, np.int32)], [np.empty(0, np.int32)]
        for column, leaf in enumerate(order.leaves):
            count = parents_of_leaf(self._trees[column % self._arenas], leaf, scratch)
            columns = self._links.candidates[column, scratch.slots[:count]]
            ranks = np.argsort(columns)
            parents.append(columns[ranks])
            sizes.append(scratch.sizes[:count][ranks].astype(np.int32))
            starts[column + 1] = starts[column] + count
        edges = Edges(starts, np.concatenate(parents), np.concatenate(sizes))
        return Found(order.units.copy(), float(order.scores.sum()), edges)


def new_scratch(problem: Problem) -> Scratch:
    """Working memory for one thread."""
    most, width = problem.projections.shape[1:]
    rows = min(problem.maximum_parents * width, most * width) + 1
    depth = problem.maximum_parents + 1
    return Scratch(
        np.zeros((rows, most * width), np.float32),
        np.zeros(rows, np.float32),
        np.zeros((width, width), np.float32),
        np.zeros(width, np.float32),
        np.zeros(depth, np.int64),
        np.zeros(depth, np.int64),
        np.zeros(most + 1),
    )


def _room_for(count: int, words: int) -> Questions:
    children, leaves = np.empty(count, np.int32), np.empty(count, np.int32)
    return Questions(children, np.empty((count, words), np.uint64), np.empty(count), leaves)
