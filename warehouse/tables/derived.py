"""What the warehouse itself says: its sources and releases as nodes, and the values on which sources disagree."""

from __future__ import annotations

import duckdb

from warehouse.model.schema import DataModel
from warehouse.tables.schema import ORDINAL_SHIFT, literal, quoted

#: The entity types that are made from the book-keeping, not from statements.
ENTITY_TABLES = frozenset({"source", "release"})

_EVIDENCE = """NULL::VARCHAR[] AS data_sources, NULL::VARCHAR[] AS pubmed_ids, NULL::VARCHAR[] AS licences,
    'asserted' AS evidence"""


def make_entities(connection: duckdb.DuckDBPyConnection, ordinals: dict[str, int]) -> set[str]:
    """Make the nodes of sources and releases; return their tables."""
    connection.execute(
        f"""CREATE OR REPLACE TABLE graph.source AS
        SELECT {ordinals["source"] << ORDINAL_SHIFT} + row_number() OVER () - 1 AS _nid,
            'targetgraph.source:' || source AS id, title AS name, licence, homepage,
            rank::BIGINT AS rank, [source] AS sources
        FROM (FROM record.sources ORDER BY source)"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TABLE graph.release AS
        SELECT {ordinals["release"] << ORDINAL_SHIFT} + row_number() OVER () - 1 AS _nid,
            'targetgraph.release:' || source || '.' || replace(release, ' ', '_') AS id,
            source || ' ' || release AS name, release AS version, [source] AS sources
        FROM (SELECT DISTINCT source, release FROM record.files ORDER BY ALL)"""
    )
    for table in sorted(ENTITY_TABLES):
        connection.execute(
            f"CREATE OR REPLACE TABLE identity.{table} AS SELECT id AS reference, _nid, id FROM graph.{table}"
        )
    return set(ENTITY_TABLES)


def make_relationships(connection: duckdb.DuckDBPyConnection, model: DataModel, ordinals: dict[str, int]) -> set[str]:
    """Make the relationships to sources and releases; return their tables."""
    connection.execute(
        f"""CREATE OR REPLACE TABLE graph.has_release AS
        SELECT {ordinals["has_release"] << ORDINAL_SHIFT} + row_number() OVER () - 1 AS _rid, *
        FROM (SELECT s._nid AS _s, r._nid AS _o, {_EVIDENCE}, r.sources
            FROM graph.release AS r JOIN graph.source AS s ON s.id = 'targetgraph.source:' || r.sources[1]
            ORDER BY _s, _o)"""
    )
    nodes = " UNION ALL ".join(
        f"SELECT {literal(label)} AS label, id, _nid FROM graph.{quoted(entity.table)}"
        for label, entity in model.entities.items()
        if entity.table not in ENTITY_TABLES
    )
    connection.execute(
        f"""CREATE OR REPLACE TABLE graph.disputed_value AS
        SELECT {ordinals["disputed_value"] << ORDINAL_SHIFT} + row_number() OVER () - 1 AS _rid, *
        FROM (SELECT n._nid AS _s, s._nid AS _o, d.property, d.value,
                CASE WHEN d.shown THEN 'yes' ELSE 'no' END AS shown, f.release,
                f.name AS file, d._row AS "row", {_EVIDENCE}, [f.source] AS sources
            FROM record.disputes AS d JOIN record.files AS f USING (_file)
            JOIN ({nodes}) AS n ON n.label = d.entity_type AND n.id = d.entity_id
            JOIN graph.source AS s ON s.id = 'targetgraph.source:' || f.source
            QUALIFY row_number() OVER (PARTITION BY n._nid, s._nid, property, value ORDER BY f.precedence, d._row) = 1
            ORDER BY _s, _o, property, value)"""
    )
    return {"has_release", "disputed_value"}
