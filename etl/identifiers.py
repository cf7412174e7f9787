"""The forms of identifiers that several sources name, as Polars expressions."""

from __future__ import annotations

import polars as pl

from warehouse.identifier_forms import MISSING_PATTERN

#: A UniProt accession (uniprot.org/help/accession_numbers), with or without the number of an isoform.
UNIPROT_ACCESSION = r"^(?:[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2})(?:-\d+)?$"


def is_uniprot(column: str) -> pl.Expr:
    """Whether a column holds a UniProt accession; a missing one does not count as one."""
    return pl.col(column).str.contains(UNIPROT_ACCESSION).fill_null(False)


def uniprot_id(column: str) -> pl.Expr:
    """The CURIE of a protein; an isoform is taken as the protein that it belongs to.

    >>> pl.DataFrame({"accession": ["P04637", "P04637-2"]}).select(uniprot_id("accession")).to_series().to_list()
    ['uniprot:P04637', 'uniprot:P04637']
    """
    return "uniprot:" + pl.col(column).str.replace(r"-\d+$", "")


def is_missing(column: str) -> pl.Expr:
    """Whether a column is empty or stands for a missing value (`NA`, `null`, `-`): there are genes called NA once."""
    return pl.col(column).str.contains(MISSING_PATTERN).fill_null(True)


def refer(prefix: str, column: str) -> pl.Expr:
    """The CURIE of what a column names, null where it names nothing or stands for a missing value.

    >>> pl.DataFrame({"symbol": ["TP53", None, "NA"]}).select(refer("hgnc.symbol", "symbol")).to_series().to_list()
    ['hgnc.symbol:TP53', None, None]
    """
    return pl.when(~is_missing(column)).then(pl.lit(f"{prefix}:") + pl.col(column))
