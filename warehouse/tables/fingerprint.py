"""The content of a build as one hash: equal for equal content, whatever the order, the time, the folder or the machine.

Each table has a hash of its own, so that two builds can be compared type by type and a refresh hashes only what it made
again. Internal ids, times and paths take no part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import duckdb

from warehouse.model.schema import DataModel, EntityType, RelationshipType, StatedType
from warehouse.tables.schema import quoted


def update(connection: duckdb.DuckDBPyConnection, model: DataModel, changed: Collection[str] | None = None) -> str:
    """Hash the tables that changed (None = all), keep the hashes in the build, and give the hash of the whole."""
    for declared in model:
        if changed is None or declared.table in changed:
            for name, query in _contents(declared, model).items():
                _store(connection, name, query)
    _hash_matrices(connection)
    return content_hash(connection)


def content_hash(connection: duckdb.DuckDBPyConnection) -> str:
    """The hash of all tables of a build, as hexadecimal digits."""
    rows = connection.execute("FROM record.fingerprints WHERE row_count > 0 ORDER BY table_name").fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _contents(declared: StatedType, model: DataModel) -> dict[str, str]:
    """The queries whose rows are the content of a type: what is shown, and what was stated."""
    shown = ", ".join(quoted(column.name) for column in declared.shown)
    table = quoted(declared.table)
    if isinstance(declared, RelationshipType):
        resolved = f"SELECT subject, object, {shown} FROM main.{table}"
    else:
        schema = "graph" if isinstance(declared, EntityType) else "resolved"
        resolved = f"SELECT {shown} FROM {schema}.{table}"
    ends = "subject, object, " if isinstance(declared, RelationshipType) else ""
    columns = ends + ", ".join(f"x.{quoted(column.name)}" for column in declared.columns)
    stated = f"""SELECT {columns}, f.source, f.release, f.name AS _name, x._row
        FROM stated.{table} AS x JOIN record.files AS f USING (_file)"""
    return {f"resolved.{declared.table}": resolved, f"stated.{declared.table}": stated}


def _hash_matrices(connection: duckdb.DuckDBPyConnection) -> None:
    known = {name for (name,) in connection.execute("SELECT table_name FROM record.fingerprints").fetchall()}
    matrices = connection.execute("SELECT matrix FROM record.matrices").fetchall()
    present = {f"matrix.{matrix}" for (matrix,) in matrices}
    for (matrix,) in matrices:
        if f"matrix.{matrix}" not in known:
            query = f"SELECT row_id, feature, value, _row FROM matrix.{quoted(matrix)}"
            _store(connection, f"matrix.{matrix}", query)
    for lost in sorted(name for name in known if name.startswith("matrix.") and name not in present):
        connection.execute("DELETE FROM record.fingerprints WHERE table_name = ?", [lost])


def _store(connection: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    # A sum of row hashes does not depend on the order of rows, and a repeated row counts twice.
    connection.execute(
        f"""INSERT OR REPLACE INTO record.fingerprints
        SELECT ?, count(*), coalesce(sum(hash(x)::HUGEINT), 0)::VARCHAR FROM ({query}) AS x""",
        [name],
    )
