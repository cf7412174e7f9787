"""Finding entities by what people call them: symbol, synonym, identifier or name."""

from __future__ import annotations

import time
from typing import Any

import duckdb

from warehouse.answer import Answer
from warehouse.errors import QuestionError
from warehouse.model import FULL_MODEL, DataModel, EntityType
from warehouse.sql import is_text
from warehouse.tables.schema import literal, quoted

#: From the best to the least match; the number is shown nowhere, the word is.
_MATCHES = ("symbol", "identifier", "previous symbol or alias", "name", "beginning", "part")

# The names are kept sorted, identifiers apart, so that equality and beginnings read a few blocks; only where too few
# names begin with the text is every name looked into.
_SELECT = "SELECT entity_id, entity_type, synonym, kind, folded FROM record.synonyms WHERE"
_EQUAL = f"{_SELECT} folded IN (SELECT unnest($identifiers))"
_BEGINNING = f"{_EQUAL} UNION ALL {_SELECT} folded >= $folded AND folded < $beyond"
_ANYWHERE = f"{_EQUAL} UNION ALL {_SELECT} kind <> 'identifier' AND contains(folded, $folded)"

#: A shorter text is part of nearly every name, so that only equality and beginnings are looked for.
_SHORTEST_PART = 3

#: More is not found at once, however large the limit.
_MOST = 1_000_000

_RANKED = """
WITH found AS (
    SELECT entity_id, entity_type, synonym,
        CASE WHEN kind = 'symbol' AND synonym = $text THEN 0
            WHEN kind = 'symbol' AND folded = $folded THEN 0.5
            WHEN kind = 'identifier' AND folded IN (SELECT unnest($identifiers)) THEN 1
            WHEN kind IN ('previous_symbol', 'alias') AND synonym = $text THEN 2
            WHEN kind IN ('previous_symbol', 'alias') AND folded = $folded THEN 2.5
            WHEN folded = $folded THEN 3
            WHEN starts_with(folded, $folded) THEN 4
            ELSE 5 END AS rank
    FROM ({names}) WHERE $type IS NULL OR entity_type = $type
)
SELECT entity_id, entity_type, arg_min(synonym, (rank, length(synonym), synonym)) AS matched, min(rank) AS rank
FROM found GROUP BY entity_id, entity_type
ORDER BY rank, entity_type <> 'Gene', min(length(synonym)), entity_id LIMIT $limit
"""


def search(
    connection: duckdb.DuckDBPyConnection,
    text: str,
    type_name: str | None = None,
    limit: int = 20,
    model: DataModel = FULL_MODEL,
) -> Answer:
    """Find entities: exact symbols first, then identifiers, previous symbols and aliases, names, beginnings, parts.

    Args:
        connection: the build.
        text: what people call it; upper and lower case are one, but the exact spelling comes first.
        type_name: a label or the name of a table, to find only such entities.
        limit: at most so many.
        model: gives the prefixes under which a bare accession is tried.

    Returns:
        An answer with `id`, `type`, `name`, `matched` (the name that fitted) and `match` (how it fitted).

    Raises:
        TargetGraphError: there is no such type.
        QuestionError: the text is no text.
    """
    start = time.perf_counter()
    if not is_text(text):
        raise QuestionError("The text holds bytes that are no UTF-8.")
    label = None if type_name is None else _label(type_name, model)
    found = _ranked(connection, text.strip(), label, min(limit, _MOST), model)
    names = _names(connection, found, model)
    rows = [
        {"id": id_, "type": label, "name": names.get(id_), "matched": matched, "match": _MATCHES[int(rank)]}
        for id_, label, matched, rank in found
    ]
    return Answer(_table(rows), seconds=time.perf_counter() - start)


def _label(type_name: str, model: DataModel) -> str:
    declared = model.named(type_name)
    if not isinstance(declared, EntityType):
        raise QuestionError(f"{type_name} is no type of entities.", f"Entities are: {', '.join(model.entities)}.")
    return declared.label


def _ranked(
    connection: duckdb.DuckDBPyConnection, wanted: str, type_name: str | None, limit: int, model: DataModel
) -> list[tuple[str, str, str, float]]:
    folded = wanted.lower()
    if not folded:
        return []
    prefixes = sorted({prefix for entity in model.entities.values() for prefix in entity.references})
    parameters: dict[str, Any] = {
        "text": wanted,
        "folded": folded,
        "identifiers": [folded, *(f"{prefix}:{folded}" for prefix in prefixes)],
        "type": type_name,
        "limit": limit,
    }
    beginning = {**parameters, "beyond": folded + "\U0010ffff"}
    rows = connection.execute(_RANKED.format(names=_BEGINNING), beginning).fetchall()
    if len(rows) < limit and len(folded) >= _SHORTEST_PART:
        rows = connection.execute(_RANKED.format(names=_ANYWHERE), parameters).fetchall()
    return rows


def _names(
    connection: duckdb.DuckDBPyConnection, found: list[tuple[str, str, str, float]], model: DataModel
) -> dict[str, str]:
    """The names that are shown for what was found, read from the tables of the types that were found."""
    names: dict[str, str] = {}
    for label in sorted({label for _id, label, _matched, _rank in found}):
        ids = ", ".join(literal(id_) for id_, of_label, _matched, _rank in found if of_label == label)
        table = quoted(model.entities[label].table)
        names |= dict(connection.execute(f"SELECT id, name FROM graph.{table} WHERE id IN ({ids})").fetchall())
    return names


def _table(rows: list[dict[str, Any]]) -> Any:
    import polars as pl

    return pl.DataFrame(rows, schema=dict.fromkeys(("id", "type", "name", "matched", "match"), pl.String)).to_arrow()
