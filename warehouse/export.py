"""The public tables as files for other tools, with a manifest that names build, releases and licences."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import duckdb

from warehouse.errors import TargetGraphError
from warehouse.home import Build
from warehouse.model import MODEL, DataModel
from warehouse.progress import SILENT, Progress
from warehouse.tables.schema import literal, open_aside, quoted

FORMATS = ("parquet", "csv", "tsv")

_OPTIONS = {
    "parquet": "FORMAT parquet, COMPRESSION zstd",
    "csv": "FORMAT csv, HEADER, DELIMITER ','",
    "tsv": "FORMAT csv, HEADER, DELIMITER '\t'",
}
_RECORDS = ("synonyms", "merges", "conflicts", "quarantine", "releases", "sources", "matrices")


def export(
    build: Build,
    folder: Path,
    file_format: str = "parquet",
    *,
    tables: Collection[str] = (),
    model: DataModel = MODEL,
    progress: Progress = SILENT,
) -> list[Path]:
    """Write public tables to a folder, one file each.

    Args:
        build: the build.
        folder: made if it is not there; must be empty, so that no older export is mixed in.
        file_format: one of `FORMATS`; in text formats lists are joined by `|`.
        tables: which; empty = every typed table, relationships and records that have rows.
        model: the declarations.
        progress: told of each table.

    Returns:
        The files, the manifest last.

    Raises:
        TargetGraphError: the folder is not empty, a table is not public, or a file cannot be written.
    """
    _verify_folder(folder)
    with open_aside(build) as connection:
        public = _public(connection, model)
        unknown = sorted(set(tables) - set(public))
        if unknown:
            raise TargetGraphError(f"There is no table {', '.join(unknown)}.", f"Tables: {', '.join(public)}")
        written: dict[str, int] = {}
        chosen = list(tables) or [name for name in public if _count(connection, name)]
        with progress.task("export", total=len(chosen), unit="tables") as task:
            for name in chosen:
                task.describe(name)
                written[name] = _write(connection, name, folder / f"{name}.{file_format}", file_format)
                task.advance(1)
        manifest = _manifest(connection, build, written)
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
    return [*(folder / f"{name}.{file_format}" for name in written), path]


def _verify_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TargetGraphError(f"{folder} cannot be made: {error.strerror}") from error
    if any(folder.iterdir()):
        raise TargetGraphError(f"{folder} is not empty.", "Name a new folder, so that no older export is mixed in.")


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
    query = f"COPY (SELECT {shown} FROM main.{quoted(name)}) TO {literal(str(path))} ({_OPTIONS[file_format]})"
    try:
        return int(connection.execute(query).fetchall()[0][0])
    except duckdb.IOException as error:
        raise TargetGraphError(f"{path} cannot be written: {str(error).splitlines()[0]}") from error


def _manifest(connection: duckdb.DuckDBPyConnection, build: Build, written: dict[str, int]) -> dict[str, object]:
    releases = connection.execute(
        """SELECT s.source, s.title, s.licence, s.redistributable, list_sort(list(DISTINCT f.release)) AS releases
        FROM record.sources AS s JOIN record.files AS f USING (source) GROUP BY ALL ORDER BY s.source"""
    ).fetchall()
    names = ("source", "title", "licence", "redistributable", "releases")
    return {
        "build": build.id,
        "content_hash": build.receipt()["content_hash"],
        "tables": written,
        "sources": [dict(zip(names, row, strict=True)) for row in releases],
    }
