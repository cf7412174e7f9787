"""Where results lie, and the file of one run.

Layout of `results/`::

    <run>.duckdb, <run>.json   what a run predicts, and its account; written once
    artefacts/<run>/<sha256>   the files that it handed back (see `artefacts`)
    active                     the names of the active runs, swapped atomically
    overlays/                  what is derived from both for each build (see `overlay`)
    making/                    a publication in progress; never read
    checkpoints/<run>/         what an interrupted run takes up again
    write.lock                 held by the one who publishes or retracts
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl

from warehouse.errors import BuildError
from warehouse.home import Build
from warehouse.results.record import RunRecord
from warehouse.tables.schema import quoted

#: The version of the layout of a run's file.
FILE_VERSION = 1


def results_folder(build: Build) -> Path:
    """The folder of results that belongs to the warehouse of a build."""
    return build.folder.parent.parent / "results"


def result_path(results: Path, run: str) -> Path:
    """The file of a run."""
    return results / f"{run}.duckdb"


def record_path(results: Path, run: str) -> Path:
    """The account of a run; where it is there, the run's file is whole."""
    return results / f"{run}.json"


def read_record(results: Path, run: str) -> RunRecord:
    """The account of a run.

    Raises:
        BuildError: it is missing or cannot be read.
    """
    path = record_path(results, run)
    try:
        return RunRecord.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BuildError(
            f"The account of the run {run} cannot be read: {error}",
            f"Put {path} back, or take the run out: `targetgraph retract {run}`.",
        ) from error


def active_runs(results: Path) -> tuple[str, ...]:
    """The names of the active runs, sorted."""
    try:
        return tuple(sorted((results / "active").read_text(encoding="utf-8").split()))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except (OSError, ValueError) as error:
        raise BuildError(f"The list of active runs {results / 'active'} cannot be read: {error}") from error


def write_results(
    path: Path, types: Mapping[str, tuple[str, pl.DataFrame]], tables: Mapping[str, pl.DataFrame]
) -> None:
    """Write the file of a run.

    Args:
        path: the new file.
        types: by name of the type, its table and its rows.
        tables: further tables.
    """
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA predicted")
        connection.execute("CREATE SCHEMA tables")
        connection.execute(f"CREATE TABLE version AS SELECT {FILE_VERSION} AS version")
        for table, frame in types.values():
            _write(connection, f"predicted.{quoted(table)}", frame)
        for name, frame in tables.items():
            _write(connection, f"tables.{quoted(name)}", frame)
        connection.execute("CHECKPOINT")


def _write(connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    connection.register("frame_to_write", frame.to_arrow())
    connection.execute(f"CREATE TABLE {name} AS FROM frame_to_write")
    connection.unregister("frame_to_write")
