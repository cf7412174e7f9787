"""Files that are kept as documents and not read: an image, a slide, an article."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from etl.formats.content import verify_content
from etl.rows import Ledger, Rows
from warehouse.documents.media_types import bare_name
from warehouse.errors import SourceError
from warehouse.statements import FILE, ROW, Reason

_SCHEMA = pl.Schema({FILE: pl.Int64(), ROW: pl.Int64(), "name": pl.String(), "size_bytes": pl.Int64()})


@dataclass(frozen=True)
class WholeFile:
    """One row for each file, whatever it holds: `name` (of the file, without `.gz`, `.xz`, `.zip`) and `size_bytes`.

    The parse function says by the name what the file is a document of.
    """

    def read(self, path: Path, ledger: Ledger) -> Iterator[Rows]:
        """Yield the row of a file."""
        yield Rows(self.read_many([(path, ledger)]).drop(FILE), ledger)

    def read_many(self, files: Sequence[tuple[Path, Ledger]]) -> pl.DataFrame:
        """The rows of many files; one that is empty or holds a pointer or an error page goes to quarantine."""
        rows = [
            (number, 1, bare_name(path.name), path.stat().st_size)
            for number, (path, ledger) in enumerate(files)
            if _holds_data(path, ledger)
        ]
        return pl.DataFrame(rows, _SCHEMA, orient="row")


def _holds_data(path: Path, ledger: Ledger) -> bool:
    ledger.rows_read += 1
    try:
        verify_content(path, zips=False)
    except SourceError as error:
        ledger.reject_row(1, Reason.UNREADABLE, error.message, key=path.name)
        return False
    return True
