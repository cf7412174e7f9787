"""The content of a build as one hash: equal for equal content, whatever the order, the time, the folder or the machine.

Each table has a hash of its own, so that two builds can be compared type by type and a refresh hashes only what it made
again. Internal ids, times and paths take no part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

import duckdb

from warehouse.model.schema import DataModel, RelationshipType, StatedType
from warehouse.tables.schema import at_once, literal, quoted, resolved_table


def update(connection: duckdb.DuckDBPyConnection, model: DataModel, changed: Collection[str] | None = None) -> str:
    """Hash the tables that changed (None = all), keep the hashes in the build, and give the hash of the whole."""
    anew = [declared for declared in model if changed is None or declared.table in changed]
    names = [f"{schema}.{declared.table}" for declared in anew for schema in ("resolved", "stated")]
    # Before the transaction: DuckDB takes no key anew in the one that deleted it.
    connection.execute("DELETE FROM record.fingerprints WHERE list_contains(?, table_name)", [[*names, "documents"]])
    with at_once(connection):
        for declared in anew:
            resolved, stated = _contents(declared)
            _store(connection, f"resolved.{declared.table}", resolved_table(declared), resolved)
            _store(connection, f"stated.{declared.table}", f"stated.{quoted(declared.table)}", stated)
        _hash_matrices(connection)
        # A document may change in what no statement says (places of atoms); a run that reads it must not be the same.
        documents = """SELECT d.entity_type, d.media_type, f.source, f.name AS _name, f.sha256
            FROM record.documents AS d JOIN record.files AS f USING (_file)"""
        _store(connection, "documents", "record.documents", documents)
    return content_hash(connection)


def add(connection: duckdb.DuckDBPyConnection, types: Iterable[StatedType]) -> None:
    """Hash types that no source states, such as predictions, and keep the hashes beside the others."""
    for declared in types:
        resolved, _stated = _contents(declared)
        _store(connection, f"resolved.{declared.table}", resolved_table(declared), resolved)


def content_hash(connection: duckdb.DuckDBPyConnection) -> str:
    """The hash of all tables of a build, as hexadecimal digits."""
    rows = connection.execute("FROM record.fingerprints WHERE row_count > 0 ORDER BY table_name").fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _contents(declared: StatedType) -> tuple[str, str]:
    """The queries whose rows are the content of a type: what is shown, and what was stated."""
    shown = ", ".join(quoted(column.name) for column in declared.shown)
    table = quoted(declared.table)
    if isinstance(declared, RelationshipType):
        resolved = f"SELECT subject, object, {shown} FROM main.{table}"
    else:
        resolved = f"SELECT {shown} FROM {resolved_table(declared)}"
    ends = "subject, object, " if isinstance(declared, RelationshipType) else ""
    columns = ends + ", ".join(f"x.{quoted(column.name)}" for column in declared.columns)
    stated = f"""SELECT {columns}, f.source, f.release, f.name AS _name, x._row
        FROM stated.{table} AS x JOIN record.files AS f USING (_file)"""
    return resolved, stated


def _hash_matrices(connection: duckdb.DuckDBPyConnection) -> None:
    known = {name for (name,) in connection.execute("SELECT table_name FROM record.fingerprints").fetchall()}
    matrices = connection.execute("SELECT matrix, layers FROM record.matrices ORDER BY matrix").fetchall()
    present = {f"matrix.{matrix}" for matrix, _layers in matrices}
    for matrix, layers in matrices:
        if f"matrix.{matrix}" not in known:
            table = f"matrix.{quoted(matrix)}"
            values = ", ".join(f"x.{quoted(name)}" for name in ("value", *layers))
            query = f"""SELECT r.row_id, f.feature, {values}, x._row FROM {table} AS x
                JOIN record.matrix_rows AS r ON r.matrix = {literal(matrix)} AND r.row_code = x.row_code
                JOIN record.matrix_features AS f ON f.matrix = {literal(matrix)} AND f.feature_code = x.feature_code"""
            _store(connection, f"matrix.{matrix}", table, query)
    for lost in sorted(name for name in known if name.startswith("matrix.") and name not in present):
        connection.execute("DELETE FROM record.fingerprints WHERE table_name = ?", [lost])


def _store(connection: duckdb.DuckDBPyConnection, name: str, table: str, query: str) -> None:
    if not connection.execute(f"SELECT EXISTS (FROM {table})").fetchall()[0][0]:
        return
    # A sum of row hashes does not depend on the order of rows, and a repeated row counts twice.
    connection.execute(
        f"""INSERT INTO record.fingerprints
        SELECT ?, count(*), coalesce(sum(hash(x)::HUGEINT), 0)::VARCHAR FROM ({query}) AS x""",
        [name],
    )
