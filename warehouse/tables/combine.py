"""From several statements about one thing to the one row that is shown.

Most things are stated once: those rows pass through. Only repeated keys are grouped, so the cost follows the
disagreement and not the size.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from warehouse.model.schema import Combine, Property
from warehouse.tables.schema import quoted

_AGGREGATES = {
    # One row may state two values; the value itself decides then, so that threads do not.
    Combine.PRIORITY: "arg_min({0}, (_order::HUGEINT << 64) + hash({0})::HUGEINT) FILTER ({0} IS NOT NULL)",
    Combine.UNION: "list_sort(list_distinct(flatten(list({0}) FILTER ({0} IS NOT NULL))))",
    Combine.MINIMUM: "min({0})",
    Combine.MAXIMUM: "max({0})",
    Combine.SUM: "sum({0})",
}


def combine(connection: duckdb.DuckDBPyConnection, staged: str, key: Sequence[str], columns: Sequence[Property]) -> str:
    """Give the query that yields one row for each key of `staged`: key, columns and `sources`.

    Args:
        connection: the build.
        staged: a table with the key, the columns, `_order` (the smaller, the higher the priority) and `_source`.
        key: the columns that identify a thing.
        columns: the columns to combine; the key is not among them.
    """
    keys = ", ".join(quoted(name) for name in key)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE repeated AS SELECT {keys} FROM {staged} GROUP BY {keys} HAVING count(*) > 1"
    )
    single = ", ".join(quoted(column.name) for column in columns)
    grouped = ", ".join(f"{_AGGREGATES[column.combine].format(quoted(column.name))}" for column in columns)
    return f"""
        SELECT {_listed(keys, single)}, [_source] AS sources FROM {staged} ANTI JOIN repeated USING ({keys})
        UNION ALL
        SELECT {_listed(keys, grouped)}, list_sort(list(DISTINCT _source))
        FROM {staged} SEMI JOIN repeated USING ({keys}) GROUP BY {keys}"""


def _listed(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
