"""A topological order that is kept while edges come and go: a graph stays acyclic at the cost of what an edge changes.

Pearce & Kelly (2006), A dynamic topological sort algorithm for directed acyclic graphs: inserting an edge that agrees
with the order costs nothing; any other one costs a search of the part of the order between its two ends, after which
either a cycle is known or that part has been put in order. Removing an edge never costs anything.

Children are kept in linked lists over a pool of edges, so that graphs of any size and degree need one allocation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from analytics.bayesian_networks.network import Network
from warehouse.errors import AnalysisError

_NONE = -1


class Dag(NamedTuple):
    """A changing acyclic graph; `new_dag` makes it, `insert` and `remove` change it.

    Args:
        place: of each variable in the order; a parent's is smaller than its child's.
        at: the variable at each place.
        first_child, first_parent: the first edge of each variable's lists; -1 = none.
        start, end: of each edge in the pool.
        next_child, next_parent: the edge after it in the list of its start, of its end.
        free: the number of edges ever used, and the first of the list of edges that were given back.
        marks, stack: working memory of a search.
    """

    place: NDArray[np.int32]
    at: NDArray[np.int32]
    first_child: NDArray[np.int32]
    first_parent: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    next_child: NDArray[np.int32]
    next_parent: NDArray[np.int32]
    free: NDArray[np.int32]
    marks: NDArray[np.int8]
    stack: NDArray[np.int32]


def new_dag(variables: int, edges: int) -> Dag:
    """A graph without edges, with room for so many."""
    return Dag(
        np.arange(variables, dtype=np.int32),
        np.arange(variables, dtype=np.int32),
        np.full(variables, _NONE, np.int32),
        np.full(variables, _NONE, np.int32),
        np.zeros(edges, np.int32),
        np.zeros(edges, np.int32),
        np.zeros(edges, np.int32),
        np.zeros(edges, np.int32),
        np.array([0, _NONE], np.int32),
        np.zeros(variables, np.int8),
        np.zeros(2 * variables, np.int32),
    )


@njit(cache=True, nogil=True)
def has_edge(dag: Dag, parent: int, child: int) -> bool:
    """Whether parent -> child is in the graph."""
    edge = dag.first_parent[child]
    while edge >= 0:
        if dag.start[edge] == parent:
            return True
        edge = dag.next_parent[edge]
    return False


@njit(cache=True, nogil=True)
def _reaches(dag: Dag, start: int, goal: int) -> tuple[bool, int]:
    """Whether a path leads from start to goal; every variable met is marked and lies on the stack."""
    dag.stack[0], found = start, 1
    dag.marks[start] = 1
    looked, last = 0, dag.place[goal]
    reached = start == goal
    while looked < found and not reached:
        edge = dag.first_child[dag.stack[looked]]
        looked += 1
        while edge >= 0:
            child = dag.end[edge]
            if child == goal:
                reached = True
                break
            if dag.marks[child] == 0 and dag.place[child] < last:
                dag.marks[child] = 1
                dag.stack[found] = child
                found += 1
            edge = dag.next_child[edge]
    return reached, found


@njit(cache=True, nogil=True)
def _unmark(dag: Dag, begin: int, end: int) -> None:
    for index in range(begin, end):
        dag.marks[dag.stack[index]] = 0


@njit(cache=True, nogil=True)
def reaches(dag: Dag, start: int, goal: int) -> bool:
    """Whether a path of any length, or none, leads from start to goal."""
    if start == goal:
        return True
    if dag.place[start] > dag.place[goal]:
        return False
    reached, found = _reaches(dag, start, goal)
    _unmark(dag, 0, found)
    return reached


@njit(cache=True, nogil=True)
def closes_cycle(dag: Dag, parent: int, child: int) -> bool:
    """Whether the edge parent -> child would close a cycle."""
    return reaches(dag, child, parent)


@njit(cache=True, nogil=True)
def reversal_closes_cycle(dag: Dag, parent: int, child: int) -> bool:
    """Whether turning the edge parent -> child round would close a cycle: is there a second path between them?"""
    edge = dag.first_child[parent]
    while edge >= 0:
        if dag.end[edge] != child and reaches(dag, dag.end[edge], child):
            return True
        edge = dag.next_child[edge]
    return False


@njit(cache=True, nogil=True)
def _ancestors_between(dag: Dag, parent: int, lowest: int, found: int) -> int:
    """Put the ancestors of parent that stand behind `lowest` on the stack, after the `found` that are there."""
    dag.stack[found] = parent
    dag.marks[parent] = 2
    looked, end = found, found + 1
    while looked < end:
        edge = dag.first_parent[dag.stack[looked]]
        looked += 1
        while edge >= 0:
            ancestor = dag.start[edge]
            if dag.marks[ancestor] == 0 and dag.place[ancestor] > lowest:
                dag.marks[ancestor] = 2
                dag.stack[end] = ancestor
                end += 1
            edge = dag.next_parent[edge]
    return end


@njit(cache=True, nogil=True)
def _reorder(dag: Dag, descendants: int, end: int) -> None:
    """Give the places of both groups to the ancestors first, then to the descendants, each in its old sequence."""
    places = np.sort(dag.place[dag.stack[:end]])
    after = dag.stack[:descendants][np.argsort(dag.place[dag.stack[:descendants]])]
    before = dag.stack[descendants:end][np.argsort(dag.place[dag.stack[descendants:end]])]
    for index in range(end):
        moved = before[index] if index < before.shape[0] else after[index - before.shape[0]]
        dag.place[moved] = places[index]
        dag.at[places[index]] = moved


@njit(cache=True, nogil=True)
def insert(dag: Dag, parent: int, child: int) -> bool:
    """Insert an edge that is not there, unless it would close a cycle; tells whether it was inserted."""
    if parent == child:
        return False
    if dag.place[parent] > dag.place[child]:
        reached, descendants = _reaches(dag, child, parent)
        if reached:
            _unmark(dag, 0, descendants)
            return False
        end = _ancestors_between(dag, parent, dag.place[child], descendants)
        _reorder(dag, descendants, end)
        _unmark(dag, 0, end)
    edge = dag.free[1]
    if edge >= 0:
        dag.free[1] = dag.next_child[edge]
    else:
        edge = dag.free[0]
        if edge == dag.start.shape[0]:
            return False
        dag.free[0] += 1
    dag.start[edge], dag.end[edge] = parent, child
    dag.next_child[edge], dag.first_child[parent] = dag.first_child[parent], edge
    dag.next_parent[edge], dag.first_parent[child] = dag.first_parent[child], edge
    return True


@njit(cache=True, nogil=True)
def remove(dag: Dag, parent: int, child: int) -> bool:
    """Remove an edge; tells whether it was there."""
    edge, before = dag.first_parent[child], _NONE
    while edge >= 0 and dag.start[edge] != parent:
        before, edge = edge, dag.next_parent[edge]
    if edge < 0:
        return False
    if before < 0:
        dag.first_parent[child] = dag.next_parent[edge]
    else:
        dag.next_parent[before] = dag.next_parent[edge]
    other, before = dag.first_child[parent], _NONE
    while other != edge:
        before, other = other, dag.next_child[other]
    if before < 0:
        dag.first_child[parent] = dag.next_child[edge]
    else:
        dag.next_child[before] = dag.next_child[edge]
    dag.next_child[edge], dag.free[1] = dag.free[1], edge
    return True


@njit(cache=True, nogil=True)
def insert_all(dag: Dag, parents: NDArray[np.int32], children: NDArray[np.int32], inserted: NDArray[np.bool_]) -> None:
    """Insert edges in the given sequence, each unless it closes a cycle or is there already."""
    for index in range(parents.shape[0]):
        if not has_edge(dag, parents[index], children[index]):
            inserted[index] = insert(dag, parents[index], children[index])


def without_cycles(network: Network, sequence: NDArray[np.integer] | None = None) -> Network:
    """An acyclic part of a network: edges enter one after another, and those that would close a cycle are left out.

    Args:
        network: may have cycles.
        sequence: the edges in the order in which they enter; by falling frequency if not given (equal ones by child and
            parent).

    Raises:
        AnalysisError: the sequence names an edge that does not exist.
    """
    order = np.argsort(-network.frequency, kind="stable") if sequence is None else np.asarray(sequence)
    if len(order) and not 0 <= order.min() <= order.max() < network.count:
        raise AnalysisError(f"The sequence names an edge that does not exist; there are {network.count}.")
    dag = new_dag(len(network.variables), network.count)
    inserted = np.zeros(len(order), np.bool_)
    insert_all(dag, network.parents[order], network.children[order], inserted)
    kept = np.sort(order[inserted])
    return Network(network.variables, network.parents[kept], network.children[kept], network.frequency[kept])
