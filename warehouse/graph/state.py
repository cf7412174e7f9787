"""What a store of the graph has to hold: a build with its active runs, read through DuckDB.

Nothing here knows a store; whoever publishes, exports or compares a state reads it through `open_state`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from warehouse.home import Build
from warehouse.interruption import interruptible
from warehouse.model import FULL_MODEL, MODEL, DataModel
from warehouse.results.overlay import aside_with_runs
from warehouse.tables.schema import open_aside

#: By name of the type: rows, and a hash of the content.
Fingerprints = dict[str, tuple[int, str]]


@contextmanager
def open_state(build: Build) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a state for code of ours.

    Schema `graph` of the database in use holds a table or view of every type (`_nid` or `_rid`, `_s`, `_o`, then the
    properties), schema `main` the relationships with the ids of their ends, `record` the fingerprints. Temporary tables
    may be made.

    Raises:
        BuildError: the build, or the results of a run, cannot be opened.
        KeyboardInterrupt: Ctrl-C, which stops what DuckDB computes for it.
    """
    opened = aside_with_runs(build) if build.runs else open_aside(build)
    with opened as connection, interruptible(connection.interrupt):
        yield connection


def model_of(build: Build) -> DataModel:
    """The types that a state may hold."""
    return FULL_MODEL if build.runs else MODEL


def state_name(build: Build) -> str:
    """The name of a state, for messages and marks: the build's id and the runs over it."""
    return "+".join([build.id, *build.runs])


def fingerprints(connection: duckdb.DuckDBPyConnection, model: DataModel) -> Fingerprints:
    """Rows and content hash of every type of the graph that is not empty, as they were kept with the state."""
    stored = {
        table: (int(count), str(content_hash))
        for table, count, content_hash in connection.execute("FROM record.fingerprints").fetchall()
    }
    names = {entity.table: label for label, entity in model.entities.items()}
    names |= {declared.table: name for name, declared in model.relationships.items()}
    found = {name: stored[f"resolved.{table}"] for table, name in names.items() if f"resolved.{table}" in stored}
    return {name: value for name, value in sorted(found.items()) if value[0]}
