"""Moves in an order of variables: what moving one past its neighbours would change, and doing it.

A variable may have those of its candidates as parents that stand before it, so that every graph is acyclic. Only
neighbours matter, the variables that are candidates of it or of which it is one: passing one of them changes the
allowed candidates of two variables. What each place in the order would score is asked in advance, answered by
`parents.answer`, and then read in the same sequence.

Columns of one categorical variable move together, as one unit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from analytics.bayesian_networks.search.parents import TOLERANCE


class Links(NamedTuple):
    """Who is a candidate of whom.

    Args:
        candidates: of each column (columns x slots), -1 behind the last.
        unit_of: the unit of each column.
        column_start, columns: the columns of each unit.
        neighbour_start, neighbours: the units of the same tier with which each unit has a link.
        mirror: for each neighbour, where the unit itself stands among the neighbour's neighbours.
        link_start: for each neighbour, where the links begin that make the neighbour a candidate of the unit.
        link_column, link_index, link_slot: the child of each link, its index in the unit, and the candidate's slot.
    """

    candidates: NDArray[np.int32]
    unit_of: NDArray[np.int32]
    column_start: NDArray[np.int32]
    columns: NDArray[np.int32]
    neighbour_start: NDArray[np.int32]
    neighbours: NDArray[np.int32]
    mirror: NDArray[np.int32]
    link_start: NDArray[np.int32]
    link_column: NDArray[np.int32]
    link_index: NDArray[np.int32]
    link_slot: NDArray[np.int32]


class Order(NamedTuple):
    """An order and what follows from it.

    Args:
        units: from first to last.
        place: of each unit.
        allowed: the candidates of each column that stand before it, as bits (columns x words).
        scores: of each column.
        leaves: of each column, in the trees of its arena.
        stirred: units for which a move may have become worth while since they were looked at.
    """

    units: NDArray[np.int32]
    place: NDArray[np.int32]
    allowed: NDArray[np.uint64]
    scores: NDArray[np.float64]
    leaves: NDArray[np.int32]
    stirred: NDArray[np.bool_]


class Questions(NamedTuple):
    """What is asked about several units: child and allowed candidates, and the answers."""

    children: NDArray[np.int32]
    allowed: NDArray[np.uint64]
    scores: NDArray[np.float64]
    leaves: NDArray[np.int32]


@njit(cache=True, nogil=True)
def _flip(words: NDArray[np.uint64], slot: int) -> None:
    """Allow a candidate that was not allowed, or the other way round."""
    words[slot >> 6] ^= np.uint64(1) << np.uint64(slot & 63)


@njit(cache=True, nogil=True)
def allow(links: Links, tiers: NDArray[np.int16], order: Order) -> None:
    """Set which candidates of each column stand before it; a lower tier always does."""
    order.allowed[:] = 0
    for column in range(links.candidates.shape[0]):
        for slot in range(links.candidates.shape[1]):
            candidate = links.candidates[column, slot]
            if candidate >= 0 and (
                tiers[candidate] < tiers[column]
                or order.place[links.unit_of[candidate]] < order.place[links.unit_of[column]]
            ):
                _flip(order.allowed[column], slot)


@njit(cache=True, nogil=True)
def _sorted_neighbours(links: Links, order: Order, unit: int) -> tuple[NDArray[np.int64], int]:
    """Where the neighbours of a unit are, by their place in the order, and how many of them stand before it."""
    start, end = links.neighbour_start[unit], links.neighbour_start[unit + 1]
    places = order.place[links.neighbours[start:end]]
    return start + np.argsort(places), np.sum(places < order.place[unit])


@njit(cache=True, nogil=True)
def _pass_own(
    links: Links,
    here: int,
    own: NDArray[np.int32],
    order: Order,
    questions: Questions,
    at: int,
    reading: bool,
) -> int:
    """What the unit's own columns gain or lose by one neighbour; `order` holds these columns only."""
    last = links.link_start[here + 1]
    for link in range(links.link_start[here], last):
        index = links.link_index[link]
        _flip(order.allowed[index], links.link_slot[link])
        if link + 1 == last or links.link_index[link + 1] != index:
            if reading:
                order.scores[index], order.leaves[index] = questions.scores[at], questions.leaves[at]
            else:
                questions.children[at] = own[index]
                questions.allowed[at] = order.allowed[index]
            at += 1
    return at


@njit(cache=True, nogil=True)
def _pass_other(
    links: Links, order: Order, there: int, questions: Questions, at: int, reading: bool, apply: bool
) -> tuple[int, float]:
    """What the columns of one neighbour lose or gain by the unit; gives where the questions end and the change."""
    first, last, change = links.link_start[there], links.link_start[there + 1], 0.0
    for link in range(first, last):
        column, slot = links.link_column[link], links.link_slot[link]
        if not reading:
            if link == first or links.link_column[link - 1] != column:
                questions.children[at] = column
                questions.allowed[at] = order.allowed[column]
            _flip(questions.allowed[at], slot)
        if apply:
            _flip(order.allowed[column], slot)
        if link + 1 == last or links.link_column[link + 1] != column:
            if reading:
                change += questions.scores[at] - order.scores[column]
            if apply:
                order.scores[column], order.leaves[column] = questions.scores[at], questions.leaves[at]
            at += 1
    return at, change


@njit(cache=True, nogil=True)
def _walk(
    links: Links,
    order: Order,
    unit: int,
    passed: NDArray[np.int64],
    questions: Questions,
    at: int,
    reading: bool,
    apply: bool,
) -> tuple[int, float, int]:
    """Pass neighbours one after the other, asking or reading what that changes.

    With `apply`, the changes are made. Returns where the questions end, the best change of the score and after how many
    neighbours it is reached.
    """
    own = links.columns[links.column_start[unit] : links.column_start[unit + 1]]
    mine = Order(order.units, order.place, order.allowed[own], order.scores[own], order.leaves[own], order.stirred)
    before = np.sum(mine.scores)
    others, best, best_after = 0.0, 0.0, 0
    for index in range(passed.shape[0]):
        here = passed[index]
        at = _pass_own(links, here, own, mine, questions, at, reading)
        at, change = _pass_other(links, order, links.mirror[here], questions, at, reading, apply)
        others += change
        change = others + np.sum(mine.scores) - before
        if reading and change < best - TOLERANCE:
            best, best_after = change, index + 1
    if apply:
        for i in range(own.shape[0]):
            order.allowed[own[i]] = mine.allowed[i]
            order.scores[own[i]], order.leaves[own[i]] = mine.scores[i], mine.leaves[i]
    return at, best, best_after


@njit(cache=True, nogil=True)
def ask(links: Links, order: Order, units: NDArray[np.int32], questions: Questions, starts: NDArray[np.int64]) -> int:
    """Write what must be known to choose the place of each of several units; gives how many questions there are."""
    at = 0
    for index in range(units.shape[0]):
        starts[index] = at
        unit = units[index]
        around, before = _sorted_neighbours(links, order, unit)
        at, _, _ = _walk(links, order, unit, around[:before][::-1], questions, at, False, False)
        at, _, _ = _walk(links, order, unit, around[before:], questions, at, False, False)
    return at


@njit(cache=True, nogil=True)
def move(
    links: Links,
    order: Order,
    units: NDArray[np.int32],
    questions: Questions,
    starts: NDArray[np.int64],
    put_off: NDArray[np.bool_],
) -> tuple[int, float]:
    """Move each of several units to its best place, unless an earlier move changed what was asked for it.

    Args:
        links: who is a candidate of whom.
        order: is changed.
        units: as they were asked for.
        questions: with their answers.
        starts: where the questions of each unit start.
        put_off: is set where a unit must be asked for again.

    Returns:
        How many units were moved, and by how much the score fell.
    """
    touched = np.zeros(order.place.shape[0], np.bool_)
    moved, total = 0, 0.0
    for index in range(units.shape[0]):
        unit = units[index]
        around, before = _sorted_neighbours(links, order, unit)
        put_off[index] = touched[unit] or np.any(touched[links.neighbours[around]])
        if put_off[index]:
            continue
        order.stirred[unit] = False
        left, right = around[:before][::-1], around[before:]
        start = starts[index]
        middle, best_left, after_left = _walk(links, order, unit, left, questions, start, True, False)
        _, best_right, after_right = _walk(links, order, unit, right, questions, middle, True, False)
        if after_left == 0 and after_right == 0:
            continue
        moved += 1
        total += min(best_left, best_right)
        passed = right[:after_right] if best_right < best_left else left[:after_left]
        _walk(links, order, unit, passed, questions, middle if best_right < best_left else start, True, True)
        _shift(order, unit, order.place[links.neighbours[passed[-1]]])
        touched[unit] = True
        _stir(links, order, unit)
        for neighbour in links.neighbours[passed]:
            touched[neighbour] = True
            _stir(links, order, neighbour)
    return moved, total


@njit(cache=True, nogil=True)
def _stir(links: Links, order: Order, unit: int) -> None:
    order.stirred[unit] = True
    order.stirred[links.neighbours[links.neighbour_start[unit] : links.neighbour_start[unit + 1]]] = True


@njit(cache=True, nogil=True)
def _shift(order: Order, unit: int, to: int) -> None:
    """Take a unit out of the order and put it in at a place."""
    at = order.place[unit]
    step = 1 if to > at else -1
    while at != to:
        order.units[at] = order.units[at + step]
        order.place[order.units[at]] = at
        at += step
    order.units[to] = unit
    order.place[unit] = to
