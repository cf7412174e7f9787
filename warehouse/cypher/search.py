"""Shortest paths over arrays: bidirectional breadth-first search in compressed sparse rows.

The arrays of a set of relationship types are read once from the tables that `layout.derive` sorted by either end, and
kept as long as the engine lives.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TypeAlias
from weakref import WeakValueDictionary

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from duckdb.func import ARROW, SPECIAL
from duckdb.sqltypes import BIGINT

from warehouse.cypher.catalogue import ORDINAL_SHIFT
from warehouse.errors import QuestionError, QuestionMemoryError

Integers: TypeAlias = npt.NDArray[np.int64]
MOST_PATHS = 100_000
MOST_STEPS = 20_000_000
REACH, WALKS = "cypher_reach", "cypher_walks"
LONGEST_SEARCH = 10_000
MOST_INDEXES = 6
_LOW_BITS = (1 << ORDINAL_SHIFT) - 1
_numbers = itertools.count(1)
_searches: WeakValueDictionary[int, Search] = WeakValueDictionary()
_walks: WeakValueDictionary[int, Walk] = WeakValueDictionary()


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
        self.shifts = np.zeros(max(bases, default=0) + 1, np.int64)
        for ordinal, base in bases.items():
            self.shifts[ordinal] = base - (ordinal << ORDINAL_SHIFT)
        # Types without nodes begin where the next type begins: of types that begin together the last one has the nodes.
        self.ordered = np.array(sorted(bases, key=lambda ordinal: (bases[ordinal], ordinal)), np.int64)
        self.begins = np.array([bases[ordinal] for ordinal in self.ordered.tolist()], np.int64)
        self._scratch = threading.local()

    @classmethod
    def load(cls, connection: duckdb.DuckDBPyConnection, ordinals: frozenset[int], every: bool) -> PathIndex:
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
        test = "TRUE" if every else f"_t IN ({', '.join(map(str, sorted(ordinals))) or 'NULL'})"
        rows = [
            _adjacency(
                connection, f"SELECT {near}, {far}, _rid FROM graph.{name} WHERE {test}", near, far, shifts, slots
            )
            for near, far, name in (("_s", "_o", "_out"), ("_o", "_s", "_in"))
        ]
        return cls(bases, slots, *rows)

    def slot(self, number: int) -> int:
        """The slot of a node id."""
        return self.bases[number >> ORDINAL_SHIFT] + (number & _LOW_BITS)

    def slots_of(self, numbers: Integers) -> Integers:
        """The slots of node ids."""
        found: Integers = numbers + self.shifts[numbers >> ORDINAL_SHIFT]
        return found

    def node_numbers(self, slots: Integers) -> Integers:
        """The node ids of slots."""
        ordinals = self.ordered[np.searchsorted(self.begins, slots, side="right") - 1]
        found: Integers = slots - self.shifts[ordinals]
        return found

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


def _adjacency(  # noqa: PLR0917
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


@dataclass(eq=False)
class Walk:
    """One repeated relationship: which relationships, which way, how often at least and at most."""

    ordinals: frozenset[int]
    direction: str
    low: int
    high: int | None
    number: int = field(default_factory=lambda: next(_numbers))

    def __post_init__(self) -> None:
        _walks[self.number] = self


@dataclass
class Trails:
    """Walks of one length: the row each belongs to, the slot it reached, and per step the relationship and slot."""

    rows: Integers
    reached: Integers
    relationships: list[Integers] = field(default_factory=list)
    passed: list[Integers] = field(default_factory=list)

    def longer(self, rows: tuple[Adjacency, ...]) -> Trails:
        """Every trail with one more relationship that it has not used."""
        parts = [self._step(row, skip_loops=position > 0) for position, row in enumerate(rows)]
        if len(parts) == 1:
            return parts[0]
        one, other = parts
        return Trails(
            np.concatenate([one.rows, other.rows]),
            np.concatenate([one.reached, other.reached]),
            [np.concatenate(pair) for pair in zip(one.relationships, other.relationships, strict=True)],
            [np.concatenate(pair) for pair in zip(one.passed, other.passed, strict=True)],
        )

    def _step(self, row: Adjacency, skip_loops: bool) -> Trails:
        begins = row.starts[self.reached]
        counts = row.starts[self.reached + 1] - begins
        total = int(counts.sum())
        if total * (len(self.relationships) + 1) > MOST_STEPS:
            raise QuestionMemoryError(
                f"a repeated relationship leads to more than {MOST_STEPS} steps",
                "bound it, as in *1..3, or name its type",
            )
        origin = np.repeat(np.arange(len(self.reached)), counts)
        before = np.concatenate(([0], np.cumsum(counts)[:-1])) if len(counts) else np.empty(0, np.int64)
        positions = np.repeat(begins - before, counts) + np.arange(total)
        used = row.relationships[positions]
        reached = row.neighbours[positions]
        fresh = np.ones(total, bool) if not skip_loops else reached != self.reached[origin]
        for earlier in self.relationships:
            fresh &= earlier[origin] != used
        origin, used, reached = origin[fresh], used[fresh], reached[fresh]
        return Trails(
            self.rows[origin],
            reached,
            [*(earlier[origin] for earlier in self.relationships), used],
            [*(earlier[origin] for earlier in self.passed), reached],
        )


class PathIndexes:
    """The arrays that an engine has loaded, the most recently used kept."""

    def __init__(self, every: frozenset[int]) -> None:
        self._every = every
        self._loaded: OrderedDict[frozenset[int], PathIndex] = OrderedDict()
        # What is no longer kept but still in use by a running query.
        self._in_use: WeakValueDictionary[frozenset[int], PathIndex] = WeakValueDictionary()
        self._lock = threading.Lock()

    def ensure(self, connection: duckdb.DuckDBPyConnection, ordinals: frozenset[int]) -> PathIndex:
        """The arrays of these relationship types, read unless they are there; whoever uses them holds on to them."""
        with self._lock:
            index = self._loaded.get(ordinals) or self._in_use.get(ordinals)
            if index is None:
                index = PathIndex.load(connection, ordinals, ordinals == self._every)
            self._loaded[ordinals] = self._in_use[ordinals] = index
            self._loaded.move_to_end(ordinals)
            while len(self._loaded) > MOST_INDEXES:
                self._loaded.popitem(last=False)
            return index

    def find(self, number: int, start: int | None, end: int | None) -> list[dict[str, list[int]]]:
        """The paths of search `number` between two nodes, each as its nodes and relationships."""
        if start is None or end is None:
            return []
        search = _searches[number]
        if start == end:
            raise QuestionError(
                "a shortest path needs two different nodes; here start and end are the same",
                "add WHERE a <> b before it",
            )
        index = self._in_use[search.ordinals]
        return _Run(index, search).paths(start, end)

    def reach(self, numbers: pa.Array, starts: pa.Array) -> pa.Array:
        """For each start the nodes at the end of every trail of a repeated relationship."""
        index, found = self._trails(numbers, starts)
        rows = np.concatenate([trails.rows for trails in found])
        order = np.argsort(rows, kind="stable")
        ends = index.node_numbers(np.concatenate([trails.reached for trails in found])[order])
        return pa.ListArray.from_arrays(_offsets(rows, len(starts)), pa.array(ends))

    def walks(self, numbers: pa.Array, starts: pa.Array) -> pa.Array:
        """For each start every trail: its end, its relationships and the nodes after the start."""
        index, found = self._trails(numbers, starts)
        rows = np.concatenate([trails.rows for trails in found])
        order = np.argsort(rows, kind="stable")
        ends = index.node_numbers(np.concatenate([trails.reached for trails in found])[order])
        lengths = np.concatenate([np.full(len(trails.rows), len(trails.relationships)) for trails in found])
        columns = [
            _ragged([trails.relationships for trails in found], lengths, order),
            _ragged([[index.node_numbers(step) for step in trails.passed] for trails in found], lengths, order),
        ]
        structs = pa.StructArray.from_arrays([pa.array(ends), *columns], ["b", "rs", "ns"])
        return pa.ListArray.from_arrays(_offsets(rows, len(starts)), structs)

    def _trails(self, numbers: pa.Array, starts: pa.Array) -> tuple[PathIndex, list[Trails]]:
        walk = _walks[numbers[0].as_py()]
        index = self._in_use[walk.ordinals]
        known = np.flatnonzero(starts.is_valid().to_numpy(zero_copy_only=False))
        trails = Trails(known, index.slots_of(starts.drop_null().to_numpy()))
        found = [trails] if walk.low == 0 else []
        rows, _ = index.sides(walk.direction)
        length = 0
        while len(trails.rows) and (walk.high is None or length < walk.high):
            trails = trails.longer(rows)
            length += 1
            if length >= walk.low:
                found.append(trails)
        return index, found or [Trails(np.empty(0, np.int64), np.empty(0, np.int64))]


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
        numbers = self.index.node_numbers
        return [{"ns": numbers(np.array(nodes)).tolist(), "rs": relationships} for nodes, relationships in found]

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

    def _widen(self, front: Integers, rows: tuple[Adjacency, ...], own: npt.NDArray[np.int32], depth: int) -> Integers:
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


def _offsets(rows: Integers, count: int) -> pa.Array:
    """Where the list of each row begins in values sorted by row."""
    return pa.array(np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=count)))).astype(np.int32))


def _ragged(steps: list[list[Integers]], lengths: Integers, order: Integers) -> pa.Array:
    """The steps of trails of several lengths as one list for each trail, in the given order of trails."""
    flat = [np.stack(of_length, axis=1).reshape(-1) for of_length in steps if of_length]
    values = np.concatenate(flat) if flat else np.empty(0, np.int64)
    begins = np.concatenate(([0], np.cumsum(lengths)[:-1])) if len(lengths) else np.empty(0, np.int64)
    begins, sizes = begins[order], lengths[order]
    ends = np.cumsum(sizes) if len(sizes) else np.empty(0, np.int64)
    before = ends - sizes
    positions = np.repeat(begins - before, sizes) + np.arange(int(sizes.sum()))
    offsets = np.concatenate(([0], ends)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values[positions]))


def register(connection: duckdb.DuckDBPyConnection, indexes: PathIndexes) -> None:
    """Make the searches known to a connection."""
    paths, walks = "STRUCT(ns BIGINT[], rs BIGINT[])[]", "STRUCT(b BIGINT, rs BIGINT[], ns BIGINT[])[]"
    connection.create_function("cypher_paths", indexes.find, [BIGINT, BIGINT, BIGINT], paths, null_handling=SPECIAL)
    for name, work, result in ((REACH, indexes.reach, "BIGINT[]"), (WALKS, indexes.walks, walks)):
        connection.create_function(name, work, [BIGINT, BIGINT], result, type=ARROW, null_handling=SPECIAL)
