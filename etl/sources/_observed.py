"""What cells and spots state: their cohort, themselves, their positions, values and vectors."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.formats.observed import ObservedRows, ObservedValues, slug
from etl.rows import Rows
from warehouse.errors import SourceError
from warehouse.statements import ROW, Matrix, Stated, entities, table_rows


def observations(rows: Rows) -> Iterator[Stated]:
    """Cells or spots of a user's file, with what it says of them."""
    if not isinstance(rows, ObservedRows):
        raise TypeError("the format does not give cells or spots")
    cohort = cohort_id(rows.cohort)
    rows.ledger.named_after = cohort, rows.origin or rows.ledger.file
    frame = rows.frame
    if frame.height:
        first = frame.head(1).select(ROW, id=pl.lit(cohort), name=pl.lit(rows.title))
        yield entities("Cohort", first)
        yield _observed(rows, cohort)
        annotations = _annotations(rows, cohort)
        if annotations.height:
            yield table_rows("observation_annotations", annotations)
    if rows.positions is not None:
        yield table_rows("observation_positions", rows.positions.with_columns(cohort_id=pl.lit(cohort)), unique=True)
    for values in rows.matrices:
        yield _matrix(rows, values, cohort)


def cohort_id(name: str) -> str:
    """The id of a user's cohort, after its file or folder.

    Raises:
        SourceError: the name has no letter or digit that an id can have.
    """
    if not slug(name):
        raise SourceError(
            f"No cohort can be named after {name!r}, which has no letter from A to Z and no digit.",
            "Rename the file, or the folder of the sample.",
        )
    return f"user.cohort:{slug(name)}"


def matrix_name(cohort: str, suffix: str) -> str:
    """The name of a matrix of a user's cohort."""
    return f"user_{slug(cohort)}_{suffix}"


def _observed(rows: ObservedRows, cohort: str) -> Stated:
    known = [pl.col(column).alias(meaning) for meaning, column in rows.known.items()]
    fixed = {"cohort_id": pl.lit(cohort), "row_type": pl.lit(rows.row_type)}
    return table_rows("observations", rows.frame.select(ROW, "row_id", *known, **fixed))


def _annotations(rows: ObservedRows, cohort: str) -> pl.DataFrame:
    """The other columns, one row for each cell and column."""
    used = {"row_id", ROW, *rows.known.values()}
    if rows.positions is not None:
        used |= set(rows.positions.columns)
    others = [name for name in rows.frame.columns if name not in used]
    if not others:
        return pl.DataFrame()
    # One by one: a column of the file may itself be called `name`.
    parts = [rows.frame.select("row_id", ROW, name=pl.lit(other), text=other) for other in others]
    long = pl.concat(parts).drop_nulls("text")
    number = pl.col("text").cast(pl.Float64, strict=False)
    is_number = pl.col("name").is_in(sorted(rows.numeric)) & number.is_finite()
    return long.with_columns(cohort_id=pl.lit(cohort), number=pl.when(is_number).then(number).cast(pl.String))


def _matrix(rows: ObservedRows, values: ObservedValues, cohort: str) -> Matrix:
    kind = "embedding" if values.is_vector else f"{rows.row_type}_expression"
    return Matrix(
        matrix_name(rows.cohort, values.suffix),
        kind,
        cohort,
        values.unit,
        rows.row_type,
        values.frame,
        "" if values.is_vector else values.prefix,
        values.layers,
        all_rows=rows.all_rows,
        all_features=values.features,
    )
