"""A matrix and its samples' attributes from files: text or Parquet, either way round, and EDF.

A table is read either way round: the samples of the attributes tell which side of the matrix the samples are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.data.dataset import named
from analytics.bayesian_networks.interchange.cells import MISSING_NAMES, MISSING_TEXTS, count_of_words, numbers
from analytics.bayesian_networks.interchange.delimited import open_table, refuse_repeated
from warehouse.barcodes import read_barcode
from warehouse.errors import AnalysisError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Matrix", "SampleTable", "Table", "read_matrix", "read_sample_table", "read_table", "shared_samples"]

#: R puts an X in front of names that begin with a digit, and dots for signs.
_R_PREFIX = re.compile(r"^X(?=\d)")

#: Columns beside the names of genes that number or describe them, as tables of cBioPortal, featureCounts, Salmon and
#: pandas have them. They hold numbers, and would be read as a sample or a variable.
_DESCRIBES_GENE = re.compile(
    r"entrez([ _.]?gene)?([ _.]?ids?)?|(ncbi|gene|hgnc|locus|ensembl)[ _.]?(gene)?[ _.]?ids?|"
    r"((effective|gene|transcript|exon)[ _.]?)?length|chr(om(osome)?)?|strand|description|"
    r"(gene[ _.]?)?(symbol|name)|index|unnamed: \d+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Matrix:
    """Numbers with names on both sides: rows x columns; which of them are samples is not said yet.

    Args:
        path: the file.
        values: NaN = missing.
        rows, columns: their names, each side without repetition.
        notes: what a reader must know of the reading.
    """

    path: Path
    values: NDArray[np.float64]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def transposed(self) -> Matrix:
        """The same, the other way round."""
        return replace(self, values=np.ascontiguousarray(self.values.T), rows=self.columns, columns=self.rows)


@dataclass(frozen=True)
class Table:
    """A table of text.

    Args:
        path: the file.
        frame: the cells; null = missing.
        places: where each row stands: `line 7`.
        missing: the words that were read as missing, and how often.
    """

    path: Path
    frame: pl.DataFrame
    places: tuple[str, ...]
    missing: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class SampleTable:
    """Attributes of samples as text: a frame whose column `sample` names them; null = missing.

    Args:
        path: the file.
        frame: one row for each sample.
        notes: what a reader must know of the reading.
    """

    path: Path
    frame: pl.DataFrame
    notes: tuple[str, ...] = ()

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

    def samples(self) -> list[str]:
        """The names of the samples, in the order of the file."""
        return [str(name) for name in self.frame["sample"].to_list()]

    def renamed(self, samples: Mapping[str, str | None]) -> SampleTable:
        """The same attributes under other names of the samples; without those whose new name is None."""
        import polars as pl

        names = pl.Series("sample", [samples[name] for name in self.samples()], pl.String)
        frame = self.frame.with_columns(names).filter(pl.col("sample").is_not_null())
        return replace(self, frame=frame)


def read_table(path: Path) -> Table:
    """A table of text; the first line names the columns.

    Raises:
        AnalysisError: the file cannot be read, is empty, a column is there twice, or lines differ in length.
    """
    import polars as pl

    table = open_table(path)
    rows, missing = list(table.rows), Counter[str]()
    columns: dict[str, list[str | None]] = {}
    for number, name in enumerate(table.header):
        cells = [row[number] for _place, row in rows]
        absent = [cell.casefold() in MISSING_TEXTS for cell in cells]
        missing.update(cell for cell, gone in zip(cells, absent, strict=True) if gone)
        columns[name] = [None if gone else cell for cell, gone in zip(cells, absent, strict=True)]
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    return Table(path, frame, tuple(place for place, _row in rows), missing)


def read_matrix(path: Path) -> Matrix:
    """A matrix of numbers: names in the first line and the first column.

    Raises:
        AnalysisError: the file cannot be read, a row or column has no name or one that another has too, a column
            describes the genes, or a value is not a number; the message names line and column.
    """
    if path.name.removesuffix(".gz").endswith(".edf"):
        from analytics.bayesian_networks.interchange.edf import read_edf

        file = read_edf(path)
        return Matrix(path, file.values, file.samples(), file.variables)
    table, missing = open_table(path), Counter[str]()
    columns, names, places, values = table.header[1:], [], [], []
    _verify_measured(path, columns)
    for place, (name, *cells) in table.rows:
        if name.casefold() in MISSING_NAMES:
            raise AnalysisError(
                f"{path}, {place}: the row has no name{f' ({name})' if name else ''}.",
                "Names stand in the first column: name the row, or remove it.",
            )
        names.append(name)
        places.append(place)
        values.append(numbers(f"{path}, {place}", cells, columns, missing))
    if not columns or not names:
        raise AnalysisError(
            f"{path} is not a matrix.", "Names are expected in the first line and the first column, and numbers beside."
        )
    refuse_repeated(str(path), names, places, "rows")
    notes = (f"{path.name}: {count_of_words(missing)}.",) if missing else ()
    return Matrix(path, np.stack(values), tuple(names), columns, notes)


def _verify_measured(path: Path, columns: Sequence[str]) -> None:
    describing = [name for name in columns if _DESCRIBES_GENE.fullmatch(name)]
    if describing:
        raise AnalysisError(
            f"{path}: columns that describe genes, where measured values are expected: {named(describing)}.",
            "Only the first column names genes or samples, and all others hold measured values: remove what does not.",
        )


def read_sample_table(path: Path, samples: Sequence[str] | None = None) -> SampleTable:
    """Attributes of samples: one line for each, its name in the column `sample` or else the first; or one column each.

    Args:
        path: the table.
        samples: names that are known from a matrix: they tell which way round the table is.

    Raises:
        AnalysisError: the file cannot be read, a line does not name its sample, or a sample is there twice.
    """
    import polars as pl

    table = read_table(path)
    frame = table.frame
    key = "sample" if "sample" in frame.columns else frame.columns[0]
    first = _names(table, frame.columns[0]) if samples is not None else []
    if samples is not None and _matches(frame.columns[1:], samples) > _matches(frame[key].to_list(), samples):
        refuse_repeated(str(path), ["sample", *first], ["line 1", *table.places], "attributes")
        cells = frame.drop(frame.columns[0])
        rows = dict(zip(first, cells.rows(), strict=True))
        frame = pl.DataFrame({"sample": cells.columns, **rows}, schema_overrides=dict.fromkeys(rows, pl.String))
    else:
        refuse_repeated(str(path), _names(table, key), table.places, "samples")
        # Names of rows that R writes before the first column say nothing where there is a column `sample`.
        frame = frame.select(pl.col(key).alias("sample"), pl.exclude(key, ""))
    notes = (f"{path.name}: {count_of_words(Counter(table.missing))}.",) if table.missing else ()
    return SampleTable(path, frame, notes)


def _names(table: Table, column: str) -> list[str]:
    names = table.frame[column]
    if names.null_count():
        place = table.places[int(names.is_null().arg_true()[0])]
        what = f"column {column!r}" if column else "first column"
        raise AnalysisError(f"{table.path}, {place}: no name in the {what}.", "Name the row, or remove it.")
    return [str(name) for name in names]


def shared_samples(matrix: Matrix, table: SampleTable) -> tuple[Matrix, SampleTable]:
    """The matrix with samples in rows, and the table with the same names of samples.

    Samples of the matrix that the table does not have stay. Names that R has changed (`X12_3` for `12_3`) are
    recognised where no name fits as it is, and then the samples that TCGA barcodes of other levels name.

    Raises:
        AnalysisError: neither side of the matrix holds samples of the table, or two names of the table or of the matrix
            are the same sample as R or TCGA writes it.
    """
    given = [str(name) for name in table.frame["sample"].to_list()]
    for change in (str, _as_r_reads, _as_sample):
        wanted = {change(name): name for name in given}
        for turned in (matrix, matrix.transposed()):
            names = [wanted.get(change(name), name) for name in turned.rows]
            if len(set(names) & set(given)) >= 2:
                alike = [name for name in given if wanted[change(name)] != name]
                if alike:
                    pair = f"{alike[0]!r} and {wanted[change(alike[0])]!r}"
                    why = "name one sample" if change is _as_sample else "are written alike by R"
                    raise AnalysisError(f"{table.path}: {pair} {why}.", "Use one spelling in both files.")
                refuse_repeated(str(matrix.path), names, turned.rows, "samples")
                return replace(turned, rows=tuple(names)), table
    raise AnalysisError(
        f"No two samples of {table.path} occur in {matrix.path}.",
        f"The table names {named(given[:3])}, the matrix {named(matrix.rows[:3])} and {named(matrix.columns[:3])}.",
    )


def _as_r_reads(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]", ".", _R_PREFIX.sub("", name))


def _as_sample(name: str) -> str:
    """The sample that a TCGA barcode of any level names."""
    barcode = read_barcode(name)
    return _as_r_reads(name) if barcode is None else barcode.sample


def _matches(names: Sequence[str | None], samples: Sequence[str]) -> int:
    known = {_as_sample(sample) for sample in samples}
    return len(known & {_as_sample(name) for name in names if name is not None})
