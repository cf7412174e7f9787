"""Gene sets in GMT: one set a line, its name, a description, then its members."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from etl.formats.delimited import line_batches
from etl.rows import Ledger, Rows
from warehouse.statements import ROW, Reason


@dataclass(frozen=True)
class GeneSets:
    """A GMT file; its rows have `name`, `description` and `members` (a list of texts)."""

    def read(self, path: Path, ledger: Ledger) -> Iterator[Rows]:
        """Yield the sets; a line without a member goes to quarantine.

        Raises:
            SourceError: the file is empty or damaged.
        """
        for start, lines in line_batches(path):
            yield Rows(_frame(lines, start, ledger), ledger)


def _frame(lines: list[bytes], start: int, ledger: Ledger) -> pl.DataFrame:
    rows: list[tuple[str, str, list[str], int]] = []
    for number, line in enumerate(lines, start):
        if not line:
            continue
        ledger.rows_read += 1
        try:
            name, *rest = line.decode().split("\t")
        except UnicodeDecodeError as error:
            raw = line[:2000].decode("utf-8", errors="backslashreplace")
            ledger.reject_row(number, Reason.NOT_UTF8, f"byte {error.start + 1} of the line", raw)
            continue
        members = [member.strip() for member in rest[1:] if member.strip()]
        if members:
            rows.append((name, rest[0], members, number))
        else:
            ledger.reject_row(number, Reason.WRONG_COLUMN_COUNT, "a set without a member", line[:2000].decode(), name)
    schema = pl.Schema(
        {"name": pl.String(), "description": pl.String(), "members": pl.List(pl.String()), ROW: pl.Int64()}
    )
    return pl.DataFrame(rows, schema=schema, orient="row")
