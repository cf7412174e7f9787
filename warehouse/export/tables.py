"""The public tables as files, one each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from warehouse.errors import TargetGraphError
from warehouse.model import DataModel
from warehouse.progress import Progress
from warehouse.tables.schema import literal, quoted

_OPTIONS = {
    "parquet": "FORMAT parquet, COMPRESSION zstd",
    "csv": "FORMAT csv, HEADER, DELIMITER ','",
    "tsv": "FORMAT csv, HEADER, DELIMITER '\t'",
}
_RECORDS = (
    "synonyms",
    "merges",
    "conflicts",
    "quarantine",
    "releases",
    "sources",
    "matrices",
    "matrix_samples",
    "documents",
)


@dataclass(frozen=True)
class Written:
    """What an export wrote.

    Args:
        files: the files, without the manifest.
        counts: rows by table, or nodes and relationships by type.
        notes: what the manifest tells beside that, by name.
    """

    files: list[Path]
    counts: dict[str, int]
    notes: dict[str, Any] = field(default_factory=dict)


def write(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    file_format: str,
    chosen: Collection[str],
    *,
    model: DataModel,
    progress: Progress,
) -> Written:
    """Write public tables; none chosen = all that have rows.

    Raises:
        TargetGraphError: a table is not public, or a file cannot be written.
    """
    public = _public(connection, model)
    unknown = sorted(set(chosen) - set(public))
    if unknown:
        raise TargetGraphError(f"There is no table {', '.join(unknown)}.", f"Tables: {', '.join(public)}")
    names = list(chosen) or [name for name in public if _count(connection, name)]
    counts: dict[str, int] = {}
    with progress.task("export", total=len(names), unit="tables") as task:
        for name in names:
            task.describe(name)
            counts[name] = _write(connection, name, folder / f"{name}.{file_format}", file_format)
            task.advance(1)
    return Written([folder / f"{name}.{file_format}" for name in counts], counts)


def copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path, options: str) -> int:
    """Write the rows of a query to a file and give their number.

    Raises:
        TargetGraphError: the file cannot be written.
    """
    try:
        return int(connection.execute(f"COPY ({query}) TO {literal(str(path))} ({options})").fetchall()[0][0])
    except duckdb.IOException as error:
        raise TargetGraphError(f"{path} cannot be written: {str(error).splitlines()[0]}") from error


def _public(connection: duckdb.DuckDBPyConnection, model: DataModel) -> list[str]:
    matrices = [name for (name,) in connection.execute("SELECT matrix FROM record.matrices ORDER BY 1").fetchall()]
    return [*(declared.table for declared in model), *_RECORDS, *matrices]


def _count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM (FROM main.{quoted(name)} LIMIT 1)").fetchall()[0][0])


def _write(connection: duckdb.DuckDBPyConnection, name: str, path: Path, file_format: str) -> int:
    columns = connection.execute(f"DESCRIBE main.{quoted(name)}").fetchall()
    shown = ", ".join(
        f"array_to_string({quoted(column)}, '|') AS {quoted(column)}"
        if file_format != "parquet" and kind.endswith("[]")
        else quoted(column)
        for column, kind, *_rest in columns
    )
    return copy(connection, f"SELECT {shown} FROM main.{quoted(name)}", path, _OPTIONS[file_format])
