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
from warehouse.cypher.compiler.relation import SCHEMA, by_end, quote, table


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


def derive_over(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, own: Collection[str], under: str) -> None:
    """Lay a few types of this database over the graph of an attached one, which is seen through views.

    Args:
        connection: a connection that may write to this database.
        catalogue: the types of both; those of this database have the larger ordinals.
        own: the names of the primary tables that are in this database.
        under: the name under which the other database is attached, whose derived tables are made.
    """
    nodes = tuple(node for node in catalogue.nodes if node.table in own)
    relationships = tuple(one for one in catalogue.relationships if one.table in own)
    for node in nodes:
        _index(connection, node)
    for relationship in relationships:
        _sort_by_end(connection, relationship)
    _unite(connection, Catalogue(nodes, relationships), "_own_out", "_own_in")
    for name in _tables_of(connection, under):
        if name in {"_out", "_in"}:
            both = f"FROM {under}.{table(name)} UNION ALL FROM {table('_own' + name)}"
            connection.execute(f"CREATE OR REPLACE VIEW {table(name)} AS {both}")
        elif name == "_slots":
            sizes = f"FROM {under}.{table(name)} UNION ALL {_slots(nodes)}"
            connection.execute(f"CREATE OR REPLACE TABLE {table(name)} AS {sizes}")
        else:
            connection.execute(f"CREATE OR REPLACE VIEW {table(name)} AS FROM {under}.{table(name)}")


def _tables_of(connection: duckdb.DuckDBPyConnection, database: str) -> list[str]:
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = ? ORDER BY table_name",
        [database, SCHEMA],
    ).fetchall()
    return [name for (name,) in rows]


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


def _unite(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, out: str = "_out", into: str = "_in") -> None:
    nothing = (
        "SELECT CAST(0 AS BIGINT) AS _s, CAST(0 AS BIGINT) AS _o, CAST(0 AS BIGINT) AS _rid, CAST(0 AS SMALLINT) AS _t"
    )
    united = " UNION ALL ".join(_narrow(one) for one in catalogue.relationships) or f"{nothing} WHERE FALSE"
    connection.execute(f"CREATE OR REPLACE TABLE {table(out)} AS SELECT * FROM ({united}) ORDER BY _s, _rid")
    connection.execute(f"CREATE OR REPLACE TABLE {table(into)} AS SELECT * FROM {table(out)} ORDER BY _o, _rid")


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
    connection.execute(f"CREATE OR REPLACE TABLE {table('_slots')} AS {_slots(catalogue.nodes)}")


def _slots(nodes: Collection[NodeType]) -> str:
    """The query that counts the slots of node types."""
    mask = (1 << ORDINAL_SHIFT) - 1
    parts = [
        f"SELECT CAST({node.ordinal} AS BIGINT) AS ordinal, coalesce(max(_nid & {mask}) + 1, 0) AS slots "
        f"FROM {table(node.table)}"
        for node in nodes
    ]
    return " UNION ALL ".join(parts) or "SELECT CAST(0 AS BIGINT) AS ordinal, CAST(0 AS BIGINT) AS slots WHERE FALSE"
