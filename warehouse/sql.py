"""SQL for analysts: one statement that reads, with limits of time, rows and memory."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb

from warehouse.answer import Answer, Limits
from warehouse.cypher.engine.watchdog import WATCHDOG
from warehouse.errors import QuestionError, QuestionMemoryError, QuestionTimeoutError
from warehouse.interruption import interruptible

_EXPLAIN = re.compile(r"\s*EXPLAIN\b\s*(?:ANALYZE\b|\(\s*(?:ANALYZE|FORMAT)\b[^()]*\))?", re.IGNORECASE)


def ask_sql(
    connection: duckdb.DuckDBPyConnection, text: str, parameters: Mapping[str, Any] | None, limits: Limits
) -> Answer:
    """Run one reading statement.

    Args:
        connection: read-only, external access off, configuration locked.
        text: the statement; parameters are written `$name`.
        parameters: their values; bound, never pasted.
        limits: time and rows; memory is the connection's.

    Raises:
        QuestionError: the text is wrong, is no reading statement, or is more than one.
        QuestionTimeoutError: it took too long.
        QuestionMemoryError: it needed too much memory.
    """
    start = time.perf_counter()
    with asking(connection, limits.timeout_s) as cursor:
        statement = _only_statement(cursor, text)
        relation = cursor.sql(statement, params=dict(parameters or {}))
        table = relation.limit(limits.rows + 1).to_arrow_table()
    truncated = table.num_rows > limits.rows
    shown = table.slice(0, limits.rows) if truncated else table
    return Answer(shown, truncated, (), time.perf_counter() - start)


@contextmanager
def asking(connection: duckdb.DuckDBPyConnection, timeout_s: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a cursor for one question; stop it after a time or by Ctrl-C, and give DuckDB's errors as ours."""
    # Questions of several threads neither wait for each other nor stop each other: each has a cursor of its own.
    cursor = connection.cursor()
    late = threading.Event()

    def stop() -> None:
        late.set()
        cursor.interrupt()

    try:
        with WATCHDOG.limit(timeout_s, stop), interruptible(cursor.interrupt):
            yield cursor
    except duckdb.InterruptException as error:
        if not late.is_set():
            raise
        raise QuestionTimeoutError(
            f"The question ran longer than {timeout_s:g} s and was stopped.",
            "Narrow it (a label, a WHERE, a LIMIT), or raise the limit with --timeout.",
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise QuestionMemoryError(
            "The question needed more memory than its limit and was stopped.",
            "Narrow it, aggregate earlier, or raise the limit with --memory-mb.",
        ) from error
    except duckdb.Error as error:
        raise QuestionError(_first_lines(str(error))) from error
    finally:
        cursor.close()


def _only_statement(connection: duckdb.DuckDBPyConnection, text: str) -> str:
    if not is_text(text):
        raise QuestionError("The question holds bytes that are no UTF-8 text.")
    statements = connection.extract_statements(text)
    if len(statements) != 1:
        raise QuestionError(f"One statement is asked at a time; the text holds {len(statements)}.")
    query = str(statements[0].query)
    kind = _kind(statements[0])
    if kind == "EXPLAIN":
        # What is explained with ANALYZE is also run.
        _only_statement(connection, _EXPLAIN.sub("", query, count=1))
    elif kind == "MULTI":
        raise QuestionError("This statement is several in one.", "Give PIVOT its values: PIVOT ... ON column IN (...).")
    elif kind != "SELECT":
        raise QuestionError(
            f"{kind} is refused: questions only read.", "Write a SELECT; `targetgraph build` changes the warehouse."
        )
    return query


def is_text(text: str) -> bool:
    """Whether a text can be written as UTF-8: an argument of the command line may hold any bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _kind(statement: duckdb.Statement) -> str:
    try:
        return str(statement.type.name)
    except ValueError:
        # DuckDB knows kinds of statements that its Python package has no name for; none of them reads.
        return "This kind of statement"


def _first_lines(message: str) -> str:
    """DuckDB's message without its stack of hints: the sentence, and the place in the text."""
    return "\n".join(line for line in message.splitlines()[:6] if line.strip())
