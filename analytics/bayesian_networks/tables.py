"""A matrix and its samples' attributes from files: text or Parquet, either way round, and EDF.

A table is read either way round: the samples of the attributes tell which side of the matrix the samples are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.dataset import named
from warehouse.errors import AnalysisError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Matrix", "SampleTable", "read_matrix", "read_sample_table", "read_table", "shared_samples"]

_MISSING = ["", "NA", "NaN", "nan", "null", "NULL", "None"]

#: R puts an X in front of names that begin with a digit, and dots for signs.
_R_PREFIX = re.compile(r"^X(?=\d)")


@dataclass(frozen=True)
class Matrix:
    """Numbers with names on both sides: rows x columns; which of them are samples is not said yet."""

    path: Path
    values: NDArray[np.float64]
    rows: tuple[str, ...]
    columns: tuple[str, ...]

    def transposed(self) -> Matrix:
        """The same, the other way round."""
        return Matrix(self.path, np.ascontiguousarray(self.values.T), self.columns, self.rows)


@dataclass(frozen=True)
class SampleTable:
    """Attributes of samples as text: a frame whose column `sample` names them; null = missing."""

    path: Path
    frame: pl.DataFrame

    def column(self, name: str) -> dict[str, str]:
        """The value of each sample that has one.

        Raises:
            AnalysisError: there is no such column.
        """
        if name not in self.frame.columns:
            known = ", ".join(column for column in self.frame.columns if column != "sample")
            raise AnalysisError(f"{self.path} has no column {name!r}.", f"Columns: {known}.")
        pairs = zip(self.frame["sample"].to_list(), self.frame[name].to_list(), strict=True)
        return {sample: value for sample, value in pairs if value is not None}


def read_table(path: Path) -> pl.DataFrame:
    """A table of text; the first line names the columns.

    Raises:
        AnalysisError: the file cannot be read, is empty, or lines differ in length.
    """
    import polars as pl

    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path).with_columns(pl.all().cast(pl.String))
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        content = _unpacked(path) if packed else path.read_bytes()
        header = content.split(b"\n", 1)[0]
        separator = "\t" if b"\t" in header else ";" if header.count(b";") > header.count(b",") else ","
        _verify_lengths(path, content, separator)
        return pl.read_csv(
            content,
            separator=separator,
            infer_schema=False,
            null_values=_MISSING,
        )
    except OSError as error:
        raise AnalysisError(f"{path} cannot be read: {error.strerror or error}.") from error
    except pl.exceptions.PolarsError as error:
        raise AnalysisError(f"{path} is no table: {str(error).splitlines()[0]}") from error


def read_matrix(path: Path) -> Matrix:
    """A matrix of numbers: names in the first line and the first column.

    Raises:
        AnalysisError: the file cannot be read, or a value is no number; the message names line and column.
    """
    if path.name.removesuffix(".gz").endswith(".edf"):
        from analytics.bayesian_networks.interchange.edf import read_edf

        file = read_edf(path)
        return Matrix(path, file.values, file.samples(), file.variables)
    import polars as pl

    frame = read_table(path)
    if frame.width < 2 or not frame.height:
        raise AnalysisError(f"{path} is no matrix: names in the first line and column, and numbers, are expected.")
    names = frame.to_series(0).fill_null("").to_list()
    numbers = frame.select(pl.all().exclude(frame.columns[0]).cast(pl.Float64, strict=False))
    _verify_numbers(path, frame, numbers)
    values = numbers.to_numpy().astype(np.float64)
    return Matrix(path, np.ascontiguousarray(values), tuple(names), tuple(frame.columns[1:]))


def read_sample_table(path: Path, samples: Sequence[str] | None = None) -> SampleTable:
    """Attributes of samples: one line for each, its name in the first column; or one column for each.

    Args:
        path: the table.
        samples: names that are known from a matrix: they tell which way round the table is.

    Raises:
        AnalysisError: the file cannot be read, or a sample is there twice.
    """
    import polars as pl

    frame = read_table(path)
    first = frame.columns[0]
    if samples is not None and _matches(frame.columns[1:], samples) > _matches(frame.to_series(0).to_list(), samples):
        names = [str(name) for name in frame.to_series(0).to_list()]
        frame = frame.drop(first).transpose(include_header=True, header_name="sample", column_names=names)
    else:
        frame = frame.rename({first: "sample"})
    frame = frame.filter(pl.col("sample").is_not_null())
    twice = frame.filter(pl.col("sample").is_duplicated())["sample"].unique(maintain_order=True).to_list()
    if twice:
        raise AnalysisError(f"{path} names samples more than once: {named(twice)}.", "A sample has one group.")
    return SampleTable(path, frame)


def shared_samples(matrix: Matrix, table: SampleTable) -> tuple[Matrix, SampleTable]:
    """The matrix with samples in rows, and the table with the same names of samples.

    Samples of the matrix that the table does not have stay. Names that R has changed (`X12_3` for `12_3`) are
    recognised where no name fits as it is.

    Raises:
        AnalysisError: neither side of the matrix holds samples of the table.
    """
    import polars as pl

    given = [str(name) for name in table.frame["sample"].to_list()]
    for change in (str, _as_r_reads):
        wanted = {change(name): name for name in given}
        for turned in (matrix, matrix.transposed()):
            names = [wanted.get(change(name), name) for name in turned.rows]
            if len(set(names) & set(given)) >= 2:
                renamed = Matrix(turned.path, turned.values, tuple(names), turned.columns)
                return renamed, SampleTable(table.path, table.frame.with_columns(pl.col("sample").cast(pl.String)))
    raise AnalysisError(
        f"No two samples of {table.path} occur in {matrix.path}.",
        f"The table names {named(given[:3])}, the matrix {named(matrix.rows[:3])} and {named(matrix.columns[:3])}.",
    )


def _as_r_reads(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]", ".", _R_PREFIX.sub("", name))


def _matches(names: Sequence[str | None], samples: Sequence[str]) -> int:
    known = {_as_r_reads(sample) for sample in samples}
    return len(known & {_as_r_reads(name) for name in names if name is not None})


def _unpacked(path: Path) -> bytes:
    import gzip
    import zlib

    try:
        return gzip.decompress(path.read_bytes())
    except (EOFError, zlib.error) as error:
        raise AnalysisError(f"{path} is truncated or damaged: {error}.", "Fetch or write it again.") from error


def _verify_lengths(path: Path, content: bytes, separator: str) -> None:
    """A line that ends too early is a sign of a truncated file: its values are not missing, they are lost."""
    mark = separator.encode()
    lines = content.splitlines()
    if not lines or b'"' in content:
        return
    expected = lines[0].count(mark)
    for number, line in enumerate(lines, 1):
        if line.strip() and line.count(mark) < expected:
            raise AnalysisError(
                f"{path}, line {number}: {line.count(mark) + 1} values, where the first line has {expected + 1}.",
                "Is the file truncated? A missing value is empty or NA, between its separators.",
            )


def _verify_numbers(path: Path, frame: pl.DataFrame, numbers: pl.DataFrame) -> None:
    for column in numbers.columns:
        wrong = numbers[column].is_null() & frame[column].is_not_null()
        if wrong.any():
            row = int(wrong.arg_true()[0])
            raise AnalysisError(
                f"{path}, line {row + 2}, column {column!r}: {frame[column][row]!r} is no number.",
                "A missing value is empty or NA.",
            )
