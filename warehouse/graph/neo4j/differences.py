"""What must be deleted, updated and created so that a server holds a state: computed in DuckDB, kept in its tables.

Both sides are compared by key and by the hash of the row, so that only keys and hashes of what is known of the server
are held, and rows are read when they are sent.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import duckdb

from warehouse.graph.neo4j import content
from warehouse.graph.neo4j.mark import Run
from warehouse.graph.neo4j.types import Strand
from warehouse.tables.schema import quoted

#: Rows of one statement.
BATCH_ROWS = 5_000


class Change(StrEnum):
    """What becomes of a node or relationship."""

    DELETED = "deleted"
    UPDATED = "updated"
    CREATED = "created"


@dataclass(frozen=True)
class Difference:
    """The changes of one strand; they stand in a temporary table of the connection.

    Args:
        strand: the nodes or relationships.
        table: the temporary table; None = everything is created.
        counts: how many of each change.
    """

    strand: Strand
    table: str | None
    counts: dict[Change, int]

    @property
    def elements(self) -> int:
        """How many nodes or relationships change."""
        return sum(self.counts.values())

    def rows(self, connection: duckdb.DuckDBPyConnection, change: Change) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of one kind of change in batches; the connection serves nothing else meanwhile."""
        if self.counts.get(change):
            connection.execute(self._select(change))
            while batch := connection.fetchmany(BATCH_ROWS):
                yield batch

    def _select(self, change: Change) -> str:
        strand = self.strand
        if self.table is None:
            return strand.content
        if change is Change.DELETED:
            # A row of full width, of which only the key is known.
            values = [f"key.{quoted(name)}" if name in strand.key else "NULL" for name in strand.columns]
            return f"SELECT {', '.join(values)} FROM {self.table} WHERE change = 'deleted' ORDER BY key"
        wanted = f"SELECT key FROM {self.table} WHERE change = '{change}'"
        return f"SELECT x.* FROM ({strand.content}) AS x WHERE {_key(strand)} IN ({wanted})"


class Comparison:
    """Compares a state with what is known of a server.

    Args:
        connection: the new state; the tables are made there.
        old: the state that the server holds, where its files are still there.
        run: reads from the server, where they are not.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, old: duckdb.DuckDBPyConnection | None, run: Run) -> None:
        self._connection = connection
        self._old = old
        self._run = run
        self._tables = 0

    def to_nothing(self, strands: Iterable[Strand]) -> list[Difference]:
        """The differences where the server holds nothing of some types."""
        strands = list(strands)
        sizes = content.sizes_here(self._connection, strands)
        return [Difference(one, None, {Change.CREATED: sizes[one.name]}) for one in strands if one.name in sizes]

    def to_old(self, strands: Iterable[Strand]) -> list[Difference]:
        """The differences to the old state; to the server itself where its files are gone."""
        if self._old is None:
            return self.to_server(strands)
        strands = list(strands)
        here = content.sizes_here(self._connection, strands)
        before = content.sizes_here(self._old, strands)
        found = []
        for strand in strands:
            if strand.name in here or strand.name in before:
                self._forget(strand)
                if strand.name in before:
                    self._keep_hashes(strand, self._old)
                found.append(self._compared(strand, here))
        return found

    def to_server(self, strands: Iterable[Strand]) -> list[Difference]:
        """The differences to what the server says itself."""
        strands = list(strands)
        here = content.sizes_here(self._connection, strands)
        there = content.sizes_there(self._run, strands)
        found, done = [], set()
        sizes = [(one, there[one.name]) for one in strands if one.name in there]
        for strand, portions in itertools.groupby(
            content.read(self._connection, self._run, sizes), key=lambda read: read[0]
        ):
            self._forget(strand)
            for _strand, portion in portions:
                self._insert(strand, portion)
            found.append(self._compared(strand, here))
            done.add(strand.name)
        return [*found, *self.to_nothing(one for one in strands if one.name not in done)]

    def _forget(self, strand: Strand) -> None:
        key = ", ".join(f"{quoted(name)} {type_}" for name, type_ in _key_types(strand))
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE _known (key STRUCT({key}), hash UBIGINT)")

    def _insert(self, strand: Strand, rows: Any) -> None:
        self._connection.register("_rows", rows)
        self._connection.execute(f"INSERT INTO _known {_hashed(strand, 'FROM _rows')}")
        self._connection.unregister("_rows")

    def _keep_hashes(self, strand: Strand, old: duckdb.DuckDBPyConnection) -> None:
        reader = old.sql(_hashed(strand, strand.content)).to_arrow_reader(100_000)
        self._connection.register("_reader", reader)
        self._connection.execute("INSERT INTO _known FROM _reader")
        self._connection.unregister("_reader")

    def _compared(self, strand: Strand, here: Mapping[str, int]) -> Difference:
        self._tables += 1
        table = f"_changes_{self._tables}"
        new = _hashed(strand, strand.content) if strand.name in here else "SELECT key, hash FROM _known WHERE false"
        self._connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE {table} AS
            SELECT coalesce(n.key, k.key) AS key, CASE WHEN k.hash IS NULL THEN 'created' WHEN n.hash IS NULL
                THEN 'deleted' ELSE 'updated' END AS change
            FROM ({new}) AS n FULL JOIN _known AS k ON n.key = k.key WHERE n.hash IS DISTINCT FROM k.hash"""
        )
        found = self._connection.execute(f"SELECT change, count(*) FROM {table} GROUP BY change").fetchall()
        return Difference(strand, table, {Change(change): count for change, count in found})


def _hashed(strand: Strand, rows: str) -> str:
    return f"SELECT {_key(strand)} AS key, hash(x) AS hash FROM ({rows}) AS x"


def _key(strand: Strand) -> str:
    """The key as one value, in which null equals null."""
    fields = ", ".join(f"{quoted(name)} := x.{quoted(name)}" for name in strand.key)
    return f"struct_pack({fields})"


def _key_types(strand: Strand) -> list[tuple[str, str]]:
    declared = {column.name: str(column.type) for column in strand.properties}
    return [(name, declared.get(name, "VARCHAR")) for name in strand.key]
