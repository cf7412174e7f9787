"""The store that is there by default: a build's own DuckDB file, asked in Cypher that is compiled to SQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import duckdb

from warehouse.answer import Answer, Limits
from warehouse.cypher.engine.run import CypherEngine, open_locked
from warehouse.errors import BuildError
from warehouse.graph.catalogue import catalogue
from warehouse.graph.state import fingerprints, model_of
from warehouse.home import Build
from warehouse.model import DataModel
from warehouse.results.overlay import lacks_tables, open_with_runs
from warehouse.tables.schema import require_layout


class DuckDBGraphStore:
    """Cypher over one build and its active runs. Publishing is nothing but opening: the file is the graph.

    DuckDB has a file open once in a process, so all stores of one process over one build share what is open.

    Args:
        build: the build to ask; where it has `runs`, their predictions lie over it (`warehouse.results.overlay`).
        model: the declarations that it was made with; None = those of this version.
        memory_mb: what DuckDB may hold in memory for a question, in megabytes.

    Raises:
        BuildError: the file cannot be opened, or has a layout of another version.
    """

    def __init__(self, build: Build, model: DataModel | None = None, memory_mb: int = Limits.memory_mb) -> None:
        self._given_model = model
        self._memory_mb = memory_mb
        self.publish(build)

    def query(self, text: str, parameters: Mapping[str, Any], limits: Limits) -> Answer:
        """Answer a reading Cypher query (see `GraphStore.query`)."""
        start = time.perf_counter()
        result = self._engine.query(text, dict(parameters), timeout_s=limits.timeout_s, row_limit=limits.rows)
        table, seconds = result.to_arrow(), time.perf_counter() - start
        return Answer(table, result.truncated, tuple(result.warnings), seconds, result.rows())

    def explain(self, text: str, parameters: Mapping[str, Any] | None = None) -> str:
        """The SQL to which a query is compiled, and DuckDB's plan of it."""
        return str(self._engine.explain(text, dict(parameters or {})))

    def cancel(self) -> int:
        """Stop every query that runs on this build now; give their number."""
        return self._engine.cancel()

    def publish(self, build: Build) -> None:
        """Ask this build from now on."""
        model = self._given_model or model_of(build)
        opened = _acquire(build, model, self._memory_mb)
        self.close()
        self._model = model
        self._opened = opened
        self.connection = opened.engine.connection.cursor()
        self._engine = opened.engine

    def publish_changes(self, old: Build, new: Build) -> None:
        """Ask the new build from now on; a DuckDB file needs no transfer."""
        self.publish(new)

    def fingerprint(self) -> dict[str, tuple[int, str]]:
        """Rows and content hash by type, as the build kept them when it was made."""
        return fingerprints(self.connection, self._model)

    def close(self) -> None:
        """Let go of the file."""
        if hasattr(self, "_opened"):
            self.connection.close()
            _release(self._opened)
            del self._opened


@dataclass
class _Opened:
    """A build that this process has open, and how many stores ask it."""

    key: _Key
    engine: CypherEngine
    memory_mb: int
    users: int = 1


#: A build's file and the runs over it.
_Key: TypeAlias = tuple[Path, tuple[str, ...]]
_OPENED: dict[_Key, _Opened] = {}
_OPENED_LOCK = threading.Lock()


def _acquire(build: Build, model: DataModel, memory_mb: int) -> _Opened:
    key = (build.database.resolve(), build.runs)
    with _OPENED_LOCK:
        opened = _OPENED.get(key)
        if opened is None:
            opened = _OPENED[key] = _Opened(key, CypherEngine(_open(build, memory_mb), catalogue(model)), memory_mb)
            return opened
        if opened.memory_mb != memory_mb:
            raise BuildError(
                f"Build {build.id} is already open in this process with a memory limit of {opened.memory_mb:,} MB.",
                "Close it first, or open it with the same limit.",
            )
        opened.users += 1
        return opened


def _release(opened: _Opened) -> None:
    with _OPENED_LOCK:
        opened.users -= 1
        if not opened.users:
            del _OPENED[opened.key]
            opened.engine.close()


def _open(build: Build, memory_mb: int) -> duckdb.DuckDBPyConnection:
    connection = _open_file(build, memory_mb, over=bool(build.runs))
    if build.runs or build.home is None or not lacks_tables(connection):
        return connection
    connection.close()
    return _open_file(build, memory_mb, over=True)


def _open_file(build: Build, memory_mb: int, *, over: bool) -> duckdb.DuckDBPyConnection:
    """The build alone, or with its runs and the tables that were declared after it was made laid over it."""
    try:
        connection = open_with_runs(build, memory_mb) if over else open_locked(build.database, memory_mb=memory_mb)
    except duckdb.Error as error:
        raise BuildError(
            f"Build {build.id} cannot be opened: {str(error).splitlines()[0]}",
            "`targetgraph status` lists the builds; `targetgraph rollback` goes back to the one before.",
        ) from error
    try:
        require_layout(connection)
    except BuildError:
        connection.close()
        raise
    return connection
