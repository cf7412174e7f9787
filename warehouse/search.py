"""Finding entities by what people call them: symbol, synonym, identifier or name."""

from __future__ import annotations

import time
from typing import Any, TypeAlias

import duckdb

from warehouse.answer import Answer
from warehouse.errors import QuestionError
from warehouse.model import FULL_MODEL, DataModel, EntityType
from warehouse.sql import is_text
from warehouse.tables.schema import literal, quoted

#: From the best to the least match; the number is shown nowhere, the word is.
_MATCHES = ("symbol", "identifier", "previous symbol or alias", "name", "beginning", "part", "near")

# The names are kept sorted, identifiers apart, so that equality and beginnings read a few blocks; only where too few
# names begin with the text is every name looked into.
_SELECT = "SELECT entity_id, entity_type, synonym, kind, folded, sources FROM record.synonyms WHERE"
_EQUAL = f"{_SELECT} folded IN (SELECT unnest($identifiers))"
_BEGINNING = f"{_EQUAL} UNION ALL {_SELECT} folded >= $folded AND folded < $beyond"
_ANYWHERE = f"{_EQUAL} UNION ALL {_SELECT} kind <> 'identifier' AND contains(folded, $folded)"

#: A typing error: the first letter is right, one other letter is not, or two in a long text.
_NEAR = f"""{_SELECT} kind <> 'identifier' AND folded >= $first AND folded < $first_beyond
    AND abs(length(folded) - length($folded)) <= $errors AND damerau_levenshtein(folded, $folded) <= $errors"""
_SHORTEST_NEAR, _LONG = 4, 8

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
            WHEN contains(folded, $folded) THEN 5
            ELSE 6 + damerau_levenshtein(folded, $folded) / 10.0 END AS rank, sources
    FROM ({names}) WHERE ($type IS NULL OR entity_type = $type)
        AND ($source IS NULL OR list_contains(sources, $source))
)
SELECT entity_id, entity_type, arg_min(synonym, (rank, length(synonym), synonym)) AS matched, min(rank) AS rank,
    list_sort(list_distinct(flatten(list(sources)))) AS sources
FROM found GROUP BY entity_id, entity_type
ORDER BY rank, entity_type <> 'Gene', min(length(synonym)), entity_id LIMIT $limit
"""


#: Id, type, the name that fitted, how well, and who uses it.
_Found: TypeAlias = tuple[str, str, str, float, list[str]]


def search(
    connection: duckdb.DuckDBPyConnection,
    text: str,
    type_name: str | None = None,
    limit: int = 20,
    model: DataModel = FULL_MODEL,
    *,
    source: str | None = None,
) -> Answer:
    """Find entities: exact symbols first, then identifiers, previous symbols and aliases, names, beginnings, parts.

    Where nothing at all fits, names are looked for that differ by a typing error.

    Args:
        connection: the build.
        text: what people call it; upper and lower case are one, but the exact spelling comes first.
        type_name: a label or the name of a table, to find only such entities.
        limit: at most so many.
        model: gives the prefixes under which a bare accession is tried.
        source: find only by names that this source uses.

    Returns:
        An answer with `id`, `type`, `name`, `matched` (the name that fitted), `match` (how it fitted) and `sources`
        (who uses a name that fitted).

    Raises:
        TargetGraphError: there is no such type.
        QuestionError: the text is no text.
    """
    start = time.perf_counter()
    if not is_text(text):
        raise QuestionError("The text holds bytes that are no UTF-8.")
    label = None if type_name is None else _label(type_name, model)
    found = _ranked(connection, text.strip(), (label, source), min(limit, _MOST), model)
    names = _names(connection, found, model)
    rows = [
        {
            "id": id_,
            "type": label,
            "name": names.get(id_),
            "matched": matched,
            "match": _MATCHES[int(rank)],
            "sources": sources,
        }
        for id_, label, matched, rank, sources in found
    ]
    return Answer(_table(rows), seconds=time.perf_counter() - start)


def _label(type_name: str, model: DataModel) -> str:
    declared = model.named(type_name)
    if not isinstance(declared, EntityType):
        raise QuestionError(f"{type_name} is no type of entities.", f"Entities are: {', '.join(model.entities)}.")
    return declared.label


def _ranked(
    connection: duckdb.DuckDBPyConnection,
    wanted: str,
    only: tuple[str | None, str | None],
    limit: int,
    model: DataModel,
) -> list[_Found]:
    """What fits a text, among the entities of a type and the names of a source where they are given."""
    folded = wanted.lower()
    if not folded:
        return []
    prefixes = sorted({prefix for entity in model.entities.values() for prefix in entity.references})
    parameters: dict[str, Any] = {
        "text": wanted,
        "folded": folded,
        "identifiers": [folded, *(f"{prefix}:{folded}" for prefix in prefixes)],
        "type": only[0],
        "source": only[1],
        "limit": limit,
    }
    beginning = {**parameters, "beyond": folded + "\U0010ffff"}
    rows = connection.execute(_RANKED.format(names=_BEGINNING), beginning).fetchall()
    if len(rows) < limit and len(folded) >= _SHORTEST_PART:
        rows = connection.execute(_RANKED.format(names=_ANYWHERE), parameters).fetchall()
    if not rows and len(folded) >= _SHORTEST_NEAR:
        first = {"first": folded[0], "first_beyond": folded[0] + "\U0010ffff", "errors": 1 + (len(folded) >= _LONG)}
        rows = connection.execute(_RANKED.format(names=_NEAR), {**parameters, **first}).fetchall()
    return rows


def _names(connection: duckdb.DuckDBPyConnection, found: list[_Found], model: DataModel) -> dict[str, str]:
    """The names that are shown for what was found, read from the tables of the types that were found."""
    names: dict[str, str] = {}
    for label in sorted({label for _id, label, *_rest in found}):
        ids = ", ".join(literal(id_) for id_, of_label, *_rest in found if of_label == label)
        table = quoted(model.entities[label].table)
        names |= dict(connection.execute(f"SELECT id, name FROM graph.{table} WHERE id IN ({ids})").fetchall())
    return names


def _table(rows: list[dict[str, Any]]) -> Any:
    import polars as pl

    texts = dict.fromkeys(("id", "type", "name", "matched", "match"), pl.String)
    return pl.DataFrame(rows, schema={**texts, "sources": pl.List(pl.String)}).to_arrow()
