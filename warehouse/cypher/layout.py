"""Makes from the primary tables what the compiler and the path search read.

| derived | from | for |
|---|---|---|
| index on key and `_nid` | each node table | looking up one node |
| `_by_end_TABLE` (`_o`, `_s`, `_rid`), sorted by end | each relationship table | hops against the direction |
| `_out` (`_s`, `_o`, `_rid`, type `_t`), sorted by start | all relationship tables | hops of any type, path search |
| `_in` (the same), sorted by end | all relationship tables | the same, against the direction |
| `_slots` (`ordinal`, `slots`) | node tables | the sizes of the arrays of the path search |
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from warehouse.cypher.catalogue import ORDINAL_SHIFT, Catalogue, NodeType, RelationshipType
from warehouse.cypher.relation import by_end, quote, table


def derive(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, changed: Collection[str] | None = None) -> None:
    """Make the derived tables.

    Args:
        connection: a connection that may write.
        catalogue: the node and relationship types whose primary tables are there.
        changed: the names of the primary tables that were written anew; `None` for all of them.
    """
    everything = changed is None
    for node in catalogue.nodes:
        if everything or node.table in (changed or ()):
            _index(connection, node)
    relationships = [one for one in catalogue.relationships if everything or one.table in (changed or ())]
    for relationship in relationships:
        _sort_by_end(connection, relationship)
    if everything:
        _unite(connection, catalogue)
    else:
        for relationship in relationships:
            _replace_in_union(connection, relationship)
    _count_slots(connection, catalogue)


def _index(connection: duckdb.DuckDBPyConnection, node: NodeType) -> None:
    columns = ["_nid"] if node.key is None else ["_nid", node.key]
    for column in columns:
        name = quote(f"_index_{node.table}_{column}")
        connection.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {table(node.table)} ({quote(column)})")


def _sort_by_end(connection: duckdb.DuckDBPyConnection, relationship: RelationshipType) -> None:
    connection.execute(
        f"CREATE OR REPLACE TABLE {table(by_end(relationship.table))} AS "
        f"SELECT _o, _s, _rid FROM {table(relationship.table)} ORDER BY _o, _s, _rid"
    )


def _unite(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
    nothing = (
        "SELECT CAST(0 AS BIGINT) AS _s, CAST(0 AS BIGINT) AS _o, CAST(0 AS BIGINT) AS _rid, CAST(0 AS SMALLINT) AS _t"
    )
    united = " UNION ALL ".join(_narrow(one) for one in catalogue.relationships) or f"{nothing} WHERE FALSE"
    connection.execute(f"CREATE OR REPLACE TABLE {table('_out')} AS SELECT * FROM ({united}) ORDER BY _s, _rid")
    connection.execute(f"CREATE OR REPLACE TABLE {table('_in')} AS SELECT * FROM {table('_out')} ORDER BY _o, _rid")


def _narrow(relationship: RelationshipType) -> str:
    ordinal = f"CAST({relationship.ordinal} AS SMALLINT) AS _t"
    return f"SELECT _s, _o, _rid, {ordinal} FROM {table(relationship.table)}"


def _replace_in_union(connection: duckdb.DuckDBPyConnection, relationship: RelationshipType) -> None:
    """Take out the rows of one type and append the new ones: sorted among themselves, which is enough to be found."""
    first, last = relationship.ordinal << ORDINAL_SHIFT, ((relationship.ordinal + 1) << ORDINAL_SHIFT) - 1
    for name, order in (("_out", "_s"), ("_in", "_o")):
        connection.execute(f"DELETE FROM {table(name)} WHERE _rid BETWEEN {first} AND {last}")
        connection.execute(
            f"INSERT INTO {table(name)} BY NAME SELECT * FROM ({_narrow(relationship)}) ORDER BY {order}, _rid"
        )


def _count_slots(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
    mask = (1 << ORDINAL_SHIFT) - 1
    parts = [
        f"SELECT CAST({node.ordinal} AS BIGINT) AS ordinal, coalesce(max(_nid & {mask}) + 1, 0) AS slots "
        f"FROM {table(node.table)}"
        for node in catalogue.nodes
    ]
    counted = " UNION ALL ".join(parts) or "SELECT CAST(0 AS BIGINT) AS ordinal, CAST(0 AS BIGINT) AS slots WHERE FALSE"
    connection.execute(f"CREATE OR REPLACE TABLE {table('_slots')} AS {counted}")
