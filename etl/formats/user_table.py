"""A user's table of genes and samples: which of them its rows are is declared or recognised, and never guessed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from etl.formats.delimited import Delimited
from etl.formats.observed import DESCRIPTION, Description, cohort_name, description_of, description_path, gene_prefix
from etl.rows import Ledger, Rows
from warehouse.barcodes import is_barcode
from warehouse.documents.media_types import bare_name
from warehouse.errors import SourceError
from warehouse.statements import ROW

#: The endings of names that say that a table is a matrix.
ENDINGS = (".matrix.csv", ".matrix.tsv", ".matrix.txt")

#: The column with the names of the rows.
NAMES = "_names"
#: The column with the ids of the samples, where they are in rows.
IDS = "_ids"

_ENSEMBL = r"(?i)^ENS[A-Z]*G\d{6,}(\.\d+)?$"
_GENES = {"gene", "genes", "gene_id", "gene_name", "gene_symbol", "genesymbol", "symbol", "hugo_symbol", "ensembl_id"}
_SAMPLES = {"sample", "samples", "sample_id", "sampleid", "patient", "patient_id", "barcode"}


def is_table(path: Path) -> bool:
    """Whether a table is to be read: by its name, or by the description beside it."""
    return bare_name(path.name).lower().endswith(ENDINGS) or description_path(path).is_file()


@dataclass(frozen=True)
class UserTable:
    """A table with the names of genes in rows and of samples in columns, or the reverse.

    What is in its rows is, in this order: what its description says (`rows`), what the header calls the first column
    (`gene`, `sample`, ...), the side that has Ensembl ids or the one that has barcodes of TCGA.
    """

    def read(self, path: Path, ledger: Ledger) -> Iterator[Rows]:
        """Yield the rows; `NAMES` has the names of the rows, and `Rows.about` says what they are.

        Raises:
            SourceError: it cannot be known what the rows are.
        """
        separator = "," if bare_name(path.name).lower().endswith(".csv") else "\t"
        table = Delimited(separator, (), quote=True, wide=True, row_names="")
        for rows in table.read(path, ledger):
            first, *columns = (name for name in rows.frame.columns if name != ROW)
            if "rows" not in ledger.about:
                ledger.about |= _about(path, ledger, first, rows.frame[first], columns)
            yield Rows(rows.frame.rename({first: NAMES}), ledger)


def _about(path: Path, ledger: Ledger, first: str, names: pl.Series, columns: Sequence[str]) -> dict[str, str]:
    said = description_of(path)
    if not columns:
        raise SourceError(f"{path.name}: the table has one column.", "Is it separated by tabs (.tsv) or commas (.csv)?")
    reserved = sorted({NAMES, IDS} & {first, *columns})
    if reserved:
        raise SourceError(f"{path.name}: a column is called {reserved[0]}, which has a meaning here.", "Rename it.")
    side = _rows(path, said, first, names, pl.Series(columns))
    genes = names.drop_nulls() if side == "genes" else pl.Series(columns)
    cohort = cohort_name(ledger.file, (*ENDINGS, ".csv", ".tsv", ".txt"))
    return {
        "rows": side,
        "cohort": cohort,
        "title": said.title or cohort,
        "unit": said.unit or "as in the file",
        "prefix": gene_prefix(genes, said.organism),
    }


def _rows(path: Path, said: Description, first: str, names: pl.Series, columns: pl.Series) -> str:
    """`genes` or `samples`."""
    if said.rows:
        if said.rows not in {"genes", "samples"}:
            raise SourceError(f"{path.name}: its description says rows: {said.rows!r}; say genes or samples.")
        return said.rows
    by_header = first.strip().lower()
    if by_header in _GENES | _SAMPLES:
        return "genes" if by_header in _GENES else "samples"
    in_rows = _looks_like_genes(names), _looks_like_samples(columns)
    in_columns = _looks_like_genes(columns), _looks_like_samples(names)
    if any(in_rows) != any(in_columns):
        return "genes" if any(in_rows) else "samples"
    raise SourceError(
        f"{path.name}: it cannot be known whether its rows are genes or samples: the first column is called "
        f"{first!r}, and neither side alone has Ensembl ids or barcodes of TCGA.",
        f'Call the first column `gene` or `sample`, or write {{"rows": "genes"}} or {{"rows": "samples"}} to '
        f"{bare_name(path.name)}{DESCRIPTION} beside it.",
    )


def _looks_like_genes(names: pl.Series) -> bool:
    return names.len() > 0 and 2 * int(names.str.contains(_ENSEMBL).sum()) > names.len()


def _looks_like_samples(names: pl.Series) -> bool:
    found = names.to_frame("name").select(is_barcode(pl.col("name"))).to_series()
    return names.len() > 0 and 2 * int(found.sum()) > names.len()
