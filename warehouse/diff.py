"""What differs between two builds: rows by type and source, and which rows."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from warehouse.home import Build
from warehouse.interruption import interruptible
from warehouse.model import MODEL, DataModel, EntityType, RelationshipType, StatedType
from warehouse.tables.schema import open_aside, quoted

_CHANGES = ("added", "removed", "changed")


@dataclass(frozen=True)
class Difference:
    """What differs between two builds.

    Args:
        by_source: `type`, `source`, `before`, `after`, `added`, `removed`, `changed`; only what differs. A row that two
            sources state counts for each of them.
        rows: `type`, `change`, `key`, `sources`: the rows themselves.
    """

    by_source: pl.DataFrame
    rows: pl.DataFrame


def difference(before: Build, after: Build, model: DataModel = MODEL) -> Difference:
    """Compare two builds; types whose content hash is equal are not looked into.

    Raises:
        BuildError: one of them cannot be opened.
    """
    with (
        open_aside(before) as old,
        open_aside(after) as new,
        interruptible(old.interrupt),
        interruptible(new.interrupt),
    ):
        changed = [declared for declared in model if _hash(old, declared) != _hash(new, declared)]
        parts = [_compare(declared, old, new) for declared in changed]
    if not parts:
        return Difference(_BY_SOURCE.clear(), _ROWS.clear())
    compared = pl.concat(parts)
    rows = compared.filter(pl.col("change") != "same").select("type", "change", "key", "sources")
    return Difference(_counts(compared), rows.sort("type", "change", "key"))


_BY_SOURCE = pl.DataFrame(
    schema={"type": pl.String, "source": pl.String, **dict.fromkeys(("before", "after", *_CHANGES), pl.Int64)}
)
_ROWS = pl.DataFrame(schema={"type": pl.String, "change": pl.String, "key": pl.String, "sources": pl.List(pl.String)})


def _hash(connection: duckdb.DuckDBPyConnection, declared: StatedType) -> object:
    found = connection.execute(
        "SELECT row_count, content_hash FROM record.fingerprints WHERE table_name = ?", [f"resolved.{declared.table}"]
    ).fetchall()
    return found[0] if found else (0, "0")


def _compare(declared: StatedType, old: duckdb.DuckDBPyConnection, new: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Every key of a type with what became of it."""
    name = declared.label if isinstance(declared, EntityType) else declared.name
    before, after = (_content(connection, declared) for connection in (old, new))
    joined = before.join(after, on="key", how="full", coalesce=True, suffix="_after")
    change = (
        pl.when(pl.col("hash").is_null())
        .then(pl.lit("added"))
        .when(pl.col("hash_after").is_null())
        .then(pl.lit("removed"))
        .when(pl.col("hash") != pl.col("hash_after"))
        .then(pl.lit("changed"))
        .otherwise(pl.lit("same"))
    )
    sources = pl.coalesce("sources_after", "sources")
    return joined.select(
        type=pl.lit(name), change=change, key="key", sources=sources, before="sources", after="sources_after"
    )


def _content(connection: duckdb.DuckDBPyConnection, declared: StatedType) -> pl.DataFrame:
    """The keys, row hashes and sources of a type; an older build may lack the table."""
    if isinstance(declared, RelationshipType):
        key = "concat_ws(' ', subject, {}, object{})".format(
            f"'{declared.name}'", "".join(f", {quoted(column)}" for column in declared.key)
        )
    elif isinstance(declared, EntityType):
        key = "id"
    else:
        key = "concat_ws(' ', " + ", ".join(quoted(column) for column in declared.key) + ")"
    try:
        relation = connection.sql(
            f"SELECT {key} AS key, hash(x)::VARCHAR AS hash, sources FROM main.{quoted(declared.table)} AS x"
        )
    except duckdb.CatalogException:
        return pl.DataFrame(schema={"key": pl.String, "hash": pl.String, "sources": pl.List(pl.String)})
    frame: pl.DataFrame = relation.pl()
    return frame


def _counts(compared: pl.DataFrame) -> pl.DataFrame:
    """Count by source; a row that stays by the word of others is removed for a source that fell silent."""
    said = {side: pl.col(side).fill_null([]) for side in ("before", "after")}
    each = compared.with_columns(**said, source=said["before"].list.set_union(said["after"])).explode("source")
    was, stands = (pl.col(side).list.contains(pl.col("source")) for side in ("before", "after"))
    told = each.select(
        "type",
        "source",
        before=was,
        after=stands,
        added=~was & stands,
        removed=was & ~stands,
        changed=was & stands & (pl.col("change") == "changed"),
    )
    counts = told.group_by("type", "source").agg(pl.all().sum().cast(pl.Int64))
    differs = pl.any_horizontal(pl.col(change) > 0 for change in _CHANGES)
    return counts.filter(differs).sort("type", "source")
