"""Which part of the graph is written, and its nodes and relationships as streams of frames."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import duckdb
import polars as pl

from warehouse.errors import TargetGraphError
from warehouse.model import DataModel
from warehouse.model.schema import EntityType, RelationshipType
from warehouse.tables.schema import quoted

#: Rows that are held at a time.
BATCH_ROWS = 50_000


class Selection:
    """A part of the graph behind a connection whose schema `graph` holds a table for each type.

    The streams share the connection: read one to its end before the next.

    Args:
        connection: the tables; a temporary table is made where a part is chosen.
        model: the declarations.
        types: entity types, of which all nodes are taken, and relationship types, of which all relationships are taken
            with the nodes at their ends; empty = everything. A table's name will do.

    Raises:
        TargetGraphError: a type is not declared, or is no part of the graph.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, model: DataModel, types: Collection[str] = ()) -> None:
        self.connection = connection
        self.model = model
        chosen = [model.named(name) for name in types]
        for declared in chosen:
            if not isinstance(declared, EntityType | RelationshipType):
                raise TargetGraphError(f"{declared.name} is a table and no part of the graph.")
        self._ends_only = bool(types)
        self._whole = [d for d in chosen if isinstance(d, EntityType)]
        named = [d for d in chosen if isinstance(d, RelationshipType)]
        self.relationship_types = [
            d for d in model.relationships.values() if (d in named or not types) and self._has_rows(d)
        ]
        if self._ends_only:
            self._find_ends()
        self.entity_types = [d for d in model.entities.values() if self._has_rows(d) and self._is_wanted(d)]

    def node_table(self, declared: EntityType) -> str:
        """The SQL of the chosen nodes of a type, as a table."""
        table = f"graph.{quoted(declared.table)}"
        return table if self._takes_all(declared) else f"(SELECT n.* FROM {table} AS n SEMI JOIN ends USING (_nid))"

    def ends(self, declared: RelationshipType, side: int) -> str:
        """The SQL of id and label of every node that may stand at a side (0 subject, 1 object), as a table."""
        labels = sorted({pair[side] for pair in declared.ends})
        return "(" + " UNION ALL ".join(self._ids(self.model.entities[label]) for label in labels) + ")"

    def count(self, declared: EntityType | RelationshipType) -> int:
        """How many of a type are written."""
        table = self.node_table(declared) if isinstance(declared, EntityType) else f"graph.{quoted(declared.table)}"
        return int(self.connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])

    def nodes(self) -> Iterator[tuple[EntityType, pl.DataFrame]]:
        """The nodes with their properties, type by type, sorted by id."""
        for declared in self.entity_types:
            columns = ", ".join(f"n.{quoted(column.name)}" for column in declared.shown)
            query = f"SELECT {columns} FROM {self.node_table(declared)} AS n ORDER BY n._nid"
            yield from ((declared, frame) for frame in self._frames(query))

    def relationships(self) -> Iterator[tuple[RelationshipType, pl.DataFrame]]:
        """The relationships with `source`, `target` (ids) and their properties, type by type, sorted by their ends."""
        for declared in self.relationship_types:
            yield from ((declared, frame) for frame in self._frames(self._relationship_query(declared)))

    def _relationship_query(self, declared: RelationshipType) -> str:
        columns = "".join(f", r.{quoted(column.name)}" for column in declared.shown)
        return f"""SELECT s.id AS source, o.id AS target{columns} FROM graph.{quoted(declared.table)} AS r
            JOIN {self.ends(declared, 0)} AS s ON s._nid = r._s JOIN {self.ends(declared, 1)} AS o ON o._nid = r._o
            ORDER BY r._rid"""

    def _frames(self, query: str) -> Iterator[pl.DataFrame]:
        for batch in self.connection.sql(query).to_arrow_reader(BATCH_ROWS):
            frame = pl.DataFrame(pl.from_arrow(batch))
            if frame.height:
                yield frame

    def _find_ends(self) -> None:
        parts = [
            f"SELECT {end} AS _nid FROM graph.{quoted(d.table)}"
            for d in self.relationship_types
            for end in ("_s", "_o")
        ]
        query = " UNION ".join(parts) or "SELECT NULL::BIGINT AS _nid WHERE false"
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE ends AS {query}")

    def _takes_all(self, declared: EntityType) -> bool:
        return not self._ends_only or declared in self._whole

    def _is_wanted(self, declared: EntityType) -> bool:
        if self._takes_all(declared):
            return True
        query = f"SELECT EXISTS (FROM graph.{quoted(declared.table)} SEMI JOIN ends USING (_nid))"
        return bool(self.connection.execute(query).fetchall()[0][0])

    def _has_rows(self, declared: EntityType | RelationshipType) -> bool:
        return bool(self.connection.execute(f"SELECT EXISTS (FROM graph.{quoted(declared.table)})").fetchall()[0][0])

    def _ids(self, declared: EntityType) -> str:
        return f"SELECT _nid, id, '{declared.label}' AS label FROM graph.{quoted(declared.table)}"
