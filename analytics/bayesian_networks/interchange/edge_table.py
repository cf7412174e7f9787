"""Edge tables: tab- or comma-separated text or Parquet with one row an edge.

What this project writes: source, target, freq, beta, edf, delta_bnrc, sign, mean_absolute_ecv. What it reads: any
table with a column for each end; published tables call them source and target, parent and child, from and to.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from analytics.bayesian_networks.interchange.delimited import open_table
from analytics.bayesian_networks.interchange.graph_table import FREQUENCY, GraphTable, column_values, graph_table
from analytics.bayesian_networks.interchange.text import write_text
from warehouse.atomic import new_file
from warehouse.errors import AnalysisError

#: Names of the columns of an edge's ends, as they are met in published tables (small letters).
END_NAMES = (
    ("source", "target"),
    ("parent", "child"),
    ("from", "to"),
    ("src", "dst"),
    ("regulator", "target"),
    ("tf", "target"),
    ("gene1", "gene2"),
    ("node1", "node2"),
)
#: Other names of a column that this project writes.
OTHER_NAMES = {
    "frequency": FREQUENCY,
    "bootstrap": FREQUENCY,
    "probability": FREQUENCY,
    "deltabnrc": "delta_bnrc",
    "deltaecv": "delta_ecv",
    "mean_abs_ecv": "mean_absolute_ecv",
}
#: Columns that are numbers, and an error otherwise.
NUMBERS = (FREQUENCY, "beta", "edf", "delta_bnrc", "sign", "mean_absolute_ecv", "delta_ecv")


def read_edge_table(
    path: Path, *, source: str | None = None, target: str | None = None, separator: str | None = None
) -> GraphTable:
    """Read a table of edges; every further column becomes an attribute.

    Args:
        path: `.parquet`, or text (`.tsv`, `.csv`, `.txt`, also `.gz`).
        source: the column of the parent; None = one of `END_NAMES`.
        target: the column of the child; None = one of `END_NAMES`.
        separator: of text; None = tab, semicolon, comma or blanks, as the first lines show.

    Raises:
        AnalysisError: the file cannot be read, a column is missing or there twice, a row is too short or too long, an
            end is empty, a number is none; with file, line and column.
    """
    if path.suffix == ".parquet":
        frame, places = _read_parquet(path), None
    else:
        frame, places = _read_delimited(path, separator, source, target)
    frame = _with_ends(frame, path, source, target)
    frame = frame.rename({name: OTHER_NAMES[name.lower()] for name in frame.columns if name.lower() in OTHER_NAMES})

    def place(row: int) -> str:
        return f"row {row + 1}" if places is None else places[row]

    for column in frame.columns:
        _verify(frame, column, path, place)
    return graph_table(frame, name=path.name.split(".")[0], path=path, place=place)


def write_edge_table(table: GraphTable, path: Path) -> None:
    """Write the edges: `.parquet`, `.csv`, or tab-separated text for every other name.

    Raises:
        AnalysisError: the file cannot be written.
    """
    _write_frame(table.edges, path)


def write_node_table(table: GraphTable, path: Path) -> None:
    """Write the nodes with their attributes, in the same formats."""
    _write_frame(table.nodes, path)


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise AnalysisError(
            f"{path} cannot be read as Parquet.", "Is it complete? Save it as TSV otherwise."
        ) from error


def _read_delimited(path: Path, separator: str | None, *given: str | None) -> tuple[pl.DataFrame, list[str]]:
    table = open_table(path, separator)
    rows = list(table.rows)
    columns = zip(*(cells for _place, cells in rows), strict=True) if rows else ([] for _ in table.header)
    named_columns = zip(table.header, columns, strict=True)
    # Names of rows that R writes before the first column are no attribute of an edge.
    cells = {name: list(column) for name, column in named_columns if name}
    frame = pl.DataFrame([column_values(column).alias(name) for name, column in cells.items()])
    # A name of digits alone is as it is written: 007 is not 7.
    ends = [name for pair in END_NAMES for name in cells if name.lower() in pair]
    written = [
        pl.select(pl.when(frame[name].is_not_null()).then(pl.Series(name, cells[name], pl.String)).alias(name))
        for name in {*ends, *(name for name in given if name in cells)}
    ]
    return frame.with_columns([column.to_series() for column in written]), [place for place, _cells in rows]


def _with_ends(frame: pl.DataFrame, path: Path, source: str | None, target: str | None) -> pl.DataFrame:
    found = {name.lower(): name for name in frame.columns}
    pairs = [(first, second) for first, second in END_NAMES if first in found and second in found]
    first = source or (found[pairs[0][0]] if pairs else None)
    second = target or (found[pairs[0][1]] if pairs else None)
    for given in (first, second):
        if given is None or given not in frame.columns:
            what = "no columns for the ends of an edge" if given is None else f"no column {given}"
            raise AnalysisError(
                f"{path}, line 1: {what}; columns: {', '.join(frame.columns)}.",
                "Name them source and target, or say which they are.",
            )
    renamed = frame.rename({str(first): "source", str(second): "target"})
    return renamed.with_columns(pl.col("source", "target").cast(pl.String).str.strip_chars()).select(
        "source", "target", pl.exclude("source", "target")
    )


def _verify(frame: pl.DataFrame, column: str, path: Path, place: Callable[[int], str]) -> None:
    values = frame[column]
    if column in ("source", "target"):
        empty = (values.is_null() | (values == "")).arg_true()
        if len(empty):
            raise AnalysisError(f"{path}, {place(empty[0])}: the {column} is empty.")
    elif column in NUMBERS and values.dtype == pl.String:
        wrong = (values.cast(pl.Float64, strict=False).is_null() & values.is_not_null()).arg_true()
        raise AnalysisError(f"{path}, {place(wrong[0])}: {column} is {values[wrong[0]]!r}, not a number.")


def _write_frame(frame: pl.DataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        try:
            with new_file(path, durable=False) as unfinished:
                frame.write_parquet(unfinished)
        except OSError as error:
            raise AnalysisError(f"{path} cannot be written: {error.strerror}.") from error
        return
    joined = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    flat = frame.with_columns(pl.col(joined).cast(pl.List(pl.String)).list.join("|")) if joined else frame
    write_text(path, flat.write_csv(separator="," if path.suffix == ".csv" else "\t"))
