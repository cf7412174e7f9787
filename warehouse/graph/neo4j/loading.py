"""Applies differences to a server: what refers goes first, what is referred to comes first."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb

from warehouse.errors import GateError
from warehouse.graph.neo4j.ahead import ahead
from warehouse.graph.neo4j.differences import BATCH_ROWS, Change, Difference
from warehouse.graph.neo4j.mark import Run
from warehouse.graph.neo4j.types import Nodes, Relationships, Strand
from warehouse.progress import Progress, Task
from warehouse.tables.schema import ORDINAL_SHIFT

_SLOT = (1 << ORDINAL_SHIFT) - 1


def apply(
    state: duckdb.DuckDBPyConnection, differences: Sequence[Difference], run: Run, progress: Progress, numbers: bool
) -> None:
    """Delete, update and create.

    Args:
        state: the new state, with the tables of the differences.
        differences: by strand, nodes before relationships.
        run: runs a statement on the server.
        progress: told of each strand.
        numbers: whether nodes may be found by the server's own numbers, which is faster.

    Raises:
        GateError: a row did not find its node or relationship: the server does not hold what was compared.
    """
    nodes = [one for one in differences if isinstance(one.strand, Nodes)]
    relationships = [one for one in differences if isinstance(one.strand, Relationships)]
    total = sum(one.elements for one in differences)
    with progress.task("publish", total=total or None, unit="elements") as task:
        applying = _Applying(state, run, task, _Numbers() if numbers and _all_new(nodes, relationships) else None)
        for one in relationships:
            applying.change(one, Change.DELETED)
        for one in nodes:
            applying.change(one, Change.DELETED)
        for one in [*nodes, *relationships]:
            applying.change(one, Change.UPDATED)
            applying.create(one)


def _all_new(nodes: Sequence[Difference], relationships: Sequence[Difference]) -> bool:
    """Whether all that is created stands on nodes that are created too."""
    made = {one.strand.type for one in nodes if one.table is None}
    return all(
        one.table is None and {one.strand.subject.label, one.strand.object.label} <= made
        for one in relationships
        if isinstance(one.strand, Relationships)
    )


class _Numbers:
    """The server's number of each node by ours: an array for each type."""

    def __init__(self) -> None:
        self._of: dict[int, array[int]] = {}

    def keep(self, ours: Sequence[int], theirs: Sequence[int]) -> None:
        """Remember nodes of one type."""
        known = self._of.setdefault(ours[0] >> ORDINAL_SHIFT, array("q"))
        beyond = max(number & _SLOT for number in ours) + 1
        if beyond > len(known):
            known.extend([-1] * (beyond - len(known)))
        for number, their in zip(ours, theirs, strict=True):
            known[number & _SLOT] = their

    def __getitem__(self, number: int) -> int:
        return self._of[number >> ORDINAL_SHIFT][number & _SLOT]


class _Applying:
    """One pass over the differences."""

    def __init__(self, state: duckdb.DuckDBPyConnection, run: Run, task: Task, numbers: _Numbers | None) -> None:
        self._state = state
        self._run = run
        self._task = task
        self._numbers = numbers

    def change(self, one: Difference, change: Change) -> None:
        """Delete or update rows."""
        text = one.strand.delete if change is Change.DELETED else one.strand.update
        for rows in ahead(one.rows(self._state, change)):
            self._send(one.strand, text, rows)

    def create(self, one: Difference) -> None:
        """Create rows."""
        if self._numbers is None or one.table is not None:
            for rows in ahead(one.rows(self._state, Change.CREATED)):
                self._send(one.strand, one.strand.create, rows)
        elif isinstance(one.strand, Nodes):
            self._create_nodes(one.strand, self._numbers)
        else:
            for rows in ahead(self._between(one.strand, self._numbers)):
                self._send(one.strand, one.strand.create_numbered, rows)

    def _create_nodes(self, strand: Nodes, numbers: _Numbers) -> None:
        for batch in ahead(self._numbered(strand)):
            found = self._send(strand, strand.create_numbered, [row[1:] for row in batch])
            numbers.keep([row[0] for row in batch], found[0][1])

    def _between(self, strand: Relationships, numbers: _Numbers) -> Iterator[list[tuple[Any, ...]]]:
        """Rows of relationships with the server's numbers of their ends."""
        for batch in self._numbered(strand):
            yield [(numbers[row[0]], numbers[row[1]], *row[2:]) for row in batch]

    def _numbered(self, strand: Strand) -> Iterator[list[tuple[Any, ...]]]:
        self._state.execute(strand.numbered)
        while batch := self._state.fetchmany(BATCH_ROWS):
            yield batch

    def _send(self, strand: Strand, text: str, rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
        self._task.describe(f"publish: {strand.name}")
        found = self._run(text, {"rows": rows})
        if found[0][0] != len(rows):
            raise GateError(f"{strand.type}: {found[0][0]:,} of {len(rows):,} rows found their place in Neo4j.")
        self._task.advance(len(rows))
        return found
