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
    """Tables that stand in one file: a table begins with the line that names its first columns.

    Args:
        tables: the tables in their order; the first must be there, the others may be missing.
    """

    tables: tuple[Delimited, ...]

    def read(self, path: Path, ledger: Ledger) -> Iterator[Rows]:
        """Yield the rows of each table in turn; which one it is can be seen from the columns.

        Raises:
            SourceError: the file is empty or damaged, or a header lacks a column.
        """
        rest: Iterator[_Batch] = line_batches(path)
        for table, following in zip(self.tables, (*self.tables[1:], None), strict=True):
            here = _LinesUpTo(rest, None if following is None else _mark(following))
            yield from table.read_lines(here, path, ledger)
            if here.left is None:
                return
            rest = chain([here.left], rest)


@dataclass
class _LinesUpTo:
    """The batches before the line that begins with `mark`; that line and the rest of its batch are then in `left`."""

    batches: Iterator[_Batch]
    mark: bytes | None
    left: _Batch | None = field(default=None, init=False)

    def __iter__(self) -> Iterator[_Batch]:
        for number, lines in self.batches:
            at = self._position(lines)
            if at is None:
                yield number, lines
            else:
                self.left = (number + at, lines[at:])
                yield number, lines[:at]
                return

    def _position(self, lines: list[bytes]) -> int | None:
        if self.mark is None:
            return None
        return next((index for index, line in enumerate(lines) if line.startswith(self.mark)), None)


def _mark(table: Delimited) -> bytes:
    return table.separator.join(table.columns[:2]).encode()
