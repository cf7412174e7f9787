"""Writing rows: as a table for people, as text or Parquet for programs.

One rule for all verbs says how many: `--limit` holds wherever it is given; without it a table on a terminal may be cut,
and files, pipes and the formats of programs get every row. A cut is said above a table and on standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from targetgraph.cli.options import OutputFormat
from warehouse.atomic import write_bytes
from warehouse.errors import TargetGraphError

if TYPE_CHECKING:
    import pyarrow as pa

    from warehouse.answer import Answer


#: Rows of a ranked table that are shown on a terminal where no limit is given.
TERMINAL_ROWS = 50


def is_for_reading(file_format: OutputFormat, output: Path | None) -> bool:
    """Whether rows go to a person at a terminal as a table; only there may they be cut unasked."""
    return file_format is OutputFormat.TABLE and output is None and _is_terminal()


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def write_answer(answer: Answer, file_format: OutputFormat, output: Path | None, note: str | None = None) -> None:
    """Write an answer, its warnings and a word about rows that were cut off.

    Args:
        answer: the rows.
        file_format: how they are written.
        output: the file; None = standard output.
        note: the word about the cut, where the verb knows how many rows there are; else it is that of `_cut_answer`.
    """
    for warning in answer.warnings:
        say(f"warning: {warning}")
    note = _cut_answer(answer) if note is None else note
    if file_format is OutputFormat.JSON and answer.values is not None:
        write_text(_as_json(list(answer)), output)
        _say_cut(note)
    else:
        write_table(answer.table, file_format, output, note)


def write_first(table: pa.Table, limit: int | None, file_format: OutputFormat, output: Path | None) -> None:
    """Write the first rows of a whole table, by the rule of this module.

    Args:
        table: all rows.
        limit: as `--limit` gave it: 0 = all, None = it was not given.
        file_format: how they are written.
        output: the file; None = standard output.
    """
    most = TERMINAL_ROWS if limit is None and is_for_reading(file_format, output) else limit or table.num_rows
    write_table(table.slice(0, most), file_format, output, cut_note(min(most, table.num_rows), table.num_rows, limit))


def cut_note(shown: int, total: int, limit: int | None) -> str:
    """What is said of rows that were left out; nothing where none was.

    >>> cut_note(50, 503, None)
    'Showing the first 50 of 503 rows; for all of them: --limit 0, or --output FILE.'
    """
    ways = "--limit 0, or --output FILE" if limit is None else "--limit 0"
    return f"Showing the first {shown:,} of {total:,} rows; for all of them: {ways}." if shown < total else ""


def _cut_answer(answer: Answer) -> str:
    """The same for an answer of which it is not known how many rows there would be."""
    if not answer.truncated:
        return ""
    return f"The answer was cut after {len(answer):,} rows; raise the limit with --limit (0 = all rows)."


def write_rows(
    rows: Sequence[dict[str, Any]], file_format: OutputFormat, output: Path | None, columns: Sequence[str] = ()
) -> None:
    """Write dictionaries as rows.

    Args:
        rows: the rows.
        file_format: how they are written.
        output: the file; None = standard output.
        columns: the names of the columns, for where there may be no row.
    """
    import polars as pl

    frame = (
        pl.DataFrame(list(rows), infer_schema_length=None)
        if rows
        else pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    )
    write_table(frame.to_arrow(), file_format, output)


def write_table(table: pa.Table, file_format: OutputFormat, output: Path | None, note: str = "") -> None:
    """Write an Arrow table.

    Args:
        table: the rows.
        file_format: how they are written.
        output: the file; None = standard output.
        note: a word about rows that were cut off; it stands above a table, and on standard error in any format.

    Raises:
        TargetGraphError: the file cannot be written, or Parquet would go to a terminal.
    """
    from warehouse.answer import storable

    table = storable(table)
    if file_format is OutputFormat.PARQUET:
        _write_parquet(table, output)
        _say_cut(note)
        return
    if file_format is OutputFormat.TABLE:
        text = (f"{note}\n" if note else "") + _as_table(table)
    elif file_format is OutputFormat.JSON:
        text = _as_json(table.to_pylist())
    else:
        text = _as_text(table, "," if file_format is OutputFormat.CSV else "\t")
    write_text(text, output)
    _say_cut(note)


def _say_cut(note: str) -> None:
    if note:
        say(note)


def write_text(text: str, output: Path | None) -> None:
    """Write what is text already: a page, a receipt, a plan.

    Raises:
        TargetGraphError: it cannot be written.
    """
    if output is not None:
        _to_file(output, text.encode())
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except UnicodeEncodeError as error:
        raise TargetGraphError(
            f"Standard output is set to {error.encoding}, which lacks {text[error.start]!r}.",
            "Set PYTHONIOENCODING=utf-8, or name a file with --output.",
        ) from error
    except OSError as error:
        raise TargetGraphError(f"Standard output cannot be written: {error.strerror}") from error


def say(text: str) -> None:
    """A word to the person at the terminal, beside the rows."""
    sys.stderr.write(text + "\n")


def _as_json(rows: list[dict[str, Any]]) -> str:
    from warehouse.cypher.values.writing import json_text

    return json_text(rows, indent=1) + "\n"


def _write_parquet(table: pa.Table, output: Path | None) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    if output is None and sys.stdout.isatty():
        raise TargetGraphError("Parquet is not for a terminal.", "Name a file with --output.")
    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink)
    content = sink.getvalue().to_pybytes()
    if output is None:
        sys.stdout.buffer.write(content)
    else:
        _to_file(output, content)


def _to_file(path: Path, content: bytes) -> None:
    try:
        write_bytes(path, content, durable=False)
    except OSError as error:
        raise TargetGraphError(f"{path} cannot be written: {error.strerror}") from error


def _as_text(table: pa.Table, separator: str) -> str:
    from warehouse.answer import to_polars
    from warehouse.cypher.values.writing import flat

    return flat(to_polars(table)).write_csv(separator=separator)


def _as_table(table: pa.Table) -> str:
    from io import StringIO

    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, column in zip(table.column_names, table.columns, strict=True):
        shown.add_column(Text(name), justify="right" if _is_number(column.type) else "left", overflow="fold")
    for row in _rows(table):
        shown.add_row(*(Text(_cell(value)) for value in row))
    width = None if sys.stdout.isatty() else 200
    console = Console(file=StringIO(), width=width or Console().width, force_terminal=False)
    console.print(shown)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def _rows(table: pa.Table) -> Iterable[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def _is_number(dtype: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(dtype) or pa.types.is_floating(dtype) or pa.types.is_decimal(dtype))


def _cell(value: Any) -> str:
    from warehouse.cypher.values.writing import is_temporal, iso_text, json_text, number_text

    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join("null" if item is None else _cell(item) for item in value)
    if isinstance(value, dict):
        return json_text(value)
    if is_temporal(value):
        return iso_text(value)
    if isinstance(value, float):
        return number_text(value)
    return (
        f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10_000 else str(value)
    )
