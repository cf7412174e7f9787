"""Several tables in one file, each below the other with a header of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from etl.formats.delimited import Delimited, line_batches
from etl.rows import Ledger, Rows

_Batch = tuple[int, list[bytes]]


@dataclass(frozen=True)
class Stacked:
    """Tables that stand in one file: a table begins with the line that names its first two columns.

    Args:
        tables: the tables, in any order; at least one must be there.
    """

    tables: tuple[Delimited, ...]

    def read(self, path: Path, ledger: Ledger) -> Iterator[Rows]:
        """Yield the rows of each table in turn; which one it is can be seen from the columns.

        Raises:
            SourceError: the file is empty or damaged, begins with no header, or a header lacks a column.
        """
        rest: Iterator[_Batch] = line_batches(path)
        while True:
            batch = next(rest, (1, [b""]))
            table = next((one for one in self.tables if batch[1][0].startswith(_mark(one))), self.tables[0])
            others = tuple(_mark(one) for one in self.tables if one is not table)
            here = _LinesUpTo(chain([batch], rest), others)
            yield from table.read_lines(here, path, ledger)
            if here.left is None:
                return
            rest = chain([here.left], rest)


@dataclass
class _LinesUpTo:
    """The batches before a line that begins with one of `marks`; that line and its batch's rest are then in `left`."""

    batches: Iterator[_Batch]
    marks: tuple[bytes, ...]
    left: _Batch | None = field(default=None, init=False)

    def __iter__(self) -> Iterator[_Batch]:
        for number, lines in self.batches:
            at = next((index for index, line in enumerate(lines) if line.startswith(self.marks)), None)
            if at is not None:
                self.left = (number + at, lines[at:])
                yield number, lines[:at]
                return
            yield number, lines


def _mark(table: Delimited) -> bytes:
    return table.separator.join(table.columns[:2]).encode()
