"""Sheets of Excel workbooks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from etl.formats.content import verify_content
from etl.rows import Ledger, Rows
from warehouse.errors import SourceError
from warehouse.statements import ROW


@dataclass(frozen=True)
class Workbook:
    """One sheet of an `.xlsx` workbook, its first line the header.

    Args:
        sheet: the name of the sheet.
        columns: the columns that must be there.
        missing: texts that mean "no value".
    """

    sheet: str
    columns: tuple[str, ...]
    missing: tuple[str, ...] = ()

    def read(self, path: Path, ledger: Ledger) -> Iterator[Rows]:
        """Yield the rows of the sheet as text; `ROW` is the number that Excel shows.

        Raises:
            SourceError: the file is not a workbook, or lacks the sheet or a column.
        """
        import fastexcel

        verify_content(path, zips=False)
        try:
            workbook = fastexcel.read_excel(path)
            if self.sheet not in workbook.sheet_names:
                raise SourceError(
                    f"{path.name}: the workbook has no sheet {self.sheet!r}; it has {', '.join(workbook.sheet_names)}"
                )
            sheet = workbook.load_sheet(self.sheet, dtypes="string").to_polars()
        except fastexcel.FastExcelError as error:
            raise SourceError(f"{path.name}: this is no readable workbook (.xlsx)") from error
        missing = [column for column in self.columns if column not in sheet.columns]
        if missing:
            raise SourceError(f"{path.name}, sheet {self.sheet}: there is no column {', '.join(missing)}")
        ledger.rows_read += sheet.height
        text = pl.col(pl.String)
        frame = sheet.with_columns(pl.when(~text.is_in([*self.missing, ""])).then(text).name.keep())
        ledger.count_unused(frame, [name for name in frame.columns if name not in self.columns])
        yield Rows(frame.with_columns(pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias(ROW)), ledger)
