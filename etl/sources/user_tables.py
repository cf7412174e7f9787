"""A user's own tables of genes and samples, genes in rows or in columns; each file is a cohort."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import polars as pl

from etl.formats.user_table import IDS, NAMES, UserTable, is_table
from etl.rows import Rows
from etl.source import Licence, Source, SourceFile
from etl.sources._observed import cohort_id, matrix_name
from etl.sources._tcga import first_of_each, is_unnamed, long_columns, long_rows, one_column_each, samples, with_numbers
from warehouse.barcodes import is_barcode, sample_of
from warehouse.statements import ROW, Matrix, Stated, entities


def table(rows: Rows) -> Iterator[Stated]:
    """`*.matrix.tsv`, `*.matrix.csv`, and any table with a description beside it."""
    rows.ledger.named_after = cohort_id(rows.about["cohort"]), rows.ledger.file
    columns = [name for name in rows.frame.columns if name not in {NAMES, ROW} and not is_unnamed(name)]
    if rows.about["rows"] == "genes":
        row_ids = one_column_each(
            rows, dict(zip(columns, _sample_ids(rows, pl.Series(columns, dtype=pl.String)), strict=True))
        )
        rows = first_of_each(with_numbers(rows, list(row_ids), NAMES), NAMES)
        header = rows.frame.select(pl.col(ROW).first()).join(pl.DataFrame({NAMES: list(row_ids)}), how="cross")
        header = header.with_columns(id=pl.Series(list(row_ids.values()))) if rows.frame.height else header.clear()
        values = long_columns(rows.frame, pl.col(NAMES), row_ids)
    else:
        rows = rows.with_columns(**{IDS: pl.lit(_sample_ids(rows, rows.frame[NAMES]))})
        rows = first_of_each(with_numbers(rows, columns, NAMES), IDS)
        header = rows.frame.select(ROW, NAMES, id=IDS)
        values = long_rows(rows.frame, pl.col(IDS), {name: name for name in columns})
    if header.height:
        yield from _samples(rows, header)
    yield _matrix(rows, values)


def _sample_ids(rows: Rows, names: pl.Series) -> pl.Series:
    """A barcode of TCGA is the TCGA sample; another name is a sample of this cohort, written as in an address.

    `Tumour 1` is `Tumour%201`: two names are never one id.
    """
    own = pl.format("user.sample:{}.{}", pl.lit(cohort_id(rows.about["cohort"]).partition(":")[2]), pl.col("written"))
    texts = names.cast(pl.String)
    written = [None if name is None else quote(name, safe="") for name in texts.to_list()]
    frame = pl.DataFrame({"name": texts, "written": pl.Series(written, dtype=pl.String)})
    return frame.select(pl.coalesce("tcga.sample:" + sample_of(pl.col("name")), own)).to_series()


def _samples(rows: Rows, header: pl.DataFrame) -> Iterator[Stated]:
    cohort = pl.lit(cohort_id(rows.about["cohort"]))
    yield entities("Cohort", header.head(1).select(ROW, id=cohort, name=pl.lit(rows.about["title"])))
    of_tcga = header.filter(is_barcode(pl.col(NAMES)))
    if of_tcga.height:
        yield from samples(of_tcga, NAMES)
    own = header.filter(~is_barcode(pl.col(NAMES)))
    if own.height:
        yield entities("Sample", own.select(ROW, "id", name=NAMES))


def _matrix(rows: Rows, values: pl.DataFrame) -> Matrix:
    about = rows.about
    name, cohort = matrix_name(about["cohort"], "expression"), cohort_id(about["cohort"])
    return Matrix(name, "expression", cohort, about["unit"], "Sample", values, about["prefix"])


SOURCE = Source(
    name="user_tables",
    title="Tables of genes and samples",
    description="Expression of the user's own, as a table of genes and samples; each file is a cohort.",
    homepage="https://www.rfc-editor.org/rfc/rfc4180",
    licence=Licence("the user's own", False, "https://www.rfc-editor.org/rfc/rfc4180"),
    rank=93,
    files=(
        SourceFile(
            "table",
            ("*.csv", "*.tsv", "*.txt"),
            UserTable(),
            table,
            required=False,
            many=True,
            belongs=is_table,
        ),
    ),
    is_public=False,
)
