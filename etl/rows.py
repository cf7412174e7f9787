"""Rows on their way from a file to statements, and the ledger that accounts for every one of them.

Rows read = rows kept + rows quarantined + rows out of scope, for every file, always. A row leaves whole only where what
it is about cannot be known; any other value that cannot be used is recorded by itself and counts as missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from warehouse.checks import REJECTED_SCHEMA
from warehouse.errors import SourceError
from warehouse.statements import FILE, ROW, Reason, Scope

#: A file with more values than this that cannot be used, if they are also more than `UNUSABLE_SHARE` of its values, is
#: not in the format that it was taken for.
UNUSABLE_VALUES = 10_000
#: A column with a larger share of values that cannot be used is named in the receipt, and the file gets a warning.
UNUSABLE_SHARE = 0.30


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
        named_after: the cohort that is named after the file or its folder, and that file or folder; None = none is.
        header_row: the line of the header.
        values: for each column that was checked, how many values it gave and how many of them could not be used.
        unused_columns: the columns that nothing reads, with how many values each has.
        names: of each sample of a matrix, the name by which the file's values are used.
    """

    file: str
    release: str = ""
    options: Options = field(default_factory=Options)
    withdrawn: set[str] = field(default_factory=set)
    rows_read: int = 0
    rejected: list[pl.DataFrame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    named_after: tuple[str, str] | None = None
    first_rows: dict[str, pl.DataFrame] = field(default_factory=dict)
    header_row: int = 1
    values: dict[str, tuple[int, int]] = field(default_factory=dict)
    unused_columns: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    _settled: int = 0
    _columns: set[tuple[str, str]] = field(default_factory=set)
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

    @property
    def cells(self) -> dict[str, int]:
        """How many values, or columns of a matrix, were set aside while their rows were kept, by reason."""
        return self._counted(within_rows=True)

    @property
    def rejected_by_reason(self) -> dict[str, int]:
        """How many rows and statements were set aside, by reason."""
        return self._counted(within_rows=False)

    @property
    def unusable_columns(self) -> dict[str, tuple[int, int]]:
        """The columns of which much could not be used: how many values they gave, and how many were set aside."""
        return {name: (given, bad) for name, (given, bad) in self.values.items() if bad > UNUSABLE_SHARE * given}

    def reject(self, rejected: pl.DataFrame) -> None:
        """Record what is set aside; the frame is as `REJECTED_SCHEMA` has it, and its `scope` says how much that is."""
        if rejected.height:
            self.rejected.append(rejected.select(REJECTED_SCHEMA.names()).cast(REJECTED_SCHEMA))
            self._quarantined.update(rejected.filter(pl.col("scope") == Scope.ROW.code)[ROW].to_list())

    def count_values(self, column: str, given: int, bad: int) -> None:
        """Account for the values of a column that was checked."""
        before = self.values.get(column, (0, 0))
        self.values[column] = (before[0] + given, before[1] + bad)

    def count_unused(self, frame: pl.DataFrame, columns: Iterable[str]) -> None:
        """Account for the values of columns that nothing reads; `frame` has them as text."""
        for name in columns:
            given = frame.height - frame[name].null_count()
            self.unused_columns[name] = self.unused_columns.get(name, 0) + given

    def settle(self) -> None:
        """Forget what was said of parts of rows that have left whole since, or are out of scope."""
        gone = pl.Series(sorted(self._quarantined | self._out_of_scope), dtype=pl.Int64)
        part = pl.col("scope").is_in([Scope.CELL.code, Scope.STATEMENT.code])
        fresh = (frame.filter(~(part & pl.col(ROW).is_in(gone.implode()))) for frame in self.rejected[self._settled :])
        self.rejected[self._settled :] = [frame for frame in fresh if frame.height]
        self._settled = len(self.rejected)

    def verify_values(self) -> None:
        """Make sure that the file is in the format that it is taken for.

        Raises:
            SourceError: most of its values cannot be used.
        """
        given, bad = (sum(counts) for counts in zip(*self.values.values(), strict=True)) if self.values else (0, 0)
        if bad > max(UNUSABLE_VALUES, UNUSABLE_SHARE * given):
            cells = pl.concat(self.rejected).filter(pl.col("scope") == Scope.CELL.code)
            first = cells.sort(ROW, maintain_order=True).row(0, named=True)
            raise SourceError(
                f"{self.file}: {bad:,} of {given:,} values are not of the type that their column has; the first is "
                f"{first['value']!r} in row {first[ROW]}, column {first['column']}.",
                "Is this the right file? Numbers are written with a decimal point and without separators.",
            )

    def quarantined_rows(self) -> pl.DataFrame:
        """The numbers of the rows that were set aside, in the column `ROW`."""
        return pl.DataFrame({ROW: sorted(self._quarantined)}, schema={ROW: pl.Int64})

    def reject_row(self, row: int, reason: Reason, detail: str, raw: str | None = None, key: str | None = None) -> None:
        """Set one row aside."""
        self._enter(row, Scope.ROW, reason=reason.code, key=key, detail=detail, raw=raw)

    def reject_column(self, column: str, reason: Reason, detail: str) -> None:
        """Set a column of a matrix aside, once; its rows are kept."""
        if (column, detail) in self._columns:
            return
        self._columns.add((column, detail))
        self._enter(self.header_row, Scope.COLUMN, column=column, reason=reason.code, key=column, detail=detail)

    def _enter(self, row: int, scope: Scope, **said: str | None) -> None:
        entry = {**dict.fromkeys(REJECTED_SCHEMA.names()), ROW: row, "scope": scope.code, **said}
        self.reject(pl.DataFrame([entry], schema=REJECTED_SCHEMA))

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
                ledgers[group[FILE][0]].reject(group)
        for file, row in _places_of(self._quarantined, places):
            ledgers[file]._quarantined.add(row)
        for file, row in _places_of(self._out_of_scope, places):
            ledgers[file]._out_of_scope.add(row)
        for ledger in ledgers:
            ledger.notes.extend(text for text in self.notes if text not in ledger.notes)
            ledger._settled = len(ledger.rejected)

    def _counted(self, *, within_rows: bool) -> dict[str, int]:
        inner = pl.col("scope").is_in([Scope.CELL.code, Scope.COLUMN.code])
        frames = [frame.filter(inner if within_rows else ~inner)["reason"] for frame in self.rejected]
        return dict(sorted(Counter(pl.concat(frames)).items())) if frames else {}

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

        Only for rows of which it cannot be known what they are about; what is wrong with any other value is `blank`'s.

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
            told = {"key": key, "detail": said, "raw": raw_text(bad.drop("_broken"))}
            self.ledger.reject(_entries(bad, Scope.ROW, reason, told))
        return Rows(judged.filter(~pl.col("_broken")).drop("_broken"), self.ledger)

    def blank(self, broken: Mapping[str, pl.Expr], reason: Reason, key: pl.Expr | None = None) -> Rows:
        """Set values aside and give all rows, with null in their place.

        Args:
            broken: by column, a truth value for each row; null counts as false.
            reason: why.
            key: what identifies the row for a reader.
        """
        if not broken:
            return self
        judged = self.frame.select(expression.fill_null(False).alias(name) for name, expression in broken.items())
        for column in judged:
            values = self.frame[column.name]
            self.ledger.count_values(column.name, self.frame.height - values.null_count(), int(column.sum()))
        hits = [column for column in judged if column.any()]
        for column in hits:
            value = pl.col(column.name).cast(pl.String)
            told = {"column": pl.lit(column.name), "key": key, "value": value, "detail": _assigned(column.name, value)}
            self.ledger.reject(_entries(self.frame.filter(column), Scope.CELL, reason, told))
        return Rows(
            self.frame.with_columns(pl.when(~column).then(pl.col(column.name)).alias(column.name) for column in hits),
            self.ledger,
        )

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


def _assigned(name: str, value: pl.Expr) -> pl.Expr:
    return pl.format("{}={}", pl.lit(name), value)


def _entries(frame: pl.DataFrame, scope: Scope, reason: Reason, said: Mapping[str, pl.Expr | None]) -> pl.DataFrame:
    """Entries about some rows, as `REJECTED_SCHEMA` has them."""
    told = {"scope": pl.lit(scope.code), "reason": pl.lit(reason.code)} | {
        name: expression for name, expression in said.items() if expression is not None
    }
    names = [name for name in REJECTED_SCHEMA.names() if name != ROW]
    return frame.select(ROW, *(told.get(name, pl.lit(None)).cast(pl.String).alias(name) for name in names))


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
