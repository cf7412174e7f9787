"""Rows on their way from a file to statements, and the ledger that accounts for every one of them.

Rows read = rows kept + rows quarantined + rows out of scope, for every file, always. A row of which one statement is
rejected is set aside whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from warehouse.checks import REJECTED_SCHEMA
from warehouse.statements import FILE, ROW, Reason


@dataclass(frozen=True)
class Options:
    """What a user may choose for a build.

    Args:
        species: scientific names of the organisms that are wanted.
    """

    species: tuple[str, ...] = ("Homo sapiens",)


@dataclass
class Ledger:
    """The account of one file.

    Args:
        file: the name of the file, as messages show it.
        release: its release.
        options: what the user chose.
        withdrawn: keys of entries that this or an earlier file of the same source says are withdrawn.
        about: what a description beside the file says of it; a format that reads one writes it here.
    """

    file: str
    release: str = ""
    options: Options = field(default_factory=Options)
    withdrawn: set[str] = field(default_factory=set)
    rows_read: int = 0
    rejected: list[pl.DataFrame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    first_rows: dict[str, pl.DataFrame] = field(default_factory=dict)
    _quarantined: set[int] = field(default_factory=set)
    _out_of_scope: set[int] = field(default_factory=set)

    @property
    def rows_quarantined(self) -> int:
        """Rows that were set aside."""
        return len(self._quarantined)

    @property
    def rows_out_of_scope(self) -> int:
        """Rows that the user's options leave out (another species)."""
        return len(self._out_of_scope - self._quarantined)

    @property
    def rows_kept(self) -> int:
        """Rows whose statements all went on."""
        return self.rows_read - self.rows_quarantined - self.rows_out_of_scope

    def reject(self, rejected: pl.DataFrame, *, whole_rows: bool = True) -> None:
        """Set rows aside; the frame is as `REJECTED_SCHEMA` has it.

        Args:
            rejected: rows, or single statements of rows that list several.
            whole_rows: the rows count as quarantined; false for a statement of a row that is kept.
        """
        if rejected.height:
            self.rejected.append(rejected.select(REJECTED_SCHEMA.names()).cast(REJECTED_SCHEMA))
            self._quarantined.update(rejected[ROW].to_list() if whole_rows else ())

    def quarantined_rows(self) -> pl.DataFrame:
        """The numbers of the rows that were set aside, in the column `ROW`."""
        return pl.DataFrame({ROW: sorted(self._quarantined)}, schema={ROW: pl.Int64})

    def reject_row(self, row: int, reason: Reason, detail: str, raw: str | None = None, key: str | None = None) -> None:
        """Set one row aside."""
        values = {ROW: [row], "reason": [reason.code], "key": [key], "detail": [detail], "raw": [raw]}
        self.reject(pl.DataFrame(values, schema=REJECTED_SCHEMA))

    def leave_out(self, rows: pl.Series) -> None:
        """Account for rows that the user's options leave out."""
        self._out_of_scope.update(rows.to_list())

    def hand_over(self, places: pl.DataFrame, ledgers: Sequence[Ledger]) -> None:
        """Enter what was set aside or left out of a batch of many files in the accounts of those files.

        Args:
            places: for each row of the batch (`ROW`) its file (`FILE`, an index of `ledgers`) and row there (`row`).
            ledgers: the accounts of the files.
        """
        for frame in self.rejected:
            of_files = frame.join(places, on=ROW, how="left", maintain_order="left").with_columns(
                pl.col("row").alias(ROW)
            )
            for group in of_files.partition_by(FILE, maintain_order=True):
                ledgers[group[FILE][0]].reject(group, whole_rows=False)
        for file, row in _places_of(self._quarantined, places):
            ledgers[file]._quarantined.add(row)
        for file, row in _places_of(self._out_of_scope, places):
            ledgers[file]._out_of_scope.add(row)
        for ledger in ledgers:
            ledger.notes.extend(text for text in self.notes if text not in ledger.notes)

    def note(self, text: str) -> None:
        """Add a sentence to the receipt, once."""
        if text not in self.notes:
            self.notes.append(text)


@dataclass(frozen=True)
class Rows:
    """A batch of rows of one file.

    Args:
        frame: the columns of the file as text (empty = null), and `ROW`.
        ledger: the account of the file.
    """

    frame: pl.DataFrame
    ledger: Ledger

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.ledger.file

    @property
    def options(self) -> Options:
        """What the user chose."""
        return self.ledger.options

    @property
    def about(self) -> dict[str, str]:
        """What a description beside the file says of it."""
        return self.ledger.about

    def with_columns(self, *columns: pl.Expr, **named: pl.Expr) -> Rows:
        """The same rows with more columns.

        Raises:
            ValueError: a column would replace `ROW`.
        """
        frame = self.frame.with_columns(*columns, **named)
        if not frame[ROW].equals(self.frame[ROW]):
            raise ValueError(f"a source must not set {ROW}")
        return Rows(frame, self.ledger)

    def reject(self, broken: pl.Expr, reason: Reason, detail: pl.Expr | str, key: pl.Expr | None = None) -> Rows:
        """Set aside the rows for which `broken` holds and give the others.

        Args:
            broken: a truth value for each row; null counts as false.
            reason: why.
            detail: what exactly was met, as a text or for each row.
            key: what identifies the row for a reader.
        """
        judged = self.frame.with_columns(_broken=broken.fill_null(False))
        bad = judged.filter("_broken")
        if bad.height:
            if reason is Reason.WITHDRAWN and key is not None:
                self.ledger.withdrawn.update(bad.select(key).to_series().drop_nulls())
            said = pl.lit(detail) if isinstance(detail, str) else detail
            self.ledger.reject(
                bad.select(
                    ROW,
                    reason=pl.lit(reason.code),
                    key=pl.lit(None, pl.String) if key is None else key.cast(pl.String),
                    detail=said.cast(pl.String),
                    raw=raw_text(bad.drop("_broken")),
                )
            )
        return Rows(judged.filter(~pl.col("_broken")).drop("_broken"), self.ledger)

    def against_first(self, key: str, content: Sequence[str]) -> Rows:
        """Compare each row with the first row of the file that has the same key.

        Args:
            key: the column that says what a row is about.
            content: the columns in which rows with one key should agree.

        Returns:
            The rows with `first`: the number of that first row (`row`), and whether both say the same (`agrees`).
        """
        said = self.frame.with_columns(_said=self.frame.select(content).hash_rows())
        firsts = said.select(key, _first_row=ROW, _first_said="_said")
        if key in self.ledger.first_rows:
            firsts = pl.concat([self.ledger.first_rows[key], firsts])
        firsts = firsts.unique(key, keep="first", maintain_order=True)
        self.ledger.first_rows[key] = firsts
        judged = said.join(firsts, on=key, how="left", nulls_equal=True, maintain_order="left")
        agrees = (pl.col("_said") == pl.col("_first_said")).alias("agrees")
        first = pl.struct(pl.col("_first_row").alias("row"), agrees)
        return Rows(judged.with_columns(first=first).drop("_said", "_first_said", "_first_row"), self.ledger)

    def only(self, wanted: pl.Expr) -> Rows:
        """The rows for which `wanted` holds; the others are out of scope by the user's options, not bad."""
        judged = self.frame.with_columns(_wanted=wanted.fill_null(False))
        self.ledger.leave_out(judged.filter(~pl.col("_wanted"))[ROW])
        return Rows(judged.filter("_wanted").drop("_wanted"), self.ledger)


def _places_of(rows: set[int], places: pl.DataFrame) -> list[tuple[int, int]]:
    """File and row in it of some rows of a batch."""
    wanted = pl.DataFrame({ROW: sorted(rows)}, schema={ROW: pl.Int64})
    return wanted.join(places, on=ROW).select(FILE, "row").rows()


def raw_text(frame: pl.DataFrame) -> pl.Expr:
    """The text of each row as quarantine shows it: its columns joined by tabs, at most 2,000 characters."""
    columns = [
        pl.col(name) if dtype == pl.String else pl.col(name).cast(pl.String)
        for name, dtype in frame.schema.items()
        if name != ROW and not dtype.is_nested()
    ]
    joined = pl.concat_str(columns, separator="\t", ignore_nulls=True) if columns else pl.lit("")
    return joined.str.slice(0, 2000)
