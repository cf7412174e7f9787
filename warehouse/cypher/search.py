"""Shortest paths over arrays: bidirectional breadth-first search in compressed sparse rows.

The arrays of a set of relationship types are read once from the tables that `layout.derive` sorted by either end, and
kept as long as the engine lives.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

import duckdb
import numpy as np
import numpy.typing as npt

from warehouse.cypher.catalogue import ORDINAL_SHIFT
from warehouse.errors import QuestionError, QuestionMemoryError

Integers: TypeAlias = npt.NDArray[np.int64]
MOST_PATHS = 100_000
LONGEST_SEARCH = 10_000
MOST_INDEXES = 6
_LOW_BITS = (1 << ORDINAL_SHIFT) - 1
_numbers = itertools.count(1)
_searches: WeakValueDictionary[int, Search] = WeakValueDictionary()


@dataclass(eq=False)
class Search:
    """One shortest-path pattern: which relationships, which way, how far, one path or all of the least length."""

    ordinals: frozenset[int]
    direction: str
    high: int | None
    every: bool
    low: int = 1
    number: int = field(default_factory=lambda: next(_numbers))

    def __post_init__(self) -> None:
        _searches[self.number] = self


@dataclass(frozen=True)
class Adjacency:
    """Compressed sparse rows of one direction: the neighbours of slot `i` are `neighbours[starts[i]:starts[i + 1]]`."""

    starts: Integers
    neighbours: Integers
    relationships: Integers

    def expand(self, slots: Integers) -> tuple[Integers, Integers]:
        """The positions in `neighbours` of everything beside these slots, and for each the slot it came from."""
        begins, ends = self.starts[slots], self.starts[slots + 1]
        counts = ends - begins
        total = int(counts.sum())
        if total == 0:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        offsets = np.repeat(begins - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
        return offsets + np.arange(total), np.repeat(slots, counts)


class PathIndex:
    """The arrays of one set of relationship types.

    Args:
        bases: for each node type the first of its slots; a node's slot is the base plus the lower bits of its id.
        slots: how many slots there are.
        out, into: the rows by start and by end node.
    """

    def __init__(self, bases: dict[int, int], slots: int, out: Adjacency, into: Adjacency) -> None:
        self.bases = bases
        self.slots = slots
        self.out = out
        self.into = into
        self._scratch = threading.local()

    @classmethod
    def load(
        cls, connection: duckdb.DuckDBPyConnection, ordinals: frozenset[int], every: bool
    ) -> PathIndex:
        """Read the arrays of these relationship types from the derived tables."""
        sizes = connection.execute("SELECT ordinal, slots FROM graph._slots ORDER BY ordinal").fetchall()
        bases: dict[int, int] = {}
        slots = 0
        for ordinal, size in sizes:
            bases[ordinal] = slots
            slots += size
        shifts = np.zeros(max(bases, default=0) + 1, np.int64)
        for ordinal, base in bases.items():
            shifts[ordinal] = base - (ordinal << ORDINAL_SHIFT)
        test = "TRUE" if every else f"(_rid >> {ORDINAL_SHIFT}) IN ({', '.join(map(str, sorted(ordinals))) or 'NULL'})"
        rows = [
            _adjacency(connection, f"SELECT {near}, {far}, _rid FROM graph.{name} WHERE {test}", near, far, shifts, slots)
            for near, far, name in (("_s", "_o", "_out"), ("_o", "_s", "_in"))
        ]
        return cls(bases, slots, *rows)

    def slot(self, number: int) -> int:
        """The slot of a node id."""
        return self.bases[number >> ORDINAL_SHIFT] + (number & _LOW_BITS)

    def sides(self, direction: str) -> tuple[tuple[Adjacency, ...], tuple[Adjacency, ...]]:
        """The rows to walk forward from the start and backward from the end."""
        match direction:
            case "out":
                return (self.out,), (self.into,)
            case "in":
                return (self.into,), (self.out,)
            case _:
                return (self.out, self.into), (self.out, self.into)

    def distances(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Two arrays of -1 for one search, kept by the thread; the search clears what it wrote."""
        if not hasattr(self._scratch, "arrays"):
            self._scratch.arrays = tuple(np.full(self.slots, -1, np.int32) for _ in range(2))
        found: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]] = self._scratch.arrays
        return found


def _adjacency(
    connection: duckdb.DuckDBPyConnection, sql: str, near: str, far: str, shifts: Integers, slots: int
) -> Adjacency:
    columns = connection.execute(sql).fetchnumpy()
    nearby = columns[near] + shifts[columns[near] >> ORDINAL_SHIFT]
    if len(nearby) and np.any(nearby[1:] < nearby[:-1]):
        order = np.argsort(nearby, kind="stable")
        columns = {name: values[order] for name, values in columns.items()}
        nearby = nearby[order]
    starts = np.zeros(slots + 1, np.int64)
    np.cumsum(np.bincount(nearby, minlength=slots), out=starts[1:])
    return Adjacency(starts, columns[far] + shifts[columns[far] >> ORDINAL_SHIFT], np.asarray(columns["_rid"]))


class PathIndexes:
    """The arrays that an engine has loaded, the most recently used kept."""

    def __init__(self, every: frozenset[int]) -> None:
        self._every = every
        self._loaded: OrderedDict[frozenset[int], PathIndex] = OrderedDict()
        self._lock = threading.Lock()

    def ensure(self, connection: duckdb.DuckDBPyConnection, ordinals: frozenset[int]) -> None:
        """Load the arrays of these relationship types unless they are there."""
        with self._lock:
            if ordinals not in self._loaded:
                self._loaded[ordinals] = PathIndex.load(connection, ordinals, ordinals == self._every)
                while len(self._loaded) > MOST_INDEXES:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(ordinals)

    def find(self, number: int, start: int | None, end: int | None) -> list[dict[str, list[int]]]:
        """The paths of search `number` between two nodes, each as its nodes and relationships."""
        if start is None or end is None:
            return []
        search = _searches[number]
        if start == end:
            raise QuestionError(
                "a shortest path needs two different nodes; here start and end are the same", "add WHERE a <> b before it"
            )
        index = self._loaded[search.ordinals]
        return _Run(index, search).paths(start, end)


class _Run:
    """One search between two nodes."""

    def __init__(self, index: PathIndex, search: Search) -> None:
        self.index = index
        self.search = search
        self.forward, self.backward = index.sides(search.direction)
        self.ahead, self.behind = index.distances()
        self.touched: list[Integers] = []
        self.limit = LONGEST_SEARCH if search.high is None else search.high

    def paths(self, start: int, end: int) -> list[dict[str, list[int]]]:
        """All paths of the least length, or one of them."""
        first, last = self.index.slot(start), self.index.slot(end)
        try:
            if not self._meet(first, last):
                return []
            found = self._assemble(first, last)
        finally:
            for slots in self.touched:
                self.ahead[slots] = -1
                self.behind[slots] = -1
        return [{"ns": self._numbers(nodes), "rs": relationships} for nodes, relationships in found]

    def _meet(self, first: int, last: int) -> bool:
        """Widen both sides in turn until they touch; then `self.middle` are the slots where they do."""
        fronts = [np.array([first]), np.array([last])]
        self.touched += fronts
        self.ahead[first], self.behind[last] = 0, 0
        depths = [0, 0]
        while sum(depths) < self.limit and all(len(front) for front in fronts):
            side = 0 if len(fronts[0]) <= len(fronts[1]) else 1
            depths[side] += 1
            own, other = (self.ahead, self.behind) if side == 0 else (self.behind, self.ahead)
            fronts[side] = self._widen(fronts[side], self.forward if side == 0 else self.backward, own, depths[side])
            met = fronts[side][other[fronts[side]] >= 0]
            if len(met):
                self.middle = met
                return True
        return False

    def _widen(
        self, front: Integers, rows: tuple[Adjacency, ...], own: npt.NDArray[np.int32], depth: int
    ) -> Integers:
        reached = np.concatenate([row.neighbours[row.expand(front)[0]] for row in rows])
        fresh = reached[own[reached] < 0]
        own[fresh] = depth
        fresh = np.unique(fresh)
        self.touched.append(fresh)
        return fresh

    def _assemble(self, first: int, last: int) -> list[tuple[list[int], list[int]]]:
        wanted = None if self.search.every else 1
        found: list[tuple[list[int], list[int]]] = []
        for middle in self.middle.tolist():
            heads = self._walk_back(middle, self.ahead, self.backward, wanted)
            tails = self._walk_back(middle, self.behind, self.forward, wanted)
            for nodes, relationships in heads:
                for more_nodes, more_relationships in tails:
                    walked = [*reversed(nodes), middle, *more_nodes]
                    found.append((walked, [*reversed(relationships), *more_relationships]))
                    if len(found) > MOST_PATHS:
                        raise QuestionMemoryError(f"more than {MOST_PATHS} shortest paths", "ask for shortestPath")
            if wanted is not None:
                return found[:1]
        return found

    def _walk_back(
        self, slot: int, distance: npt.NDArray[np.int32], rows: tuple[Adjacency, ...], wanted: int | None
    ) -> list[tuple[list[int], list[int]]]:
        """Every way from a slot down to distance 0, as the nodes and relationships passed."""
        walks: list[tuple[int, list[int], list[int]]] = [(slot, [], [])]
        for depth in range(int(distance[slot]) - 1, -1, -1):
            longer: list[tuple[int, list[int], list[int]]] = []
            for at, nodes, relationships in walks:
                for neighbour, relationship in self._beside(at, depth, distance, rows, wanted):
                    longer.append((neighbour, [*nodes, neighbour], [*relationships, relationship]))
            if len(longer) > MOST_PATHS:
                raise QuestionMemoryError(f"more than {MOST_PATHS} shortest paths", "ask for shortestPath")
            walks = longer
        return [(nodes, relationships) for _, nodes, relationships in walks]

    def _beside(
        self, slot: int, depth: int, distance: npt.NDArray[np.int32], rows: tuple[Adjacency, ...], wanted: int | None
    ) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for row in rows:
            begin, end = int(row.starts[slot]), int(row.starts[slot + 1])
            near = begin + np.flatnonzero(distance[row.neighbours[begin:end]] == depth)
            found += zip(row.neighbours[near].tolist(), row.relationships[near].tolist(), strict=True)
            if wanted is not None and found:
                return found[:wanted]
        return found

    def _numbers(self, slots: list[int]) -> list[int]:
        return [self._number(slot) for slot in slots]

    def _number(self, slot: int) -> int:
        ordinal = max((o for o, base in self.index.bases.items() if base <= slot), key=lambda o: self.index.bases[o])
        return (ordinal << ORDINAL_SHIFT) + slot - self.index.bases[ordinal]


def register(connection: duckdb.DuckDBPyConnection, find: Callable[..., Any]) -> None:
    """Make the search known to a connection."""
    connection.create_function(
        "cypher_paths",
        find,
        ["BIGINT", "BIGINT", "BIGINT"],
        "STRUCT(ns BIGINT[], rs BIGINT[])[]",
        null_handling="special",
    )
