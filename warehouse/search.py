"""Finding entities by what people call them: symbol, synonym, identifier or name."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb

from warehouse.answer import Answer, to_polars
from warehouse.barcodes import references_of
from warehouse.errors import QuestionError
from warehouse.identifier_forms import form_of, parts_of
from warehouse.model import FULL_MODEL, DataModel, EntityType
from warehouse.sql import is_text
from warehouse.tables.schema import literal, quoted

if TYPE_CHECKING:
    import polars as pl

#: From the best to the least match; the number is shown nowhere, the word is.
_MATCHES = ("symbol", "identifier", "previous symbol or alias", "name", "beginning", "part", "near")

# The names of a type are kept sorted, identifiers apart: each part below reads the blocks that may hold it, once.
_SELECT = "SELECT entity_id, entity_type, synonym, kind, folded, sources FROM record.synonyms WHERE"
_BEGINS = "folded >= $folded AND folded < $beyond"
_IDENTIFIERS = f"""{_SELECT} kind = 'identifier' AND folded IN ({{identifiers}})
    UNION ALL {_SELECT} kind = 'identifier' AND {_BEGINS} AND folded NOT IN ({{identifiers}})"""
_BEGINNING = f"{_SELECT} kind <> 'identifier' AND {_BEGINS}"
_ANYWHERE = f"{_SELECT} kind <> 'identifier' AND contains(folded, $folded)"

#: A typing error: the first letter is right, one other letter is not, or two in a long text. The exact distance is
#: costly: it is measured where some piece of the text stands unharmed and the cheap distance, for which an exchange of
#: two letters counts twice, is small.
_NEAR = f"""{_SELECT} kind <> 'identifier' AND folded >= $first AND folded < $first_beyond
    AND length(folded) BETWEEN length($folded) - $errors AND length($folded) + $errors AND ({{pieces}})
    AND CASE WHEN levenshtein(folded, $folded) <= 2 * $errors
        THEN damerau_levenshtein(folded, $folded) <= $errors ELSE false END"""
_SHORTEST_NEAR, _LONG = 4, 8

#: A shorter text is part of nearly every name, so that only equality and beginnings are looked for.
_SHORTEST_PART = 3

#: Names beyond so many are neither ranked nor counted, unless more entities are asked for.
_MOST_NAMES = 20_000

#: More is not found at once, however large the limit.
_MOST = 1_000_000

_RANKED = """
SELECT entity_id, entity_type, synonym, length(synonym) AS length,
    CASE WHEN kind = 'symbol' AND synonym = $text THEN 0
        WHEN kind = 'symbol' AND folded = $folded THEN 0.5
        WHEN kind = 'identifier' AND folded IN ({identifiers}) THEN 1
        WHEN kind IN ('previous_symbol', 'alias') AND synonym = $text THEN 2
        WHEN kind IN ('previous_symbol', 'alias') AND folded = $folded THEN 2.5
        WHEN folded = $folded THEN 3
        WHEN starts_with(folded, $folded) THEN 4
        WHEN contains(folded, $folded) THEN 5
        ELSE 6 + damerau_levenshtein(folded, $folded) / 10.0 END::DOUBLE AS rank, sources
FROM ({names}) ORDER BY rank, length, synonym, entity_id, entity_type, kind LIMIT $most
"""


@dataclass(frozen=True)
class Found(Answer):
    """What a search found: the best rows, and how much there is beside them.

    Args:
        types: how many entities of each type fit, the most first, whatever type was asked for.
        sources: how many entities each source calls so, the most first, whatever source was asked for.
        total: how many entities fit; the rows are the best of them.
    """

    types: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, int] = field(default_factory=dict)
    total: int = 0


def search(
    connection: duckdb.DuckDBPyConnection,
    text: str,
    type_name: str | None = None,
    limit: int = 20,
    model: DataModel = FULL_MODEL,
    *,
    source: str | None = None,
) -> Found:
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
        (who uses a name that fitted), and the counts by type and source. At most 20,000 names are counted.

    Raises:
        TargetGraphError: there is no such type.
        QuestionError: the text is no text.
    """
    start = time.perf_counter()
    if not is_text(text):
        raise QuestionError("The text holds bytes that are no UTF-8.")
    label = None if type_name is None else _label(type_name, model)
    wanted, limit = text.strip(), min(limit, _MOST)
    names = _fitting(connection, wanted, limit, model) if wanted else _nothing()
    if len(wanted) >= _SHORTEST_NEAR and _only(names, label, source).is_empty():
        names = _near(connection, wanted, limit)
    entities = _entities(_only(names, label, source))
    best = entities.head(limit)
    shown = _shown(connection, best, _only(names, label, source), model)
    return Found(
        shown.to_arrow(),
        truncated=entities.height > limit,
        types=_counts(_entities(_only(names, None, source))["entity_type"]),
        sources=_counts(_by_source(_only(names, label, None))["sources"]),
        total=entities.height,
        seconds=time.perf_counter() - start,
    )


def _label(type_name: str, model: DataModel) -> str:
    declared = model.named(type_name)
    if not isinstance(declared, EntityType):
        raise QuestionError(f"{type_name} is no type of entities.", f"Entities are: {', '.join(model.entities)}.")
    return declared.label


def _nothing() -> pl.DataFrame:
    import polars as pl

    texts = dict.fromkeys(("entity_id", "entity_type", "synonym"), pl.String)
    return pl.DataFrame(schema={**texts, "length": pl.Int64, "rank": pl.Float64, "sources": pl.List(pl.String)})


def _fitting(connection: duckdb.DuckDBPyConnection, wanted: str, limit: int, model: DataModel) -> pl.DataFrame:
    """The names that are, begin with or contain a text, with their ranks."""
    folded = wanted.lower()
    identifiers = _identifiers(wanted, model)
    others = _ANYWHERE if len(folded) >= _SHORTEST_PART else _BEGINNING
    further = {"beyond": folded + "\U0010ffff"}
    return _ranked(
        connection, f"{_IDENTIFIERS} UNION ALL {others}", wanted, limit, identifiers=identifiers, further=further
    )


def _identifiers(wanted: str, model: DataModel) -> list[str]:
    """The CURIEs that a text, or an identifier that it joins with others, may be."""
    prefixes = sorted({prefix for entity in model.entities.values() for prefix in entity.references})
    found = [wanted.lower()]
    # No accession has a space in it.
    texts = [wanted] if len(wanted.split()) == 1 else []
    for text in (*texts, *(part.text for part in parts_of(wanted) if part.is_identifier)):
        form = form_of(text)
        found += [f"{prefix}:{form.local}" for prefix in ([form.prefix] if form.prefix in prefixes else prefixes)]
        found += [f"{prefix}:{named.lower()}" for prefix, named in references_of(form.local).items()]
        found += [f"{prefix}:{text.lower()}" for prefix in prefixes if text.lower() != form.local]
    return list(dict.fromkeys(found))


def _near(connection: duckdb.DuckDBPyConnection, wanted: str, limit: int) -> pl.DataFrame:
    """The names that differ from a text by a typing error, with their ranks."""
    folded = wanted.lower()
    errors = 1 + (len(folded) >= _LONG)
    # An error harms at most two pieces (where two letters are exchanged), so that one of this many is unharmed.
    count = 2 * errors + 1
    cuts = [len(folded) * number // count for number in range(count + 1)]
    pieces = {f"piece{number}": folded[cuts[number] : cuts[number + 1]] for number in range(count)}
    names = _NEAR.format(pieces=" OR ".join(f"contains(folded, ${name})" for name in pieces))
    further = {"first": folded[0], "first_beyond": folded[0] + "\U0010ffff", "errors": errors, **pieces}
    return _ranked(connection, names, wanted, limit, identifiers=[folded], further=further)


def _ranked(
    connection: duckdb.DuckDBPyConnection,
    names: str,
    wanted: str,
    limit: int,
    *,
    identifiers: list[str],
    further: Mapping[str, Any],
) -> pl.DataFrame:
    """Names with their ranks, the best first.

    Identifiers are bound one by one, not as a list: blocks of the table in which none can stand are passed over.
    """
    bound = {f"identifier{number}": one for number, one in enumerate(identifiers)}
    places = ", ".join(f"${name}" for name in bound)
    text = _RANKED.format(identifiers=places, names=names.replace("{identifiers}", places))
    parameters = {"text": wanted, "folded": wanted.lower(), "most": max(_MOST_NAMES, 4 * limit), **bound, **further}
    return to_polars(connection.sql(text, params=parameters).to_arrow_table())


def _only(names: pl.DataFrame, label: str | None, source: str | None) -> pl.DataFrame:
    """The names of entities of a type, used by a source."""
    import polars as pl

    of_type = names if label is None else names.filter(pl.col("entity_type") == label)
    return of_type if source is None else of_type.filter(pl.col("sources").list.contains(source))


def _entities(names: pl.DataFrame) -> pl.DataFrame:
    """Each entity once, with the best of its names; the best entities first."""
    import polars as pl

    # The names are in their order already.
    best = names.group_by("entity_id", "entity_type", maintain_order=True).agg(
        matched=pl.col("synonym").first(), rank=pl.col("rank").first(), shortest=pl.col("length").min()
    )
    return best.sort("rank", pl.col("entity_type") != "Gene", "shortest", "entity_id", "entity_type")


def _by_source(names: pl.DataFrame) -> pl.DataFrame:
    """Each entity once for each source that uses a name of it."""
    each = names.select("entity_id", "entity_type", "sources").explode("sources")
    return each.drop_nulls().unique()


def _counts(values: pl.Series) -> dict[str, int]:
    """How often each value stands, the most first."""
    counted = values.value_counts().sort("count", values.name, descending=[True, False])
    return dict(counted.iter_rows())


def _shown(
    connection: duckdb.DuckDBPyConnection, best: pl.DataFrame, names: pl.DataFrame, model: DataModel
) -> pl.DataFrame:
    """The rows of the answer: entities with the names that are shown, and who uses the names that fitted."""
    import polars as pl

    keys = ["entity_id", "entity_type"]
    used = _by_source(names.join(best, on=keys, how="semi")).group_by(keys).agg(pl.col("sources").sort())
    called = _names(connection, best, model)
    return best.join(used, on=keys, how="left", maintain_order="left").select(
        id="entity_id",
        type="entity_type",
        name=pl.Series([called.get(id_) for id_ in best["entity_id"]], dtype=pl.String),
        matched="matched",
        match=pl.Series([_MATCHES[int(rank)] for rank in best["rank"]], dtype=pl.String),
        sources="sources",
    )


def _names(connection: duckdb.DuckDBPyConnection, best: pl.DataFrame, model: DataModel) -> dict[str, str]:
    """The names that are shown for entities, read from the tables of their types."""
    names: dict[str, str] = {}
    for (label,), of_type in best.group_by("entity_type", maintain_order=True):
        ids = ", ".join(literal(id_) for id_ in of_type["entity_id"])
        table = quoted(model.entities[str(label)].table)
        names |= dict(connection.execute(f"SELECT id, name FROM graph.{table} WHERE id IN ({ids})").fetchall())
    return names
