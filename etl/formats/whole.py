"""Files that are kept as documents and not read: an image, a slide, an article."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from etl.rows import Ledger, Rows
from warehouse.documents.media_types import bare_name
from warehouse.statements import FILE, ROW

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
        """The rows of many files."""
        for _path, ledger in files:
            ledger.rows_read += 1
        rows = [(number, 1, bare_name(path.name), path.stat().st_size) for number, (path, _ledger) in enumerate(files)]
        return pl.DataFrame(rows, _SCHEMA, orient="row")
