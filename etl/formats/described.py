"""Tables of which a file beside them says what they are: the study folders of cBioPortal.

There a file `meta_*.txt` names a data file in `data_filename` and says to which study it belongs and what it holds; the
name of the data file itself says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from etl.formats.delimited import line_batches
from etl.rows import Ledger, Rows
from warehouse.errors import SourceError
from warehouse.statements import ROW, Reason

if TYPE_CHECKING:
    from etl.source import Format

_PACKING = {".gz", ".zip", ".xz"}


@dataclass(frozen=True)
class Described:
    """A table with a description beside it.

    Args:
        table: how the table is read.
        fields: what its description must say.
    """

    table: Format
    fields: tuple[str, ...]

    def read(self, path: Path, ledger: Ledger) -> Iterator[Rows]:
        """Yield the rows of the table; what its description says is in `Rows.about`.

        Raises:
            SourceError: there is no description, it lacks a field, or the table cannot be read.
        """
        about = description_of(path)
        if about is None:
            raise SourceError(f"{path.name}: no meta_*.txt beside it names it as its data_filename")
        _verify(path, about, self.fields)
        ledger.about.update(about)
        yield from self.table.read(path, ledger)


@dataclass(frozen=True)
class Fields:
    """A file of lines `field: value`, read as one row.

    Args:
        fields: what it must say.
        optional: what it may say; what it leaves out is empty.
    """

    fields: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    def read(self, path: Path, ledger: Ledger) -> Iterator[Rows]:
        """Yield one row with a column for each field.

        Raises:
            SourceError: the file is damaged or lacks a field.
        """
        ledger.rows_read += 1
        try:
            fields = _fields(path)
        except UnicodeDecodeError as error:
            detail = f"byte {error.start + 1} of the line is {error.object[error.start]:#04x}"
            ledger.reject_row(1, Reason.NOT_UTF8, detail, error.object.decode(errors="backslashreplace"))
            return
        _verify(path, fields, self.fields)
        values = {name: [fields.get(name)] for name in (*self.fields, *self.optional)}
        yield Rows(
            pl.DataFrame({**values, ROW: [1]}, schema={**dict.fromkeys(values, pl.String), ROW: pl.Int64}), ledger
        )


def description_of(path: Path) -> dict[str, str] | None:
    """What the description of a data file says of it; None where there is none that can be read."""
    names = {path.name, path.stem} if path.suffix in _PACKING else {path.name}
    for meta in sorted(path.parent.glob("meta_*.txt")):
        fields = fields_of(meta)
        if fields.get("data_filename") in names:
            return fields
    return None


def fields_of(path: Path) -> dict[str, str]:
    """What a description says; nothing where it cannot be read."""
    try:
        return _fields(path)
    except (UnicodeDecodeError, SourceError):
        return {}


def _fields(path: Path) -> dict[str, str]:
    fields: dict[str, str] = {}
    for _number, lines in line_batches(path):
        for line in lines:
            name, mark, value = line.decode().partition(":")
            if mark and value.strip():
                fields[name.strip()] = value.strip()
    return fields


def _verify(path: Path, fields: dict[str, str], wanted: tuple[str, ...]) -> None:
    missing = [name for name in wanted if name not in fields]
    if missing:
        raise SourceError(f"{path.name}: the description of the study's file lacks {', '.join(missing)}")
