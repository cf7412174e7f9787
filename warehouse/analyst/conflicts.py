"""Every value that anyone stated of an entity, who stated it, and which rule chose the one that is shown."""

from __future__ import annotations

import time

import duckdb

from warehouse.analyst.identifiers import entity_type, require
from warehouse.answer import Answer
from warehouse.model import MODEL, Combine, DataModel, EntityType, Property
from warehouse.tables.schema import literal, quoted

#: Why a value is the one that is shown, by how the property is combined.
RULES = {
    Combine.PRIORITY: "the source with the best rank, then the newer release",
    Combine.UNION: "all values are united",
    Combine.MINIMUM: "the smallest value",
    Combine.MAXIMUM: "the largest value",
}


def conflicts(
    connection: duckdb.DuckDBPyConnection, text: str, label: str = "Gene", limit: int = 10_000, model: DataModel = MODEL
) -> Answer:
    """List the values of an entity.

    Args:
        connection: a build.
        text: a symbol, name or identifier.
        label: the type of the entity.
        limit: at most so many rows.
        model: the declarations.

    Returns:
        An answer with `property`, `value`, `shown` (whether it is the value, or one of the values, that is shown),
        `disputed` (whether statements of a property with one value differ), `rule`, `source`, `rank`, `release`,
        `file`, `row`.

    Raises:
        QuestionError: there is no such entity, or the text means several.
    """
    start = time.perf_counter()
    declared = entity_type(label, model)
    id_ = require(connection, text, label, model)
    parts = " UNION ALL ".join(_values(declared, column) for column in declared.properties)
    table = connection.sql(
        f"""WITH ids AS (SELECT $id AS id UNION
            SELECT merged_id FROM record.merges WHERE active AND canonical_id = $id),
        stated AS (FROM ({parts}))
        SELECT property, value, shown,
            rule <> {literal(RULES[Combine.UNION])} AND count(DISTINCT value) OVER (PARTITION BY property) > 1
                AS disputed,
            rule,
            f.source, s.rank, f.release, f.name AS file, _row AS "row"
        FROM stated JOIN record.files AS f USING (_file) JOIN record.sources AS s ON s.source = f.source
        ORDER BY property, NOT shown, s.rank, f.release DESC, file, "row", value LIMIT {int(limit) + 1}""",
        params={"id": id_},
    ).to_arrow_table()
    return Answer(table.slice(0, limit), table.num_rows > limit, (), time.perf_counter() - start)


def _values(entity: EntityType, column: Property) -> str:
    """The SQL of the stated values of one property; a list is one row for each of its items."""
    name, table = quoted(column.name), quoted(entity.table)
    listed = column.type.endswith("[]")
    value = f"unnest(x.{name})" if listed else f"x.{name}"
    shown = "list_contains(g.shown_value, v.value)" if listed else "v.value = g.shown_value"
    shown_value = f"CAST({name} AS VARCHAR{'[]' if listed else ''})"
    return f"""SELECT {literal(column.name)} AS property, v.value, coalesce({shown}, false) AS shown,
            {literal(RULES[column.combine])} AS rule, v._file, v._row
        FROM (SELECT CAST({value} AS VARCHAR) AS value, _file, _row
                FROM stated.{table} AS x SEMI JOIN ids USING (id)) AS v,
            (SELECT {shown_value} AS shown_value FROM graph.{table} WHERE id = $id) AS g
        WHERE v.value IS NOT NULL"""
