"""The gate at the end of every build: what does not pass is not published."""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from warehouse.errors import GateError
from warehouse.model.schema import DataModel, EntityType, RelationshipType, StatedType
from warehouse.tables.schema import ORDINAL_SHIFT, ordinals, quoted, resolved_table


def verify(
    connection: duckdb.DuckDBPyConnection, model: DataModel, changed: Collection[str] | None = None
) -> tuple[dict[str, int], float]:
    """Check keys, references, ends and provenance of a build.

    Args:
        connection: the build.
        model: the declarations.
        changed: the tables that were made again since the last gate; None = all.

    Returns:
        The number of rows of every resolved table, and the share of statements that name their origin.

    Raises:
        GateError: a check failed; the message lists every failure.
    """
    failures: list[str] = []
    for declared in model:
        if (changed is None or declared.table in changed) and _filled(connection, declared):
            failures += _failures(connection, declared, model)
    share = provenance_share(connection, model)
    if share != 1.0:
        failures.append(f"provenance: only {share:.6f} of the statements name source, release, file and row")
    if failures:
        raise GateError("The build did not pass its gate:\n" + "\n".join(f"  {failure}" for failure in failures))
    return counts(connection, model), share


def counts(connection: duckdb.DuckDBPyConnection, model: DataModel) -> dict[str, int]:
    """The number of rows by name of the type."""
    tables = {entity.label: f"graph.{quoted(entity.table)}" for entity in model.entities.values()}
    tables |= {name: f"graph.{quoted(declared.table)}" for name, declared in model.relationships.items()}
    tables |= {name: f"resolved.{quoted(name)}" for name in model.tables}
    return dict(zip(tables, _counts(connection, [f"FROM {table}" for table in tables.values()]), strict=True))


def provenance_share(connection: duckdb.DuckDBPyConnection, model: DataModel) -> float:
    """The share of statements and matrix values that name source, release, file and row; 1.0 behind the gate."""
    tables = _provenance_tables(connection, model)
    rows = dict(zip(tables, _counts(connection, [f"FROM {table}" for table in tables]), strict=True))
    named = sum(
        _count(
            connection,
            f"""FROM {table} AS x JOIN record.files AS f USING (_file)
            WHERE x._row >= 1 AND f.source IS NOT NULL AND f.release IS NOT NULL AND f.name IS NOT NULL""",
        )
        for table in tables
        if rows[table]
    )
    return named / sum(rows.values()) if any(rows.values()) else 1.0


def _provenance_tables(connection: duckdb.DuckDBPyConnection, model: DataModel) -> list[str]:
    matrices = connection.execute("SELECT matrix FROM record.matrices ORDER BY matrix").fetchall()
    return [f"stated.{quoted(d.table)}" for d in model] + [f"matrix.{quoted(name)}" for (name,) in matrices]


def _filled(connection: duckdb.DuckDBPyConnection, declared: StatedType) -> bool:
    return bool(connection.execute(f"SELECT EXISTS (FROM {resolved_table(declared)})").fetchall()[0][0])


def _failures(connection: duckdb.DuckDBPyConnection, declared: StatedType, model: DataModel) -> list[str]:
    if isinstance(declared, EntityType):
        return _entity_failures(connection, declared)
    return _relationship_failures(connection, declared, model) if isinstance(declared, RelationshipType) else []


def _entity_failures(connection: duckdb.DuckDBPyConnection, entity: EntityType) -> list[str]:
    table = f"graph.{quoted(entity.table)}"
    repeated = _count(connection, f"FROM (SELECT id FROM {table} GROUP BY id HAVING count(*) > 1 OR id IS NULL)")
    return [f"{entity.label}: {repeated} ids stand more than once or are empty"] if repeated else []


def _relationship_failures(
    connection: duckdb.DuckDBPyConnection, declared: RelationshipType, model: DataModel
) -> list[str]:
    """Ends exist and are of declared types; the ends and the key identify a relationship."""
    table = f"graph.{quoted(declared.table)}"
    numbers = ordinals(model)
    allowed = {
        (numbers[model.entities[subject].table], numbers[model.entities[object_].table])
        for subject, object_ in declared.ends
    }
    pairs = connection.execute(f"SELECT DISTINCT _s >> {ORDINAL_SHIFT}, _o >> {ORDINAL_SHIFT} FROM {table}").fetchall()
    wrong = [pair for pair in pairs if pair not in allowed]
    failures = [f"{declared.name}: ends of undeclared types"] if wrong else []
    for end in ("_s", "_o"):
        nodes = " UNION ALL ".join(
            f"SELECT _nid FROM graph.{quoted(model.entities[label].table)}" for label in sorted(declared.labels)
        )
        lost = _count(connection, f"FROM {table} ANTI JOIN ({nodes}) AS n ON n._nid = {end}")
        failures += [f"{declared.name}: {lost} ends that do not exist"] if lost else []
    key = ", ".join(quoted(name) for name in ("_s", "_o", *declared.key))
    repeated = _count(connection, f"FROM (SELECT {key} FROM {table} GROUP BY {key} HAVING count(*) > 1)")
    return failures + ([f"{declared.name}: {repeated} relationships stand twice"] if repeated else [])


def _counts(connection: duckdb.DuckDBPyConnection, bodies: list[str]) -> list[int]:
    """Several counts by one statement: of a small build each takes less time than its statement would."""
    parts = [f"SELECT {place} AS place, count(*) AS n {body}" for place, body in enumerate(bodies)]
    rows = connection.execute(" UNION ALL ".join(parts) + " ORDER BY place").fetchall() if parts else []
    return [int(count) for _place, count in rows]


def _count(connection: duckdb.DuckDBPyConnection, body: str) -> int:
    return int(connection.execute(f"SELECT count(*) {body}").fetchall()[0][0])
