"""Answers queries: compiles them, runs them within limits, and hands back rows or frames.

connection = open_locked("warehouse.duckdb")
engine = CypherEngine(connection, catalogue)
engine.query("MATCH (g:Gene {symbol: $symbol}) RETURN g.name", {"symbol": "KMT2A"}).rows()
"""

from __future__ import annotations

import re
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import duckdb

from warehouse.cypher import search
from warehouse.cypher.catalogue import Catalogue
from warehouse.cypher.compiler import dynamic
from warehouse.cypher.compiler.operators import regex_problem
from warehouse.cypher.compiler.query import Compiled, compile_text, parameter_type
from warehouse.cypher.compiler.relation import quote
from warehouse.cypher.engine.results import Entities, RowReader, SeenNodes
from warehouse.cypher.engine.watchdog import WATCHDOG
from warehouse.cypher.evaluation.evaluate import Run
from warehouse.cypher.search import PathIndex, PathIndexes
from warehouse.cypher.values.values import CypherValue
from warehouse.errors import QuestionCancelledError, QuestionError, QuestionMemoryError, QuestionTimeoutError
from warehouse.interruption import interruptible

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

DEFAULT_TIMEOUT_S = 30.0
DEFAULT_ROW_LIMIT = 10_000
DEFAULT_MEMORY_MB = 2_048
CACHED_QUERIES = 512
BATCH_ROWS = 2_048


def open_locked(
    path: str | FilePath,
    memory_mb: int = DEFAULT_MEMORY_MB,
    threads: int = 2,
    beside: Mapping[str, FilePath] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open a database for questions only: read-only, no file or network access, settings that cannot be changed.

    Args:
        path: the database.
        memory_mb: what DuckDB may hold in memory, in megabytes.
        threads: how many it may use.
        beside: further databases that its views read, by the name under which they are attached.
    """
    connection = duckdb.connect(
        str(path), read_only=True, config={"memory_limit": f"{memory_mb}MB", "threads": threads}
    )
    try:
        attach(connection, beside or {})
    except duckdb.Error:
        connection.close()
        raise
    lock(connection)
    return connection


def attach(connection: duckdb.DuckDBPyConnection, databases: Mapping[str, FilePath]) -> None:
    """Attach databases for reading, each under its name."""
    for name, path in databases.items():
        text = str(path).replace("'", "''")
        connection.execute(f"ATTACH IF NOT EXISTS '{text}' AS {quote(name)} (READ_ONLY)")


def lock(connection: duckdb.DuckDBPyConnection) -> None:
    """Shut every door of a connection for good; attach what it needs before."""
    if connection.execute("SELECT current_setting('lock_configuration')").fetchall()[0][0]:
        # Another connection of this process to the same file has shut them.
        return
    for setting in (
        # What does not fit into memory is refused: a question must not write beside the build or fill the disk.
        "temp_directory = ''",
        "GLOBAL python_enable_replacements = false",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")


class Result:
    """The answer to a query.

    Args:
        columns: the names of the columns.
        warnings: labels, types and properties that the graph does not have.
    """

    def __init__(
        self, columns: list[str], warnings: list[str], rows: list[tuple[CypherValue, ...]], truncated: bool
    ) -> None:
        self.columns = columns
        self.warnings = warnings
        self.truncated = truncated
        self._rows = rows

    def rows(self) -> list[tuple[CypherValue, ...]]:
        """The rows as Python values."""
        return self._rows

    def __iter__(self) -> Iterator[tuple[CypherValue, ...]]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def to_polars(self) -> pl.DataFrame:
        """The rows as a Polars frame; nodes, relationships, paths and maps become structs or JSON text."""
        from warehouse.cypher.engine.frames import to_polars

        return to_polars(self.columns, self._rows)

    def to_arrow(self) -> pa.Table:
        """The rows as an Arrow table."""
        return self.to_polars().to_arrow()

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a pandas frame."""
        return self.to_arrow().to_pandas()


class CypherEngine:
    """Answers Cypher queries over one database.

    Args:
        connection: opened by `open_locked`, or locked by `lock` once everything is attached.
        catalogue: what the graph holds.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
        self.connection = connection
        self.catalogue = catalogue
        self._indexes = PathIndexes(catalogue.all_relationships)
        self._compiled: OrderedDict[tuple[Any, ...], Compiled] = OrderedDict()
        self._lock = threading.Lock()
        self._lookup = threading.local()
        self._seen = SeenNodes()
        self._running_now: set[Callable[[], None]] = set()
        # The connection keeps its functions: a strong reference would tie engine and connection into a circle.
        lookup = weakref.WeakMethod(self._properties_of)
        dynamic.register(connection, lambda reference: _called(lookup, reference))
        search.register(connection, self._indexes)

    def compile(self, text: str, parameters: Mapping[str, CypherValue] | None = None) -> Compiled:
        """The compiled form of a query, from the cache where it was asked before."""
        given = parameters or {}
        known = {name: parameter_type(name, value) for name, value in given.items()}
        key = (text, tuple(sorted(known.items(), key=lambda item: item[0])))
        with self._lock:
            found = self._compiled.get(key)
            if found is not None:
                self._compiled.move_to_end(key)
                return found
        compiled = compile_text(text, self.catalogue, known)
        with self._lock:
            self._compiled[key] = compiled
            while len(self._compiled) > CACHED_QUERIES:
                self._compiled.popitem(last=False)
        return compiled

    def query(
        self,
        text: str,
        parameters: Mapping[str, CypherValue] | None = None,
        *,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        row_limit: int | None = DEFAULT_ROW_LIMIT,
    ) -> Result:
        """Answer a query.

        Args:
            text: the query.
            parameters: the values of `$name` parameters.
            timeout_s: how long it may run.
            row_limit: how many rows are read at most; a longer answer is cut and says so.

        Raises:
            QuestionError: the query is wrong or refused.
            QuestionTimeoutError: it ran too long.
            QuestionMemoryError: it needed too much memory.
        """
        compiled = self.compile(text, parameters)
        rows: list[tuple[CypherValue, ...]] = []
        truncated = False
        with self._running(compiled, parameters or {}, timeout_s) as (cursor, reader):
            while batch := cursor.fetchmany(BATCH_ROWS):
                rows += reader.read(batch)
                if row_limit is not None and len(rows) > row_limit:
                    truncated = True
                    del rows[row_limit:]
                    break
        return Result([column.name for column in compiled.columns], list(compiled.warnings), rows, truncated)

    def stream(
        self, text: str, parameters: Mapping[str, CypherValue] | None = None, *, timeout_s: float = DEFAULT_TIMEOUT_S
    ) -> Iterator[tuple[CypherValue, ...]]:
        """Answer a query row by row, without a limit on their number."""
        compiled = self.compile(text, parameters)
        with self._running(compiled, parameters or {}, timeout_s) as (cursor, reader):
            while batch := cursor.fetchmany(BATCH_ROWS):
                yield from reader.read(batch)

    def explain(self, text: str, parameters: Mapping[str, CypherValue] | None = None) -> str:
        """The SQL of a query and DuckDB's plan for it."""
        compiled = self.compile(text, parameters)
        cursor = self.connection.cursor()
        self._prepare(cursor, compiled, parameters or {})
        plan = cursor.execute(f"EXPLAIN {compiled.sql}", compiled.bindings(parameters or {})).fetchall()
        return compiled.sql + "\n\n" + "\n".join(row[1] for row in plan)

    def cancel(self) -> int:
        """Stop every query that runs now, from another thread; each raises `QuestionCancelledError`.

        Returns:
            How many queries were stopped.
        """
        with self._lock:
            running = list(self._running_now)
        for cancel in running:
            cancel()
        return len(running)

    def close(self) -> None:
        """Close the connection; the engine answers nothing after that."""
        self.connection.close()

    @contextmanager
    def _running(
        self, compiled: Compiled, parameters: Mapping[str, CypherValue], timeout_s: float
    ) -> Iterator[tuple[duckdb.DuckDBPyConnection, RowReader]]:
        cursor = self.connection.cursor()
        entities = Entities(self.connection.cursor(), self.catalogue, self._seen)
        held = self._prepare(cursor, compiled, parameters)
        run = Run()
        cancelled = threading.Event()

        def stop() -> None:
            run.stopped = True
            cursor.interrupt()
            entities.connection.interrupt()

        def cancel() -> None:
            cancelled.set()
            stop()

        with self._lock:
            self._running_now.add(cancel)
        try:
            with WATCHDOG.limit(timeout_s, stop), interruptible(cancel):
                cursor.execute(compiled.sql, compiled.bindings(parameters, dynamic.begin(run)))
                yield cursor, RowReader(compiled.columns, entities)
        except duckdb.Error as error:
            if cancelled.is_set():
                raise QuestionCancelledError("the question was cancelled") from error
            raise _explained(error, run.stopped, timeout_s) from error
        finally:
            with self._lock:
                self._running_now.discard(cancel)
            held.clear()
            cursor.close()
            entities.connection.close()

    def _prepare(
        self, cursor: duckdb.DuckDBPyConnection, compiled: Compiled, parameters: Mapping[str, CypherValue]
    ) -> list[PathIndex]:
        """Check the parameters and load the arrays that the statement walks; the caller holds them while it runs."""
        for name in compiled.regex_parameters:
            problem = regex_problem(parameters[name])
            if problem is not None:
                raise QuestionError(f"${name}: {problem[0]}", problem[1])
        for name in compiled.shares:
            if not 0 <= parameters[name] <= 1:
                raise QuestionError(f"${name} is a percentile: it must be between 0.0 and 1.0")
        return [self._indexes.ensure(cursor, path_search.ordinals) for path_search in compiled.searches]

    def _properties_of(self, reference: CypherValue) -> Mapping[str, CypherValue]:
        """The properties of an entity for an expression that Python evaluates, read beside the running query."""
        entities: Entities | None = getattr(self._lookup, "entities", None)
        if entities is None:
            entities = Entities(self.connection.cursor(), self.catalogue)
            self._lookup.entities = entities
        return entities.lookup(reference)


def _called(
    lookup: Callable[[], Callable[[CypherValue], Mapping[str, CypherValue]] | None], reference: CypherValue
) -> Mapping[str, CypherValue]:
    method = lookup()
    if method is None:
        raise QuestionError("the engine is closed")
    return method(reference)


_OVERFLOW = re.compile(r"(?i)overflow|out of range")
_PYTHON_ERROR = "Python exception occurred while executing the UDF: "


def _explained(error: duckdb.Error, stopped: bool, timeout_s: float) -> Exception:
    """DuckDB's error as one of ours."""
    message = str(error)
    if stopped or isinstance(error, duckdb.InterruptException):
        return QuestionTimeoutError(
            f"the question ran longer than {timeout_s:g} s and was stopped", "narrow it, or raise the limit"
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return QuestionMemoryError("the question needed more memory than its limit", "narrow it, or add LIMIT")
    if _PYTHON_ERROR in message:
        name, _, told = message.split(_PYTHON_ERROR, 1)[1].partition(": ")
        return QuestionMemoryError(told) if name.endswith("QuestionMemoryError") else QuestionError(told or name)
    if isinstance(error, (duckdb.OutOfRangeException, duckdb.ConversionException)) and _OVERFLOW.search(message):
        return QuestionError("an integer does not fit into 64 bits", "compute with floats: toFloat(x), 1.0 * x")
    # What a statement of ours refuses by `error()` bears DuckDB's own heading.
    return QuestionError(message.splitlines()[0].removeprefix("Invalid Input Error: "))
