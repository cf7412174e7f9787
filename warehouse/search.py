"""Finding entities by what people call them: symbol, synonym, identifier or name."""

from __future__ import annotations

import time

import duckdb

from warehouse.answer import Answer
from warehouse.model import MODEL, DataModel

#: From the best to the least match; the number is shown nowhere, the word is.
_MATCHES = ("symbol", "identifier", "previous symbol or alias", "name", "beginning", "part")

_SQL = """
WITH found AS (
    SELECT entity_id, entity_type, synonym, kind,
        CASE WHEN kind = 'symbol' AND synonym = $text THEN 0
            WHEN kind = 'symbol' AND folded = $folded THEN 0.5
            WHEN kind = 'identifier' AND folded IN (SELECT unnest($identifiers)) THEN 1
            WHEN kind IN ('previous_symbol', 'alias') AND synonym = $text THEN 2
            WHEN kind IN ('previous_symbol', 'alias') AND folded = $folded THEN 2.5
            WHEN folded = $folded THEN 3
            WHEN starts_with(folded, $folded) THEN 4
            ELSE 5 END AS rank
    FROM record.synonyms
    WHERE ({condition}) AND ($type IS NULL OR entity_type = $type)
), best AS (
    SELECT entity_id, entity_type, arg_min(synonym, (rank, length(synonym), synonym)) AS matched, min(rank) AS rank,
        min(length(synonym)) AS length
    FROM found GROUP BY entity_id, entity_type
    ORDER BY rank, CASE WHEN entity_type = 'Gene' THEN 0 ELSE 1 END, length, entity_id LIMIT $limit
)
SELECT entity_id AS id, entity_type AS type, e.name, matched,
    ($matches::VARCHAR[])[floor(rank)::INTEGER + 1] AS match
FROM best JOIN main.entities AS e ON e.id = entity_id AND e.type = entity_type
ORDER BY rank, CASE WHEN entity_type = 'Gene' THEN 0 ELSE 1 END, length, entity_id
"""

_EXACT = "folded = $folded OR folded IN (SELECT unnest($identifiers))"
_BEGINNING = f"{_EXACT} OR (folded >= $folded AND folded < $beyond)"
_ANYWHERE = f"{_EXACT} OR contains(folded, $folded)"


def search(
    connection: duckdb.DuckDBPyConnection,
    text: str,
    type_name: str | None = None,
    limit: int = 20,
    model: DataModel = MODEL,
) -> Answer:
    """Find entities: exact symbols first, then identifiers, previous symbols and aliases, names, beginnings, parts.

    Args:
        connection: the build.
        text: what people call it; upper and lower case are one, but the exact spelling comes first.
        type_name: a label, to find only such entities.
        limit: at most so many.
        model: gives the prefixes under which a bare accession is tried.

    Returns:
        An answer with `id`, `type`, `name`, `matched` (the name that fitted) and `match` (how it fitted).
    """
    start = time.perf_counter()
    wanted = text.strip()
    folded = wanted.lower()
    prefixes = sorted({prefix for entity in model.entities.values() for prefix in entity.references})
    parameters = {
        "text": wanted,
        "folded": folded,
        "identifiers": [folded, *(f"{prefix}:{folded}" for prefix in prefixes)],
        "type": type_name,
        "limit": limit,
        "matches": list(_MATCHES),
    }
    answer = None
    for condition in (_BEGINNING, _ANYWHERE):
        extra = {"beyond": folded + "\U0010ffff"} if condition is _BEGINNING else {}
        sql = _SQL.format(condition=condition)
        answer = connection.sql(sql, params=parameters | extra).to_arrow_table()
        # Only where too few names begin with the text is every name looked into.
        if answer.num_rows >= limit or not folded:
            break
    assert answer is not None
    return Answer(answer, seconds=time.perf_counter() - start)
