"""Tables of text: tab- or comma-separated, with or without a header.

The lines are counted and checked before anything is interpreted: a line with another number of fields than the header,
or with bytes that are no UTF-8, goes to quarantine with its number and its text, and the others are read.

Empty fields beyond the header are no fault (spreadsheets and writers of MAF leave them); too few fields are one, since
nothing tells a field that was left out from a line that was cut off, save for the last columns where a publisher is
known to leave them out. A matrix may be as R's `write.table` writes it: its header has no name for the first column,
the names of the rows.
"""

from __future__ import annotations

import csv as csv_module
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from etl.formats.content import content_chunks
from etl.rows import Ledger, Rows
from warehouse.errors import SourceError
from warehouse.statements import ROW, Reason

#: How much text is interpreted at a time; a batch takes about six times this much memory.
BATCH_BYTES = 64 * 1024**2

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

#: Rows that are looked at to tell whether the header of a matrix lacks a name for the first column.
_LOOKED_AT = 100

#: Before the place of a column that the header gives no name.
UNNAMED = "_unnamed_"

#: Before the place of a column of a matrix whose name stands in an earlier one: it is not read.
_REPEATED = "_repeated_"


@dataclass(frozen=True)
class Delimited:
    """A table of text.

    Args:
        separator: the character between fields.
        columns: with a header, the columns that must be there; without, the names of all columns in order.
        header: whether the first line that is no comment names the columns.
        comment: lines that begin with it, before the header, are skipped.
        quote: fields may be quoted with `"`; a quoted field must not span lines.
        skip_lines: lines before the header that are no comments.
        optional: columns that only some releases have; where one is missing it is empty.
        like: a regular expression of further names of columns that are read where they are there.
        wide: the other columns are the genes or samples of a matrix, and are read too.
        droppable: columns at the end that a row may lack, by declaration.
        one_of: sets of names that one column has in different releases; of each set one must be there.
        row_names: of a matrix, the column that holds the names of the rows where the header gives it no name.
    """

    separator: str
    columns: tuple[str, ...]
    header: bool = True
    comment: str | None = None
    quote: bool = False
    skip_lines: int = 0
    optional: tuple[str, ...] = ()
    wide: bool = False
    like: str = ""
    row_names: str = ""
    droppable: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()

    def read(self, path: Path, ledger: Ledger) -> Iterator[Rows]:
        """Yield the rows in batches; every column is text, an empty field is null, `ROW` is the line's number.

        Raises:
            SourceError: the file is empty or damaged, or its header lacks a column.
        """
        yield from self.read_lines(line_batches(path), path, ledger)

    def read_lines(self, batches: Iterable[tuple[int, list[bytes]]], path: Path, ledger: Ledger) -> Iterator[Rows]:
        """The same for lines that are there already: batches of them with the number of the first.

        Raises:
            SourceError: there is no header, or it lacks a column.
        """
        names: tuple[str, ...] = () if self.header else self.columns
        for number, lines in batches:
            start = number
            body = lines
            if not names or (number == 1 and (self.comment or self.skip_lines)):
                skipped = self._preamble(lines)
                body, start = lines[skipped:], number + skipped
                if self.header and body:
                    names = self._names(body, path, start, ledger)
                    body, start = body[1:], start + 1
            if names and body:
                yield Rows(self._frame(body, start, names, ledger), ledger)
        if not names:
            raise SourceError(f"{path.name}: there is no header line, only comments", "Is the download complete?")

    def _preamble(self, lines: list[bytes]) -> int:
        skipped = self.skip_lines
        if self.comment is not None:
            mark = self.comment.encode()
            while skipped < len(lines) and lines[skipped].startswith(mark):
                skipped += 1
        return skipped

    def _names(self, body: list[bytes], path: Path, number: int, ledger: Ledger) -> tuple[str, ...]:
        """The names of the columns, by the header and the first rows below it; a repeated one of a matrix is empty."""
        ledger.header_row = number
        names = tuple(name.strip() for name in self._fields(body[0].decode("utf-8", errors="replace")))
        if self.wide and self._lacks_row_names(names, body[1:]):
            names = ("" if self.row_names in names else self.row_names, *names)
        missing = [column for column in self.columns if column not in names]
        missing += [" or ".join(some) for some in self.one_of if not set(some) & set(names)]
        if missing:
            raise SourceError(
                f"{path.name}, line {number}: the header lacks the column(s) {', '.join(missing)}; "
                f"it has {', '.join(names[:12])}{', ...' if len(names) > 12 else ''}",
                "Is this the right file, and has its publisher changed the format?",
            )
        if ROW in names:
            raise SourceError(
                f"{path.name}, line {number}: a column is called {ROW}, which stands for the number of a row here.",
                "Rename the column.",
            )
        firsts = {name: index for index, name in reversed(list(enumerate(names)))}
        repeated = dict.fromkeys(index for index, name in enumerate(names) if name and firsts[name] != index)
        ambiguous = sorted({names[index] for index in repeated if self._is_read(names[index])})
        if ambiguous:
            raise SourceError(f"{path.name}, line {number}: the header names {', '.join(ambiguous)} more than once")
        if self.wide:
            for index in repeated:
                ledger.reject_column(
                    names[index], Reason.DUPLICATE_KEY, f"column {index + 1}: an earlier one has its name"
                )
        return tuple(
            f"{_REPEATED}{index}" if index in repeated else name or f"{UNNAMED}{index}"
            for index, name in enumerate(names)
        )

    def _lacks_row_names(self, names: tuple[str, ...], body: list[bytes]) -> bool:
        """Whether each of the first rows has one field more than the header: the names of the rows, as R writes them.

        Where the header names the column that tells the rows apart, only R's own row numbers can stand before it.
        """
        rows = [self._fields(line.decode("utf-8", errors="replace")) for line in body[:_LOOKED_AT] if line]
        if (
            not rows
            or any(len(fields) != len(names) + 1 for fields in rows)
            or not any(row[-1].strip() for row in rows)
        ):
            return False
        first = [fields[0].strip(' "') for fields in rows]
        return self.row_names not in names or first == [str(number) for number in range(1, len(rows) + 1)]

    def _frame(self, lines: list[bytes], start: int, names: tuple[str, ...], ledger: Ledger) -> pl.DataFrame:
        good: list[bytes] = []
        numbers: list[int] = []
        for number, written in enumerate(lines, start):
            line = written
            if not line:
                continue
            ledger.rows_read += 1
            found = self._count(line)
            if found != len(names):
                line = self._fitted(line, found, names)
                found = self._count(line)
            reason, detail = self._fault(line, found, len(names))
            if reason is None:
                good.append(line)
                numbers.append(number)
            else:
                ledger.reject_row(number, reason, detail, written[:2000].decode("utf-8", errors="backslashreplace"))
        shown = [name for name in names if not name.startswith(_REPEATED)]
        schema = dict.fromkeys((*shown, *self.optional), pl.String)
        if not good:
            nothing = pl.DataFrame(schema={**schema, ROW: pl.Int64})
            ledger.count_unused(nothing, self._unused(nothing, names))
            return nothing
        frame = self._parsed(good, names)
        ledger.count_unused(frame, self._unused(frame, names))
        absent = [pl.lit(None, pl.String).alias(name) for name in self.optional if name not in names]
        return frame.select(*shown, pl.Series(ROW, numbers, pl.Int64), *absent)

    def _parsed(self, lines: list[bytes], names: tuple[str, ...]) -> pl.DataFrame:
        if len(names) > 1:
            return pl.read_csv(
                io.BytesIO(b"\n".join(lines)),
                separator=self.separator,
                has_header=False,
                new_columns=list(names),
                schema_overrides=[pl.String] * len(names),
                infer_schema=False,
                quote_char='"' if self.quote else None,
            )
        # The reader of polars skips a line without text, which is an empty value where there is one column.
        values = [next(iter(self._fields(line.decode())), "") or None for line in lines]
        return pl.DataFrame({names[0]: values}, schema={names[0]: pl.String})

    def _is_read(self, name: str) -> bool:
        known = name in self.columns or name in self.optional
        return known or bool(self.like and re.fullmatch(self.like, name))

    def _unused(self, frame: pl.DataFrame, names: tuple[str, ...]) -> list[str]:
        """The columns of the file that nothing reads; those of a matrix are its genes or samples.

        Empty columns without a name, as spreadsheets leave them, are none.
        """
        if self.wide:
            return []
        empty = {name for name in names if name.startswith(UNNAMED) and frame[name].null_count() == frame.height}
        return [
            name for name in names if not self._is_read(name) and not name.startswith(_REPEATED) and name not in empty
        ]

    def _count(self, line: bytes) -> int:
        if self.quote and b'"' in line:
            return len(self._fields(line.decode("utf-8", errors="replace")))
        return line.count(self.separator.encode()) + 1

    def _fitted(self, line: bytes, found: int, names: tuple[str, ...]) -> bytes:
        """The line without empty fields beyond the header, and with those of trailing columns that it may lack."""
        mark = self.separator.encode()
        ends = (mark, mark + b'""') if self.quote else (mark,)
        for _extra in range(found - len(names)):
            bare = line.rstrip(b" ")
            line = next((bare.removesuffix(end) for end in ends if bare.endswith(end)), line)
        lacking = len(names) - found
        absent = names[found:]
        if 0 < lacking < len(names) and all(name.startswith(UNNAMED) or name in self.droppable for name in absent):
            return line + mark * lacking
        return line

    def _fault(self, line: bytes, found: int, expected: int) -> tuple[Reason | None, str]:
        if not line.isascii():
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return Reason.NOT_UTF8, f"byte {error.start + 1} of the line is {line[error.start]:#04x}"
        return (None, "") if found == expected else (Reason.WRONG_COLUMN_COUNT, f"{found} columns, not {expected}")

    def _fields(self, text: str) -> list[str]:
        if not self.quote:
            return text.split(self.separator)
        try:
            return next(csv_module.reader([text], delimiter=self.separator, strict=True), [])
        except csv_module.Error:
            return []


def tsv(
    *columns: str,
    header: bool = True,
    comment: str | None = None,
    quote: bool = False,
    optional: tuple[str, ...] = (),
    wide: bool = False,
    like: str = "",
    row_names: str = "",
    droppable: tuple[str, ...] = (),
    one_of: tuple[tuple[str, ...], ...] = (),
) -> Delimited:
    """A tab-separated table; the names of a matrix may be quoted, as R does by default.

    >>> tsv("id", "name").separator
    '\\t'
    """
    return Delimited(
        "\t",
        columns,
        header,
        comment,
        quote or wide,
        optional=optional,
        wide=wide,
        like=like,
        row_names=row_names,
        droppable=droppable,
        one_of=one_of,
    )


def csv(
    *columns: str, header: bool = True, comment: str | None = None, quote: bool = True, wide: bool = False
) -> Delimited:
    """A comma-separated table, fields quoted where they need it."""
    return Delimited(",", columns, header, comment, quote, wide=wide)


def line_batches(path: Path) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the lines of a file in batches, with the number of the first; line ends of every system are taken off."""
    number, rest, waiting = 1, b"", 0
    pending: list[bytes] = []
    first = True
    for chunk in content_chunks(path):
        data = chunk.removeprefix(_BYTE_ORDER_MARK) if first else chunk
        first = False
        lines = (rest + data).split(b"\n")
        rest = lines.pop()
        pending += [line.removesuffix(b"\r") for line in lines]
        waiting += len(data)
        if waiting >= BATCH_BYTES:
            yield number, pending
            number, pending, waiting = number + len(pending), [], 0
    if rest:
        pending.append(rest.removesuffix(b"\r"))
    if pending:
        yield number, pending
