"""Which entity each feature of a matrix means: one rule, kept with the build.

A gene is found by any form of its name (`warehouse.tables.features`), another entity by its reference. Of several
features of a matrix that mean one entity (TP53 and P53) one is used: the entity's own id or symbol goes first, then the
row that comes first in the file; the others are set aside by name and keep their values. Features that are not entities
mean themselves.
"""

from __future__ import annotations

import duckdb

from warehouse.model.schema import DataModel
from warehouse.statements import Reason, Scope
from warehouse.tables.schema import literal, quoted

#: The view `matrix_features`.
MATRIX_FEATURES = """SELECT f.matrix, m.feature_type, f.feature, f.used_id AS feature_id,
        CASE WHEN f.kept <> f.feature THEN 'duplicate_key' ELSE f.reason END AS reason
    FROM record.feature_meanings AS f JOIN record.matrices AS m USING (matrix)"""


def derive(connection: duckdb.DuckDBPyConnection, model: DataModel) -> None:
    """Find anew what every feature of every matrix means; features that mean what another means go to quarantine."""
    connection.execute("DELETE FROM record.feature_meanings")
    connection.execute("DELETE FROM record.quarantine WHERE stage = 'resolve' AND scope = 'row'")
    types = connection.execute("SELECT DISTINCT feature_type FROM record.matrices ORDER BY 1").fetchall()
    for (feature_type,) in types:
        entity = model.entities.get(feature_type)
        connection.execute(_NAMES if entity is None else _meanings(entity.table, feature_type), {"type": feature_type})
    connection.execute(
        f"""INSERT INTO record.quarantine (_file, _row, stage, type, reason, key, detail, scope)
        SELECT m._file, n._row, 'resolve', f.matrix, {literal(Reason.DUPLICATE_KEY.code)}, f.entity_id,
            f.feature || ': ' || f.kept || ' means the same ' || lower(m.feature_type), {literal(Scope.ROW.code)}
        FROM record.feature_meanings AS f JOIN record.matrices AS m USING (matrix)
        JOIN record.matrix_features AS n USING (matrix, feature_code)
        WHERE f.kept <> f.feature ORDER BY f.matrix, f.feature_code"""
    )


def joined(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int]]:
    """By matrix: how many rows and features it has, and how many of the features mean an entity (`features_joined`)."""
    rows = connection.execute(
        """SELECT m.matrix, m.row_count, m.feature_count, count(f.used_id)
        FROM record.matrices AS m LEFT JOIN record.feature_meanings AS f USING (matrix) GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    return {matrix: dict(zip(("rows", "features", "features_joined"), counts, strict=True)) for matrix, *counts in rows}


_NAMES = """INSERT INTO record.feature_meanings (matrix, feature_code, feature)
    SELECT matrix, feature_code, feature FROM record.matrix_features JOIN record.matrices USING (matrix)
    WHERE feature_type = $type ORDER BY matrix, feature_code"""


#: The entity of each feature, why none, and whether the feature is its own id or symbol, by what a feature is.
_GENES = """SELECT n.*, x.gene_id AS entity_id, x.reason,
        n.reference IN (g.id, 'hgnc.symbol:' || g.symbol) IS TRUE AS is_own
    FROM named AS n LEFT JOIN record.features AS x USING (feature_prefix, feature)
    LEFT JOIN graph.gene AS g ON g.id = x.gene_id"""


def _others(table: str) -> str:
    return f"""SELECT n.*, i.id AS entity_id,
            CASE WHEN i.reference IS NULL THEN {literal(Reason.UNKNOWN_REFERENCE.code)}
            WHEN i.id IS NULL THEN {literal(Reason.AMBIGUOUS_REFERENCE.code)} END AS reason,
            (n.reference = i.id) IS TRUE AS is_own
        FROM named AS n LEFT JOIN identity.{quoted(table)} AS i ON i.reference = n.reference"""


def _meanings(table: str, label: str) -> str:
    return f"""INSERT INTO record.feature_meanings
        WITH named AS (
            SELECT f.matrix, f.feature_code, f.feature, f._row, m.feature_prefix,
                concat_ws(':', nullif(m.feature_prefix, ''), f.feature) AS reference
            FROM record.matrix_features AS f JOIN record.matrices AS m USING (matrix) WHERE m.feature_type = $type
        ), meant AS ({_GENES if label == "Gene" else _others(table)}),
        ranked AS (
            SELECT *, CASE WHEN entity_id IS NOT NULL THEN first(feature) OVER (
                PARTITION BY matrix, entity_id ORDER BY is_own DESC, _row, feature) END AS kept
            FROM meant
        )
        SELECT matrix, feature_code, feature, entity_id, CASE WHEN kept = feature THEN entity_id END, reason, kept
        FROM ranked ORDER BY matrix, feature_code"""
