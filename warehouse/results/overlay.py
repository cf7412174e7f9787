"""The graph of a build with what active runs predict: a small database that lies over that of the build.

The build is attached beside it, and so are the files of the runs. The overlay holds the predictions with the internal
ids of this build, and views over everything else; it is made from the files of the runs whenever it is missing, so it
is no state of its own. Its cost follows the size of the results, not that of the warehouse.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from warehouse.atomic import new_file
from warehouse.cypher.engine import layout
from warehouse.cypher.engine.run import attach, open_locked
from warehouse.errors import BuildError
from warehouse.graph.catalogue import catalogue
from warehouse.home import Build
from warehouse.model import FULL_MODEL, DataModel
from warehouse.results.files import result_path, results_folder
from warehouse.results.predictions import Predictions
from warehouse.results.tables import declared_views
from warehouse.tables import fingerprint, views
from warehouse.tables.schema import LAYOUT_VERSION, SCHEMAS, literal, ordinals, quoted

#: The name under which the build is attached.
BUILD = "build"

#: Raised when the making of overlays changes, so that those of older code are made again.
OVERLAY_VERSION = 3

#: An overlay that is still being made after this many seconds belongs to a process that was killed.
_ABANDONED_S = 3600


def open_with_runs(build: Build, memory_mb: int, threads: int = 2) -> duckdb.DuckDBPyConnection:
    """Open a build with its active runs for questions, locked.

    Raises:
        BuildError: the results of a run are missing or cannot be read.
        duckdb.Error: the build cannot be opened.
    """
    with _overlay(build) as path:
        return open_locked(path, memory_mb, threads, _beside(build))


def lacks_tables(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a build was made before a table or column of an analysis was declared, so that it has no view of it."""
    rows = connection.execute(
        """SELECT table_name, list((column_name, data_type) ORDER BY column_index) FROM duckdb_columns()
        WHERE database_name = current_database() AND schema_name = 'main' AND list_contains($names, table_name)
        GROUP BY 1""",
        {"names": list(declared_views())},
    ).fetchall()
    return {name: tuple(columns) for name, columns in rows} != declared_views()


@contextmanager
def aside_with_runs(build: Build) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a build with its active runs for code of ours, as `tables.schema.open_aside` does for a build alone.

    Raises:
        BuildError: the build, or the results of a run, cannot be opened.
    """
    with _overlay(build) as path, duckdb.connect() as connection:
        try:
            attach(connection, {**_beside(build), "aside": path})
        except duckdb.Error as error:
            raise BuildError(
                f"Build {build.id} cannot be opened with its runs: {str(error).splitlines()[0]}"
            ) from error
        connection.execute("USE aside")
        yield connection


def prepare(build: Build) -> None:
    """Make the overlay of a build and its runs unless it is there.

    Raises:
        BuildError: it cannot be made.
    """
    with _overlay(build):
        pass


def forget_others(results: Path, kept: Iterable[Build]) -> None:
    """Remove the overlays that belong to none of these builds; whoever has one open keeps it until it is closed."""
    names = {_name(build) for build in kept}
    for path in results.glob("overlays/*"):
        abandoned = path.suffix == ".making" and time.time() - path.stat().st_mtime > _ABANDONED_S
        if abandoned or (path.suffix == ".duckdb" and path.name not in names):
            path.unlink(missing_ok=True)


@contextmanager
def _overlay(build: Build) -> Iterator[Path]:
    """The file of the overlay, made if it is missing; where the folder may not be written, for this process alone."""
    folder = results_folder(build) / "overlays"
    path = folder / _name(build)
    if path.is_file():
        yield path
        return
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if os.access(folder, os.W_OK):
        _make(path, build)
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="targetgraph-") as private:
        # DuckDB keeps the file open after its name is gone.
        path = Path(private) / path.name
        _make(path, build)
        yield path


def _name(build: Build) -> str:
    numbers = sorted(ordinals(FULL_MODEL).items())
    what = repr([build.runs, LAYOUT_VERSION, OVERLAY_VERSION, numbers, FULL_MODEL.predicted, declared_views()])
    return f"{build.id}-{hashlib.sha256(what.encode()).hexdigest()[:12]}.duckdb"


def _beside(build: Build) -> dict[str, Path]:
    files = {run: result_path(results_folder(build), run) for run in build.runs}
    missing = sorted(run for run, path in files.items() if not path.is_file())
    if missing:
        raise BuildError(
            f"The results of the run {', '.join(missing)} are missing: {files[missing[0]]}.",
            f"Put the file back, or take the run out: `targetgraph retract {missing[0]}`.",
        )
    return {BUILD: build.database, **files}


def _make(path: Path, build: Build) -> None:
    """Write the overlay under another name and move it: what is there is whole."""
    try:
        # It is made from the results when it is missing: it need not outlive a power failure.
        with new_file(path, durable=False) as making:
            try:
                with duckdb.connect(str(making)) as connection:
                    attach(connection, _beside(build))
                    connection.execute("BEGIN")
                    _fill(connection, build, FULL_MODEL)
                    connection.execute("COMMIT")
                    connection.execute("CHECKPOINT")
            finally:
                making.with_name(making.name + ".wal").unlink(missing_ok=True)
    except (OSError, duckdb.IOException) as error:
        raise BuildError(f"The predictions cannot be laid over the build: {str(error).splitlines()[0]}") from error


def _fill(connection: duckdb.DuckDBPyConnection, build: Build, model: DataModel) -> None:
    for schema in (*SCHEMAS, "own"):
        connection.execute(f"CREATE SCHEMA {schema}")
    predictions = Predictions(connection, build, model, BUILD)
    predictions.make()
    types = model.predicted
    layout.derive_over(connection, catalogue(model), {one.table for one in types}, BUILD)
    own_views = views.predicted(model, BUILD) | predictions.table_views()
    # Code that reads a build by the names of its schemas must not have to know whether runs lie over it.
    for schema in sorted({*SCHEMAS} - {"graph", "record"}):
        _see_through(connection, schema, set())
    _see_through(connection, "record", {"fingerprints", "synonyms"})
    _see_through(connection, "main", set(own_views))
    connection.execute(f"CREATE VIEW record.synonyms AS FROM {BUILD}.record.synonyms UNION ALL FROM own.synonyms")
    for name, body in own_views.items():
        connection.execute(f"CREATE VIEW main.{quoted(name)} AS {body}")
    connection.execute(f"CREATE TABLE record.fingerprints AS FROM {BUILD}.record.fingerprints")
    fingerprint.add(connection, types)


def _see_through(connection: duckdb.DuckDBPyConnection, schema: str, without: set[str]) -> None:
    """Make a view for every table and view of a schema of the build."""
    names = connection.execute(
        f"""SELECT table_name FROM duckdb_tables() WHERE database_name = {literal(BUILD)} AND schema_name = $schema
        UNION SELECT view_name FROM duckdb_views() WHERE database_name = {literal(BUILD)} AND schema_name = $schema
            AND NOT internal ORDER BY 1""",
        {"schema": schema},
    ).fetchall()
    for (name,) in names:
        if name not in without:
            connection.execute(f"CREATE VIEW {schema}.{quoted(name)} AS FROM {BUILD}.{schema}.{quoted(name)}")
